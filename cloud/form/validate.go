package form

import (
	"fmt"
	"maps"
	"slices"

	"anlan/cloud/cond"
)

// Validate checks a whole document and returns it as it is stored: values in their one
// form, formulas computed, what a rule says to forget forgotten. Fields of older versions
// of the form are kept as they are. Required fields and rules bind only whoever may write
// one of their fields.
func Validate(d *Def, doc map[string]any, env *Env, may Permitted) (map[string]any, []Problem) {
	v := &validator{def: d, env: env, may: may, schema: d.Schema(), doc: maps.Clone(doc)}
	if v.doc == nil {
		v.doc = map[string]any{}
	}
	for i := range d.Fields {
		f := &d.Fields[i]
		switch {
		case !f.Type.Data() || f.Type == Formula:
		case f.Type == Rows:
			v.rows(f)
		default:
			v.one(f, v.doc, env.Old, f.Key)
		}
	}
	v.settle()
	for i := range d.Fields {
		v.rulesOf(&d.Fields[i])
	}
	for _, r := range d.Rules {
		if !r.Holds.Holds(v.cond()) && v.binds(r) {
			v.add(r.Field, r.Message.ZH, r.Message.In("en"))
		}
	}
	return v.doc, v.problems
}

type validator struct {
	problems
	def    *Def
	env    *Env
	may    Permitted
	schema cond.Map
	doc    map[string]any
}

func (v *validator) cond() cond.Env { return v.def.Cond(v.doc, v.env) }

// one normalises a value in place; a wrong one stays as it was sent, so that people can
// mend it.
func (v *validator) one(f *Field, in, old map[string]any, path string) {
	raw := in[f.Key]
	if f.ServerTime && raw == nil && v.may.ok(path) {
		raw = instantText(v.env.Now)
		if f.Type == Date {
			raw = v.env.Now.In(v.env.zone()).Format("2006-01-02")
		}
	}
	x, c := f.normalise(raw, old[f.Key], v.env)
	switch {
	case c != nil:
		v.add(path, c.zh, c.en)
	case x == nil:
		delete(in, f.Key)
	default:
		in[f.Key] = x
	}
}

func (v *validator) rows(f *Field) {
	list := rowsOf(v.doc[f.Key])
	most := f.MaxCount
	if most == 0 || most > MaxRowCount {
		most = MaxRowCount
	}
	if len(list) > most {
		v.add(f.Key, fmt.Sprintf("至多 %d 行", most), fmt.Sprintf("at most %d rows", most))
		return
	}
	old := map[any]map[string]any{}
	for _, r := range rowsOf(v.env.Old[f.Key]) {
		old[r[rowID]] = r
	}
	out := make([]any, len(list))
	for i, r := range list {
		r = maps.Clone(r)
		if r[rowID] == nil {
			r[rowID] = newID()
		}
		for j := range f.Fields {
			if g := &f.Fields[j]; g.Type.Data() && g.Type != Formula {
				v.one(g, r, old[r[rowID]], at(f.Key, i)+"."+g.Key)
			}
		}
		out[i] = r
	}
	delete(v.doc, f.Key)
	if len(out) > 0 {
		v.doc[f.Key] = out
	}
}

// settle computes formulas, takes what the server derives, and forgets what is not visible and says so, until neither
// changes anything more.
func (v *validator) settle() {
	for range 10 {
		v.compute()
		v.derive()
		if !v.forget() {
			return
		}
	}
}

func (v *validator) compute() {
	for i := range v.def.Fields {
		f := &v.def.Fields[i]
		for _, r := range rowsOf(v.doc[f.Key]) {
			v.computeIn(f.Fields, r)
		}
	}
	v.computeIn(v.def.Fields, v.doc)
}

// computeIn computes the formulas of one document or row, those they read first.
func (v *validator) computeIn(fields []Field, doc map[string]any) {
	done := map[string]bool{}
	var one func(f *Field)
	one = func(f *Field) {
		if done[f.Key] {
			return
		}
		done[f.Key] = true
		for _, r := range f.formula.refs {
			if g, ok := find(fields, r.field); ok && g.Type == Formula {
				one(g)
			}
		}
		if x := f.result(&formulaEnv{doc, v.env.zone()}); x != nil {
			doc[f.Key] = x
		} else {
			delete(doc, f.Key)
		}
	}
	for i := range fields {
		if fields[i].Type == Formula {
			one(&fields[i])
		}
	}
}

