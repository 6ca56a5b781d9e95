package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

func TestParseBench_TakesEveryMetricAndCutsProcessors(t *testing.T) {
	got := parseBench(`goos: linux
cpu: Some CPU @ 2.00GHz
BenchmarkLine/baud=9600/registers=8-2   	      30	  39215310 ns/op	         0.9907 floor/real	        38.85 floor-ms
BenchmarkAlone 	     100	      12.5 ns/op
BenchmarkBroken-2
BenchmarkWords-2 said nothing useful
--- BENCH: BenchmarkLine-2
PASS
`)
	want := map[string]result{
		"BenchmarkLine/baud=9600/registers=8": {"ns/op": 39215310, "floor/real": 0.9907, "floor-ms": 38.85},
		"BenchmarkAlone":                      {"ns/op": 12.5},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzParseBench(f *testing.F) {
	f.Add("BenchmarkX-2 1 2 ns/op")
	f.Add("Benchmark- 1 2 3 4")
	f.Fuzz(func(t *testing.T, out string) {
		for name := range parseBench(out) {
			if !strings.HasPrefix(name, "Benchmark") {
				t.Errorf("name %q", name)
			}
		}
	})
}

func TestTable_ColumnsAreAlignedInAnyScript(t *testing.T) {
	out := render([]row{{"a → b", "1 ms", "2 ms", "0.5"}, {"longer than that", "12345 ms", "-", "-"}})
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	at := func(line, cell string) int { return len([]rune(line[:strings.Index(line, cell)])) }
	if at(lines[2], "1 ms") != at(lines[3], "12345") || at(lines[0], "ratio") != at(lines[2], "0.5") {
		t.Errorf("not aligned:\n%s", out)
	}
}

func TestNumbers_AreReadable(t *testing.T) {
	for _, c := range [][2]string{
		{ratio(1, 3), "0.333"}, {ratio(1, 0), "-"}, {ratio(0, 0), "-"}, {ratio(1234, 1), "1234"},
		{thousands(12), "12"}, {thousands(1234567), "1,234,567"}, {thousands(123456), "123,456"},
		{ms(1500 * time.Microsecond), "1.50 ms"}, {ms(1234 * time.Millisecond), "1234 ms"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	if p50, worst := middleAndWorst([]time.Duration{5, 1, 3}); p50 != 3 || worst != 5 {
		t.Errorf("p50 %d, worst %d", p50, worst)
	}
}

func TestLine_OfTheExampleBuilding(t *testing.T) {
	l, err := lineOf("../../"+exampleConfig, detector)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(line{9600, time.Second}, l, cmp.AllowUnexported(line{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// 22 characters of 10 bits and three silences of 35 bits at 9600 baud.
	if want := 325 * time.Second / 9600; (l.wire() - want).Abs() > time.Microsecond {
		t.Errorf("wire %v, want %v", l.wire(), want)
	}
	if _, err := lineOf("../../"+exampleConfig, "no-such-device"); err == nil {
		t.Error("a device that is not there has a line")
	}
}

func TestBatches_AreOneChainOfRecentSamples(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	raw, err := batches(3, now)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for i, r := range raw {
		b, err := contract.DecodeBatch(r)
		if err != nil {
			t.Fatal(err)
		}
		if b.Seq != uint64(i+1) || b.Prev != uint64(i) || len(b.Columns) != points {
			t.Errorf("batch %d: position %+v, %d columns", i, b.Position, len(b.Columns))
		}
		for _, s := range b.Columns[0].Samples {
			if s.UnixMS <= last || s.UnixMS > now.UnixMilli() {
				t.Errorf("sample at %d after %d", s.UnixMS, last)
			}
			last = s.UnixMS
		}
	}
}

func TestRawAppends_EveryPayloadAtLeastOnce(t *testing.T) {
	_, n, err := rawAppends(t.Context(), t.TempDir(), 0, [][]byte{{1}, {2}, {3}})
	if err != nil || n != 3 {
		t.Errorf("%d appends, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := rawAppends(ctx, t.TempDir(), time.Hour, [][]byte{{1}}); err == nil {
		t.Error("goes on after the end")
	}
}

func TestReport_SaysWhichStampsAreMissing(t *testing.T) {
	at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	stamps := map[string]time.Time{}
	for i, s := range []string{"sensed", "decided", "spooled", "committed", "painted"} { // no "pushed"
		stamps[s] = at.Add(time.Duration(i) * 100 * time.Millisecond)
	}
	rows := reportAlarms([]timing{{siren: 600 * time.Millisecond, wrote: at.Add(50 * time.Millisecond), stamps: stamps}}, line{9600, time.Second})
	byName := map[string]row{}
	for _, r := range rows {
		byName[r.what] = r
	}
	if _, ok := byName["sensed → pushed (1 of 1 without this stamp)"]; !ok {
		t.Errorf("a missing stamp is not told: %+v", rows)
	}
	if got := byName["sensed → painted"].measured; got != "p50 400 ms, p99 400 ms, max 400 ms" {
		t.Errorf("painted: %q", got)
	}
	if got := byName["order to simulator → painted"].measured; got != "p50 950 ms, max 950 ms" {
		t.Errorf("whole way: %q", got)
	}
}
