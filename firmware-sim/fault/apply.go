package fault

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"
)

// Exchange is a request and the right answer to it.
type Exchange struct {
	Request []byte // the whole frame as it came
	Unit    byte
	PDU     []byte                             // of the right answer
	Wrap    func(unit byte, pdu []byte) []byte // makes a frame
	Checked bool                               // the line below already drops damaged bytes, as TCP does
}

// Emission is bytes to be sent.
type Emission struct {
	After    time.Duration // after the previous emission's last byte, or when the answer is due
	Bytes    []byte
	PastNext bool // only after the next request on the line
}

// Apply turns the right answer into what is sent under the orders that strike it.
// [Silent] and refusals are for the caller to see to before the device acts.
func Apply(orders []Order, x Exchange, rnd *rand.Rand) []Emission {
	unit, pdu := x.Unit, x.PDU
	for _, o := range orders {
		switch o.Kind {
		case WrongUnit:
			unit = unit%247 + 1
		case WrongFunction:
			pdu = wrongFunction(pdu)
		case WrongCount:
			pdu = wrongCount(pdu)
		}
	}
	return deliver(orders, damage(orders, x, x.Wrap(unit, pdu), rnd))
}

func damage(orders []Order, x Exchange, frame []byte, rnd *rand.Rand) []byte {
	for _, o := range orders {
		switch o.Kind {
		case Corrupt:
			if !x.Checked {
				frame = slices.Clone(frame)
				frame[rnd.IntN(len(frame))] ^= 1 << rnd.IntN(8)
			}
		case Short:
			frame = frame[:1+rnd.IntN(len(frame)-1)]
		}
	}
	for _, o := range orders {
		switch o.Kind {
		case NoiseBefore:
			frame = append(Noise(rnd), frame...)
		case NoiseAfter:
			frame = append(slices.Clone(frame), Noise(rnd)...)
		case Echo:
			frame = append(slices.Clone(x.Request), frame...)
		}
	}
	return frame
}

func deliver(orders []Order, frame []byte) []Emission {
	out := []Emission{{Bytes: frame}}
	for _, o := range orders {
		switch o.Kind {
		case Lost:
			return nil
		case Drip:
			out = out[:0]
			for i := range frame {
				out = append(out, Emission{After: o.By, Bytes: frame[i : i+1]})
			}
		}
	}
	for _, o := range orders {
		switch o.Kind {
		case Late:
			out[0].After += o.By
			out[0].PastNext = out[0].PastNext || o.PastNext
		case Duplicate:
			again := slices.Clone(out)
			again[0].PastNext = false
			out = append(out, again...)
		}
	}
	return out
}

// Noise is a few bytes as a bad line gives.
func Noise(rnd *rand.Rand) []byte {
	out := make([]byte, 1+rnd.IntN(8))
	for i := range out {
		out[i] = byte(rnd.Uint32())
	}
	return out
}

// wrongFunction answers with the sister function: 3 for 4, 1 for 2, 5 for 6, 15 for 16.
func wrongFunction(pdu []byte) []byte {
	out := slices.Clone(pdu)
	switch fc := out[0] & 0x7F; fc {
	case 1, 2, 3, 4:
		out[0] = out[0]&0x80 | (fc - 1 ^ 1 + 1)
	case 5, 6:
		out[0] = out[0]&0x80 | 11 - fc
	case 15, 16:
		out[0] = out[0]&0x80 | 31 - fc
	default:
		out[0] ^= 1
	}
	return out
}

// wrongCount answers with one register or byte less than asked for, or echoes another
// value where the answer is an echo.
func wrongCount(pdu []byte) []byte {
	out := slices.Clone(pdu)
	size := map[byte]int{1: 1, 2: 1, 3: 2, 4: 2, 0x17: 2}[out[0]]
	switch {
	case size > 0 && len(out) >= 2+2*size:
		out = out[:len(out)-size]
		out[1] -= byte(size)
	case size > 0 && len(out) >= 2:
		out = append(out, make([]byte, size)...)
		out[1] += byte(size)
	case len(out) >= 5:
		binary.BigEndian.PutUint16(out[3:], binary.BigEndian.Uint16(out[3:])+1)
	}
	return out
}
