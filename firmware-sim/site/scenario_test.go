package site

import (
	"os"
	"strings"
	"testing"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

func TestParseScenario_AllMistakesWithTheirLines(t *testing.T) {
	_, err := ParseScenario("bad.yaml", []byte(`zh: 坏
steps:
  - {at: 5s, unit: a, fault: {kind: lat}}
  - {at: 6s, unit: a, fault: {kind: late}}
  - {unit: a, line: b, clear: true}
  - {unit: a}
  - {line: b, set: {x: 1}}
  - {reader: r, card: 12}
  - {reader: r, fault: {kind: late, by: 1s}}
  - {unit: "[", clear: true}
  - {unit: a, fault: {kind: corrupt, chance: 3}}
  - {panel: p, event: {is: smoke}}
  - {unit: a, event: {is: reset}}
  - {panel: p, fault: {kind: exception, code: 4}}
  - {panel: p, event: {node: "012034", is: fire, type: 19}}
loop: {every: 1s}
`))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"bad.yaml:1: en", ":3: steps[0].fault.kind", ":4: steps[1].fault.by", ":5: steps[2]", ":6: steps[3]", ":7: steps[4].set",
		":8: steps[5].card", ":9: steps[6].fault.kind", ":10: steps[7].unit", ":11: steps[8].fault.chance",
		":12: steps[9].event", ":13: steps[10].event", ":14: steps[11].fault.kind", ":15: steps[12].event", ":16: loop.every"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

// small is a site of one gas detector on a port and one on a line.
func small(t *testing.T) *Running {
	t.Helper()
	return start(t, Config{Lines: []Line{
		{Name: "port", TCP: &TCP{Listen: "127.0.0.1:0"}, Units: []Unit{{Name: "gas-1", Model: "evikon-e2638"}}},
		{Name: "bus", Serial: &Serial{Link: "tty"}, Units: []Unit{{Name: "gas-2", Model: "evikon-e2638", Unit: 2, Set: map[string]float64{"concentration": 5}}, {Name: "smoke", Model: "calectro-ug3", Unit: 3}}},
	}, Readers: []Reader{{Name: "nfc", Kind: "pn532", Link: "tty-nfc"}, {Name: "id", Kind: "rdm6300", Link: "tty-id"}},
		Panels: []Panel{{Name: "crt", Kind: "gst500-crt", Link: "tty-crt", Every: 20 * time.Millisecond}}})
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited 10 s for %s in vain", what)
		}
		if err := line.SleepUntil(t.Context(), time.Now().Add(5*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlay_StepsInOrderAndLoops(t *testing.T) {
	r := small(t)
	s, err := ParseScenario("leak.yaml", []byte(`zh: 漏
en: leak
loop: {every: 40ms, times: 2}
steps:
  - {at: 20ms, unit: gas-1, set: {concentration: 35}}
  - {unit: gas-1, set: {concentration: 10}}
  - {at: 30ms, unit: "gas-*", fault: {kind: corrupt, chance: 1 %}}
  - {at: 30ms, reader: nfc, card: 04A1B2C3D4E5F6}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Play(s); err != nil {
		t.Fatal(err)
	}
	await(t, "the end", func() bool { return len(r.Look().Playing) == 0 })
	if v, err := r.Value("gas-1", "concentration"); err != nil || v != 35 {
		t.Errorf("concentration %v, %v", v, err)
	}
	v := r.Look()
	if n, m := len(v.Lines[0].Units[0].Faults), len(v.Lines[1].Units[0].Faults); n != 0 || m != 2 {
		t.Errorf("%d orders on TCP, %d on the bus: corrupt is none of TCP's, and was ordered twice", n, m)
	}
	if v.Readers[0].Card != "04a1b2c3d4e5f6" {
		t.Errorf("card %q", v.Readers[0].Card)
	}
	if err := r.Do(Step{Clear: true}); err != nil {
		t.Fatal(err)
	}
	if v := r.Look(); len(v.Lines[1].Units[0].Faults) != 0 || v.Readers[0].Card != "" {
		t.Error("not everything was cleared")
	}
}

func TestPlay_RefusesWhatCanNotBe(t *testing.T) {
	r := small(t)
	for _, s := range []Step{
		{Unit: "nobody", Clear: true}, {Line: "none*", Clear: true}, {Unit: "gas-1", Set: map[string]float64{"smoke": 1}},
		{Unit: "gas-1", Fault: &fault.Order{Kind: fault.Corrupt}}, {Unit: "gas-1", Fault: &fault.Order{Kind: fault.Stuck, Value: "smoke"}},
		{Reader: "id", Card: "04A1B2C3D4E5F6"}, {Panel: "crt", Event: &device.PanelEvent{Node: "12-034", Is: "fire"}}, {Panel: "crt"},
		{Panel: "crt", Fault: &fault.Order{Kind: fault.Stuck}}, {Panel: "crt", Event: &device.PanelEvent{Is: "fire"}},
	} {
		if err := r.Play(Scenario{Name: "x", Steps: []Step{s}}); err == nil {
			t.Errorf("%+v was played", s)
		}
		if err := r.Do(s); err == nil {
			t.Errorf("%+v was done", s)
		}
	}
	if err := r.Set("gas-1", "concentration", 500); err == nil {
		t.Error("500 %LEL was taken")
	}
	if r.Stop("nothing") {
		t.Error("stopped what does not play")
	}
}

func TestPlay_LoopsUntilStopped(t *testing.T) {
	r := small(t)
	s := Scenario{Name: "flap", Loop: &Loop{Every: 10 * time.Millisecond}, Steps: []Step{{Unit: "smoke", Fault: &fault.Order{Kind: fault.Silent, For: 5 * time.Millisecond}}}}
	if err := r.Play(s); err != nil {
		t.Fatal(err)
	}
	await(t, "the third round", func() bool { p := r.Look().Playing; return len(p) == 1 && p[0].Round >= 2 })
	if !r.Stop("flap") {
		t.Error("it does not play")
	}
	await(t, "its end", func() bool { return len(r.Look().Playing) == 0 })
}

func TestLine_FaultsOfAWholeLine(t *testing.T) {
	r := small(t)
	if err := r.Do(Step{Line: "bus", Fault: &fault.Order{Kind: fault.Busy}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(Step{Unit: "smoke", Fault: &fault.Order{Kind: fault.Babble, For: time.Minute}}); err != nil {
		t.Fatal(err)
	}
	v := r.Look().Lines[1]
	if len(v.Units[0].Faults) != 1 || len(v.Units[1].Faults) != 1 || len(v.Faults) != 1 {
		t.Errorf("%+v", v)
	}
	if err := r.Do(Step{Unit: "smoke", Clear: true}); err != nil {
		t.Fatal(err)
	}
	if v := r.Look().Lines[1]; len(v.Units[0].Faults) != 1 || len(v.Units[1].Faults) != 0 || len(v.Faults) != 0 {
		t.Errorf("after clearing the babbling unit: %+v", v)
	}
	old, err := os.Readlink(r.Address("nfc"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Do(Step{Reader: "nfc", Fault: &fault.Order{Kind: fault.Unplug, Down: 50 * time.Millisecond}}); err != nil {
		t.Fatal(err)
	}
	await(t, "the reader under another name", func() bool { now, err := os.Readlink(r.Address("nfc")); return err == nil && now != old })
}
