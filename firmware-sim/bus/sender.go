package bus

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// sender is the transmitting side of a serial line: one byte at a time, at the wire's
// pace, whatever is due. Answers that fall due together run into each other.
type sender struct {
	uart    line.UART
	babbles func() bool
	rnd     *rand.Rand

	mu    sync.Mutex
	queue []due // by time
	held  []due // until the next request
	last  time.Time
	wake  chan struct{}
}

func newSender(uart line.UART, babbles func() bool, seed uint64) *sender {
	return &sender{uart: uart, babbles: babbles, rnd: rand.New(rand.NewPCG(seed, 0xBABB1E)), wake: make(chan struct{}, 1)}
}

// poke lets the sender look again at what it has to do.
func (s *sender) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send queues an answer that begins at t.
func (s *sender) send(t time.Time, parts []fault.Emission) {
	if len(parts) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if parts[0].PastNext {
		s.held = append(s.held, due{t, parts})
		return
	}
	s.push(due{t.Add(parts[0].After), parts})
}

func (s *sender) push(d due) {
	i := len(s.queue)
	for i > 0 && s.queue[i-1].at.After(d.at) {
		i--
	}
	s.queue = slices.Insert(s.queue, i, d)
	s.poke()
}

// passed says that a request has been heard whole at t: answers held back follow it.
func (s *sender) passed(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.held {
		s.push(due{t.Add(d.parts[0].After), d.parts})
	}
	s.held = nil
}

// lastByte is when the latest byte was sent.
func (s *sender) lastByte() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *sender) first() (due, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return due{}, false
	}
	return s.queue[0], true
}

// run sends until ctx ends or the line fails.
func (s *sender) run(ctx context.Context) error {
	for ctx.Err() == nil {
		next, some := s.first()
		noise := s.babbles()
		wait := time.Hour
		if some {
			wait = time.Until(next.at) - 2*time.Millisecond
		}
		var err error
		switch {
		case some && wait <= 0:
			err = s.turn(ctx, next)
		case noise:
			err = s.write(ctx, []byte{byte(s.rnd.Uint32())})
		default:
			s.sleep(ctx, wait)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sleep waits for d, or until poked.
func (s *sender) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-timer.C:
	}
}

// turn sends the first part of an answer and queues the rest.
func (s *sender) turn(ctx context.Context, d due) error {
	if err := line.SleepUntil(ctx, d.at); err != nil {
		return err
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.queue, func(q due) bool { return q.at.Equal(d.at) && &q.parts[0] == &d.parts[0] })
	s.queue = slices.Delete(s.queue, i, i+1)
	s.mu.Unlock()
	if err := s.write(ctx, d.parts[0].Bytes); err != nil {
		return err
	}
	if rest := d.parts[1:]; len(rest) > 0 {
		s.mu.Lock()
		s.push(due{time.Now().Add(rest[0].After), rest})
		s.mu.Unlock()
	}
	return nil
}

func (s *sender) write(ctx context.Context, b []byte) error {
	err := s.uart.Send(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	return err
}
