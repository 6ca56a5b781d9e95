package site

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/line"
)

func start(t *testing.T, cfg Config) *Running {
	t.Helper()
	r, err := Start(t.Context(), cfg, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func tower(t *testing.T) Config {
	t.Helper()
	cfg, err := Load("../sites/tower.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range cfg.Lines {
		if l.TCP != nil {
			l.TCP.Listen = "127.0.0.1:0"
		}
	}
	return cfg
}

// polls is one request PDU per model and the answer of a device at rest, written from
// the manuals.
var polls = map[string][2]string{
	"waveshare-relay-8ch":     {"01 00 00 00 08", "01 01 00"},
	"evikon-ek61":             {"03 00 02 00 02", "03 04 00 64 00 B4"},
	"calectro-ug3":            {"02 00 00 00 04", "02 01 01"},
	"evikon-e2638":            {"03 01 03 00 01", "03 02 00 00"},
	"honeywell-e3point":       {"03 00 15 00 03", "03 06 00 1E 00 00 00 0A"},
	"tocsin-635":              {"04 00 00 00 02", "04 04 00 64 00 64"},
	"rotork-iq":               {"02 00 00 00 08", "02 01 24"},
	"eastron-sdm120":          {"04 00 46 00 02", "04 04 42 48 00 00"},
	"techwind-sdk500":         {"03 00 01 00 01", "03 02 01 00"},
	"monarch-nice3000":        {"03 10 18 00 01", "03 02 00 02"},
	"monarch-nice3000-native": {"03 10 18 00 01", "03 00 02 00 02"},
	"gst200":                  {"03 00 F2 00 03", "03 06 00 00 00 00 00 00"},
	"gst5000":                 {"03 13 86 00 02", "03 04 00 00 00 00"},
	"faast":                   {"03 00 0B 00 02", "03 04 0C 1C 00 00"},
	"pump-leak":               {"03 00 00 00 02", "03 04 00 00 10 68"},
	"tank-level":              {"04 00 00 00 02", "04 04 00 00 40 40"},
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frame wraps a pdu as the framing has it, with a CRC of the test's own.
func frame(framing string, unit uint8, pdu []byte) []byte {
	body := append([]byte{unit}, pdu...)
	if framing == "mbap" {
		return append([]byte{0xAB, unit, 0, 0, 0, byte(len(body))}, body...)
	}
	crc := uint16(0xFFFF)
	for _, b := range body {
		crc = crc>>8 ^ crcTable[byte(crc)^b]
	}
	return binary.LittleEndian.AppendUint16(body, crc)
}

var crcTable = func() (t [256]uint16) {
	for i := range t {
		for v, k := uint16(i), 0; k < 8; k++ {
			v = v>>1 ^ v&1*0xA001
			t[i] = v
		}
	}
	return t
}()

func TestCRC_TestsOwnTableIsRight(t *testing.T) {
	if got := frame("rtu", 1, []byte{3, 0, 0, 0, 8}); !bytes.Equal(got, unhex(t, "01 03 00 00 00 08 44 0C")) {
		t.Fatalf("% X", got)
	}
}

// converse polls every unit of a line once.
func converse(t *testing.T, rw io.ReadWriter, l LineView) error {
	for _, u := range l.Units {
		p, ok := polls[u.Model]
		if !ok {
			p, ok = polls[u.Name]
		}
		if !ok {
			return fmt.Errorf("no poll for %s", u.Name)
		}
		want := frame(l.Framing, u.Unit, unhex(t, p[1]))
		if _, err := rw.Write(frame(l.Framing, u.Unit, unhex(t, p[0]))); err != nil {
			return err
		}
		got := make([]byte, 0, len(want))
		buf := make([]byte, 256)
		for end := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(end); {
			n, err := rw.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("%s: after % X: %w", u.Name, got, err)
			}
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s: got % X, want % X", u.Name, got, want)
		}
		if l.Kind == "serial" { // keep the silence
			if err := line.SleepUntil(t.Context(), time.Now().Add(5*time.Millisecond)); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestTower_EveryUnitAnswersAtOnce(t *testing.T) {
	r := start(t, tower(t))
	v := r.Look()
	serial, tcp := 0, 0
	errs := make(chan error, len(v.Lines))
	for _, l := range v.Lines {
		var rw io.ReadWriteCloser
		var err error
		if l.Kind == "serial" {
			serial += len(l.Units)
			rw, err = line.OpenSerial(l.Address, 9600)
		} else {
			tcp += len(l.Units)
			rw, err = net.Dial("tcp", l.Address)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer rw.Close()
		go func() {
			for range 3 {
				if err := converse(t, rw, l); err != nil {
					errs <- fmt.Errorf("%s: %w", l.Name, err)
					return
				}
			}
			errs <- nil
		}()
	}
	if serial != 30 || tcp != 20 || len(v.Readers) != 4 || len(v.Panels) != 3 {
		t.Errorf("%d units on the bus, %d TCP devices, %d readers, %d panels", serial, tcp, len(v.Readers), len(v.Panels))
	}
	for range v.Lines {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s := r.Look().Lines[0].Stats
	t.Logf("bus: %d requests, %d short silences, worst byte %.3f ms late, %d of %d bytes more than a character late", s.Requests, s.ShortSilence, s.WorstLateMS, s.LateBytes, s.Bytes)
	if s.Requests != 90 || s.Answers != 90 || s.BadCheck != 0 {
		t.Errorf("%+v", s)
	}
}

func TestParse_AllMistakesWithTheirLines(t *testing.T) {
	_, err := Parse("site.yaml", []byte(`seed: 1
lines:
  - name: a
    serial: {link: x, baud: 7, parity: often, data_bits: 7}
    units:
      - {name: u1, model: calectro-ug3, unit: 0, set: {smok: 1}}
      - {name: u1, model: calectro, unit: 248, reaction: fast}
  - name: a
    tcp: {listen: nowhere, framing: ascii}
    units:
      - {name: u2, model: monarch-nice3000-native, unit: 1, colour: red}
      - {name: u3, model: registers, unit: 1, map: {holding: [{at: 0}], values: {v: {table: holding, at: 5, type: float}}}}
  - name: b
    units: []
readers:
  - {name: b, kind: rfid, link: x}
panels:
  - {name: b, kind: gst, link: x, baud: 3}
  - {name: p, kind: line-printer, link: y, number: 2}
`))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		`site.yaml:4: lines[0].serial.baud`, `:4: lines[0].serial.parity`, `:4: lines[0].serial.data_bits`, `:6: lines[0].units[0].unit: found 0`,
		`:6: lines[0].units[0].set.smok`, `:7: lines[0].units[1].name: found "u1"`, `:7: lines[0].units[1].model: found "calectro"`, `:7: lines[0].units[1].unit`,
		`:7: lines[0].units[1].reaction: found "fast"`, `:8: lines[1].name`, `:9: lines[1].tcp.listen`, `:9: lines[1].tcp.framing`, `:11: lines[1].units[0].colour`,
		`:11: lines[1].units[0].model`, `:12: lines[1].units[1].unit`, `:12: lines[1].units[1].map.values.v.type`, `:12: lines[1].units[1].map.values.v.at`,
		`:13: lines[2]: found serial and tcp both or neither`, `:14: lines[2].units: found no unit`, `:16: readers[0].name`, `:16: readers[0].kind`, `:16: readers[0].link`,
		`:18: panels[0].name`, `:18: panels[0].kind`, `:18: panels[0].link`, `:18: panels[0].baud`, `:19: panels[1]: found number`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + err.Error())
	}
}

func TestStart_TwoHundredDevices(t *testing.T) {
	var cfg Config
	for i := range 200 {
		cfg.Lines = append(cfg.Lines, Line{Name: fmt.Sprintf("port-%d", i), TCP: &TCP{Listen: "127.0.0.1:0"},
			Units: []Unit{{Name: fmt.Sprintf("gas-%d", i), Model: "evikon-e2638", Reaction: bus.Range{Min: time.Millisecond}}}})
	}
	r := start(t, cfg)
	for name, addr := range r.Addresses() {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := converse(t, c, LineView{Framing: "mbap", Units: []UnitView{{Name: name, Model: "evikon-e2638", Unit: 1}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStart_RefusesATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	_, err = Start(t.Context(), Config{Lines: []Line{
		{Name: "bus", Serial: &Serial{Link: "tty"}, Units: []Unit{{Name: "a", Model: "faast", Unit: 1}}},
		{Name: "port", TCP: &TCP{Listen: l.Addr().String()}, Units: []Unit{{Name: "b", Model: "faast"}}},
	}}, Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "port") {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "tty")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the other line was left open")
	}
}
