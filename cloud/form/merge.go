package form

import (
	"crypto/rand"
	"maps"
	"strings"
	"time"
)

// Permitted says if a field ("level") or a column of a sub-form ("items.amount") may be
// written; nil is everything.
type Permitted func(path string) bool

func (p Permitted) ok(path string) bool { return p == nil || p(path) }

// rowID is the key of a row's identity, which keeps it the same row while others come and go.
const rowID = "_id"

// Merge puts a patch into a document, field by field: what the patch does not name stays,
// null clears. What is not permitted is refused if it differs and ignored if it does not.
// Rows of a sub-form are matched by their _id; in a row, too, what is not named stays.
func Merge(d *Def, old, patch map[string]any, may Permitted) (map[string]any, []Problem) {
	var p problems
	out := maps.Clone(old)
	if out == nil {
		out = map[string]any{}
	}
	for key, v := range patch {
		f, ok := d.Field(key)
		switch {
		case !ok || !f.Type.Data():
			p.add(key, "没有这个字段", "no such field")
		case f.Given():
			// the server's own; a client that sends the whole document back sends it too
		case f.Type == Rows:
			mergeRows(&p, f, out, v, may)
		case !may.ok(key):
			if !sameInput(f, out[key], v) {
				p.add(key, "无权填写此字段", "this field may not be written")
			}
		case v == nil:
			delete(out, key)
		default:
			out[key] = v
		}
	}
	return out, p
}

// sameInput compares what is stored with what a client sent of it.
func sameInput(f *Field, stored, sent any) bool {
	if stored == nil || sent == nil {
		return stored == nil && (sent == nil || sent == "")
	}
	if l, ok := stored.([]any); ok {
		m, ok := anyList(sent)
		if !ok || len(l) != len(m) {
			return false
		}
		for i := range l {
			if idOf(l[i]) == "" || idOf(l[i]) != idOf(m[i]) {
				return false
			}
		}
		return true
	}
	if id := idOf(stored); id != "" && f.Type != Location {
		return id == idOf(sent)
	}
	v, c := f.normalise(sent, stored, &Env{Now: time.Unix(0, 0)})
	return c == nil && same(v, stored)
}

func mergeRows(p *problems, f *Field, out map[string]any, v any, may Permitted) {
	list, ok := anyList(v)
	if m, isRows := v.([]map[string]any); isRows {
		ok = true
		for _, r := range m {
			list = append(list, r)
		}
	}
	if v != nil && !ok {
		p.add(f.Key, "应为明细列表", "must be a list of rows")
		return
	}
	was := map[string]map[string]any{}
	for _, r := range rowsOf(out[f.Key]) {
		was[idOf(map[string]any{"id": r[rowID]})] = r
	}
	whole := may.ok(f.Key) // rows may come and go
	var rows []any
	kept := 0
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			p.add(at(f.Key, i), "应为对象", "must be an object")
			continue
		}
		id, _ := m[rowID].(string)
		base, known := was[id]
		if known {
			delete(was, id)
			kept++
		} else if !whole {
			p.add(at(f.Key, i), "无权增加明细行", "rows may not be added")
			continue
		}
		row := mergeRow(p, f, at(f.Key, i), base, m, may)
		if !known {
			row[rowID] = newID()
		}
		rows = append(rows, row)
	}
	if len(was) > 0 && !whole {
		p.add(f.Key, "无权删除明细行", "rows may not be removed")
		return
	}
	if len(rows) == 0 {
		delete(out, f.Key)
		return
	}
	out[f.Key] = rows
}

func mergeRow(p *problems, f *Field, path string, base, m map[string]any, may Permitted) map[string]any {
	row := maps.Clone(base)
	if row == nil {
		row = map[string]any{}
	}
	for k, v := range m {
		if k == rowID {
			continue
		}
		g, ok := find(f.Fields, k)
		switch {
		case !ok || !g.Type.Data():
			p.add(path+"."+k, "没有这个字段", "no such field")
		case g.Given():
		case !may.ok(f.Key + "." + k):
			if !sameInput(g, row[k], v) {
				p.add(path+"."+k, "无权填写此字段", "this field may not be written")
			}
		case v == nil:
			delete(row, k)
		default:
			row[k] = v
		}
	}
	return row
}

func newID() string { return strings.ToLower(rand.Text()) }

// Defaults is the document a new record begins with.
func Defaults(d *Def, env *Env) map[string]any {
	out := map[string]any{}
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Default == nil || f.Hidden {
			continue
		}
		if v := f.initial(env); v != nil {
			out[f.Key] = v
		}
	}
	return out
}

func (f *Field) initial(env *Env) any {
	v := f.Default
	switch {
	case v.Value != nil:
		return v.Value
	case v.Now != "":
		by, _ := parseShift(v.Now)
		t := env.Now.Add(by)
		switch f.Type {
		case Date:
			return t.In(env.zone()).Format(time.DateOnly)
		case Time:
			return t.In(env.zone()).Format("15:04")
		}
		return instantText(t)
	case v.Me != "":
		return f.list1(map[string]string{"id": env.Me.ID, "dept": env.Me.Dept, "post": first(env.Me.Posts)}[v.Me])
	case v.Query != nil && env.Query != nil:
		if x, ok := env.Query(*v.Query); ok {
			return x
		}
	}
	return nil
}

// list1 wraps an id where the field holds several.
func (f *Field) list1(id string) any {
	switch {
	case id == "":
		return nil
	case f.Type == Persons || f.Type == Departments:
		return []any{id}
	}
	return id
}

func first(l []string) string {
	if len(l) == 0 {
		return ""
	}
	return l[0]
}

// fill copies from a linked record what the link's field says, when the link is chosen
// anew and the patch does not say otherwise.
func fill(d *Def, old, doc, patch map[string]any, env *Env) {
	for i := range d.Fields {
		f := &d.Fields[i]
		id := idOf(doc[f.Key])
		if f.Type != Link || len(f.Fill) == 0 || id == "" || id == idOf(old[f.Key]) || env.Linked == nil {
			continue
		}
		linked, ok := env.Linked(f.Form, id)
		for here, there := range f.Fill {
			if _, said := patch[here]; ok && !said && linked[there] != nil {
				doc[here] = linked[there]
			}
		}
	}
}
