package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/org"
	"anlan/contract"
)

type unitIn struct {
	Body struct {
		Parent string        `json:"parent,omitempty" maxLength:"64"`
		Kind   org.UnitKind  `json:"kind" enum:"company,community,department,post"`
		Name   contract.Text `json:"name"`
		Pos    int           `json:"pos,omitempty" minimum:"0" maximum:"100000"`
		Active bool          `json:"active,omitempty" default:"true"`
		Lead   bool          `json:"lead,omitempty" doc:"a post whose holders are heads of the unit above it"`
	}
}

type unitEdit struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Parent string        `json:"parent,omitempty" maxLength:"64"`
		Kind   org.UnitKind  `json:"kind" enum:"company,community,department,post"`
		Name   contract.Text `json:"name"`
		Pos    int           `json:"pos,omitempty" minimum:"0" maximum:"100000"`
		Active bool          `json:"active"`
		Lead   bool          `json:"lead,omitempty" doc:"a post whose holders are heads of the unit above it"`
	}
}

// unitOps is the organisation tree. It is one for all, so who changes it manages people
// everywhere; who manages some may see it, to put people into posts.
func (s *server) unitOps() {
	manage := access(org.UserManage)
	register(s, "GET", "/api/org/units", "The organisation tree", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[[]org.Unit], error) {
		return answered(s.Users.Units(ctx))
	})
	register(s, "POST", "/api/org/units", "Make a company, community, department or post", manage, http.StatusCreated, func(ctx context.Context, in *unitIn) (*body[org.Unit], error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		b := in.Body
		return answered(s.Auth.SaveUnit(ctx, actor(ctx), org.Unit{Parent: b.Parent, Kind: b.Kind, Name: b.Name, Pos: b.Pos, Active: true, Lead: b.Lead}, s.now()))
	})
	register(s, "PUT", "/api/org/units/{id}", "Change or move a unit", manage, http.StatusOK, func(ctx context.Context, in *unitEdit) (*body[org.Unit], error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		b := in.Body
		u, err := s.Auth.SaveUnit(ctx, actor(ctx), org.Unit{ID: in.ID, Parent: b.Parent, Kind: b.Kind, Name: b.Name, Pos: b.Pos, Active: b.Active, Lead: b.Lead}, s.now())
		return answered(u, notFound(err, "没有这个部门或岗位", "No such unit"))
	})
	register(s, "DELETE", "/api/org/units/{id}", "Delete an empty unit", manage, http.StatusNoContent, func(ctx context.Context, in *userID) (*none, error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		return nil, notFound(s.Auth.DeleteUnit(ctx, actor(ctx), in.ID, s.now()), "没有这个部门或岗位", "No such unit")
	})
}
