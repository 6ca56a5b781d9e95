package form

import (
	"encoding/json"
	"testing"

	"anlan/cloud/cond"

	"github.com/google/go-cmp/cmp"
)

const choices = `,"options":[{"id":"a","label":{"zh":"甲"}},{"id":"b","label":{"zh":"乙"},"color":"red"},{"id":"old","label":{"zh":"旧"},"retired":true}]`

// TestF08_EveryControlTakesWhatItShould gives every control right and wrong values: what is
// right is kept in one form, what is wrong is refused at its path in both languages.
func TestF08_EveryControlTakesWhatItShould(t *testing.T) {
	person := `{"id":"li","name":"李四"}`
	for _, c := range []struct {
		id, typ, more string
		right         []string // given, kept (the same if "")
		wrong         []string
	}{
		{"F08", "text", `,"max_length":5,"min_length":2,"pattern":"[A-Z0-9]+"`, []string{`"AB1"`, ``, `"  AB "`, `"AB"`}, []string{`"A"`, `"ABCDEF"`, `"ab"`, `5`, `["AB"]`}},
		{"F11", "multiline", `,"max_length":10`, []string{"\"一\\n二\"", ``}, []string{`"一二三四五六七八九十多"`, `true`}},
		{"F11", "opinion", ``, []string{`"可以"`, `{"at":"2026-03-02T04:00:00.000Z","by":"li","name":"李四","text":"可以"}`,
			`{"text":"可以","by":"wang","at":"2020-01-01T00:00:00Z"}`, `{"at":"2026-03-02T04:00:00.000Z","by":"li","name":"李四","text":"可以"}`}, []string{`5`}},
		{"F08", "number", `,"min":-1,"max":10,"decimals":1`, []string{`1.5`, ``, `10`, ``, `-0`, `0`, `1.50`, `1.5`}, []string{`10.1`, `-2`, `1.55`, `"1"`, `1e300`}},
		{"F08", "money", `,"min":0`, []string{`"12.3"`, `"12.30"`, `7`, `"7.00"`}, []string{`"12.345"`, `"-1"`, `"x"`}},
		{"F04", "date", `,"earliest":"-24h"`, []string{`"2026-03-01"`, ``, `"2026-03-02"`, ``}, []string{`"2026-02-27"`, `"2026-02-30"`, `5`}},
		{"F04", "datetime", `,"latest":"0m"`, []string{`"2026-03-02T11:00:00+08:00"`, `"2026-03-02T03:00:00.000Z"`}, []string{`"2026-03-02T13:00:00+08:00"`, `"noon"`}},
		{"F04", "time", ``, []string{`"08:30"`, ``}, []string{`"24:00"`, `"8:30"`, `830`}},
		{"F09", "option", choices, []string{`"a"`, ``, `{"id":"b"}`, `"b"`}, []string{`"c"`, `"old"`, `["a"]`, `"other"`}},
		{"F09", "option", choices + `,"other":true`, []string{`{"id":"other","text":"丙"}`, ``}, []string{`{"id":"other"}`, `"other"`}},
		{"F14", "options", choices + `,"min_count":1,"max_count":2`, []string{`["a","b","a"]`, `["a","b"]`}, []string{`["a","c"]`, `"a"`}},
		{"F09", "switch", ``, []string{`true`, ``, `false`, ``}, []string{`"yes"`, `1`}},
		{"F09", "rating", `,"max":3`, []string{`3`, ``}, []string{`4`, `0`, `1.5`}},
		{"F05", "person", ``, []string{`"li"`, person, `{"id":"li","name":"别名"}`, person}, []string{`"nobody"`, `"gone"`, `5`}},
		{"F05", "person", `,"in_departments":["repair"]`, []string{`"wang"`, `{"id":"wang","name":"王五"}`}, []string{`"li"`}},
		{"F05", "person", `,"in_roles":["engineer"]`, []string{`"wang"`, `{"id":"wang","name":"王五"}`}, []string{`"li"`}},
		{"F05", "persons", `,"max_count":1`, []string{`["li","li"]`, `[` + person + `]`}, []string{`["li","wang"]`, `"li"`}},
		{"F15", "department", ``, []string{`"safety"`, `{"id":"safety","name":"安全部"}`}, []string{`"none"`}},
		{"F15", "departments", ``, []string{`["safety"]`, `[{"id":"safety","name":"安全部"}]`}, []string{`["none"]`}},
		{"F15", "post", ``, []string{`"guard"`, `{"id":"guard","name":"保安"}`}, []string{`"none"`}},
		{"F13", "place", ``, []string{`"c1/b1/12"`, ``, `"c1"`, ``}, []string{`"c1/b9"`, `"/c1"`, `"c1//12"`, `"a/b/c/d/e"`}},
		{"F13", "device", ``, []string{`"e1/smoke-1"`, `{"id":"e1/smoke-1","name":"烟感"}`}, []string{`"e1/none"`}},
		{"F13", "location", `,"max_accuracy":50,"gps_only":true`, []string{`{"lat":31.2,"lng":121.5,"accuracy":12,"system":"wgs84"}`, `{"accuracy":12,"lat":31.2,"lng":121.5,"manual":false,"system":"wgs84"}`},
			[]string{`{"lat":31.2,"lng":121.5,"accuracy":80,"system":"wgs84"}`, `{"lat":99,"lng":1,"accuracy":1,"system":"wgs84"}`, `{"lat":31,"lng":121,"accuracy":1}`, `{"lat":31,"lng":121,"accuracy":1,"system":"gcj02","manual":true}`}},
		{"F10", "photo", `,"max_count":1`, []string{`["att-1"]`, ``, `"att-2"`, `["att-2"]`}, []string{`["att-1","att-2"]`, `["none"]`, `[5]`}},
		{"F12", "media", `,"min_count":2`, []string{`["att-1","att-2"]`, ``}, []string{`["att-1"]`}},
		{"F12", "video", ``, []string{`["att-1"]`, ``}, []string{`["none"]`}},
		{"F12", "file", ``, []string{`["att-1"]`, ``}, []string{`{"name":"x"}`}},
		{"F10", "signature", ``, []string{`"att-1"`, `["att-1"]`}, []string{`["att-1","att-2"]`}},
	} {
		d := mustParse(t, "x", def(field("f", c.typ, c.more)))
		env := func() *Env { return &Env{Now: noon, Zone: shanghai, Me: li.Me, MeName: "李四", Lookup: lookup} }
		for i := 0; i < len(c.right); i += 2 {
			given, want := c.right[i], c.right[i+1]
			if want == "" {
				want = given
			}
			clean, p := Validate(d, decode(t, `{"f":`+given+`}`), env(), nil)
			if len(p) > 0 {
				t.Errorf("%s %s refuses %s: %+v", c.id, c.typ, given, p)
			} else if diff := cmp.Diff(asJSON(t, decode(t, `{"f":`+want+`}`)), asJSON(t, clean)); diff != "" {
				t.Errorf("%s %s keeps %s as (-want +got): %s", c.id, c.typ, given, diff)
			} else if again, p := Validate(d, clean, env(), nil); len(p) > 0 || asJSON(t, again) != asJSON(t, clean) {
				t.Errorf("%s %s does not keep what it kept: %s, %+v", c.id, c.typ, asJSON(t, again), p)
			}
		}
		for _, given := range c.wrong {
			_, p := Validate(d, decode(t, `{"f":`+given+`}`), env(), nil)
			if len(p) == 0 || p[0].Path != "f" || p[0].Text.ZH == "" || p[0].Text.EN == "" {
				t.Errorf("%s %s takes %s: %+v", c.id, c.typ, given, p)
			}
		}
		for _, none := range []string{`{}`, `{"f":null}`, `{"f":""}`} {
			if _, p := Validate(d, decode(t, none), env(), nil); len(p) > 0 {
				t.Errorf("%s %s asks for a value although it is not required: %+v", c.id, c.typ, p)
			}
		}
	}
}

