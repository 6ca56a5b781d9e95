package alarm

import (
	"fmt"
	"slices"
	"time"

	"anlan/contract"
)

// Step advances one alarm. It never modifies what st refers to.
func Step(def *Def, st State, in Input, now time.Time) (State, []Event) {
	elapsed := st.advance(def, now)
	st.merge(def, in.Readings)
	v := assess(def, &st, now)
	st.Broken = v.broken
	switch {
	case v.early:
		return st, nil
	case !v.known:
		st.next, st.held = st.Level, 0
		st.Condition = contract.Unknown
	case v.hold:
		return st, nil
	default:
		st.settle(def, v.level, elapsed)
	}
	return st.announce(def, v, now)
}

// Why codes of a refused reset, as in [contract.CommandResult].
const (
	WhyNotLatched   = "not_latched"
	WhyCausePresent = "cause_present"
)

// Reset lets a latched alarm go if its cause is known to be gone. why is empty when it
// did, else a code.
func Reset(def *Def, st State, now time.Time) (_ State, _ []Event, why string) {
	st.advance(def, now)
	if st.Level == 0 {
		return st, nil, WhyNotLatched
	}
	v := assess(def, &st, now)
	if !st.Latched || !v.known || v.hold || v.level > 0 {
		return st, nil, WhyCausePresent
	}
	st.Level, st.Latched, st.next, st.held = 0, false, 0, 0
	st.Condition = contract.Normal
	v.reason = "reset"
	st, events := st.announce(def, v, now)
	return st, events, ""
}

func (s *State) advance(def *Def, now time.Time) time.Duration {
	if s.started.IsZero() {
		s.started, s.at = now, now
		s.next = s.Level
		if s.Condition == "" {
			s.Condition = contract.Unknown
		}
		if s.Said.Condition == "" {
			s.Said.Condition = contract.Normal
		}
	}
	if len(s.seen) != len(def.Inputs) {
		s.seen = make([]Seen, len(def.Inputs))
	}
	elapsed := max(now.Sub(s.at), 0)
	s.at = now
	return elapsed
}

func (s *State) merge(def *Def, readings []contract.Reading) {
	copied := false
	for _, r := range readings {
		for i, p := range def.Inputs {
			if p != r.Point {
				continue
			}
			if !copied {
				s.seen, copied = slices.Clone(s.seen), true
			}
			s.seen[i].Quality = r.Quality
			if !r.Quality.IsBad() {
				s.seen[i].Usable = r
			}
		}
	}
}

// settle moves the level towards target as far as the delays allow.
func (s *State) settle(def *Def, target int, elapsed time.Duration) {
	if target > 0 {
		s.Latched = false
	}
	if def.Latch && target > 0 && target < s.Level {
		target = s.Level // a latched alarm keeps its worst severity until it is reset
	}
	delay := def.OnDelay
	switch {
	case target == s.Level:
		s.next, s.held = s.Level, 0
	case target > s.Level:
		if s.next <= s.Level {
			s.next, s.held = target, 0
		} else {
			s.next, s.held = min(s.next, target), s.held+elapsed
		}
	default:
		delay = def.OffDelay
		if s.next >= s.Level {
			s.next, s.held = target, 0
		} else {
			s.next, s.held = max(s.next, target), s.held+elapsed
		}
	}
	if s.next != s.Level && s.held >= delay {
		if s.next == 0 && def.Latch {
			s.Latched = true
			s.next = s.Level
		} else {
			s.Level = s.next
		}
		s.held = 0
	}
	s.Condition = contract.Normal
	if s.Level > 0 {
		s.Condition = contract.Active
	}
}

func (s State) announce(def *Def, v verdict, now time.Time) (State, []Event) {
	say := Said{s.Condition, s.Level, s.Latched}
	if say == s.Said {
		return s, nil
	}
	previous := s.Said
	s.Said = say
	if previous.Condition != say.Condition {
		s.Since = now
	}
	level := max(say.Level, previous.Level, 1)
	if say.Level > 0 {
		level = say.Level
	}
	c := contract.ConditionChange{
		Point: def.Point, Rule: def.Rule, Condition: say.Condition, Previous: previous.Condition, Latched: say.Latched,
		Severity: def.Levels[min(level, len(def.Levels))-1].Severity, Hazard: def.Hazard, Title: def.Title, Do: def.Do,
		Place: def.Place, Channel: def.Channel, Value: v.value, Unit: def.Unit, Quality: v.quality, Reason: v.reason,
		SensedAt: v.at, DecidedAt: now,
	}
	if c.Reason == "" && say.Condition == contract.Active && previous.Condition == contract.Active {
		switch {
		case say.Latched && !previous.Latched:
			c.Reason = "cause gone, waiting for a reset"
		case !say.Latched && previous.Latched:
			c.Reason = "cause came back before a reset"
		case say.Level != previous.Level:
			c.Reason = fmt.Sprintf("severity step %d to %d", previous.Level, say.Level)
		}
	}
	s.Last = c
	returned := say.Condition == contract.Active && !say.Latched && previous.Latched
	return s, []Event{{Key: def.Key, Change: c, Returned: returned}}
}
