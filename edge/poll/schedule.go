package poll

import "time"

// Class orders what a bus is used for after writes: alarm groups go first.
type Class int

// Classes.
const (
	ClassAlarm Class = iota
	ClassTelemetry
)

// item is one group of one device in the schedule.
type item struct {
	device, group int
	class         Class
	every         time.Duration
	due           time.Time
}

// health is what the schedule knows of one device.
type health struct {
	fails int
	probe time.Duration // > 0: only its first group is asked, at this interval
	until time.Time     // when the next probe is due
}

const (
	failsBeforeBackoff = 3
	probeFirst         = time.Second
	probeMax           = 10 * time.Second
	// telemetryShare lets one telemetry group through after this many alarm groups in
	// a row, so that a bus that is too busy with alarm points still shows the rest.
	telemetryShare = 8
)

// schedule decides what a bus asks next. It is pure: every method takes now. A due
// group is a flag, never a queue entry; what was missed is counted and not made up.
type schedule struct {
	items    []item
	health   []health
	inARow   int // alarm groups since the last telemetry group
	skipped  uint64
	overdue  time.Duration // worst lateness seen at the last pick
	deviceOf map[int][]int // device → its items, first is the one probed
}

func newSchedule(items []item, devices int, now time.Time) *schedule {
	s := &schedule{items: items, health: make([]health, devices), deviceOf: map[int][]int{}}
	for i := range s.items {
		s.items[i].due = now
		s.deviceOf[items[i].device] = append(s.deviceOf[items[i].device], i)
	}
	return s
}

// next picks the item to ask now, or says how long nothing will be due.
func (s *schedule) next(now time.Time) (pick int, wait time.Duration) {
	best, bestTelemetry := -1, -1
	wait = time.Hour
	for i := range s.items {
		due, asked := s.dueOf(i)
		if !asked {
			continue
		}
		if d := due.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		if s.items[i].class == ClassTelemetry && s.earlier(i, bestTelemetry) {
			bestTelemetry = i
		}
		if best < 0 || s.items[i].class < s.items[best].class || s.items[i].class == s.items[best].class && s.earlier(i, best) {
			best = i
		}
	}
	if best < 0 {
		return -1, wait
	}
	if s.inARow >= telemetryShare && bestTelemetry >= 0 {
		best = bestTelemetry
	}
	return best, 0
}

// dueOf is when item i is to be asked; asked is false while its device is backed off
// and i is not the group that probes it.
func (s *schedule) dueOf(i int) (due time.Time, asked bool) {
	it := &s.items[i]
	h := &s.health[it.device]
	if h.probe == 0 {
		return it.due, true
	}
	return h.until, s.deviceOf[it.device][0] == i
}

func (s *schedule) earlier(i, than int) bool {
	if than < 0 {
		return true
	}
	a, _ := s.dueOf(i)
	b, _ := s.dueOf(than)
	return a.Before(b)
}

// done records that item i was asked and how it went.
func (s *schedule) done(i int, now time.Time, ok bool) {
	it := &s.items[i]
	if it.class == ClassTelemetry {
		s.inARow = 0
	} else {
		s.inARow++
	}
	s.overdue = max(now.Sub(it.due), 0)
	it.due = it.due.Add(it.every)
	if late := now.Sub(it.due); late >= 0 {
		missed := int64(late/it.every) + 1
		s.skipped += uint64(missed)
		it.due = it.due.Add(time.Duration(missed) * it.every)
	}
	h := &s.health[it.device]
	if ok {
		if h.probe > 0 {
			for _, j := range s.deviceOf[it.device] {
				if j != i {
					s.items[j].due = now
				}
			}
		}
		*h = health{}
		return
	}
	if h.fails++; h.fails >= failsBeforeBackoff {
		h.probe = min(max(2*h.probe, probeFirst), probeMax)
		h.until = now.Add(h.probe)
	}
}

// hurry makes every group of a device due at once, for a read-back after a write.
func (s *schedule) hurry(device int, now time.Time) {
	for _, i := range s.deviceOf[device] {
		if s.items[i].due.After(now) {
			s.items[i].due = now
		}
	}
}

// restart makes everything due, after the bus was gone.
func (s *schedule) restart(now time.Time) {
	for i := range s.items {
		s.items[i].due = now
	}
	clear(s.health)
	s.inARow = 0
}
