package form

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/cond"
)

const (
	otherID      = "other" // {"id":"other","text":"…"}: what is not in the list
	maxText      = 20_000
	maxFilesEach = 50
)

// complaint is why a value cannot be taken; nil if it can.
type complaint struct{ zh, en string }

func no(zh, en string) *complaint { return &complaint{zh, en} }

var timeRE = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)

// normalise reads a value as the field's type and returns it as documents hold it; nil for
// no value. old is the value before.
func (f *Field) normalise(raw, old any, env *Env) (any, *complaint) {
	if raw == nil || raw == "" {
		return nil, nil
	}
	switch f.Type {
	case Text, Multiline:
		return f.text(raw)
	case Opinion:
		return f.opinion(raw, old, env)
	case Number, Money, Rating:
		return f.number(raw)
	case Date, DateTime:
		return f.moment(raw, old, env)
	case Time:
		if s, _ := raw.(string); timeRE.MatchString(s) {
			return s, nil
		}
		return nil, no("应为时间，如 08:30", "must be a time as 08:30")
	case Switch:
		if b, ok := raw.(bool); ok {
			return b, nil
		}
		return nil, no("应为是或否", "must be true or false")
	case Option:
		return f.option(raw, old, env)
	case Options, Persons, Departments:
		return f.list(raw, old, env)
	case Person, Department, Post, Device:
		return f.named(raw, old, env)
	case Place, Cascade:
		return f.path(raw, old, env)
	case Location:
		return f.location(raw)
	case Photo, Video, Media, File, Signature:
		return f.attachments(raw, env)
	case Link:
		return f.link(raw, old, env)
	case Serial:
		return old, nil
	}
	return nil, nil
}

func (f *Field) text(raw any) (any, *complaint) {
	s, ok := raw.(string)
	if !ok || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return nil, no("应为文字", "must be text")
	}
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	if f.Type == Text {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	n, most := utf8.RuneCountInString(s), f.MaxLength
	if most == 0 {
		most = maxText
		if f.Type == Text {
			most = 500
		}
	}
	switch {
	case n > most:
		return nil, no(fmt.Sprintf("至多 %d 字，现有 %d 字", most, n), fmt.Sprintf("at most %d characters, there are %d", most, n))
	case n < f.MinLength:
		return nil, no(fmt.Sprintf("至少 %d 字", f.MinLength), fmt.Sprintf("at least %d characters", f.MinLength))
	case f.pattern != nil && f.Pattern != "" && !f.pattern.MatchString(s):
		if f.PatternText.ZH != "" {
			return nil, no(f.PatternText.ZH, f.PatternText.In("en"))
		}
		return nil, no("格式不对", "not of the required format")
	}
	return s, nil
}

// opinion stamps a changed text with who wrote it and when.
func (f *Field) opinion(raw, old any, env *Env) (any, *complaint) {
	was, _ := old.(map[string]any)
	if m, ok := raw.(map[string]any); ok {
		raw = m["text"]
	}
	s, c := f.text(raw)
	if c != nil || s == nil {
		return nil, c
	}
	if was["text"] == s {
		return was, nil
	}
	return map[string]any{"text": s, "by": env.Me.ID, "name": env.MeName, "at": instantText(env.Now)}, nil
}

func instantText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func numberText(v float64) json.Number { return json.Number(strconv.FormatFloat(v, 'f', -1, 64)) }

