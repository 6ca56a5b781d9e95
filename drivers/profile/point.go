package profile

import (
	"time"

	"anlan/contract"
)

// Type is how the raw words of a point are read.
type Type string

// Types. A point in a bit table is always a Bit; in a register table Bit means one bit
// of a register, chosen with Shift.
const (
	Bit     Type = "bit"
	U16     Type = "u16"
	S16     Type = "s16"
	U32     Type = "u32"
	S32     Type = "s32"
	Float32 Type = "f32"
	U64     Type = "u64" // beyond 2^53 is bad:out_of_range, as a reading could not hold it
	S64     Type = "s64"
	Float64 Type = "f64"
	BCD16   Type = "bcd16" // four decimal digits; a digit above 9 is bad:out_of_range
	BCD32   Type = "bcd32" // eight
	// ASCII is a short text of Words registers, two characters each. A reading is a
	// number, so the texts that the document knows become codes, see [Point.Texts].
	ASCII Type = "ascii"
)

var types = []Type{Bit, U16, S16, U32, S32, Float32, U64, S64, Float64, BCD16, BCD32, ASCII}

// words is how many addresses the type takes; a text takes [Point.Words].
func (t Type) words() int {
	switch t {
	case U32, S32, Float32, BCD32:
		return 2
	case U64, S64, Float64:
		return 4
	}
	return 1
}

// Order is the order of bytes on the wire, A being the most significant byte of the
// value. "" is the standard one: ab, abcd, abcdefgh.
type Order string

// Orders. A text knows ab and ba: which character of a register comes first.
const (
	OrderAB       Order = "ab"
	OrderBA       Order = "ba"
	OrderABCD     Order = "abcd"
	OrderBADC     Order = "badc"
	OrderCDAB     Order = "cdab"
	OrderDCBA     Order = "dcba"
	OrderABCDEFGH Order = "abcdefgh"
	OrderBADCFEHG Order = "badcfehg"
	OrderGHEFCDAB Order = "ghefcdab"
	OrderHGFEDCBA Order = "hgfedcba"
)

// orders lists the orders of a type with that many words.
func orders(words int) []Order {
	switch words {
	case 2:
		return []Order{OrderABCD, OrderBADC, OrderCDAB, OrderDCBA}
	case 4:
		return []Order{OrderABCDEFGH, OrderBADCFEHG, OrderGHEFCDAB, OrderHGFEDCBA}
	}
	return []Order{OrderAB, OrderBA}
}

// swaps tells how an order departs from the standard one.
func (o Order) swaps() (bytes, words bool) {
	switch o {
	case OrderBA, OrderBADC, OrderBADCFEHG:
		return true, false
	case OrderCDAB, OrderGHEFCDAB:
		return false, true
	case OrderDCBA, OrderHGFEDCBA:
		return true, true
	}
	return false, false
}

