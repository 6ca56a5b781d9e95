// Package nfc reads tags with a PN532 on a serial line (HSU), for the patrol points: a
// tag held to the reader is one tap, however long it is held.
package nfc

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/serialport"
	"anlan/drivers/stream"
)

// PN532Config names the reader's line. Baud 0 is 115200, the chip's own.
type PN532Config struct {
	Port   string
	Baud   int
	Logger *slog.Logger
}

// Stream is what a reader speaks over.
type Stream = stream.Stream

// Bus is a line with one reader.
type Bus struct {
	stream Stream
	log    *slog.Logger
}

var (
	_ drivers.Bus      = (*Bus)(nil)
	_ drivers.Device   = (*Reader)(nil)
	_ drivers.Listener = (*Reader)(nil)
)

// OpenPN532 opens the port; the reader itself is first spoken to by Listen.
func OpenPN532(ctx context.Context, cfg PN532Config) (drivers.Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("nfc: open %s: %w", cfg.Port, err)
	}
	if cfg.Baud == 0 {
		cfg.Baud = 115200
	}
	port, err := serialport.Open(cfg.Port, serialport.Mode{Baud: cfg.Baud})
	if err != nil {
		return nil, fmt.Errorf("nfc: open reader: %w", err)
	}
	return NewBus(port, cfg.Logger), nil
}

// NewBus speaks to a reader over a stream.
func NewBus(stream Stream, log *slog.Logger) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{stream, log}
}

// Device binds the reader; there is one on a line, so the unit does not matter.
func (b *Bus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	return &Reader{bus: b, id: spec.ID}, nil
}

// Close releases the port.
func (b *Bus) Close() error { return b.stream.Close() }

// Reader is a PN532.
type Reader struct {
	bus *Bus
	id  contract.DeviceID
}

// Groups is empty: a reader has no points.
func (r *Reader) Groups() []drivers.Group { return nil }

// Read always fails with [drivers.ErrNoPoint].
func (r *Reader) Read(context.Context, int) ([]contract.Reading, error) {
	return nil, fmt.Errorf("nfc: read %s: %w", r.id, drivers.ErrNoPoint)
}

// Absence is how long a tag must be away before it counts as held anew.
const Absence = 1500 * time.Millisecond

const pollEvery = 100 * time.Millisecond // between two looks at the field

// Listen wakes the reader and reports each tag once per presence. It returns ctx's
// error when ctx ends, [drivers.ErrLinkDown] when the port is gone, and
// [drivers.ErrTimeout] when the reader stays silent or [drivers.ErrCorrupt] when it
// talks nonsense, each after several tries; tap is called from this goroutine.
func (r *Reader) Listen(ctx context.Context, tap func(uid []byte, at time.Time)) error {
	l := &link{Link: stream.Link{Stream: r.bus.stream}}
	defer l.Guard(ctx)()
	if err := l.tries(ctx, l.wake); err != nil {
		return fmt.Errorf("nfc: wake %s: %w", r.id, err)
	}
	r.bus.log.Info("reader awake", "device", r.id)
	var seen presence
	for {
		var uid []byte
		err := l.tries(ctx, func(ctx context.Context) (err error) {
			uid, err = l.look(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("nfc: listen %s: %w", r.id, err)
		}
		now := time.Now()
		if seen.step(uid, now) {
			tap(uid, now)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("nfc: listen %s: %w", r.id, err)
		}
	}
}

// presence turns what is in the field now into taps. The zero value has seen nothing.
type presence struct {
	uid  string
	last time.Time
}

// step reports whether uid (nil: no tag) is a new tap.
func (p *presence) step(uid []byte, now time.Time) bool {
	if len(uid) == 0 {
		return false
	}
	fresh := string(uid) != p.uid || now.Sub(p.last) >= Absence
	p.uid, p.last = string(uid), now
	return fresh
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
