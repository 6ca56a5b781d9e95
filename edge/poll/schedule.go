package poll

import (
	"cmp"
	"slices"
	"time"
)

// Item is one group of one device, asked again and again.
type Item struct {
	Device int
	Alarm  bool
	Every  time.Duration // from one turn to the next; a detail group is never asked more often
	Rank   int           // orders items of one class, the lowest first
	Cost   time.Duration // what is set aside for an answer; 0 is not watched
	Lost   time.Duration // what a time-out takes at most
	Early  time.Duration // on an idle line asked again after this; 0 never
	Idle   time.Duration // of a detail group: asked this seldom while its summary stays the same
}

// Lane says why an item is asked now.
type Lane int

// Lanes, the first goes first. Writes go before all of them.
const (
	LaneReadBack Lane = iota // proves a write
	LanePoll                 // its turn has come
	LaneProbe                // does the device answer again?
	LaneTrial                // its turn has come, but its device fails too often
	LaneEarly                // nothing else is to do
)

// Turn is what a bus does next.
type Turn struct {
	Item int // -1: nothing is due before Wait has passed
	Lane Lane
	Wait time.Duration
}

// Verdict is how a transaction ended.
type Verdict int

// Verdicts.
const (
	Answered Verdict = iota // also with an exception: the device is there
	Failed                  // nothing came that can be believed
	Refused                 // the driver did not ask: the device is being rested
)

const (
	probeFirst = time.Second
	probeMax   = 10 * time.Second
	probeShare = 25 // probes that fail again get one part in this of the line's time
	restRetry  = 100 * time.Millisecond
	muteMax    = 10 * time.Minute // between probes of one group of a device that answers otherwise; of an alarm group probeMax
)

// What the promises take for granted and the schedule keeps to; the proof counts on the
// same figures.
const (
	FailureSpacing = 10 * time.Second       // beyond those that may fail at once, one failure each
	ReadBackGap    = 500 * time.Millisecond // between two read-backs of one group
	DeadWriteGap   = 3 * time.Second        // between two writes to a device that echoes none
	DriveEvery     = 5 * time.Second        // writes of one output beyond this are paid for like failures

	excessUnsaid = 300 * time.Millisecond
)

// Schedule decides what a bus does next. It is pure: every method takes now. A turn is
// a flag, never a queue entry; what was missed is counted and not made up.
//
// Every device begins unproven and is asked by a probe first, so a device that is known
// to be dead costs the others no more than one transaction in flight. One that fails
// while it is sound has cost a time-out in the place of an answer; a bucket of as many
// time-outs as may happen at once, which fills by one each ten seconds, pays for that,
// and for answers that take longer than was set aside. While it is empty, devices that
// answer again, or answer too slowly, are on probation: asked as often, but last.
type Schedule struct {
	items   []item
	order   []int
	of      [][]int // device → its items
	devices []health

	tokens    float64 // time-outs that can be paid for
	capacity  float64
	excess    time.Duration // what a token is worth
	counted   time.Time     // when tokens was right
	probeFree time.Time     // no probe of a device that failed one before
	jitter    func() float64

	skipped, beyond uint64
}

type item struct {
	Item
	due, released time.Time
	asked         time.Time
	fails         int // in a row
	mute          time.Duration
	until         time.Time // while muted: when it is asked again
	proveAt       time.Time // zero: no read-back is wanted
	proved        time.Time
}

// NewSchedule begins at now. dead is how many devices may fail at once; jitter returns
// numbers in [0, 1).
func NewSchedule(items []Item, devices, dead int, now time.Time, jitter func() float64) *Schedule {
	s := &Schedule{devices: make([]health, devices), of: make([][]int, devices), capacity: float64(max(dead, 1)), counted: now, probeFree: now, jitter: jitter}
	s.tokens = s.capacity
	for i, it := range items {
		s.items = append(s.items, item{Item: it, due: now})
		s.of[it.Device] = append(s.of[it.Device], i)
		s.excess = max(s.excess, it.Lost-it.Cost)
	}
	if s.excess <= 0 {
		s.excess = excessUnsaid
	}
	s.rank()
	for d := range s.devices {
		s.devices[d].until = now
		if len(s.of[d]) > 0 {
			s.devices[d].lost = s.of[d][0]
		}
	}
	return s
}

// rank puts the items in the order of priority.
func (s *Schedule) rank() {
	s.order = s.order[:0]
	for i := range s.items {
		s.order = append(s.order, i)
	}
	slices.SortStableFunc(s.order, func(x, y int) int {
		a, b := &s.items[x], &s.items[y]
		switch {
		case a.Alarm && !b.Alarm:
			return -1
		case b.Alarm && !a.Alarm:
			return 1
		}
		return cmp.Compare(a.Rank, b.Rank)
	})
}

