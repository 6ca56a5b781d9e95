package origin

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

type world struct {
	*Service
	t    testing.TB
	mu   sync.Mutex
	time time.Time
	who  map[string]form.Who
	rows []fleet.DeviceRow

	place   contract.Place // of what is reported
	quality contract.Quality
	rule    contract.RuleID
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

// Devices implements Fleet.
func (w *world) Devices(context.Context, func(string) bool) ([]fleet.DeviceRow, error) {
	return w.rows, nil
}

// DeviceOf implements Fleet.
func (w *world) DeviceOf(_ context.Context, e contract.EdgeID, d contract.DeviceID) (fleet.Device, fleet.DeviceRow, error) {
	for _, r := range w.rows {
		if r.Edge == e && r.ID == d {
			return fleet.Device{Edge: e, ID: d, Profile: r.Profile}, r, nil
		}
	}
	return fleet.Device{}, fleet.DeviceRow{}, fleet.ErrNotFound
}

func newWorld(t testing.TB, d *db.DB) *world {
	w := &world{t: t, time: noon, who: map[string]form.Who{}, place: contract.Place{Building: "b1"}, quality: contract.Good, rule: "elevator-fault"}
	users, trail := org.NewStore(d), audit.New(d)
	tree := places.Empty()
	tree.Communities["c1"] = places.Community{ID: "c1", Name: contract.Text{ZH: "安澜花园"}}
	tree.Buildings["b1"] = places.Building{ID: "b1", Community: "c1", Name: contract.Text{ZH: "1号楼"}}
	at := func() *places.Tree { return tree }
	there := func(context.Context, *sql.Tx, string) bool { return true }
	desk := work.New(work.Deps{DB: d, Audit: trail, Staff: staff.New(users, at, there), Zone: time.FixedZone("CST", 8*3600), Now: w.now})
	for name, role := range map[string]org.Role{"bao": org.Guard, "an": org.Supervisor, "ren": org.Engineer, "wang": org.Manager, "root": org.Admin} {
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			u, err := users.Add(t.Context(), tx, org.User{Username: name, Name: name, Role: role}, noon)
			w.who[name] = form.Who{Actor: org.Actor{ID: u.ID, Name: u.Name, Role: role}}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := desk.Install(t.Context(), configs.Files, "apps", noon); err != nil {
		t.Fatal(err)
	}
	for name, who := range w.who {
		var err error
		if w.who[name], err = desk.Who(t.Context(), who.Actor, []string{"b1"}); err != nil {
			t.Fatal(err)
		}
	}
	alarms := alarm.NewStore(d, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), w.now)
	w.Service = New(Deps{DB: d, Alarms: alarms, Fleet: w, Tree: at, Desk: desk, Audit: trail, Rules: shipped(t), Lang: "zh-CN", Zone: time.FixedZone("CST", 8*3600),
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: w.now})
	return w
}

// report is one condition of a lift's fault, as ingest would apply it.
func (w *world) report(point string, c contract.Condition) alarm.Alarm {
	w.t.Helper()
	in := alarm.ReportInput{Edge: "e1", Received: w.now(), Change: contract.ConditionChange{Point: contract.PointID(point), Rule: w.rule, Condition: c, Previous: contract.Normal, Severity: contract.Major,
		Hazard: contract.Equipment, Title: contract.Text{ZH: "电梯故障停梯", EN: "Lift out of order"}, Place: w.place, Quality: w.quality, SensedAt: w.now(), DecidedAt: w.now()}}
	var changes []alarm.Change
	if err := w.DB.Tx(w.t.Context(), func(tx *sql.Tx) (err error) { changes, err = w.Alarms.Apply(w.t.Context(), tx, in); return err }); err != nil {
		w.t.Fatal(err)
	}
	w.Alarms.Publish(w.t.Context(), changes)
	return changes[len(changes)-1].Alarm
}

// fault is a fault that comes, is acknowledged, and goes.
func (w *world) fault(point string) alarm.Alarm {
	w.t.Helper()
	a := w.report(point, contract.Active)
	w.forward(time.Minute)
	if _, err := w.Alarms.AcknowledgeAt(w.t.Context(), a.ID, alarm.Person{ID: "u", Name: "保安"}, "", a.Version, ""); err != nil {
		w.t.Fatal(err)
	}
	w.forward(time.Minute)
	return w.report(point, contract.Normal)
}

func (w *world) look(want int) {
	w.t.Helper()
	n, err := w.Look(w.t.Context())
	if err != nil || n != want {
		w.t.Fatalf("opened %d, want %d: %v", n, want, err)
	}
}

// hazards are all records of the form.
func (w *world) hazards() []form.Record {
	w.t.Helper()
	p, err := w.Desk.Forms.List(w.t.Context(), form.SystemWho(), "hazard", form.Listing{Limit: 100}, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Records
}

func (w *world) decide(name, instance string, v flow.Verdict, patch map[string]any) {
	w.t.Helper()
	c, err := w.Desk.Case(w.t.Context(), w.who[name], instance)
	if err != nil || len(c.Mine) == 0 {
		w.t.Fatalf("%s has nothing to do in %s: %v", name, instance, err)
	}
	if _, err := w.Desk.Act(w.t.Context(), w.who[name].Actor, instance, flow.Event{Kind: flow.Decide, Task: c.Mine[0].ID, Verdict: v, Text: "意见"}, patch); err != nil {
		w.t.Fatalf("%s: %v", name, explained(err))
	}
}

// solve takes a hazard from the audit to its end.
func (w *world) solve(instance string) {
	w.t.Helper()
	w.decide("an", instance, flow.Agree, map[string]any{"level": "general", "owner": w.who["ren"].Actor.ID, "demand": "检修"})
	w.decide("ren", instance, flow.Agree, map[string]any{"measures": "已更换门锁", "after_photos": []string{"att"}})
	w.decide("an", instance, flow.Agree, nil) // the device reviews nothing: the supervisor does
}

func TestH19_ARepeatedFaultOpensOneHazardAndAgainAfterItIsClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.rows = []fleet.DeviceRow{{Edge: "e1", ID: "lift", Name: contract.Text{ZH: "1号梯"}, Place: contract.Place{Building: "b1"}, Profile: "monarch-nice3000", Reported: &fleet.ReportedDevice{}}}
		w.fault("lift.fault")
		w.fault("lift.fault")
		w.look(0)
		last := w.fault("lift.fault")
		w.look(1)
		for range 3 {
			w.forward(time.Hour)
			w.fault("lift.fault")
			w.look(0)
		}
		list := w.hazards()
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		r := list[0]
		if r.Doc["source"] != "device" || r.Doc["category"] != "elevator" || r.Doc["place"] == nil || r.Building != "b1" || r.State != "auditing" || r.CreatedBy != "device" ||
			!strings.Contains(fmt.Sprint(r.Doc["what"]), "7天内发生3次报警（电梯故障停梯）") || !strings.Contains(fmt.Sprint(r.Doc["evidence"]), last.ID) {
			t.Fatalf("%+v", r)
		}
		links, err := w.OfRecord(t.Context(), "hazard", r.ID)
		if err != nil || len(links) != 3 || links[0].Kind != Evidence {
			t.Fatalf("%+v %v", links, err)
		}
		back, err := w.OfAlarm(t.Context(), last.ID)
		if err != nil || len(back) != 1 || back[0].Record != r.ID {
			t.Fatalf("%+v %v", back, err)
		}
		flows, err := w.Desk.Flows.OfRecord(t.Context(), "hazard", r.ID)
		if err != nil || len(flows) != 1 {
			t.Fatalf("%+v %v", flows, err)
		}
		w.solve(flows[0].Instance)
		w.look(0)
		w.forward(time.Hour)
		w.fault("lift.fault")
		w.fault("lift.fault")
		w.look(0)
		w.fault("lift.fault")
		w.look(1)
		if n := len(w.hazards()); n != 2 {
			t.Fatalf("%d hazards", n)
		}
	})
}

