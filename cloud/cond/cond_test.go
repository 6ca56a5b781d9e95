package cond

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, s string) Expr {
	t.Helper()
	e, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func paths(p []Problem) []string {
	var out []string
	for _, x := range p {
		out = append(out, x.Path)
		if x.Text.ZH == "" || x.Text.EN == "" {
			out = append(out, "NO TEXT")
		}
	}
	return out
}

func TestParse_TellsEveryProblemWithItsPath(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want []string
	}{
		{`{`, []string{""}},
		{`{} {}`, []string{"", "op"}},
		{`[]`, []string{""}},
		{`{"op":"eq"}`, []string{"l", "r"}},
		{`{"op":"like","l":{"f":"a"},"r":{"v":1}}`, []string{"op"}},
		{`{"op":"and","args":[]}`, []string{"args"}},
		{`{"op":"and"}`, []string{"args"}},
		{`{"op":"not","args":[{"op":"empty","l":{"f":"a"}},{"op":"empty","l":{"f":"a"}}]}`, []string{"args"}},
		{`{"op":"and","args":[{"op":"eq","l":{"f":"a"},"r":{"v":null}},{"op":"eq","l":{"x":1},"r":{"v":[1]}}]}`, []string{"args[0].r.v", "args[1].l", "args[1].r.v"}},
		{`{"op":"eq","l":{"f":"a"},"r":{"v":""}}`, []string{"r.v"}},
		{`{"op":"eq","l":{"f":"a"},"r":{"v":"x\u0000"}}`, []string{"r.v"}},
		{`{"op":"eq","l":{"f":"a"},"r":{"v":1e999}}`, []string{"r.v"}},
		{`{"op":"eq","l":{"f":"a"},"r":{"v":1},"z":1}`, []string{"z"}},
		{`{"op":"in","l":{"f":"a"},"r":{"v":[]}}`, []string{"r.v"}},
		{`{"op":"before","l":{"f":"a"},"r":{"now":"24h"}}`, []string{"r.now"}},
		{`{"op":"within_last","l":{"f":"a"},"r":{"v":"-24h"}}`, []string{"r.v"}},
		{`{"op":"within_last","l":{"f":"a"},"r":{"f":"b"}}`, []string{"r"}},
		{`{"op":"eq","l":{"f":"a.b"},"r":{"me":"salary"}}`, []string{"l.f", "r.me"}},
		{`{"op":"any_row","rows":"a","where":{"op":"any_row","rows":"b","where":{"op":"empty","l":{"f":"c"}}}}`, []string{"where"}},
	} {
		_, err := Parse([]byte(c.raw))
		pe, ok := errors.AsType[*ParseError](err)
		if !ok {
			t.Errorf("%s: err=%v", c.raw, err)
			continue
		}
		if d := cmp.Diff(c.want, paths(pe.Problems)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.raw, d)
		}
	}
}

