package systemtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

// remembered is what the cloud must still know after a restart.
type remembered struct {
	alarms    map[string]alarmView
	said      []said
	samples   map[contract.PointID][]contract.Sample
	incidents []string
}

func (p *person) remember(from time.Time, points ...contract.PointID) remembered {
	p.w.t.Helper()
	m := remembered{alarms: map[string]alarmView{}, said: p.knownByCloud(), samples: map[contract.PointID][]contract.Sample{}}
	open := map[string]string{}
	for _, a := range p.alarms("all") {
		m.alarms[a.ID] = a
		if other := open[a.Point+"/"+a.Rule]; other != "" && a.State != "closed" {
			p.w.t.Errorf("%s %s is open twice: %s and %s", a.Point, a.Rule, a.ID, other)
		}
		open[a.Point+"/"+a.Rule] = a.ID
	}
	for _, x := range points {
		m.samples[x] = p.samples(x, from.UnixMilli(), time.Now().UnixMilli()+1000)
	}
	var incidents []struct {
		ID string `json:"id"`
	}
	if err := p.get("/api/incidents?state=all", &incidents); err != nil {
		p.w.t.Fatal(err)
	}
	for _, i := range incidents {
		m.incidents = append(m.incidents, i.ID)
	}
	slices.Sort(m.incidents)
	return m
}

// TestRestart_AlarmsHistorySeriesAndLoginsContinue stops everything in order and starts
// it again in the same folder.
func TestRestart_AlarmsHistorySeriesAndLoginsContinue(t *testing.T) {
	t.Parallel()
	dir, began := t.TempDir(), time.Now()
	w := startIn(t, dir)
	op := w.login("zhangwei")
	op.ready()
	w.play("fire-12")
	op.acknowledge(op.alarm("f12-smoke-east.smoke", active), "已派人查看")
	op.alarm("f12-smoke-west.smoke", func(a alarmView) error {
		if a.Incident == "" {
			return fmt.Errorf("no incident yet")
		}
		return nil
	})
	points := op.points(backlogPoints)
	before := op.remember(began, points...)
	if err := w.Stop(); err != nil {
		t.Fatal(err)
	}

	again := startIn(t, dir)
	op = &person{again, op.At(again.Stack)} // the session of before
	op.ready()
	again.login("lina")
	after := op.remember(began, points...)
	for id, a := range before.alarms {
		b, ok := after.alarms[id]
		if !ok || b.Point != a.Point || b.Count != a.Count || !b.RaisedAt.Equal(a.RaisedAt) || b.Incident != a.Incident || b.State == "closed" {
			t.Errorf("alarm before %+v, after %+v", a, b)
		}
		if d := cmp.Diff(a.Ack, b.Ack); d != "" {
			t.Errorf("acknowledgement of %s (-before +after):\n%s", a.Point, d)
		}
	}
	if n := len(before.said); len(after.said) < n || cmp.Diff(before.said, after.said[:n], cmp.AllowUnexported(said{})) != "" {
		t.Errorf("history before:\n%+v\nafter:\n%+v", before.said, after.said)
	}
	once := map[string]bool{}
	for _, e := range after.said {
		if once[e.what] {
			t.Errorf("doubled: %s", e.raw)
		}
		once[e.what] = true
	}
	for p, was := range before.samples {
		now := after.samples[p]
		if len(now) < len(was) || cmp.Diff(was, now[:len(was)]) != "" {
			t.Errorf("%s: %d samples before, %d after, or not the same", p, len(was), len(now))
		}
		if !slices.IsSortedFunc(now, func(a, b contract.Sample) int { return int(a.UnixMS - b.UnixMS) }) {
			t.Errorf("%s: not in time order: %+v", p, now)
		}
	}
	if d := cmp.Diff(before.incidents, after.incidents); d != "" {
		t.Errorf("incidents (-before +after):\n%s", d)
	}
}
