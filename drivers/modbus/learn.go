package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
)

// splitting is what is found out when a group is refused whole.
type splitting struct {
	device *Device
	out    []contract.Reading
	runs   []profile.Group // answered, in order of address
	sure   []bool          // whether run i+1 is known not to go with run i
	good   bool
}

// split asks what was refused whole in parts, so that a refused hole costs no data. If
// any part is answered, what may not be asked together is remembered; if none is, the
// refusal stands.
func (d *Device) split(ctx context.Context, left, right profile.Group, cause error) ([]contract.Reading, error) {
	s := splitting{device: d}
	if err := s.both(ctx, left, right); err != nil {
		return nil, fmt.Errorf("modbus: read %s in parts: %w", d.spec.ID, err)
	}
	if !s.good {
		return nil, fmt.Errorf("modbus: read %s: %w", d.spec.ID, cause)
	}
	s.join(ctx)
	for _, r := range s.runs[1:] {
		d.cuts = append(d.cuts, profile.Cut{Table: r.Table, At: int(r.Address)})
	}
	d.cutAt = time.Now()
	d.replan()
	d.bus.log.Info("addresses refused together are asked apart", "device", d.spec.ID, "parts", len(s.runs), "cause", cause)
	return s.out, nil
}

// both asks the halves of a group that was refused. Where each is answered whole, the
// place between them is surely at fault.
func (s *splitting) both(ctx context.Context, l, r profile.Group) error {
	before := len(s.runs)
	if err := s.ask(ctx, l); err != nil {
		return err
	}
	middle := len(s.runs)
	if err := s.ask(ctx, r); err != nil {
		return err
	}
	s.sure[middle-1] = middle == before+1 && len(s.runs) == middle+1
	return nil
}

func (s *splitting) ask(ctx context.Context, g profile.Group) error {
	if drivers.Hurried(ctx) {
		return drivers.ErrYielded
	}
	d := s.device
	var q Query
	d.aim(&q, g)
	d.bus.client.Read(ctx, &q)
	e, refused := errors.AsType[*ExceptionError](q.Err)
	switch {
	case q.Err == nil:
		rs, err := d.decode(g, &q)
		s.good = true
		s.add(g, rs)
		return err
	case !refused:
		return q.Err
	}
	if l, r, ok := d.profile.Halve(g); ok && e.refusesSpan() {
		return s.both(ctx, l, r)
	}
	var rs []contract.Reading
	for _, i := range g.Points {
		rs = append(rs, contract.Reading{Point: contract.NewPointID(d.spec.ID, d.profile.Points[i].Name), Quality: contract.Exception, Checked: time.Now()})
	}
	s.add(g, rs)
	return nil
}

func (s *splitting) add(g profile.Group, rs []contract.Reading) {
	s.out, s.runs, s.sure = append(s.out, rs...), append(s.runs, g), append(s.sure, false)
}

// join tries neighbours that were parted only because something further off was refused.
func (s *splitting) join(ctx context.Context) {
	d, runs := s.device, s.runs[:1]
	for i := 1; i < len(s.runs); i++ {
		last, next := &runs[len(runs)-1], s.runs[i]
		whole := profile.Group{Table: last.Table, Address: last.Address, Count: int(next.Address) + next.Count - int(last.Address)}
		if !s.sure[i-1] && whole.Count <= d.profile.Limit(whole.Table) && !drivers.Hurried(ctx) {
			var q Query
			d.aim(&q, whole)
			d.bus.client.Read(ctx, &q)
			if q.Err == nil {
				last.Count = whole.Count
				continue
			}
		}
		runs = append(runs, next)
	}
	s.runs = runs
}
