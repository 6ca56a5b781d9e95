package httpapi

import (
	"context"
	"net/http"

	risk "anlan/cloud/hazard/register"
	"anlan/cloud/org"
)

type risksIn struct {
	Place    string `query:"place" maxLength:"200" doc:"community/building, or further down"`
	Category string `query:"category" maxLength:"64"`
	Grade    string `query:"grade" maxLength:"20"`
	Scheme   string `query:"scheme" maxLength:"20"`
}

type riskPlace struct {
	Place string `query:"place" minLength:"1" maxLength:"200" doc:"community/building, or a community"`
}

type risksAdd struct {
	Body struct {
		Place string   `json:"place" minLength:"1" maxLength:"200"`
		Risks []string `json:"risks" minItems:"1" maxItems:"200"`
	}
}

type riskOffers struct {
	Items []risk.Offer `json:"items"`
}

// riskOps are the four-colour risk register; its records are those of the form "risk".
func (s *server) riskOps() {
	use := access(org.WorkUse)
	register(s, "GET", "/api/risks/summary", "Risks counted by building, place, grade and score", use, http.StatusOK, func(ctx context.Context, in *risksIn) (*body[risk.Summary], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Risks.Summary(ctx, who, risk.Filter{Place: in.Place, Category: in.Category, Grade: in.Grade, Scheme: in.Scheme}))
	})
	register(s, "GET", "/api/risks/library", "Typical risks, as they are offered for a place", use, http.StatusOK, func(ctx context.Context, in *riskPlace) (*body[riskOffers], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		offers, err := s.Risks.Offers(ctx, who, in.Place)
		return answered(riskOffers{offers}, err)
	})
	register(s, "POST", "/api/risks/library", "Put typical risks into the register of a place", use, http.StatusOK, func(ctx context.Context, in *risksAdd) (*body[risk.Added], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Risks.Add(ctx, who, in.Body.Place, in.Body.Risks))
	})
	register(s, "POST", "/api/risks/regrade", "Score anew what was scored by bounds that have moved", use, http.StatusOK, func(ctx context.Context, _ *none) (*body[risk.Regraded], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Risks.Regrade(ctx, who))
	})
}
