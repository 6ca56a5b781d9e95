package edge

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"anlan/edge/deadline"
	"anlan/edge/poll"
)

// plant is a bus in virtual time: the scheduler as it is, devices and an adversary that
// stays within what the proof allows for.
type plant struct {
	t      *testing.T
	rnd    *rand.Rand
	bus    deadline.Bus
	proof  deadline.Result
	plan   *poll.Schedule
	device []int // task → device
	count  int   // devices

	now     time.Time
	dead    []time.Time // device → dead until
	resting []time.Time // device → the driver refuses until
	budget  []time.Time // when each failure that was made is forgotten
	writes  []time.Time // outputs → when each is written next
	since   []time.Time // task → begin of the newest answered request
	worst   []time.Duration
	silence []time.Duration
	answers int
	failed  int
}

const rest = 500 * time.Millisecond

func newPlant(t *testing.T, rnd *rand.Rand, b deadline.Bus, proof deadline.Result) *plant {
	p := &plant{t: t, rnd: rnd, bus: b, proof: proof, now: time.Unix(0, 0), device: make([]int, len(b.Tasks)), since: make([]time.Time, len(b.Tasks)),
		worst: make([]time.Duration, len(b.Tasks)), silence: make([]time.Duration, len(b.Tasks))}
	names := map[string]int{}
	items := make([]poll.Item, len(b.Tasks))
	for i, task := range b.Tasks {
		if _, ok := names[task.Device]; !ok {
			names[task.Device] = len(names)
		}
		p.device[i] = names[task.Device]
		items[i] = poll.Item{Device: p.device[i], Alarm: task.Alarm, Every: proof.Bounds[i].Every, Rank: proof.Bounds[i].Rank, Cost: task.Cost, Lost: task.Timeout}
		if rnd.IntN(2) == 0 && task.Alarm {
			items[i].Early = task.Within / 4
		}
	}
	p.count = len(names)
	p.dead, p.resting = make([]time.Time, p.count), make([]time.Time, p.count)
	for _, o := range b.Outputs {
		for range o.Count {
			p.writes = append(p.writes, p.now.Add(time.Duration(rnd.IntN(10_000))*time.Millisecond))
		}
	}
	p.plan = poll.NewSchedule(items, p.count, b.Dead, p.now, rnd.Float64)
	return p
}

// may reports whether one more failure is within what the proof allows for, and takes it.
func (p *plant) may() bool {
	p.budget = slices.DeleteFunc(p.budget, func(until time.Time) bool { return !until.After(p.now) })
	if len(p.budget) >= p.bus.Dead {
		return false
	}
	p.budget = append(p.budget, p.now.Add(time.Duration(p.bus.Dead)*deadline.FailureSpacing))
	return true
}

func (p *plant) run(end time.Time) {
	for p.now.Before(end) {
		if p.write() {
			continue
		}
		turn := p.plan.Next(p.now)
		if turn.Item < 0 {
			next := p.now.Add(turn.Wait)
			for _, w := range p.writes {
				if w.Before(next) {
					next = w
				}
			}
			p.now = next
			continue
		}
		p.ask(turn)
	}
}

// write does the most urgent thing there is.
func (p *plant) write() bool {
	k := 0
	for _, o := range p.bus.Outputs {
		d := p.device[slices.IndexFunc(p.bus.Tasks, func(t deadline.Task) bool { return t.Device == o.Device })]
		for range o.Count {
			if !p.writes[k].After(p.now) {
				p.writes[k] = p.writes[k].Add(deadline.DriveEvery)
				if p.rnd.IntN(3) == 0 {
					p.writes[k] = p.now.Add(deadline.DriveEvery + time.Duration(p.rnd.IntN(5000))*time.Millisecond)
				}
				p.writeTo(d, o)
				return true
			}
			k++
		}
	}
	return false
}

func (p *plant) writeTo(d int, o deadline.Outputs) {
	if p.plan.Resting(d, p.now) || p.resting[d].After(p.now) {
		return
	}
	item := slices.Index(p.device, d)
	began, watched := p.now, p.plan.Watched(d)
	v, took := poll.Answered, o.Cost
	if p.dead[d].After(p.now) {
		v, took = poll.Failed, o.Timeout
	}
	p.now = p.now.Add(took)
	if v == poll.Failed {
		p.resting[d] = p.now.Add(rest)
	}
	p.plan.Wrote(d, item, began, p.now, v)
	if watched && !p.plan.Watched(d) {
		p.silent(d)
	}
}

