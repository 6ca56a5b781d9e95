package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
)

// reader is an NFC reader on its own pty.
type reader struct {
	spec Reader
	link string

	mu     sync.Mutex
	port   *line.Port
	card   []byte
	till   time.Time // the card lies there until then; zero for ever
	away   time.Time
	unplug context.CancelFunc
}

func openReader(spec Reader, link string) (*reader, error) {
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return nil, err
	}
	port, err := line.OpenPTY(link)
	if err != nil {
		return nil, err
	}
	return &reader{spec: spec, link: link, port: port}, nil
}

// put lays a card on the reader for d, or for ever; nil takes it away.
func (r *reader) put(uid []byte, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.card, r.till = uid, time.Time{}
	if d > 0 {
		r.till = time.Now().Add(d)
	}
}

func (r *reader) lying() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.card != nil && (r.till.IsZero() || time.Now().Before(r.till)) {
		return r.card
	}
	if r.spec.Card != nil {
		return r.spec.Card()
	}
	return nil
}

// pull takes the reader's adapter away for d.
func (r *reader) pull(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = time.Now().Add(d)
	if r.unplug != nil {
		r.unplug()
	}
}

// mend plugs the reader in again and takes the card away.
func (r *reader) mend() {
	r.put(nil, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.away.IsZero() {
		r.away = time.Now()
	}
}

func (r *reader) awayUntil() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away
}

func (r *reader) run(ctx context.Context) error {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		_ = r.port.Close() // nothing is lost with it
	}()
	for ctx.Err() == nil {
		session, cancel := context.WithCancel(ctx)
		r.mu.Lock()
		port := r.port
		r.unplug = cancel
		if !r.away.IsZero() { // pulled before it began
			cancel()
		}
		r.mu.Unlock()
		err := (&device.PN532{Port: port, UART: line.UART{W: port, Baud: 115200, Bits: 10}, Card: r.lying}).Run(session)
		cancel()
		if err != nil {
			return err
		}
		if err := r.replug(ctx); err != nil {
			return err
		}
	}
	return nil
}

// replug hangs up and comes back under another device file once the time has come.
func (r *reader) replug(ctx context.Context) error {
	if r.awayUntil().IsZero() {
		return nil
	}
	next, err := line.OpenPTY("")
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.port
	r.port = next
	r.mu.Unlock()
	if err := old.Close(); err != nil {
		return errors.Join(err, next.Close())
	}
	for ctx.Err() == nil && time.Now().Before(r.awayUntil()) {
		timer := time.NewTimer(min(50*time.Millisecond, time.Until(r.awayUntil())))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = time.Time{}
	if ctx.Err() != nil {
		return nil
	}
	return next.Link(r.link)
}
