// Package register is the four-colour risk register: the records of the form "risk" counted
// by building, place and grade, the typical risks that are added to a place in one action,
// and scoring anew when the bounds of the grades have moved. Whatever it counts, it counts
// through the forms' own permissions.
package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"anlan/cloud/cond"
	"anlan/cloud/fleet/places"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
	"anlan/cloud/work"
)

// Forms that are read and written.
const (
	Form    = "risk"
	Hazards = "hazard"
)

// Gone is the status of a risk that is no more; Open of one that nobody answers for yet.
const (
	Gone = "gone"
	Open = "open"
)

// ErrNoRisk says that a place or a typical risk is not there, or out of reach.
var ErrNoRisk = errors.New("register: no such place or typical risk")

// Deps are what the register stands on.
type Deps struct {
	Desk    *work.Desk
	Tree    func() *places.Tree
	Hazards *hazard.Catalogue
	Typical []hazard.TypicalRisk
}

// Register answers about the risks of the community.
type Register struct{ Deps }

// New makes the register.
func New(d Deps) *Register { return &Register{d} }

// expr makes a condition of values; what is put in is JSON, so that nothing can break out.
func expr(v any) cond.Expr {
	raw, err := json.Marshal(v)
	if err != nil {
		return cond.Never()
	}
	e, err := cond.Parse(raw)
	if err != nil {
		return cond.Never()
	}
	return e
}

type m = map[string]any

func is(op, field string, v any) cond.Expr {
	return expr(m{"op": op, "l": m{"f": field}, "r": m{"v": v}})
}

// standard is what a record that was made of a typical risk keeps: once per place and risk.
func standard(place, risk string) string { return place + "#" + risk }

// Offer is a typical risk as it is offered for a place.
type Offer struct {
	hazard.TypicalRisk
	Score float64 `json:"score"`
	Grade string  `json:"grade"`
	Added bool    `json:"added"` // it is in the register of the place already
}

// reached says if a person may add risks at a place: a building within their reach, or a
// community all of whose buildings are.
func (g *Register) reached(who form.Who, place string) bool {
	tree := g.Tree()
	community, building, _ := strings.Cut(place, "/")
	if building != "" {
		b, ok := tree.Buildings[building]
		return ok && !b.Archived && b.Community == community && slices.Contains(who.Me.Buildings, building)
	}
	if c, ok := tree.Communities[community]; !ok || c.Archived {
		return false
	}
	for id, b := range tree.Buildings {
		if b.Community == community && !b.Archived && !slices.Contains(who.Me.Buildings, id) {
			return false
		}
	}
	return true
}

// Offers lists the typical risks for a place, "community/building" or "community". Errors:
// form.ErrDenied, ErrNoRisk.
func (g *Register) Offers(ctx context.Context, who form.Who, place string) ([]Offer, error) {
	if !who.Permits.May(Form, form.Create) {
		return nil, form.ErrDenied
	}
	if !g.reached(who, place) {
		return nil, ErrNoRisk
	}
	there, err := g.added(ctx, place)
	if err != nil {
		return nil, err
	}
	out := make([]Offer, len(g.Typical))
	for i, r := range g.Typical {
		s, _ := g.Hazards.Scheme(r.Scheme)
		out[i] = Offer{TypicalRisk: r, Added: there[standard(place, r.ID)]}
		if out[i].Score, out[i].Grade, err = s.Score(r.Factors); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// added are the typical risks that a place already has, whoever may see them.
func (g *Register) added(ctx context.Context, place string) (map[string]bool, error) {
	var keys []string
	for _, r := range g.Typical {
		keys = append(keys, standard(place, r.ID))
	}
	p, err := g.Desk.Forms.List(ctx, form.SystemWho(), Form, form.Listing{Filter: is("in", "standard", keys), Limit: form.MaxPage}, g.Desk.Now())
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range p.Records {
		s, _ := r.Doc["standard"].(string)
		out[s] = true
	}
	return out, nil
}

// Added is what adding typical risks came to.
type Added struct {
	Added   int `json:"added"`
	Already int `json:"already"`
}

// Add makes records of typical risks at a place, all or none; those that are there already
// are left alone. Errors: form.ErrDenied, ErrNoRisk, form.InvalidError.
func (g *Register) Add(ctx context.Context, who form.Who, place string, ids []string) (Added, error) {
	out, err := g.add(ctx, who, place, ids)
	if bad, ok := errors.AsType[*form.InvalidError](err); ok && slices.ContainsFunc(bad.Problems, func(p form.Problem) bool { return p.Path == "standard" }) {
		return g.add(ctx, who, place, ids) // somebody else has just added one of them
	}
	return out, err
}

func (g *Register) add(ctx context.Context, who form.Who, place string, ids []string) (out Added, err error) {
	offers, err := g.Offers(ctx, who, place)
	if err != nil {
		return out, err
	}
	err = g.Desk.DB.Tx(ctx, func(tx *sql.Tx) error {
		out = Added{}
		for n, id := range ids {
			i := slices.IndexFunc(offers, func(o Offer) bool { return o.ID == id })
			switch {
			case i < 0:
				return fmt.Errorf("%w: %s", ErrNoRisk, id)
			case slices.Contains(ids[:n], id):
				continue
			case offers[i].Added:
				out.Already++
				continue
			}
			fields := offers[i].Fields()
			fields["place"], fields["status"], fields["standard"] = place, Open, standard(place, id)
			if _, err := g.Desk.Forms.Create(ctx, tx, who, Form, fields, g.Desk.Now()); err != nil {
				return err
			}
			out.Added++
		}
		return nil
	})
	return out, err
}

// stale are the records that were scored by other bounds than those in force.
func (g *Register) stale() cond.Expr {
	var some []cond.Expr
	for _, s := range g.Hazards.Schemes {
		some = append(some, cond.And(is("eq", "scheme", s.ID), is("ne", "bounds", s.Bounds())))
	}
	return cond.And(is("ne", "status", Gone), cond.Or(some...))
}

// Regraded is what scoring anew came to.
type Regraded struct {
	Done  int `json:"done"`
	Left  int `json:"left"` // could not be: the record itself needs mending first
	Moved int `json:"moved"`
}

// Regrade scores anew, by the bounds in force, the risks that a person may edit and that
// were scored by others. Each has its line in its record's log. Errors: form.ErrDenied.
func (g *Register) Regrade(ctx context.Context, who form.Who) (out Regraded, err error) {
	p, err := g.Desk.Forms.ListFor(ctx, who, Form, form.Edit, form.Listing{Filter: g.stale(), Limit: form.MaxPage}, g.Desk.Now())
	if err != nil {
		return out, err
	}
	err = g.Desk.DB.Tx(ctx, func(tx *sql.Tx) error {
		out = Regraded{}
		for _, r := range p.Records {
			next, err := g.Desk.Forms.Update(ctx, tx, who, Form, r.ID, r.Rev, m{}, g.Desk.Now())
			if _, bad := errors.AsType[*form.InvalidError](err); bad {
				out.Left++
				continue
			}
			if err != nil {
				return err
			}
			out.Done++
			if next.Doc["grade"] != r.Doc["grade"] {
				out.Moved++
			}
		}
		return nil
	})
	return out, err
}
