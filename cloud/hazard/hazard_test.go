package hazard_test

import (
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"anlan/cloud/hazard"
	"anlan/configs"
)

func shipped(t *testing.T) *hazard.Catalogue {
	t.Helper()
	c, err := hazard.Load(configs.Files, "hazards")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestH02_EveryShippedCategoryHasItsStandardItems(t *testing.T) {
	c := shipped(t)
	for _, id := range []string{"fire", "elevator", "gas", "power", "pump-room", "order", "sanitation", "falling-objects", "e-bike"} {
		cat, ok := c.Category(id)
		if !ok || len(cat.Items) < 8 {
			t.Errorf("%s: %d items, want at least 8", id, len(cat.Items))
		}
	}
	for _, cat := range c.Categories {
		for _, it := range cat.Items {
			i := slices.IndexFunc(c.Standards, func(s hazard.Standard) bool { return s.ID == it.Standard })
			if i < 0 || c.Standards[i].Title.ZH == "" || c.Standards[i].Title.EN == "" {
				t.Errorf("%s/%s: no source", cat.ID, it.ID)
			}
		}
	}
}

func TestH04_LevelsAreDataGravestFirst(t *testing.T) {
	c := shipped(t)
	var names []string
	for i, l := range c.Levels {
		names = append(names, l.Name.ZH)
		if i > 0 && l.Priority <= c.Levels[i-1].Priority {
			t.Errorf("%s does not come after %s", l.ID, c.Levels[i-1].ID)
		}
	}
	if got := strings.Join(names, " "); got != "重大 较大 一般" {
		t.Errorf("levels: %s", got)
	}
	if l, _ := c.Level("major"); !l.Plan || l.Class != hazard.ClassMajor || l.Colour != "red" {
		t.Errorf("major: %+v", l)
	}
}

func TestH06_AnEndFollowsFromTheLevelAndTheCalendar(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	// National day: the 1st to the 7th are off, Saturday the 10th is worked for it.
	cal := hazard.Calendar{Zone: shanghai, Workdays: []string{"2026-10-10"}}
	for d := 1; d <= 7; d++ {
		cal.Holidays = append(cal.Holidays, time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		limit      hazard.Limit
		from, want string
	}{
		{hazard.Limit{Hours: 1}, "2026-09-30 23:30", "2026-10-01 00:30"},
		{hazard.Limit{Days: 1}, "2026-09-30 00:00", "2026-10-02 00:00"},
		{hazard.Limit{Days: 1}, "2026-09-30 23:59", "2026-10-02 00:00"},
		{hazard.Limit{Days: 7}, "2026-11-23 09:00", "2026-12-01 00:00"},
		{hazard.Limit{Days: 30}, "2026-01-31 09:00", "2026-03-03 00:00"},
		{hazard.Limit{Days: 1, Working: true}, "2026-09-30 09:00", "2026-10-09 00:00"},
		{hazard.Limit{Days: 3, Working: true}, "2026-09-30 09:00", "2026-10-11 00:00"},
		{hazard.Limit{Days: 1, Working: true}, "2026-11-20 09:00", "2026-11-24 00:00"},
	} {
		if got := c.limit.Due(at(c.from), cal); !got.Equal(at(c.want)) {
			t.Errorf("%+v from %s: %s, want %s", c.limit, c.from, got.In(shanghai).Format("2006-01-02 15:04"), c.want)
		}
	}
	seven := hazard.Limit{Days: 7}
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
		cal := hazard.Calendar{Zone: zone}
		from := time.Date(2026, 1, 1, 0, r.IntN(525_600), r.IntN(60), 0, zone)
		for range r.IntN(10) {
			cal.Holidays = append(cal.Holidays, from.AddDate(0, 0, r.IntN(20)).Format(time.DateOnly))
		}
		days, working := 1+r.IntN(40), r.IntN(2) == 0
		l := hazard.Limit{Days: days, Working: working}
		due := l.Due(from, cal)
		local := due.In(zone)
		if h, m, s := local.Clock(); h+m+s != 0 || !due.After(from) {
			t.Fatalf("%+v from %s ends at %s", l, from, local)
		}
		if more := (hazard.Limit{Days: days + 1, Working: working}).Due(from, cal); !more.After(due) {
			t.Fatalf("%d days end at %s, one more at %s", days, due, more)
		}
		if working {
			if plain := (hazard.Limit{Days: days}).Due(from, cal); due.Before(plain) || !cal.Works(due.Add(-time.Second)) {
				t.Fatalf("%d working days from %s end at %s, as days at %s", days, from, local, plain)
			}
		}
	}
}

func TestScheme_ScoresAndGrades(t *testing.T) {
	c := shipped(t)
	lec, ls := c.Schemes[0], c.Schemes[1]
	for _, x := range []struct {
		s     hazard.Scheme
		v     map[string]float64
		score float64
		grade string
	}{
		{lec, map[string]float64{"l": 10, "e": 10, "c": 100}, 10_000, "red"},
		{lec, map[string]float64{"l": 6, "e": 6, "c": 7}, 252, "orange"},
		{lec, map[string]float64{"l": 3, "e": 6, "c": 7}, 126, "yellow"},
		{lec, map[string]float64{"l": 1, "e": 3, "c": 7}, 21, "blue"},
		{ls, map[string]float64{"l": 5, "s": 4}, 20, "red"},
		{ls, map[string]float64{"l": 5, "s": 3}, 15, "orange"},
		{ls, map[string]float64{"l": 3, "s": 3}, 9, "yellow"},
		{ls, map[string]float64{"l": 2, "s": 4}, 8, "blue"},
	} {
		score, grade, err := x.s.Score(x.v)
		if err != nil || score != x.score || grade != x.grade {
			t.Errorf("%s %v: %v %s %v", x.s.ID, x.v, score, grade, err)
		}
	}
	for _, v := range []map[string]float64{{}, {"l": 10, "e": 10}, {"l": 4, "e": 10, "c": 1}, {"l": 1, "e": 1, "c": 1, "x": 1}} {
		if _, _, err := lec.Score(v); err == nil {
			t.Errorf("%v was scored", v)
		}
	}
}

func TestLoad_TellsEveryMistakeWithItsLine(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{"standards.yaml", "levels.yaml", "risk.yaml"} {
		raw, err := fs.ReadFile(configs.Files, "hazards/"+name)
		if err != nil {
			t.Fatal(err)
		}
		fsys["h/"+name] = &fstest.MapFile{Data: raw}
	}
	fsys["h/category-x.yaml"] = &fstest.MapFile{Data: []byte(`id: x
name: {zh: 甲, en: X}
icon: leaf
order: 1
items:
  - {id: a, text: {zh: 甲, en: A}, normal: {zh: 好}, method: smell, level: grave, standard: nowhere}
  - {id: a, text: {zh: 乙, en: B}, normal: {zh: 好, en: ok}, method: look, level: general, standard: practice, verified: true}
`)}
	_, err := hazard.Load(fsys, "h")
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{"category-x.yaml:6", "category-x.yaml:7", "one language", `"smell"`, `"grave"`, `"nowhere"`, "twice", "not verified"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}
