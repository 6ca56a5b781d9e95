package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/configs"
	"anlan/contract"
	"anlan/drivers"
)

const head = `id: x
vendor: v
model: m
source: s
name: {zh: 名, en: name}
protocol: modbus
`

func shipped(t testing.TB) Library {
	t.Helper()
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	lib, ps := Load(dir)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	return lib
}

func TestShipped_ProfilesAreWhatTheBuildingExpects(t *testing.T) {
	lib := shipped(t)
	want := map[string][]string{
		"calectro-ug3":      {"mounted", "service", "smoke", "relay", "reset"},
		"evikon-e2638":      {"concentration", "raw"},
		"honeywell-e3point": {"concentration", "sensor_state"},
		"waveshare-relay-d": {"relay1", "relay8", "input1", "input8"},
		"monarch-nice3000":  {"speed", "landing", "load", "mode", "car", "hall_fire", "full", "overload", "direction"},
		"gst200-panel":      {"node_1", "node_16", "mains", "battery", "loop"},
		"pn532":             nil,
	}
	for id, points := range want {
		p := lib[id]
		if p == nil {
			t.Errorf("no profile %s", id)
			continue
		}
		for _, name := range points {
			if _, ok := p.Point(name); !ok {
				t.Errorf("%s has no point %s", id, name)
			}
		}
	}
}

func TestShipped_ProfilesAreHonestAndWhole(t *testing.T) {
	lib := shipped(t)
	if len(lib) < 20 {
		t.Errorf("%d profiles, want 20 or more", len(lib))
	}
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	for id, p := range lib {
		if _, err := fs.Stat(dir, id+".yaml"); err != nil {
			t.Errorf("%s is not in a file of its own name: %v", id, err)
		}
		if _, err := fs.Stat(dir, id+".frames.yaml"); err != nil {
			t.Errorf("%s has no example exchanges: %v", id, err)
		}
		if !p.Verified && !strings.Contains(strings.Join(p.Notes, " "), "UNVERIFIED") {
			t.Errorf("%s does not note what is unverified", id)
		}
		if p.Name.EN == "" {
			t.Errorf("%s: name in one language only", id)
		}
		for _, pt := range p.Points {
			if pt.Title.ZH == "" || pt.Title.EN == "" {
				t.Errorf("%s.%s: title in one language only", id, pt.Name)
			}
			for code, text := range pt.Enum {
				if text.EN == "" {
					t.Errorf("%s.%s: code %d in one language only", id, pt.Name, code)
				}
			}
		}
	}
}

func TestLift_ControlWordsCanNotBeWritten(t *testing.T) {
	p := shipped(t)["monarch-nice3000"]
	for _, pt := range p.Points {
		if _, err := p.Encode(pt.Name, 1); !errors.Is(err, drivers.ErrNotWritable) {
			t.Errorf("%s: %v, want ErrNotWritable", pt.Name, err)
		}
	}
	// Even a profile built by hand, past Parse, is refused.
	p2 := *p
	p2.Points = []Point{{Name: "go", Table: Holding, Address: 0x6004, Type: U16, Writable: true}}
	if _, err := p2.Encode("go", 1); !errors.Is(err, drivers.ErrNotWritable) {
		t.Errorf("forbidden write: %v", err)
	}
}

