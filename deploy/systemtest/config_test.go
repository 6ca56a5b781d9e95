package systemtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"validate", file}, {"run", "-config", file}} {
		cmd := exec.Command(filepath.Join(binFolder, "anlan-edge"), args...)
		cmd.Env = append(os.Environ(), "ANLAN_SIM_DIR="+dir, "ANLAN_SIM_ELEVATOR=127.0.0.1:1", "ANLAN_SIM_PANEL=127.0.0.1:1",
			"ANLAN_BROKER=tcp://127.0.0.1:1", "ANLAN_EDGE_PASSWORD_FILE="+filepath.Join(dir, "password"),
			"ANLAN_EDGE_DATA="+filepath.Join(dir, "data"), "ANLAN_EDGE_STATUS=127.0.0.1:0")
		out, err := cmd.CombinedOutput()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() == 0 {
			t.Fatalf("%v: ended with %v\n%s", args, err, out)
		}
		for _, want := range []string{`"buad"`, `"baud"?`, "11", `"e3-pointt"`, "honeywell-e3point", `"twenty-two"`, "whole number"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%v: no %s in\n%s", args, want, out)
			}
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "found") && !strings.Contains(line, "edge.yaml:") {
				t.Errorf("%v: no file and line in %q", args, line)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: something was started: the data folder exists", args)
		}
	}
}
