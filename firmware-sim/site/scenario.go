package site

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// Scenario is a list of disturbances over time.
type Scenario struct {
	Name  string `yaml:"-"`
	ZH    string `yaml:"zh,required"`
	EN    string `yaml:"en,required"`
	Loop  *Loop  `yaml:"loop"`
	Steps []Step `yaml:"steps,required"`
}

// Loop repeats a scenario.
type Loop struct {
	Every time.Duration `yaml:"every,required"`
	Times int           `yaml:"times"` // 0 until stopped
}

// Step is one disturbance. Unit, Line, Reader and Panel are names or patterns with * and ?;
// one of them is given, or none with Clear, which then means everything.
type Step struct {
	At     time.Duration      `yaml:"at"`
	Unit   string             `yaml:"unit"`
	Line   string             `yaml:"line"`
	Reader string             `yaml:"reader"`
	Panel  string             `yaml:"panel"`
	Fault  *fault.Order       `yaml:"fault"`
	Set    map[string]float64 `yaml:"set"`
	Card   string             `yaml:"card"` // UID in hexadecimal
	For    time.Duration      `yaml:"for"`  // how long the card lies there; 0 until cleared
	Event  *device.PanelEvent `yaml:"event"`
	Clear  bool               `yaml:"clear"`
}

// target is who the step is for; empty is everything.
func (s Step) target() string { return s.Unit + s.Line + s.Reader + s.Panel }

// LoadScenario reads a scenario file; its name is the file's without the extension.
func LoadScenario(file string) (Scenario, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Scenario{}, fmt.Errorf("site: %w", err)
	}
	return ParseScenario(file, src)
}

// ParseScenario reads a scenario; every mistake is in the error, with its line.
func ParseScenario(file string, src []byte) (Scenario, error) {
	var s Scenario
	doc, problems := configs.Decode(file, src, &s)
	s.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	bad := func(path, found, want string) { problems = append(problems, doc.Problem(path, found, want)) }
	if len(s.Steps) == 0 && len(problems) == 0 {
		bad("steps", "no step", "at least one")
	}
	last := time.Duration(0)
	for i, step := range s.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		step.check(path, bad)
		if step.At < 0 {
			bad(path+".at", step.At.String(), "a time from the start")
		}
		last = max(last, step.At)
	}
	if l := s.Loop; l != nil {
		if l.Every <= 0 || l.Every < last {
			bad("loop.every", l.Every.String(), "longer than the last step's "+last.String())
		}
		if l.Times < 0 {
			bad("loop.times", strconv.Itoa(l.Times), "a number of rounds, or nothing for no end")
		}
	}
	slices.SortStableFunc(s.Steps, func(a, b Step) int { return int(a.At - b.At) })
	return s, problems.Err()
}

// ParseStep reads one step, as the control page sends it.
func ParseStep(src []byte) (Step, error) {
	var s Step
	doc, problems := configs.Decode("step", src, &s)
	s.check("", func(path, found, want string) {
		problems = append(problems, doc.Problem(strings.TrimPrefix(path, "."), found, want))
	})
	return s, problems.Err()
}

func (s Step) check(path string, bad func(path, found, want string)) {
	targets, deeds := 0, 0
	for _, given := range []bool{s.Unit != "", s.Line != "", s.Reader != "", s.Panel != ""} {
		if given {
			targets++
		}
	}
	for _, given := range []bool{s.Fault != nil, s.Set != nil, s.Card != "", s.Event != nil, s.Clear} {
		if given {
			deeds++
		}
	}
	if targets > 1 || targets == 0 && !s.Clear {
		bad(path, fmt.Sprintf("%d of unit, line, reader, panel", targets), "one of them")
	}
	if deeds != 1 {
		bad(path, fmt.Sprintf("%d of fault, set, card, event, clear", deeds), "one of them")
	}
	for name, pattern := range map[string]string{"unit": s.Unit, "line": s.Line, "reader": s.Reader, "panel": s.Panel} {
		if _, err := filepath.Match(pattern, ""); err != nil {
			bad(path+"."+name, strconv.Quote(pattern), "a name, or a pattern with * and ?")
		}
	}
	if s.Fault != nil && s.Fault.Kind != "" {
		s.checkFault(path, bad)
	}
	if s.Set != nil && s.Unit == "" {
		bad(path+".set", "values for no unit", "unit")
	}
	if uid, err := hex.DecodeString(s.Card); s.Card != "" && (err != nil || !slices.Contains([]int{4, 5, 7, 10}, len(uid))) {
		bad(path+".card", strconv.Quote(s.Card), "4, 5, 7 or 10 bytes in hexadecimal")
	}
	if (s.Card == "") != (s.Reader == "" || s.Fault != nil || s.Clear) || s.Card == "" && s.For != 0 {
		bad(path+".card", "card, for and reader not together", "a card, and for how long, only with a reader")
	}
	s.checkEvent(path, bad)
}