// Replace gives a device other items. They come after all others: the index of every
// later item falls by as many as the device had. The device is on probation for good
// unless the new items are proved.
func (s *Schedule) Replace(device int, items []Item, proved bool, now time.Time) {
	old, index := s.items, make([]int, len(s.items))
	s.items = nil
	for d := range s.of {
		s.of[d] = nil
	}
	add := func(it item) int {
		s.items = append(s.items, it)
		s.of[it.Device] = append(s.of[it.Device], len(s.items)-1)
		return len(s.items) - 1
	}
	for i, it := range old {
		if it.Device != device {
			index[i] = add(it)
		}
	}
	for _, it := range items {
		// Its turn is a whole interval away: what it asked before counts as asked.
		add(item{Item: it, asked: now, released: now, due: now.Add(it.Every)})
	}
	for d := range s.devices {
		h := &s.devices[d]
		if h.lost = index[h.lost]; d == device && len(s.of[d]) > 0 {
			h.lost = s.of[d][0]
		}
	}
	if h := &s.devices[device]; !proved {
		h.unproved, h.condition = true, min(h.condition, trial)
	}
	s.rank()
}

// Next says what is to be done now. It changes nothing but what the passing of time
// changes.
func (s *Schedule) Next(now time.Time) Turn {
	s.refill(now)
	s.promote(now)
	best := Turn{Item: -1, Lane: LaneEarly + 1, Wait: time.Hour}
	var oldest time.Time // of the best in the lanes that go by age
	for _, i := range s.order {
		at, lane := s.when(i, now)
		if d := at.Sub(now); d > 0 {
			best.Wait = min(best.Wait, d)
			continue
		}
		byAge := lane >= LaneProbe
		if lane == LaneProbe {
			at = s.wished(i) // else all that wait for a free line were of one age
		}
		if lane < best.Lane || lane == best.Lane && byAge && at.Before(oldest) {
			best.Item, best.Lane, oldest = i, lane, at
		}
	}
	if best.Item >= 0 {
		best.Wait = 0
	}
	return best
}

// Beside lists what of t's device is due as well and may be on the way together with it:
// at most n other turns.
func (s *Schedule) Beside(t Turn, n int, now time.Time) (out []Turn) {
	if t.Lane != LanePoll {
		return nil
	}
	for _, i := range s.order {
		if i == t.Item || s.items[i].Device != s.items[t.Item].Device || len(out) == n {
			continue
		}
		if at, lane := s.when(i, now); lane == LanePoll && !at.After(now) {
			out = append(out, Turn{Item: i, Lane: lane})
		}
	}
	return out
}

var never = time.Unix(1<<40, 0)

// when is the earliest moment item i is to be asked, and in which lane.
func (s *Schedule) when(i int, now time.Time) (time.Time, Lane) {
	it := &s.items[i]
	h := &s.devices[it.Device]
	switch {
	case h.condition < trial:
		if s.probed(it.Device) != i {
			return never, LaneProbe
		}
		at := h.until
		if h.fails > 1 && s.probeFree.After(at) {
			at = s.probeFree
		}
		return at, LaneProbe
	case it.mute > probeFirst: // it has failed since it was muted
		return later(it.until, s.probeFree), LaneProbe
	case it.mute > 0:
		return it.until, LaneProbe
	}
	prove := it.proveAt
	if prove.IsZero() {
		prove = never
	}
	instead := s.instead(i)
	switch {
	case h.condition == trial:
		return sooner(sooner(it.due, prove), instead), LaneTrial
	case !prove.After(now):
		return prove, LaneReadBack
	case !it.due.After(now):
		return it.due, LanePoll
	case !instead.After(now):
		return instead, LaneTrial
	}
	at := sooner(sooner(it.due, prove), instead)
	if it.Early > 0 {
		at = sooner(at, it.asked.Add(it.Early))
	}
	return at, LaneEarly // nothing but an early poll can be due now
}

// wished is when item i was to be probed, whether the line was free or not.
func (s *Schedule) wished(i int) time.Time {
	if h := &s.devices[s.items[i].Device]; h.condition < trial {
		return h.until
	}
	return s.items[i].until
}

