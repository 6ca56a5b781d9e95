package scenario

import (
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// View is the building at one moment, for tests and the control page.
type View struct {
	Running  string                 `json:"running,omitempty"`
	Smoke    map[string]SmokeView   `json:"smoke"`
	Gas      map[string]float64     `json:"gas_lel"` // %LEL
	CO       float64                `json:"co_ppm"`
	Coils    [8]bool                `json:"coils"`
	Inputs   [8]bool                `json:"inputs"`
	Elevator ElevatorView           `json:"elevator"`
	Panel    map[int]uint16         `json:"panel"` // nodes that are not at rest
	Faults   map[string]fault.Fault `json:"faults"`
	Card     bool                   `json:"card"`
	Writes   []Write                `json:"writes"`
	At       time.Time              `json:"at"`
}

// SmokeView is one smoke detector.
type SmokeView struct {
	Smoke bool `json:"smoke"`
	Alarm bool `json:"alarm"`
}

// ElevatorView is the car.
type ElevatorView struct {
	Landing   int     `json:"landing"`
	Mode      int     `json:"mode"`
	Car       int     `json:"car"`
	Load      float64 `json:"load"`
	Direction int     `json:"direction"`
}

// Look takes a view.
func (b *Building) Look() View {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.elevator
	v := View{
		Running: b.running, Smoke: map[string]SmokeView{}, Gas: map[string]float64{}, CO: b.co.PPM,
		Coils: b.relays.Coils, Inputs: b.relays.Inputs, Panel: map[int]uint16{}, Faults: map[string]fault.Fault{},
		Elevator: ElevatorView{e.Landing, e.Mode, e.Car, e.Load, e.Direction},
		Card:     time.Now().Before(b.cardTill), Writes: append([]Write{}, b.writes...), At: b.now,
	}
	for u, s := range b.smoke {
		v.Smoke[smokeUnits[u]] = SmokeView{s.Smoke, s.Alarm}
	}
	for u, g := range b.gas {
		v.Gas[gasUnits[u]] = g.LEL
	}
	for i, n := range b.panel.Nodes {
		if n != 0 {
			v.Panel[i+1] = n
		}
	}
	for name, f := range b.faults {
		if f != (fault.Fault{}) {
			v.Faults[name] = f
		}
	}
	return v
}

// Reaction times as manuals of such devices give them.
const (
	reactionFast   = 5 * time.Millisecond
	reactionSmoke  = 8 * time.Millisecond
	reactionSensor = 20 * time.Millisecond
)

// BusUnits are the units on the RS-485 bus.
func (b *Building) BusUnits() map[uint8]device.Unit {
	out := map[uint8]device.Unit{}
	add := func(id uint8, name, model string, m device.Memory, reaction time.Duration) {
		out[id] = device.Unit{ID: id, Name: name, Model: model, Memory: m, Reaction: reaction, Fault: b.faultOf(name), Lock: &b.mu}
	}
	add(unitRelays, "relays-1", "waveshare-relay-8ch", b.relays, reactionFast)
	add(unitCO, "b1-co-garage", "honeywell-e3point", b.co, reactionSensor)
	for u, name := range smokeUnits {
		add(u, name, "calectro-ug3", b.smoke[u], reactionSmoke)
	}
	for u, name := range gasUnits {
		add(u, name, "evikon-e2638", b.gas[u], reactionSensor)
	}
	return out
}

// ElevatorUnit and PanelUnit are the two Modbus TCP servers.
func (b *Building) ElevatorUnit() device.Unit {
	return device.Unit{ID: 1, Name: "elevator-1", Model: "monarch-nice3000", Memory: b.elevator, Reaction: 10 * time.Millisecond, Fault: b.faultOf("elevator-1"), Lock: &b.mu}
}

// PanelUnit is the fire panel's network card.
func (b *Building) PanelUnit() device.Unit {
	return device.Unit{ID: 1, Name: "fire-panel-1", Model: "gst200", Memory: b.panel, Reaction: 15 * time.Millisecond, Fault: b.faultOf("fire-panel-1"), Lock: &b.mu}
}
