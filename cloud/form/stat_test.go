package form

import (
	"database/sql"
	"fmt"
	"maps"
	"testing"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"
)

const statPoint = `{"title":{"zh":"点位"},"fields":[{"key":"name","type":"text","label":{"zh":"名称"}},{"key":"area","type":"option","label":{"zh":"区域"},"options":[{"id":"north","label":{"zh":"北"}},{"id":"south","label":{"zh":"南"}}]},
{"key":"kept","type":"switch","label":{"zh":"在用"}},{"key":"since","type":"datetime","label":{"zh":"启用"}}]}`

const statHazard = `{"title":{"zh":"隐患"},"fields":[{"key":"what","type":"text","label":{"zh":"描述"}},{"key":"cost","type":"number","label":{"zh":"费用"}},{"key":"found","type":"datetime","label":{"zh":"发现"}},
{"key":"point","type":"link","form":"point","show":["name"],"label":{"zh":"点位"}},{"key":"points","type":"link","form":"point","many":true,"show":["name"],"label":{"zh":"多个"}}]}`

// newStats is hazards linked to points: five points, one of them without an area, one
// deleted, and forty hazards found around the ends of days, one in eight without a point.
func newStats(t *testing.T, d *db.DB) (*desk, []Record) {
	k := newDesk(t, d)
	k.publish(document.Form, "point", statPoint)
	k.publish(document.Form, "hazard", statHazard)
	var points []Record
	for i, area := range []string{`"north"`, `"south"`, `null`, `"south"`, `"north"`} {
		points = append(points, k.create("point", fmt.Sprintf(`{"name":"p%d","area":%s,"kept":%t,"since":"2026-01-0%dT16:30:00Z"}`, i, area, i%2 == 0, i+1)))
	}
	midnight := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC) // 1 March in the community
	for i := range 40 {
		link := "null"
		if i%8 != 0 {
			link = fmt.Sprintf("%q", points[i%5].ID)
		}
		k.create("hazard", fmt.Sprintf(`{"what":"h%d","cost":%d,"found":%q,"point":%s}`, i, i, midnight.Add(time.Duration(i-20)*9*time.Hour+time.Duration(i%3-1)*time.Millisecond).Format(time.RFC3339Nano), link))
	}
	// What counts is where a point is now, not where it was when it was linked.
	points[3] = k.update(points[3], `{"area":"north"}`)
	if err := k.tx(func(tx *sql.Tx) error {
		_, err := k.SoftDelete(t.Context(), tx, li, "point", points[4].ID, points[4].Rev, k.now)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return k, points
}

// TestX06_OneReportJoinsTwoAppsThroughALink: hazards by the area of the point they link to
// are what a join in SQL says, in numbers, sums and around midnight; and a list drilled into
// from a bar has as many records as the bar says.
func TestX06_OneReportJoinsTwoAppsThroughALink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, _ := newStats(t, d)
		for _, by := range [][]Group{{{Field: "point.area"}}, {{Field: "found", Bucket: "week"}}, {{Field: "found", Bucket: "day"}, {Field: "point.area"}}, {{Field: "point.kept"}},
			{{Field: "point.since", Bucket: "month"}, {Field: "point.area"}}, {{Field: "_created_at", Bucket: "week"}}, {{Field: "cost"}}, {{Field: "point"}}} {
			k.drills(li, by)
		}
		cells := k.cellsOf(li, []Group{{Field: "point.area"}})
		rows, err := d.Read().Query(`SELECT COALESCE(CAST(p.c_area AS TEXT), ''), CASE WHEN h.c_point IS NOT NULL AND p.id IS NULL THEN 1 ELSE 0 END, COUNT(*), SUM(h.c_cost) FROM f_hazard h
			LEFT JOIN (SELECT * FROM f_point WHERE deleted_at = 0) p ON p.id = h.c_point GROUP BY 1, 2`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			var area string
			var hidden int
			var count, sum float64
			if err := rows.Scan(&area, &hidden, &count, &sum); err != nil {
				t.Fatal(err)
			}
			if got := cells[fmt.Sprintf("[%s] [%t]", area, hidden == 1)]; got != [2]float64{count, sum} {
				t.Errorf("%s %d: %v, want %v %v", area, hidden, got, count, sum)
			}
			n++
		}
		if err := rows.Err(); err != nil || n != len(cells) || n != 4 {
			t.Fatalf("%d groups, %v: %v", n, cells, err)
		}
		// 2026-03-01 is a Sunday: in the community its first moment is of the week of 23 February.
		weeks := k.cellsOf(li, []Group{{Field: "found", Bucket: "week"}})
		want := map[string]float64{}
		records, err := k.List(t.Context(), li, "hazard", Listing{Limit: 200}, k.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records.Records {
			at, err := time.Parse(time.RFC3339Nano, r.Doc["found"].(string))
			if err != nil {
				t.Fatal(err)
			}
			at = at.In(shanghai)
			want["["+at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly)+"] []"]++
		}
		for w, n := range want {
			if weeks[w][0] != n || len(weeks) != len(want) {
				t.Errorf("week %s: %v, want %v of %v", w, weeks[w], n, want)
			}
		}
	})
}

