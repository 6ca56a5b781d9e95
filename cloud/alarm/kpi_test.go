package alarm_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

func TestA08_AFloodBeginsAboveTenAndEndsBelowFive(t *testing.T) {
	at := func(minutes ...float64) []time.Time {
		var out []time.Time
		for _, m := range minutes {
			out = append(out, t0.Add(time.Duration(m*float64(time.Minute))))
		}
		return out
	}
	burst := at(0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1)
	for name, c := range map[string]struct {
		at    []time.Time
		now   float64
		flood bool
		n     int
	}{
		"none":             {nil, 0, false, 0},
		"ten are none":     {burst[:10], 2, false, 10},
		"eleven are one":   {burst, 2, true, 11},
		"over ten minutes": {at(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5), 10.6, false, 10},
		"it is over":       {burst, 12, false, 0},
		"six keep it up":   {append(slices.Clone(burst), at(7, 8, 9, 9.5, 10, 10.5)...), 14, true, 6},
		"four do not":      {append(slices.Clone(burst), at(7, 8, 9, 9.5)...), 14, false, 4},
		"a calm ends it":   {append(slices.Clone(burst), at(30, 31, 32, 33, 34, 35)...), 35, false, 6},
		"what is to come":  {burst, .55, false, 6},
	} {
		flood, since, n := alarm.Flooding(c.at, t0.Add(time.Duration(c.now*float64(time.Minute))))
		if flood != c.flood || n != c.n || flood == since.IsZero() {
			t.Errorf("%s: %v since %v, %d new; want %v, %d", name, flood, since, n, c.flood, c.n)
		}
	}
}

func TestA08_FirstOutGroupsAndListsOfTheLoad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		first := k.report(report{point: "a.v", rule: "r", c: contract.Active})[0].Alarm
		k.forward(20 * time.Second)
		second := k.report(report{point: "b.v", rule: "r", c: contract.Active})[0].Alarm
		other := k.report(report{point: "c.v", rule: "w", c: contract.Active, hazard: contract.Water})[0].Alarm
		k.forward(2 * time.Minute)
		late := k.report(report{point: "d.v", rule: "r", c: contract.Active})[0].Alarm
		if !first.FirstOut || second.FirstOut || second.Group != first.ID || !other.FirstOut || other.Group != other.ID || !late.FirstOut {
			t.Errorf("first %v, second %v of %s, other %v, late %v", first.FirstOut, second.FirstOut, second.Group, other.FirstOut, late.FirstOut)
		}
		for range 3 { // chatters
			k.report(report{point: "b.v", rule: "r", c: contract.Normal})
			k.report(report{point: "b.v", rule: "r", c: contract.Active})
			k.forward(5 * time.Second)
		}
		l, err := k.Load(t.Context(), alarm.Everywhere(), k.now())
		if err != nil || len(l.Groups) != 2 || l.Groups[0].Count+l.Groups[1].Count != 4 || len(l.Chattering) != 1 || l.Chattering[0].Alarm != second.ID || l.New10Min != 7 || l.Flood {
			t.Errorf("%+v, %v", l, err)
		}
		for range 5 {
			k.report(report{point: "b.v", rule: "r", c: contract.Normal})
			k.report(report{point: "b.v", rule: "r", c: contract.Active})
		}
		if l, err = k.Load(t.Context(), alarm.Everywhere(), k.now()); err != nil || !l.Flood {
			t.Errorf("no flood: %+v, %v", l, err)
		}
		if l, err = k.Load(t.Context(), alarm.Scope{Buildings: []string{"b09"}}, k.now()); err != nil || l.Flood || len(l.Groups) != 0 {
			t.Errorf("another building's: %+v, %v", l, err)
		}
		k.forward(25 * time.Hour)
		if l, err = k.Load(t.Context(), alarm.Everywhere(), k.now()); err != nil || len(l.Stale) != 4 || len(l.Nag) != 4 || l.Flood {
			t.Errorf("%d stale, %d nag, %v", len(l.Stale), len(l.Nag), err)
		}
		occ, err := k.Occurrences(t.Context(), second.ID)
		if err != nil || len(occ) != 9 || occ[0].N != 9 || occ[8].ReturnedAt.IsZero() {
			t.Errorf("%d occurrences, %v", len(occ), err)
		}
	})
}

