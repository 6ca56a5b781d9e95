package device

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

// spec is a device that holds what the application protocol's examples read.
func spec(t *testing.T) *Mapped {
	t.Helper()
	coils := []uint16{}
	for _, b := range []byte{0xCD, 0x6B, 0x05} {
		for i := range 8 {
			coils = append(coils, uint16(b>>i&1))
		}
	}
	discrete := []uint16{}
	for _, b := range []byte{0xAC, 0xDB, 0x35} {
		for i := range 8 {
			discrete = append(discrete, uint16(b>>i&1))
		}
	}
	d, wrong := NewMapped(Map{
		Coils:    []Run{{At: 0x13, Values: coils}, {At: 0xAC, Count: 1}},
		Discrete: []Run{{At: 0xC4, Values: discrete}},
		Holding: []Run{{At: 1, Count: 2}, {At: 3, Values: []uint16{0x00FE, 0x0012, 1, 3, 0x0D, 0xFF}},
			{At: 0x0E, Count: 3}, {At: 0x6B, Values: []uint16{0x022B, 0, 0x64}}},
		Input:    []Run{{At: 8, Values: []uint16{0x000A}}},
		Identity: map[string]string{"vendor": "Company identification", "product": "Product code XX", "revision": "V2.11"},
	})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return d
}

// Requests and answers are the examples of the application protocol V1.1b3, chapter 6.
// FC 43's conformity level is 81 and not 01, because single objects can be read too.
func TestAnswer_ExamplesOfTheStandard(t *testing.T) {
	d := spec(t)
	for _, c := range []struct{ name, ask, want string }{
		{"FC 1", "01 00 13 00 13", "01 03 CD 6B 05"},
		{"FC 2", "02 00 C4 00 16", "02 03 AC DB 35"},
		{"FC 3", "03 00 6B 00 03", "03 06 02 2B 00 00 00 64"},
		{"FC 4", "04 00 08 00 01", "04 02 00 0A"},
		{"FC 5", "05 00 AC FF 00", "05 00 AC FF 00"},
		{"FC 6", "06 00 01 00 03", "06 00 01 00 03"},
		{"FC 15", "0F 00 13 00 0A 02 CD 01", "0F 00 13 00 0A"},
		{"FC 16", "10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02"},
		{"FC 22", "16 00 04 00 F2 00 25", "16 00 04 00 F2 00 25"},
		{"FC 22 set 17 from 12", "03 00 04 00 01", "03 02 00 17"},
		{"FC 43", "2B 0E 01 00", "2B 0E 01 81 00 00 03 00 16 43 6F 6D 70 61 6E 79 20 69 64 65 6E 74 69 66 69 63 61 74 69 6F 6E 01 0F 50 72 6F 64 75 63 74 20 63 6F 64 65 20 58 58 02 05 56 32 2E 31 31"},
		{"FC 43, one object", "2B 0E 04 02", "2B 0E 04 81 00 00 01 02 05 56 32 2E 31 31"},
		{"FC 43, an object that is not there", "2B 0E 04 05", "AB 02"},
		{"FC 43, an unknown category", "2B 0E 05 00", "AB 03"},
		{"another MEI", "2B 0D 01 00", "AB 01"},
		{"unknown function", "18 00 00 00 01", "98 01"},
		{"a hole", "03 00 6A 00 02", "83 02"},
		{"126 registers", "03 00 00 00 7E", "83 03"},
		{"past the last address", "03 FF FF 00 02", "83 02"},
		{"coil neither on nor off", "05 00 13 00 01", "85 03"},
	} {
		if got := Answer(d, unhex(t, c.ask)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: got % X, want %s", c.name, got, c.want)
		}
	}
}

func TestReadWrite_WritesFirst(t *testing.T) {
	d := spec(t)
	d.tables[Holding][4] = 0x0ACD // as in the example
	for i, v := range []uint16{0x00FE, 0x0ACD, 1, 3, 0x0D, 0xFF} {
		d.tables[Holding][3+uint16(i)] = v
	}
	got := Answer(d, unhex(t, "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF"))
	if want := unhex(t, "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF"); !bytes.Equal(got, want) {
		t.Errorf("got % X, want % X", got, want)
	}
	got = Answer(d, unhex(t, "17 00 01 00 01 00 01 00 01 02 12 34"))
	if want := unhex(t, "17 02 12 34"); !bytes.Equal(got, want) {
		t.Errorf("what was just written must be read: got % X", got)
	}
}

