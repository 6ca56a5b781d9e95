package alarm_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/contract"
)

// desk is an alarm room with a clock that is put forward by hand.
type desk struct {
	*alarm.Store
	t   testing.TB
	db  *db.DB
	mu  sync.Mutex
	at  time.Time
	all []alarm.Change
}

func newDesk(t testing.TB, d *db.DB) *desk {
	k := &desk{t: t, db: d, at: t0}
	k.open()
	return k
}

// open makes the store anew, as a restart does.
func (k *desk) open() {
	k.t.Helper()
	k.Store = alarm.NewStore(k.db, slog.New(slog.DiscardHandler), nil, k.now)
	k.Store.SetAuditor(audit.New(k.db))
	k.Store.OnChange(func(c alarm.Change) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.all = append(k.all, c)
	})
	if err := k.Mend(context.Background()); err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *desk) forward(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

type report struct {
	point    string
	rule     contract.RuleID
	c        contract.Condition
	latched  bool
	severity contract.Severity
	hazard   contract.Hazard
	zone     string
}

func (k *desk) report(r report) []alarm.Change {
	k.t.Helper()
	if r.severity == 0 {
		r.severity = contract.Major
	}
	if r.hazard == "" {
		r.hazard = contract.Equipment
	}
	now := k.now()
	in := alarm.ReportInput{Edge: "edge-b03", Received: now, Spooled: now, Change: contract.ConditionChange{Point: contract.PointID(r.point), Rule: r.rule, Condition: r.c, Latched: r.latched,
		Severity: r.severity, Hazard: r.hazard, Title: contract.Text{ZH: "报警", EN: "Alarm"}, Place: contract.Place{Building: "b03", Floor: 3, Zone: r.zone}, SensedAt: now, DecidedAt: now, Quality: contract.Good}}
	var out []alarm.Change
	err := k.db.Tx(context.Background(), func(tx *sql.Tx) (err error) { out, err = k.Apply(context.Background(), tx, in); return err })
	if err != nil {
		k.t.Fatal(err)
	}
	k.Publish(context.Background(), out)
	return out
}

// of is the newest alarm of a rule of a point.
func (k *desk) of(point string, rule contract.RuleID) alarm.Alarm {
	k.t.Helper()
	p, err := k.List(context.Background(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewAll, Limit: 500})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, a := range p.Items {
		if string(a.Point) == point && a.Rule == rule {
			return a
		}
	}
	return alarm.Alarm{}
}

func (k *desk) is(point string, rule contract.RuleID, state, underlying alarm.State) alarm.Alarm {
	k.t.Helper()
	a := k.of(point, rule)
	if a.State != state || a.Underlying != underlying {
		k.t.Fatalf("%s/%s is %q over %q, want %q over %q", point, rule, a.State, a.Underlying, state, underlying)
	}
	return a
}

func (k *desk) sound() {
	k.t.Helper()
	if _, err := k.Verify(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	log, err := k.Log(context.Background())
	if err != nil {
		k.t.Fatal(err)
	}
	told := alarm.Replay(log)
	p, err := k.List(context.Background(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewAll, Limit: 500})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, a := range p.Items {
		if r := told[a.ID]; r.State != a.State || r.Underlying != a.Underlying || len(r.Overrides) != len(a.Overrides) {
			k.t.Fatalf("%s: the log tells %q over %q under %d overrides, stored is %q over %q under %d", a.ID, r.State, r.Underlying, len(r.Overrides), a.State, a.Underlying, len(a.Overrides))
		}
	}
}

var (
	li   = org.Actor{ID: "u-li", Name: "李娜", Role: org.Operator}
	wang = org.Actor{ID: "u-wang", Name: "王强", Role: org.Supervisor}
)

func request(kind alarm.OverrideKind, point string, rule contract.RuleID, until time.Time) alarm.OverrideRequest {
	return alarm.OverrideRequest{Kind: kind, Edge: "edge-b03", Point: contract.PointID(point), Rule: rule, Building: "b03", Title: contract.Text{ZH: "报警", EN: "Alarm"}, Reason: alarm.ReasonMaintenance,
		Text: "在修", Until: until, WorkOrder: "WO-7", Person: "赵师傅"}
}

func (k *desk) aside(r alarm.OverrideRequest) alarm.Override {
	k.t.Helper()
	o, err := k.SetAside(context.Background(), li, r)
	if err != nil {
		k.t.Fatal(err)
	}
	return o
}

func TestA01_EffectiveStateHasAFixedPrecedence(t *testing.T) {
	o := func(k alarm.OverrideKind, until time.Duration) alarm.Override {
		return alarm.Override{ID: string(k), Kind: k, Status: alarm.InForce, From: t0, Until: t0.Add(until)}
	}
	for name, c := range map[string]struct {
		under alarm.State
		list  []alarm.Override
		want  alarm.State
	}{
		"live":                         {alarm.Unacked, nil, alarm.Unacked},
		"shelved":                      {alarm.Acked, []alarm.Override{o(alarm.Shelved, time.Hour)}, alarm.Shelved},
		"suppressed over shelved":      {alarm.Unacked, []alarm.Override{o(alarm.Shelved, time.Hour), o(alarm.Suppressed, time.Hour)}, alarm.Suppressed},
		"out of service over all":      {alarm.RTNUnacked, []alarm.Override{o(alarm.Suppressed, time.Hour), o(alarm.OutOfService, time.Hour), o(alarm.Shelved, time.Hour)}, alarm.OutOfService},
		"a shelf that is over":         {alarm.Unacked, []alarm.Override{o(alarm.Shelved, 0)}, alarm.Unacked},
		"an overdue outage holds":      {alarm.Unacked, []alarm.Override{o(alarm.OutOfService, -time.Hour)}, alarm.OutOfService},
		"closed is history":            {alarm.Closed, []alarm.Override{o(alarm.OutOfService, time.Hour)}, alarm.Closed},
		"a request sets nothing aside": {alarm.Unacked, []alarm.Override{{Kind: alarm.OutOfService, Status: alarm.Requested}}, alarm.Unacked},
	} {
		if got := alarm.Effective(c.under, c.list, t0); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestA01_AnySequenceKeepsTheSevenStatesAndTheLogTellsThem drives reports, answers,
// overrides and the clock at random.
func TestA01_AnySequenceKeepsTheSevenStatesAndTheLogTellsThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(6) {
			k := newDesk(t, d)
			k.at = t0.Add(time.Duration(seed) * 1000 * time.Hour)
			monkey(t, k, rand.New(rand.NewPCG(seed, 7)), seed)
			k.sound()
		}
	})
}

func monkey(t *testing.T, k *desk, rnd *rand.Rand, seed uint64) {
	ctx := t.Context()
	point := func() string { return fmt.Sprintf("s%d-p%d.v", seed, rnd.IntN(3)) }
	conditions := []contract.Condition{contract.Normal, contract.Active, contract.Unknown}
	seven := []alarm.State{alarm.Unacked, alarm.Acked, alarm.RTNUnacked, alarm.Closed, alarm.Shelved, alarm.Suppressed, alarm.OutOfService}
	came := map[string]int{}
	for range 150 {
		k.forward(time.Duration(rnd.IntN(600)) * time.Second)
		p := point()
		before := k.of(p, "r1")
		switch rnd.IntN(10) {
		case 0, 1, 2, 3:
			r := report{point: p, rule: "r1", c: conditions[rnd.IntN(3)], severity: contract.Severity(1 + rnd.IntN(4))}
			r.latched = r.c == contract.Normal && rnd.IntN(4) == 0
			for _, c := range k.report(r) {
				if c.Alarm.Point != contract.PointID(p) || c.Alarm.Rule != "r1" {
					continue
				}
				if c.Kind == alarm.Raised || c.Kind == alarm.Reraised && c.Alarm.Count > came[c.Alarm.ID] {
					came[c.Alarm.ID]++
				}
			}
			after := k.of(p, "r1")
			if r.c == contract.Unknown && before.ID == after.ID && before.State != alarm.Closed && after.State == alarm.Closed {
				t.Fatal("unknown cleared an alarm")
			}
		case 4, 5:
			if before.ID != "" && before.State != alarm.Closed {
				if _, err := k.Acknowledge(ctx, before.ID, alarm.Person{ID: "u", Name: "n"}, "", before.Version); err != nil && !errors.Is(err, alarm.ErrConflict) {
					t.Fatal(err)
				}
			}
		case 6:
			if _, err := k.SetAside(ctx, li, withOneShot(request(alarm.Shelved, p, "r1", k.now().Add(time.Duration(1+rnd.IntN(60))*time.Minute)), rnd.IntN(3) == 0)); err != nil && before.ID != "" {
				t.Fatal(err)
			}
		case 7:
			if _, err := k.SetAside(ctx, li, request(alarm.OutOfService, p, "", k.now().Add(time.Duration(1+rnd.IntN(60))*time.Minute))); err != nil {
				t.Fatal(err)
			}
		case 8:
			list, err := k.Overrides(ctx, false, alarm.Everywhere())
			if err != nil {
				t.Fatal(err)
			}
			if len(list) > 0 {
				o := list[rnd.IntN(len(list))]
				if _, err := k.Approve(ctx, wang, o.ID); err != nil && !errors.Is(err, alarm.ErrNothing) {
					t.Fatal(err)
				}
				if rnd.IntN(2) == 0 {
					if _, err := k.EndOverride(ctx, wang, o.ID, ""); err != nil {
						t.Fatal(err)
					}
				}
			}
		case 9:
			if err := k.RunOnce(ctx, k.now()); err != nil {
				t.Fatal(err)
			}
		}
		if a := k.of(p, "r1"); a.ID != "" && (!slices.Contains(seven, a.State) || a.Count != came[a.ID]) {
			t.Fatalf("%s: state %q, %d occurrences, %d came", a.ID, a.State, a.Count, came[a.ID])
		}
	}
}

func withOneShot(r alarm.OverrideRequest, one bool) alarm.OverrideRequest {
	r.OneShot = one
	return r
}

func TestA02_AnAlarmThatReturnedStaysUntilItIsAcknowledged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.report(report{point: "a.v", rule: "r", c: contract.Normal})
		k.forward(1000 * time.Hour)
		a := k.is("a.v", "r", alarm.RTNUnacked, alarm.RTNUnacked)
		if _, err := k.Acknowledge(t.Context(), a.ID, alarm.Person{Name: "n"}, "", a.Version); err != nil {
			t.Fatal(err)
		}
		k.is("a.v", "r", alarm.Closed, alarm.Closed)
		k.sound()
	})
}

