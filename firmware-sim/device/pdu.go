package device

import (
	"encoding/binary"
)

// Modbus exception codes (application protocol, chapter 7).
const (
	illegalFunction = 1
	illegalAddress  = 2
	illegalValue    = 3
)

// Memory is what a Modbus device shows on the wire. Addresses are as transmitted,
// from 0. A method returns an exception code, 0 for none.
type Memory interface {
	Bits(discrete bool, addr, n uint16) ([]bool, byte)
	Registers(input bool, addr, n uint16) ([]uint16, byte)
	SetCoil(addr uint16, on bool) byte
	SetRegister(addr, v uint16) byte
}

// BlockWriter is a [Memory] to which registers written by one request belong together.
type BlockWriter interface {
	SetRegisters(addr uint16, v []uint16) byte
}

// RawCoils is a [Memory] with coils that take other values than on and off. mine tells
// whether addr is such a coil.
type RawCoils interface {
	SetCoilRaw(addr, v uint16) (code byte, mine bool)
}

// Answer carries out one request PDU and returns the response PDU. It is the server's
// own reading of the standard: it shares no code with the client in drivers.
func Answer(m Memory, req []byte) []byte {
	if len(req) == 0 {
		return nil
	}
	body, code := serve(m, req[0], req[1:])
	if code != 0 {
		return Exception(req[0], code)
	}
	return append([]byte{req[0]}, body...)
}

// Exception is the response PDU that refuses function fc.
func Exception(fc, code byte) []byte { return []byte{fc | 0x80, code} }

func serve(m Memory, fc byte, b []byte) ([]byte, byte) {
	if fc == 0x2B {
		return identify(m, b)
	}
	if len(b) < 4 {
		return nil, illegalValue
	}
	addr, arg := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch fc {
	case 1, 2:
		return readBits(m, fc == 2, addr, arg)
	case 3, 4:
		return readRegisters(m, fc == 4, addr, arg)
	case 5:
		return b[:4], writeCoil(m, addr, arg)
	case 6:
		return b[:4], m.SetRegister(addr, arg)
	case 15:
		return writeCoils(m, addr, arg, b)
	case 16:
		if len(b) < 5 || arg == 0 || arg > 123 {
			return nil, illegalValue
		}
		return b[:4], writeRegisters(m, addr, arg, b[4], b[5:])
	case 22:
		return maskWrite(m, addr, b)
	case 23:
		return readWrite(m, addr, arg, b)
	}
	return nil, illegalFunction
}

// beyond reports whether n entries at addr reach past the last address.
func beyond(addr, n uint16) bool { return int(addr)+int(n) > 1<<16 }

func readBits(m Memory, discrete bool, addr, n uint16) ([]byte, byte) {
	if n == 0 || n > 2000 {
		return nil, illegalValue
	}
	if beyond(addr, n) {
		return nil, illegalAddress
	}
	bits, code := m.Bits(discrete, addr, n)
	if code != 0 {
		return nil, code
	}
	out := make([]byte, 1+(len(bits)+7)/8)
	out[0] = byte(len(out) - 1)
	for i, on := range bits {
		if on {
			out[1+i/8] |= 1 << (i % 8)
		}
	}
	return out, 0
}

func readRegisters(m Memory, input bool, addr, n uint16) ([]byte, byte) {
	if n == 0 || n > 125 {
		return nil, illegalValue
	}
	if beyond(addr, n) {
		return nil, illegalAddress
	}
	regs, code := m.Registers(input, addr, n)
	if code != 0 {
		return nil, code
	}
	out := make([]byte, 1, 1+2*len(regs))
	out[0] = byte(2 * len(regs))
	for _, r := range regs {
		out = binary.BigEndian.AppendUint16(out, r)
	}
	return out, 0
}

func writeCoil(m Memory, addr, v uint16) byte {
	if raw, ok := m.(RawCoils); ok {
		if code, mine := raw.SetCoilRaw(addr, v); mine {
			return code
		}
	}
	if v != 0 && v != 0xFF00 {
		return illegalValue
	}
	return m.SetCoil(addr, v != 0)
}

func writeCoils(m Memory, addr, n uint16, b []byte) ([]byte, byte) {
	if len(b) < 5 || n == 0 || n > 1968 || int(b[4]) != (int(n)+7)/8 || len(b) != 5+int(b[4]) {
		return nil, illegalValue
	}
	if beyond(addr, n) {
		return nil, illegalAddress
	}
	for i := range n {
		if code := m.SetCoil(addr+i, b[5+i/8]>>(i%8)&1 == 1); code != 0 {
			return nil, code
		}
	}
	return b[:4], 0
}

// writeRegisters writes n registers from data, which count says the length of.
func writeRegisters(m Memory, addr, n uint16, count byte, data []byte) byte {
	if int(count) != 2*int(n) || len(data) != int(count) {
		return illegalValue
	}
	if beyond(addr, n) {
		return illegalAddress
	}
	values := make([]uint16, n)
	for i := range values {
		values[i] = binary.BigEndian.Uint16(data[2*i:])
	}
	if block, ok := m.(BlockWriter); ok {
		return block.SetRegisters(addr, values)
	}
	for i, v := range values {
		if code := m.SetRegister(addr+uint16(i), v); code != 0 {
			return code
		}
	}
	return 0
}

// maskWrite is FC 22: (current AND and) OR (or AND NOT and).
func maskWrite(m Memory, addr uint16, b []byte) ([]byte, byte) {
	if len(b) != 6 {
		return nil, illegalValue
	}
	and, or := binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:])
	regs, code := m.Registers(false, addr, 1)
	if code != 0 {
		return nil, code
	}
	return b[:6], m.SetRegister(addr, regs[0]&and|or&^and)
}

// readWrite is FC 23, which writes before it reads.
func readWrite(m Memory, addr, n uint16, b []byte) ([]byte, byte) {
	if len(b) < 9 || n == 0 || n > 125 {
		return nil, illegalValue
	}
	to, count := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	if count == 0 || count > 121 {
		return nil, illegalValue
	}
	if code := writeRegisters(m, to, count, b[8], b[9:]); code != 0 {
		return nil, code
	}
	return readRegisters(m, false, addr, n)
}

// RequestLength is how long the RTU request that starts with b will be, with its CRC;
// 0 while that can not be told yet.
func RequestLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	at := 0 // of the byte count
	switch b[1] {
	case 1, 2, 3, 4, 5, 6:
		return 8
	case 22:
		return 10
	case 43:
		return 7
	case 15, 16:
		at = 6
	case 23:
		at = 10
	default:
		return 0
	}
	if len(b) <= at {
		return 0
	}
	return at + 3 + int(b[at])
}

// CRC is CRC-16/MODBUS, bit by bit.
func CRC(b []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			odd := sum&1 == 1
			sum >>= 1
			if odd {
				sum ^= 0xA001
			}
		}
	}
	return sum
}

// AppendCRC adds the CRC as it goes over the wire, low byte first.
func AppendCRC(b []byte) []byte { return binary.LittleEndian.AppendUint16(b, CRC(b)) }

// LRC is the check of Modbus ASCII over the bytes that its characters stand for.
func LRC(b []byte) byte {
	sum := byte(0)
	for _, x := range b {
		sum += x
	}
	return -sum
}
