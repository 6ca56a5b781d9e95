package httpapi

import (
	"context"
	"net/http"
	"slices"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

// directory is whom and what forms can name. It says no more of a person than their name.
type directory struct {
	People []colleague  `json:"people"`
	Units  []unitOfWork `json:"units"`
	Roles  []roleName   `json:"roles"`
}

type roleName struct {
	ID   string        `json:"id"`
	Name contract.Text `json:"name"`
}

type colleague struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Units []string `json:"units" doc:"posts and departments"`
	Roles []string `json:"roles"`
}

type unitOfWork struct {
	ID     string        `json:"id"`
	Parent string        `json:"parent"`
	Kind   org.UnitKind  `json:"kind"`
	Name   contract.Text `json:"name"`
}

type dictIn struct {
	Key string `path:"key" maxLength:"48"`
}

func (s *server) directoryOps() {
	use := access(org.WorkUse)
	register(s, "GET", "/api/directory", "People and departments that forms can name", use, http.StatusOK, func(ctx context.Context, _ *none) (*body[directory], error) {
		return answered(s.directory(ctx))
	})
	register(s, "GET", "/api/dictionaries/{key}", "A dictionary that forms choose from", use, http.StatusOK, func(ctx context.Context, in *dictIn) (*body[*form.Dict], error) {
		v, err := s.Work.Docs.Current(ctx, document.Dict, in.Key)
		if err != nil {
			return nil, err
		}
		return answered(form.ParseDict(v.Body))
	})
}

func (s *server) directory(ctx context.Context) (directory, error) {
	out := directory{People: []colleague{}, Units: []unitOfWork{}, Roles: []roleName{}}
	roles, err := s.Users.RoleList(ctx)
	if err != nil {
		return out, err
	}
	for _, r := range roles {
		out.Roles = append(out.Roles, roleName{string(r.ID), r.Name})
	}
	users, err := s.Users.List(ctx)
	if err != nil {
		return out, err
	}
	units, err := s.Users.Units(ctx)
	if err != nil {
		return out, err
	}
	in := map[string][]string{}
	for _, u := range units {
		for _, p := range u.People {
			in[p] = append(in[p], u.ID)
		}
		if u.Active {
			out.Units = append(out.Units, unitOfWork{u.ID, u.Parent, u.Kind, u.Name})
		}
	}
	for _, u := range users {
		if !u.Active || !s.meets(ctx, u) {
			continue
		}
		c := colleague{ID: u.ID, Name: u.Name, Units: append([]string{}, in[u.ID]...), Roles: []string{}}
		for _, a := range u.Assignments {
			c.Roles = append(c.Roles, string(a.Role))
		}
		out.People = append(out.People, c)
	}
	return out, nil
}

// meets says if a person works where the caller does.
func (s *server) meets(ctx context.Context, u org.User) bool {
	mine := reach(ctx, org.WorkUse)
	return mine.All() || slices.ContainsFunc(u.Assignments, func(a org.Assignment) bool {
		if b, ok := a.Scope.Building(); ok {
			return mine.Has(b)
		}
		c, ok := a.Scope.Community()
		return !ok || slices.ContainsFunc(mine.Buildings(), func(b string) bool { return s.Places.Tree().Buildings[b].Community == c })
	})
}
