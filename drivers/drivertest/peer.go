package drivertest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"time"
)

// Framing is how the peer wraps its answers.
type Framing int

// Framings.
const (
	RTU        Framing = iota // on a pseudo-terminal
	TCP                       // MBAP on a connection
	ASCII                     // on a pseudo-terminal
	RTUOverTCP                // RTU frames on a connection
)

// socket reports whether the peer is reached over a connection.
func (f Framing) socket() bool { return f == TCP || f == RTUOverTCP }

// Request is what the peer was asked.
type Request struct {
	Index       int // from 0
	Raw         []byte
	Transaction uint16
	Unit        uint8
	PDU         []byte
	Answer      []byte // the whole right frame
	framing     Framing
}

// Frame wraps another pdu, under the request's transaction.
func (r *Request) Frame(unit uint8, pdu []byte) []byte {
	return wrap(r.framing, r.Transaction, unit, pdu)
}

// FrameOf wraps a pdu under another transaction; RTU has none.
func (r *Request) FrameOf(transaction uint16, unit uint8, pdu []byte) []byte {
	return wrap(r.framing, transaction, unit, pdu)
}

// RightPDU is the pdu of the right answer.
func (r *Request) RightPDU() []byte { return answerTo(r.Unit, r.PDU) }

// Send is bytes put on the line some time after the previous ones.
type Send struct {
	After  time.Duration
	Bytes  []byte
	Hangup bool // close the line instead
}

// Behaviour decides what the peer does about a request. nil is the right answer.
type Behaviour func(r *Request) []Send

// Peer answers requests on a stream by a script. Register a of unit u holds Value(u, a),
// so that an answer taken for another question shows.
type Peer struct {
	Stream  io.ReadWriteCloser
	Framing Framing
	React   time.Duration // before a right answer
	Behave  Behaviour
	// Upstream, if set, is asked for the right answer in the peer's place; nil from it is
	// none, and the peer answers itself. An answer that is not what the peer would have
	// said is given to Differs.
	Upstream func(r *Request, length int) []byte
	Differs  func(r *Request, got []byte)
	// CharTime is how long the wire takes for a character of a request; 0 is no wire.
	CharTime time.Duration

	mu     sync.Mutex
	turn   chan struct{} // one sender at a time; a channel, so that synctest's time can pass
	sends  sync.WaitGroup
	writes []Write
}

// Write is a single write the peer carried out.
type Write struct {
	Unit           uint8
	Address, Value uint16
}

// Value is what a register of the peer holds.
func Value(unit uint8, addr uint16) uint16 {
	x := uint32(unit)<<16 | uint32(addr)
	x ^= x >> 15
	x *= 0x2c1b3c6d
	x ^= x >> 12
	x *= 0x297a2d39
	return uint16(x >> 15)
}

// Writes lists the single writes carried out so far.
func (p *Peer) Writes() []Write {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Write(nil), p.writes...)
}

// Run answers until the stream ends.
func (p *Peer) Run() {
	defer p.sends.Wait()
	p.turn = make(chan struct{}, 1)
	var buf []byte
	chunk := make([]byte, 512)
	for i := 0; ; {
		n, err := p.Stream.Read(chunk)
		if err != nil {
			return
		}
		buf = append(buf, chunk[:n]...)
		for {
			r, used := parse(p.Framing, buf)
			buf = buf[used:]
			if r == nil {
				break
			}
			r.Index = i
			i++
			p.answer(r)
		}
	}
}

func (p *Peer) answer(r *Request) {
	r.Answer = r.Frame(r.Unit, r.RightPDU())
	if p.Upstream != nil {
		if got := p.Upstream(r, len(r.Answer)); got != nil && !bytes.Equal(got, r.Answer) {
			p.Differs(r, got)
			r.Answer = got
		}
	}
	if f := r.PDU[0]; f == 5 || f == 6 {
		p.mu.Lock()
		p.writes = append(p.writes, Write{r.Unit, binary.BigEndian.Uint16(r.PDU[1:]), binary.BigEndian.Uint16(r.PDU[3:])})
		p.mu.Unlock()
	}
	var sends []Send
	if p.Behave != nil {
		sends = p.Behave(r)
	}
	if sends == nil {
		sends = []Send{{After: p.React, Bytes: r.Answer}}
	}
	p.sends.Go(func() {
		if wire := time.Duration(len(r.Raw)+2) * p.CharTime; wire > 0 {
			time.Sleep(wire)
		}
		p.play(sends)
	})
}

// play puts bytes on the line. On a connection an answer's bytes stay together, whatever
// its pauses; on a line others may talk into them.
func (p *Peer) play(sends []Send) {
	held := false
	release := func() {
		if held {
			<-p.turn
			held = false
		}
	}
	defer release()
	for _, s := range sends {
		if s.After > 0 {
			time.Sleep(s.After)
		}
		if s.Hangup {
			_ = p.Stream.Close() // the hang-up is the point
			return
		}
		if !held {
			p.turn <- struct{}{}
			held = true
		}
		if _, err := p.Stream.Write(s.Bytes); err != nil {
			return
		}
		if p.Framing != TCP {
			release()
		}
	}
}

