package edge

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const example = "../configs/examples/building-3/edge.yaml"

// validate runs the command on the shipped example with some words of it replaced.
func validate(t *testing.T, args []string, replace ...string) (out string, status int) {
	t.Helper()
	dir := t.TempDir()
	site(t, dir, "127.0.0.1:1")
	src, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the example has no %q any more", replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	file := filepath.Join(dir, "edge.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status = Main(t.Context(), append(append([]string{"validate"}, args...), file), &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", &stderr)
	}
	return strings.ReplaceAll(stdout.String(), dir+"/", ""), status
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = regexp.MustCompile(`(revision|修订) [0-9a-f]{16}`).ReplaceAllString(got, "$1 REVISION")
	file := filepath.Join("testdata", "validate", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test ./edge -run TestValidate -update writes it anew):\n%s", name, diff)
	}
}

func TestValidate_Text(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		status  int
		replace []string
	}{
		{"example.zh.txt", []string{"-lang", "zh"}, 0, nil},
		{"example.en.txt", []string{"-lang", "en"}, 0, nil},
		{"overcommitted.zh.txt", []string{"-lang", "zh"}, 1, []string{"detect_within: 6s", "detect_within: 4s"}},
		{"overcommitted.en.txt", []string{"-lang", "en"}, 1, []string{"detect_within: 6s", "detect_within: 4s"}},
		{"one-device.en.txt", []string{"-lang", "en"}, 1, []string{"        unit: 21\n", "        unit: 21\n        points: {concentration: {detect_within: 500ms}}\n"}},
		{"mistakes.en.txt", []string{"-lang", "en"}, 1, []string{"baud: 9600", "buad: 9600", "unit: 12\n", "unit: 11\n", "detect_within: 2s", "detect_within: 2h", "floor: -1,", "floor: -2,",
			"rules: [fire, gas,", "rules: [fire, gsa,", "port: ${ANLAN_SIM_DIR}/tty-nfc-1", "port: ${ANLAN_SIM_DIR}/./tty-rs485-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, status := validate(t, c.args, c.replace...)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			golden(t, c.name, out)
		})
	}
}

func TestValidate_JSON(t *testing.T) {
	out, status := validate(t, []string{"-json"}, "detect_within: 6s", "detect_within: 4s")
	var doc struct {
		Good     bool
		Mistakes []struct {
			File, Found, Want string
			Line              int
		}
		Buses []BusReport
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || status != 1 {
		t.Fatal(status, err)
	}
	if doc.Good || len(doc.Mistakes) != 1 || doc.Mistakes[0].Line == 0 || len(doc.Buses) != 3 {
		t.Fatalf("%+v", doc)
	}
	b := doc.Buses[0]
	if b.Fits || b.Offender == "" || len(b.Remedies) == 0 || len(b.Groups) != 13 || b.FloorMS < 1000 {
		t.Errorf("%+v", b)
	}
	for _, g := range doc.Buses[1].Groups {
		if !g.Fits || g.DetectMS > g.WithinMS || g.DetectMS == 0 || g.HealthyMS > g.DetectMS || len(g.Points) == 0 {
			t.Errorf("%+v", g)
		}
	}
}

// TestValidate_RemediesHelp follows each proposal literally.
func TestValidate_RemediesHelp(t *testing.T) {
	out, _ := validate(t, []string{"-json"}, "detect_within: 6s", "detect_within: 4s")
	var doc struct{ Buses []BusReport }
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, m := range doc.Buses[0].Remedies {
		replace := []string{"detect_within: 6s", "detect_within: 4s"}
		switch m.Kind {
		case "relax_all":
			replace[1] = "detect_within: " + (time.Duration(m.WithinMS) * time.Millisecond).String()
		case "no_dead":
			replace = append(replace, "    baud: 9600\n", "    baud: 9600\n    dead_devices: 0\n")
		case "faster":
			replace = append(replace, "    baud: 9600\n", "    baud: 19200\n")
		default:
			continue
		}
		tried++
		if out, status := validate(t, nil, replace...); status != 0 {
			t.Errorf("%+v does not help:\n%s", m, out)
		}
	}
	if tried < 2 {
		t.Errorf("only %d remedies to follow in %+v", tried, doc.Buses[0].Remedies)
	}
}

func TestRun_RefusesAnOvercommittedBusWithTheSameText(t *testing.T) {
	said, _ := validate(t, []string{"-lang", "en"}, "detect_within: 6s", "detect_within: 4s")
	dir := t.TempDir()
	t.Setenv("LC_ALL", "en_US.UTF-8")
	src, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "edge.yaml")
	if err := os.WriteFile(file, bytes.ReplaceAll(src, []byte("detect_within: 6s"), []byte("detect_within: 4s")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANLAN_EDGE_DATA", filepath.Join(dir, "data"))
	var stdout, stderr bytes.Buffer
	if status := Main(t.Context(), []string{"run", "-config", file}, &stdout, &stderr); status != 1 {
		t.Fatalf("exit status %d", status)
	}
	if got := strings.ReplaceAll(stderr.String(), dir+"/", ""); got != said {
		t.Errorf("run says:\n%s\nvalidate says:\n%s", got, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); !os.IsNotExist(err) {
		t.Error("something was started")
	}
}

func TestLanguage_OfTheTerminal(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want language
	}{
		{map[string]string{"LANG": "zh_CN.UTF-8"}, chinese},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english},
		{map[string]string{"LANG": "de_DE.UTF-8"}, english},
		{nil, english},
	} {
		if got := terminalLanguage(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
	if _, known := languageOf("xx"); known {
		t.Error("an unknown language is taken")
	}
}

// A promise slower than a rule's patience would make points unknown with nothing wrong.
func TestValidate_RefusesAPromiseThatARuleIsTooImpatientFor(t *testing.T) {
	out, status := validate(t, []string{"-lang", "en"}, "detect_within: 6s", "detect_within: 12s")
	for _, want := range []string{"f12-smoke-east.smoke, which rule smoke takes for stale after 10s", "f03-gas-302.concentration, which rule gas takes"} {
		if !strings.Contains(out, want) {
			t.Errorf("not told: %s\n%s", want, out)
		}
	}
	if strings.Contains(out, "relays-1.") || status != 1 {
		t.Errorf("exit %d; no rule is impatient for the relays:\n%s", status, out)
	}
}

// A device that no rule watches is no mistake, but it is told.
func TestValidate_NamesDevicesThatNothingWatches(t *testing.T) {
	out, status := validate(t, []string{"-lang", "zh"}, "rules: [fire, ", "rules: [")
	if status != 0 || !strings.Contains(out, "没有规则看管") || !strings.Contains(out, "f12-smoke-east") || strings.Contains(out, "注意：没有规则看管这些设备的报警点，它们不会报警：relays-1") {
		t.Errorf("exit %d:\n%s", status, out)
	}
}
