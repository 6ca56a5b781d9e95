package nfc

import (
	"context"
	"errors"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// link is the line to a reader with what has come and is not yet understood.
type link struct {
	stream.Link
	buf    [512]byte
	have   int
	hush   []byte        // makes the reader drop what it is doing; nil is nothing
	settle time.Duration // how long it may go on talking after that
}

// attempts is how often a step is tried before the reader is given up.
const attempts = 5

// tries repeats a step that met silence or noise; each try starts by waking the chip's
// line and emptying ours.
func (l *link) tries(ctx context.Context, step func(context.Context) error) error {
	var err error
	for i := range attempts {
		if i > 0 {
			if err := l.abort(ctx); err != nil {
				return err
			}
		}
		err = step(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, drivers.ErrLinkDown) {
			return err
		}
	}
	return err
}

// abort makes the reader drop what it is doing and throws away what it still says.
func (l *link) abort(ctx context.Context) error {
	if len(l.hush) > 0 {
		if err := l.write(ctx, l.hush); err != nil {
			return err
		}
	}
	l.have = 0
	until := time.Now().Add(l.settle)
	for {
		if _, err := l.read(ctx, l.buf[:], until); err != nil {
			if errors.Is(err, drivers.ErrTimeout) {
				return nil
			}
			return err
		}
		if time.Now().After(until) {
			return nil
		}
	}
}

// next feeds parse until it is done or refuses; noise is stepped over. parse tells how
// many bytes are done with and must not keep what it is given.
func (l *link) next(ctx context.Context, deadline time.Time, parse func([]byte) (done bool, used int, err error)) error {
	for {
		done, used, err := parse(l.buf[:l.have])
		l.have = copy(l.buf[:], l.buf[used:l.have])
		if err != nil || done {
			return err
		}
		if l.have == len(l.buf) {
			l.have = 0 // noise without end
		}
		n, err := l.read(ctx, l.buf[l.have:], deadline)
		if err != nil {
			return err
		}
		l.have += n
	}
}

// read and write are the link's, with silence said as a device's not answering.
func (l *link) read(ctx context.Context, p []byte, deadline time.Time) (int, error) {
	n, err := l.Read(ctx, p, deadline)
	if errors.Is(err, stream.ErrQuiet) {
		return n, drivers.ErrTimeout
	}
	return n, err
}

func (l *link) write(ctx context.Context, p []byte) error { return l.Write(ctx, p, time.Second) }
