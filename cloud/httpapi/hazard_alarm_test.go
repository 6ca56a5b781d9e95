package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

// falseAlarms come from one detector, each acknowledged before it goes.
func (w *world) falseAlarms(n int) []alarm.Alarm {
	w.t.Helper()
	var out []alarm.Alarm
	for range n {
		a := w.smoke("f12-smoke-east", "A", contract.Active)
		w.forward(time.Minute)
		if _, err := w.alarms.AcknowledgeAt(w.t.Context(), a.ID, alarm.Person{ID: "u", Name: "值班员"}, "误报", a.Version, ""); err != nil {
			w.t.Fatal(err)
		}
		w.forward(time.Minute)
		out = append(out, w.smoke("f12-smoke-east", "A", contract.Normal))
	}
	return out
}

// TestH19_ARepeatedFaultOfADeviceBecomesAHazardOverHTTP runs the worker against the whole
// server: a detector alarms three times, the supervisor has it to do, with the evidence,
// and takes it to its end.
func TestH19_ARepeatedFaultOfADeviceBecomesAHazardOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	alarms := w.falseAlarms(3)
	for i, want := range []int{1, 0} {
		if n, err := w.origins.Look(t.Context()); err != nil || n != want {
			t.Fatalf("look %d opened %d: %v", i, n, err)
		}
	}
	supervisor, engineer := w.as(org.Supervisor), w.as(org.Engineer)
	todo := want[flow.Page](supervisor, 200, "GET", "/api/todos", nil)
	if len(todo.Items) != 1 || !strings.Contains(todo.Items[0].Summary, "3号楼·12层“东走廊烟感”7天内报警3次（烟感火警）") || todo.Items[0].Initiator.ID != "device" {
		t.Fatalf("%+v", todo.Items)
	}
	h := todo.Items[0]
	d := want[recordDetail](supervisor, 200, "GET", "/api/forms/hazard/records/"+h.Record, nil)
	evidence, _ := d.Record.Doc["evidence"].(string)
	if d.Record.Doc["place"] == nil || d.Record.Building != "b03" || d.Record.Doc["category"] != "fire" || d.Record.Doc["source"] != "device" || !strings.Contains(evidence, alarms[0].ID) {
		t.Fatalf("%+v", d.Record)
	}
	// there and back again
	from := want[alarmsOfHazard](supervisor, 200, "GET", "/api/forms/hazard/records/"+h.Record+"/alarms", nil)
	if len(from.Items) != 3 || from.Items[0].Kind != "evidence" {
		t.Fatalf("%+v", from)
	}
	to := want[hazardsOfAlarm](supervisor, 200, "GET", "/api/alarms/"+alarms[2].ID+"/hazards", nil)
	if len(to.Items) != 1 || to.Items[0].Record != h.Record || to.Items[0].Instance != h.Instance || to.Items[0].State != "auditing" || to.Items[0].No == "" {
		t.Fatalf("%+v", to)
	}
	// who may not see the hazard does not see it from the alarm; who may not see the alarm has neither
	if got := want[hazardsOfAlarm](engineer, 200, "GET", "/api/alarms/"+alarms[2].ID+"/hazards", nil); len(got.Items) != 0 {
		t.Fatalf("an engineer who has no part in it sees %+v", got)
	}
	if status, raw := engineer.do("GET", "/api/forms/hazard/records/"+h.Record+"/alarms", nil); status != http.StatusNotFound {
		t.Fatalf("%d %s", status, raw)
	}
	if status, raw := w.signedIn("elsewhere", org.Supervisor, "b04").do("GET", "/api/alarms/"+alarms[2].ID+"/hazards", nil); status != http.StatusNotFound {
		t.Fatalf("%d %s", status, raw)
	}
	// an engineer's click finds that there is one, and no more than that
	if got := want[hazardOpened](engineer, 200, "POST", "/api/alarms/"+alarms[2].ID+"/hazards", nil); got.Fresh || got.Hazard != nil {
		t.Fatalf("%+v", got)
	}
	supervisor.act(h.Instance, 200, flow.Agree, map[string]any{"level": "general", "owner": w.idOf("engineer"), "demand": "清洁探头"})
	if got := want[hazardsOfAlarm](engineer, 200, "GET", "/api/alarms/"+alarms[2].ID+"/hazards", nil); len(got.Items) != 1 {
		t.Fatalf("its owner sees %+v", got)
	}
}

