package origin

import (
	"errors"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

// TestH19_WhenADeviceIsDue is the table of states by the days since its last test.
func TestH19_WhenADeviceIsDue(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	year := Rule{ID: "year", Kind: ProofTest, Profiles: []string{"gst*-panel"}, Every: Duration(365 * day), Grace: Duration(30 * day)}
	half := Rule{ID: "half", Kind: ProofTest, Profiles: []string{"gst500-panel"}, Every: Duration(180 * day), Grace: Duration(10 * day)}
	off := Rule{ID: "off", Kind: ProofTest, Profiles: []string{"*"}, Every: Duration(day), Off: true}
	rules := Rules{Rules: []Rule{off, year, half, {ID: "not", Kind: Standing, Profiles: []string{"*"}}}}
	for _, c := range []struct {
		profile     string
		days        int
		rule, state string // "": it is not on the list
	}{
		{"gst200-panel", 0, "year", TestFine},
		{"gst200-panel", 334, "year", TestFine},
		{"gst200-panel", 335, "year", TestSoon},
		{"gst200-panel", 364, "year", TestSoon},
		{"gst200-panel", 365, "year", TestDue},
		{"gst200-panel", 394, "year", TestDue},
		{"gst200-panel", 395, "year", TestOverdue},
		{"gst500-panel", 151, "half", TestSoon}, // the earlier of two rules
		{"gst500-panel", 190, "half", TestOverdue},
		{"siren", 4000, "", ""},
		{"", 4000, "", ""},
	} {
		for _, d := range []Device{{ID: "d", Profile: c.profile, Tested: at, Since: at.Add(-1000 * day)}, {ID: "d", Profile: c.profile, Since: at}} {
			got := Schedule(rules, []Device{d}, at.Add(time.Duration(c.days)*day))
			if c.rule == "" {
				if len(got) != 0 {
					t.Errorf("%s: %+v", c.profile, got)
				}
				continue
			}
			if len(got) != 1 || got[0].Rule.ID != c.rule || got[0].State != c.state {
				t.Errorf("%s after %d days: %+v", c.profile, c.days, got)
			}
		}
	}
	soonest := Schedule(rules, []Device{{ID: "b", Profile: "gst200-panel", Since: at}, {ID: "a", Profile: "gst500-panel", Since: at}}, at)
	if len(soonest) != 2 || soonest[0].ID != "a" {
		t.Errorf("%+v", soonest)
	}
}

// TestH19_TestsAreToldNotedAndTakenBack follows a detector through notes and a drill.
func TestH19_TestsAreToldNotedAndTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.rows = []fleet.DeviceRow{{Edge: "e1", ID: "smoke", Place: contract.Place{Building: "b1"}, Profile: "calectro-ug3", Reported: &fleet.ReportedDevice{}},
			{Edge: "e1", ID: "plan", Profile: "calectro-ug3"}, {Edge: "e1", ID: "smoke2", Place: contract.Place{Building: "b1"}, Profile: "other", Reported: &fleet.ReportedDevice{}}}
		stands := func() (Due, map[places.DeviceKey]Origin) {
			t.Helper()
			list, about, err := w.Tests(t.Context(), func(string) bool { return true }, w.now())
			if err != nil || len(list) != 1 || list[0].ID != "smoke" {
				t.Fatalf("%+v %v", list, err)
			}
			return list[0], about
		}
		if x, _ := stands(); x.State != TestFine || !x.Tested.IsZero() {
			t.Fatalf("%+v", x)
		}
		w.look(0)
		w.forward(395 * day)
		w.look(1)
		x, about := stands()
		if x.State != TestOverdue || about[places.DeviceKey{Edge: "e1", ID: "smoke"}].Record != w.hazards()[0].ID {
			t.Fatalf("%+v %+v", x, about)
		}
		by := w.who["ren"].Actor
		noted := w.now()
		if err := w.RecordTest(t.Context(), by, "e1", "smoke", noted, "喷烟测试"); err != nil {
			t.Fatal(err)
		}
		if x, _ := stands(); x.State != TestFine || !x.Tested.Equal(noted.Truncate(time.Millisecond)) || x.By != by.Name {
			t.Fatalf("%+v", x)
		}
		w.forward(day)
		w.quality = contract.TestMode
		w.fault("smoke.alarm")
		w.fault("smoke2.alarm")
		past, err := w.History(t.Context(), "e1", "smoke")
		if err != nil || len(past) != 2 || past[0].Alarm == "" || past[1].Note != "喷烟测试" || past[1].ByName != by.Name {
			t.Fatalf("%+v %v", past, err)
		}
		if err := w.WithdrawTest(t.Context(), by, "e1", "smoke", past[0].At); !errors.Is(err, ErrNoTest) {
			t.Fatalf("an alarm was taken back: %v", err)
		}
		if err := w.WithdrawTest(t.Context(), by, "e1", "smoke", past[1].At); err != nil {
			t.Fatal(err)
		}
		if past, err := w.History(t.Context(), "e1", "smoke"); err != nil || len(past) != 1 {
			t.Fatalf("%+v %v", past, err)
		}
	})
}
