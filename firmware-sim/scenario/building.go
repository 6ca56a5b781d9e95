// Package scenario is the building: its devices, its daily life, and the things that
// can happen in it on command.
package scenario

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// Unit ids on the RS-485 bus, and the names faults are set by.
const (
	unitRelays  = 1
	unitCO      = 31
	valveTravel = 3 * time.Second
)

// Coils and inputs of the relay module.
const (
	coilValve        = 1
	inputValveClosed = 0
	inputValveOpen   = 1
)

var smokeUnits = map[uint8]string{11: "f01-smoke-lobby", 12: "f03-smoke", 13: "f06-smoke", 14: "f09-smoke", 15: "f12-smoke-east", 16: "f12-smoke-west"}
var gasUnits = map[uint8]string{21: "f03-gas-302", 22: "f03-gas-shaft"}

// Write is one coil written by the edge.
type Write struct {
	At   time.Time `json:"at"`
	Unit uint8     `json:"unit"`
	Coil int       `json:"coil"`
	On   bool      `json:"on"`
}

// Building is building 3. Its methods may be called from any goroutine.
type Building struct {
	mu       sync.Mutex
	rnd      *rand.Rand
	smoke    map[uint8]*device.Smoke
	gas      map[uint8]*device.GasE2638
	co       *device.CO
	relays   *device.Relays
	elevator *device.Elevator
	panel    *device.FirePanel
	faults   map[string]fault.Fault
	card     []byte
	cardTill time.Time
	writes   []Write
	now      time.Time

	leak      map[uint8]float64 // %LEL the leak drives each gas detector to
	valveFrom time.Time         // when the valve began to close; zero while open
	closedAt  time.Time         // when its closed limit made
	reopen    bool              // somebody waits to open it by hand
	stuck     bool              // the car is trapped
	trip      trip
	script    []cue
	running   string
}

type cue struct {
	at time.Time
	do func(*Building)
}

// trip is the elevator's present errand.
type trip struct {
	to    int
	until time.Time
}

// NewBuilding makes the building at rest. seed makes its daily life repeatable.
func NewBuilding(now time.Time, seed uint64) *Building {
	b := &Building{
		rnd: rand.New(rand.NewPCG(seed, 7)), smoke: map[uint8]*device.Smoke{}, gas: map[uint8]*device.GasE2638{},
		co: &device.CO{PPM: 3}, relays: &device.Relays{}, panel: &device.FirePanel{},
		elevator: &device.Elevator{Landing: 2, Direction: 3, Mode: 7, Car: 4},
		faults:   map[string]fault.Fault{}, leak: map[uint8]float64{}, now: now,
	}
	for u := range smokeUnits {
		b.smoke[u] = &device.Smoke{}
	}
	for u := range gasUnits {
		b.gas[u] = &device.GasE2638{}
	}
	b.relays.Inputs[inputValveOpen] = true
	b.relays.Wrote = func(coil int, on bool) {
		b.writes = append(b.writes, Write{At: time.Now(), Unit: unitRelays, Coil: coil, On: on})
	}
	return b
}

// Names of the devices that faults can be set on.
func (b *Building) Names() []string {
	out := []string{"relays-1", "b1-co-garage", "elevator-1", "fire-panel-1"}
	for _, n := range smokeUnits {
		out = append(out, n)
	}
	for _, n := range gasUnits {
		out = append(out, n)
	}
	return out
}

// SetFault makes a device misbehave; the zero fault heals it.
func (b *Building) SetFault(name string, f fault.Fault) error {
	if err := f.Check(); err != nil {
		return err
	}
	for _, known := range b.Names() {
		if known == name {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.faults[name] = f
			return nil
		}
	}
	return fmt.Errorf("scenario: no device %q", name)
}

func (b *Building) faultOf(name string) func() fault.Fault {
	return func() fault.Fault {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.faults[name]
	}
}

// Card is what lies on the NFC reader.
func (b *Building) Card() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().Before(b.cardTill) {
		return b.card
	}
	return nil
}

// Step lets the building live until now.
func (b *Building) Step(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	dt := now.Sub(b.now).Seconds()
	b.now = now
	for len(b.script) > 0 && !b.script[0].at.After(now) {
		do := b.script[0].do
		b.script = b.script[1:]
		do(b)
	}
	for _, s := range b.smoke {
		s.Step()
	}
	b.stepValve(now)
	b.stepGas(now, dt)
	b.stepElevator(now)
}

// stepValve moves the gas valve: energising closes it; only a hand opens it again.
func (b *Building) stepValve(now time.Time) {
	in := &b.relays.Inputs
	if b.reopen && !b.relays.Coils[coilValve] {
		b.openValve()
	}
	if b.valveFrom.IsZero() && b.relays.Coils[coilValve] {
		b.valveFrom = now
	}
	if b.valveFrom.IsZero() {
		return
	}
	in[inputValveOpen] = false
	if closed := now.Sub(b.valveFrom) >= valveTravel; closed && !in[inputValveClosed] {
		in[inputValveClosed] = true
		b.closedAt = now
	}
}

func (b *Building) stepGas(now time.Time, dt float64) {
	off := !b.closedAt.IsZero() && now.Sub(b.closedAt) >= 10*time.Second
	for u, g := range b.gas {
		target := b.leak[u]
		if off {
			target = 0
		}
		rate := 3.5 * dt // %LEL
		g.LEL += max(-rate, min(rate, target-g.LEL))
		if target == 0 && g.LEL < 0.5 {
			g.LEL = 0.2 + 0.2*math.Sin(float64(now.UnixMilli())/30000+float64(u))
		}
	}
	b.co.PPM = max(0, min(9, b.co.PPM+b.rnd.NormFloat64()*0.2*math.Sqrt(dt)))
}

func (b *Building) stepElevator(now time.Time) {
	e := b.elevator
	if b.stuck || now.Before(b.trip.until) {
		return
	}
	hold := func(d time.Duration) { b.trip.until = now.Add(d) }
	e.Speed, e.Direction = 0, 3
	switch {
	case e.Car == 2: // open: close
		e.Car = 3
		hold(2 * time.Second)
	case e.Car == 3 || e.Car == 1:
		e.Car = map[int]int{3: 4, 1: 2}[e.Car]
		hold(time.Duration(2+b.rnd.IntN(5)) * time.Second)
	case b.trip.to == 0:
		b.trip.to = 1 + b.rnd.IntN(13)
		e.Load = float64(b.rnd.IntN(40))
	case e.Landing == b.trip.to:
		b.trip.to, e.Car = 0, 1
		hold(2 * time.Second)
	default:
		e.Car, e.Speed, e.Direction = 5, 1.5, 1
		step := 1
		if b.trip.to < e.Landing {
			step, e.Direction = -1, 2
		}
		e.Landing += step
		hold(2 * time.Second)
	}
}
