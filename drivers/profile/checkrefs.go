package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// writing checks what can be driven.
func (c *checker) writing(i int) {
	pt, path := &c.p.Points[i], c.paths[i]
	if !pt.Writable {
		for key, said := range map[string]bool{"write_value": pt.WriteValue != nil, "write_tick": pt.WriteTick != 0, "trigger": pt.Trigger,
			"write_before": len(pt.WriteBefore) > 0, "write_after": len(pt.WriteAfter) > 0} {
			if said {
				c.add(path+"."+key, "a word about writing", "writable: true as well")
			}
		}
		return
	}
	if pt.Table == Discrete || pt.Table == Input {
		c.add(path+".writable", "true", "a coil or holding register: the table "+string(pt.Table)+" can only be read")
	}
	if pt.Table == Holding && (pt.Mask != 0 || pt.Shift != 0 || pt.Type == Bit) {
		c.add(path+".writable", "true", "a whole register: writing part of one would touch its other bits")
	}
	if pt.DivisorPoint != "" || pt.ScaleBy != nil {
		c.add(path+".writable", "true", "a fixed scale: this one is known only when reading")
	}
	if pt.WriteTick != 0 && (pt.WriteTick < time.Millisecond || pt.WriteValue != nil || !pt.NoRead) {
		c.add(path+".write_tick", pt.WriteTick.String(), "1ms or more, write_only, without write_value")
	}
	if pt.Trigger && (pt.WriteValue != nil || pt.WriteTick != 0) {
		c.add(path+".trigger", "true", "left out with write_value or write_tick, which say it already")
	}
	from, to := pt.written()
	if n := len(pt.WriteBefore) + len(pt.WriteAfter); n > 0 && (pt.Table != Holding || from < 0 || to > 65535 || to-from+1 > 123) {
		c.add(path+".write_before", fmt.Sprintf("%d words around the value", n), "holding registers, at most 123 in all, within the table")
		return
	}
	if r, hit := c.p.forbidsWrite(pt.Table, from, to); hit {
		c.add(path+".address", fmt.Sprintf("0x%04X", pt.Address), "an address outside the forbidden range "+r.String())
	}
}

// needs checks the points that others refer to.
func (c *checker) needs() {
	byName := make(map[string]*Point, len(c.p.Points))
	for i := range c.p.Points {
		byName[c.p.Points[i].Name] = &c.p.Points[i]
	}
	for i := range c.p.Points {
		pt, path := &c.p.Points[i], c.paths[i]
		for _, name := range pt.needs() {
			other := byName[name]
			switch {
			case other == nil:
				c.missing(path, name)
			case other.NoRead || pt.NoRead:
				c.add(path, "a reference between points that are not both read", "points that are read")
			case !slices.Contains(tables, other.Table) || !slices.Contains(tables, pt.Table): // told already
			case other.Table != pt.Table:
				c.add(path, "a reference to "+strconv.Quote(name)+" in table "+string(other.Table), "a point of the same table, as both must come in one answer")
			case name == pt.DivisorPoint && (other.DivisorPoint != "" || other.ScaleBy != nil):
				c.add(path+".divisor_point", strconv.Quote(name), "a point without a divisor of its own")
			case pt.ScaleBy != nil && name == pt.ScaleBy.Point && (other.DivisorPoint != "" || other.ScaleBy != nil):
				c.add(path+".scale_by.point", strconv.Quote(name), "a point with a fixed scale")
			case other.DetailOf != pt.DetailOf:
				c.add(path+".detail_of", strconv.Quote(pt.DetailOf), "the same as of "+strconv.Quote(name)+", as both must come in one answer")
			}
		}
		c.detail(pt, path, byName)
		if pt.ResetBy != "" && pt.Latched {
			if other := byName[pt.ResetBy]; other == nil {
				c.missing(path+".reset_by", pt.ResetBy)
			} else if !other.Writable {
				c.add(path+".reset_by", strconv.Quote(pt.ResetBy), "a point that is writable")
			}
		}
		c.acknowledged(pt, path, byName)
	}
}

func (c *checker) missing(path, name string) {
	c.add(path, "a reference to "+strconv.Quote(name), "the name of a point in this profile")
}

// detail checks a point that is read when its summary has changed.
func (c *checker) detail(pt *Point, path string, byName map[string]*Point) {
	if pt.DetailOf == "" {
		return
	}
	path += ".detail_of"
	switch other := byName[pt.DetailOf]; {
	case other == nil:
		c.missing(path, pt.DetailOf)
	case other == pt:
		c.add(path, strconv.Quote(pt.DetailOf), "another point than itself")
	case other.DetailOf != "":
		c.add(path, strconv.Quote(pt.DetailOf), "a summary that is not a detail itself")
	case other.NoRead || pt.NoRead:
		c.add(path, "a reference between points that are not both read", "points that are read")
	case pt.Alarm && !other.Alarm:
		c.add(path, strconv.Quote(pt.DetailOf), "a summary with alarm: true, as alarms depend on this detail of it")
	}
}

// acknowledged checks a point whose reading is answered with a write.
func (c *checker) acknowledged(pt *Point, path string, byName map[string]*Point) {
	if pt.Acknowledge == nil {
		return
	}
	path += ".acknowledge"
	to := pt
	if name := pt.Acknowledge.Point; name != "" {
		if to = byName[name]; to == nil {
			c.missing(path+".point", name)
			return
		}
	}
	if pt.NoRead {
		c.add(path, "a point that is never read", "a point that is read")
	}
	if to.Table != Coil && to.Table != Holding {
		c.add(path, "a write to table "+string(to.Table), "a coil or holding register")
		return
	}
	if to.Table == Coil && pt.Acknowledge.Write > 1 {
		c.add(path+".write", strconv.Itoa(int(pt.Acknowledge.Write)), "0 or 1 for a coil")
	}
	if r, hit := c.p.forbidsWrite(to.Table, int(to.Address), int(to.Address)); hit {
		c.add(path, fmt.Sprintf("a write to 0x%04X", to.Address), "an address outside the forbidden range "+r.String())
	}
}

// together checks that points which must come in one answer can.
func (c *checker) together() {
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
	order := make([]int, 0, len(c.p.Points))
	for i := range c.p.Points {
		if slices.Contains(tables, c.p.Points[i].Table) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &c.p.Points[i], &c.p.Points[j]
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Address, b.Address))
	})
	told := map[string]bool{} // once for each point as written: repeats overlap over and over
	for n, i := range order {
		for _, j := range order[n+1:] {
			if c.p.Points[i].Table != c.p.Points[j].Table || c.p.Points[i].last() < int(c.p.Points[j].Address) {
				break
			}
			if path := c.paths[max(i, j)]; !told[path] && c.overlap(min(i, j), max(i, j)) {
				told[path] = true
			}
		}
	}
}

// overlap reports whether two points share registers in a way they may not.
func (c *checker) overlap(first, second int) bool {
	a, b := &c.p.Points[second], &c.p.Points[first]
	if a.Address == b.Address && a.size() == b.size() && (a.NoRead != b.NoRead || a.field() && b.field()) {
		return false
	}
	c.add(c.paths[second]+".address", fmt.Sprintf("0x%04X of %q, which %q already uses", a.Address, a.Name, b.Name), "addresses of its own, or mask and shift in both")
	return true
}

// field reports whether the point is only part of its register.
func (pt *Point) field() bool {
	return !pt.Table.Bits() && (pt.Mask != 0 || pt.Shift != 0 || pt.Type == Bit)
}
