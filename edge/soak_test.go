package edge

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/edge/config"
	"anlan/edge/deadline"
	"anlan/edge/poll"
)

// slowBus is a bus whose transactions take, in virtual time, exactly what the proof sets
// aside for them at worst, and that fails on command.
type slowBus struct {
	proof *busProof
	rnd   *rand.Rand

	mu      sync.Mutex
	dead    map[contract.DeviceID]bool // answers nothing
	lose    map[contract.DeviceID]int  // answers lost, one by one
	gone    bool                       // the line is down
	hang    bool                       // transactions never end
	resting map[contract.DeviceID]time.Time
	values  map[contract.PointID]float64
}

func newSlowBus(p *busProof, seed uint64) *slowBus {
	return &slowBus{proof: p, rnd: rand.New(rand.NewPCG(seed, 9)), dead: map[contract.DeviceID]bool{}, lose: map[contract.DeviceID]int{},
		resting: map[contract.DeviceID]time.Time{}, values: map[contract.PointID]float64{}}
}

func (b *slowBus) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func (b *slowBus) Close() error { return nil }

func (b *slowBus) open(context.Context) (drivers.Bus, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil, drivers.ErrLinkDown
	}
	return b, nil
}

func (b *slowBus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	d := &slowDevice{bus: b, id: spec.ID}
	for i := range b.proof.groups {
		if g := &b.proof.groups[i]; g.device.ID == spec.ID {
			d.groups = append(d.groups, drivers.Group{Points: g.points(), Alarm: g.Alarm, Cost: g.Cost})
			d.tasks = append(d.tasks, b.proof.model.Tasks[i])
		}
	}
	return d, nil
}

type slowDevice struct {
	bus    *slowBus
	id     contract.DeviceID
	groups []drivers.Group
	tasks  []deadline.Task
}

func (d *slowDevice) Groups() []drivers.Group { return d.groups }

// take spends the time of a transaction and says how it ends.
func (d *slowDevice) take(ctx context.Context, cost, lost time.Duration) error {
	b := d.bus
	b.mu.Lock()
	now := time.Now()
	if b.resting[d.id].After(now) {
		b.mu.Unlock()
		return drivers.ErrQuarantined
	}
	took, err := cost, error(nil)
	if b.rnd.IntN(4) == 0 {
		took = time.Duration(b.rnd.Int64N(int64(cost)) + 1)
	}
	switch {
	case b.hang:
		took = 24 * time.Hour
	case b.gone:
		err = drivers.ErrLinkDown
	case b.dead[d.id]:
		took, err = lost, drivers.ErrTimeout
	case b.lose[d.id] > 0:
		b.lose[d.id]--
		took, err = lost, drivers.ErrCorrupt
	}
	if err != nil {
		b.resting[d.id] = now.Add(took + 500*time.Millisecond)
	}
	b.mu.Unlock()
	timer := time.NewTimer(took)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *slowDevice) Read(ctx context.Context, n int) ([]contract.Reading, error) {
	if err := d.take(ctx, d.tasks[n].Cost, d.tasks[n].Timeout); err != nil {
		return nil, err
	}
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	var rs []contract.Reading
	for _, p := range d.groups[n].Points {
		rs = append(rs, contract.Reading{Point: p, Value: d.bus.values[p], Quality: contract.Good, At: time.Now()})
	}
	return rs, nil
}

func (d *slowDevice) Write(ctx context.Context, p contract.PointID, v float64) error {
	o := d.bus.proof.model.Outputs[0]
	if err := d.take(ctx, o.Cost, o.Timeout); err != nil {
		return err
	}
	d.bus.set(func() { d.bus.values[p] = v })
	return nil
}

// newest keeps the newest reading of each point.
type newest struct {
	mu sync.Mutex
	r  map[contract.PointID]contract.Reading
}

func (n *newest) Readings(rs []contract.Reading) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range rs {
		n.r[r.Point] = r
	}
}
func (*newest) Tap(contract.DeviceID, drivers.Tap) {}

