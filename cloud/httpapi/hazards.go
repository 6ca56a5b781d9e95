package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/hazard"
)

func (s *server) hazardOps() {
	register(s, "GET", "/api/hazard-catalogue", "What to look for, how grave it is, how risk is scored", signedIn, http.StatusOK,
		func(context.Context, *none) (*body[hazard.Catalogue], error) { return answered(*s.Hazards, nil) })
}
