package clocks_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/clocks"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/configs"
	"anlan/contract"
)

// desk is an alarm room whose clock the test moves.
type desk struct {
	*alarm.Store
	t  testing.TB
	db *db.DB
	at time.Time
}

var t0 = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

func newDesk(t testing.TB, d *db.DB) *desk {
	t.Helper()
	k := &desk{t: t, db: d, at: t0}
	k.Store = alarm.NewStore(d, slog.New(slog.DiscardHandler), nil, k.now)
	definitions, err := alarm.LoadDefinitions(configs.Files, "definitions")
	if err == nil {
		err = k.PublishDefinitions(t.Context(), definitions, k.at)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *desk) now() time.Time { return k.at }

// report applies a change that was sensed some time ago.
func (k *desk) report(edge contract.EdgeID, point contract.PointID, rule contract.RuleID, h contract.Hazard, c contract.Condition, ago time.Duration) alarm.Alarm {
	k.t.Helper()
	in := alarm.ReportInput{Edge: edge, Received: k.at, Spooled: k.at, Change: contract.ConditionChange{Point: point, Rule: rule, Condition: c, Severity: contract.Major, Hazard: h,
		Title: contract.Text{ZH: "报警" + string(point), EN: "Alarm"}, Place: contract.Place{Building: "b03", Floor: 3}, Quality: contract.Good, SensedAt: k.at.Add(-ago), DecidedAt: k.at.Add(-ago / 2)}}
	var out []alarm.Change
	if err := k.db.Tx(context.Background(), func(tx *sql.Tx) (err error) { out, err = k.Apply(context.Background(), tx, in); return err }); err != nil {
		k.t.Fatal(err)
	}
	k.Publish(context.Background(), out)
	if len(out) == 0 {
		return alarm.Alarm{}
	}
	a, err := k.Get(context.Background(), out[0].Alarm.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

func (k *desk) paint(id string, after time.Duration) {
	k.t.Helper()
	if err := k.MarkPainted(context.Background(), id, alarm.Person{ID: "p", Name: "张伟"}, "seat-0001", k.at.Add(after)); err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) ack(id string) {
	k.t.Helper()
	a, err := k.Get(context.Background(), id)
	if err == nil {
		_, err = k.Acknowledge(context.Background(), id, alarm.Person{ID: "p", Name: "张伟"}, "", a.Version)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func stage(t *testing.T, r clocks.Report, name string) clocks.Stage {
	t.Helper()
	for _, s := range r.Stages {
		if s.Stage == name {
			return s
		}
	}
	t.Fatalf("no stage %s in %+v", name, r)
	return clocks.Stage{}
}

// TestReport_IsMadeOfWhatTheAlarmRoomStored drives real alarms through the alarm room.
func TestReport_IsMadeOfWhatTheAlarmRoomStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		store := clocks.NewStore(d, k.now)
		quick := k.report("edge-b03", "a.v", "r", contract.Fire, contract.Active, time.Second)
		k.paint(quick.ID, time.Second)
		k.at = k.at.Add(20 * time.Second)
		k.ack(quick.ID)
		slow := k.report("edge-b03", "b.v", "r", contract.Water, contract.Active, 8*time.Second)
		k.paint(slow.ID, 7*time.Second)
		unseen := k.report("edge-b03", "c.v", "r", contract.Gas, contract.Active, time.Second)
		again := k.report("edge-b03", "d.v", "r", contract.Equipment, contract.Active, time.Second)
		k.report("edge-b03", "d.v", "r", contract.Equipment, contract.Normal, 0)
		k.at = k.at.Add(time.Minute)
		k.report("edge-b03", "d.v", "r", contract.Equipment, contract.Active, time.Second)
		k.paint(again.ID, time.Second)
		lost := k.report("edge-b03", "", "edge-lost", contract.Comms, contract.Active, 160*time.Second)
		k.at = k.at.Add(time.Minute)

		r, err := store.Report(t.Context(), alarm.Everywhere(), clocks.ClassAll, t0.Add(-time.Hour), k.at, time.UTC)
		if err != nil || r.Alarms != 5 || r.Replaced != 1 || r.Aside != 0 || r.Truncated || r.Skewed != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		total := stage(t, r, clocks.SensedPainted)
		if total.Count != 3 || total.Never != 1 || total.P50S != 2 || total.MaxS != 15 || total.Verdict != clocks.Failed {
			t.Errorf("%+v", total)
		}
		if w := total.Worst; len(w) != 4 || w[0].Alarm != unseen.ID || w[0].TookS != nil || w[0].Title.ZH != "报警c.v" || w[1].Alarm != slow.ID || *w[1].TookS != 15 {
			t.Errorf("%+v", w)
		}
		if s := stage(t, r, clocks.DecidedDurable); s.Count != 4 || s.Verdict != clocks.Failed || s.MaxS != 4 {
			t.Errorf("%+v", s)
		}
		if s := stage(t, r, clocks.SilentKnown); s.Count != 1 || s.MaxS != 80 || s.Verdict != clocks.Passed || s.Worst[0].Alarm != lost.ID {
			t.Errorf("%+v", s)
		}
		if s := stage(t, r, clocks.RaisedAcked); s.Count != 1 || s.P50S != 20 || s.Waiting+s.Never != 4 {
			t.Errorf("%+v", s)
		}
		if r, err = store.Report(t.Context(), alarm.Everywhere(), clocks.ClassLife, t0.Add(-time.Hour), k.at, time.UTC); err != nil || r.Alarms != 2 {
			t.Errorf("life-safety only: %+v, %v", r, err)
		}
		if r, err = store.Report(t.Context(), alarm.Scope{Buildings: []string{"b04"}}, clocks.ClassAll, t0.Add(-time.Hour), k.at, time.UTC); err != nil || r.Alarms != 0 || r.Replaced != 0 {
			t.Errorf("of another building: %+v, %v", r, err)
		}
		if r, err = store.Report(t.Context(), alarm.Everywhere(), clocks.ClassAll, k.at, k.at.Add(time.Hour), time.UTC); err != nil || r.Alarms != 0 || stage(t, r, clocks.SensedPainted).Verdict != clocks.Nothing {
			t.Errorf("an empty time passes: %+v, %v", r, err)
		}

		life, err := store.Life(t.Context(), alarm.Everywhere(), t0.Add(-time.Hour), k.at)
		if err != nil || life.Occurrences != 2 || life.Unanswered != 1 || life.List[0].Alarm != unseen.ID || life.List[0].Title.ZH == "" {
			t.Errorf("%+v, %v", life, err)
		}
		own, err := store.OwnAlarms(t.Context())
		if err != nil || len(own) != 1 || own[0].ID != lost.ID {
			t.Errorf("%+v, %v", own, err)
		}
		if at, err := store.LastWrite(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("%v, %v", at, err)
		}
	})
}

func TestReport_WhatCameWhileSetAsideNeedNotBeSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		// An alarm of an edge that is lost explains its clock alarm, which calls nobody.
		k.report("edge-b03", "", "edge-lost", contract.Comms, contract.Active, 80*time.Second)
		k.report("edge-b03", "", "edge-clock", contract.Self, contract.Active, 0)
		k.at = k.at.Add(time.Hour)
		r, err := clocks.NewStore(d, k.now).Report(t.Context(), alarm.Everywhere(), clocks.ClassAll, t0.Add(-time.Hour), k.at, time.UTC)
		if err != nil || r.Alarms != 2 || r.Aside != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		if s := stage(t, r, clocks.DurablePainted); s.Never != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAvailability_IsMadeOfTheAlarmsThatAnEdgeIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		zone := time.FixedZone("CST", 8*3600)
		from, to, err := clocks.Month("2026-11", zone)
		if err != nil || !from.Equal(time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)) || !to.Equal(time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)) {
			t.Fatal(from, to, err)
		}
		flap := func(edge contract.EdgeID, down time.Duration) {
			k.report(edge, "", "edge-lost", contract.Comms, contract.Active, 0)
			k.at = k.at.Add(down)
			k.report(edge, "", "edge-lost", contract.Comms, contract.Normal, 0)
			k.at = k.at.Add(time.Hour)
		}
		k.at = from.Add(-time.Hour)
		flap("edge-b01", 3*time.Hour) // two of them in the month
		k.at = from.Add(24 * time.Hour)
		flap("edge-b01", time.Hour)
		k.report("edge-b02", "", "edge-lost", contract.Comms, contract.Active, 0) // and never came back
		k.at = from.Add(100 * time.Hour)
		lasts := k.at.Sub(from.Add(26 * time.Hour))
		list, err := clocks.NewStore(d, k.now).Availability(t.Context(),
			[]clocks.Known{{ID: "edge-b01", Heard: true}, {ID: "edge-b02", Heard: true}, {ID: "edge-b03", Heard: true}, {ID: "edge-b04"}}, from, to)
		if err != nil || len(list) != 4 {
			t.Fatalf("%+v, %v", list, err)
		}
		if a := list[0]; *a.Percent != 97 || a.LostS != 3*3600 || len(a.Outages) != 2 || a.Outages[0].Seconds != 2*3600 {
			t.Errorf("%+v", a)
		}
		if a := list[1]; a.LostS != lasts.Seconds() || len(a.Outages) != 1 || !a.Outages[0].To.IsZero() {
			t.Errorf("%+v, want %v", a, lasts)
		}
		if a := list[2]; *a.Percent != 100 || len(a.Outages) != 0 {
			t.Errorf("%+v", a)
		}
		if a := list[3]; a.Percent != nil {
			t.Errorf("an edge that was never heard was available: %+v", a)
		}
	})
}

