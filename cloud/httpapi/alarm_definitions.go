package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"
)

type definitionList struct {
	Items           []alarm.DefinitionVersion `json:"items"`
	NotRationalised []alarm.Undefined         `json:"not_rationalised"` // rules that report without a definition in force
}

type definitionID struct {
	ID contract.RuleID `path:"id" maxLength:"48"`
}

type definitionVersions struct {
	Versions []alarm.DefinitionVersion `json:"versions"` // the newest first
}

// draftIn is a draft as far as it is written; what is missing is said when it is to be
// activated.
type draftIn struct {
	ID   contract.RuleID `path:"id" maxLength:"48"`
	Body struct {
		Base         int64               `json:"base" doc:"the newest version there is, which this one is made from; 0 for the first"`
		Title        contract.Text       `json:"title"`
		Hazard       contract.Hazard     `json:"hazard" maxLength:"48"`
		Priority     string              `json:"priority" enum:"notice,minor,major,critical"`
		Consequence  contract.Text       `json:"consequence"`
		Action       contract.Text       `json:"action"`
		RespondS     int64               `json:"respond_s"`
		Latch        bool                `json:"latch"`
		OnDelayS     int64               `json:"on_delay_s"`
		OffDelayS    int64               `json:"off_delay_s"`
		Owner        contract.Text       `json:"owner"`
		SuppressedBy []alarm.Suppression `json:"suppressed_by,omitempty" maxItems:"20"`
		Note         string              `json:"note,omitempty" maxLength:"2000"`
	}
}

func (in *draftIn) definition() alarm.Definition {
	b := in.Body
	d := alarm.Definition{ID: in.ID, Title: b.Title, Hazard: b.Hazard, Consequence: b.Consequence, Action: b.Action, RespondS: b.RespondS, Latch: b.Latch,
		OnDelayS: b.OnDelayS, OffDelayS: b.OffDelayS, Owner: b.Owner, SuppressedBy: b.SuppressedBy, Note: b.Note}
	_ = d.Priority.UnmarshalText([]byte(b.Priority)) // the enum holds known words only
	return d
}

type versionIn struct {
	ID   contract.RuleID `path:"id" maxLength:"48"`
	Body struct {
		Version int64 `json:"version" minimum:"1"`
	}
}

func (s *server) definitionOps() {
	register(s, "GET", "/api/alarm-definitions", "What alarms mean and ask for", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, _ *struct{}) (*body[definitionList], error) {
		items, err := s.Alarms.Definitions(ctx)
		if err != nil {
			return nil, err
		}
		without, err := s.Alarms.NotRationalised(ctx)
		return answered(definitionList{items, without}, err)
	})
	register(s, "GET", "/api/alarm-definitions/{id}", "Every version of one definition", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *definitionID) (*body[definitionVersions], error) {
		list, err := s.Alarms.DefinitionVersions(ctx, in.ID)
		return answered(definitionVersions{list}, err)
	})
	// A definition holds in every building, so changing it takes the right everywhere.
	register(s, "PUT", "/api/alarm-definitions/{id}", "Write a draft", access(org.AlarmDefine), http.StatusOK, func(ctx context.Context, in *draftIn) (*body[alarm.DefinitionVersion], error) {
		if err := s.within(ctx, org.AlarmDefine, ""); err != nil {
			return nil, err
		}
		return answered(s.Alarms.SaveDraft(ctx, actor(ctx), in.definition(), in.Body.Base))
	})
	register(s, "POST", "/api/alarm-definitions/{id}/activate", "Put a draft in force", access(org.AlarmDefine), http.StatusOK, func(ctx context.Context, in *versionIn) (*body[alarm.DefinitionVersion], error) {
		if err := s.within(ctx, org.AlarmDefine, ""); err != nil {
			return nil, err
		}
		return answered(s.Alarms.Activate(ctx, actor(ctx), in.ID, in.Body.Version))
	})
	register(s, "POST", "/api/alarm-definitions/{id}/retire", "Take a definition out of force", access(org.AlarmDefine), http.StatusOK, func(ctx context.Context, in *versionIn) (*body[alarm.DefinitionVersion], error) {
		if err := s.within(ctx, org.AlarmDefine, ""); err != nil {
			return nil, err
		}
		return answered(s.Alarms.Retire(ctx, actor(ctx), in.ID, in.Body.Version))
	})
}
