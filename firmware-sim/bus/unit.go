// Package bus puts simulated devices on a line: serial lines paced byte by byte, shared
// by several units, and TCP ports; with each line's framing, its counters, and the
// faults that strike its answers.
package bus

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// Range is a reaction time, fixed if Max is 0.
type Range struct{ Min, Max time.Duration }

type wantError string

func (e wantError) Error() string { return string(e) }
func (e wantError) Want() string  { return string(e) }

// UnmarshalText reads "5ms" or "5ms..20ms".
func (r *Range) UnmarshalText(b []byte) error {
	lo, hi, two := strings.Cut(string(b), "..")
	var err1, err2 error
	*r = Range{}
	if r.Min, err1 = time.ParseDuration(strings.TrimSpace(lo)); two {
		r.Max, err2 = time.ParseDuration(strings.TrimSpace(hi))
	}
	if err1 != nil || err2 != nil || r.Min < 0 || two && r.Max < r.Min {
		return wantError(`a time such as "5ms", or a range such as "5ms..20ms"`)
	}
	return nil
}

// String is the form that UnmarshalText reads.
func (r Range) String() string {
	if r.Max == 0 {
		return r.Min.String()
	}
	return fmt.Sprintf("%s..%s", r.Min, r.Max)
}

// Spec is what a unit is.
type Spec struct {
	Name   string
	Model  string
	ID     byte // 0 on TCP: answers to every id
	React  Range
	Memory device.Memory
	// Fresh makes the device as it is when switched on; nil keeps it through a reboot.
	Fresh func() device.Memory
	// Base is a fault decided elsewhere; nil is none.
	Base func() fault.Fault
	// Lock guards Memory; nil lets the unit guard it itself.
	Lock sync.Locker
}

// Unit is one server on a line. Its methods may be called from any goroutine.
type Unit struct {
	Spec
	Faults   *fault.Box
	Requests atomic.Uint64

	mu     sync.Mutex // Lock, if nil
	world  map[string]float64
	drift  map[string]float64
	frozen map[string]float64 // values that are stuck, and at what
	still  bool               // everything is stuck
	down   time.Time          // silent until then
	reset  bool               // as switched on when that time has come
	last   time.Time          // of the latest Step
	rnd    *rand.Rand
	rndMu  sync.Mutex
}

// NewUnit makes a unit whose luck is repeatable by seed.
func NewUnit(spec Spec, seed uint64) *Unit {
	u := &Unit{Spec: spec, Faults: fault.NewBox(seed), rnd: rand.New(rand.NewPCG(seed, 0xD1CE)),
		world: map[string]float64{}, drift: map[string]float64{}, frozen: map[string]float64{}}
	if u.Lock == nil {
		u.Lock = &u.mu
	}
	return u
}

// reaction is the time this answer takes to begin.
func (u *Unit) reaction() time.Duration {
	if u.React.Max <= u.React.Min {
		return u.React.Min
	}
	u.rndMu.Lock()
	defer u.rndMu.Unlock()
	return u.React.Min + time.Duration(u.rnd.Int64N(int64(u.React.Max-u.React.Min)))
}

// serve carries out a request. No pdu means no answer; the orders strike the answer.
func (u *Unit) serve(now time.Time, req []byte) (pdu []byte, struck []fault.Order) {
	u.Requests.Add(1)
	var base []fault.Order
	if u.Base != nil {
		base = u.Base().Orders()
	}
	struck = u.Faults.Draw(now, base...)
	u.Lock.Lock()
	defer u.Lock.Unlock()
	u.step(now)
	if now.Before(u.down) {
		return nil, nil
	}
	for _, o := range struck {
		switch o.Kind {
		case fault.Silent:
			return nil, nil
		case fault.Reboot:
			u.off(now, o)
			return nil, nil
		case fault.Busy:
			pdu = device.Exception(req[0], 6)
		case fault.Exception:
			pdu = device.Exception(req[0], o.Code)
		}
	}
	if pdu == nil {
		pdu = device.Answer(u.Memory, req)
	}
	return pdu, struck
}

// dialect turns the pdu into the device's own words.
func (u *Unit) dialect(pdu []byte) []byte {
	if n, ok := u.Memory.(device.Native); ok {
		return n.Dialect().Speak(pdu)
	}
	return pdu
}

func (u *Unit) off(now time.Time, o fault.Order) {
	down := o.Down
	if down == 0 {
		down = 3 * time.Second
	}
	u.down, u.reset = now.Add(down), o.Kind == fault.Reboot
}

