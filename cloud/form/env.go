package form

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
)

// Env is what a document is checked in. Every function may be nil: then what it would
// tell is not checked.
type Env struct {
	Now    time.Time
	Zone   *time.Location // of the community; nil is UTC
	Me     cond.Person
	MeName string
	Under  func(parent, dept string) bool
	Below  func(parent string) []string

	// Old is the document before the change, nil for a new one. What has not changed is not
	// held against rules for new choices: leavers and retired options stay.
	Old map[string]any
	// Lookup finds a person, department, post, place, device or file.
	Lookup func(t Type, id string) (Entry, bool)
	// Dict finds a dictionary.
	Dict func(key string) (*Dict, bool)
	// Linked reads a record that a link field points at.
	Linked func(form, id string) (map[string]any, bool)
	// Query answers a default of that kind.
	Query func(q Query) (any, bool)
	// Derive makes a value of others in a document, by a name; false if it knows no such name.
	Derive func(name string, doc map[string]any) (any, bool)
	// System is the record's own columns (_state, _created_by, …).
	System map[string]any
}

// Entry is what a lookup tells.
type Entry struct {
	Name   string
	Active bool
	Depts  []string // of a person
	Roles  []string
}

func (e *Env) zone() *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

func (e *Env) dict(key string) (*Dict, bool) {
	if e.Dict == nil {
		return nil, false
	}
	return e.Dict(key)
}

// systemKinds are the record's own columns, as conditions know them.
func systemKinds() cond.Map {
	return cond.Map{
		"_id": cond.Text, "_no": cond.Text, "_state": cond.Option, "_version": cond.Number, "_community": cond.Option, "_building": cond.Option,
		"_created_by": cond.User, "_created_at": cond.Instant, "_updated_by": cond.User, "_updated_at": cond.Instant,
		"_day": cond.Date, "_dept": cond.Dept, "_owner": cond.User, "_flow": cond.Text, "_due_at": cond.Instant,
	}
}

// Schema is what conditions may read of the form: its fields, columns of sub-forms as
// "rows.column", the day of a date-time ("when__day"), the parts of a location
// ("gps__lat", "gps__lng", "gps__accuracy") and the record's own columns ("_state").
func (d *Def) Schema() cond.Map {
	out := systemKinds()
	for _, f := range d.Fields {
		for _, c := range f.columns() {
			out[c.name] = c.kind
		}
		if f.Type != Rows {
			continue
		}
		out[f.Key] = cond.Rows
		for _, g := range f.Fields {
			for _, c := range g.columns() {
				out[f.Key+"."+c.name] = c.kind
			}
		}
	}
	return out
}

// rowSchema is what conditions of a sub-form's fields may read: the row's columns by their
// bare names, and the record around it.
func rowSchema(record cond.Map, rows Field) cond.Map {
	out := maps.Clone(record)
	for _, g := range rows.Fields {
		for _, c := range g.columns() {
			out[c.name] = c.kind
		}
	}
	return out
}

// columnRaw is the value behind a column's name, as conditions read it.
func columnRaw(fields []Field, doc map[string]any, name string, zone *time.Location) any {
	key, part, split := strings.Cut(name, "__")
	raw := doc[key]
	m, _ := raw.(map[string]any)
	f, ok := find(fields, key)
	switch {
	case split && part == "day":
		ms, ok := cond.ColumnValue(cond.Instant, raw).(int64)
		if !ok {
			return nil
		}
		return time.UnixMilli(ms).In(zone).Format(time.DateOnly)
	case split:
		return m[part]
	case ok && f.Type == Opinion && m != nil:
		return m["text"]
	case ok && f.Type == Rows:
		return projectedRows(f, raw, zone)
	}
	return raw
}

// projectedRows are a sub-form's rows with every column's name in them.
func projectedRows(f *Field, raw any, zone *time.Location) any {
	rows := rowsOf(raw)
	out := make([]any, len(rows))
	for i, r := range rows {
		row := map[string]any{}
		for j := range f.Fields {
			for _, c := range f.Fields[j].columns() {
				row[c.name] = columnRaw(f.Fields, r, c.name, zone)
			}
		}
		out[i] = row
	}
	return out
}

// Cond is the environment of a condition on a document; row is the row of the sub-form the
// condition stands in, with its field, or nil.
func (d *Def) Cond(doc map[string]any, env *Env) cond.Env {
	return cond.Env{Now: env.Now, Zone: env.zone(), Me: env.Me, Under: env.Under, Below: env.Below, Schema: d.Schema(),
		Fields: func(name string) any {
			if strings.HasPrefix(name, "_") {
				return env.System[name]
			}
			return columnRaw(d.Fields, doc, name, env.zone())
		}}
}

// inRow is [Def.Cond] for a condition on one row.
func inRow(outer cond.Env, schema cond.Map, rows *Field, row map[string]any, zone *time.Location) cond.Env {
	in, fields := outer, outer.Fields
	in.Schema = rowSchema(schema, *rows)
	in.Fields = func(name string) any {
		key, _, _ := strings.Cut(name, "__")
		if _, ok := find(rows.Fields, key); ok {
			return columnRaw(rows.Fields, row, name, zone)
		}
		return fields(name)
	}
	return in
}

// rowsOf reads the rows of a sub-form.
func rowsOf(raw any) []map[string]any {
	switch l := raw.(type) {
	case []map[string]any:
		return l
	case []any:
		out := make([]map[string]any, 0, len(l))
		for _, e := range l {
			if m, ok := e.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	return nil
}

// parseShift reads "0m", "-24h", "7d".
func parseShift(s string) (time.Duration, bool) {
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	unit, ok := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[s[len(s)-1]]
	return time.Duration(n) * unit, err == nil && ok && n > -100_000 && n < 100_000
}
