package poll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// write carries out one write, ahead of every poll.
func (r *runner) write(w writeRequest) error {
	if w.ctx.Err() != nil {
		w.done <- fmt.Errorf("poll: write %s: %w", w.point, w.ctx.Err())
		return nil
	}
	i := slices.IndexFunc(r.cfg.Devices, func(d DeviceConfig) bool { return d.Spec.ID == w.point.Device() })
	dev, ok := r.devices[i].(drivers.Writer)
	began := time.Now()
	switch {
	case !ok:
		w.done <- fmt.Errorf("poll: write %s: %w", w.point, drivers.ErrNotWritable)
		return nil
	case r.plan.Resting(i, began):
		w.done <- fmt.Errorf("poll: write %s: no answer to a write just now: %w", w.point, drivers.ErrQuarantined)
		return nil
	}
	err := dev.Write(w.ctx, w.point, w.value)
	w.done <- err
	r.update(func(s *BusStatus) { s.Writes++ })
	r.metrics.write(r.cfg.ID, err)
	if isLinkDown(err) {
		return err
	}
	now := time.Now()
	r.spent(LaneReadBack, began, now)
	if errors.Is(err, drivers.ErrNotWritable) || errors.Is(err, drivers.ErrNoPoint) || w.ctx.Err() != nil {
		return nil // nothing was asked, or not for long enough to tell
	}
	watched, proving := r.plan.Watched(i), r.proving(i, w.point)
	if v := verdictOf(err); v == Answered && r.extra(i, w.point, began) {
		r.plan.Extra(proving, began, now)
	}
	r.plan.Wrote(i, proving, began, now, verdictOf(err))
	if watched && !r.plan.Watched(i) {
		r.publishBad(r.cfg.Devices[i].Points, drivers.QualityOf(err))
		r.silent(i)
	}
	return nil
}

// extra reports whether a write comes sooner after the last of its output than is set
// aside for. All that is not an output, such as a detector's reset, counts as one.
func (r *runner) extra(device int, p contract.PointID, now time.Time) bool {
	if !slices.Contains(r.cfg.Devices[device].Outputs, p) {
		p = ""
	}
	last, before := r.wrote[p]
	if r.wrote == nil {
		r.wrote = map[contract.PointID]time.Time{}
	}
	r.wrote[p] = now
	return before && now.Sub(last) < DriveEvery
}

// proving is the item that reads a written point back: its own group, or the device's
// first where the point can not be read.
func (r *runner) proving(device int, p contract.PointID) int {
	first := 0
	for i := range r.groups {
		if r.groups[i].Device != device {
			continue
		}
		if slices.Contains(r.groups[i].points, p) {
			return i
		}
		if r.groups[first].Device != device {
			first = i
		}
	}
	return first
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
