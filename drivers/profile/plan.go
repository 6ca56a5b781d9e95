package profile

import (
	"cmp"
	"slices"
	"time"
)

// Line is what a transaction costs on a wire. The zero Line costs nothing.
type Line struct {
	CharTime   time.Duration // one character; bits per character / baud
	Silence    time.Duration // between frames, t3.5
	Turnaround time.Duration // from the end of a request to the start of its answer
	Overhead   int           // characters a request and its answer have besides the data: 13 on RTU
}

// Transaction is the wire floor of reading n addresses of a table.
func (l Line) Transaction(t Table, n int) time.Duration {
	bytes := 2 * n
	if t.Bits() {
		bytes = (n + 7) / 8
	}
	return time.Duration(l.Overhead+bytes)*l.CharTime + max(l.Silence, l.Turnaround) + l.Silence
}

// Group is one transaction: count addresses of a table from Address on.
type Group struct {
	Table   Table
	Address uint16
	Count   int
	Points  []int // indices into Profile.Points
	Alarm   bool
	Detail  string // the summary point whose change makes it worth asking; "" is asked for itself
	Cost    time.Duration
}

// Cut is a place that no transaction may span, learnt from a device that refused one:
// addresses below At are not asked together with At and above.
type Cut struct {
	Table Table
	At    int
}

// barred reports whether a transaction may not have from..to in it.
func (p *Profile) barred(t Table, from, to int, cuts []Cut) bool {
	for _, c := range cuts {
		if c.Table == t && from < c.At && to >= c.At {
			return true
		}
	}
	_, hit := p.forbids(t, from, to)
	return hit
}

// Time is the wire floor of a plan on a line.
func (p *Profile) Time(plan []Group, line Line) time.Duration {
	var sum time.Duration
	for _, g := range plan {
		sum += line.Transaction(g.Table, g.Count)
	}
	return sum
}

// Halve cuts a transaction in two at its widest hole, or in the middle if it has none;
// false if its points have to come in one answer. The halves have no cost.
func (p *Profile) Halve(g Group) (left, right Group, ok bool) {
	var atoms []atom
	for _, a := range p.atoms() {
		if slices.ContainsFunc(a.points, func(i int) bool { return slices.Contains(g.Points, i) }) {
			atoms = append(atoms, a)
		}
	}
	slices.SortFunc(atoms, func(a, b atom) int { return a.from - b.from })
	best, widest, end := 0, -1, -1
	for i := range atoms {
		if i > 0 && atoms[i].from > end {
			hole, middling := atoms[i].from-end-1, abs(2*i-len(atoms)) < abs(2*best-len(atoms))
			if hole > widest || hole == widest && middling {
				best, widest = i, hole
			}
		}
		end = max(end, atoms[i].to)
	}
	if best == 0 {
		return left, right, false
	}
	half := func(atoms []atom) Group {
		h := Group{Table: g.Table, Address: uint16(atoms[0].from), Alarm: g.Alarm, Detail: g.Detail}
		to := 0
		for _, a := range atoms {
			to, h.Points = max(to, a.to), append(h.Points, a.points...)
		}
		h.Count = to - atoms[0].from + 1
		return h
	}
	return half(atoms[:best]), half(atoms[best:]), true
}

func abs(n int) int { return max(n, -n) }

// atom is the least that has to come in one answer.
type atom struct {
	table    Table
	from, to int // both included
	points   []int
	alarm    bool
	detail   string
}

// beside reports whether two atoms belong to the same kind of transaction.
func (a atom) beside(b atom) bool {
	return a.table == b.table && a.alarm == b.alarm && a.detail == b.detail
}

// Plan merges the readable points into transactions of the least total wire time.
// Points that alarms depend on have transactions of their own, which come first;
// another point rides along in one of those where that costs nothing on the wire. The
// details of a summary have theirs too, which come last. No transaction is larger than
// the profile allows, touches a forbidden range or spans a cut.
func (p *Profile) Plan(line Line, cuts ...Cut) []Group {
	var alarms, rest, details []atom
	atoms := p.atoms()
	for _, a := range atoms {
		switch {
		case a.detail != "":
			details = append(details, a)
		case a.alarm:
			alarms = append(alarms, a)
		}
	}
	groups := p.partition(alarms, line, cuts)
	for _, a := range atoms {
		if a.detail == "" && !a.alarm && !p.ride(groups, a, line, cuts) {
			rest = append(rest, a)
		}
	}
	groups = append(groups, p.partition(rest, line, cuts)...)
	groups = append(groups, p.partition(details, line, cuts)...)
	for i := range groups {
		slices.Sort(groups[i].Points)
	}
	return groups
}

