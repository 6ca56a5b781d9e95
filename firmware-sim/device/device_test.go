package device

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCRC_CheckValueOfTheStandard(t *testing.T) {
	if got := CRC([]byte("123456789")); got != 0x4B37 {
		t.Errorf("crc=%04X, want 4B37", got)
	}
}

func TestSmoke_LatchesUntilResetWithoutSmoke(t *testing.T) {
	d := &Smoke{Smoke: true}
	d.Step()
	d.Smoke = false
	d.Step()
	alarm := func() bool {
		bits, code := d.Bits(true, 2, 1)
		if code != 0 {
			t.Fatalf("exception %d", code)
		}
		return bits[0]
	}
	if !alarm() {
		t.Error("the alarm did not latch")
	}
	if code := d.SetRegister(0, 1); code != illegalValue || !alarm() {
		t.Error("any value but 234 must be refused")
	}
	if code := d.SetRegister(0, 234); code != 0 || alarm() {
		t.Error("234 must reset")
	}
	d.Smoke = true
	d.Step()
	d.SetRegister(0, 234)
	if !alarm() {
		t.Error("reset must not clear an alarm while there is smoke")
	}
}

func TestPN532_FramesAreFoundInNoise(t *testing.T) {
	in := append(unhex(t, "55 55 00 00 00 FF"), unhex(t, "00 00 FF 04 FC D4 4A 01 00 E1 00 00 00 FF 00 FF 00")...)
	data, rest, ok := nextFrame(in)
	if !ok || !bytes.Equal(data, unhex(t, "D4 4A 01 00")) {
		t.Fatalf("frame % X, ok=%v", data, ok)
	}
	if data, _, ok = nextFrame(rest); !ok || len(data) != 0 {
		t.Errorf("ACK not found: % X, ok=%v", data, ok)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte{3, 0, 0, 0, 8})
	f.Add([]byte{15, 0, 0, 0, 8, 1, 0xFF})
	f.Add([]byte{16, 0, 0, 0, 1, 2, 0, 234})
	f.Fuzz(func(t *testing.T, req []byte) {
		for _, k := range Catalog() {
			if out := Answer(k.New(), req); len(req) > 0 && (len(out) < 2 || len(out) > 253) {
				t.Fatalf("%s: answer of %d bytes to % X", k.Name, len(out), req)
			}
		}
	})
}

func FuzzNextFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0xFF, 4, 0xFC, 0xD4, 0x4A, 1, 0, 0xE1, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		for range len(in) + 1 {
			_, rest, ok := nextFrame(in)
			if !ok {
				return
			}
			if len(rest) >= len(in) {
				t.Fatal("no progress")
			}
			in = rest
		}
	})
}
