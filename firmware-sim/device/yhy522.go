package device

import (
	"context"
	"errors"
	"os"
	"time"

	"anlan/firmware-sim/line"
)

// YHY522 is an Ehuoyan YHY522R in its slave mode, 19200 8N1, as its manual of December
// 2018 has it: AA BB, length, command, data, check; the answer has the command itself for
// success and its ones-complement for failure. The length counts itself; the check is the
// XOR of all behind the head; a byte AA there is followed by a 00 that is not counted.
//
// Assumed, for the manual does not say it: commands other than 0x20 fail, a frame with a
// wrong check is not answered, and a number of 7 bytes is given whole.
type YHY522 struct {
	Port *line.Port
	UART line.UART
	Card func() []byte // UID of the card in the field, nil for none
}

const (
	yhyCardID = 0x20
	yhyTakes  = 15 * time.Millisecond // to look for a card; the manual gives no time
)

// Run serves until ctx ends or the port fails.
func (r *YHY522) Run(ctx context.Context) error {
	var in yhyInput
	buf := make([]byte, 256)
	for ctx.Err() == nil {
		if err := r.Port.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			return ignoreCancel(ctx, err)
		}
		n, err := r.Port.Read(buf)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return ignoreCancel(ctx, err)
		}
		for _, b := range buf[:n] {
			command, whole := in.take(b)
			if !whole {
				continue
			}
			if err := r.answer(ctx, command); err != nil {
				return ignoreCancel(ctx, err)
			}
		}
	}
	return nil
}

func (r *YHY522) answer(ctx context.Context, command []byte) error {
	status, data := ^command[0], []byte(nil)
	if command[0] == yhyCardID {
		if err := line.SleepUntil(ctx, time.Now().Add(yhyTakes)); err != nil {
			return err
		}
		if uid := r.Card(); uid != nil {
			status, data = yhyCardID, uid
		}
	}
	return r.UART.Send(ctx, yhyFrame(status, data))
}

// yhyFrame is what goes over the wire.
func yhyFrame(status byte, data []byte) []byte {
	out := []byte{0xAA, 0xBB}
	check := byte(0)
	put := func(b byte) {
		check ^= b
		if out = append(out, b); b == 0xAA {
			out = append(out, 0)
		}
	}
	put(byte(len(data) + 2))
	put(status)
	for _, b := range data {
		put(b)
	}
	put(check)
	return out
}

// yhyInput finds frames in what comes, a byte at a time.
type yhyInput struct {
	inside  bool
	after   bool // the byte before was AA
	payload []byte
}

// take returns command and data once a frame is whole and its check right.
func (p *yhyInput) take(b byte) (payload []byte, whole bool) {
	after := p.after
	p.after = b == 0xAA
	switch {
	case after && b == 0xBB:
		*p = yhyInput{inside: true}
		return nil, false
	case !p.inside:
		return nil, false
	case after && b == 0: // stuffed
		return nil, false
	case after:
		*p = yhyInput{after: p.after}
		return nil, false
	}
	if p.payload = append(p.payload, b); len(p.payload) <= int(p.payload[0]) || len(p.payload) < 3 {
		return nil, false
	}
	frame := p.payload
	*p = yhyInput{after: p.after}
	check := byte(0)
	for _, b := range frame {
		check ^= b
	}
	if check != 0 {
		return nil, false
	}
	return frame[1 : len(frame)-1], true
}
