// Package profile is the description of a device as data: which points it has, where
// each stands in its register map, and how raw words become readings with a quality.
//
// Everything here is a function of its arguments; the wire is elsewhere. A profile is
// read with [Parse] (one file) or [Load] (a folder), planned into transactions with
// [Profile.Plan], decoded with [Profile.Decode] and written through [Profile.Encode],
// which is the only way from a value to a write and knows the forbidden ranges.
package profile

import (
	"fmt"
	"time"

	"anlan/contract"
)

// Library holds profiles by their id.
type Library map[string]*Profile

// Protocols a profile may name.
const (
	ProtocolModbus = "modbus"
	ProtocolPN532  = "pn532"
)

// Profile describes one kind of device.
type Profile struct {
	ID           string        `yaml:"id,required"`
	Vendor       string        `yaml:"vendor,required"`
	Model        string        `yaml:"model,required"`
	Source       string        `yaml:"source,required"` // the document the facts come from
	Verified     bool          `yaml:"verified"`        // proved on the hardware itself
	Name         contract.Text `yaml:"name,required"`
	Protocol     string        `yaml:"protocol,required"`
	Notes        []string      `yaml:"notes"` // what is not verified, what to check on site
	Timing       Timing        `yaml:"timing"`
	MaxRegisters int           `yaml:"max_registers"` // per request, 1..125; 0 = 125
	MaxBits      int           `yaml:"max_bits"`      // per request, 1..2000; 0 = 2000
	Dialect      Dialect       `yaml:"dialect"`       // how the device departs from Modbus framing
	InFlight     int           `yaml:"in_flight"`     // TCP transactions it takes at once, 1..16; 0 = 1
	Forbidden    []Range       `yaml:"forbidden"`     // never read across, never written
	Points       []Point       `yaml:"-"`             // repeats are already expanded
}

// Dialect is a departure from standard Modbus framing.
type Dialect string

// Dialects. [Standard] is none.
const (
	Standard Dialect = ""
	// Monarch answers a read with a byte count of two bytes, and refuses in 8 bytes:
	// unit, function, 0x80 0x01, a code of two bytes, CRC.
	Monarch Dialect = "monarch"
)

// Timing is what the manual says of the device's pace; zero means unsaid.
type Timing struct {
	ReactionMax time.Duration `yaml:"reaction_max"` // slowest documented start of an answer
	Pause       time.Duration `yaml:"pause"`        // silence the device needs before the next request
	MaxLatency  time.Duration `yaml:"max_latency"`  // after this no answer can come any more
	Timeout     time.Duration `yaml:"timeout"`      // ceiling for the adaptive time-out
}

// Defaults of [Timing].
const (
	DefaultTimeout    = 300 * time.Millisecond
	DefaultMaxLatency = 500 * time.Millisecond
)

// Filled is t with the defaults in place of zeros.
func (t Timing) Filled() Timing {
	if t.Timeout == 0 {
		t.Timeout = max(DefaultTimeout, 2*t.ReactionMax)
	}
	if t.MaxLatency == 0 {
		t.MaxLatency = max(DefaultMaxLatency, t.Timeout)
	}
	return t
}

// Table is one of the four Modbus address spaces.
type Table string

// Tables.
const (
	Coil     Table = "coil"
	Discrete Table = "discrete"
	Input    Table = "input"
	Holding  Table = "holding"
)

// Bits reports whether the table holds single bits.
func (t Table) Bits() bool { return t == Coil || t == Discrete }

// Range is a run of addresses, both ends included.
type Range struct {
	Table Table  `yaml:"table,required"`
	From  uint16 `yaml:"from,required"`
	To    uint16 `yaml:"to,required"`
	Why   string `yaml:"why,required"`
}

func (r Range) touches(t Table, from, to int) bool {
	return r.Table == t && from <= int(r.To) && to >= int(r.From)
}

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
)

// words is how many addresses the type takes.
func (t Type) words() int {
	if t == U32 || t == S32 || t == Float32 {
		return 2
	}
	return 1
}

// Order is the order of bytes on the wire, A being the most significant byte of the
// value. "" is the standard one: ab, abcd.
type Order string

