package device

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
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
	if got := crc([]byte("123456789")); got != 0x4B37 {
		t.Errorf("crc=%04X, want 4B37", got)
	}
}

// The requests' CRCs were computed independently (Modbus over serial line, appendix B).
func TestRTU_AnswersGoldenFramesOnAPTY(t *testing.T) {
	relays := &Relays{}
	panel := &FirePanel{Mains: 9}
	panel.Nodes[0] = 5
	p, err := line.OpenPTY(filepath.Join(t.TempDir(), "tty"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	bus := &RTU{Port: p, UART: line.UART{W: p, Baud: 115200, Bits: 10}, Units: map[uint8]Unit{1: {ID: 1, Memory: relays}, 2: {ID: 2, Memory: panel}}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	far, err := line.OpenSerial(p.FarEnd(), 115200)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, ask, want string }{
		{"coil on echoes", "01 05 00 00 FF 00 8C 3A", "01 05 00 00 FF 00 8C 3A"},
		{"coil off echoes", "01 05 00 00 00 00 CD CA", "01 05 00 00 00 00 CD CA"},
		{"all coils by FC15", "01 0F 00 00 00 08 01 FF BE D5", "01 0F 00 00 00 08 54 0D"},
		{"registers are refused", "01 03 00 00 00 08 44 0C", "01 83 02 C0 F1"},
	} {
		if _, err := far.Write(unhex(t, c.ask)); err != nil {
			t.Fatal(err)
		}
		want := unhex(t, c.want)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(far, got); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got % X, want % X", c.name, got, want)
		}
	}
	for i, on := range relays.Coils {
		if !on {
			t.Errorf("coil %d is off after FC15", i)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTCP_AnswersUnderTheSameTransaction(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &Elevator{Landing: 13, Mode: 5, Car: 6, Load: 18, Direction: 3}
	s := &TCP{Listener: l, Unit: Unit{ID: 1, Memory: e}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(unhex(t, "12 34 00 00 00 06 01 03 10 18 00 06")); err != nil {
		t.Fatal(err)
	}
	want := unhex(t, "12 34 00 00 00 0F 01 03 0C 00 0D 00 00 00 B4 00 00 00 00 06 50")
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got % X, want % X", got, want)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
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

func TestFault_FramesAreWhatTheFaultSays(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	frame := []byte{1, 2, 3, 4, 5}
	same := func([]byte) {}
	if got := (fault.Fault{Silent: true}).Frames(frame, rnd, same); got != nil {
		t.Errorf("a silent device sent % X", got)
	}
	if got := (fault.Fault{Duplicate: 1}).Frames(frame, rnd, same); len(got) != 2 || !bytes.Equal(got[0], frame) {
		t.Errorf("duplicate gave %v", got)
	}
	if got := (fault.Fault{Corrupt: 1}).Frames(frame, rnd, same); bytes.Equal(got[0], frame) {
		t.Error("corrupt changed nothing")
	}
	if got := (fault.Fault{Short: 1}).Frames(frame, rnd, same); len(got[0]) >= len(frame) {
		t.Error("short is not shorter")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte{3, 0, 0, 0, 8})
	f.Add([]byte{15, 0, 0, 0, 8, 1, 0xFF})
	f.Add([]byte{16, 0, 0, 0, 1, 2, 0, 234})
	f.Fuzz(func(t *testing.T, req []byte) {
		for _, m := range []Memory{&Smoke{}, &GasE2638{}, &CO{}, &Relays{}, &Elevator{}, &FirePanel{}} {
			if out := Answer(m, req); len(req) > 0 && (len(out) < 2 || len(out) > 253) {
				t.Fatalf("answer of %d bytes to % X", len(out), req)
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
