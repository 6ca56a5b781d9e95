package alarm_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func store(d *db.DB) *alarm.Store {
	return alarm.NewStore(d, slog.New(slog.DiscardHandler), nil, func() time.Time { return t0 })
}

func change(point string, c contract.Condition, sev contract.Severity, at time.Time) alarm.ReportInput {
	return alarm.ReportInput{Edge: "edge-b03", Received: at, Spooled: at, Change: contract.ConditionChange{
		Point: contract.PointID(point), Rule: "smoke-fire", Condition: c, Severity: sev, Hazard: contract.Fire,
		Title: contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, Place: contract.Place{Building: "b03", Floor: 12, Room: contract.Text{ZH: "东走廊", EN: "East corridor"}},
		SensedAt: at, DecidedAt: at, Quality: contract.Good}}
}

func apply(t *testing.T, d *db.DB, s *alarm.Store, in alarm.ReportInput) []alarm.Change {
	t.Helper()
	var out []alarm.Change
	err := d.Tx(context.Background(), func(tx *sql.Tx) (err error) {
		out, err = s.Apply(context.Background(), tx, in)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s.Publish(context.Background(), out)
	return out
}

func TestStore_AHundredWritersMakeOneOpenAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0)) })
		}
		wg.Wait()
		open, err := s.Open(t.Context())
		if err != nil || len(open) != 1 {
			t.Fatalf("%d open alarms, %v", len(open), err)
		}
		if n, err := s.Verify(t.Context()); err != nil || n != 100 {
			t.Errorf("log of %d lines, %v", n, err)
		}
		err = d.Tx(t.Context(), func(tx *sql.Tx) error { // the index holds even against a program error
			_, err := tx.Exec(`INSERT INTO alarm (id, edge, point, rule, building, hazard, severity, state, pos, raised_at, closed_at, version, doc) SELECT 'other', edge, point, rule, building, hazard, severity, state, pos, raised_at, closed_at, version, doc FROM alarm`)
			return err
		})
		if err == nil {
			t.Error("a second open row was accepted")
		}
	})
}

func TestStore_ACommitNobodyStampedIsStampedAtTheNextStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		var id string
		err := d.Tx(t.Context(), func(tx *sql.Tx) error { // the process ends before Publish
			changes, err := s.Apply(t.Context(), tx, change("a.smoke", contract.Active, contract.Critical, t0))
			if err == nil {
				id = changes[0].Alarm.ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := store(d).Mend(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if a, err := s.Get(t.Context(), id); err != nil || !a.Stamps.Committed.Equal(t0) {
			t.Errorf("stamps %+v, %v", a.Stamps, err)
		}
	})
}

func TestStore_OfManyAcknowledgementsOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		a := apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0))[0].Alarm
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := s.Acknowledge(t.Context(), a.ID, alarm.Person{ID: fmt.Sprint(i), Name: "n"}, "", a.Version)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, alarm.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d won", won)
		}
	})
}

func TestStore_AHookErrorUndoesEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		boom := errors.New("boom")
		s.AddHook(func(context.Context, *sql.Tx, alarm.Change) error { return boom })
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := s.Apply(t.Context(), tx, change("a.smoke", contract.Active, contract.Critical, t0))
			return err
		})
		open, _ := s.Open(t.Context())
		if !errors.Is(err, boom) || len(open) != 0 {
			t.Errorf("err %v, %d alarms", err, len(open))
		}
	})
}

func TestStore_HookLinksAnIncidentAndListenersSeeIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		s.AddHook(func(ctx context.Context, tx *sql.Tx, c alarm.Change) error {
			return s.SetIncident(ctx, tx, c.Alarm.ID, "inc-1")
		})
		var seen []alarm.Change
		s.OnChange(func(c alarm.Change) { seen = append(seen, c) })
		apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0))
		if len(seen) != 1 || seen[0].Alarm.Incident != "inc-1" || seen[0].Kind != alarm.Raised || seen[0].Alarm.Stamps.Committed.IsZero() {
			t.Errorf("seen %+v", seen)
		}
	})
}

func TestStore_StampsKeepTheVersionAndTheFirstOneStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		a := apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0))[0].Alarm
		for i := range 2 {
			at := t0.Add(time.Duration(i+1) * time.Second)
			if err := errors.Join(s.MarkPushed(t.Context(), a.ID, at), s.MarkPainted(t.Context(), a.ID, alarm.Person{Name: "n"}, "seat-1", at)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Get(t.Context(), a.ID)
		if err != nil || got.Version != a.Version || !got.Stamps.Painted.Equal(t0.Add(time.Second)) || !got.Stamps.Pushed.Equal(t0.Add(time.Second)) {
			t.Errorf("%+v %v", got.Stamps, err)
		}
		ev, err := s.Events(t.Context(), a.ID)
		if err != nil || len(ev) != 2 || ev[1].Kind != alarm.Painted {
			t.Errorf("events %+v, %v", ev, err)
		}
	})
}

