package fleet

import (
	"context"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

func TestA18_OneLateHelloIsNoWrongClockAndThreeAre(t *testing.T) {
	for name, c := range map[string]struct {
		offsets []time.Duration
		was     bool
		want    bool
	}{
		"right":                       {[]time.Duration{0, 0, 0}, false, false},
		"too few to say":              {[]time.Duration{-9 * time.Second, -9 * time.Second}, false, false},
		"one message was held up":     {[]time.Duration{0, -9 * time.Second, 0}, false, false},
		"behind":                      {[]time.Duration{-9 * time.Second, -6 * time.Second, -7 * time.Second}, false, true},
		"ahead":                       {[]time.Duration{6 * time.Second, 6 * time.Second, 6 * time.Second}, false, true},
		"exactly the limit":           {[]time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}, false, false},
		"getting better, not well":    {[]time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second}, true, true},
		"well again":                  {[]time.Duration{2 * time.Second, time.Second, 2 * time.Second}, true, false},
		"a step: signs disagree":      {[]time.Duration{-9 * time.Second, 9 * time.Second, 9 * time.Second}, false, false},
		"only the newest three count": {[]time.Duration{-9 * time.Second, 0, 0, 0}, false, false},
	} {
		var v vitals
		for _, o := range c.offsets {
			v = v.hello(contract.Hello{At: t0.Add(o)}, t0)
		}
		if got := v.ailments(map[contract.RuleID]bool{RuleEdgeClock: c.was}, t0)[RuleEdgeClock]; got != c.want {
			t.Errorf("%s: %v, want %v (drift %v)", name, got, c.want, v.drift())
		}
	}
}

func TestA13_ABacklogIsOneThatDoesNotMove(t *testing.T) {
	var q queue
	for i, c := range []struct {
		after   time.Duration
		pending int64
		oldest  uint64
		age     time.Duration
	}{
		{0, 0, 0, 0}, {10 * time.Second, 4, 7, 0}, {70 * time.Second, 9, 7, 60 * time.Second},
		{80 * time.Second, 9, 8, 0}, {90 * time.Second, 0, 0, 0}, {100 * time.Second, 1, 8, 0},
	} {
		at := t0.Add(c.after)
		q = q.heard(c.pending, c.oldest, at)
		if got := q.age(at); got != c.age {
			t.Errorf("step %d: age %v, want %v", i, got, c.age)
		}
	}
}

func TestA13_AnUnwellEdgeIsAnAlarmOnceAcrossARestartAndEndsByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		say := func(drift time.Duration, pending int64, n int) {
			t.Helper()
			for range n {
				w.pass(10 * time.Second)
				h := contract.Hello{Edge: "edge-b03", Online: true, At: w.now.Add(drift), Pending: map[contract.Stream]int64{contract.StreamAlarm: pending},
					Oldest: map[contract.Stream]uint64{contract.StreamAlarm: 5}}
				if err := w.Hello(t.Context(), h, w.now); err != nil {
					t.Fatal(err)
				}
				w.SuperviseOnce(t.Context(), w.now)
			}
		}
		by := func() map[contract.RuleID]alarm.Alarm {
			out := map[contract.RuleID]alarm.Alarm{}
			for _, a := range w.lost() {
				out[a.Rule] = a
			}
			return out
		}
		say(0, 0, 5)
		if l := by(); len(l) != 0 {
			t.Fatalf("healthy: %+v", l)
		}
		say(20*time.Second, 3, 9)
		l := by()
		if len(l) != 2 || l[RuleEdgeClock].State != alarm.Unacked || l[RuleEdgeBacklog].State != alarm.Unacked || l[RuleEdgeClock].Value != 20 || l[RuleEdgeClock].Building != "b03" {
			t.Fatalf("unwell: %+v", l)
		}
		w.boot()
		say(20*time.Second, 3, 9)
		if l := by(); len(l) != 2 || l[RuleEdgeClock].Count != 1 || l[RuleEdgeBacklog].Count != 1 || l[RuleEdgeBacklog].Condition != contract.Active {
			t.Fatalf("after a restart: %+v", l)
		}
		w.boot() // and well again while nobody looked
		say(0, 0, 4)
		if l := by(); l[RuleEdgeClock].State != alarm.RTNUnacked || l[RuleEdgeBacklog].State != alarm.RTNUnacked {
			t.Fatalf("well again: %+v", l)
		}
	})
}

func TestO2_ACertificateThatIsNotRenewedIsAnAlarm(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	until := w.now.Add(certificateLeft + 2*time.Hour)
	w.SetCertificates(func(context.Context, contract.EdgeID) (time.Time, error) { return until, nil })
	w.hello()
	if l := w.lost(); len(l) != 0 {
		t.Fatalf("in good time: %+v", l)
	}
	w.now = w.now.Add(3 * time.Hour)
	w.hello()
	if l := w.lost(); len(l) != 1 || l[0].Rule != RuleEdgeCertificate {
		t.Fatalf("two months before the end: %+v", l)
	}
	until = w.now.Add(300 * 24 * time.Hour)
	w.now = w.now.Add(certificatesEvery)
	w.hello()
	if l := w.lost(); len(l) != 1 || l[0].State != alarm.RTNUnacked {
		t.Fatalf("renewed: %+v", l)
	}
}
