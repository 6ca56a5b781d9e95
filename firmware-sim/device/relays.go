package device

import "time"

// Relays is a Waveshare Modbus RTU Relay 8CH (and its D version with eight inputs).
// Coil 0x00FF switches all and 0x01FF toggles all; coils from 0x0200 give a pulse and
// from 0x0400 a pause of n × 100 ms, which the module ends by itself.
type Relays struct {
	Coils  [8]bool
	Inputs [8]bool
	// Wrote is told of each coil that a request wrote, changed or not.
	Wrote func(coil int, on bool)

	now   time.Time
	until [8]time.Time // when a pulse or pause ends; zero for none
}

const (
	relayAll    = 0x00FF
	relayToggle = 0x01FF
	relayPulse  = 0x0200
	relayPause  = 0x0400
)

// Bits implements [Memory].
func (d *Relays) Bits(discrete bool, addr, n uint16) ([]bool, byte) {
	if discrete {
		return window(d.Inputs[:], 0, addr, n)
	}
	return window(d.Coils[:], 0, addr, n)
}

// Registers implements [Memory]: only the module's own address, at 0x4000, can be read.
func (d *Relays) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalAddress
	}
	return window([]uint16{1}, 0x4000, addr, n)
}

// SetRegister implements [Memory]. The address of a simulated module stays.
func (d *Relays) SetRegister(uint16, uint16) byte { return illegalAddress }

// SetCoil implements [Memory].
func (d *Relays) SetCoil(addr uint16, on bool) byte {
	first, last := int(addr), int(addr)
	switch {
	case addr == relayAll:
		first, last = 0, len(d.Coils)-1
	case int(addr) >= len(d.Coils):
		return illegalAddress
	}
	for i := first; i <= last; i++ {
		d.write(i, on, time.Time{})
	}
	return 0
}

func (d *Relays) write(i int, on bool, until time.Time) {
	d.Coils[i], d.until[i] = on, until
	if d.Wrote != nil {
		d.Wrote(i, on)
	}
}

// SetCoilRaw implements [RawCoils].
func (d *Relays) SetCoilRaw(addr, v uint16) (code byte, mine bool) {
	if addr == relayToggle {
		for i := range d.Coils {
			d.write(i, !d.Coils[i], time.Time{})
		}
		return 0, true
	}
	for _, base := range []uint16{relayPulse, relayPause} {
		if i := int(addr) - int(base); i >= 0 && i < len(d.Coils) {
			d.write(i, base == relayPulse, d.now.Add(time.Duration(v)*100*time.Millisecond))
			return 0, true
		}
	}
	return 0, false
}

// Advance implements [Timed]: pulses end.
func (d *Relays) Advance(now time.Time) {
	d.now = now
	for i, t := range d.until {
		if !t.IsZero() && !now.Before(t) {
			d.Coils[i], d.until[i] = !d.Coils[i], time.Time{}
		}
	}
}
