package cond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
)

// dice makes random conditions and records over few values, so that they meet often.
type dice struct {
	*rand.Rand
	schema Map
	names  []string // fields of the record, sorted
}

func newDice(seed uint64, schema Map) *dice {
	d := &dice{Rand: rand.New(rand.NewPCG(seed, 11)), schema: schema}
	for f := range schema {
		d.names = append(d.names, f)
	}
	slices.Sort(d.names)
	return d
}

func pick[T any](d *dice, from ...T) T { return from[d.IntN(len(from))] }

func (d *dice) text() string {
	return pick(d, "a", "b", "ab", "重大", "a重", "👷a", "é", "%", "_", "b3", "b3/1", "b31", "safety", "safety-north", "company", "zhang", "li", "guard")
}

func (d *dice) date() string {
	return time.Date(2026, 3, 8+d.IntN(5), 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

func (d *dice) instant() string {
	t := time.Date(2026, 3, 8, d.IntN(72), pick(d, 0, 29, 30, 31, 59), pick(d, 0, 59), 0, time.UTC)
	return t.In(time.FixedZone("", pick(d, 0, 8, -5)*3600)).Format(time.RFC3339)
}

func (d *dice) list(n int) []any {
	out := []any{}
	for range n {
		out = append(out, d.text())
	}
	return out
}

// of is a value of a kind.
func (d *dice) of(k Kind) any {
	switch {
	case k.id():
		return d.text()
	case k.list():
		return d.list(1 + d.IntN(3))
	}
	switch k {
	case Number:
		return pick[any](d, -1, 0, 1, 2, 2.5, 0.1, 0.2, 0.3, 1e9, 3)
	case Money:
		return pick[any](d, "0.10", "0.1", "0.20", "-1", "2.50", 2.5, "10", "9.00", 0)
	case Date:
		return d.date()
	case Instant:
		return d.instant()
	}
	return d.IntN(2) == 0
}

func (d *dice) record(rows string) map[string]any {
	out := map[string]any{}
	for _, f := range d.names {
		name, ok := strings.CutPrefix(f, rows+".")
		if rows == "" {
			name, ok = f, !strings.Contains(f, ".")
		}
		if !ok || d.IntN(4) == 0 {
			continue
		}
		k := d.schema[f]
		switch {
		case d.IntN(8) == 0:
			out[name] = pick[any](d, nil, "", "x", 5, true, []any{}, []any{1, "a"}, map[string]any{"id": "a"}, "12.345", "2026-02-30")
		case k == Rows:
			rs := []any{}
			for range d.IntN(4) {
				rs = append(rs, d.record("rs"))
			}
			out[name] = rs
		default:
			out[name] = d.of(k)
		}
	}
	return out
}

func (d *dice) expr(depth int, rows string) map[string]any {
	switch n := d.IntN(10); {
	case depth > 1 && n < 3:
		args := []any{}
		for range 1 + d.IntN(3) {
			args = append(args, d.expr(depth-1, rows))
		}
		return map[string]any{"op": pick(d, "and", "or"), "args": args}
	case depth > 1 && n == 3:
		return map[string]any{"op": "not", "args": []any{d.expr(depth-1, rows)}}
	case rows == "" && n == 4:
		return map[string]any{"op": pick(d, "any_row", "all_rows", "no_row"), "rows": "rs", "where": d.expr(max(1, depth-1), "rs")}
	}
	return d.comparison(rows)
}

// comparison draws until Check has nothing to say: most draws of the right side fit.
func (d *dice) comparison(rows string) map[string]any {
	for {
		left, k := d.left(rows)
		op := pick(d, k.Ops()...)
		out := map[string]any{"op": op, "l": left}
		switch op.shape() {
		case shapeOne, shapeMany:
			out["r"] = d.right(op, k, rows)
		case shapeRange:
			out["lo"], out["hi"] = d.right(op, k, rows), d.right(op, k, rows)
		case shapeFor:
			out["r"] = map[string]any{"v": pick(d, "0m", "30m", "1h", "24h", "1d", "2d", "1w")}
		case shapeRows:
			continue
		}
		raw, err := json.Marshal(out)
		if err != nil {
			panic(err)
		}
		e, err := Parse(raw)
		if err == nil && len(e.Check(inRows{d.schema, rows})) == 0 {
			return out
		}
	}
}

// inRows is the schema seen from inside a sub-form.
type inRows struct {
	schema Map
	rows   string
}

func (s inRows) Kind(field string) (Kind, bool) { return s.schema.Kind(join(s.rows, field)) }

func (d *dice) left(rows string) (any, Kind) {
	f := d.field(rows)
	k := d.schema[join(rows, f)]
	switch n := d.IntN(12); {
	case n == 0 && (k.list() || k == Rows):
		return map[string]any{"count": f}, Number
	case n == 1 && rows == "":
		s := pick(d, "rs.n", "rs.m")
		return map[string]any{"sum": s}, d.schema[s]
	case n == 2:
		m := pick(d, me()...)
		return map[string]any{"me": m}, meKind(m)
	}
	return map[string]any{"f": f}, k
}

func (d *dice) field(rows string) string {
	for {
		name, ok := d.names[d.IntN(len(d.names))], true
		if rows != "" {
			name, ok = strings.CutPrefix(name, rows+".")
		}
		if ok && !strings.Contains(name, ".") {
			return name
		}
	}
}

func (d *dice) right(op Op, k Kind, rows string) any {
	switch d.IntN(8) {
	case 0:
		return map[string]any{"f": d.field(rows)}
	case 1:
		return map[string]any{"me": pick(d, me()...)}
	case 2, 3:
		if k.when() {
			return map[string]any{"now": pick(d, "", "-24h", "+1d", "-1d", "+30m", "-1w")}
		}
	}
	if op.shape() == shapeMany {
		list := []any{}
		for range 1 + d.IntN(3) {
			list = append(list, d.of(k.single()))
		}
		return map[string]any{"v": list}
	}
	if k == Instant && d.IntN(2) == 0 {
		k = Date
	}
	return map[string]any{"v": d.of(k)}
}

func (d *dice) parsed(t testing.TB) Expr {
	t.Helper()
	raw, err := json.Marshal(d.expr(4, ""))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if p := e.Check(d.schema); len(p) > 0 {
		t.Fatalf("%s: %v", raw, p)
	}
	return e
}

func TestSQL_AgreesWithHoldsOnRandomConditions(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dice := newDice(1, v.Fields)
		var records []map[string]any
		for range 150 {
			records = append(records, dice.record(""))
		}
		tab := table{fields: v.Fields, alias: "x"}
		tab.fill(t, d, records)
		met := 0
		for range 400 {
			e := dice.parsed(t)
			got := tab.ids(t, d, e, v.env(t, vector{}), "")
			for i, rec := range records {
				want := e.Holds(v.env(t, vector{Record: rec}))
				if want {
					met++
				}
				if got[i] != want {
					t.Fatalf("%s\n%v\nsql=%v, holds=%v", e, rec, got[i], want)
				}
			}
		}
		t.Logf("%d of %d held", met, 400*len(records))
	})
}

