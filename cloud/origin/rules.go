// Package origin is where hazards come from when no person found them: it watches for
// repeated faults, standing alarms and overdue proof tests, opens a hazard for each once,
// and remembers which alarms a hazard came from.
package origin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// Kind is what a rule looks at.
type Kind string

// Kinds.
const (
	Repeated  Kind = "repeated"   // a point alarmed Count times within Window
	Standing  Kind = "standing"   // an alarm has been active, or unanswered, For so long
	ProofTest Kind = "proof_test" // a device was not proven to work since Every and Grace
)

// What a standing alarm is waiting for.
const (
	WhileActive  = "active"         // its cause is still there, or it is latched
	WhileUnacked = "unacknowledged" // nobody has acknowledged it, whether it returned or not
)

// Duration is written "7d", "24h" or "90m".
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(b []byte) error {
	if days, ok := strings.CutSuffix(string(b), "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36_500 {
			return fmt.Errorf("origin: no duration: %q", b)
		}
		*d = Duration(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("origin: no duration: %q", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes it as it is read.
func (d Duration) MarshalText() ([]byte, error) {
	if v := time.Duration(d); v%(24*time.Hour) == 0 {
		return fmt.Appendf(nil, "%dd", v/(24*time.Hour)), nil
	}
	return []byte(time.Duration(d).String()), nil
}

// Rule says when devices open a hazard.
type Rule struct {
	ID      string            `json:"id"`
	Kind    Kind              `json:"kind"`
	Name    contract.Text     `json:"name"`
	Off     bool              `json:"off,omitempty"`
	Hazards []contract.Hazard `json:"hazards,omitempty"` // of the alarms; empty: all
	Alarms  []string          `json:"alarms,omitempty"`  // patterns of the rules that raise them; empty: all
	Count   int               `json:"count,omitempty"`
	Window  Duration          `json:"window,omitzero"`
	While   string            `json:"while,omitempty"`
	For     Duration          `json:"for,omitzero"`
	// Profiles are patterns of the devices that have to be tested.
	Profiles []string `json:"profiles,omitempty"`
	Every    Duration `json:"every,omitzero"`
	Grace    Duration `json:"grace,omitzero"`
	// Again is how long after its hazard was closed a cause that is still there opens
	// another; 0 is never.
	Again Duration      `json:"again,omitzero"`
	What  contract.Text `json:"what"` // the description, with {place}, {device} and the like
}

// Sort puts a device or alarm into a category of hazards: the first whose patterns match;
// one without any matches all.
type Sort struct {
	Profiles []string          `json:"profiles,omitempty"`
	Rules    []string          `json:"rules,omitempty"`
	Hazards  []contract.Hazard `json:"hazards,omitempty"`
	Category string            `json:"category"`
}

// Rules is all of it.
type Rules struct {
	Form       string `json:"form"`
	Rules      []Rule `json:"rules"`
	Categories []Sort `json:"categories"`
}

// Parse reads rules. The error names every mistake.
func Parse(raw []byte) (Rules, error) {
	var r Rules
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("origin: read rules: %w", err)
	}
	if err := r.check(); err != nil {
		return r, fmt.Errorf("origin: read rules: %w", err)
	}
	return r, nil
}

func (r Rules) check() error {
	var bad []error
	fault := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	if r.Form == "" {
		fault("form: none")
	}
	seen := map[string]bool{byPerson: true}
	for i, x := range r.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		if x.ID == "" || seen[x.ID] {
			fault("%s.id: %q is empty or taken", at, x.ID)
		}
		seen[x.ID] = true
		if x.What.ZH == "" || x.What.EN == "" || x.Name.ZH == "" || x.Name.EN == "" {
			fault("%s: name and what are needed in zh and en", at)
		}
		for _, h := range x.Hazards {
			if !slices.Contains(contract.Hazards(), h) {
				fault("%s.hazards: %q is none", at, h)
			}
		}
		for _, p := range slices.Concat(x.Profiles, x.Alarms) {
			if _, err := path.Match(p, ""); err != nil {
				fault("%s: pattern %q: %w", at, p, err)
			}
		}
		bad = append(bad, x.checkKind(at))
	}
	for i, c := range r.Categories {
		if c.Category == "" {
			fault("categories[%d].category: none", i)
		}
		for _, p := range slices.Concat(c.Profiles, c.Rules) {
			if _, err := path.Match(p, ""); err != nil {
				fault("categories[%d]: %q: %w", i, p, err)
			}
		}
	}
	if n := len(r.Categories); n == 0 || !r.Categories[n-1].all() {
		fault("categories: the last has to match everything")
	}
	return errors.Join(bad...)
}

func (x Rule) checkKind(at string) error {
	ok := false
	switch x.Kind {
	case Repeated:
		ok = x.Count >= 2 && x.Count <= maxPerPoint && x.Window > 0
	case Standing:
		ok = x.For > 0 && (x.While == WhileActive || x.While == WhileUnacked)
	case ProofTest:
		ok = x.Every > 0 && len(x.Profiles) > 0
	}
	if !ok {
		return fmt.Errorf("%s: repeated needs count (2 to %d) and window; standing needs while (active, unacknowledged) and for; proof_test needs every and profiles", at, maxPerPoint)
	}
	return nil
}

func (c Sort) all() bool { return len(c.Profiles)+len(c.Rules)+len(c.Hazards) == 0 }

// Category of a device and an alarm; either may be unknown.
func (r Rules) Category(profile string, rule contract.RuleID, hazard contract.Hazard) string {
	for _, c := range r.Categories {
		if c.all() || matches(c.Profiles, profile) || matches(c.Rules, string(rule)) || slices.Contains(c.Hazards, hazard) {
			return c.Category
		}
	}
	return ""
}

func matches(patterns []string, s string) bool {
	return s != "" && slices.ContainsFunc(patterns, func(p string) bool { ok, err := path.Match(p, s); return ok && err == nil })
}

func (x Rule) hears(a alarm.Alarm) bool {
	return (len(x.Hazards) == 0 || slices.Contains(x.Hazards, a.Hazard)) && (len(x.Alarms) == 0 || matches(x.Alarms, string(a.Rule)))
}
