package scenario

import (
	"testing"
	"time"

	"anlan/firmware-sim/fault"
)

var start = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// run steps the building for d, ten times a second, and returns the new time.
func run(b *Building, from time.Time, d time.Duration) time.Time {
	for end := from.Add(d); from.Before(end); {
		from = from.Add(100 * time.Millisecond)
		b.Step(from)
	}
	return from
}

func play(t *testing.T, b *Building, name string, now time.Time) {
	t.Helper()
	if err := b.Play(name, now); err != nil {
		t.Fatal(err)
	}
}

func TestGasLeak_FallsOnlyAfterTheValveHasClosed(t *testing.T) {
	b := NewBuilding(start, 1)
	play(t, b, "gas-leak", start)
	now := run(b, start, 30*time.Second)
	if v := b.Look(); v.Gas["f03-gas-302"] < 34 || v.Gas["f03-gas-shaft"] < 14 || !v.Inputs[inputValveOpen] {
		t.Fatalf("after 30 s: %+v", v)
	}
	if code := b.BusUnits()[unitRelays].Memory.SetCoil(coilValve, true); code != 0 {
		t.Fatalf("exception %d", code)
	}
	now = run(b, now, time.Second)
	if v := b.Look(); v.Inputs[inputValveOpen] || v.Inputs[inputValveClosed] {
		t.Error("a travelling valve is on neither limit")
	}
	now = run(b, now, 30*time.Second)
	v := b.Look()
	if !v.Inputs[inputValveClosed] || v.Gas["f03-gas-302"] > 1 {
		t.Errorf("closed=%v gas=%v", v.Inputs[inputValveClosed], v.Gas)
	}
	if len(v.Writes) != 1 || v.Writes[0].Coil != coilValve || !v.Writes[0].On {
		t.Errorf("writes=%v", v.Writes)
	}
	play(t, b, "normal", now)
	now = run(b, now, time.Second)
	if !b.Look().Inputs[inputValveClosed] {
		t.Error("nobody can open a valve against its solenoid")
	}
	b.BusUnits()[unitRelays].Memory.SetCoil(coilValve, false)
	run(b, now, time.Second)
	if !b.Look().Inputs[inputValveOpen] {
		t.Error("the valve was not opened by hand")
	}
}

func TestFire_DetectorsInSequenceAndLatched(t *testing.T) {
	b := NewBuilding(start, 1)
	play(t, b, "fire-12", start)
	now := run(b, start, time.Second)
	if v := b.Look(); !v.Smoke["f12-smoke-east"].Alarm || v.Smoke["f12-smoke-west"].Alarm {
		t.Errorf("at 1 s: %+v", v.Smoke)
	}
	now = run(b, now, 26*time.Second)
	if v := b.Look(); !v.Smoke["f12-smoke-west"].Alarm || v.Panel[12] != panelFire {
		t.Errorf("at 27 s: %+v %v", v.Smoke, v.Panel)
	}
	play(t, b, "normal", now)
	run(b, now, time.Second)
	if v := b.Look(); !v.Smoke["f12-smoke-east"].Alarm || v.Smoke["f12-smoke-east"].Smoke {
		t.Error("a detector keeps its alarm until it is reset over the bus")
	}
}

func TestElevator_LivesAndIsTrapped(t *testing.T) {
	b := NewBuilding(start, 1)
	seen := map[int]bool{}
	now := start
	for range 600 {
		now = run(b, now, time.Second)
		e := b.Look().Elevator
		if e.Landing < 1 || e.Landing > 13 {
			t.Fatalf("landing %d", e.Landing)
		}
		seen[e.Landing] = true
	}
	if len(seen) < 8 {
		t.Errorf("saw %d landings in ten minutes", len(seen))
	}
	play(t, b, "entrapment", now)
	now = run(b, now, time.Minute)
	if e := b.Look().Elevator; e.Mode != 5 || e.Car != 6 || e.Load != 18 {
		t.Errorf("trapped car: %+v", e)
	}
	play(t, b, "normal", now)
	run(b, now, time.Second)
	if e := b.Look().Elevator; e.Mode != 7 {
		t.Errorf("after normal: %+v", e)
	}
}

func TestFaults_AreCheckedAndHealed(t *testing.T) {
	b := NewBuilding(start, 1)
	if b.SetFault("nobody", fault.Fault{}) == nil || b.SetFault("f03-smoke", fault.Fault{Corrupt: 2}) == nil {
		t.Error("bad faults were taken")
	}
	play(t, b, "dead-detector", start)
	now := run(b, start, time.Second)
	if !b.BusUnits()[13].Fault().Silent {
		t.Error("the detector still answers")
	}
	play(t, b, "normal", now)
	run(b, now, time.Second)
	if b.BusUnits()[13].Fault().Silent {
		t.Error("the detector stayed dead")
	}
	if b.Play("nothing", now) == nil {
		t.Error("an unknown scenario was taken")
	}
}