func (f *Field) number(raw any) (any, *complaint) {
	if f.Type == Money {
		fen, ok := cond.ColumnValue(cond.Money, raw).(int64)
		if !ok {
			return nil, no("应为金额，至多两位小数", "must be money with at most two decimals")
		}
		if c := f.inRange(float64(fen) / 100); c != nil {
			return nil, c
		}
		return cond.FormatMoney(fen), nil
	}
	v, ok := cond.ColumnValue(cond.Number, raw).(float64)
	if !ok || math.Abs(v) > 1e15 {
		return nil, no("应为数字", "must be a number")
	}
	if v == 0 {
		v = 0 // no negative zero
	}
	n := numberText(v)
	_, frac, _ := strings.Cut(string(n), ".")
	if most := f.Decimals; f.Type == Rating && frac != "" || most != nil && len(frac) > *most {
		d := 0
		if most != nil {
			d = *most
		}
		return nil, no(fmt.Sprintf("至多 %d 位小数", d), fmt.Sprintf("at most %d decimals", d))
	}
	if f.Type == Rating {
		if most := f.Max; v < 1 || v > 5 && most == nil || most != nil && v > *most {
			return nil, no("不在评分范围", "not within the rating")
		}
		return n, nil
	}
	if c := f.inRange(v); c != nil {
		return nil, c
	}
	return n, nil
}

func (f *Field) inRange(v float64) *complaint {
	switch {
	case f.Min != nil && v < *f.Min:
		return no("不得小于 "+string(numberText(*f.Min))+f.Unit, "must not be less than "+string(numberText(*f.Min))+f.Unit)
	case f.Max != nil && v > *f.Max:
		return no("不得大于 "+string(numberText(*f.Max))+f.Unit, "must not be more than "+string(numberText(*f.Max))+f.Unit)
	}
	return nil
}

func (f *Field) moment(raw, old any, env *Env) (any, *complaint) {
	if f.ServerTime && old != nil {
		return old, nil
	}
	var v string
	var t time.Time
	if f.Type == Date {
		s, ok := cond.ColumnValue(cond.Date, raw).(string)
		if !ok {
			return nil, no("应为日期，如 2026-11-23", "must be a date as 2026-11-23")
		}
		v = s
		t, _ = momentOf(s, env.zone())
	} else {
		ms, ok := cond.ColumnValue(cond.Instant, raw).(int64)
		if !ok {
			return nil, no("应为日期时间，如 2026-11-23T08:00:00+08:00", "must be a date and time as 2026-11-23T08:00:00+08:00")
		}
		t = time.UnixMilli(ms)
		v = instantText(t)
	}
	if f.ServerTime {
		if f.Type == Date {
			return env.Now.In(env.zone()).Format(time.DateOnly), nil
		}
		return instantText(env.Now), nil
	}
	if v == old {
		return v, nil
	}
	if lo, ok := parseShift(f.Earliest); ok && t.Before(f.bound(env, lo)) {
		return nil, no("早于允许的时间", "earlier than allowed")
	}
	if hi, ok := parseShift(f.Latest); ok && t.After(f.bound(env, hi)) {
		return nil, no("晚于允许的时间", "later than allowed")
	}
	return v, nil
}

// bound is now, shifted; of a date its day. A minute is granted for clocks and typing.
func (f *Field) bound(env *Env, by time.Duration) time.Time {
	t := env.Now.Add(by).In(env.zone())
	if f.Type == Date {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, env.zone())
	}
	if f.Earliest != "" && by <= 0 && f.Latest == "" {
		return t.Add(-time.Minute)
	}
	return t
}

func idOf(raw any) string {
	switch v := raw.(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["id"].(string)
		return s
	}
	return ""
}

// had says if the value before named this id.
func had(old any, id string) bool {
	if id == "" {
		return false
	}
	if l, ok := old.([]any); ok {
		return slices.ContainsFunc(l, func(e any) bool { return idOf(e) == id })
	}
	return idOf(old) == id
}

func (f *Field) option(raw, old any, env *Env) (any, *complaint) {
	id := idOf(raw)
	if f.Other && id == otherID {
		m, _ := raw.(map[string]any)
		s, ok := m["text"].(string)
		if s = strings.TrimSpace(s); !ok || s == "" || utf8.RuneCountInString(s) > 200 || strings.ContainsRune(s, 0) {
			return nil, no("请写明“其他”是什么，至多 200 字", "say what “other” is, in at most 200 characters")
		}
		return map[string]any{"id": otherID, "text": s}, nil
	}
	_, open, ok := f.choice(id, env)
	if !had(old, id) {
		if !ok {
			return nil, no("没有这个选项", "no such option")
		}
		if !open {
			return nil, no("此选项已停用，或还有下级", "the option is retired, or has others below it")
		}
	}
	return id, nil
}

