package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"anlan/configs"
	"anlan/drivers/profile"
)

func library(t *testing.T) profile.Library {
	t.Helper()
	sub, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	lib, ps := profile.Load(sub)
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	return lib
}

func TestLoad_ReportsEveryMistakeWithItsLine(t *testing.T) {
	_, ps := Load("testdata/bad.yaml", library(t), configs.Files)
	var got []string
	for _, p := range ps {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Path))
		if p.Line == 0 || p.Want == "" || p.Found == "" {
			t.Errorf("problem without line, found or want: %+v", p)
		}
	}
	for _, want := range []string{
		"2 edge.id", "7 building.time_zone", "10 building.floors[3]", "13 uplink.broker", "15 uplink.pasword", "17 status.listen",
		"23 buses[0].baud", "26 buses[0].devices[1].id", "26 buses[0].devices[1].unit", "26 buses[0].devices[1].place.floor",
		"27 buses[0].devices[2].profile", "27 buses[0].devices[2].unit", "28 buses[0].devices[3].points.relay99",
		"29 buses[1]", "33 buses[1].parity", "35 rules[1]", "41 outputs[0].point", "48 outputs[1].verbs.open", "49 outputs[1].feedback.point",
		"51 actions[0].when.hazard", "51 actions[0].verb", "52 actions[1].when.independent", "52 actions[1].output",
		"54 forbids[0].zone", "54 forbids[0].except[0]",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + ps.Error())
	}
}

func TestLoad_NothingAtAll(t *testing.T) {
	if _, ps := Load(filepath.Join(t.TempDir(), "none.yaml"), nil, configs.Files); len(ps) != 1 {
		t.Error(ps)
	}
	file := filepath.Join(t.TempDir(), "empty.yaml")
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, ps := Load(file, library(t), configs.Files)
	for _, key := range []string{"edge", "building", "data_dir", "uplink", "buses", "rules"} {
		if !strings.Contains(ps.Error(), ": "+key+": found no such key") {
			t.Errorf("missing %s is not reported:\n%s", key, ps.Error())
		}
	}
}
