package paneltap

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/profile"
)

// gstPrinter is how a panel prints: 火警 12-034 2026-11-23 01:02.
var gstPrinter = profile.Tap{
	Pattern: `(?P<word>\S+)\s+(?P<node>\d+-\d+|\S*)`,
	Words: map[string]string{"火警": "fire", "火警恢复": "normal", "故障": "fault", "故障恢复": "normal", "启动": "started", "反馈": "feedback",
		"屏蔽": "disabled", "复位": "reset"},
}

func feed(t *testing.T, d Decoder, b []byte, step int) []Event {
	t.Helper()
	var out []Event
	for len(b) > 0 {
		n := min(step, len(b))
		out = append(out, d.Feed(b[:n])...)
		b = b[n:]
	}
	return out
}

// The recordings are written from the documented frames, with the master's bytes and noise
// between them, and come in pieces of any size.
func TestCRT_ARecordedStreamDecodesToNodeEvents(t *testing.T) {
	src, err := os.ReadFile("testdata/gst500-crt.bin")
	if err != nil {
		t.Fatal(err)
	}
	want := []Event{{Idle: true}, {Idle: true}, {Node: "012034", State: Fire}, {Idle: true}, {Node: "012035", State: Fault}, {Idle: true},
		{Node: "012035", State: Disabled}, {Idle: true}, {Node: "012035", State: Normal},
		{Node: "012036", State: Started}, {Node: "012036", State: Feedback}, {Node: "012036", State: Stopped}, {Idle: true}, {Reset: true}, {Idle: true}}
	for _, step := range []int{1, 3, 7, len(src)} {
		d := NewCRT()
		if diff := cmp.Diff(want, feed(t, d, src, step)); diff != "" {
			t.Errorf("in pieces of %d (-want +got):\n%s", step, diff)
		}
		if d.Noise() == 0 {
			t.Error("the master's bytes are no events")
		}
	}
}

func TestCRT_ADamagedEventIsNoEvent(t *testing.T) {
	idle := []byte{crtIdle, crtTail, 0x1F, 0x01, 0x00, 0x01, 0x0F}
	good := []byte{crtAlarm, 0x01, 0x20, 0x77, 0x11, 0x01, crtReset, crtTail}
	if got := NewCRT().Feed(good); len(got) != 1 || got[0].Node != "012077" {
		t.Fatalf("%+v", got)
	}
	for i := range good {
		for bit := range 8 {
			bad := slices.Clone(good)
			bad[i] ^= 1 << bit
			for _, e := range NewCRT().Feed(append(slices.Clone(idle), bad...)) {
				if (e.Node != "" || e.Reset) && !(bad[0] == crtFault || bad[0] == crtAlarm && i == 0) {
					t.Errorf("bit %d of byte %d damaged: %+v", bit, i, e)
				}
			}
		}
	}
	if got := NewCRT().Feed([]byte{crtReset, crtTail}); len(got) != 0 {
		t.Errorf("a reset out of nothing: %+v", got)
	}
}

func gb(t *testing.T, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPrinter_ARecordedStreamDecodesToNodeEvents(t *testing.T) {
	src, err := os.ReadFile("testdata/printer.bin")
	if err != nil {
		t.Fatal(err)
	}
	want := []Event{{Node: "12-034", State: Fire}, {Node: "12-035", State: Fault}, {Node: "12-035", State: Normal}, {Node: "01-200", State: Started},
		{Node: "12-034", State: Normal}, {Node: "03-007", State: Disabled}, {Reset: true}}
	for _, step := range []int{1, 5, len(src)} {
		d, err := NewPrinter(gstPrinter)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, feed(t, d, src, step)); diff != "" {
			t.Errorf("in pieces of %d (-want +got):\n%s", step, diff)
		}
	}
}

