package nfc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// link exchanges commands and responses with the chip.
type link struct {
	stream.Link
	buf  [512]byte
	have int
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

// wakeUp is the long preamble that takes the chip out of its low-power mode.
var wakeUp = []byte{0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// Timing of the chip: it acknowledges within about 10 ms; a look at the field with one
// retry lasts some tens.
const (
	ackWithin   = 100 * time.Millisecond
	replyWithin = 500 * time.Millisecond
)

func (l *link) wake(ctx context.Context) error {
	if err := l.write(ctx, wakeUp); err != nil {
		return err
	}
	// Normal mode, no SAM.
	if _, err := l.command(ctx, []byte{cmdSAMConfiguration, 1, 0x14, 1}); err != nil {
		return err
	}
	// One retry instead of waiting for a tag for ever. A chip that does not take it is
	// interrupted by look instead.
	_, err := l.command(ctx, []byte{cmdRFConfiguration, 5, 0xFF, 0x01, 0x01})
	if errors.Is(err, drivers.ErrTimeout) || errors.Is(err, drivers.ErrCorrupt) {
		return l.abort(ctx)
	}
	return err
}

// look asks for a tag in the field; nil is none. A chip that acknowledged and then says
// nothing is still looking: it is stopped.
func (l *link) look(ctx context.Context) ([]byte, error) {
	data, err := l.command(ctx, []byte{cmdInListPassiveTarget, 1, 0})
	if errors.Is(err, errStillLooking) {
		return nil, l.abort(ctx)
	}
	if err != nil {
		return nil, err
	}
	return parseTarget(data)
}

// errStillLooking is an acknowledged command without a response.
var errStillLooking = errors.New("no response yet")

// command sends one command and returns the data of its response.
func (l *link) command(ctx context.Context, cmd []byte) ([]byte, error) {
	l.have = 0
	if err := l.write(ctx, appendFrame(nil, append([]byte{toChip}, cmd...))); err != nil {
		return nil, err
	}
	f, err := l.frame(ctx, time.Now().Add(ackWithin))
	if err != nil {
		return nil, err
	}
	if f.kind != frameAck {
		return nil, fmt.Errorf("%v instead of an acknowledgement: %w", f.kind, drivers.ErrCorrupt)
	}
	for deadline := time.Now().Add(replyWithin); ; {
		f, err := l.frame(ctx, deadline)
		switch {
		case errors.Is(err, drivers.ErrTimeout):
			return nil, fmt.Errorf("%w: %w", errStillLooking, err)
		case err != nil:
			return nil, err
		case f.kind != frameData:
			return nil, fmt.Errorf("%v instead of a response: %w", f.kind, drivers.ErrCorrupt)
		case len(f.data) < 2 || f.data[0] != fromChip || f.data[1] != cmd[0]+1:
			continue // the response to an earlier command
		}
		return append([]byte(nil), f.data[2:]...), nil
	}
}

// abort makes the chip drop what it is doing and throws away what it still says.
func (l *link) abort(ctx context.Context) error {
	if err := l.write(ctx, ackFrame); err != nil {
		return err
	}
	until := time.Now().Add(50 * time.Millisecond)
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

// frame reads the next whole frame; noise before one is stepped over.
func (l *link) frame(ctx context.Context, deadline time.Time) (frame, error) {
	for {
		f, used, err := parseFrame(l.buf[:l.have])
		f.data = bytes.Clone(f.data) // it lies in the buffer, which moves up now
		l.have = copy(l.buf[:], l.buf[used:l.have])
		if err != nil || f.kind != frameNone {
			return f, err
		}
		if l.have == len(l.buf) {
			l.have = 0 // noise without end
		}
		n, err := l.read(ctx, l.buf[l.have:], deadline)
		if err != nil {
			return frame{}, err
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
