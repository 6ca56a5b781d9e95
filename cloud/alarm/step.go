package alarm

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"anlan/contract"
)

// Input is something that happens to an alarm: a report of the edge or an answer of a
// person.
type Input interface{ kind() string }

// ReportInput is a condition change decided at an edge (or, for edge-lost, here).
type ReportInput struct {
	Edge     contract.EdgeID
	Change   contract.ConditionChange
	Spooled  time.Time // edge clock
	Received time.Time // our clock
	Names    Names

	Definition *DefinitionRef // in force for the rule; nil: not rationalised
	Overrides  []Override     // in force for the point, for an alarm that is not open yet
}

// Names are the texts frozen into an alarm when it is raised.
type Names struct {
	Building contract.Text
	Device   contract.Text
}

// Person is who answers.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// AckInput acknowledges the version the person saw.
type AckInput struct {
	Person
	Note    string
	Version int64
	Seat    string // the console it was done at; "" is not known
}

// OverrideInput sets the alarm aside.
type OverrideInput struct{ Override Override }

// EndInput ends an override. What is live and no longer covered calls people anew.
type EndInput struct{ Override Override }

// ChangeInput replaces an override by its changed self.
type ChangeInput struct{ Override Override }

// MuteInput silences; the alarm stays.
type MuteInput struct{ Person }

// ResetInput asks the edge to unlatch. Latching says that the rule latches, so that
// only the edge can tell whether the cause is gone.
type ResetInput struct {
	Person
	Command  string
	Latching bool
}

// ResultInput is the edge's answer to a command about the alarm, or its expiry.
type ResultInput struct {
	Edge   contract.EdgeID
	Verb   contract.Verb
	Result contract.CommandResult
}

// VerdictInput says that the alarm is real ([Confirmed]) or not ([FalseAlarm]).
type VerdictInput struct {
	Person
	Kind string
	Note string
}

// ActionInput is a report of what the edge did because of the alarm.
type ActionInput struct {
	Edge   contract.EdgeID
	Report contract.ActionReport
}

func (in OverrideInput) kind() string { return string(in.Override.Kind) }
func (in EndInput) kind() string {
	return map[State]string{Shelved: Unshelved, Suppressed: Unsuppressed, OutOfService: InService}[in.Override.Kind]
}
func (ChangeInput) kind() string     { return Extended }
func (ReportInput) kind() string     { return Updated }
func (AckInput) kind() string        { return Acknowledged }
func (MuteInput) kind() string       { return Muted }
func (ResetInput) kind() string      { return ResetAsked }
func (ResultInput) kind() string     { return Reset }
func (in VerdictInput) kind() string { return in.Kind }
func (ActionInput) kind() string     { return ActionDone }

// Errors of Step and of the store; test with errors.Is.
var (
	ErrNotFound    = errors.New("no such alarm")
	ErrClosed      = errors.New("the alarm is closed")
	ErrConflict    = errors.New("the alarm has changed")
	ErrStillActive = errors.New("the cause is still present")
	ErrNotLatched  = errors.New("there is nothing to reset")
)

// ConflictError says who was first. It is an [ErrConflict].
type ConflictError struct{ Alarm Alarm }

func (e *ConflictError) Error() string {
	if a := e.Alarm.Ack; a != nil {
		return fmt.Sprintf("alarm: acknowledged by %s at %s: %v", a.Name, a.At.UTC().Format(time.RFC3339), ErrConflict)
	}
	return fmt.Sprintf("alarm: now at version %d: %v", e.Alarm.Version, ErrConflict)
}

// Unwrap makes it an [ErrConflict].
func (e *ConflictError) Unwrap() error { return ErrConflict }

// StateOf is what the console shows for a condition, a latch and an answer.
func StateOf(c contract.Condition, latched, acked bool) State {
	live := c != contract.Normal || latched
	switch {
	case live && acked:
		return Acked
	case live:
		return Unacked
	case acked:
		return Closed
	}
	return RTNUnacked
}