// The browser's test reads this file; with -update it is drawn anew from the same seed.
// ANLAN_COND_RANDOM=testdata/more.json writes 20,000 more, of another seed each time; the
// browser's test reads that file too if it is there.
func TestRandom_FileForTheBrowser(t *testing.T) {
	const file = "testdata/random.json"
	v := readVectors(t, "testdata/vectors.json")
	if *update {
		writeRandom(t, file, v, newDice(7, v.Fields), 2000)
	}
	if more := os.Getenv("ANLAN_COND_RANDOM"); more != "" {
		writeRandom(t, filepath.Clean(more), v, newDice(uint64(time.Now().UnixNano()), v.Fields), 20000)
	}
	got := readVectors(t, file)
	if len(got.Cases) < 2000 {
		t.Fatalf("%d cases, want 2000", len(got.Cases))
	}
	for i, c := range got.Cases {
		if holds := c.Expr.Holds(v.env(t, c)); holds != c.Holds {
			t.Errorf("case %d: holds=%v, want %v: %s %v", i, holds, c.Holds, c.Expr, c.Record)
		}
	}
}

// writeRandom draws cases, half of which hold, with only the fields that are read.
func writeRandom(t *testing.T, file string, v vectors, d *dice, n int) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("{\"cases\": [\n")
	for i := range n {
		c := vector{}
		raw, err := json.Marshal(d.expr(3, ""))
		if err != nil {
			t.Fatal(err)
		}
		if c.Expr, err = Parse(raw); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			c.Record = d.trimmed(c.Expr)
			c.Holds = c.Expr.Holds(v.env(t, c))
			if c.Holds == (i%2 == 0) {
				break
			}
		}
		line, err := json.Marshal(map[string]any{"expr": c.Expr, "record": c.Record, "holds": c.Holds})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		if i < n-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(fmt.Errorf("write random cases: %w", err))
	}
}

func (d *dice) trimmed(e Expr) map[string]any {
	out := d.record("")
	read := e.Fields()
	for f := range out {
		if !slices.Contains(read, f) {
			delete(out, f)
		}
	}
	rows, _ := out["rs"].([]any)
	for _, r := range rows {
		row, _ := r.(map[string]any)
		for f := range row {
			if !slices.Contains(read, "rs."+f) {
				delete(row, f)
			}
		}
	}
	return out
}