// Point is one value of the device.
//
// The value is ((raw >> Shift) & Mask) * Scale + Offset, divided by the value of
// DivisorPoint or multiplied by the factor of ScaleBy where there is one; Invert turns a
// bit round.
type Point struct {
	Name     string                  `yaml:"name,required"`
	Title    contract.Text           `yaml:"title,required"`
	Unit     contract.Unit           `yaml:"unit"`
	Decimals int                     `yaml:"decimals"`
	Enum     map[int64]contract.Text `yaml:"enum"`
	Alarm    bool                    `yaml:"alarm"`      // alarms depend on it: read first and most often
	DetailOf string                  `yaml:"detail_of"`  // read when that point has changed, seldom otherwise
	Latched  bool                    `yaml:"latched"`    // stays set after its cause is gone
	ResetBy  string                  `yaml:"reset_by"`   // the point whose writing clears it; "" with latched: by hand at the device
	Writable bool                    `yaml:"writable"`   //
	NoRead   bool                    `yaml:"write_only"` // not part of any group
	Min      *float64                `yaml:"min"`        // outside is bad:out_of_range
	Max      *float64                `yaml:"max"`

	Table   Table  `yaml:"table"`
	Address uint16 `yaml:"address"` // on the wire, from 0
	Doc     string `yaml:"doc"`     // the address as the document writes it, see [DocBase]
	Type    Type   `yaml:"type"`
	Order   Order  `yaml:"order"`
	Words   int    `yaml:"words"` // registers of a text

	Mask         uint32           `yaml:"mask"`
	Shift        uint8            `yaml:"shift"`
	Invert       bool             `yaml:"invert"`
	Scale        float64          `yaml:"scale"` // 0 = 1
	Offset       float64          `yaml:"offset"`
	DivisorPoint string           `yaml:"divisor_point"`
	ScaleBy      *ScaleBy         `yaml:"scale_by"`
	Texts        map[string]int64 `yaml:"texts"` // of a text: the code of each that is known
	BadWhen      []BadWhen        `yaml:"bad_when"`
	Acknowledge  *Acknowledge     `yaml:"acknowledge"`

	// WriteValue is the word that does it (234 for a reset): only the value 1 can be
	// written to such a point.
	WriteValue *uint16 `yaml:"write_value"`
	// Trigger says that writing 1 does it and writing 0 does nothing, neither cancels
	// nor reverts: only the value 1 can be written.
	Trigger bool `yaml:"trigger"`
	// WriteTick makes the point a bounded pulse: a value in seconds goes out as that
	// many ticks, raw, also on a coil, where the standard knows only on and off.
	WriteTick time.Duration `yaml:"write_tick"`
	// WriteMultiple uses the multiple-write functions for a single address.
	WriteMultiple bool `yaml:"write_multiple"`
	// WriteBefore and WriteAfter are the words that have to stand in front of and behind
	// the value in one function 16 (a safety code, say).
	WriteBefore []uint16 `yaml:"write_before"`
	WriteAfter  []uint16 `yaml:"write_after"`
}

// BadWhen says which raw value makes a point's quality bad: a sentinel of its own or a
// fault flag beside it. The raw value is taken after Shift and Mask. bad:sensor_fault,
// the default, is also what "not present" is: there is no sensor to believe.
type BadWhen struct {
	Point   string            `yaml:"point"`   // "" = this point
	Equals  []int64           `yaml:"equals"`  // bad when one of these
	Not     []int64           `yaml:"not"`     // bad when none of these
	Unless  []int64           `yaml:"unless"`  // but one of these is believed all the same: a faulty sensor's alarm is an alarm
	Quality *contract.Quality `yaml:"quality"` // default bad:sensor_fault
}

// ScaleBy is a scale that is known only at run time: the factor that goes with the code
// in another point (a register of units, or of decimal places). A code without a factor
// makes the value bad.
type ScaleBy struct {
	Point   string            `yaml:"point,required"`
	Factors map[int64]float64 `yaml:"factors,required"`
}

// Acknowledge is a write that the device expects after a point was read, so that it may
// show its next value.
type Acknowledge struct {
	When  []int64 `yaml:"when"`           // raw values to acknowledge; none means every value but 0
	Point string  `yaml:"point"`          // where to; "" is the point itself
	Write uint16  `yaml:"write,required"` // the raw word, or 0 and 1 for a coil
}

// size is how many addresses the point takes.
func (pt *Point) size() int {
	if pt.Type == ASCII {
		return pt.Words
	}
	return pt.Type.words()
}

func (pt *Point) last() int { return int(pt.Address) + pt.size() - 1 }

// written is the run of addresses that a write of the point touches.
func (pt *Point) written() (from, to int) {
	return int(pt.Address) - len(pt.WriteBefore), pt.last() + len(pt.WriteAfter)
}

// needs lists the points that must be read together with pt.
func (pt *Point) needs() []string {
	var out []string
	if pt.DivisorPoint != "" {
		out = append(out, pt.DivisorPoint)
	}
	if pt.ScaleBy != nil {
		out = append(out, pt.ScaleBy.Point)
	}
	for _, b := range pt.BadWhen {
		if b.Point != "" && b.Point != pt.Name {
			out = append(out, b.Point)
		}
	}
	return out
}
