package hazard_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

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
	for _, name := range []string{"standards.yaml", "risk.yaml"} {
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
	for _, want := range []string{"category-x.yaml:6", "category-x.yaml:7", "one language", `"smell"`, `"nowhere"`, "twice", "not verified"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}
