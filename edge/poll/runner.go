package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

const (
	reopenFirst = 500 * time.Millisecond
	reopenMax   = 10 * time.Second
)

// runner owns one bus. All fields but the guarded ones belong to its goroutine.
type runner struct {
	cfg     BusConfig
	sink    Sink
	log     *slog.Logger
	metrics *Metrics
	writes  chan writeRequest
	waiting atomic.Int32 // writes on their way in
	last    map[contract.PointID]contract.Reading

	devices []drivers.Device // nil where the driver refused the device
	groups  []group          // as in plan
	plans   []uint64         // device → the version of its groups
	plan    *Schedule
	lane    Lane // of what is in flight
	wrote   map[contract.PointID]time.Time
	proof   map[contract.PointID]*proof // by a group's first point; outlives a session
	meter   meter

	mu     sync.Mutex
	status BusStatus
}

func (r *runner) run(ctx context.Context) {
	backoff := reopenFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return
		}
		r.down(err)
		if time.Since(began) > 10*time.Second {
			backoff = reopenFirst
		}
		wait := backoff/2 + rand.N(backoff/2+1)
		backoff = min(2*backoff, reopenMax)
		r.refuseWrites(ctx, wait, err)
	}
}

// session opens the bus and polls it until it is gone.
func (r *runner) session(ctx context.Context) error {
	bus, err := r.cfg.Open(ctx)
	if err != nil {
		return fmt.Errorf("poll: open bus %s: %w", r.cfg.ID, err)
	}
	defer func() {
		if err := bus.Close(); err != nil {
			r.log.Warn("close bus", "error", err)
		}
	}()
	if listen := r.bind(bus); listen != nil {
		r.up()
		return r.listen(ctx, listen)
	}
	if len(r.groups) == 0 {
		return fmt.Errorf("poll: bus %s: no device can be asked", r.cfg.ID)
	}
	items, now := make([]Item, len(r.groups)), time.Now()
	for i := range r.groups {
		items[i] = r.groups[i].Item
	}
	r.plan = NewSchedule(items, len(r.devices), r.cfg.Dead, now, rand.Float64)
	r.meter = meter{since: now}
	ctx = drivers.Hurry(ctx, func() bool {
		return r.waiting.Load() > 0 || r.lane >= LaneProbe && r.plan.Urgent(time.Now())
	})
	first := true
	for ctx.Err() == nil {
		err := r.turn(ctx)
		if isLinkDown(err) {
			return err
		}
		if first {
			first = false
			r.up()
		}
	}
	return nil
}

// bind makes the devices. One that the driver refuses is marked and the rest go on.
// listen is set when a device speaks by itself; it then has the bus for its own.
func (r *runner) bind(bus drivers.Bus) (listen func(context.Context) error) {
	r.devices, r.groups = make([]drivers.Device, len(r.cfg.Devices)), nil
	r.plans = make([]uint64, len(r.cfg.Devices))
	for i, d := range r.cfg.Devices {
		dev, err := bus.Device(d.Spec)
		if err != nil {
			r.log.Error("bind device", "device", d.Spec.ID, "error", err)
			r.device(i, func(s *DeviceStatus) { s.Error = err.Error() })
			r.publishBad(d.Points, contract.OutOfService)
			continue
		}
		r.devices[i] = dev
		if p, ok := dev.(drivers.Replanner); ok {
			r.plans[i] = p.Plan()
		}
		switch dev := dev.(type) {
		case drivers.Listener:
			listen = func(ctx context.Context) error {
				return dev.Listen(ctx, func(t drivers.Tap) { r.sink.Tap(d.Spec.ID, t) })
			}
			continue
		case drivers.Source:
			listen = func(ctx context.Context) error {
				return dev.Listen(ctx, func(rs []contract.Reading) { r.heard(i, rs) })
			}
			continue
		}
		for n, g := range dev.Groups() {
			r.groups = append(r.groups, r.group(i, n, g))
		}
	}
	r.showGroups()
	return listen
}

