package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
)

var (
	_ drivers.Device    = (*Device)(nil)
	_ drivers.Writer    = (*Device)(nil)
	_ drivers.Batch     = (*Device)(nil)
	_ drivers.Replanner = (*Device)(nil)
)

// Device is one unit read and written by its profile. It learns which addresses it may
// not ask together and how fast the unit reacts, and plans its groups by both.
type Device struct {
	bus     *Bus
	spec    drivers.DeviceSpec
	profile *profile.Profile
	line    profile.Line
	cuts    []profile.Cut
	cutAt   time.Time // when the last cut was learnt
	reads   int       // since the reaction was last looked at
	plan    []profile.Group
	groups  []drivers.Group
	changes uint64
	serial  bool // took several at once and lost some: one at a time from now on
	query   Query
	batch   []Query
}

const (
	// relearn lets a cut go after a while: a refusal may have been a disturbance.
	relearn = time.Hour
	// lookEvery is after how many reads the plan is held against the measured reaction.
	lookEvery = 64
)

func (d *Device) replan() {
	d.plan = d.profile.Plan(d.line, d.cuts...)
	d.groups = make([]drivers.Group, len(d.plan))
	for i, g := range d.plan {
		group := drivers.Group{Alarm: g.Alarm, Cost: g.Cost}
		if g.Detail != "" {
			group.Detail = contract.NewPointID(d.spec.ID, g.Detail)
		}
		for _, j := range g.Points {
			group.Points = append(group.Points, contract.NewPointID(d.spec.ID, d.profile.Points[j].Name))
		}
		d.groups[i] = group
	}
	d.changes++
}

// Groups lists the planned transactions, alarm groups first.
func (d *Device) Groups() []drivers.Group { return d.groups }

// Plan counts how often Groups has changed.
func (d *Device) Plan() uint64 { return d.changes }

// Depth is how many groups ReadAll has on the way at once.
func (d *Device) Depth() int {
	if _, tcp := d.bus.client.wire.(*tcp); !tcp || d.serial || d.profile.Timing.Pause > 0 {
		return 1
	}
	return max(d.profile.InFlight, 1)
}

// Read asks one group. When the unit refuses the addresses of a group that could be
// asked in smaller parts, the parts are asked at once, and what may not be asked together
// is remembered.
func (d *Device) Read(ctx context.Context, group int) ([]contract.Reading, error) {
	if group < 0 || group >= len(d.plan) {
		return nil, fmt.Errorf("modbus: read %s: group %d of %d: %w", d.spec.ID, group, len(d.plan), drivers.ErrNoPoint)
	}
	g := d.plan[group]
	d.aim(&d.query, g)
	d.bus.client.Read(ctx, &d.query)
	rs, err := d.answered(ctx, g, &d.query)
	d.look()
	return rs, err
}

// ReadAll asks groups with up to [Device.Depth] on the way. A unit that loses answers
// that way is asked one at a time from then on.
func (d *Device) ReadAll(ctx context.Context, groups []int, each func(int, []contract.Reading, error)) error {
	plan := d.plan // answering may change it
	d.batch = slices.Grow(d.batch[:0], len(groups))[:len(groups)]
	for i, n := range groups {
		if n < 0 || n >= len(plan) {
			return fmt.Errorf("modbus: read %s: group %d of %d: %w", d.spec.ID, n, len(plan), drivers.ErrNoPoint)
		}
		d.aim(&d.batch[i], plan[n])
	}
	d.bus.client.ReadAll(ctx, d.batch, d.Depth())
	good, lost := 0, 0
	for i := range d.batch {
		switch err := d.batch[i].Err; {
		case err == nil:
			good++
		case errors.Is(err, drivers.ErrTimeout):
			lost++
		}
	}
	if good > 0 && lost > 0 && d.Depth() > 1 {
		d.serial = true
		d.bus.log.Warn("answers lost with several requests on the way: one at a time from now on", "device", d.spec.ID)
	}
	for i, n := range groups {
		rs, err := d.answered(ctx, plan[n], &d.batch[i])
		each(n, rs, err)
	}
	d.look()
	return nil
}

func (d *Device) aim(q *Query, g profile.Group) {
	q.Unit, q.Table, q.Address, q.Count = d.spec.Unit, g.Table, g.Address, uint16(g.Count)
}

// answered turns a query into readings, learning from a refusal.
func (d *Device) answered(ctx context.Context, g profile.Group, q *Query) ([]contract.Reading, error) {
	if e, ok := errors.AsType[*ExceptionError](q.Err); ok && e.refusesSpan() {
		if left, right, ok := d.profile.Halve(g); ok {
			return d.split(ctx, left, right, q.Err)
		}
	}
	if q.Err != nil {
		return nil, fmt.Errorf("modbus: read %s: %w", d.spec.ID, q.Err)
	}
	rs, err := d.decode(g, q)
	if err == nil {
		d.acknowledge(ctx, g, q)
	}
	return rs, err
}

func (d *Device) decode(g profile.Group, q *Query) ([]contract.Reading, error) {
	return d.profile.Decode(d.spec.ID, g, q.block(), q.At)
}

// acknowledge writes what the device expects after some readings. The readings stand
// whether or not that is done: what is not is done after the next read.
func (d *Device) acknowledge(ctx context.Context, g profile.Group, q *Query) {
	for _, w := range d.profile.Acknowledge(g, q.block()) {
		if drivers.Hurried(ctx) {
			return
		}
		if err := d.send(ctx, w); err != nil {
			d.bus.log.Warn("reading not acknowledged", "device", d.spec.ID, "error", err)
			return
		}
	}
}

// look plans anew when the unit's measured reaction asks for other transactions, or when
// a refusal is old enough to be tried again.
func (d *Device) look() {
	if len(d.cuts) > 0 && time.Since(d.cutAt) > relearn {
		d.cuts = nil
		d.replan()
		return
	}
	if d.reads++; d.reads < lookEvery {
		return
	}
	d.reads = 0
	line := d.line
	if line.Turnaround = d.bus.client.wire.reaction(d.spec.Unit); line.Turnaround == 0 {
		return
	}
	if d.profile.Time(d.plan, line) > d.profile.Time(d.profile.Plan(line, d.cuts...), line)*101/100 {
		d.line = line
		d.replan()
	}
}

// Write sets a point the profile declares writable. There is no other way from a device
// to a write, so what the profile forbids can not be sent.
func (d *Device) Write(ctx context.Context, point contract.PointID, value float64) error {
	if point.Device() != d.spec.ID {
		return fmt.Errorf("modbus: write %s: not of %s: %w", point, d.spec.ID, drivers.ErrNoPoint)
	}
	w, err := d.profile.Encode(point.Name(), value)
	if err != nil {
		return err
	}
	if err := d.send(ctx, w); err != nil {
		return fmt.Errorf("modbus: write %s: %w", point, err)
	}
	d.bus.log.Debug("written", "point", point, "value", value)
	return nil
}

func (d *Device) send(ctx context.Context, w profile.Write) error {
	c, unit := d.bus.client, d.spec.Unit
	switch {
	case w.Table == profile.Coil && w.Multiple:
		return c.WriteMultipleCoils(ctx, unit, w.Address, []bool{w.Words[0] == CoilOn})
	case w.Table == profile.Coil:
		return c.writeRaw(ctx, unit, fcWriteSingleCoil, w.Address, w.Words[0])
	case w.Multiple:
		return c.WriteMultipleRegisters(ctx, unit, w.Address, w.Words)
	}
	return c.WriteSingleRegister(ctx, unit, w.Address, w.Words[0])
}