func TestA03_AWorseOrNewOccurrenceCancelsTheAcknowledgementAndTheMute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		ack := func(want alarm.State) {
			a := k.of("a.v", "r")
			if _, err := k.Acknowledge(t.Context(), a.ID, alarm.Person{Name: "n"}, "", a.Version); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Mute(t.Context(), a.ID, alarm.Person{Name: "n"}); err != nil {
				t.Fatal(err)
			}
			k.is("a.v", "r", want, want)
		}
		k.report(report{point: "a.v", rule: "r", c: contract.Active, severity: contract.Major})
		ack(alarm.Acked)
		for _, same := range []contract.Severity{contract.Major, contract.Minor} { // equal or lower keeps it
			k.report(report{point: "a.v", rule: "r", c: contract.Active, severity: same})
			k.is("a.v", "r", alarm.Acked, alarm.Acked)
		}
		k.report(report{point: "a.v", rule: "r", c: contract.Active, severity: contract.Critical})
		if a := k.is("a.v", "r", alarm.Unacked, alarm.Unacked); a.Muted {
			t.Error("still muted")
		}
		k.report(report{point: "a.v", rule: "r", c: contract.Normal})
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.is("a.v", "r", alarm.Unacked, alarm.Unacked)
	})
}

func TestA04_ShelvingAsksForAReasonAndKeepsToThePolicy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.report(report{point: "f.v", rule: "smoke", c: contract.Active, hazard: contract.Fire})
		for name, change := range map[string]func(*alarm.OverrideRequest){
			"reason": func(r *alarm.OverrideRequest) { r.Reason = "" }, "text": func(r *alarm.OverrideRequest) { r.Reason, r.Text = alarm.ReasonOther, " " },
			"until": func(r *alarm.OverrideRequest) { r.Until = t0.Add(8*time.Hour + time.Second) }, "until ": func(r *alarm.OverrideRequest) { r.Until = t0 },
			"until  ": func(r *alarm.OverrideRequest) { r.Point, r.Rule = "f.v", "smoke" }, "until   ": func(r *alarm.OverrideRequest) { r.Point = "nobody.knows" },
		} {
			r := request(alarm.Shelved, "a.v", "r", t0.Add(time.Hour))
			change(&r)
			_, err := k.SetAside(t.Context(), li, r)
			bad, ok := errors.AsType[*alarm.InvalidError](err)
			if !ok || len(bad.Fields) != 1 || bad.Fields[0].Path != name[:min(len(name), len(bad.Fields[0].Path))] {
				t.Errorf("%s: %v", name, err)
			}
		}
		k.aside(request(alarm.Shelved, "a.v", "r", t0.Add(8*time.Hour)))
		a := k.is("a.v", "r", alarm.Shelved, alarm.Unacked)
		if len(a.Overrides) != 1 || a.Overrides[0].ByName != li.Name || a.Overrides[0].Reason != alarm.ReasonMaintenance {
			t.Errorf("%+v", a.Overrides)
		}
		if c, err := k.Counts(t.Context()); err != nil || c.Shelved != 1 || c.Unacked != 1 || !c.OldestExpiry.Equal(t0.Add(8*time.Hour)) {
			t.Errorf("%+v, %v", c, err)
		}
		lines, err := audit.New(d).Last(t.Context(), 1)
		if err != nil || len(lines) != 1 || lines[0].Action != "alarm.shelved" || lines[0].Actor != li.ID {
			t.Errorf("%+v, %v", lines, err)
		}
		k.sound()
	})
}

