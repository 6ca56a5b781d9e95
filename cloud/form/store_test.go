package form

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"

	"github.com/google/go-cmp/cmp"
)

const hazardForm = `{"title":{"zh":"安全隐患上报单","en":"Hazard"},"summary":["what"],"roles":{"place":"place","owner":"owner","due":"due_at"},"fields":[
{"key":"no","type":"serial","label":{"zh":"编号"},"serial":"{prefix}{yyyyMMdd}{seq:4}","prefix":"YH"},
{"key":"what","type":"text","label":{"zh":"描述","en":"What"},"required":true,"max_length":200},
{"key":"level","type":"option","label":{"zh":"等级","en":"Level"},"index":true,"options":[{"id":"major","label":{"zh":"重大"}},{"id":"general","label":{"zh":"一般"}}]},
{"key":"place","type":"place","label":{"zh":"位置","en":"Place"}},
{"key":"owner","type":"person","label":{"zh":"责任人","en":"Owner"}},
{"key":"cost","type":"money","label":{"zh":"费用","en":"Cost"}},
{"key":"due_at","type":"datetime","label":{"zh":"期限","en":"Due"}},
{"key":"found_at","type":"datetime","label":{"zh":"发现时间","en":"Found"}},
{"key":"parts","type":"rows","label":{"zh":"配件","en":"Parts"},"fields":[{"key":"name","type":"text","label":{"zh":"名称"}},{"key":"n","type":"number","label":{"zh":"数量"}}]}]}`

func TestF17_ARecordIsStoredTypedAndFoundAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		r := k.create("hazard", `{"what":"消防通道堵塞","level":"major","place":"c1/b1/12","owner":"wang","cost":"12.3","due_at":"2026-03-03T00:00:00+08:00","parts":[{"name":"锁","n":2}]}`)
		if r.No != "YH202603020001" || r.Building != "b1" || r.Owner != "wang" || r.Day != "2026-03-02" || r.DueAt.IsZero() {
			t.Fatalf("%+v", r)
		}
		got, err := k.Get(t.Context(), li, "hazard", r.ID, k.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asJSON(t, r), asJSON(t, got)); diff != "" {
			t.Fatal(diff)
		}
		var what, name string
		var cost int64
		if err := d.Read().QueryRow(`SELECT c_what, c_cost FROM f_hazard`).Scan(&what, &cost); err != nil || what != "消防通道堵塞" || cost != 1230 {
			t.Fatalf("%s %d %v", what, cost, err)
		}
		if err := d.Read().QueryRow(`SELECT c_name FROM f_hazard__parts WHERE parent_id = $1`, r.ID).Scan(&name); err != nil || name != "锁" {
			t.Fatalf("%s %v", name, err)
		}
		for filter, n := range map[string]int64{`{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}`: 1, `{"op":"self_or_sub","l":{"f":"place"},"r":{"v":"c1/b2"}}`: 0,
			`{"op":"any_row","rows":"parts","where":{"op":"gt","l":{"f":"n"},"r":{"v":1}}}`: 1, `{"op":"before","l":{"f":"_due_at"},"r":{"now":"+24h"}}`: 1} {
			if got, err := k.Count(t.Context(), li, "hazard", Listing{Filter: parseCond(t, filter)}, k.now); err != nil || got != n {
				t.Errorf("%s finds %d, want %d: %v", filter, got, n, err)
			}
		}
	})
}

func parseCond(t testing.TB, s string) cond.Expr {
	t.Helper()
	e, err := cond.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestF08_UniqueIsTheServersWord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "points", def(field("code", "text", `,"unique":true`)))
		k.create("points", `{"code":"A1"}`)
		_, err := k.try(li, "points", `{"code":"A1"}`)
		refused(t, err, "code")
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 50 {
			wg.Go(func() {
				_, err := k.try(li, "points", `{"code":"B1"}`)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if _, ok := errors.AsType[*InvalidError](err); !ok {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("%d records with the same code", won)
		}
	})
}