func TestParse_KeepsItsLimits(t *testing.T) {
	leaf := `{"op":"empty","l":{"f":"a"}}`
	deep := strings.Repeat(`{"op":"not","args":[`, MaxDepth-1) + leaf + strings.Repeat(`]}`, MaxDepth-1)
	mustParse(t, deep)
	wide := `{"op":"and","args":[` + strings.Repeat(leaf+",", MaxNodes-2) + leaf + `]}`
	mustParse(t, wide)
	for name, raw := range map[string]string{
		"deeper": `{"op":"not","args":[` + deep + `]}`,
		"wider":  `{"op":"or","args":[` + wide + `]}`,
		"values": `{"op":"in","l":{"f":"a"},"r":{"v":[` + strings.Repeat("1,", MaxValues) + `1]}}`,
		"text":   `{"op":"eq","l":{"f":"a"},"r":{"v":"` + strings.Repeat("火", MaxText+1) + `"}}`,
		"bytes":  strings.Repeat(" ", MaxBytes+1),
	} {
		if _, err := Parse([]byte(raw)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestExpr_RoundTripsThroughJSON(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	for _, c := range v.Cases {
		again := mustParse(t, c.Expr.String())
		if again.String() != c.Expr.String() {
			t.Errorf("%s: %s became %s", c.Name, c.Expr, again)
		}
	}
	var in struct {
		A Expr `json:"a"`
		B Expr `json:"b,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"a":null}`), &in); err != nil || !in.A.IsZero() || !in.A.Holds(Env{}) {
		t.Errorf("null: %v %v", in, err)
	}
	if out, err := json.Marshal(in); err != nil || string(out) != `{"a":null}` {
		t.Errorf("marshal: %s %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"a":{"op":"x"}}`), &in); err == nil {
		t.Error("an unknown op was read")
	}
}

func TestFields_AreThoseRead(t *testing.T) {
	e := mustParse(t, `{"op":"and","args":[{"op":"eq","l":{"f":"b"},"r":{"f":"a"}},{"op":"any_row","rows":"items","where":{"op":"empty","l":{"f":"x"}}},
		{"op":"gt","l":{"sum":"costs.m"},"r":{"v":"1"}},{"op":"gt","l":{"count":"photos"},"r":{"v":1}},{"op":"eq","l":{"f":"a"},"r":{"me":"id"}}]}`)
	want := []string{"a", "b", "costs", "costs.m", "items", "items.x", "photos"}
	if d := cmp.Diff(want, e.Fields()); d != "" {
		t.Error(d)
	}
}

// checks is testdata/checks.json, which the browser's test reads too.
type checks struct {
	Ops   map[Kind][]Op `json:"ops"`
	Cases []struct {
		Expr Expr     `json:"expr"`
		Want []string `json:"want"`
	} `json:"cases"`
}

func TestCheck_TellsWhatDoesNotFit(t *testing.T) {
	schema := readVectors(t, "testdata/vectors.json").Fields
	raw, err := os.ReadFile("testdata/checks.json")
	if err != nil {
		t.Fatal(err)
	}
	var all checks
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		if d := cmp.Diff(all.Ops[k], k.Ops()); d != "" {
			t.Errorf("operators of %s (-written +have):\n%s", k, d)
		}
	}
	for _, k := range Kinds() {
		for op := range every() {
			if k.has(op) != slices.Contains(k.Ops(), op) {
				t.Errorf("%s of %s: has and Ops differ", op, k)
			}
		}
	}
	for _, c := range all.Cases {
		if d := cmp.Diff(c.Want, paths(c.Expr.Check(schema))); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.Expr, d)
		}
		if _, _, err := c.Expr.SQL(table{fields: schema, alias: "x"}, Dialect{}, Env{Now: time.Now()}); err == nil {
			t.Errorf("%s: compiled", c.Expr)
		}
		if c.Expr.n.op != OpNot && c.Expr.Holds(Env{Schema: schema, Fields: func(string) any { return "a" }}) {
			t.Errorf("%s: held", c.Expr)
		}
	}
}