func TestIdentity_MoreFollows(t *testing.T) {
	long := strings.Repeat("x", 150)
	d, wrong := NewMapped(Map{Identity: map[string]string{"vendor": long, "product": long, "revision": "1", "url": "u"}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	first := Answer(d, unhex(t, "2B 0E 02 00"))
	if len(first) > 253 || !bytes.Equal(first[:7], []byte{0x2B, 0x0E, 2, 0x82, 0xFF, 1, 1}) {
		t.Fatalf("first part: % X", first[:7])
	}
	rest := Answer(d, []byte{0x2B, 0x0E, 2, first[5]})
	if !bytes.Equal(rest[:7], []byte{0x2B, 0x0E, 2, 0x82, 0, 0, 3}) {
		t.Errorf("second part: % X", rest[:7])
	}
	if basic := Answer(d, unhex(t, "2B 0E 01 02")); !bytes.Equal(basic, unhex(t, "2B 0E 01 82 00 00 01 02 01 31")) {
		t.Errorf("basic objects end at 2: % X", basic)
	}
	if plain := Answer(&Relays{}, unhex(t, "2B 0E 01 00")); !bytes.Equal(plain, []byte{0xAB, 1}) {
		t.Errorf("a device without identity: % X", plain)
	}
}

func TestRequestLength_OfEachFunction(t *testing.T) {
	for _, ask := range []string{
		"01 03 00 00 00 08 44 0C", "01 0F 00 00 00 08 01 FF BE D5", "01 10 00 01 00 02 04 00 0A 01 02 92 30",
		"01 2B 0E 01 00 70 77", "01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91", "01 05 02 00 00 07 8D B0",
	} {
		frame := unhex(t, ask)
		if got := RequestLength(frame); got != len(frame) {
			t.Errorf("%s: %d, want %d", ask, got, len(frame))
		}
		if CRC(frame) != 0 {
			t.Errorf("%s: bad CRC", ask)
		}
	}
	if LRC(unhex(t, "F7 03 13 89 00 0A")) != 0x60 { // Modicon PI-MBUS-300
		t.Error("LRC of the reference guide's example is not 60")
	}
}

func TestMonarch_NativeDialect(t *testing.T) {
	d := &NICE3000{Elevator{Landing: 13, Mode: 5, Car: 6, Load: 18, Direction: 3}}
	for _, c := range []struct{ name, ask, want string }{
		{"read", "03 10 1D 00 01", "03 00 02 06 50"},
		{"direction", "03 30 00 00 01", "03 00 02 00 03"},
		{"bad address", "03 20 99 00 01", "03 80 01 00 04"},
		{"too many", "03 10 10 00 0B", "03 80 01 00 05"},
		{"bad function", "04 10 10 00 01", "04 80 01 00 02"},
		{"write refused", "06 60 00 00 01", "06 80 01 00 04"},
	} {
		if got := d.Dialect().Speak(Answer(d, unhex(t, c.ask))); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: got % X, want %s", c.name, got, c.want)
		}
	}
}

// The request and the answer of 230.2 V are those of Eastron's protocol description.
func TestMeter_GoldenVoltage(t *testing.T) {
	shown := NewMeter()
	shown.Volts = float64(math.Float32frombits(0x43663334))
	got := AppendCRC(append([]byte{1}, Answer(shown, unhex(t, "04 00 00 00 02"))...))
	if want := unhex(t, "01 04 04 43 66 33 34 1B 38"); !bytes.Equal(got, want) {
		t.Errorf("got % X, want % X", got, want)
	}
	m := NewMeter()
	m.Advance(t0)
	before := m.Energy
	m.Advance(t0.Add(time.Hour))
	if grown := m.Energy - before; grown < 0.7 || grown > 0.8 { // 230.2 V × 3.5 A × 0.95
		t.Errorf("an hour added %v kWh", grown)
	}
}

var t0 = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func TestRelays_PulseEndsByItself(t *testing.T) {
	d := &Relays{}
	d.Advance(t0)
	if got := Answer(d, unhex(t, "05 02 00 00 07")); !bytes.Equal(got, unhex(t, "05 02 00 00 07")) {
		t.Fatalf("pulse of 700 ms: % X", got)
	}
	d.Advance(t0.Add(699 * time.Millisecond))
	if !d.Coils[0] {
		t.Error("the pulse ended early")
	}
	d.Advance(t0.Add(700 * time.Millisecond))
	if d.Coils[0] {
		t.Error("the pulse did not end")
	}
	Answer(d, unhex(t, "05 00 FF FF 00"))
	Answer(d, unhex(t, "05 04 03 00 05"))
	if d.Coils[3] || !d.Coils[2] {
		t.Error("a pause switches its relay off only")
	}
	d.Advance(t0.Add(5 * time.Second))
	if !d.Coils[3] {
		t.Error("the pause did not end")
	}
	Answer(d, unhex(t, "05 01 FF 00 00"))
	if d.Coils[0] {
		t.Error("toggle all")
	}
}

func TestValve_TravelsAndShowsLimits(t *testing.T) {
	d := NewValve()
	now := t0
	run := func(s time.Duration) {
		now = now.Add(s)
		d.Advance(now)
	}
	inputs := func() uint16 {
		regs, _ := d.Registers(true, 0, 1)
		return regs[0]
	}
	run(0)
	if in := inputs(); in != 1<<2|1<<5 {
		t.Errorf("open and on remote: %b", in)
	}
	Answer(d, unhex(t, "05 00 01 FF 00"))
	run(3 * time.Second)
	if in := inputs(); in != 1<<0|1<<3|1<<5 || d.Position != 75 {
		t.Errorf("closing: %b at %v", in, d.Position)
	}
	Answer(d, unhex(t, "05 00 01 00 00"))
	run(9 * time.Second)
	if in := inputs(); in != 1<<1|1<<5 {
		t.Errorf("writing 0 must not stop it; closed: %b", in)
	}
	Answer(d, unhex(t, "06 00 06 01 F4"))
	run(time.Minute)
	if d.Position != 50 {
		t.Errorf("position demand 50.0 %%: %v", d.Position)
	}
	d.Jammed = true
	Answer(d, unhex(t, "06 00 05 00 01"))
	run(time.Minute)
	if in := inputs(); in&(1<<11) == 0 || d.Position != 50 {
		t.Errorf("jammed: %b at %v", in, d.Position)
	}
	d.Jammed, d.Selector = false, 0
	Answer(d, unhex(t, "06 00 05 00 02"))
	run(time.Minute)
	if d.Position == 100 {
		t.Error("obeyed while on local")
	}
	if got := Answer(d, unhex(t, "06 00 05 00 09")); !bytes.Equal(got, unhex(t, "86 03")) {
		t.Errorf("command 9: % X", got)
	}
}

func TestHorn_TurnsItselfOff(t *testing.T) {
	d := NewHorn()
	d.Advance(t0)
	Answer(d, unhex(t, "06 00 03 00 05"))
	Answer(d, unhex(t, "06 00 00 00 04"))
	d.Advance(t0.Add(4 * time.Second))
	if !d.Sounding() {
		t.Error("silent within its time")
	}
	d.Advance(t0.Add(5 * time.Second))
	if d.Sounding() || d.Mode != 4 {
		t.Error("the horn must go off by itself and keep its mode")
	}
	Answer(d, unhex(t, "06 00 00 00 04"))
	d.Advance(t0.Add(6 * time.Second))
	if !d.Sounding() {
		t.Error("a new command must sound again")
	}
	for _, c := range []struct{ ask, want string }{
		{"10 00 05 00 03 06 00 05 96 00 8F 8F", "10 00 05 00 03"},
		{"10 00 05 00 03 06 00 05 96 00 00 00", "90 03"},
		{"10 00 05 00 02 04 00 05 96 00", "90 03"},
		{"06 00 05 00 07", "86 02"},
		{"06 00 00 00 09", "86 03"},
		{"03 00 05 00 01", "03 02 00 05"},
	} {
		if got := Answer(d, unhex(t, c.ask)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: got % X, want %s", c.ask, got, c.want)
		}
	}
}

func TestTocsin_ConcentrationAndLatch(t *testing.T) {
	d := NewTocsin()
	d.LEL[0], d.LEL[1] = 35, -7.5
	d.Advance(t0)
	if got := Answer(d, unhex(t, "04 00 00 00 02")); !bytes.Equal(got, unhex(t, "04 04 01 C2 00 19")) {
		t.Errorf("35 and -7.5 %%LEL are 450 and 25: % X", got)
	}
	if got := Answer(d, unhex(t, "04 0B B8 00 02")); !bytes.Equal(got, unhex(t, "04 04 00 01 00 40")) {
		t.Errorf("AL1, and under range: % X", got)
	}
	d.LEL[0] = 0
	d.Advance(t0)
	if got := Answer(d, unhex(t, "04 07 D0 00 01")); !bytes.Equal(got, unhex(t, "04 02 00 01")) {
		t.Errorf("the area keeps its alarm: % X", got)
	}
	Answer(d, unhex(t, "05 00 01 FF 00"))
	if got := Answer(d, unhex(t, "04 07 D0 00 01")); !bytes.Equal(got, unhex(t, "04 02 00 00")) {
		t.Errorf("after reset: % X", got)
	}
	Answer(d, unhex(t, "05 03 E8 FF 00"))
	d.LEL[0] = 90
	d.Advance(t0)
	if got := Answer(d, unhex(t, "04 0B B8 00 01")); !bytes.Equal(got, unhex(t, "04 02 00 10")) {
		t.Errorf("a disabled sensor gives no alarm: % X", got)
	}
}

func TestAspirating_LevelsAndClock(t *testing.T) {
	d := NewAspirating()
	d.Level = 70
	d.Advance(time.Unix(0x12345678, 0))
	if got := Answer(d, unhex(t, "03 00 00 00 02")); !bytes.Equal(got, unhex(t, "03 04 12 34 56 78")) {
		t.Errorf("clock: % X", got)
	}
	if got := Answer(d, unhex(t, "03 00 0C 00 01")); !bytes.Equal(got, unhex(t, "03 02 00 07")) {
		t.Errorf("alert, action 1 and 2: % X", got)
	}
}

func TestDoor_ReversesWhenBlocked(t *testing.T) {
	d := NewDoor()
	d.Advance(t0)
	Answer(d, unhex(t, "06 10 04 00 01"))
	d.Advance(t0.Add(time.Second))
	if got := Answer(d, unhex(t, "03 00 01 00 01")); !bytes.Equal(got, unhex(t, "03 02 02 00")) {
		t.Errorf("opening: % X", got)
	}
	d.Advance(t0.Add(3 * time.Second))
	Answer(d, unhex(t, "06 10 04 00 02"))
	d.Blocked = true
	d.Advance(t0.Add(4 * time.Second))
	if got := Answer(d, unhex(t, "03 00 01 00 04")); !bytes.Equal(got, unhex(t, "03 08 00 00 00 00 00 00 23 28")) {
		t.Errorf("open again, 900.0 mm: % X", got)
	}
	if got := Answer(d, unhex(t, "03 00 01 00 11")); !bytes.Equal(got, unhex(t, "83 03")) {
		t.Errorf("17 registers: % X", got)
	}
}

func TestGST5000_PowerBlock(t *testing.T) {
	d := &FirePanel5000{Mains: 2, Battery: 9}
	d.Nodes[240] = 1
	if got := Answer(d, unhex(t, "03 13 86 00 02")); !bytes.Equal(got, unhex(t, "03 04 00 02 00 09")) {
		t.Errorf("mains and battery: % X", got)
	}
	if got := Answer(d, unhex(t, "03 00 F0 00 01")); !bytes.Equal(got, unhex(t, "03 02 00 01")) {
		t.Errorf("node 241: % X", got)
	}
	if got := Answer(d, unhex(t, "03 13 87 00 02")); !bytes.Equal(got, unhex(t, "83 02")) {
		t.Errorf("past the battery: % X", got)
	}
	if got := Answer(d, unhex(t, "03 00 00 00 65")); !bytes.Equal(got, unhex(t, "83 03")) {
		t.Errorf("101 registers: % X", got)
	}
}

func TestMapped_ValuesAndRefusals(t *testing.T) {
	d, wrong := NewMapped(Map{
		Holding: []Run{{At: 0, Count: 8}}, Refuse: []Hole{{Table: Holding, At: 4, Count: 2}}, ReadOnly: []Hole{{Table: Holding, At: 0}},
		MaxRead: 4,
		Values: map[string]Place{
			"t": {Table: Holding, At: 0, Type: "int16", Scale: 0.1}, "f": {Table: Holding, At: 1, Type: "float32", Words: "low-first"},
			"b": {Table: Holding, At: 3, Type: "bit9"}, "u": {Table: Holding, At: 6, Type: "uint32"},
		},
	})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for name, v := range map[string]float64{"t": -12.3, "f": 230.2, "b": 1, "u": 70000} {
		if err := Turn(d, name, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ ask, want string }{
		{"03 00 00 00 04", "03 08 FF 85 33 33 43 66 02 00"},
		{"03 00 06 00 02", "03 04 00 01 11 70"},
		{"03 00 03 00 02", "83 02"}, {"03 00 00 00 05", "83 03"}, {"06 00 00 00 01", "86 02"}, {"01 00 00 00 01", "81 01"},
	} {
		if got := Answer(d, unhex(t, c.ask)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: got % X, want %s", c.ask, got, c.want)
		}
	}
	if Turn(d, "t", 4000) == nil || Turn(d, "nothing", 1) == nil {
		t.Error("took what does not fit")
	}
	_, wrong = NewMapped(Map{
		Holding: []Run{{At: 65535, Count: 2}, {At: 5, Count: 2}, {At: 6}}, Coils: []Run{{At: 0, Values: []uint16{2}}}, MaxRead: 200,
		Identity: map[string]string{"colour": "red"}, Values: map[string]Place{"x": {Table: Input, At: 1, Words: "up"}},
	})
	if len(wrong) != 7 {
		t.Errorf("%d mistakes: %v", len(wrong), wrong)
	}
}
