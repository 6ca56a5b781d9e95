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

// Protocols a profile may name, with those of tap.go. Only the points of a Modbus profile
// stand in tables; a driver of another protocol knows by itself where its points are.
const (
	ProtocolModbus = "modbus"
	ProtocolPN532  = "pn532"
	ProtocolDCON   = "dcon" // Advantech ADAM-4000 and its likes, see drivers/blueprint
)

var protocols = []string{ProtocolModbus, ProtocolPN532, ProtocolRDM6300, ProtocolYHY522, ProtocolPanelCRT, ProtocolPanelPrinter, ProtocolDCON}

// Profile describes one kind of device.
type Profile struct {
	ID           string        `yaml:"id,required"`
	Vendor       string        `yaml:"vendor,required"`
	Model        string        `yaml:"model,required"`
	Firmware     string        `yaml:"firmware"`        // which versions the map is of; another map is another profile
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
	Tap          Tap           `yaml:"tap"`           // how a fire panel that is only listened to is understood
	DocBase      DocBase       `yaml:"doc_base"`      // how the document counts; then every doc is held against its address
	Private      []Private     `yaml:"private_functions"`
	Forbidden    []Range       `yaml:"forbidden"` // never read across, never written
	Points       []Point       `yaml:"-"`         // repeats are already expanded
}

// Private is a function code of the maker's own: known, and not spoken by any driver.
type Private struct {
	Code uint8  `yaml:"code,required"`
	What string `yaml:"what,required"`
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

// Range is a run of addresses, both ends included, that are left alone.
type Range struct {
	Table  Table  `yaml:"table,required"`
	From   uint16 `yaml:"from,required"`
	To     uint16 `yaml:"to,required"`
	Access Access `yaml:"access"` // what is forbidden; "" is both
	Why    string `yaml:"why,required"`
}

// Access is what a [Range] forbids.
type Access string

// Accesses. Where only writing is forbidden a merged read may still span the range.
const (
	ReadWrite Access = ""
	ReadOnly  Access = "read"  // must not be read, may be written
	WriteOnly Access = "write" // must not be written, may be read across
)

func (r Range) touches(t Table, from, to int) bool {
	return r.Table == t && from <= int(r.To) && to >= int(r.From)
}

// Point finds a point by name.
func (p *Profile) Point(name string) (Point, bool) {
	if pt := p.find(name); pt != nil {
		return *pt, true
	}
	return Point{}, false
}

// find is [Profile.Point] without copying; nil if there is none.
func (p *Profile) find(name string) *Point {
	for i := range p.Points {
		if p.Points[i].Name == name {
			return &p.Points[i]
		}
	}
	return nil
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

// forbids returns the range that may not be read and that from..to touches.
func (p *Profile) forbids(t Table, from, to int) (Range, bool) {
	return p.forbidden(WriteOnly, t, from, to)
}

// forbidsWrite returns the range that may not be written and that from..to touches.
func (p *Profile) forbidsWrite(t Table, from, to int) (Range, bool) {
	return p.forbidden(ReadOnly, t, from, to)
}

// forbidden looks among the ranges that do not let this access pass.
func (p *Profile) forbidden(pass Access, t Table, from, to int) (Range, bool) {
	for _, r := range p.Forbidden {
		if r.Access != pass && r.touches(t, from, to) {
			return r, true
		}
	}
	return Range{}, false
}

func (r Range) String() string {
	return fmt.Sprintf("%s 0x%04X-0x%04X (%s)", r.Table, r.From, r.To, r.Why)
}
