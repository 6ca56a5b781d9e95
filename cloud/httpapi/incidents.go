package httpapi

import (
	"context"
	"errors"
	"net/http"

	"anlan/cloud/alarm"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/contract"
)

type planLine struct {
	ID        string          `json:"id"`
	Version   int             `json:"version"`
	Title     contract.Text   `json:"title"`
	Hazard    contract.Hazard `json:"hazard"`
	Available bool            `json:"available"`
	Problems  []string        `json:"problems" doc:"why it is not available, in the client's language"`
}

// incidentHead is an incident with its cause in the client's language.
type incidentHead struct {
	incident.Incident
	Cause string `json:"cause"`
}

func head(ctx context.Context, i incident.Incident) incidentHead {
	return incidentHead{i, i.Cause.In(langOf(ctx))}
}

type incidentView struct {
	Incident incidentHead       `json:"incident"`
	Roles    []incident.RoleRun `json:"roles"`
	Tasks    []incident.TaskRun `json:"tasks"`
	Timeline []incident.Entry   `json:"timeline"`
	Alarms   []alarm.Alarm      `json:"alarms"`
}

type launchIn struct {
	Body struct {
		Plan     string          `json:"plan" maxLength:"48"`
		Building string          `json:"building,omitempty" maxLength:"48"`
		Place    *contract.Place `json:"place,omitempty"`
		Alarm    string          `json:"alarm,omitempty" maxLength:"64" doc:"the alarm that is the cause; its place is then the incident's"`
		Drill    bool            `json:"drill,omitempty"`
		Note     string          `json:"note,omitempty" maxLength:"2000"`
	}
}

