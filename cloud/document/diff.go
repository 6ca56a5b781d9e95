package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"anlan/contract"
)

// Op is what became of one place of a document.
type Op string

// Ops.
const (
	Added   Op = "added"
	Removed Op = "removed"
	Changed Op = "changed"
	Moved   Op = "moved" // same content at another place of its list
)

// Change is one difference.
type Change struct {
	Path string        `json:"path"` // elements of lists by their key: "fields[level].label.zh"
	Op   Op            `json:"op"`
	Old  any           `json:"old,omitempty"`
	New  any           `json:"new,omitempty"`
	Text contract.Text `json:"text"`
}

// Diff tells what changed from old to new. Elements of lists are matched by their "key",
// "code" or "id" where each has one, else by position.
func Diff(old, new []byte) ([]Change, error) {
	a, err := decode(old)
	if err != nil {
		return nil, err
	}
	b, err := decode(new)
	if err != nil {
		return nil, err
	}
	d := &differ{out: []Change{}}
	d.value("", "", a, b)
	return d.out, nil
}

func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("document: decode: %w", err)
	}
	return v, nil
}

type differ struct{ out []Change }

// add notes a change; name is what people call the place.
func (d *differ) add(path, name string, op Op, old, new any) {
	words := map[Op][2]string{Added: {"新增 ", "added "}, Removed: {"删除 ", "removed "}, Changed: {"修改 ", "changed "}, Moved: {"移动 ", "moved "}}[op]
	zh, en := words[0]+name, words[1]+path
	if op == Changed {
		zh += "：" + show(old) + " → " + show(new)
		en += ": " + show(old) + " → " + show(new)
	}
	d.out = append(d.out, Change{path, op, old, new, contract.Text{ZH: zh, EN: en}})
}

// show writes a value for people, shortened.
func show(v any) string {
	s, ok := v.(string)
	if !ok {
		b, err := encode(v)
		if err != nil {
			return "?"
		}
		s = string(b)
	}
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

func (d *differ) value(path, name string, a, b any) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.object(path, name, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			d.list(path, name, x, y)
			return
		}
	}
	if !reflect.DeepEqual(a, b) {
		d.add(path, name, Changed, a, b)
	}
}

func (d *differ) object(path, name string, a, b map[string]any) {
	both := map[string]any{}
	maps.Copy(both, a)
	maps.Copy(both, b)
	for _, k := range slices.Sorted(maps.Keys(both)) {
		x, was := a[k]
		y, is := b[k]
		p, n := join(path, k), join(name, k)
		switch {
		case !was:
			d.add(p, n, Added, nil, y)
		case !is:
			d.add(p, n, Removed, x, nil)
		default:
			d.value(p, n, x, y)
		}
	}
}

// identities returns the identity of each element, or nil if they have none.
func identities(list []any) []string {
	for _, by := range []string{"key", "code", "id"} {
		out := make([]string, 0, len(list))
		seen := map[string]bool{}
		for _, e := range list {
			m, _ := e.(map[string]any)
			id, _ := m[by].(string)
			if id == "" || seen[id] {
				break
			}
			seen[id] = true
			out = append(out, id)
		}
		if len(out) == len(list) {
			return out
		}
	}
	return nil
}

func (d *differ) list(path, name string, a, b []any) {
	ia, ib := identities(a), identities(b)
	if ia == nil || ib == nil {
		d.byPosition(path, name, a, b)
		return
	}
	at := func(p, id string) string { return p + "[" + id + "]" }
	var stayA, stayB []string
	for i, id := range ia {
		if slices.Contains(ib, id) {
			stayA = append(stayA, id)
		} else {
			d.add(at(path, id), at(name, label(a[i], id)), Removed, a[i], nil)
		}
	}
	for i, id := range ib {
		was := slices.Index(ia, id)
		if was < 0 {
			d.add(at(path, id), at(name, label(b[i], id)), Added, nil, b[i])
			continue
		}
		stayB = append(stayB, id)
		d.value(at(path, id), at(name, label(b[i], id)), a[was], b[i])
	}
	for i, id := range stayB {
		if stayA[i] != id {
			d.add(at(path, id), at(name, label(b[slices.Index(ib, id)], id)), Moved, slices.Index(ia, id), slices.Index(ib, id))
		}
	}
}

func (d *differ) byPosition(path, name string, a, b []any) {
	for i := range max(len(a), len(b)) {
		at := "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(a):
			d.add(path+at, name+at, Added, nil, b[i])
		case i >= len(b):
			d.add(path+at, name+at, Removed, a[i], nil)
		default:
			d.value(path+at, name+at, a[i], b[i])
		}
	}
}

// label is what people call an element: its Chinese label, title or name.
func label(e any, id string) string {
	m, _ := e.(map[string]any)
	for _, k := range []string{"label", "title", "name"} {
		switch v := m[k].(type) {
		case string:
			return v
		case map[string]any:
			if s, ok := v["zh"].(string); ok && s != "" {
				return s
			}
		}
	}
	return id
}
