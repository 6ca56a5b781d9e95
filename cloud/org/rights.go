package org

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Scope is where an assignment holds: "all", "community:<id>" or "building:<id>".
type Scope string

// All is the scope without bounds.
const All Scope = "all"

// In is the scope of one building.
func In(building string) Scope { return Scope("building:" + building) }

// Community returns the id of a community's scope.
func (s Scope) Community() (string, bool) { return strings.CutPrefix(string(s), "community:") }

// Building returns the id of a building's scope.
func (s Scope) Building() (string, bool) { return strings.CutPrefix(string(s), "building:") }

// Valid reports whether s is written as a scope is.
func (s Scope) Valid() bool {
	if s == All {
		return true
	}
	c, okC := s.Community()
	b, okB := s.Building()
	return okC && validID(c) || okB && validID(b)
}

func validID(id string) bool {
	return id != "" && len(id) <= 48 && !strings.ContainsFunc(id, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}

// Assignment is a role that a person plays within a scope.
type Assignment struct {
	Role  Role  `json:"role"`
	Scope Scope `json:"scope"`
}

func tidy(as []Assignment) []Assignment {
	out := slices.Clone(as)
	slices.SortFunc(out, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(rank(b.Role), rank(a.Role)), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Scope, b.Scope))
	})
	return slices.Compact(out)
}

// rank orders roles by how much they may do, so that the main one is found.
func rank(r Role) int { return len(rights()[r]) }

// Rights is what a person may do and where, worked out of the assignments. The zero
// value may do nothing.
type Rights struct {
	reach  map[Permission]Reach
	scopes map[Permission][]Scope // as given, for passing on; a limited one passes nothing on
}

// RightsOf works out the union of the assignments. permissions says what a role may do,
// buildings which buildings a community has now.
func RightsOf(as []Assignment, permissions func(Role) []Permission, buildings func(community string) []string) Rights {
	r := Rights{map[Permission]Reach{}, map[Permission][]Scope{}}
	for _, a := range as {
		to := reachOf(a.Scope, buildings)
		for _, p := range permissions(a.Role) {
			r.reach[p] = r.reach[p].union(to)
			if !slices.Contains(r.scopes[p], a.Scope) {
				r.scopes[p] = append(r.scopes[p], a.Scope)
			}
		}
	}
	return r
}

func reachOf(s Scope, buildings func(string) []string) Reach {
	if c, ok := s.Community(); ok {
		return Within(buildings(c)...)
	}
	if b, ok := s.Building(); ok {
		return Within(b)
	}
	if s == All {
		return Everywhere()
	}
	return Reach{}
}

// May reports whether p is held anywhere.
func (r Rights) May(p Permission) bool { _, ok := r.reach[p]; return ok }

// Reach is where p is held.
func (r Rights) Reach(p Permission) Reach { return r.reach[p] }

// Permissions lists what is held anywhere, in alphabetical order.
func (r Rights) Permissions() []Permission { return slices.Sorted(maps.Keys(r.reach)) }

// Equal reports whether two people may do the same in the same places.
func (r Rights) Equal(o Rights) bool { return maps.EqualFunc(r.reach, o.reach, Reach.Equal) }

// Holds reports whether p is held in the whole of a scope, now and when it grows.
func (r Rights) Holds(p Permission, s Scope) bool {
	given := r.scopes[p]
	if slices.Contains(given, All) || slices.Contains(given, s) {
		return true
	}
	b, ok := s.Building()
	return ok && len(given) > 0 && r.reach[p].Has(b)
}

// Covers reports whether everything that the assignments allow is held by r in the same
// scope; nobody passes on, or takes away, what they do not hold.
func (r Rights) Covers(as []Assignment, permissions func(Role) []Permission) bool {
	for _, a := range as {
		for _, p := range permissions(a.Role) {
			if !r.Holds(p, a.Scope) {
				return false
			}
		}
	}
	return true
}

// Only is r bounded to some permissions and scopes. It passes nothing on.
func (r Rights) Only(ps []Permission, scopes []Scope, buildings func(community string) []string) Rights {
	var to Reach
	for _, s := range scopes {
		to = to.union(reachOf(s, buildings))
	}
	out := Rights{reach: map[Permission]Reach{}}
	for _, p := range ps {
		if have, ok := r.reach[p]; ok {
			out.reach[p] = have.common(to)
		}
	}
	return out
}
