package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// result is one benchmark's numbers by unit: "ns/op", "samples/s".
type result map[string]float64

// parseBench reads what `go test -bench` prints; the number of processors is cut off
// the names. Lines that are no results are passed over.
func parseBench(out string) map[string]result {
	found := map[string]result{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(f[1]); err != nil {
			continue
		}
		name := f[0]
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		r := result{}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				r[f[i+1]] = v
			}
		}
		found[name] = r
	}
	return found
}

// goBench runs benchmarks of a package; a name in want that did not report is an error.
func goBench(ctx context.Context, pkg, pattern, benchtime string, want ...string) (map[string]result, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", benchtime, pkg)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("run benchmarks of %s: %w\n%s", pkg, err, out)
	}
	found := parseBench(string(out))
	for _, name := range want {
		if found[name] == nil {
			return nil, fmt.Errorf("run benchmarks of %s: no %s in:\n%s", pkg, name, out)
		}
	}
	return found, nil
}

func busRows(ctx context.Context, _ options, _ string) ([]row, error) {
	const bench = "BenchmarkRTU_BusEfficiency"
	var names, words []string
	for _, baud := range []int{9600, 115200} {
		for _, n := range []int{8, 64} {
			names = append(names, fmt.Sprintf("%s/baud=%d/registers=%d", bench, baud, n))
			words = append(words, fmt.Sprintf("Modbus RTU, %d baud, %d registers a read", baud, n))
		}
	}
	found, err := goBench(ctx, "./drivers/modbus", "^"+bench+"$", "1s", names...)
	if err != nil {
		return nil, err
	}
	var rows []row
	for i, name := range names {
		r := found[name]
		rows = append(rows, row{words[i], fmt.Sprintf("%.2f ms", r["ns/op"]/1e6),
			fmt.Sprintf("%.2f ms on the wire, with 5 ms turnaround", r["floor-ms"]), ratio(r["floor/real"], 1) + " of the wire used"})
	}
	return rows, nil
}

// engineRows are the bus engine's: planning, a dead unit, a write among polls.
func engineRows(ctx context.Context, _ options, _ string) ([]row, error) {
	const lineTime, thousand = "BenchmarkPlan_LineTime", "BenchmarkPlan_ThousandPoints"
	lines := []string{"9600", "19200", "115200", "tcp"}
	names := []string{thousand}
	for _, l := range lines {
		names = append(names, lineTime+"/line="+l)
	}
	plans, err := goBench(ctx, "./drivers/profile", "^BenchmarkPlan_", "1s", names...)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, l := range lines {
		r := plans[lineTime+"/line="+l]
		rows = append(rows, row{"scan plan of 120 points, " + l, fmt.Sprintf("%.0f requests", r["requests"]), "the least line time there is",
			fmt.Sprintf("%.3f of the optimum; %.3f with every hole up to 50 bridged", r["ours/optimum"], r["hole50/optimum"])})
	}
	took := plans[thousand]["ns/op"] / 1e6
	rows = append(rows, row{"scan plan of 1,000 points", fmt.Sprintf("%.2f ms", took), "10 ms", ratio(took, 10) + " of the limit"})
	const dead, write = "BenchmarkBus_OneDeadUnitOfEight", "BenchmarkBus_WriteDuringPolling"
	one, err := goBench(ctx, "./edge", "^"+dead+"$", "1x", dead)
	if err != nil {
		return rows, err
	}
	rows = append(rows, row{"one of eight units dead, 9600 baud, busy line", fmt.Sprintf("%.2f good reads/s without it", one[dead]["readings/s"]),
		"the other seven without it", fmt.Sprintf("%.3f of their cycle", one[dead]["cycle/without"])})
	hundred, err := goBench(ctx, "./edge", "^"+write+"$", "100x", write)
	if err != nil {
		return rows, err
	}
	w := hundred[write]
	return append(rows, row{"write on a busy line, until its first bit", fmt.Sprintf("mean %.0f ms, worst of 100 %.0f ms", w["mean-ms"], w["worst-ms"]),
		"one transaction and t3.5", fmt.Sprintf("worst %.2f of the bound", w["worst/bound"])}), nil
}

// plainSample is a sample as two 64-bit words, time and value.
const plainSample = 16.0

func seriesRows(ctx context.Context, _ options, _ string) ([]row, error) {
	const ours, peer = "BenchmarkAppend_EdgesTogether", "BenchmarkAppend_RawFilePeer"
	found, err := goBench(ctx, "./cloud/series", "^("+ours+"|"+peer+")$", "1s", ours, peer)
	if err != nil {
		return nil, err
	}
	a, b := found[ours], found[peer]
	return []row{
		{"time series, durable append by 8 edges", thousands(a["samples/s"]) + " samples/s",
			thousands(b["samples/s"]) + " samples/s, raw file write + fsync a batch", ratio(a["samples/s"], b["samples/s"]) + " of the peer"},
		{"time series, on disk", fmt.Sprintf("%.2f B/sample", a["B/sample"]),
			fmt.Sprintf("%.0f B/sample, two 64-bit words", plainSample), ratio(a["B/sample"], plainSample) + " of the peer"},
	}, nil
}

func spoolRows(ctx context.Context, _ options, dir string) ([]row, error) {
	const bench = "BenchmarkSpool_Append4K"
	found, err := goBench(ctx, "./edge/spool", "^"+bench+"$", "1s", bench)
	if err != nil {
		return nil, err
	}
	took, n, err := rawAppends(ctx, dir, time.Second, [][]byte{make([]byte, 4096)})
	if err != nil {
		return nil, err
	}
	raw := float64(n) / took.Seconds()
	return []row{{"spool, 4 KiB records, one fsync each", thousands(found[bench]["appends/s"]) + " appends/s",
		thousands(raw) + " appends/s, raw file write + fsync", ratio(found[bench]["appends/s"], raw) + " of the peer"}}, nil
}

// rawAppends appends the payloads in turn to a plain file, an fsync after each: the
// least anything durable has to do. It goes on for at least the given time and at least
// once through all.
func rawAppends(ctx context.Context, dir string, least time.Duration, payloads [][]byte) (took time.Duration, n int, err error) {
	f, err := os.CreateTemp(dir, "raw-")
	if err != nil {
		return 0, 0, fmt.Errorf("raw appends: %w", err)
	}
	defer func() {
		_ = f.Close() // every write is synced
		_ = os.Remove(filepath.Clean(f.Name()))
	}()
	began := time.Now()
	for n < len(payloads) || time.Since(began) < least {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		if _, err := f.Write(payloads[n%len(payloads)]); err != nil {
			return 0, 0, fmt.Errorf("raw appends: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, 0, fmt.Errorf("raw appends: %w", err)
		}
		n++
	}
	return time.Since(began), n, nil
}