// TestA07_TheReportIsWhatAPlainCountOfTheLogGives computes each figure a second time, in
// the plainest way, over a random month.
func TestA07_TheReportIsWhatAPlainCountOfTheLogGives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		zone := time.FixedZone("community", 8*3600)
		from := t0
		rnd := rand.New(rand.NewPCG(3, 4))
		for range 260 {
			k.forward(time.Duration(rnd.ExpFloat64() * float64(7*time.Minute)))
			p := string(rune('a'+rnd.IntN(5))) + ".v"
			switch a := k.of(p, "r"); {
			case a.State == alarm.Unacked && rnd.IntN(2) == 0:
				if _, err := k.AcknowledgeAt(t.Context(), a.ID, alarm.Person{ID: "u", Name: "李娜"}, "", a.Version, "desk-1"); err != nil {
					t.Fatal(err)
				}
			case rnd.IntN(12) == 0 && a.ID != "":
				k.aside(request(alarm.Shelved, p, "r", k.now().Add(20*time.Minute)))
			default:
				k.report(report{point: p, rule: "r", c: []contract.Condition{contract.Active, contract.Normal}[rnd.IntN(2)], severity: contract.Severity(1 + rnd.IntN(4))})
			}
			if err := k.RunOnce(t.Context(), k.now()); err != nil {
				t.Fatal(err)
			}
		}
		to := k.now().Add(time.Hour)
		got, err := k.KPI(t.Context(), alarm.Everywhere(), from, to, zone)
		if err != nil {
			t.Fatal(err)
		}
		log, err := k.Log(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text := func(e alarm.Event, key string) string { s, _ := e.Data[key].(string); return s }
		total, peak := 0, 0
		per := map[string]int{}
		var took []float64
		hours := 0.0
		for i, e := range log {
			called := (e.Kind == alarm.Raised || e.Kind == alarm.Reraised || e.Kind == alarm.Worsened) && text(e, "state") == "unacked"
			if called {
				total++
				per[text(e, "priority")]++
				for _, later := range log[i+1:] { // answered before it called again?
					if later.Alarm != e.Alarm {
						continue
					}
					if later.Kind == alarm.Acknowledged {
						took = append(took, later.RecvAt.Sub(e.RecvAt).Seconds())
					}
					if later.Kind == alarm.Acknowledged || (later.Kind == alarm.Reraised || later.Kind == alarm.Worsened) && text(later, "state") == "unacked" {
						break
					}
				}
			}
			if e.Kind == "shelved" && e.Alarm == "" {
				end := k.now()
				for _, later := range log[i+1:] {
					if later.Kind == alarm.Unshelved && later.Alarm == "" && text(later, "override") == text(e, "override") {
						end = later.RecvAt
						break
					}
				}
				hours += end.Sub(e.RecvAt).Hours()
			}
		}
		floods, periods := 0, 0
		for at := from; at.Before(k.now()); at = at.Add(10 * time.Minute) {
			n := 0
			for _, e := range log {
				if (e.Kind == alarm.Raised || e.Kind == alarm.Reraised || e.Kind == alarm.Worsened) && text(e, "state") == "unacked" && !e.RecvAt.Before(at) && e.RecvAt.Before(at.Add(10*time.Minute)) {
					n++
				}
			}
			periods++
			peak = max(peak, n)
			if n > 10 {
				floods++
			}
		}
		slices.Sort(took)
		near := func(a, b float64) bool { return math.Abs(a-b) < .02*math.Max(1, math.Abs(b)) }
		if total == 0 || len(took) < 10 || hours == 0 {
			t.Fatalf("the month proves nothing: %d alarms, %d answers, %f h", total, len(took), hours)
		}
		if got.Alarms != total || got.PeakPer10 != peak || got.Answered != len(took) || !near(got.AckP50S, took[(len(took)+1)/2-1]) || !near(got.ShelvedH, hours) ||
			got.Positions != 1 || !near(got.AveragePer10, float64(total)/float64(periods)) || !near(got.FloodPercent, 100*float64(floods)/float64(periods)) {
			t.Errorf("report %+v\nplain: %d alarms, peak %d, %d answers, p50 %f, %f h", got, total, peak, len(took), took[(len(took)+1)/2-1], hours)
		}
		sum := 0
		for p, n := range got.Priorities {
			sum += n
			if per[p] != n {
				t.Errorf("priority %s: %d, want %d", p, n, per[p])
			}
		}
		days := 0
		for _, x := range got.Days {
			days += x.Alarms
		}
		if sum != total || days != total {
			t.Errorf("%d by priority, %d by day, %d in all", sum, days, total)
		}
	})
}
