package nfc

import (
	"bytes"
	"fmt"

	"anlan/drivers"
)

// Words of the chip's protocol (NXP PN532 user manual, UM0701-02).
const (
	toChip   = 0xD4
	fromChip = 0xD5

	cmdSAMConfiguration    = 0x14
	cmdRFConfiguration     = 0x32
	cmdInDataExchange      = 0x40
	cmdInListPassiveTarget = 0x4A

	type2   = 0x00 // SEL_RES of NTAG21x and MIFARE Ultralight
	tagRead = 0x30 // READ of such a tag: four pages of four bytes
)

var (
	start    = []byte{0x00, 0xFF}
	ackFrame = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
)

// frameKind tells frames apart.
type frameKind int

const (
	frameNone frameKind = iota // not whole yet
	frameData
	frameAck
	frameNack
	frameFault // the chip's own error frame
)

func (k frameKind) String() string {
	return [...]string{"nothing", "data", "an acknowledgement", "a refusal", "an error frame"}[k]
}

type frame struct {
	kind frameKind
	data []byte // from the direction byte on; part of what was parsed
}

// appendFrame appends a normal frame around data, which begins with the direction byte.
func appendFrame(dst, data []byte) []byte {
	n := byte(len(data))
	dst = append(dst, 0, 0, 0xFF, n, -n)
	var sum byte
	for _, c := range data {
		sum += c
	}
	return append(append(dst, data...), -sum, 0)
}

// parseFrame finds the first frame in b and tells how many bytes are done with, noise
// before it included. frameNone means that more bytes are needed. The error wraps
// [drivers.ErrCorrupt]; the bad frame's start is then used up.
func parseFrame(b []byte) (f frame, used int, err error) {
	i := bytes.Index(b, start)
	if i < 0 {
		// A last 00 may begin a frame.
		if n := len(b); n > 0 && b[n-1] == 0 {
			return frame{}, n - 1, nil
		}
		return frame{}, len(b), nil
	}
	rest := b[i+2:]
	if len(rest) < 2 {
		return frame{}, i, nil
	}
	size, check := int(rest[0]), rest[1]
	switch {
	case size == 0 && check == 0xFF:
		return frame{kind: frameAck}, i + 4, nil
	case size == 0xFF && check == 0:
		return frame{kind: frameNack}, i + 4, nil
	case byte(size)+check != 0 || size == 0:
		return frame{}, i + 2, fmt.Errorf("frame length %d with checksum %#x: %w", size, check, drivers.ErrCorrupt)
	case len(rest) < 2+size+1:
		return frame{}, i, nil
	}
	data := rest[2 : 2+size]
	sum := rest[2+size]
	for _, c := range data {
		sum += c
	}
	used = i + 2 + 2 + size + 1
	switch {
	case sum != 0:
		return frame{}, used, fmt.Errorf("frame checksum: %w", drivers.ErrCorrupt)
	case size == 1:
		return frame{kind: frameFault}, used, nil
	}
	return frame{frameData, data}, used, nil
}

// parseTarget reads the data of InListPassiveTarget's response for one ISO 14443-A tag:
// count, number, SENS_RES (2), SEL_RES, UID length, UID. No tag is nil; kind is SEL_RES.
func parseTarget(data []byte) (uid []byte, kind byte, err error) {
	switch {
	case len(data) == 0:
		return nil, 0, fmt.Errorf("empty list of tags: %w", drivers.ErrCorrupt)
	case data[0] == 0:
		return nil, 0, nil
	case len(data) < 6:
		return nil, 0, fmt.Errorf("list of tags cut at %d bytes: %w", len(data), drivers.ErrCorrupt)
	}
	n := int(data[5])
	if n != 4 && n != 7 && n != 10 || len(data) < 6+n {
		return nil, 0, fmt.Errorf("tag number of %d bytes in %d: %w", n, len(data), drivers.ErrCorrupt)
	}
	return bytes.Clone(data[6 : 6+n]), data[4], nil
}
