package excel

import (
	"encoding/json"
	"fmt"
	"strings"

	"anlan/cloud/form"
)

// words is a value as people write it.
func (n Names) words(f *form.Field, v any) string {
	switch t := v.(type) {
	case []any:
		var out []string
		for _, e := range t {
			if s := n.words(f, e); s != "" {
				out = append(out, s)
			}
		}
		if files(f.Type) {
			return fmt.Sprint(len(t))
		}
		return strings.Join(out, "、")
	case bool:
		if t {
			return n.say("是", "Yes")
		}
		return n.say("否", "No")
	case json.Number:
		return t.String()
	case float64:
		return fmt.Sprint(t)
	case map[string]any:
		return n.object(f, t)
	case string:
		return n.named(f, t, t)
	}
	return fmt.Sprint(v)
}

func files(t form.Type) bool {
	return t == form.Photo || t == form.Video || t == form.Media || t == form.File || t == form.Signature
}

func (n Names) object(f *form.Field, m map[string]any) string {
	for _, k := range []string{"text", "name"} { // an opinion, another option; a person as they were called
		if s, ok := m[k].(string); ok && s != "" {
			return s
		}
	}
	if f.Type == form.Location {
		return fmt.Sprintf("%v, %v", m["lat"], m["lng"])
	}
	if snap, ok := m["snap"].(map[string]any); ok {
		var out []string
		for _, k := range f.Show {
			if s := snap[k]; s != nil {
				out = append(out, n.words(&form.Field{Type: form.Text}, s))
			}
		}
		return strings.Join(out, " · ")
	}
	id, _ := m["id"].(string)
	return n.named(f, id, id)
}

func (n Names) named(f *form.Field, id, otherwise string) string {
	switch f.Type {
	case form.Option, form.Options:
		for _, c := range n.Choices(f) {
			if c.ID == id {
				return n.text(c.Label)
			}
		}
	case form.Person, form.Persons, form.Department, form.Departments, form.Post, form.Place, form.Device:
		if s := n.Name(single(f.Type), id); s != "" {
			return s
		}
	}
	return otherwise
}

// single is the type of one member of a list.
func single(t form.Type) form.Type {
	switch t {
	case form.Persons:
		return form.Person
	case form.Departments:
		return form.Department
	}
	return t
}

// labels are what may be chosen for a field, nil if that is not a short list.
func (n Names) labels(f *form.Field) []string {
	if f.Type == form.Switch {
		return []string{n.say("是", "Yes"), n.say("否", "No")}
	}
	if f.Type != form.Option && f.Type != form.Options {
		return nil
	}
	var out []string
	for _, c := range n.Choices(f) {
		if !c.Retired {
			out = append(out, n.text(c.Label))
		}
	}
	return out
}

// hint says what goes into a column.
func (n Names) hint(f *form.Field) string {
	said := map[form.Type][2]string{
		form.Number: {"数字", "a number"}, form.Rating: {"数字", "a number"}, form.Money: {"金额，至多两位小数", "an amount, at most two decimals"},
		form.Date: {"日期，如 2026-11-23", "a date such as 2026-11-23"}, form.DateTime: {"日期时间，如 2026-11-23 08:30", "date and time such as 2026-11-23 08:30"},
		form.Time: {"时间，如 08:30", "a time such as 08:30"}, form.Options: {"一项或几项，用顿号分开", "one or more, separated by 、 or commas"},
		form.Person: {"姓名、用户名或工号", "name, user name or employee number"}, form.Persons: {"姓名、用户名或工号，用顿号分开", "names, separated by 、 or commas"},
		form.Place: {"如 3号楼 12层", "such as 3号楼 12层"}, form.Location: {"纬度, 经度", "latitude, longitude"},
	}[f.Type]
	if said[0] == "" {
		return n.say("文字", "text")
	}
	return n.say(said[0], said[1])
}
