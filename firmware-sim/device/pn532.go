package device

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"anlan/firmware-sim/line"
)

// PN532 is an NXP PN532 reader on its high-speed UART: it acknowledges each command
// frame, then answers; InListPassiveTarget answers only once a card is there.
type PN532 struct {
	Port *line.Port
	UART line.UART
	Card func() []byte // UID of the card in the field, nil for none
}

var (
	pnAck    = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	pnSyntax = []byte{0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}
)

// Run serves until ctx ends or the port fails.
func (r *PN532) Run(ctx context.Context) error {
	var in []byte
	waiting := false // InListPassiveTarget is pending
	buf := make([]byte, 256)
	for ctx.Err() == nil {
		if err := r.Port.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			return ignoreCancel(ctx, err)
		}
		n, err := r.Port.Read(buf)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return ignoreCancel(ctx, err)
		}
		in = append(in, buf[:n]...)
		data, rest, ok := nextFrame(in)
		in = rest
		if ok {
			if waiting, err = r.command(ctx, data); err != nil {
				return ignoreCancel(ctx, err)
			}
		}
		if uid := r.Card(); waiting && uid != nil {
			waiting = false
			if err := r.send(ctx, append([]byte{0xD5, 0x4B, 1, 1, 0x00, 0x44, 0x00, byte(len(uid))}, uid...)); err != nil {
				return ignoreCancel(ctx, err)
			}
		}
	}
	return nil
}

// command acknowledges and answers; it reports whether a target is now awaited.
func (r *PN532) command(ctx context.Context, data []byte) (bool, error) {
	if len(data) == 0 { // the host's ACK: abort
		return false, nil
	}
	if err := r.UART.Send(ctx, pnAck); err != nil {
		return false, err
	}
	if len(data) < 2 || data[0] != 0xD4 {
		return false, r.UART.Send(ctx, pnSyntax)
	}
	switch data[1] {
	case 0x02: // GetFirmwareVersion: PN532 v1.6
		return false, r.send(ctx, []byte{0xD5, 0x03, 0x32, 0x01, 0x06, 0x07})
	case 0x14: // SAMConfiguration
		return false, r.send(ctx, []byte{0xD5, 0x15})
	case 0x32: // RFConfiguration
		return false, r.send(ctx, []byte{0xD5, 0x33})
	case 0x52: // InRelease
		return false, r.send(ctx, []byte{0xD5, 0x53, 0x00})
	case 0x4A: // InListPassiveTarget
		return true, nil
	}
	return false, r.UART.Send(ctx, pnSyntax)
}

func (r *PN532) send(ctx context.Context, data []byte) error {
	frame := []byte{0x00, 0x00, 0xFF, byte(len(data)), -byte(len(data))}
	sum := byte(0)
	for _, b := range data {
		sum += b
	}
	frame = append(append(frame, data...), -sum, 0x00)
	return r.UART.Send(ctx, frame)
}

// nextFrame takes one frame off the front of in; data is empty for an ACK.
func nextFrame(in []byte) (data, rest []byte, ok bool) {
	for {
		i := bytes.Index(in, []byte{0x00, 0xFF})
		if i < 0 {
			return nil, in[max(0, len(in)-1):], false
		}
		f := in[i+2:]
		if len(f) < 2 {
			return nil, in[i:], false
		}
		if f[0] == 0x00 && f[1] == 0xFF {
			return nil, f[2:], true
		}
		n := int(f[0])
		if f[0]+f[1] != 0 {
			in = f
			continue
		}
		if len(f) < n+3 {
			return nil, in[i:], false
		}
		sum := byte(0)
		for _, b := range f[2 : 2+n+1] {
			sum += b
		}
		if sum != 0 {
			in = f[1:]
			continue
		}
		return append([]byte{}, f[2:2+n]...), f[n+3:], true
	}
}