func TestF09_RulesShowRequireAndCheck(t *testing.T) {
	d := mustParse(t, "x", def(field("ok", "option", `,"options":[{"id":"yes","label":{"zh":"正常"}},{"id":"no","label":{"zh":"异常"}}],"required":true`)+","+
		field("what", "text", `,"visible":{"op":"eq","l":{"f":"ok"},"r":{"v":"no"}},"required":true,"clear_hidden":true`)+","+
		field("photo", "photo", `,"required_if":{"op":"eq","l":{"f":"ok"},"r":{"v":"no"}}`)+","+
		field("from", "date", ``)+","+field("to", "date", `,"checks":[{"holds":{"op":"ge","l":{"f":"to"},"r":{"f":"from"}},"message":{"zh":"早于开始","en":"before the start"}}]`),
		`,"rules":[{"holds":{"op":"not_empty","l":{"f":"from"}},"message":{"zh":"何时","en":"when"},"field":"from"}]`))
	for doc, paths := range map[string][]string{
		`{}`:                               {"ok", "from"},
		`{"ok":"yes","from":"2026-01-01"}`: nil,
		`{"ok":"no","from":"2026-01-01"}`:  {"what", "photo"},
		`{"ok":"no","what":"x","photo":["att-1"],"from":"2026-01-02","to":"2026-01-01"}`: {"to"},
	} {
		_, p := Validate(d, decode(t, doc), &Env{Now: noon, Lookup: lookup}, nil)
		if len(paths) == 0 && len(p) == 0 {
			continue
		}
		refused(t, &InvalidError{p}, paths...)
	}
	clean, _ := Validate(d, decode(t, `{"ok":"yes","what":"旧","from":"2026-01-01"}`), &Env{Now: noon}, nil)
	if clean["what"] != nil {
		t.Fatalf("what a hidden field held is not forgotten: %v", clean)
	}
}

