package form

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"anlan/cloud/cond"
	"anlan/contract"
)

// Change is what became of one field, or of one column of a row.
type Change struct {
	Path string        `json:"path"` // "level", "items.amount"
	Row  string        `json:"row,omitempty"`
	Old  any           `json:"old,omitempty"`
	New  any           `json:"new,omitempty"`
	Text contract.Text `json:"text"`
}

// Diff tells what changed, in the form's words and order. Rows are matched by their _id.
func Diff(d *Def, old, new map[string]any) []Change {
	out := []Change{}
	for i := range d.Fields {
		f := &d.Fields[i]
		switch {
		case !f.Type.Data():
		case f.Type == Rows:
			out = append(out, diffRows(f, old, new)...)
		case !same(old[f.Key], new[f.Key]):
			out = append(out, change(f, f.Key, "", f.Label, old[f.Key], new[f.Key]))
		}
	}
	// System columns, and fields the form no longer has.
	both := maps.Clone(old)
	if both == nil {
		both = map[string]any{}
	}
	maps.Copy(both, new)
	for _, k := range slices.Sorted(maps.Keys(both)) {
		if _, ok := d.Field(k); !ok && !same(old[k], new[k]) {
			out = append(out, change(&Field{Type: Text}, k, "", systemLabel(k), old[k], new[k]))
		}
	}
	return out
}

func systemLabel(k string) contract.Text {
	switch k {
	case "_state":
		return contract.Text{ZH: "状态", EN: "State"}
	case "_owner":
		return contract.Text{ZH: "责任人", EN: "Owner"}
	case "_dept":
		return contract.Text{ZH: "部门", EN: "Department"}
	case "_due_at":
		return contract.Text{ZH: "期限", EN: "Due"}
	}
	return contract.Text{ZH: k, EN: k}
}

func change(f *Field, path, row string, label contract.Text, old, new any) Change {
	zh := func(v any) string { return f.Words(v, "zh-CN", nil) }
	en := func(v any) string { return f.Words(v, "en", nil) }
	t := contract.Text{}
	switch {
	case old == nil:
		t = contract.Text{ZH: label.ZH + "：填写 " + zh(new), EN: label.In("en") + ": set to " + en(new)}
	case new == nil:
		t = contract.Text{ZH: label.ZH + "：清除 " + zh(old), EN: label.In("en") + ": cleared, was " + en(old)}
	default:
		t = contract.Text{ZH: label.ZH + "：" + zh(old) + " → " + zh(new), EN: label.In("en") + ": " + en(old) + " → " + en(new)}
	}
	return Change{path, row, old, new, t}
}

func diffRows(f *Field, old, new map[string]any) (out []Change) {
	was, is := rowsOf(old[f.Key]), rowsOf(new[f.Key])
	at := func(rows []map[string]any, id any) int {
		return slices.IndexFunc(rows, func(r map[string]any) bool { return r[rowID] == id })
	}
	for i, r := range was {
		if at(is, r[rowID]) < 0 {
			id, _ := r[rowID].(string)
			out = append(out, Change{f.Key, id, r, nil, contract.Text{ZH: fmt.Sprintf("%s：删除第 %d 行", f.Label.ZH, i+1), EN: fmt.Sprintf("%s: row %d removed", f.Label.In("en"), i+1)}})
		}
	}
	for i, r := range is {
		id, _ := r[rowID].(string)
		before := at(was, r[rowID])
		if before < 0 {
			out = append(out, Change{f.Key, id, nil, r, contract.Text{ZH: fmt.Sprintf("%s：新增第 %d 行", f.Label.ZH, i+1), EN: fmt.Sprintf("%s: row %d added", f.Label.In("en"), i+1)}})
			continue
		}
		for j := range f.Fields {
			g := &f.Fields[j]
			if g.Type.Data() && !same(was[before][g.Key], r[g.Key]) {
				label := contract.Text{ZH: fmt.Sprintf("%s 第 %d 行 %s", f.Label.ZH, i+1, g.Label.ZH), EN: fmt.Sprintf("%s row %d %s", f.Label.In("en"), i+1, g.Label.In("en"))}
				out = append(out, change(g, f.Key+"."+g.Key, id, label, was[before][g.Key], r[g.Key]))
			}
		}
	}
	return out
}

// Words writes a value for people in lang ("zh-CN" or "en"); env gives dictionaries and may
// be nil.
func (f *Field) Words(v any, lang string, env *Env) string {
	if env == nil {
		env = &Env{}
	}
	switch x := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]map[bool]string{true: {true: "yes", false: "no"}, false: {true: "是", false: "否"}}[lang == "en"][x]
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = f.Words(e, lang, env)
		}
		return strings.Join(parts, map[bool]string{true: ", ", false: "、"}[lang == "en"])
	case map[string]any:
		return f.showObject(x)
	case string:
		return f.showText(x, lang, env)
	case json.Number:
		return x.String() + f.Unit
	}
	return fmt.Sprint(v)
}

func (f *Field) showObject(m map[string]any) string {
	if f.Type == Location {
		return fmt.Sprintf("%v, %v (%v)", m["lat"], m["lng"], m["system"])
	}
	for _, k := range []string{"text", "name", "id"} {
		if s, _ := m[k].(string); s != "" {
			return s
		}
	}
	return ""
}

func (f *Field) showText(s, lang string, env *Env) string {
	switch f.Type {
	case Option, Options, Cascade:
		if label, _, ok := f.choice(s, env); ok {
			return label.In(lang)
		}
	case DateTime:
		if ms, ok := cond.ColumnValue(cond.Instant, s).(int64); ok {
			t, _ := momentOf(json.Number(fmt.Sprint(ms)), env.zone())
			return t.Format("2006-01-02 15:04")
		}
	}
	if r := []rune(s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}
