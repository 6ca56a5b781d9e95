package flow_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/flow"
	"anlan/cloud/org"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// hazardFlow is the article's flow, small: audit with grading, the grave way, repair, copy,
// review by the reporter.
const hazardFlow = `{"title":{"zh":"隐患闭环","en":"Hazard loop"},"form":"hazard","settings":{"summary":["what"],"ends":{"passed":"closed","rejected":"refused"},"fallback":[{"kind":"persons","ids":["wang"]}]},
"nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},
{"id":"audit","type":"approve","name":{"zh":"安全主管审核","en":"Audit"},"state":"auditing","who":[{"kind":"persons","ids":["an"]}],"fields":{"level":"w","owner":"w"},"required":["level"]},
{"id":"by_level","type":"condition","name":{"zh":"等级"},"branches":[
 {"id":"major","name":{"zh":"重大"},"when":{"op":"eq","l":{"f":"level"},"r":{"v":"major"}},"nodes":[{"id":"boss","type":"approve","name":{"zh":"经理批准"},"who":[{"kind":"persons","ids":["wang"]}]}]},
 {"id":"rest","name":{"zh":"其他"},"nodes":[]}]},
{"id":"repair","type":"fill","name":{"zh":"整改"},"state":"repairing","who":[{"kind":"field_person","field":"owner"}],"fields":{"measures":"w"},"required":["measures"],
 "deadline":{"after":"48h","remind":["-24h"],"timeout":{"do":"escalate","to":[{"kind":"persons","ids":["wang"]}]}}},
{"id":"copy","type":"cc","name":{"zh":"抄送经理"},"who":[{"kind":"persons","ids":["wang"]}]},
{"id":"review","type":"approve","name":{"zh":"复核"},"state":"reviewing","who":[{"kind":"initiator"}],"reject":"node","reject_to":"repair"}]}`

// desk is a store with its surroundings: records in a table of their own.
type desk struct {
	*flow.Store
	t     testing.TB
	d     *db.DB
	now   time.Time
	flows map[string]string
	gone  map[string]bool
	mu    sync.Mutex
	told  []flow.Notice
}

var kinds = cond.Map{"what": cond.Text, "level": cond.Option, "owner": cond.User, "measures": cond.Text}

func newDesk(t testing.TB, d *db.DB) *desk {
	k := &desk{t: t, d: d, now: noon, flows: map[string]string{"hazard": hazardFlow}, gone: map[string]bool{}}
	if _, err := execute(d, `CREATE TABLE IF NOT EXISTS test_record (id TEXT PRIMARY KEY, doc TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(d, `CREATE TABLE IF NOT EXISTS test_notice (person TEXT, key TEXT, PRIMARY KEY (person, key))`); err != nil {
		t.Fatal(err)
	}
	k.Store = flow.NewStore(flow.Deps{DB: d, Def: k.def, Records: k, People: k, Notify: k.notify, Now: func() time.Time { return k.now },
		Settle: func(context.Context, *sql.Tx, string, time.Time) error { return nil }})
	return k
}

func execute(d *db.DB, q string) (sql.Result, error) {
	var res sql.Result
	err := d.Tx(context.Background(), func(tx *sql.Tx) (err error) { res, err = tx.Exec(q); return err })
	return res, err
}

func (k *desk) def(_ context.Context, _ *sql.Tx, key string, _ int64) (*flow.Def, error) {
	doc, ok := k.flows[key]
	if !ok {
		return nil, flow.ErrNotFound
	}
	d, err := flow.Parse(key, []byte(doc))
	if err == nil {
		d.Version = 1
	}
	return d, err
}

func (k *desk) Read(ctx context.Context, tx *sql.Tx, _, id string) (map[string]any, error) {
	var doc string
	if err := tx.QueryRowContext(ctx, `SELECT doc FROM test_record WHERE id = $1`, id).Scan(&doc); err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal([]byte(doc), &m)
}

func (k *desk) Schema(context.Context, *sql.Tx, string) (cond.Schema, error) { return kinds, nil }

func (k *desk) Shown(context.Context, *sql.Tx, string, string, string, time.Time) (func(string) bool, error) {
	return func(string) bool { return true }, nil
}

func (k *desk) Write(ctx context.Context, tx *sql.Tx, form, id string, patch map[string]any, _ org.Actor, _ string, _ time.Time) error {
	m, err := k.Read(ctx, tx, form, id)
	if err != nil {
		return err
	}
	if patch["level"] == "absurd" {
		return errors.New("test: no such level")
	}
	maps.Copy(m, patch)
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE test_record SET doc = $1 WHERE id = $2`, string(doc), id)
	return err
}

