package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/stream"
)

// MaxInFlight is the most transactions put on a connection at once, as the TCP guide has
// it for a client.
const MaxInFlight = 16

// NewTCP speaks Modbus TCP over a connection. When the frames can not be followed any
// more the stream is closed and every later call is [drivers.ErrLinkDown].
func NewTCP(stream Stream) *Client {
	c := &counters{}
	t := &tcp{link: newLink(stream, c), units: map[uint8]*unit{}, base: time.Now(), buf: make([]byte, 2*MaxTCP)}
	return &Client{wire: t, counters: c}
}

type tcp struct {
	link
	units   map[uint8]*unit
	last    *unit // asked last
	lastID  uint8
	tid     uint16
	out     []byte
	base    time.Time // see moment
	buf     []byte    // buf[from:to] has come and is not used up
	from    int
	to      int
	flights []flight
}

// flight is a transaction that waits for its answer.
type flight struct {
	tid   uint16
	query int
	sent  time.Time
	until time.Time
}

const (
	// tcpTimeout is the wait for a unit whose profile does not tell; gateways wait for
	// their own serial side first.
	tcpTimeout = time.Second
	// tcpFloor leaves room for a lost segment to be sent again.
	tcpFloor = 300 * time.Millisecond
	// tcpCoarse is the part of a time-out by which it may come late.
	tcpCoarse = 4
)

func (t *tcp) setTiming(id uint8, timing profile.Timing) {
	u := t.unit(id)
	u.told = slower(u.told, timing)
	u.timing = u.told
	u.timing.Timeout = cmpOr(u.told.Timeout, max(tcpTimeout, 2*u.told.ReactionMax))
}

func (t *tcp) setDialect(id uint8, d profile.Dialect) error {
	if d != profile.Standard {
		return fmt.Errorf("modbus: unit %d: dialect %q over Modbus TCP: %w", id, d, ErrArgument)
	}
	return nil
}

func (t *tcp) reaction(id uint8) time.Duration { return t.unit(id).usual }

func (t *tcp) unit(id uint8) *unit {
	if t.last != nil && t.lastID == id {
		return t.last
	}
	u := t.units[id]
	if u == nil {
		u = &unit{timing: profile.Timing{Timeout: tcpTimeout}}
		t.units[id] = u
	}
	t.last, t.lastID = u, id
	return u
}

// wait is how long the unit may take; the profile's word is the most.
func (t *tcp) wait(u *unit) time.Duration {
	d := u.allowance(min(tcpFloor, u.timing.Timeout))
	t.Coarse = d / tcpCoarse
	return d
}

func (t *tcp) close() error {
	t.Unwatch()
	t.Lose(errors.New("closed"))
	return t.Stream.Close()
}

func (t *tcp) roundTrip(ctx context.Context, r *request) ([]byte, time.Time, error) {
	if t.Down() != nil {
		return nil, time.Time{}, t.Down()
	}
	t.Watch(ctx)
	u := t.unit(r.unit)
	if err := u.rest(ctx); err != nil {
		return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, err)
	}
	t.tid++
	t.out = AppendTCP(t.out[:0], t.tid, r.unit, r.pdu)
	wait := t.wait(u)
	t.count.requests.Add(1)
	sent := t.moment()
	if err := t.WriteBy(ctx, t.out, sent.Add(wait)); err != nil {
		return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, err)
	}
	for {
		h, pdu, err := t.frame(ctx, sent.Add(wait))
		switch {
		case err != nil:
			return nil, time.Time{}, t.failed(r, u, err)
		case h.Transaction != t.tid || h.Unit != r.unit:
			t.count.strays.Add(1)
			continue
		}
		now := time.Now()
		return pdu, now, t.judge(r, u, pdu, sent, now)
	}
}

// moment is now for what is only compared: it reads one clock in place of two.
func (t *tcp) moment() time.Time { return t.base.Add(time.Since(t.base)) }

// judge counts what an answer is.
func (t *tcp) judge(r *request, u *unit, pdu []byte, sent, now time.Time) error {
	err := r.accept(pdu)
	if err != nil && !errors.Is(err, drivers.ErrException) {
		t.count.crc.Add(1)
		return err
	}
	t.count.answers.Add(1)
	u.answered(now.Sub(sent), now)
	if err != nil {
		t.count.exceptions.Add(1)
	}
	return err
}

// pipeline asks queries with up to depth of them on the way. The whole window goes out
// in one write and is refilled when what has come is used up.
func (t *tcp) pipeline(ctx context.Context, qs []Query, depth int) {
	if need := depth * MaxTCP; len(t.buf) < need {
		t.buf = append(make([]byte, 0, need), t.buf[t.from:t.to]...)
		t.from, t.to, t.buf = 0, len(t.buf), t.buf[:need]
	}
	t.Watch(ctx)
	t.flights = t.flights[:0]
	for next := 0; next < len(qs) || len(t.flights) > 0; {
		err := ctx.Err()
		if t.Down() != nil {
			err = t.Down()
		}
		if err == nil {
			next, err = t.fill(ctx, qs, next, depth)
		}
		if err == nil && len(t.flights) > 0 {
			err = t.harvest(ctx, qs)
		}
		if err != nil {
			t.ground(qs, next, err)
			return
		}
	}
}

