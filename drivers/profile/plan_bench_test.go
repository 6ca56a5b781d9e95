package profile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// meterMap is 120 registers in 38 runs over 500 addresses, in blocks as energy meters
// have them: the size of map the research measured other planners on.
func meterMap(points, runs, span int) *Profile {
	rng := rand.New(rand.NewPCG(5, uint64(points)))
	free := span - points
	holes := make([]int, runs)
	for range free {
		holes[rng.IntN(runs)]++
	}
	lengths := make([]int, runs)
	for i := range points {
		lengths[i%runs]++
	}
	rng.Shuffle(runs, func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
	p := &Profile{ID: "map", Protocol: ProtocolModbus}
	at := 0
	for i := range runs {
		at += holes[i]
		for range lengths[i] {
			p.Points = append(p.Points, Point{Name: fmt.Sprintf("r%d", at), Table: Holding, Type: U16, Address: uint16(at)})
			at++
		}
	}
	return p
}

var benchLines = []struct {
	name string
	line Line
}{
	{"9600", Line{CharTime: 10 * time.Second / 9600, Silence: 35 * time.Second / 9600, Turnaround: 5 * time.Millisecond, Overhead: 13}},
	{"19200", Line{CharTime: 10 * time.Second / 19200, Silence: 35 * time.Second / 19200, Turnaround: 5 * time.Millisecond, Overhead: 13}},
	{"115200", Line{CharTime: 10 * time.Second / 115200, Silence: 1750 * time.Microsecond, Turnaround: 5 * time.Millisecond, Overhead: 13}},
	{"tcp", Line{CharTime: time.Microsecond, Turnaround: 5 * time.Millisecond, Overhead: 20}},
}

// optimum is the least line time there is, found another way than the planner's: the
// shortest path from the first register to the last over every possible read, backwards.
func optimum(addresses []int, line Line) time.Duration {
	best := make([]time.Duration, len(addresses)+1)
	for i := len(addresses) - 1; i >= 0; i-- {
		best[i] = -1
		for j := i; j < len(addresses) && addresses[j]-addresses[i] < 125; j++ {
			if t := line.Transaction(Holding, addresses[j]-addresses[i]+1) + best[j+1]; best[i] < 0 || t < best[i] {
				best[i] = t
			}
		}
	}
	return best[0]
}

// holeOf is the plan of a client that bridges holes up to a fixed size.
func holeOf(addresses []int, hole int, line Line) (sum time.Duration) {
	for i := 0; i < len(addresses); {
		j := i
		for j+1 < len(addresses) && addresses[j+1]-addresses[j]-1 <= hole && addresses[j+1]-addresses[i] < 125 {
			j++
		}
		sum += line.Transaction(Holding, addresses[j]-addresses[i]+1)
		i = j + 1
	}
	return sum
}

// BenchmarkPlan_LineTime holds the planner's line time against the optimum, and against
// bridging every hole up to 50, a field agent's default.
func BenchmarkPlan_LineTime(b *testing.B) {
	p := meterMap(120, 38, 500)
	var addresses []int
	for _, pt := range p.Points {
		addresses = append(addresses, int(pt.Address))
	}
	slices.Sort(addresses)
	for _, l := range benchLines {
		b.Run("line="+l.name, func(b *testing.B) {
			var plan []Group
			for b.Loop() {
				plan = p.Plan(l.line)
			}
			best := optimum(addresses, l.line)
			b.ReportMetric(float64(p.Time(plan, l.line))/float64(best), "ours/optimum")
			b.ReportMetric(float64(holeOf(addresses, 50, l.line))/float64(best), "hole50/optimum")
			b.ReportMetric(float64(len(plan)), "requests")
		})
	}
}

// BenchmarkPlan_ThousandPoints is how long planning takes.
func BenchmarkPlan_ThousandPoints(b *testing.B) {
	p := meterMap(1000, 300, 6000)
	for b.Loop() {
		p.Plan(benchLines[0].line)
	}
}

// The planner with forbidden ranges and learnt cuts, against every partition there is.
func TestPlan_WithCutsIsTheOptimum(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for round := range 400 {
		p := &Profile{ID: "map", Protocol: ProtocolModbus, MaxRegisters: 5 + rng.IntN(40)}
		at := 0
		var addresses []int
		for range 1 + rng.IntN(9) {
			at += 1 + rng.IntN(20)
			addresses = append(addresses, at)
			p.Points = append(p.Points, Point{Name: fmt.Sprintf("r%d", at), Table: Holding, Type: U16, Address: uint16(at)})
		}
		var cuts []Cut
		for range rng.IntN(4) {
			cuts = append(cuts, Cut{Holding, rng.IntN(at + 2)})
		}
		if rng.IntN(2) == 0 {
			from := uint16(rng.IntN(at + 1))
			p.Forbidden = []Range{{Table: Holding, From: from, To: from, Why: "a test"}}
			if slices.Contains(addresses, int(from)) {
				p.Forbidden = nil
			}
		}
		line := benchLines[rng.IntN(len(benchLines))].line
		plan := p.Plan(line, cuts...)
		for _, g := range plan {
			if g.Count > p.Limit(Holding) || p.barred(Holding, int(g.Address), int(g.Address)+g.Count-1, cuts) {
				t.Fatalf("round %d: %+v is not allowed", round, g)
			}
		}
		if got, want := p.Time(plan, line), everyPartition(p, addresses, cuts, line); got != want {
			t.Fatalf("round %d: %v, optimum %v: %v cuts %v", round, got, want, addresses, cuts)
		}
	}
}

func everyPartition(p *Profile, addresses []int, cuts []Cut, line Line) time.Duration {
	if len(addresses) == 0 {
		return 0
	}
	best := time.Duration(-1)
	for n := 1; n <= len(addresses); n++ {
		count := addresses[n-1] - addresses[0] + 1
		if n > 1 && (count > p.Limit(Holding) || p.barred(Holding, addresses[0], addresses[n-1], cuts)) {
			break
		}
		if t := line.Transaction(Holding, count) + everyPartition(p, addresses[n:], cuts, line); best < 0 || t < best {
			best = t
		}
	}
	return best
}

func TestHalve_PartsEveryGroupDownToItsPoints(t *testing.T) {
	p := meterMap(60, 12, 300)
	p.MaxRegisters = 125
	for _, g := range p.Plan(benchLines[3].line) {
		var leaves []int
		var part func(g Group)
		part = func(g Group) {
			l, r, ok := p.Halve(g)
			if !ok {
				leaves = append(leaves, g.Points...)
				return
			}
			if int(l.Address)+l.Count > int(r.Address) {
				t.Fatalf("%+v and %+v overlap", l, r)
			}
			part(l)
			part(r)
		}
		part(g)
		slices.Sort(leaves)
		if !slices.Equal(leaves, g.Points) {
			t.Errorf("halves of %v hold %v", g.Points, leaves)
		}
	}
}

func TestPlan_DetailsHaveTransactionsOfTheirOwn(t *testing.T) {
	p := &Profile{ID: "map", Protocol: ProtocolModbus, Points: []Point{
		{Name: "summary", Table: Holding, Type: U16, Address: 0, Alarm: true},
		{Name: "d1", Table: Holding, Type: U16, Address: 1, Alarm: true, DetailOf: "summary"},
		{Name: "t", Table: Holding, Type: U16, Address: 2},
		{Name: "d2", Table: Holding, Type: U16, Address: 3, DetailOf: "summary"},
	}}
	var got []string
	for _, g := range p.Plan(benchLines[0].line) {
		got = append(got, fmt.Sprintf("%d+%d %s", g.Address, g.Count, g.Detail))
	}
	if want := []string{"0+1 ", "2+1 ", "1+1 summary", "3+1 summary"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