// slowSite makes the poller of a configuration with slow buses.
func slowSite(cfg *config.Config) (map[contract.BusID]*slowBus, []poll.BusConfig) {
	buses := map[contract.BusID]*slowBus{}
	proofs := prove(cfg)
	for i := range proofs {
		buses[proofs[i].bus.ID] = newSlowBus(&proofs[i], uint64(i))
	}
	open := func(ctx context.Context, b config.Bus, _ profile.Library, _ *slog.Logger) (drivers.Bus, error) {
		return buses[b.ID].open(ctx)
	}
	table := map[string]opener{config.KindRTU: open, config.KindTCP: open}
	var bcs []poll.BusConfig
	for _, bc := range pollConfig(cfg, table, slog.New(slog.DiscardHandler)) {
		if len(buses[bc.ID].proof.groups) > 0 {
			bcs = append(bcs, bc)
		}
	}
	return buses, bcs
}

// misfortune makes devices fail as often as the proof allows, and lines go down.
func misfortune(ctx context.Context, b *slowBus, healed *sync.WaitGroup) {
	defer healed.Done()
	rnd := rand.New(rand.NewPCG(7, uint64(len(b.proof.groups))))
	pause := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			return false
		}
	}
	// A time-out may come at most one poll after its cause, so failures are made a while
	// further apart than the proof needs.
	for pause(time.Duration(b.proof.model.Dead)*deadline.FailureSpacing + 15*time.Second + time.Duration(rnd.IntN(20))*time.Second) {
		id := b.proof.bus.Devices[rnd.IntN(len(b.proof.bus.Devices))].ID
		switch rnd.IntN(6) {
		case 0:
			b.set(func() { b.gone = true })
			pause(time.Duration(rnd.IntN(30)) * time.Second)
			b.set(func() { b.gone = false })
		case 1, 2:
			b.set(func() { b.dead[id] = true })
			pause(time.Duration(rnd.IntN(90)) * time.Second)
			b.set(func() { b.dead[id] = false })
		default:
			b.set(func() { b.lose[id] = 1 + rnd.IntN(2) })
		}
	}
}