// TestH19_AHolderElsewhereSeesTheHazardAndNotTheAlarm gives somebody of another building a
// task on the hazard: the alarm stays closed to them.
func TestH19_AHolderElsewhereSeesTheHazardAndNotTheAlarm(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	got := want[hazardOpened](w.as(org.Guard), 200, "POST", "/api/alarms/"+a.ID+"/hazards", nil)
	elsewhere := w.signedIn("elsewhere", org.Engineer, "b04")
	w.as(org.Supervisor).act(got.Hazard.Instance, 200, flow.Agree, map[string]any{"level": "general", "owner": w.idOf("elsewhere"), "demand": "查"})
	want[recordDetail](elsewhere, 200, "GET", "/api/forms/hazard/records/"+got.Hazard.Record, nil)
	if list := want[alarmsOfHazard](elsewhere, 200, "GET", "/api/forms/hazard/records/"+got.Hazard.Record+"/alarms", nil); len(list.Items) != 0 {
		t.Fatalf("%+v", list)
	}
}

// TestH03_OneClickFromAnAlarm opens a hazard that has its source, place and reporter; the
// second click finds the first.
func TestH03_OneClickFromAnAlarm(t *testing.T) {
	w := newWorld(t)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	guard, supervisor := w.as(org.Guard), w.as(org.Supervisor)
	first := want[hazardOpened](guard, 200, "POST", "/api/alarms/"+a.ID+"/hazards", nil)
	if !first.Fresh || first.Hazard == nil || first.Hazard.Kind != "opened" || first.Hazard.Instance == "" || !strings.Contains(first.Hazard.What, "“东走廊烟感”报警：烟感火警") {
		t.Fatalf("%+v", first)
	}
	for _, c := range []*client{guard, supervisor} {
		again := want[hazardOpened](c, 200, "POST", "/api/alarms/"+a.ID+"/hazards", nil)
		if again.Fresh || again.Hazard == nil || again.Hazard.Record != first.Hazard.Record {
			t.Fatalf("%+v", again)
		}
	}
	d := want[recordDetail](guard, 200, "GET", "/api/forms/hazard/records/"+first.Hazard.Record, nil)
	if d.Record.Doc["source"] != "device" || d.Record.Doc["category"] != "fire" || d.Record.Doc["place"] == nil || d.Record.Doc["reporter"] == nil || d.Record.CreatedBy != w.idOf("guard") {
		t.Fatalf("%+v", d.Record)
	}
	if n := want[recordPage](supervisor, 200, "GET", "/api/forms/hazard/records", nil); n.Total != 1 {
		t.Fatalf("%+v", n)
	}
	if status, _ := w.as(org.Viewer).do("POST", "/api/alarms/"+a.ID+"/hazards", nil); status != http.StatusForbidden {
		t.Fatalf("a viewer: %d", status)
	}
	if status, _ := guard.do("POST", "/api/alarms/none/hazards", nil); status != http.StatusNotFound {
		t.Fatalf("no alarm: %d", status)
	}
	// whoever may not report may not do it by a click either
	admin := w.as(org.Admin)
	for _, g := range want[[]form.Grant](admin, 200, "GET", "/api/grants", nil) {
		if g.Role == "operator" {
			want[any](admin, 204, "DELETE", "/api/grants/"+g.ID, nil)
		}
	}
	b := w.smoke("f12-smoke-west", "B", contract.Active)
	if status, raw := w.as(org.Operator).do("POST", "/api/alarms/"+b.ID+"/hazards", nil); status != http.StatusForbidden || !strings.Contains(raw, "表单") {
		t.Fatalf("without a grant: %d %s", status, raw)
	}
}

// TestH18_WhatADeviceOpensIsTraceable: who, when and what of a hazard that no person
// reported, to its end.
func TestH18_WhatADeviceOpensIsTraceable(t *testing.T) {
	w := newWorld(t)
	w.falseAlarms(3)
	if _, err := w.origins.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	supervisor := w.as(org.Supervisor)
	h := want[flow.Page](supervisor, 200, "GET", "/api/todos", nil).Items[0]
	supervisor.act(h.Instance, 200, flow.Reject, nil)
	if _, err := w.origins.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := supervisor.onDesk(h.Instance)
	if c.State.Status.Open() || c.Record.State != "withdrawn" {
		t.Fatalf("%+v", c.State.Head)
	}
	d := want[recordDetail](supervisor, 200, "GET", "/api/forms/hazard/records/"+h.Record, nil)
	if d.Log[0].Actor != "device" || len(d.Log) < 3 {
		t.Fatalf("%+v", d.Log)
	}
	for _, l := range d.Log {
		if l.At.IsZero() || l.Actor == "" && l.ActorName == "" {
			t.Errorf("%+v", l)
		}
	}
	if err := w.work.Flows.Verify(t.Context(), h.Instance); err != nil {
		t.Fatal(err)
	}
	if _, err := w.work.Forms.Verify(t.Context(), "hazard"); err != nil {
		t.Fatal(err)
	}
}
