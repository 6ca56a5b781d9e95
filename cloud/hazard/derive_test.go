package hazard_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"anlan/cloud/form"
	"anlan/cloud/hazard"
	"anlan/configs"
)

func riskForm(t *testing.T) *form.Def {
	t.Helper()
	raw, err := configs.Files.ReadFile("apps/risk/form-risk.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := form.Parse("risk", raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestHRisk_TheFormOffersWhatTheSchemesAllow compares the shipped form with risk.yaml, value
// by value, and every choice's number with its meaning.
func TestHRisk_TheFormOffersWhatTheSchemesAllow(t *testing.T) {
	c, d := shipped(t), riskForm(t)
	ids := func(key string) (out []string) {
		f, ok := d.Field(key)
		if !ok {
			t.Fatalf("no field %s", key)
		}
		for _, o := range f.Options {
			out = append(out, o.ID)
		}
		return out
	}
	var schemes, grades, controls []string
	for _, s := range c.Schemes {
		schemes = append(schemes, s.ID)
		for _, x := range s.Factors {
			var want []string
			for _, v := range x.Values {
				want = append(want, hazard.FactorChoice(v))
			}
			key := hazard.FactorField(s.ID, x.ID)
			if got := ids(key); !slices.Equal(got, want) {
				t.Errorf("%s offers %v, the scheme allows %v", key, got, want)
			}
			f, _ := d.Field(key)
			for _, o := range f.Options {
				if !strings.HasPrefix(o.Label.ZH, o.ID+" ") || len([]rune(o.Label.ZH)) < len(o.ID)+4 || o.Label.EN == "" {
					t.Errorf("%s: %q says too little", key, o.Label.ZH)
				}
			}
		}
	}
	for _, g := range c.Grades {
		grades = append(grades, g.ID)
		controls = append(controls, g.Control)
	}
	if !slices.Equal(ids("scheme"), schemes) || !slices.Equal(ids("grade"), grades) || !slices.Equal(ids("control"), controls) {
		t.Errorf("schemes %v, grades %v, control %v", ids("scheme"), ids("grade"), ids("control"))
	}
}

func TestHRisk_WhatFollowsFromTheFactors(t *testing.T) {
	c := shipped(t)
	for _, x := range []struct {
		doc            map[string]any
		score          float64
		grade, control string
		order          float64
		nothing        bool
	}{
		{doc: map[string]any{"scheme": "lec", "lec_l": "3", "lec_e": "6", "lec_c": "40"}, score: 720, grade: "red", control: "company", order: 1},
		{doc: map[string]any{"scheme": "lec", "lec_l": "1", "lec_e": "6", "lec_c": "40", "ls_l": "5"}, score: 240, grade: "orange", control: "department", order: 2},
		{doc: map[string]any{"scheme": "lec", "lec_l": "0.1", "lec_e": "3", "lec_c": "1"}, score: 0.3, grade: "blue", control: "post", order: 4},
		{doc: map[string]any{"scheme": "ls", "ls_l": "3", "ls_s": "3"}, score: 9, grade: "yellow", control: "team", order: 3},
		{doc: map[string]any{"scheme": "ls", "ls_l": "3"}, nothing: true},
		{doc: map[string]any{"scheme": "ls", "ls_l": "3", "ls_s": "7"}, nothing: true},
		{doc: map[string]any{"scheme": "own", "ls_l": "3", "ls_s": "3"}, nothing: true},
		{doc: map[string]any{}, nothing: true},
	} {
		for name, want := range map[string]any{"risk.score": x.score, "risk.grade": x.grade, "risk.control": x.control, "risk.order": x.order} {
			got, known := c.DeriveRisk(name, x.doc)
			if x.nothing {
				want = nil
			}
			if !known || got != want {
				t.Errorf("%v: %s is %v, want %v", x.doc, name, got, want)
			}
		}
	}
	if _, known := c.DeriveRisk("risk.luck", nil); known {
		t.Error("knows risk.luck")
	}
	s, _ := c.Scheme("ls")
	before := s.Bounds()
	s.Bands = slices.Clone(s.Bands)
	s.Bands[1].From = 14
	if s.Bounds() == before || !strings.HasPrefix(before, "ls ") {
		t.Errorf("bounds %s stay %s after they were moved", before, s.Bounds())
	}
}

// TestHRisk_TheLibraryFitsTheForm checks every typical risk against the form, the dictionary
// and the schemes it will be written by.
func TestHRisk_TheLibraryFitsTheForm(t *testing.T) {
	c, d := shipped(t), riskForm(t)
	all, err := hazard.LoadRisks(configs.Files, "hazards", c)
	if err != nil || len(all) < 30 {
		t.Fatalf("%d risks: %v", len(all), err)
	}
	raw, err := configs.Files.ReadFile("apps/risk/dict-risk_category.json")
	if err != nil {
		t.Fatal(err)
	}
	var dict form.Dict
	if err := json.Unmarshal(raw, &dict); err != nil {
		t.Fatal(err)
	}
	accidents, _ := d.Field("accidents")
	used, grades := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		used[r.Category] = true
		if !slices.ContainsFunc(dict.Items, func(i form.Item) bool { return i.Code == r.Category }) {
			t.Errorf("%s: no category %s", r.ID, r.Category)
		}
		for _, a := range r.Accidents {
			if !slices.ContainsFunc(accidents.Options, func(o form.Choice) bool { return o.ID == a }) {
				t.Errorf("%s: no accident %s", r.ID, a)
			}
		}
		for k := range r.Fields() {
			if _, ok := d.Field(k); !ok {
				t.Errorf("%s: no field %s", r.ID, k)
			}
		}
		g, _ := c.DeriveRisk("risk.grade", r.Fields())
		if g == nil {
			t.Errorf("%s has no grade", r.ID)
		} else {
			grades[g.(string)] = true
		}
	}
	for _, i := range dict.Items {
		if i.Code != "other" && !used[i.Code] {
			t.Errorf("no typical risk of %s", i.Code)
		}
	}
	if len(grades) != 4 {
		t.Errorf("grades: %v", grades)
	}
}

func TestHRisk_ALibraryWithMistakesIsRefused(t *testing.T) {
	c := shipped(t)
	src, err := configs.Files.ReadFile("hazards/risks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range [][3]string{
		{"standard: order5", "standard: order99", "standards.yaml"},
		{"l: 3, e: 6, c: 15", "l: 4, e: 6, c: 15", "want one of"},
		{"id: escape-stairs", "id: fire-lane", "each risk once"},
		{"    verified: false", "    verified: true", "was not verified"},
		{"category: fire", "catgory: fire", "catgory"},
		{"scheme: lec", "scheme: own", "risk.yaml"},
	} {
		fsys := fstest.MapFS{"h/risks.yaml": {Data: []byte(strings.Replace(string(src), x[0], x[1], 1))}}
		if _, err := hazard.LoadRisks(fsys, "h", c); err == nil || !strings.Contains(err.Error(), x[2]) {
			t.Errorf("%s: %v", x[1], err)
		}
	}
}
