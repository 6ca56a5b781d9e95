package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// event is one as the browser sees it.
type event struct {
	id, name string
	data     map[string]any
}

// listen opens the stream after last; next returns its events, ok=false at its end.
func (c *client) listen(last string) (next func() (event, bool), stop func()) {
	c.w.t.Helper()
	ctx, cancel := context.WithCancel(c.w.t.Context())
	r := c.request("GET", "/api/events", nil).WithContext(ctx)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		raw, _ := io.ReadAll(res.Body)
		c.w.t.Fatalf("stream: %d %s %s", res.StatusCode, res.Header.Get("Content-Type"), raw)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	next = func() (event, bool) {
		var e event
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.data); err != nil {
					c.w.t.Error(err)
				}
			case "":
				return e, true
			}
		}
		return e, false
	}
	return next, func() { cancel(); res.Body.Close() }
}

// expect skips pings until the event called name.
func expect(t *testing.T, next func() (event, bool), name string) event {
	t.Helper()
	for {
		e, ok := next()
		if !ok {
			t.Fatalf("the stream ended before %q", name)
		}
		if e.name == name {
			return e
		}
		if e.name != "ping" {
			t.Fatalf("got %q %v, want %q", e.name, e.data, name)
		}
	}
}

func TestEvents_ResumeWithoutGapOrResync(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Viewer)
	next, stop := c.listen("")
	if hello := expect(t, next, "hello"); hello.data["node"] != "test" || hello.data["server_time"] == nil || hello.id != "" {
		t.Errorf("hello=%+v", hello)
	}
	w.smoke("f12-smoke-east", "A", contract.Active)
	first := expect(t, next, "alarm")
	if first.data["kind"] != alarm.Raised || first.id == "" {
		t.Errorf("first=%+v", first)
	}
	stamps := first.data["alarm"].(map[string]any)["stamps"].(map[string]any)
	if stamps["pushed"] == nil {
		t.Errorf("stamps=%v", stamps)
	}
	stop()
	w.smoke("f12-smoke-west", "B", contract.Active) // missed: an alarm and an incident
	next, stop = c.listen(first.id)
	defer stop()
	expect(t, next, "hello")
	if e := expect(t, next, "alarm"); e.data["alarm"].(map[string]any)["point"] != "f12-smoke-west.smoke" {
		t.Errorf("resumed with %+v", e)
	}
	if e := expect(t, next, "incident"); e.data["kind"] != "launched" || e.data["human_no"] == "" {
		t.Errorf("incident=%+v", e)
	}
	if e := expect(t, next, "ping"); e.data["seq"] == nil {
		t.Errorf("ping=%+v", e)
	}
}

func TestEvents_WhatIsNotKeptIsResynced(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Viewer)
	before := w.hub.Seq()
	for range ringSize + 10 {
		w.hub.Incident(incident.Notice{ID: "x"})
	}
	for name, last := range map[string]string{"too old": strconv.FormatInt(before+1, 10), "from the future": strconv.FormatInt(w.hub.Seq()+5, 10),
		"another run": "17", "garbage": "x"} {
		next, stop := c.listen(last)
		expect(t, next, "hello")
		if e := expect(t, next, "resync"); e.id != strconv.FormatInt(w.hub.Seq(), 10) {
			t.Errorf("%s: %+v", name, e)
		}
		stop()
	}
	next, stop := c.listen(strconv.FormatInt(w.hub.Seq()-1000, 10))
	defer stop()
	expect(t, next, "hello")
	for range 1000 {
		expect(t, next, "incident")
	}
}

