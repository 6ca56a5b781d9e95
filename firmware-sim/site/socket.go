package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/firmware-sim/line"
)

// socket is where a device with a line of its own is plugged in. It can be pulled, and
// then comes back under another device file behind the same link.
type socket struct {
	link string

	mu     sync.Mutex
	port   *line.Port
	away   time.Time // pulled until then
	unplug context.CancelFunc
}

func openSocket(link string) (*socket, error) {
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return nil, err
	}
	port, err := line.OpenPTY(link)
	if err != nil {
		return nil, err
	}
	return &socket{link: link, port: port}, nil
}

// pull takes the adapter away for d.
func (s *socket) pull(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = time.Now().Add(d)
	if s.unplug != nil {
		s.unplug()
	}
}

// replugNow brings it back if it is away.
func (s *socket) replugNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.away.IsZero() {
		s.away = time.Now()
	}
}

func (s *socket) awayUntil() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// run has the port served, anew after each pull.
func (s *socket) run(ctx context.Context, serve func(context.Context, *line.Port) error) error {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.port.Close() // nothing is lost with it
	}()
	for ctx.Err() == nil {
		session, cancel := context.WithCancel(ctx)
		s.mu.Lock()
		port := s.port
		s.unplug = cancel
		if !s.away.IsZero() { // pulled before it began
			cancel()
		}
		s.mu.Unlock()
		err := serve(session, port)
		cancel()
		if err != nil {
			return err
		}
		if err := s.replug(ctx); err != nil {
			return err
		}
	}
	return nil
}

// replug hangs up and comes back under another device file once the time has come.
func (s *socket) replug(ctx context.Context) error {
	if s.awayUntil().IsZero() {
		return nil
	}
	next, err := line.OpenPTY("")
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.port
	s.port = next
	s.mu.Unlock()
	if err := old.Close(); err != nil {
		return errors.Join(err, next.Close())
	}
	for ctx.Err() == nil && time.Now().Before(s.awayUntil()) {
		timer := time.NewTimer(min(50*time.Millisecond, time.Until(s.awayUntil())))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = time.Time{}
	if ctx.Err() != nil {
		return nil
	}
	return next.Link(s.link)
}
