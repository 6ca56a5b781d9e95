package poll

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// parallel is a device of four groups that takes several requests at once, each 20 ms.
type parallel struct {
	id      contract.DeviceID
	mu      sync.Mutex
	depth   int
	windows [][]int
	lose    int // group whose answers are lost; -1 none
}

func (d *parallel) Device(drivers.DeviceSpec) (drivers.Device, error) { return d, nil }
func (d *parallel) Close() error                                      { return nil }
func (d *parallel) Depth() int                                        { return d.depth }

func (d *parallel) Groups() (out []drivers.Group) {
	for i := range 4 {
		out = append(out, drivers.Group{Points: []contract.PointID{contract.NewPointID(d.id, fmt.Sprintf("p%d", i))}, Alarm: i < 2})
	}
	return out
}

func (d *parallel) Read(ctx context.Context, group int) (rs []contract.Reading, err error) {
	each := func(_ int, r []contract.Reading, e error) { rs, err = r, e }
	if e := d.ReadAll(ctx, []int{group}, each); e != nil {
		return nil, e
	}
	return rs, err
}

func (d *parallel) ReadAll(_ context.Context, groups []int, each func(int, []contract.Reading, error)) error {
	time.Sleep(20 * time.Millisecond)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.windows = append(d.windows, slices.Clone(groups))
	for _, g := range groups {
		if g == d.lose {
			each(g, nil, drivers.ErrTimeout)
			continue
		}
		each(g, []contract.Reading{{Point: contract.NewPointID(d.id, fmt.Sprintf("p%d", g)), Value: float64(g), Quality: contract.Good, At: time.Now()}}, nil)
	}
	return nil
}

func pollFor(t *testing.T, d *parallel, length time.Duration) (*newestReadings, BusStatus) {
	t.Helper()
	cfg := BusConfig{ID: "tcp", Link: "bus-tcp.link", Dead: 1, Open: func(context.Context) (drivers.Bus, error) { return d, nil }}
	dc := DeviceConfig{Spec: drivers.DeviceSpec{ID: d.id}, Paces: map[contract.PointID]Pace{}}
	for _, g := range d.Groups() {
		dc.Points = append(dc.Points, g.Points...)
		dc.Paces[g.Points[0]] = Pace{Every: time.Second, Cost: 30 * time.Millisecond, Lost: 300 * time.Millisecond, Detect: 3 * time.Second, Silence: 3 * time.Second}
	}
	cfg.Devices = []DeviceConfig{dc}
	seen := &newestReadings{by: map[contract.PointID]contract.Reading{}}
	p := New([]BusConfig{cfg}, seen, slog.New(slog.DiscardHandler), nil)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	p.Run(ctx)
	return seen, p.Status()[0]
}

type newestReadings struct {
	mu sync.Mutex
	by map[contract.PointID]contract.Reading
}

func (s *newestReadings) Tap(contract.DeviceID, drivers.Tap) {}
func (s *newestReadings) Readings(rs []contract.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		s.by[r.Point] = r
	}
}

func TestRunner_DueGroupsOfADeviceGoOutTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &parallel{id: "lift", depth: 3, lose: -1}
		seen, status := pollFor(t, d, 10500*time.Millisecond)
		widest := 0
		for _, w := range d.windows {
			widest = max(widest, len(w))
		}
		if widest != 3 {
			t.Errorf("at most %d on the way at once, want 3", widest)
		}
		for i := range 4 {
			r := seen.by[contract.NewPointID("lift", fmt.Sprintf("p%d", i))]
			if !r.Quality.IsGood() || r.Value != float64(i) {
				t.Errorf("group %d: %+v", i, r)
			}
		}
		if status.Failed != 0 || status.Beyond != 0 || status.Skipped != 0 {
			t.Errorf("%+v", status)
		}
	})
}

func TestRunner_ALostAnswerAmongSeveralIsOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &parallel{id: "lift", depth: 4, lose: 3}
		seen, status := pollFor(t, d, time.Minute)
		if q := seen.by["lift.p3"].Quality; !q.IsBad() {
			t.Errorf("the group without answers is %v", q)
		}
		if q := seen.by["lift.p0"].Quality; !q.IsGood() {
			t.Errorf("a group with answers is %v", q)
		}
		if status.Beyond != 0 {
			t.Errorf("%d failures beyond what was allowed for", status.Beyond)
		}
	})
}
