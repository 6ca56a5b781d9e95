package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/staff"
	"anlan/configs"
	"anlan/contract"
)

type world struct {
	*Desk
	t   testing.TB
	who map[string]form.Who
	now time.Time
}

func newWorld(t testing.TB, d *db.DB) *world {
	w := &world{t: t, who: map[string]form.Who{}, now: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}
	users, trail := org.NewStore(d), audit.New(d)
	tree := places.Empty()
	tree.Communities["c1"] = places.Community{ID: "c1", Name: contract.Text{ZH: "安澜花园"}}
	tree.Buildings["b1"] = places.Building{ID: "b1", Community: "c1", Name: contract.Text{ZH: "1号楼"}}
	tree.Buildings["b2"] = places.Building{ID: "b2", Community: "c1", Name: contract.Text{ZH: "2号楼"}}
	w.Desk = New(Deps{DB: d, Audit: trail, Staff: staff.New(users, func() *places.Tree { return tree }, func(_ context.Context, _ *sql.Tx, id string) bool { return id == "att" }), Zone: time.FixedZone("CST", 8*3600), Now: func() time.Time { return w.now }})
	for name, role := range map[string]org.Role{"bao": org.Guard, "bao2": org.Guard, "an": org.Supervisor, "ren": org.Engineer, "wang": org.Manager, "root": org.Admin, "kan": org.Viewer} {
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			u, err := users.Add(t.Context(), tx, org.User{Username: name, Name: name, Role: role}, w.now)
			w.who[name] = form.Who{Actor: org.Actor{ID: u.ID, Name: u.Name, Role: role}}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Install(t.Context(), configs.Files, "apps", w.now); err != nil {
		t.Fatal(err)
	}
	for name := range w.who {
		w.who[name] = w.as(name)
	}
	return w
}

func (w *world) as(name string) form.Who {
	w.t.Helper()
	who, err := w.Who(w.t.Context(), w.who[name].Actor, []string{"b1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return who
}

func (w *world) report(name, place string) Submission {
	w.t.Helper()
	s, err := w.Submit(w.t.Context(), w.who[name], "hazard", map[string]any{"category": "fire", "place": place, "what": "消防通道堵塞"}, nil)
	if err != nil {
		w.t.Fatalf("%v %s", err, said(err))
	}
	return s
}

func said(err error) string {
	var bad *form.InvalidError
	if errors.As(err, &bad) {
		return fmt.Sprintf("%+v", bad.Problems)
	}
	return ""
}

func (w *world) try(name, instance string, v flow.Verdict, patch map[string]any) error {
	w.t.Helper()
	c, err := w.Case(w.t.Context(), w.who[name], instance)
	if err != nil {
		w.t.Fatalf("%s cannot see %s: %v", name, instance, err)
	}
	if len(c.Mine) == 0 {
		w.t.Fatalf("%s has nothing to do: %+v", name, c.State.OpenTasks())
	}
	_, err = w.Act(w.t.Context(), w.who[name].Actor, instance, flow.Event{Kind: flow.Decide, Task: c.Mine[0].ID, Verdict: v, Text: "意见"}, patch)
	return err
}

func (w *world) decide(name, instance string, v flow.Verdict, patch map[string]any) {
	w.t.Helper()
	if err := w.try(name, instance, v, patch); err != nil {
		w.t.Fatalf("%s: %v %s", name, err, said(err))
	}
}

func (w *world) state(s Submission) string {
	w.t.Helper()
	r, err := w.Forms.Get(w.t.Context(), w.who["root"], "hazard", s.Record.ID, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.State
}

// TestW18_TheShippedLoop drives the shipped app through each level, with a rejection at the
// audit and one at the review.
func TestW18_TheShippedLoop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for level, grave := range map[string]bool{"major": true, "larger": false, "general": false} {
			s := w.report("bao", "c1/b1")
			if s.Record.No == "" || w.state(s) != "auditing" {
				t.Fatalf("%+v", s.Record)
			}
			w.decide("an", s.Instance, flow.Reject, nil)
			w.decide("bao", s.Instance, flow.Agree, map[string]any{"what": "消防通道堵塞，两辆车"})
			if err := w.try("an", s.Instance, flow.Agree, map[string]any{"level": level}); err == nil {
				t.Fatal("dispatched to nobody")
			}
			w.decide("an", s.Instance, flow.Agree, map[string]any{"level": level, "owner": w.who["ren"].Actor.ID, "demand": "清理", "measures": "偷写"})
			if grave {
				w.decide("wang", s.Instance, flow.Agree, nil)
				w.decide("ren", s.Instance, flow.Agree, map[string]any{"plan_goal": "1", "plan_measures": "2", "plan_funds": "3", "plan_people": "4", "plan_time": "5", "plan_emergency": "6"})
			}
			if w.state(s) != "repairing" {
				t.Fatalf("%s: %s", level, w.state(s))
			}
			w.decide("ren", s.Instance, flow.Agree, map[string]any{"measures": "已拖走", "after_photos": []string{"att"}})
			w.decide("bao", s.Instance, flow.Reject, nil)
			w.decide("ren", s.Instance, flow.Agree, map[string]any{"measures": "已拖走并划线"})
			w.decide("bao", s.Instance, flow.Agree, map[string]any{"review": "现场看过"})
			if w.state(s) != "closed" {
				t.Fatalf("%s: %s", level, w.state(s))
			}
			if err := w.Flows.Verify(t.Context(), s.Instance); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Forms.Verify(t.Context(), "hazard"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestS04_WhoSeesAHazard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		here, there := w.report("bao", "c1/b1"), w.report("bao", "c1/b2")
		sees := func(name string, s Submission, want bool) {
			t.Helper()
			_, err := w.Read(t.Context(), w.who[name], "hazard", s.Record.ID)
			if (err == nil) != want || err != nil && !errors.Is(err, form.ErrNotFound) && !errors.Is(err, form.ErrDenied) {
				t.Errorf("%s reads %s: %v, want %v", name, s.Record.Building, err, want)
			}
			_, err = w.Case(t.Context(), w.who[name], s.Instance)
			if (err == nil) != want || err != nil && !errors.Is(err, flow.ErrNotFound) {
				t.Errorf("%s opens the flow in %s: %v, want %v", name, s.Record.Building, err, want)
			}
		}
		for name, want := range map[string][2]bool{"bao": {true, true}, "bao2": {false, false}, "ren": {false, false}, "wang": {true, false}, "an": {true, true}, "root": {true, true}, "kan": {false, false}} {
			sees(name, here, want[0])
			sees(name, there, want[1]) // an has a task there
		}
		if _, err := w.Submit(t.Context(), w.who["kan"], "hazard", map[string]any{"category": "fire", "place": "c1", "what": "x"}, nil); !errors.Is(err, form.ErrDenied) {
			t.Errorf("a viewer reported: %v", err)
		}
		if _, err := w.Submit(t.Context(), w.who["bao"], "hazard", map[string]any{"category": "fire", "place": "c1", "what": "x", "level": "major"}, nil); err == nil {
			t.Error("a guard graded their own report")
		}
	})
}

func TestW19_NobodyToAuditGoesToAnAdministrator(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return org.NewStore(d).SetActive(t.Context(), tx, w.who["an"].Actor.ID, false) }); err != nil {
			t.Fatal(err)
		}
		s := w.report("bao", "c1/b1")
		p, err := w.Flows.Box(t.Context(), flow.Mine, w.who["root"].Actor.ID, "", 10)
		if err != nil || len(p.Items) != 1 || p.Items[0].Instance != s.Instance {
			t.Fatalf("%+v %v", p, err)
		}
	})
}

