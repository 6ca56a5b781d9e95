package modbus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"anlan/drivers"
)

// Function codes this client speaks.
const (
	fcReadCoils              = 0x01
	fcReadDiscreteInputs     = 0x02
	fcReadHoldingRegisters   = 0x03
	fcReadInputRegisters     = 0x04
	fcWriteSingleCoil        = 0x05
	fcWriteSingleRegister    = 0x06
	fcWriteMultipleCoils     = 0x0F
	fcWriteMultipleRegisters = 0x10
)

// Limits of the application protocol, per request.
const (
	MaxReadBits       = 2000
	MaxReadRegisters  = 125
	MaxWriteBits      = 1968
	MaxWriteRegisters = 123
)

// Coil values on the wire.
const (
	CoilOn  uint16 = 0xFF00
	CoilOff uint16 = 0x0000
)

// ErrArgument is a request that the protocol can not carry; nothing was sent.
var ErrArgument = errors.New("impossible request")

// ExceptionError is a device's refusal. It matches [drivers.ErrException].
type ExceptionError struct {
	Unit, Function, Code uint8
}

var exceptionWords = map[uint8]string{1: "illegal function", 2: "illegal address", 3: "illegal value", 4: "device failure",
	5: "acknowledge", 6: "busy", 8: "memory parity", 10: "gateway path unavailable", 11: "gateway target did not answer"}

func (e *ExceptionError) Error() string {
	w, ok := exceptionWords[e.Code]
	if !ok {
		w = "unknown"
	}
	return fmt.Sprintf("modbus: unit %d function %d: exception %d (%s)", e.Unit, e.Function, e.Code, w)
}

// Unwrap makes errors.Is(err, drivers.ErrException) true.
func (e *ExceptionError) Unwrap() error { return drivers.ErrException }

// request is one question; pdu begins with the function code.
type request struct {
	unit  uint8
	pdu   []byte
	reply int // length of the good reply's pdu
}

// shape is what of an answer can be told apart without a transaction number.
type shape struct {
	function uint8
	reply    int
}

func (r *request) shape() shape   { return shape{r.pdu[0], r.reply} }
func (r *request) isRead() bool   { return r.pdu[0] <= fcReadInputRegisters }
func (r *request) address() int   { return int(binary.BigEndian.Uint16(r.pdu[1:])) }
func (r *request) count() int     { return int(binary.BigEndian.Uint16(r.pdu[3:])) }
func (r *request) String() string { return fmt.Sprintf("unit %d function %d", r.unit, r.pdu[0]) }

func newRead(unit, function uint8, addr, count uint16) (request, error) {
	limit, reply := MaxReadRegisters, 2+2*int(count)
	if function <= fcReadDiscreteInputs {
		limit, reply = MaxReadBits, 2+(int(count)+7)/8
	}
	if err := checkSpan(addr, int(count), limit); err != nil {
		return request{}, err
	}
	if unit == 0 {
		return request{}, fmt.Errorf("modbus: read unit 0: nobody answers a broadcast: %w", ErrArgument)
	}
	pdu := binary.BigEndian.AppendUint16([]byte{function}, addr)
	return request{unit, binary.BigEndian.AppendUint16(pdu, count), reply}, nil
}

func newWrite(unit, function uint8, addr, value uint16) request {
	pdu := binary.BigEndian.AppendUint16([]byte{function}, addr)
	return request{unit, binary.BigEndian.AppendUint16(pdu, value), 5}
}

func newWriteBits(unit uint8, addr uint16, values []bool) (request, error) {
	if err := checkSpan(addr, len(values), MaxWriteBits); err != nil {
		return request{}, err
	}
	pdu := binary.BigEndian.AppendUint16([]byte{fcWriteMultipleCoils}, addr)
	pdu = binary.BigEndian.AppendUint16(pdu, uint16(len(values)))
	packed := make([]byte, (len(values)+7)/8)
	for i, on := range values {
		if on {
			packed[i/8] |= 1 << (i % 8)
		}
	}
	return request{unit, append(append(pdu, byte(len(packed))), packed...), 5}, nil
}

func newWriteRegisters(unit uint8, addr uint16, values []uint16) (request, error) {
	if err := checkSpan(addr, len(values), MaxWriteRegisters); err != nil {
		return request{}, err
	}
	pdu := binary.BigEndian.AppendUint16([]byte{fcWriteMultipleRegisters}, addr)
	pdu = binary.BigEndian.AppendUint16(pdu, uint16(len(values)))
	pdu = append(pdu, byte(2*len(values)))
	for _, v := range values {
		pdu = binary.BigEndian.AppendUint16(pdu, v)
	}
	return request{unit, pdu, 5}, nil
}

func checkSpan(addr uint16, count, limit int) error {
	if count < 1 || count > limit {
		return fmt.Errorf("modbus: ask for %d values, 1 to %d allowed: %w", count, limit, ErrArgument)
	}
	if int(addr)+count > 65536 {
		return fmt.Errorf("modbus: ask for %d values from %d, past the end: %w", count, addr, ErrArgument)
	}
	return nil
}

// accept judges a reply pdu: nil, an [*ExceptionError], or a reason (wrapping
// [drivers.ErrCorrupt]) why it does not answer r.
func (r *request) accept(pdu []byte) error {
	bad := func(why string, args ...any) error {
		return fmt.Errorf("modbus: %v: %s: %w", r, fmt.Sprintf(why, args...), drivers.ErrCorrupt)
	}
	switch {
	case len(pdu) < 2:
		return bad("%d bytes are no answer", len(pdu))
	case pdu[0] == r.pdu[0]|0x80 && len(pdu) == 2:
		return &ExceptionError{r.unit, r.pdu[0], pdu[1]}
	case pdu[0] != r.pdu[0]:
		return bad("answer of function %d", pdu[0])
	case len(pdu) != r.reply:
		return bad("answer of %d bytes, want %d", len(pdu), r.reply)
	case r.isRead() && int(pdu[1]) != r.reply-2:
		return bad("byte count %d, want %d", pdu[1], r.reply-2)
	case !r.isRead() && !bytes.Equal(pdu, r.pdu[:5]):
		return bad("echo % x, want % x", pdu, r.pdu[:5])
	}
	return nil
}

// unpackBits reads the first count bits, lowest bit first.
func unpackBits(data []byte, count int) []bool {
	out := make([]bool, count)
	for i := range out {
		out[i] = data[i/8]>>(i%8)&1 == 1
	}
	return out
}

func unpackRegisters(data []byte) []uint16 {
	out := make([]uint16, len(data)/2)
	for i := range out {
		out[i] = binary.BigEndian.Uint16(data[2*i:])
	}
	return out
}
