package site

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/fault"
)

// ErrNoTarget means that nothing on the site is called so.
var ErrNoTarget = errors.New("nothing is called so")

const defaultDown = 5 * time.Second // of an unplugging without a time

func match(pattern, name string) bool {
	ok, _ := filepath.Match(pattern, name) // checked when the step was read
	return ok
}

func isPattern(s string) bool { return strings.ContainsAny(s, "*?[") }

// unitOn is a unit and its line.
type unitOn struct {
	*bus.Unit
	line *runningLine
}

func (r *Running) units(pattern string) []unitOn {
	var out []unitOn
	for _, l := range r.lines {
		for _, u := range l.units {
			if pattern != "" && match(pattern, u.Name) {
				out = append(out, unitOn{u, l})
			}
		}
	}
	return out
}

func (r *Running) linesOf(pattern string) []*runningLine {
	var out []*runningLine
	for _, l := range r.lines {
		if pattern != "" && match(pattern, l.spec.Name) {
			out = append(out, l)
		}
	}
	return out
}

func (r *Running) readersOf(pattern string) []*reader {
	var out []*reader
	for _, rd := range r.readers {
		if pattern != "" && match(pattern, rd.spec.Name) {
			out = append(out, rd)
		}
	}
	return out
}

func (r *Running) panelsOf(pattern string) []*panel {
	var out []*panel
	for _, p := range r.panels {
		if pattern != "" && match(pattern, p.spec.Name) {
			out = append(out, p)
		}
	}
	return out
}

// can reports why a step can not be done on this site.
func (r *Running) can(s Step) error {
	units, lines, readers, panels := r.units(s.Unit), r.linesOf(s.Line), r.readersOf(s.Reader), r.panelsOf(s.Panel)
	if s.target() != "" && len(units)+len(lines)+len(readers)+len(panels) == 0 {
		return fmt.Errorf("%q: %w", s.target(), ErrNoTarget)
	}
	for _, rd := range readers {
		if why := rd.refuses(s); why != nil && !isPattern(s.Reader) {
			return why
		}
	}
	for _, p := range panels {
		if why := p.refuses(s); why != nil && !isPattern(s.Panel) {
			return why
		}
	}
	for _, u := range units {
		if why := u.refuses(s); why != nil && !isPattern(s.Unit) {
			return why
		}
	}
	for _, l := range lines {
		if s.Fault != nil && s.Fault.Kind == fault.Unplug && l.spec.Serial != nil && l.spec.Serial.Port != "" && !isPattern(s.Line) {
			return fmt.Errorf("%s: a real port can not be unplugged by command", l.spec.Name)
		}
	}
	return nil
}

