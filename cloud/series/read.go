package series

import (
	"context"
	"slices"
	"time"

	"anlan/contract"
)

// Last returns the newest sample of every series of an edge.
func (s *Store) Last(_ context.Context, e contract.EdgeID) (map[contract.PointID]contract.Sample, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[contract.PointID]contract.Sample{}
	for k, v := range s.last {
		if k.Edge == e {
			out[k.Point] = v
		}
	}
	return out, nil
}

// daysIn lists the days that overlap [from, to) in time order.
func (s *Store) daysIn(from, to int64) []*day {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*day
	for start, d := range s.days {
		if start < to && start+dayMS > from {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *day) int { return int((a.start - b.start) / dayMS) })
	return out
}

// memory copies what is not yet in chunks. It is taken before the chunks are read: a
// flush in between can then only double a sample, never hide one.
func (s *Store) memory(d *day, k Key) []contract.Sample {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append(slices.Clone(d.flushing[k]), d.head[k]...)
}

// Range returns the samples of one series in [from, to) in time order.
func (s *Store) Range(ctx context.Context, k Key, from, to time.Time) ([]contract.Sample, error) {
	s.files.RLock()
	defer s.files.RUnlock()
	var out []contract.Sample
	a, b := from.UnixMilli(), to.UnixMilli()
	for _, d := range s.daysIn(a, b) {
		mem := s.memory(d, k)
		stored, err := d.chunks(ctx, k, a/hourMS, b/hourMS, s.dec)
		if err != nil {
			return nil, err
		}
		for _, v := range merge(stored, mem) {
			if v.UnixMS >= a && v.UnixMS < b {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

// Aggregate summarises one series in [from, to) by buckets of the given length (at
// least a millisecond), aligned to the Unix epoch. Buckets of whole hours come from the
// roll-ups where those are complete.
func (s *Store) Aggregate(ctx context.Context, k Key, from, to time.Time, bucket time.Duration) ([]Bucket, error) {
	size := max(1, bucket.Milliseconds())
	if size%hourMS == 0 {
		return s.aggregateHours(ctx, k, from.UnixMilli(), to.UnixMilli(), size)
	}
	samples, err := s.Range(ctx, k, from, to)
	if err != nil {
		return nil, err
	}
	var b builder
	for _, v := range samples {
		b.add(v.UnixMS/size*size, summarise([]contract.Sample{v}))
	}
	return b.done(), nil
}

// builder makes buckets of summaries that come in time order.
type builder struct {
	out   []Bucket
	start int64
	sum   summary
}

func (b *builder) add(start int64, a summary) {
	if start != b.start {
		b.close()
		b.start = start
	}
	b.sum.add(a)
}

func (b *builder) close() {
	if b.sum.n > 0 {
		b.out = append(b.out, b.sum.bucket(b.start))
	}
	b.sum = summary{}
}

func (b *builder) done() []Bucket {
	b.close()
	return b.out
}

func (s *Store) aggregateHours(ctx context.Context, k Key, from, to, size int64) ([]Bucket, error) {
	s.files.RLock()
	defer s.files.RUnlock()
	var b builder
	for _, d := range s.daysIn(from, to) {
		fresh := map[int64][]contract.Sample{} // by hour
		for _, v := range s.memory(d, k) {
			fresh[v.UnixMS/hourMS] = append(fresh[v.UnixMS/hourMS], v)
		}
		first, last := max(from, d.start)/hourMS, (min(to, d.start+dayMS)-1)/hourMS
		rolled, err := d.hours(ctx, k, first, last)
		if err != nil {
			return nil, err
		}
		for h := first; h <= last; h++ {
			sum, whole := rolled[h], h*hourMS >= from && (h+1)*hourMS <= to
			if len(fresh[h]) > 0 || !whole {
				stored, err := d.chunks(ctx, k, h, h, s.dec)
				if err != nil {
					return nil, err
				}
				in := func(v contract.Sample) bool { return v.UnixMS < from || v.UnixMS >= to }
				sum = summarise(slices.DeleteFunc(merge(stored, fresh[h]), in))
			}
			if sum.n > 0 {
				b.add(h*hourMS/size*size, sum)
			}
		}
	}
	return b.done(), nil
}
