package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"
)

// AlarmLife is what surrounds alarms: overrides, definitions, load and reports.
type AlarmLife interface {
	CountsIn(ctx context.Context, in alarm.Scope) (alarm.Counts, error)
	Occurrences(ctx context.Context, id string) ([]alarm.Occurrence, error)
	OverridesOf(ctx context.Context, a alarm.Alarm) ([]alarm.Override, error)

	Override(ctx context.Context, id string) (alarm.Override, error)
	Overrides(ctx context.Context, ended bool, in alarm.Scope) ([]alarm.Override, error)
	SetAside(ctx context.Context, by org.Actor, r alarm.OverrideRequest) (alarm.Override, error)
	Approve(ctx context.Context, by org.Actor, id string) (alarm.Override, error)
	Refuse(ctx context.Context, by org.Actor, id, text string) (alarm.Override, error)
	Extend(ctx context.Context, by org.Actor, id string, until time.Time, text string) (alarm.Override, error)
	EndOverride(ctx context.Context, by org.Actor, id, text string) (alarm.Override, error)
	Policy(ctx context.Context) (alarm.Policy, error)
	SetPolicy(ctx context.Context, by org.Actor, p alarm.Policy) (alarm.Policy, error)

	Definitions(ctx context.Context) ([]alarm.DefinitionVersion, error)
	DefinitionVersions(ctx context.Context, id contract.RuleID) ([]alarm.DefinitionVersion, error)
	NotRationalised(ctx context.Context) ([]alarm.Undefined, error)
	SaveDraft(ctx context.Context, by org.Actor, d alarm.Definition, base int64) (alarm.DefinitionVersion, error)
	Activate(ctx context.Context, by org.Actor, id contract.RuleID, version int64) (alarm.DefinitionVersion, error)
	Retire(ctx context.Context, by org.Actor, id contract.RuleID, version int64) (alarm.DefinitionVersion, error)

	Load(ctx context.Context, in alarm.Scope, now time.Time) (alarm.Load, error)
	KPI(ctx context.Context, in alarm.Scope, from, to time.Time, zone *time.Location) (alarm.KPI, error)
	Filters(ctx context.Context, person string) ([]alarm.Filter, error)
	KeepFilter(ctx context.Context, person, name, query string) (alarm.Filter, error)
	DropFilter(ctx context.Context, person, id string) error
	People(ctx context.Context) ([]alarm.Person, error)
}

// Aside is what a person fills in to set something aside.
type Aside struct {
	Reason    alarm.Reason `json:"reason" enum:"stale,chattering,maintenance,nuisance,test,other"`
	Text      string       `json:"text,omitempty" maxLength:"500"`
	ForS      int64        `json:"for_s,omitempty" minimum:"0" doc:"seconds from now; for shelving"`
	Until     *time.Time   `json:"until,omitempty" doc:"planned end; for taking out of service"`
	OneShot   bool         `json:"one_shot,omitempty" doc:"ends at the next return to normal"`
	AllRules  bool         `json:"all_rules,omitempty" doc:"every rule of the point, not only the alarm's"`
	WorkOrder string       `json:"work_order,omitempty" maxLength:"100"`
	Person    string       `json:"person,omitempty" maxLength:"100" doc:"who does the work"`
}

func (b Aside) request(k alarm.OverrideKind, now time.Time) alarm.OverrideRequest {
	r := alarm.OverrideRequest{Kind: k, Reason: b.Reason, Text: b.Text, OneShot: b.OneShot, WorkOrder: b.WorkOrder, Person: b.Person}
	if b.Until != nil {
		r.Until = *b.Until
	} else if b.ForS > 0 {
		r.Until = now.Add(time.Duration(b.ForS) * time.Second)
	}
	return r
}

type asideIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body Aside
}

