package alarm

import (
	"path"
	"slices"
	"strconv"
	"time"

	"anlan/configs"
	"anlan/contract"
)

// Rule is one alarm rule as people write it: what it is about, which points it is
// for, when it is on.
type Rule struct {
	ID         contract.RuleID   `yaml:"id,required"`
	Title      contract.Text     `yaml:"title,required"`
	Do         contract.Text     `yaml:"do,required"`
	Hazard     contract.Hazard   `yaml:"hazard,required"`
	Severity   contract.Severity `yaml:"severity,required"`
	Latch      bool              `yaml:"latch"`
	For        Selector          `yaml:"for,required"`
	When       When              `yaml:"when,required"`
	OnDelay    time.Duration     `yaml:"on_delay"`
	OffDelay   time.Duration     `yaml:"off_delay"`
	StaleAfter time.Duration     `yaml:"stale_after"`
	ResetPoint string            `yaml:"reset_point"` // point of the same device written before a reset

	doc  *configs.Document
	path string
}

// Selector says which points a rule is for: a profile's points, every device, or one
// of the edge's own points.
type Selector struct {
	Profile string              `yaml:"profile"` // id or pattern such as gst*-panel
	Point   string              `yaml:"point"`   // name or pattern such as node_*
	Devices []contract.DeviceID `yaml:"devices"` // only these; all when empty
	Every   bool                `yaml:"every_device"`
	System  string              `yaml:"system"` // bus, output, spool, disk, rules
}

// When is the condition; exactly one of its keys is set.
type When struct {
	Above  []Threshold `yaml:"above"`
	Below  []Threshold `yaml:"below"`
	Equals []float64   `yaml:"equals"`
	Expr   string      `yaml:"expr"`
	Silent *SilentTest `yaml:"silent"`
	Vote   *VoteTest   `yaml:"vote"`
}

// Threshold is one severity step. Off is where it is let go; On when not written.
type Threshold struct {
	On       float64            `yaml:"on,required"`
	Off      *float64           `yaml:"off"`
	Severity *contract.Severity `yaml:"severity"`
}

// SilentTest raises when a device gave no good reading for stale_after.
type SilentTest struct {
	Detector contract.Severity `yaml:"detector_severity"` // for devices that alarms depend on
}

// VoteTest needs several of the selected points of one zone to be at Equals.
type VoteTest struct {
	Need   int       `yaml:"need,required"`
	Equals []float64 `yaml:"equals,required"`
}

// defaultStaleAfter is long enough for a few missed polls and short enough that a
// detector's silence is known before anyone relies on it.
const defaultStaleAfter = 10 * time.Second

var systems = []string{"bus", "output", "spool", "disk", "rules"}

// ParseRules reads one rules file. Every mistake is reported.
func ParseRules(file string, src []byte) ([]Rule, configs.Problems) {
	var f struct {
		Rules []Rule `yaml:"rules,required"`
	}
	doc, ps := configs.Decode(file, src, &f)
	seen := map[contract.RuleID]bool{}
	for i := range f.Rules {
		r := &f.Rules[i]
		r.doc, r.path = doc, "rules["+strconv.Itoa(i)+"]"
		if r.StaleAfter == 0 {
			r.StaleAfter = defaultStaleAfter
		}
		ps = append(ps, r.check()...)
		if seen[r.ID] {
			ps = append(ps, r.problem("id", "rule "+strconv.Quote(string(r.ID))+" a second time", "a name of its own"))
		}
		seen[r.ID] = true
	}
	return f.Rules, ps
}

func (r *Rule) problem(key, found, want string) configs.Problem {
	return r.doc.Problem(r.path+"."+key, found, want)
}

func (r *Rule) check() (ps configs.Problems) {
	bad := func(key, found, want string) { ps = append(ps, r.problem(key, found, want)) }
	if r.ID != "" && !contract.ValidID(string(r.ID)) {
		bad("id", strconv.Quote(string(r.ID)), "a name of a-z, 0-9, - and _")
	}
	for key, t := range map[string]contract.Text{"title": r.Title, "do": r.Do} {
		if t.ZH == "" || t.EN == "" {
			bad(key, "a text without zh or en", "both languages")
		}
	}
	if r.Hazard != "" && !slices.Contains(contract.Hazards(), r.Hazard) {
		bad("hazard", strconv.Quote(string(r.Hazard)), "one of fire, gas, entrapment, equipment, water, comms, linkage, self")
	}
	for key, d := range map[string]time.Duration{"on_delay": r.OnDelay, "off_delay": r.OffDelay, "stale_after": r.StaleAfter} {
		if d < 0 {
			bad(key, d.String(), "a duration of 0 or more")
		}
	}
	r.checkSelector(bad)
	r.checkWhen(bad)
	return ps
}

func (r *Rule) checkSelector(bad func(key, found, want string)) {
	s := r.For
	n := 0
	for _, set := range []bool{s.Profile != "", s.Every, s.System != ""} {
		if set {
			n++
		}
	}
	if n != 1 {
		bad("for", strconv.Itoa(n)+" of profile, every_device and system", "exactly one of them")
	}
	if s.System != "" && !slices.Contains(systems, s.System) {
		bad("for.system", strconv.Quote(s.System), "one of bus, output, spool, disk, rules")
	}
	if s.Profile != "" && s.Point == "" {
		bad("for.point", "no point", "the point the alarm is shown at")
	}
	if _, err := path.Match(s.Profile, ""); err != nil {
		bad("for.profile", strconv.Quote(s.Profile), "a profile or a pattern with *")
	}
	if _, err := path.Match(s.Point, ""); err != nil {
		bad("for.point", strconv.Quote(s.Point), "a name or a pattern with *")
	}
	if s.Every != (r.When.Silent != nil) {
		bad("when", "every_device without silent, or silent without every_device", "both together")
	}
}

func (r *Rule) checkWhen(bad func(key, found, want string)) {
	w, n := r.When, 0
	for _, set := range []bool{w.Above != nil, w.Below != nil, w.Equals != nil, w.Expr != "", w.Silent != nil, w.Vote != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		bad("when", strconv.Itoa(n)+" conditions", "exactly one of above, below, equals, expr, silent, vote")
	}
	if w.Vote != nil && w.Vote.Need < 1 {
		bad("when.vote.need", strconv.Itoa(w.Vote.Need), "1 or more")
	}
	r.checkLevels("above", w.Above, 1, bad)
	r.checkLevels("below", w.Below, -1, bad)
}

// checkLevels wants thresholds in rising severity and each Off on the quiet side.
func (r *Rule) checkLevels(key string, ts []Threshold, sign float64, bad func(key, found, want string)) {
	for i, t := range ts {
		at := "when." + key + "[" + strconv.Itoa(i) + "]"
		if t.Off != nil && (*t.Off-t.On)*sign > 0 {
			bad(at+".off", number(*t.Off), "a value on the normal side of on ("+number(t.On)+")")
		}
		if i == 0 {
			continue
		}
		if (t.On-ts[i-1].On)*sign <= 0 {
			bad(at+".on", number(t.On), "steps in order of danger, each beyond the one before")
		}
		if r.severity(t) < r.severity(ts[i-1]) {
			bad(at+".severity", r.severity(t).String(), "at least the severity of the step before")
		}
	}
}

func (r *Rule) severity(t Threshold) contract.Severity {
	if t.Severity != nil {
		return *t.Severity
	}
	return r.Severity
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