func (k *desk) Create(ctx context.Context, tx *sql.Tx, _ string, fields map[string]any, _ org.Actor, _ time.Time) (string, error) {
	doc, err := json.Marshal(fields)
	if err != nil {
		return "", err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM test_record`).Scan(&n); err != nil {
		return "", err
	}
	id := fmt.Sprintf("rec-%d", n+1)
	_, err = tx.ExecContext(ctx, `INSERT INTO test_record (id, doc) VALUES ($1, $2)`, id, string(doc))
	return id, err
}

func (k *desk) Find(_ context.Context, _ *sql.Tx, a flow.Ask) ([]flow.Person, error) {
	var out []flow.Person
	for _, id := range a.IDs {
		if a.Kind == flow.Persons && !k.gone[id] {
			out = append(out, flow.Person{ID: id, Name: strings.ToUpper(id)})
		}
	}
	return out, nil
}

func (k *desk) Admins(context.Context, *sql.Tx) ([]flow.Person, error) {
	return []flow.Person{{ID: "admin", Name: "ADMIN"}}, nil
}

func (k *desk) notify(ctx context.Context, tx *sql.Tx, ns []flow.Notice, _ time.Time) error {
	for _, n := range ns {
		if _, err := tx.ExecContext(ctx, `INSERT INTO test_notice (person, key) VALUES ($1, $2)`, n.To.ID, n.Key); err != nil {
			return err // a second one of the same key is a defect
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.told = append(k.told, ns...)
	return nil
}

func actor(id string) org.Actor { return org.Actor{ID: id, Name: strings.ToUpper(id)} }

// report makes a record and starts its flow.
func (k *desk) report(key string, fields map[string]any) flow.State {
	k.t.Helper()
	st, err := k.tryReport(context.Background(), key, fields)
	if err != nil {
		k.t.Fatal(err)
	}
	return st
}

func (k *desk) tryReport(ctx context.Context, key string, fields map[string]any) (st flow.State, err error) {
	err = k.d.Tx(ctx, func(tx *sql.Tx) error {
		id, err := k.Create(ctx, tx, key, fields, actor("gong"), k.now)
		if err != nil {
			return err
		}
		st, err = k.Start(ctx, tx, flow.StartOf{Flow: key, Record: id, By: actor("gong")}, k.now)
		return err
	})
	return st, err
}

func (k *desk) try(id string, e flow.Event, patch map[string]any) (st flow.State, err error) {
	err = k.d.Tx(context.Background(), func(tx *sql.Tx) error {
		st, err = k.Apply(context.Background(), tx, id, e, patch, actor(e.By.ID), k.now)
		return err
	})
	return st, err
}

func (k *desk) decide(id, who string, v flow.Verdict, patch map[string]any) flow.State {
	k.t.Helper()
	st, err := k.try(id, k.decision(id, who, v), patch)
	if err != nil {
		k.t.Fatal(err)
	}
	return st
}

func (k *desk) decision(id, who string, v flow.Verdict) flow.Event {
	k.t.Helper()
	st, _, err := k.Get(context.Background(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, t := range st.OpenTasks() {
		if t.To.ID == who {
			return flow.Event{Kind: flow.Decide, By: t.To, Task: t.ID, Verdict: v, Text: "好"}
		}
	}
	k.t.Fatalf("%s has nothing to do in %s: %+v", who, id, st.OpenTasks())
	return flow.Event{}
}

func (k *desk) record(id string) (m map[string]any) {
	k.t.Helper()
	err := k.d.Tx(context.Background(), func(tx *sql.Tx) (err error) { m, err = k.Read(context.Background(), tx, "", id); return err })
	if err != nil {
		k.t.Fatal(err)
	}
	return m
}

func (k *desk) box(b flow.Box, who string) []flow.Item {
	k.t.Helper()
	p, err := k.Box(context.Background(), b, who, "", 50)
	if err != nil {
		k.t.Fatal(err)
	}
	return p.Items
}

func (k *desk) sound(id string) {
	k.t.Helper()
	if err := k.Verify(context.Background(), id); err != nil {
		k.t.Fatal(err)
	}
}

func TestW18_TheWholeLoopWithAReturn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		st := k.report("hazard", map[string]any{"what": "消防通道堵塞", "level": "general"})
		if got := k.record(st.Record); got["_state"] != "auditing" || got["_flow"] != st.ID {
			t.Fatalf("record %v", got)
		}
		mine := k.box(flow.Mine, "an")
		if len(mine) != 1 || mine[0].Summary != "消防通道堵塞" || mine[0].NodeName.ZH != "安全主管审核" || mine[0].Link != "/flows/"+st.ID+"?task=1" {
			t.Fatalf("box %+v", mine)
		}
		// W7: graded while approving; W8: what the node does not name is not written
		st = k.decide(st.ID, "an", flow.Agree, map[string]any{"level": "major", "owner": "ren", "measures": "偷写", "_state": "closed"})
		if got := k.record(st.Record); got["level"] != "major" || got["measures"] != nil || got["_state"] != "auditing" {
			t.Fatalf("record %v", got)
		}
		st = k.decide(st.ID, "wang", flow.Agree, nil)
		if _, err := k.try(st.ID, k.decision(st.ID, "ren", flow.Agree), nil); !refusedWith(err, flow.Missing, "measures") {
			t.Fatalf("an empty repair gave %v", err)
		}
		k.decide(st.ID, "ren", flow.Agree, map[string]any{"measures": "清理"})
		k.decide(st.ID, "gong", flow.Reject, nil)
		if got := k.record(st.Record); got["_state"] != "repairing" {
			t.Fatalf("record %v", got)
		}
		k.decide(st.ID, "ren", flow.Agree, map[string]any{"measures": "清理，加护栏"})
		st = k.decide(st.ID, "gong", flow.Agree, nil)
		if got := k.record(st.Record); st.Status != flow.Passed || got["_state"] != "closed" || st.Round != 1 {
			t.Fatalf("%+v, record %v", st.Head, got)
		}
		if n := len(k.box(flow.Mine, "gong")) + len(k.box(flow.Mine, "ren")); n != 0 {
			t.Fatalf("%d to-dos are left", n)
		}
		if done, copies, started := k.box(flow.DoneBy, "ren"), k.box(flow.CopiedTo, "wang"), k.box(flow.StartedBy, "gong"); len(done) != 2 || len(copies) != 2 || len(started) != 1 {
			t.Fatalf("done %d, copies %d, started %d", len(done), len(copies), len(started))
		}
		k.sound(st.ID)
	})
}

func refusedWith(err error, c flow.Code, field string) bool {
	var bad *flow.Error
	return errors.As(err, &bad) && bad.Code == c && slices.Contains(bad.Fields, field)
}

func TestW14_TheLogCannotBeChangedUnseen(t *testing.T) {
	for name, harm := range map[string]string{
		"a fact changed": `UPDATE flow_log SET fact = REPLACE(fact, '"GONG"', '"LI"') WHERE seq = 1`,
		"a fact cut out": `DELETE FROM flow_log WHERE seq = 2`,
		"the end cut":    `DELETE FROM flow_log WHERE seq = (SELECT MAX(seq) FROM flow_log)`,
		"a task in it":   `UPDATE flow_instance SET state = REPLACE(state, '"open"', '"agreed"')`,
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				k := newDesk(t, d)
				st := k.report("hazard", map[string]any{"what": "x", "level": "general"})
				k.sound(st.ID)
				if _, err := execute(d, harm); err != nil {
					t.Fatal(err)
				}
				if err := k.Verify(t.Context(), st.ID); !errors.Is(err, flow.ErrBroken) {
					t.Fatalf("not seen: %v", err)
				}
			})
		})
	}
}

func TestW06_AHundredDecidersOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		st := k.report("hazard", map[string]any{"what": "x"})
		e := k.decision(st.ID, "an", flow.Agree)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won, lost := 0, 0
		for range 100 {
			wg.Go(func() {
				_, err := k.try(st.ID, e, map[string]any{"level": "general", "owner": "ren"})
				var bad *flow.Error
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.As(err, &bad) && bad.Code == flow.NotOpen:
					lost++
				default:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 || lost != 99 {
			t.Fatalf("%d won, %d came too late", won, lost)
		}
		k.sound(st.ID)
	})
}

func TestW08_ARefusedWriteUndoesTheDecision(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		st := k.report("hazard", map[string]any{"what": "x"})
		if _, err := k.try(st.ID, k.decision(st.ID, "an", flow.Agree), map[string]any{"level": "absurd"}); err == nil {
			t.Fatal("agreed although the record refused the value")
		}
		if e := k.decision(st.ID, "an", flow.Agree); e.Task != 1 {
			t.Fatalf("%+v", e)
		}
		if _, err := k.try(st.ID, flow.Event{Kind: flow.Decide, By: flow.Person{ID: "li"}, Task: 1, Verdict: flow.Agree}, map[string]any{"level": "major"}); err == nil {
			t.Fatal("someone else decided")
		}
		if got := k.record(st.Record); got["level"] != nil {
			t.Fatalf("someone else wrote %v", got)
		}
	})
}

func TestW15_TimersOutliveRestartsAndFireOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		st := k.report("hazard", map[string]any{"what": "x"})
		k.decide(st.ID, "an", flow.Agree, map[string]any{"level": "general", "owner": "ren"})
		k = newDesk(t, d) // a new process
		due := func(after time.Duration, want int) {
			t.Helper()
			k.now = noon.Add(after)
			n, _, err := k.Due(t.Context(), k.now)
			if err != nil || n != want {
				t.Fatalf("after %s %d fired, want %d: %v", after, n, want, err)
			}
		}
		due(time.Hour, 0)
		due(24*time.Hour, 1)
		due(24*time.Hour, 0)
		due(100*time.Hour, 1)
		kinds := map[flow.EffectKind]int{}
		for _, n := range k.told {
			kinds[n.Kind]++
		}
		if kinds[flow.NotifyRemind] != 1 || kinds[flow.NotifyEscalate] != 1 || kinds[flow.NotifyOverdue] != 2 {
			t.Fatalf("told %v", kinds)
		}
		if c, err := k.Counts(t.Context(), "ren", k.now); err != nil || c.Open != 1 || c.Overdue != 1 {
			t.Fatalf("counts %+v %v", c, err)
		}
		k.decide(st.ID, "ren", flow.Agree, map[string]any{"measures": "m"})
		due(1000*time.Hour, 0)
		k.sound(st.ID)
	})
}

func TestW18_ASubflowRunsAndTellsItsParent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.flows["hazard"] = `{"title":{"zh":"主"},"form":"hazard","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},
			{"id":"sub","type":"subflow","name":{"zh":"采购"},"flow":"buy","fresh":{"what":"what"}},{"id":"end","type":"approve","name":{"zh":"验收"},"who":[{"kind":"persons","ids":["an"]}]}]}`
		k.flows["buy"] = `{"title":{"zh":"采购"},"form":"buy","settings":{"summary":["what"]},"nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},
			{"id":"ok","type":"approve","name":{"zh":"批准"},"who":[{"kind":"persons","ids":["wang"]}]}]}`
		st := k.report("hazard", map[string]any{"what": "换灯", "level": "general"})
		items := k.box(flow.Mine, "wang")
		if len(items) != 1 || items[0].Summary != "换灯" || items[0].Record == st.Record {
			t.Fatalf("%+v", items)
		}
		k.decide(items[0].Instance, "wang", flow.Agree, nil)
		k.decide(st.ID, "an", flow.Agree, nil)
		k.sound(st.ID)
		k.sound(items[0].Instance)
		// withdrawing the parent ends the child
		st = k.report("hazard", map[string]any{"what": "换锁"})
		if _, err := k.try(st.ID, flow.Event{Kind: flow.Withdraw, By: flow.Person{ID: "gong"}}, nil); err != nil {
			t.Fatal(err)
		}
		if left := k.box(flow.Mine, "wang"); len(left) != 0 {
			t.Fatalf("%+v", left)
		}
	})
}

func TestW19_ALeaverLeavesNothingBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		for range 3 {
			k.report("hazard", map[string]any{"what": "x"})
		}
		k.gone["an"] = true
		var n int
		err := d.Tx(t.Context(), func(tx *sql.Tx) (err error) {
			n, err = k.Leave(t.Context(), tx, flow.Person{ID: "an"}, flow.Person{ID: "li"}, actor("admin"), k.now)
			return err
		})
		if err != nil || n != 3 || len(k.box(flow.Mine, "an")) != 0 || len(k.box(flow.Mine, "li")) != 3 {
			t.Fatalf("%d moved, %v", n, err)
		}
	})
}

func TestW13_BoxesPageThroughEverythingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		for i := range 25 {
			st := k.report("hazard", map[string]any{"what": fmt.Sprint(i)})
			if i%2 == 0 {
				k.decide(st.ID, "an", flow.Agree, map[string]any{"level": "general", "owner": "ren"})
			}
			if i%3 == 0 {
				k.now = k.now.Add(time.Minute)
			}
		}
		for _, b := range []struct {
			box  flow.Box
			who  string
			want int
		}{{flow.Mine, "an", 12}, {flow.Mine, "ren", 13}, {flow.DoneBy, "an", 13}, {flow.StartedBy, "gong", 25}} {
			seen := map[string]bool{}
			var last flow.Item
			for after := ""; ; {
				p, err := k.Box(t.Context(), b.box, b.who, after, 4)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range p.Items {
					if seen[x.Instance] {
						t.Fatalf("%s of %s shows %s twice", b.box, b.who, x.Instance)
					}
					if seen[x.Instance] = true; b.box == flow.Mine && x.Due.Before(last.Due) {
						t.Fatalf("not by urgency: %s after %s", x.Due, last.Due)
					}
					last = x
				}
				if after = p.Next; after == "" {
					break
				}
			}
			if len(seen) != b.want {
				t.Fatalf("%s of %s: %d, want %d", b.box, b.who, len(seen), b.want)
			}
		}
		times, err := k.Times(t.Context(), "hazard", noon.Add(-time.Hour), noon.Add(time.Hour))
		if err != nil || len(times) == 0 || times[0].Node != "audit" || times[0].Visits != 13 || times[0].Open != 12 {
			t.Fatalf("%+v %v", times, err)
		}
	})
}

// TestW13_TimesPerNodeAreWhatTheVisitsTook: median and nine of ten by rank, with what is late.
func TestW13_TimesPerNodeAreWhatTheVisitsTook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		start := k.now
		var ids []string
		for range 12 {
			ids = append(ids, k.report("hazard", map[string]any{"what": "x"}).ID)
		}
		for i, id := range ids[:10] { // after 1, 2, … 10 minutes
			k.now = start.Add(time.Duration(i+1) * time.Minute)
			k.decide(id, "an", flow.Agree, map[string]any{"level": "general", "owner": "ren"})
		}
		times, err := k.Times(t.Context(), "hazard", start.Add(-time.Hour), start.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		x := times[slices.IndexFunc(times, func(x flow.NodeTime) bool { return x.Node == "audit" })]
		if x.Visits != 10 || x.Open != 2 || x.Median != 300 || x.P90 != 540 || x.Longest != 600 || x.Mean != 330 {
			t.Fatalf("%+v", x)
		}
		if none, err := k.Times(t.Context(), "hazard", start.Add(time.Hour), start.Add(2*time.Hour)); err != nil || len(none) != 0 {
			t.Fatalf("%+v %v", none, err)
		}
		if n, err := k.Waiting(t.Context(), "an"); err != nil || n != 2 {
			t.Fatalf("%d wait, %v", n, err)
		}
	})
}
