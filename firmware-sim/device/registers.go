package device

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Map is a device given as data: tables of values, what it refuses, and names for what
// can be seen and set from outside.
type Map struct {
	Holding  []Run `yaml:"holding"`
	Input    []Run `yaml:"input"`
	Coils    []Run `yaml:"coils"`
	Discrete []Run `yaml:"discrete"`
	// Refuse lists ranges within the tables that answer exception 2 all the same.
	Refuse []Hole `yaml:"refuse"`
	// ReadOnly lists ranges that can not be written: exception 2.
	ReadOnly []Hole `yaml:"read_only"`
	// MaxRead is the most registers of one request; more is exception 3. 0 is 125.
	MaxRead  int               `yaml:"max_read"`
	Identity map[string]string `yaml:"identity"` // vendor, product, revision, url, name, model, application
	Values   map[string]Place  `yaml:"values"`
}

// Run is consecutive entries of a table: the values, or count times value.
type Run struct {
	At     uint16   `yaml:"at,required"`
	Values []uint16 `yaml:"values"`
	Count  int      `yaml:"count"`
	Value  uint16   `yaml:"value"`
}

// Hole is a range of a table.
type Hole struct {
	Table Table  `yaml:"table,required"`
	At    uint16 `yaml:"at,required"`
	Count int    `yaml:"count"` // 0 is 1
}

// Place is where a named value lies.
type Place struct {
	Table Table   `yaml:"table,required"`
	At    uint16  `yaml:"at,required"`
	Type  Type    `yaml:"type"`  // of a register: uint16 (default), int16, uint32, int32, float32, bit0 to bit15
	Words string  `yaml:"words"` // of 32 bits: "high-first" (default) or "low-first"
	Scale float64 `yaml:"scale"` // value = raw × scale; 0 is 1
	Unit  string  `yaml:"unit"`
}

// Table is one of the four Modbus tables.
type Table string

// Tables.
const (
	Holding  Table = "holding"
	Input    Table = "input"
	Coils    Table = "coils"
	Discrete Table = "discrete"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Table) UnmarshalText(b []byte) error {
	*t = Table(b)
	if !slices.Contains([]Table{Holding, Input, Coils, Discrete}, *t) {
		return fmt.Errorf("holding, input, coils or discrete")
	}
	return nil
}

// Type is how a value lies in registers.
type Type string

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Type) UnmarshalText(b []byte) error {
	*t = Type(b)
	if _, ok := t.bit(); ok || slices.Contains([]Type{"uint16", "int16", "uint32", "int32", "float32"}, *t) {
		return nil
	}
	return fmt.Errorf("uint16, int16, uint32, int32, float32, or bit0 to bit15")
}

func (t Type) bit() (int, bool) {
	n, ok := strings.CutPrefix(string(t), "bit")
	i := slices.Index(strings.Fields("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"), n)
	return i, ok && i >= 0
}

func (t Type) words() int {
	if strings.HasSuffix(string(t), "32") {
		return 2
	}
	return 1
}

var objectIDs = map[string]byte{"vendor": 0, "product": 1, "revision": 2, "url": 3, "name": 4, "model": 5, "application": 6}

// Mapped is a device made from a [Map].
type Mapped struct {
	spec     Map
	tables   map[Table]map[uint16]uint16
	refused  map[Table]map[uint16]bool
	readOnly map[Table]map[uint16]bool
	names    []string
}

// Mistake is one thing wrong in a [Map]: Path is where, "values.smoke.at".
type Mistake struct{ Path, Found, Want string }

