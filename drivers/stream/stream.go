// Package stream is a byte stream to a device with its ends made plain: a read waits
// until a deadline or its context's end, a hang-up is [drivers.ErrLinkDown] and final,
// bytes are counted. Every protocol's framing stands on it.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"anlan/drivers"
)

// Stream is a port or connection.
type Stream interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// ErrQuiet is a deadline passed without a byte.
var ErrQuiet = errors.New("quiet")

// Link is a stream owned by one goroutine.
type Link struct {
	Stream Stream
	In     *atomic.Uint64 // bytes read; nil counts nothing
	Out    *atomic.Uint64 // bytes written
	// Coarse lets a deadline be that much later than asked, which saves setting it for
	// every request. 0 is exact.
	Coarse time.Duration

	down            error // once set, nothing more is asked
	watched         context.Context
	unwatch         func()
	readBy, writeBy time.Time // deadlines set; zero is none
}

// Watch makes ctx's end interrupt reads and writes from now on, until another context
// is watched or [Link.Unwatch]. Watching the same context again costs nothing.
func (l *Link) Watch(ctx context.Context) {
	if l.watched == ctx {
		return
	}
	l.Unwatch()
	l.watched = ctx
	if ctx.Done() == nil {
		return
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = l.Stream.SetReadDeadline(time.Unix(1, 0)) // a dead stream fails the read as well
		_ = l.Stream.SetWriteDeadline(time.Unix(1, 0))
	})
	l.unwatch = func() {
		if !stop() {
			<-ended
		}
	}
}

// Unwatch lets go of the context watched.
func (l *Link) Unwatch() {
	if l.unwatch != nil {
		l.unwatch()
	}
	l.watched, l.unwatch = nil, nil
	l.readBy, l.writeBy = time.Time{}, time.Time{} // they may have been overruled
}

// Guard is [Link.Watch] for a single call; the returned func ends it.
func (l *Link) Guard(ctx context.Context) func() {
	l.Watch(ctx)
	return l.Unwatch
}

// Read waits for bytes until deadline: [ErrQuiet], ctx's error, or
// [drivers.ErrLinkDown]. Call it under [Link.Watch] or [Link.Guard].
func (l *Link) Read(ctx context.Context, p []byte, deadline time.Time) (int, error) {
	if l.readBy.IsZero() || l.readBy.Before(deadline) || l.readBy.Sub(deadline) > l.Coarse {
		l.readBy = deadline.Add(l.Coarse)
		if err := l.Stream.SetReadDeadline(l.readBy); err != nil {
			return 0, l.Lose(err)
		}
	}
	if err := ctx.Err(); err != nil { // the guard may have fired before the deadline was set
		return 0, err
	}
	n, err := l.Stream.Read(p)
	count(l.In, n)
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		if cause := ctx.Err(); cause != nil {
			return 0, cause
		}
		return 0, ErrQuiet
	case err == nil:
		err = io.ErrUnexpectedEOF // a read of nothing is a hang-up, not a reason to spin
	}
	return 0, l.Lose(err)
}

// Write sends p whole within the time given. Call it under [Link.Watch] or [Link.Guard].
func (l *Link) Write(ctx context.Context, p []byte, within time.Duration) error {
	return l.WriteBy(ctx, p, time.Now().Add(within))
}

// WriteBy is [Link.Write] with a deadline.
func (l *Link) WriteBy(ctx context.Context, p []byte, by time.Time) error {
	if l.writeBy.IsZero() || l.writeBy.Before(by) || l.writeBy.Sub(by) > l.Coarse {
		l.writeBy = by.Add(l.Coarse)
		if err := l.Stream.SetWriteDeadline(l.writeBy); err != nil {
			return l.Lose(err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := l.Stream.Write(p)
	count(l.Out, n)
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && n == 0 {
		return cause
	}
	return l.Lose(err) // part of a request is out, or the line takes nothing
}

// Pending reads what has already come without waiting; 0 and nil mean nothing has. ok is
// false when the stream has no way to tell.
func (l *Link) Pending(p []byte) (n int, ok bool, err error) {
	switch s := l.Stream.(type) {
	case interface{ Pending([]byte) (int, error) }:
		if len(p) == 0 {
			return 0, true, nil
		}
		l.readBy = time.Time{} // a port clears its deadline to look
		n, err = s.Pending(p)
	case syscall.Conn:
		if len(p) == 0 {
			return 0, true, nil
		}
		n, err = pending(s, p)
	default:
		return 0, false, nil
	}
	count(l.In, n)
	if err != nil {
		return 0, true, l.Lose(err)
	}
	return n, true, nil
}

// pending asks the kernel once.
func pending(s syscall.Conn, p []byte) (n int, err error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	// Control, not Read: a past deadline must not keep us from looking.
	if cause := raw.Control(func(fd uintptr) { n, err = syscall.Read(int(fd), p) }); cause != nil {
		return 0, cause
	}
	switch {
	case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Wait sleeps until t or until ctx ends, whose error it then returns. It uses the
// runtime's timers, which may be a millisecond late.
func Wait(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Lose marks the link as gone and returns why it is; the first cause stays.
func (l *Link) Lose(cause error) error {
	if l.down == nil {
		l.down = fmt.Errorf("stream: %w: %w", drivers.ErrLinkDown, cause)
	}
	return l.down
}

// Down is why the link is gone, or nil.
func (l *Link) Down() error { return l.down }

func count(c *atomic.Uint64, n int) {
	if c != nil {
		c.Add(uint64(n))
	}
}