// instead is when item i is asked in the place of one of its device that is muted: what
// says that the device is there keeps its pace, though behind all that is promised.
func (s *Schedule) instead(i int) time.Time {
	it, pace := &s.items[i], time.Duration(0)
	if it.Idle > 0 || !it.proveAt.IsZero() {
		return never
	}
	for _, j := range s.of[it.Device] {
		other := &s.items[j]
		switch {
		case other.mute > 0 && (pace == 0 || other.Every < pace):
			pace = other.Every
		case other.mute == 0 && other.Idle == 0 && j < i: // one is enough
			return never
		}
	}
	if pace == 0 {
		return never
	}
	return it.asked.Add(pace)
}

// Done records how a turn went, from began to now.
func (s *Schedule) Done(t Turn, began, now time.Time, v Verdict) {
	s.refill(now)
	it := &s.items[t.Item]
	h := &s.devices[it.Device]
	it.asked = now
	switch t.Lane {
	case LaneReadBack:
		it.proveAt, it.proved = time.Time{}, began
	case LaneTrial:
		it.proveAt = time.Time{}
		if !it.due.After(began) { // else it was read back before its turn
			s.advance(it, now)
		}
	case LanePoll:
		s.advance(it, now)
	}
	over := now.Sub(began) - it.Cost
	if late := now.Sub(began) - max(it.Lost, it.Cost); t.Lane >= LaneProbe && it.Cost > 0 && late > 0 {
		s.spend(late) // it kept the others waiting for longer than anything may
	}
	switch v {
	case Refused:
		if h.condition == sound && t.Lane == LaneReadBack {
			it.proveAt = now.Add(restRetry)
		}
		h.until, it.until = later(h.until, now.Add(restRetry)), later(it.until, now.Add(restRetry))
	case Failed:
		it.fails++
		s.failed(t, began, now, over)
	default:
		it.fails = 0
		if it.mute > 0 {
			it.mute, it.due = 0, later(now, it.released.Add(it.Every))
		}
		if h.condition < trial {
			s.recover(it.Device, now, t.Item)
			it.released, it.due = began, began.Add(it.interval())
		} else if h.condition == sound && t.Lane <= LanePoll && it.Cost > 0 && over > 0 {
			if s.spend(over); s.tokens < 0 {
				h.condition = trial
			}
		}
	}
}

func (it *item) interval() time.Duration { return max(it.Every, it.Idle) }

func (s *Schedule) advance(it *item, now time.Time) {
	step := it.interval()
	it.released = it.due
	it.due = it.due.Add(step)
	if late := now.Sub(it.due); late >= 0 && step > 0 {
		missed := int64(late/step) + 1
		s.skipped += uint64(missed)
		it.due = it.due.Add(time.Duration(missed) * step)
	}
}

func (s *Schedule) failed(t Turn, began, now time.Time, over time.Duration) {
	it := &s.items[t.Item]
	h := &s.devices[it.Device]
	switch {
	case h.condition >= trial && it.mute > 0: // asked to see whether it answers again
		s.silence(it, now)
		s.probeFree = now.Add(now.Sub(began) * probeShare)
	case h.condition >= trial:
		if h.condition == sound && t.Lane <= LanePoll {
			s.spend(over)
		}
		s.lose(it.Device, t.Item, now)
	default:
		h.backoff = min(max(2*h.backoff, probeFirst), probeMax)
		if h.fails++; h.fails > 1 {
			s.probeFree = now.Add(now.Sub(began) * probeShare)
		}
		h.until = now.Add(time.Duration(float64(h.backoff) * (0.75 + 0.5*s.jitter())))
	}
}

// Wrote records a write to a device and asks for item to be read back after an echo.
func (s *Schedule) Wrote(device, item int, began, now time.Time, v Verdict) {
	s.refill(now)
	h := &s.devices[device]
	switch v {
	case Failed:
		// One such write is set aside for on as many devices as may fail at once.
		if s.unwritten(now) >= int(s.capacity) || now.Sub(h.missed) < DeadWriteGap {
			s.spend(now.Sub(began))
		}
		h.unwritten, h.missed = now, now
		if h.condition >= trial && len(s.of[device]) > 0 {
			s.lose(device, item, now)
		}
	case Answered:
		h.unwritten = time.Time{}
		if len(s.of[device]) == 0 {
			return
		}
		if h.condition < trial {
			s.recover(device, now, item)
		}
		it := &s.items[item]
		it.proveAt = later(now, it.proved.Add(ReadBackGap))
		for _, j := range s.of[device] {
			s.items[j].asked = time.Time{} // looked at as soon as the line is idle
		}
	}
}

// Changed makes a detail group due: its summary has changed.
func (s *Schedule) Changed(i int, now time.Time) {
	it := &s.items[i]
	if at := later(now, it.released.Add(it.Every)); at.Before(it.due) {
		it.due = at
	}
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
