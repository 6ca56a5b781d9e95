package profile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/contract"
	"anlan/drivers"
)

// parse reads points under the common head and fails the test on a problem.
func parse(t *testing.T, extra, points string) *Profile {
	t.Helper()
	p, ps := Parse("p.yaml", []byte(head+extra+"points:\n"+points))
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	return p
}

// read decodes one point from registers at address 0 on.
func read(t *testing.T, p *Profile, point string, registers ...uint16) (float64, contract.Quality) {
	t.Helper()
	g := Group{Table: p.Points[0].Table, Count: len(registers)}
	for i := range p.Points {
		if p.Points[i].Name == point {
			g.Points = []int{i}
		}
	}
	rs, err := p.Decode("d", g, Block{Registers: registers}, time.Unix(1, 0))
	if err != nil || len(rs) != 1 {
		t.Fatal(rs, err)
	}
	return rs[0].Value, rs[0].Quality
}

func TestDecode_WideAndDecimalTypes(t *testing.T) {
	for _, c := range []struct {
		typ, order string
		words      []uint16
		want       float64
		quality    contract.Quality
	}{
		{"u64", "", []uint16{0, 1, 0x2A05, 0xF200}, 5_000_000_000, contract.Good},
		{"u64", "ghefcdab", []uint16{0xF200, 0x2A05, 1, 0}, 5_000_000_000, contract.Good},
		{"u64", "badcfehg", []uint16{0, 0x0100, 0x052A, 0x00F2}, 5_000_000_000, contract.Good},
		{"u64", "hgfedcba", []uint16{0x00F2, 0x052A, 0x0100, 0}, 5_000_000_000, contract.Good},
		{"u64", "", []uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, 0, contract.OutOfRange}, // the usual "no value"
		{"s64", "", []uint16{0xFFFF, 0xFFFF, 0xFFFF, 0xFF85}, -123, contract.Good},
		{"s64", "", []uint16{0x8000, 0, 0, 0}, 0, contract.OutOfRange},
		{"f64", "", []uint16{0x4059, 0, 0, 0}, 100, contract.Good},
		{"f64", "", []uint16{0x7FF8, 0, 0, 0}, 0, contract.OutOfRange},
		{"f32", "", []uint16{0x4366, 0x3333}, 230.2, contract.Good}, // not 230.199997
		{"f32", "cdab", []uint16{0x0000, 0x42C8}, 100, contract.Good},
		{"f32", "dcba", []uint16{0x0000, 0xC842}, 100, contract.Good},
		{"f32", "badc", []uint16{0xC842, 0x0000}, 100, contract.Good},
		{"bcd16", "", []uint16{0x1234}, 1234, contract.Good},
		{"bcd16", "ba", []uint16{0x3412}, 1234, contract.Good},
		{"bcd16", "", []uint16{0x12A4}, 0, contract.OutOfRange},
		{"bcd32", "cdab", []uint16{0x5678, 0x1234}, 12345678, contract.Good},
	} {
		line := "  - {name: a, title: {zh: 甲}, table: holding, address: 0, type: " + c.typ
		if c.order != "" {
			line += ", order: " + c.order
		}
		got, q := read(t, parse(t, "", line+"}\n"), "a", c.words...)
		if got != c.want || q != c.quality {
			t.Errorf("%s %s %x: %v %v, want %v %v", c.typ, c.order, c.words, got, q, c.want, c.quality)
		}
	}
}

// A reader that uses one block for bits and registers in turn leaves the other's behind.
func TestDecode_LooksOnlyAtItsOwnTable(t *testing.T) {
	p := parse(t, "", `  - {name: b, title: {zh: 位}, table: coil, address: 0}
  - {name: r, title: {zh: 字}, table: holding, address: 0}
`)
	both := Block{Bits: []bool{true}, Registers: []uint16{7, 8}}
	if rs, err := p.Decode("d", Group{Table: Coil, Count: 1, Points: []int{0}}, both, time.Unix(1, 0)); err != nil || rs[0].Value != 1 {
		t.Error(rs, err)
	}
	if rs, err := p.Decode("d", Group{Table: Holding, Count: 2, Points: []int{1}}, both, time.Unix(1, 0)); err != nil || rs[0].Value != 7 {
		t.Error(rs, err)
	}
	if _, err := p.Decode("d", Group{Table: Coil, Count: 2, Points: []int{0}}, both, time.Unix(1, 0)); !errors.Is(err, drivers.ErrCorrupt) {
		t.Error("a block of the wrong size:", err)
	}
}

