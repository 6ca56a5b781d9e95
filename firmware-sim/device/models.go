// Package device is the simulated equipment: what each model shows on its bus,
// byte for byte, written from the vendors' documents and not from our profiles.
package device

// Smoke is a Calectro Uniguard Superflow UG-3-O-MB duct smoke detector. Its alarm
// latches until 234 is written to holding register 1 with the smoke gone.
type Smoke struct {
	Smoke   bool // there is smoke in the duct
	Alarm   bool // 1x0003
	Service bool // 1x0002
}

// Step lets the detector look at the duct.
func (d *Smoke) Step() { d.Alarm = d.Alarm || d.Smoke }

// Bits implements [Memory].
func (d *Smoke) Bits(discrete bool, addr, n uint16) ([]bool, byte) {
	if !discrete {
		return nil, illegalFunction
	}
	return window([]bool{true, d.Service, d.Alarm, d.Alarm}, 0, addr, n)
}

// Registers implements [Memory]: the two write codes can be read back at 2 and 4.
func (d *Smoke) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	return window([]uint16{0, 234, 0, 567}, 0, addr, n)
}

// SetCoil implements [Memory].
func (d *Smoke) SetCoil(uint16, bool) byte { return illegalFunction }

// SetRegister implements [Memory].
func (d *Smoke) SetRegister(addr, v uint16) byte {
	switch {
	case addr == 0 && v == 234:
		d.Alarm = d.Smoke
		return 0
	case addr == 2 && v == 567:
		return 0
	case addr == 0 || addr == 2:
		return illegalValue
	}
	return illegalAddress
}

// window cuts n entries at addr out of a table that begins at base.
func window[T any](table []T, base, addr, n uint16) ([]T, byte) {
	lo := int(addr) - int(base)
	if lo < 0 || lo+int(n) > len(table) {
		return nil, illegalAddress
	}
	return table[lo : lo+int(n)], 0
}

// readOnly is the part of [Memory] of a device that only has holding registers and
// takes no writes.
type readOnly struct{}

func (readOnly) Bits(bool, uint16, uint16) ([]bool, byte) { return nil, illegalFunction }
func (readOnly) SetCoil(uint16, bool) byte                { return illegalFunction }
func (readOnly) SetRegister(uint16, uint16) byte          { return illegalAddress }

// GasE2638 is an Evikon E2638: 0x0101 raw signal, 0x0103 concentration.
type GasE2638 struct {
	readOnly
	LEL float64 // %LEL
}

// Registers implements [Memory]. The concentration is signed, in 0.1 %LEL.
func (d *GasE2638) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	table := make([]uint16, 9) // 0x0100 to 0x0108
	table[1] = uint16(int16(400 + d.LEL*16))
	table[3] = uint16(int16(d.LEL * 10))
	return window(table, 0x0100, addr, n)
}

// CO is a Honeywell E3Point: 21 reading, 23 divisor, 26 sensor state.
type CO struct {
	readOnly
	PPM   float64
	Fault bool
}

// Registers implements [Memory].
func (d *CO) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	table := make([]uint16, 51) // 20 to 70
	table[1], table[3] = uint16(d.PPM*10), 10
	if d.Fault {
		table[6] = 1
	}
	return window(table, 20, addr, n)
}

// Elevator is a Monarch NICE3000+ controller as a gateway shows it.
type Elevator struct {
	readOnly
	Landing   int     // from 1 at the bottom
	Speed     float64 // m/s, positive
	Direction int     // 1 up, 2 down, 3 stopped
	Load      float64 // % of rated
	Mode      int     // 7 automatic, 5 fault, 3 fire return
	Car       int     // 1 opening 2 open 3 closing 4 closed 5 running 6 stopped
	HallFire  bool
}

// Registers implements [Memory].
func (d *Elevator) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	if addr >= 0x3000 {
		return window([]uint16{uint16(d.Direction)}, 0x3000, addr, n)
	}
	table := make([]uint16, 0x24) // 0x1010 to 0x1033
	table[0], table[1] = uint16(d.Speed*1000), 1750
	table[8] = uint16(d.Landing)
	table[10] = uint16(d.Load * 10)
	table[13] = uint16(d.Mode&15)<<4 | uint16(d.Car&15)<<8
	if d.HallFire {
		table[13] |= 1 << 3
	}
	return window(table, 0x1010, addr, n)
}

// FirePanel is a 海湾 GST200 behind its network card: register n is node n+1.
type FirePanel struct {
	readOnly
	Nodes                [242]uint16
	Mains, Battery, Loop uint16
}

// Registers implements [Memory]: at most 100 registers a request.
func (d *FirePanel) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if input {
		return nil, illegalFunction
	}
	if n > 100 {
		return nil, illegalValue
	}
	table := append(append([]uint16{}, d.Nodes[:]...), d.Mains, d.Battery, d.Loop)
	return window(table, 0, addr, n)
}
