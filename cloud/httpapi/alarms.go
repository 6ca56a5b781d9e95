package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"
)

type alarmsIn struct {
	View     string          `query:"view" enum:"open,unacked,acked,rtn_unacked,history,all" default:"open"`
	Q        string          `query:"q" maxLength:"200" doc:"words that must all occur in title, place or device"`
	Building string          `query:"building" maxLength:"48"`
	Hazard   contract.Hazard `query:"hazard" maxLength:"48"`
	From     time.Time       `query:"from"`
	To       time.Time       `query:"to"`
	Limit    int             `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Before   string          `query:"before" maxLength:"500" doc:"next of the page before"`
}

type alarmID struct {
	ID string `path:"id" maxLength:"64"`
}

type alarmDetail struct {
	Alarm   alarm.Alarm       `json:"alarm"`
	Events  []alarm.Event     `json:"events"`
	Actions []alarm.ActionRow `json:"actions"`
}

type ackIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note    string `json:"note,omitempty" maxLength:"2000"`
		Version int64  `json:"version" doc:"the version the person saw"`
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

type paintedIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		At   time.Time `json:"at"`
		Seat string    `json:"seat,omitempty" maxLength:"100"`
	}
}

func (s *server) alarmOps() {
	register(s, "GET", "/api/alarms", "List alarms", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *alarmsIn) (*body[alarm.Page], error) {
		return answered(s.Alarms.List(ctx, alarm.Query{View: in.View, Text: in.Q, Building: in.Building, Hazard: in.Hazard, From: in.From, To: in.To, Limit: in.Limit, Before: in.Before}))
	})
	register(s, "GET", "/api/alarms/{id}", "One alarm with its history", access(org.AlarmRead), http.StatusOK, s.alarm)
	register(s, "POST", "/api/alarms/{id}/acknowledge", "Acknowledge", access(org.AlarmAck), http.StatusOK, func(ctx context.Context, in *ackIn) (*body[alarm.Alarm], error) {
		return answered(s.AlarmVerbs.Acknowledge(ctx, in.ID, person(ctx), in.Body.Note, in.Body.Version))
	})
	register(s, "POST", "/api/alarms/{id}/mute", "Silence sounders; the alarm stays", access(org.AlarmMute), http.StatusOK, func(ctx context.Context, in *alarmID) (*body[alarm.Alarm], error) {
		return answered(s.AlarmVerbs.Mute(ctx, in.ID, person(ctx)))
	})
	register(s, "POST", "/api/alarms/{id}/reset", "Ask the edge to unlatch", access(org.AlarmReset), http.StatusAccepted, func(ctx context.Context, in *alarmID) (*body[resetAnswer], error) {
		a, c, err := s.AlarmVerbs.AskReset(ctx, in.ID, person(ctx))
		return answered(resetAnswer{c, a}, err)
	})
	register(s, "POST", "/api/alarms/{id}/confirm", "Say that it is real", access(org.AlarmConfirm), http.StatusOK, func(ctx context.Context, in *verdictIn) (*body[alarm.Alarm], error) {
		return answered(s.AlarmVerbs.Confirm(ctx, in.ID, person(ctx), in.Body.note()))
	})
	register(s, "POST", "/api/alarms/{id}/false-alarm", "Say that it is not real", access(org.AlarmConfirm), http.StatusOK, func(ctx context.Context, in *verdictIn) (*body[alarm.Alarm], error) {
		return answered(s.AlarmVerbs.FalseAlarm(ctx, in.ID, person(ctx), in.Body.note()))
	})
	register(s, "POST", "/api/alarms/{id}/painted", "A console showed it", access(org.AlarmRead), http.StatusNoContent, s.painted)
}

func (s *server) alarm(ctx context.Context, in *alarmID) (*body[alarmDetail], error) {
	a, err := s.Alarms.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := s.Alarms.Events(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	actions, err := s.Alarms.Actions(ctx, in.ID)
	return answered(alarmDetail{a, events, actions}, err)
}

// painted takes the console's own time, but not one that cannot be.
func (s *server) painted(ctx context.Context, in *paintedIn) (*none, error) {
	if d := in.Body.At.Sub(s.now()); d > time.Minute || d < -time.Hour {
		return nil, badField("body.at", "时间与服务器相差太多", "This time is too far from the server's")
	}
	return nil, s.AlarmVerbs.MarkPainted(ctx, in.ID, person(ctx), in.Body.Seat, in.Body.At.UTC())
}
