package cond

import (
	"strconv"
	"time"
)

const dayMillis = 24 * 60 * 60 * 1000

// duration is "3d", "-24h": N of unit m, h, d (24 h; a calendar day where days are
// compared) or w (7 d).
type duration struct {
	n    int
	unit byte
}

// parseDuration reads "24h", or with sign "-24h", "+3d".
func parseDuration(s string, signed bool) (duration, bool) {
	sign := 1
	if signed {
		if s == "" {
			return duration{}, true
		}
		if s[0] == '-' {
			sign = -1
		} else if s[0] != '+' {
			return duration{}, false
		}
		s = s[1:]
	}
	if len(s) < 2 || len(s) > 6 {
		return duration{}, false
	}
	n, unit := 0, s[len(s)-1]
	for _, c := range []byte(s[:len(s)-1]) {
		if c < '0' || c > '9' {
			return duration{}, false
		}
		n = n*10 + int(c-'0')
	}
	if unit != 'm' && unit != 'h' && unit != 'd' && unit != 'w' {
		return duration{}, false
	}
	return duration{sign * n, unit}, true
}

func (d duration) String() string {
	if d.unit == 0 {
		return ""
	}
	return strconv.Itoa(d.n) + string(d.unit)
}

// signed writes the duration as {"now":…} wants it.
func (d duration) signed() string {
	if d.unit != 0 && d.n >= 0 {
		return "+" + d.String()
	}
	return d.String()
}

func (d duration) millis() int64 {
	switch d.unit {
	case 'm':
		return int64(d.n) * 60_000
	case 'h':
		return int64(d.n) * 3_600_000
	case 'd':
		return int64(d.n) * dayMillis
	case 'w':
		return int64(d.n) * 7 * dayMillis
	}
	return 0
}

// shiftDay is the calendar day that lies d from now: whole days count on the calendar.
func shiftDay(now int64, d duration, zone *time.Location) int {
	switch d.unit {
	case 'd':
		return dayOf(now, zone) + d.n
	case 'w':
		return dayOf(now, zone) + 7*d.n
	}
	return dayOf(now+d.millis(), zone)
}

// dayOf is the local calendar day of an instant, as days since 1970-01-01.
func dayOf(ms int64, zone *time.Location) int {
	return int(floorDiv(ms+offset(ms, zone), dayMillis))
}

// dayStart is the first instant of a local day. Where midnight is skipped or doubled by a
// change of the clock, it is what looking the offset up twice gives: the browser does the same.
func dayStart(day int, zone *time.Location) int64 {
	u := int64(day) * dayMillis
	t := u - offset(u-offset(u, zone), zone)
	return u - offset(t, zone)
}

func offset(ms int64, zone *time.Location) int64 {
	_, s := time.UnixMilli(ms).In(zone).Zone()
	return int64(s) * 1000
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// parseDay reads YYYY-MM-DD, years 0001 to 9999.
func parseDay(s string) (int, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(s[:4])
	m, ok2 := digits(s[5:7])
	d, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d {
		return 0, false
	}
	return int(floorDiv(t.Unix(), 86400)), true
}

func formatDay(day int) string {
	return time.Unix(int64(day)*86400, 0).UTC().Format("2006-01-02")
}

// The instants of the years 0001 to 9999.
const (
	minInstant = -62135596800000
	maxInstant = 253402300799999
)

// parseInstant reads RFC 3339 with a zone; digits after the millisecond are cut off.
func parseInstant(s string) (int64, bool) {
	if len(s) < 20 || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	day, ok := parseDay(s[:10])
	h, ok1 := digits(s[11:13])
	m, ok2 := digits(s[14:16])
	sec, ok3 := digits(s[17:19])
	if !ok || !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	ms, rest, ok := fraction(s[19:])
	if !ok {
		return 0, false
	}
	zone, ok := zoneOffset(rest)
	if !ok {
		return 0, false
	}
	t := int64(day)*dayMillis + int64(h)*3_600_000 + int64(m)*60_000 + int64(sec)*1000 + ms - zone
	return t, t >= minInstant && t <= maxInstant
}

func fraction(s string) (ms int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		if n <= 3 {
			ms = ms*10 + int64(s[n]-'0')
		}
		n++
	}
	for i := n; i <= 3; i++ {
		ms *= 10
	}
	return ms, s[n:], n > 1 && n <= 10
}

func zoneOffset(s string) (int64, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := digits(s[1:3])
	m, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	ms := int64(h*60+m) * 60_000
	if s[0] == '-' {
		ms = -ms
	}
	return ms, true
}

func digits(s string) (int, bool) {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
