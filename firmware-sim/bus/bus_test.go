package bus

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/firmware-sim/device"
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

// answer42 is a device whose register n holds 42 + n.
func answer42(t *testing.T) device.Memory {
	t.Helper()
	d, wrong := device.NewMapped(device.Map{Holding: []device.Run{{At: 0, Values: []uint16{42, 43, 44, 45}}},
		Values: map[string]device.Place{"first": {Table: device.Holding, At: 0}}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return d
}

// serialLine runs units on a pty and returns the line and its far end.
func serialLine(t *testing.T, s *Serial, units ...*Unit) io.ReadWriteCloser {
	t.Helper()
	s.Link = filepath.Join(t.TempDir(), "tty")
	if s.Mode.Baud == 0 {
		s.Mode.Baud = 115200
	}
	if _, err := NewSerial(s, units, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return farEnd(t, s.Link)
}

// farEnd opens a pty as a program would, with a library of its own.
func farEnd(t *testing.T, link string) io.ReadWriteCloser {
	t.Helper()
	far, err := line.OpenSerial(link, 115200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return far
}

// read takes n bytes, or what has come within ten seconds.
func read(t *testing.T, r io.Reader, n int) []byte {
	t.Helper()
	if port, ok := r.(*os.File); ok {
		if err := port.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for deadline := time.Now().Add(10 * time.Second); len(out) < n && time.Now().Before(deadline); {
		got, err := r.Read(buf[:n-len(out)])
		out = append(out, buf[:got]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("after % X: %v", out, err)
		}
	}
	return out
}

func ask(t *testing.T, rw io.ReadWriter, name, request, want string) {
	t.Helper()
	if _, err := rw.Write(unhex(t, request)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, rw, len(unhex(t, want))); !bytes.Equal(got, unhex(t, want)) {
		t.Errorf("%s: got % X, want %s", name, got, want)
	}
}

// The CRCs were computed independently (Modbus over serial line, appendix B).
func TestRTU_AnswersGoldenFramesOnAPTY(t *testing.T) {
	relays := &device.Relays{}
	lift := &device.NICE3000{Elevator: device.Elevator{Landing: 13, Mode: 5, Car: 6, Load: 18, Direction: 3}}
	s := &Serial{}
	far := serialLine(t, s, NewUnit(Spec{Name: "relays", ID: 1, Memory: relays}, 1), NewUnit(Spec{Name: "map", ID: 2, Memory: answer42(t)}, 1))
	for _, c := range []struct{ name, ask, want string }{
		{"coil on echoes", "01 05 00 00 FF 00 8C 3A", "01 05 00 00 FF 00 8C 3A"},
		{"coil off echoes", "01 05 00 00 00 00 CD CA", "01 05 00 00 00 00 CD CA"},
		{"pulse of 700 ms", "01 05 02 00 00 07 8D B0", "01 05 02 00 00 07 8D B0"},
		{"all coils by FC15", "01 0F 00 00 00 08 01 FF BE D5", "01 0F 00 00 00 08 54 0D"},
		{"registers are refused", "01 03 00 00 00 08 44 0C", "01 83 02 C0 F1"},
		{"another unit", "02 03 00 00 00 01 84 39", "02 03 02 00 2A 7D 9B"},
	} {
		ask(t, far, c.name, c.ask, c.want)
	}
	if _, err := far.Write(unhex(t, "00 05 00 FF 00 00 FC 2B")); err != nil { // all off, broadcast
		t.Fatal(err)
	}
	await(t, func() bool { return s.Requests.Load() == 7 })
	pause(t, 5*time.Millisecond)
	ask(t, far, "all relays off after the broadcast", "01 01 00 00 00 08 3D CC", "01 01 01 00 51 88")

	native := serialLine(t, &Serial{}, NewUnit(Spec{Name: "lift", ID: 1, Memory: lift}, 1))
	ask(t, native, "two-byte count", "01 03 10 1D 00 01 10 CC", "01 03 00 02 06 50 E7 96")
	ask(t, native, "native refusal", "01 03 20 99 00 01 5F E5", "01 03 80 01 00 04 3C 09")
}

// pause lets the line have its silence.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	if err := line.SleepUntil(t.Context(), time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// The first request is the example of the Modicon reference guide (PI-MBUS-300).
func TestASCII_AnswersGoldenLines(t *testing.T) {
	s := &Serial{ASCII: true, Mode: line.Mode{Baud: 115200, DataBits: 7, Parity: 'E'}}
	if got := s.Mode.String() + " " + time.Duration(s.Mode.Bits()).String(); got != "115200 7E1 10ns" {
		t.Errorf("mode %s", got)
	}
	far := serialLine(t, s, NewUnit(Spec{Name: "map", ID: 0xF7, Memory: answer42(t)}, 1))
	for _, c := range []struct{ ask, want string }{
		{":F7031389000A60\r\n", ":F7830284\r\n"},
		{":F7030000000105\r\n", ":F70302002ADA\r\n"},
		{"noise:F7:F7030000000105\r\n", ":F70302002ADA\r\n"},
	} {
		if _, err := far.Write([]byte(c.ask)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, far, len(c.want)); string(got) != c.want {
			t.Errorf("%q: got %q, want %q", c.ask, got, c.want)
		}
	}
	if _, err := far.Write([]byte(":F7030000000106\r\n")); err != nil { // a wrong LRC
		t.Fatal(err)
	}
	await(t, func() bool { return s.BadCheck.Load() == 1 })
}

// tcpLine runs units on a port and connects to it.
func tcpLine(t *testing.T, p *TCP, units ...*Unit) net.Conn {
	t.Helper()
	p.Listen = "127.0.0.1:0"
	if _, err := NewTCP(p, units, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return dial(t, p.Address())
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTCP_AnswersUnderTheSameTransaction(t *testing.T) {
	lift := &device.Elevator{Landing: 13, Mode: 5, Car: 6, Load: 18, Direction: 3}
	c := tcpLine(t, &TCP{}, NewUnit(Spec{Name: "lift", ID: 1, Memory: lift}, 1))
	ask(t, c, "read", "12 34 00 00 00 06 01 03 10 18 00 06", "12 34 00 00 00 0F 01 03 0C 00 0D 00 00 00 B4 00 00 00 00 06 50")
	ask(t, c, "two at once, nobody of id 9 between", "00 01 00 00 00 06 01 03 30 00 00 01"+"00 02 00 00 00 06 09 03 30 00 00 01"+"00 03 00 00 00 06 01 03 30 00 00 01",
		"00 01 00 00 00 05 01 03 02 00 03"+"00 03 00 00 00 05 01 03 02 00 03")
	if _, err := c.Write(unhex(t, "00 01 00 07 00 06 01 03 30 00 00 01")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a wrong protocol must end the connection")
	}
}

func TestTCP_RTUFraming(t *testing.T) {
	lift := &device.NICE3000{Elevator: device.Elevator{Landing: 13, Mode: 5, Car: 6}}
	p := &TCP{RTU: true}
	c := tcpLine(t, p, NewUnit(Spec{Name: "map", ID: 2, Memory: answer42(t)}, 1), NewUnit(Spec{Name: "lift", ID: 1, Memory: lift}, 1))
	ask(t, c, "read", "02 03 00 00 00 01 84 39", "02 03 02 00 2A 7D 9B")
	ask(t, c, "native dialect", "01 03 10 1D 00 01 10 CC", "01 03 00 02 06 50 E7 96")
	if _, err := c.Write(unhex(t, "02 03 00 00 00 01 84 38")); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return p.BadCheck.Load() > 0 })
	ask(t, c, "after a bad CRC", "02 03 00 00 00 01 84 39", "02 03 02 00 2A 7D 9B")
}

func TestTCP_SeveralInFlight(t *testing.T) {
	c := tcpLine(t, &TCP{InFlight: 16}, NewUnit(Spec{Name: "map", Memory: answer42(t), React: Range{Min: 20 * time.Millisecond}}, 1))
	var all []byte
	for i := range 16 {
		all = append(all, 0, byte(i), 0, 0, 0, 6, 1, 3, 0, 0, 0, 1)
	}
	start := time.Now()
	if _, err := c.Write(all); err != nil {
		t.Fatal(err)
	}
	seen := map[byte]bool{}
	for range 16 {
		seen[read(t, c, 11)[1]] = true
	}
	if len(seen) != 16 {
		t.Errorf("%d of 16 transactions answered", len(seen))
	}
	t.Logf("16 requests of 20 ms together took %v", time.Since(start))
}

func TestSerial_PacingIsReported(t *testing.T) {
	s := &Serial{Mode: line.Mode{Baud: 9600}}
	far := serialLine(t, s, NewUnit(Spec{Name: "map", ID: 2, Memory: answer42(t)}, 1))
	start := time.Now()
	for range 10 {
		ask(t, far, "read", askFirst, first)
		pause(t, 5*time.Millisecond)
	}
	st := s.Stats()
	if st.Requests != 10 || st.Answers != 10 || st.Bytes != 70 {
		t.Errorf("%+v", st)
	}
	t.Logf("10 polls in %v; worst byte %v ms late, %d of %d more than a character", time.Since(start), st.WorstLateMS, st.LateBytes, st.Bytes)
}

func TestRange_Words(t *testing.T) {
	var r Range
	for text, want := range map[string]Range{"5ms": {Min: 5 * time.Millisecond}, "5ms .. 20ms": {5 * time.Millisecond, 20 * time.Millisecond}} {
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%q: %v %v", text, r, err)
		}
	}
	for _, text := range []string{"fast", "20ms..5ms", "-5ms", "5ms..", "..5ms"} {
		if r.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(":F7031389000A60\r\n"))
	f.Add([]byte{0x12, 0x34, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1})
	f.Add([]byte{2, 3, 0, 0, 0, 1, 0x84, 0x39})
	u := NewUnit(Spec{Memory: &device.Relays{}}, 1)
	f.Fuzz(func(t *testing.T, in []byte) {
		reqs := []request{}
		if r, ok := parseRTU(in); ok {
			reqs = append(reqs, r)
		}
		if r, ok := parseASCII(in); ok {
			reqs = append(reqs, r)
		}
		if r, used, bad := parseMBAP(in); used > 0 && !bad {
			reqs = append(reqs, r)
		}
		for _, r := range reqs {
			if pdu, _ := u.serve(time.Now(), r.pdu); pdu != nil && len(r.wrap(r.unit, pdu)) < 5 {
				t.Fatalf("answer to % X", in)
			}
		}
	})
}
