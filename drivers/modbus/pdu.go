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
	fcMaskWriteRegister      = 0x16
	fcReadWriteRegisters     = 0x17
	fcEncapsulated           = 0x2B
	meiDeviceIdentification  = 0x0E
)

// Limits of the application protocol, per request.
const (
	MaxPDU                = 253 // bytes
	MaxReadBits           = 2000
	MaxReadRegisters      = 125
	MaxWriteBits          = 1968
	MaxWriteRegisters     = 123
	MaxReadWriteRegisters = 121 // written by function 23, beside 125 read
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
	Vendor               uint16 // code of a dialect, beside Code 4
}

var exceptionWords = map[uint8]string{1: "illegal function", 2: "illegal address", 3: "illegal value", 4: "device failure",
	5: "acknowledge", 6: "busy", 8: "memory parity", 10: "gateway path unavailable", 11: "gateway target did not answer"}

func (e *ExceptionError) Error() string {
	w, ok := exceptionWords[e.Code]
	if !ok {
		w = "unknown"
	}
	if e.Vendor != 0 {
		w = fmt.Sprintf("%s, vendor's code %d", w, e.Vendor)
	}
	return fmt.Sprintf("modbus: unit %d function %d: exception %d (%s)", e.Unit, e.Function, e.Code, w)
}

// Unwrap makes errors.Is(err, drivers.ErrException) true; a gateway whose device did not
// answer is a time-out of that device.
func (e *ExceptionError) Unwrap() []error {
	if e.Code == gatewayTargetSilent {
		return []error{drivers.ErrException, drivers.ErrTimeout}
	}
	return []error{drivers.ErrException}
}

const gatewayTargetSilent = 11

// refusesSpan reports whether the device may well answer for part of what was asked.
func (e *ExceptionError) refusesSpan() bool { return e.Code == 2 || e.Code == 3 }

// request is one question; pdu begins with the function code.
type request struct {
	unit  uint8
	pdu   []byte
	reply int // length of the good reply's pdu; variable when the device decides
}

const variable = -1

// shape is what of an answer can be told apart without a transaction number.
type shape struct {
	function uint8
	reply    int
}

func (r *request) shape() shape { return shape{r.pdu[0], r.reply} }

// counted reports whether the good reply is a byte count and that many bytes.
func (r *request) counted() bool {
	return r.pdu[0] <= fcReadInputRegisters || r.pdu[0] == fcReadWriteRegisters
}
func (r *request) address() int   { return int(binary.BigEndian.Uint16(r.pdu[1:])) }
func (r *request) count() int     { return int(binary.BigEndian.Uint16(r.pdu[3:])) }
func (r *request) String() string { return fmt.Sprintf("unit %d function %d", r.unit, r.pdu[0]) }

// longest is the most bytes the reply's pdu can have.
func (r *request) longest() int {
	if r.reply == variable {
		return MaxPDU
	}
	return r.reply
}

// The constructors append the pdu to buf, which may be nil.

func newRead(buf []byte, unit, function uint8, addr, count uint16) (request, error) {
	limit, reply := MaxReadRegisters, 2+2*int(count)
	if function <= fcReadDiscreteInputs {
		limit, reply = MaxReadBits, 2+(int(count)+7)/8
	}
	if err := checkSpan(addr, int(count), limit); err != nil {
		return request{}, err
	}
	if err := answered(unit); err != nil {
		return request{}, err
	}
	pdu := binary.BigEndian.AppendUint16(append(buf, function), addr)
	return request{unit, binary.BigEndian.AppendUint16(pdu, count), reply}, nil
}

func newWrite(buf []byte, unit, function uint8, addr, value uint16) request {
	pdu := binary.BigEndian.AppendUint16(append(buf, function), addr)
	return request{unit, binary.BigEndian.AppendUint16(pdu, value), 5}
}

func newWriteBits(buf []byte, unit uint8, addr uint16, values []bool) (request, error) {
	if err := checkSpan(addr, len(values), MaxWriteBits); err != nil {
		return request{}, err
	}
	pdu := binary.BigEndian.AppendUint16(append(buf, fcWriteMultipleCoils), addr)
	pdu = binary.BigEndian.AppendUint16(pdu, uint16(len(values)))
	pdu = append(pdu, byte((len(values)+7)/8))
	for i, on := range values {
		if i%8 == 0 {
			pdu = append(pdu, 0)
		}
		if on {
			pdu[len(pdu)-1] |= 1 << (i % 8)
		}
	}
	return request{unit, pdu, 5}, nil
}

func newWriteRegisters(buf []byte, unit uint8, addr uint16, values []uint16) (request, error) {
	if err := checkSpan(addr, len(values), MaxWriteRegisters); err != nil {
		return request{}, err
	}
	pdu := binary.BigEndian.AppendUint16(append(buf, fcWriteMultipleRegisters), addr)
	pdu = binary.BigEndian.AppendUint16(pdu, uint16(len(values)))
	return request{unit, appendRegisters(append(pdu, byte(2*len(values))), values), 5}, nil
}

