package calendar

import "time"

// MaxDays bounds a limit.
const MaxDays = 366

// Limit is how long something may take: hours on the clock, or days to the end of the
// last one. Exactly one of the two is set.
type Limit struct {
	Hours   int  `json:"hours,omitempty"`
	Days    int  `json:"days,omitempty"`
	Working bool `json:"working,omitempty"` // only days on which people work count
}

// Sound reports whether the limit says one thing, and something that can be.
func (l Limit) Sound() bool {
	return (l.Hours > 0) != (l.Days > 0) && l.Hours >= 0 && l.Days >= 0 &&
		l.Days <= MaxDays && l.Hours <= 24*MaxDays && (!l.Working || l.Days > 0)
}

// Due is when a limit that begins at from ends. The day of from itself is not counted:
// three days from Monday end with Thursday, at 24:00 of the calendar's zone.
func (l Limit) Due(from time.Time, c Calendar) time.Time {
	if l.Days == 0 {
		return from.Add(time.Duration(l.Hours) * time.Hour)
	}
	day := from.In(c.zone())
	for left := l.Days; left > 0; {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.zone())
		if !l.Working || c.Works(day) {
			left--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.zone()).UTC()
}

// Rework is the new end after a review found the work not done: the limit again, from the
// old end or from now, whichever is later.
func (l Limit) Rework(due, now time.Time, c Calendar) time.Time {
	if due.After(now) {
		return l.Due(due.Add(-time.Nanosecond), c) // the end of a day belongs to it
	}
	return l.Due(now, c)
}
