package edge

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// boot identifies one run of the edge and counts monotonic time from its start.
type boot struct {
	id    string
	start time.Time
}

func newBoot() (boot, error) {
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		return boot{}, fmt.Errorf("edge: make boot id: %w", err)
	}
	return boot{id: hex.EncodeToString(b), start: time.Now()}, nil
}

// mono is the monotonic time since the start, in nanoseconds.
func (b boot) mono() int64 { return int64(time.Since(b.start)) }

// clockSynced asks the kernel whether something keeps its clock right.
func clockSynced() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

// diskFree is the space left for data in bytes; -1 when it can not be told.
func diskFree(dir string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}
