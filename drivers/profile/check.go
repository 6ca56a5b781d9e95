package profile

import (
	"fmt"
	"slices"
	"strconv"

	"anlan/contract"
)

// names checks that each point has one of its own.
func (c *checker) names() {
	seen := map[string]bool{}
	for i := range c.p.Points {
		name, path := c.p.Points[i].Name, c.paths[i]
		if !contract.ValidID(name) && name != "" {
			c.add(path+".name", strconv.Quote(name), "lower-case letters, digits, - and _, starting with a letter")
		}
		if seen[name] && name != "" {
			c.add(path+".name", strconv.Quote(name)+" a second time", "each name once")
		}
		seen[name] = true
	}
}

// shown checks what people see of a point.
func (c *checker) shown(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if pt.Title.ZH == "" {
		c.add(path+".title", "no zh", "a title in zh")
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
	if !pt.Writable && pt.NoRead {
		c.add(path+".write_only", "true", "writable: true as well")
	}
	if !pt.Latched && pt.ResetBy != "" {
		c.add(path+".reset_by", strconv.Quote(pt.ResetBy), "latched: true as well")
	}
}

// unplaced refuses what only the points of a Modbus profile have.
func (c *checker) unplaced(i int) {
	pt, path := c.p.Points[i], c.paths[i]
	pt.Type = "" // a default was put in
	for key, said := range map[string]bool{
		"table": pt.Table != "", "address": pt.Address != 0, "doc": pt.Doc != "" && !c.p.Tapped(), "order": pt.Order != "", "words": pt.Words != 0,
		"mask": pt.Mask != 0, "shift": pt.Shift != 0, "invert": pt.Invert, "scale": pt.Scale != 0, "offset": pt.Offset != 0,
		"divisor_point": pt.DivisorPoint != "", "scale_by": pt.ScaleBy != nil, "texts": len(pt.Texts) > 0, "bad_when": len(pt.BadWhen) > 0,
		"acknowledge": pt.Acknowledge != nil, "write_value": pt.WriteValue != nil, "trigger": pt.Trigger, "write_tick": pt.WriteTick != 0,
		"write_multiple": pt.WriteMultiple, "write_before": len(pt.WriteBefore) > 0, "write_after": len(pt.WriteAfter) > 0,
	} {
		if said {
			c.add(path+"."+key, "a word about Modbus", "left out: the driver of "+c.p.Protocol+" knows where its points are")
		}
	}
}

// place checks table, type, order and address of a point.
func (c *checker) place(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if !slices.Contains(tables, pt.Table) {
		c.add(path+".table", strconv.Quote(string(pt.Table)), wantTable)
		return
	}
	switch {
	case !slices.Contains(types, pt.Type):
		c.add(path+".type", strconv.Quote(string(pt.Type)), listed(types))
		return
	case pt.Table.Bits() && pt.Type != Bit:
		c.add(path+".type", strconv.Quote(string(pt.Type)), "bit, as the table holds bits")
	}
	c.text(i)
	if known := orders(pt.Type.words()); pt.Order != "" && !slices.Contains(known, pt.Order) {
		c.add(path+".order", strconv.Quote(string(pt.Order)), listed(known))
	}
	if pt.last() > 65535 {
		c.add(path+".address", strconv.Itoa(int(pt.Address)), "an address whose last word is still ≤ 65535")
	}
	if n := pt.size(); n > c.p.Limit(pt.Table) {
		c.add(path+".type", string(pt.Type), fmt.Sprintf("at most %d registers, see max_registers", c.p.Limit(pt.Table)))
	}
	if r, hit := c.p.forbids(pt.Table, int(pt.Address), pt.last()); hit && !pt.NoRead {
		c.add(path+".address", fmt.Sprintf("0x%04X", pt.Address), "an address outside the forbidden range "+r.String())
	}
}

// text checks a point of characters: a reading is a number, so each text needs a code.
func (c *checker) text(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if pt.Type != ASCII {
		if pt.Words != 0 {
			c.add(path+".words", strconv.Itoa(pt.Words), "left out: only a point of type ascii has a length")
		}
		if len(pt.Texts) > 0 {
			c.add(path+".texts", "texts", "left out: only a point of type ascii has them")
		}
		return
	}
	if pt.Words < 1 || pt.Words > 125 {
		c.add(path+".words", strconv.Itoa(pt.Words), "1 to 125, the registers of the text")
		pt.Words = 1
	}
	if len(pt.Texts) == 0 {
		c.add(path+".texts", "no texts", "the texts that the document knows, each with the code it stands for")
	}
	for text, code := range pt.Texts {
		if len(text) > 2*pt.Words {
			c.add(path+".texts."+text, fmt.Sprintf("%d characters", len(text)), fmt.Sprintf("at most %d, two for each of words", 2*pt.Words))
		}
		if _, known := pt.Enum[code]; !known {
			c.add(path+".texts."+text, strconv.FormatInt(code, 10), "a code that enum has")
		}
	}
	if pt.Writable {
		c.add(path+".writable", "true", "false: a text can not be written")
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
	if (pt.Mask != 0 || pt.Shift != 0) && pt.Type != U16 && pt.Type != U32 && pt.Type != Bit {
		c.add(path+".mask", "mask or shift with "+string(pt.Type), "u16 or u32")
	}
	if pt.Mask != 0 && width < 32 && pt.Mask>>width != 0 {
		c.add(path+".mask", fmt.Sprintf("0x%X", pt.Mask), fmt.Sprintf("a mask of %d bits", width))
	}
	if pt.Mask != 0 && pt.Type == Bit {
		c.add(path+".mask", fmt.Sprintf("0x%X", pt.Mask), "shift alone: a bit is one")
	}
	if pt.Invert && pt.Type != Bit {
		c.add(path+".invert", "true", "invert only with type bit")
	}
	scaled := pt.scale() != 1 || pt.Offset != 0 || pt.DivisorPoint != "" || pt.ScaleBy != nil
	if scaled && (len(pt.Enum) > 0 || pt.Type == Bit || pt.Type == ASCII) {
		c.add(path+".enum", "a state that is scaled", "scale, offset, divisor_point or scale_by, or a state")
	}
	if pt.DivisorPoint != "" && pt.ScaleBy != nil {
		c.add(path+".scale_by", "divisor_point as well", "one of them")
	}
	c.badWhen(i)
}

func (c *checker) badWhen(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	for j, b := range pt.BadWhen {
		at := path + ".bad_when[" + strconv.Itoa(j) + "]"
		if (len(b.Equals) == 0) == (len(b.Not) == 0) {
			c.add(at, "both or neither of equals and not", "one of them")
		}
		if b.Quality != nil && b.Quality.IsGood() {
			c.add(at+".quality", b.Quality.String(), "a quality that is not good")
		}
		if b.Point == "" && pt.Type != Bit && len(b.Equals) > 0 && !pt.holds(b.Equals) {
			c.add(at+".equals", fmt.Sprint(b.Equals), "raw values that "+string(pt.Type)+" can have")
		}
	}
	if pt.ScaleBy != nil && len(pt.ScaleBy.Factors) == 0 {
		c.add(path+".scale_by.factors", "no factors", "the factor of each code that the document knows")
	}
}

// holds reports whether raw can be each of the codes: a sentinel of 65535 is never met
// where the point is signed, there it is -1.
func (pt *Point) holds(codes []int64) bool {
	lo, hi, ok := pt.Type.limits()
	if !ok {
		return true
	}
	if pt.Mask != 0 {
		hi = float64(pt.Mask)
	}
	return !slices.ContainsFunc(codes, func(c int64) bool { return float64(c) < lo || float64(c) > hi })
}