func TestF02_SerialNumbersHaveNoGapAndNoDouble(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				doc := `{"what":"x"}`
				if i%10 == 9 {
					doc = `{"level":"none"}` // refused: takes no number
				}
				if _, err := k.try(li, "hazard", doc); err != nil && i%10 != 9 {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		rows, err := d.Read().Query(`SELECT record_no FROM f_hazard ORDER BY record_no`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			var no string
			if err := rows.Scan(&no); err != nil {
				t.Fatal(err)
			}
			if n++; no != fmt.Sprintf("YH20260302%04d", n) {
				t.Fatalf("number %d is %s", n, no)
			}
		}
		if n != 90 {
			t.Fatalf("%d records", n)
		}
	})
}

func TestF18_AFormChangesAndLosesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		v1 := def(field("a", "text", ``) + "," + field("b", "number", ``) + "," + field("items", "rows", `,"fields":[`+field("p", "text", ``)+","+field("q", "text", ``)+`]`))
		k.publish(document.Form, "x", v1)
		r := k.create("x", `{"a":"1","b":2,"items":[{"p":"x","q":"y"}]}`)
		// a is renamed, b is taken off, items loses q, c is new
		v2 := def(`{"key":"a","type":"text","label":{"zh":"新名"}},` + field("c", "date", `,"required":true`) + "," + field("items", "rows", `,"fields":[`+field("p", "text", ``)+`]`))
		k.publish(document.Form, "x", v2)
		if got, err := k.Get(t.Context(), li, "x", r.ID, k.now); err != nil || got.Version != 1 || asJSON(t, got.Doc) != asJSON(t, r.Doc) {
			t.Fatalf("%+v %v", got, err)
		}
		old, err := k.Def(t.Context(), "x", r.Version)
		if err != nil || old.Fields[0].Label.ZH != "a" {
			t.Fatalf("an old record is not read under its own version: %+v %v", old, err)
		}
		r = k.update(r, `{"a":"9"}`) // still under version 1: c is not asked for
		if asJSON(t, r.Doc["b"]) != "2" {
			t.Fatalf("b is lost: %v", r.Doc)
		}
		if _, err := k.try(li, "x", `{"a":"1"}`); err == nil {
			t.Fatal("c was not asked for")
		}
		k.create("x", `{"a":"2","c":"2026-01-01"}`)
		if n, err := k.Count(t.Context(), li, "x", Listing{Filter: parseCond(t, `{"op":"eq","l":{"f":"b"},"r":{"v":2}}`)}, k.now); err != nil || n != 1 {
			t.Fatalf("what the form no longer shows is not found: %d %v", n, err)
		}
		if err := k.tryPublish(document.Form, "x", def(field("b", "text", ``))); err == nil {
			t.Fatal("a field took another type")
		} else {
			refused(t, err, "fields[0].type")
		}
		if n, err := k.Verify(t.Context(), "x"); err != nil || n != 3 {
			t.Fatalf("%d %v", n, err)
		}
	})
}

