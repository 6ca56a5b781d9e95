// Package poll is the room that owns the field buses: one goroutine for each bus asks
// its devices in turn, lets writes go first, rests devices that do not answer and
// reopens a bus that is gone.
//
// What a bus does next is decided by [Schedule], in the order on which the promises are
// proved: writes, read-backs, alarm groups, other groups, and last probes and polls made
// early because the line is idle. A write waits for at most one transaction in flight.
//
// Readings leave it with quality and age: a bad reading carries the last value known
// and that value's time. Nothing is queued; a poll that could not be made in time is
// skipped and counted. How late a change could have been seen is measured all the time
// and stands beside the promise.
package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// Sink takes what the buses say. Its methods must not block for long.
type Sink interface {
	Readings(rs []contract.Reading)
	Tap(reader contract.DeviceID, t drivers.Tap)
}

// BusConfig is one bus with its devices.
type BusConfig struct {
	ID      contract.BusID
	Link    contract.PointID // point that says whether the bus is there: 1 is down
	Open    func(ctx context.Context) (drivers.Bus, error)
	Dead    int     // devices that may fail at once without any promise being broken
	Load    float64 // share of the line's time that the promises need
	Devices []DeviceConfig
}

// DeviceConfig is one device and how its points are asked.
type DeviceConfig struct {
	Spec   drivers.DeviceSpec
	Points []contract.PointID // what is bad when the device can not be opened or heard
	Paces  map[contract.PointID]Pace
	// Outputs are the points whose writes are set aside for, each once in five seconds.
	Outputs []contract.PointID
}

// Pace is how a point is asked and what is promised of it. A group goes at the pace of
// its most demanding point. The zero Pace is one turn a second for alarm groups and one
// in five for others, with nothing promised.
type Pace struct {
	Every, Cost, Lost, Early, Idle time.Duration // as in [Item]
	Rank                           int           // as in [Item]
	Detect                         time.Duration // a change is seen within this
	Silence                        time.Duration // that the device is silent is seen within this
}

// Poller runs every bus of an edge.
type Poller struct {
	buses []*runner
	owner map[contract.DeviceID]*runner
}

// New makes a poller; nothing is opened before [Poller.Run].
func New(buses []BusConfig, sink Sink, log *slog.Logger, m *Metrics) *Poller {
	p := &Poller{owner: map[contract.DeviceID]*runner{}}
	for _, b := range buses {
		r := &runner{cfg: b, sink: sink, log: log.With("bus", b.ID), metrics: m, writes: make(chan writeRequest),
			last: map[contract.PointID]contract.Reading{}}
		r.status = BusStatus{ID: b.ID, Devices: make([]DeviceStatus, len(b.Devices)), Load: Load{Promised: b.Load}}
		m.load(b.ID, "promised", b.Load)
		for i, d := range b.Devices {
			p.owner[d.Spec.ID] = r
			r.status.Devices[i].ID = d.Spec.ID
			for _, pt := range d.Points {
				r.last[pt] = contract.Reading{Point: pt}
			}
		}
		p.buses = append(p.buses, r)
	}
	return p
}

// Run polls until ctx ends, then closes every bus.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, r := range p.buses {
		wg.Go(func() { r.run(ctx) })
	}
	wg.Wait()
}

// Write sets a point, ahead of every poll, and returns when the device has echoed it.
func (p *Poller) Write(ctx context.Context, point contract.PointID, value float64) error {
	r := p.owner[point.Device()]
	if r == nil {
		return fmt.Errorf("poll: write %s: %w", point, drivers.ErrNoPoint)
	}
	req := writeRequest{ctx: ctx, point: point, value: value, done: make(chan error, 1)}
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	select {
	case r.writes <- req:
	case <-ctx.Done():
		return fmt.Errorf("poll: write %s: %w", point, ctx.Err())
	}
	select {
	case err := <-req.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("poll: write %s: %w", point, ctx.Err())
	}
}

type writeRequest struct {
	ctx   context.Context
	point contract.PointID
	value float64
	done  chan error
}

// BusStatus is how a bus does, for people.
type BusStatus struct {
	ID       contract.BusID `json:"id"`
	Up       bool           `json:"up"`
	Error    string         `json:"error,omitempty"`
	Reopened uint64         `json:"reopened"`
	Polls    uint64         `json:"polls"`
	Failed   uint64         `json:"failed"`
	Skipped  uint64         `json:"skipped"`
	Writes   uint64         `json:"writes"`
	Beyond   uint64         `json:"beyond"` // failures that were more than the promises allow for
	Load     Load           `json:"load"`
	Devices  []DeviceStatus `json:"devices"`
	Groups   []GroupStatus  `json:"groups"`
}

// Load is how busy a line is, as shares of its time over the last ten seconds.
type Load struct {
	Promised float64 `json:"promised"` // what the promises need at worst
	Measured float64 `json:"measured"` // what writes and polls in their turn took
	Spare    float64 `json:"spare"`    // what probes and early polls took of the rest
}

// DeviceStatus is how a device does.
type DeviceStatus struct {
	ID       contract.DeviceID `json:"id"`
	Failing  int               `json:"failing"`            // failures in a row
	Probing  bool              `json:"probing"`            // rested; asked now and then
	Trial    bool              `json:"trial"`              // fails too often or is too slow: asked after all others
	LastGood time.Time         `json:"last_good,omitzero"` // last answer believed
	Error    string            `json:"error,omitempty"`    //
}

// GroupStatus is how long a change in a group may stay unseen: promised, and the worst
// that was measured since the edge started, in milliseconds. 0 is nothing promised, or
// nothing measured.
type GroupStatus struct {
	Device           contract.DeviceID  `json:"device"`
	Points           []contract.PointID `json:"points"`
	Alarm            bool               `json:"alarm"`
	EveryMS          int64              `json:"every_ms"`
	DetectPromiseMS  int64              `json:"detect_promise_ms"`
	DetectWorstMS    int64              `json:"detect_worst_ms"`
	SilencePromiseMS int64              `json:"silence_promise_ms"`
	SilenceWorstMS   int64              `json:"silence_worst_ms"`
}

// Status reads the state of every bus.
func (p *Poller) Status() []BusStatus {
	out := make([]BusStatus, len(p.buses))
	for i, r := range p.buses {
		out[i] = r.snapshot()
	}
	return out
}

func isLinkDown(err error) bool { return errors.Is(err, drivers.ErrLinkDown) }
