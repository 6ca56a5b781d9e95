package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Relay passes TCP connections on to a target, until it is cut: then it drops what is
// open and refuses what comes, as a failed uplink does.
type Relay struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	until time.Time // cut until then
	open  map[net.Conn]struct{}
}

// NewRelay listens on addr for connections to target.
func NewRelay(addr, target string) (*Relay, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("line: relay: %w", err)
	}
	return &Relay{listener: l, target: target, open: map[net.Conn]struct{}{}}, nil
}

// Addr is where the relay listens.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Cut drops every connection and refuses new ones for d; 0 mends the line.
func (r *Relay) Cut(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Now().Add(d)
	for c := range r.open {
		_ = c.Close() // the pump sees the error
	}
}

// CutUntil is when the line mends itself; zero when it is whole.
func (r *Relay) CutUntil() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.until
	}
	return time.Time{}
}

// Run accepts until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		_ = r.listener.Close()
		r.Cut(0)
	})
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line: relay: accept: %w", err)
		}
		wg.Go(func() { r.pass(c) })
	}
}

func (r *Relay) pass(c net.Conn) {
	defer c.Close()
	if !r.CutUntil().IsZero() {
		return
	}
	t, err := net.DialTimeout("tcp", r.target, 3*time.Second)
	if err != nil {
		return
	}
	defer t.Close()
	r.track(c, t, true)
	defer r.track(c, t, false)
	var wg sync.WaitGroup
	wg.Go(func() { pump(t, c) })
	wg.Go(func() { pump(c, t) })
	wg.Wait()
}

func (r *Relay) track(a, b net.Conn, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open {
		r.open[a], r.open[b] = struct{}{}, struct{}{}
		return
	}
	delete(r.open, a)
	delete(r.open, b)
}

func pump(dst, src net.Conn) {
	_, _ = io.Copy(dst, src) // either end closing is how a relay ends
	_ = dst.Close()
	_ = src.Close()
}
