package origin

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

const (
	maxWhat      = 900   // runes; the form takes 1,000
	maxEvidenced = 5_900 // runes; the form takes 6,000
	maxLines     = 20    // alarms told in words
	stampLayout  = "2006-01-02 15:04"
)

// Writer puts openings into words of one language.
type Writer struct {
	Lang string // "zh-CN" or "en"
	Zone *time.Location
	Tree func() *places.Tree
}

func (w Writer) pick(zh, en string) string { return contract.Text{ZH: zh, EN: en}.In(w.Lang) }

func (w Writer) at(t time.Time) string {
	if t.IsZero() {
		return w.pick("从未", "never")
	}
	return t.In(w.Zone).Format(stampLayout)
}

// span writes a duration as people say it: whole days from two days on, else hours.
func (w Writer) span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour || d >= 24*time.Hour && d%(24*time.Hour) == 0:
		n := int(d / (24 * time.Hour))
		return fmt.Sprintf(w.pick("%d天", map[bool]string{true: "%d day", false: "%d days"}[n == 1]), n)
	case d >= time.Hour:
		n := int(d / time.Hour)
		return fmt.Sprintf(w.pick("%d小时", map[bool]string{true: "%d hour", false: "%d hours"}[n == 1]), n)
	}
	n := int(d / time.Minute)
	return fmt.Sprintf(w.pick("%d分钟", map[bool]string{true: "%d minute", false: "%d minutes"}[n == 1]), n)
}

// where writes a place with the name of its building.
func (w Writer) where(p contract.Place, building string) string {
	name := w.Tree().Buildings[first(p.Building, building)].Name.In(w.Lang)
	return p.Describe(w.Lang, first(name, p.Building, building))
}

func first(words ...string) string {
	for _, s := range words {
		if s != "" {
			return s
		}
	}
	return ""
}

// subject is the name and place of what a hazard is about.
func (w Writer) subject(o Opening) (device, place, title string) {
	if len(o.Alarms) == 0 {
		return first(o.Device.Name.In(w.Lang), string(o.Device.ID)), w.where(o.Device.Place, ""), ""
	}
	a := o.Alarms[0]
	device = first(a.DeviceName.In(w.Lang), string(a.Point.Device()), string(a.Edge))
	return device, w.where(a.Place, a.Building), w.titles(o.Alarms)
}

// titles are the different titles of alarms, the first three.
func (w Writer) titles(list []alarm.Alarm) string {
	var out []string
	seen := map[string]bool{}
	for _, a := range list {
		if t := a.Title.In(w.Lang); !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	if len(out) > 3 {
		out = append(out[:3], "…")
	}
	return strings.Join(out, w.pick("、", ", "))
}

// What is the description of a hazard.
func (w Writer) What(o Opening, now time.Time) string {
	device, place, title := w.subject(o)
	last := w.at(o.Last)
	due := ""
	if !o.Due.IsZero() {
		due = o.Due.In(w.Zone).Format(time.DateOnly)
		if !o.Last.IsZero() {
			last = o.Last.In(w.Zone).Format(time.DateOnly)
		}
	}
	r := o.Rule
	s := strings.NewReplacer("{device}", device, "{place}", place, "{title}", title, "{n}", fmt.Sprint(o.N), "{since}", w.at(o.Since), "{last}", last,
		"{window}", w.span(time.Duration(r.Window)), "{for}", w.span(now.Sub(o.Since)), "{every}", w.span(time.Duration(r.Every)), "{due}", due, "{late}", w.span(now.Sub(o.Due))).Replace(r.What.In(w.Lang))
	return cut(s, maxWhat)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Evidence lists what a hazard rests on, one line each.
func (w Writer) Evidence(o Opening) string {
	var b strings.Builder
	b.WriteString(w.pick("规则：", "Rule: ") + o.Rule.Name.In(w.Lang))
	if len(o.Times) > 0 {
		when := make([]string, 0, maxLines)
		for _, t := range o.Times[:min(len(o.Times), maxLines)] {
			when = append(when, w.at(t))
		}
		if len(o.Times) > maxLines {
			when = append(when, "…")
		}
		b.WriteString("\n" + fmt.Sprintf(w.pick("共%d次：", "%d times: "), o.N) + strings.Join(when, w.pick("、", ", ")))
	}
	if o.Rule.Kind == ProofTest {
		b.WriteString("\n" + fmt.Sprintf(w.pick("上次测试：%s；纳入管理：%s；应测：%s", "Last test: %s; known since: %s; due: %s"), w.at(o.Last), w.at(o.Since), w.at(o.Due)))
	}
	for i, a := range o.Alarms {
		if i == maxLines {
			b.WriteString("\n" + fmt.Sprintf(w.pick("另有%d条报警", "and %d more alarms"), len(o.Alarms)-i))
			break
		}
		b.WriteString("\n" + w.line(a))
	}
	return cut(b.String(), maxEvidenced)
}

// line tells of one alarm: when, what, where, how much, how often, which.
func (w Writer) line(a alarm.Alarm) string {
	parts := []string{w.at(a.RaisedAt), a.Title.In(w.Lang), first(a.DeviceName.In(w.Lang), string(a.Point)), w.where(a.Place, a.Building)}
	if a.Unit != "" {
		parts = append(parts, number(a.Value)+" "+string(a.Unit))
	}
	if a.Count > 1 {
		parts = append(parts, fmt.Sprintf(w.pick("%d次", "%d times"), a.Count))
	}
	return strings.Join(append(parts, a.ID), w.pick("，", ", "))
}

// number writes a reading with at most two decimals.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// OfAlarm is the description of a hazard that a person opens from one alarm.
func (w Writer) OfAlarm(a alarm.Alarm) string {
	s := w.where(a.Place, a.Building)
	if d := a.DeviceName.In(w.Lang); d != "" {
		s += w.pick("“", " “") + d + "”"
	}
	s += w.pick("报警：", ": ") + a.Title.In(w.Lang)
	if a.Unit != "" {
		s += w.pick("，测值 ", ", value ") + number(a.Value) + " " + string(a.Unit)
	}
	s += w.pick("，发生于", ", raised at ") + w.at(a.RaisedAt)
	if a.Count > 1 {
		s += fmt.Sprintf(w.pick("，共%d次", ", %d times in all"), a.Count)
	}
	return cut(s+w.pick("。", "."), maxWhat)
}

// Path is a place as forms write it: "community/building/floor/room", as far as the tree
// knows it. "" if it knows not even a community.
func Path(t *places.Tree, p contract.Place, building, room string) string {
	b, ok := t.Buildings[first(p.Building, building)]
	if !ok || b.Archived || t.Communities[b.Community].Archived {
		for _, id := range sortedKeys(t.Communities) {
			if !t.Communities[id].Archived {
				return id
			}
		}
		return ""
	}
	out := b.Community + "/" + b.ID
	known := false
	for _, f := range t.FloorsOf(b.ID) {
		known = known || f.Number == p.Floor
	}
	if !known {
		return out
	}
	out += fmt.Sprintf("/%d", p.Floor)
	if r, ok := t.Rooms[room]; ok && !r.Archived && r.Building == b.ID && r.Floor == p.Floor {
		out += "/" + room
	}
	return out
}
