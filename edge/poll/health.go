package poll

import (
	"slices"
	"time"
)

type condition int

const (
	unproven condition = iota
	failing
	trial
	sound
)

type health struct {
	condition condition
	fails     int
	backoff   time.Duration
	until     time.Time // when the next probe is due
	lost      int       // item that failed
	recovered time.Time
	unwritten time.Time // when a write failed last; zero once one was echoed
	missed    time.Time // the same, but not forgotten
	unproved  bool      // asks more than was counted on: always on probation
}

// probed is the item that probes a device: the one that failed first, then the others
// in turn, so that one group without answers is told from a device without.
func (s *Schedule) probed(device int) int {
	h, of := &s.devices[device], s.of[device]
	return of[(slices.Index(of, h.lost)+max(h.fails-1, 0))%len(of)]
}

// lose takes a device out of the polls.
func (s *Schedule) lose(device, item int, now time.Time) {
	h := &s.devices[device]
	h.condition, h.fails, h.backoff, h.until, h.lost = failing, 1, 0, now, item
}

// recover takes a device that answered back: sound if it never failed or its next
// failure could be paid for, else on probation.
func (s *Schedule) recover(device int, now time.Time, by int) {
	h := &s.devices[device]
	was := h.condition
	h.condition, h.recovered = trial, now
	if lost := &s.items[h.lost]; was == failing && h.lost != by && lost.fails > 1 {
		s.silence(lost, now)
	}
	for _, j := range s.of[device] {
		it := &s.items[j]
		it.due, it.asked = later(now, it.released.Add(it.Every)), now
	}
	if was == unproven && !h.unproved {
		h.condition, h.recovered = sound, time.Time{}
	}
	h.fails, h.backoff = 0, 0
	s.promote(now)
}

// silence leaves an item without answers out of the turns of a device that answers
// otherwise, and asks it again later: an alarm group as soon and as often as a dead
// device, for that is what it may be.
func (s *Schedule) silence(it *item, now time.Time) {
	most := muteMax
	if it.Alarm {
		most = probeMax
	}
	it.mute = min(max(2*it.mute, probeFirst), most)
	it.until = now.Add(time.Duration(float64(it.mute) * (0.75 + 0.5*s.jitter())))
}

// promote ends probations that the bucket can pay for.
func (s *Schedule) promote(now time.Time) {
	waiting, risky := false, 0.0
	for d := range s.devices {
		h := &s.devices[d]
		waiting = waiting || h.condition == trial
		if h.condition == sound && !h.recovered.IsZero() && now.Sub(h.recovered) < FailureSpacing {
			risky++
		}
	}
	if !waiting {
		return
	}
	for d := range s.devices {
		if h := &s.devices[d]; h.condition == trial && !h.unproved && s.tokens-risky >= 1 {
			h.condition, h.recovered = sound, now
			risky++
			for _, j := range s.of[d] { // a turn that was left waiting begins anew
				s.items[j].due = later(s.items[j].due, now)
			}
		}
	}
}

func (s *Schedule) refill(now time.Time) {
	s.tokens = min(s.tokens+float64(now.Sub(s.counted))/float64(FailureSpacing), s.capacity)
	s.counted = now
}

// spend pays for time that was not set aside. What can not be paid for is beyond what
// the promises allow for.
func (s *Schedule) spend(over time.Duration) {
	if s.tokens -= float64(max(over, 0)) / float64(s.excess); s.tokens < 0 {
		s.beyond++
	}
}

// Promised reports whether the promises hold for the device now: all of it answers, and
// not on probation.
func (s *Schedule) Promised(device int) bool {
	return s.devices[device].condition == sound && !slices.ContainsFunc(s.of[device], func(j int) bool { return s.items[j].mute > 0 })
}

// Watched reports whether the device is asked at its pace, not only probed.
func (s *Schedule) Watched(device int) bool { return s.devices[device].condition >= trial }

// Extra pays for a write that was not set aside for, and for its read-back.
func (s *Schedule) Extra(item int, began, now time.Time) {
	s.refill(now)
	over := now.Sub(began)
	if item < len(s.items) {
		over += s.items[item].Cost
	}
	s.spend(over)
}

// Urgent reports whether something is due that goes before probes.
func (s *Schedule) Urgent(now time.Time) bool {
	for i := range s.items {
		if at, lane := s.when(i, now); lane < LaneProbe && !at.After(now) {
			return true
		}
	}
	return false
}

// unwritten counts the devices that have not echoed a write lately.
func (s *Schedule) unwritten(now time.Time) (n int) {
	for d := range s.devices {
		if h := &s.devices[d]; !h.missed.IsZero() && now.Sub(h.missed) < DeadWriteGap {
			n++
		}
	}
	return n
}

// Beyond counts what could not be paid for: while it does not grow, the promises hold.
func (s *Schedule) Beyond() uint64 { return s.beyond }

// Resting reports whether a write to the device would only wait for another time-out.
func (s *Schedule) Resting(device int, now time.Time) bool {
	h := &s.devices[device]
	return h.condition == failing && !h.unwritten.IsZero() && now.Sub(h.unwritten) < DeadWriteGap
}