type incidentsIn struct {
	State string `query:"state" enum:"open,closed,all" default:"open"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type incidentID struct {
	ID string `path:"id" maxLength:"64"`
}

type keyIn struct {
	ID  string `path:"id" maxLength:"64"`
	Key string `path:"key" maxLength:"48"`
}

type noted struct {
	Note string `json:"note,omitempty" maxLength:"2000"`
}

// note reads an optional body.
func (n *noted) note() string {
	if n == nil {
		return ""
	}
	return n.Note
}

type taskIn struct {
	ID   string `path:"id" maxLength:"64"`
	Key  string `path:"key" maxLength:"48"`
	Body *noted
}

type messageIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Text string `json:"text" maxLength:"4000"`
	}
}

type closeIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body *noted
}

func (s *server) incidentOps() {
	work := access(org.IncidentWork)
	register(s, "GET", "/api/plans", "Emergency plans", access(org.AlarmRead), http.StatusOK, s.plans)
	register(s, "POST", "/api/incidents", "Launch a plan, or join the incident that is open there", access(org.PlanLaunch), http.StatusOK, s.launch)
	register(s, "GET", "/api/incidents", "List incidents", access(org.IncidentRead), http.StatusOK, s.incidents)
	register(s, "GET", "/api/incidents/{id}", "One incident", access(org.IncidentRead), http.StatusOK, func(ctx context.Context, in *incidentID) (*body[incidentView], error) {
		return answered(s.view(ctx, in.ID))
	})
	register(s, "POST", "/api/incidents/{id}/roles/{key}/accept", "Take a role", work, http.StatusOK, func(ctx context.Context, in *keyIn) (*body[incidentView], error) {
		return s.do(ctx, in.ID, org.IncidentWork, incident.Event{Kind: incident.AcceptRole, Key: in.Key})
	})
	for verb, kind := range map[string]incident.EventKind{"accept": incident.AcceptTask, "done": incident.DoneTask, "skip": incident.SkipTask} {
		register(s, "POST", "/api/incidents/{id}/tasks/{key}/"+verb, "Task: "+verb, work, http.StatusOK, func(ctx context.Context, in *taskIn) (*body[incidentView], error) {
			return s.do(ctx, in.ID, org.IncidentWork, incident.Event{Kind: kind, Key: in.Key, Note: in.Body.note()})
		})
	}
	register(s, "POST", "/api/incidents/{id}/messages", "Say something to everyone in it", work, http.StatusOK, func(ctx context.Context, in *messageIn) (*body[incidentView], error) {
		return s.do(ctx, in.ID, org.IncidentWork, incident.Event{Kind: incident.Say, Note: in.Body.Text})
	})
	register(s, "POST", "/api/incidents/{id}/close", "Close", access(org.IncidentClose), http.StatusOK, func(ctx context.Context, in *closeIn) (*body[incidentView], error) {
		return s.do(ctx, in.ID, org.IncidentClose, incident.Event{Kind: incident.Close, Note: in.Body.note()})
	})
}

func (s *server) plans(ctx context.Context, _ *none) (*body[[]planLine], error) {
	all, err := s.Plans.Current(ctx)
	if err != nil {
		return nil, err
	}
	people, err := s.Users.CountByRole(ctx)
	if err != nil {
		return nil, err
	}
	out := []planLine{}
	for _, p := range all {
		line := planLine{ID: p.ID, Version: p.Version, Title: p.Title, Hazard: p.Hazard, Problems: []string{}}
		for _, t := range p.Unfillable(people) {
			line.Problems = append(line.Problems, t.In(langOf(ctx)))
		}
		line.Available = len(line.Problems) == 0
		out = append(out, line)
	}
	return answered(out, nil)
}

func (s *server) launch(ctx context.Context, in *launchIn) (*body[incidentHead], error) {
	r := incident.Request{Plan: in.Body.Plan, Building: in.Body.Building, Alarm: in.Body.Alarm, Drill: in.Body.Drill, Note: in.Body.Note}
	if in.Body.Place != nil {
		r.Place = *in.Body.Place
	}
	if r.Alarm == "" {
		if r.Building == "" {
			r.Building = r.Place.Building
		}
		if r.Place.Building != "" && r.Place.Building != r.Building {
			return nil, badField("body.place.building", "与 building 不一致", "Differs from building")
		}
		b, _, err := s.Fleet.Building(ctx, r.Building)
		if err != nil {
			return nil, err
		}
		r.BuildingName, r.Place.Building = b.Name, b.ID
	} else {
		a, err := s.Alarms.Get(ctx, r.Alarm)
		if err != nil {
			return nil, err
		}
		r.Place.Building = a.Building
	}
	if err := s.within(ctx, org.PlanLaunch, r.Place.Building); err != nil {
		return nil, err
	}
	st, _, err := s.Incidents.Launch(ctx, actorIn(ctx, r.Place.Building), r)
	return answered(head(ctx, st.Incident), err)
}

// incidents looks behind what the caller's reach hides until the page is full.
func (s *server) incidents(ctx context.Context, in *incidentsIn) (*body[[]incidentHead], error) {
	to, limit := reach(ctx, org.IncidentRead), in.Limit
	if !to.All() {
		limit = maxIncidents
	}
	list, err := s.Incidents.List(ctx, in.State, limit)
	out := []incidentHead{}
	for _, i := range list {
		if to.Has(i.Place.Building) && len(out) < in.Limit {
			out = append(out, head(ctx, i))
		}
	}
	return answered(out, err)
}

// maxIncidents is how far back a list looks that shows some buildings only.
const maxIncidents = 5000

// seen returns an incident that the caller may read; another one is not there.
func (s *server) seen(ctx context.Context, id string) (incident.View, error) {
	v, err := s.Incidents.Get(ctx, id)
	if err == nil && !reach(ctx, org.IncidentRead).Has(v.Incident.Place.Building) {
		err = incident.ErrNotFound
	}
	return v, err
}

func (s *server) do(ctx context.Context, id string, need org.Permission, e incident.Event) (*body[incidentView], error) {
	v, err := s.seen(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.within(ctx, need, v.Incident.Place.Building); err != nil {
		return nil, err
	}
	e.By = actorIn(ctx, v.Incident.Place.Building)
	if _, err := s.Incidents.Do(ctx, id, e); err != nil {
		return nil, err
	}
	return answered(s.view(ctx, id))
}

func (s *server) view(ctx context.Context, id string) (incidentView, error) {
	v, err := s.seen(ctx, id)
	if err != nil {
		return incidentView{}, err
	}
	out := incidentView{head(ctx, v.Incident), v.Roles, v.Tasks, v.Timeline, []alarm.Alarm{}}
	for _, aid := range v.Incident.Alarms {
		a, err := s.Alarms.Get(ctx, aid)
		if errors.Is(err, alarm.ErrNotFound) {
			continue // its history is in the timeline
		}
		if err != nil {
			return incidentView{}, err
		}
		out.Alarms = append(out.Alarms, a)
	}
	return out, nil
}