func (s Step) checkFault(path string, bad func(path, found, want string)) {
	for _, p := range s.Fault.Check() {
		bad(path+".fault."+p.Field, p.Found, p.Want)
	}
	if s.Reader != "" && s.Fault.Kind != fault.Unplug {
		bad(path+".fault.kind", string(s.Fault.Kind), "unplug: a reader knows no other")
	}
	if kinds := panelFaults(); s.Panel != "" && !slices.Contains(kinds, s.Fault.Kind) {
		words := make([]string, len(kinds))
		for i, k := range kinds {
			words[i] = string(k)
		}
		bad(path+".fault.kind", string(s.Fault.Kind), "one of "+strings.Join(words, ", ")+": a panel knows no other")
	}
}

func (s Step) checkEvent(path string, bad func(path, found, want string)) {
	switch {
	case s.Event == nil && s.Panel != "" && s.Fault == nil && !s.Clear:
		bad(path+".event", "nothing", "what the panel tells")
	case s.Event != nil && s.Panel == "":
		bad(path+".event", "an event of no panel", "panel")
	case s.Event != nil && s.Event.Is != "":
		if err := s.Event.Check(); err != nil {
			bad(path+".event", s.Event.Is, strings.TrimPrefix(err.Error(), "device: "))
		}
	}
}

// playing is a scenario at work.
type playing struct {
	Name   string
	Since  time.Time
	Round  int
	Last   string // what went wrong in the latest round
	cancel context.CancelFunc
}

// Can reports why a scenario can not be played on this site.
func (r *Running) Can(s Scenario) error {
	for i, step := range s.Steps {
		if err := r.can(step); err != nil {
			return fmt.Errorf("site: scenario %s: step %d: %w", s.Name, i+1, err)
		}
	}
	return nil
}

// Play starts a scenario. One that is playing under the same name is stopped first. A
// step that can not be done on this site is an error before anything is done.
func (r *Running) Play(s Scenario) error {
	if err := r.Can(s); err != nil {
		return err
	}
	r.Stop(s.Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.ctx.Err() != nil {
		return fmt.Errorf("site: scenario %s: the site has stopped", s.Name)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	p := &playing{Name: s.Name, Since: r.now(), cancel: cancel}
	r.playing = append(r.playing, p)
	r.wg.Go(func() {
		defer cancel()
		r.perform(ctx, s, p)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.playing = slices.DeleteFunc(r.playing, func(q *playing) bool { return q == p })
	})
	return nil
}

// Stop ends a scenario; what it has done so far stays. It reports whether it played.
func (r *Running) Stop(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := false
	for _, p := range r.playing {
		if p.Name == name {
			p.cancel()
			found = true
		}
	}
	return found
}

func (r *Running) perform(ctx context.Context, s Scenario, p *playing) {
	start := time.Now()
	for round := 0; ; round++ {
		for _, step := range s.Steps {
			if !waitUntil(ctx, start.Add(step.At)) {
				return
			}
			if err := r.Do(step); err != nil {
				r.mu.Lock()
				p.Last = err.Error()
				r.mu.Unlock()
			}
		}
		if s.Loop == nil || s.Loop.Times > 0 && round+1 >= s.Loop.Times {
			return
		}
		start = start.Add(s.Loop.Every)
		r.mu.Lock()
		p.Round = round + 1
		r.mu.Unlock()
	}
}

func waitUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
