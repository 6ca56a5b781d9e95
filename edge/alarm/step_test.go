package alarm

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

func gasDef(latch bool) *Def {
	return &Def{Key: Key{"g.c", "gas"}, Hazard: contract.Gas, Inputs: []contract.PointID{"g.c"}, Latch: latch, StaleAfter: 10 * time.Second,
		OnDelay: 2 * time.Second, OffDelay: 3 * time.Second,
		Levels: []Level{{On: 10, Off: 8, Severity: contract.Major}, {On: 20, Off: 16, Severity: contract.Critical}}}
}

var qualities = []contract.Quality{contract.Good, contract.Good, contract.Good, contract.Good, contract.Timeout, contract.SensorFault, contract.WarmUp}

// TestStep_AnySequenceKeepsTheRules drives the step with random values, qualities,
// gaps and resets and checks what must hold after every one of them.
func TestStep_AnySequenceKeepsTheRules(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		def := gasDef(seed%2 == 0)
		var st, again State
		now := time.Unix(1000, 0)
		said := contract.Normal
		for range 300 {
			now = now.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
			var in Input
			reset := false
			q := qualities[r.IntN(len(qualities))]
			switch r.IntN(5) {
			case 0:
			case 1:
				reset = true
			default:
				in.Readings = []contract.Reading{{Point: "g.c", Value: float64(r.IntN(30)), Quality: q, At: now}}
			}
			before := st
			var events []Event
			if reset {
				st, events, _ = Reset(def, st, now)
				again, _, _ = Reset(def, again, now)
			} else {
				st, events = Step(def, st, in, now)
				again, _ = Step(def, again, in, now)
			}
			if !reflect.DeepEqual(st, again) {
				t.Fatalf("seed %d: a replay differs:\n%s", seed, cmp.Diff(st, again, cmp.AllowUnexported(State{})))
			}
			checkStep(t, def, before, st, in, reset, said, events)
			for _, e := range events {
				said = e.Change.Condition
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func checkStep(t *testing.T, def *Def, before, st State, in Input, reset bool, said contract.Condition, events []Event) {
	t.Helper()
	usable := len(in.Readings) > 0 && !in.Readings[0].Quality.IsBad()
	switch {
	case st.Condition == contract.Normal && st.Level != 0, st.Condition == contract.Active && st.Level == 0, st.Latched && (!def.Latch || st.Level == 0), st.Level > len(def.Levels):
		t.Errorf("no such state: %+v", st)
	case st.Condition == contract.Unknown && st.Level < before.Level:
		t.Errorf("unknown cleared the alarm: %+v to %+v", before, st)
	case def.Latch && before.Level > 0 && st.Level < before.Level && !(reset && before.Latched):
		t.Errorf("a latched alarm fell without a reset: %+v to %+v", before, st)
	case !reset && before.Level > 0 && st.Level == 0 && !usable && before.seen[0].Quality.IsBad():
		t.Errorf("silence cleared the alarm")
	}
	for _, e := range events {
		if e.Change.Previous != said {
			t.Errorf("event says it follows %s, the last one said %s", e.Change.Previous, said)
		}
		if _, err := e.Change.Severity.MarshalText(); err != nil {
			t.Error(err)
		}
	}
}

func TestStep_ClockStepDuringDelayNeitherMissesNorInvents(t *testing.T) {
	def := gasDef(false)
	now := time.Now() // carries the monotonic reading
	feed := func(st State, v float64) State {
		st, _ = Step(def, st, Input{Readings: []contract.Reading{{Point: "g.c", Value: v, Quality: contract.Good, At: now}}}, now)
		return st
	}
	st := feed(State{}, 12)
	now = now.Add(1900 * time.Millisecond)
	if st = feed(st, 12); st.Condition != contract.Normal {
		t.Fatalf("raised before its delay: %+v", st)
	}
	now = now.Add(200 * time.Millisecond)
	if st = feed(st, 12); st.Condition != contract.Active {
		t.Fatalf("not raised after its delay: %+v", st)
	}
	back := now.Round(0).AddDate(-10, 0, 0) // no monotonic reading, ten years earlier
	if st, _ = Step(def, st, Input{}, back); st.Condition != contract.Active {
		t.Errorf("a clock set back changed %+v", st)
	}
}

func TestStep_BrokenConditionIsUnknownAndSaidSo(t *testing.T) {
	prog, err := Compile(`a > 1 ? (b > 1) : (a / 0 > 1 and [1, a][5] == 1)`, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	def := &Def{Key: Key{"d.a", "x"}, StaleAfter: time.Minute, Test: Test{Kind: Expr, Program: prog}, Levels: []Level{{Severity: contract.Minor}}, Inputs: []contract.PointID{"d.a", "d.b"}}
	now := time.Now()
	rs := []contract.Reading{{Point: "d.a", Value: 1, Quality: contract.Good, At: now}, {Point: "d.b", Value: 1, Quality: contract.Good, At: now}}
	st, events := Step(def, State{}, Input{Readings: rs}, now)
	if st.Condition != contract.Unknown || st.Broken == "" || len(events) != 1 {
		t.Errorf("state %+v, events %+v", st, events)
	}
}

func TestCompile_RefusesWhatIsNoCondition(t *testing.T) {
	for _, src := range []string{"mode", "mode +", "len([1]) > 0", "nothing == 1", "1 == 1", "all([1], # > mode)", "now() > mode"} {
		if _, err := Compile(src, []string{"mode"}); err == nil {
			t.Errorf("%q was taken", src)
		}
	}
}