func TestH18_EveryChangeHasItsLineAndTheChainHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		r := k.create("hazard", `{"what":"x","level":"general"}`)
		r = k.update(r, `{"level":"major"}`)
		if _, err := k.tryUpdate(li, Record{ID: r.ID, Form: r.Form, Rev: 1}, `{"level":"general"}`); !errors.Is(err, ErrConflict) {
			t.Fatalf("a stale write gave %v", err)
		}
		lines, err := k.Log(t.Context(), li, "hazard", r.ID, k.now)
		if err != nil || len(lines) != 2 || len(lines[1].Changes) != 1 || lines[1].Changes[0].Text.ZH == "" || !strings.Contains(lines[1].Changes[0].Text.ZH, "重大") {
			t.Fatalf("%+v %v", lines, err)
		}
		if err := k.tx(func(tx *sql.Tx) error {
			_, err := k.SoftDelete(t.Context(), tx, li, "hazard", r.ID, r.Rev, k.now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Get(t.Context(), li, "hazard", r.ID, k.now); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a deleted record: %v", err)
		}
		if p, err := k.List(t.Context(), li, "hazard", Listing{Deleted: true, Limit: 10}, k.now); err != nil || len(p.Records) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		if err := k.tx(func(tx *sql.Tx) error {
			_, err := k.Restore(t.Context(), tx, li, "hazard", r.ID, r.Rev+1, k.now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n, err := k.Verify(t.Context(), "hazard"); err != nil || n != 4 {
			t.Fatalf("%d %v", n, err)
		}
		for _, harm := range []string{`UPDATE f_hazard SET doc = REPLACE(doc, 'major', 'general')`, `DELETE FROM record_log WHERE rev = 4`, `UPDATE record_log SET actor_name = '别人' WHERE rev = 1`, `DELETE FROM f_hazard`} {
			err := k.tx(func(tx *sql.Tx) error {
				if _, err := tx.Exec(harm); err != nil {
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Verify(t.Context(), "hazard"); !errors.Is(err, ErrBroken) {
				t.Fatalf("%s is not seen: %v", harm, err)
			}
		}
	})
}

// TestS04_ListDetailCountExportAndChartShowTheSame draws grants and records: whatever a
// person may see, they see the same of it everywhere, and never a field that is hidden.
func TestS04_ListDetailCountExportAndChartShowTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		var all []Record
		rnd := rand.New(rand.NewPCG(5, 5))
		pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
		for range 60 {
			all = append(all, k.create("hazard", fmt.Sprintf(`{"what":"w","level":%s,"place":%s,"owner":%s,"cost":"%d"}`,
				pick(`"major"`, `"general"`, `null`), pick(`"c1/b1"`, `"c1/b2"`, `null`), pick(`"li"`, `"wang"`, `null`), rnd.IntN(100))))
		}
		scopes := []string{`null`, `{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}`, `{"op":"eq","l":{"f":"_owner"},"r":{"me":"id"}}`, `{"op":"in","l":{"f":"_building"},"r":{"me":"buildings"}}`,
			`{"op":"not","args":[{"op":"eq","l":{"f":"level"},"r":{"v":"general"}}]}`}
		for round := range 40 {
			var grants []Grant
			for range rnd.IntN(4) {
				fields := map[string]Access{}
				for _, f := range []string{"level", "cost", "owner", "*"} {
					if rnd.IntN(3) == 0 {
						fields[f] = Access(pick("r", "w", "hide"))
					}
				}
				g := Grant{Role: "r", Form: pick("hazard", "*", "other"), Actions: []Action{Action(pick("view", "view", "edit"))}, Fields: fields}
				if s := pick(scopes...); s != "null" {
					g.Rows = parseCond(t, s)
				}
				grants = append(grants, g)
			}
			who := li
			who.Me.Buildings, who.Permits = []string{"b1"}, PermitsOf(grants...)
			k.seesTheSame(who, all, fmt.Sprintf("round %d: %s", round, asJSON(t, grants)))
		}
	})
}

func (k *desk) seesTheSame(who Who, all []Record, what string) {
	k.t.Helper()
	ctx := k.t.Context()
	var one []string
	docs := map[string]string{}
	for _, r := range all {
		got, err := k.Get(ctx, who, "hazard", r.ID, k.now)
		switch {
		case err == nil:
			one = append(one, got.ID)
			docs[got.ID] = asJSON(k.t, got.Doc)
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDenied):
			k.t.Fatal(err)
		}
	}
	var listed []string
	for after := ""; ; {
		p, err := k.List(ctx, who, "hazard", Listing{Limit: 7, After: after}, k.now)
		if errors.Is(err, ErrDenied) {
			break
		}
		if err != nil {
			k.t.Fatal(err)
		}
		for _, r := range p.Records {
			listed = append(listed, r.ID)
			if asJSON(k.t, r.Doc) != docs[r.ID] {
				k.t.Fatalf("%s: list shows %s, detail %s", what, asJSON(k.t, r.Doc), docs[r.ID])
			}
		}
		if after = p.Next; after == "" {
			break
		}
	}
	slices.Sort(one)
	slices.Sort(listed)
	if !slices.Equal(one, listed) {
		k.t.Fatalf("%s: detail shows %d, list %d", what, len(one), len(listed))
	}
	n, err := k.Count(ctx, who, "hazard", Listing{}, k.now)
	if err != nil && !errors.Is(err, ErrDenied) || int(n) != len(one) {
		k.t.Fatalf("%s: count %d of %d: %v", what, n, len(one), err)
	}
	cells, err := k.Aggregate(ctx, who, "hazard", Listing{}, []Group{{Field: "level"}}, []Measure{{Fn: "count"}, {Fn: "sum", Field: "cost"}}, k.now)
	if err != nil && !errors.Is(err, ErrDenied) {
		k.t.Fatal(err)
	}
	sum := 0.0
	for _, c := range cells {
		sum += *c.Values[0]
	}
	visible := 0 // those whose level and cost may both be read through one grant
	for _, r := range all {
		if docs[r.ID] != "" && k.readable(who, r) {
			visible++
		}
	}
	if int(sum) != visible {
		k.t.Fatalf("%s: the chart counts %v, %d may be counted", what, sum, visible)
	}
}

// readable says by the grants alone, without SQL, if one grant shows the record with both
// level and cost.
func (k *desk) readable(who Who, r Record) bool {
	d, err := k.Def(k.t.Context(), "hazard", 0)
	if err != nil {
		k.t.Fatal(err)
	}
	env := d.Cond(r.Doc, &Env{Now: k.now, Zone: shanghai, Me: who.Me, System: r.system()})
	return slices.ContainsFunc(who.Permits.on("hazard", View), func(g Grant) bool {
		return g.access("level") != Hide && g.access("cost") != Hide && g.Rows.Holds(env)
	})
}

func TestF17_ListsSortSearchAndPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		for _, doc := range []string{`{"what":"灭火器 100% 过期","cost":"5","found_at":"2026-03-01T15:59:00Z"}`, `{"what":"电梯异响","cost":"1","found_at":"2026-02-28T16:30:00Z"}`, `{"what":"灯坏","found_at":"2026-03-31T16:30:00Z"}`} {
			k.create("hazard", doc)
		}
		whats := func(q Listing) string {
			t.Helper()
			q.Limit = 2
			var out []string
			for {
				p, err := k.List(t.Context(), li, "hazard", q, k.now)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range p.Records {
					out = append(out, r.Doc["what"].(string))
				}
				if q.After = p.Next; q.After == "" {
					return strings.Join(out, "|")
				}
			}
		}
		if got := whats(Listing{Sort: "cost"}); got != "电梯异响|灭火器 100% 过期|灯坏" {
			t.Errorf("by cost: %s", got)
		}
		if got := whats(Listing{Sort: "-cost"}); got != "灭火器 100% 过期|电梯异响|灯坏" {
			t.Errorf("by cost, turned round: %s", got)
		}
		if got := whats(Listing{Search: "100%"}); got != "灭火器 100% 过期" {
			t.Errorf("search: %s", got)
		}
		if got := whats(Listing{Search: "yh202603020002"}); got != "电梯异响" {
			t.Errorf("search by number: %s", got)
		}
		if _, err := k.List(t.Context(), li, "hazard", Listing{Sort: "doc; DROP TABLE f_hazard"}, k.now); err == nil {
			t.Error("sorted by what is no field")
		}
		// a moment after local midnight counts in the new month, on both databases
		cells, err := k.Aggregate(t.Context(), li, "hazard", Listing{}, []Group{{Field: "found_at", Bucket: "month"}}, []Measure{{Fn: "count"}}, k.now)
		if err != nil || len(cells) != 2 || fmt.Sprintf("%v %v %v", cells[0].Keys[0], *cells[0].Values[0], cells[1].Keys[0]) != "2026-03 2 2026-04" {
			t.Errorf("%s %v", asJSON(t, cells), err)
		}
	})
}

