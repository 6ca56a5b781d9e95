// Package telemetry is the room that turns the flood of readings into batches worth
// keeping: a value is reported when it changed by more than its dead-band, when its
// quality changed, and at least every thirty seconds; every sample appears once.
//
// It does no I/O and reads no clock.
package telemetry

import (
	"math"
	"time"

	"anlan/contract"
)

// Limits of a batch and of silence.
const (
	MaxInterval = 30 * time.Second // a point that does not change is still reported this often
	CloseAfter  = 2 * time.Second
	CloseAt     = 500         // samples
	clockStep   = time.Minute // a time that is further back than this is a clock that was set
)

// Point says how one point is reported.
type Point struct {
	DeadBand float64 // a smaller change than this is not reported; 0 reports every change
}

// DeadBand of a point shown with so many decimals: half of the last digit shown.
func DeadBand(decimals int) float64 { return math.Pow10(-decimals) / 2 }

// Batcher collects samples. One goroutine owns it.
type Batcher struct {
	points map[contract.PointID]Point
	last   map[contract.PointID]reported
	open   map[contract.PointID]int // index in columns
	cols   []contract.Column
	n      int
	opened time.Time
}

type reported struct {
	sample contract.Sample
	at     time.Time // now when it was reported
}

// New makes a batcher for the given points; any other point is not reported.
func New(points map[contract.PointID]Point) *Batcher {
	return &Batcher{points: points, last: map[contract.PointID]reported{}, open: map[contract.PointID]int{}}
}

// Add looks at readings and returns a batch when one is full.
func (b *Batcher) Add(rs []contract.Reading, now time.Time) []contract.Column {
	for _, r := range rs {
		p, ok := b.points[r.Point]
		if !ok || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			continue
		}
		s, due := b.sample(p, r, now)
		if !due {
			continue
		}
		b.last[r.Point] = reported{s, now}
		i, ok := b.open[r.Point]
		if !ok {
			i = len(b.cols)
			b.open[r.Point] = i
			b.cols = append(b.cols, contract.Column{Point: r.Point})
		}
		if b.n == 0 {
			b.opened = now
		}
		b.cols[i].Samples = append(b.cols[i].Samples, s)
		b.n++
	}
	if b.n >= CloseAt {
		return b.Close()
	}
	return nil
}

// sample decides whether a reading is worth reporting. A bad reading is stamped with
// the time it was found bad: its value is old, but the badness is now.
func (b *Batcher) sample(p Point, r contract.Reading, now time.Time) (contract.Sample, bool) {
	at := r.At
	if r.Quality.IsBad() || at.IsZero() {
		at = r.Checked
	}
	s := contract.Sample{UnixMS: at.UnixMilli(), Value: r.Value, Quality: r.Quality}
	old, seen := b.last[r.Point]
	if back := old.sample.UnixMS - s.UnixMS; seen && back >= 0 && back < clockStep.Milliseconds() {
		if s.Quality == old.sample.Quality {
			return s, false // the same sensing again
		}
		s.UnixMS = old.sample.UnixMS + 1 // two samples of a point never share a time
	}
	switch {
	case !seen:
		return s, true
	case s.Quality != old.sample.Quality, now.Sub(old.at) >= MaxInterval:
		return s, true
	case s.Quality.IsBad():
		return s, false
	case p.DeadBand == 0:
		return s, s.Value != old.sample.Value
	}
	return s, math.Abs(s.Value-old.sample.Value) >= p.DeadBand
}

// Tick closes the open batch when it is old enough.
func (b *Batcher) Tick(now time.Time) []contract.Column {
	if b.n > 0 && now.Sub(b.opened) >= CloseAfter {
		return b.Close()
	}
	return nil
}

// Close ends the open batch and returns it; nil if it is empty.
func (b *Batcher) Close() []contract.Column {
	out := b.cols
	b.cols, b.n = nil, 0
	clear(b.open)
	return out
}
