package paneltap

import (
	"encoding/hex"
	"strings"
)

// crt hears the panel's side of the dialogue on a GST500 or GST5000's CRT port. Source: a
// field transmission unit's firmware (gst500.c). An event is a head, three bytes of
// address, the kind of device, an event code, an 8-bit sum and a last byte.
//
// UNVERIFIED on hardware: whether the sum has the head in it (both are taken), what the
// last byte is (it is not looked at), and that a node is written as the six digits of its
// address. The ninth bit, which marks addresses for the panels, does not reach an
// ordinary port.
type crt struct {
	have  []byte
	noise uint64
}

// Heads of events, and the single byte of an idle panel.
const (
	crtAlarm   = 0xDD
	crtFault   = 0xEE
	crtPanel   = 0xCB
	crtReset   = 0xAA
	crtSilence = 0xAB
	crtIdle    = 0xF0

	crtFrame = 8 // head, 3 address, kind, code, sum, last
)

// NewCRT makes the decoder of a CRT port.
func NewCRT() Decoder { return &crt{} }

func (d *crt) Noise() uint64 { return d.noise }

// Feed implements [Decoder].
func (d *crt) Feed(b []byte) (out []Event) {
	d.have = append(d.have, b...)
	for len(d.have) > 0 {
		e, used, ok := parseCRT(d.have)
		if used == 0 {
			break // more is to come
		}
		if d.have = d.have[used:]; ok {
			out = append(out, e...)
		} else {
			d.noise += uint64(used)
		}
	}
	d.have = append([]byte(nil), d.have...) // not the whole history
	return out
}

// parseCRT takes an event off the front of b and tells how many bytes are done with: 0
// when more are needed. ok is false for noise.
func parseCRT(b []byte) (out []Event, used int, ok bool) {
	switch b[0] {
	case crtIdle:
		return []Event{{Idle: true}}, 1, true
	case crtAlarm, crtFault, crtPanel, crtReset, crtSilence:
	default:
		return nil, 1, false
	}
	if len(b) < crtFrame-1 {
		return nil, 0, false
	}
	sum := byte(0)
	for _, c := range b[1:6] {
		sum += c
	}
	if sum != b[6] && sum+b[0] != b[6] {
		return nil, 1, false
	}
	if len(b) < crtFrame {
		return nil, 0, false
	}
	node := strings.ToUpper(hex.EncodeToString(b[1:4]))
	switch b[0] {
	case crtAlarm:
		out = []Event{{Node: node, State: Fire}}
	case crtFault:
		out = []Event{{Node: node, State: Fault}}
	case crtReset:
		out = []Event{{Reset: true}}
	default:
		out = []Event{{Idle: true}} // of the panel itself: it is there
	}
	return out, crtFrame, true
}
