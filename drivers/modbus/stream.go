package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"anlan/drivers"
)

// link is a stream with the ends that every framing needs: deadlines and ctx in one
// place, a hang-up as [drivers.ErrLinkDown], bytes counted.
type link struct {
	stream Stream
	count  *counters
	down   error // once set, nothing more is asked
}

// errQuiet is a deadline passed without a byte.
var errQuiet = errors.New("quiet")

// guard makes ctx's end interrupt reads; the returned func must be called when done.
func (l *link) guard(ctx context.Context) func() {
	if ctx.Done() == nil {
		return func() {}
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = l.stream.SetReadDeadline(time.Unix(1, 0)) // a dead stream fails the read as well
		_ = l.stream.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}

// read waits for bytes until deadline: errQuiet, ctx's error, or ErrLinkDown. Call it
// under guard.
func (l *link) read(ctx context.Context, p []byte, deadline time.Time) (int, error) {
	if err := l.stream.SetReadDeadline(deadline); err != nil {
		return 0, l.lost(err)
	}
	if err := ctx.Err(); err != nil { // guard may have fired before the deadline was set
		return 0, err
	}
	n, err := l.stream.Read(p)
	l.count.bytesIn.Add(uint64(n))
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		if cause := ctx.Err(); cause != nil {
			return 0, cause
		}
		return 0, errQuiet
	case err == nil:
		err = io.ErrUnexpectedEOF // a read of nothing is a hang-up, not a reason to spin
	}
	return 0, l.lost(err)
}

func (l *link) write(ctx context.Context, p []byte, within time.Duration) error {
	if err := l.stream.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return l.lost(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := l.stream.Write(p)
	l.count.bytesOut.Add(uint64(n))
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && n == 0 {
		return cause
	}
	return l.lost(err) // part of a request is out, or the line takes nothing
}

// lost marks the link as gone.
func (l *link) lost(cause error) error {
	if l.down == nil {
		l.down = fmt.Errorf("modbus: line: %w: %w", drivers.ErrLinkDown, cause)
	}
	return l.down
}
