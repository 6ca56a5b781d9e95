package incident

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/configs"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// world is a database with real alarms and real incidents.
type world struct {
	t      *testing.T
	db     *db.DB
	alarms *alarm.Store
	inc    *Store
	mu     sync.Mutex
	now    time.Time
	told   []Notice
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, now: t0}
	clock := func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	w.alarms = alarm.NewStore(d, log, reg, clock)
	w.inc = NewStore(d, log, reg, audit.New(d), w.alarms, time.FixedZone("CST", 8*3600), clock)
	w.alarms.AddHook(w.inc.AlarmHook)
	w.alarms.OnChange(w.inc.AlarmCommitted)
	w.inc.OnChange(func(n Notice) { w.mu.Lock(); defer w.mu.Unlock(); w.told = append(w.told, n) })
	plans, err := plan.Load(configs.Files, "plans")
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.NewStore(d).Publish(t.Context(), plans, t0); err != nil {
		t.Fatal(err)
	}
	return w
}

// report is one condition change of an edge, as ingest would apply it.
func (w *world) report(device, channel string, h contract.Hazard, c contract.Condition) string {
	w.t.Helper()
	id, err := w.tryReport(device, channel, h, c)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) tryReport(device, channel string, h contract.Hazard, c contract.Condition) (string, error) {
	in := alarm.ReportInput{Edge: "edge-b03", Received: t0, Change: contract.ConditionChange{
		Point: contract.PointID(device + ".x"), Rule: "rule", Condition: c, Previous: contract.Normal, Severity: contract.Critical, Hazard: h,
		Title: contract.Text{ZH: "报警", EN: "Alarm"}, Place: contract.Place{Building: "b03", Floor: 12, Zone: "z-12"}, Channel: channel,
		Quality: contract.Good, SensedAt: t0, DecidedAt: t0}}
	var changes []alarm.Change
	ctx := context.Background()
	if err := w.db.Tx(ctx, func(tx *sql.Tx) (err error) { changes, err = w.alarms.Apply(ctx, tx, in); return err }); err != nil {
		return "", err
	}
	w.alarms.Publish(ctx, changes)
	if len(changes) == 0 {
		return "", nil
	}
	return changes[0].Alarm.ID, nil
}

func (w *world) open() []Incident {
	w.t.Helper()
	list, err := w.inc.List(w.t.Context(), Open, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestStore_TwoSmokeDetectorsLaunchTheFirePlanWithTheAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		east := w.report("east", "A", contract.Fire, contract.Active)
		if got := w.open(); len(got) != 0 {
			t.Fatalf("one detector launched %v", got)
		}
		west := w.report("west", "B", contract.Fire, contract.Active)
		got := w.open()
		if len(got) != 1 || got[0].HumanNo != "INC-2026-00001" || got[0].Plan != "fire" || got[0].LaunchedBy != "system" {
			t.Fatalf("incidents=%+v", got)
		}
		if !slices.Equal(got[0].Alarms, []string{west, east}) {
			t.Errorf("alarms=%v, want %v", got[0].Alarms, []string{west, east})
		}
		for _, id := range got[0].Alarms {
			if a, err := w.alarms.Get(t.Context(), id); err != nil || a.Incident != got[0].ID {
				t.Errorf("alarm %s: incident=%q err=%v", id, a.Incident, err)
			}
		}
		point := w.report("call-point", "P", contract.Fire, contract.Active) // a third joins
		if got := w.open(); len(got) != 1 || !slices.Contains(got[0].Alarms, point) {
			t.Errorf("incidents=%+v", got)
		}
		if err := w.inc.Verify(t.Context(), got[0].ID); err != nil {
			t.Error(err)
		}
		if len(w.told) == 0 || w.told[0].Kind != "launched" {
			t.Errorf("told=%v", w.told)
		}
	})
}

func TestStore_APersonsConfirmationLaunches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.report("east", "A", contract.Fire, contract.Active)
		if _, err := w.alarms.Confirm(t.Context(), id, alarm.Person{ID: "u", Name: "李娜"}, "看到烟"); err != nil {
			t.Fatal(err)
		}
		if got := w.open(); len(got) != 1 || !slices.Equal(got[0].Alarms, []string{id}) {
			t.Errorf("incidents=%+v", got)
		}
	})
}

func TestStore_ManyTriggersAtOnceOpenOneIncident(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if _, err := w.tryReport(fmt.Sprintf("dev-%d", i), fmt.Sprintf("ch-%d", i), contract.Fire, contract.Active); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if _, _, err := w.inc.Launch(context.Background(), zhang, Request{Plan: "fire", Building: "b03"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := w.open()
		if len(got) != 1 || len(got[0].Alarms) != 20 {
			t.Fatalf("%d incidents: %+v", len(got), got)
		}
		if err := w.inc.Verify(t.Context(), got[0].ID); err != nil {
			t.Error(err)
		}
	})
}

func TestStore_ARolledBackAlarmLeavesNoIncident(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		boom := errors.New("boom")
		w.alarms.AddHook(func(_ context.Context, _ *sql.Tx, c alarm.Change) error {
			if c.Alarm.Hazard == contract.Gas {
				return boom
			}
			return nil
		})
		if _, err := w.tryReport("gas", "A", contract.Gas, contract.Active); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if got := w.open(); len(got) != 0 {
			t.Errorf("incidents=%+v", got)
		}
	})
}

