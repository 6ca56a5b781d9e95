package sample

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hazard is one hazard with all that was done about it up to now.
type Hazard struct {
	At       time.Time // reported
	Reporter string    // key of a person
	Source   string
	Category string
	Place    string // path; {room:key} at the end for a room of the plan
	What     string
	Photos   []string // keys of pictures
	Steps    []Step   // in time; those after now never came
}

// Step is one decision. Node is the flow's; the person is any of who is asked there.
type Step struct {
	Node   string
	At     time.Time
	By     string // key of a person; "": whoever is asked
	No     bool   // sent back
	Text   string
	Fields map[string]any // "owner" and "dept" are keys, "after_photos" keys of pictures
}

// Nodes of the hazard flow that ships.
const (
	nodeStart  = "start"
	nodeAudit  = "audit"
	nodeBoss   = "boss"
	nodePlan   = "plan"
	nodeRepair = "repair"
	nodeReview = "review"
)

// story is a hazard in the making.
type story struct {
	*rand.Rand
	plan  *Plan
	kind  kind
	level string
	t     time.Time
	owner string
	fill  *strings.Replacer
	h     Hazard
	late  float64 // how slow work was at that time: 1 at the beginning, less later
}

// makeHazards draws the reports of the whole history, and some that are open now whatever
// the dice say.
func (p Plan) makeHazards(r *rand.Rand) []Hazard {
	var out []Hazard
	begin := p.Begin().UTC()
	span := p.Now.Sub(begin)
	for range p.Scale.of(fullHazards) {
		// Reports grow while people learn to report, and fall when less is left to find.
		at := begin.Add(time.Duration(r.Float64() * float64(span)))
		share := float64(at.Sub(begin)) / float64(span)
		if r.Float64() > 0.72+0.9*share*(1-share) {
			at = begin.Add(time.Duration((0.25 + 0.5*r.Float64()) * float64(span)))
		}
		out = append(out, p.tell(r, p.hour(r, at), "", 0))
	}
	out = append(out, p.special(r)...)
	slices.SortStableFunc(out, func(a, b Hazard) int { return a.At.Compare(b.At) })
	return out
}

// hour moves a moment to an hour at which people find things: days more than nights.
func (p Plan) hour(r *rand.Rand, at time.Time) time.Time {
	hours := []int{0, 2, 5, 7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 15, 16, 16, 17, 17, 18, 19, 20, 21, 22, 23}
	d := at.In(p.Zone)
	out := time.Date(d.Year(), d.Month(), d.Day(), pick(r, hours), r.IntN(60), r.IntN(60), 0, p.Zone).UTC()
	if out.After(p.Now.Add(-10 * time.Minute)) {
		out = out.AddDate(0, 0, -1)
	}
	if out.Before(p.Begin().UTC()) {
		out = p.Begin().UTC().Add(time.Duration(r.IntN(3600)) * time.Second)
	}
	return out
}

// drawKind picks what goes wrong, by how often it does and by the season.
func (p Plan) drawKind(r *rand.Rand, at time.Time, level string) kind {
	month, total := at.In(p.Zone).Month(), 0
	weight := func(k kind) int {
		if level != "" && k.level != level {
			return 0
		}
		switch {
		case k.months == nil:
			return k.weight * 2
		case slices.Contains(k.months, month):
			return k.weight * 5
		}
		return k.weight / 4
	}
	for _, k := range kinds {
		total += weight(k)
	}
	n := r.IntN(total)
	for _, k := range kinds {
		if n -= weight(k); n < 0 {
			return k
		}
	}
	return kinds[0]
}

// tell makes one hazard. stop names the node it is to wait at, "" for none; waited is for
// how long it has then.
func (p Plan) tell(r *rand.Rand, at time.Time, stop string, waited time.Duration) Hazard {
	level := ""
	if stop == nodeBoss || stop == nodePlan {
		level = "major"
	}
	k := p.drawKind(r, at, level)
	share := float64(at.Sub(p.Begin())) / float64(p.Now.Sub(p.Begin()))
	s := &story{Rand: r, plan: &p, kind: k, level: k.level, t: at, late: 1 - 0.62*share}
	if k.level == "larger" && r.IntN(100) < 12 {
		s.level = "general" // seen as less grave on the spot
	}
	s.where()
	s.report(at)
	s.live()
	if stop != "" {
		s.h.wait(stop, p.Now, waited)
	}
	s.h.Steps = slices.DeleteFunc(s.h.Steps, func(x Step) bool { return x.At.After(p.Now.Add(-2 * time.Minute)) })
	return s.h
}

