package sample

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/configs"
)

var (
	zone = time.FixedZone("CST", 8*3600)
	noon = time.Date(2026, 3, 18, 4, 0, 0, 0, time.UTC)
)

// TestF22_APlanIsWhatItsSeedSays makes plans of several seeds and sizes, and checks what
// must hold for each of them.
func TestF22_APlanIsWhatItsSeedSays(t *testing.T) {
	for _, s := range []Scale{{1, 1}, {2, 3}, {7, 12}, Full()} {
		for seed := range uint64(3) {
			p := Make(seed, noon, zone, s)
			if !reflect.DeepEqual(p, Make(seed, noon, zone, s)) {
				t.Fatalf("seed %d, %+v: two plans", seed, s)
			}
			checkPlan(t, p)
		}
	}
}

func checkPlan(t *testing.T, p Plan) {
	t.Helper()
	want, got := p.Scale.Counts(), p.Counts()
	if want != got {
		t.Errorf("%+v: counted %+v, said %+v", p.Scale, got, want)
	}
	doors := map[string]bool{}
	for _, h := range p.Households {
		door := h.Fields["place"].(string) + " " + h.Fields["unit"].(string) + " " + h.Fields["door"].(string)
		if doors[door] || h.At.After(p.Now) && p.Scale.Months > 1 {
			t.Fatalf("household %s twice, or to come", door)
		}
		doors[door] = true
	}
	if !slices.IsSortedFunc(p.Hazards, func(a, b Hazard) int { return a.At.Compare(b.At) }) {
		t.Error("hazards are not in the order of their reports")
	}
	pictures := map[string]bool{}
	for _, x := range Pictures() {
		pictures[x.Key] = true
	}
	for _, h := range p.Hazards {
		last := h.At
		for _, s := range h.Steps {
			if !s.At.After(last) || s.At.After(p.Now) {
				t.Fatalf("%+v: %s at %s", h, s.Node, s.At)
			}
			last = s.At
		}
		if h.At.After(p.Now) || h.Reporter == "" || strings.ContainsAny(h.What, "{}|") || len([]rune(h.What)) < 10 {
			t.Fatalf("%+v", h)
		}
		for _, key := range h.Photos {
			if !pictures[key] {
				t.Fatalf("no picture %s", key)
			}
		}
	}
}

// TestF22_TheHistoryIsPlausible looks at the whole community as somebody would who knows
// such work: how much, how grave, what is open, whether it gets better.
func TestF22_TheHistoryIsPlausible(t *testing.T) {
	p := Make(1, noon, zone, Full())
	levels, categories, texts, open, back := map[string]int{}, map[string]int{}, map[string]bool{}, map[string]int{}, 0
	var took [2][]time.Duration // first and last third
	var late [2]int
	for _, h := range p.Hazards {
		categories[h.Category]++
		texts[h.What] = true
		level := ""
		for _, s := range h.Steps {
			if l, ok := s.Fields["level"].(string); ok {
				level = l
			}
			if s.No {
				back++
			}
		}
		levels[level]++
		half := 0
		if h.At.Sub(p.Begin()) > p.Now.Sub(p.Begin())/2 {
			half = 1
		}
		if overdue(h) {
			late[half]++
		}
		n := len(h.Steps)
		if n == 0 || h.Steps[n-1].Node != nodeReview || h.Steps[n-1].No {
			node := nodeAudit
			if n > 0 {
				node = "after " + h.Steps[n-1].Node
			}
			open[node]++
			continue
		}
		share := h.At.Sub(p.Begin()).Hours() / p.Now.Sub(p.Begin()).Hours()
		if share < 0.34 {
			took[0] = append(took[0], h.Steps[n-1].At.Sub(h.At))
		} else if share > 0.66 {
			took[1] = append(took[1], h.Steps[n-1].At.Sub(h.At))
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	first, last := took[0][len(took[0])/2], took[1][len(took[1])/2]
	t.Logf("%d hazards; levels %v; categories %v; open %v; sent back %d; median %s then %s; overdue %v; %d texts of %d kinds", len(p.Hazards), levels, categories, open, back, first, last, late, len(texts), len(kinds))
	total := 0
	for _, n := range open {
		total += n
	}
	if len(p.Hazards) < 2500 || len(p.Hazards) > 3500 || total < 25 || total > 70 || len(categories) != 11 || len(kinds) < 60 || len(texts) < 2000 {
		t.Error("not what a community of this size would have")
	}
	if late[0] < 2*late[1] || late[0]*50 < len(p.Hazards)/2 || late[0]*6 > len(p.Hazards)/2 {
		t.Errorf("overdue in the first and the second half: %v", late)
	}
	if last*10 > first*7 {
		t.Errorf("work took %s in the middle, and %s at the end: no better", first, last)
	}
	if levels["major"] == 0 || levels["major"]*12 > len(p.Hazards) || levels["general"] < levels["larger"] {
		t.Errorf("levels %v", levels)
	}
}

// TestF22_WhatIsWrongIsInTheCatalogue: levels and categories of the sample are those that
// people may choose.
func TestF22_WhatIsWrongIsInTheCatalogue(t *testing.T) {
	dict, err := configs.Files.ReadFile("apps/hazard/dict-hazard_category.json")
	if err != nil {
		t.Fatal(err)
	}
	levels, err := configs.Files.ReadFile("apps/hazard/dict-hazard-level.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if !strings.Contains(string(dict), `"`+k.category+`"`) {
			t.Errorf("no category %s", k.category)
		}
		if !strings.Contains(string(levels), `"`+k.level+`"`) {
			t.Errorf("no level %s", k.level)
		}
		if len(holders(k.post)) == 0 {
			t.Errorf("nobody is %s", k.post)
		}
	}
}

// overdue says if a hazard was put right later than its level allows.
func overdue(h Hazard) bool {
	var due time.Time
	for _, s := range h.Steps {
		if l, ok := s.Fields["level"].(string); ok {
			due = s.At.Add(map[string]time.Duration{"general": 8, "larger": 16, "major": 31}[l] * 24 * time.Hour)
		}
		if s.Node == nodeRepair && s.At.After(due) {
			return true
		}
	}
	return false
}

// TestF22_SomethingWaitsEverywhere: whatever the dice say, something waits at every node.
func TestF22_SomethingWaitsEverywhere(t *testing.T) {
	for seed := range uint64(300) {
		found := map[string]bool{}
		for _, h := range Make(seed, noon, zone, Scale{1, 1}).Hazards {
			for _, node := range []string{nodeStart, nodeAudit, nodeBoss, nodePlan, nodeRepair, nodeReview} {
				found[node] = found[node] || h.waitsAt(node)
			}
		}
		for node, ok := range found {
			if !ok {
				t.Fatalf("seed %d: nothing waits at %s", seed, node)
			}
		}
	}
}
