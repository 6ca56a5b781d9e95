package blueprint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/profile"
)

// The manuals' examples, not made by this package's own code.
func TestMessage_AgreesWithTheManuals(t *testing.T) {
	for text, want := range map[string]string{"$012": "$012B7\r", "!01200600": "!01200600AA\r", "$07RH": "$07RH25\r", "!07+2.0500": "!07+2.0500D8\r"} {
		if got := string(appendMessage(nil, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if got, err := parseMessage([]byte(strings.TrimSuffix(want, "\r"))); got != text || err != nil {
			t.Errorf("%q: %q %v, want %q", want, got, err, text)
		}
	}
	for _, bad := range []string{"", "AA", "$012B8", "$013B7", "$012b7", "!112200"} {
		if _, err := parseMessage([]byte(bad)); !errors.Is(err, drivers.ErrCorrupt) {
			t.Errorf("%q: %v, want corrupt", bad, err)
		}
	}
	s, err := parseState("!112200") // outputs 0 and 4 on, inputs 1 and 5 high
	if err != nil || s != (state{out: 0x11, in: 0x22}) {
		t.Errorf("%+v %v", s, err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{"!112200E6", "?33A6", ">3E", "!BEDE00", "!!!!"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		text, err := parseMessage(line)
		if err != nil {
			return
		}
		if got := string(appendMessage(nil, text)); got != string(line)+"\r" {
			t.Errorf("%q was read as %q, which is %q", line, text, got)
		}
		_, _ = parseState(text) // must not panic
	})
}

// module is the far end: a module with its own code and a script of misbehaviour.
type module struct {
	mu    sync.Mutex
	out   map[byte]byte
	stuck bool
	say   func(request, answer string) string // "" is silence; what stands before \x00 is an answer
	heard []string
}

func checked(text string) string {
	total := 0
	for _, c := range text {
		total += int(c)
	}
	return fmt.Sprintf("%s%02X\r", text, total%256)
}

// serve answers as the manual says until the line is gone.
func (m *module) serve(far *os.File) {
	in := bufio.NewReader(far)
	for {
		line, err := in.ReadString('\r')
		if err != nil {
			return
		}
		if _, err := far.WriteString(m.answer(strings.TrimSuffix(line, "\r"))); err != nil {
			return
		}
	}
}

func (m *module) answer(line string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	request := line[:max(len(line)-2, 0)]
	m.heard = append(m.heard, request)
	answer := ""
	var addr, channel, on byte
	switch {
	case checked(request) != line+"\r":
	case strings.HasPrefix(request, "$"):
		if _, err := fmt.Sscanf(request, "$%02X6", &addr); err == nil {
			answer = fmt.Sprintf("!%02X%02X00", m.out[addr], addr) // the inputs tell who speaks
		}
	default:
		if _, err := fmt.Sscanf(request, "#%02X1%1d%02X", &addr, &channel, &on); err == nil {
			if answer = ">"; !m.stuck {
				m.out[addr] = m.out[addr]&^(1<<channel) | on<<channel
			}
		}
	}
	if m.say != nil {
		return m.say(request, answer)
	}
	return checked(answer)
}

func (m *module) set(say func(request, answer string) string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.say = say
}

// line opens a bus on a pseudo-terminal with modules on it, and the modules 0x33 and 0x0A.
func line(t *testing.T, m *module) (first, second *Device, far *os.File) {
	t.Helper()
	src, err := os.ReadFile("testdata/adam-4050.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, ps := profile.Parse("adam-4050.yaml", src)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	far, near := drivertest.PTY(t)
	m.out = map[byte]byte{0x33: 0x11, 0x0A: 0}
	go m.serve(far)
	bus, err := Open(t.Context(), Config{Port: near, Profiles: profile.Library{p.ID: p}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() }) // the test is over
	bind := func(id contract.DeviceID, unit uint8) *Device {
		d, err := bus.Device(drivers.DeviceSpec{ID: id, Unit: unit, Profile: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		return d.(*Device)
	}
	return bind("a", 0x33), bind("b", 0x0A), far
}

// read asks until the line is no longer rested.
func read(t *testing.T, d *Device) ([]contract.Reading, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		rs, err := d.Read(ctx, 0)
		if !errors.Is(err, drivers.ErrQuarantined) || ctx.Err() != nil {
			return rs, err
		}
		<-time.After(time.Millisecond)
	}
}

// inputs are the input terminals as a number: the modules of these tests show their own
// address there.
func inputs(rs []contract.Reading) (n int) {
	for _, r := range rs {
		var channel int
		if _, err := fmt.Sscanf(r.Point.Name(), "in%d", &channel); err == nil && r.Quality.IsGood() {
			n |= int(r.Value) << channel
		}
	}
	return n
}

func TestDevice_ReadsItsTerminals(t *testing.T) {
	a, b, _ := line(t, &module{})
	rs, err := read(t, a)
	if err != nil || inputs(rs) != 0x33 || len(rs) != 16 {
		t.Fatalf("%v %v", rs, err)
	}
	if rs[8].Point != "a.out0" || rs[8].Value != 1 || rs[9].Value != 0 || rs[12].Value != 1 || rs[8].At.IsZero() {
		t.Errorf("outputs 0 and 4 should be on: %+v", rs[8:])
	}
	if rs, err := read(t, b); err != nil || inputs(rs) != 0x0A {
		t.Errorf("%v %v", rs, err)
	}
	if _, err := a.Read(t.Context(), 1); !errors.Is(err, drivers.ErrNoPoint) {
		t.Errorf("a group that is not there: %v", err)
	}
	g := a.Groups()
	if len(g) != 1 || !g[0].Alarm || len(g[0].Points) != 16 || g[0].Cost <= 0 {
		t.Errorf("groups %+v", g)
	}
}

// Answers of these modules name nobody: whatever happens to the first module's, the
// second never gets it, and both live afterwards.
func TestBus_AnAnswerIsNeverTakenForAnother(t *testing.T) {
	right := checked("!113300") // of module a
	for name, c := range map[string]struct {
		first string // what comes for a's question
		want  error
	}{
		"silent":          {"", drivers.ErrTimeout},
		"refuses":         {checked("?33"), drivers.ErrException},
		"damaged":         {"!11330100" + "\r", drivers.ErrCorrupt},
		"cut":             {right[:5], drivers.ErrCorrupt},
		"no checksum":     {"!113300\r", drivers.ErrCorrupt},
		"twice at once":   {right + right, drivers.ErrCorrupt},
		"endless":         {strings.Repeat("A", 200), drivers.ErrCorrupt},
		"another's words": {checked(">"), drivers.ErrCorrupt},
		"another refuses": {checked("?0A"), drivers.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			m := &module{}
			a, b, _ := line(t, m)
			m.set(func(string, string) string { return c.first })
			if _, err := read(t, a); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			m.set(nil)
			for _, d := range []*Device{b, a, b} {
				if rs, err := read(t, d); err != nil || inputs(rs) != int(d.address) {
					t.Errorf("%s afterwards: %#x %v", d.id, inputs(rs), err)
				}
			}
		})
	}
}

func TestBus_ALateAnswerIsThrownAway(t *testing.T) {
	m := &module{}
	a, b, far := line(t, m)
	m.set(func(string, string) string { return "" })
	if _, err := read(t, a); !errors.Is(err, drivers.ErrTimeout) {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), 0); !errors.Is(err, drivers.ErrQuarantined) {
		t.Fatalf("b was asked while a's answer may still come: %v", err)
	}
	if _, err := far.WriteString(checked("!113300")); err != nil { // a's, late
		t.Fatal(err)
	}
	m.set(nil)
	rs, err := read(t, b)
	if err != nil || inputs(rs) != 0x0A {
		t.Errorf("%#x %v", inputs(rs), err)
	}
	if b.bus.strays != len(checked("!113300")) {
		t.Errorf("%d stray bytes", b.bus.strays)
	}
}

func TestDevice_WriteIsDoneWhenTheOutputShowsIt(t *testing.T) {
	m := &module{}
	a, _, _ := line(t, m)
	if err := a.Write(t.Context(), "a.out3", 1); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"#331301", "$336"}, m.heard); diff != "" {
		t.Error(diff)
	}
	m.stuck = true
	if err := a.Write(t.Context(), "a.out3", 0); !errors.Is(err, drivers.ErrException) {
		t.Errorf("an output that is stuck was reported as switched: %v", err)
	}
	for id, value := range map[contract.PointID]float64{"a.in1": 1, "a.out3": 2} {
		if err := a.Write(t.Context(), id, value); !errors.Is(err, drivers.ErrNotWritable) {
			t.Errorf("%s=%g: %v", id, value, err)
		}
	}
	if err := a.Write(t.Context(), "b.out3", 1); !errors.Is(err, drivers.ErrNoPoint) {
		t.Errorf("another device's point: %v", err)
	}
}

func TestBus_EndsWithItsContextAndItsLine(t *testing.T) {
	m := &module{}
	a, _, far := line(t, m)
	m.set(func(string, string) string { return "" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Read(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, a); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("%v, want link down", err)
	}
}