func (f *Field) list(raw, old any, env *Env) (any, *complaint) {
	l, ok := anyList(raw)
	if !ok {
		return nil, no("应为列表", "must be a list")
	}
	if len(l) > 500 {
		return nil, no("太多", "too many")
	}
	one := f.named
	if f.Type == Options {
		one = f.option
	}
	out := []any{}
	seen := map[string]bool{}
	for _, e := range l {
		v, c := one(e, old, env)
		if c != nil {
			return nil, c
		}
		if id := idOf(v); v != nil && !seen[id] {
			seen[id] = true
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, f.counted(len(out))
}

func (f *Field) counted(n int) *complaint {
	switch {
	case n < f.MinCount:
		return no(fmt.Sprintf("至少 %d 个", f.MinCount), fmt.Sprintf("at least %d", f.MinCount))
	case f.MaxCount > 0 && n > f.MaxCount:
		return no(fmt.Sprintf("至多 %d 个", f.MaxCount), fmt.Sprintf("at most %d", f.MaxCount))
	}
	return nil
}

// single is the type of one member.
func (t Type) single() Type {
	switch t {
	case Persons:
		return Person
	case Departments:
		return Department
	case Photo, Video, Media, Signature:
		return File
	}
	return t
}

// named reads a person, department, post or device; its name is kept as it was when chosen.
func (f *Field) named(raw, old any, env *Env) (any, *complaint) {
	id := idOf(raw)
	if id == "" || len(id) > 200 || strings.ContainsRune(id, 0) {
		return nil, no("应为编号", "must be an id")
	}
	if had(old, id) {
		if l, ok := old.([]any); ok {
			return l[slices.IndexFunc(l, func(e any) bool { return idOf(e) == id })], nil
		}
		return old, nil
	}
	name := ""
	if env.Lookup != nil {
		e, ok := env.Lookup(f.Type.single(), id)
		if !ok {
			return nil, no("查无此人或此项", "there is no such person or thing")
		}
		if !e.Active {
			return nil, no("“"+e.Name+"”已停用", e.Name+" is no longer active")
		}
		if len(f.InRoles) > 0 && !slices.ContainsFunc(f.InRoles, func(r string) bool { return slices.Contains(e.Roles, r) }) || !f.inDepartments(e, env) {
			return nil, no("“"+e.Name+"”不在可选范围", e.Name+" is not among those to choose from")
		}
		name = e.Name
	}
	return map[string]any{"id": id, "name": name}, nil
}

func (f *Field) inDepartments(e Entry, env *Env) bool {
	return len(f.InDepartments) == 0 || slices.ContainsFunc(f.InDepartments, func(parent string) bool {
		return slices.ContainsFunc(e.Depts, func(d string) bool { return d == parent || env.Under != nil && env.Under(parent, d) })
	})
}

func (f *Field) path(raw, old any, env *Env) (any, *complaint) {
	s, ok := raw.(string)
	parts := strings.Split(s, "/")
	if !ok || len(s) > 300 || slices.Contains(parts, "") || strings.ContainsRune(s, 0) || f.Type == Place && len(parts) > 4 {
		return nil, no("应为如 a/b/c 的路径", "must be a path as a/b/c")
	}
	if s == old {
		return s, nil
	}
	if f.Type == Cascade {
		return f.option(s, old, env)
	}
	if env.Lookup != nil {
		if e, ok := env.Lookup(Place, s); !ok || !e.Active {
			return nil, no("没有这个位置", "no such place")
		}
	}
	return s, nil
}

func (f *Field) location(raw any) (any, *complaint) {
	m, _ := raw.(map[string]any)
	lat, ok := numberIn(m["lat"])
	lng, ok2 := numberIn(m["lng"])
	acc, ok3 := numberIn(m["accuracy"])
	sys, _ := m["system"].(string)
	switch {
	case !ok || !ok2 || math.Abs(lat) > 90 || math.Abs(lng) > 180:
		return nil, no("应有经纬度", "needs a latitude and a longitude")
	case sys != "wgs84" && sys != "gcj02" || f.System != "" && sys != f.System:
		return nil, no("应注明坐标系 wgs84 或 gcj02", "must say its coordinate system, wgs84 or gcj02")
	case m["accuracy"] != nil && (!ok3 || acc < 0):
		return nil, no("精度不对", "not an accuracy")
	case f.MaxAccuracy > 0 && (!ok3 || acc > f.MaxAccuracy):
		return nil, no(fmt.Sprintf("定位误差超过 %g 米", f.MaxAccuracy), fmt.Sprintf("less accurate than %g m", f.MaxAccuracy))
	}
	manual, _ := m["manual"].(bool)
	if manual && f.GPSOnly {
		return nil, no("不得手选位置", "must not be picked by hand")
	}
	out := map[string]any{"lat": numberText(lat), "lng": numberText(lng), "system": sys, "manual": manual}
	if ok3 {
		out["accuracy"] = numberText(acc)
	}
	return out, nil
}

func (f *Field) attachments(raw any, env *Env) (any, *complaint) {
	l, ok := anyList(raw)
	if !ok {
		l = []any{raw}
	}
	out := []any{}
	for _, e := range l {
		id := idOf(e)
		if id == "" || len(id) > 100 || strings.ContainsRune(id, 0) {
			return nil, no("应为附件编号", "must be the id of an attachment")
		}
		if env.Lookup != nil {
			if _, ok := env.Lookup(File, id); !ok {
				return nil, no("附件不存在或未传完", "no such attachment, or not wholly uploaded")
			}
		}
		if !slices.Contains(out, any(id)) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if f.Type == Signature && len(out) > 1 || len(out) > maxFilesEach {
		return nil, no("附件太多", "too many attachments")
	}
	return out, f.counted(len(out))
}

// link keeps, beside the id, what the linked record showed when it was chosen.
func (f *Field) link(raw, old any, env *Env) (any, *complaint) {
	if !f.Many {
		return f.linkOne(raw, old, env)
	}
	l, ok := anyList(raw)
	if !ok || len(l) > 200 {
		return nil, no("应为列表，至多 200 个", "must be a list of at most 200")
	}
	out := []any{}
	for _, e := range l {
		v, c := f.linkOne(e, old, env)
		if c != nil {
			return nil, c
		}
		if !had(out, idOf(v)) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, f.counted(len(out))
}

func (f *Field) linkOne(raw, old any, env *Env) (any, *complaint) {
	id := idOf(raw)
	if id == "" || len(id) > 64 || strings.ContainsRune(id, 0) {
		return nil, no("应为记录编号", "must be the id of a record")
	}
	if had(old, id) {
		if l, ok := old.([]any); ok {
			return l[slices.IndexFunc(l, func(e any) bool { return idOf(e) == id })], nil
		}
		return old, nil
	}
	out := map[string]any{"id": id}
	if env.Linked == nil {
		return out, nil
	}
	doc, ok := env.Linked(f.Form, id)
	if !ok {
		return nil, no("没有这条记录", "no such record")
	}
	if f.Mode != "live" {
		snap := map[string]any{}
		for _, k := range f.Show {
			if v := doc[k]; v != nil {
				snap[k] = v
			}
		}
		out["snap"] = snap
	}
	return out, nil
}

func anyList(raw any) ([]any, bool) {
	switch l := raw.(type) {
	case []any:
		return l, true
	case []string:
		out := make([]any, len(l))
		for i, s := range l {
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

// same says if two values of documents are equal.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }
