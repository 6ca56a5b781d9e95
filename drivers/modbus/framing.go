package modbus

import (
	"encoding/hex"
	"fmt"

	"anlan/drivers"
	"anlan/drivers/profile"
)

// framing is how a pdu stands on a line that numbers no transactions.
type framing interface {
	// appendFrame wraps a pdu.
	appendFrame(dst []byte, unit uint8, pdu []byte) []byte
	// length is how many characters the reply frame has that b begins: 0 when more are
	// needed to tell, -1 when none begins here.
	length(b []byte) int
	// parse takes a whole reply frame apart and may rewrite it; the pdu, in the
	// standard's form, is part of it. An error wraps [drivers.ErrCorrupt].
	parse(frame []byte) (unit uint8, pdu []byte, err error)
	// unitOf is the unit id of the frame that b begins, false when that can not be told.
	unitOf(b []byte) (uint8, bool)
	// chars is how many characters the frame of a pdu of n bytes has.
	chars(n int) int
}

// framingOf is the framing of a device on an RTU line.
func framingOf(d profile.Dialect) framing {
	if d == profile.Monarch {
		return monarchFraming{}
	}
	return rtuFraming{}
}

type rtuFraming struct{}

func (rtuFraming) appendFrame(dst []byte, unit uint8, pdu []byte) []byte {
	return AppendRTU(dst, unit, pdu)
}
func (rtuFraming) parse(frame []byte) (uint8, []byte, error) { return ParseRTU(frame) }
func (rtuFraming) chars(n int) int                           { return n + 3 }

func (rtuFraming) unitOf(b []byte) (uint8, bool) {
	if len(b) < 1 {
		return 0, false
	}
	return b[0], true
}

func (rtuFraming) length(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n := replyPDULength(b[1:])
	if n <= 0 {
		return n
	}
	return n + 3
}

// monarchFraming is that of Monarch's NICE lift controllers: requests are standard, a
// read is answered with a byte count of two bytes, and a refusal has 8 bytes: unit,
// function, 0x80 0x01, a code of two bytes, CRC. Source: a third-party application, see
// the profile; UNVERIFIED on hardware.
type monarchFraming struct{ rtuFraming }

func (monarchFraming) length(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case b[1] != fcReadHoldingRegisters:
		return rtuFraming{}.length(b)
	case len(b) < 4:
		return 0
	case b[2] == 0x80 && b[3] == 0x01:
		return 8
	case b[2] != 0 || b[3] > 2*MaxReadRegisters:
		return -1
	}
	return 6 + int(b[3])
}

func (monarchFraming) parse(frame []byte) (uint8, []byte, error) {
	unit, pdu, err := ParseRTU(frame)
	switch {
	case err != nil:
		return 0, nil, err
	case len(pdu) == 5 && pdu[1] == 0x80 && pdu[2] == 0x01:
		pdu[1], pdu[2] = pdu[0]|0x80, 4 // device failure, with the code behind
		return unit, pdu[1:], nil
	case pdu[0] == fcReadHoldingRegisters && len(pdu) >= 3:
		pdu[1] = pdu[0]
		return unit, pdu[1:], nil
	}
	return unit, pdu, nil
}

func (monarchFraming) chars(n int) int { return n + 4 }

// asciiFraming is the standard's second serial framing: a colon, two hexadecimal digits
// a byte, a sum that makes all bytes add up to 0, CR LF.
type asciiFraming struct{}

func (asciiFraming) appendFrame(dst []byte, unit uint8, pdu []byte) []byte {
	const digits = "0123456789ABCDEF"
	sum := unit
	dst = append(dst, ':', digits[unit>>4], digits[unit&15])
	for _, c := range pdu {
		sum += c
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	sum = -sum
	return append(dst, digits[sum>>4], digits[sum&15], '\r', '\n')
}

func (asciiFraming) length(b []byte) int {
	if len(b) > 0 && b[0] != ':' {
		return -1
	}
	for i, c := range b {
		if c == '\n' {
			return i + 1
		}
	}
	if len(b) >= MaxASCII {
		return -1
	}
	return 0
}

func (asciiFraming) parse(frame []byte) (uint8, []byte, error) {
	n := len(frame)
	if n < 9 || n > MaxASCII || n%2 == 0 || frame[0] != ':' || frame[n-2] != '\r' || frame[n-1] != '\n' {
		return 0, nil, fmt.Errorf("modbus: parse ASCII frame of %d characters: %w", n, drivers.ErrCorrupt)
	}
	body := frame[:(n-3)/2]
	if _, err := hex.Decode(body, frame[1:n-2]); err != nil {
		return 0, nil, fmt.Errorf("modbus: parse ASCII frame: %w: %w", err, drivers.ErrCorrupt)
	}
	sum := byte(0)
	for _, c := range body {
		sum += c
	}
	if sum != 0 {
		return 0, nil, fmt.Errorf("modbus: parse ASCII frame: sum %02x too much: %w", sum, drivers.ErrCorrupt)
	}
	return body[0], body[1 : len(body)-1], nil
}

func (asciiFraming) unitOf(b []byte) (uint8, bool) {
	var unit [1]byte
	if len(b) < 3 || b[0] != ':' {
		return 0, false
	}
	if _, err := hex.Decode(unit[:], b[1:3]); err != nil {
		return 0, false
	}
	return unit[0], true
}

func (asciiFraming) chars(n int) int { return 2*n + 7 }