func TestF07_SubFormErrorsBlockAndRowsAreKept(t *testing.T) {
	d := mustParse(t, "x", def(field("items", "rows", `,"min_count":1,"max_count":3,"fields":[`+field("name", "text", `,"required":true`)+","+field("n", "number", `,"min":0`)+","+
		field("price", "money", ``)+","+field("sum", "formula", `,"formula":"n * price","result":"money"`)+`]`)+","+
		field("total", "formula", `,"formula":"sum(items.sum)","result":"money"`)))
	clean, p := Validate(d, decode(t, `{"items":[{"name":"灯","n":3,"price":"1.10"},{"name":"管","n":2,"price":"0.05"}]}`), &Env{Now: noon}, nil)
	if len(p) > 0 || clean["total"] != "3.40" {
		t.Fatalf("%v %+v", clean, p)
	}
	_, p = Validate(d, decode(t, `{"items":[{"n":-1},{"name":"x","n":"1"}]}`), &Env{Now: noon}, nil)
	refused(t, &InvalidError{p}, "items[0].name", "items[0].n", "items[1].n")
	_, p = Validate(d, decode(t, `{"items":[{"name":"a"},{"name":"a"},{"name":"a"},{"name":"a"}]}`), &Env{Now: noon}, nil)
	refused(t, &InvalidError{p}, "items")
}

// TestF07_MergeLosesNothingThatWasNotSent is the defect other engines had: a hidden or
// unsent column was wiped on save.
func TestF07_MergeLosesNothingThatWasNotSent(t *testing.T) {
	d := mustParse(t, "x", def(field("a", "text", ``)+","+field("b", "text", ``)+","+field("items", "rows", `,"fields":[`+field("p", "text", ``)+","+field("q", "text", ``)+`]`)))
	old := decode(t, `{"a":"1","b":"2","gone":"kept","items":[{"_id":"r1","p":"x","q":"y"},{"_id":"r2","p":"z"}]}`)
	may := func(paths ...string) Permitted {
		return func(p string) bool {
			for _, q := range paths {
				if p == q {
					return true
				}
			}
			return false
		}
	}
	for _, c := range []struct {
		patch string
		may   Permitted
		want  string
	}{
		{`{"a":"9"}`, may("a", "b"), `{"a":"9","b":"2","gone":"kept","items":[{"_id":"r1","p":"x","q":"y"},{"_id":"r2","p":"z"}]}`},
		{`{"a":null}`, may("a"), `{"b":"2","gone":"kept","items":[{"_id":"r1","p":"x","q":"y"},{"_id":"r2","p":"z"}]}`},
		{`{"items":[{"_id":"r1","p":"n"},{"_id":"r2","p":"z"}]}`, may("items", "items.p"), `{"a":"1","b":"2","gone":"kept","items":[{"_id":"r1","p":"n","q":"y"},{"_id":"r2","p":"z"}]}`},
	} {
		got, p := Merge(d, old, decode(t, c.patch), c.may)
		if len(p) > 0 {
			t.Errorf("%s: %+v", c.patch, p)
		}
		if diff := cmp.Diff(asJSON(t, decode(t, c.want)), asJSON(t, got)); diff != "" {
			t.Errorf("%s (-want +got): %s", c.patch, diff)
		}
	}
}

