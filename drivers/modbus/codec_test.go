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
		{"01 03 00 00 00 08 44 0C", must(newRead(nil, 1, fcReadHoldingRegisters, 0, 8))},
		{"01 04 00 00 00 7D 30 2B", must(newRead(nil, 1, fcReadInputRegisters, 0, 125))},
		{"11 01 00 13 00 25 0E 84", must(newRead(nil, 0x11, fcReadCoils, 0x13, 0x25))},
		{"FF 02 00 00 00 08 6C 12", must(newRead(nil, 0xFF, fcReadDiscreteInputs, 0, 8))},
		{"01 05 00 00 FF 00 8C 3A", newWrite(nil, 1, fcWriteSingleCoil, 0, CoilOn)},
		{"01 05 00 00 00 00 CD CA", newWrite(nil, 1, fcWriteSingleCoil, 0, CoilOff)},
		{"00 05 00 FF FF 00 BD DB", newWrite(nil, 0, fcWriteSingleCoil, 0xFF, CoilOn)},
		{"01 05 02 00 00 07 8D B0", newWrite(nil, 1, fcWriteSingleCoil, 0x200, 7)},
		{"01 0F 00 00 00 08 01 FF BE D5", must(newWriteBits(nil, 1, 0, []bool{true, true, true, true, true, true, true, true}))},
		{"01 10 00 01 00 02 04 00 0A 01 02 92 30", must(newWriteRegisters(nil, 1, 1, []uint16{10, 0x102}))},
		{"01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91", must(newReadWrite(nil, 1, 3, 6, 14, []uint16{255, 255, 255}))},
		{"01 2B 0E 01 00 70 77", must(newIdentify(nil, 1, IDBasic, 0))},
	} {
		if got := AppendRTU(nil, c.r.unit, c.r.pdu); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("% X, want %s", got, c.want)
		}
	}
}

func TestRequest_RefusesTheImpossible(t *testing.T) {
	for name, err := range map[string]error{
		"no registers":       second(newRead(nil, 1, 3, 0, 0)),
		"126 registers":      second(newRead(nil, 1, 3, 0, 126)),
		"2001 bits":          second(newRead(nil, 1, 1, 0, 2001)),
		"past the end":       second(newRead(nil, 1, 3, 65535, 2)),
		"broadcast read":     second(newRead(nil, 0, 3, 0, 1)),
		"124 registers out":  second(newWriteRegisters(nil, 1, 0, make([]uint16, 124))),
		"1969 bits out":      second(newWriteBits(nil, 1, 0, make([]bool, 1969))),
		"122 in function 23": second(newReadWrite(nil, 1, 0, 1, 0, make([]uint16, 122))),
		"broadcast 23":       second(newReadWrite(nil, 0, 0, 1, 0, make([]uint16, 1))),
		"level 5":            second(newIdentify(nil, 1, 5, 0)),
		"nothing to be sent": second(newWriteBits(nil, 1, 0, nil)),
	} {
		if !errors.Is(err, ErrArgument) {
			t.Errorf("%s: %v, want ErrArgument", name, err)
		}
	}
}

func TestASCII_GoldenFrames(t *testing.T) {
	// Sums worked out by hand: 01+03+00+00+00+08 = 0C, and 100h - 0C = F4.
	for _, c := range []struct{ frame, pdu string }{{":010300000008F4\r\n", "03 00 00 00 08"}, {":0103020 02AD0\r\n", ""}, {":01830 27A\r\n", ""}, {":0103020 02A\r\n", ""}, {":01830279\r\n", ""}, {":0183027A\r\n", "83 02"}, {":110100130025B6\r\n", "01 00 13 00 25"}} {
		unit, pdu, err := asciiFraming{}.parse([]byte(c.frame))
		switch {
		case c.pdu == "":
			if !errors.Is(err, drivers.ErrCorrupt) {
				t.Errorf("%q: %v", c.frame, err)
			}
		case err != nil || !bytes.Equal(pdu, unhex(t, c.pdu)):
			t.Errorf("%q: % x %v", c.frame, pdu, err)
		default:
			if got := string(asciiFraming{}.appendFrame(nil, unit, pdu)); got != c.frame {
				t.Errorf("%q, want %q", got, c.frame)
			}
		}
	}
}