// cellsOf are the groups with their count and sum, by what they are called.
func (k *desk) cellsOf(who Who, by []Group) map[string][2]float64 {
	k.t.Helper()
	cells, err := k.Aggregate(k.t.Context(), who, "hazard", Listing{}, by, []Measure{{Fn: "count"}, {Fn: "sum", Field: "cost"}}, k.now)
	if err != nil {
		k.t.Fatalf("%v %+v", err, problemsOf(err))
	}
	out := map[string][2]float64{}
	for _, c := range cells {
		keys := make([]any, len(c.Keys))
		for i, x := range c.Keys {
			if keys[i] = x; x == nil {
				keys[i] = ""
			}
		}
		out[fmt.Sprintf("%v %v", keys, c.Hidden)] = [2]float64{*c.Values[0], *c.Values[1]}
	}
	return out
}

// drills goes into every group: list, count and a sum over the list say what the bar says.
func (k *desk) drills(who Who, by []Group) {
	k.t.Helper()
	cells, err := k.Aggregate(k.t.Context(), who, "hazard", Listing{}, by, []Measure{{Fn: "count"}}, k.now)
	if err != nil || len(cells) == 0 {
		k.t.Fatalf("%v: %d groups, %v", by, len(cells), err)
	}
	for _, c := range cells {
		var q Listing
		for i, g := range by {
			d := Drill{Group: g, Hidden: c.Hidden != nil && c.Hidden[i]}
			if !d.Hidden {
				d.Key = c.Keys[i]
			}
			q.Drill = append(q.Drill, d)
		}
		if q.Drill, err = DrillOf(asJSON(k.t, q.Drill)); err != nil { // as it comes over the wire
			k.t.Fatal(err)
		}
		n, err := k.Count(k.t.Context(), who, "hazard", q, k.now)
		q.Limit = 200
		p, err2 := k.List(k.t.Context(), who, "hazard", q, k.now)
		if err != nil || err2 != nil || float64(n) != *c.Values[0] || len(p.Records) != int(n) {
			k.t.Errorf("%+v: bar %v, count %d, list %d, %v %v", q.Drill, *c.Values[0], n, len(p.Records), err, err2)
		}
	}
}

