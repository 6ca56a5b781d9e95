package nfc

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"anlan/drivers"
)

// dataSize reads the capability container of a type 2 tag (NFC Forum, Type 2 Tag):
// 0xE1, version, size in units of 8 bytes, access.
func dataSize(page3 []byte) (int, error) {
	if len(page3) < 4 || page3[0] != 0xE1 || page3[1]>>4 != 1 {
		return 0, fmt.Errorf("no NDEF container in % x: %w", page3[:min(4, len(page3))], drivers.ErrNoPoint)
	}
	return 8 * int(page3[2]), nil
}

// message finds the NDEF message among the blocks (type, length, value) of a tag's
// memory. more is true while more memory is needed to tell; no message is nil.
func message(memory []byte) (ndef []byte, more bool, err error) {
	const null, ndefBlock, end = 0x00, 0x03, 0xFE
	for b := memory; len(b) > 0; {
		kind := b[0]
		switch {
		case kind == null:
			b = b[1:]
			continue
		case kind == end:
			return nil, false, nil
		case len(b) < 2 || b[1] == 0xFF && len(b) < 4:
			return nil, true, nil
		}
		n, head := int(b[1]), 2
		if b[1] == 0xFF {
			if n, head = int(b[2])<<8|int(b[3]), 4; n < 0xFF {
				return nil, false, fmt.Errorf("block of %d bytes with a long length: %w", n, drivers.ErrCorrupt)
			}
		}
		if len(b) < head+n {
			return nil, true, nil
		}
		if kind == ndefBlock {
			return bytes.Clone(b[head : head+n]), false, nil
		}
		b = b[head+n:]
	}
	return nil, true, nil
}

// Record is one of an NDEF message: a text, a link, or something else.
type Record struct {
	Kind     string // "text", "uri", or the record's type as it stands
	Text     string // of a text or link
	Language string // of a text: "zh", "en"
	Payload  []byte // of anything else
}

// ParseNDEF takes a message apart (NFC Forum, NDEF 1.0). Chunked records are refused: no
// tag that fits a patrol point needs them. An error wraps [drivers.ErrCorrupt].
func ParseNDEF(b []byte) ([]Record, error) {
	const begin, finish, chunk, short, hasID = 0x80, 0x40, 0x20, 0x10, 0x08
	var out []Record
	for first := true; ; first = false {
		head, typ, payload, rest, err := record(b, short, hasID)
		switch {
		case err != nil:
			return nil, err
		case head&begin != 0 != first:
			return nil, fmt.Errorf("nfc: NDEF record %d out of place: %w", len(out), drivers.ErrCorrupt)
		case head&chunk != 0:
			return nil, fmt.Errorf("nfc: NDEF record %d in chunks: %w", len(out), drivers.ErrCorrupt)
		}
		r, err := meaning(head&7, typ, payload)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
		if head&finish != 0 {
			if len(rest) > 0 {
				return nil, fmt.Errorf("nfc: %d bytes behind the NDEF message: %w", len(rest), drivers.ErrCorrupt)
			}
			return out, nil
		}
		b = rest
	}
}

func record(b []byte, short, hasID byte) (head byte, typ, payload, rest []byte, err error) {
	cut := fmt.Errorf("nfc: NDEF record cut: %w", drivers.ErrCorrupt)
	take := func(n int) []byte {
		if n > len(b) {
			err = cut
			return nil
		}
		part := b[:n]
		b = b[n:]
		return part
	}
	if len(b) < 3 {
		return 0, nil, nil, nil, cut
	}
	head = take(1)[0]
	types := int(take(1)[0])
	width, ids := 4, 0
	if head&short != 0 {
		width = 1
	}
	size := 0
	for _, c := range take(width) {
		size = size<<8 | int(c)
	}
	if head&hasID != 0 {
		if id := take(1); err == nil {
			ids = int(id[0])
		}
	}
	typ = take(types)
	take(ids)
	payload = take(size)
	return head, typ, payload, b, err
}

// uriPrefixes are what the first byte of a link record stands for.
var uriPrefixes = []string{"", "http://www.", "https://www.", "http://", "https://", "tel:", "mailto:"}

func meaning(tnf byte, typ, payload []byte) (Record, error) {
	const wellKnown = 1
	switch {
	case tnf == wellKnown && string(typ) == "U":
		if len(payload) < 1 || int(payload[0]) >= len(uriPrefixes) || !utf8.Valid(payload[1:]) {
			return Record{}, fmt.Errorf("nfc: NDEF link % x: %w", payload[:min(8, len(payload))], drivers.ErrCorrupt)
		}
		return Record{Kind: "uri", Text: uriPrefixes[payload[0]] + string(payload[1:])}, nil
	case tnf == wellKnown && string(typ) == "T":
		return text(payload)
	}
	return Record{Kind: string(typ), Payload: bytes.Clone(payload)}, nil
}

// text reads a text record: status (bit 7 UTF-16, bits 0 to 5 length of the language),
// language, text.
func text(b []byte) (Record, error) {
	bad := fmt.Errorf("nfc: NDEF text % x: %w", b[:min(8, len(b))], drivers.ErrCorrupt)
	if len(b) < 1 || len(b) < 1+int(b[0]&0x3F) {
		return Record{}, bad
	}
	n := int(b[0] & 0x3F)
	r := Record{Kind: "text", Language: string(b[1 : 1+n])}
	words := b[1+n:]
	if b[0]&0x80 == 0 {
		if r.Text = string(words); !utf8.ValidString(r.Text) {
			return Record{}, bad
		}
		return r, nil
	}
	if len(words)%2 != 0 {
		return Record{}, bad
	}
	units := make([]uint16, len(words)/2)
	for i := range units {
		units[i] = uint16(words[2*i])<<8 | uint16(words[2*i+1])
	}
	r.Text = string(utf16.Decode(units))
	return r, nil
}