type overrideIn struct {
	Body struct {
		Aside
		Kind  alarm.OverrideKind `json:"kind" enum:"shelved,out_of_service"`
		Edge  contract.EdgeID    `json:"edge" maxLength:"48"`
		Point contract.PointID   `json:"point" maxLength:"128"`
		Rule  contract.RuleID    `json:"rule,omitempty" maxLength:"48"`
	}
}

type overridesIn struct {
	State string `query:"state" enum:"open,ended" default:"open"`
}

type overrideList struct {
	Items  []alarm.Override `json:"items"`
	Counts alarm.Counts     `json:"counts"`
}

type overrideID struct {
	ID   string `path:"id" maxLength:"64"`
	Body *struct {
		Text string `json:"text,omitempty" maxLength:"500"`
	}
}

func (in *overrideID) text() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Text
}

type extendIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Until time.Time `json:"until"`
		Text  string    `json:"text,omitempty" maxLength:"500"`
	}
}

func (s *server) overrideOps() {
	register(s, "POST", "/api/alarms/{id}/shelve", "Set an alarm aside for a time", access(org.AlarmShelve), http.StatusOK, func(ctx context.Context, in *asideIn) (*body[alarm.Alarm], error) {
		if _, err := s.setAside(ctx, in, alarm.Shelved, org.AlarmShelve); err != nil {
			return nil, forS(err, in.Body)
		}
		return answered(s.Alarms.Get(ctx, in.ID))
	})
	register(s, "POST", "/api/alarms/{id}/out-of-service", "Take an alarm's point out of service", access(org.AlarmOutOfService), http.StatusOK, func(ctx context.Context, in *asideIn) (*body[alarm.Override], error) {
		return answered(s.setAside(ctx, in, alarm.OutOfService, org.AlarmOutOfService))
	})
	register(s, "GET", "/api/overrides", "What is set aside", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *overridesIn) (*body[overrideList], error) {
		items, err := s.Alarms.Overrides(ctx, in.State == "ended", scope(ctx, org.AlarmRead))
		if err != nil {
			return nil, err
		}
		counts, err := s.Alarms.CountsIn(ctx, scope(ctx, org.AlarmRead))
		return answered(overrideList{items, counts}, err)
	})
	register(s, "POST", "/api/overrides", "Set a point aside that has no alarm", access(org.AlarmRead), http.StatusOK, s.setPointAside)
	register(s, "POST", "/api/overrides/{id}/approve", "Approve as the second person", access(org.AlarmOutOfService), http.StatusOK, func(ctx context.Context, in *overrideID) (*body[alarm.Override], error) {
		o, err := s.override(ctx, in.ID, true)
		if err != nil {
			return nil, err
		}
		return answered(s.told(s.Alarms.Approve(ctx, actorIn(ctx, o.Building), in.ID)))
	})
	register(s, "POST", "/api/overrides/{id}/refuse", "Refuse, or take the request back", access(org.AlarmOutOfService), http.StatusOK, func(ctx context.Context, in *overrideID) (*body[alarm.Override], error) {
		o, err := s.override(ctx, in.ID, true)
		if err != nil {
			return nil, err
		}
		return answered(s.told(s.Alarms.Refuse(ctx, actorIn(ctx, o.Building), in.ID, in.text())))
	})
	register(s, "POST", "/api/overrides/{id}/extend", "Let it end later", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *extendIn) (*body[alarm.Override], error) {
		o, err := s.override(ctx, in.ID, true)
		if err != nil {
			return nil, err
		}
		return answered(s.told(s.Alarms.Extend(ctx, actorIn(ctx, o.Building), in.ID, in.Body.Until, in.Body.Text)))
	})
	register(s, "POST", "/api/overrides/{id}/end", "Put it back", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *overrideID) (*body[alarm.Override], error) {
		o, err := s.override(ctx, in.ID, true)
		if err != nil {
			return nil, err
		}
		return answered(s.told(s.Alarms.EndOverride(ctx, actorIn(ctx, o.Building), in.ID, in.text())))
	})
	register(s, "GET", "/api/alarm-policy", "How long what may be set aside", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, _ *struct{}) (*body[alarm.Policy], error) {
		return answered(s.Alarms.Policy(ctx))
	})
	register(s, "PUT", "/api/alarm-policy", "Change the policy", access(org.AlarmDefine), http.StatusOK, func(ctx context.Context, in *body[alarm.Policy]) (*body[alarm.Policy], error) {
		if err := s.within(ctx, org.AlarmDefine, ""); err != nil {
			return nil, err
		}
		return answered(s.Alarms.SetPolicy(ctx, actor(ctx), in.Body))
	})
}

