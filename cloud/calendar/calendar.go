// Package calendar is on which days people work, and when something that may take so long
// has to be done. A working calendar is a document people edit: official holidays move
// every year, and some weekends are worked for them.
package calendar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"anlan/contract"
)

// Key is the document of kind calendar that deadlines are counted by.
const Key = "work"

const maxDays = 4000 // days one calendar may name

// Day is a day that is not as its weekday says.
type Day struct {
	Date  string        `json:"date"`            // YYYY-MM-DD
	Works bool          `json:"works,omitempty"` // a weekend worked, or, if false, a weekday off
	Name  contract.Text `json:"name,omitzero"`
}

// Body is a working calendar as a document.
type Body struct {
	Title  contract.Text `json:"title"`
	Source contract.Text `json:"source,omitzero"` // whose notice the days come from
	// Verified is false where the notice itself was not read.
	Verified bool  `json:"verified"`
	Days     []Day `json:"days"` // each date once
}

// Problem is one thing wrong with a calendar, at a JSON path.
type Problem struct {
	Path string
	Text contract.Text
}

// InvalidError is all that is wrong.
type InvalidError struct{ Problems []Problem }

// Error implements error.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("calendar: %d problems, first at %s: %s", len(e.Problems), e.Problems[0].Path, e.Problems[0].Text.EN)
}

// Parse reads a calendar. Errors: InvalidError, with everything wrong at once.
func Parse(raw []byte) (*Body, error) {
	var out []Problem
	bad := func(path, zh, en string) { out = append(out, Problem{path, contract.Text{ZH: zh, EN: en}}) }
	b := &Body{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(b); err != nil {
		bad("", "不是工作日历", "not a working calendar: "+err.Error())
		return nil, &InvalidError{out}
	}
	if strings.TrimSpace(b.Title.ZH) == "" || len([]rune(b.Title.ZH)) > 200 {
		bad("title", "需要中文名称，至多 200 字", "needs a Chinese name of at most 200 characters")
	}
	if len(b.Days) > maxDays {
		bad("days", fmt.Sprintf("至多 %d 天", maxDays), fmt.Sprintf("at most %d days", maxDays))
	}
	seen := map[string]bool{}
	for i, d := range b.Days[:min(len(b.Days), maxDays)] {
		at := fmt.Sprintf("days[%d].date", i)
		switch _, err := time.Parse(time.DateOnly, d.Date); {
		case err != nil:
			bad(at, "应为如 2026-10-01 的日期", "must be a date as 2026-10-01")
		case seen[d.Date]:
			bad(at, d.Date+" 出现两次", d.Date+" appears twice")
		}
		seen[d.Date] = true
	}
	if len(out) > 0 {
		return nil, &InvalidError{out}
	}
	return b, nil
}

// In is the calendar as a community lives by it.
func (b *Body) In(zone *time.Location) Calendar {
	c := Calendar{Zone: zone, days: make(map[string]bool, len(b.Days))}
	for _, d := range b.Days {
		c.days[d.Date] = d.Works
	}
	return c
}

// Calendar tells on which days people work. The zero one knows weekends only, in UTC.
type Calendar struct {
	Zone *time.Location
	days map[string]bool
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
	if works, named := c.days[day.Format(time.DateOnly)]; named {
		return works
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// Add adds a duration of which only working days count: the clock stands still from 0:00 to
// 24:00 of a day off. d is not negative.
func (c Calendar) Add(from time.Time, d time.Duration) time.Time {
	at := from.In(c.zone())
	for {
		next := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, c.zone())
		if c.Works(at) {
			if left := next.Sub(at); d > left {
				d -= left
			} else {
				return at.Add(d).UTC()
			}
		}
		if at = next; at.Sub(from) > maxSpan { // a calendar without working days
			return at.UTC()
		}
	}
}

const maxSpan = 10 * 366 * 24 * time.Hour