func TestW08_TheFlowWritesWhatItsNodeNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "hazard", hazardForm)
		r := k.create("hazard", `{"what":"x"}`)
		err := k.tx(func(tx *sql.Tx) error {
			if err := k.Flow().Write(t.Context(), tx, "hazard", r.ID, map[string]any{"level": "major", "_state": "auditing"}, "wang", "audit", k.now); err != nil {
				return err
			}
			doc, err := k.Flow().Read(t.Context(), tx, "hazard", r.ID)
			if err == nil && (doc["level"] != "major" || doc["_state"] != "auditing" || doc["_created_by"] != "li") {
				t.Errorf("%v", doc)
			}
			return err
		})
		if err != nil {
			t.Fatalf("%v %+v", err, problemsOf(err))
		}
		lines, err := k.Log(t.Context(), li, "hazard", r.ID, k.now)
		if err != nil || len(lines) != 2 || lines[1].Node != "audit" || lines[1].Actor != "wang" || lines[1].ActorName != "王五" {
			t.Fatalf("%+v %v", lines, err)
		}
		err = k.tx(func(tx *sql.Tx) error {
			return k.Flow().Write(t.Context(), tx, "hazard", r.ID, map[string]any{"level": "none"}, "wang", "audit", k.now)
		})
		refused(t, err, "level")
	})
}