// refuses reports why a step makes no sense for this unit; a pattern leaves it out then.
func (u unitOn) refuses(s Step) error {
	for name := range s.Set {
		if err := knob(u.Unit, name); err != nil {
			return fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	if s.Fault == nil {
		return nil
	}
	if s.Fault.Value != "" {
		if err := knob(u.Unit, s.Fault.Value); err != nil {
			return fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	if s.Fault.Kind == fault.Corrupt && u.line.spec.TCP != nil && u.line.spec.TCP.Framing != "rtu" {
		return fmt.Errorf("%s: TCP drops damaged segments itself; corrupt needs a serial line or RTU framing", u.Name)
	}
	return nil
}

func knob(u *bus.Unit, name string) error {
	all := u.Knobs(time.Now())
	names := make([]string, len(all))
	for i, k := range all {
		if k.Name == name {
			return nil
		}
		names[i] = k.Name
	}
	return fmt.Errorf("no value %q, there are %s", name, strings.Join(names, ", "))
}

// Do carries out one step now.
func (r *Running) Do(s Step) error {
	if err := r.can(s); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	now := r.now()
	var errs []error
	if s.target() == "" && s.Clear {
		s.Unit, s.Line, s.Reader, s.Panel = "*", "*", "*", "*"
	}
	for _, u := range r.units(s.Unit) {
		if u.refuses(s) == nil {
			errs = append(errs, u.do(s, now))
		}
	}
	for _, l := range r.linesOf(s.Line) {
		errs = append(errs, l.do(s, now))
	}
	for _, rd := range r.readersOf(s.Reader) {
		if rd.refuses(s) == nil {
			rd.do(s)
		}
	}
	for _, p := range r.panelsOf(s.Panel) {
		if p.refuses(s) == nil {
			errs = append(errs, p.do(s, now))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	return nil
}

func (u unitOn) do(s Step, now time.Time) error {
	switch {
	case s.Clear:
		u.Clear(now)
		u.line.hush(u.Name)
		if u.line.spec.TCP != nil && len(u.line.units) == 1 {
			u.line.wire.Replug()
		}
		return nil
	case s.Set != nil:
		return u.Set(s.Set, now)
	case s.Fault.Kind == fault.Babble:
		return u.line.babble(*s.Fault, u.Name, now)
	case s.Fault.Kind == fault.Unplug && u.line.spec.TCP != nil && len(u.line.units) == 1:
		return u.line.wire.Unplug(down(*s.Fault))
	}
	return u.Order(withDown(*s.Fault), now)
}

func (l *runningLine) do(s Step, now time.Time) error {
	switch {
	case s.Clear:
		l.wire.Babble().Clear()
		l.wire.Poke()
		l.wire.Replug()
		for _, u := range l.units {
			u.Clear(now)
		}
		return nil
	case s.Fault.Kind == fault.Unplug:
		return l.wire.Unplug(down(*s.Fault))
	case s.Fault.Kind == fault.Babble:
		return l.babble(*s.Fault, "", now)
	}
	var errs []error
	for _, u := range l.units {
		if on := (unitOn{u, l}); on.refuses(s) == nil {
			errs = append(errs, on.do(s, now))
		}
	}
	return errors.Join(errs...)
}

// babble begins noise on the line, made by a unit if who is not "".
func (l *runningLine) babble(o fault.Order, who string, now time.Time) error {
	if err := o.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.babblers[who] = append(l.babblers[who], l.wire.Babble().Add(o, now))
	l.wire.Poke()
	return nil
}

// hush ends the noise that a unit makes.
func (l *runningLine) hush(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.babblers[who] {
		l.wire.Babble().Remove(id) // it may have ended by itself
	}
	delete(l.babblers, who)
}

// refuses reports why a step makes no sense for this reader; a pattern leaves it out then.
func (r *reader) refuses(s Step) error {
	if s.Card == "" {
		return nil
	}
	uid, err := hex.DecodeString(s.Card)
	if err != nil {
		return fmt.Errorf("%s: card: %w", r.spec.Name, err)
	}
	return r.fits(uid)
}

func (r *reader) do(s Step) {
	switch {
	case s.Clear:
		r.mend()
	case s.Fault != nil:
		r.pull(down(*s.Fault))
	default:
		uid, _ := hex.DecodeString(s.Card) // it is not refused
		r.put(uid, s.For)
	}
}

func down(o fault.Order) time.Duration {
	if o.Down == 0 {
		return defaultDown
	}
	return o.Down
}

func withDown(o fault.Order) fault.Order {
	if o.Kind == fault.Reboot || o.Kind == fault.Unplug {
		o.Down = down(o)
	}
	return o
}

// Fault puts orders in force on a unit in place of those there were.
func (r *Running) Fault(unit string, orders ...fault.Order) error {
	if isPattern(unit) || len(r.units(unit)) == 0 {
		return fmt.Errorf("site: %q: %w", unit, ErrNoTarget)
	}
	steps := []Step{{Unit: unit, Clear: true}}
	for _, o := range orders {
		steps = append(steps, Step{Unit: unit, Fault: &o})
	}
	for _, s := range steps {
		if err := r.Do(s); err != nil {
			return err
		}
	}
	return nil
}

// Set changes what a unit is exposed to.
func (r *Running) Set(unit, value string, v float64) error {
	return r.Do(Step{Unit: unit, Set: map[string]float64{value: v}})
}

// Value reads a value of a unit as the device itself knows it.
func (r *Running) Value(unit, value string) (float64, error) {
	for _, u := range r.units(unit) {
		if err := knob(u.Unit, value); err != nil {
			return 0, fmt.Errorf("site: %s: %w", u.Name, err)
		}
		for _, k := range u.Knobs(r.now()) {
			if k.Name == value {
				return k.Get(), nil
			}
		}
	}
	return 0, fmt.Errorf("site: %q: %w", unit, ErrNoTarget)
}
