package bus

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// Counters count what passed over a line.
type Counters struct {
	Requests     atomic.Uint64 // whole requests with a right check
	Answers      atomic.Uint64 // answers begun, damaged ones included
	BadCheck     atomic.Uint64 // frames with a wrong CRC, LRC or header
	Strangers    atomic.Uint64 // requests to ids that nobody has
	ShortSilence atomic.Uint64 // requests that began before t3.5 of silence had passed
	Accepted     atomic.Uint64 // connections
	Open         atomic.Int64
	Late         line.Lateness
}

// Stats are the counters at one moment.
type Stats struct {
	Requests     uint64  `json:"requests"`
	Answers      uint64  `json:"answers"`
	BadCheck     uint64  `json:"bad_check"`
	Strangers    uint64  `json:"strangers"`
	ShortSilence uint64  `json:"short_silence"`
	Accepted     uint64  `json:"accepted"`
	Open         int64   `json:"open"`
	Bytes        int64   `json:"bytes"`
	LateBytes    int64   `json:"late_bytes"` // more than one character late
	WorstLateMS  float64 `json:"worst_late_ms"`
}

// Look takes the counters.
func (c *Counters) Look() Stats {
	bytes, over, worst := c.Late.Look()
	return Stats{
		Requests: c.Requests.Load(), Answers: c.Answers.Load(), BadCheck: c.BadCheck.Load(), Strangers: c.Strangers.Load(),
		ShortSilence: c.ShortSilence.Load(), Accepted: c.Accepted.Load(), Open: c.Open.Load(),
		Bytes: bytes, LateBytes: over, WorstLateMS: float64(worst.Microseconds()) / 1000,
	}
}

// request is one request as it came.
type request struct {
	raw  []byte
	unit byte
	pdu  []byte
	wrap func(unit byte, pdu []byte) []byte
}

func (r request) exchange(u *Unit, pdu []byte) fault.Exchange {
	return fault.Exchange{Request: r.raw, Unit: r.unit, PDU: pdu, Wrap: func(unit byte, pdu []byte) []byte {
		return r.wrap(unit, u.dialect(pdu))
	}}
}

func wrapRTU(unit byte, pdu []byte) []byte { return device.AppendCRC(append([]byte{unit}, pdu...)) }

func wrapASCII(unit byte, pdu []byte) []byte {
	b := append([]byte{unit}, pdu...)
	return []byte(":" + strings.ToUpper(hex.EncodeToString(append(b, device.LRC(b)))) + "\r\n")
}

// parseRTU takes a whole frame apart.
func parseRTU(frame []byte) (request, bool) {
	n := len(frame)
	if n < 4 || n > 256 || device.CRC(frame[:n-2]) != binary.LittleEndian.Uint16(frame[n-2:]) {
		return request{}, false
	}
	return request{raw: frame, unit: frame[0], pdu: frame[1 : n-2], wrap: wrapRTU}, true
}

// parseASCII takes a line apart that ends with LF; what stands before the last colon is
// noise.
func parseASCII(text []byte) (request, bool) {
	start := bytes.LastIndexByte(text, ':')
	if start < 0 || !bytes.HasSuffix(text, []byte("\r\n")) {
		return request{}, false
	}
	body, err := hex.DecodeString(string(text[start+1 : len(text)-2]))
	if err != nil || len(body) < 3 || len(body) > 255 || device.LRC(body) != 0 {
		return request{}, false
	}
	return request{raw: text[start:], unit: body[0], pdu: body[1 : len(body)-1], wrap: wrapASCII}, true
}

// parseMBAP takes one frame off the front of b. used is 0 while it is not whole; bad
// means that this is no Modbus TCP and the connection has to end.
func parseMBAP(b []byte) (r request, used int, bad bool) {
	if len(b) < 7 {
		return r, 0, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if binary.BigEndian.Uint16(b[2:]) != 0 || n < 2 || n > 254 {
		return r, 0, true
	}
	if len(b) < 6+n {
		return r, 0, false
	}
	head := [2]byte{b[0], b[1]}
	frame := bytes.Clone(b[:6+n])
	return request{raw: frame, unit: frame[6], pdu: frame[7:], wrap: func(unit byte, pdu []byte) []byte {
		out := make([]byte, 0, 8+len(pdu))
		out = append(out, head[0], head[1], 0, 0)
		out = binary.BigEndian.AppendUint16(out, uint16(1+len(pdu)))
		return append(append(out, unit), pdu...)
	}}, 6 + n, false
}

// due is when an answer begins and what it is made of.
type due struct {
	at    time.Time
	parts []fault.Emission
}
