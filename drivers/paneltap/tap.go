// Package paneltap listens to fire panels on their CRT or printer ports, where no
// protocol is to be had otherwise. It can not send: the line is open for reading alone.
//
// A panel tells events, not states. Until it was reset once, a node that has said nothing
// is not known, and is not made out to be normal. A panel that says it is there now and
// then (the CRT port's idle byte) and stops doing so is silent, which is bad; a printer
// that prints nothing can be a quiet building or a cut wire, so its points say no more
// than when they were heard, unless the profile gives a time.
package paneltap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// Config names the tapped line.
type Config struct {
	Port     string
	Mode     serialport.Mode // zero is 2400 8N1
	Profiles profile.Library
	Logger   *slog.Logger
}

// Bus is a tapped line.
type Bus struct {
	ear interface {
		Read([]byte) (int, error)
		SetReadDeadline(time.Time) error
		Close() error
	}
	profiles profile.Library
	log      *slog.Logger
}

var (
	_ drivers.Bus    = (*Bus)(nil)
	_ drivers.Device = (*Panel)(nil)
	_ drivers.Source = (*Panel)(nil)
)

// Open opens the line for reading.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("paneltap: open %s: %w", cfg.Port, err)
	}
	if cfg.Mode.Baud == 0 {
		cfg.Mode.Baud = 2400
	}
	ear, err := serialport.OpenListen(cfg.Port, cfg.Mode)
	if err != nil {
		return nil, fmt.Errorf("paneltap: open tap: %w", err)
	}
	if cfg.Logger == nil {
		cfg.Logger = discard
	}
	return &Bus{ear, cfg.Profiles, cfg.Logger}, nil
}

var discard = slog.New(slog.DiscardHandler)

// Device binds the panel; there is one on a line. Its profile speaks panel-crt or
// panel-printer.
func (b *Bus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	p := b.profiles[spec.Profile]
	if p == nil {
		return nil, fmt.Errorf("paneltap: bind %s: no profile %q", spec.ID, spec.Profile)
	}
	d := &Panel{bus: b, id: spec.ID, panel: newPanel(spec.ID, p.Points), offline: p.Tap.OfflineAfter}
	switch p.Protocol {
	case profile.ProtocolPanelCRT:
		if d.decoder = NewCRT(); d.offline == 0 {
			d.offline = crtOffline
		}
	case profile.ProtocolPanelPrinter:
		var err error
		if d.decoder, err = NewPrinter(p.Tap); err != nil {
			return nil, fmt.Errorf("paneltap: bind %s: %w", spec.ID, err)
		}
	default:
		return nil, fmt.Errorf("paneltap: bind %s: profile %q speaks %s", spec.ID, spec.Profile, p.Protocol)
	}
	for _, pt := range p.Points {
		if err := CheckPoint(pt); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Close releases the line.
func (b *Bus) Close() error { return b.ear.Close() }

// crtOffline is after how much silence a field transmission unit calls a panel offline.
const crtOffline = 93 * time.Second

// Panel is a tapped panel.
type Panel struct {
	bus     *Bus
	id      contract.DeviceID
	panel   *panel
	decoder Decoder
	offline time.Duration // 0: silence proves nothing
}

// Groups is empty: a panel that is tapped can not be asked.
func (p *Panel) Groups() []drivers.Group { return nil }

// Read always fails with [drivers.ErrNoPoint].
func (p *Panel) Read(context.Context, int) ([]contract.Reading, error) {
	return nil, fmt.Errorf("paneltap: read %s: %w", p.id, drivers.ErrNoPoint)
}

// Listen hands on what the panel says as readings of its points until ctx ends or the
// line is gone. It is called from this goroutine.
func (p *Panel) Listen(ctx context.Context, heard func([]contract.Reading)) error {
	stop := context.AfterFunc(ctx, func() { _ = p.bus.ear.SetReadDeadline(time.Unix(1, 0)) }) // a line that is gone fails the read
	defer stop()
	buf := make([]byte, 1024)
	last, silent := time.Now(), false
	for {
		deadline := time.Time{}
		if p.offline > 0 && !silent {
			deadline = last.Add(p.offline)
		}
		if err := p.bus.ear.SetReadDeadline(deadline); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("paneltap: listen to %s: %w", p.id, ctx.Err())
		}
		n, err := p.bus.ear.Read(buf)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("paneltap: listen to %s: %w", p.id, ctx.Err())
		case errors.Is(err, os.ErrDeadlineExceeded):
			silent = true
			p.bus.log.Warn("panel silent", "device", p.id, "since", last)
			heard(p.panel.silent(contract.Timeout, now))
			continue
		case err != nil:
			return fmt.Errorf("paneltap: listen to %s: %w", p.id, err)
		}
		if events := p.decoder.Feed(buf[:n]); len(events) > 0 {
			last = now
			if silent { // events may have been missed: nothing is known until it is said again
				p.panel, silent = newPanel(p.id, p.panel.points), false
			}
			p.tell(events, now, heard)
		}
	}
}

// tell hands on each event; a run of idle bytes is one.
func (p *Panel) tell(events []Event, now time.Time, heard func([]contract.Reading)) {
	for i, e := range events {
		if e.Idle && i+1 < len(events) {
			continue
		}
		if rs := p.panel.hear(e, now); len(rs) > 0 {
			heard(rs)
		}
	}
}

// Noise counts bytes heard that made no sense: a wrong baud rate shows here.
func (p *Panel) Noise() uint64 { return p.decoder.Noise() }