func TestParse_ReportsEveryMistakeWithItsLine(t *testing.T) {
	src := head + `forbidden:
  - {table: holding, from: 0x6000, to: 0x6FFF, why: control}
max_registers: 200
points:
  - {name: a, title: {zh: 甲}, table: holding, address: 1}
  - {name: a, title: {zh: 乙}, table: holding, address: 2}
  - {name: b, title: {zh: 丙}, table: holdng, address: 3}
  - {name: c, title: {zh: 丁}, table: holding, address: 1}
  - {name: d, title: {zh: 戊}, table: holding, address: 0x6001, writable: true}
  - {name: e, title: {zh: 己}, table: discrete, address: 1, writable: true, type: u16}
  - {name: f, title: {zh: 庚}, table: holding, address: 9, divisor_point: nothing}
  - {name: g, title: {zh: 辛}, table: holding, address: 10, enum: {1: {en: x}}, scale: 2}
  - {name: h, title: {en: x}, table: holding, address: 65535, type: u32}
  - {name: i, title: {zh: 壬}, table: holding, address: 20, min: 2, max: 1, wrtable: true}
  - {name: j, title: {zh: 癸}, table: holding, address: 21, bad_when: [{}]}
  - {name: k, title: {zh: 子}, table: holding, address: 22, repeat: {from: 1, to: 3}}
`
	_, ps := Parse("p.yaml", []byte(src))
	got := ps.Error()
	for _, want := range []string{
		"p.yaml:9: max_registers", "p.yaml:12: points[1].name", `p.yaml:13: points[2].table: found "holdng"`,
		`p.yaml:14: points[3].address`, "p.yaml:15: points[4].address", "p.yaml:16: points[5].type", "p.yaml:16: points[5].writable",
		`p.yaml:17: points[6]`, "p.yaml:18: points[7].enum", "p.yaml:19: points[8].title", "p.yaml:19: points[8].address",
		`points[9].wrtable: found unknown key "wrtable", want "writable"?`, "p.yaml:20: points[9].min", "p.yaml:21: points[10].bad_when[0]", "p.yaml:22: points[11].name",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
}

func TestParse_RequiresTheSource(t *testing.T) {
	_, ps := Parse("p.yaml", []byte(strings.Replace(head, "source: s\n", "", 1)+"points: [{name: a, title: {zh: 甲}, table: coil, address: 0}]\n"))
	if len(ps) != 1 || ps[0].Path != "source" {
		t.Errorf("problems %v, want one about source", ps)
	}
}

func TestLoad_RefusesAnIDTwice(t *testing.T) {
	body := []byte(head + "points: [{name: a, title: {zh: 甲}, table: coil, address: 0}]\n")
	lib, ps := Load(fstest.MapFS{"a.yaml": {Data: body}, "b.yaml": {Data: body}, "b.frames.yaml": {Data: []byte("x: 1")}})
	if len(lib) != 1 || len(ps) != 1 || ps[0].File != "b.yaml" {
		t.Errorf("%d profiles, problems %v", len(lib), ps)
	}
}

func TestDecode_EveryTypeAndOrder(t *testing.T) {
	regs := []uint16{0x1234, 0xABCD}
	for _, c := range []struct {
		pt   Point
		want float64
	}{
		{Point{Type: U16}, 0x1234},
		{Point{Type: U16, Order: OrderBA}, 0x3412},
		{Point{Type: U32}, 0x1234ABCD},
		{Point{Type: U32, Order: OrderABCD}, 0x1234ABCD},
		{Point{Type: U32, Order: OrderCDAB}, 0xABCD1234},
		{Point{Type: U32, Order: OrderBADC}, 0x3412CDAB},
		{Point{Type: U32, Order: OrderDCBA}, 0xCDAB3412},
		{Point{Type: S32, Order: OrderCDAB}, float64(int32(-0x5432EDCC))},
		{Point{Type: U16, Shift: 4, Mask: 0xF}, 3},
		{Point{Type: Bit, Shift: 2}, 1},
		{Point{Type: Bit, Shift: 2, Invert: true}, 0},
		{Point{Type: U16, Scale: 0.1, Offset: -40}, 426},
	} {
		c.pt.Name, c.pt.Table = "a", Holding
		p := &Profile{ID: "x", Points: []Point{c.pt}}
		g := Group{Table: Holding, Count: 2, Points: []int{0}}
		got, err := p.Decode("d", g, Block{Registers: regs}, time.Unix(1, 0))
		if err != nil || got[0].Value != c.want || !got[0].Quality.IsGood() {
			t.Errorf("%s %s shift %d: %v %v, want %v", c.pt.Type, c.pt.Order, c.pt.Shift, got, err, c.want)
		}
	}
	p := &Profile{Points: []Point{{Name: "f", Table: Holding, Type: Float32}}}
	got, err := p.Decode("d", Group{Table: Holding, Count: 2, Points: []int{0}}, Block{Registers: []uint16{0x7FC0, 0}}, time.Unix(1, 0))
	if err != nil || got[0].Quality != contract.OutOfRange || !got[0].At.IsZero() || got[0].Checked.IsZero() {
		t.Errorf("NaN: %+v %v, want out of range and not refreshed", got, err)
	}
	if _, err := p.Decode("d", Group{Table: Holding, Count: 2}, Block{Registers: []uint16{1}}, time.Time{}); !errors.Is(err, drivers.ErrCorrupt) {
		t.Errorf("short block: %v", err)
	}
}

func TestEncode_IsTheInverseOfDecode(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		pt := Point{Name: "a", Table: Holding, Writable: true, Type: []Type{U16, S16, U32, S32, U64, S64, BCD16, BCD32, Float64}[rng.IntN(9)], Scale: []float64{0, 0.1, 2}[rng.IntN(3)], Offset: float64(rng.IntN(3))}
		known := orders(pt.Type.words())
		pt.Order = known[rng.IntN(len(known))]
		p := &Profile{ID: "x", Points: []Point{pt}}
		raw := float64(rng.IntN(10000))
		if pt.Type == S16 || pt.Type == S32 || pt.Type == S64 {
			raw = -raw
		}
		value := tidy(raw*pt.scale() + pt.Offset)
		w, err := p.Encode("a", value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Decode("d", Group{Table: Holding, Count: len(w.Words), Points: []int{0}}, Block{Registers: w.Words}, time.Now())
		if err != nil || got[0].Value != value {
			t.Fatalf("%+v: wrote %v, read %v (%v)", pt, value, got, err)
		}
	}
}

func TestEncode_RefusesWhatAPointCanNotHold(t *testing.T) {
	reset, one := uint16(234), 1.0
	p := &Profile{ID: "x", Points: []Point{
		{Name: "coil", Table: Coil, Type: Bit, Writable: true},
		{Name: "reset", Table: Holding, Type: U16, Writable: true, NoRead: true, WriteValue: &reset},
		{Name: "pulse", Table: Coil, Type: Bit, Writable: true, NoRead: true, WriteTick: 100 * time.Millisecond},
		{Name: "small", Table: Holding, Type: U16, Writable: true, Max: &one},
		{Name: "fixed", Table: Holding, Type: U16},
	}}
	for _, c := range []struct {
		point string
		value float64
		want  []uint16
		err   error
	}{
		{"coil", 1, []uint16{0xFF00}, nil}, {"coil", 0, []uint16{0}, nil}, {"coil", 2, nil, drivers.ErrNotWritable},
		{"reset", 1, []uint16{234}, nil}, {"reset", 234, nil, drivers.ErrNotWritable}, {"reset", 0, nil, drivers.ErrNotWritable},
		{"pulse", 0.7, []uint16{7}, nil}, {"pulse", 0, nil, drivers.ErrNotWritable}, {"pulse", 1e9, nil, drivers.ErrNotWritable},
		{"small", 2, nil, drivers.ErrNotWritable}, {"small", -1, nil, drivers.ErrNotWritable},
		{"fixed", 1, nil, drivers.ErrNotWritable}, {"none", 1, nil, drivers.ErrNoPoint},
	} {
		w, err := p.Encode(c.point, c.value)
		if !errors.Is(err, c.err) || cmp.Diff(c.want, w.Words) != "" {
			t.Errorf("%s=%v: %v %v, want %v %v", c.point, c.value, w.Words, err, c.want, c.err)
		}
	}
}

func TestPlan_BridgesHolesExactlyWhereItIsCheaper(t *testing.T) {
	rtu := Line{CharTime: 10 * time.Second / 9600, Silence: 35 * time.Second / 9600, Overhead: 13}
	for hole, groups := range map[int]int{0: 1, 5: 1, 9: 1, 12: 2, 40: 2} {
		p := &Profile{Points: []Point{{Name: "a", Table: Holding, Type: U16}, {Name: "b", Table: Holding, Type: U16, Address: uint16(1 + hole)}}}
		if got := len(p.Plan(rtu)); got != groups {
			t.Errorf("hole of %d: %d transactions, want %d", hole, got, groups)
		}
	}
}

// randomProfile has points all over two tables, some of them alarms, and a forbidden
// range.
func randomProfile(rng *rand.Rand) *Profile {
	p := &Profile{ID: "x", MaxRegisters: 1 + rng.IntN(20), Forbidden: []Range{{Table: Holding, From: 30, To: 34}}}
	for addr := range 60 {
		if rng.IntN(3) > 0 || addr >= 30 && addr <= 34 {
			continue
		}
		table := []Table{Holding, Input}[rng.IntN(2)]
		p.Points = append(p.Points, Point{Name: fmt.Sprint("p", addr), Table: table, Address: uint16(addr), Type: U16, Alarm: rng.IntN(4) == 0})
	}
	return p
}

func TestPlan_ReadsEveryPointOnceWithinTheRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	line := Line{CharTime: time.Millisecond, Silence: 4 * time.Millisecond, Overhead: 13}
	for range 300 {
		p := randomProfile(rng)
		seen := make([]int, len(p.Points))
		alarmsOver := false
		for _, g := range p.Plan(line) {
			if g.Alarm && alarmsOver {
				t.Fatal("an alarm transaction after another")
			}
			alarmsOver = !g.Alarm
			if g.Count > p.Limit(g.Table) {
				t.Fatalf("%d addresses of %d", g.Count, p.Limit(g.Table))
			}
			if _, hit := p.forbids(g.Table, int(g.Address), int(g.Address)+g.Count-1); hit {
				t.Fatalf("transaction %+v touches the forbidden range", g)
			}
			for _, i := range g.Points {
				seen[i]++
				pt := &p.Points[i]
				if pt.Table != g.Table || int(pt.Address) < int(g.Address) || pt.last() >= int(g.Address)+g.Count {
					t.Fatalf("point %+v outside %+v", pt, g)
				}
				if pt.Alarm && !g.Alarm {
					t.Fatal("an alarm point in a slow transaction")
				}
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("point %s read %d times", p.Points[i].Name, n)
			}
		}
	}
}

