package device

// FirePanel5000 is a 海湾 GST5000 behind its network card: register n is node n+1 over
// all loops, 4998 the mains, 4999 the battery. A node reads 1 fire, 2 fault, 3 feedback,
// 4 and 9 back to normal, 5 start, 6 stop, 7 shielded, 8 shield released.
type FirePanel5000 struct {
	readOnly
	Nodes          [4998]uint16
	Mains, Battery uint16
}

// Registers implements [Memory]: at most 100 registers a request.
func (d *FirePanel5000) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	switch {
	case input:
		return nil, illegalFunction
	case n > 100:
		return nil, illegalValue
	case int(addr)+int(n) > len(d.Nodes)+2:
		return nil, illegalAddress
	}
	out := make([]uint16, n)
	for i := range out {
		switch at := int(addr) + i; at {
		case len(d.Nodes):
			out[i] = d.Mains
		case len(d.Nodes) + 1:
			out[i] = d.Battery
		default:
			out[i] = d.Nodes[at]
		}
	}
	return out, 0
}

// Knobs implements [Adjustable].
func (d *FirePanel5000) Knobs() []Knob {
	return append(nodeKnobs(d.Nodes[:], 20), whole("mains", 0, 9, &d.Mains), whole("battery", 0, 9, &d.Battery))
}