func TestA04_ShelfExpiryIsTheServersAndSurvivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cloud.db")
	d, err := db.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	k := newDesk(t, d)
	a := k.report(report{point: "a.v", rule: "r", c: contract.Active})[0].Alarm
	if _, err := k.Acknowledge(t.Context(), a.ID, alarm.Person{Name: "n"}, "", a.Version); err != nil {
		t.Fatal(err)
	}
	k.aside(request(alarm.Shelved, "a.v", "r", t0.Add(time.Hour)))
	k.forward(30 * time.Minute)
	k.report(report{point: "a.v", rule: "r", c: contract.Normal}) // acknowledged and gone: closed, shelf or not
	k.report(report{point: "a.v", rule: "r", c: contract.Active}) // and here again: a new row, born shelved
	k.is("a.v", "r", alarm.Shelved, alarm.Unacked)
	if err := d.Close(); err != nil { // the process ends, the clock goes on
		t.Fatal(err)
	}
	if k.db, err = db.Open(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.db.Close() })
	k.open()
	if due, err := k.NextDue(t.Context()); err != nil || !due.Equal(t0.Add(time.Hour)) {
		t.Fatalf("due %v, %v", due, err)
	}
	k.forward(29 * time.Minute)
	if err := k.RunOnce(t.Context(), k.now()); err != nil {
		t.Fatal(err)
	}
	k.is("a.v", "r", alarm.Shelved, alarm.Unacked)
	k.forward(time.Minute)
	k.all = nil
	if err := k.RunOnce(t.Context(), k.now()); err != nil {
		t.Fatal(err)
	}
	got := k.is("a.v", "r", alarm.Unacked, alarm.Unacked)
	if got.Stamps.Painted != (time.Time{}) || !got.Stamps.Received.Equal(k.now()) {
		t.Errorf("stamps %+v: announced anew, so they begin anew", got.Stamps)
	}
	if !slices.ContainsFunc(k.all, func(c alarm.Change) bool { return c.Kind == alarm.Reraised && c.Announces() }) {
		t.Errorf("nobody was called: %+v", k.all)
	}
	k.sound()
}