func TestPlan_IsNeverDearerThanAnyOtherCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	line := Line{CharTime: time.Millisecond, Silence: 4 * time.Millisecond, Overhead: 13}
	for range 200 {
		p := &Profile{MaxRegisters: 12}
		addr := 0
		for i := range 1 + rng.IntN(9) {
			addr += 1 + rng.IntN(14)
			p.Points = append(p.Points, Point{Name: fmt.Sprint("p", i), Table: Holding, Address: uint16(addr), Type: U16})
		}
		var got time.Duration
		for _, g := range p.Plan(line) {
			got += g.Cost
		}
		if want := cheapest(p, line); got != want {
			t.Fatalf("plan costs %v, the best cut %v", got, want)
		}
	}
}

// cheapest tries every way to cut the points into runs.
func cheapest(p *Profile, line Line) time.Duration {
	n := len(p.Points)
	best := time.Duration(1 << 62)
	for cuts := range 1 << (n - 1) {
		cost, from := time.Duration(0), 0
		for i := range n {
			if i == n-1 || cuts>>i&1 == 1 {
				size := int(p.Points[i].Address) - int(p.Points[from].Address) + 1
				if size > p.MaxRegisters {
					cost = 1 << 61
					break
				}
				cost, from = cost+line.Transaction(Holding, size), i+1
			}
		}
		best = min(best, cost)
	}
	return best
}
