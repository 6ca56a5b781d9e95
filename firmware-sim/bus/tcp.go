package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// TCP is one port with a device, or several behind a gateway.
type TCP struct {
	Counters
	Units    map[byte]*Unit
	Listen   string
	RTU      bool // RTU frames on the connection instead of MBAP
	InFlight int  // requests worked on at a time, per connection; 0 is 1

	seed   uint64
	babble *fault.Box
	mu     sync.Mutex
	ln     net.Listener
	addr   string
	conns  map[*conn]struct{}
	away   time.Time
	back   chan struct{} // closed when an unplugging changes
}

// NewTCP opens the port; [TCP.Run] serves it.
func NewTCP(t *TCP, units []*Unit, seed uint64) (*TCP, error) {
	t.Units, t.seed, t.babble = map[byte]*Unit{}, seed, fault.NewBox(seed)
	t.conns, t.back = map[*conn]struct{}{}, make(chan struct{})
	for _, u := range units {
		t.Units[u.ID] = u
	}
	ln, err := net.Listen("tcp", t.Listen)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	t.ln, t.addr = ln, ln.Addr().String()
	return t, nil
}

// Address is where the port listens.
func (t *TCP) Address() string { return t.addr }

// FarEnd is the address too; "" while the port is unplugged.
func (t *TCP) FarEnd() string {
	if !t.Away().IsZero() {
		return ""
	}
	return t.addr
}

// Away is until when the port is unplugged; zero when it is not.
func (t *TCP) Away() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.away
}

// Babble is the box of the port's noise.
func (t *TCP) Babble() *fault.Box { return t.babble }

// Stats are the port's counters.
func (t *TCP) Stats() Stats { return t.Look() }

// Unplug closes every connection and refuses new ones for d.
func (t *TCP) Unplug(d time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.away = time.Now().Add(d)
	_ = t.ln.Close() // the accepting loop sees it
	for c := range t.conns {
		_ = c.Close()
	}
	return nil
}

// Replug ends an [TCP.Unplug] early.
func (t *TCP) Replug() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.away.IsZero() {
		t.away = time.Now()
		close(t.back)
		t.back = make(chan struct{})
	}
}

// Poke lets the connections look again at the port's faults.
func (t *TCP) Poke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.conns {
		c.startBabble()
	}
}

// Run serves until ctx ends.
func (t *TCP) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	stop := context.AfterFunc(ctx, func() { _ = t.Unplug(0) })
	defer stop()
	for {
		t.mu.Lock()
		ln := t.ln
		t.mu.Unlock()
		c, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if c != nil {
				_ = c.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			if err := t.relisten(ctx); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("bus: accept: %w", err)
		default:
			wg.Go(func() { t.serve(ctx, c) })
		}
	}
}

// relisten waits until the port is plugged in again.
func (t *TCP) relisten(ctx context.Context) error {
	for {
		t.mu.Lock()
		until, back := t.away, t.back
		t.mu.Unlock()
		wait := time.Until(until)
		if wait <= 0 {
			break
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-back:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
	ln, err := net.Listen("tcp", t.addr)
	if err != nil {
		return fmt.Errorf("bus: listen again: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ln, t.away = ln, time.Time{}
	if ctx.Err() != nil {
		return ln.Close()
	}
	return nil
}

// conn is one connection. Answers are written one at a time.
type conn struct {
	net.Conn
	port *TCP
	ctx  context.Context
	wg   *sync.WaitGroup

	mu       sync.Mutex
	held     []due
	babbling bool
}

func (t *TCP) serve(ctx context.Context, raw net.Conn) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &conn{Conn: raw, port: t, ctx: ctx, wg: &wg}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	t.mu.Lock()
	if !t.away.IsZero() {
		t.mu.Unlock()
		return
	}
	t.conns[c] = struct{}{}
	c.startBabble()
	t.mu.Unlock()
	t.Accepted.Add(1)
	t.Open.Add(1)
	defer t.Open.Add(-1)
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.conns, c)
	}()
	c.listen()
}

// rtuPause ends a frame whose length can not be told, and noise.
const rtuPause = 20 * time.Millisecond

func (c *conn) listen() {
	slots := make(chan struct{}, max(1, c.port.InFlight))
	buf := make([]byte, 0, 512)
	for {
		req, used, bad := c.next(buf)
		if bad {
			c.port.BadCheck.Add(1)
			if !c.port.RTU {
				return
			}
		}
		if used > 0 {
			buf = append(buf[:0], buf[used:]...)
			if req.pdu != nil {
				c.handle(req, slots)
			}
			continue
		}
		if cap(buf)-len(buf) < 300 {
			buf = append(make([]byte, 0, 1024), buf...)
		}
		deadline := time.Time{}
		if c.port.RTU && len(buf) > 0 {
			deadline = time.Now().Add(rtuPause)
		}
		if c.SetReadDeadline(deadline) != nil {
			return
		}
		n, err := c.Read(buf[len(buf):cap(buf)])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.port.BadCheck.Add(1)
			buf = buf[:0]
			continue
		}
		if err != nil {
			return
		}
		buf = buf[:len(buf)+n]
	}
}