func TestDecode_TextBecomesACode(t *testing.T) {
	p := parse(t, "", `  - {name: gas, title: {zh: 气体}, table: holding, address: 0, type: ascii, words: 2, texts: {CO2: 1, CO: 2}, enum: {1: {zh: 二氧化碳}, 2: {zh: 一氧化碳}}}
`)
	for _, c := range []struct {
		words   [2]uint16
		want    float64
		quality contract.Quality
	}{
		{[2]uint16{0x434F, 0x3220}, 1, contract.Good}, // "CO2 "
		{[2]uint16{0x434F, 0x0000}, 2, contract.Good},
		{[2]uint16{0x4834, 0x3220}, 0, contract.OutOfRange},
	} {
		if got, q := read(t, p, "gas", c.words[:]...); got != c.want || q != c.quality {
			t.Errorf("%x: %v %v, want %v %v", c.words, got, q, c.want, c.quality)
		}
	}
	if _, err := p.Encode("gas", 1); !errors.Is(err, drivers.ErrNotWritable) {
		t.Error("a text could be written:", err)
	}
}

func TestDecode_ScaleThatIsKnownOnlyAtRunTime(t *testing.T) {
	p := parse(t, "", `  - {name: gas, title: {zh: 浓度}, unit: ppm, table: holding, address: 0, scale_by: {point: unit, factors: {1: 1, 2: 0.001, 3: 10000}}}
  - {name: unit, title: {zh: 单位}, table: holding, address: 1}
`)
	for unit, want := range map[uint16]float64{1: 35, 2: 0.035, 3: 350000} {
		if got, q := read(t, p, "gas", 35, unit); got != want || !q.IsGood() {
			t.Errorf("unit %d: %v %v, want %v", unit, got, q, want)
		}
	}
	if _, q := read(t, p, "gas", 35, 4); q != contract.SensorFault {
		t.Errorf("a unit without a factor: %v", q)
	}
}

func TestDecode_SentinelAndSignAndInversion(t *testing.T) {
	p := parse(t, "", `  - {name: type, title: {zh: 类型}, table: holding, address: 0, mask: 0xFF, bad_when: [{equals: [0xFF]}]}
  - {name: on, title: {zh: 动作}, table: holding, address: 0, type: bit, shift: 8, invert: true, bad_when: [{point: type, equals: [0xFF]}, {point: fault, equals: [1], unless: [1]}]}
  - {name: fault, title: {zh: 故障}, table: holding, address: 0, type: bit, shift: 9}
  - {name: level, title: {zh: 液位}, table: holding, address: 1, type: s16, bad_when: [{equals: [-32768]}]}
`)
	for _, c := range []struct {
		point   string
		words   [2]uint16
		want    float64
		quality contract.Quality
	}{
		{"type", [2]uint16{0x01FF, 0}, 0, contract.SensorFault},
		{"on", [2]uint16{0x01FF, 0}, 0, contract.SensorFault},
		{"on", [2]uint16{0x0101, 0}, 0, contract.Good},
		{"on", [2]uint16{0x0001, 0}, 1, contract.Good},
		{"on", [2]uint16{0x0301, 0}, 0, contract.SensorFault}, // quiet, but faulty
		{"on", [2]uint16{0x0201, 0}, 1, contract.Good},        // faulty, but in alarm
		{"level", [2]uint16{0, 0xFFFB}, -5, contract.Good},
		{"level", [2]uint16{0, 0x8000}, 0, contract.SensorFault},
	} {
		if got, q := read(t, p, c.point, c.words[:]...); got != c.want || q != c.quality {
			t.Errorf("%s of %x: %v %v, want %v %v", c.point, c.words, got, q, c.want, c.quality)
		}
	}
}

