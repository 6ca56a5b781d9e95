package edge

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/edge/config"
)

// world is a building in memory: the values of all points, who is silent, and every
// write in order.
type world struct {
	mu     sync.Mutex
	values map[contract.PointID]float64
	silent map[contract.DeviceID]bool
	writes []write
	// onWrite plays the device's own behaviour; it is called with mu held.
	onWrite func(w *world, point contract.PointID, value float64)
	taps    chan []byte
}

type write struct {
	Point contract.PointID
	Value float64
}

func newWorld() *world {
	return &world{values: map[contract.PointID]float64{}, silent: map[contract.DeviceID]bool{}, taps: make(chan []byte)}
}

func (w *world) set(values map[contract.PointID]float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.values, values)
}

func (w *world) written() []write {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.writes)
}

// openers makes buses that read and write the world.
func (w *world) openers() map[string]opener {
	open := func(_ context.Context, _ config.Bus, lib profile.Library, _ *slog.Logger) (drivers.Bus, error) {
		return &worldBus{w, lib}, nil
	}
	return map[string]opener{config.KindRTU: open, config.KindTCP: open, config.KindPN532: open}
}

type worldBus struct {
	world *world
	lib   profile.Library
}

func (b *worldBus) Close() error { return nil }

func (b *worldBus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	p := b.lib[spec.Profile]
	if p == nil {
		return nil, fmt.Errorf("no profile %q", spec.Profile)
	}
	if p.Protocol == profile.ProtocolPN532 {
		return worldReader{b.world}, nil
	}
	d := &worldDevice{world: b.world, id: spec.ID}
	for _, alarm := range []bool{true, false} {
		g := drivers.Group{Alarm: alarm, Cost: time.Millisecond}
		for _, pt := range p.Points {
			if pt.Alarm == alarm && !pt.NoRead {
				g.Points = append(g.Points, contract.NewPointID(spec.ID, pt.Name))
			}
		}
		if len(g.Points) > 0 {
			d.groups = append(d.groups, g)
		}
	}
	return d, nil
}

type worldDevice struct {
	world  *world
	id     contract.DeviceID
	groups []drivers.Group
}

func (d *worldDevice) Groups() []drivers.Group { return d.groups }

func (d *worldDevice) Read(_ context.Context, group int) ([]contract.Reading, error) {
	d.world.mu.Lock()
	defer d.world.mu.Unlock()
	if d.world.silent[d.id] {
		return nil, drivers.ErrTimeout
	}
	var rs []contract.Reading
	for _, p := range d.groups[group].Points {
		rs = append(rs, contract.Reading{Point: p, Value: d.world.values[p], Quality: contract.Good, At: time.Now()})
	}
	return rs, nil
}

func (d *worldDevice) Write(_ context.Context, p contract.PointID, v float64) error {
	d.world.mu.Lock()
	defer d.world.mu.Unlock()
	if d.world.silent[d.id] {
		return drivers.ErrTimeout
	}
	d.world.writes = append(d.world.writes, write{p, v})
	d.world.values[p] = v
	if d.world.onWrite != nil {
		d.world.onWrite(d.world, p, v)
	}
	return nil
}

type worldReader struct{ world *world }

func (worldReader) Groups() []drivers.Group { return nil }
func (worldReader) Read(context.Context, int) ([]contract.Reading, error) {
	return nil, drivers.ErrNoPoint
}

func (r worldReader) Listen(ctx context.Context, tap func(drivers.Tap)) error {
	for {
		select {
		case uid := <-r.world.taps:
			tap(drivers.Tap{UID: uid, Texts: []string{"巡检点-07"}, At: time.Now()})
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