// NewMapped makes the device, or tells everything that is wrong.
func NewMapped(m Map) (*Mapped, []Mistake) {
	d := &Mapped{spec: m, tables: map[Table]map[uint16]uint16{}, refused: holes(m.Refuse), readOnly: holes(m.ReadOnly)}
	var wrong []Mistake
	for _, t := range []struct {
		table Table
		runs  []Run
	}{{Holding, m.Holding}, {Input, m.Input}, {Coils, m.Coils}, {Discrete, m.Discrete}} {
		d.tables[t.table] = map[uint16]uint16{}
		for i, r := range t.runs {
			wrong = append(wrong, d.fill(t.table, fmt.Sprintf("%s[%d]", t.table, i), r)...)
		}
	}
	if m.MaxRead < 0 || m.MaxRead > 125 {
		wrong = append(wrong, Mistake{"max_read", fmt.Sprint(m.MaxRead), "1 to 125, or nothing"})
	}
	for key := range m.Identity {
		if _, ok := objectIDs[key]; !ok {
			wrong = append(wrong, Mistake{"identity." + key, fmt.Sprintf("%q", key), "vendor, product, revision, url, name, model or application"})
		}
	}
	for name, p := range m.Values {
		d.names = append(d.names, name)
		wrong = append(wrong, d.check("values."+name, p)...)
	}
	slices.Sort(d.names)
	return d, wrong
}

func (d *Mapped) fill(t Table, path string, r Run) []Mistake {
	values := r.Values
	if len(values) == 0 {
		values = slices.Repeat([]uint16{r.Value}, max(1, min(r.Count, 1<<16)))
	} else if r.Count != 0 || r.Value != 0 {
		return []Mistake{{path, "values and count or value", "one way of the two"}}
	}
	if int(r.At)+len(values) > 1<<16 {
		return []Mistake{{path, fmt.Sprintf("%d entries at %d", len(values), r.At), "no address above 65535"}}
	}
	for i, v := range values {
		at := r.At + uint16(i)
		if _, twice := d.tables[t][at]; twice {
			return []Mistake{{path, fmt.Sprintf("address %d a second time", at), "each address once"}}
		}
		if (t == Coils || t == Discrete) && v > 1 {
			return []Mistake{{path, fmt.Sprint(v), "0 or 1"}}
		}
		d.tables[t][at] = v
	}
	return nil
}

func (d *Mapped) check(path string, p Place) []Mistake {
	var wrong []Mistake
	for i := range p.Type.words() {
		if _, ok := d.tables[p.Table][p.At+uint16(i)]; !ok {
			wrong = append(wrong, Mistake{path + ".at", fmt.Sprintf("%s %d, which has no value", p.Table, int(p.At)+i), "an address of the table"})
		}
	}
	if p.Words != "" && p.Words != "high-first" && p.Words != "low-first" {
		wrong = append(wrong, Mistake{path + ".words", fmt.Sprintf("%q", p.Words), "high-first or low-first"})
	}
	if p.Type != "" && (p.Table == Coils || p.Table == Discrete) {
		wrong = append(wrong, Mistake{path + ".type", string(p.Type), "no type: a coil or discrete input is one bit"})
	}
	return wrong
}

func holes(list []Hole) map[Table]map[uint16]bool {
	out := map[Table]map[uint16]bool{Holding: {}, Input: {}, Coils: {}, Discrete: {}}
	for _, h := range list {
		for i := range min(max(1, h.Count), 1<<16) {
			out[h.Table][h.At+uint16(i)] = true
		}
	}
	return out
}

func (d *Mapped) read(t Table, addr, n uint16) ([]uint16, byte) {
	if len(d.tables[t]) == 0 {
		return nil, illegalFunction
	}
	out := make([]uint16, n)
	for i := range out {
		at := addr + uint16(i)
		v, ok := d.tables[t][at]
		if !ok || d.refused[t][at] {
			return nil, illegalAddress
		}
		out[i] = v
	}
	return out, 0
}

func (d *Mapped) write(t Table, addr, v uint16) byte {
	if len(d.tables[t]) == 0 {
		return illegalFunction
	}
	if _, ok := d.tables[t][addr]; !ok || d.refused[t][addr] || d.readOnly[t][addr] {
		return illegalAddress
	}
	d.tables[t][addr] = v
	return 0
}

