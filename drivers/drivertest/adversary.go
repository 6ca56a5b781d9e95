package drivertest

import (
	"slices"
	"time"
)

// Case is one misbehaviour, done once.
type Case struct {
	Name    string
	Do      Behaviour
	MustOK  bool // the driver has no reason to refuse
	RTUOnly bool // damage that the connection's own checks would hold back
	TCPOnly bool
}

// Late is how late the suite's late answers come: past every time-out the suite sets,
// but within the latency it tells the driver of.
const Late = 120 * time.Millisecond

// Adversary lists the misbehaviours.
func Adversary() []Case {
	return slices.Concat(lateCases(), damageCases(), strangerCases(), tcpCases())
}

func lateCases() []Case {
	return []Case{
		{Name: "no answer", Do: func(*Request) []Send { return []Send{} }},
		{Name: "late answer", Do: func(r *Request) []Send { return []Send{{Late, r.Answer, false}} }},
		{Name: "late answer, twice", Do: func(r *Request) []Send {
			return []Send{{Late, r.Answer, false}, {30 * time.Millisecond, r.Answer, false}}
		}},
		{Name: "late answer, dripping over the next requests", Do: func(r *Request) []Send {
			out := drip(r.Answer, 10*time.Millisecond)
			out[0].After = Late
			return out
		}},
		{Name: "late damaged answer", RTUOnly: true, Do: func(r *Request) []Send {
			return []Send{{Late, flip(r.Answer, len(r.Answer)-1), false}}
		}},
		{Name: "late exception", Do: func(r *Request) []Send {
			return []Send{{Late, r.Frame(r.Unit, []byte{r.PDU[0] | 0x80, 4}), false}}
		}},
		{Name: "hang up", Do: func(*Request) []Send { return []Send{{Hangup: true}} }},
		{Name: "cut, then hang up", Do: func(r *Request) []Send { return []Send{{Bytes: r.Answer[:5]}, {Hangup: true}} }},
	}
}

func damageCases() []Case {
	noise := []byte{0x7F, 0x13, 0x00, 0xA5, 0xFF}
	return []Case{
		{Name: "wrong check or header", RTUOnly: true, Do: func(r *Request) []Send { return []Send{{Bytes: flip(r.Answer, len(r.Answer)-1)}} }},
		{Name: "a damaged value", RTUOnly: true, Do: func(r *Request) []Send { return []Send{{Bytes: flip(r.Answer, 4)}} }},
		{Name: "cut", Do: func(r *Request) []Send { return []Send{{Bytes: r.Answer[:len(r.Answer)/2]}} }},
		{Name: "noise before the answer", Do: func(r *Request) []Send { return []Send{{Bytes: slices.Concat(noise, r.Answer)}} }},
		{Name: "noise like the unit before the answer", RTUOnly: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: slices.Concat([]byte{r.Unit}, r.Answer)}}
		}},
		{Name: "noise behind the answer", Do: func(r *Request) []Send { return []Send{{Bytes: slices.Concat(r.Answer, noise)}} }},
		{Name: "only noise", Do: func(*Request) []Send { return []Send{{Bytes: noise}} }},
		{Name: "endless noise", Do: func(*Request) []Send {
			out := make([]Send, 100)
			for i := range out {
				out[i] = Send{time.Millisecond, noise, false}
			}
			return out
		}},
		{Name: "the answer twice", Do: func(r *Request) []Send { return []Send{{Bytes: slices.Concat(r.Answer, r.Answer)}} }},
		{Name: "the request echoed before the answer", RTUOnly: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: slices.Concat(r.Raw, r.Answer)}}
		}},
		{Name: "only the request echoed", RTUOnly: true, Do: func(r *Request) []Send { return []Send{{Bytes: r.Raw}} }},
		{Name: "one byte at a time", MustOK: true, Do: func(r *Request) []Send { return drip(r.Answer, 200*time.Microsecond) }},
		{Name: "a pause of 20 ms inside", MustOK: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: r.Answer[:4]}, {20 * time.Millisecond, r.Answer[4:], false}}
		}},
		{Name: "dripping without end", Do: func(r *Request) []Send { return drip(r.Answer, 40*time.Millisecond) }},
	}
}

func strangerCases() []Case {
	other := func(r *Request) []byte { return answerTo(r.Unit+1, r.PDU) }
	short := func(r *Request) []byte {
		pdu := slices.Clone(r.PDU)
		pdu[4]--
		return answerTo(r.Unit, pdu)
	}
	return []Case{
		{Name: "another unit's frame", Do: func(r *Request) []Send { return []Send{{Bytes: r.Frame(r.Unit+1, other(r))}} }},
		{Name: "another unit's frame, then the answer", MustOK: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: slices.Concat(r.Frame(r.Unit+1, other(r)), r.Answer)}}
		}},
		{Name: "one register too few", Do: func(r *Request) []Send { return []Send{{Bytes: r.Frame(r.Unit, short(r))}} }},
		{Name: "answer of another function", Do: func(r *Request) []Send {
			pdu := r.RightPDU()
			pdu[0] ^= 7 // 3 becomes 4
			return []Send{{Bytes: r.Frame(r.Unit, pdu)}}
		}},
		{Name: "answer of an unknown function", Do: func(r *Request) []Send {
			return []Send{{Bytes: r.Frame(r.Unit, []byte{0x41, 0, 1, 2, 3})}}
		}},
		{Name: "byte count too large", Do: func(r *Request) []Send {
			pdu := r.RightPDU()
			pdu[1] += 4
			return []Send{{Bytes: r.Frame(r.Unit, pdu)}}
		}},
		{Name: "byte count too small", Do: func(r *Request) []Send {
			pdu := r.RightPDU()
			pdu[1] -= 4
			return []Send{{Bytes: r.Frame(r.Unit, pdu)}}
		}},
		{Name: "exception 6", Do: func(r *Request) []Send { return []Send{{Bytes: r.Frame(r.Unit, []byte{r.PDU[0] | 0x80, 6})}} }},
		{Name: "exception 11", Do: func(r *Request) []Send { return []Send{{Bytes: r.Frame(r.Unit, []byte{r.PDU[0] | 0x80, 11})}} }},
	}
}

func tcpCases() []Case {
	edit := func(at int, to byte) Behaviour {
		return func(r *Request) []Send {
			b := slices.Clone(r.Answer)
			b[at] = to
			return []Send{{Bytes: b}}
		}
	}
	return []Case{
		{Name: "another transaction, then the answer", TCPOnly: true, MustOK: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: slices.Concat(r.FrameOf(r.Transaction-1, r.Unit, answerTo(r.Unit+1, r.PDU)), r.Answer)}}
		}},
		{Name: "another transaction only", TCPOnly: true, Do: func(r *Request) []Send {
			return []Send{{Bytes: r.FrameOf(r.Transaction+1, r.Unit, answerTo(r.Unit+1, r.PDU))}}
		}},
		{Name: "wrong protocol", TCPOnly: true, Do: edit(3, 1)},
		{Name: "header length 0", TCPOnly: true, Do: edit(5, 0)},
		{Name: "header length 65k", TCPOnly: true, Do: edit(4, 0xFF)},
	}
}

func drip(b []byte, every time.Duration) []Send {
	out := make([]Send, len(b))
	for i := range b {
		out[i] = Send{every, b[i : i+1], false}
	}
	return out
}

func flip(b []byte, at int) []byte {
	c := slices.Clone(b)
	c[at] ^= 0x10
	return c
}