func TestEncode_SafetyCodeAndTrigger(t *testing.T) {
	p := parse(t, "", `  - {name: rate, title: {zh: 速率}, table: holding, address: 6, writable: true, write_only: true, write_before: [5], write_after: [0x8F8F]}
  - {name: close, title: {zh: 关}, table: coil, address: 1, writable: true, trigger: true}
  - {name: wide, title: {zh: 宽}, table: holding, address: 20, type: f32, writable: true, write_after: [0x55AA]}
`)
	for _, c := range []struct {
		point string
		value float64
		want  Write
		err   error
	}{
		{"rate", 0x960, Write{Holding, 5, []uint16{5, 0x0960, 0x8F8F}, true}, nil},
		{"close", 1, Write{Coil, 1, []uint16{0xFF00}, false}, nil},
		{"close", 0, Write{}, drivers.ErrNotWritable},
		{"wide", 100, Write{Holding, 20, []uint16{0x42C8, 0, 0x55AA}, true}, nil},
	} {
		w, err := p.Encode(c.point, c.value)
		if !errors.Is(err, c.err) || cmp.Diff(c.want, w) != "" {
			t.Errorf("%s=%v: %+v %v, want %+v %v", c.point, c.value, w, err, c.want, c.err)
		}
	}
}

func TestAcknowledge_AnswersAReadingWithAWrite(t *testing.T) {
	p := parse(t, "", `  - {name: flag, title: {zh: 新卡}, table: coil, address: 10, acknowledge: {when: [1], write: 0}}
  - {name: uid, title: {zh: 卡号}, table: holding, address: 2, type: u32, acknowledge: {point: flag, write: 0}}
  - {name: event, title: {zh: 事件}, table: holding, address: 4, acknowledge: {write: 7}}
`)
	coil := Group{Table: Coil, Address: 10, Count: 1, Points: []int{0}}
	regs := Group{Table: Holding, Address: 2, Count: 3, Points: []int{1, 2}}
	clear := Write{Table: Coil, Address: 10, Words: []uint16{0}}
	for _, c := range []struct {
		g    Group
		b    Block
		want []Write
	}{
		{coil, Block{Bits: []bool{true}}, []Write{clear}},
		{coil, Block{Bits: []bool{false}}, nil},
		{regs, Block{Registers: []uint16{0, 0, 0}}, nil},
		{regs, Block{Registers: []uint16{0, 9, 0}}, []Write{clear}},
		{regs, Block{Registers: []uint16{1, 0, 3}}, []Write{clear, {Table: Holding, Address: 4, Words: []uint16{7}}}},
		{regs, Block{Registers: []uint16{1}}, nil}, // not the answer to g
	} {
		if diff := cmp.Diff(c.want, p.Acknowledge(c.g, c.b)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.b, diff)
		}
	}
	p.Forbidden = []Range{{Table: Coil, From: 0, To: 99, Access: WriteOnly}}
	if got := p.Acknowledge(coil, Block{Bits: []bool{true}}); got != nil {
		t.Errorf("acknowledged into a forbidden range: %+v", got)
	}
}

func TestForbidden_ReadingAndWritingApart(t *testing.T) {
	points := `  - {name: a, title: {zh: 甲}, table: holding, address: 0}
  - {name: b, title: {zh: 乙}, table: holding, address: 4}
  - {name: c, title: {zh: 丙}, table: holding, address: 9, writable: true, write_only: true}
`
	line := Line{CharTime: time.Millisecond, Silence: 4 * time.Millisecond, Overhead: 13}
	for access, groups := range map[string]int{"": 2, "access: read, ": 2, "access: write, ": 1} {
		p := parse(t, "forbidden: [{table: holding, from: 1, to: 3, "+access+"why: w}]\n", points)
		if got := len(p.Plan(line)); got != groups {
			t.Errorf("%q: %d transactions, want %d", access, got, groups)
		}
	}
	for access, allowed := range map[string]bool{"": false, "access: read, ": true, "access: write, ": false} {
		_, ps := Parse("p.yaml", []byte(head+"forbidden: [{table: holding, from: 9, to: 9, "+access+"why: w}]\npoints:\n"+points))
		if (len(ps) == 0) != allowed {
			t.Errorf("%q: a point that is only written: %v", access, ps)
		}
	}
}

