package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/firmware-sim/line"
)

const siteFile = `lines:
  - name: port
    tcp: {listen: "127.0.0.1:0"}
    units: [{name: gas-1, model: evikon-e2638, unit: 1, set: {concentration: 3.5}}]
`

// begun runs the command and waits for its addresses.
func begun(t *testing.T, args ...string) Addresses {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"-run", dir, "-http", "127.0.0.1:0"}, args...), io.Discard) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	var a Addresses
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if raw, err := os.ReadFile(filepath.Join(dir, "sim.json")); err == nil {
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			return a
		}
		if err := line.SleepUntil(t.Context(), time.Now().Add(5*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("no sim.json after 10 s")
	return a
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func exchange(t *testing.T, addr string, request []byte, want string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("got % X, %v; want % X", got, err, want)
	}
}

func TestRun_ASiteAndAScenarioFile(t *testing.T) {
	a := begun(t, "-site", write(t, "site.yaml", siteFile))
	read := []byte{0, 1, 0, 0, 0, 6, 1, 3, 1, 3, 0, 1}
	exchange(t, a.Lines["port"], read, "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x23")
	var out strings.Builder
	busy := write(t, "busy.yaml", "zh: 忙\nen: busy\nsteps:\n  - {unit: gas-1, fault: {kind: busy}}\n")
	if err := run(t.Context(), []string{"scenario", busy, "-http", a.HTTP}, &out); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; { // the step is done beside the answer to the command
		c, err := net.Dial("tcp", a.Lines["port"])
		if err != nil {
			t.Fatal(err)
		}
		_, werr := c.Write(read)
		head := make([]byte, 8)
		_, rerr := io.ReadFull(c, head)
		_ = c.Close()
		if werr != nil || rerr != nil {
			t.Fatal(werr, rerr)
		}
		if head[7] == 0x83 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the scenario did nothing")
		}
	}
	for name, args := range map[string][]string{
		"an unknown scenario":      {"scenario", "nothing", "-http", a.HTTP},
		"a scenario for no unit":   {"scenario", write(t, "x.yaml", "zh: 无\nen: none\nsteps:\n  - {unit: none, clear: true}\n"), "-http", a.HTTP},
		"a scenario with mistakes": {"scenario", write(t, "y.yaml", "zh: 错\nsteps: []\n"), "-http", a.HTTP},
	} {
		if err := run(t.Context(), args, &out); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestRun_TheBuilding(t *testing.T) {
	a := begun(t, "-elevator", "127.0.0.1:0", "-panel", "127.0.0.1:0")
	if a.RS485 == "" || a.NFC == "" || a.Elevator == "" || a.Panel == "" {
		t.Errorf("%+v", a)
	}
	exchange(t, a.Panel, []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0xF2, 0, 1}, "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x00")
	if err := run(t.Context(), []string{"scenario", "fire-12", "-http", a.HTTP}, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestRun_Mistakes(t *testing.T) {
	for _, args := range [][]string{
		{"-site", write(t, "bad.yaml", "lines: 3\n")}, {"-site", "/none"}, {"-site", "x", "-baud", "9600"}, {"-uplink-relay", "127.0.0.1:0"}, {"sites"},
	} {
		if err := run(t.Context(), append([]string{"-run", t.TempDir()}, args...), io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"scenario"}, &out); err != nil || !strings.Contains(out.String(), "noisy-line") || !strings.Contains(out.String(), "fire-12") {
		t.Errorf("%v %s", err, out.String())
	}
}