// TestH19_ManyWorkersOpenAHazardOnce lets workers and clicks race for the same alarms.
func TestH19_ManyWorkersOpenAHazardOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.fault("lift.fault")
		w.fault("lift.fault")
		a := w.fault("lift.fault")
		stands := w.report("pump.fault", contract.Active)
		w.forward(25 * time.Hour)
		others := []*Service{w.Service, w.Service, w.Service}
		for i := range others { // each a process of its own
			x := *w.Service
			others[i] = &x
		}
		var wg sync.WaitGroup
		errs := make(chan error, 20)
		var mu sync.Mutex
		opened := 0
		for _, s := range others {
			wg.Go(func() {
				n, err := s.Look(t.Context())
				mu.Lock()
				opened += n
				mu.Unlock()
				if err != nil {
					errs <- err
				}
			})
			for _, x := range []alarm.Alarm{a, stands} {
				wg.Go(func() {
					_, fresh, err := s.FromAlarm(t.Context(), w.who["bao"], x)
					mu.Lock()
					if fresh {
						opened++
					}
					mu.Unlock()
					if err != nil {
						errs <- err
					}
				})
			}
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
		if n := len(w.hazards()); n != 2 || opened != 2 {
			t.Fatalf("%d hazards, %d said to be opened", n, opened)
		}
		w.look(0)
	})
}

