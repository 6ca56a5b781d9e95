package device

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Knob is one thing about a simulated device that can be seen from outside and, unless
// Set is nil, be set: what its sensor is exposed to, or a state it got into.
type Knob struct {
	Name     string
	Unit     string // "" where there is none, as for flags
	Min, Max float64
	Get      func() float64
	Set      func(float64)
	Flag     bool // yes or no
}

// Adjustable is a device with knobs.
type Adjustable interface {
	Memory
	Knobs() []Knob
}

// Timed is a device that does something by itself as time passes.
type Timed interface{ Advance(now time.Time) }

// Turn sets the knob called name.
func Turn(d Memory, name string, v float64) error {
	k, err := FindKnob(d, name)
	switch {
	case err != nil:
		return err
	case k.Set == nil:
		return fmt.Errorf("device: %s can be seen, but not set", name)
	case v < k.Min || v > k.Max || v != v:
		return fmt.Errorf("device: %s: found %v, want %v to %v", name, v, k.Min, k.Max)
	}
	k.Set(v)
	return nil
}

// FindKnob looks a knob up by its name; the error lists those there are.
func FindKnob(d Memory, name string) (Knob, error) {
	a, ok := d.(Adjustable)
	if !ok {
		return Knob{}, fmt.Errorf("device: no value %q: this device has none", name)
	}
	all := a.Knobs()
	i := slices.IndexFunc(all, func(k Knob) bool { return k.Name == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Name
	}
	return Knob{}, fmt.Errorf("device: no value %q, there are %s", name, strings.Join(names, ", "))
}

func number(name, unit string, lo, hi float64, p *float64) Knob {
	return Knob{name, unit, lo, hi, func() float64 { return *p }, func(v float64) { *p = v }, false}
}

func whole[T ~int | ~uint16](name string, lo, hi float64, p *T) Knob {
	return Knob{name, "", lo, hi, func() float64 { return float64(*p) }, func(v float64) { *p = T(v) }, false}
}

func flag(name string, p *bool) Knob {
	return Knob{name, "", 0, 1, func() float64 { return truth(*p) }, func(v float64) { *p = v != 0 }, true}
}

// seen is a knob that nobody can turn.
func seen(name, unit string, get func() float64) Knob {
	return Knob{Name: name, Unit: unit, Get: get}
}

// sign is a flag that nobody can turn.
func sign(name string, get func() bool) Knob {
	return Knob{Name: name, Get: func() float64 { return truth(get()) }, Flag: true}
}

func truth(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

func bit(on bool, at int) uint16 {
	if on {
		return 1 << at
	}
	return 0
}

// Knobs implements [Adjustable].
func (d *Smoke) Knobs() []Knob {
	return []Knob{flag("smoke", &d.Smoke), flag("alarm", &d.Alarm), flag("service", &d.Service)}
}

// Advance implements [Timed].
func (d *Smoke) Advance(time.Time) { d.Step() }

// Knobs implements [Adjustable].
func (d *GasE2638) Knobs() []Knob {
	return []Knob{number("concentration", "%LEL", -10, 110, &d.LEL)}
}

// Knobs implements [Adjustable].
func (d *CO) Knobs() []Knob {
	return []Knob{number("concentration", "ppm", 0, 1000, &d.PPM), flag("fault", &d.Fault)}
}

// Knobs implements [Adjustable].
func (d *Relays) Knobs() []Knob {
	var out []Knob
	for i := range d.Coils {
		out = append(out, flag(fmt.Sprintf("coil_%d", i), &d.Coils[i]))
	}
	for i := range d.Inputs {
		out = append(out, flag(fmt.Sprintf("input_%d", i), &d.Inputs[i]))
	}
	return out
}

// Knobs implements [Adjustable].
func (d *Elevator) Knobs() []Knob {
	return []Knob{
		whole("landing", 1, 63, &d.Landing), number("speed", "m/s", 0, 10, &d.Speed),
		whole("direction", 1, 3, &d.Direction), number("load", "%", 0, 150, &d.Load),
		whole("mode", 0, 15, &d.Mode), whole("car", 1, 6, &d.Car), flag("hall_fire", &d.HallFire),
	}
}

// Knobs implements [Adjustable].
func (d *FirePanel) Knobs() []Knob {
	return append(nodeKnobs(d.Nodes[:], 20),
		whole("mains", 0, 9, &d.Mains), whole("battery", 0, 9, &d.Battery), whole("loop", 0, 9, &d.Loop))
}

// nodeKnobs shows the first n nodes of a panel by number, and every other one that is
// not at rest.
func nodeKnobs(nodes []uint16, n int) []Knob {
	var out []Knob
	for i := range nodes {
		if i < n || nodes[i] != 0 {
			out = append(out, whole(fmt.Sprintf("node_%d", i+1), 0, 9, &nodes[i]))
		}
	}
	return out
}
