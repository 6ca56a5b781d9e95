package device

import (
	"fmt"
	"time"
)

// Aspirating is a System Sensor FAAST aspirating smoke detector on Modbus TCP, schema 1:
// holding register n of the manual is address n-1.
type Aspirating struct {
	readOnly
	Level  float64 // obscuration as a share of the Fire 1 threshold, %
	Filter bool    // filter has to be changed
	Flow   bool    // low flow
	Fan    float64 // rpm
	Days   float64 // in service

	now time.Time
}

// NewAspirating makes a detector in clean air.
func NewAspirating() *Aspirating { return &Aspirating{Fan: 3100, Days: 42} }

// Thresholds of Alert, Action 1, Action 2, Fire 1 and Fire 2 on the scale of Level.
var faastLevels = [5]float64{20, 40, 60, 100, 200}

// Advance implements [Timed]: the detector's clock goes.
func (d *Aspirating) Advance(now time.Time) { d.now = now }

// Registers implements [Memory].
func (d *Aspirating) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	table := make([]uint16, 14) // HR1 to HR14
	clock := uint32(max(0, d.now.Unix()))
	table[0], table[1] = uint16(clock>>16), uint16(clock)
	table[3] = bit(d.Flow, 1) | bit(d.Filter, 8)
	table[4], table[5] = bit(d.Filter, 0), bit(d.Flow, 0)
	table[11], table[13] = uint16(d.Fan), uint16(d.Days)
	for i, at := range faastLevels {
		table[12] |= bit(d.Level >= at, i)
	}
	return window(table, 0, addr, n)
}

// Knobs implements [Adjustable].
func (d *Aspirating) Knobs() []Knob {
	return []Knob{
		number("level", "%", 0, 300, &d.Level), flag("filter", &d.Filter), flag("low_flow", &d.Flow),
		number("fan", "rpm", 0, 6000, &d.Fan), number("days", "d", 0, 65535, &d.Days),
	}
}

const tocsinSensors = 8

// Tocsin is an IGD TOCSIN 635 Plus gas panel with eight sensors in one area. Input
// register 30001 is address 0. Alarms latch until reset.
type Tocsin struct {
	LEL      [tocsinSensors]float64
	Fault    [tocsinSensors]bool
	Disabled [tocsinSensors]bool
	Relays   [tocsinSensors]bool
	Muted    bool
	AL1, AL2 float64 // %LEL

	alarm [tocsinSensors]uint16 // bits 0 and 1: AL1, AL2
}

// NewTocsin makes a panel in clean air with its alarms at 20 and 40 %LEL.
func NewTocsin() *Tocsin { return &Tocsin{AL1: 20, AL2: 40} }

// Advance implements [Timed]: the panel looks at its sensors.
func (d *Tocsin) Advance(time.Time) {
	for i, v := range d.LEL {
		if was := d.alarm[i]; !d.Disabled[i] && !d.Fault[i] {
			d.alarm[i] |= bit(v >= d.AL1, 0) | bit(v >= d.AL2, 1)
			d.Muted = d.Muted && was == d.alarm[i] // a new alarm sounds again
		}
	}
}

// Bits implements [Memory]: the coils are commands and can not be read.
func (*Tocsin) Bits(bool, uint16, uint16) ([]bool, byte) { return nil, illegalFunction }

// Registers implements [Memory].
func (d *Tocsin) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if !input {
		return nil, illegalFunction
	}
	var conc, volts, sensors []uint16
	area := uint16(0)
	for i := range tocsinSensors {
		v := max(-10, min(110, d.LEL[i]))
		conc = append(conc, uint16((v+10)*10+0.5))
		volts = append(volts, uint16(40+v*1.6))
		bits := d.alarm[i] | bit(d.Fault[i], 3) | bit(d.Disabled[i], 4) | bit(d.Fault[i], 5) |
			bit(d.LEL[i] < -5, 6) | bit(d.LEL[i] > 105, 7) | bit(d.Muted, 13)
		sensors = append(sensors, bits)
		area |= d.alarm[i] | bit(d.Fault[i], 3) | bit(d.Disabled[i], 4)
	}
	switch {
	case addr < 1000:
		return window(conc, 0, addr, n)
	case addr < 2000:
		return window(volts, 1000, addr, n)
	case addr < 3000:
		return window([]uint16{area}, 2000, addr, n)
	}
	return window(sensors, 3000, addr, n)
}

// SetCoil implements [Memory]: a coil is a command; writing off does nothing.
func (d *Tocsin) SetCoil(addr uint16, on bool) byte {
	coil := int(addr) + 1
	at := func(base int) int { return coil - base }
	in := func(i int) bool { return i >= 0 && i < tocsinSensors }
	switch {
	case coil != 1 && coil != 2 && !in(at(1001)) && !in(at(2001)) && !in(at(3001)) && !in(at(4201)) && !in(at(5201)):
		return illegalAddress
	case !on:
	case coil == 1:
		d.Muted = true
	case coil == 2:
		clear(d.alarm[:])
		d.Muted = false
		d.Advance(time.Time{})
	case in(at(1001)):
		d.Disabled[at(1001)], d.alarm[at(1001)] = true, 0
	case in(at(2001)):
		d.Disabled[at(2001)] = false
	case in(at(3001)):
		d.LEL[at(3001)] = 0
	case in(at(4201)):
		d.Relays[at(4201)] = true
	case in(at(5201)):
		d.Relays[at(5201)] = false
	}
	return 0
}

// SetRegister implements [Memory].
func (*Tocsin) SetRegister(uint16, uint16) byte { return illegalFunction }

// Knobs implements [Adjustable].
func (d *Tocsin) Knobs() []Knob {
	out := []Knob{number("al1", "%LEL", 0, 100, &d.AL1), number("al2", "%LEL", 0, 100, &d.AL2), sign("muted", func() bool { return d.Muted })}
	for i := range tocsinSensors {
		name := fmt.Sprintf("_%d", i+1)
		out = append(out, number("concentration"+name, "%LEL", -10, 110, &d.LEL[i]), flag("fault"+name, &d.Fault[i]),
			seen("alarm"+name, "", func() float64 { return float64(d.alarm[i]) }))
	}
	return out
}
