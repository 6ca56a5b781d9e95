package output

import (
	"slices"
	"time"

	"anlan/contract"
)

// Kinds of output with a meaning of their own; any other word is shown as it is.
const (
	KindSiren = "siren" // silenced by mute
	KindValve = "valve"
)

// VerbOff is the verb that ends what another verb began, for outputs that have it.
const VerbOff = "off"

// Spec is one thing the edge can drive.
type Spec struct {
	ID       string
	Name     contract.Text
	Kind     string
	Place    contract.Place
	Point    contract.PointID   // written
	Verbs    map[string]float64 // verb to the value written
	Feedback Feedback           // what proves a verb other than off; the point itself when empty
	Pulse    time.Duration      // > 0: 0 is written this long after a verb, whether proved or not
}

// Feedback is the proof that an output moved.
type Feedback struct {
	Point  contract.PointID
	Value  float64
	Within time.Duration
}

// Alarm is an alarm in force, as outputs need to know it.
type Alarm struct {
	Cause    string // "<point>/<rule>"
	Rule     contract.RuleID
	Hazard   contract.Hazard
	Severity contract.Severity
	Zone     string
	Device   contract.DeviceID
	Channel  string
}

// Match says which alarms are meant. What is left empty matches all.
type Match struct {
	Hazard      contract.Hazard
	Rule        contract.RuleID
	Zone        string
	Severity    contract.Severity // at least
	Independent int               // 2: only when two match whose device and channel differ
}

// Action asks an output for a verb while alarms match.
type Action struct {
	When   Match
	Output string
	Verb   string
}

// Forbid bars every switching of the outputs of a zone, except some, while an alarm of
// the hazard is in force there.
type Forbid struct {
	Hazard contract.Hazard
	Zone   string
	Except []string
}

// Want is what the alarms in force ask of one output.
type Want struct {
	Verb   string
	Causes []string // sorted, without muted ones
}

// Demand computes what every output is asked for. It is pure.
func Demand(specs []Spec, actions []Action, alarms []Alarm, muted map[string]bool) map[string]Want {
	out := map[string]Want{}
	for _, a := range actions {
		i := slices.IndexFunc(specs, func(s Spec) bool { return s.ID == a.Output })
		if i < 0 {
			continue
		}
		causes := a.When.causes(alarms)
		if specs[i].Kind == KindSiren {
			causes = slices.DeleteFunc(causes, func(c string) bool { return muted[c] })
		}
		if len(causes) == 0 {
			continue
		}
		w := out[a.Output]
		if w.Verb == "" {
			w.Verb = a.Verb
		}
		if w.Verb == a.Verb {
			w.Causes = slices.Compact(slices.Sorted(slices.Values(append(w.Causes, causes...))))
		}
		out[a.Output] = w
	}
	return out
}

func (m Match) causes(alarms []Alarm) []string {
	var hits []Alarm
	for _, a := range alarms {
		if m.matches(a) {
			hits = append(hits, a)
		}
	}
	if m.Independent >= 2 && !independent(hits) {
		return nil
	}
	var out []string
	for _, a := range hits {
		out = append(out, a.Cause)
	}
	return out
}

func (m Match) matches(a Alarm) bool {
	return (m.Hazard == "" || m.Hazard == a.Hazard) && (m.Rule == "" || m.Rule == a.Rule) &&
		(m.Zone == "" || m.Zone == a.Zone) && a.Severity >= m.Severity
}

// independent: two alarms whose device and channel both differ, so that one broken
// detector or one broken loop can not confirm itself.
func independent(alarms []Alarm) bool {
	for i, a := range alarms {
		for _, b := range alarms[i+1:] {
			if a.Device != b.Device && a.Channel != b.Channel && a.Channel != "" && b.Channel != "" {
				return true
			}
		}
	}
	return false
}

// Refusal says why the output must not be switched now, or "".
func Refusal(spec Spec, forbids []Forbid, alarms []Alarm) string {
	for _, f := range forbids {
		if spec.Place.Zone != f.Zone || slices.Contains(f.Except, spec.ID) {
			continue
		}
		for _, a := range alarms {
			if a.Hazard == f.Hazard && a.Zone == f.Zone {
				return "forbidden while " + string(f.Hazard) + " is present in zone " + f.Zone + " (" + a.Cause + ")"
			}
		}
	}
	return ""
}
