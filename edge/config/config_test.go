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
	for _, key := range []string{"edge", "building", "data_dir", "buses", "rules"} {
		if !strings.Contains(ps.Error(), ": "+key+": found no such key") {
			t.Errorf("missing %s is not reported:\n%s", key, ps.Error())
		}
	}
}

// lines is a configuration whose buses are given.
const lines = `edge: {id: e1, name: {zh: 网关}}
building: {community: c, community_name: {zh: 园}, time_zone: Asia/Shanghai, id: b, name: {zh: 楼}, floors: [1]}
data_dir: /tmp
uplink: {broker: "h:1"}
rules: [system]
buses:
`

func TestBuses_LinesFramingsAndPromises(t *testing.T) {
	dir := t.TempDir()
	port := filepath.Join(dir, "ttyUSB0")
	if err := os.WriteFile(port, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	byPath := filepath.Join(dir, "by-path")
	if err := os.Symlink(port, byPath); err != nil {
		t.Fatal(err)
	}
	lib := library(t)
	dialect := *lib["calectro-ug3"]
	dialect.Dialect = profile.Monarch
	lib["spoken"] = &dialect
	tapped := *lib["calectro-ug3"]
	tapped.Protocol = "panel-crt"
	lib["tapped"] = &tapped
	bus := func(id, kind, more, profile, device string) string {
		return "  - {id: " + id + ", kind: " + kind + ", name: {zh: 线}, " + more + ", devices: [{id: d-" + id + ", profile: " + profile + ", unit: 1, name: {zh: 器}, place: {floor: 1}" + device + "}]}\n"
	}
	for _, c := range []struct{ name, buses, want string }{
		{"ascii", bus("a", "modbus-ascii", "port: /dev/ttyS7, parity: even", "calectro-ug3", ""), ""},
		{"seven bits", bus("a", "modbus-ascii", "port: /dev/ttyS7, data_bits: 7, parity: even", "calectro-ug3", ""), ""},
		{"direction control", bus("a", "modbus-rtu", "port: /dev/ttyS7, rs485: {rts_on_send: false, delay_after: 2ms}", "calectro-ug3", ""), ""},
		{"seven bits of rtu", bus("a", "modbus-rtu", "port: /dev/ttyS7, data_bits: 7", "calectro-ug3", ""), "8, or 7 on modbus-ascii"},
		{"direction of a connection", bus("a", "modbus-tcp", "address: \"h:1\", rs485: {}", "calectro-ug3", ""), "left out for modbus-tcp"},
		{"a long delay", bus("a", "modbus-rtu", "port: /dev/ttyS7, rs485: {delay_before: 2s}", "calectro-ug3", ""), "0 to 100ms"},
		{"a port by no name", bus("a", "modbus-rtu", "port: ttyS7", "calectro-ug3", ""), "usb:VENDOR"},
		{"rtu over tcp", bus("a", "modbus-tcp", "address: \"h:1\", framing: rtu, baud: 4800", "calectro-ug3", ""), ""},
		{"promises", bus("a", "modbus-rtu", "port: /dev/ttyS7, dead_devices: 0", "calectro-ug3", ", detect_within: 2s, refresh_within: 30s, points: {smoke: {detect_within: 1s}}"), ""},
		{"dialect on rtu", bus("a", "modbus-rtu", "port: /dev/ttyS7", "spoken", ""), ""},
		{"dialect over rtu over tcp", bus("a", "modbus-tcp", "address: \"h:1\", framing: rtu", "spoken", ""), ""},
		{"dialect on tcp", bus("a", "modbus-tcp", "address: \"h:1\"", "spoken", ""), `whose dialect "monarch"`},
		{"dialect in ascii", bus("a", "modbus-ascii", "port: /dev/ttyS7", "spoken", ""), `whose dialect "monarch"`},
		{"two names of one port", bus("a", "modbus-rtu", "port: "+port, "calectro-ug3", "") + bus("b", "nfc-pn532", "port: "+byPath, "pn532", ""), `the same line as bus "a"`},
		{"one port by two paths", bus("a", "modbus-rtu", "port: /dev/ttyS7", "calectro-ug3", "") + bus("b", "modbus-ascii", "port: /dev/./ttyS7", "calectro-ug3", ""), `the same line as bus "a"`},
		{"panel tap", bus("a", "panel-crt-tap", "port: /dev/ttyS7", "tapped", ""), ""},
		{"panel tap of another profile", bus("a", "panel-printer-tap", "port: /dev/ttyS7", "tapped", ""), `a profile that speaks panel-printer`},
		{"reader of another profile", bus("a", "nfc-rdm6300", "port: /dev/ttyS7", "pn532", ""), `a profile that speaks rdm6300`},
		{"unknown framing", bus("a", "modbus-tcp", "address: \"h:1\", framing: ascii", "calectro-ug3", ""), "tcp or rtu"},
		{"framing of a port", bus("a", "modbus-rtu", "port: /dev/ttyS7, framing: rtu", "calectro-ug3", ""), "left out for modbus-rtu"},
		{"baud of a connection", bus("a", "modbus-tcp", "address: \"h:1\", baud: 9600", "calectro-ug3", ""), "framing: rtu"},
		{"too many dead", bus("a", "modbus-rtu", "port: /dev/ttyS7, dead_devices: 2", "calectro-ug3", ""), "0 to 1"},
		{"promise out of range", bus("a", "modbus-rtu", "port: /dev/ttyS7", "calectro-ug3", ", points: {smoke: {detect_within: 1ms}}"), "50ms to 10m"},
		{"the old key", bus("a", "modbus-rtu", "port: /dev/ttyS7", "calectro-ug3", ", poll: {alarm: 1s}"), `unknown key "poll"`},
	} {
		file := filepath.Join(dir, "edge.yaml")
		if err := os.WriteFile(file, []byte(lines+c.buses), 0o600); err != nil {
			t.Fatal(err)
		}
		_, ps := Load(file, lib, configs.Files)
		switch {
		case c.want == "" && len(ps) > 0:
			t.Errorf("%s: %v", c.name, ps)
		case c.want != "" && (len(ps) != 1 || !strings.Contains(ps.Error(), c.want) || ps[0].Line == 0):
			t.Errorf("%s: want %q alone, have:\n%v", c.name, c.want, ps)
		}
	}
}

func TestBus_LineModeAndDefaults(t *testing.T) {
	c := &Config{Buses: []Bus{{Kind: KindTCP, Framing: FramingRTU, Parity: "even", StopBits: 2, Devices: make([]Device, 1)}, {Kind: KindTCP}}}
	c.complete()
	if b := c.Buses[0]; b.Baud != 9600 || b.BitsPerChar() != 12 || !b.Serial() || b.Dead() != 1 || b.Devices[0].DetectWithin != DefaultDetectWithin {
		t.Errorf("%+v", b)
	}
	if b := c.Buses[1]; b.Serial() || b.Baud != 0 || b.Framing != FramingTCP {
		t.Errorf("%+v", b)
	}
}
