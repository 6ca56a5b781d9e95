package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/contract"
)

var (
	tables    = []Table{Coil, Discrete, Input, Holding}
	wantTable = listed(tables)
)

// listed writes words as "a, b or c".
func listed[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " or " + out[n-1]
	}
	return strings.Join(out, "")
}

// head checks what is said of the device as a whole.
func (c *checker) head() {
	p := c.p
	if !contract.ValidID(p.ID) && p.ID != "" {
		c.add("id", strconv.Quote(p.ID), "lower-case letters, digits, - and _, starting with a letter")
	}
	if !slices.Contains(protocols, p.Protocol) && p.Protocol != "" {
		c.add("protocol", strconv.Quote(p.Protocol), listed(protocols))
	}
	if p.Protocol == ProtocolModbus && len(p.Points) == 0 {
		c.add("points", "no points", "at least one point")
	}
	if slices.Contains(readers, p.Protocol) && len(p.Points) > 0 {
		c.add("points", "points", "no points: a tag reader only reports tags")
	}
	c.tap()
	if p.Name.ZH == "" {
		c.add("name", "no zh", "a name in zh")
	}
	for key, d := range map[string]time.Duration{"reaction_max": p.Timing.ReactionMax, "pause": p.Timing.Pause, "max_latency": p.Timing.MaxLatency, "timeout": p.Timing.Timeout} {
		if d < 0 || d > time.Minute {
			c.add("timing."+key, d.String(), "0s to 1m")
		}
	}
	if t := p.Timing; t.Timeout != 0 && t.ReactionMax > t.Timeout {
		c.add("timing.timeout", t.Timeout.String(), "at least reaction_max, "+t.ReactionMax.String())
	}
	c.requests()
	for i, r := range p.Forbidden {
		path := "forbidden[" + strconv.Itoa(i) + "]"
		if !slices.Contains(tables, r.Table) {
			c.add(path+".table", strconv.Quote(string(r.Table)), wantTable)
		}
		if r.From > r.To && !c.told(path+".from") && !c.told(path+".to") {
			c.add(path, fmt.Sprintf("0x%04X to 0x%04X", r.From, r.To), "from ≤ to")
		}
		if !slices.Contains([]Access{ReadWrite, ReadOnly, WriteOnly}, r.Access) {
			c.add(path+".access", strconv.Quote(string(r.Access)), "read, write, or left out for both")
		}
	}
}

// requests checks what the device takes in one request, and how it is framed.
func (c *checker) requests() {
	p := c.p
	if p.MaxRegisters < 0 || p.MaxRegisters > 125 {
		c.add("max_registers", strconv.Itoa(p.MaxRegisters), "1 to 125")
	}
	if p.MaxBits < 0 || p.MaxBits > 2000 {
		c.add("max_bits", strconv.Itoa(p.MaxBits), "1 to 2000")
	}
	if p.InFlight < 0 || p.InFlight > 16 {
		c.add("in_flight", strconv.Itoa(p.InFlight), "1 to 16")
	}
	if p.Dialect != Standard && p.Dialect != Monarch {
		c.add("dialect", strconv.Quote(string(p.Dialect)), "monarch, or left out for the standard")
	}
	if p.Dialect != Standard && p.InFlight > 1 {
		c.add("in_flight", strconv.Itoa(p.InFlight), "left out, as a dialect is spoken on a serial line")
	}
	if p.DocBase != DocUnsaid && !slices.Contains(docBases, p.DocBase) {
		c.add("doc_base", strconv.Quote(string(p.DocBase)), listed(docBases)+": what the document calls the first address")
	}
	for i, f := range p.Private {
		path := "private_functions[" + strconv.Itoa(i) + "].code"
		if f.Code == 0 || f.Code > 127 || slices.Contains(spoken, f.Code) {
			c.add(path, fmt.Sprintf("0x%02X", f.Code), "1 to 127, and none that the driver speaks")
		}
	}
	if p.Protocol != ProtocolModbus && slices.Contains(protocols, p.Protocol) {
		c.modbusOnly()
	}
}

// spoken are the public functions that drivers/modbus has.
var spoken = []uint8{1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43}

func (c *checker) modbusOnly() {
	p := c.p
	for key, said := range map[string]bool{"max_registers": p.MaxRegisters != 0, "max_bits": p.MaxBits != 0, "dialect": p.Dialect != Standard,
		"in_flight": p.InFlight != 0, "doc_base": p.DocBase != DocUnsaid, "private_functions": len(p.Private) > 0, "forbidden": len(p.Forbidden) > 0} {
		if said {
			c.add(key, "a word about Modbus", "left out for "+p.Protocol)
		}
	}
}
