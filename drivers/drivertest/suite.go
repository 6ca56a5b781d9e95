package drivertest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"anlan/drivers"
)

// Client is what the suite asks of a Modbus driver.
type Client interface {
	ReadHoldingRegisters(ctx context.Context, unit uint8, addr, count uint16) ([]uint16, error)
	WriteSingleCoil(ctx context.Context, unit uint8, addr uint16, on bool) error
	Close() error
}

// Driver opens a client on a near end: the path of a pseudo-terminal or host:port. The
// client must know that units answer within [Late] times two and be told to wait less
// than [Late] for an answer.
type Driver struct {
	Framing Framing
	Open    func(near string) (Client, error)
	// Upstream, if set, is a server made by others that gives the right answers, see
	// [Peer]; it holds [Value] in every register.
	Upstream func(r *Request, length int) []byte
}

// Run puts every misbehaviour in the way of a driver.
func Run(t *testing.T, d Driver) {
	for _, c := range Adversary() {
		if c.RTUOnly && d.Framing == TCP || c.TCPOnly && d.Framing != TCP {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			runCase(t, d, c)
		})
	}
}

// bound is how long one call may take at most. It is there to catch a hang, not to
// measure.
const bound = 20 * time.Second

// tries is how often what must be understood is asked before a refusal counts: a busy
// machine may hold one answer back past its time-out, and does not thrice.
const tries = 3

func runCase(t *testing.T, d Driver, c Case) {
	refused := 0
	for range tries {
		if refused = misbehave(t, d, c); refused == 0 || !c.MustOK {
			break
		}
	}
	if c.MustOK && refused > 0 {
		t.Errorf("%d reads refused for no reason, %d times over", refused, tries)
	}
	if refused > 4 {
		t.Errorf("%d answers lost to one misbehaviour", refused)
	}
}

// misbehave lets the device do it once among good answers, and returns how many reads
// were refused.
func misbehave(t *testing.T, d Driver, c Case) (refused int) {
	ends := newEnds(t, d, func(r *Request) []Send {
		if r.Index == 1 {
			return c.Do(r)
		}
		return nil
	})
	client, err := d.Open(ends.near)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }() // it may be closed already
	good := 0
	giveUp := time.Now().Add(bound)
	for i := 0; good < 6; i++ {
		if time.Now().After(giveUp) {
			t.Fatalf("not alive again: %d good and %d refused of %d reads", good, refused, i)
		}
		unit, addr, count := uint8(1+i%2*4), uint16(100*i), uint16(4)
		err := ask(t, client, unit, addr, count)
		switch {
		case err == nil:
			good++
		case errors.Is(err, drivers.ErrLinkDown):
			refused++
			_ = client.Close() // given up; a new one follows
			if client, err = d.Open(ends.again(t)); err != nil {
				t.Fatal(err)
			}
		case errors.Is(err, drivers.ErrQuarantined):
			<-time.After(5 * time.Millisecond) // as a poller would, ask the others meanwhile
		default:
			refused++
		}
	}
	return refused
}

// ask reads once and fails the test on a wrong value or a hang.
func ask(t *testing.T, c Client, unit uint8, addr, count uint16) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	got, err := c.ReadHoldingRegisters(ctx, unit, addr, count)
	if ctx.Err() != nil {
		t.Fatalf("unit %d: hang: %v", unit, err)
	}
	if err != nil {
		return err
	}
	if len(got) != int(count) {
		t.Fatalf("unit %d address %d: %d values, want %d", unit, addr, len(got), count)
	}
	for i, v := range got {
		if want := Value(unit, addr+uint16(i)); v != want {
			t.Fatalf("WRONG VALUE: unit %d address %d: %#x, want %#x", unit, int(addr)+i, v, want)
		}
	}
	return nil
}

// ends are a peer and the near end to open; after a hang-up there can be another.
type ends struct {
	near   string
	driver Driver
	behave Behaviour
	mu     sync.Mutex
	index  int
}

func newEnds(t *testing.T, d Driver, behave Behaviour) *ends {
	e := &ends{driver: d}
	// The count of requests outlives a connection, so that a misbehaviour happens once.
	e.behave = func(r *Request) []Send {
		e.mu.Lock()
		r.Index = e.index
		e.index++
		e.mu.Unlock()
		return behave(r)
	}
	if !d.Framing.socket() {
		e.again(t)
		return e
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e.near = l.Addr().String()
	t.Cleanup(func() { _ = l.Close() }) // the test is over
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() }) // the test is over
			go e.peer(t, conn).Run()
		}
	}()
	return e
}

// again is the near end to open after the line went down.
func (e *ends) again(t *testing.T) string {
	if e.driver.Framing.socket() {
		return e.near
	}
	far, near := PTY(t)
	e.near = near
	go e.peer(t, far).Run()
	return near
}

func (e *ends) peer(t *testing.T, far io.ReadWriteCloser) *Peer {
	return &Peer{Stream: far, Framing: e.driver.Framing, React: time.Millisecond, Behave: e.behave, Upstream: e.driver.Upstream,
		Differs: func(r *Request, got []byte) {
			t.Errorf("the server answers % x to % x, want % x", got, r.Raw, r.Answer)
		}}
}
