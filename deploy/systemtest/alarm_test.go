package systemtest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	coilSiren      = 0
	coilValve      = 1
	coilFan        = 2
	coilGasSiren   = 3
	inputValveShut = 0
)

func TestFire_SirenFirstThenConsoleThenIncidentThenReset(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief := w.login("zhangwei"), w.login("lina")
	op.ready()
	// The uplink is down when the fire begins: the edge must not need the cloud.
	w.play("network-cut?seconds=600")
	w.play("fire-12")
	eventually(t, "siren on", func() error {
		if !w.sim().Coils[coilSiren] {
			return fmt.Errorf("coils %v", w.sim().Coils)
		}
		return nil
	})
	siren := firstOn(t, w, coilSiren)
	for _, a := range op.alarms("open") {
		if a.Hazard == "fire" {
			t.Errorf("the cloud knows of %s across a cut line", a.Point)
		}
	}
	w.play("network-cut?seconds=0")
	east := op.alarm("f12-smoke-east.smoke", active)
	if received := east.Stamps["received"]; !siren.Before(received) {
		t.Errorf("the siren's relay was on at %v, after the cloud knew at %v", siren, received)
	}
	for _, s := range []string{"sensed", "decided", "spooled", "received", "committed"} {
		if east.Stamps[s].IsZero() {
			t.Errorf("stamp %q is missing: %v", s, east.Stamps)
		}
	}

	op.alarm("f12-smoke-west.smoke", active)
	with := op.alarm("f12-smoke-east.smoke", func(a alarmView) error {
		if a.Incident == "" {
			return fmt.Errorf("no incident yet")
		}
		return nil
	})
	i := op.incident(with.Incident)
	if len(i.Incident.Of) < 2 {
		t.Errorf("the fire incident stands on %v, want two independent detectors", i.Incident.Of)
	}
	if i.Incident.Plan != "fire" || i.Incident.State != "open" || len(i.Tasks) < 5 || len(i.Roles) < 3 {
		t.Errorf("incident %+v with %d tasks and %d roles", i.Incident, len(i.Tasks), len(i.Roles))
	}
	acked := op.acknowledge(east, "已通知就近人员到场")
	if acked.State != "acked" || acked.Ack == nil || acked.Ack.Name != "张伟" || acked.Ack.Note == "" {
		t.Errorf("acknowledged: %+v", acked)
	}

	w.play("normal")
	chief.allQuiet()
	eventually(t, "siren off and detectors reset", func() error {
		s := w.sim()
		if s.Coils[coilSiren] || s.Smoke["f12-smoke-east"].Alarm || s.Smoke["f12-smoke-west"].Alarm {
			return fmt.Errorf("coils %v, smoke %v", s.Coils, s.Smoke)
		}
		return nil
	})
	workToTheEnd(t, chief, with.Incident)
}

// workToTheEnd does every task in the order the dependencies allow and closes.
func workToTheEnd(t *testing.T, p *person, id string) {
	t.Helper()
	if err := p.post("/api/incidents/"+id+"/close", map[string]string{"note": "too early"}, nil); !isStatus(err, 409) {
		t.Errorf("closing with open critical tasks: %v, want 409", err)
	}
	eventually(t, "every task done", func() error {
		open := 0
		for _, task := range p.incident(id).Tasks {
			switch task.State {
			case "ready":
				if err := p.post("/api/incidents/"+id+"/tasks/"+task.Key+"/accept", map[string]string{}, nil); err != nil {
					return err
				}
				open++
			case "running":
				if err := p.post("/api/incidents/"+id+"/tasks/"+task.Key+"/done", map[string]string{"note": "systemtest"}, nil); err != nil {
					return err
				}
			case "blocked":
				open++
			}
		}
		if open > 0 {
			return fmt.Errorf("%d tasks to do", open)
		}
		return nil
	})
	if err := p.post("/api/incidents/"+id+"/close", map[string]string{"note": "处置完毕"}, nil); err != nil {
		t.Fatal(err)
	}
	if i := p.incident(id); i.Incident.State != "closed" {
		t.Errorf("incident is %s", i.Incident.State)
	}
}

// firstOn is when a coil was first switched on at the device.
func firstOn(t *testing.T, w *world, coil int) time.Time {
	t.Helper()
	for _, x := range w.sim().Writes {
		if x.Coil == coil && x.On {
			return x.At
		}
	}
	t.Fatalf("coil %d was never switched on: %+v", coil, w.sim().Writes)
	return time.Time{}
}