func TestA04_AOneShotShelfEndsWithTheOccurrence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.aside(withOneShot(request(alarm.Shelved, "a.v", "r", t0.Add(time.Hour)), true))
		k.report(report{point: "a.v", rule: "r", c: contract.Normal})
		k.is("a.v", "r", alarm.RTNUnacked, alarm.RTNUnacked)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.is("a.v", "r", alarm.Unacked, alarm.Unacked)
		k.sound()
	})
}

func TestA05_WhatIsSetAsideIsCountedAndListedWithinTheScope(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		k.report(report{point: "f.v", rule: "smoke", c: contract.Normal, hazard: contract.Fire})
		k.aside(request(alarm.Shelved, "a.v", "r", t0.Add(time.Hour)))
		k.aside(request(alarm.OutOfService, "f.v", "", t0.Add(2*time.Hour)))
		for building, want := range map[string]int{"b03": 2, "b04": 0} {
			in := alarm.Scope{Buildings: []string{building}}
			list, err := k.Overrides(t.Context(), false, in)
			c, err2 := k.CountsIn(t.Context(), in)
			if err != nil || err2 != nil || len(list) != want || c.Shelved+c.Requested != want {
				t.Errorf("%s: %d listed, %+v, %v, %v", building, len(list), c, err, err2)
			}
		}
		if p, err := k.List(t.Context(), alarm.Query{View: alarm.ViewAll}); err != nil || len(p.Items) != 0 {
			t.Errorf("a query without a scope finds %d, %v", len(p.Items), err)
		}
		open, _ := k.List(t.Context(), alarm.Query{Scope: alarm.Everywhere()})
		aside, _ := k.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewOverridden})
		if len(open.Items) != 0 || len(aside.Items) != 1 {
			t.Errorf("%d open, %d set aside", len(open.Items), len(aside.Items))
		}
	})
}

