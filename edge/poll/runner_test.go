package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// script is a bus of one device whose behaviour a test writes down.
type script struct {
	groups []drivers.Group
	plan   uint64
	read   func(ctx context.Context, group int) error
	wrote  []time.Time
}

func (s *script) Close() error                                      { return nil }
func (s *script) Device(drivers.DeviceSpec) (drivers.Device, error) { return s, nil }
func (s *script) Groups() []drivers.Group                           { return s.groups }
func (s *script) Plan() uint64                                      { return s.plan }

func (s *script) Read(ctx context.Context, n int) ([]contract.Reading, error) {
	if err := s.read(ctx, n); err != nil {
		return nil, err
	}
	var rs []contract.Reading
	for _, p := range s.groups[n].Points {
		rs = append(rs, contract.Reading{Point: p, Quality: contract.Good, At: time.Now()})
	}
	return rs, nil
}

func (s *script) Write(context.Context, contract.PointID, float64) error {
	s.wrote = append(s.wrote, time.Now())
	return nil
}

type quiet struct {
	mu sync.Mutex
	n  map[contract.PointID]contract.Reading
}

func (q *quiet) Readings(rs []contract.Reading) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range rs {
		q.n[r.Point] = r
	}
}
func (q *quiet) newest() map[contract.PointID]contract.Reading {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.n)
}

func (*quiet) Tap(contract.DeviceID, drivers.Tap) {}

// polling runs a poller on the script.
func polling(t *testing.T, s *script, paces map[contract.PointID]Pace) (p *Poller, sink *quiet, stop func()) {
	sink = &quiet{n: map[contract.PointID]contract.Reading{}}
	var points []contract.PointID
	for _, g := range s.groups {
		points = append(points, g.Points...)
	}
	p = New([]BusConfig{{ID: "b", Link: "bus-b.link", Dead: 1, Open: func(context.Context) (drivers.Bus, error) { return s, nil },
		Devices: []DeviceConfig{{Spec: drivers.DeviceSpec{ID: "d"}, Points: points, Paces: paces}}}}, sink, slog.New(slog.DiscardHandler), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { p.Run(ctx) })
	return p, sink, func() { cancel(); wg.Wait() }
}

func group1(names ...string) (g drivers.Group) {
	for _, n := range names {
		g.Points = append(g.Points, contract.NewPointID("d", n))
	}
	return g
}

func TestWrite_WaitsForOneTransactionAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var yielded atomic.Int32
		s := &script{groups: []drivers.Group{group1("a"), group1("b")}}
		s.read = func(ctx context.Context, _ int) error {
			for range 10 { // a driver that needs ten frames, each of 100 ms
				time.Sleep(100 * time.Millisecond)
				if drivers.Hurried(ctx) {
					yielded.Add(1)
					return fmt.Errorf("script: %w", drivers.ErrYielded)
				}
			}
			return nil
		}
		p, sink, stop := polling(t, s, map[contract.PointID]Pace{"d.a": {Every: 5 * time.Second}, "d.b": {Every: 5 * time.Second}})
		defer stop()
		for i := range 50 {
			time.Sleep(700*time.Millisecond + time.Duration(i)*time.Millisecond)
			asked := time.Now()
			if err := p.Write(t.Context(), "d.a", 1); err != nil {
				t.Fatal(err)
			}
			if d := s.wrote[len(s.wrote)-1].Sub(asked); d > 100*time.Millisecond {
				t.Errorf("write %d waited %v", i, d)
			}
		}
		if yielded.Load() == 0 {
			t.Error("no write came while a transaction was in flight")
		}
		time.Sleep(20 * time.Second)
		if r := sink.newest()["d.b"]; !r.Quality.IsGood() || time.Since(r.Checked) > 8*time.Second {
			t.Errorf("after the writes: %+v", r)
		}
		if st := p.Status()[0]; st.Failed > 0 || st.Devices[0].Failing > 0 {
			t.Errorf("giving way was held against the device: %+v", st)
		}
	})
}

