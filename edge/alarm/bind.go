package alarm

import (
	"cmp"
	"path"
	"slices"
	"strconv"

	"anlan/configs"
	"anlan/contract"
)

// Target is something rules may be about: a device with its points, or one of the
// edge's own points (then System is set and there is exactly one point).
type Target struct {
	Device  contract.DeviceID
	Profile string
	Place   contract.Place
	Channel string
	System  string
	Points  []TargetPoint
}

// TargetPoint is one point of a target. Place and Channel, when set, are narrower than
// the device's.
type TargetPoint struct {
	Name     string
	Unit     contract.Unit
	Alarm    bool
	Writable bool
	Place    contract.Place
	Channel  string
}

// Bind applies rules to targets, in order. A rule whose profile no target has binds to
// nothing and is no mistake; a point that the profile does not have is one.
func Bind(rules []Rule, targets []Target) ([]Def, configs.Problems) {
	b := binder{targets: targets, owner: map[Key]bool{}}
	for i := range rules {
		b.rule(&rules[i])
	}
	return b.defs, b.problems
}

type binder struct {
	targets  []Target
	defs     []Def
	owner    map[Key]bool
	problems configs.Problems
}

func (b *binder) bad(r *Rule, key, found, want string) {
	b.problems = append(b.problems, r.problem(key, found, want))
}

func (b *binder) rule(r *Rule) {
	for _, id := range r.For.Devices {
		if !slices.ContainsFunc(b.targets, func(t Target) bool { return t.Device == id }) {
			b.bad(r, "for.devices", "unknown device "+strconv.Quote(string(id)), "a device of this edge")
		}
	}
	var voters []voter
	for i := range b.targets {
		t := &b.targets[i]
		if !r.selects(t) {
			continue
		}
		if r.For.Every {
			b.silent(r, t)
			continue
		}
		matched := false
		for j := range t.Points {
			p := &t.Points[j]
			if ok, _ := path.Match(cmp.Or(r.For.Point, "*"), p.Name); !ok {
				continue
			}
			matched = true
			if r.When.Vote != nil {
				voters = append(voters, voter{t, p})
			} else {
				b.point(r, t, p)
			}
		}
		if !matched {
			b.bad(r, "for.point", "unknown point "+strconv.Quote(r.For.Point), "a point of profile "+t.Profile)
			return
		}
	}
	b.votes(r, voters)
}

func (r *Rule) selects(t *Target) bool {
	s := r.For
	if len(s.Devices) > 0 && !slices.Contains(s.Devices, t.Device) {
		return false
	}
	switch {
	case s.System != "":
		return t.System == s.System
	case s.Every:
		return t.System == "" && len(t.Points) > 0
	}
	ok, _ := path.Match(s.Profile, t.Profile) // checked when it was read
	return t.System == "" && ok
}

func (r *Rule) def(t *Target, p *TargetPoint) Def {
	d := Def{
		Key:    Key{contract.NewPointID(t.Device, p.Name), r.ID},
		Hazard: r.Hazard, Title: r.Title, Do: r.Do, Place: t.Place, Channel: cmp.Or(p.Channel, t.Channel), Unit: p.Unit,
		OnDelay: r.OnDelay, OffDelay: r.OffDelay, StaleAfter: r.StaleAfter, Latch: r.Latch,
		Levels: []Level{{Severity: r.Severity}},
	}
	if p.Place != (contract.Place{}) {
		d.Place = p.Place
	}
	d.Inputs = []contract.PointID{d.Point}
	return d
}

func (b *binder) point(r *Rule, t *Target, p *TargetPoint) {
	d := r.def(t, p)
	w := r.When
	switch {
	case w.Above != nil:
		d.Test.Kind, d.Levels = Above, r.levels(w.Above)
	case w.Below != nil:
		d.Test.Kind, d.Levels = Below, r.levels(w.Below)
	case w.Equals != nil:
		d.Test = Test{Kind: Equals, Values: w.Equals}
	case w.Expr != "":
		names := make([]string, len(t.Points))
		for i, tp := range t.Points {
			names[i] = tp.Name
		}
		prog, err := Compile(w.Expr, names)
		if err != nil {
			b.bad(r, "when.expr", strconv.Quote(w.Expr)+" ("+err.Error()+")", "a condition over the points of "+t.Profile)
			return
		}
		d.Test = Test{Kind: Expr, Program: prog}
		d.Inputs = nil
		for _, n := range prog.Names {
			d.Inputs = append(d.Inputs, contract.NewPointID(t.Device, n))
		}
	}
	if r.ResetPoint != "" {
		i := slices.IndexFunc(t.Points, func(p TargetPoint) bool { return p.Name == r.ResetPoint })
		if i < 0 || !t.Points[i].Writable {
			b.bad(r, "reset_point", strconv.Quote(r.ResetPoint), "a writable point of "+t.Profile)
			return
		}
		d.ResetPoint = contract.NewPointID(t.Device, r.ResetPoint)
	}
	b.add(r, d)
}

func (b *binder) silent(r *Rule, t *Target) {
	link := TargetPoint{Name: "link"}
	d := r.def(t, &link)
	d.Unit = contract.UnitSecond
	d.Test.Kind, d.Inputs = Silent, nil
	for _, p := range t.Points {
		d.Inputs = append(d.Inputs, contract.NewPointID(t.Device, p.Name))
		if p.Alarm && r.When.Silent.Detector != 0 {
			d.Levels[0].Severity = r.When.Silent.Detector
		}
	}
	b.add(r, d)
}

type voter struct {
	target *Target
	point  *TargetPoint
}

// votes makes one alarm for each zone, shown at the first voter's point.
func (b *binder) votes(r *Rule, voters []voter) {
	zones := map[string]int{}
	for _, v := range voters {
		zone := v.target.Place.Zone
		i, ok := zones[zone]
		if !ok {
			d := r.def(v.target, v.point)
			d.Inputs, d.Channel = nil, ""
			d.Test = Test{Kind: Equals, Values: r.When.Vote.Equals, Need: r.When.Vote.Need}
			if i = len(b.defs); !b.add(r, d) {
				return
			}
			zones[zone] = i
		}
		b.defs[i].Inputs = append(b.defs[i].Inputs, contract.NewPointID(v.target.Device, v.point.Name))
	}
	for _, i := range zones {
		if n := len(b.defs[i].Inputs); n < r.When.Vote.Need {
			b.bad(r, "when.vote.need", strconv.Itoa(r.When.Vote.Need)+", but zone "+strconv.Quote(b.defs[i].Place.Zone)+" has "+strconv.Itoa(n), "no more than there are")
		}
	}
}

func (b *binder) add(r *Rule, d Def) bool {
	if b.owner[d.Key] {
		b.bad(r, "id", "two rules "+strconv.Quote(string(d.Rule))+" for "+string(d.Point), "one rule of a name for a point")
		return false
	}
	b.owner[d.Key] = true
	b.defs = append(b.defs, d)
	return true
}

func (r *Rule) levels(ts []Threshold) []Level {
	out := make([]Level, len(ts))
	for i, t := range ts {
		out[i] = Level{On: t.On, Off: t.On, Severity: r.severity(t)}
		if t.Off != nil {
			out[i].Off = *t.Off
		}
	}
	return out
}