// Orders.
const (
	OrderAB   Order = "ab"
	OrderBA   Order = "ba"
	OrderABCD Order = "abcd"
	OrderBADC Order = "badc"
	OrderCDAB Order = "cdab"
	OrderDCBA Order = "dcba"
)

// Point is one value of the device.
//
// The value is ((raw >> Shift) & Mask) * Scale + Offset, divided by the value of
// DivisorPoint where there is one; Invert turns a bit round.
type Point struct {
	Name     string                  `yaml:"name,required"`
	Title    contract.Text           `yaml:"title,required"`
	Unit     contract.Unit           `yaml:"unit"`
	Decimals int                     `yaml:"decimals"`
	Enum     map[int64]contract.Text `yaml:"enum"`
	Alarm    bool                    `yaml:"alarm"`      // alarms depend on it: read first and most often
	Writable bool                    `yaml:"writable"`   //
	NoRead   bool                    `yaml:"write_only"` // not part of any group
	Min      *float64                `yaml:"min"`        // outside is bad:out_of_range
	Max      *float64                `yaml:"max"`

	Table   Table  `yaml:"table"`
	Address uint16 `yaml:"address"` // on the wire, from 0
	Doc     string `yaml:"doc"`     // the address as the document writes it
	Type    Type   `yaml:"type"`
	Order   Order  `yaml:"order"`

	Mask         uint32    `yaml:"mask"`
	Shift        uint8     `yaml:"shift"`
	Invert       bool      `yaml:"invert"`
	Scale        float64   `yaml:"scale"` // 0 = 1
	Offset       float64   `yaml:"offset"`
	DivisorPoint string    `yaml:"divisor_point"`
	BadWhen      []BadWhen `yaml:"bad_when"`

	// WriteValue is the word that does it (234 for a reset): only the value 1 can be
	// written to such a point.
	WriteValue *uint16 `yaml:"write_value"`
	// WriteTick makes the point a bounded pulse: a value in seconds goes out as that
	// many ticks, raw, also on a coil, where the standard knows only on and off.
	WriteTick time.Duration `yaml:"write_tick"`
	// WriteMultiple uses the multiple-write functions for a single address.
	WriteMultiple bool `yaml:"write_multiple"`
}

// BadWhen says which raw value makes a point's quality bad: a sentinel of its own or a
// fault flag beside it. The raw value is taken after Shift and Mask.
type BadWhen struct {
	Point   string            `yaml:"point"`   // "" = this point
	Equals  []int64           `yaml:"equals"`  // bad when one of these
	Not     []int64           `yaml:"not"`     // bad when none of these
	Quality *contract.Quality `yaml:"quality"` // default bad:sensor_fault
}

// Point finds a point by name.
func (p *Profile) Point(name string) (Point, bool) {
	for i := range p.Points {
		if p.Points[i].Name == name {
			return p.Points[i], true
		}
	}
	return Point{}, false
}

// Limit is the most addresses one request may ask of the table.
func (p *Profile) Limit(t Table) int {
	if t.Bits() {
		if p.MaxBits > 0 {
			return p.MaxBits
		}
		return 2000
	}
	if p.MaxRegisters > 0 {
		return p.MaxRegisters
	}
	return 125
}

// forbids returns the range that from..to touches.
func (p *Profile) forbids(t Table, from, to int) (Range, bool) {
	for _, r := range p.Forbidden {
		if r.touches(t, from, to) {
			return r, true
		}
	}
	return Range{}, false
}

func (r Range) String() string {
	return fmt.Sprintf("%s 0x%04X-0x%04X (%s)", r.Table, r.From, r.To, r.Why)
}

func (pt *Point) last() int { return int(pt.Address) + pt.Type.words() - 1 }

// needs lists the points that must be read together with pt.
func (pt *Point) needs() []string {
	var out []string
	if pt.DivisorPoint != "" {
		out = append(out, pt.DivisorPoint)
	}
	for _, b := range pt.BadWhen {
		if b.Point != "" && b.Point != pt.Name {
			out = append(out, b.Point)
		}
	}
	return out
}
