package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"
)

// AlarmFilter is how alarms are chosen, for lists and for files.
type AlarmFilter struct {
	View           string          `query:"view" enum:"open,unacked,acked,rtn_unacked,overridden,history,all" default:"open"`
	Q              string          `query:"q" maxLength:"200" doc:"words that must all occur in title, place or device, or be who acknowledged; or an id"`
	Building       []string        `query:"building" maxItems:"200" doc:"any of these, separated by commas"`
	Hazard         contract.Hazard `query:"hazard" maxLength:"48"`
	State          alarm.State     `query:"state" enum:"unacked,acked,rtn_unacked,closed,shelved,suppressed,out_of_service"`
	Severity       string          `query:"severity" enum:"notice,minor,major,critical"`
	Person         string          `query:"person" maxLength:"64" doc:"id of who acknowledged"`
	Verdict        string          `query:"verdict" enum:"confirmed,false_alarm,none"`
	Drill          string          `query:"drill" enum:"true,false"`
	Unrationalised bool            `query:"unrationalised" doc:"only those without a definition"`
	From           time.Time       `query:"from"`
	To             time.Time       `query:"to"`
}

type alarmsIn struct {
	AlarmFilter
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Before string `query:"before" maxLength:"500" doc:"next of the page before"`
}

// query is the filter within what the caller may see.
func (in AlarmFilter) query(ctx context.Context) alarm.Query {
	q := alarm.Query{Scope: scope(ctx, org.AlarmRead), View: in.View, Text: in.Q, Chosen: in.Building, Hazard: in.Hazard, State: in.State, Person: in.Person, Verdict: in.Verdict,
		Unrationalised: in.Unrationalised, From: in.From, To: in.To}
	if in.Severity != "" {
		_ = q.Severity.UnmarshalText([]byte(in.Severity)) // the enum holds known words only
	}
	if in.Drill != "" {
		drill := in.Drill == "true"
		q.Drill = &drill
	}
	return q
}

// scope is where the caller's right holds, as the alarm room puts it.
func scope(ctx context.Context, p org.Permission) alarm.Scope {
	r := reach(ctx, p)
	return alarm.Scope{Everywhere: r.All(), Buildings: r.Buildings()}
}

// reached is an alarm that the caller may see and do something with; one that may not
// be seen does not exist.
func (s *server) reached(ctx context.Context, id string, p org.Permission) (alarm.Alarm, error) {
	a, err := s.Alarms.Get(ctx, id)
	if err != nil {
		return a, err
	}
	if !reach(ctx, org.AlarmRead).Has(a.Building) {
		return a, alarm.ErrNotFound
	}
	return a, s.within(ctx, p, a.Building)
}

type alarmID struct {
	ID string `path:"id" maxLength:"64"`
}

type alarmDetail struct {
	Alarm       alarm.Alarm        `json:"alarm"`
	Events      []alarm.Event      `json:"events"`
	Actions     []alarm.ActionRow  `json:"actions"`
	Overrides   []alarm.Override   `json:"overrides"` // in force, or waiting for a second person
	Occurrences []alarm.Occurrence `json:"occurrences"`
}

type ackIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note    string `json:"note,omitempty" maxLength:"2000"`
		Version int64  `json:"version" doc:"the version the person saw"`
		Seat    string `json:"seat,omitempty" maxLength:"100" doc:"the console it was done at"`
	}
}

type verdictIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body *noted
}

type resetAnswer struct {
	Command contract.Command `json:"command"`
	Alarm   alarm.Alarm      `json:"alarm"`
}

func (s *server) alarmOps() {
	register(s, "GET", "/api/alarms", "List alarms", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *alarmsIn) (*body[alarm.Page], error) {
		q := in.query(ctx)
		q.Limit, q.Before = in.Limit, in.Before
		return answered(s.Alarms.List(ctx, q))
	})
	register(s, "GET", "/api/alarms/{id}", "One alarm with its history", access(org.AlarmRead), http.StatusOK, s.alarm)
	register(s, "POST", "/api/alarms/{id}/acknowledge", "Acknowledge", access(org.AlarmAck), http.StatusOK, func(ctx context.Context, in *ackIn) (*body[alarm.Alarm], error) {
		if _, err := s.reached(ctx, in.ID, org.AlarmAck); err != nil {
			return nil, err
		}
		return answered(s.AlarmVerbs.AcknowledgeAt(ctx, in.ID, person(ctx), in.Body.Note, in.Body.Version, in.Body.Seat))
	})
	register(s, "POST", "/api/alarms/{id}/mute", "Silence sounders; the alarm stays", access(org.AlarmMute), http.StatusOK, func(ctx context.Context, in *alarmID) (*body[alarm.Alarm], error) {
		if _, err := s.reached(ctx, in.ID, org.AlarmMute); err != nil {
			return nil, err
		}
		return answered(s.AlarmVerbs.Mute(ctx, in.ID, person(ctx)))
	})
	register(s, "POST", "/api/alarms/{id}/reset", "Ask the edge to unlatch", access(org.AlarmReset), http.StatusAccepted, func(ctx context.Context, in *alarmID) (*body[resetAnswer], error) {
		if _, err := s.reached(ctx, in.ID, org.AlarmReset); err != nil {
			return nil, err
		}
		a, c, err := s.AlarmVerbs.AskReset(ctx, in.ID, person(ctx))
		return answered(resetAnswer{c, a}, err)
	})
	register(s, "POST", "/api/alarms/{id}/confirm", "Say that it is real", access(org.AlarmConfirm), http.StatusOK, func(ctx context.Context, in *verdictIn) (*body[alarm.Alarm], error) {
		if _, err := s.reached(ctx, in.ID, org.AlarmConfirm); err != nil {
			return nil, err
		}
		return answered(s.AlarmVerbs.Confirm(ctx, in.ID, person(ctx), in.Body.note()))
	})
	register(s, "POST", "/api/alarms/{id}/false-alarm", "Say that it is not real", access(org.AlarmConfirm), http.StatusOK, func(ctx context.Context, in *verdictIn) (*body[alarm.Alarm], error) {
		if _, err := s.reached(ctx, in.ID, org.AlarmConfirm); err != nil {
			return nil, err
		}
		return answered(s.AlarmVerbs.FalseAlarm(ctx, in.ID, person(ctx), in.Body.note()))
	})
	s.overrideOps()
	s.definitionOps()
	s.alarmReportOps()
}

func (s *server) alarm(ctx context.Context, in *alarmID) (*body[alarmDetail], error) {
	a, err := s.reached(ctx, in.ID, org.AlarmRead)
	if err != nil {
		return nil, err
	}
	out := alarmDetail{Alarm: a}
	if out.Events, err = s.Alarms.Events(ctx, in.ID); err != nil {
		return nil, err
	}
	if out.Actions, err = s.Alarms.Actions(ctx, in.ID); err != nil {
		return nil, err
	}
	if out.Overrides, err = s.Alarms.OverridesOf(ctx, a); err != nil {
		return nil, err
	}
	out.Occurrences, err = s.Alarms.Occurrences(ctx, in.ID)
	return answered(out, err)
}