// Step is the whole life of an alarm. prev is the open row, or nil. The returned
// events are empty when the input changes nothing (a return to normal of what was
// never raised); the alarm is meaningful only if there are events. ID and Seq are
// given by the store.
func Step(prev *Alarm, in Input, now time.Time) (Alarm, []Event, error) {
	if r, ok := in.(ReportInput); ok {
		a, ev := report(prev, r, now)
		return a, ev, nil
	}
	if prev == nil {
		return Alarm{}, nil, fmt.Errorf("alarm: %s: %w", in.kind(), ErrNotFound)
	}
	if act, ok := in.(ActionInput); ok { // may arrive after the close
		a := *prev
		return a, []Event{actionEvent(act, now)}, nil
	}
	if res, ok := in.(ResultInput); ok {
		a := *prev
		a.Version++
		a.UpdatedAt = now
		return a, []Event{resultEvent(res, now)}, nil
	}
	if prev.State == Closed {
		return *prev, nil, fmt.Errorf("alarm: %s: %w", in.kind(), ErrClosed)
	}
	switch in := in.(type) {
	case OverrideInput:
		return cover(*prev, in.Override, in.kind(), now)
	case ChangeInput:
		return cover(*prev, in.Override, in.kind(), now)
	case EndInput:
		return uncover(*prev, in, now)
	}
	return answer(*prev, in, now)
}

// answer is the people's axis: it never touches condition, latch or severity.
func answer(a Alarm, in Input, now time.Time) (Alarm, []Event, error) {
	ev := Event{Kind: in.kind(), At: now, RecvAt: now}
	switch in := in.(type) {
	case AckInput:
		if a.Ack != nil || in.Version != a.Version {
			return a, nil, &ConflictError{Alarm: a}
		}
		a.Ack = &Acknowledgement{By: in.ID, Name: in.Name, Note: in.Note, At: now}
		a.Stamps.Acknowledged = now
		ev.Actor, ev.Text = in.Name, in.Note
		ev.Data = map[string]any{"count": a.Count, "person": in.ID}
		if in.Seat != "" {
			ev.Data["seat"] = in.Seat
		}
	case MuteInput:
		a.Muted = true
		ev.Actor = in.Name
	case ResetInput:
		switch {
		case a.Condition == contract.Normal && !a.Latched:
			return a, nil, fmt.Errorf("alarm: reset: %w", ErrNotLatched)
		case a.Condition != contract.Normal && !a.Latched && !in.Latching:
			return a, nil, fmt.Errorf("alarm: reset: %w", ErrStillActive)
		}
		ev.Actor, ev.Data = in.Name, map[string]any{"command": in.Command}
	case VerdictInput:
		a.Verdict = &Verdict{Kind: in.Kind, By: in.ID, Name: in.Name, Note: in.Note, At: now}
		ev.Actor, ev.Text = in.Name, in.Note
	default:
		return a, nil, fmt.Errorf("alarm: input %T is not known", in)
	}
	return settle(a, now), []Event{ev}, nil
}

func settle(a Alarm, now time.Time) Alarm {
	a.Underlying = StateOf(a.Condition, a.Latched, a.Ack != nil)
	a.State = Effective(a.Underlying, a.Overrides, now)
	if a.State == Closed {
		a.ClosedAt = now
	}
	a.UpdatedAt = now
	a.Version++
	return a
}