// TestStore_ABrokenPlanNeverCostsAnAlarm: the plan's failure is undone alone and tried
// again later.
func TestStore_ABrokenPlanNeverCostsAnAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		exec := func(stmt string) {
			if err := w.db.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(stmt); return err }); err != nil {
				t.Fatal(err)
			}
		}
		exec(`UPDATE plan SET doc = '{broken' || doc`)
		id := w.report("gas", "A", contract.Gas, contract.Active)
		if _, err := w.alarms.Get(t.Context(), id); err != nil {
			t.Fatalf("the alarm is lost: %v", err)
		}
		if got := w.open(); len(got) != 0 {
			t.Fatalf("incidents=%+v", got)
		}
		exec(`UPDATE plan SET doc = SUBSTR(doc, 8)`)
		w.inc.tryAgain(t.Context())
		if got := w.open(); len(got) != 1 || got[0].Plan != "gas-leak" {
			t.Errorf("incidents=%+v", got)
		}
	})
}

func TestStore_ClocksSurviveARestartAndFireInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		st, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "entrapment", Building: "b03"})
		if err != nil {
			t.Fatal(err)
		}
		again := NewStore(w.db, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), audit.New(w.db), w.alarms, time.UTC, w.inc.now)
		if err := again.FireDue(t.Context(), t0.Add(59*time.Second)); err != nil {
			t.Fatal(err)
		}
		if v, _ := again.Get(t.Context(), st.ID); v.Incident.Overdue != 0 {
			t.Errorf("overdue before its time")
		}
		if err := again.FireDue(t.Context(), t0.Add(31*time.Minute)); err != nil {
			t.Fatal(err)
		}
		v, err := again.Get(t.Context(), st.ID)
		if err != nil {
			t.Fatal(err)
		}
		var last string
		for _, e := range v.Timeline {
			if due, ok := e.Data["due"].(string); ok {
				if due < last {
					t.Errorf("%s after %s", due, last)
				}
				last = due
			}
		}
		if v.Incident.Overdue != 7 {
			t.Errorf("overdue=%d, want 7", v.Incident.Overdue)
		}
	})
}

func TestStore_TimelineTamperingIsFound(t *testing.T) {
	for _, stmt := range []string{
		`UPDATE incident_timeline SET actor = '别人' WHERE seq = 2`,
		`DELETE FROM incident_timeline WHERE seq = 2`,
		`DELETE FROM incident_timeline WHERE seq = (SELECT MAX(seq) FROM incident_timeline)`,
	} {
		w := newWorld(t, dbtest.SQLite(t))
		st, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "fire", Building: "b03"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.inc.Verify(t.Context(), st.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.db.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(stmt); return err }); err != nil {
			t.Fatal(err)
		}
		if err := w.inc.Verify(t.Context(), st.ID); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", stmt, err)
		}
	}
}

func TestStore_ARunningIncidentKeepsItsPlan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		st, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "fire", Building: "b03"})
		if err != nil {
			t.Fatal(err)
		}
		p := shipped(t, "fire")
		p.Version, p.Tasks = 2, p.Tasks[:1]
		if err := plan.NewStore(w.db).Publish(t.Context(), []plan.Plan{p}, t0); err != nil {
			t.Fatal(err)
		}
		frozen, err := w.inc.PlanOf(t.Context(), st.ID)
		if err != nil || frozen.Version != 1 || len(frozen.Tasks) != len(st.Tasks) {
			t.Errorf("frozen v%d with %d tasks, %v", frozen.Version, len(frozen.Tasks), err)
		}
	})
}

func TestStore_ADrillIsApartFromTheRealThing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if _, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "gas-leak", Building: "b03", Place: contract.Place{Building: "b03", Zone: "z-12"}, Drill: true}); err != nil {
			t.Fatal(err)
		}
		id := w.report("gas", "A", contract.Gas, contract.Active)
		got := w.open()
		i := slices.IndexFunc(got, func(x Incident) bool { return !x.Drill })
		if len(got) != 2 || i < 0 || !slices.Equal(got[i].Alarms, []string{id}) {
			t.Errorf("incidents=%+v", got)
		}
		_, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "gas-leak", Alarm: id, Drill: true})
		if _, ok := errors.AsType[*ConflictError](err); !ok {
			t.Errorf("a drill took a real alarm: %v", err)
		}
	})
}

func TestStore_TwoPeopleCannotFinishOneTask(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		st, _, err := w.inc.Launch(t.Context(), zhang, Request{Plan: "fire", Building: "b03"})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		won, lost := 0, 0
		for _, by := range []org.Actor{zhang, lina, wang} {
			wg.Go(func() {
				_, err := w.inc.Do(context.Background(), st.ID, Event{Kind: DoneTask, By: by, Key: "look"})
				mu.Lock()
				defer mu.Unlock()
				if _, ok := errors.AsType[*ConflictError](err); ok {
					lost++
				} else if err == nil {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 || lost != 2 {
			t.Errorf("won=%d lost=%d", won, lost)
		}
		if n, err := audit.New(w.db).Verify(t.Context()); err != nil || n != 2 {
			t.Errorf("audit lines=%d, %v", n, err)
		}
	})
}

func TestRun_EndsWithItsContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.inc.Run(ctx) }()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
