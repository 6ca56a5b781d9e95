package modbus

import (
	"encoding/binary"
	"fmt"

	"anlan/drivers"
)

// MaxRTU, MaxASCII and MaxTCP are the largest frames of the framings, in characters.
const (
	MaxRTU   = 256
	MaxASCII = 513
	MaxTCP   = 260
)

var crcTable = makeCRCTable()

func makeCRCTable() (t [256]uint16) {
	for i := range t {
		crc := uint16(i)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
		t[i] = crc
	}
	return t
}

// CRC is the CRC-16 of the serial line; its low byte is sent first.
func CRC(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc = crc>>8 ^ crcTable[byte(crc)^c]
	}
	return crc
}

// AppendRTU appends the serial frame of a pdu.
func AppendRTU(dst []byte, unit uint8, pdu []byte) []byte {
	from := len(dst)
	dst = append(append(dst, unit), pdu...)
	return binary.LittleEndian.AppendUint16(dst, CRC(dst[from:]))
}

// ParseRTU takes a whole serial frame apart. The pdu is part of frame. An error wraps
// [drivers.ErrCorrupt].
func ParseRTU(frame []byte) (unit uint8, pdu []byte, err error) {
	n := len(frame)
	if n < 4 || n > MaxRTU {
		return 0, nil, fmt.Errorf("modbus: parse frame of %d bytes: %w", n, drivers.ErrCorrupt)
	}
	if got, want := binary.LittleEndian.Uint16(frame[n-2:]), CRC(frame[:n-2]); got != want {
		return 0, nil, fmt.Errorf("modbus: parse frame: CRC %04x, want %04x: %w", got, want, drivers.ErrCorrupt)
	}
	return frame[0], frame[1 : n-2], nil
}

// MBAP is the header of a TCP frame.
type MBAP struct {
	Transaction uint16
	Unit        uint8
	Length      int // of the pdu
}

// AppendTCP appends the TCP frame of a pdu.
func AppendTCP(dst []byte, transaction uint16, unit uint8, pdu []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, transaction)
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(pdu)+1))
	return append(append(dst, unit), pdu...)
}

// ParseMBAP reads the 7 bytes before a TCP pdu. After an error (wrapping
// [drivers.ErrCorrupt]) the stream can not be followed any more.
func ParseMBAP(b []byte) (MBAP, error) {
	if len(b) < 7 {
		return MBAP{}, fmt.Errorf("modbus: parse header of %d bytes: %w", len(b), drivers.ErrCorrupt)
	}
	if p := binary.BigEndian.Uint16(b[2:]); p != 0 {
		return MBAP{}, fmt.Errorf("modbus: parse header: protocol %d: %w", p, drivers.ErrCorrupt)
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < 2 || n > MaxTCP-6 {
		return MBAP{}, fmt.Errorf("modbus: parse header: length %d: %w", n, drivers.ErrCorrupt)
	}
	return MBAP{binary.BigEndian.Uint16(b), b[6], n - 1}, nil
}
