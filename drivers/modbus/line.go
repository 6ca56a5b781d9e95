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

// RTUOptions describe the serial line. The zero value is 9600 8N1.
type RTUOptions struct {
	Baud        int
	BitsPerChar int
	// ASCII uses the standard's ASCII framing in place of RTU.
	ASCII bool
	// Unpaced says that the far end keeps no wire time, so that an answer can not be
	// refused for coming too early.
	Unpaced bool
	// Wait sleeps until t or until ctx ends; nil uses the runtime's timers, which may
	// be a millisecond late.
	Wait func(ctx context.Context, t time.Time) error
}

func (o RTUOptions) filled() RTUOptions {
	if o.Baud == 0 {
		o.Baud = 9600
	}
	if o.BitsPerChar == 0 {
		o.BitsPerChar = 10
	}
	if o.Wait == nil {
		o.Wait = stream.Wait
	}
	return o
}

// charTime is how long the wire takes for a character.
func (o RTUOptions) charTime() time.Duration {
	o = o.filled()
	return time.Duration(o.BitsPerChar) * time.Second / time.Duration(o.Baud)
}

// silence is t3.5: the standard fixes it above 19200 baud. ASCII frames have a first and
// a last character, but what follows an answer at once still spoils it.
func (o RTUOptions) silence() time.Duration {
	switch {
	case o.ASCII:
		return o.charTime()
	case o.filled().Baud > 19200:
		return 1750 * time.Microsecond
	}
	return o.charTime() * 7 / 2
}

// NewRTU speaks Modbus RTU over a stream, or ASCII if the options say so. The stream may
// also be a connection to a gateway that hands the line's bytes through; Baud is then
// that of the line behind it.
func NewRTU(stream Stream, opts RTUOptions) *Client {
	opts = opts.filled()
	c := &counters{}
	l := &line{link: newLink(stream, c), opts: opts, tc: opts.charTime(), t35: opts.silence(), units: map[uint8]*unit{}, framing: rtuFraming{}}
	if opts.ASCII {
		l.framing = asciiFraming{}
	}
	return &Client{counters: c, wire: l}
}

// line owns a serial line. Its only state between requests is the time it was last busy
// and what is known of each unit.
type line struct {
	link
	opts    RTUOptions
	framing framing
	tc, t35 time.Duration
	busy    time.Time // when the last byte passed, either way
	units   map[uint8]*unit
	out     []byte
	buf     [2 * MaxASCII]byte
	reply   []byte // the answer, while buf listens on
}

func (t *line) setTiming(id uint8, timing profile.Timing) {
	u := t.unit(id)
	u.told = slower(u.told, timing)
	u.timing = u.told.Filled()
}

func (t *line) setDialect(id uint8, d profile.Dialect) error {
	if t.opts.ASCII && d != profile.Standard {
		return fmt.Errorf("modbus: unit %d: dialect %q in ASCII: %w", id, d, ErrArgument)
	}
	if d != profile.Standard {
		t.unit(id).framing = framingOf(d)
	}
	return nil
}

// framingFor is how a unit's frames look.
func (t *line) framingFor(id uint8) framing {
	if u := t.units[id]; u != nil && u.framing != nil {
		return u.framing
	}
	return t.framing
}

// reaction is the unit's usual time to begin an answer, 0 before the first.
func (t *line) reaction(id uint8) time.Duration { return t.unit(id).usual }

func (t *line) unit(id uint8) *unit {
	u := t.units[id]
	if u == nil {
		u = &unit{timing: profile.Timing{}.Filled()}
		t.units[id] = u
	}
	return u
}

func (t *line) close() error {
	t.Unwatch()
	t.Lose(errors.New("closed"))
	return t.Stream.Close()
}

func (t *line) roundTrip(ctx context.Context, r *request) ([]byte, time.Time, error) {
	if t.Down() != nil {
		return nil, time.Time{}, t.Down()
	}
	t.Watch(ctx)
	if r.unit == 0 {
		return nil, time.Time{}, t.broadcast(ctx, r)
	}
	u := t.unit(r.unit)
	if now := time.Now(); now.Before(u.restUntil) {
		t.count.quarantined.Add(1)
		return nil, time.Time{}, &QuarantineError{r.unit, u.restUntil}
	}
	if u.suspects(r.shape()) {
		if err := t.prove(ctx, u, r); err != nil {
			return nil, time.Time{}, err
		}
		if drivers.Hurried(ctx) {
			return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, drivers.ErrYielded)
		}
	}
	return t.transact(ctx, u, r)
}

// broadcastPause gives every unit time to carry out what nobody confirms.
const broadcastPause = 100 * time.Millisecond

func (t *line) broadcast(ctx context.Context, r *request) error {
	err := t.send(ctx, &unit{}, r)
	if err == nil {
		err = t.opts.Wait(ctx, t.busy.Add(broadcastPause))
	}
	if err != nil {
		return fmt.Errorf("modbus: %v: %w", r, err)
	}
	return nil
}

