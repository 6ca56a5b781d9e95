package alarm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
)

// Script is a rule test as people write it beside a rules file: devices, and what is
// set, kept silent, reset and expected at which time.
type Script struct {
	Devices []ScriptDevice `yaml:"devices,required"`
	Tests   []ScriptTest   `yaml:"tests,required"`
}

// ScriptDevice is a device of the test. Its profile says which points it has.
type ScriptDevice struct {
	ID      contract.DeviceID `yaml:"id,required"`
	Profile string            `yaml:"profile"`
	System  string            `yaml:"system"` // instead of a profile: a point of the edge's own, with Points
	Points  []string          `yaml:"points"`
	Zone    string            `yaml:"zone"`
	Channel string            `yaml:"channel"`
}

// ScriptTest is one story. Every point starts at 0 with good quality and is read twice
// a second, unless its device is silent.
type ScriptTest struct {
	Name  string       `yaml:"name,required"`
	Steps []ScriptStep `yaml:"steps,required"`
}

// ScriptStep is what happens, and then what must hold, at a time.
type ScriptStep struct {
	At      time.Duration                         `yaml:"at,required"`
	Set     map[contract.PointID]float64          `yaml:"set"`
	Quality map[contract.PointID]contract.Quality `yaml:"quality"`
	Silent  []contract.DeviceID                   `yaml:"silent"` // from now on; an empty list ends it
	Reset   []string                              `yaml:"reset"`  // "<point>/<rule>"
	Expect  map[string]string                     `yaml:"expect"` // "<point>/<rule>": "active critical latched"
}

const scriptBeat = 500 * time.Millisecond

// ParseScript reads a rule test file.
func ParseScript(file string, src []byte) (Script, configs.Problems) {
	var s Script
	_, ps := configs.Decode(file, src, &s)
	return s, ps
}

// Run plays every test against rules. points gives a profile's points; nil if there is
// no such profile. It returns one line for each thing that was not as expected.
func (s Script) Run(rules []Rule, points func(profile string) []TargetPoint) (failures []string) {
	var ts []Target
	for _, d := range s.Devices {
		t := Target{Device: d.ID, Profile: d.Profile, System: d.System, Channel: d.Channel, Place: contract.Place{Zone: d.Zone}, Points: points(d.Profile)}
		for _, p := range d.Points {
			t.Points = append(t.Points, TargetPoint{Name: p})
		}
		if len(t.Points) == 0 {
			failures = append(failures, fmt.Sprintf("device %s: unknown profile %q", d.ID, d.Profile))
		}
		ts = append(ts, t)
	}
	defs, ps := Bind(rules, ts)
	for _, p := range ps {
		failures = append(failures, p.Error())
	}
	if len(failures) > 0 {
		return failures
	}
	for _, t := range s.Tests {
		for _, f := range newPlayer(defs, ts).play(t) {
			failures = append(failures, t.Name+": "+f)
		}
	}
	return failures
}

type player struct {
	engine  *Engine
	points  []contract.PointID
	values  map[contract.PointID]float64
	quality map[contract.PointID]contract.Quality
	silent  map[contract.DeviceID]bool
	start   time.Time
}

func newPlayer(defs []Def, ts []Target) *player {
	p := &player{engine: NewEngine(defs, nil), values: map[contract.PointID]float64{}, quality: map[contract.PointID]contract.Quality{},
		silent: map[contract.DeviceID]bool{}, start: time.Unix(0, 0).UTC()}
	for _, t := range ts {
		for _, pt := range t.Points {
			p.points = append(p.points, contract.NewPointID(t.Device, pt.Name))
		}
	}
	return p
}

func (p *player) play(t ScriptTest) (failures []string) {
	at := time.Duration(0)
	for i, step := range t.Steps {
		if step.At < at || i == 0 && step.At != 0 {
			return append(failures, fmt.Sprintf("step %d at %s: steps start at 0s and go forward", i+1, step.At))
		}
		for at < step.At {
			at = min(at+scriptBeat, step.At)
			p.beat(at)
		}
		failures = append(failures, p.change(step)...)
		p.beat(at)
		for _, key := range slices.Sorted(maps.Keys(step.Expect)) {
			if got, want := p.describe(key), step.Expect[key]; got != want {
				failures = append(failures, fmt.Sprintf("at %s: %s is %q, want %q", step.At, key, got, want))
			}
		}
	}
	return failures
}

func (p *player) change(step ScriptStep) (failures []string) {
	for id, v := range step.Set {
		if !slices.Contains(p.points, id) {
			failures = append(failures, fmt.Sprintf("at %s: no point %s", step.At, id))
		}
		p.values[id] = v
	}
	maps.Copy(p.quality, step.Quality)
	if step.Silent != nil {
		clear(p.silent)
		for _, d := range step.Silent {
			p.silent[d] = true
		}
	}
	now := p.start.Add(step.At)
	for _, key := range step.Reset {
		point, rule, _ := strings.Cut(key, "/")
		p.engine.Reset(Key{contract.PointID(point), contract.RuleID(rule)}, now)
	}
	return failures
}

func (p *player) beat(at time.Duration) {
	now := p.start.Add(at)
	var rs []contract.Reading
	for _, id := range p.points {
		if p.silent[id.Device()] {
			continue
		}
		rs = append(rs, contract.Reading{Point: id, Value: p.values[id], Quality: cmp.Or(p.quality[id], contract.Good), At: now, Checked: now})
	}
	p.engine.Feed(rs, now)
	p.engine.Tick(now)
}

// describe writes "normal", "unknown", "active critical" or "active critical latched".
func (p *player) describe(key string) string {
	point, rule, _ := strings.Cut(key, "/")
	k := Key{contract.PointID(point), contract.RuleID(rule)}
	d, ok := p.engine.Def(k)
	if !ok {
		return "no such alarm"
	}
	st := p.engine.State(k)
	out := string(st.Condition)
	if st.InForce() {
		out += " " + d.Levels[st.Level-1].Severity.String()
	}
	if st.Latched {
		out += " latched"
	}
	return out
}
