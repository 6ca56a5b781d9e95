package device

import "time"

// Valve is a Rotork IQ Pro actuator behind its Modbus card (PUB091-003). Locations are
// addresses: holding register 5 commands, 6 is the wanted position; discrete inputs
// begin with moving, closed limit, open limit. The valve travels, and obeys the network
// only while its selector is on remote.
type Valve struct {
	Position   float64 // % open
	Selector   int     // 0 local, 1 local stop, 2 remote
	Jammed     bool    // it will not leave where it is
	Obstructed bool
	BatteryLow bool
	Travel     float64 // seconds from end to end
	SafeClosed bool    // ESD closes; otherwise it opens

	want    float64
	moving  bool
	command uint16
	now     time.Time
}

// NewValve makes an open valve on remote that takes 12 s to travel.
func NewValve() *Valve {
	return &Valve{Position: 100, Selector: 2, Travel: 12, SafeClosed: true, want: 100}
}

// Advance implements [Timed]: the valve travels.
func (d *Valve) Advance(now time.Time) {
	dt := now.Sub(d.now).Seconds()
	first := d.now.IsZero()
	d.now = now
	if first || dt <= 0 || !d.moving || d.Jammed || d.Obstructed || d.Travel <= 0 {
		return
	}
	step := 100 * dt / d.Travel
	d.Position += max(-step, min(step, d.want-d.Position))
	d.moving = d.Position != d.want
}

func (d *Valve) act(command uint16, want float64) byte {
	if d.Selector != 2 {
		return 0 // accepted, and not obeyed
	}
	d.command = command
	if command == 0 {
		d.want, d.moving = d.Position, false
		return 0
	}
	d.want, d.moving = want, d.Position != want
	return 0
}

// commanded carries out 0 stop, 1 close, 2 open, 3 ESD.
func (d *Valve) commanded(command uint16) byte {
	switch command {
	case 0, 1, 2:
		return d.act(command, map[uint16]float64{2: 100}[command])
	case 3:
		if d.SafeClosed {
			return d.act(3, 0)
		}
		return d.act(3, 100)
	}
	return illegalValue
}

func (d *Valve) inputs() []bool {
	closed, open := d.Position <= 0, d.Position >= 100
	in := make([]bool, 24)
	running := d.moving && !d.Jammed && !d.Obstructed
	in[0], in[1], in[2] = running, closed, open
	in[3], in[4] = running && d.want < d.Position, running && d.want > d.Position
	in[5], in[6], in[7] = d.Selector == 2, d.Selector == 1, d.Selector == 0
	in[10], in[11], in[16] = d.moving && d.Obstructed, d.moving && d.Jammed, d.BatteryLow
	in[9] = in[10] || in[11] || d.Selector != 2
	return in
}

// Bits implements [Memory].
func (d *Valve) Bits(discrete bool, addr, n uint16) ([]bool, byte) {
	if discrete {
		return window(d.inputs(), 0, addr, n)
	}
	coils := make([]bool, 8)
	if d.moving {
		coils[d.command&3] = true
	}
	return window(coils, 0, addr, n)
}

// Registers implements [Memory].
func (d *Valve) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if !input {
		return window([]uint16{d.command, uint16(d.want*10 + 0.5)}, 5, addr, n)
	}
	table := make([]uint16, 5)
	for i, on := range d.inputs() {
		table[i/16] |= bit(on, i%16)
	}
	table[3] = uint16(d.Position*10 + 0.5)
	return window(table, 0, addr, n)
}

// SetCoil implements [Memory]. Writing off cancels nothing.
func (d *Valve) SetCoil(addr uint16, on bool) byte {
	switch {
	case addr > 7:
		return illegalAddress
	case on && addr < 4:
		return d.commanded(addr)
	}
	return 0
}

// SetRegister implements [Memory].
func (d *Valve) SetRegister(addr, v uint16) byte {
	switch {
	case addr == 5:
		return d.commanded(v)
	case addr == 6 && v <= 1000:
		return d.act(4, float64(v)/10)
	case addr == 6:
		return illegalValue
	}
	return illegalAddress
}

