package series

import (
	"time"

	"anlan/contract"
)

// summary is what a bucket is made of; summaries of neighbouring stretches add up.
type summary struct {
	n, usable int64
	min, max  float64
	sum, last float64
	quality   contract.Quality
}

// rank orders qualities from worst to best by class.
func rank(q contract.Quality) int {
	switch {
	case q.IsBad():
		return 0
	case q.IsGood():
		return 2
	}
	return 1
}

func (a *summary) add(b summary) {
	switch {
	case b.n == 0:
		return
	case a.n == 0:
		*a = b
		return
	}
	if rank(b.quality) < rank(a.quality) {
		a.quality = b.quality
	}
	a.n += b.n
	switch {
	case b.usable == 0:
		if a.usable == 0 {
			a.last = b.last
		}
	case a.usable == 0:
		a.usable, a.min, a.max, a.sum, a.last = b.usable, b.min, b.max, b.sum, b.last
	default:
		a.usable += b.usable
		a.min, a.max, a.sum, a.last = min(a.min, b.min), max(a.max, b.max), a.sum+b.sum, b.last
	}
}

func summarise(samples []contract.Sample) summary {
	var a summary
	for _, s := range samples {
		b := summary{n: 1, last: s.Value, quality: s.Quality}
		if !s.Quality.IsBad() {
			b.usable, b.min, b.max, b.sum = 1, s.Value, s.Value, s.Value
		}
		a.add(b)
	}
	return a
}

func (a summary) bucket(start int64) Bucket {
	b := Bucket{T: time.UnixMilli(start).UTC(), N: a.n, Quality: a.quality, Last: a.last}
	if a.usable == 0 {
		b.Min, b.Max, b.Mean = a.last, a.last, a.last
		return b
	}
	b.Min, b.Max, b.Mean = a.min, a.max, a.sum/float64(a.usable)
	return b
}
