package httpapi

import (
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/cloud/seat"
	"anlan/contract"
)

func (c *client) sit(id string, kind seat.Kind) seat.Seat {
	c.w.t.Helper()
	want[seat.Seat](c, 200, "POST", "/api/seats", map[string]any{"id": id, "name": "1号席", "kind": kind, "browser": "test"})
	return want[beatOut](c, 200, "POST", "/api/seats/"+id+"/heartbeat", map[string]any{"visible": true, "sound": "armed", "painted_seq": 1, "idle_ms": 0}).Seat
}

func TestC10_ASecondSeatSeesWhoHandlesItAndWhoIsThere(t *testing.T) {
	w := newWorld(t)
	one, two := w.as(org.Operator), w.as(org.Supervisor)
	if s := one.sit("seat-one", seat.Desk); s.State != seat.Watching {
		t.Fatalf("%+v", s)
	}
	two.sit("seat-two", seat.Desk)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	next, stop := two.listen("")
	defer stop()
	expect(t, next, "hello")
	path := "/api/seats/seat-one/claims/" + a.ID
	want[seat.Claim](one, 200, "PUT", path, map[string]any{})
	if e := expect(t, next, "claim"); e.data["alarm"] != a.ID || e.data["claim"].(map[string]any)["person_name"] == "" {
		t.Errorf("%+v", e)
	}
	if status, raw := two.do("PUT", strings.Replace(path, "one", "two", 1), map[string]any{}); status != 409 || !strings.Contains(raw, "正在处理") {
		t.Errorf("%d %s", status, raw)
	}
	list := want[seatList](two, 200, "GET", "/api/seats", nil)
	if list.OnWatch != 2 || len(list.Items) != 2 || len(list.Claims) != 1 {
		t.Errorf("%+v", list)
	}
	want[any](one, 204, "DELETE", path, nil)
	if e := expect(t, next, "claim"); e.data["claim"] != nil {
		t.Errorf("%+v", e)
	}
	want[any](one, 204, "DELETE", "/api/seats/seat-one", nil)
	if e := expect(t, next, "seat"); e.data["seat"].(map[string]any)["state"] != "gone" {
		t.Errorf("%+v", e)
	}
	if status, _ := one.do("POST", "/api/seats/seat-one/heartbeat", map[string]any{"visible": true, "sound": "armed", "painted_seq": 1, "idle_ms": 0}); status != 404 {
		t.Errorf("a seat that was left beats: %d", status)
	}
}

func TestC09_PaintedComesInBatchesWithTimesThatCanBe(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Operator)
	c.sit("seat-one", seat.Desk)
	a, b := w.smoke("f12-smoke-east", "A", contract.Active), w.smoke("f12-smoke-west", "A", contract.Active)
	at := w.clock().UTC()
	item := func(id string, at time.Time) map[string]any {
		return map[string]any{"alarm": id, "count": 1, "at": at}
	}
	want[any](c, 204, "POST", "/api/seats/seat-one/painted", []any{item(a.ID, at), item(b.ID, at)})
	for _, id := range []string{a.ID, b.ID} {
		if got := want[alarmDetail](c, 200, "GET", "/api/alarms/"+id, nil).Alarm; got.Stamps.Painted.IsZero() {
			t.Errorf("%s is not stamped", id)
		}
	}
	if status, _ := c.do("POST", "/api/seats/seat-one/painted", []any{item(a.ID, at.Add(time.Hour))}); status != 422 {
		t.Errorf("a time to come: %d", status)
	}
}

func TestSeats_ADeskIsForThoseOnWatch(t *testing.T) {
	w := newWorld(t)
	viewer := w.as(org.Viewer)
	if status, raw := viewer.do("POST", "/api/seats", map[string]any{"id": "seat-viewer", "name": "x", "kind": "desk"}); status != 403 {
		t.Errorf("%d %s", status, raw)
	}
	if s := viewer.sit("seat-viewer", seat.View); s.Able() {
		t.Errorf("%+v", s)
	}
	if n := want[seatList](viewer, 200, "GET", "/api/seats", nil).OnWatch; n != 0 {
		t.Errorf("%d on watch", n)
	}
	if status, _ := viewer.do("POST", "/api/seats", map[string]any{"id": "../x", "name": "x", "kind": "view"}); status != 422 {
		t.Errorf("a strange id: %d", status)
	}
}

func TestC03_ProofsCountIndependentSources(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Viewer)
	if p := want[proofs](c, 200, "GET", "/api/proofs", nil); len(p.Items) != 0 {
		t.Errorf("%+v", p)
	}
	have := func(id string) int {
		for _, p := range want[proofs](c, 200, "GET", "/api/proofs", nil).Items {
			if p.Alarm == id && p.Need == 2 {
				return p.Have
			}
		}
		return 0
	}
	var last alarm.Alarm
	for _, step := range []struct {
		device, channel string
		want            int
	}{{"f12-smoke-east", "A", 1}, {"f12-smoke-mid", "A", 1}, {"f12-smoke-west", "B", 2}} {
		last = w.smoke(step.device, step.channel, contract.Active)
		if got := have(last.ID); got != step.want {
			t.Errorf("%s: %d of 2, want %d", step.device, got, step.want)
		}
	}
}