func TestList_OrdersFiltersAndPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		want := []string{}
		for i := range 25 { // newest first within a severity, critical before minor
			apply(t, d, s, change(fmt.Sprintf("m%02d.smoke", i), contract.Active, contract.Minor, t0.Add(time.Duration(i)*time.Second)))
			apply(t, d, s, change(fmt.Sprintf("c%02d.smoke", i), contract.Active, contract.Critical, t0.Add(time.Duration(i)*time.Second)))
		}
		first, _ := s.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), Limit: 1})
		if _, err := s.Acknowledge(t.Context(), first.Items[0].ID, alarm.Person{ID: "u", Name: "n"}, "", first.Items[0].Version); err != nil {
			t.Fatal(err)
		}
		for i := 23; i >= 0; i-- {
			want = append(want, fmt.Sprintf("c%02d.smoke", i))
		}
		for i := 24; i >= 0; i-- {
			want = append(want, fmt.Sprintf("m%02d.smoke", i))
		}
		want = append(want, "c24.smoke") // acknowledged: last
		q := alarm.Query{Scope: alarm.Everywhere(), Limit: 7}
		for page := 0; ; page++ {
			p, err := s.List(t.Context(), q)
			if err != nil || p.Counts.Unacked != 49 || p.Counts.Acked != 1 {
				t.Fatalf("%v %+v", err, p.Counts)
			}
			for _, a := range p.Items {
				if string(a.Point) != want[0] {
					t.Fatalf("page %d: %s, want %s", page, a.Point, want[0])
				}
				want = want[1:]
			}
			if q.Before = p.Next; q.Before == "" {
				break
			}
		}
		if len(want) != 0 {
			t.Errorf("%d never listed", len(want))
		}
		for text, n := range map[string]int{"东走廊 12层": 50, "EAST smoke": 50, "m03": 1, "100%": 0, "没有": 0} {
			if p, err := s.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), Text: text, Limit: 100}); err != nil || len(p.Items) != n {
				t.Errorf("search %q: %d, %v; want %d", text, len(p.Items), err, n)
			}
		}
		for _, bad := range []alarm.Query{{Scope: alarm.Everywhere(), View: "nope"}, {Scope: alarm.Everywhere(), Before: "zzz"}} {
			if _, err := s.List(t.Context(), bad); !errors.Is(err, alarm.ErrQuery) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestVerify_FindsAChangedLine(t *testing.T) {
	d := dbtest.SQLite(t)
	s := store(d)
	for i := range 3 {
		apply(t, d, s, change(fmt.Sprintf("d%d.smoke", i), contract.Active, contract.Critical, t0))
	}
	for _, spoil := range []string{`UPDATE alarm_event SET actor = 'nobody' WHERE seq = 2`, `DELETE FROM alarm_event WHERE seq = 3`} {
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(spoil); return err }); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Verify(t.Context()); err == nil {
			t.Errorf("%s: %d lines are called good", spoil, n)
		}
	}
}

func TestStore_ADeadDeviceDoesNotHideTheProcessAlarm(t *testing.T) {
	d := dbtest.SQLite(t)
	s := store(d)
	a := apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0))[0].Alarm
	dead := change("a.link", contract.Active, contract.Major, t0)
	dead.Change.Rule, dead.Change.Hazard = "device-offline", contract.Comms
	b := apply(t, d, s, dead)[0].Alarm
	apply(t, d, s, change("a.smoke", contract.Unknown, contract.Critical, t0))
	if _, err := s.Acknowledge(t.Context(), b.ID, alarm.Person{}, "", b.Version); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), a.ID)
	if err != nil || got.State != alarm.Unacked || got.Condition != contract.Unknown {
		t.Errorf("%v %v %v", got.State, got.Condition, err)
	}
}

func TestStore_ActionsAreKeptAndShownAtTheirAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d)
		a := apply(t, d, s, change("a.smoke", contract.Active, contract.Critical, t0))[0].Alarm
		for _, o := range []contract.Outcome{contract.Requested, contract.Confirmed, contract.Confirmed} {
			r := contract.ActionReport{ID: "act-1", Output: "siren-main", Verb: "on", Outcome: o, Cause: "a.smoke/smoke-fire", Attempt: 1, At: t0}
			err := d.Tx(t.Context(), func(tx *sql.Tx) error { _, err := s.ApplyAction(t.Context(), tx, "edge-b03", r); return err })
			if err != nil {
				t.Fatal(err)
			}
		}
		rows, err := s.Actions(t.Context(), a.ID)
		if err != nil || len(rows) != 2 {
			t.Errorf("%d action rows, %v", len(rows), err)
		}
	})
}