// forS puts the error about an end at the field the caller filled in.
func forS(err error, b Aside) error {
	if e, ok := errors.AsType[*alarm.InvalidError](err); ok && b.Until == nil {
		for i := range e.Fields {
			if e.Fields[i].Path == "until" {
				e.Fields[i].Path = "for_s"
			}
		}
	}
	return err
}

// badFields is the answer when fields are wrong: the first one's words, and the path of
// each.
func badFields(e *alarm.InvalidError) *fault {
	out := say(http.StatusUnprocessableEntity, e.Fields[0].Text.ZH, e.Fields[0].Text.EN)
	for _, f := range e.Fields {
		out.fields = append(out.fields, &fault{field: "body." + f.Path, text: f.Text})
	}
	return out
}

// permissionOf is the right a kind of override takes.
func permissionOf(k alarm.OverrideKind) org.Permission {
	if k == alarm.Shelved {
		return org.AlarmShelve
	}
	return org.AlarmOutOfService
}

// override is one that the caller may see; with change, also do something with.
func (s *server) override(ctx context.Context, id string, change bool) (alarm.Override, error) {
	o, err := s.Alarms.Override(ctx, id)
	if err != nil {
		return o, err
	}
	if !reach(ctx, org.AlarmRead).Has(o.Building) {
		return o, alarm.ErrNoOverride
	}
	if !change {
		return o, nil
	}
	return o, s.within(ctx, permissionOf(o.Kind), o.Building)
}

// told lets every seat know of what was done, so that the second person is asked at once.
func (s *server) told(o alarm.Override, err error) (alarm.Override, error) {
	if err == nil {
		s.Hub.Override(o)
	}
	return o, err
}

func (s *server) setAside(ctx context.Context, in *asideIn, k alarm.OverrideKind, p org.Permission) (alarm.Override, error) {
	a, err := s.reached(ctx, in.ID, p)
	if err != nil {
		return alarm.Override{}, err
	}
	if a.State == alarm.Closed {
		return alarm.Override{}, alarm.ErrClosed
	}
	r := in.Body.request(k, s.now())
	r.Edge, r.Point, r.Building, r.Title, r.Hazard = a.Edge, a.Point, a.Building, a.Title, a.Hazard
	if !in.Body.AllRules {
		r.Rule = a.Rule
	}
	return s.told(s.Alarms.SetAside(ctx, actorIn(ctx, a.Building), r))
}

func (s *server) setPointAside(ctx context.Context, in *overrideIn) (*body[alarm.Override], error) {
	p, d, b, err := s.Fleet.PointOf(ctx, in.Body.Edge, in.Body.Point)
	if err != nil {
		return nil, err
	}
	if err := s.within(ctx, permissionOf(in.Body.Kind), b.ID); err != nil {
		return nil, err
	}
	r := in.Body.request(in.Body.Kind, s.now())
	r.Edge, r.Point, r.Rule, r.Building = p.Edge, p.ID, in.Body.Rule, b.ID
	r.Title = contract.Text{ZH: d.Name.In("zh-CN") + " · " + p.Name.In("zh-CN"), EN: d.Name.In("en") + " · " + p.Name.In("en")}
	o, err := s.told(s.Alarms.SetAside(ctx, actorIn(ctx, b.ID), r))
	return answered(o, forS(err, in.Body.Aside))
}
