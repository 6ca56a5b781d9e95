package line

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// UART paces bytes as a real one would. A pseudo-terminal hands bytes over at once;
// the wire would not.
type UART struct {
	W    io.Writer
	Baud int
	Bits int // per character with start, parity and stop: 10 for 8N1, 11 for 8E1
	// Late is told how late each byte was; nil if nobody wants to know.
	Late *Lateness
}

// Lateness is how well bytes kept the wire's time.
type Lateness struct {
	worst, bytes, over atomic.Int64
}

func (l *Lateness) add(late, char time.Duration) {
	l.bytes.Add(1)
	if late > char {
		l.over.Add(1)
	}
	for {
		was := l.worst.Load()
		if int64(late) <= was || l.worst.CompareAndSwap(was, int64(late)) {
			return
		}
	}
}

// Look tells how many bytes were sent, how many of them more than one character late,
// and how late the latest was.
func (l *Lateness) Look() (bytes, over int64, worst time.Duration) {
	return l.bytes.Load(), l.over.Load(), time.Duration(l.worst.Load())
}

// Char is the time one character takes on the wire.
func (u UART) Char() time.Duration {
	return time.Duration(u.Bits) * time.Second / time.Duration(u.Baud)
}

// Silence35 is t3.5: 3.5 characters, but 1.75 ms above 19200 baud (Modbus over serial
// line, 2.5.1.1).
func (u UART) Silence35() time.Duration {
	if u.Baud > 19200 {
		return 1750 * time.Microsecond
	}
	return u.Char() * 7 / 2
}

// Send writes b so that each byte arrives when its last bit would have.
func (u UART) Send(ctx context.Context, b []byte) error {
	next := time.Now()
	for i := range b {
		next = next.Add(u.Char())
		if err := SleepUntil(ctx, next); err != nil {
			return err
		}
		if u.Late != nil {
			u.Late.add(time.Since(next), u.Char())
		}
		if _, err := u.W.Write(b[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// SleepUntil waits until t to within tens of microseconds. Go's own timers may be a
// millisecond late, which at 115200 baud is a dozen characters.
func SleepUntil(ctx context.Context, t time.Time) error {
	if d := time.Until(t) - 2*time.Millisecond; d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	for {
		d := time.Until(t)
		if d <= 0 {
			return ctx.Err()
		}
		ts := unix.NsecToTimespec(int64(d))
		if err := unix.Nanosleep(&ts, nil); err != nil && err != unix.EINTR {
			return err
		}
	}
}