func TestF07_WhatMayNotBeWrittenIsSaid(t *testing.T) {
	d := mustParse(t, "x", def(field("a", "text", ``)+","+field("b", "text", ``)))
	_, p := Merge(d, decode(t, `{"a":"1"}`), decode(t, `{"a":"2","b":"2","c":"3"}`), func(path string) bool { return path == "a" })
	refused(t, &InvalidError{p}, "b", "c")
}

func TestF18_AChosenOptionOutlivesItsRetirement(t *testing.T) {
	d := mustParse(t, "x", def(field("f", "option", choices)+","+field("who", "person", ``)))
	env := &Env{Now: noon, Lookup: lookup, Old: decode(t, `{"f":"old","who":{"id":"gone","name":"离职"}}`)}
	clean, p := Validate(d, decode(t, `{"f":"old","who":"gone"}`), env, nil)
	if len(p) > 0 || asJSON(t, clean) != `{"f":"old","who":{"id":"gone","name":"离职"}}` {
		t.Fatalf("%v %+v", clean, p)
	}
}

// TestHRisk_AValueTheServerMakesIsNeverTheClients: derived fields follow their document, a
// proposed one gives way to what people say, and neither may be asked for in a wrong place.
func TestHRisk_AValueTheServerMakesIsNeverTheClients(t *testing.T) {
	d, err := Parse("x", []byte(`{"title":{"zh":"表"},"fields":[{"key":"a","type":"number","label":{"zh":"甲"}},
		{"key":"twice","type":"number","label":{"zh":"倍"},"required":true,"derive":"test.twice"},{"key":"own","type":"number","label":{"zh":"拟"},"derive":"test.twice","propose":true},
		{"key":"odd","type":"number","label":{"zh":"怪"},"derive":"test.unknown"},
		{"key":"why","type":"text","label":{"zh":"因"},"clear_hidden":true,"visible":{"op":"gt","l":{"f":"twice"},"r":{"v":10}}}]}`))
	if err != nil {
		t.Fatal(problemsOf(err))
	}
	env := &Env{Now: noon, Derive: func(name string, doc map[string]any) (any, bool) {
		v, ok := cond.ColumnValue(cond.Number, doc["a"]).(float64)
		if name != "test.twice" || !ok {
			return nil, name == "test.twice"
		}
		return 2 * v, true
	}}
	for _, c := range []struct{ base, patch, want string }{
		{`{}`, `{"a":4,"twice":1,"odd":3}`, `{"a":4,"own":8,"twice":8}`},
		{`{}`, `{"a":4,"own":5}`, `{"a":4,"own":5,"twice":8}`},
		{`{"a":4,"own":8,"twice":8,"odd":3}`, `{"a":6,"twice":8,"why":"x"}`, `{"a":6,"odd":3,"own":8,"twice":12,"why":"x"}`},
		{`{"a":6,"own":8,"twice":12,"why":"x"}`, `{"a":2}`, `{"a":2,"own":8,"twice":4}`},
		{`{"a":6,"own":8,"twice":12}`, `{"a":null}`, `{"own":8}`},
	} {
		env.Old = decode(t, c.base)
		got, p := build(d, env.Old, decode(t, c.patch), env, nil)
		raw, err := json.Marshal(got)
		if err != nil || len(p) > 0 || string(raw) != c.want {
			t.Errorf("%s and %s: %s, want %s; %v", c.base, c.patch, raw, c.want, p)
		}
	}
	for _, bad := range []string{`"derive":"test"`, `"derive":"test.twice","default":{"value":1}`, `"propose":true`} {
		_, err := Parse("x", []byte(`{"title":{"zh":"表"},"fields":[{"key":"a","type":"number","label":{"zh":"甲"},`+bad+`}]}`))
		refused(t, err, "fields[0].derive")
	}
	_, err = Parse("x", []byte(`{"title":{"zh":"表"},"fields":[{"key":"a","type":"rows","label":{"zh":"甲"},"fields":[{"key":"b","type":"number","label":{"zh":"乙"},"derive":"test.twice"}]}]}`))
	refused(t, err, "fields[0].fields[0].derive")
}