func TestDocBase_IsHeldAgainstTheAddress(t *testing.T) {
	for _, c := range []struct {
		base, table, doc string
		want             int // -1: not understood
	}{
		{"0", "holding", "0x0103", 0x103}, {"0", "coil", "16 (BYPA)", 16}, {"1", "holding", "40", 39}, {"1", "holding", "0", -1},
		{"40001", "holding", "40001", 0}, {"40001", "holding", "49500 bit 1", 9499}, {"40001", "input", "30053", 52}, {"40001", "discrete", "10003", 2},
		{"40001", "coil", "00001", 0}, {"40001", "coil", "17", 16}, {"40001", "holding", "4x0002", 1}, {"40001", "discrete", "1x0003", 2},
		{"40001", "holding", "30001", -1}, {"40001", "holding", "420001", -1}, {"40001", "holding", "17", -1},
		{"400001", "holding", "420001", 20000}, {"400001", "holding", "460000", 59999}, {"400001", "holding", "40001", -1},
		{"40000", "holding", "40000", 0}, {"400000", "input", "310001", 10001},
	} {
		got, err := DocBase(c.base).address(c.doc, Table(c.table))
		if err != nil {
			got = -1
		}
		if got != c.want {
			t.Errorf("%s %s %q: %d (%v), want %d", c.base, c.table, c.doc, got, err, c.want)
		}
	}
}

func TestParse_RefusesWhatContradictsItself(t *testing.T) {
	common := "title: {zh: 甲}, table: holding, "
	for _, c := range []struct{ extra, points, want string }{
		{"doc_base: 40001\n", "{name: a, " + common + "address: 1, doc: '40001'}", `points[0].address: found 1, but the document's 40001 counted from 40001 is 0`},
		{"doc_base: 1\n", "{name: a, " + common + "address: 1, doc: first}", "points[0].doc"},
		{"doc_base: 2\n", "{name: a, " + common + "address: 1}", "doc_base"},
		{"in_flight: 17\n", "{name: a, " + common + "address: 1}", "in_flight: found 17, want 1 to 16"},
		{"dialect: other\n", "{name: a, " + common + "address: 1}", `dialect: found "other"`},
		{"dialect: monarch\nin_flight: 4\n", "{name: a, " + common + "address: 1}", "in_flight"},
		{"private_functions: [{code: 3, what: x}]\n", "{name: a, " + common + "address: 1}", "private_functions[0].code"},
		{"forbidden: [{table: coil, from: 1, to: 2, access: none, why: w}]\n", "{name: a, " + common + "address: 1}", "forbidden[0].access"},
		{"timing: {timeout: 10ms, reaction_max: 50ms}\n", "{name: a, " + common + "address: 1}", "timing.timeout"},
		{"", "{name: a, title: {zh: 甲}, table: holding}", "points[0].address: found no such key"},
		{"", "{name: a, " + common + "address: 1, type: s16, bad_when: [{equals: [65535]}]}", "points[0].bad_when[0].equals"},
		{"", "{name: a, " + common + "address: 1, bad_when: [{equals: [1], not: [2]}]}", "points[0].bad_when[0]"},
		{"", "{name: a, " + common + "address: 1, type: ascii, words: 1, texts: {ABC: 1}, enum: {1: {zh: 甲}}}", "points[0].texts.ABC"},
		{"", "{name: a, " + common + "address: 1, type: ascii, words: 2, texts: {ABC: 2}, enum: {1: {zh: 甲}}}", "points[0].texts.ABC"},
		{"", "{name: a, " + common + "address: 1, texts: {A: 1}}", "points[0].texts"},
		{"", "{name: a, " + common + "address: 1, latched: true, reset_by: b}", "points[0].reset_by"},
		{"", "{name: a, " + common + "address: 1, reset_by: a}", "points[0].reset_by"},
		{"", "{name: a, " + common + "address: 1, detail_of: b}", "points[0].detail_of"},
		{"", "{name: a, " + common + "address: 1, detail_of: a}", "points[0].detail_of"},
		{"", "{name: a, " + common + "address: 1, alarm: true, detail_of: b}, {name: b, " + common + "address: 2}", "points[0].detail_of"},
		{"", "{name: a, " + common + "address: 1, scale_by: {point: b, factors: {1: 1}}}", "points[0]"},
		{"", "{name: a, " + common + "address: 1, acknowledge: {point: b, write: 0}}", "points[0].acknowledge.point"},
		{"", "{name: a, title: {zh: 甲}, table: input, address: 1, acknowledge: {write: 0}}", "points[0].acknowledge"},
		{"", "{name: a, title: {zh: 甲}, table: coil, address: 1, acknowledge: {write: 2}}", "points[0].acknowledge.write"},
		{"", "{name: a, " + common + "address: 0, writable: true, write_before: [1]}", "points[0].write_before"},
		{"", "{name: a, " + common + "address: 1, trigger: true}", "points[0].trigger"},
		{"", "{name: a, " + common + "address: 1, writable: true, trigger: true, write_value: 3}", "points[0].trigger"},
		{"", "{name: a, " + common + "address: 65533, type: u64}", "points[0].address"},
		{"", "{name: a, " + common + "address: 1, type: u64, order: dcba}", "points[0].order"},
	} {
		_, ps := Parse("p.yaml", []byte(head+c.extra+"points: ["+c.points+"]\n"))
		if !strings.Contains(ps.Error(), c.want) {
			t.Errorf("%s%s:\nmissing %q in\n%v", c.extra, c.points, c.want, ps)
		}
		if len(ps) > 1 {
			t.Errorf("%s%s: one mistake told %d times:\n%v", c.extra, c.points, len(ps), ps)
		}
	}
}

