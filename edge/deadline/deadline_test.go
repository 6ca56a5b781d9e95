package deadline

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

const ms = time.Millisecond

func task(device string, alarm bool, within, cost time.Duration) Task {
	return Task{Device: device, Alarm: alarm, Within: within, Cost: cost, Timeout: cost + 300*ms, Floor: cost}
}

func TestAnalyze_ByHand(t *testing.T) {
	// Two tasks of 20 ms and one of 50 ms, nobody fails: the first waits for one
	// transaction of 50 ms in flight and one stall, the second for the first as well.
	r := Analyze(Bus{Tasks: []Task{task("a", true, time.Second, 20*ms), task("b", true, time.Second, 20*ms), task("c", false, 5*time.Second, 50*ms)}})
	for i, want := range []time.Duration{50*ms + Stall + 20*ms, 50*ms + Stall + 40*ms, 50*ms + Stall + 90*ms} {
		if got := r.Bounds[i].Response; got != want {
			t.Errorf("task %d: R = %v, want %v", i, got, want)
		}
	}
	if b := r.Bounds[0]; b.Every != 900*ms || b.Detect != time.Second || b.Healthy != time.Second {
		t.Errorf("first: %+v", b)
	}
	if !r.Fits() || r.Floor != 90*ms {
		t.Errorf("%+v", r)
	}
}

func TestAnalyze_OneDeadDeviceCostsOneTimeout(t *testing.T) {
	b := Bus{Tasks: []Task{task("a", true, 3*time.Second, 20*ms), task("b", true, 3*time.Second, 20*ms)}, Dead: 1}
	r := Analyze(b)
	// In flight: a probe of the other; a fails once: 300 more.
	if got, want := r.Bounds[1].Response, 320*ms+Stall+20*ms+300*ms+20*ms; got != want {
		t.Errorf("R = %v, want %v", got, want)
	}
	if r.Bounds[1].Healthy >= r.Bounds[1].Detect || r.Bounds[0].Silence <= r.Bounds[0].Detect {
		t.Errorf("%+v", r.Bounds)
	}
}

func TestAnalyze_SummaryAndDetailShareThePromise(t *testing.T) {
	b := Bus{Tasks: []Task{task("p", true, 2*time.Second, 30*ms), task("p", true, 2*time.Second, 200*ms)}}
	b.Tasks[1].Summary = 1
	r := Analyze(b)
	if !r.Fits() || r.Bounds[0].Detect > time.Second || r.Bounds[1].Detect > 2*time.Second || r.Bounds[1].Detect < 1900*ms {
		t.Errorf("%+v", r)
	}
}

func TestAnalyze_NothingFitsForever(t *testing.T) {
	for _, b := range []Bus{
		{Tasks: []Task{task("a", true, time.Second, 600*ms)}},
		{Tasks: []Task{task("a", true, time.Second, 20*ms)}, Outputs: []Outputs{{Device: "a", Count: 300, Cost: 20 * ms, ReadBack: 20 * ms}}},
	} {
		if r := Analyze(b); r.Fits() || r.Over != 0 {
			t.Errorf("fits: %+v", r)
		}
	}
	if r := Analyze(Bus{}); !r.Fits() || r.Load != 0 {
		t.Errorf("%+v", r)
	}
}

// crowd is a random bus.
func crowd(r *rand.Rand, tasks int) Bus {
	b := Bus{Dead: r.IntN(3)}
	for i := range tasks {
		cost := time.Duration(10+r.IntN(120)) * ms
		within := time.Duration(500+r.IntN(8000)) * ms
		b.Tasks = append(b.Tasks, Task{Device: "d" + strconv.Itoa(i/2), Alarm: i%2 == 0, Within: within, Cost: cost, Timeout: cost + time.Duration(r.IntN(400))*ms})
	}
	if r.IntN(2) == 0 {
		b.Outputs = []Outputs{{Device: "d0", Count: 1 + r.IntN(3), Cost: 30 * ms, ReadBack: 30 * ms, Timeout: 300 * ms}}
	}
	return b
}

func TestAnalyze_PromisesAreKeptAndMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fit := 0
	for range 400 {
		b := crowd(r, 1+r.IntN(16))
		res := Analyze(b)
		if !res.Fits() {
			continue
		}
		fit++
		for i, bound := range res.Bounds {
			if bound.Detect > b.Tasks[i].Within || bound.Response > bound.Every || bound.Healthy > bound.Detect || bound.Silence < bound.Detect {
				t.Fatalf("task %d of %+v: %+v", i, b, bound)
			}
		}
		smaller := b.without([]string{b.Tasks[0].Device})
		if got := Analyze(smaller); !got.Fits() {
			t.Fatalf("a bus that fits does not fit with a device less: %+v", b)
		}
	}
	if fit < 40 {
		t.Errorf("only %d random buses fit", fit)
	}
}

func TestRemedies_AreTrue(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	kinds := map[Kind]int{}
	for range 300 {
		b := crowd(r, 2+r.IntN(14))
		res := Analyze(b)
		if res.Fits() {
			continue
		}
		fast := b
		fast.Tasks = append([]Task(nil), b.Tasks...)
		for i := range fast.Tasks {
			fast.Tasks[i].Cost /= 3
		}
		offender, remedies := Remedies(b, res.Over, []Variant{{Baud: 19200, Bus: fast}})
		if offender == "" {
			t.Fatal("nobody is named")
		}
		for _, m := range remedies {
			kinds[m.Kind]++
			c := b
			c.Tasks = append([]Task(nil), b.Tasks...)
			switch m.Kind {
			case Faster:
				c = fast
			case Move:
				c = b.without(m.Devices)
			case NoDead:
				c.Dead = 0
			default:
				for i := range c.Tasks {
					if x := &c.Tasks[i]; x.Alarm == m.Alarm && (m.Kind == RelaxAll || x.Device == m.Devices[0]) {
						x.Within = max(x.Within, m.Within)
					}
				}
			}
			if !Analyze(c).Fits() {
				t.Fatalf("remedy %+v does not help %+v", m, b)
			}
		}
	}
	for _, k := range []Kind{RelaxDevice, RelaxAll, Faster, Move, NoDead} {
		if kinds[k] == 0 {
			t.Errorf("no %s was proposed", k)
		}
	}
	t.Log(kinds)
}