// Knobs implements [Adjustable].
func (d *Valve) Knobs() []Knob {
	return []Knob{
		number("position", "%", 0, 100, &d.Position), whole("selector", 0, 2, &d.Selector),
		flag("jammed", &d.Jammed), flag("obstructed", &d.Obstructed), flag("battery_low", &d.BatteryLow),
		number("travel", "s", 0.1, 600, &d.Travel), flag("safe_closed", &d.SafeClosed),
		sign("moving", func() bool { return d.moving }),
	}
}

// Horn is an Evikon EK61 light and horn. Its horn goes off by itself after the time in
// register 3; 5, 6 and the code 0x8F8F in 7 have to be written in one request.
type Horn struct {
	Mode, Volume, AutoOff uint16
	bus                   [2]uint16

	since, now time.Time // since when the horn sounds
	expired    bool
}

const hornCode = 0x8F8F

// NewHorn makes a quiet horn as delivered.
func NewHorn() *Horn { return &Horn{Volume: 100, AutoOff: 180, bus: [2]uint16{1, 0x9600}} }

// Advance implements [Timed].
func (d *Horn) Advance(now time.Time) {
	d.now = now
	switch {
	case d.hornMode() && d.since.IsZero():
		d.since, d.expired = now, false
	case !d.hornMode():
		d.since, d.expired = time.Time{}, false
	}
	if !d.since.IsZero() && d.AutoOff > 0 && now.Sub(d.since) >= time.Duration(d.AutoOff)*time.Second {
		d.expired = true
	}
}

// hornMode reports whether the mode is one with the horn.
func (d *Horn) hornMode() bool { return d.Mode&15 == 2 || d.Mode&15 == 4 || d.Mode&15 == 5 }

// Sounding reports whether the horn can be heard.
func (d *Horn) Sounding() bool { return d.hornMode() && !d.expired && d.Volume > 0 }

// Bits implements [Memory].
func (*Horn) Bits(bool, uint16, uint16) ([]bool, byte) { return nil, illegalFunction }

// Registers implements [Memory].
func (d *Horn) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	if addr >= 5 {
		return window([]uint16{d.bus[0], d.bus[1], hornCode}, 5, addr, n)
	}
	if addr == 1 || addr == 0 && n > 1 {
		return nil, illegalAddress
	}
	return window([]uint16{d.Mode, 0, d.Volume, d.AutoOff}, 0, addr, n)
}

// SetCoil implements [Memory].
func (*Horn) SetCoil(uint16, bool) byte { return illegalFunction }

// SetRegister implements [Memory].
func (d *Horn) SetRegister(addr, v uint16) byte {
	switch {
	case addr == 0 && v&15 <= 5 && v>>4 <= 2:
		d.Mode = v
		d.since, d.expired = time.Time{}, false
		d.Advance(d.now)
	case addr == 2 && v <= 100:
		d.Volume = v
	case addr == 3 && v <= 14400:
		d.AutoOff = v
	case addr == 0 || addr == 2 || addr == 3:
		return illegalValue
	default:
		return illegalAddress
	}
	return 0
}

// SetRegisters implements [BlockWriter].
func (d *Horn) SetRegisters(addr uint16, v []uint16) byte {
	if addr == 5 {
		if len(v) != 3 || v[2] != hornCode || v[0] < 1 || v[0] > 247 {
			return illegalValue
		}
		d.bus = [2]uint16{v[0], v[1]} // in force after a restart, which nobody does here
		return 0
	}
	if addr < 2 || int(addr)+len(v) > 4 {
		return illegalAddress
	}
	for i, x := range v {
		if code := d.SetRegister(addr+uint16(i), x); code != 0 {
			return code
		}
	}
	return 0
}

// Knobs implements [Adjustable].
func (d *Horn) Knobs() []Knob {
	return []Knob{
		whole("mode", 0, 0x25, &d.Mode), whole("volume", 0, 100, &d.Volume), whole("auto_off", 0, 14400, &d.AutoOff),
		sign("sounding", d.Sounding),
	}
}
