package paneltap

import (
	"encoding/hex"
)

// crt hears a GST500 or GST5000's CRT port. Source: a field transmission unit's firmware
// (gst500.c, gst500.h). In each turn the CRT sends the panel's number and 00, the panel
// its number, the CRT 0F, the panel one frame, and the CRT 1F: head, data, 8-bit sum of
// the data, BB; where there are no data there is no sum.
//
// UNVERIFIED on hardware: that a node is written as the six digits of its address. The
// ninth bit marks addresses for the panels. What a panel says has it at 0: a port that
// does not know ninth bits hears it best with parity space.
type crt struct {
	have  []byte
	noise uint64
	since int // bytes since the last frame
}

// Heads of frames, and their tail.
const (
	crtAlarm   = 0xDD // 3 bytes of address, type of device, event
	crtFault   = 0xEE // the same
	crtPanel   = 0xCB // 1 byte: the panel's own state
	crtReset   = 0xAA
	crtSilence = 0xAB
	crtIdle    = 0xF0
	crtTail    = 0xBB

	// crtBetween is how much the dialogue puts between two frames: 1F, number, 00,
	// number, 0F.
	crtBetween = 5
)

// NewCRT makes the decoder of a CRT port.
func NewCRT() Decoder { return &crt{since: crtBetween + 1} }

func (d *crt) Noise() uint64 { return d.noise }

// Feed implements [Decoder].
func (d *crt) Feed(b []byte) (out []Event) {
	d.have = append(d.have, b...)
	for len(d.have) > 0 {
		e, used, ok := parseCRT(d.have)
		if used == 0 {
			break // more is to come
		}
		d.have = d.have[used:]
		// The end of a damaged event, its sum and BB, can look like a reset. It is none
		// unless it comes where a frame begins: all nodes would be made out to be normal.
		if ok && (!e.Reset || d.since <= crtBetween) {
			out = append(out, e)
			d.since = 0
			continue
		}
		d.noise += uint64(used)
		d.since += used
	}
	d.have = append([]byte(nil), d.have...) // not the whole history
	return out
}

// parseCRT takes a frame off the front of b and tells how many bytes are done with: 0
// when more are needed. ok is false for noise.
func parseCRT(b []byte) (e Event, used int, ok bool) {
	var n int
	switch b[0] {
	case crtIdle, crtReset, crtSilence:
		n = 2
	case crtPanel:
		n = 4
	case crtAlarm, crtFault:
		n = 8
	default:
		return e, 1, false
	}
	if len(b) < n {
		return e, 0, false
	}
	sum := byte(0)
	for _, c := range b[1 : n-1] {
		sum += c
	}
	if b[n-1] != crtTail || n > 2 && sum != 2*b[n-2] { // the sum itself is among what was added
		return e, 1, false
	}
	switch b[0] {
	case crtReset:
		return Event{Reset: true}, n, true
	case crtAlarm, crtFault:
		state, ok := crtState(b[0], b[4], b[5])
		if !ok {
			return Event{Idle: true}, n, true // a delay, a self-test: of no node's state
		}
		return Event{Node: hex.EncodeToString(b[1:4]), State: state}, n, true
	}
	return Event{Idle: true}, n, true // of the panel itself: it is there
}

// crtState is what an event says of a node. The kind of device is in BCD; what is no
// detector or call point gives feedback where those give an alarm. A gas detector's alarm
// is taken for a fire rather than for less.
func crtState(head, kind, code byte) (State, bool) {
	if head == crtFault {
		switch code {
		case 0x00, 0x20:
			return Fault, true
		case 0x01:
			return Disabled, true
		case 0x02, 0x10:
			return Normal, true
		}
		return 0, false
	}
	switch code {
	case 0x00, 0x10:
		return Normal, true
	case 0x01:
		if kind <= 0x11 || kind >= 0x80 && kind <= 0x90 || kind == 0x69 {
			return Fire, true
		}
		return Feedback, true
	case 0x02:
		return Started, true
	case 0x03:
		return Stopped, true
	}
	return 0, false
}