// parse takes one request off the front of b.
func parse(f Framing, b []byte) (*Request, int) {
	switch f {
	case TCP:
		return parseTCP(b)
	case ASCII:
		return parseASCII(b)
	}
	if len(b) < 7 {
		return nil, 0
	}
	n := 8
	switch b[1] {
	case 15, 16:
		n = 9 + int(b[6])
	case 22:
		n = 10
	case 23:
		if len(b) < 11 {
			return nil, 0
		}
		n = 13 + int(b[10])
	case 43:
		n = 7
	}
	if len(b) < n {
		return nil, 0
	}
	if crc(b[:n]) != 0 {
		return nil, len(b)
	}
	return &Request{Raw: append([]byte(nil), b[:n]...), Unit: b[0], PDU: append([]byte(nil), b[1:n-2]...), framing: f}, n
}

func parseTCP(b []byte) (*Request, int) {
	if len(b) < 8 {
		return nil, 0
	}
	n := 6 + int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < n {
		return nil, 0
	}
	return &Request{Raw: append([]byte(nil), b[:n]...), Transaction: binary.BigEndian.Uint16(b), Unit: b[6], PDU: append([]byte(nil), b[7:n]...), framing: TCP}, n
}

func parseASCII(b []byte) (*Request, int) {
	end := bytes.IndexByte(b, '\n') + 1
	if end == 0 {
		return nil, 0
	}
	start := bytes.LastIndexByte(b[:end], ':')
	if start < 0 {
		return nil, end
	}
	body, err := hex.DecodeString(strings.TrimSpace(string(b[start+1 : end])))
	if err != nil || len(body) < 3 {
		return nil, end
	}
	sum := byte(0)
	for _, x := range body {
		sum += x
	}
	if sum != 0 {
		return nil, end
	}
	return &Request{Raw: append([]byte(nil), b[:end]...), Unit: body[0], PDU: body[1 : len(body)-1], framing: ASCII}, end
}

func wrap(f Framing, transaction uint16, unit uint8, pdu []byte) []byte {
	b := append([]byte{unit}, pdu...)
	switch f {
	case TCP:
		head := []byte{byte(transaction >> 8), byte(transaction), 0, 0, byte(len(b) >> 8), byte(len(b))}
		return append(head, b...)
	case ASCII:
		sum := byte(0)
		for _, x := range b {
			sum += x
		}
		return []byte(":" + strings.ToUpper(hex.EncodeToString(append(b, -sum))) + "\r\n")
	}
	c := crc(b)
	return append(b, byte(c), byte(c>>8))
}

// crc is computed bit by bit; over a frame with its own CRC it is 0.
func crc(b []byte) uint16 {
	c := uint16(0xFFFF)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			low := c & 1
			c >>= 1
			if low == 1 {
				c ^= 0xA001
			}
		}
	}
	return c
}

// identity is what every unit says of itself: objects 0 to 2 (basic), 3 to 6 (regular)
// and one of the vendor's own (extended).
var identity = map[byte]string{0: "Anlan", 1: "peer", 2: "1.0", 3: "", 4: "驱动测试", 5: "drivertest", 6: "adversary", 0x80: strings.Repeat("x", 200)}

// identityOf gives at most four objects an answer.
func identityOf(pdu []byte) []byte {
	level, from := pdu[2], pdu[3]
	last := byte(2)
	switch level {
	case 2:
		last = 6
	case 3:
		last = 0x80
	case 4:
		last = from
	}
	out := []byte{43, 14, level, 0x83, 0, 0, 0}
	for id := int(from); id <= int(last); id++ {
		text, ok := identity[byte(id)]
		if !ok {
			continue
		}
		if out[6] == 4 {
			out[4], out[5] = 0xFF, byte(id)
			break
		}
		out = append(append(out, byte(id), byte(len(text))), text...)
		out[6]++
	}
	return out
}

// answerTo is the right reply of a unit whose every register and bit is known.
func answerTo(unit uint8, pdu []byte) []byte {
	addr := binary.BigEndian.Uint16(pdu[1:])
	switch f := pdu[0]; f {
	case 1, 2:
		count := int(binary.BigEndian.Uint16(pdu[3:]))
		out := append([]byte{f, byte((count + 7) / 8)}, make([]byte, (count+7)/8)...)
		for i := range count {
			out[2+i/8] |= byte(Value(unit, addr+uint16(i))&1) << (i % 8)
		}
		return out
	case 3, 4:
		count := int(binary.BigEndian.Uint16(pdu[3:]))
		out := []byte{f, byte(2 * count)}
		for i := range count {
			out = binary.BigEndian.AppendUint16(out, Value(unit, addr+uint16(i)))
		}
		return out
	case 5, 6, 15, 16:
		return append([]byte(nil), pdu[:5]...)
	case 22:
		return append([]byte(nil), pdu[:7]...)
	case 23:
		read := answerTo(unit, append([]byte{3}, pdu[1:5]...))
		read[0] = 23
		return read
	case 43:
		return identityOf(pdu)
	default:
		return []byte{f | 0x80, 1}
	}
}
