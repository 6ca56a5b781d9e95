package cond

import (
	"math"
	"time"
)

func inMillionths(f float64) float64 { return math.Floor(f*millionths + 0.5) }

// span reads a literal that stands against a date or an instant: an instant is itself, a
// date its day. zone may be nil if only ok is wanted.
func span(l literal, zone *time.Location) (start, end int64, ok bool) {
	if l.kind == 's' {
		if day, ok := parseDay(l.s); ok {
			if zone == nil {
				return 0, 0, true
			}
			return dayStart(day, zone), dayStart(day+1, zone), true
		}
	}
	if l.kind == 'b' {
		return 0, 0, false
	}
	ms, ok := instantOf(l.raw())
	return ms, ms + 1, ok
}

// bounds is a right side as the instants [start, end) it stands for.
func (s *scope) bounds(op Op, o *operand) (start, end int64, ok bool) {
	switch o.kind {
	case isValue:
		start, end, ok = span(o.val, s.env.Zone)
	case isNow:
		start, ok = s.now+o.dur.millis(), true
		if op == OpSameDay {
			day := shiftDay(s.now, o.dur, s.env.Zone)
			return dayStart(day, s.env.Zone), dayStart(day+1, s.env.Zone), true
		}
		end = start + 1
	case isField:
		v := s.field(o.name, op)
		start, end, ok = v.i, v.i+1, v.kind == Instant
	}
	if ok && op == OpSameDay {
		day := dayOf(start, s.env.Zone)
		start, end = dayStart(day, s.env.Zone), dayStart(day+1, s.env.Zone)
	}
	return start, end, ok
}

// day is a right side as a calendar day.
func (s *scope) day(op Op, o *operand) (int, bool) {
	switch o.kind {
	case isNow:
		return shiftDay(s.now, o.dur, s.env.Zone), true
	case isValue:
		if o.val.kind == 's' {
			if d, ok := parseDay(o.val.s); ok {
				return d, true
			}
		}
		ms, _, ok := span(o.val, s.env.Zone)
		return dayOf(ms, s.env.Zone), ok
	case isField:
		v := s.field(o.name, op)
		return int(v.i), v.kind == Date
	}
	return 0, false
}

// plain turns the words of time into comparisons.
func plain(op Op) Op {
	switch op {
	case OpBefore:
		return OpLt
	case OpAfter:
		return OpGt
	case OpSameDay:
		return OpEq
	}
	return op
}

func (s *scope) times(op Op, l value, o *operand) bool {
	if l.kind == Date {
		d, ok := s.day(op, o)
		return ok && ordered(plain(op), sign(l.i < int64(d), l.i > int64(d)))
	}
	if op == OpSameDay && o.kind == isField {
		return false
	}
	start, end, ok := s.bounds(op, o)
	return ok && ordered(plain(op), sign(l.i < start, l.i >= end))
}

// window is the span of within_last and within_next, both ends in it: instants, or days
// for a date.
func (s *scope) window(n *node, k Kind) (from, to int64) {
	d := n.r.dur
	if n.op == OpWithinLast {
		d.n = -d.n
	}
	a, b := s.now, s.now+d.millis()
	if k == Date {
		a, b = int64(dayOf(s.now, s.env.Zone)), int64(shiftDay(s.now, d, s.env.Zone))
	}
	return min(a, b), max(a, b)
}

func (s *scope) within(n *node, l value) bool {
	from, to := s.window(n, l.kind)
	return l.i >= from && l.i <= to
}
