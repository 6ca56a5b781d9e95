package series

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anlan/contract"
)

// noise is 0 to 7 without a pattern, as a sensor's last digit is.
func noise(x uint64) uint64 {
	x *= 0x9E3779B97F4A7C15
	x ^= x >> 29
	return x * 0xBF58476D1CE4E5B9 >> 61
}

// benchBatch is 500 samples of 50 points as one edge sends them.
func benchBatch(edge, n int) []Column {
	cols := make([]Column, 50)
	for p := range cols {
		cols[p].Key = Key{contract.EdgeID(fmt.Sprintf("edge-%02d", edge)), contract.PointID(fmt.Sprintf("dev-%02d.value", p))}
		for i := range 10 {
			x := float64(n*10 + i)
			cols[p].Samples = append(cols[p].Samples, contract.Sample{UnixMS: t0.Add(-20*time.Hour).UnixMilli() + int64(x)*5000 + int64(p),
				Value: math.Round(10*(20+5*math.Sin(x/200+float64(p))+float64(noise(uint64(x)*50+uint64(p)))/10)) / 10, Quality: contract.Good})
		}
	}
	return cols
}

// BenchmarkAppend_EdgesTogether is durable ingest by 8 edges at once, batches of 500.
func BenchmarkAppend_EdgesTogether(b *testing.B) {
	dir := b.TempDir()
	s := openAt(b, dir, Options{})
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 8 {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				if err := s.Append(context.Background(), benchBatch(n%8, n/8)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "samples/s")
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(size(b, s)/float64(b.N)/500, "B/sample")
}

// size is the bytes of chunks and roll-ups, without free pages and the log's file.
func size(b *testing.B, s *Store) float64 {
	total := 0.0
	for _, d := range s.days {
		var n, size, free float64
		for q, v := range map[string]*float64{"page_count": &n, "page_size": &size, "freelist_count": &free} {
			if err := d.r.QueryRow("PRAGMA " + q).Scan(v); err != nil {
				b.Fatal(err)
			}
		}
		total += (n - free) * size
	}
	return total
}

// BenchmarkAppend_RawFilePeer writes the same batches uncompressed to a file, one fsync
// each: the plain way to be durable.
func BenchmarkAppend_RawFilePeer(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for n := range b.N {
		if _, err := f.Write(appendColumns(nil, benchBatch(n%8, n/8))); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "samples/s")
}
