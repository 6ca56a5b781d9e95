package modbus

import (
	"testing"
	"time"

	"anlan/drivers/profile"
)

// A stranger's frame long after a time-out is no late answer: it must not double the
// unit's rest, or a line with many of them never lets the unit be asked again.
func TestUnit_StrangersDoNotLengthenItsRestWithoutEnd(t *testing.T) {
	l := &line{units: map[uint8]*unit{}, framing: rtuFraming{}}
	l.setTiming(1, profile.Timing{MaxLatency: 100 * time.Millisecond})
	u := l.unit(1)
	r, err := newRead(nil, 1, 3, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for range 20 {
		u.sentAt = now.Add(-time.Minute)
		u.failed(&r, now)
		l.late(1)
	}
	u.failed(&r, now)
	if rest := u.restUntil.Sub(now); rest > 4*u.timing.MaxLatency {
		t.Errorf("rests for %v", rest)
	}
}
