package clocks_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/clocks"
	"anlan/contract"
)

// whole is a fire alarm that took so long from the sensor to the seat.
func whole(id string, at time.Time, took time.Duration) clocks.Sample {
	return clocks.Sample{ID: id, Hazard: contract.Fire, RaisedAt: at, RespondBy: at.Add(time.Minute), Stamps: alarm.Stamps{Sensed: at, Decided: at.Add(took / 4), Spooled: at.Add(took / 4),
		Received: at.Add(took / 2), Committed: at.Add(took / 2), Pushed: at.Add(took / 2), Painted: at.Add(took), Acknowledged: at.Add(30 * time.Second)}}
}

func TestMeasure_JudgesByP99AndByEachOne(t *testing.T) {
	now := t0.Add(time.Hour)
	many := func(n int, slow ...time.Duration) []clocks.Sample {
		var out []clocks.Sample
		for i := range n {
			took := time.Second
			if i < len(slow) {
				took = slow[i]
			}
			out = append(out, whole(fmt.Sprint(i), t0, took))
		}
		return out
	}
	never := many(200)
	never[0].Stamps.Painted = time.Time{}
	fresh := many(3)
	fresh[0].RaisedAt, fresh[0].Stamps = now, alarm.Stamps{Sensed: now.Add(-time.Second)}
	aside := many(2)
	aside[0].Aside, aside[0].Stamps.Painted = true, time.Time{}
	reannounced := many(2)
	reannounced[0].Stamps = alarm.Stamps{Received: t0}
	skewed := many(1)
	skewed[0].Stamps.Decided = t0.Add(-time.Second)
	for name, c := range map[string]struct {
		samples                      []clocks.Sample
		p99, each, stage             string
		count, never, wait, unknown  int
		overP99, overEach, apart, sk int
	}{
		"none":                              {nil, clocks.Nothing, clocks.Nothing, clocks.Nothing, 0, 0, 0, 0, 0, 0, 0, 0},
		"all quick":                         {many(3), clocks.Passed, clocks.Passed, clocks.Passed, 3, 0, 0, 0, 0, 0, 0, 0},
		"at the limit":                      {many(3, 5*time.Second), clocks.Passed, clocks.Passed, clocks.Passed, 3, 0, 0, 0, 0, 0, 0, 0},
		"one of three is slow":              {many(3, 6*time.Second), clocks.Failed, clocks.Passed, clocks.Failed, 3, 0, 0, 0, 1, 0, 0, 0},
		"one of a hundred may be slow":      {many(100, 6*time.Second), clocks.Passed, clocks.Passed, clocks.Passed, 100, 0, 0, 0, 1, 0, 0, 0},
		"two of a hundred may not":          {many(100, 6*time.Second, 6*time.Second), clocks.Failed, clocks.Passed, clocks.Failed, 100, 0, 0, 0, 2, 0, 0, 0},
		"but no one beyond the hard limit":  {many(100, 11*time.Second), clocks.Passed, clocks.Failed, clocks.Failed, 100, 0, 0, 0, 1, 1, 0, 0},
		"never painted is late":             {never, clocks.Passed, clocks.Failed, clocks.Failed, 199, 1, 0, 0, 1, 1, 0, 0},
		"a fresh one still may be":          {fresh, clocks.Passed, clocks.Passed, clocks.Passed, 2, 0, 1, 0, 0, 0, 0, 0},
		"aside need not be seen":            {aside, clocks.Passed, clocks.Passed, clocks.Passed, 1, 0, 0, 0, 0, 0, 1, 0},
		"announced anew, not sensed":        {reannounced, clocks.Passed, clocks.Passed, clocks.Passed, 1, 0, 0, 1, 0, 0, 0, 0},
		"an edge's clock that is not right": {skewed, clocks.Passed, clocks.Passed, clocks.Passed, 1, 0, 0, 0, 0, 0, 0, 1},
	} {
		r := clocks.Measure(c.samples, t0.Add(-time.Hour), now, now, time.UTC)
		s := stage(t, r, clocks.SensedPainted)
		if s.Count != c.count || s.Never != c.never || s.Waiting != c.wait || s.Unknown != c.unknown || r.Aside != c.apart || r.Skewed != c.sk || s.Verdict != c.stage {
			t.Errorf("%s: %+v", name, s)
		}
		if a, b := s.Limits[0], s.Limits[1]; a.Verdict != c.p99 || a.Over != c.overP99 || b.Verdict != c.each || b.Over != c.overEach {
			t.Errorf("%s: %+v", name, s.Limits)
		}
		if s.Limits[2].Verified != clocks.Unverified {
			t.Errorf("%s: what nobody checked is not marked: %+v", name, s.Limits[2])
		}
	}
}

