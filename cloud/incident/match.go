package incident

import (
	"slices"

	"anlan/cloud/plan"
	"anlan/contract"
)

// Independent reports whether two sources prove each other: another device and another
// detection channel. A channel that is not known proves nothing.
func Independent(a, b Source) bool {
	otherDevice := a.Edge != b.Edge || a.Point.Device() != b.Point.Device()
	return otherDevice && a.Channel != "" && b.Channel != "" && (a.Edge != b.Edge || a.Channel != b.Channel)
}

// Match reports whether fresh, together with the other open alarms, launches p, and
// which alarms are its cause, fresh first. confirmed means that a person said that
// fresh is real.
func Match(p plan.Plan, open []Source, fresh Source, confirmed bool) (causes []Source, launch bool) {
	if !p.Covers(fresh.Building) {
		return nil, false
	}
	for _, t := range p.Triggers {
		if !counts(p, t, fresh, fresh) {
			continue
		}
		causes := []Source{fresh}
		proven := t.MinSources <= 1 || (confirmed && t.Confirm)
		for _, o := range open {
			if o.Alarm != fresh.Alarm && counts(p, t, o, fresh) {
				causes = append(causes, o)
				proven = proven || Independent(o, fresh)
			}
		}
		if proven {
			return causes, true
		}
	}
	return nil, false
}

// counts reports whether s is a source of trigger t at the place of fresh.
func counts(p plan.Plan, t plan.Trigger, s, fresh Source) bool {
	return s.alarming() && s.Hazard == t.Hazard && s.Severity >= t.SeverityMin && samePlace(p, s, fresh)
}

func samePlace(p plan.Plan, a, b Source) bool {
	return a.Building == b.Building && p.Zone(a.Place) == p.Zone(b.Place)
}

// Belongs reports whether an alarm is attached to an open incident of p at place: same
// hazard, same place, whatever its severity.
func Belongs(p plan.Plan, s Source, building string, place contract.Place) bool {
	return s.alarming() && s.Building == building && p.Zone(s.Place) == p.Zone(place) &&
		slices.ContainsFunc(p.Triggers, func(t plan.Trigger) bool { return t.Hazard == s.Hazard })
}