func TestReplan_TakesNoMoreThanWasSetAside(t *testing.T) {
	for _, c := range []struct {
		part  time.Duration // wire floor of each part
		trial bool
	}{{20 * time.Millisecond, false}, {60 * time.Millisecond, true}} {
		synctest.Test(t, func(t *testing.T) {
			whole := group1("a", "b", "c")
			whole.Cost = 50 * time.Millisecond
			s := &script{groups: []drivers.Group{whole}}
			s.read = func(context.Context, int) error {
				time.Sleep(c.part)
				if s.plan == 0 {
					a, b := group1("a"), group1("b", "c")
					a.Cost, b.Cost = c.part, c.part
					s.plan, s.groups = 1, []drivers.Group{a, b}
					return errors.New("refused")
				}
				return nil
			}
			pace := Pace{Every: time.Second, Cost: 60 * time.Millisecond, Lost: 300 * time.Millisecond, Rank: 1}
			p, sink, stop := polling(t, s, map[contract.PointID]Pace{"d.a": pace, "d.b": pace, "d.c": pace})
			defer stop()
			time.Sleep(time.Minute)
			st := p.Status()[0]
			if len(st.Groups) != 2 || st.Devices[0].Trial != c.trial || st.Devices[0].Probing {
				t.Errorf("parts of %v: %+v", c.part, st)
			}
			for id, r := range sink.newest() {
				if id != "bus-b.link" && (!r.Quality.IsGood() || time.Since(r.Checked) > 3*time.Second) {
					t.Errorf("parts of %v: %s: %+v", c.part, id, r)
				}
			}
		})
	}
}

func TestAsk_QuarantineCostsNothingAndIsNoVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		s := &script{groups: []drivers.Group{group1("a")}}
		s.read = func(context.Context, int) error {
			if refuse.Load() {
				return drivers.ErrQuarantined
			}
			time.Sleep(10 * time.Millisecond)
			return nil
		}
		p, _, stop := polling(t, s, nil)
		defer stop()
		time.Sleep(11 * time.Second)
		before := p.Status()[0]
		refuse.Store(true)
		time.Sleep(10 * time.Second)
		after := p.Status()[0]
		if after.Failed != before.Failed || after.Polls != before.Polls || after.Devices[0].Failing > 0 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		refuse.Store(false)
		time.Sleep(10 * time.Second)
		if st := p.Status()[0]; st.Devices[0].Error != "" {
			t.Errorf("%+v", st.Devices[0])
		}
	})
}

// teller is a device that tells readings by itself.
type teller struct{ say []contract.Reading }

func (t *teller) Close() error                                      { return nil }
func (t *teller) Device(drivers.DeviceSpec) (drivers.Device, error) { return t, nil }
func (t *teller) Groups() []drivers.Group                           { return nil }
func (t *teller) Read(context.Context, int) ([]contract.Reading, error) {
	return nil, drivers.ErrNoPoint
}
func (t *teller) Listen(ctx context.Context, heard func([]contract.Reading)) error {
	heard([]contract.Reading{t.say[0]})
	time.Sleep(time.Minute)
	heard([]contract.Reading{t.say[1]})
	<-ctx.Done()
	return ctx.Err()
}

func TestSource_TellsByItselfAndKeepsTheLastValueWhenSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := time.Now()
		s := &teller{[]contract.Reading{{Point: "d.n", Value: 1, Quality: contract.Good, At: first}, {Point: "d.n", Quality: contract.Timeout}}}
		sink := &quiet{n: map[contract.PointID]contract.Reading{}}
		p := New([]BusConfig{{ID: "b", Link: "bus-b.link", Open: func(context.Context) (drivers.Bus, error) { return s, nil },
			Devices: []DeviceConfig{{Spec: drivers.DeviceSpec{ID: "d"}, Points: []contract.PointID{"d.n"}}}}}, sink, slog.New(slog.DiscardHandler), nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { p.Run(ctx) })
		time.Sleep(time.Second)
		if r := sink.newest()["d.n"]; r.Value != 1 || !r.Quality.IsGood() {
			t.Errorf("%+v", r)
		}
		if err := p.Write(t.Context(), "d.n", 1); !errors.Is(err, drivers.ErrNotWritable) {
			t.Errorf("write: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if r := sink.newest()["d.n"]; r.Value != 1 || r.Quality != contract.Timeout || !r.At.Equal(first) {
			t.Errorf("%+v", r)
		}
		cancel()
		wg.Wait()
	})
}