func TestH19_AStandingAlarmIsOneHazardOverARestart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.rule = "pump-fault" // a lift has a rule of its own
		w.report("pump.fault", contract.Active)
		w.forward(7 * time.Hour)
		w.look(0)
		w.forward(time.Hour)
		w.look(1) // nobody answered
		w.forward(20 * time.Hour)
		w.look(0) // it stands, too: the same hazard
		again := *w.Service
		if n, err := again.Look(t.Context()); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		// the audit says no: the device has nothing to add, and does not ask again for a month
		flows, err := w.Desk.Flows.OfRecord(t.Context(), "hazard", w.hazards()[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		w.decide("an", flows[0].Instance, flow.Reject, nil)
		w.look(0)
		if r := w.hazards()[0]; r.State != "withdrawn" {
			t.Fatalf("%+v", r)
		}
		w.forward(29 * day)
		w.look(0)
		w.forward(2 * day)
		w.look(1)
	})
}

func TestH19_AnOverdueProofTestOpensAHazardUntilItIsTested(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.rows = []fleet.DeviceRow{{Edge: "e1", ID: "smoke", Name: contract.Text{ZH: "东走廊烟感"}, Place: contract.Place{Building: "b1"}, Profile: "calectro-ug3", Reported: &fleet.ReportedDevice{}},
			{Edge: "e1", ID: "plan", Profile: "calectro-ug3"}}
		w.look(0)
		w.forward(394 * day)
		w.look(0)
		w.forward(day)
		w.look(1)
		w.look(0)
		r := w.hazards()[0]
		if r.Doc["category"] != "fire" || !strings.Contains(fmt.Sprint(r.Doc["what"]), "“东走廊烟感”应每365天做一次功能测试") {
			t.Fatalf("%+v", r.Doc)
		}
		if err := w.RecordTest(t.Context(), w.who["ren"].Actor, "e1", "smoke", w.now(), "喷烟测试"); err != nil {
			t.Fatal(err)
		}
		flows, err := w.Desk.Flows.OfRecord(t.Context(), "hazard", r.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.solve(flows[0].Instance)
		w.forward(394 * day)
		w.look(0)
		w.forward(2 * day)
		w.look(1)
	})
}

// TestH19_AnAlarmMadeForATestIsATest: pressing the detector's test button is the proof.
func TestH19_AnAlarmMadeForATestIsATest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.rows = []fleet.DeviceRow{{Edge: "e1", ID: "smoke", Place: contract.Place{Building: "b1"}, Profile: "calectro-ug3", Reported: &fleet.ReportedDevice{}}}
		w.look(0)
		w.forward(300 * day)
		w.quality = contract.TestMode
		w.fault("smoke.alarm")
		w.fault("smoke.alarm")
		w.fault("smoke.alarm") // and three drills are no repeated fault
		w.look(0)
		w.forward(390 * day)
		w.look(0)
		w.forward(6 * day)
		w.look(1)
		if r := w.hazards()[0]; !strings.Contains(fmt.Sprint(r.Doc["what"]), "上次：2026-12-27") {
			t.Fatalf("%+v", r.Doc)
		}
	})
}