func (p *plant) ask(turn poll.Turn) {
	task := &p.bus.Tasks[turn.Item]
	d := p.device[turn.Item]
	began, watched := p.now, p.plan.Watched(d)
	if p.resting[d].After(p.now) {
		p.plan.Done(turn, began, p.now, poll.Refused)
		return
	}
	alive := !p.dead[d].After(p.now)
	if alive && watched && p.rnd.IntN(40) == 0 && p.may() {
		alive = false
		p.dead[d] = p.now
		if p.rnd.IntN(2) == 0 { // for a while, not only once
			p.dead[d] = p.now.Add(time.Duration(p.rnd.IntN(30_000)) * time.Millisecond)
		}
	}
	took, v := task.Cost, poll.Answered
	if p.rnd.IntN(4) == 0 {
		took = time.Duration(p.rnd.Int64N(int64(took)) + 1)
	}
	if !alive {
		took, v = task.Timeout, poll.Failed
	}
	p.now = p.now.Add(took)
	p.plan.Done(turn, began, p.now, v)
	if v == poll.Failed {
		p.failed++
		p.resting[d] = p.now.Add(rest)
		p.silent(d)
		return
	}
	p.answers++
	if !p.plan.Promised(d) {
		for i := range p.since {
			if p.device[i] == d {
				p.since[i] = time.Time{}
			}
		}
		return
	}
	if s := p.since[turn.Item]; !s.IsZero() {
		p.worst[turn.Item] = max(p.worst[turn.Item], p.now.Sub(s))
	}
	p.since[turn.Item] = began
}

func (p *plant) silent(d int) {
	for i := range p.since {
		if p.device[i] == d && !p.since[i].IsZero() {
			p.silence[i] = max(p.silence[i], p.now.Sub(p.since[i]))
			p.since[i] = time.Time{}
		}
	}
}

// randomBus makes a bus that fits, tightly: promises are shortened until it nearly does
// not.
func randomBus(rnd *rand.Rand) (deadline.Bus, deadline.Result, bool) {
	b := deadline.Bus{Dead: 1 + rnd.IntN(2)}
	for i := range 2 + rnd.IntN(14) {
		cost := time.Duration(10+rnd.IntN(90)) * time.Millisecond
		b.Tasks = append(b.Tasks, deadline.Task{Device: "d" + strconv.Itoa(i*2/3), Alarm: rnd.IntN(3) > 0, Cost: cost,
			Within: time.Duration(2000+rnd.IntN(8000)) * time.Millisecond, Timeout: cost + time.Duration(rnd.IntN(300))*time.Millisecond})
	}
	if rnd.IntN(2) == 0 {
		b.Outputs = []deadline.Outputs{{Device: "d0", Count: 1 + rnd.IntN(4), Cost: 40 * time.Millisecond, Timeout: 340 * time.Millisecond, ReadBack: longestCost(b.Tasks)}}
	}
	r := deadline.Analyze(b)
	if !r.Fits() {
		return b, r, false
	}
	for range 20 {
		tight := b
		tight.Tasks = slices.Clone(b.Tasks)
		for i := range tight.Tasks {
			tight.Tasks[i].Within = tight.Tasks[i].Within * 9 / 10
		}
		tr := deadline.Analyze(tight)
		if !tr.Fits() {
			break
		}
		b, r = tight, tr
	}
	return b, r, true
}

func longestCost(tasks []deadline.Task) time.Duration { return longest(tasks).Cost }

// TestProof_ObservedNeverAboveComputed runs the real scheduler on random buses in
// virtual time, with devices as slow as allowed and failing as often as allowed.
func TestProof_ObservedNeverAboveComputed(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	tried, answers, failed := 0, 0, 0
	var near []float64
	for tried < 300 {
		b, proof, fits := randomBus(rnd)
		if !fits {
			continue
		}
		tried++
		p := newPlant(t, rnd, b, proof)
		p.run(p.now.Add(10 * time.Minute))
		answers, failed = answers+p.answers, failed+p.failed
		best := 0.0
		for i, bound := range proof.Bounds {
			if p.worst[i] > bound.Detect || p.silence[i] > bound.Silence {
				t.Fatalf("bus %d task %d: seen after %v, promised %v; silent seen after %v, promised %v; %d beyond\n%+v\n%+v",
					tried, i, p.worst[i], bound.Detect, p.silence[i], bound.Silence, p.plan.Beyond(), b, proof)
			}
			best = max(best, float64(p.worst[i])/float64(bound.Detect))
		}
		near = append(near, best)
		if p.plan.Beyond() > 0 {
			t.Errorf("bus %d: the scheduler thinks that %d failures were beyond the promise", tried, p.plan.Beyond())
		}
	}
	slices.Sort(near)
	t.Logf("%d buses, %d answers, %d failures; worst seen / promised: median %.2f, best %.2f", tried, answers, failed, near[len(near)/2], near[len(near)-1])
	if near[len(near)-1] < 0.85 {
		t.Errorf("the proof is never nearly reached: %.2f", near[len(near)-1])
	}
}

func TestProof_CountsOnWhatTheSchedulerKeepsTo(t *testing.T) {
	for name, pair := range map[string][2]time.Duration{
		"failure spacing": {poll.FailureSpacing, deadline.FailureSpacing},
		"read-back gap":   {poll.ReadBackGap, deadline.ReadBackGap},
		"dead write gap":  {poll.DeadWriteGap, deadline.DeadWriteGap},
		"drive every":     {poll.DriveEvery, deadline.DriveEvery},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the scheduler keeps %v, the proof counts on %v", name, pair[0], pair[1])
		}
	}
}