// TestX06_AReportTellsNothingOneMayNotSee: of linked records a report tells what reading
// each of them would, whatever the grants.
func TestX06_AReportTellsNothingOneMayNotSee(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, points := newStats(t, d)
		hazards := Grant{Role: "r", Form: "hazard", Actions: []Action{View}}
		only := func(area string) cond.Expr {
			return parseCond(t, `{"op":"eq","l":{"f":"area"},"r":{"v":"`+area+`"}}`)
		}
		point := func(actions Action, rows cond.Expr, fields map[string]Access) Grant {
			return Grant{Role: "r", Form: "point", Actions: []Action{actions}, Rows: rows, Fields: fields}
		}
		hide := map[string]Access{"area": Hide}
		for name, grants := range map[string][]Grant{
			"nothing of points": {hazards}, "may only make points": {hazards, point(Create, cond.Expr{}, nil)}, "all": {hazards, point(View, cond.Expr{}, nil)},
			"some rows": {hazards, point(View, only("south"), nil)}, "field hidden": {hazards, point(View, cond.Expr{}, hide)},
			"shown on some, hidden on others": {hazards, point(View, only("north"), nil), point(View, only("south"), hide)},
		} {
			who := li
			who.Permits = PermitsOf(grants...)
			if diff := k.differs(who, points); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			k.drills(who, []Group{{Field: "point.area"}})
			k.drills(who, []Group{{Field: "found", Bucket: "month"}, {Field: "point.area"}})
		}
		// Who may not see the link itself sees no record that a report by it would tell of.
		who := li
		who.Permits = PermitsOf(Grant{Role: "r", Form: "hazard", Actions: []Action{View}, Fields: map[string]Access{"point": Hide}}, point(View, cond.Expr{}, nil))
		if got := k.cellsOf(who, []Group{{Field: "point.area"}}); len(got) != 0 {
			t.Errorf("by a hidden link: %v", got)
		}
		if n, err := k.Count(t.Context(), who, "hazard", Listing{Drill: []Drill{{Group: Group{Field: "point.area"}, Key: "north"}}}, k.now); n != 0 || err != nil {
			t.Errorf("drilled into a hidden link: %d %v", n, err)
		}
		who.Permits = PermitsOf(point(View, cond.Expr{}, nil))
		if _, err := k.Aggregate(t.Context(), who, "hazard", Listing{}, []Group{{Field: "point.area"}}, []Measure{{Fn: "count"}}, k.now); err != ErrDenied {
			t.Errorf("a report of what one may not see: %v", err)
		}
		for _, g := range []Group{{Field: "points.area"}, {Field: "point.nothing"}, {Field: "what.area"}, {Field: "point.area", Bucket: "month"}, {Field: "found", Bucket: "hour"}, {Field: "point.doc; DROP TABLE f_point"}} {
			_, err := k.Aggregate(t.Context(), li, "hazard", Listing{}, []Group{g}, []Measure{{Fn: "count"}}, k.now)
			refused(t, err, "by[0]")
		}
		_, err := k.Count(t.Context(), li, "hazard", Listing{Drill: []Drill{{Group: Group{Field: "cost"}, Key: "x"}, {Group: Group{Field: "what"}, Key: []any{}}}}, k.now)
		refused(t, err, "drill[0]", "drill[1]")
	})
}

// differs compares a report by area with one made of reading every point.
func (k *desk) differs(who Who, points []Record) string {
	k.t.Helper()
	want := map[string][2]float64{}
	list, err := k.List(k.t.Context(), who, "hazard", Listing{Limit: 200}, k.now)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, h := range list.Records {
		name := "[] [false]"
		for _, p := range points {
			link, ok := h.Doc["point"].(map[string]any)
			if !ok || link["id"] != p.ID {
				continue
			}
			name = "[] [true]"
			got, err := k.Get(k.t.Context(), who, "point", p.ID, k.now)
			if err != nil {
				break
			}
			full, err := k.Get(k.t.Context(), li, "point", p.ID, k.now)
			if err != nil {
				k.t.Fatal(err)
			}
			d, err := k.Def(k.t.Context(), "point", 0)
			if err != nil {
				k.t.Fatal(err)
			}
			env := d.Cond(full.Doc, &Env{Now: k.now, Me: who.Me, System: full.system()})
			if who.Permits.fieldAccess("point", View, func(x cond.Expr) bool { return x.Holds(env) })("area") == Hide {
				break
			}
			if name = "[] [false]"; got.Doc["area"] != nil {
				name = fmt.Sprintf("[%v] [false]", got.Doc["area"])
			}
		}
		var cost float64
		if _, err := fmt.Sscan(fmt.Sprint(h.Doc["cost"]), &cost); err != nil {
			k.t.Fatal(err)
		}
		want[name] = [2]float64{want[name][0] + 1, want[name][1] + cost}
	}
	if got := k.cellsOf(who, []Group{{Field: "point.area"}}); !maps.Equal(got, want) {
		return fmt.Sprintf("%v, want %v", got, want)
	}
	return ""
}
