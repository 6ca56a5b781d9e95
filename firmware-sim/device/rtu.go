package device

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// Unit is one server on a bus.
type Unit struct {
	ID       uint8
	Memory   Memory
	Reaction time.Duration // from the end of the request's silence to the first byte of the answer
	Fault    func() fault.Fault
}

// RTU is a bus of units on one serial line.
type RTU struct {
	Port interface {
		io.ReadWriter
		SetReadDeadline(t time.Time) error
	}
	UART  line.UART
	Units map[uint8]Unit

	// ShortSilence counts requests that began before t3.5 of silence had passed.
	ShortSilence atomic.Uint64
	// Requests counts frames with a right CRC.
	Requests atomic.Uint64
}

// Run serves until ctx ends or the port fails.
func (r *RTU) Run(ctx context.Context) error {
	rnd := rand.New(rand.NewPCG(1, 2))
	lastByte := time.Now()
	for ctx.Err() == nil {
		frame, began, ended, err := r.receive(ctx)
		if err != nil {
			return ignoreCancel(ctx, err)
		}
		if began.Sub(lastByte) < r.UART.Silence35()-50*time.Microsecond {
			r.ShortSilence.Add(1)
		}
		lastByte = ended
		if n := len(frame); n < 4 || crc(frame[:n-2]) != uint16(frame[n-2])|uint16(frame[n-1])<<8 {
			continue
		}
		r.Requests.Add(1)
		if lastByte, err = r.answer(ctx, frame, ended, rnd); err != nil {
			return ignoreCancel(ctx, err)
		}
	}
	return nil
}

// receive collects one frame. The pty delivers it at once, so its end on the wire is
// reckoned from its length.
func (r *RTU) receive(ctx context.Context) (frame []byte, began, ended time.Time, err error) {
	buf := make([]byte, 512)
	for {
		deadline := time.Now().Add(200 * time.Millisecond)
		if len(frame) > 0 {
			if deadline = ended.Add(r.UART.Silence35()); len(frame) == requestLength(frame) {
				return frame, began, ended, nil
			}
		}
		if err := r.Port.SetReadDeadline(deadline); err != nil {
			return nil, began, ended, err
		}
		n, err := r.Port.Read(buf)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return nil, began, ended, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			if len(frame) > 0 {
				return frame, began, ended, nil
			}
			continue
		case err != nil:
			return nil, began, ended, err
		}
		if len(frame) == 0 {
			began, ended = now, now
		}
		if ended.Before(now) {
			ended = now
		}
		frame = append(frame, buf[:n]...)
		ended = ended.Add(time.Duration(n) * r.UART.Char())
	}
}

func (r *RTU) answer(ctx context.Context, frame []byte, ended time.Time, rnd *rand.Rand) (time.Time, error) {
	// The device acts on what it has heard whole, not on what the pty handed over early.
	heard := ended.Add(r.UART.Silence35())
	if err := line.SleepUntil(ctx, heard); err != nil {
		return ended, err
	}
	if frame[0] == 0 {
		for _, u := range r.Units {
			if f := u.fault(); !f.Silent {
				Answer(u.Memory, frame[1:len(frame)-2])
			}
		}
		return heard, nil
	}
	u, ok := r.Units[frame[0]]
	if !ok {
		return ended, nil
	}
	f := u.fault()
	if f.Silent {
		return ended, nil
	}
	pdu := []byte{frame[1] | 0x80, f.Exception}
	if f.Exception == 0 {
		pdu = Answer(u.Memory, frame[1:len(frame)-2])
	}
	reply := appendCRC(append([]byte{u.ID}, pdu...))
	if err := line.SleepUntil(ctx, heard.Add(u.Reaction+f.Late)); err != nil {
		return ended, err
	}
	for _, out := range f.Frames(reply, rnd, func(b []byte) { copy(b[len(b)-2:], appendCRC(b[: len(b)-2 : len(b)-2])[len(b)-2:]) }) {
		if err := r.UART.Send(ctx, out); err != nil {
			return ended, err
		}
	}
	return time.Now(), nil
}

func (u Unit) fault() fault.Fault {
	if u.Fault == nil {
		return fault.Fault{}
	}
	return u.Fault()
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
