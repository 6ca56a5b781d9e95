package spool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"anlan/contract"
)

const childEnv = "ANLAN_SPOOL_CHILD"

// TestMain lets the test binary play the process that is killed: it appends for ever
// and prints each seq once it is durable.
func TestMain(m *testing.M) {
	path := os.Getenv(childEnv)
	if path == "" {
		os.Exit(m.Run())
	}
	s, err := Open(Config{Path: path})
	if err != nil {
		fmt.Println("open", err)
		os.Exit(1)
	}
	for {
		_, newest := s.Cursor(contract.StreamAlarm)
		seq, err := s.Append(context.Background(), []Entry{alarmEntry(newest + 1)}, Also{States: map[string][]byte{"last": fmt.Append(nil, newest+1)}})
		if err != nil {
			fmt.Println("append", err)
			os.Exit(1)
		}
		fmt.Println(seq)
	}
}

func alarmEntry(n uint64) Entry {
	return Entry{Stream: contract.StreamAlarm, Kind: contract.KindCondition, BootID: "b", At: time.UnixMilli(1), Payload: fmt.Appendf(nil, `{"n":%d}`, n)}
}

func open1(t *testing.T, cfg Config) *Spool {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func killOnce(t *testing.T, path string, after int) (durable uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if _, err := fmt.Sscan(lines.Text(), &durable); err != nil {
			t.Fatal(lines.Text())
		}
		if i == after {
			cmd.Process.Kill()
		}
	}
	cmd.Wait() //nolint:errcheck // it was killed
	return durable
}

func TestSpool_KilledAtAnyMomentLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	rounds := 25
	for round := range rounds {
		durable := killOnce(t, path, rand.IntN(60))
		switch round % 3 { // a kill does not tear a write, so the log's end is torn by hand
		case 2:
			tear(t, path+"-wal", 300)
		}
		s, err := Open(Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if s.SetAside() != "" {
			t.Fatal("a torn tail was taken for damage")
		}
		want := uint64(1)
		for {
			rs, err := s.Next(t.Context(), contract.StreamAlarm, want-1, 500)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				if r.Seq != want || r.Prev != want-1 || string(r.Payload) != fmt.Sprintf(`{"n":%d}`, want) {
					t.Fatalf("round %d: record %+v, want seq %d", round, r.Position, want)
				}
				want++
			}
			if len(rs) < 500 {
				break
			}
		}
		if want <= durable {
			t.Fatalf("round %d: %d was durable, %d is the last there", round, durable, want-1)
		}
		states, err := s.States(t.Context())
		if err != nil || string(states["last"]) != fmt.Sprint(want-1) {
			t.Fatalf("round %d: state %q does not go with record %d (%v)", round, states["last"], want-1, err)
		}
		s.Close()
	}
}

// tear adds junk to the end of a log.
func tear(t *testing.T, path string, junk int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return // no log was left
	}
	defer f.Close()
	b := make([]byte, junk)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

func TestSpool_DamagedFileIsSetAsideAndANewEpochBegins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := open1(t, Config{Path: path})
	old := s.Epoch()
	s.Close()
	if err := os.WriteFile(path, []byte("this is no database, but it is longer than a header of one hundred bytes, which is what is looked at first of all......"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open1(t, Config{Path: path})
	if s.SetAside() == "" || s.Epoch() == old {
		t.Errorf("set aside %q, epoch %q after %q", s.SetAside(), s.Epoch(), old)
	}
	if _, err := os.Stat(s.SetAside()); err != nil {
		t.Error(err)
	}
}

func TestSpool_OneThatIsEmptyOrGoneAfterItsFirstStartIsSaidToBeDamaged(t *testing.T) {
	for name, spoil := range map[string]func(string) error{
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"gone":  os.Remove,
	} {
		path := filepath.Join(t.TempDir(), "spool.db")
		s, err := Open(Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		old := s.Epoch()
		if s.SetAside() != "" {
			t.Errorf("%s: a first start says %q", name, s.SetAside())
		}
		if err := errors.Join(s.Close(), spoil(path)); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(Config{Path: path}); err != nil {
			t.Fatal(err)
		}
		if s.SetAside() == "" || s.Epoch() == old {
			t.Errorf("%s: set aside %q, epoch %q after %q", name, s.SetAside(), s.Epoch(), old)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpool_TelemetryIsEvictedOldestFirstAlarmsNever(t *testing.T) {
	s := open1(t, Config{Path: filepath.Join(t.TempDir(), "spool.db"), TelemetryBytes: 10_000})
	for n := range uint64(100) {
		es := []Entry{alarmEntry(n + 1), {Stream: contract.StreamTelemetry, Kind: contract.KindSamples, At: time.UnixMilli(1), Payload: make([]byte, 1000)}}
		if _, err := s.Append(t.Context(), es, Also{}); err != nil {
			t.Fatal(err)
		}
	}
	d, a := s.Depth(contract.StreamTelemetry), s.Depth(contract.StreamAlarm)
	if d.Bytes > 10_000 || d.Newest != 100 || s.Evicted() != uint64(100-d.Pending) || a.Pending != 100 {
		t.Errorf("telemetry %+v, alarms %+v, evicted %d", d, a, s.Evicted())
	}
	rs, err := s.Next(t.Context(), contract.StreamTelemetry, 0, 1)
	if err != nil || rs[0].Prev != 0 || rs[0].Seq != d.Oldest {
		t.Errorf("first record left %+v (%v)", rs, err)
	}
	if err := s.Trim(t.Context(), contract.StreamTelemetry, 95); err != nil {
		t.Fatal(err)
	}
	if rs, _ = s.Next(t.Context(), contract.StreamTelemetry, 95, 1); rs[0].Prev != 95 || rs[0].Seq != 96 {
		t.Errorf("after a trim %+v", rs[0].Position)
	}
	if lost, _ := s.Forget(t.Context(), contract.StreamTelemetry, 50); lost != 45 {
		t.Errorf("forgot %d", lost)
	}
}

func TestSpool_CommandIsBegunOnce(t *testing.T) {
	s := open1(t, Config{Path: filepath.Join(t.TempDir(), "spool.db")})
	ctx := t.Context()
	if first, _, _, err := s.BeginCommand(ctx, "c1"); !first || err != nil {
		t.Fatal(first, err)
	}
	if first, result, _, _ := s.BeginCommand(ctx, "c1"); first || result != nil {
		t.Error("begun twice")
	}
	if ids, _ := s.Unfinished(ctx); len(ids) != 1 {
		t.Error(ids)
	}
	seq, err := s.Append(ctx, []Entry{alarmEntry(1)}, Also{Command: "c1", Result: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, result, delivered, _ := s.BeginCommand(ctx, "c1"); string(result) != "{}" || delivered {
		t.Error(string(result), delivered)
	}
	if err := s.Trim(ctx, contract.StreamAlarm, seq); err != nil {
		t.Fatal(err)
	}
	if _, _, delivered, _ := s.BeginCommand(ctx, "c1"); !delivered {
		t.Error("not delivered after the acknowledgement")
	}
}

func BenchmarkSpool_Append4K(b *testing.B) {
	s, err := Open(Config{Path: filepath.Join(b.TempDir(), "spool.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	e := alarmEntry(1)
	e.Payload = make([]byte, 4096)
	for b.Loop() {
		if _, err := s.Append(context.Background(), []Entry{e}, Also{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}
