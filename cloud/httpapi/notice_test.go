package httpapi

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"anlan/cloud/flow"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

func (c *client) report() work.Submission {
	c.w.t.Helper()
	return want[work.Submission](c, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"category": "fire", "place": "anlan-garden/b03/12", "what": "消防通道堵塞"}})
}

// TestW12_ATaskIsToldOnceAndSettledWhenDone follows a hazard: who has to act has one
// notice, which is settled by acting.
func TestW12_ATaskIsToldOnceAndSettledWhenDone(t *testing.T) {
	w := newWorld(t)
	guard, supervisor, engineer := w.as(org.Guard), w.as(org.Supervisor), w.as(org.Engineer)
	s := guard.report()
	list := want[notify.Page](supervisor, 200, "GET", "/api/notices?unread=true", nil)
	if len(list.Items) != 1 || !list.Items[0].Todo || list.Items[0].Kind != "task" || !strings.HasPrefix(list.Items[0].Link, "/flows/"+s.Instance) || !strings.Contains(list.Items[0].Body.ZH, "消防通道堵塞") {
		t.Fatalf("%+v", list)
	}
	if n := want[notify.Count](supervisor, 200, "GET", "/api/notices/count", nil); n.Unread != 1 {
		t.Fatalf("%+v", n)
	}
	if p := want[notify.Page](engineer, 200, "GET", "/api/notices", nil); len(p.Items) != 0 {
		t.Fatalf("told to someone else: %+v", p)
	}
	if status, _ := engineer.do("POST", "/api/notices/"+list.Items[0].ID+"/read", nil); status != http.StatusNotFound {
		t.Fatalf("someone else's notice: %d", status)
	}
	supervisor.act(s.Instance, 200, flow.Agree, map[string]any{"level": "general", "owner": w.idOf("engineer"), "demand": "今天清理"})
	if n := want[notify.Count](supervisor, 200, "GET", "/api/notices/count", nil); n.Unread != 0 {
		t.Fatalf("not settled: %+v", n)
	}
	if p := want[notify.Page](engineer, 200, "GET", "/api/notices", nil); len(p.Items) != 1 || p.Items[0].DoneAt.IsZero() == false {
		t.Fatalf("%+v", p)
	}
	// W15: urged, it is told again, and still one thing to do.
	if status, raw := guard.do("POST", "/api/flows/"+s.Instance+"/events", map[string]any{"kind": "urge"}); status != 200 {
		t.Fatalf("%d %s", status, raw)
	}
	if n := want[notify.Count](engineer, 200, "GET", "/api/notices/count", nil); n.Unread != 2 {
		t.Fatalf("%+v", n)
	}
	want[any](engineer, 204, "POST", "/api/notices/read-all", nil)
	if n := want[flow.Counts](engineer, 200, "GET", "/api/todos/count", nil); n.Open != 1 || n.Overdue != 0 {
		t.Fatalf("reading is not doing: %+v", n)
	}
}

// TestW12_AnOpenPageIsToldAndNobodyElse watches two people's event streams.
func TestW12_AnOpenPageIsToldAndNobodyElse(t *testing.T) {
	w := newWorld(t)
	guard, supervisor, engineer := w.as(org.Guard), w.as(org.Supervisor), w.as(org.Engineer)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	told, other := supervisor.events(ctx, "notice"), engineer.events(ctx, "notice")
	begin := time.Now()
	guard.report()
	select {
	case data := <-told:
		t.Logf("told after %v: %s", time.Since(begin), data)
		if !strings.Contains(data, `"unread":1`) {
			t.Fatal(data)
		}
	case <-ctx.Done():
		t.Fatal("not told")
	}
	select {
	case data := <-other:
		t.Fatalf("told to someone else: %s", data)
	default:
	}
}

// events opens a stream and passes on the data of one kind of event; it returns when the
// stream has said hello.
func (c *client) events(ctx context.Context, kind string) <-chan string {
	c.w.t.Helper()
	res, err := c.http.Do(c.request("GET", "/api/events", nil).WithContext(ctx))
	if err != nil || res.StatusCode != http.StatusOK {
		c.w.t.Fatalf("%v %v", res, err)
	}
	out, lines := make(chan string, 16), bufio.NewScanner(res.Body)
	for lines.Scan() && lines.Text() != "event: hello" {
	}
	go func() {
		defer res.Body.Close()
		at := ""
		for lines.Scan() {
			if e, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				at = e
			}
			if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok && at == kind {
				out <- d
			}
		}
	}()
	return out
}
