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
	// Text stands on the card as an NDEF text in Chinese; "" is a card never formatted.
	Text string
}

// memory is that of an NTAG213: UID, lock bytes, capability container, then from page 4
// on a lock control block and the NDEF message (NFC Forum, Type 2 Tag).
func (r *PN532) memory() []byte {
	m := make([]byte, 180)
	if r.Text == "" {
		return m
	}
	copy(m[12:], []byte{0xE1, 0x10, 0x12, 0x00})
	text := append([]byte{0x02, 'z', 'h'}, r.Text...) // UTF-8, language of two letters
	record := append([]byte{0xD1, 0x01, byte(len(text)), 'T'}, text...)
	block := append([]byte{0x01, 0x03, 0xA0, 0x0C, 0x34, 0x03, byte(len(record))}, record...)
	copy(m[16:], append(block, 0xFE))
	return m
}

// exchange carries out InDataExchange with the card: READ of four pages is all there is.
func (r *PN532) exchange(ctx context.Context, cmd []byte) error {
	m := r.memory()
	switch {
	case r.Card() == nil:
		return r.send(ctx, []byte{0xD5, 0x41, 0x01}) // the card is gone: time-out
	case len(cmd) != 3 || cmd[1] != 0x30 || int(cmd[2])*4+16 > len(m):
		return r.send(ctx, []byte{0xD5, 0x41, 0x13}) // the card refuses
	}
	return r.send(ctx, append([]byte{0xD5, 0x41, 0x00}, m[int(cmd[2])*4:int(cmd[2])*4+16]...))
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
	case 0x40: // InDataExchange
		return false, r.exchange(ctx, data[2:])
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