func TestF19_InstallingTwiceChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		before, err := w.Forms.Grants(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Install(t.Context(), configs.Files, "apps", w.now); err != nil {
			t.Fatal(err)
		}
		after, err := w.Forms.Grants(t.Context(), "")
		if err != nil || len(after) != len(before) || len(before) == 0 {
			t.Fatalf("%d grants, then %d: %v", len(before), len(after), err)
		}
	})
}

// BenchmarkSubmit measures from a submission's start until its task is in the owner's list,
// fifty at a time.
func BenchmarkSubmit(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { submissions(b, dbtest.SQLite(b)) })
	if dsn := dbtest.PostgresDSN(b); dsn != "" {
		b.Run("postgres", func(b *testing.B) { submissions(b, dbtest.Postgres(b)) })
	}
}

func submissions(b *testing.B, d *db.DB) {
	w := newWorld(b, d)
	var mu sync.Mutex
	var took []time.Duration
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	var wg sync.WaitGroup
	for b.Loop() {
		<-tick.C
		wg.Go(func() {
			begun := time.Now()
			s, err := w.Submit(context.Background(), w.who["bao"], "hazard", map[string]any{"category": "fire", "place": "c1/b1", "what": "x"}, nil)
			if err != nil {
				b.Error(err)
				return
			}
			for seen := false; !seen; {
				p, err := w.Flows.Box(context.Background(), flow.Mine, w.who["an"].Actor.ID, "", 200)
				if err != nil {
					b.Error(err)
					return
				}
				seen = slices.ContainsFunc(p.Items, func(x flow.Item) bool { return x.Instance == s.Instance })
			}
			shown := time.Since(begun)
			// It is taken back, so that the list stays as long as lists are.
			if _, err := w.Act(context.Background(), w.who["bao"].Actor, s.Instance, flow.Event{Kind: flow.Withdraw}, nil); err != nil {
				b.Error(err)
				return
			}
			mu.Lock()
			took = append(took, shown)
			mu.Unlock()
		})
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
