package profile

import (
	"fmt"
	"math"
	"slices"
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
	from, to := pt.written()
	if from < 0 || to > 65535 {
		return refuse("its words would stand outside the table")
	}
	if r, hit := p.forbidsWrite(pt.Table, from, to); hit {
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
	words, err := pt.encode(value)
	if err != nil {
		return refuse(err.Error())
	}
	words = slices.Concat(pt.WriteBefore, words, pt.WriteAfter)
	return Write{Table: pt.Table, Address: uint16(from), Words: words, Multiple: pt.WriteMultiple || len(words) > 1}, nil
}

func (pt *Point) encode(value float64) ([]uint16, error) {
	switch {
	case pt.WriteValue != nil:
		if value != 1 {
			return nil, fmt.Errorf("the value %g; only 1 triggers it", value)
		}
		return []uint16{*pt.WriteValue}, nil
	case pt.Trigger && value != 1:
		return nil, fmt.Errorf("the value %g; only 1 triggers it, and nothing takes it back", value)
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

// Acknowledge lists the writes that the device expects now that b, which answered g, was
// read: to be sent before the next read of these points.
func (p *Profile) Acknowledge(g Group, b Block) []Write {
	if b.count(g.Table) != g.Count {
		return nil
	}
	var out []Write
	for _, i := range g.Points {
		pt := &p.Points[i]
		if pt.Acknowledge == nil {
			continue
		}
		raw := pt.raw(g, b)
		if len(pt.Acknowledge.When) == 0 && raw == 0 || len(pt.Acknowledge.When) > 0 && !among(raw, pt.Acknowledge.When) {
			continue
		}
		w, ok := p.acknowledgement(pt)
		if ok && !slices.ContainsFunc(out, func(o Write) bool { return o.Table == w.Table && o.Address == w.Address }) {
			out = append(out, w)
		}
	}
	return out
}

// acknowledgement is the write that pt's reading is to be answered with; false if the
// profile does not allow it.
func (p *Profile) acknowledgement(pt *Point) (Write, bool) {
	to, word := pt, pt.Acknowledge.Write
	if name := pt.Acknowledge.Point; name != "" {
		if to = p.find(name); to == nil {
			return Write{}, false
		}
	}
	if to.Table == Coil && word != 0 {
		word = 0xFF00
	}
	if _, hit := p.forbidsWrite(to.Table, int(to.Address), int(to.Address)); hit || to.Table != Coil && to.Table != Holding {
		return Write{}, false
	}
	return Write{Table: to.Table, Address: to.Address, Words: []uint16{word}, Multiple: to.WriteMultiple}, true
}
