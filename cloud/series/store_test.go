package series

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

var (
	t0  = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	key = Key{"edge-b03", "f03-gas-302.concentration"}
)

func openAt(t testing.TB, dir string, opt Options) *Store {
	t.Helper()
	if opt.Now == nil {
		opt.Now = func() time.Time { return t0 }
	}
	s, err := Open(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func at(d time.Duration, v float64) contract.Sample {
	return contract.Sample{UnixMS: t0.Add(d).UnixMilli(), Value: v, Quality: contract.Good}
}

func add(t testing.TB, s *Store, k Key, v ...contract.Sample) {
	t.Helper()
	if err := s.Append(context.Background(), []Column{{k, v}}); err != nil {
		t.Fatal(err)
	}
}

func all(t testing.TB, s *Store, k Key) []contract.Sample {
	t.Helper()
	out, err := s.Range(context.Background(), k, t0.AddDate(0, 0, -400), t0.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Random late, repeated and corrected samples over three days, with flushes and reopens
// in between, read back like a map of time to the last value written.
func TestStore_EqualsAMapWhateverTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	want := map[int64]contract.Sample{}
	for range 4 {
		s, err := Open(t.Context(), dir, Options{FlushSamples: 150, Now: func() time.Time { return t0 }})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			var v []contract.Sample
			for range 25 {
				x := at(-time.Duration(r.IntN(72*60))*time.Minute, math.Round(r.Float64()*1000)/10)
				x.Quality = []contract.Quality{contract.Good, contract.Timeout, contract.WarmUp}[r.IntN(3)]
				v = append(v, x)
				want[x.UnixMS] = x
			}
			add(t, s, key, v...)
			if r.IntN(5) == 0 {
				if err := s.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := map[int64]contract.Sample{}
		list := all(t, s, key)
		for i, v := range list {
			if got[v.UnixMS] = v; i > 0 && list[i-1].UnixMS >= v.UnixMS {
				t.Fatal("not in time order")
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got)\n%s", d)
		}
		checkAggregates(t, s, list)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkAggregates compares roll-ups with a plain computation.
func checkAggregates(t *testing.T, s *Store, list []contract.Sample) {
	t.Helper()
	from, to := t0.Add(-50*time.Hour-7*time.Minute), t0.Add(-3*time.Hour)
	for _, size := range []time.Duration{time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour} {
		var b builder
		for _, v := range list {
			if ms := size.Milliseconds(); v.UnixMS >= from.UnixMilli() && v.UnixMS < to.UnixMilli() {
				b.add(v.UnixMS/ms*ms, summarise([]contract.Sample{v}))
			}
		}
		got, err := s.Aggregate(t.Context(), key, from, to, size)
		if err != nil {
			t.Fatal(err)
		}
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
		if d := cmp.Diff(b.done(), got, near); d != "" {
			t.Fatalf("%v buckets (-want +got)\n%s", size, d)
		}
	}
}

func TestAggregate_GapsAreGapsAndBadIsNotCounted(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	bad := at(-50*time.Second, 99)
	bad.Quality = contract.Timeout
	add(t, s, key, at(-59*time.Second, 1), bad, at(-40*time.Second, 3), at(-10*time.Minute, 7))
	got, err := s.Aggregate(t.Context(), key, t0.Add(-time.Hour), t0, time.Minute)
	want := []Bucket{{T: t0.Add(-10 * time.Minute), Min: 7, Max: 7, Mean: 7, Last: 7, N: 1, Quality: contract.Good},
		{T: t0.Add(-time.Minute), Min: 1, Max: 3, Mean: 2, Last: 3, N: 3, Quality: contract.Timeout}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

func TestAppend_AWrongClockSpoilsOnlyItsOwnSamples(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{RetentionDays: 30})
	add(t, s, key, at(0, 1), at(2*365*24*time.Hour, 2), at(-40*24*time.Hour, 3), contract.Sample{UnixMS: -5, Value: 4})
	add(t, s, key, at(time.Second, 5))
	if got := all(t, s, key); len(got) != 2 {
		t.Errorf("kept %v", got)
	}
	last, err := s.Last(t.Context(), key.Edge)
	if err != nil || last[key.Point].Value != 5 {
		t.Errorf("last %v, %v", last, err)
	}
	n, err := s.Quarantined(t.Context())
	if err != nil || n[key.Edge] != 3 {
		t.Errorf("quarantined %v, %v", n, err)
	}
}

func TestRetain_RemovesWholeDays(t *testing.T) {
	dir := t.TempDir()
	now := t0
	s := openAt(t, dir, Options{RetentionDays: 2, Now: func() time.Time { return now }})
	for day := range 3 {
		add(t, s, key, at(-time.Duration(day)*24*time.Hour, 1))
	}
	now = t0.AddDate(0, 0, 1)
	n, err := s.Retain(t.Context(), now)
	files, _ := filepath.Glob(filepath.Join(dir, "day-*.db*"))
	if err != nil || n != 1 || len(all(t, s, key)) != 2 {
		t.Errorf("removed %d, %v, left %v", n, err, files)
	}
}

func TestLast_SurvivesAFlushAndAReopen(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		s, err := Open(t.Context(), dir, Options{Now: func() time.Time { return t0 }})
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, key, at(time.Duration(i)*time.Second, float64(i)), at(-time.Hour, 77)) // the late one is not the last
		if last, _ := s.Last(t.Context(), key.Edge); last[key.Point].Value != float64(i) {
			t.Errorf("last %v", last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := openAt(t, dir, Options{})
	if last, _ := s.Last(t.Context(), key.Edge); last[key.Point].Value != 2 {
		t.Errorf("last after reopening %v", last)
	}
}

// The child appends and says what was acknowledged; it is killed in the middle of that.
func TestStore_KilledAtAnyMomentLosesNothingAcknowledged(t *testing.T) {
	if dir := os.Getenv("ANLAN_SERIES_CHILD"); dir != "" {
		child(dir)
		return
	}
	dir := t.TempDir()
	acked := int64(0)
	r := rand.New(rand.NewPCG(3, 4))
	for range 6 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestStore_KilledAtAnyMomentLosesNothingAcknowledged$")
		cmd.Env = append(os.Environ(), "ANLAN_SERIES_CHILD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, stop := bufio.NewScanner(out), 20+r.IntN(200)
		for n := 0; n < stop && lines.Scan(); n++ {
			if _, err := fmt.Sscanf(lines.Text(), "acked %d", &acked); err != nil {
				t.Fatalf("child: %s", lines.Text())
			}
		}
		_ = cmd.Process.Kill()
		for lines.Scan() { // what it still said before it died counts too
			var n int64
			if _, err := fmt.Sscanf(lines.Text(), "acked %d", &n); err == nil {
				acked = n
			}
		}
		_ = cmd.Wait()
		s, err := Open(t.Context(), dir, Options{Now: func() time.Time { return t0 }})
		if err != nil {
			t.Fatal(err)
		}
		got := all(t, s, key)
		for i, v := range got {
			if v != childSample(int64(i)) {
				t.Fatalf("sample %d is %v, want %v", i, v, childSample(int64(i)))
			}
		}
		if int64(len(got)) < acked {
			t.Fatalf("%d acknowledged, %d found", acked, len(got))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acked == 0 {
		t.Error("the child never acknowledged anything")
	}
}

func childSample(i int64) contract.Sample {
	return contract.Sample{UnixMS: t0.Add(-36*time.Hour).UnixMilli() + i*1000, Value: float64(i%500) / 10, Quality: contract.Good}
}

func child(dir string) {
	s, err := Open(context.Background(), dir, Options{FlushSamples: 300, Now: func() time.Time { return t0 }})
	if err != nil {
		fmt.Println("open", err)
		return
	}
	have, err := s.Range(context.Background(), key, t0.AddDate(0, 0, -30), t0)
	if err != nil {
		fmt.Println("range", err)
		return
	}
	for n := int64(len(have)); ; n += 20 {
		var v []contract.Sample
		for i := range int64(20) {
			v = append(v, childSample(n+i))
		}
		if err := s.Append(context.Background(), []Column{{key, v}}); err != nil {
			fmt.Println("append", err)
			return
		}
		fmt.Println("acked", n+20)
	}
}

func TestStore_ReadersAndWritersTogether(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{FlushSamples: 200})
	var wg sync.WaitGroup
	for e := range 4 {
		wg.Go(func() {
			k := Key{contract.EdgeID(fmt.Sprintf("edge-%d", e)), key.Point}
			for i := range 60 {
				var v []contract.Sample
				for j := range 10 {
					v = append(v, at(-time.Duration(600-i*10-j)*time.Second, 1))
				}
				if err := s.Append(context.Background(), []Column{{k, v}}); err != nil {
					t.Error(err)
				}
				if got, err := s.Range(context.Background(), k, t0.Add(-time.Hour), t0); err != nil || len(got) != (i+1)*10 {
					t.Errorf("after %d appends %d samples, %v", i+1, len(got), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzDecodeColumns(f *testing.F) {
	f.Add(appendColumns(nil, []Column{{key, []contract.Sample{at(0, 1.5), at(time.Second, math.Pi)}}}))
	f.Add([]byte{1, 1, 'e', 1, 'p', 200, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		cols, err := decodeColumns(raw)
		if err != nil {
			return
		}
		again, err := decodeColumns(appendColumns(nil, cols))
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if d := cmp.Diff(cols, again, same); d != "" {
			t.Fatal(d)
		}
	})
}

func TestCodec_KeepsEveryBit(t *testing.T) {
	for _, v := range []float64{0, math.Copysign(0, -1), 0.1, 35.2, -40, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, 123456.654321, 1 << 53, math.Pi} {
		for _, w := range []float64{v, 0.1, 7} {
			in := []contract.Sample{{UnixMS: 1, Value: w}, {UnixMS: 2, Value: v, Quality: contract.Good}}
			out, err := decodeSamples(appendSamples(nil, in))
			if err != nil || math.Float64bits(out[1].Value) != math.Float64bits(v) || out[0].Value != w || out[1].Quality != contract.Good {
				t.Errorf("%v,%v: %v, %v", w, v, out, err)
			}
		}
	}
}
