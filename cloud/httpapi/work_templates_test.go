package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// TestX07_AnAppComesAndGoesOverHTTP: installed on a running system, open to nobody until
// somebody is let in, removed with its name typed, and restored with its records.
func TestX07_AnAppComesAndGoesOverHTTP(t *testing.T) {
	w := newWorld(t)
	admin, guard := w.as(org.Admin), w.as(org.Guard)
	all := want[[]work.Template](admin, 200, "GET", "/api/templates", nil)
	if len(all) < 12 || all[0].Documents[0].Body != nil {
		t.Fatalf("%d templates", len(all))
	}
	one := want[work.Template](admin, 200, "GET", "/api/templates/cleaning", nil)
	if one.Documents[0].Body == nil || one.Standing != "none" {
		t.Fatalf("%+v", one)
	}
	if status, _ := admin.do("GET", "/api/templates/..%2Fapps", nil); status != http.StatusNotFound {
		t.Fatalf("out of its folder: %d", status)
	}
	done := want[work.Installed](admin, 200, "POST", "/api/templates/cleaning/install", map[string]any{})
	if !done.Result.Done || done.App != "cleaning" {
		t.Fatalf("%+v", done)
	}
	var app document.AppBody
	if err := json.Unmarshal(want[documentDetail](admin, 200, "GET", "/api/documents/app/cleaning", nil).Current.Body, &app); err != nil || app.Icon == "" || app.Icon != one.Icon || app.Description != one.Description {
		t.Fatalf("not the app that was shown: %+v, %v", app, err)
	}
	if status, body := admin.do("POST", "/api/templates/cleaning/install", map[string]any{}); status != http.StatusConflict || !strings.Contains(body, "已经在这里") {
		t.Fatalf("%d %s", status, body)
	}
	offered := func() bool {
		return slices.ContainsFunc(want[[]work.Usable](guard, 200, "GET", "/api/forms", nil), func(u work.Usable) bool { return u.Key == "cleaning" })
	}
	if offered() {
		t.Fatal("open to somebody whom nobody let in")
	}
	g := want[form.Grant](admin, 200, "GET", "/api/grants/proposal?form=cleaning", nil)
	if g.Fields["cured"] == form.Write || g.Fields["place"] != form.Write {
		t.Fatalf("%+v", g)
	}
	g.Role = string(org.Guard)
	want[form.Grant](admin, 200, "POST", "/api/grants", map[string]any{"role": g.Role, "form": "cleaning", "actions": []string{"create", "view"}, "fields": g.Fields})
	if !offered() {
		t.Fatal("not offered to whom it was granted")
	}
	fields := map[string]any{"place": "anlan-garden/b03/12", "shift": "am", "bad": "no", "items": []any{map[string]any{"item": "lobby", "score": 4}}}
	made := want[work.Submission](guard, 200, "POST", "/api/forms/cleaning/records", map[string]any{"fields": fields})
	if status, body := guard.do("POST", "/api/forms/cleaning/records", map[string]any{"fields": map[string]any{"cured": "偷写"}}); status == 200 {
		t.Fatalf("wrote what the flow lets them write later only: %s", body)
	}
	removes(t, admin, made)
	if offered() {
		t.Fatal("removed, and still offered")
	}
	back := want[work.AppStanding](admin, 200, "POST", "/api/apps/cleaning/restore", nil)
	if back.Removed != nil || back.Grants != 0 || back.Records != 1 {
		t.Fatalf("%+v", back)
	}
	want[form.Grant](admin, 200, "POST", "/api/grants", map[string]any{"role": string(org.Guard), "form": "cleaning", "actions": []string{"view"}})
	if r := want[recordDetail](guard, 200, "GET", "/api/forms/cleaning/records/"+made.Record.ID, nil); r.Record.No != made.Record.No {
		t.Fatalf("%+v", r.Record)
	}
}

func removes(t *testing.T, admin *client, made work.Submission) {
	t.Helper()
	if status, body := admin.do("POST", "/api/apps/hazard/remove", map[string]string{"name": "隐患排查治理"}); status != http.StatusConflict || !strings.Contains(body, "离不开") {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := admin.do("POST", "/api/apps/cleaning/remove", map[string]string{"name": "别的"}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "body.name") {
		t.Fatalf("%d %s", status, body)
	}
	st := want[work.AppStanding](admin, 200, "GET", "/api/apps/cleaning/standing", nil)
	if st.Records != 1 || st.Grants != 1 || st.Open != 0 || made.Record.ID == "" {
		t.Fatalf("%+v", st)
	}
	if st = want[work.AppStanding](admin, 200, "POST", "/api/apps/cleaning/remove", map[string]string{"name": "保洁巡查"}); st.Removed == nil {
		t.Fatalf("%+v", st)
	}
}