// report is the edge's axis: it never touches the answer, except that an answer does
// not outlive the occurrence it was given to.
func report(prev *Alarm, in ReportInput, now time.Time) (Alarm, []Event) {
	c := in.Change
	if prev == nil {
		// Unknown alone raises nothing: the silent device has an alarm of its own. But
		// an alarm whose beginning was missed must not stay unseen.
		live := c.Condition == contract.Active || c.Latched || c.Condition == contract.Unknown && c.Previous == contract.Active
		if !live {
			return Alarm{}, nil
		}
		return raise(in, now)
	}
	a, kind := *prev, Updated
	a.Value, a.Unit, a.Quality = c.Value, c.Unit, c.Quality
	again := c.Condition == contract.Active && !c.Latched && (prev.Condition == contract.Normal || prev.Latched)
	worse := c.Condition == contract.Active && c.Severity > prev.Severity
	switch {
	case again:
		kind = Reraised
		a.Count++
		a.RaisedAt, a.NormalAt, a.Verdict = occurredAt(in), time.Time{}, nil
	case worse:
		kind = Worsened
	case c.Condition == contract.Normal && !c.Latched && (prev.Condition != contract.Normal || prev.Latched):
		kind = Returned
		a.NormalAt = now
	}
	if again || worse {
		a.Ack, a.Muted = nil, false
		a.Stamps = stampsOf(in)
	}
	a.Condition, a.Latched = c.Condition, c.Latched
	if c.Condition == contract.Active {
		a.Severity, a.PeakSeverity = c.Severity, max(c.Severity, a.PeakSeverity)
		a.Title, a.Do, a.Channel, a.Hazard = c.Title, c.Do, c.Channel, c.Hazard
	}
	if again || worse {
		a = defined(a, in.Definition, in.Received)
	}
	a = settle(a, now)
	return a, []Event{reportEvent(in, a, kind, now)}
}

// defined freezes the definition in force into the present occurrence.
func defined(a Alarm, d *DefinitionRef, received time.Time) Alarm {
	a.Definition, a.RespondBy = d, time.Time{}
	if d != nil && d.RespondS > 0 {
		a.RespondBy = received.Add(time.Duration(d.RespondS) * time.Second)
	}
	if d != nil && a.Do.ZH == "" && a.Do.EN == "" {
		a.Do = d.Action
	}
	return a
}

func raise(in ReportInput, now time.Time) (Alarm, []Event) {
	c, at := in.Change, occurredAt(in)
	a := Alarm{
		Edge: in.Edge, Point: c.Point, Rule: c.Rule, Building: c.Place.Building,
		BuildingName: in.Names.Building, DeviceName: in.Names.Device, Title: c.Title, Do: c.Do,
		Hazard: c.Hazard, Severity: c.Severity, PeakSeverity: c.Severity, Place: c.Place, Channel: c.Channel,
		Condition: c.Condition, Latched: c.Latched, Value: c.Value, Unit: c.Unit, Quality: c.Quality,
		Count: 1, RaisedAt: at, FirstAt: at, Stamps: stampsOf(in), Overrides: in.Overrides, Drill: isDrill(c.Quality),
	}
	a = settle(defined(a, in.Definition, in.Received), now)
	return a, []Event{reportEvent(in, a, Raised, now)}
}

// isDrill reports whether a reading was made for a test.
func isDrill(q contract.Quality) bool { return q == contract.Simulated || q == contract.TestMode }

// cover sets the alarm aside, or replaces what does.
func cover(a Alarm, o Override, kind string, now time.Time) (Alarm, []Event, error) {
	a.Overrides = append(without(a.Overrides, o.ID), o)
	a = settle(a, now)
	return a, []Event{overrideEvent(o, a, kind, now)}, nil
}

// uncover takes an override away. An alarm that is live and covered by nothing else is
// announced as if it had just come: nobody was called when it really did.
func uncover(a Alarm, in EndInput, now time.Time) (Alarm, []Event, error) {
	was := a.State
	a.Overrides = without(a.Overrides, in.Override.ID)
	live := a.Condition != contract.Normal || a.Latched
	anew := live && was != a.Underlying && Effective(a.Underlying, a.Overrides, now) == a.Underlying
	if anew {
		a.Ack, a.Muted, a.Stamps = nil, false, Stamps{Received: now}
		a = defined(a, a.Definition, now)
	}
	a = settle(a, now)
	events := []Event{overrideEvent(in.Override, a, in.kind(), now)}
	if anew {
		events = append(events, Event{Kind: Reraised, At: now, RecvAt: now, Actor: "system", Text: in.kind(), Data: map[string]any{
			"condition": string(a.Condition), "latched": a.Latched, "severity": a.Severity.String(), "because": in.kind(),
			"count": a.Count, "state": string(a.State), "building": a.Building, "hazard": string(a.Hazard),
			"edge": string(a.Edge), "point": string(a.Point), "rule": string(a.Rule), "priority": a.priority().String(),
		}})
	}
	return a, events, nil
}

