package profile

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"anlan/contract"
)

// place checks name, table, type, order and address of a point.
func (c *checker) place(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if !contract.ValidID(pt.Name) && pt.Name != "" {
		c.add(path+".name", strconv.Quote(pt.Name), "lower-case letters, digits, - and _, starting with a letter")
	}
	for j := range i {
		if c.p.Points[j].Name == pt.Name && pt.Name != "" {
			c.add(path+".name", strconv.Quote(pt.Name)+" a second time", "each name once")
		}
	}
	if pt.Title.ZH == "" {
		c.add(path+".title", "no zh", "a title in zh")
	}
	if !slices.Contains(tables, pt.Table) {
		c.add(path+".table", strconv.Quote(string(pt.Table)), wantTable)
		return
	}
	switch {
	case !slices.Contains(types, pt.Type):
		c.add(path+".type", strconv.Quote(string(pt.Type)), "bit, u16, s16, u32, s32 or f32")
		return
	case pt.Table.Bits() && pt.Type != Bit:
		c.add(path+".type", strconv.Quote(string(pt.Type)), "bit, as the table holds bits")
	}
	orders := orders16
	if pt.Type.words() == 2 {
		orders = orders32
	}
	if !slices.Contains(orders, pt.Order) {
		c.add(path+".order", strconv.Quote(string(pt.Order)), fmt.Sprintf("one of %q", orders[1:]))
	}
	if pt.last() > 65535 {
		c.add(path+".address", strconv.Itoa(int(pt.Address)), "an address whose second word is still ≤ 65535")
	}
	if n := pt.Type.words(); n > c.p.Limit(pt.Table) {
		c.add(path+".type", string(pt.Type), fmt.Sprintf("at most %d registers, see max_registers", c.p.Limit(pt.Table)))
	}
	if r, hit := c.p.forbids(pt.Table, int(pt.Address), pt.last()); hit {
		c.add(path+".address", fmt.Sprintf("0x%04X", pt.Address), "an address outside the forbidden range "+r.String())
	}
}

// values checks how raw words become a value.
func (c *checker) values(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	width := 16 * pt.Type.words()
	if pt.Table.Bits() {
		width = 1
	}
	if int(pt.Shift) >= width {
		c.add(path+".shift", strconv.Itoa(int(pt.Shift)), fmt.Sprintf("0 to %d", width-1))
	}
	if (pt.Mask != 0 || pt.Shift != 0) && (pt.Type == Float32 || pt.Type == S16 || pt.Type == S32) {
		c.add(path+".mask", "mask or shift with "+string(pt.Type), "u16 or u32")
	}
	if pt.Mask != 0 && width < 32 && pt.Mask>>width != 0 {
		c.add(path+".mask", fmt.Sprintf("0x%X", pt.Mask), fmt.Sprintf("a mask of %d bits", width))
	}
	if pt.Invert && pt.Type != Bit {
		c.add(path+".invert", "true", "invert only with type bit")
	}
	if pt.Decimals < 0 || pt.Decimals > 6 {
		c.add(path+".decimals", strconv.Itoa(pt.Decimals), "0 to 6")
	}
	if pt.Min != nil && pt.Max != nil && *pt.Min > *pt.Max {
		c.add(path+".min", strconv.FormatFloat(*pt.Min, 'g', -1, 64), "min ≤ max")
	}
	for code, t := range pt.Enum {
		if t.ZH == "" {
			c.add(path+".enum."+strconv.FormatInt(code, 10), "no zh", "a text in zh")
		}
	}
	if len(pt.Enum) > 0 && (pt.scale() != 1 || pt.Offset != 0 || pt.DivisorPoint != "") {
		c.add(path+".enum", "an enum that is scaled", "scale, offset or divisor_point, or an enum")
	}
	for j, b := range pt.BadWhen {
		at := path + ".bad_when[" + strconv.Itoa(j) + "]"
		if (len(b.Equals) == 0) == (len(b.Not) == 0) {
			c.add(at, "both or neither of equals and not", "one of them")
		}
		if b.Quality != nil && b.Quality.IsGood() {
			c.add(at+".quality", b.Quality.String(), "a quality that is not good")
		}
	}
}

// writing checks what can be driven.
func (c *checker) writing(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if !pt.Writable {
		switch {
		case pt.NoRead:
			c.add(path+".write_only", "true", "writable: true as well")
		case pt.WriteValue != nil:
			c.add(path+".write_value", "a value to write", "writable: true as well")
		case pt.WriteTick != 0:
			c.add(path+".write_tick", pt.WriteTick.String(), "writable: true as well")
		}
		return
	}
	if pt.Table == Discrete || pt.Table == Input {
		c.add(path+".writable", "true", "a coil or holding register: the table "+string(pt.Table)+" can only be read")
	}
	if pt.Table == Holding && (pt.Mask != 0 || pt.Shift != 0 || pt.Type == Bit) {
		c.add(path+".writable", "true", "a whole register: writing part of one would touch its other bits")
	}
	if pt.DivisorPoint != "" {
		c.add(path+".writable", "true", "a fixed scale: the divisor is known only when reading")
	}
	if pt.WriteTick != 0 && (pt.WriteTick < time.Millisecond || pt.WriteValue != nil || !pt.NoRead) {
		c.add(path+".write_tick", pt.WriteTick.String(), "1ms or more, write_only, without write_value")
	}
}

// needs checks that points read together can be.
func (c *checker) needs() {
	for i := range c.p.Points {
		pt, path := &c.p.Points[i], c.paths[i]
		for _, name := range pt.needs() {
			other, ok := c.p.Point(name)
			switch {
			case !ok:
				c.add(path, "a reference to "+strconv.Quote(name), "the name of a point in this profile")
			case other.NoRead || pt.NoRead:
				c.add(path, "a reference between points that are not both read", "points that are read")
			case other.Table != pt.Table:
				c.add(path, "a reference to "+strconv.Quote(name)+" in table "+string(other.Table), "a point of the same table, as both must come in one answer")
			case name == pt.DivisorPoint && other.DivisorPoint != "":
				c.add(path+".divisor_point", strconv.Quote(name), "a point without a divisor of its own")
			}
		}
	}
	if len(c.problems) > 0 {
		return
	}
	for _, a := range c.p.atoms() {
		path := c.paths[a.points[0]]
		if n := a.to - a.from + 1; n > c.p.Limit(a.table) {
			c.add(path, fmt.Sprintf("%d addresses that must come in one answer", n), fmt.Sprintf("at most %d", c.p.Limit(a.table)))
		}
		if r, hit := c.p.forbids(a.table, a.from, a.to); hit {
			c.add(path, "points that must come in one answer, on both sides of "+r.String(), "points on one side")
		}
	}
}

// overlaps finds points that share part of their registers without being bit fields of
// the same ones: nearly always a wrong address.
func (c *checker) overlaps() {
	for i := range c.p.Points {
		a := &c.p.Points[i]
		for j := range i {
			b := &c.p.Points[j]
			if a.Table != b.Table || a.last() < int(b.Address) || b.last() < int(a.Address) {
				continue
			}
			if a.Address == b.Address && a.Type.words() == b.Type.words() && (a.NoRead != b.NoRead || a.field() && b.field()) {
				continue
			}
			c.add(c.paths[i]+".address", fmt.Sprintf("0x%04X of %q, which %q already uses", a.Address, a.Name, b.Name), "addresses of its own, or mask and shift in both")
		}
	}
}

// field reports whether the point is only part of its register.
func (pt *Point) field() bool {
	return !pt.Table.Bits() && (pt.Mask != 0 || pt.Shift != 0 || pt.Type == Bit)
}