func TestA06_ALifeSafetyPointIsTakenOutOfServiceByTwoPersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "f.v", rule: "smoke", c: contract.Active, hazard: contract.Fire, severity: contract.Critical})
		r := request(alarm.OutOfService, "f.v", "", t0.Add(2*time.Hour))
		r.WorkOrder, r.Person = "", " "
		if bad, ok := errors.AsType[*alarm.InvalidError](func() error { _, err := k.SetAside(t.Context(), li, r); return err }()); !ok || len(bad.Fields) != 2 {
			t.Errorf("%v", bad)
		}
		o := k.aside(request(alarm.OutOfService, "f.v", "", t0.Add(2*time.Hour)))
		k.is("f.v", "smoke", alarm.Unacked, alarm.Unacked) // only asked for
		if _, err := k.Approve(t.Context(), li, o.ID); !errors.Is(err, alarm.ErrTwoPersons) {
			t.Errorf("approved by who asked: %v", err)
		}
		if _, err := k.Approve(t.Context(), wang, o.ID); err != nil {
			t.Fatal(err)
		}
		k.is("f.v", "smoke", alarm.OutOfService, alarm.Unacked)

		// More time takes two persons, too.
		if _, err := k.Extend(t.Context(), wang, o.ID, t0.Add(4*time.Hour), "未完工"); err != nil {
			t.Fatal(err)
		}
		if got, _ := k.Override(t.Context(), o.ID); !got.Until.Equal(t0.Add(2*time.Hour)) || got.Wish == nil {
			t.Errorf("extended by one person: %+v", got)
		}
		k.forward(2 * time.Hour)
		if err := k.RunOnce(t.Context(), k.now()); err != nil {
			t.Fatal(err)
		}
		k.is("f.v", "smoke", alarm.OutOfService, alarm.Unacked) // it does not end by itself
		if a := k.is("f.v", alarm.RuleOverdue, alarm.Unacked, alarm.Unacked); a.Severity != contract.Critical || a.Building != "b03" {
			t.Errorf("%+v", a)
		}
		if c, err := k.Counts(t.Context()); err != nil || c.OutOfService != 1 || c.OverdueOutOfService != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := k.EndOverride(t.Context(), li, o.ID, "已恢复并试验"); err != nil {
			t.Fatal(err)
		}
		k.is("f.v", alarm.RuleOverdue, alarm.RTNUnacked, alarm.RTNUnacked)
		k.is("f.v", "smoke", alarm.Unacked, alarm.Unacked) // live and covered by nothing: announced
		k.sound()
	})
}

func TestA06_ARequestNobodyAnswersIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		o := k.aside(request(alarm.OutOfService, "never.seen", "", t0.Add(time.Hour))) // what is not known counts as life-safety
		if o.Status != alarm.Requested {
			t.Fatalf("%+v", o)
		}
		k.forward(time.Hour)
		if err := k.RunOnce(t.Context(), k.now()); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Override(t.Context(), o.ID); err != nil || got.Status != alarm.Ended || got.EndedWhy != "unanswered" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func (k *desk) define(list ...alarm.Definition) {
	k.t.Helper()
	text := contract.Text{ZH: "文", EN: "text"}
	for i := range list {
		d := &list[i]
		d.Title, d.Consequence, d.Action, d.Owner = text, text, contract.Text{ZH: "先做这个", EN: "Do this first"}, text
		d.RespondS = 60
		if d.Hazard == "" {
			d.Hazard = contract.Comms
		}
		if d.Priority == 0 {
			d.Priority = contract.Minor
		}
	}
	if err := k.PublishDefinitions(context.Background(), list, k.now()); err != nil {
		k.t.Fatal(err)
	}
}