func without(list []Override, id string) []Override {
	var out []Override
	for _, o := range list {
		if o.ID != id {
			out = append(out, o)
		}
	}
	return out
}

// priority is the definition's, or the severity of what has none.
func (a Alarm) priority() contract.Severity {
	if a.Definition != nil {
		return a.Definition.Priority
	}
	return a.Severity
}

func overrideEvent(o Override, a Alarm, kind string, now time.Time) Event {
	ev := Event{Kind: kind, At: now, RecvAt: now, Actor: o.ByName, Text: o.Text, Data: overrideData(o)}
	if !o.EndedAt.IsZero() {
		ev.Actor, ev.Text = o.EndedBy, o.EndedWhy
	}
	ev.Data["state"] = string(a.State)
	return ev
}

// overrideData is what the log keeps of an override, enough to tell the state of every
// alarm from the log alone.
func overrideData(o Override) map[string]any {
	d := map[string]any{"override": o.ID, "kind": string(o.Kind), "status": string(o.Status), "edge": string(o.Edge), "point": string(o.Point), "rule": string(o.Rule),
		"building": o.Building, "reason": string(o.Reason), "from": o.From.UTC().Format(time.RFC3339Nano)}
	if !o.Until.IsZero() {
		d["until"] = o.Until.UTC().Format(time.RFC3339Nano)
	}
	if o.Cause != "" {
		d["cause"] = o.Cause
	}
	return d
}

func stampsOf(in ReportInput) Stamps {
	return Stamps{Sensed: in.Change.SensedAt, Decided: in.Change.DecidedAt, Spooled: in.Spooled, Received: in.Received}
}

// occurredAt trusts the edge's clock unless it is ahead: a wrong clock must not keep an
// alarm on top of every list.
func occurredAt(in ReportInput) time.Time {
	at := in.Change.SensedAt
	if at.IsZero() || at.After(in.Received.Add(time.Minute)) {
		return in.Received
	}
	return at
}

func reportEvent(in ReportInput, a Alarm, kind string, now time.Time) Event {
	c := in.Change
	ev := Event{Kind: kind, At: c.DecidedAt, RecvAt: now, Actor: "edge:" + string(in.Edge), Text: c.Reason, Data: map[string]any{
		"condition": string(c.Condition), "latched": c.Latched, "severity": c.Severity.String(),
		"value": c.Value, "unit": string(c.Unit), "quality": c.Quality.String(), "sensed_at": c.SensedAt.UTC().Format(time.RFC3339Nano),
	}}
	if kind == Raised || kind == Reraised || kind == Worsened { // what the report on alarms is made from
		maps.Copy(ev.Data, map[string]any{"edge": string(in.Edge), "point": string(c.Point), "rule": string(c.Rule), "building": a.Building, "hazard": string(a.Hazard),
			"priority": a.priority().String(), "count": a.Count, "state": string(a.State), "title": map[string]any{"zh": a.Title.ZH, "en": a.Title.EN}})
	}
	if kind == Raised {
		covers := []any{}
		for _, o := range a.Overrides {
			covers = append(covers, overrideData(o))
		}
		if len(covers) > 0 {
			ev.Data["overrides"] = covers
		}
	}
	return ev
}

func actionEvent(in ActionInput, now time.Time) Event {
	r := in.Report
	return Event{Kind: ActionDone, At: r.At, RecvAt: now, Actor: "edge:" + string(in.Edge), Text: r.Why, Data: map[string]any{
		"id": r.ID, "output": r.Output, "name": map[string]any{"zh": r.Name.ZH, "en": r.Name.EN}, "verb": r.Verb,
		"outcome": string(r.Outcome), "attempt": r.Attempt,
	}}
}

func resultEvent(in ResultInput, now time.Time) Event {
	r := in.Result
	kind := Reset
	if in.Verb == contract.VerbMute {
		kind = Muted
	}
	return Event{Kind: kind, At: r.At, RecvAt: now, Actor: "edge:" + string(in.Edge), Text: r.Text, Data: map[string]any{
		"command": r.ID, "ok": r.OK, "why": r.Why, "verb": string(in.Verb),
	}}
}
