package register_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/form"
	"anlan/cloud/hazard/register"
)

// TestHRisk_TheSummaryIsWhatTheListShows counts random risks and hazards by hand, from the
// lists each person may see.
func TestHRisk_TheSummaryIsWhatTheListShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		rnd := rand.New(rand.NewPCG(seed, 1))
		pick := func(l ...string) string { return l[rnd.IntN(len(l))] }
		spots := []string{"c1", "c1/b1", "c1/b1/3", "c1/b1/-1", "c1/b2", "c1/b2/3", "c1/b3", "c1/b3/-1"}
		for range 80 {
			f := map[string]any{"place": pick(spots...), "category": pick("fire", "gas", "elevator"), "review": pick("2026-01-01", "2026-03-01", "2026-03-02", "2027-01-01"), "status": pick("open", "controlled", "controlled", "gone"),
				"scheme": pick("lec", "ls"), "lec_l": pick("10", "3", "1", "0.5"), "lec_e": pick("6", "3", "0.5"), "lec_c": pick("40", "15", "3", "1"), "ls_l": pick("1", "3", "4", "5"), "ls_s": pick("2", "3", "5")}
			w.make(f)
		}
		for range 12 {
			if _, err := w.desk.Submit(t.Context(), w.who["root"], register.Hazards, map[string]any{"category": "fire", "place": pick(spots...), "what": "x"}, nil); err != nil {
				t.Fatal(said(err))
			}
		}
		for _, name := range []string{"root", "an", "wang", "bao"} {
			for _, f := range []register.Filter{{}, {Place: "c1/b1"}, {Place: "c1"}, {Place: "c1/b1/3", Scheme: "ls"}, {Category: "gas"}, {Grade: "orange", Scheme: "lec"}} {
				got, err := w.Summary(t.Context(), w.who[name], f)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				w.byHand(name, f, got)
			}
		}
		if _, err := w.Summary(t.Context(), w.who["kan"], register.Filter{}); !errors.Is(err, form.ErrDenied) {
			t.Errorf("somebody without a grant: %v", err)
		}
	})
}

func (w *world) byHand(name string, f register.Filter, got register.Summary) {
	w.t.Helper()
	type tally struct{ red, orange, yellow, blue, overdue, open, hazards int64 }
	all, of, cells, scores := tally{}, map[string]tally{}, map[string]int64{}, map[string]int64{}
	under := func(p, at string) bool { // a community alone is what lies in none of its buildings
		return at == "" || p == at || at != "c1" && strings.HasPrefix(p, at+"/")
	}
	risks, hazards := w.list(name, register.Form), w.list(name, register.Hazards)
	standing := slices.DeleteFunc(slices.Clone(risks), func(r form.Record) bool {
		d := r.Doc
		return d["status"] == "gone" || f.Category != "" && d["category"] != f.Category || f.Grade != "" && d["grade"] != f.Grade || f.Scheme != "" && d["scheme"] != f.Scheme
	})
	add := func(x tally, r form.Record) tally {
		switch r.Doc["grade"] {
		case "red":
			x.red++
		case "orange":
			x.orange++
		case "yellow":
			x.yellow++
		case "blue":
			x.blue++
		}
		if r.Doc["review"].(string) < "2026-03-02" { // today, at the community
			x.overdue++
		}
		if r.Doc["status"] == "open" {
			x.open++
		}
		return x
	}
	for _, r := range standing {
		p := r.Doc["place"].(string)
		b := "building " + strings.Join(strings.Split(p+"/", "/")[:2], "/")
		of[b] = add(of[b], r)
		if !under(p, f.Place) {
			continue
		}
		all, of[p] = add(all, r), add(of[p], r)
		if r.Doc["scheme"] == "ls" {
			cells[fmt.Sprint(r.Doc["ls_l"], "×", r.Doc["ls_s"])]++
		} else {
			scores[fmt.Sprint(r.Doc["score"], " ", r.Doc["grade"])]++
		}
	}
	for _, h := range hazards {
		p := h.Doc["place"].(string)
		b := "building " + strings.Join(strings.Split(p+"/", "/")[:2], "/")
		x := of[b]
		x.hazards++
		of[b] = x
		if under(p, f.Place) {
			all.hazards++
		}
		for at, x := range of {
			if !strings.HasPrefix(at, "building ") && under(p, at) {
				x.hazards++
				of[at] = x
			}
		}
	}
	of["building c1/"] = of["building c1/"] // a spot without risks is there or not, and means the same
	told := func(s register.Spot) tally {
		if s.Total != s.Counts["red"]+s.Counts["orange"]+s.Counts["yellow"]+s.Counts["blue"] {
			w.t.Errorf("%s: %d in all, %v", s.Place, s.Total, s.Counts)
		}
		worst := ""
		for _, g := range []string{"blue", "yellow", "orange", "red"} {
			if s.Counts[g] > 0 {
				worst = g
			}
		}
		if s.Worst != worst {
			w.t.Errorf("%s: worst is %q, want %q", s.Place, s.Worst, worst)
		}
		return tally{s.Counts["red"], s.Counts["orange"], s.Counts["yellow"], s.Counts["blue"], s.Overdue, s.Open, s.Hazards}
	}
	if told(got.All) != all {
		w.t.Errorf("%s %+v: all %+v, by hand %+v", name, f, told(got.All), all)
	}
	seen := map[string]bool{}
	for _, s := range got.Buildings {
		key := "building " + s.Place
		if !strings.Contains(s.Place, "/") {
			key += "/"
		}
		seen[key] = true
		if told(s) != of[key] {
			w.t.Errorf("%s %+v: %s %+v, by hand %+v", name, f, key, told(s), of[key])
		}
	}
	for _, s := range got.Places {
		seen[s.Place] = true
		if told(s) != of[s.Place] {
			w.t.Errorf("%s %+v: %s %+v, by hand %+v", name, f, s.Place, told(s), of[s.Place])
		}
	}
	for at, x := range of {
		if !seen[at] && x != (tally{}) {
			w.t.Errorf("%s %+v: %s is not told of: %+v", name, f, at, x)
		}
	}
	for _, c := range got.Matrix {
		if k := c.L + "×" + c.S; cells[k] != c.N {
			w.t.Errorf("%s: %d, by hand %d", k, c.N, cells[k])
		} else {
			delete(cells, k)
		}
	}
	for _, c := range got.Scores {
		if k := fmt.Sprint(c.Score, " ", c.Grade); scores[k] != c.N {
			w.t.Errorf("%s: %d, by hand %d", k, c.N, scores[k])
		} else {
			delete(scores, k)
		}
	}
	if len(cells)+len(scores) > 0 {
		w.t.Errorf("%s %+v: not told of: %v %v", name, f, cells, scores)
	}
}