// ride puts a into the first group that can take it without a longer answer.
func (p *Profile) ride(groups []Group, a atom, line Line, cuts []Cut) bool {
	for i := range groups {
		g := &groups[i]
		lo, hi := min(a.from, int(g.Address)), max(a.to, int(g.Address)+g.Count-1)
		n := hi - lo + 1
		if g.Table != a.table || n > p.Limit(g.Table) || line.Transaction(g.Table, n) > g.Cost {
			continue
		}
		if p.barred(g.Table, lo, hi, cuts) {
			continue
		}
		g.Address, g.Count, g.Points = uint16(lo), n, append(g.Points, a.points...)
		return true
	}
	return false
}

// atoms clusters points that need each other, and clusters of one class whose addresses
// overlap, sorted by table and address.
func (p *Profile) atoms() []atom {
	root := make([]int, len(p.Points))
	for i := range root {
		root[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if root[i] != i {
			root[i] = find(root[i])
		}
		return root[i]
	}
	for i := range p.Points {
		for _, name := range p.Points[i].needs() {
			if j := slices.IndexFunc(p.Points, func(q Point) bool { return q.Name == name }); j >= 0 {
				root[find(j)] = find(i)
			}
		}
	}
	byRoot := map[int]*atom{}
	for i := range p.Points {
		pt := &p.Points[i]
		if pt.NoRead {
			continue
		}
		a := byRoot[find(i)]
		if a == nil {
			a = &atom{table: pt.Table, from: int(pt.Address), to: pt.last(), detail: pt.DetailOf}
			byRoot[find(i)] = a
		}
		a.from, a.to = min(a.from, int(pt.Address)), max(a.to, pt.last())
		a.points, a.alarm = append(a.points, i), a.alarm || pt.Alarm
		if pt.DetailOf != a.detail {
			a.detail = "" // with a point that is asked for itself it is too
		}
	}
	out := make([]atom, 0, len(byRoot))
	for _, a := range byRoot {
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b atom) int {
		return cmp.Or(slices.Index(tables, a.table)-slices.Index(tables, b.table), boolCompare(b.alarm, a.alarm), cmp.Compare(a.detail, b.detail), a.from-b.from, a.points[0]-b.points[0])
	})
	return mergeOverlaps(out)
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func mergeOverlaps(in []atom) []atom {
	var out []atom
	for _, a := range in {
		if n := len(out); n > 0 && out[n-1].beside(a) && a.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, a.to)
			out[n-1].points = append(out[n-1].points, a.points...)
			continue
		}
		out = append(out, a)
	}
	return out
}

// partition cuts sorted atoms into runs of least total cost by dynamic programming:
// bridging a hole is chosen exactly where it is cheaper than another transaction.
func (p *Profile) partition(atoms []atom, line Line, cuts []Cut) []Group {
	type step struct {
		cost  time.Duration
		count int // groups, to break ties
		from  int
	}
	best := make([]step, len(atoms)+1)
	for i := 1; i <= len(atoms); i++ {
		best[i].from = -1
		for j := i - 1; j >= 0; j-- {
			first, last := atoms[j], atoms[i-1]
			n := last.to - first.from + 1
			if !first.beside(last) || j < i-1 && n > p.Limit(first.table) {
				break
			}
			if j < i-1 && p.barred(first.table, first.from, last.to, cuts) {
				break
			}
			cost, count := best[j].cost+line.Transaction(first.table, n), best[j].count+1
			if best[i].from < 0 || cost < best[i].cost || cost == best[i].cost && count < best[i].count {
				best[i] = step{cost, count, j}
			}
		}
	}
	var out []Group
	for i := len(atoms); i > 0; i = best[i].from {
		run := atoms[best[i].from:i]
		n := run[len(run)-1].to - run[0].from + 1
		g := Group{Table: run[0].table, Address: uint16(run[0].from), Count: n, Alarm: run[0].alarm, Detail: run[0].detail, Cost: line.Transaction(run[0].table, n)}
		for _, a := range run {
			g.Points = append(g.Points, a.points...)
		}
		out = append(out, g)
	}
	slices.Reverse(out)
	return out
}
