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
	down   error          // once set, nothing more is asked
}

// Guard makes ctx's end interrupt reads and writes; the returned func must be called
// when done.
func (l *Link) Guard(ctx context.Context) func() {
	if ctx.Done() == nil {
		return func() {}
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = l.Stream.SetReadDeadline(time.Unix(1, 0)) // a dead stream fails the read as well
		_ = l.Stream.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}

// Read waits for bytes until deadline: [ErrQuiet], ctx's error, or
// [drivers.ErrLinkDown]. Call it under [Link.Guard].
func (l *Link) Read(ctx context.Context, p []byte, deadline time.Time) (int, error) {
	if err := l.Stream.SetReadDeadline(deadline); err != nil {
		return 0, l.Lose(err)
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

// Write sends p whole within the time given. Call it under [Link.Guard].
func (l *Link) Write(ctx context.Context, p []byte, within time.Duration) error {
	if err := l.Stream.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return l.Lose(err)
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