func TestSuppression_WhatABusExplainsIsSetAsideAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.SetBus(func(_ context.Context, _ contract.EdgeID, dev contract.DeviceID) (contract.BusID, error) {
			return map[contract.DeviceID]contract.BusID{"a": "rs485-1", "b": "rs485-1", "c": "rs485-2"}[dev], nil
		})
		k.define(alarm.Definition{ID: "bus-down"}, alarm.Definition{ID: "device-offline", SuppressedBy: []alarm.Suppression{{Rule: "bus-down", Within: alarm.SameBus}}})
		off := func(dev string, c contract.Condition) {
			k.report(report{point: dev + ".link", rule: "device-offline", c: c, hazard: contract.Comms})
		}
		off("a", contract.Active) // before the bus
		k.report(report{point: "bus-rs485-1.link", rule: "bus-down", c: contract.Active, hazard: contract.Comms})
		off("b", contract.Active) // after it
		off("c", contract.Active) // on another one
		k.is("a.link", "device-offline", alarm.Suppressed, alarm.Unacked)
		k.is("b.link", "device-offline", alarm.Suppressed, alarm.Unacked)
		k.is("c.link", "device-offline", alarm.Unacked, alarm.Unacked)
		k.report(report{point: "bus-rs485-1.link", rule: "bus-down", c: contract.Unknown, hazard: contract.Comms})
		k.is("a.link", "device-offline", alarm.Suppressed, alarm.Unacked)
		k.report(report{point: "bus-rs485-1.link", rule: "bus-down", c: contract.Normal, hazard: contract.Comms})
		off("a", contract.Normal) // answers again within the hold
		k.is("b.link", "device-offline", alarm.Suppressed, alarm.Unacked)
		k.forward(time.Minute)
		if err := k.RunOnce(t.Context(), k.now()); err != nil {
			t.Fatal(err)
		}
		k.is("a.link", "device-offline", alarm.RTNUnacked, alarm.RTNUnacked) // came and went: still to be seen
		k.is("b.link", "device-offline", alarm.Unacked, alarm.Unacked)       // is itself dead
		k.sound()
	})
}

func TestSuppression_NeverTouchesLifeSafety(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	k.define(alarm.Definition{ID: "edge-lost"}, alarm.Definition{ID: "x", SuppressedBy: []alarm.Suppression{{Rule: "edge-lost", Within: alarm.SameEdge}}})
	k.report(report{point: "", rule: "edge-lost", c: contract.Active, hazard: contract.Comms})
	k.report(report{point: "f.v", rule: "x", c: contract.Active, hazard: contract.Fire}) // the rule says fire, whatever the definition says
	k.is("f.v", "x", alarm.Unacked, alarm.Unacked)
	bad := alarm.Definition{ID: "y", Hazard: contract.Gas, SuppressedBy: []alarm.Suppression{{Rule: "edge-lost", Within: alarm.SameEdge}}}
	if err := bad.Check(); err == nil {
		t.Error("a definition that suppresses a gas alarm is called good")
	}
}

func TestA17_AcknowledgeMuteAndResetAreThreeVerbs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		p := alarm.Person{ID: "u", Name: "n"}
		a := k.report(report{point: "f.v", rule: "smoke", c: contract.Active, latched: true, hazard: contract.Fire})[0].Alarm
		a, err := k.Mute(t.Context(), a.ID, p)
		if err != nil || a.State != alarm.Unacked || !a.Muted || a.Ack != nil {
			t.Fatalf("mute: %+v, %v", a, err)
		}
		if a, err = k.Acknowledge(t.Context(), a.ID, p, "", a.Version); err != nil || a.State != alarm.Acked || !a.Latched {
			t.Fatalf("acknowledge: %+v, %v", a, err)
		}
		if a, _, err = k.AskReset(t.Context(), a.ID, p); err != nil || a.State != alarm.Acked || !a.Latched {
			t.Fatalf("asked to reset, the edge has not answered: %+v, %v", a, err)
		}
		log, _ := k.Events(t.Context(), a.ID)
		var kinds []string
		for _, e := range log {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, []string{alarm.Raised, alarm.Muted, alarm.Acknowledged, alarm.ResetAsked}) {
			t.Errorf("log %v", kinds)
		}
	})
}
