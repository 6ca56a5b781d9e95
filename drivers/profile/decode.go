package profile

import (
	"fmt"
	"math"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// Block is the data of one transaction: bits of a bit table, or else registers.
type Block struct {
	Bits      []bool
	Registers []uint16
}

// count is how many values of a table the block has. What it has of the other kind is of
// no concern: a reader may use one block over and over.
func (b Block) count(t Table) int {
	if t.Bits() {
		return len(b.Bits)
	}
	return len(b.Registers)
}

// Decode turns the block that answered g into one reading for each of g's points.
//
// A point that the device calls faulty, whose raw value is a sentinel, or that is
// outside its range, has a bad quality, and then Value is 0 and At zero: the block
// gives no value to believe. Checked is always at. The error wraps
// [drivers.ErrCorrupt] when the block's size is not that of g.
func (p *Profile) Decode(device contract.DeviceID, g Group, b Block, at time.Time) ([]contract.Reading, error) {
	if n := b.count(g.Table); n != g.Count {
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
	raw := pt.raw(g, b)
	quality := p.judge(pt, raw, g, b)
	if quality.IsBad() {
		return 0, quality
	}
	v := raw*pt.scale() + pt.Offset
	if pt.DivisorPoint != "" {
		div, q := p.beside(pt.DivisorPoint, g, b)
		if q.IsBad() || div == 0 {
			return 0, contract.SensorFault // the device gives a value without its scale
		}
		v /= div
	}
	if pt.ScaleBy != nil {
		code, q := p.beside(pt.ScaleBy.Point, g, b)
		factor, known := pt.ScaleBy.Factors[int64(code)]
		if q.IsBad() || !known {
			return 0, contract.SensorFault
		}
		v *= factor
	}
	v = tidy(v)
	if math.IsNaN(v) || math.IsInf(v, 0) || pt.Min != nil && v < *pt.Min || pt.Max != nil && v > *pt.Max {
		return 0, contract.OutOfRange
	}
	if len(pt.Enum) > 0 {
		if _, known := pt.Enum[int64(v)]; !known || v != math.Trunc(v) {
			return 0, contract.OutOfRange // a state the document does not know is not "normal"
		}
	}
	return v, quality
}

// judge is the quality that sentinels and fault flags leave.
func (p *Profile) judge(pt *Point, raw float64, g Group, b Block) contract.Quality {
	quality := contract.Good
	for _, bad := range pt.BadWhen {
		if among(raw, bad.Unless) {
			continue
		}
		code := raw
		if bad.Point != "" && bad.Point != pt.Name {
			other := p.find(bad.Point)
			if other == nil {
				return contract.SensorFault
			}
			code = other.raw(g, b)
		}
		if among(code, bad.Equals) || len(bad.Not) > 0 && !among(code, bad.Not) {
			q := contract.SensorFault
			if bad.Quality != nil {
				q = *bad.Quality
			}
			if q.IsBad() {
				return q
			}
			quality = q
		}
	}
	return quality
}

// beside is the value of a point that another one needs.
func (p *Profile) beside(name string, g Group, b Block) (float64, contract.Quality) {
	pt := p.find(name)
	if pt == nil {
		return 0, contract.SensorFault
	}
	return p.value(pt, g, b)
}

func among(raw float64, codes []int64) bool {
	return slices.ContainsFunc(codes, func(c int64) bool { return float64(c) == raw })
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