func TestHolds_WithoutASchemaGuessesByTheValue(t *testing.T) {
	rec := map[string]any{"level": "major", "cost": "10.00", "n": json.Number("3"), "due": "2026-03-09", "at": "2026-03-09T00:00:00Z",
		"who": []string{"li"}, "dept": "north", "items": []any{map[string]any{"ok": false}}, "note": "12.00 元"}
	env := Env{Fields: func(n string) any { return rec[n] }, Now: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC),
		Me: Person{ID: "li", Dept: "south"}, Under: func(p, d string) bool { return p == "south" && d == "north" }}
	for raw, want := range map[string]bool{
		`{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}`:                                    true,
		`{"op":"gt","l":{"f":"cost"},"r":{"v":"9.00"}}`:                                      true,
		`{"op":"eq","l":{"f":"cost"},"r":{"v":10}}`:                                          true,
		`{"op":"eq","l":{"f":"n"},"r":{"v":3}}`:                                              true,
		`{"op":"before","l":{"f":"due"},"r":{"now":""}}`:                                     true,
		`{"op":"within_last","l":{"f":"at"},"r":{"v":"24h"}}`:                                true,
		`{"op":"has_any","l":{"f":"who"},"r":{"me":"id"}}`:                                   true,
		`{"op":"self_or_sub","l":{"f":"dept"},"r":{"me":"dept"}}`:                            true,
		`{"op":"any_row","rows":"items","where":{"op":"eq","l":{"f":"ok"},"r":{"v":false}}}`: true,
		`{"op":"contains","l":{"f":"cost"},"r":{"v":"0.0"}}`:                                 true,
		`{"op":"ne","l":{"f":"nothing"},"r":{"v":"x"}}`:                                      false,
		`{"op":"empty","l":{"f":"nothing"}}`:                                                 true,
	} {
		if got := mustParse(t, raw).Holds(env); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

func TestAndOrNot_JoinConditions(t *testing.T) {
	a, zero := mustParse(t, `{"op":"empty","l":{"f":"a"}}`), Expr{}
	env := Env{Fields: func(string) any { return nil }}
	for name, c := range map[string]struct {
		e     Expr
		json  string
		holds bool
	}{
		"and of none":     {And(), "null", true},
		"and skips none":  {And(zero, a), a.String(), true},
		"or with none":    {Or(zero, a), "null", true},
		"or of two":       {Or(a, Not(a)), `{"op":"or","args":[` + a.String() + `,{"op":"not","args":[` + a.String() + `]}]}`, true},
		"not of none":     {Not(zero), Never().String(), false},
		"and with never":  {And(a, Never()), "", false},
		"not twice holds": {Not(Not(a)), "", true},
	} {
		if c.json != "" && c.e.String() != c.json {
			t.Errorf("%s: %s, want %s", name, c.e, c.json)
		}
		if got := c.e.Holds(env); got != c.holds {
			t.Errorf("%s: holds=%v", name, got)
		}
	}
}

func TestSQL_NumbersItsArgumentsAfterOthers(t *testing.T) {
	e := mustParse(t, `{"op":"and","args":[{"op":"eq","l":{"f":"t"},"r":{"v":"x' OR 1=1 --"}},{"op":"self_or_sub","l":{"f":"dp"},"r":{"me":"dept"}}]}`)
	tab := table{fields: Map{"t": Text, "dp": Dept}, alias: "x"}
	env := Env{Me: Person{Dept: "d"}, Below: func(string) []string { return []string{"d", "e"} }}
	where, args, err := e.SQL(tab, Dialect{Postgres: true, After: 3}, env)
	if err != nil {
		t.Fatal(err)
	}
	want := "((x.c_t IS NOT NULL AND x.c_t = $4::text) AND (x.c_dp IS NOT NULL AND x.c_dp IN ($5::text, $6::text)))"
	if where != want || !slices.Equal(args, []any{"x' OR 1=1 --", "d", "e"}) {
		t.Errorf("%s %v", where, args)
	}
	env.Below = nil
	if _, _, err := e.SQL(tab, Dialect{}, env); err == nil {
		t.Error("departments nobody knows were compiled")
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range readVectors(f, "testdata/vectors.json").Cases {
		f.Add([]byte(c.Expr.String()))
	}
	f.Add([]byte(`{"op":"and","args":[{"op":"x"},null]}`))
	schema := readVectors(f, "testdata/vectors.json").Fields
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Parse(raw)
		if err != nil {
			return
		}
		again, err := Parse([]byte(e.String()))
		if err != nil || again.String() != e.String() {
			t.Fatalf("%s does not read back: %v", e, err)
		}
		e.Holds(Env{Schema: schema, Fields: func(string) any { return nil }})
		e.Holds(Env{})
		e.Sentence("en", nil)
		_, _, err = e.SQL(table{fields: schema, alias: "x"}, Dialect{}, Env{Below: func(string) []string { return nil }})
		if (err != nil) != (len(e.Check(schema)) > 0) {
			t.Fatalf("%s: check and SQL differ: %v", e, err)
		}
	})
}

func BenchmarkHolds_TenLeaves(b *testing.B) {
	leaf := `{"op":"eq","l":{"f":"o"},"r":{"v":"major"}},{"op":"gt","l":{"f":"n"},"r":{"v":3}},{"op":"before","l":{"f":"i"},"r":{"now":"-24h"}},{"op":"gt","l":{"f":"m"},"r":{"v":"10.00"}},{"op":"self_or_sub","l":{"f":"p"},"r":{"v":"b3"}}`
	e := mustParse(b, `{"op":"and","args":[`+leaf+","+leaf+`]}`)
	v := readVectors(b, "testdata/vectors.json")
	env := v.env(b, vector{Record: map[string]any{"o": "major", "n": 4.0, "i": "2026-03-01T00:00:00Z", "m": "12.30", "p": "b3/1"}})
	if !e.Holds(env) {
		b.Fatal("does not hold")
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Holds(env)
	}
}

// every is all operators.
func every() map[Op]bool {
	out := map[Op]bool{OpAnd: true, OpOr: true, OpNot: true}
	for _, k := range Kinds() {
		for _, op := range k.Ops() {
			out[op] = true
		}
	}
	return out
}
