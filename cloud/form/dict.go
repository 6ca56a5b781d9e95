package form

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"anlan/cloud/calendar"
	"anlan/contract"
)

// Dict is a dictionary document: a tree of codes that options and cascades choose from, in
// the order in which lists sort them.
type Dict struct {
	Title  contract.Text `json:"title"`
	Limits []LimitName   `json:"limits,omitempty"` // that its items may have
	Items  []Item        `json:"items"`
}

// LimitName is a clock of a dictionary: by when what an item is chosen for has to be done.
type LimitName struct {
	ID    string        `json:"id"`
	Label contract.Text `json:"label"`
}

// Item is one entry of a dictionary.
type Item struct {
	Code    string        `json:"code"`
	Label   contract.Text `json:"label"`
	Color   string        `json:"color,omitempty"`
	Note    contract.Text `json:"note,omitzero"`     // what choosing it means
	Retired bool          `json:"retired,omitempty"` // not for new choices
	// Limits are by the ids of the dictionary's; flows look deadlines up here.
	Limits map[string]calendar.Limit `json:"limits,omitempty"`
	Items  []Item                    `json:"items,omitempty"`
}

// Limits of a dictionary.
const (
	maxDictItems = 5000
	maxDictDepth = 6
)

// ParseDict reads and checks a dictionary.
func ParseDict(raw []byte) (*Dict, error) {
	var p problems
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	d := &Dict{}
	if err := dec.Decode(d); err != nil {
		p.add(typeErrorPath(err), "不是字典", "not a dictionary: "+err.Error())
		return nil, p.err()
	}
	texts(&p, "title", d.Title)
	limits := map[string]bool{}
	for i, l := range d.Limits {
		if !formKeyRE.MatchString(l.ID) || limits[l.ID] {
			p.add(at("limits", i)+".id", "编码应以小写字母开头，不能重复", "a key begins with a lower-case letter and appears once")
		}
		limits[l.ID] = true
		texts(&p, at("limits", i)+".label", l.Label)
	}
	n := 0
	checkItems(&p, "items", d.Items, 1, &n, limits)
	if len(d.Items) == 0 || n > maxDictItems {
		p.add("items", "应有 1 到 5000 项", "must have 1 to 5000 items")
	}
	return d, p.err()
}

func checkItems(p *problems, path string, items []Item, depth int, n *int, limits map[string]bool) {
	if *n += len(items); depth > maxDictDepth || *n > maxDictItems {
		p.add(path, "层次太深或项太多", "too deep, or too many items")
		return
	}
	seen := map[string]bool{}
	for i, it := range items {
		at := at(path, i)
		if it.Code == "" || len(it.Code) > 64 || strings.ContainsAny(it.Code, "/\x00") || seen[it.Code] {
			p.add(at+".code", "编码缺少、重复、太长或含“/”", "missing, repeated, too long or with a slash")
		}
		seen[it.Code] = true
		texts(p, at+".label", it.Label)
		if it.Color != "" && !colorRE.MatchString(it.Color) {
			p.add(at+".color", "不是颜色", "not a colour")
		}
		if len([]rune(it.Note.ZH)) > 200 || len([]rune(it.Note.EN)) > 400 {
			p.add(at+".note", "至多 200 字", "at most 200 characters")
		}
		for _, id := range slices.Sorted(maps.Keys(it.Limits)) {
			switch {
			case !limits[id]:
				p.add(at+".limits."+id, "字典没有这个时限", "no limit of the dictionary")
			case !it.Limits[id].Sound():
				p.add(at+".limits."+id, "应为小时数，或 1 到 366 天", "must be hours, or 1 to 366 days")
			}
		}
		checkItems(p, at+".items", it.Items, depth+1, n, limits)
	}
}

// Find follows a path of codes, "fire/extinguisher".
func (d *Dict) Find(path string) (Item, bool) {
	items, found := d.Items, Item{}
	for code := range strings.SplitSeq(path, "/") {
		i := slices.IndexFunc(items, func(it Item) bool { return it.Code == code })
		if i < 0 {
			return Item{}, false
		}
		found, items = items[i], items[i].Items
	}
	return found, true
}

// paths are the codes that can be chosen, in the order they stand in.
func (d *Dict) paths() []string {
	var out []string
	var walk func(items []Item, at string)
	walk = func(items []Item, at string) {
		for _, it := range items {
			out = append(out, at+it.Code)
			walk(it.Items, at+it.Code+"/")
		}
	}
	walk(d.Items, "")
	return out
}

// choice finds an option of a field: its label, and if it may be chosen anew.
func (f *Field) choice(id string, env *Env) (label contract.Text, open, ok bool) {
	if f.Dict == "" {
		i := slices.IndexFunc(f.Options, func(c Choice) bool { return c.ID == id })
		if i < 0 {
			return contract.Text{}, false, false
		}
		return f.Options[i].Label, !f.Options[i].Retired, true
	}
	d, ok := env.dict(f.Dict)
	if !ok {
		return contract.Text{}, false, false
	}
	it, ok := d.Find(id)
	return it.Label, !it.Retired && (!f.Leaf || len(it.Items) == 0), ok
}
