package calendar_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"anlan/cloud/calendar"
)

func TestH06_AnEndFollowsFromTheLevelAndTheCalendar(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	// National day: the 1st to the 7th are off, Saturday the 10th is worked for it.
	b := calendar.Body{Days: []calendar.Day{{Date: "2026-10-10", Works: true}}}
	for d := 1; d <= 7; d++ {
		b.Days = append(b.Days, calendar.Day{Date: time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)})
	}
	cal := b.In(shanghai)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		limit      calendar.Limit
		from, want string
	}{
		{calendar.Limit{Hours: 1}, "2026-09-30 23:30", "2026-10-01 00:30"},
		{calendar.Limit{Days: 1}, "2026-09-30 00:00", "2026-10-02 00:00"},
		{calendar.Limit{Days: 1}, "2026-09-30 23:59", "2026-10-02 00:00"},
		{calendar.Limit{Days: 7}, "2026-11-23 09:00", "2026-12-01 00:00"},
		{calendar.Limit{Days: 30}, "2026-01-31 09:00", "2026-03-03 00:00"},
		{calendar.Limit{Days: 1, Working: true}, "2026-09-30 09:00", "2026-10-09 00:00"},
		{calendar.Limit{Days: 3, Working: true}, "2026-09-30 09:00", "2026-10-11 00:00"},
		{calendar.Limit{Days: 1, Working: true}, "2026-11-20 09:00", "2026-11-24 00:00"},
	} {
		if got := c.limit.Due(at(c.from), cal); !got.Equal(at(c.want)) {
			t.Errorf("%+v from %s: %s, want %s", c.limit, c.from, got.In(shanghai).Format("2006-01-02 15:04"), c.want)
		}
	}
	seven := calendar.Limit{Days: 7}
	due := seven.Due(at("2026-11-02 09:00"), cal)
	if got := seven.Rework(due, at("2026-11-05 10:00"), cal); !got.Equal(at("2026-11-17 00:00")) {
		t.Errorf("sent back in time: %s", got.In(shanghai))
	}
	if got := seven.Rework(due, at("2026-11-20 10:00"), cal); !got.Equal(at("2026-11-28 00:00")) {
		t.Errorf("sent back late: %s", got.In(shanghai))
	}
}

// TestH06_AnEndIsNeverEarlierForMore holds for any limit, moment and calendar.
func TestH06_AnEndIsNeverEarlierForMore(t *testing.T) {
	zones := []string{"Asia/Shanghai", "UTC", "America/New_York"} // the last changes its clocks
	r := rand.New(rand.NewPCG(4, 2))
	for range 5_000 {
		zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
		if err != nil {
			t.Fatal(err)
		}
		var b calendar.Body
		from := time.Date(2026, 1, 1, 0, r.IntN(525_600), r.IntN(60), 0, zone)
		for range r.IntN(10) {
			b.Days = append(b.Days, calendar.Day{Date: from.AddDate(0, 0, r.IntN(20)).Format(time.DateOnly)})
		}
		cal := b.In(zone)
		days, working := 1+r.IntN(40), r.IntN(2) == 0
		l := calendar.Limit{Days: days, Working: working}
		due := l.Due(from, cal)
		local := due.In(zone)
		if h, m, s := local.Clock(); h+m+s != 0 || !due.After(from) {
			t.Fatalf("%+v from %s ends at %s", l, from, local)
		}
		if more := (calendar.Limit{Days: days + 1, Working: working}).Due(from, cal); !more.After(due) {
			t.Fatalf("%d days end at %s, one more at %s", days, due, more)
		}
		if working {
			if plain := (calendar.Limit{Days: days}).Due(from, cal); due.Before(plain) || !cal.Works(due.Add(-time.Second)) {
				t.Fatalf("%d working days from %s end at %s, as days at %s", days, from, local, plain)
			}
		}
	}
}

func TestCalendar_WorkingTimeStandsStillOnDaysOff(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	b := calendar.Body{Days: []calendar.Day{{Date: "2026-11-23"}, {Date: "2026-11-28", Works: true}}}
	cal := b.In(zone)
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, zone) }
	for _, x := range []struct {
		from time.Time
		add  time.Duration
		want time.Time
	}{
		{at(18, 9), 5 * time.Hour, at(18, 14)},     // Wednesday
		{at(20, 20), 8 * time.Hour, at(24, 4)},     // Friday night over a weekend and a Monday off
		{at(21, 9), 0, at(24, 0)},                  // begun on a day off
		{at(27, 23), 26 * time.Hour, at(30, 1)},    // Saturday worked, Sunday off
		{at(18, 0), 5 * 24 * time.Hour, at(26, 0)}, // whole days
	} {
		if got := cal.Add(x.from, x.add); !got.Equal(x.want) {
			t.Errorf("%s and %s: %s, want %s", x.from, x.add, got.In(zone), x.want)
		}
	}
}

func TestParse_TellsEverythingThatIsWrong(t *testing.T) {
	_, err := calendar.Parse([]byte(`{"title":{"zh":""},"verified":false,"days":[{"date":"2026-13-01"},{"date":"2026-10-01"},{"date":"2026-10-01"}]}`))
	bad, ok := errors.AsType[*calendar.InvalidError](err)
	if !ok {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range bad.Problems {
		paths = append(paths, p.Path)
	}
	if got := strings.Join(paths, " "); got != "title days[0].date days[2].date" {
		t.Errorf("problems at %s", got)
	}
	for _, raw := range []string{`[]`, `{"title":{"zh":"甲"},"days":[],"more":1}`} {
		if _, err := calendar.Parse([]byte(raw)); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
}