// wait moves a hazard in time so that it has waited at a node for so long now.
func (h *Hazard) wait(node string, now time.Time, waited time.Duration) {
	i := slices.IndexFunc(h.Steps, func(s Step) bool { return s.Node == node })
	if i < 0 {
		return
	}
	before := h.At
	if i > 0 {
		before = h.Steps[i-1].At
	}
	shift := now.Add(-waited).Sub(before)
	h.At = h.At.Add(shift)
	h.Steps = h.Steps[:i]
	for j := range h.Steps {
		h.Steps[j].At = h.Steps[j].At.Add(shift)
		if d, ok := h.Steps[j].Fields["done_at"].(time.Time); ok {
			h.Steps[j].Fields["done_at"] = d.Add(shift)
		}
	}
}

// specials is how many hazards are open by design; some more are by chance.
func specials(s Scale) int { return len(openNow(s)) }

type open struct {
	node    string
	waited  time.Duration
	mine    bool // the work of whoever puts the demo in
	perFull int
}

var openPlan = []open{
	{nodeAudit, 40 * time.Minute, false, 2}, {nodeAudit, 100 * time.Minute, false, 1}, {nodeAudit, 6 * time.Hour, false, 1},
	{nodeBoss, 5 * time.Hour, false, 1}, {nodePlan, 9 * time.Hour, false, 1}, {nodeStart, 20 * time.Hour, false, 2},
	{nodeRepair, 30 * time.Hour, true, 2}, {nodeRepair, 8 * 24 * time.Hour, true, 1}, {nodeReview, 7 * time.Hour, true, 3},
	{nodeRepair, 17 * 24 * time.Hour, false, 2}, {nodeRepair, 9 * 24 * time.Hour, false, 3}, {nodeReview, 60 * time.Hour, false, 2},
	{nodeRepair, 26 * time.Hour, false, 5}, {nodeRepair, 76 * time.Hour, false, 4}, {nodeRepair, 5 * 24 * time.Hour, false, 3}, {nodeReview, 15 * time.Hour, false, 4},
}

func openNow(s Scale) []open {
	var out []open
	for _, o := range openPlan {
		n := (o.perFull*s.Towers + MaxTowers - 1) / MaxTowers // at least one of each
		for range n {
			out = append(out, o)
		}
	}
	return out
}

func (p Plan) special(r *rand.Rand) []Hazard {
	var out []Hazard
	for i, o := range openNow(p.Scale) {
		var h Hazard
		for try := 0; ; try++ { // until the dice give one that comes past the node
			h = p.tell(r, p.Now.AddDate(0, 0, -40), o.node, o.waited+time.Duration(i*7)*time.Minute)
			if h.waitsAt(o.node) || try > 200 {
				break
			}
		}
		if o.mine {
			h.give(o.node)
		}
		out = append(out, h)
	}
	return out
}

// waitsAt says if a hazard came to a node without any way back but the one to the start.
func (h Hazard) waitsAt(node string) bool {
	before := map[string]int{nodeAudit: 0, nodeStart: 1, nodeBoss: 1, nodePlan: 2, nodeRepair: 1, nodeReview: 2}[node]
	return len(h.Steps) == before && (before == 0 || h.Steps[before-1].No == (node == nodeStart))
}

// give makes a hazard that waits at a node wait for whoever puts the demo in.
func (h *Hazard) give(node string) {
	if node == nodeReview {
		h.Reporter, h.Source = Me, "self"
		if _, after, ok := strings.Cut(h.What, "："); ok { // nobody told them
			h.What = after
		}
		return
	}
	h.Steps[0].Fields["owner"], h.Steps[0].Fields["dept"] = Me, safety
}

// words fills the blanks of a text.
func (s *story) words(text string) string { return s.fill.Replace(text) }

func blanks(t Tower, floor, unit, door, n int) *strings.Replacer {
	return strings.NewReplacer("{楼}", strconv.Itoa(t.No), "{层}", strconv.Itoa(floor), "{单元}", strconv.Itoa(unit),
		"{户}", strconv.Itoa(floor)+"0"+strconv.Itoa(door), "{n}", strconv.Itoa(n))
}
