package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anlan/cloud/form"
	risk "anlan/cloud/hazard/register"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// TestHRisk_TheRegisterOverHTTP is the register as the console drives it, for people of
// different reach: what is added, what the server makes of the factors, who is refused.
func TestHRisk_TheRegisterOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	both, here, manager, guard, viewer := w.as(org.Supervisor), w.signedIn("an3", org.Supervisor, "b03"), w.signedIn("wang3", org.Manager, "b03"), w.signedIn("bao4", org.Guard, "b04"), w.as(org.Viewer)
	const b03, b04 = "anlan-garden/b03", "anlan-garden/b04"
	add := func(c *client, status int, place string, risks ...string) risk.Added {
		t.Helper()
		return want[risk.Added](c, status, "POST", "/api/risks/library", map[string]any{"place": place, "risks": risks})
	}
	offered := want[riskOffers](here, 200, "GET", "/api/risks/library?place="+b03, nil)
	if len(offered.Items) < 30 || offered.Items[0].Point.EN == "" {
		t.Fatalf("%+v", offered)
	}
	if got := add(here, 200, b03, "fire-lane", "e-bike-hallway"); got.Added != 2 {
		t.Fatalf("%+v", got)
	}
	if got := add(both, 200, b03, "fire-lane", "fire-doors"); got.Added != 1 || got.Already != 1 {
		t.Fatalf("%+v", got)
	}
	add(both, 200, b04, "septic")
	add(here, 404, b04, "fire-lane")
	add(both, 404, b03, "no-such-risk")
	add(manager, 403, b03, "fire-lane")
	add(guard, 403, b04, "fire-lane")
	for path, c := range map[string]*client{"/api/risks/summary": viewer, "/api/risks/library?place=" + b04: guard} {
		if status, raw := c.do("GET", path, nil); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, status, raw)
		}
	}

	// The server grades, whatever the page says, and tells which field is wrong.
	fields := map[string]any{"category": "gas", "place": b03 + "/12", "point": "燃气立管", "accidents": []string{"explosion"}, "scheme": "ls", "ls_l": "5", "ls_s": "4", "management": "巡查", "owner": w.idOf("supervisor"), "review": "2026-01-01",
		"score": 1, "grade": "blue"}
	made := want[work.Submission](here, 200, "POST", "/api/forms/risk/records", map[string]any{"fields": fields}).Record
	if made.Doc["grade"] != "red" || made.Doc["score"] != 20.0 || made.Doc["control"] != "company" {
		t.Fatalf("%+v", made.Doc)
	}
	edited := want[form.Record](here, 200, "PATCH", "/api/forms/risk/records/"+made.ID, map[string]any{"rev": made.Rev, "fields": map[string]any{"ls_s": "2", "grade": "red"}})
	if edited.Doc["grade"] != "yellow" || edited.Doc["score"] != 10.0 {
		t.Fatalf("%+v", edited.Doc)
	}
	fields["ls_l"] = "6"
	if status, raw := here.do("POST", "/api/forms/risk/records", map[string]any{"fields": fields}); status != http.StatusUnprocessableEntity || !strings.Contains(raw, "body.fields.ls_l") {
		t.Errorf("%d %s", status, raw)
	}

	// Everybody's summary is their list.
	for name, c := range map[string]*client{"both": both, "here": here, "manager": manager, "guard": guard} {
		got := want[risk.Summary](c, 200, "GET", "/api/risks/summary", nil)
		page := want[recordPage](c, 200, "GET", "/api/forms/risk/records?limit=200", nil)
		counts := map[string]int64{}
		for _, r := range page.Records {
			counts[r.Doc["grade"].(string)]++
		}
		for _, g := range []string{"red", "orange", "yellow", "blue"} {
			if got.All.Counts[g] != counts[g] {
				t.Errorf("%s: %d %s, listed %d", name, got.All.Counts[g], g, counts[g])
			}
		}
		if n := map[string]int64{"both": 5, "here": 4, "manager": 4, "guard": 1}[name]; got.All.Total != n || page.Total != n {
			t.Errorf("%s: %d counted, %d listed, want %d", name, got.All.Total, page.Total, n)
		}
		for _, b := range got.Buildings {
			if name == "guard" && b.Place == b03 || (name == "here" || name == "manager") && b.Place == b04 {
				t.Errorf("%s is told of %+v", name, b)
			}
		}
	}
	one := want[risk.Summary](both, 200, "GET", "/api/risks/summary?place="+url.QueryEscape(b03+"/12"), nil)
	if one.All.Total != 1 || one.All.Overdue != 1 || len(one.Matrix) != 1 || len(one.Buildings) != 3 || len(one.Places) != 1 || one.Places[0].Floor == nil || *one.Places[0].Floor != 12 {
		t.Errorf("%+v", one)
	}
	if got := want[risk.Regraded](both, 200, "POST", "/api/risks/regrade", nil); got != (risk.Regraded{}) {
		t.Errorf("nothing had moved: %+v", got)
	}
}
