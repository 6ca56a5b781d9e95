// Package nfc reads tags for the patrol points, with a PN532, an RDM6300 or a YHY522R on
// a serial line: a tag held to the reader is one tap, however long it is held.
package nfc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// PN532Config names the line of a PN532. Baud 0 is 115200.
type PN532Config = Config

// OpenPN532 opens the port of a PN532 in its serial mode (HSU); the reader itself is
// first spoken to by Listen.
func OpenPN532(ctx context.Context, cfg PN532Config) (drivers.Bus, error) {
	return open(ctx, cfg, 115200, pn532Model)
}

// NewBus speaks to a PN532 over a stream.
func NewBus(stream Stream, log *slog.Logger) *Bus { return newBus(stream, log, pn532Model) }

var pn532Model = model{
	begin: func(s Stream) conversation {
		return &pn532{link{Link: stream.Link{Stream: s}, hush: ackFrame, settle: 50 * time.Millisecond}}
	},
	pause: 100 * time.Millisecond,
}

// pn532 exchanges commands and responses with the chip.
type pn532 struct{ link }

func (l *pn532) wire() *link { return &l.link }

// wakeUp is the long preamble that takes the chip out of its low-power mode.
var wakeUp = []byte{0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// Timing of the chip: it acknowledges within about 10 ms; a look at the field with one
// retry lasts some tens.
const (
	ackWithin   = 100 * time.Millisecond
	replyWithin = 500 * time.Millisecond
)

func (l *pn532) wake(ctx context.Context) error {
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
func (l *pn532) look(ctx context.Context) (*tag, error) {
	data, err := l.command(ctx, []byte{cmdInListPassiveTarget, 1, 0})
	if errors.Is(err, errStillLooking) {
		return nil, l.abort(ctx)
	}
	if err != nil {
		return nil, err
	}
	found, kind, err := parseTarget(data)
	if err != nil || found == nil {
		return nil, err
	}
	t := &tag{uid: found}
	if kind == type2 {
		t.ndef = l.ndef
	}
	return t, nil
}

// page reads the four pages of a type 2 tag from one on: 16 bytes.
func (l *pn532) page(ctx context.Context, page byte) ([]byte, error) {
	data, err := l.command(ctx, []byte{cmdInDataExchange, 1, tagRead, page})
	switch {
	case err != nil:
		return nil, err
	case len(data) < 1 || data[0]&0x3F != 0:
		return nil, fmt.Errorf("page %d refused with % x: %w", page, data, drivers.ErrException)
	case len(data) != 17:
		return nil, fmt.Errorf("page %d of %d bytes: %w", page, len(data)-1, drivers.ErrCorrupt)
	}
	return data[1:], nil
}

// ndef reads the message of the type 2 tag that was found, as far as it goes.
func (l *pn532) ndef(ctx context.Context) ([]byte, error) {
	head, err := l.page(ctx, 3)
	if err != nil {
		return nil, err
	}
	size, err := dataSize(head)
	if err != nil {
		return nil, err
	}
	memory := bytes.Clone(head[4:])
	for page := byte(7); ; page += 4 {
		message, more, err := message(memory)
		if err != nil || !more {
			return message, err
		}
		if len(memory) >= size {
			return nil, fmt.Errorf("message past the tag's %d bytes: %w", size, drivers.ErrCorrupt)
		}
		next, err := l.page(ctx, page)
		if err != nil {
			return nil, err
		}
		memory = append(memory, next...)
	}
}

// errStillLooking is an acknowledged command without a response.
var errStillLooking = errors.New("no response yet")

// command sends one command and returns the data of its response.
func (l *pn532) command(ctx context.Context, cmd []byte) ([]byte, error) {
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
		return f.data[2:], nil
	}
}

// frame reads the next whole frame.
func (l *pn532) frame(ctx context.Context, deadline time.Time) (f frame, err error) {
	err = l.next(ctx, deadline, func(b []byte) (done bool, used int, err error) {
		f, used, err = parseFrame(b)
		f.data = bytes.Clone(f.data) // what follows in the buffer moves over it
		return f.kind != frameNone, used, err
	})
	return f, err
}