// prove makes sure that nothing of u is still to come before r, whose answer would look
// the same, is asked: by an answer to a read of another size, or by a quiet line.
func (t *line) prove(ctx context.Context, u *unit, r *request) error {
	if probe, ok := u.probe(r); ok {
		_, _, err := t.transact(ctx, u, &probe) // what it says is thrown away
		if err != nil && !errors.Is(err, drivers.ErrException) {
			return err
		}
		return nil
	}
	quiet := time.Now().Add(max(4*t.t35, min(u.slowest, u.timing.MaxLatency)))
	n, err := t.listen(ctx, quiet)
	if err != nil {
		return fmt.Errorf("modbus: %v: %w", r, err)
	}
	if n > 0 {
		t.count.strays.Add(1)
		u.failed(r, time.Now())
		return fmt.Errorf("modbus: %v: the line is not quiet after a time-out: %w", r, drivers.ErrCorrupt)
	}
	u.pending = nil
	return nil
}

// transact puts r on the wire and waits for its answer.
func (t *line) transact(ctx context.Context, u *unit, r *request) ([]byte, time.Time, error) {
	begun := t.count.bytesOut.Load()
	if err := t.send(ctx, u, r); err != nil {
		if t.count.bytesOut.Load() > begun {
			u.failed(r, time.Now())
		}
		return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, err)
	}
	a := answer{line: t, unit: u, request: r, sent: t.busy}
	pdu, err := a.wait(ctx)
	now := time.Now()
	switch {
	case err == nil || errors.Is(err, drivers.ErrException):
		t.count.answers.Add(1)
		u.answered(a.first.Sub(a.sent), now)
		if err != nil {
			t.count.exceptions.Add(1)
		}
		return pdu, a.last, err
	case errors.Is(err, drivers.ErrTimeout):
		t.count.timeouts.Add(1)
		u.missed()
	case errors.Is(err, drivers.ErrCorrupt):
		t.count.crc.Add(1)
	}
	u.failed(r, now)
	return nil, time.Time{}, err
}

// send keeps the silence before a request, empties the line and writes. Afterwards busy
// is when the last bit will be out.
func (t *line) send(ctx context.Context, u *unit, r *request) error {
	free := t.busy.Add(t.t35)
	if at := u.lastBusy.Add(u.timing.Pause); at.After(free) {
		free = at
	}
	if err := t.opts.Wait(ctx, free); err != nil {
		return err
	}
	if n, err := t.drain(ctx); err != nil {
		return err
	} else if n > 0 {
		t.count.strays.Add(1)
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	t.out = t.framingFor(r.unit).appendFrame(t.out[:0], r.unit, r.pdu)
	took := time.Duration(len(t.out)) * t.tc
	t.count.requests.Add(1)
	start := time.Now()
	if err := t.Write(ctx, t.out, took+time.Second); err != nil {
		return err
	}
	t.busy = start.Add(took)
	u.sentAt, u.lastBusy = t.busy, t.busy
	return nil
}

// drain throws away what has already come and tells how much it was.
func (t *line) drain(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, ok, err := t.Pending(t.buf[:])
		if !ok {
			return t.listen(ctx, time.Now().Add(10*time.Microsecond))
		}
		total += n
		if err != nil || n == 0 {
			return total, err
		}
		t.heard(t.buf[:n])
		if total > 1<<16 {
			return total, nil // the line babbles; settle bounds the wait
		}
	}
}

// listen throws away everything until a moment and tells how much it was.
func (t *line) listen(ctx context.Context, until time.Time) (int, error) {
	total := 0
	for {
		n, err := t.Read(ctx, t.buf[:], until)
		switch {
		case errors.Is(err, stream.ErrQuiet):
			return total, nil
		case err != nil:
			return total, err
		}
		total += n
		t.heard(t.buf[:n])
		if !time.Now().Before(until) {
			return total, nil
		}
	}
}

// settle waits until the line has been silent for a while, but no longer than the
// longest frame and a bit: a line that never falls silent must not stop the caller.
func (t *line) settle(ctx context.Context) error {
	limit := time.Now().Add(time.Duration(t.framing.chars(MaxPDU))*t.tc + 50*time.Millisecond)
	for {
		n, err := t.listen(ctx, time.Now().Add(max(t.t35, 3*time.Millisecond)))
		if err != nil {
			return err
		}
		t.busy = time.Now()
		if n == 0 {
			return nil
		}
		if t.busy.After(limit) {
			return fmt.Errorf("the line does not fall silent: %w", drivers.ErrCorrupt)
		}
	}
}

// heard looks at thrown away bytes for a late answer, to learn how slow its unit is.
func (t *line) heard(b []byte) {
	t.busy = time.Now()
	id, ok := t.framing.unitOf(b)
	if !ok {
		return
	}
	f := t.framingFor(id)
	n := f.length(b)
	if n <= 0 || n > len(b) {
		return
	}
	if id, _, err := f.parse(b[:n]); err == nil {
		t.late(id)
	}
}

// late learns from an answer nobody waits for any more. What comes later than a late
// answer can is rather a stranger's frame: without this bound each one would double the
// rest, in which the next one falls.
func (t *line) late(id uint8) {
	if u := t.units[id]; u != nil && len(u.pending) > 0 {
		u.learn(min(time.Since(u.sentAt), 2*u.timing.MaxLatency))
	}
}

// pause keeps the line silent for t3.5 after an answer and reports whether further
// bytes came.
func (t *line) pause(ctx context.Context) (bool, error) {
	until := t.busy.Add(t.t35)
	if _, ok, err := t.Pending(nil); ok && err == nil {
		if err := t.opts.Wait(ctx, until); err != nil {
			return false, err
		}
		n, err := t.drain(ctx)
		return n > 0, err
	}
	n, err := t.listen(ctx, until)
	return n > 0, err
}
