package device

import "time"

// Dialect is how a device deviates from the standard in the PDUs it answers.
type Dialect string

// Dialects.
const (
	Standard Dialect = ""
	// MonarchNative is that of Monarch's NICE controllers: the byte count of a read
	// answer has two bytes, and a refusal reads function, 0x80 0x01, code of two bytes.
	MonarchNative Dialect = "monarch"
)

// Native is a [Memory] that speaks a dialect.
type Native interface{ Dialect() Dialect }

// Speak turns a standard response PDU into the dialect's.
func (d Dialect) Speak(pdu []byte) []byte {
	if d != MonarchNative || len(pdu) < 2 {
		return pdu
	}
	switch {
	case pdu[0]&0x80 != 0:
		return []byte{pdu[0] &^ 0x80, 0x80, 0x01, 0, monarchCode(pdu[1])}
	case pdu[0] == 3:
		return append([]byte{3, 0}, pdu[1:]...)
	}
	return pdu
}

// monarchCode is the controller's own number for why it refuses: 2 command, 4 address,
// 5 value. Other exceptions keep their number.
func monarchCode(exception byte) byte {
	switch exception {
	case illegalFunction:
		return 2
	case illegalAddress:
		return 4
	case illegalValue:
		return 5
	}
	return exception
}

// NICE3000 is a Monarch NICE3000+ on its own serial port: the registers of [Elevator]
// in the native dialect, at most ten a request, FC 3 and 6 only.
type NICE3000 struct{ Elevator }

// Dialect implements [Native].
func (*NICE3000) Dialect() Dialect { return MonarchNative }

// Registers implements [Memory].
func (d *NICE3000) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	if n > 10 {
		return nil, illegalValue
	}
	return d.Elevator.Registers(input, addr, n)
}

// Door is a TechWind SDK-500 door controller: at most 16 registers a request. Register
// 0x1004 commands: 1 open, 2 close.
type Door struct {
	Position float64 // % open
	Error    int     // 0 to 5
	Blocked  bool    // something stands in the door
	Travel   float64 // seconds from end to end

	want float64
	now  time.Time
}

// NewDoor makes a closed door.
func NewDoor() *Door { return &Door{Travel: 2.5} }

const doorWidth = 900 // mm

// state is 0 open, 1 closed, 2 opening, 3 closing.
func (d *Door) state() uint16 {
	switch {
	case d.Position < d.want:
		return 2
	case d.Position > d.want:
		return 3
	case d.Position >= 100:
		return 0
	}
	return 1
}

// Advance implements [Timed].
func (d *Door) Advance(now time.Time) {
	dt := now.Sub(d.now).Seconds()
	first := d.now.IsZero()
	d.now = now
	if first || dt <= 0 || d.Travel <= 0 {
		return
	}
	if d.Blocked && d.want < d.Position {
		d.want = 100 // the light curtain reverses the door
	}
	step := 100 * dt / d.Travel
	d.Position += max(-step, min(step, d.want-d.Position))
}

// Bits implements [Memory].
func (*Door) Bits(bool, uint16, uint16) ([]bool, byte) { return nil, illegalFunction }

// Registers implements [Memory].
func (d *Door) Registers(input bool, addr, n uint16) ([]uint16, byte) {
	switch {
	case input:
		return nil, illegalFunction
	case n > 16:
		return nil, illegalValue
	case addr == 0x1004 && n == 1:
		return []uint16{0}, 0
	}
	var current, speed uint16
	if s := d.state(); s >= 2 {
		current, speed = 620, uint16(doorWidth/d.Travel)
	}
	table := []uint16{d.state()<<8 | uint16(d.Error), current, speed, uint16(d.Position * doorWidth / 10), 0, 0,
		bit(d.Blocked, 0) | bit(d.Position >= 100, 1) | bit(d.Position <= 0, 2)}
	return window(table, 1, addr, n)
}

// SetCoil implements [Memory].
func (*Door) SetCoil(uint16, bool) byte { return illegalFunction }

// SetRegister implements [Memory].
func (d *Door) SetRegister(addr, v uint16) byte {
	if addr != 0x1004 {
		return illegalAddress
	}
	if v > 2 {
		return illegalValue
	}
	if v > 0 {
		d.want = map[uint16]float64{1: 100}[v]
	}
	return 0
}

// Knobs implements [Adjustable].
func (d *Door) Knobs() []Knob {
	position := number("position", "%", 0, 100, &d.Position)
	position.Set = func(v float64) { d.Position, d.want = v, v }
	return []Knob{position, whole("error", 0, 5, &d.Error), flag("blocked", &d.Blocked), number("travel", "s", 0.1, 60, &d.Travel)}
}
