package httpapi

import (
	"net/http"
	"net/url"
	"testing"

	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// TestW13_ListsAndTimesOverHTTP: a list is narrowed to a group of its statistics, to where
// flows stand and to whom they wait for; times come in the order of the nodes; what a leaver
// leaves is counted before it is handed over.
func TestW13_ListsAndTimesOverHTTP(t *testing.T) {
	w := newWorld(t)
	admin, guard, supervisor := w.as(org.Admin), w.as(org.Guard), w.as(org.Supervisor)
	for _, c := range []string{"fire", "fire", "elevator"} {
		want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"category": c, "place": "anlan-garden/b03/12", "what": "x"}})
	}
	cells := want[[]form.Cell](admin, 200, "POST", "/api/forms/hazard/aggregate", map[string]any{"by": []any{map[string]string{"field": "category"}}, "measures": []any{map[string]string{"fn": "count"}}})
	if len(cells) != 2 {
		t.Fatalf("%+v", cells)
	}
	total := func(query string) int64 {
		t.Helper()
		return want[recordPage](admin, 200, "GET", "/api/forms/hazard/records?"+query, nil).Total
	}
	for _, c := range cells {
		drill := url.QueryEscape(`[{"field":"category","key":"` + c.Keys[0].(string) + `","label":"said to people only"}]`)
		if n := total("drill=" + drill); float64(n) != *c.Values[0] {
			t.Errorf("%v: %d in the list", c.Keys, n)
		}
	}
	for _, bad := range []string{"x", `{"field":"category"}`, `[{"field":"nothing","key":"a"}]`} {
		if status, body := admin.do("GET", "/api/forms/hazard/records?drill="+url.QueryEscape(bad), nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, status, body)
		}
	}
	page := want[recordPage](admin, 200, "GET", "/api/forms/hazard/records", nil)
	at := page.Standing[page.Records[0].Flow]
	if len(page.Standing) != 3 || len(at.Handlers) != 1 {
		t.Fatalf("%+v", page.Standing)
	}
	waits := at.Handlers[0].ID
	if a, b, c := total("node="+at.Nodes[0].ID), total("handler="+waits), total("node=review&handler="+waits); a != 3 || b != 3 || c != 0 {
		t.Errorf("%d at the node, %d for the person, %d for them elsewhere", a, b, c)
	}
	times := want[flowTimes](admin, 200, "GET", "/api/flow-times/hazard", nil)
	if times.Form != "hazard" || len(times.Nodes) < 4 || times.Nodes[0].Visits != 3 || times.Nodes[1].Node != at.Nodes[0].ID || times.Nodes[1].Open != 3 || times.Nodes[1].Overdue != 0 || times.Nodes[1].Name.ZH == "" {
		t.Errorf("%+v", times)
	}
	path := "/api/users/" + waits + "/hand-over"
	if status, _ := supervisor.do("GET", path, nil); status != http.StatusForbidden {
		t.Errorf("a supervisor looks at what waits for others: %d", status)
	}
	before := want[handedOver](admin, 200, "GET", path, nil).Instances
	done := want[handedOver](admin, 200, "POST", path, map[string]any{}).Instances
	if after := want[handedOver](admin, 200, "GET", path, nil).Instances; before != 3 || done != before || after != 0 {
		t.Errorf("%d before, %d handed over, %d after", before, done, after)
	}
}
