package alarm

import (
	"slices"
	"time"

	"anlan/contract"
)

// Engine holds the state of every alarm of an edge. It is still pure in the sense that
// it does no I/O; one goroutine owns it.
type Engine struct {
	defs    []Def
	states  []State
	byKey   map[Key]int
	byPoint map[contract.PointID][]int
}

// Active is an alarm in force, as outputs and people see it.
type Active struct {
	Key      Key
	Hazard   contract.Hazard
	Severity contract.Severity
	Place    contract.Place
	Channel  string
	Latched  bool
}

// NewEngine starts with what was stored, by key; a rule that is new starts unknown.
func NewEngine(defs []Def, stored map[Key]State) *Engine {
	e := &Engine{defs: defs, states: make([]State, len(defs)), byKey: map[Key]int{}, byPoint: map[contract.PointID][]int{}}
	for i, d := range defs {
		e.byKey[d.Key] = i
		st := stored[d.Key]
		st.Level = min(st.Level, len(d.Levels))
		e.states[i] = st
		for _, p := range d.Inputs {
			if !slices.Contains(e.byPoint[p], i) {
				e.byPoint[p] = append(e.byPoint[p], i)
			}
		}
	}
	return e
}

// Feed steps every alarm that watches one of the readings.
func (e *Engine) Feed(readings []contract.Reading, now time.Time) []Event {
	touched := map[int]bool{}
	var order []int
	for _, r := range readings {
		for _, i := range e.byPoint[r.Point] {
			if !touched[i] {
				touched[i] = true
				order = append(order, i)
			}
		}
	}
	var out []Event
	for _, i := range order {
		out = append(out, e.step(i, Input{Readings: readings}, now)...)
	}
	return out
}

// Tick lets time pass for every alarm: delays run out, values grow stale.
func (e *Engine) Tick(now time.Time) []Event {
	var out []Event
	for i := range e.defs {
		out = append(out, e.step(i, Input{}, now)...)
	}
	return out
}

func (e *Engine) step(i int, in Input, now time.Time) []Event {
	st, events := Step(&e.defs[i], e.states[i], in, now)
	e.states[i] = st
	return events
}

// Reset resets one latched alarm; see [Reset]. An unknown key says "unknown_point".
func (e *Engine) Reset(k Key, now time.Time) (_ []Event, why string) {
	i, ok := e.byKey[k]
	if !ok {
		return nil, "unknown_point"
	}
	st, events, why := Reset(&e.defs[i], e.states[i], now)
	e.states[i] = st
	return events, why
}

// Def returns the definition of k.
func (e *Engine) Def(k Key) (*Def, bool) {
	i, ok := e.byKey[k]
	if !ok {
		return nil, false
	}
	return &e.defs[i], true
}

// State returns the state of k; the zero State if there is no such alarm.
func (e *Engine) State(k Key) State {
	if i, ok := e.byKey[k]; ok {
		return e.states[i]
	}
	return State{}
}

// Defs lists the definitions in configuration order. They must not be changed.
func (e *Engine) Defs() []Def { return e.defs }

// InForce lists the alarms that are raised and not known to be cleared.
func (e *Engine) InForce() []Active {
	var out []Active
	for i, st := range e.states {
		if st.InForce() {
			d := &e.defs[i]
			out = append(out, Active{Key: d.Key, Hazard: d.Hazard, Severity: d.Levels[st.Level-1].Severity,
				Place: d.Place, Channel: d.Channel, Latched: st.Latched})
		}
	}
	return out
}

// Broken counts rules whose condition fails when it is run.
func (e *Engine) Broken() int {
	n := 0
	for _, st := range e.states {
		if st.Broken != "" {
			n++
		}
	}
	return n
}