func TestParse_RepeatedPointsLookAtTheirOwnCompanions(t *testing.T) {
	p := parse(t, "", `  - {name: "gas_{n}", title: {zh: "{n}"}, table: holding, address: 0, repeat: {from: 1, to: 2}, bad_when: [{point: "fault_{n}", equals: [1]}]}
  - {name: "fault_{n}", title: {zh: "{n}"}, table: holding, address: 10, repeat: {from: 1, to: 2}}
`)
	if got := p.Points[1].BadWhen[0].Point; got != "fault_2" {
		t.Errorf("gas_2 looks at %s", got)
	}
	if got := p.Points[0].BadWhen[0].Point; got != "fault_1" {
		t.Errorf("gas_1 looks at %s", got)
	}
}

func TestParse_PointsOfAnotherProtocolHaveNoPlace(t *testing.T) {
	other := strings.Replace(head, "protocol: modbus", "protocol: dcon", 1)
	if _, ps := Parse("p.yaml", []byte(other+"points: [{name: in0, title: {zh: 输入}, alarm: true}]\n")); ps.Err() != nil {
		t.Error(ps)
	}
	_, ps := Parse("p.yaml", []byte(other+"max_registers: 5\npoints: [{name: in0, title: {zh: 输入}, table: coil}]\n"))
	if len(ps) != 2 {
		t.Errorf("problems %v, want one about max_registers and one about table", ps)
	}
}

func TestParse_PanelTaps(t *testing.T) {
	tap := strings.Replace(head, "protocol: modbus", "protocol: panel-printer", 1)
	good := "tap: {pattern: '(?P<word>\\S+) (?P<node>\\d+)', words: {火警: fire}}\npoints: [{name: n1, title: {zh: 节点}, doc: '12-034', alarm: true}, {name: n, title: {zh: 火警数}, doc: 'count:fire'}]\n"
	if _, ps := Parse("p.yaml", []byte(tap+good)); ps.Err() != nil {
		t.Error(ps)
	}
	for from, to := range map[string]string{"fire}": "hot}", "?P<node>": "", "words: {火警: fire}": "encoding: big5, words: {火警: fire}", "count:fire": "count:hot", ", doc: '12-034'": ""} {
		if _, ps := Parse("p.yaml", []byte(tap+strings.Replace(good, from, to, 1))); len(ps) != 1 {
			t.Errorf("%q for %q: %d problems, want 1:\n%v", to, from, len(ps), ps)
		}
	}
	if _, ps := Parse("p.yaml", []byte(head+"tap: {offline_after: 5s}\npoints: [{name: a, title: {zh: 甲}, table: coil, address: 0}]\n")); len(ps) != 1 {
		t.Errorf("a tap of a Modbus device: %v", ps)
	}
}

func TestParse_EndsSoonWhateverIsAsked(t *testing.T) {
	var b strings.Builder
	b.WriteString(head + "points:\n")
	for i := range 40 {
		fmt.Fprintf(&b, "  - {name: 'n{n}', title: {zh: 甲}, table: holding, address: %d, type: ascii, words: 120, texts: {A: 1}, bad_when: [{point: 'n{n}', equals: [1]}, {point: 'm{n}', equals: [1]}], repeat: {from: 1, to: 1999}}\n", i)
	}
	p, ps := Parse("p.yaml", []byte(b.String()))
	if len(p.Points) > maxPoints || len(ps) > 20000 {
		t.Errorf("%d points, %d problems", len(p.Points), len(ps))
	}
}
