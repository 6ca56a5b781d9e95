package deadline

import (
	"slices"
	"time"
)

// view is one task with what can keep it waiting.
type view struct {
	bus    *Bus
	result *Result
	above  []int // tasks of higher priority; their intervals are settled
	task   int
}

// scope says which failures a bound has to live with.
type scope int

const (
	wellAll   scope = iota // every device answers
	wellOwn                // up to Dead others fail
	failedOwn              // this device is among the Dead
)

// solve finds the longest interval that keeps the promise.
func (v *view) solve() Bound {
	share := v.bus.share(v.task)
	b := Bound{}
	if share <= 0 {
		return b
	}
	r, ok := v.settle(share)
	if !ok {
		// It does not fit. What it would take is shown with an interval of its answer;
		// those below it are reckoned as if it were asked as seldom as it asks for.
		b.Every, b.Response, b.Detect = share, r, 2*r
		return b
	}
	b.Every = (share - r).Truncate(time.Millisecond)
	b.Response, b.Detect, b.Fits = r, b.Every+r, true
	healthy, ok := v.response(wellAll, b.Every)
	b.Healthy = b.Every + healthy
	silent, more := v.response(failedOwn, b.Every)
	if b.Silence = b.Every + silent; !ok || !more {
		b.Fits = false
	}
	return b
}

// settle repeats T = share − R until it holds. ok is false when no T ≥ R does.
func (v *view) settle(share time.Duration) (r time.Duration, ok bool) {
	every := share
	for range 64 {
		r, ok = v.response(wellOwn, every)
		if !ok {
			return r, false
		}
		next := (share - r).Truncate(time.Millisecond)
		if next < r || next <= 0 {
			return r, false
		}
		if next >= every {
			return r, true
		}
		every = next
	}
	return r, false
}

// response is the worst time from a task's turn to its decoded answer when it is asked
// every T. ok is false when there is no bound.
func (v *view) response(s scope, every time.Duration) (worst time.Duration, ok bool) {
	t := &v.bus.Tasks[v.task]
	block := v.blocking(s)
	busy, ok := fixpoint(block+t.Cost, func(w time.Duration) time.Duration {
		// The window is half open here, but counting it closed only adds.
		return block + v.interference(s, w) + time.Duration(ceil(w, every))*t.Cost
	})
	if !ok {
		return busy, false
	}
	for q := range ceil(busy, every) {
		own := time.Duration(q) * t.Cost
		start, ok := fixpoint(block+own, func(w time.Duration) time.Duration {
			return block + own + v.interference(s, w)
		})
		if !ok {
			return start, false
		}
		worst = max(worst, start+t.Cost-time.Duration(q)*every)
	}
	return worst, true
}

// blocking is the most that can be in flight, or late, when the task's turn comes.
func (v *view) blocking(s scope) time.Duration {
	var most, longest time.Duration
	own := v.bus.Tasks[v.task].Device
	for i := range v.bus.Tasks {
		t := &v.bus.Tasks[i]
		most, longest = max(most, t.Cost), max(longest, t.Cost)
		if s == failedOwn && v.bus.Dead > 0 || s == wellOwn && v.bus.Dead > 0 && t.Device != own {
			most = max(most, t.Timeout)
		}
	}
	// The window in flight may be full, and so may the task's own, whose others can be
	// answered before it.
	return most + 2*time.Duration(max(v.bus.Window, 1)-1)*longest + Stall
}

// interference is the most that work of higher priority takes of a window of length w.
func (v *view) interference(s scope, w time.Duration) (sum time.Duration) {
	for _, j := range v.above {
		sum += time.Duration(times(w, v.result.Bounds[j].Every)) * v.bus.Tasks[j].Cost
	}
	for i := range v.bus.Outputs {
		sum += v.bus.Outputs[i].demand(w)
	}
	if s == wellAll || v.bus.Dead == 0 {
		return sum
	}
	sum += time.Duration(int64(v.bus.Dead)+int64(w/FailureSpacing)) * v.excess(s)
	return sum + time.Duration(times(w, DeadWriteGap))*v.deadWrites(s)
}

// excess is the most that one failure takes beyond what was set aside for the answer.
func (v *view) excess(s scope) (most time.Duration) {
	own := v.bus.Tasks[v.task].Device
	for _, j := range append(slices.Clone(v.above), v.task) {
		if t := &v.bus.Tasks[j]; s == failedOwn || t.Device != own {
			most = max(most, t.Timeout-t.Cost)
		}
	}
	return most
}

// deadWrites is the most that one write to each dead device takes beyond what is set
// aside for its echo; until the device answers again there is one each DeadWriteGap.
func (v *view) deadWrites(s scope) (sum time.Duration) {
	var more []time.Duration
	for i := range v.bus.Outputs {
		if o := &v.bus.Outputs[i]; s == failedOwn || o.Device != v.bus.Tasks[v.task].Device {
			more = append(more, o.Timeout-o.Cost)
		}
	}
	slices.Sort(more)
	for _, d := range more[max(len(more)-v.bus.Dead, 0):] {
		sum += d
	}
	return sum
}

// fixpoint iterates w = f(w) from below; f must not fall. ok is false when w outgrows
// every use.
func fixpoint(w time.Duration, f func(time.Duration) time.Duration) (time.Duration, bool) {
	for {
		next := f(w)
		if next <= w {
			return w, true
		}
		if w = next; w > horizon {
			return w, false
		}
	}
}

func ceil(a, b time.Duration) int64 { return int64((a + b - 1) / b) }