func newMaskWrite(buf []byte, unit uint8, addr, and, or uint16) request {
	pdu := binary.BigEndian.AppendUint16(append(buf, fcMaskWriteRegister), addr)
	pdu = binary.BigEndian.AppendUint16(pdu, and)
	return request{unit, binary.BigEndian.AppendUint16(pdu, or), 7}
}

func newReadWrite(buf []byte, unit uint8, readAddr, count, writeAddr uint16, values []uint16) (request, error) {
	if err := checkSpan(readAddr, int(count), MaxReadRegisters); err != nil {
		return request{}, err
	}
	if err := checkSpan(writeAddr, len(values), MaxReadWriteRegisters); err != nil {
		return request{}, err
	}
	if err := answered(unit); err != nil {
		return request{}, err
	}
	pdu := append(buf, fcReadWriteRegisters)
	for _, v := range []uint16{readAddr, count, writeAddr, uint16(len(values))} {
		pdu = binary.BigEndian.AppendUint16(pdu, v)
	}
	return request{unit, appendRegisters(append(pdu, byte(2*len(values))), values), 2 + 2*int(count)}, nil
}

func newIdentify(buf []byte, unit uint8, level IDLevel, object uint8) (request, error) {
	if err := answered(unit); err != nil {
		return request{}, err
	}
	if level < IDBasic || level > IDSpecific {
		return request{}, fmt.Errorf("modbus: identify with level %d, 1 to 4 allowed: %w", level, ErrArgument)
	}
	return request{unit, append(buf, fcEncapsulated, meiDeviceIdentification, byte(level), object), variable}, nil
}

func appendRegisters(dst []byte, values []uint16) []byte {
	for _, v := range values {
		dst = binary.BigEndian.AppendUint16(dst, v)
	}
	return dst
}

func answered(unit uint8) error {
	if unit == 0 {
		return fmt.Errorf("modbus: read unit 0: nobody answers a broadcast: %w", ErrArgument)
	}
	return nil
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
	switch {
	case len(pdu) < 2:
		return r.refuse("%d bytes are no answer", len(pdu))
	case pdu[0] == r.pdu[0]|0x80 && len(pdu) == 2:
		return &ExceptionError{Unit: r.unit, Function: r.pdu[0], Code: pdu[1]}
	case pdu[0] == r.pdu[0]|0x80 && len(pdu) == 4:
		return &ExceptionError{Unit: r.unit, Function: r.pdu[0], Code: pdu[1], Vendor: binary.BigEndian.Uint16(pdu[2:])}
	case pdu[0] != r.pdu[0]:
		return r.refuse("answer of function %d", pdu[0])
	case r.reply == variable:
		if len(pdu) < 3 || !bytes.Equal(pdu[1:3], r.pdu[1:3]) || identityLength(pdu) != len(pdu) {
			return r.refuse("% x is no identification", pdu)
		}
	case len(pdu) != r.reply:
		return r.refuse("answer of %d bytes, want %d", len(pdu), r.reply)
	case r.counted():
		if int(pdu[1]) != r.reply-2 {
			return r.refuse("byte count %d, want %d", pdu[1], r.reply-2)
		}
	case !bytes.Equal(pdu, r.pdu[:r.reply]):
		return r.refuse("echo % x, want % x", pdu, r.pdu[:r.reply])
	}
	return nil
}

func (r *request) refuse(why string, args ...any) error {
	return fmt.Errorf("modbus: %v: %s: %w", r, fmt.Sprintf(why, args...), drivers.ErrCorrupt)
}

// replyPDULength is the length of the reply's pdu that b begins, 0 when more of it is
// needed to tell, -1 when it begins none that this client could have asked for.
func replyPDULength(b []byte) int {
	if len(b) < 1 {
		return 0
	}
	switch f := b[0]; {
	case f&0x80 != 0:
		return 2
	case f >= fcReadCoils && f <= fcReadInputRegisters, f == fcReadWriteRegisters:
		if len(b) < 2 {
			return 0
		}
		return 2 + int(b[1])
	case f == fcWriteSingleCoil, f == fcWriteSingleRegister, f == fcWriteMultipleCoils, f == fcWriteMultipleRegisters:
		return 5
	case f == fcMaskWriteRegister:
		return 7
	case f == fcEncapsulated:
		return identityLength(b)
	}
	return -1
}

// unpackBits appends the first count bits to dst, lowest bit first.
func unpackBits(dst []bool, data []byte, count int) []bool {
	for i := range count {
		dst = append(dst, data[i/8]>>(i%8)&1 == 1)
	}
	return dst
}

func unpackRegisters(dst []uint16, data []byte) []uint16 {
	for i := 0; i+1 < len(data); i += 2 {
		dst = append(dst, binary.BigEndian.Uint16(data[i:]))
	}
	return dst
}