// TestH03_EveryHazardOfADeviceHasASourceAndSomebodyToDealWithIt: without a supervisor, and
// of an edge that stands nowhere.
func TestH03_EveryHazardOfADeviceHasASourceAndSomebodyToDealWithIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return org.NewStore(d).SetActive(t.Context(), tx, w.who["an"].Actor.ID, false) }); err != nil {
			t.Fatal(err)
		}
		w.place = contract.Place{Building: "nowhere"}
		w.report("lift.fault", contract.Active)
		w.forward(25 * time.Hour)
		w.look(1)
		r := w.hazards()[0]
		if r.Doc["source"] != "device" || r.Community != "c1" {
			t.Fatalf("%+v", r)
		}
		p, err := w.Desk.Flows.Box(t.Context(), flow.Mine, w.who["root"].Actor.ID, "", 10)
		if err != nil || len(p.Items) != 1 || p.Items[0].Record != r.ID {
			t.Fatalf("nobody deals with it: %+v %v", p, err)
		}
	})
}

// TestH19_WhatCannotBeOpenedIsSaidAndKeepsNobodyElse changes the form so that the device's
// category is gone.
func TestH19_WhatCannotBeOpenedIsSaidAndKeepsNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.report("lift.fault", contract.Active)
		w.forward(25 * time.Hour)
		w.Rules.Rules = slices.Clone(w.Rules.Rules)
		w.Rules.Categories = []Sort{{Category: "dragons"}}
		n, err := w.Look(t.Context())
		if n != 0 || err == nil || !strings.Contains(err.Error(), "category") {
			t.Fatal(n, err)
		}
		if list, err := w.open(t.Context()); len(list) != 0 || err != nil {
			t.Fatalf("%+v %v", list, err)
		}
		w.Rules.Categories = []Sort{{Category: "other"}}
		w.look(1)
	})
}

func TestH03_AClickOpensAHazardOnceAndADeletedOneIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.report("lift.fault", contract.Active)
		first, fresh, err := w.FromAlarm(t.Context(), w.who["bao"], a)
		if err != nil || !fresh || first.Instance == "" {
			t.Fatalf("%+v %v %v", first, fresh, explained(err))
		}
		second, fresh, err := w.FromAlarm(t.Context(), w.who["an"], a)
		if err != nil || fresh || second.Record != first.Record || second.Instance != first.Instance {
			t.Fatalf("%+v %v %v", second, fresh, err)
		}
		w.forward(40 * time.Hour)
		w.look(0) // it stands, and somebody deals with it
		r := w.hazards()[0]
		if r.CreatedBy != w.who["bao"].Actor.ID || r.Doc["source"] != "device" || r.Doc["category"] != "elevator" || r.Doc["reporter"] == nil {
			t.Fatalf("%+v", r)
		}
		if _, err := w.Desk.Delete(t.Context(), w.who["root"], "hazard", r.ID, r.Rev, false); err != nil {
			t.Fatal(err)
		}
		third, fresh, err := w.FromAlarm(t.Context(), w.who["bao"], a)
		if err != nil || !fresh || third.Record == first.Record {
			t.Fatalf("%+v %v %v", third, fresh, err)
		}
	})
}

// told hands on what is logged.
type told chan string

func (told) Enabled(context.Context, slog.Level) bool { return true }
func (c told) Handle(_ context.Context, r slog.Record) error {
	select {
	case c <- r.Message:
	default:
	}
	return nil
}
func (c told) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c told) WithGroup(string) slog.Handler      { return c }

// TestH19_TheLoopSurvivesErrors takes a table away while the loop runs, and gives it back.
func TestH19_TheLoopSurvivesErrors(t *testing.T) {
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	w.report("lift.fault", contract.Active)
	w.forward(25 * time.Hour)
	said := make(told, 1)
	w.Log, w.Every = slog.New(said), time.Millisecond
	rename := func(from, to string) {
		t.Helper()
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(`ALTER TABLE ` + from + ` RENAME TO ` + to); return err }); err != nil {
			t.Fatal(err)
		}
	}
	rename("hazard_origin", "gone")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	if m := <-said; m != "look for hazards" {
		t.Fatal(m)
	}
	rename("gone", "hazard_origin")
	for m := range said {
		if m == "hazard opened" {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
