package profile

import (
	"fmt"
	"math"
	"time"

	"anlan/drivers"
)

// Write is a write that a profile allows.
type Write struct {
	Table    Table    // Coil or Holding
	Address  uint16   //
	Words    []uint16 // registers; for a coil its raw value, 0xFF00 or 0x0000 or ticks
	Multiple bool     // use the multiple-write function
}

// Encode turns a value of a point into the write that sets it. It refuses, wrapping
// [drivers.ErrNoPoint] or [drivers.ErrNotWritable]: unknown points, points that are not
// writable, forbidden addresses, and values the point can not hold.
func (p *Profile) Encode(point string, value float64) (Write, error) {
	pt, ok := p.Point(point)
	if !ok {
		return Write{}, fmt.Errorf("profile: write %s.%s: %w", p.ID, point, drivers.ErrNoPoint)
	}
	refuse := func(why string) (Write, error) {
		return Write{}, fmt.Errorf("profile: write %s.%s: %s: %w", p.ID, point, why, drivers.ErrNotWritable)
	}
	if r, hit := p.forbids(pt.Table, int(pt.Address), pt.last()); hit {
		return refuse("in the forbidden range " + r.String())
	}
	switch {
	case !pt.Writable:
		return refuse("the profile only reads it")
	case pt.Table != Coil && pt.Table != Holding:
		return refuse("the table " + string(pt.Table) + " can only be read")
	case math.IsNaN(value) || pt.Min != nil && value < *pt.Min || pt.Max != nil && value > *pt.Max:
		return refuse(fmt.Sprintf("the value %g is out of range", value))
	}
	words, err := pt.words(value)
	if err != nil {
		return refuse(err.Error())
	}
	return Write{Table: pt.Table, Address: pt.Address, Words: words, Multiple: pt.WriteMultiple || len(words) > 1}, nil
}

func (pt *Point) words(value float64) ([]uint16, error) {
	switch {
	case pt.WriteValue != nil:
		if value != 1 {
			return nil, fmt.Errorf("the value %g; only 1 triggers it", value)
		}
		return []uint16{*pt.WriteValue}, nil
	case pt.WriteTick > 0:
		ticks := math.Round(value * float64(time.Second) / float64(pt.WriteTick))
		if ticks < 1 || ticks > 0x7FFF {
			return nil, fmt.Errorf("%g s is not 1 to 32767 ticks of %v", value, pt.WriteTick)
		}
		return []uint16{uint16(ticks)}, nil
	case pt.Table == Coil:
		if value != 0 && value != 1 {
			return nil, fmt.Errorf("the value %g; a coil takes 0 or 1", value)
		}
		if (value == 1) != pt.Invert {
			return []uint16{0xFF00}, nil
		}
		return []uint16{0}, nil
	case len(pt.Enum) > 0:
		if _, known := pt.Enum[int64(value)]; !known || value != math.Trunc(value) {
			return nil, fmt.Errorf("the value %g is not one of its codes", value)
		}
	}
	return pt.registers((value - pt.Offset) / pt.scale())
}

func (pt *Point) registers(raw float64) ([]uint16, error) {
	if pt.Type == Float32 {
		return split32(math.Float32bits(float32(raw)), pt.Order), nil
	}
	raw = math.Round(raw)
	limits := map[Type][2]float64{U16: {0, math.MaxUint16}, S16: {math.MinInt16, math.MaxInt16},
		U32: {0, math.MaxUint32}, S32: {math.MinInt32, math.MaxInt32}}
	lim, ok := limits[pt.Type]
	if !ok || raw < lim[0] || raw > lim[1] {
		return nil, fmt.Errorf("%g does not fit %s", raw, pt.Type)
	}
	u := uint32(int64(raw))
	if pt.Type.words() == 2 {
		return split32(u, pt.Order), nil
	}
	return []uint16{swap16(uint16(u), pt.Order == OrderBA)}, nil
}

func split32(u uint32, o Order) []uint16 {
	first, second := uint16(u>>16), uint16(u)
	if o == OrderCDAB || o == OrderDCBA {
		first, second = second, first
	}
	swapBytes := o == OrderBADC || o == OrderDCBA
	return []uint16{swap16(first, swapBytes), swap16(second, swapBytes)}
}