func TestPrinter_OtherEndsAndEncodings(t *testing.T) {
	layout := gstPrinter
	layout.End, layout.Encoding = "\x04\x03\x0D", "utf-8"
	d, err := NewPrinter(layout)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Feed([]byte("火警 1-2\x04\x03\x0D故障 1-3\x04\x03\x0D")); len(got) != 2 || got[1] != (Event{Node: "1-3", State: Fault}) {
		t.Errorf("%+v", got)
	}
	if got := d.Feed(bytes.Repeat([]byte("x"), 3*longestLine)); len(got) != 0 || d.Noise() == 0 {
		t.Errorf("a line without an end: %+v, noise %d", got, d.Noise())
	}
}

func TestNewPrinter_SaysWhatIsWrong(t *testing.T) {
	for want, edit := range map[string]func(*profile.Tap){
		"pattern": func(l *profile.Tap) { l.Pattern = "(" }, "groups": func(l *profile.Tap) { l.Pattern = "(?P<word>x)" },
		"encoding": func(l *profile.Tap) { l.Encoding = "big5" }, "means": func(l *profile.Tap) { l.Words = map[string]string{"火警": "hot"} },
		"no words": func(l *profile.Tap) { l.Words = nil },
	} {
		layout := gstPrinter
		edit(&layout)
		if _, err := NewPrinter(layout); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func points(docs ...string) (out []profile.Point) {
	for i, d := range docs {
		out = append(out, profile.Point{Name: string(rune('a' + i)), Doc: d})
	}
	return out
}

func TestPanel_SilenceIsNeverNormal(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPanel("panel", points("012034", "012035", "count:fire", "count:fault"))
	values := func(e Event) map[string]float64 {
		now = now.Add(time.Second)
		out := map[string]float64{}
		for _, r := range p.hear(e, now) {
			if r.Quality.IsBad() || r.At.IsZero() || r.Checked != now {
				t.Errorf("%+v", r)
			}
			out[r.Point.Name()] = r.Value
		}
		return out
	}
	for _, step := range []struct {
		e    Event
		want map[string]float64
	}{
		{Event{Idle: true}, map[string]float64{}}, // nothing is known of any node
		{Event{Node: "012034", State: Fire}, map[string]float64{"a": 1, "c": 1}},
		{Event{Node: "099999", State: Fire}, map[string]float64{"a": 1, "c": 2}},
		{Event{Reset: true}, map[string]float64{"a": 0, "b": 0, "c": 0, "d": 0}},
		{Event{Node: "012035", State: Fault}, map[string]float64{"a": 0, "b": 2, "c": 0, "d": 1}},
		{Event{Node: "012035", State: Normal}, map[string]float64{"a": 0, "b": 0, "c": 0, "d": 0}},
	} {
		if d := cmp.Diff(step.want, values(step.e)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", step.e, d)
		}
	}
}

func TestCheckPoint(t *testing.T) {
	for doc, ok := range map[string]bool{"012034": true, "count:fire": true, "count:hot": false, "": false} {
		if err := CheckPoint(profile.Point{Name: "x", Doc: doc}); (err == nil) != ok {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

func tapProfile(protocol string) profile.Library {
	return profile.Library{"tap": {ID: "tap", Protocol: protocol, Tap: gstPrinter, Points: points("12-034", "count:fire")}}
}

// Over a real pseudo-terminal: events become readings, and a hang-up is the line's.
func TestPanel_ListensToARealLine(t *testing.T) {
	far, near := drivertest.PTY(t)
	bus, err := Open(t.Context(), Config{Port: near, Profiles: tapProfile(profile.ProtocolPanelPrinter)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bus.Close() }() // the test is over
	dev, err := bus.Device(drivers.DeviceSpec{ID: "panel", Profile: "tap"})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan []contract.Reading, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- dev.(drivers.Source).Listen(t.Context(), func(rs []contract.Reading) { got <- rs })
	}()
	if _, err := far.Write(gb(t, "火警 12-034 2026-11-23 01:02\r\n")); err != nil {
		t.Fatal(err)
	}
	rs := <-got
	if len(rs) != 2 || rs[0].Value != 1 || !rs[0].Quality.IsGood() || rs[1].Value != 1 || rs[1].Quality != contract.Uncertain {
		t.Errorf("%+v", rs)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("unplugged: %v", err)
	}
	if len(dev.Groups()) != 0 {
		t.Error("a tapped panel can not be asked")
	}
}

func TestBus_RefusesWhatItCanNotHear(t *testing.T) {
	b := &Bus{profiles: tapProfile("modbus")}
	for _, id := range []string{"tap", "none"} {
		if _, err := b.Device(drivers.DeviceSpec{ID: "x", Profile: id}); err == nil {
			t.Errorf("%s was bound", id)
		}
	}
}

// script is an ear that hears things at given times of the bubble.
type script struct {
	says     chan []byte
	deadline time.Time
}

func (s *script) SetReadDeadline(t time.Time) error { s.deadline = t; return nil }
func (s *script) Close() error                      { return nil }
func (s *script) Read(b []byte) (int, error) {
	var late <-chan time.Time
	if !s.deadline.IsZero() {
		late = time.After(time.Until(s.deadline))
	}
	select {
	case said, ok := <-s.says:
		if !ok {
			return 0, drivers.ErrLinkDown
		}
		return copy(b, said), nil
	case <-late:
		return 0, os.ErrDeadlineExceeded
	}
}

func TestPanel_AnIdlePanelThatFallsSilentIsBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &script{says: make(chan []byte)}
		b := &Bus{ear: ear, profiles: tapProfile(profile.ProtocolPanelCRT), log: discard}
		dev, err := b.Device(drivers.DeviceSpec{ID: "panel", Profile: "tap"})
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan []contract.Reading, 100)
		ended := make(chan error, 1)
		go func() {
			ended <- dev.(drivers.Source).Listen(context.Background(), func(rs []contract.Reading) { told <- rs })
		}()
		newest := func() (rs []contract.Reading) {
			synctest.Wait()
			for len(told) > 0 {
				rs = <-told
			}
			return rs
		}
		reset := []byte{crtIdle, crtTail, 0x01, crtReset, crtTail}
		ear.says <- reset
		for range 60 {
			time.Sleep(30 * time.Second)
			ear.says <- []byte{crtIdle, crtTail}
		}
		if rs := newest(); len(rs) != 2 || !rs[0].Quality.IsGood() || time.Since(rs[0].Checked) > time.Second {
			t.Errorf("half an hour of idling: %+v", rs)
		}
		time.Sleep(crtOffline + time.Second)
		if rs := newest(); len(rs) != 2 || rs[0].Quality != contract.Timeout {
			t.Errorf("silent: %+v", rs)
		}
		ear.says <- []byte{crtIdle, crtTail} // back, but what happened meanwhile was missed
		if rs := newest(); len(rs) != 0 {
			t.Errorf("after the silence: %+v", rs)
		}
		ear.says <- reset
		if rs := newest(); len(rs) != 2 || !rs[0].Quality.IsGood() {
			t.Errorf("after a reset: %+v", rs)
		}
		close(ear.says)
		if err := <-ended; !errors.Is(err, drivers.ErrLinkDown) {
			t.Error(err)
		}
	})
}

func FuzzCRT(f *testing.F) {
	f.Add([]byte{crtAlarm, 0x01, 0x20, 0x34, 0x11, 0x01, 0x67, crtTail})
	f.Add([]byte{crtIdle, crtTail, crtReset, crtTail})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, pieces := NewCRT(), NewCRT()
		if d := cmp.Diff(whole.Feed(b), feed(t, pieces, b, 1)); d != "" {
			t.Errorf("in one and byte by byte differ:\n%s", d)
		}
	})
}

func FuzzPrinter(f *testing.F) {
	f.Add([]byte("\xbb\xf0\xbe\xaf 12-034\r\n"))
	f.Add([]byte("\xff\xfe\x00 \n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := NewPrinter(gstPrinter)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range d.Feed(b) {
			if e.Node == "" && !e.Reset {
				t.Errorf("%+v", e)
			}
		}
	})
}