// BenchmarkReport measures a month of 100,000 alarms. With ANLAN_TEST_POSTGRES it runs on
// PostgreSQL, too.
func BenchmarkReport(b *testing.B) {
	const n = 100_000
	run := func(b *testing.B, d *db.DB) {
		k := newDesk(b, d)
		from := t0.AddDate(0, 0, -30)
		one := k.report("edge-b03", "a.v", "r", contract.Fire, contract.Active, time.Second)
		k.paint(one.ID, time.Second)
		k.ack(one.ID)
		one, err := k.Get(b.Context(), one.ID)
		if err != nil {
			b.Fatal(err)
		}
		err = d.Tx(b.Context(), func(tx *sql.Tx) error {
			for i := range n {
				a := one
				at := from.Add(time.Duration(i) * 25 * time.Second)
				a.ID, a.Stamps = fmt.Sprintf("alm-%012d", i), alarm.Stamps{Sensed: at, Decided: at.Add(90 * time.Millisecond), Spooled: at.Add(91 * time.Millisecond), Received: at.Add(200 * time.Millisecond),
					Committed: at.Add(230 * time.Millisecond), Pushed: at.Add(240 * time.Millisecond), Painted: at.Add(time.Duration(300+i%700) * time.Millisecond), Acknowledged: at.Add(time.Minute)}
				doc, err := json.Marshal(a)
				if err != nil {
					return err
				}
				if _, err := tx.Exec(`INSERT INTO alarm (id, edge, point, rule, building, hazard, severity, state, pos, raised_at, closed_at, version, doc, respond_by)
					VALUES ($1,'e','p','r','b03','fire',3,'closed',1,$2,$3,1,$4,$5)`, a.ID, at.UnixMilli(), at.UnixMilli()+60_000, string(doc), at.UnixMilli()+90_000); err != nil {
					return err
				}
				if _, err := tx.Exec(`INSERT INTO alarm_occurrence (alarm, n, edge, point, rule, building, hazard, severity, raised_at, recv_at, acked_at, returned_at, first_out, announced)
					VALUES ($1,1,'e','p','r','b03','fire',3,$2,$2,$2,$2,'',1)`, a.ID, at.UnixMilli()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		store := clocks.NewStore(d, k.now)
		b.Run("report", func(b *testing.B) {
			for b.Loop() {
				r, err := store.Report(b.Context(), alarm.Everywhere(), clocks.ClassAll, from, t0.Add(-time.Minute), time.UTC)
				if err != nil || r.Alarms != n {
					b.Fatal(r.Alarms, err)
				}
			}
		})
		b.Run("life", func(b *testing.B) {
			for b.Loop() {
				if l, err := store.Life(b.Context(), alarm.Everywhere(), from, t0.Add(-time.Minute)); err != nil || l.Occurrences != n {
					b.Fatal(l.Occurrences, err)
				}
			}
		})
	}
	b.Run("sqlite", func(b *testing.B) { run(b, dbtest.SQLite(b)) })
	if d := dbtest.Postgres(b); d != nil {
		b.Run("postgres", func(b *testing.B) { run(b, d) })
	}
}