// Order puts a fault in force. Those of a whole line are for the line to see to.
func (u *Unit) Order(o fault.Order, now time.Time) error {
	if err := o.Err(); err != nil {
		return err
	}
	u.Lock.Lock()
	defer u.Lock.Unlock()
	switch {
	case o.Kind == fault.Reboot && o.Chance == nil && o.Next == 0, o.Kind == fault.Unplug:
		u.off(now, o)
		return nil
	case o.Value != "":
		k, err := device.FindKnob(u.Memory, o.Value)
		if err != nil {
			return err
		}
		if o.Kind == fault.Drift && k.Set == nil {
			return fmt.Errorf("bus: %s can be seen, but not set", o.Value)
		}
	}
	u.Faults.Add(o, now)
	u.step(now)
	return nil
}

// Down is until when the unit is switched off or unplugged; zero when it is not.
func (u *Unit) Down(now time.Time) time.Time {
	u.Lock.Lock()
	defer u.Lock.Unlock()
	if now.Before(u.down) {
		return u.down
	}
	return time.Time{}
}

// Clear ends every fault of the unit; a reboot under way is over at once.
func (u *Unit) Clear(now time.Time) {
	u.Faults.Clear()
	u.Lock.Lock()
	defer u.Lock.Unlock()
	if now.Before(u.down) {
		u.down = now
	}
	u.step(now)
}

// Set changes what the device is exposed to. A value that is stuck or drifting follows
// when the fault is over.
func (u *Unit) Set(values map[string]float64, now time.Time) error {
	u.Lock.Lock()
	defer u.Lock.Unlock()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		k, err := device.FindKnob(u.Memory, name)
		if err != nil {
			return err
		}
		before := k.Get()
		if err := device.Turn(u.Memory, name, v); err != nil {
			return err
		}
		u.world[name] = v
		if _, stuck := u.frozen[name]; stuck || u.allStuck(now) {
			k.Set(before)
		}
	}
	u.step(now)
	return nil
}

func (u *Unit) allStuck(now time.Time) bool {
	for _, a := range u.Faults.List(now) {
		if a.Order.Kind == fault.Stuck && a.Order.Value == "" {
			return true
		}
	}
	return false
}

// Knobs shows the device's values.
func (u *Unit) Knobs(now time.Time) []device.Knob {
	u.Lock.Lock()
	defer u.Lock.Unlock()
	a, ok := u.Memory.(device.Adjustable)
	if !ok {
		return nil
	}
	out := a.Knobs()
	for i := range out {
		v, set := out[i].Get(), out[i].Set
		out[i].Get = func() float64 { return v }
		if set != nil {
			out[i].Set = func(float64) {} // to be set through the unit only
		}
	}
	return out
}

// Step lets the device's time pass.
func (u *Unit) Step(now time.Time) {
	u.Lock.Lock()
	defer u.Lock.Unlock()
	u.step(now)
}

func (u *Unit) step(now time.Time) {
	dt := now.Sub(u.last).Seconds()
	if u.last.IsZero() {
		dt = 0
	}
	u.last = now
	if u.reset && !now.Before(u.down) {
		u.reset = false
		if u.Fresh != nil {
			u.Memory = u.Fresh()
			for name, v := range u.world {
				_ = device.Turn(u.Memory, name, v) // was taken before, by the same model
			}
		}
	}
	if now.Before(u.down) && u.reset {
		return
	}
	stuckAll := u.signals(now, dt)
	if t, ok := u.Memory.(device.Timed); ok && !stuckAll {
		t.Advance(now)
	}
	for name, v := range u.frozen {
		if k, err := device.FindKnob(u.Memory, name); err == nil && k.Set != nil {
			k.Set(v)
		}
	}
}

// signals keeps stuck and drifting values as their faults want them, and lets them go
// when the faults are over. It reports whether everything is stuck.
func (u *Unit) signals(now time.Time, dt float64) bool {
	stuckAll, stuck, drifting := false, map[string]bool{}, map[string]bool{}
	for _, a := range u.Faults.List(now) {
		name := a.Order.Value
		k, err := device.FindKnob(u.Memory, name)
		switch {
		case a.Order.Kind == fault.Stuck && name == "":
			stuckAll = true
		case err != nil:
		case a.Order.Kind == fault.Stuck:
			stuck[name] = true
			if _, was := u.frozen[name]; !was {
				u.frozen[name] = k.Get()
			}
		case a.Order.Kind == fault.Drift:
			drifting[name] = true
			if _, known := u.world[name]; !known {
				u.world[name] = k.Get()
			}
			u.drift[name] += a.Order.Rate * dt
			k.Set(max(k.Min, min(k.Max, u.world[name]+u.drift[name])))
		}
	}
	for name := range u.frozen {
		if !stuck[name] {
			delete(u.frozen, name)
			u.follow(name)
		}
	}
	for name := range u.drift {
		if !drifting[name] {
			delete(u.drift, name)
			u.follow(name)
		}
	}
	if u.still && !stuckAll {
		for name := range u.world {
			u.follow(name)
		}
	}
	u.still = stuckAll
	return stuckAll
}

func (u *Unit) follow(name string) {
	if v, ok := u.world[name]; ok {
		_ = device.Turn(u.Memory, name, v) // was taken before
	}
}
