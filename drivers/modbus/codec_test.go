package modbus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"anlan/drivers"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCRC_MatchesThePublishedCheckValue(t *testing.T) {
	if got := CRC([]byte("123456789")); got != 0x4B37 {
		t.Errorf("CRC %#04x, want 0x4B37", got)
	}
}

// golden frames computed without this codec.
var goldenFrames = []string{
	"01 03 00 00 00 08 44 0C", "01 03 00 00 00 40 44 3A", "01 04 00 00 00 7D 30 2B", "01 03 02 00 2A 39 9B",
	"01 83 02 C0 F1", "01 83 0B 00 F7", "01 05 00 00 FF 00 8C 3A", "01 05 00 00 00 00 CD CA", "00 05 00 FF FF 00 BD DB",
	"01 0F 00 00 00 08 01 FF BE D5", "01 10 00 01 00 02 04 00 0A 01 02 92 30", "11 01 00 13 00 25 0E 84",
	"01 2B 0E 01 00 70 77", "01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91", "01 05 02 00 00 07 8D B0",
	"FF 02 00 00 00 08 6C 12", "01 03 00 00 00 64 44 21", "01 03 00 F2 00 03 A4 38", "01 03 02 00 05 78 47",
	"01 03 13 86 00 02 21 66", "01 03 10 1D 00 01 10 CC", "01 03 30 00 00 01 8B 0A",
}

func TestFrame_GoldenVectorsRoundTrip(t *testing.T) {
	for _, s := range goldenFrames {
		want := unhex(t, s)
		unit, pdu, err := ParseRTU(want)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := AppendRTU(nil, unit, pdu); !bytes.Equal(got, want) {
			t.Errorf("% x, want %s", got, s)
		}
	}
}

func TestRequest_EncodesTheGoldenVectors(t *testing.T) {
	must := func(r request, err error) request {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		want string
		r    request
	}{
		{"01 03 00 00 00 08 44 0C", must(newRead(1, fcReadHoldingRegisters, 0, 8))},
		{"01 04 00 00 00 7D 30 2B", must(newRead(1, fcReadInputRegisters, 0, 125))},
		{"11 01 00 13 00 25 0E 84", must(newRead(0x11, fcReadCoils, 0x13, 0x25))},
		{"FF 02 00 00 00 08 6C 12", must(newRead(0xFF, fcReadDiscreteInputs, 0, 8))},
		{"01 05 00 00 FF 00 8C 3A", newWrite(1, fcWriteSingleCoil, 0, CoilOn)},
		{"01 05 00 00 00 00 CD CA", newWrite(1, fcWriteSingleCoil, 0, CoilOff)},
		{"00 05 00 FF FF 00 BD DB", newWrite(0, fcWriteSingleCoil, 0xFF, CoilOn)},
		{"01 05 02 00 00 07 8D B0", newWrite(1, fcWriteSingleCoil, 0x200, 7)},
		{"01 0F 00 00 00 08 01 FF BE D5", must(newWriteBits(1, 0, []bool{true, true, true, true, true, true, true, true}))},
		{"01 10 00 01 00 02 04 00 0A 01 02 92 30", must(newWriteRegisters(1, 1, []uint16{10, 0x102}))},
	} {
		if got := AppendRTU(nil, c.r.unit, c.r.pdu); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("% X, want %s", got, c.want)
		}
	}
}

func TestRequest_RefusesTheImpossible(t *testing.T) {
	for name, err := range map[string]error{
		"no registers":       second(newRead(1, 3, 0, 0)),
		"126 registers":      second(newRead(1, 3, 0, 126)),
		"2001 bits":          second(newRead(1, 1, 0, 2001)),
		"past the end":       second(newRead(1, 3, 65535, 2)),
		"broadcast read":     second(newRead(0, 3, 0, 1)),
		"124 registers out":  second(newWriteRegisters(1, 0, make([]uint16, 124))),
		"1969 bits out":      second(newWriteBits(1, 0, make([]bool, 1969))),
		"nothing to be sent": second(newWriteBits(1, 0, nil)),
	} {
		if !errors.Is(err, ErrArgument) {
			t.Errorf("%s: %v, want ErrArgument", name, err)
		}
	}
}

func second(_ request, err error) error { return err }

func TestRequest_AcceptsOnlyItsAnswer(t *testing.T) {
	read, err := newRead(1, 3, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	write := newWrite(1, 5, 3, CoilOn)
	for _, c := range []struct {
		name string
		r    request
		pdu  string
		want error
	}{
		{"right", read, "03 02 00 2A", nil},
		{"gateway exception", read, "83 0B", drivers.ErrException},
		{"exception of another function", read, "84 02", drivers.ErrCorrupt},
		{"another function", read, "04 02 00 2A", drivers.ErrCorrupt},
		{"too long", read, "03 04 00 2A 00 2B", drivers.ErrCorrupt},
		{"byte count lies", read, "03 04 00 2A", drivers.ErrCorrupt},
		{"empty", read, "", drivers.ErrCorrupt},
		{"echo", write, "05 00 03 FF 00", nil},
		{"echo of off", write, "05 00 03 00 00", drivers.ErrCorrupt},
		{"echo of another coil", write, "05 00 04 FF 00", drivers.ErrCorrupt},
	} {
		if err := c.r.accept(unhex(t, c.pdu)); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzParseRTU(f *testing.F) {
	for _, s := range goldenFrames {
		f.Add(unhex(f, s))
	}
	read, err := newRead(1, 3, 0, 8)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := replyLength(b); n > 5+255 {
			t.Errorf("reply of %d bytes", n)
		}
		if unit, pdu, err := ParseRTU(b); err == nil {
			if !bytes.Equal(AppendRTU(nil, unit, pdu), b) {
				t.Error("does not round-trip")
			}
			if read.accept(pdu) == nil && len(pdu) != 18 {
				t.Errorf("accepted % x", pdu)
			}
		}
		a := answer{line: &rtu{link: newLink(nil, &counters{})}, unit: &unit{}, request: &read}
		if pdu, used, err := a.scan(b); used > len(b) || err == nil && pdu != nil && len(pdu) != 18 {
			t.Errorf("scan: % x, %d of %d bytes", pdu, used, len(b))
		}
	})
}

func FuzzParseMBAP(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1})
	f.Add([]byte{0, 1, 0, 1, 0xFF, 0xFF, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseMBAP(b)
		if err == nil && (h.Length < 1 || h.Length > 253) {
			t.Errorf("length %d", h.Length)
		}
	})
}
