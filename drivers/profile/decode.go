package profile

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// Block is the data of one transaction: bits of a bit table or registers of another.
type Block struct {
	Bits      []bool
	Registers []uint16
}

// Decode turns the block that answered g into one reading for each of g's points.
//
// A point that the device calls faulty, whose raw value is a sentinel, or that is
// outside its range, has a bad quality, and then Value is 0 and At zero: the block
// gives no value to believe. Checked is always at. The error wraps
// [drivers.ErrCorrupt] when the block's size is not that of g.
func (p *Profile) Decode(device contract.DeviceID, g Group, b Block, at time.Time) ([]contract.Reading, error) {
	if n := max(len(b.Bits), len(b.Registers)); n != g.Count || g.Table.Bits() != (len(b.Bits) > 0) {
		return nil, fmt.Errorf("profile: decode %s: %d values for %d asked: %w", p.ID, n, g.Count, drivers.ErrCorrupt)
	}
	out := make([]contract.Reading, 0, len(g.Points))
	for _, i := range g.Points {
		pt := &p.Points[i]
		r := contract.Reading{Point: contract.NewPointID(device, pt.Name), Checked: at}
		r.Value, r.Quality = p.value(pt, g, b)
		if r.Quality.IsBad() {
			r.Value = 0
		} else {
			r.At = at
		}
		out = append(out, r)
	}
	return out, nil
}

// value decodes one point and judges it.
func (p *Profile) value(pt *Point, g Group, b Block) (float64, contract.Quality) {
	quality := contract.Good
	for _, bad := range pt.BadWhen {
		of := pt
		if bad.Point != "" && bad.Point != pt.Name {
			other, ok := p.Point(bad.Point)
			if !ok {
				return 0, contract.SensorFault
			}
			of = &other
		}
		code := int64(of.raw(g, b))
		if slices.Contains(bad.Equals, code) || len(bad.Not) > 0 && !slices.Contains(bad.Not, code) {
			q := contract.SensorFault
			if bad.Quality != nil {
				q = *bad.Quality
			}
			if q.IsBad() {
				return 0, q
			}
			quality = q
		}
	}
	v := pt.raw(g, b)*pt.scale() + pt.Offset
	if pt.DivisorPoint != "" {
		d, ok := p.Point(pt.DivisorPoint)
		if !ok {
			return 0, contract.SensorFault
		}
		div, q := p.value(&d, g, b)
		if q.IsBad() || div == 0 {
			return 0, contract.SensorFault // the device gives a value without its scale
		}
		v /= div
	}
	v = tidy(v)
	if math.IsNaN(v) || math.IsInf(v, 0) || pt.Min != nil && v < *pt.Min || pt.Max != nil && v > *pt.Max {
		return 0, contract.OutOfRange
	}
	if len(pt.Enum) > 0 {
		if _, known := pt.Enum[int64(v)]; !known {
			return 0, contract.OutOfRange // a state the document does not know is not "normal"
		}
	}
	return v, quality
}

// tidy removes the binary noise that scaling by 0.1 leaves, so that 350 tenths are 35.
func tidy(v float64) float64 {
	if r := math.Round(v*1e9) / 1e9; math.Abs(v) < 1e6 && !math.IsNaN(r) {
		return r
	}
	return v
}

func (pt *Point) scale() float64 {
	if pt.Scale == 0 {
		return 1
	}
	return pt.Scale
}

// raw is the point's number before scaling.
func (pt *Point) raw(g Group, b Block) float64 {
	i := int(pt.Address) - int(g.Address)
	if g.Table.Bits() {
		return bitValue(b.Bits[i] != pt.Invert)
	}
	u := uint32(swap16(b.Registers[i], pt.Order == OrderBA))
	if pt.Type.words() == 2 {
		u = join32(b.Registers[i], b.Registers[i+1], pt.Order)
	}
	switch pt.Type {
	case S16:
		return float64(int16(u))
	case S32:
		return float64(int32(u))
	case Float32:
		return float64(math.Float32frombits(u))
	case Bit:
		return bitValue((u>>pt.Shift&1 == 1) != pt.Invert)
	}
	u >>= pt.Shift
	if pt.Mask != 0 {
		u &= pt.Mask
	}
	return float64(u)
}

func bitValue(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

func swap16(w uint16, swap bool) uint16 {
	if swap {
		return bits.ReverseBytes16(w)
	}
	return w
}

func join32(first, second uint16, o Order) uint32 {
	swapBytes := o == OrderBADC || o == OrderDCBA
	first, second = swap16(first, swapBytes), swap16(second, swapBytes)
	if o == OrderCDAB || o == OrderDCBA {
		first, second = second, first
	}
	return uint32(first)<<16 | uint32(second)
}
