// Package poll is the room that owns the field buses: one goroutine for each bus asks
// its devices in turn, lets writes go first, rests devices that do not answer and
// reopens a bus that is gone.
//
// Readings leave it with quality and age: a bad reading carries the last value known
// and that value's time. Nothing is queued; a poll that could not be made in time is
// skipped and counted.
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
	Tap(reader contract.DeviceID, uid []byte, at time.Time)
}

// BusConfig is one bus with its devices.
type BusConfig struct {
	ID      contract.BusID
	Link    contract.PointID // point that says whether the bus is there: 1 is down
	Open    func(ctx context.Context) (drivers.Bus, error)
	Devices []DeviceConfig
}

// DeviceConfig is one device and how often it is asked.
type DeviceConfig struct {
	Spec      drivers.DeviceSpec
	Alarm     time.Duration
	Telemetry time.Duration
	Points    []contract.PointID // what is bad when the device can not be opened or heard
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
		r.status = BusStatus{ID: b.ID, Devices: make([]DeviceStatus, len(b.Devices))}
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
	Devices  []DeviceStatus `json:"devices"`
}

// DeviceStatus is how a device does.
type DeviceStatus struct {
	ID       contract.DeviceID `json:"id"`
	Failing  int               `json:"failing"`            // failures in a row
	Probing  bool              `json:"probing"`            // rested; asked now and then
	LastGood time.Time         `json:"last_good,omitzero"` // last answer believed
	Error    string            `json:"error,omitempty"`    //
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
