package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
	"anlan/cloud/org"
)

// standards is what to look for, how grave it is, and how risk is scored, as in force.
type standards struct {
	Standards  []hazard.Standard `json:"standards"`
	Schemes    []hazard.Scheme   `json:"schemes"`
	Grades     []hazard.Grade    `json:"grades"` // gravest first
	Levels     *form.Dict        `json:"levels,omitempty" doc:"dictionary hazard-level, gravest first"`
	Categories []checklistOut    `json:"categories" doc:"in the order of the dictionary hazard_category"`
}

type checklistOut struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	hazard.Checklist
}

func (s *server) hazardOps() {
	register(s, "GET", "/api/hazard-catalogue", "What to look for, how grave it is, how risk is scored", signedIn, http.StatusOK,
		func(ctx context.Context, _ *none) (*body[standards], error) { return answered(s.standards(ctx)) })
	register(s, "GET", "/api/checklists/{key}", "The standard items of a category", access(org.WorkUse), http.StatusOK,
		func(ctx context.Context, in *dictIn) (*body[checklistOut], error) {
			return answered(s.checklist(ctx, in.Key))
		})
}

func (s *server) standards(ctx context.Context) (standards, error) {
	out := standards{Standards: s.Hazards.Standards, Schemes: s.Hazards.Schemes, Grades: s.Hazards.Grades, Categories: []checklistOut{}}
	var err error
	if out.Levels, err = s.dictionary(ctx, "hazard-level"); err != nil {
		return out, err
	}
	kinds, err := s.dictionary(ctx, "hazard_category")
	if err != nil {
		return out, err
	}
	heads, err := s.Work.Docs.List(ctx, document.Checklist)
	if err != nil {
		return out, err
	}
	place := map[string]int{}
	for i, it := range kinds.Items {
		place[it.Code] = i + 1
	}
	for _, h := range heads {
		if h.Current == 0 || !h.RetiredAt.IsZero() {
			continue
		}
		c, err := s.checklist(ctx, h.Key)
		if err != nil {
			return out, err
		}
		out.Categories = append(out.Categories, c)
	}
	slices.SortStableFunc(out.Categories, func(a, b checklistOut) int {
		return cmp.Or(cmp.Compare(cmp.Or(place[a.ID], len(place)+1), cmp.Or(place[b.ID], len(place)+1)), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// dictionary is one in force; one that nobody has published is empty.
func (s *server) dictionary(ctx context.Context, key string) (*form.Dict, error) {
	v, err := s.Work.Docs.Current(ctx, document.Dict, key)
	if errors.Is(err, document.ErrNotFound) {
		return &form.Dict{Items: []form.Item{}}, nil
	}
	if err != nil {
		return nil, err
	}
	return form.ParseDict(v.Body)
}

func (s *server) checklist(ctx context.Context, key string) (checklistOut, error) {
	v, err := s.Work.Docs.Current(ctx, document.Checklist, key)
	if err != nil {
		return checklistOut{}, err
	}
	c, bad := hazard.ParseChecklist(v.Body)
	if len(bad) > 0 {
		return checklistOut{}, fmt.Errorf("httpapi: checklist %s version %d: %s: %s", key, v.Version, bad[0].Path, bad[0].Text.EN)
	}
	return checklistOut{ID: key, Version: v.Version, Checklist: *c}, nil
}
