package poll

import (
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// group is a bound group: what the schedule knows of it and what it is made of.
type group struct {
	Item
	index   int // in the driver's list
	points  []contract.PointID
	floor   time.Duration
	detail  contract.PointID
	summary bool // some group is the detail of one of its points
	proof   *proof
	status  int // its place in BusStatus.Groups
}

// proof is what was promised of a group and how it was kept.
type proof struct {
	pace Pace
	// since is when the newest answered request began, of a detail group the newest
	// that its summary had answered before it changed. Zero: nothing to follow up.
	since           time.Time
	detect, silence time.Duration
}

// group makes the group n of device i.
func (r *runner) group(i, n int, g drivers.Group) group {
	out := group{Item: Item{Device: i, Alarm: g.Alarm}, index: n, points: g.Points, floor: g.Cost, detail: g.Detail}
	pace := paceOf(r.cfg.Devices[i].Paces, g)
	out.Every, out.Rank, out.Cost, out.Lost, out.Early = pace.Every, pace.Rank, pace.Cost, pace.Lost, pace.Early
	if g.Detail != "" {
		out.Early, out.Idle = 0, max(pace.Idle, pace.Every)
	}
	for _, p := range g.Points {
		for _, other := range r.devices[i].Groups() {
			out.summary = out.summary || other.Detail == p
		}
	}
	if r.proof == nil {
		r.proof = map[contract.PointID]*proof{}
	}
	var first contract.PointID
	if len(g.Points) > 0 {
		first = g.Points[0]
	}
	if r.proof[first] == nil {
		r.proof[first] = &proof{}
		r.metrics.proof(true, "detect", r.cfg.ID, first, pace.Detect)
		r.metrics.proof(true, "silence", r.cfg.ID, first, pace.Silence)
	}
	out.proof = r.proof[first]
	out.proof.pace, out.proof.since = pace, time.Time{}
	return out
}

// replan binds a device's groups anew after it has learnt what it may ask together.
func (r *runner) replan(device int, now time.Time) {
	p, ok := r.devices[device].(drivers.Replanner)
	if !ok || p.Plan() == r.plans[device] {
		return
	}
	r.plans[device] = p.Plan()
	var rest, fresh []group
	for _, g := range r.groups {
		if g.Device != device {
			rest = append(rest, g)
		}
	}
	for n, g := range r.devices[device].Groups() {
		fresh = append(fresh, r.group(device, n, g))
	}
	proved := divide(fresh)
	items := make([]Item, len(fresh))
	for i := range fresh {
		items[i] = fresh[i].Item
	}
	r.groups = append(rest, fresh...)
	r.plan.Replace(device, items, proved, now)
	r.showGroups()
	if !proved {
		r.log.Warn("the device takes more of the line than was set aside; it is asked after all others", "device", r.cfg.Devices[device].Spec.ID, "groups", len(fresh))
	}
}

// partMargin is what each further transaction of a divided group costs beside the wire.
const partMargin = 4 * time.Millisecond

// divide shares out what was set aside for a group among those it was divided into, so
// that together they take no more of the line than was proved. false: they need more.
func divide(groups []group) bool {
	type pool struct {
		floor time.Duration
		parts int
	}
	pools := map[int]pool{} // by rank, which each planned group has of its own
	for i := range groups {
		p := pools[groups[i].Rank]
		pools[groups[i].Rank] = pool{p.floor + groups[i].floor, p.parts + 1}
	}
	proved := true
	for i := range groups {
		g, p := &groups[i], pools[groups[i].Rank]
		if g.Cost == 0 || p.parts == 1 || p.floor == 0 {
			proved = proved && (g.Cost == 0 || g.floor <= g.Cost)
			continue
		}
		proved = proved && p.floor+time.Duration(p.parts)*partMargin <= g.Cost
		whole := g.Cost
		g.Cost = time.Duration(float64(whole) * float64(g.floor) / float64(p.floor))
		g.Lost += g.Cost - whole
	}
	return proved
}

// paceOf is the pace of a group's most demanding point.
func paceOf(paces map[contract.PointID]Pace, g drivers.Group) (pace Pace) {
	for _, p := range g.Points {
		if q, ok := paces[p]; ok && (pace.Every == 0 || q.Every < pace.Every) {
			pace = q
		}
	}
	if pace.Every == 0 {
		if pace.Every = 5 * time.Second; g.Alarm {
			pace.Every = time.Second
		}
	}
	return pace
}

// answered follows up a good answer to a request that began then: its readings are
// published, so whatever has changed since the answer before is seen now.
func (r *runner) answered(item int, began time.Time) {
	g := &r.groups[item]
	p := g.proof
	promised := r.plan.Promised(g.Device)
	if promised && !p.since.IsZero() {
		if d := time.Since(p.since); d > p.detect {
			p.detect = d
			r.metrics.proof(false, "detect", r.cfg.ID, g.points[0], d)
			r.update(func(s *BusStatus) { s.Groups[g.status].DetectWorstMS = d.Milliseconds() })
		}
	}
	p.since = time.Time{}
	switch {
	case !promised:
		r.forget(g.Device)
	case g.detail == "" && len(g.points) > 0:
		p.since = began
	}
}

// forget stops following up a device that nothing is promised of for now.
func (r *runner) forget(device int) {
	for i := range r.groups {
		if r.groups[i].Device == device {
			r.groups[i].proof.since = time.Time{}
		}
	}
}

// unanswered follows up a bad verdict on one group.
func (r *runner) unanswered(item int) {
	g := &r.groups[item]
	p := g.proof
	if p.since.IsZero() {
		return
	}
	if d := time.Since(p.since); d > p.silence {
		p.silence = d
		r.metrics.proof(false, "silence", r.cfg.ID, g.points[0], d)
		r.update(func(s *BusStatus) { s.Groups[g.status].SilenceWorstMS = d.Milliseconds() })
	}
	p.since = time.Time{}
}

// silent follows up a bad verdict on every group of a device.
func (r *runner) silent(device int) {
	for i := range r.groups {
		if r.groups[i].Device == device {
			r.unanswered(i)
		}
	}
}

// showGroups puts the promises into the status.
func (r *runner) showGroups() {
	var out []GroupStatus
	for i := range r.groups {
		g := &r.groups[i]
		g.status = i
		p := g.proof
		out = append(out, GroupStatus{Device: r.cfg.Devices[g.Device].Spec.ID, Points: g.points, Alarm: g.Alarm, EveryMS: g.Every.Milliseconds(),
			DetectPromiseMS: p.pace.Detect.Milliseconds(), DetectWorstMS: p.detect.Milliseconds(),
			SilencePromiseMS: p.pace.Silence.Milliseconds(), SilenceWorstMS: p.silence.Milliseconds()})
	}
	r.update(func(s *BusStatus) { s.Groups = out })
}

// meter adds up what a line's time went to.
type meter struct {
	since         time.Time
	needed, spare time.Duration
}

const meterEvery = 10 * time.Second

// spent adds a transaction and, now and then, shows the shares.
func (r *runner) spent(lane Lane, began, now time.Time) {
	if m := &r.meter; lane <= LanePoll {
		m.needed += now.Sub(began)
	} else {
		m.spare += now.Sub(began)
	}
	elapsed := now.Sub(r.meter.since)
	if elapsed < meterEvery {
		return
	}
	needed, spare := float64(r.meter.needed)/float64(elapsed), float64(r.meter.spare)/float64(elapsed)
	r.meter = meter{since: now}
	r.update(func(s *BusStatus) { s.Load.Measured, s.Load.Spare = needed, spare })
	r.metrics.load(r.cfg.ID, "measured", needed)
	r.metrics.load(r.cfg.ID, "spare", spare)
}
