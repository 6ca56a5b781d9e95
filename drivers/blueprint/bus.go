// Package blueprint is the driver to copy for a new protocol. It is a small one, and
// real: digital I/O modules of the ADAM-4000 family (ADAM-4050 and its likes, also
// I-7050), which speak lines of text called DCON on RS-485.
//
// What every driver here has to get right, and where this one does:
//
//   - An answer must be proved to answer this question. Answers of these modules name no
//     module, so after a silence nobody on the line is asked before every late answer
//     must have come (ask, [drivers.ErrQuarantined]); what came unasked is thrown away.
//   - Bytes that could be damaged are not believed: checksums have to be switched on in
//     the modules, a message without one is refused (parseMessage).
//   - What a device does not say is not normal: silence, refusal and nonsense are errors
//     with different meanings for the readings ([drivers.QualityOf]).
//   - A write is done when the device shows it, not when it says so (Device.Write).
//   - Nothing waits without a deadline, and every call ends with its context.
//
// A driver asks once. When to ask, what to do about errors and what a value means is the
// edge's.
package blueprint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
	"anlan/drivers/stream"
)

// Config names the line.
type Config struct {
	Port     string
	Baud     int // 0 is 9600, the modules' default
	Profiles profile.Library
	Logger   *slog.Logger
}

// Bus is a line with modules on it, owned by one goroutine.
type Bus struct {
	link     stream.Link
	profiles profile.Library
	log      *slog.Logger
	quiet    time.Time // until then nobody is asked: a late answer may still come
	strays   int       // bytes that came unasked
}

var _ drivers.Bus = (*Bus)(nil)

// Open opens the port for this process alone. It does not touch the wire.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("blueprint: open %s: %w", cfg.Port, err)
	}
	port, err := serialport.Open(cfg.Port, serialport.Mode{Baud: cfg.Baud})
	if err != nil {
		return nil, fmt.Errorf("blueprint: open line: %w", err)
	}
	return NewBus(port, cfg.Profiles, cfg.Logger), nil
}

// NewBus speaks over a stream.
func NewBus(s stream.Stream, lib profile.Library, log *slog.Logger) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{link: stream.Link{Stream: s}, profiles: lib, log: log}
}

// Close releases the port.
func (b *Bus) Close() error { return b.link.Stream.Close() }

// ask sends one message and returns the answer's text and when its last byte came.
func (b *Bus) ask(ctx context.Context, text string, pace profile.Timing) (string, time.Time, error) {
	defer b.link.Guard(ctx)()
	if time.Now().Before(b.quiet) {
		return "", time.Time{}, drivers.ErrQuarantined
	}
	if err := b.drain(); err != nil {
		return "", time.Time{}, err
	}
	if err := b.link.Write(ctx, appendMessage(nil, text), time.Second); err != nil {
		return "", time.Time{}, err
	}
	line, at, err := b.line(ctx, time.Now().Add(pace.Timeout))
	if err == nil {
		text, err = parseMessage(line)
	}
	if err != nil {
		b.rest(pace)
		return "", time.Time{}, err
	}
	return text, at, nil
}

// rest leaves the line alone until every answer that may still come must have come.
func (b *Bus) rest(pace profile.Timing) { b.quiet = time.Now().Add(pace.MaxLatency) }

// drain throws away what came unasked: it answers an earlier question, or none.
func (b *Bus) drain() error {
	var buf [256]byte
	for {
		n, able, err := b.link.Pending(buf[:])
		if err != nil || n == 0 || !able {
			return err
		}
		b.strays += n
		b.log.Debug("bytes that nobody asked for", "count", n)
	}
}

// line reads up to the end of one message. Bytes behind it are a second answer, and then
// neither is believed.
func (b *Bus) line(ctx context.Context, deadline time.Time) ([]byte, time.Time, error) {
	var buf [longest + 1]byte
	have := 0
	for {
		n, err := b.link.Read(ctx, buf[have:], deadline)
		if errors.Is(err, stream.ErrQuiet) && have > 0 {
			return nil, time.Time{}, fmt.Errorf("%q and then nothing: %w", buf[:have], drivers.ErrCorrupt)
		}
		if errors.Is(err, stream.ErrQuiet) {
			return nil, time.Time{}, drivers.ErrTimeout
		}
		if err != nil {
			return nil, time.Time{}, err
		}
		for i := have; i < have+n; i++ {
			if buf[i] != end {
				continue
			}
			if i != have+n-1 {
				return nil, time.Time{}, fmt.Errorf("%q: more than one answer: %w", buf[:have+n], drivers.ErrCorrupt)
			}
			return buf[:i], time.Now(), nil
		}
		if have += n; have == len(buf) {
			return nil, time.Time{}, fmt.Errorf("%d characters without an end: %w", have, drivers.ErrCorrupt)
		}
	}
}