// TestSoak_MeasuredNeverAbovePromise polls the shipped example for hours of virtual time
// while its devices fail, its lines go down and its outputs are driven.
func TestSoak_MeasuredNeverAbovePromise(t *testing.T) {
	hours := 6
	if testing.Short() {
		hours = 1
	}
	cfg, _ := site(t, t.TempDir(), "127.0.0.1:1")
	synctest.Test(t, func(t *testing.T) {
		buses, bcs := slowSite(cfg)
		sink := &newest{r: map[contract.PointID]contract.Reading{}}
		p := poll.New(bcs, sink, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
		ctx, stop := context.WithCancel(t.Context())
		bad, heal := context.WithCancel(ctx)
		var wg, healed sync.WaitGroup
		wg.Go(func() { p.Run(ctx) })
		for _, bc := range bcs {
			healed.Add(1)
			go misfortune(bad, buses[bc.ID], &healed)
		}
		for i, o := range cfg.Outputs {
			healed.Go(func() { driveForEver(bad, p, o.Point, uint64(i)) })
		}
		time.Sleep(time.Duration(hours) * time.Hour)
		heal()
		healed.Wait()
		for _, b := range buses {
			b.set(func() { b.gone, b.dead, b.lose = false, map[contract.DeviceID]bool{}, map[contract.DeviceID]int{} })
		}
		time.Sleep(2 * time.Minute)
		status := p.Status()
		stop()
		wg.Wait()
		kept(t, status)
		for id, r := range sink.r {
			if id.Name() == linkName {
				continue // said only when it changes
			}
			if !r.Quality.IsGood() || time.Since(r.Checked) > time.Minute {
				t.Errorf("%s stays %v since %v", id, r.Quality, r.Checked)
			}
		}
	})
}

func driveForEver(ctx context.Context, p *poll.Poller, point contract.PointID, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	for ctx.Err() == nil {
		wctx, stop := context.WithTimeout(ctx, 3*time.Second)
		_ = p.Write(wctx, point, float64(rnd.IntN(2))) // that it fails now and then is wanted
		stop()
		select {
		case <-time.After(deadline.DriveEvery + time.Duration(rnd.IntN(3000))*time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// kept checks every promise of a poller.
func kept(t *testing.T, status []poll.BusStatus) {
	t.Helper()
	for _, b := range status {
		nearest := 0.0
		for _, g := range b.Groups {
			if g.DetectWorstMS > g.DetectPromiseMS || g.SilenceWorstMS > g.SilencePromiseMS || g.DetectWorstMS == 0 {
				t.Errorf("%s %s %v: seen after %d ms, promised %d; silent seen after %d ms, promised %d", b.ID, g.Device, g.Points[0],
					g.DetectWorstMS, g.DetectPromiseMS, g.SilenceWorstMS, g.SilencePromiseMS)
			}
			nearest = max(nearest, float64(g.DetectWorstMS)/float64(g.DetectPromiseMS))
		}
		for _, d := range b.Devices {
			if d.Failing > 0 || d.Probing {
				t.Errorf("%s stays dead: %+v", d.ID, d)
			}
		}
		if b.Beyond > 0 {
			t.Errorf("%s: %d failures were taken to be beyond the promise", b.ID, b.Beyond)
		}
		t.Logf("%s: %d polls, %d failed, %d writes, reopened %d times; worst seen is %.2f of the promise; load %.2f promised, %.2f measured, %.2f spare",
			b.ID, b.Polls, b.Failed, b.Writes, b.Reopened, nearest, b.Load.Promised, b.Load.Measured, b.Load.Spare)
	}
}

// crowdedSite is 4 serial lines, 20 connections and 2 readers.
func crowdedSite(t *testing.T) *config.Config {
	cfg, _ := site(t, t.TempDir(), "127.0.0.1:1")
	serial, tcp := cfg.Buses[0], cfg.Buses[2]
	cfg.Buses, cfg.Outputs = nil, nil
	add := func(b config.Bus, kind string, n int) {
		b.ID = contract.BusID(fmt.Sprintf("%s-%d", kind, n))
		b.Devices = append([]config.Device(nil), b.Devices...)
		for i := range b.Devices {
			b.Devices[i].ID = contract.DeviceID(fmt.Sprintf("%s-%s", b.ID, b.Devices[i].ID))
		}
		cfg.Buses = append(cfg.Buses, b)
	}
	for n := range 4 {
		add(serial, "line", n)
	}
	for n := range 20 {
		add(tcp, "host", n)
	}
	return cfg
}

// TestBuses_FaultOnOneNeverDelaysAnother lets lines hang, vanish and flap.
func TestBuses_FaultOnOneNeverDelaysAnother(t *testing.T) {
	cfg := crowdedSite(t)
	synctest.Test(t, func(t *testing.T) {
		buses, bcs := slowSite(cfg)
		for _, id := range []contract.BusID{"nfc-0", "nfc-1"} {
			bcs = append(bcs, poll.BusConfig{ID: id, Link: busPoint(id), Open: func(ctx context.Context) (drivers.Bus, error) {
				if id == "nfc-0" {
					<-ctx.Done() // a reader that never comes up
					return nil, ctx.Err()
				}
				return readerBus{}, nil
			}, Devices: []poll.DeviceConfig{{Spec: drivers.DeviceSpec{ID: contract.DeviceID(id)}}}})
		}
		p := poll.New(bcs, &newest{r: map[contract.PointID]contract.Reading{}}, slog.New(slog.DiscardHandler), nil)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { p.Run(ctx) })
		time.Sleep(time.Minute)
		buses["line-0"].set(func() { buses["line-0"].hang = true })
		buses["line-1"].set(func() { buses["line-1"].gone = true })
		buses["host-0"].set(func() { buses["host-0"].hang = true })
		for range 60 {
			buses["host-1"].set(func() { buses["host-1"].gone = !buses["host-1"].gone })
			time.Sleep(10 * time.Second)
		}
		var others []poll.BusStatus
		for _, s := range p.Status() {
			switch s.ID {
			case "line-0", "line-1", "host-0", "host-1", "nfc-0", "nfc-1":
			default:
				others = append(others, s)
			}
		}
		stop()
		wg.Wait()
		if len(others) != 20 {
			t.Fatalf("%d buses", len(others))
		}
		kept(t, others)
		for _, b := range others {
			if b.Failed > 0 || b.Skipped > 0 || b.Reopened > 0 {
				t.Errorf("%s: %d failed, %d skipped, reopened %d times", b.ID, b.Failed, b.Skipped, b.Reopened)
			}
		}
	})
}

type readerBus struct{}

func (readerBus) Close() error { return nil }
func (readerBus) Device(drivers.DeviceSpec) (drivers.Device, error) {
	return worldReader{newWorld()}, nil
}