// TestMeasure_LeavesNothingOut: every sample that a stage takes is in exactly one of its
// counts, and the figures are those of a plain sort.
func TestMeasure_LeavesNothingOut(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		now := t0.Add(24 * time.Hour)
		var samples []clocks.Sample
		for i := range rnd.IntN(400) {
			s := whole(fmt.Sprint(i), t0.Add(time.Duration(rnd.IntN(86_400))*time.Second), time.Duration(rnd.IntN(20_000))*time.Millisecond)
			s.Aside = rnd.IntN(10) == 0
			for k, st := range []*time.Time{&s.Stamps.Sensed, &s.Stamps.Painted, &s.Stamps.Committed} {
				if rnd.IntN(8+k) == 0 {
					*st = time.Time{}
				}
			}
			samples = append(samples, s)
		}
		r := clocks.Measure(samples, t0, now, now, time.UTC)
		s := stage(t, r, clocks.SensedPainted)
		var plain []float64
		for _, x := range samples {
			if !x.Aside && !x.Stamps.Sensed.IsZero() && !x.Stamps.Painted.IsZero() {
				plain = append(plain, x.Stamps.Painted.Sub(x.Stamps.Sensed).Seconds())
			}
		}
		slices.Sort(plain)
		if s.Count != len(plain) || s.Count+s.Never+s.Waiting+s.Unknown+r.Aside != len(samples) {
			t.Fatalf("round %d: %+v of %d", round, s, len(samples))
		}
		if n := len(plain); n > 0 {
			below := func(v float64) int { i, _ := slices.BinarySearch(plain, v); return i }
			if s.MaxS != plain[n-1] || below(s.P99S)*100 >= 99*n || below(s.P50S)*2 >= n {
				t.Fatalf("round %d: %+v", round, s)
			}
		}
		if len(r.Buckets) != 25-1 || len(s.Trend) != len(r.Buckets) || len(s.Worst) > 10 {
			t.Fatalf("round %d: %d buckets, %d worst", round, len(r.Buckets), len(s.Worst))
		}
		for i := 1; i < len(s.Worst); i++ {
			if a, b := s.Worst[i-1].TookS, s.Worst[i].TookS; a != nil && (b == nil || *a < *b) {
				t.Fatalf("round %d: worst are not the worst first", round)
			}
		}
	}
}

// The days of a trend are the zone's, also where clocks are put forward.
func TestMeasure_DaysAreTheZones(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := clocks.Month("2026-03", zone)
	if err != nil {
		t.Fatal(err)
	}
	last := to.Add(-time.Minute)
	r := clocks.Measure([]clocks.Sample{whole("a", last, time.Second)}, from, to, to, zone)
	if len(r.Buckets) != 31 || stage(t, r, clocks.SensedPainted).Trend[30] == nil || !r.Buckets[0].Equal(from) {
		t.Errorf("%d days, %v", len(r.Buckets), r.Buckets)
	}
	for _, bad := range []string{"", "2026-13", "2026", "26-1", "2026-11-01"} {
		if _, _, err := clocks.Month(bad, zone); err == nil {
			t.Errorf("%q is a month", bad)
		}
	}
}

func TestAvailable_CountsOverlapsOnceAndCutsToTheTime(t *testing.T) {
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	for name, c := range map[string]struct {
		list    []clocks.Outage
		percent float64
		n       int
	}{
		"none":                 {nil, 100, 0},
		"inside":               {[]clocks.Outage{{From: at(10), To: at(20)}}, 90, 1},
		"before and after":     {[]clocks.Outage{{From: at(-9), To: at(0)}, {From: at(100), To: at(101)}}, 100, 0},
		"over the beginning":   {[]clocks.Outage{{From: at(-9), To: at(1)}}, 99, 1},
		"it lasts":             {[]clocks.Outage{{From: at(50)}}, 50, 1},
		"one within another":   {[]clocks.Outage{{From: at(10), To: at(50)}, {From: at(20), To: at(30)}}, 60, 2},
		"two that overlap":     {[]clocks.Outage{{From: at(20), To: at(40)}, {From: at(10), To: at(30)}}, 70, 2},
		"the whole time":       {[]clocks.Outage{{From: at(-1)}}, 0, 1},
		"ends before it began": {[]clocks.Outage{{From: at(30), To: at(20)}}, 100, 0},
	} {
		percent, lost, within := clocks.Available(at(0), at(100), c.list)
		if percent != c.percent || len(within) != c.n || lost.Hours() != 100-percent {
			t.Errorf("%s: %v %v %+v", name, percent, lost, within)
		}
	}
}
