package device

import (
	"math"
	"time"
)

// Meter is an Eastron SDM120 single-phase meter: input registers in pairs, IEEE 754
// with the high word first. Pairs that the manual does not list read as zero.
type Meter struct {
	Volts, Amps, Factor, Hertz, Energy float64 // V, A, 1, Hz, kWh imported

	now time.Time
}

// NewMeter makes a meter with a small load.
func NewMeter() *Meter {
	return &Meter{Volts: 230.2, Amps: 3.5, Factor: 0.95, Hertz: 50, Energy: 1234.5}
}

// Advance implements [Timed]: energy adds up.
func (d *Meter) Advance(now time.Time) {
	if dt := now.Sub(d.now); !d.now.IsZero() && dt > 0 {
		d.Energy += d.watts() / 1000 * dt.Hours()
	}
	d.now = now
}

func (d *Meter) watts() float64 { return d.Volts * d.Amps * d.Factor }

// Bits implements [Memory].
func (*Meter) Bits(bool, uint16, uint16) ([]bool, byte) { return nil, illegalFunction }

// Registers implements [Memory].
func (d *Meter) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	const last = 0x0158
	if !input {
		return nil, illegalFunction
	}
	if n%2 != 0 || addr%2 != 0 || n > 80 {
		return nil, illegalValue
	}
	va := d.Volts * d.Amps
	values := map[int]float64{
		0x0000: d.Volts, 0x0006: d.Amps, 0x000C: d.watts(), 0x0012: va, 0x0018: math.Sqrt(max(0, va*va-d.watts()*d.watts())),
		0x001E: d.Factor, 0x0046: d.Hertz, 0x0048: d.Energy, 0x0156: d.Energy,
	}
	if int(addr)+int(n) > last {
		return nil, illegalAddress
	}
	out := make([]uint16, n)
	for i := 0; i < int(n); i += 2 {
		raw := math.Float32bits(float32(values[int(addr)+i]))
		out[i], out[i+1] = uint16(raw>>16), uint16(raw)
	}
	return out, 0
}

// SetCoil implements [Memory].
func (*Meter) SetCoil(uint16, bool) byte { return illegalFunction }

// SetRegister implements [Memory].
func (*Meter) SetRegister(uint16, uint16) byte { return illegalAddress }

// Knobs implements [Adjustable].
func (d *Meter) Knobs() []Knob {
	return []Knob{
		number("voltage", "V", 0, 400, &d.Volts), number("current", "A", 0, 100, &d.Amps), number("power_factor", "", 0, 1, &d.Factor),
		number("frequency", "Hz", 0, 70, &d.Hertz), number("energy", "kWh", 0, 1e6, &d.Energy),
		seen("power", "W", d.watts),
	}
}
