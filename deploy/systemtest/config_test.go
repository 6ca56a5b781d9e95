package systemtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// overlapping is a site's own profile in which two points share a register.
const overlapping = `id: own-meter
vendor: Example
model: M1
name: {zh: 自有表计, en: Own meter}
protocol: modbus
source: test
verified: false
points:
  - {name: total, title: {zh: 总量, en: Total}, table: holding, address: 10, type: u32}
  - {name: rate, title: {zh: 瞬时, en: Rate}, table: holding, address: 11, type: u16}
`

func TestConfig_EveryMistakeAtOnceAndNothingStarts(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "edge.yaml")
	bad := string(good)
	for _, c := range []struct{ from, to string }{
		{"baud: 9600", "buad: 9600"},                         // unknown key (and a missing one)
		{"unit: 12", "unit: 11"},                             // duplicate unit id
		{"profile: honeywell-e3point", "profile: e3-pointt"}, // unknown profile
		{"unit: 22", "unit: twenty-two"},                     // wrong type
	} {
		if !strings.Contains(bad, c.from) {
			t.Fatalf("the example has no %q any more", c.from)
		}
		bad = strings.Replace(bad, c.from, c.to, 1)
	}
	bad += "\nprofiles: profiles\n"
	if err := os.Mkdir(filepath.Join(dir, "profiles"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{file: bad, filepath.Join(dir, "profiles", "own.yaml"): overlapping} {
		if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"validate", file}, {"run", "-config", file}} {
		cmd := exec.Command(filepath.Join(binFolder, "anlan-edge"), args...)
		cmd.Env = append(os.Environ(), "ANLAN_SIM_DIR="+dir, "ANLAN_SIM_ELEVATOR=127.0.0.1:1", "ANLAN_SIM_PANEL=127.0.0.1:2",
			"ANLAN_BROKER=tcp://127.0.0.1:1", "ANLAN_EDGE_PASSWORD_FILE="+filepath.Join(dir, "password"),
			"ANLAN_EDGE_DATA="+filepath.Join(dir, "data"), "ANLAN_EDGE_STATUS=127.0.0.1:0")
		out, err := cmd.CombinedOutput()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() == 0 {
			t.Fatalf("%v: ended with %v\n%s", args, err, out)
		}
		for _, want := range []string{`"buad"`, `"baud"?`, "11", `"e3-pointt"`, "honeywell-e3point", `"twenty-two"`, "whole number", "own.yaml:", `which "total" already uses`} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%v: no %s in\n%s", args, want, out)
			}
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "found") && !strings.Contains(line, "edge.yaml:") && !strings.Contains(line, "own.yaml:") {
				t.Errorf("%v: no file and line in %q", args, line)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: something was started: the data folder exists", args)
		}
	}
}
