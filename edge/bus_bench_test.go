package edge

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/edge/poll"
)

// tally counts good readings by device.
type tally struct {
	mu   sync.Mutex
	good map[contract.DeviceID]int
}

func (c *tally) Tap(contract.DeviceID, drivers.Tap) {}
func (c *tally) Readings(rs []contract.Reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(rs) > 0 && rs[0].Quality.IsGood() {
		c.good[rs[0].Point.Device()]++
	}
}

// sum counts the readings of all devices but one.
func (c *tally) sum(but contract.DeviceID) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for d, k := range c.good {
		if d != but && d != "bus-b" {
			n += k
		}
	}
	return n
}

const (
	benchBaud    = 9600
	benchChar    = 10 * time.Second / benchBaud
	benchSilence = benchChar * 7 / 2
	benchTurn    = 5 * time.Millisecond
	// benchFrame is the longest transaction: 8 characters out, 45 back.
	benchFrame = 53*benchChar + benchSilence + benchTurn
)

// twenty is a device of 20 registers and a coil.
func twenty(b *testing.B) profile.Library {
	b.Helper()
	p, ps := profile.Parse("twenty.yaml", []byte(`
id: twenty
vendor: x
model: x
source: a benchmark
name: {zh: 二十}
protocol: modbus
timing: {reaction_max: 10ms}
points:
  - {name: "r{n}", title: {zh: 点}, table: holding, address: 0, alarm: true, repeat: {from: 0, to: 19}}
  - {name: siren, title: {zh: 警铃}, table: coil, address: 0, writable: true, write_only: true}
`))
	if ps.Err() != nil {
		b.Fatal(ps)
	}
	return profile.Library{p.ID: p}
}

// saturated polls units on a paced line as fast as it goes; dead (0 is none) never
// answers. arrived is told of every byte that gets onto the line.
func saturated(b *testing.B, units int, dead uint8, arrived func([]byte, time.Time)) (*poll.Poller, *tally, func()) {
	far, near := drivertest.PTY(b)
	ctx, cancel := context.WithCancel(b.Context())
	line := drivertest.NewPaced(ctx, far, benchChar, benchSilence+benchTurn)
	line.Arrived = arrived
	go (&drivertest.Peer{Stream: line, Framing: drivertest.RTU, Behave: func(r *drivertest.Request) []drivertest.Send {
		if r.Unit == dead {
			return []drivertest.Send{}
		}
		return nil
	}}).Run()
	lib := twenty(b)
	cfg := poll.BusConfig{ID: "b", Link: "bus-b.link", Dead: 1, Open: func(context.Context) (drivers.Bus, error) {
		return modbus.OpenRTU(modbus.RTUConfig{Port: near, Baud: benchBaud, Profiles: lib, Paced: true})
	}}
	for u := range units {
		id := contract.DeviceID(fmt.Sprintf("u%d", u+1))
		point := contract.NewPointID(id, "r0")
		cfg.Devices = append(cfg.Devices, poll.DeviceConfig{Spec: drivers.DeviceSpec{ID: id, Unit: uint8(u + 1), Profile: "twenty"},
			Points: []contract.PointID{point}, Paces: map[contract.PointID]poll.Pace{point: {Every: 7 * benchFrame, Cost: benchFrame + 5*time.Millisecond, Lost: 400 * time.Millisecond}}})
	}
	c := &tally{good: map[contract.DeviceID]int{}}
	p := poll.New([]poll.BusConfig{cfg}, c, slog.New(slog.DiscardHandler), nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	return p, c, func() {
		cancel()
		<-done
	}
}

// rate is how many good readings the healthy units gave in a second, once a dead one has
// been found out.
func rate(b *testing.B, units int, dead uint8) float64 {
	_, c, stop := saturated(b, units, dead, nil)
	defer stop()
	name := contract.DeviceID(fmt.Sprintf("u%d", dead))
	<-time.After(15 * time.Second)
	before, began := c.sum(name), time.Now()
	<-time.After(30 * time.Second)
	return float64(c.sum(name)-before) / time.Since(began).Seconds()
}

// BenchmarkBus_OneDeadUnitOfEight holds the cycle of seven units beside a dead one
// against their cycle without it, on a line that is always busy.
func BenchmarkBus_OneDeadUnitOfEight(b *testing.B) {
	for b.Loop() {
		without, with := rate(b, 7, 0), rate(b, 8, 8)
		b.ReportMetric(without/with, "cycle/without")
		b.ReportMetric(without, "readings/s")
	}
}

// BenchmarkBus_WriteDuringPolling is how long a write waits, until its first bit is on
// the line, while the line is always busy; the bound is one transaction and t3.5.
func BenchmarkBus_WriteDuringPolling(b *testing.B) {
	first := make(chan time.Time, 1)
	p, _, stop := saturated(b, 8, 0, func(bytes []byte, at time.Time) {
		if len(bytes) > 1 && bytes[1] == 5 {
			first <- at
		}
	})
	defer stop()
	<-time.After(2 * time.Second)
	var sum, worst time.Duration
	n := 0
	for b.Loop() {
		began := time.Now()
		if err := p.Write(b.Context(), "u3.siren", 1); err != nil {
			b.Fatal(err)
		}
		d := (<-first).Sub(began)
		sum, worst, n = sum+d, max(worst, d), n+1
		<-time.After(time.Duration(n%17) * 5 * time.Millisecond) // at every phase of the cycle
	}
	bound := benchFrame + 2*benchSilence
	b.ReportMetric(float64(worst)/float64(bound), "worst/bound")
	b.ReportMetric(float64(sum)/float64(n)/1e6, "mean-ms")
	b.ReportMetric(float64(worst)/1e6, "worst-ms")
}
