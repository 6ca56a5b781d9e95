package scenario

import (
	"fmt"
	"time"
)

// GuardTag is the UID on the patrol guard's tag.
var GuardTag = []byte{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}

// Scenario is something that can happen on command.
type Scenario struct {
	Name string `json:"name"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	cues []after
}

type after struct {
	wait time.Duration
	do   func(*Building)
}

// Normal is the scenario that ends all others.
const Normal = "normal"

const (
	panelNodeCallPoint = 12
	panelFire          = 1
)

// Scenarios lists what the building knows. network-cut is carried out by the relay
// between edge and broker, not by the building.
func Scenarios() []Scenario {
	smoke := func(u uint8) func(*Building) { return func(b *Building) { b.smoke[u].Smoke = true } }
	return []Scenario{
		{Normal, "恢复正常", "Back to normal", []after{{0, (*Building).calm}}},
		{"gas-leak", "302 厨房燃气泄漏", "Gas leak in kitchen 302", []after{
			{0, func(b *Building) { b.leak[21] = 35 }},
			{5 * time.Second, func(b *Building) { b.leak[22] = 15 }},
		}},
		{"fire-12", "12层火灾", "Fire on floor 12", []after{
			{0, smoke(15)}, {15 * time.Second, smoke(16)},
			{25 * time.Second, func(b *Building) { b.panel.Nodes[panelNodeCallPoint-1] = panelFire }},
		}},
		{"entrapment", "电梯困人", "Elevator entrapment", []after{{0, (*Building).trap}}},
		{"patrol-tap", "巡检打卡", "Patrol tap", []after{{0, func(b *Building) {
			b.card, b.cardTill = GuardTag, time.Now().Add(time.Second)
		}}}},
		{"dead-detector", "6层烟感失联", "Detector on floor 6 dead", []after{{0, func(b *Building) {
			f := b.faults[smokeUnits[13]]
			f.Silent = true
			b.faults[smokeUnits[13]] = f
		}}}},
	}
}

// Play starts a scenario. Several may run into each other, as in life.
func (b *Building) Play(name string, now time.Time) error {
	for _, s := range Scenarios() {
		if s.Name != name {
			continue
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running = name
		for _, c := range s.cues {
			b.schedule(cue{now.Add(c.wait), c.do})
		}
		return nil
	}
	return fmt.Errorf("scenario: no scenario %q", name)
}

func (b *Building) schedule(c cue) {
	i := len(b.script)
	for i > 0 && b.script[i-1].at.After(c.at) {
		i--
	}
	b.script = append(b.script[:i], append([]cue{c}, b.script[i:]...)...)
}

// calm undoes everything, the acts of hands included: the valve is opened, the call
// point reset. Latched detectors keep their alarm until they are reset over the bus.
func (b *Building) calm() {
	b.script = nil
	clear(b.faults)
	clear(b.leak)
	for _, s := range b.smoke {
		s.Smoke = false
	}
	for i := range b.panel.Nodes {
		b.panel.Nodes[i] = 0
	}
	b.reopen = true
	if b.stuck {
		b.stuck = false
		e := b.elevator
		e.Mode, e.Car, e.Load = 7, 1, 0
	}
	b.running = ""
}

// openValve is the hand at the valve, once its solenoid is released.
func (b *Building) openValve() {
	b.reopen = false
	b.valveFrom, b.closedAt = time.Time{}, time.Time{}
	b.relays.Inputs[inputValveClosed], b.relays.Inputs[inputValveOpen] = false, true
}

// trap stops the car between two landings with people in it.
func (b *Building) trap() {
	b.stuck = true
	e := b.elevator
	e.Landing, e.Direction, e.Speed = min(max(e.Landing, 3), 12), 3, 0
	e.Mode, e.Car, e.Load = 5, 6, 18
}
