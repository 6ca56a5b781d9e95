package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// answer collects the reply to one request on a serial line.
type answer struct {
	line    *line
	unit    *unit
	request *request
	sent    time.Time // when the request's last bit was out
	first   time.Time // when the reply's first byte came
	last    time.Time // and its last
	foreign error     // a sound frame of the unit that answers something else
}

// wait returns the reply's pdu, an [*ExceptionError] or what went wrong.
func (a *answer) wait(ctx context.Context) ([]byte, error) {
	t, have := a.line, 0
	reply := time.Duration(t.framingFor(a.request.unit).chars(a.request.longest())) * t.tc
	deadline := a.sent.Add(a.unit.allowance(minAllowance) + reply)
	for {
		n, err := t.Read(ctx, t.buf[have:], deadline)
		if err != nil {
			return nil, a.silent(err, have)
		}
		now := time.Now()
		t.busy, a.last = now, now
		if have == 0 {
			a.first = now
			if !t.opts.Unpaced && now.Before(a.sent.Add(t.tc)) {
				return nil, a.spoiled(ctx, "bytes before the request was out")
			}
		}
		have += n
		pdu, used, err := a.scan(t.buf[:have])
		switch {
		case err != nil && !errors.Is(err, drivers.ErrException):
			return nil, a.spoiled(ctx, err.Error())
		case pdu == nil:
			have = copy(t.buf[:], t.buf[used:have])
			if have == len(t.buf) {
				return nil, a.spoiled(ctx, "noise without end")
			}
			continue
		case used < have:
			return nil, a.spoiled(ctx, "bytes behind the answer")
		}
		t.reply = append(t.reply[:0], pdu...) // the buffer listens on
		if more, quietErr := t.pause(ctx); quietErr != nil {
			return nil, fmt.Errorf("modbus: %v: %w", a.request, quietErr)
		} else if more {
			return nil, a.spoiled(ctx, "bytes behind the answer")
		}
		a.unit.lastBusy = a.last
		return t.reply, err
	}
}

// scan steps over whole frames that answer nothing. It returns the answer's pdu with
// the bytes used up to its end, or a nil pdu when more bytes are needed.
func (a *answer) scan(b []byte) (pdu []byte, used int, err error) {
	t := a.line
	for {
		rest := b[used:]
		f := t.framing
		if id, ok := f.unitOf(rest); ok {
			f = t.framingFor(id)
		}
		n := f.length(rest)
		switch {
		case n < 0 || n > len(t.buf)/2:
			return nil, used, fmt.Errorf("no frame begins with % x: %w", rest[:min(len(rest), 4)], drivers.ErrCorrupt)
		case n == 0 || n > len(rest):
			return nil, used, nil
		}
		id, pdu, err := f.parse(rest[:n])
		if err != nil {
			return nil, used, err
		}
		used += n
		if id != a.request.unit {
			t.count.strays.Add(1)
			t.late(id)
			continue
		}
		err = a.request.accept(pdu)
		if err == nil || errors.Is(err, drivers.ErrException) {
			return pdu, used, err
		}
		t.count.strays.Add(1)
		t.late(id)
		a.foreign = err
	}
}

// silent names the end of a wait.
func (a *answer) silent(err error, have int) error {
	switch {
	case !errors.Is(err, stream.ErrQuiet):
		return fmt.Errorf("modbus: %v: %w", a.request, err)
	case a.foreign != nil:
		return a.foreign
	case have > 0:
		return fmt.Errorf("modbus: %v: only %d bytes came: %w", a.request, have, drivers.ErrTimeout)
	}
	return fmt.Errorf("modbus: %v: %w", a.request, drivers.ErrTimeout)
}

// spoiled waits for silence, so that the next request starts clean.
func (a *answer) spoiled(ctx context.Context, why string) error {
	err := fmt.Errorf("modbus: %v: %s: %w", a.request, why, drivers.ErrCorrupt)
	if settleErr := a.line.settle(ctx); settleErr != nil {
		return fmt.Errorf("%w: %w", err, settleErr)
	}
	return err
}