func TestFire_APersonsConfirmationLaunchesThePlan(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief, guard := w.login("zhangwei"), w.login("lina"), w.login("wangqiang")
	op.ready()
	w.play("fire-12") // the second detector is 15 s away
	east := op.alarm("f12-smoke-east.smoke", active)
	if east.Incident != "" {
		t.Fatal("one detector alone launched an incident")
	}
	if err := guard.post("/api/alarms/"+east.ID+"/confirm", map[string]string{"note": "x"}, nil); !isStatus(err, 403) {
		t.Errorf("a guard confirmed: %v, want 403", err)
	}
	var confirmed alarmView
	if err := chief.post("/api/alarms/"+east.ID+"/confirm", map[string]string{"note": "现场见明火"}, &confirmed); err != nil {
		t.Fatal(err)
	}
	if i := op.incident(confirmed.Incident); i.Incident.Plan != "fire" || len(i.Incident.Of) != 1 {
		t.Errorf("incident %+v", i.Incident)
	}

	// Somebody authorised launches another plan by hand; a second launch is the same incident.
	launch := map[string]any{"plan": "entrapment", "building": "b03", "place": map[string]any{"building": "b03"}, "drill": true}
	if err := guard.post("/api/incidents", launch, nil); !isStatus(err, 403) {
		t.Errorf("a guard launched a plan: %v, want 403", err)
	}
	var first, second struct{ ID string }
	for _, into := range []any{&first, &second} {
		if err := op.post("/api/incidents", launch, into); err != nil {
			t.Fatal(err)
		}
	}
	if first.ID == "" || first.ID != second.ID {
		t.Errorf("two launches made %q and %q", first.ID, second.ID)
	}
	assertStampsMeasured(t, w)
}

// assertStampsMeasured looks for the alarms' way in the cloud's metrics.
func assertStampsMeasured(t *testing.T, w *world) {
	t.Helper()
	text, err := w.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "cloud_alarm_stamp_seconds_count") {
		t.Error("no cloud_alarm_stamp_seconds in the metrics")
	}
}

func TestGasLeak_OnlyTheValveMovesInTheGasZone(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief := w.login("zhangwei"), w.login("lina")
	op.ready()
	w.play("gas-leak")
	gas := op.alarm("f03-gas-302.concentration", func(a alarmView) error {
		if a.Incident == "" || a.Severity != "critical" {
			return fmt.Errorf("severity %s, incident %q", a.Severity, a.Incident)
		}
		return nil
	})
	if i := op.incident(gas.Incident); i.Incident.Plan != "gas-leak" || len(i.Tasks) < 5 {
		t.Errorf("incident %+v with %d tasks", i.Incident, len(i.Tasks))
	}
	eventually(t, "valve confirmed closed", func() error {
		if s := w.sim(); !s.Inputs[inputValveShut] {
			return fmt.Errorf("inputs %v", s.Inputs)
		}
		return w.actionIs(op, gas, "gas-valve-03", "confirmed")
	})
	eventually(t, "siren in the gas zone refused", func() error { return w.actionIs(op, gas, "siren-03", "refused") })

	w.play("normal")
	chief.allQuiet()
	for _, x := range w.sim().Writes {
		if x.Coil == coilFan || x.Coil == coilGasSiren {
			t.Errorf("coil %d in the gas zone was written: %+v", x.Coil, x)
		}
		if x.Coil == coilValve && x.On {
			continue
		}
	}
	workToTheEnd(t, chief, gas.Incident)
}

func (w *world) actionIs(p *person, a alarmView, output, outcome string) error {
	got := p.actions(a.ID)
	for _, x := range got {
		if x.Output == output && x.Outcome == outcome {
			return nil
		}
	}
	return fmt.Errorf("no %s of %s among %+v", outcome, output, got)
}

func TestEntrapment_LaunchesItsPlan(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief := w.login("zhangwei"), w.login("lina")
	op.ready()
	before := len(w.sim().Writes)
	w.play("entrapment")
	var trapped alarmView
	eventually(t, "entrapment alarm with its incident", func() error {
		for _, a := range op.alarms("open") {
			if a.Hazard == "entrapment" && a.Incident != "" {
				trapped = a
				return nil
			}
		}
		return fmt.Errorf("none yet")
	})
	i := op.incident(trapped.Incident)
	if i.Incident.Plan != "entrapment" || len(i.Tasks) < 5 {
		t.Errorf("incident %+v with %d tasks", i.Incident, len(i.Tasks))
	}
	if n := len(w.sim().Writes); n != before {
		t.Errorf("%d relay writes for an entrapment", n-before)
	}
	w.play("normal")
	chief.allQuiet()
	workToTheEnd(t, chief, trapped.Incident)
}
