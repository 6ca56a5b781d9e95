package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// OpenRDM6300 opens the port of an RDM6300-class 125 kHz reader; Baud 0 is 9600. Such a
// reader says a tag's number over and over while the tag is there, and nothing
// otherwise: a dead reader can not be told from one without a tag.
func OpenRDM6300(ctx context.Context, cfg Config) (drivers.Bus, error) {
	return open(ctx, cfg, 9600, rdm6300Model)
}

// NewRDM6300 speaks to an RDM6300 over a stream.
func NewRDM6300(stream Stream, log *slog.Logger) *Bus { return newBus(stream, log, rdm6300Model) }

var rdm6300Model = model{begin: func(s Stream) conversation {
	return &rdm6300{link{Link: stream.Link{Stream: s}}}
}}

type rdm6300 struct{ link }

func (l *rdm6300) wire() *link { return &l.link }

// wake does nothing: the reader takes no commands.
func (l *rdm6300) wake(context.Context) error { return nil }

const (
	rdmQuiet  = 5 * time.Second // noise before this much silence is forgiven
	rdmNoise  = 1024            // bytes without a tag's number among them: a wrong baud rate, or worse
	rdmDigits = 12              // number and check, in hexadecimal
	rdmFrame  = 1 + rdmDigits + 1

	stx, etx = 0x02, 0x03
)

// look waits for a tag's number; after some silence there is none. Damage is stepped
// over, for the reader repeats itself; nothing but damage is [drivers.ErrCorrupt].
func (l *rdm6300) look(ctx context.Context) (*tag, error) {
	var uid []byte
	var err error
	noise := 0
	for {
		err = l.next(ctx, time.Now().Add(rdmQuiet), func(b []byte) (done bool, used int, err error) {
			uid, used, err = parseRDM6300(b)
			if uid == nil {
				noise += used
			}
			if err == nil && noise >= rdmNoise {
				err = fmt.Errorf("no start of a number: %w", drivers.ErrCorrupt)
			}
			return uid != nil, used, err
		})
		switch {
		case errors.Is(err, drivers.ErrTimeout):
			return nil, nil
		case err == nil:
			return &tag{uid: uid}, nil
		case !errors.Is(err, drivers.ErrCorrupt):
			return nil, err
		case noise >= rdmNoise:
			return nil, fmt.Errorf("%d bytes without a tag's number: %w", noise, err)
		}
	}
}

// parseRDM6300 finds the first frame in b (STX, ten digits, two digits of the five
// bytes' XOR, ETX) and tells how many bytes are done with, noise before it included. A
// nil uid without an error means that more bytes are needed. The error wraps
// [drivers.ErrCorrupt].
func parseRDM6300(b []byte) (uid []byte, used int, err error) {
	i := bytes.IndexByte(b, stx)
	if i < 0 {
		return nil, len(b), nil
	}
	f := b[i:min(len(b), i+rdmFrame)]
	for j := 1; j < len(f) && j <= rdmDigits; j++ {
		if !isHex(f[j]) {
			return nil, i + j, fmt.Errorf("byte %#02x in a tag's number: %w", f[j], drivers.ErrCorrupt) // it may be a start itself
		}
	}
	if len(f) < rdmFrame {
		return nil, i, nil
	}
	if f[rdmFrame-1] != etx {
		return nil, i + rdmFrame - 1, fmt.Errorf("byte %#02x ends a tag's number: %w", f[rdmFrame-1], drivers.ErrCorrupt)
	}
	var n [rdmDigits / 2]byte
	if _, err := hex.Decode(n[:], f[1:1+rdmDigits]); err != nil {
		return nil, i + rdmFrame, fmt.Errorf("tag's number: %w: %w", drivers.ErrCorrupt, err)
	}
	if n[0]^n[1]^n[2]^n[3]^n[4] != n[5] {
		return nil, i + rdmFrame, fmt.Errorf("tag's number %X with check %02X: %w", n[:5], n[5], drivers.ErrCorrupt)
	}
	return bytes.Clone(n[:5]), i + rdmFrame, nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}
