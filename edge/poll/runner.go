package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
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
	last    map[contract.PointID]contract.Reading

	devices []drivers.Device // nil where the driver refused the device
	plan    *schedule

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
	items, listener, reader := r.bind(bus)
	if listener != nil {
		r.up()
		return r.listen(ctx, listener, reader)
	}
	if len(items) == 0 {
		return fmt.Errorf("poll: bus %s: no device can be asked", r.cfg.ID)
	}
	r.plan = newSchedule(items, len(r.devices), time.Now())
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
func (r *runner) bind(bus drivers.Bus) (items []item, l drivers.Listener, reader contract.DeviceID) {
	r.devices = make([]drivers.Device, len(r.cfg.Devices))
	for i, d := range r.cfg.Devices {
		dev, err := bus.Device(d.Spec)
		if err != nil {
			r.log.Error("bind device", "device", d.Spec.ID, "error", err)
			r.device(i, func(s *DeviceStatus) { s.Error = err.Error() })
			r.publishBad(d.Points, contract.OutOfService)
			continue
		}
		r.devices[i] = dev
		if li, ok := dev.(drivers.Listener); ok {
			l, reader = li, d.Spec.ID
			continue
		}
		for g, group := range dev.Groups() {
			it := item{device: i, group: g, class: ClassTelemetry, every: d.Telemetry}
			if group.Alarm {
				it.class, it.every = ClassAlarm, d.Alarm
			}
			items = append(items, it)
		}
	}
	return items, l, reader
}

// turn does one thing: a write if there is one, else the next poll, else waits.
func (r *runner) turn(ctx context.Context) error {
	select {
	case w := <-r.writes:
		return r.write(w)
	default:
	}
	i, wait := r.plan.next(time.Now())
	if i >= 0 {
		return r.ask(ctx, i)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case w := <-r.writes:
		return r.write(w)
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

func (r *runner) ask(ctx context.Context, i int) error {
	it := r.plan.items[i]
	dev := r.devices[it.device]
	group := dev.Groups()[it.group]
	began := time.Now()
	rs, err := dev.Read(ctx, it.group)
	now := time.Now()
	if ctx.Err() != nil {
		return nil // an aborted read says nothing about the device
	}
	if isLinkDown(err) {
		return err
	}
	// Asked too early is our doing, not the device's: it is neither an answer nor a
	// failure to answer, so the device's account is left alone.
	if !errors.Is(err, drivers.ErrQuarantined) || r.plan.health[it.device].fails > 0 {
		r.plan.done(i, now, err == nil)
	} else {
		r.plan.items[i].due = now.Add(it.every)
	}
	r.account(it.device, now, err)
	r.metrics.poll(r.cfg.ID, now.Sub(began), group.Cost, err)
	if err != nil {
		r.publishBad(group.Points, drivers.QualityOf(err))
		return nil
	}
	for k := range rs {
		rs[k].Checked = now
		if rs[k].Quality.IsBad() {
			old := r.last[rs[k].Point]
			rs[k].Value, rs[k].At = old.Value, old.At
		}
		r.last[rs[k].Point] = rs[k]
	}
	r.sink.Readings(rs)
	return nil
}

func (r *runner) write(w writeRequest) error {
	if w.ctx.Err() != nil {
		w.done <- fmt.Errorf("poll: write %s: %w", w.point, w.ctx.Err())
		return nil
	}
	i := slices.IndexFunc(r.cfg.Devices, func(d DeviceConfig) bool { return d.Spec.ID == w.point.Device() })
	dev, ok := r.devices[i].(drivers.Writer)
	if !ok {
		w.done <- fmt.Errorf("poll: write %s: %w", w.point, drivers.ErrNotWritable)
		return nil
	}
	err := dev.Write(w.ctx, w.point, w.value)
	w.done <- err
	r.plan.hurry(i, time.Now())
	r.update(func(s *BusStatus) { s.Writes++ })
	r.metrics.write(r.cfg.ID, err)
	if isLinkDown(err) {
		return err
	}
	return nil
}

// refuseWrites waits for d; a write in that time is refused at once, not kept.
func (r *runner) refuseWrites(ctx context.Context, d time.Duration, cause error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case w := <-r.writes:
			w.done <- fmt.Errorf("poll: write %s: %w: %w", w.point, drivers.ErrLinkDown, cause)
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (r *runner) listen(ctx context.Context, l drivers.Listener, reader contract.DeviceID) error {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case w := <-r.writes:
				w.done <- fmt.Errorf("poll: write %s: %w", w.point, drivers.ErrNotWritable)
			case <-done:
				return
			}
		}
	})
	defer wg.Wait()
	defer close(done)
	return l.Listen(ctx, func(uid []byte, at time.Time) { r.sink.Tap(reader, uid, at) })
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
	h := r.plan.health[device]
	r.update(func(s *BusStatus) {
		s.Polls++
		s.Skipped = r.plan.skipped
		d := &s.Devices[device]
		d.Failing, d.Probing, d.Error = h.fails, h.probe > 0, ""
		if err == nil {
			d.LastGood = now
			return
		}
		s.Failed++
		d.Error = err.Error()
	})
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
	s.Devices = slices.Clone(s.Devices)
	return s
}