// fill puts as many queries out as the window takes and returns the next one.
func (t *tcp) fill(ctx context.Context, qs []Query, next, depth int) (int, error) {
	t.out = t.out[:0]
	now := t.moment()
	var pdu [8]byte
	for ; next < len(qs) && len(t.flights) < depth; next++ {
		q := &qs[next]
		r, err := q.request(pdu[:0])
		if err != nil {
			q.fail(err)
			continue
		}
		t.tid++
		t.out = AppendTCP(t.out, t.tid, q.Unit, r.pdu)
		t.flights = append(t.flights, flight{t.tid, next, now, now.Add(t.wait(t.unit(q.Unit)))})
		t.count.requests.Add(1)
	}
	if len(t.out) == 0 {
		return next, nil
	}
	return next, t.WriteBy(ctx, t.out, now.Add(tcpTimeout))
}

// harvest takes every answer that has come, waiting for at least one or a time-out.
func (t *tcp) harvest(ctx context.Context, qs []Query) error {
	first := t.flights[0].until
	for _, f := range t.flights[1:] {
		if f.until.Before(first) {
			first = f.until
		}
	}
	for wait := true; len(t.flights) > 0 && (wait || t.whole()); {
		h, pdu, err := t.frame(ctx, first)
		if errors.Is(err, stream.ErrQuiet) && t.from == t.to {
			t.expire(qs)
			return nil
		}
		if err != nil {
			return err
		}
		if t.land(qs, h, pdu) {
			wait = false
		}
	}
	return nil
}

// land gives an answer to its query; false is a stray.
func (t *tcp) land(qs []Query, h MBAP, pdu []byte) bool {
	for i := range t.flights {
		f := t.flights[i]
		q := &qs[f.query]
		if f.tid != h.Transaction || q.Unit != h.Unit {
			continue
		}
		t.flights = append(t.flights[:i], t.flights[i+1:]...)
		var buf [8]byte
		r, err := q.request(buf[:0])
		now := time.Now()
		if err == nil {
			err = t.judge(&r, t.unit(q.Unit), pdu, f.sent, now)
		}
		q.take(pdu, now, err)
		return true
	}
	t.count.strays.Add(1)
	return false
}

// expire gives up the flights whose time is over.
func (t *tcp) expire(qs []Query) {
	now := time.Now()
	keep := t.flights[:0]
	for _, f := range t.flights {
		if now.Before(f.until) {
			keep = append(keep, f)
			continue
		}
		t.count.timeouts.Add(1)
		q := &qs[f.query]
		t.unit(q.Unit).missed()
		q.fail(fmt.Errorf("modbus: unit %d function %d: %w", q.Unit, q.function(), drivers.ErrTimeout))
	}
	t.flights = keep
}

// ground fails what is on the way and what was still to be asked.
func (t *tcp) ground(qs []Query, next int, cause error) {
	if !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		cause = t.giveUp(cause)
	}
	fail := func(q *Query) {
		q.fail(fmt.Errorf("modbus: unit %d function %d: %w", q.Unit, q.function(), cause))
	}
	for _, f := range t.flights {
		fail(&qs[f.query])
	}
	for i := next; i < len(qs); i++ {
		fail(&qs[i])
	}
	t.flights = t.flights[:0]
}

// whole reports whether a whole frame has come, or the beginning of none.
func (t *tcp) whole() bool {
	if t.to-t.from < 7 {
		return false
	}
	h, err := ParseMBAP(t.buf[t.from:t.to])
	return err != nil || t.to-t.from >= 7+h.Length
}

// frame takes the next whole frame; the pdu is valid until the next call.
func (t *tcp) frame(ctx context.Context, deadline time.Time) (MBAP, []byte, error) {
	for {
		if b := t.buf[t.from:t.to]; len(b) >= 7 {
			h, err := ParseMBAP(b)
			if err != nil {
				return h, nil, err
			}
			if n := 7 + h.Length; len(b) >= n {
				t.from += n
				return h, b[7:n], nil
			}
		}
		if t.from == t.to {
			t.from, t.to = 0, 0
		} else if len(t.buf)-t.from < MaxTCP {
			t.from, t.to = 0, copy(t.buf, t.buf[t.from:t.to])
		}
		n, err := t.Read(ctx, t.buf[t.to:], deadline)
		if err != nil {
			return MBAP{}, nil, err
		}
		t.to += n
	}
}

// failed gives the reason its name.
func (t *tcp) failed(r *request, u *unit, err error) error {
	switch {
	case errors.Is(err, stream.ErrQuiet):
		t.count.timeouts.Add(1)
		u.missed()
		err = drivers.ErrTimeout
	case errors.Is(err, drivers.ErrCorrupt):
		t.count.crc.Add(1)
	}
	return fmt.Errorf("modbus: %v: %w", r, t.giveUp(err))
}

// giveUp closes a connection left inside a frame, or whose frames make no sense: what
// follows could be taken for anything.
func (t *tcp) giveUp(err error) error {
	if t.from == t.to && !errors.Is(err, drivers.ErrCorrupt) && t.Down() == nil {
		return err
	}
	if t.Down() == nil {
		err = fmt.Errorf("%w: %w", err, t.Lose(errors.New("inside a frame")))
	}
	_ = t.Stream.Close() // it is given up either way
	return err
}

// slower merges what two profiles say of one unit.
func slower(a, b profile.Timing) profile.Timing {
	return profile.Timing{ReactionMax: max(a.ReactionMax, b.ReactionMax), Pause: max(a.Pause, b.Pause),
		MaxLatency: max(a.MaxLatency, b.MaxLatency), Timeout: max(a.Timeout, b.Timeout)}
}
