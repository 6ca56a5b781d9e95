package device

import "encoding/binary"

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

// Answer carries out one request PDU and returns the response PDU. It is the server's
// own reading of the standard: it shares no code with the client in drivers.
func Answer(m Memory, req []byte) []byte {
	if len(req) == 0 {
		return nil
	}
	body, code := serve(m, req[0], req[1:])
	if code != 0 {
		return []byte{req[0] | 0x80, code}
	}
	return append([]byte{req[0]}, body...)
}

func serve(m Memory, fc byte, b []byte) ([]byte, byte) {
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
		if arg != 0 && arg != 0xFF00 {
			return nil, illegalValue
		}
		return b[:4], m.SetCoil(addr, arg != 0)
	case 6:
		return b[:4], m.SetRegister(addr, arg)
	case 15:
		return writeCoils(m, addr, arg, b)
	case 16:
		return writeRegisters(m, addr, arg, b)
	}
	return nil, illegalFunction
}

func readBits(m Memory, discrete bool, addr, n uint16) ([]byte, byte) {
	if n == 0 || n > 2000 {
		return nil, illegalValue
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
	regs, code := m.Registers(input, addr, n)
	if code != 0 {
		return nil, code
	}
	out := []byte{byte(2 * len(regs))}
	for _, r := range regs {
		out = binary.BigEndian.AppendUint16(out, r)
	}
	return out, 0
}

func writeCoils(m Memory, addr, n uint16, b []byte) ([]byte, byte) {
	if len(b) < 5 || n == 0 || n > 1968 || int(b[4]) != (int(n)+7)/8 || len(b) != 5+int(b[4]) {
		return nil, illegalValue
	}
	for i := range n {
		if code := m.SetCoil(addr+i, b[5+i/8]>>(i%8)&1 == 1); code != 0 {
			return nil, code
		}
	}
	return b[:4], 0
}

func writeRegisters(m Memory, addr, n uint16, b []byte) ([]byte, byte) {
	if len(b) < 5 || n == 0 || n > 123 || int(b[4]) != 2*int(n) || len(b) != 5+int(b[4]) {
		return nil, illegalValue
	}
	for i := range n {
		if code := m.SetRegister(addr+i, binary.BigEndian.Uint16(b[5+2*i:])); code != 0 {
			return nil, code
		}
	}
	return b[:4], 0
}

// requestLength is how long the RTU request that starts with b will be, with its CRC;
// 0 while that can not be told yet.
func requestLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case 1, 2, 3, 4, 5, 6:
		return 8
	case 15, 16:
		if len(b) < 7 {
			return 0
		}
		return 9 + int(b[6])
	}
	return 0
}

// crc is CRC-16/MODBUS, bit by bit.
func crc(b []byte) uint16 {
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

func appendCRC(b []byte) []byte { return binary.LittleEndian.AppendUint16(b, crc(b)) }
