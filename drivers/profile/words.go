package profile

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// exact is the largest whole number up to which a reading holds every one.
const exact = 1 << 53

// raw is the point's number before scaling; NaN if the words are no number of its type.
func (pt *Point) raw(g Group, b Block) float64 {
	i := int(pt.Address) - int(g.Address)
	if g.Table.Bits() {
		return bitValue(b.Bits[i] != pt.Invert)
	}
	words := b.Registers[i : i+pt.size()]
	if pt.Type == ASCII {
		return pt.code(words)
	}
	u := join(words, pt.Order)
	switch pt.Type {
	case S16:
		return float64(int16(u))
	case S32:
		return float64(int32(u))
	case S64:
		return whole(float64(int64(u)))
	case U64:
		return whole(float64(u))
	case Float32:
		return shortest(math.Float32frombits(uint32(u)))
	case Float64:
		return math.Float64frombits(u)
	case BCD16, BCD32:
		return fromBCD(u)
	case Bit:
		return bitValue((u>>pt.Shift&1 == 1) != pt.Invert)
	}
	if u >>= pt.Shift; pt.Mask != 0 {
		u &= uint64(pt.Mask)
	}
	return float64(u)
}

// code is the code of a text; NaN for one that the document does not know.
func (pt *Point) code(words []uint16) float64 {
	swap, _ := pt.Order.swaps()
	text := make([]byte, 0, 2*len(words))
	for _, w := range words {
		w = swap16(w, swap)
		text = append(text, byte(w>>8), byte(w))
	}
	if code, known := pt.Texts[strings.Trim(string(text), " \x00")]; known {
		return float64(code)
	}
	return math.NaN()
}

// shortest is f as a person would write it, so that a device's 230.2 is not shown as
// 230.199996948.
func shortest(f float32) float64 {
	var buf [32]byte
	v, err := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], float64(f), 'g', -1, 32)), 64)
	if err != nil {
		return float64(f)
	}
	return v
}

func bitValue(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// whole is v, or NaN where a reading could not tell it from its neighbours.
func whole(v float64) float64 {
	if math.Abs(v) > exact {
		return math.NaN()
	}
	return v
}

func fromBCD(u uint64) float64 {
	v, unit := 0.0, 1.0
	for ; u > 0; u >>= 4 {
		if u&0xF > 9 {
			return math.NaN()
		}
		v += float64(u&0xF) * unit
		unit *= 10
	}
	return v
}

func toBCD(n uint64) (u uint64) {
	for shift := 0; n > 0; n, shift = n/10, shift+4 {
		u |= n % 10 << shift
	}
	return u
}

func swap16(w uint16, swap bool) uint16 {
	if swap {
		return bits.ReverseBytes16(w)
	}
	return w
}

// join puts the words of a value together, the most significant byte first.
func join(words []uint16, o Order) (u uint64) {
	swapBytes, swapWords := o.swaps()
	for i := range words {
		w := words[i]
		if swapWords {
			w = words[len(words)-1-i]
		}
		u = u<<16 | uint64(swap16(w, swapBytes))
	}
	return u
}

// split is the inverse of join.
func split(u uint64, n int, o Order) []uint16 {
	swapBytes, swapWords := o.swaps()
	words := make([]uint16, n)
	for i := range words {
		at := n - 1 - i
		if swapWords {
			at = i
		}
		words[at] = swap16(uint16(u>>(16*i)), swapBytes)
	}
	return words
}

// limits are the raw numbers a type can hold.
func (t Type) limits() (lo, hi float64, ok bool) {
	switch t {
	case U16:
		return 0, math.MaxUint16, true
	case S16:
		return math.MinInt16, math.MaxInt16, true
	case U32:
		return 0, math.MaxUint32, true
	case S32:
		return math.MinInt32, math.MaxInt32, true
	case U64:
		return 0, exact, true
	case S64:
		return -exact, exact, true
	case BCD16:
		return 0, 9999, true
	case BCD32:
		return 0, 99999999, true
	}
	return 0, 0, false
}

// registers are the words that hold a raw number.
func (pt *Point) registers(raw float64) ([]uint16, error) {
	n := pt.Type.words()
	switch pt.Type {
	case Float32:
		if math.Abs(raw) > math.MaxFloat32 {
			return nil, fmt.Errorf("%g does not fit %s", raw, pt.Type)
		}
		return split(uint64(math.Float32bits(float32(raw))), n, pt.Order), nil
	case Float64:
		return split(math.Float64bits(raw), n, pt.Order), nil
	}
	raw = math.Round(raw)
	lo, hi, ok := pt.Type.limits()
	if !ok || raw < lo || raw > hi {
		return nil, fmt.Errorf("%g does not fit %s", raw, pt.Type)
	}
	u := uint64(int64(raw))
	if pt.Type == BCD16 || pt.Type == BCD32 {
		u = toBCD(u)
	}
	return split(u, n, pt.Order), nil
}