// turn does one thing: a write if there is one, else the next poll, else waits.
func (r *runner) turn(ctx context.Context) error {
	select {
	case w := <-r.writes:
		return r.write(w)
	default:
	}
	t := r.plan.Next(time.Now())
	if t.Item >= 0 {
		return r.ask(ctx, t)
	}
	timer := time.NewTimer(t.Wait)
	defer timer.Stop()
	select {
	case w := <-r.writes:
		return r.write(w)
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

func (r *runner) ask(ctx context.Context, t Turn) error {
	if b, ok := r.devices[r.groups[t.Item].Device].(drivers.Batch); ok && b.Depth() > 1 {
		if others := r.plan.Beside(t, b.Depth()-1, time.Now()); len(others) > 0 {
			return r.askTogether(ctx, b, append([]Turn{t}, others...))
		}
	}
	g := &r.groups[t.Item]
	began := time.Now()
	r.lane = t.Lane
	rs, err := r.devices[g.Device].Read(ctx, g.index)
	now := time.Now()
	if ctx.Err() != nil {
		return nil // an aborted read says nothing about the device
	}
	if isLinkDown(err) {
		return err
	}
	if errors.Is(err, drivers.ErrYielded) {
		return nil // it gave way to a write and is asked again: its turn is still to come
	}
	r.spent(t.Lane, began, now)
	r.conclude(t, answer{readings: rs, err: err, verdict: verdictOf(err), began: began, charged: began, now: now})
	r.replan(g.Device, now)
	return nil
}

// answer is how a turn ended.
type answer struct {
	readings   []contract.Reading
	err        error
	verdict    Verdict
	began, now time.Time
	charged    time.Time // from when on the line's time is the turn's
}

// conclude records a turn and hands on what it brought.
func (r *runner) conclude(t Turn, a answer) {
	g := &r.groups[t.Item]
	watched := r.plan.Watched(g.Device)
	r.plan.Done(t, a.charged, a.now, a.verdict)
	r.account(g.Device, a.now, a.err)
	r.metrics.poll(r.cfg.ID, a.now.Sub(a.charged), g.floor, a.err)
	switch {
	case a.err == nil:
		r.publish(g, a.readings, a.now)
		r.answered(t.Item, a.began)
	case a.verdict == Failed && (watched && !r.plan.Watched(g.Device) || r.neverRead(g.Device)):
		// The first failure is the whole device's: its other groups are not asked until
		// it answers again, so nothing of it is known any more.
		r.publishBad(r.cfg.Devices[g.Device].Points, drivers.QualityOf(a.err))
		r.silent(g.Device)
	case a.verdict == Refused && !watched:
		// It is being rested and its points say so already.
	default:
		r.publishBad(g.points, drivers.QualityOf(a.err))
		r.unanswered(t.Item)
	}
}

// verdictOf says what an error tells of the device. Being asked too early is our doing,
// not the device's; an exception is an answer.
func verdictOf(err error) Verdict {
	switch {
	case errors.Is(err, drivers.ErrTimeout):
		return Failed // also when a gateway says so of its device
	case err == nil || errors.Is(err, drivers.ErrException):
		return Answered
	case errors.Is(err, drivers.ErrQuarantined):
		return Refused
	}
	return Failed
}

func (r *runner) publish(g *group, rs []contract.Reading, now time.Time) {
	for k := range rs {
		old := r.remember(&rs[k], now)
		if g.summary && (old.At.IsZero() || old.Value != rs[k].Value) {
			r.changed(rs[k].Point, g.proof.since, now)
		}
	}
	r.sink.Readings(rs)
}

// remember completes a reading and keeps it; a bad one carries the last value known.
func (r *runner) remember(rd *contract.Reading, now time.Time) (old contract.Reading) {
	rd.Checked = now
	old = r.last[rd.Point]
	if rd.Quality.IsBad() {
		rd.Value, rd.At = old.Value, old.At
	}
	r.last[rd.Point] = *rd
	return old
}

// changed has the groups looked at whose summary p is; it was known not to have changed
// at since.
func (r *runner) changed(p contract.PointID, since, now time.Time) {
	for i := range r.groups {
		if d := &r.groups[i]; d.detail == p {
			r.plan.Changed(i, now)
			if d.proof.since.IsZero() {
				d.proof.since = since
			}
		}
	}
}

func (r *runner) up() {
	r.log.Info("bus up")
	r.update(func(s *BusStatus) { s.Up, s.Error = true, "" })
	r.link(0)
}

// down marks the bus and every point on it.
func (r *runner) down(err error) {
	if err == nil {
		err = drivers.ErrLinkDown
	}
	if was := r.snapshot(); was.Up || was.Error != err.Error() {
		r.log.Error("bus down", "error", err)
	}
	r.update(func(s *BusStatus) { s.Up, s.Error, s.Reopened = false, err.Error(), s.Reopened+1 })
	for _, d := range r.cfg.Devices {
		r.publishBad(d.Points, contract.LinkDown)
	}
	for i := range r.groups {
		r.groups[i].proof.since = time.Time{} // the line is gone, which is said of all of it
	}
	r.link(1)
}

func (r *runner) link(v float64) {
	now := time.Now()
	r.sink.Readings([]contract.Reading{{Point: r.cfg.Link, Value: v, Quality: contract.Good, At: now, Checked: now}})
	r.metrics.link(r.cfg.ID, v == 0)
}

// publishBad gives points a bad quality and keeps the last value and its time.
func (r *runner) publishBad(points []contract.PointID, q contract.Quality) {
	if len(points) == 0 {
		return
	}
	now := time.Now()
	rs := make([]contract.Reading, len(points))
	for i, p := range points {
		old := r.last[p]
		rs[i] = contract.Reading{Point: p, Value: old.Value, Quality: q, At: old.At, Checked: now}
		r.last[p] = rs[i]
	}
	r.sink.Readings(rs)
}

func (r *runner) account(device int, now time.Time, err error) {
	h := r.plan.devices[device]
	r.metrics.over(r.cfg.ID, r.plan.beyond)
	r.update(func(s *BusStatus) {
		if !errors.Is(err, drivers.ErrQuarantined) {
			s.Polls++
		}
		s.Skipped, s.Beyond = r.plan.skipped, r.plan.beyond
		d := &s.Devices[device]
		d.Failing, d.Probing, d.Trial, d.Error = h.fails, h.condition < trial, h.condition == trial, ""
		if err == nil {
			d.LastGood = now
			return
		}
		if !errors.Is(err, drivers.ErrQuarantined) {
			s.Failed++
		}
		d.Error = err.Error()
	})
}

// neverRead reports whether nothing of the device was ever said.
func (r *runner) neverRead(device int) bool {
	points := r.cfg.Devices[device].Points
	return slices.ContainsFunc(points, func(p contract.PointID) bool { return r.last[p].Checked.IsZero() })
}

func (r *runner) device(i int, change func(*DeviceStatus)) {
	r.update(func(s *BusStatus) { change(&s.Devices[i]) })
}

func (r *runner) update(change func(*BusStatus)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}

func (r *runner) snapshot() BusStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Devices, s.Groups = slices.Clone(s.Devices), slices.Clone(s.Groups)
	return s
}
