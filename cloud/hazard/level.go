package hazard

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"anlan/configs"
	"anlan/contract"
)

// Class is what the law knows: order 16 of the former State Administration of Work
// Safety has two.
type Class string

// Classes.
const (
	ClassMajor   Class = "major"
	ClassGeneral Class = "general"
)

// Limit is how long something may take: hours on the clock, or days to the end of the
// last one. Exactly one of the two is set.
type Limit struct {
	Hours   int  `json:"hours,omitempty" yaml:"hours"`
	Days    int  `json:"days,omitempty" yaml:"days"`
	Working bool `json:"working,omitempty" yaml:"working"` // only days on which people work count
}

// Level is how grave a hazard is. There are two clocks: until something is done against
// the danger, and until the hazard is gone.
type Level struct {
	ID       string        `json:"id" yaml:"id,required"`
	Name     contract.Text `json:"name" yaml:"name,required"`
	Class    Class         `json:"class" yaml:"class,required" enum:"major,general"`
	Colour   string        `json:"colour" yaml:"colour,required" enum:"red,orange,yellow,blue"`
	Priority int           `json:"priority" yaml:"priority,required"` // 1 comes first
	Response Limit         `json:"response" yaml:"response,required"`
	Cure     Limit         `json:"cure" yaml:"cure,required"`
	Plan     bool          `json:"plan" yaml:"plan"` // needs measures, money, time, people and an emergency plan in writing
	Verified bool          `json:"verified" yaml:"verified"`
}

// Due is when a limit that begins at from ends. The day of from itself is not counted:
// three days from Monday end with Thursday, at 24:00 of the calendar's zone.
func (l Limit) Due(from time.Time, c Calendar) time.Time {
	if l.Days == 0 {
		return from.Add(time.Duration(l.Hours) * time.Hour)
	}
	at := from.In(c.zone())
	day := at
	for left := l.Days; left > 0; {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.zone())
		if !l.Working || c.Works(day) {
			left--
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, c.zone()).UTC()
}

// Rework is the new end after a review found the hazard still there: the limit again,
// from the old end or from now, whichever is later.
func (l Limit) Rework(due, now time.Time, c Calendar) time.Time {
	if due.After(now) {
		return l.Due(due.Add(-time.Nanosecond), c) // the end of a day belongs to it
	}
	return l.Due(now, c)
}

// Calendar tells on which days people work.
type Calendar struct {
	Zone     *time.Location
	Holidays []string // YYYY-MM-DD, weekdays off
	Workdays []string // YYYY-MM-DD, weekends worked for them (调休)
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Works reports whether people work on the day of at.
func (c Calendar) Works(at time.Time) bool {
	day := at.In(c.zone())
	name := day.Format(time.DateOnly)
	switch {
	case slices.Contains(c.Workdays, name):
		return true
	case slices.Contains(c.Holidays, name):
		return false
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// MaxDays bounds a limit.
const MaxDays = 366

func (l Limit) problem() (found, want string) {
	switch {
	case (l.Hours > 0) == (l.Days > 0):
		return fmt.Sprintf("%d hours and %d days", l.Hours, l.Days), "either hours or days"
	case l.Hours < 0 || l.Days < 0 || l.Days > MaxDays || l.Hours > 24*MaxDays:
		return fmt.Sprintf("%d hours, %d days", l.Hours, l.Days), "1 to " + strconv.Itoa(MaxDays) + " days"
	case l.Working && l.Days == 0:
		return "working hours", "working only with days"
	}
	return "", ""
}

func checkLevels(levels []Level, doc *configs.Document, problems *configs.Problems) {
	seen := map[string]bool{}
	first := map[int]string{}
	for i, l := range levels {
		at := fmt.Sprintf("levels[%d].", i)
		bad := func(field, found, want string) { *problems = append(*problems, doc.Problem(at+field, found, want)) }
		if seen[l.ID] {
			bad("id", strconv.Quote(l.ID)+" twice", "each level once")
		}
		seen[l.ID] = true
		if other, taken := first[l.Priority]; taken {
			bad("priority", strconv.Itoa(l.Priority)+", which "+other+" has", "a priority of its own")
		}
		first[l.Priority] = l.ID
		if l.Class != ClassMajor && l.Class != ClassGeneral {
			bad("class", strconv.Quote(string(l.Class)), "major or general")
		}
		if !slices.Contains([]string{"red", "orange", "yellow", "blue"}, l.Colour) {
			bad("colour", strconv.Quote(l.Colour), "red, orange, yellow or blue")
		}
		for field, limit := range map[string]Limit{"response": l.Response, "cure": l.Cure} {
			if found, want := limit.problem(); want != "" {
				bad(field, found, want)
			}
		}
	}
}

// DueBy answers flows that look deadlines up by a hazard's level: scheme "hazard-level/cure"
// or "hazard-level/response". rework is the deadline before, zero the first time.
func (c *Catalogue) DueBy(cal Calendar) func(scheme string, level any, from, rework time.Time) (time.Time, bool) {
	return func(scheme string, level any, from, rework time.Time) (time.Time, bool) {
		id, _ := level.(string)
		l, ok := c.Level(id)
		if !ok {
			return time.Time{}, false
		}
		limit := l.Cure
		switch scheme {
		case "hazard-level/cure":
		case "hazard-level/response":
			limit = l.Response
		default:
			return time.Time{}, false
		}
		if rework.IsZero() {
			return limit.Due(from, cal), true
		}
		return limit.Rework(rework, from, cal), true
	}
}