// next takes a request off the front of b; used bytes are done with.
func (c *conn) next(b []byte) (req request, used int, bad bool) {
	if !c.port.RTU {
		return parseMBAP(b)
	}
	n := device.RequestLength(b)
	if n == 0 || len(b) < n {
		return req, 0, false
	}
	req, ok := parseRTU(append([]byte(nil), b[:n]...))
	if !ok {
		return request{}, len(b), true
	}
	return req, n, false
}

// handle has a request answered: at once if it is the only one that may be worked on,
// beside the others if several may.
func (c *conn) handle(req request, slots chan struct{}) {
	if cap(slots) == 1 {
		c.answer(req)
		return
	}
	slots <- struct{}{}
	c.wg.Go(func() {
		defer func() { <-slots }()
		c.answer(req)
	})
}

func (c *conn) answer(req request) {
	c.port.Requests.Add(1)
	c.release()
	u, ok := c.port.Units[req.unit]
	if !ok {
		u, ok = c.port.Units[0]
	}
	if !ok {
		c.port.Strangers.Add(1)
		return
	}
	pdu, struck := u.serve(time.Now(), req.pdu)
	if pdu == nil || !c.wait(u.reaction()) {
		return
	}
	c.port.Answers.Add(1)
	x := req.exchange(u, pdu)
	x.Checked = !c.port.RTU
	c.send(u.Faults.Apply(struck, x))
}

// wait sleeps; it reports false if the connection ended meanwhile.
func (c *conn) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// send writes the parts, those that come later beside what else happens.
func (c *conn) send(parts []fault.Emission) {
	for i, p := range parts {
		if p.PastNext || p.After > 0 {
			if p.PastNext {
				rest := append([]fault.Emission(nil), parts[i:]...)
				rest[0].PastNext = false
				c.mu.Lock()
				c.held = append(c.held, due{parts: rest})
				c.mu.Unlock()
				return
			}
			c.wg.Go(func() {
				if c.wait(p.After) {
					c.write(p.Bytes)
					c.send(parts[i+1:])
				}
			})
			return
		}
		c.write(p.Bytes)
	}
}

// release sends what was held back until the next request.
func (c *conn) release() {
	c.mu.Lock()
	held := c.held
	c.held = nil
	c.mu.Unlock()
	for _, d := range held {
		c.send(d.parts)
	}
}

func (c *conn) write(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(b) // a far end that went away shows when reading
}

// startBabble begins the port's noise on this connection; port.mu is held.
func (c *conn) startBabble() {
	if c.babbling || !c.port.babble.Has(fault.Babble, time.Now()) {
		return
	}
	c.babbling = true
	rnd := rand.New(rand.NewPCG(c.port.seed, 0xBABB1E))
	c.wg.Go(func() {
		for c.port.babble.Has(fault.Babble, time.Now()) && c.wait(5*time.Millisecond) {
			c.write(fault.Noise(rnd))
		}
		c.port.mu.Lock()
		defer c.port.mu.Unlock()
		c.babbling = false
	})
}
