package alarm

import (
	"errors"
	"fmt"
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
}

// Names are the texts frozen into an alarm when it is raised.
type Names struct {
	Building contract.Text
	Device   contract.Text
}

// Person is who answers.
type Person struct {
	ID   string
	Name string
}

// AckInput acknowledges the version the person saw.
type AckInput struct {
	Person
	Note    string
	Version int64
}

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
	a.State = StateOf(a.Condition, a.Latched, a.Ack != nil)
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
	return settle(a, now), []Event{reportEvent(in, kind, now)}
}

func raise(in ReportInput, now time.Time) (Alarm, []Event) {
	c, at := in.Change, occurredAt(in)
	a := Alarm{
		Edge: in.Edge, Point: c.Point, Rule: c.Rule, Building: c.Place.Building,
		BuildingName: in.Names.Building, DeviceName: in.Names.Device, Title: c.Title, Do: c.Do,
		Hazard: c.Hazard, Severity: c.Severity, PeakSeverity: c.Severity, Place: c.Place, Channel: c.Channel,
		Condition: c.Condition, Latched: c.Latched, Value: c.Value, Unit: c.Unit, Quality: c.Quality,
		Count: 1, RaisedAt: at, FirstAt: at, Stamps: stampsOf(in),
	}
	return settle(a, now), []Event{reportEvent(in, Raised, now)}
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

func reportEvent(in ReportInput, kind string, now time.Time) Event {
	c := in.Change
	return Event{Kind: kind, At: c.DecidedAt, RecvAt: now, Actor: "edge:" + string(in.Edge), Text: c.Reason, Data: map[string]any{
		"condition": string(c.Condition), "latched": c.Latched, "severity": c.Severity.String(),
		"value": c.Value, "unit": string(c.Unit), "quality": c.Quality.String(), "sensed_at": c.SensedAt.UTC().Format(time.RFC3339Nano),
	}}
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