// Bits implements [Memory].
func (d *Mapped) Bits(discrete bool, addr, n uint16) ([]bool, byte) {
	t := Coils
	if discrete {
		t = Discrete
	}
	words, code := d.read(t, addr, n)
	bits := make([]bool, len(words))
	for i, w := range words {
		bits[i] = w != 0
	}
	return bits, code
}

// Registers implements [Memory].
func (d *Mapped) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if d.spec.MaxRead > 0 && int(n) > d.spec.MaxRead {
		return nil, illegalValue
	}
	if input {
		return d.read(Input, addr, n)
	}
	return d.read(Holding, addr, n)
}

// SetCoil implements [Memory].
func (d *Mapped) SetCoil(addr uint16, on bool) byte { return d.write(Coils, addr, bit(on, 0)) }

// SetRegister implements [Memory].
func (d *Mapped) SetRegister(addr, v uint16) byte { return d.write(Holding, addr, v) }

// Identity implements [Identified].
func (d *Mapped) Identity() []Object {
	var out []Object
	for key, text := range d.spec.Identity {
		out = append(out, Object{objectIDs[key], text})
	}
	slices.SortFunc(out, func(a, b Object) int { return int(a.ID) - int(b.ID) })
	return out
}

// Knobs implements [Adjustable].
func (d *Mapped) Knobs() []Knob {
	out := make([]Knob, len(d.names))
	for i, name := range d.names {
		p := d.spec.Values[name]
		lo, hi := p.span()
		out[i] = Knob{name, p.Unit, lo, hi, func() float64 { return d.get(p) }, func(v float64) { d.set(p, v) }, p.flag()}
	}
	return out
}

func (p Place) scale() float64 {
	if p.Scale == 0 {
		return 1
	}
	return p.Scale
}

// flag reports whether the value is one bit.
func (p Place) flag() bool {
	_, ok := p.Type.bit()
	return ok || p.Table == Coils || p.Table == Discrete
}

// span is the range of values the place can hold.
func (p Place) span() (lo, hi float64) {
	if p.flag() {
		return 0, 1
	}
	switch p.Type {
	case "int16":
		lo, hi = math.MinInt16, math.MaxInt16
	case "uint32":
		lo, hi = 0, math.MaxUint32
	case "int32":
		lo, hi = math.MinInt32, math.MaxInt32
	case "float32":
		lo, hi = -math.MaxFloat32, math.MaxFloat32
	default:
		lo, hi = 0, math.MaxUint16
	}
	a, b := lo*p.scale(), hi*p.scale()
	return min(a, b), max(a, b)
}

func (d *Mapped) get(p Place) float64 {
	at := func(i uint16) uint16 { return d.tables[p.Table][p.At+i] }
	if b, ok := p.Type.bit(); ok {
		return float64(at(0) >> b & 1)
	}
	raw := float64(at(0))
	if p.Type == "int16" {
		raw = float64(int16(at(0)))
	}
	if p.Type.words() == 2 {
		hi, lo := at(0), at(1)
		if p.Words == "low-first" {
			hi, lo = lo, hi
		}
		switch v := uint32(hi)<<16 | uint32(lo); p.Type {
		case "float32":
			raw = float64(math.Float32frombits(v))
		case "int32":
			raw = float64(int32(v))
		default:
			raw = float64(v)
		}
	}
	return raw * p.scale()
}

func (d *Mapped) set(p Place, v float64) {
	table := d.tables[p.Table]
	if b, ok := p.Type.bit(); ok {
		table[p.At] = table[p.At]&^(1<<b) | bit(v != 0, b)
		return
	}
	raw := v / p.scale()
	if p.Type.words() == 1 {
		table[p.At] = uint16(int64(math.Round(raw)))
		return
	}
	bits := uint32(int64(math.Round(raw)))
	if p.Type == "float32" {
		bits = math.Float32bits(float32(raw))
	}
	hi, lo := uint16(bits>>16), uint16(bits)
	if p.Words == "low-first" {
		hi, lo = lo, hi
	}
	table[p.At], table[p.At+1] = hi, lo
}