// derive takes the values that the server makes of others. A field by a name it does not
// know keeps what it had.
func (v *validator) derive() {
	if v.env.Derive == nil {
		return
	}
	for i := range v.def.Fields {
		f := &v.def.Fields[i]
		if f.Derive == "" || f.Propose && v.doc[f.Key] != nil {
			continue
		}
		raw, known := v.env.Derive(f.Derive, v.doc)
		if !known {
			continue
		}
		x, c := f.normalise(raw, v.env.Old[f.Key], v.env)
		if c != nil || x == nil {
			delete(v.doc, f.Key)
		} else {
			v.doc[f.Key] = x
		}
	}
}

func (v *validator) forget() (changed bool) {
	env := v.cond()
	var keys []string
	for i := range v.def.Fields {
		f := &v.def.Fields[i]
		if f.ClearHidden && v.doc[f.Key] != nil && !f.Visible.Holds(env) {
			keys = append(keys, f.Key)
			continue
		}
		for _, r := range rowsOf(v.doc[f.Key]) {
			in := inRow(env, v.schema, f, r, v.env.zone())
			for j := range f.Fields {
				if g := &f.Fields[j]; g.ClearHidden && r[g.Key] != nil && !g.Visible.Holds(in) {
					delete(r, g.Key)
					changed = true
				}
			}
		}
	}
	for _, k := range keys {
		delete(v.doc, k)
	}
	return changed || len(keys) > 0
}

// rulesOf checks that a field is there if it must be, has not changed if it must not, and
// passes its checks.
func (v *validator) rulesOf(f *Field) {
	if !f.Type.Data() || f.Hidden {
		return
	}
	env := v.cond()
	if !f.Visible.Holds(env) {
		return
	}
	v.field(f, v.doc, v.env.Old, env, f.Key, v.may.ok(f.Key))
	if f.Type != Rows {
		return
	}
	old := map[any]map[string]any{}
	for _, r := range rowsOf(v.env.Old[f.Key]) {
		old[r[rowID]] = r
	}
	for i, r := range rowsOf(v.doc[f.Key]) {
		in := inRow(env, v.schema, f, r, v.env.zone())
		for j := range f.Fields {
			g := &f.Fields[j]
			if g.Type.Data() && !g.Hidden && g.Visible.Holds(in) {
				v.field(g, r, old[r[rowID]], in, at(f.Key, i)+"."+g.Key, v.may.ok(f.Key+"."+g.Key))
			}
		}
	}
}

func (v *validator) field(f *Field, doc, old map[string]any, env cond.Env, path string, mine bool) {
	value := doc[f.Key]
	if !mine {
		return
	}
	if (f.ReadOnly || !f.ReadOnlyIf.IsZero() && f.ReadOnlyIf.Holds(env)) && v.env.Old != nil && !f.Given() && !same(value, old[f.Key]) {
		v.add(path, "此时不可修改", "cannot be changed now")
	}
	if value == nil && !f.Given() && !v.told(path) {
		need := f.Required || !f.RequiredIf.IsZero() && f.RequiredIf.Holds(env)
		if need || f.Type == Rows && f.MinCount > 0 {
			v.add(path, "“"+f.Label.ZH+"”必填", f.Label.In("en")+" is required")
		}
	}
	if n := len(rowsOf(value)); f.Type == Rows && n > 0 && n < f.MinCount {
		v.add(path, fmt.Sprintf("至少 %d 行", f.MinCount), fmt.Sprintf("at least %d rows", f.MinCount))
	}
	for _, r := range f.Checks {
		if value != nil && !r.Holds.Holds(env) {
			v.add(path, r.Message.ZH, r.Message.In("en"))
		}
	}
}

// told says if the field already has a problem.
func (v *validator) told(path string) bool {
	return slices.ContainsFunc(v.problems, func(p Problem) bool { return p.Path == path })
}

// binds says if a rule is this writer's to keep: one of the fields it reads may be written.
func (v *validator) binds(r Rule) bool {
	return v.may == nil || slices.ContainsFunc(r.Holds.Fields(), func(f string) bool { return v.may.ok(f) })
}