// The dialect's frames are those of the profile's source with CRCs worked out apart from
// this codec.
func TestMonarch_ReadsTheTwoByteCount(t *testing.T) {
	read, err := newRead(nil, 1, 3, 0x101D, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"state 0x0570", "01 03 00 02 05 70", nil},
		{"refused with 7", "01 03 80 01 00 07", drivers.ErrException},
		{"two registers", "01 03 00 04 05 70 00 00", drivers.ErrCorrupt},
		{"standard count", "01 03 02 05 70", drivers.ErrCorrupt},
	} {
		frame := unhex(t, c.body)
		frame = append(frame, byte(CRC(frame)), byte(CRC(frame)>>8))
		err := drivers.ErrCorrupt
		if n := (monarchFraming{}).length(frame); n == len(frame) {
			_, pdu, perr := monarchFraming{}.parse(frame)
			if err = perr; err == nil {
				err = read.accept(pdu)
			}
		}
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if e, ok := errors.AsType[*ExceptionError](err); ok && (e.Code != 4 || e.Vendor != 7) {
			t.Errorf("%+v", e)
		}
	}
}

func second(_ request, err error) error { return err }

func TestRequest_AcceptsOnlyItsAnswer(t *testing.T) {
	read, err := newRead(nil, 1, 3, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	write := newWrite(nil, 1, 5, 3, CoilOn)
	mask := newMaskWrite(nil, 1, 4, 0xF2, 0x25)
	both, err := newReadWrite(nil, 1, 3, 1, 14, []uint16{255})
	if err != nil {
		t.Fatal(err)
	}
	identify, err := newIdentify(nil, 1, IDBasic, 0)
	if err != nil {
		t.Fatal(err)
	}
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
		{"mask echo", mask, "16 00 04 00 F2 00 25", nil},
		{"mask echo of another", mask, "16 00 04 00 F2 00 24", drivers.ErrCorrupt},
		{"read and write", both, "17 02 00 FE", nil},
		{"read and write, count lies", both, "17 04 00 FE", drivers.ErrCorrupt},
		{"identification", identify, "2B 0E 01 01 00 00 01 00 03 41 42 43", nil},
		{"identification of another level", identify, "2B 0E 02 01 00 00 01 00 03 41 42 43", drivers.ErrCorrupt},
		{"identification cut", identify, "2B 0E 01 01 00 00 02 00 03 41 42 43", drivers.ErrCorrupt},
		{"dialect's refusal", read, "83 04 00 07", drivers.ErrException},
	} {
		if err := c.r.accept(unhex(t, c.pdu)); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzParseRTU(f *testing.F)     { fuzzFraming(f, rtuFraming{}) }
func FuzzParseMonarch(f *testing.F) { fuzzFraming(f, monarchFraming{}) }
func FuzzParseASCII(f *testing.F)   { fuzzFraming(f, asciiFraming{}) }

// fuzzFraming hands bytes to a framing as a reply to a read of 8 registers by unit 1:
// only sound frames parse, and only an answer of the right shape is accepted.
func fuzzFraming(f *testing.F, framing framing) {
	for _, s := range goldenFrames {
		b := unhex(f, s)
		f.Add(b)
		f.Add(framing.appendFrame(nil, b[0], b[1:len(b)-2]))
	}
	f.Add([]byte(":010300000008F4\r\n"))
	f.Add(unhex(f, "01 03 00 02 00 07 E8 4A"))
	read, err := newRead(nil, 1, 3, 0, 8)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := framing.length(b)
		if n > MaxASCII {
			t.Errorf("reply of %d characters", n)
		}
		if n > 0 && n <= len(b) {
			if unit, pdu, err := framing.parse(bytes.Clone(b[:n])); err == nil {
				if id, ok := framing.unitOf(b); !ok || id != unit {
					t.Errorf("unit %d, but %d by its beginning", unit, id)
				}
				if read.accept(pdu) == nil && len(pdu) != 18 {
					t.Errorf("accepted % x", pdu)
				}
			}
		}
		a := answer{line: &line{link: newLink(nil, &counters{}), framing: framing}, unit: &unit{}, request: &read}
		if pdu, used, err := a.scan(bytes.Clone(b)); used > len(b) || err == nil && pdu != nil && len(pdu) != 18 {
			t.Errorf("scan: % x, %d of %d bytes", pdu, used, len(b))
		}
	})
}

func FuzzReadDeviceIdentification(f *testing.F) {
	f.Add(unhex(f, "2B 0E 01 01 00 00 01 00 03 41 42 43"))
	f.Add(unhex(f, "2B 0E 01 01 FF 02 02 00 01 41 01 00"))
	identify, err := newIdentify(nil, 1, IDBasic, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := replyPDULength(b); n > MaxPDU+4 {
			t.Errorf("pdu of %d bytes", n)
		}
		if identify.accept(b) == nil {
			objects(b) // must not run past the end
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