func TestEvents_EndWithTheSessionNotBefore(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Viewer)
	next, stop := c.listen("")
	defer stop()
	expect(t, next, "hello")
	for range 2 { // watching is use: never idle
		w.forward(11 * time.Hour)
		now := w.clock()
		for seen := 0; seen < 2; { // the first may have looked at the session just before
			at, err := time.Parse(time.RFC3339, expect(t, next, "ping").data["server_time"].(string))
			if err != nil {
				t.Fatal(err)
			}
			if !at.Before(now) {
				seen++
			}
		}
	}
	if _, raw := c.do("GET", "/api/me", nil); !strings.Contains(raw, "viewer") {
		t.Fatalf("the session ended: %s", raw)
	}
	want[any](c, 204, "DELETE", "/api/session", nil)
	w.forward(sessionEvery)
	for {
		if _, ok := next(); !ok {
			return
		}
	}
}

// everything is the rights of one who sees all.
func everything() org.Rights {
	return org.Book{}.Rights([]org.Assignment{{Role: org.Admin, Scope: org.All}})
}

func testHub() *Hub {
	return NewHub(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil, time.Now)
}

func TestHub_ASlowClientIsDroppedAndOthersGoOn(t *testing.T) {
	h := testHub()
	slow, quick := h.subscribe(0, "", everything()), h.subscribe(0, "", everything())
	got := 0
	for range clientQueue + 1 {
		h.Edge(fleet.Edge{ID: "edge-b03"})
		<-quick.frames
		got++
	}
	n := 0
	for range slow.frames { // ends because it was closed
		n++
	}
	if n != clientQueue || got != clientQueue+1 {
		t.Errorf("slow got %d, quick %d", n, got)
	}
	h.unsubscribe(slow) // a second end is harmless
	h.unsubscribe(quick)
	if h.subscribe(h.Seq(), "", everything()) == nil {
		t.Error("it cannot come back")
	}
}

func TestHub_TwoHundredClientsSeeEveryEventInOrder(t *testing.T) {
	h := testHub()
	var wg sync.WaitGroup
	const events = 400
	for range 200 {
		sub := h.subscribe(0, "", everything())
		wg.Go(func() {
			last := sub.seq
			for range events {
				f, ok := <-sub.frames
				if !ok || f.seq != last+1 {
					t.Errorf("got %d after %d", f.seq, last)
					return
				}
				last = f.seq
			}
		})
	}
	for range events {
		h.Incident(incident.Notice{ID: "x"})
	}
	wg.Wait()
}

func TestHub_ValuesAreCoalescedToTheNewest(t *testing.T) {
	h := testHub()
	sub := h.subscribe(0, "", everything())
	at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	for i := range 100 {
		h.Points("edge-b03", []fleet.PointValue{{Point: "a.x", Value: float64(i), At: at.Add(time.Duration(i))}, {Point: "b.x", Value: 1, At: at}})
	}
	h.Points("edge-b03", []fleet.PointValue{{Point: "a.x", Value: -1, At: at}}) // late: not the newest
	h.flushPoints()
	h.flushPoints()
	if len(sub.frames) != 1 {
		t.Fatalf("%d events, want 1", len(sub.frames))
	}
	wire := string((<-sub.frames).wire)
	if !strings.Contains(wire, `"value":99`) || strings.Count(wire, `"point"`) != 2 {
		t.Errorf("%s", wire)
	}
}

func TestHub_StopsEveryStream(t *testing.T) {
	h := testHub()
	sub := h.subscribe(0, "", everything())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ok := <-sub.frames; ok || h.subscribe(0, "", everything()) != nil {
		t.Error("still open")
	}
	h.Incident(incident.Notice{ID: "x"}) // after the end: nothing, and no panic
}

func TestLimiter_RefillsAndForgets(t *testing.T) {
	l, now := newLimiter(3, time.Second), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	for i, want := range []bool{true, true, true, false} {
		if got := l.allow("a", now); got != want {
			t.Errorf("try %d: %v", i, got)
		}
	}
	if !l.allow("b", now) || !l.allow("a", now.Add(time.Second)) || l.allow("a", now.Add(time.Second)) {
		t.Error("refill")
	}
	for i := range maxBuckets * 2 {
		l.allow(strconv.Itoa(i), now.Add(time.Minute))
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d keys are kept", len(l.buckets))
	}
}
