package series

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"anlan/contract"
)

// errCorrupt marks stored bytes that are not a chunk.
var errCorrupt = errors.New("corrupt chunk")

const (
	scaledValues = 0 // value = integer / 10^k, deltas as varints
	floatValues  = 1 // bits xor the bits before, byte-reversed varint

	maxChunkSamples = 1 << 22
)

var pow10 = [...]float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6}

// appendSamples writes samples (in time order) as count, times, values, qualities.
func appendSamples(b []byte, samples []contract.Sample) []byte {
	b = binary.AppendUvarint(b, uint64(len(samples)))
	last, step := int64(0), int64(0)
	for _, s := range samples {
		d := s.UnixMS - last
		b = binary.AppendVarint(b, d-step)
		last, step = s.UnixMS, d
	}
	b = appendValues(b, samples)
	for i := 0; i < len(samples); {
		run := 1
		for i+run < len(samples) && samples[i+run].Quality == samples[i].Quality {
			run++
		}
		b = append(b, byte(samples[i].Quality))
		b = binary.AppendUvarint(b, uint64(run))
		i += run
	}
	return b
}

func appendValues(b []byte, samples []contract.Sample) []byte {
	if k, ok := scaleOf(samples); ok {
		b = append(b, scaledValues, byte(k))
		last := int64(0)
		for _, s := range samples {
			n := int64(math.Round(s.Value * pow10[k]))
			b = binary.AppendVarint(b, n-last)
			last = n
		}
		return b
	}
	b = append(b, floatValues)
	last := uint64(0)
	for _, s := range samples {
		v := math.Float64bits(s.Value)
		b = binary.AppendUvarint(b, bits.ReverseBytes64(v^last))
		last = v
	}
	return b
}

// scaleOf finds the least k for which every value is exactly an integer / 10^k.
func scaleOf(samples []contract.Sample) (int, bool) {
	k := 0
	for _, s := range samples {
		for ; ; k++ {
			if k == len(pow10) {
				return 0, false
			}
			n := math.Round(s.Value * pow10[k])
			if math.Abs(n) < 1<<52 && math.Float64bits(float64(int64(n))/pow10[k]) == math.Float64bits(s.Value) {
				break
			}
		}
	}
	for _, s := range samples { // an earlier value may not be exact at the final scale
		n := math.Round(s.Value * pow10[k])
		if math.Abs(n) >= 1<<52 || math.Float64bits(float64(int64(n))/pow10[k]) != math.Float64bits(s.Value) {
			return 0, false
		}
	}
	return k, true
}

// reader takes bytes apart; after the first mistake everything it gives is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.err, r.b = errCorrupt, nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) samples() []contract.Sample {
	n := r.uvarint()
	if n > maxChunkSamples || n > uint64(len(r.b)) { // at least a byte each
		r.fail()
		return nil
	}
	out := make([]contract.Sample, n)
	last, step := int64(0), int64(0)
	for i := range out {
		step += r.varint()
		last += step
		out[i].UnixMS = last
	}
	r.values(out)
	for i := 0; i < len(out) && r.err == nil; {
		q, run := contract.Quality(r.byte()), r.uvarint()
		if run == 0 || run > uint64(len(out)-i) {
			r.fail()
			break
		}
		for range run {
			out[i].Quality = q
			i++
		}
	}
	if r.err != nil {
		return nil
	}
	return out
}

func (r *reader) values(out []contract.Sample) {
	switch r.byte() {
	case scaledValues:
		k := int(r.byte())
		if k >= len(pow10) {
			r.fail()
			return
		}
		last := int64(0)
		for i := range out {
			last += r.varint()
			out[i].Value = float64(last) / pow10[k]
		}
	case floatValues:
		last := uint64(0)
		for i := range out {
			last ^= bits.ReverseBytes64(r.uvarint())
			out[i].Value = math.Float64frombits(last)
		}
	default:
		r.fail()
	}
}

// appendColumns writes a log row: several series at once.
func appendColumns(b []byte, cols []Column) []byte {
	b = binary.AppendUvarint(b, uint64(len(cols)))
	for _, c := range cols {
		b = binary.AppendUvarint(b, uint64(len(c.Edge)))
		b = append(b, c.Edge...)
		b = binary.AppendUvarint(b, uint64(len(c.Point)))
		b = append(b, c.Point...)
		b = appendSamples(b, c.Samples)
	}
	return b
}

func decodeColumns(b []byte) ([]Column, error) {
	r := &reader{b: b}
	var out []Column
	for range min(r.uvarint(), uint64(len(b))) {
		c := Column{Key: Key{contract.EdgeID(r.text()), contract.PointID(r.text())}, Samples: r.samples()}
		if r.err != nil {
			return nil, fmt.Errorf("series: log row: %w", r.err)
		}
		out = append(out, c)
	}
	return out, r.err
}

func decodeSamples(b []byte) ([]contract.Sample, error) {
	r := &reader{b: b}
	out := r.samples()
	if r.err != nil {
		return nil, fmt.Errorf("series: chunk: %w", r.err)
	}
	return out, nil
}

// merge puts newer samples into older ones: in time order, one per instant, the newer
// one where both have it.
func merge(older, newer []contract.Sample) []contract.Sample {
	all := make([]contract.Sample, 0, len(older)+len(newer))
	all = append(append(all, older...), newer...)
	slices.SortStableFunc(all, func(a, b contract.Sample) int { return cmp.Compare(a.UnixMS, b.UnixMS) })
	out := all[:0]
	for i, s := range all {
		if i+1 < len(all) && all[i+1].UnixMS == s.UnixMS {
			continue
		}
		out = append(out, s)
	}
	return out
}
