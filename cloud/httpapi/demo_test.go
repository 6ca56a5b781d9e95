//go:build !race

// Drawing and playing a history takes a minute with the race detector; `make test` runs this without.

package httpapi

import (
	"context"
	"testing"
	"time"

	"anlan/cloud/org"
	"anlan/cloud/sample"
)

// TestF22_TheDemoCommunityOverHTTP puts a small one in, follows it, finds its hazards where
// people look for them, wipes it and finds nothing. Who does not manage people everywhere
// may not even look.
func TestF22_TheDemoCommunityOverHTTP(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.sample.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	admin := w.as(org.Admin)
	for _, r := range org.Roles() {
		if r != org.Admin {
			want[any](w.as(r), 403, "POST", "/api/demo", map[string]any{})
			want[any](w.as(r), 403, "DELETE", "/api/demo", nil)
		}
	}
	if st := want[sample.Status](admin, 200, "GET", "/api/demo", nil); st.State != sample.Absent || st.Full.Towers != 30 || st.Full.Households != 5000 {
		t.Fatalf("%+v", st)
	}
	want[any](admin, 422, "POST", "/api/demo", map[string]any{"towers": 31})
	st := want[sample.Status](admin, 202, "POST", "/api/demo", map[string]any{"towers": 1, "months": 1})
	if st.State != sample.Filling || st.Made.Towers != 1 {
		t.Fatalf("%+v", st)
	}
	want[any](admin, 409, "POST", "/api/demo", map[string]any{})
	st = w.demoIs(admin, sample.There)
	list := want[demoList](admin, 200, "GET", "/api/forms/hazard/records?limit=100", nil)
	if len(list.Records) != st.Made.Hazards {
		t.Fatalf("%d hazards in the list, %d made", len(list.Records), st.Made.Hazards)
	}
	if todos := want[demoTodos](admin, 200, "GET", "/api/todos?box=mine", nil); len(todos.Items) == 0 {
		t.Fatal("nothing to do for who put it in")
	}
	want[sample.Status](admin, 202, "DELETE", "/api/demo", nil)
	w.demoIs(admin, sample.Absent)
	want[any](admin, 409, "DELETE", "/api/demo", nil)
	if list := want[demoList](admin, 200, "GET", "/api/forms/hazard/records?limit=100", nil); len(list.Records) != 0 {
		t.Fatalf("%d hazards left", len(list.Records))
	}
	want[any](admin, 403, "GET", "/api/forms/"+sample.HouseholdForm, nil)
}

type demoList struct {
	Records []struct {
		ID string `json:"id"`
	} `json:"records"`
}

type demoTodos struct {
	Items []struct {
		Instance string `json:"instance"`
	} `json:"items"`
}

// demoIs waits until the demo community stands so, as a page would that asks again and again.
func (w *world) demoIs(c *client, state sample.State) sample.Status {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		st := want[sample.Status](c, 200, "GET", "/api/demo", nil)
		if st.State == state {
			return st
		}
		if st.Error != "" || time.Now().After(end) {
			w.t.Fatalf("%+v", st)
		}
		time.Sleep(50 * time.Millisecond) // between two looks at the page
	}
}
