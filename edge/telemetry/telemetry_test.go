package telemetry

import (
	"testing"
	"time"

	"anlan/contract"
)

func TestBatcher_ReportsByExceptionAndEachSampleOnce(t *testing.T) {
	b := New(map[contract.PointID]Point{"d.a": {DeadBand: 0.05}, "d.s": {}})
	now := time.UnixMilli(1_000_000)
	var times []int64
	collect := func(cols []contract.Column) {
		for _, c := range cols {
			for _, s := range c.Samples {
				if c.Point == "d.a" {
					times = append(times, s.UnixMS)
				}
			}
		}
	}
	add := func(v float64, q contract.Quality, at time.Time) {
		collect(b.Add([]contract.Reading{{Point: "d.a", Value: v, Quality: q, At: at, Checked: now}, {Point: "other.x", At: at}}, now))
		collect(b.Tick(now))
	}
	steps := []struct {
		v    float64
		q    contract.Quality
		want int // samples so far
	}{{1, contract.Good, 1}, {1.04, contract.Good, 1}, {1.06, contract.Good, 2}, {1.06, contract.Timeout, 3}, {1.06, contract.Timeout, 3}, {1.06, contract.Good, 4}}
	for i, s := range steps {
		now = now.Add(time.Second)
		add(s.v, s.q, now)
		if got := len(times) + b.n; got != s.want {
			t.Errorf("step %d: %d samples, want %d", i, got, s.want)
		}
	}
	before := len(times) + b.n
	for range 31 {
		now = now.Add(time.Second)
		add(1.06, contract.Good, now)
	}
	if got := len(times) + b.n - before; got != 1 {
		t.Errorf("%d samples in half a minute of sameness, want 1", got)
	}
	now = now.AddDate(-10, 0, 0)
	add(1.06, contract.Good, now)
	now = now.Add(MaxInterval)
	add(9, contract.Good, now)
	collect(b.Close())
	seen := map[int64]bool{}
	for _, ms := range times {
		if seen[ms] {
			t.Errorf("time %d twice", ms)
		}
		seen[ms] = true
	}
	if !seen[now.UnixMilli()] {
		t.Error("a clock set back ten years silenced the point")
	}
}

func TestBatcher_ClosesByCountAndByAge(t *testing.T) {
	b := New(map[contract.PointID]Point{"d.a": {}})
	now := time.UnixMilli(1_000_000)
	for i := range CloseAt {
		now = now.Add(time.Millisecond)
		cols := b.Add([]contract.Reading{{Point: "d.a", Value: float64(i), Quality: contract.Good, At: now, Checked: now}}, now)
		if (cols != nil) != (i == CloseAt-1) {
			t.Fatalf("closed at %d", i+1)
		}
	}
	b.Add([]contract.Reading{{Point: "d.a", Value: -1, Quality: contract.Good, At: now.Add(1e6), Checked: now}}, now)
	if b.Tick(now.Add(CloseAfter-1)) != nil || b.Tick(now.Add(CloseAfter)) == nil || b.Close() != nil {
		t.Error("not closed by age, or twice")
	}
}
