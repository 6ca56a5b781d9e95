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

// Config names the reader's line. Baud 0 is the reader's own.
type Config struct {
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
	model  model
}

// model is how one kind of reader is spoken to.
type model struct {
	begin func(Stream) conversation
	pause time.Duration // between two looks at the field
}

// conversation is one with a reader. Errors are those of [Reader.Listen].
type conversation interface {
	wire() *link
	// wake makes the reader ready.
	wake(ctx context.Context) error
	// look returns the tag in the field; nil is none.
	look(ctx context.Context) (*tag, error)
}

// tag is what a look finds.
type tag struct {
	uid []byte
	// ndef reads the tag's message; nil where the reader can not.
	ndef func(ctx context.Context) ([]byte, error)
}

var (
	_ drivers.Bus      = (*Bus)(nil)
	_ drivers.Device   = (*Reader)(nil)
	_ drivers.Listener = (*Reader)(nil)
)

// open opens the port; the reader itself is first spoken to by Listen.
func open(ctx context.Context, cfg Config, baud int, m model) (drivers.Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("nfc: open %s: %w", cfg.Port, err)
	}
	if cfg.Baud != 0 {
		baud = cfg.Baud
	}
	port, err := serialport.Open(cfg.Port, serialport.Mode{Baud: baud})
	if err != nil {
		return nil, fmt.Errorf("nfc: open reader: %w", err)
	}
	return newBus(port, cfg.Logger, m), nil
}

func newBus(stream Stream, log *slog.Logger, m model) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{stream, log, m}
}

// Device binds the reader; there is one on a line, so the unit does not matter.
func (b *Bus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	return &Reader{bus: b, id: spec.ID}, nil
}

// Close releases the port.
func (b *Bus) Close() error { return b.stream.Close() }

// Reader is the one reader of a bus.
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

// Listen wakes the reader and reports each tag once per presence. It returns ctx's
// error when ctx ends, [drivers.ErrLinkDown] when the port is gone, and
// [drivers.ErrTimeout] when the reader stays silent or [drivers.ErrCorrupt] when it
// talks nonsense, each after several tries; tap is called from this goroutine.
func (r *Reader) Listen(ctx context.Context, tap func(drivers.Tap)) error {
	c := r.bus.model.begin(r.bus.stream)
	l := c.wire()
	defer l.Guard(ctx)()
	if err := l.tries(ctx, c.wake); err != nil {
		return fmt.Errorf("nfc: wake %s: %w", r.id, err)
	}
	r.bus.log.Info("reader listened to", "device", r.id)
	var seen presence
	for {
		var found *tag
		err := l.tries(ctx, func(ctx context.Context) (err error) {
			found, err = c.look(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("nfc: listen %s: %w", r.id, err)
		}
		if found != nil && seen.step(found.uid, time.Now()) {
			tap(r.tap(ctx, found))
		}
		if err := stream.Wait(ctx, time.Now().Add(r.bus.model.pause)); err != nil {
			return fmt.Errorf("nfc: listen %s: %w", r.id, err)
		}
	}
}

// tap reads what else the tag says. That never costs the tap: the tag may be gone by now.
func (r *Reader) tap(ctx context.Context, found *tag) drivers.Tap {
	t := drivers.Tap{UID: found.uid, At: time.Now()}
	if found.ndef == nil {
		return t
	}
	message, err := found.ndef(ctx)
	var records []Record
	if err == nil && len(message) > 0 {
		records, err = ParseNDEF(message)
	}
	if err != nil {
		r.bus.log.Info("tag without a message that can be read", "device", r.id, "error", err)
	}
	for _, r := range records {
		if r.Text != "" {
			t.Texts = append(t.Texts, r.Text)
		}
	}
	return t
}

// presence turns what is in the field now into taps. The zero value has seen nothing.
type presence struct {
	uid  string
	last time.Time
}

// step reports whether uid is a new tap.
func (p *presence) step(uid []byte, now time.Time) bool {
	fresh := string(uid) != p.uid || now.Sub(p.last) >= Absence
	p.uid, p.last = string(uid), now
	return fresh
}
