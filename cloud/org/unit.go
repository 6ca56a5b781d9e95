package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"anlan/contract"
)

// UnitKind is what a unit of the organisation is.
type UnitKind string

// Kinds of units.
const (
	Company    UnitKind = "company"
	UCommunity UnitKind = "community"
	Department UnitKind = "department"
	Post       UnitKind = "post"
)

// under lists what a unit may stand under; "" is the top.
func (k UnitKind) under() []UnitKind {
	switch k {
	case Company:
		return []UnitKind{"", Company}
	case UCommunity:
		return []UnitKind{Company}
	case Department:
		return []UnitKind{Company, UCommunity, Department}
	case Post:
		return []UnitKind{Company, UCommunity, Department}
	}
	return nil
}

// Unit is one node of the organisation tree.
type Unit struct {
	ID     string        `json:"id"`
	Parent string        `json:"parent"` // "" at the top
	Kind   UnitKind      `json:"kind"`
	Name   contract.Text `json:"name"`
	Pos    int           `json:"pos"`            // order among its siblings
	Active bool          `json:"active"`         // one that is not takes nobody new
	Lead   bool          `json:"lead,omitempty"` // a post whose holders are heads of the unit above it
	People []string      `json:"people"`         // user ids
}

// Units lists the whole tree, siblings in their order.
func (s *Store) Units(ctx context.Context) ([]Unit, error) { return units(ctx, s.db.Read()) }

func units(ctx context.Context, q querier) ([]Unit, error) {
	people := map[string][]string{}
	err := each(ctx, q, `SELECT unit, person FROM org_unit_person ORDER BY unit, person`, func(scan func(...any) error) error {
		var unit, person string
		err := scan(&unit, &person)
		people[unit] = append(people[unit], person)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []Unit{}
	err = each(ctx, q, `SELECT id, parent, kind, name, pos, active, lead <> 0 FROM org_unit ORDER BY pos, id`, func(scan func(...any) error) error {
		var u Unit
		var name string
		if err := scan(&u.ID, &u.Parent, &u.Kind, &name, &u.Pos, &u.Active, &u.Lead); err != nil {
			return err
		}
		u.People = append([]string{}, people[u.ID]...)
		err := json.Unmarshal([]byte(name), &u.Name)
		out = append(out, u)
		return err
	})
	return out, err
}

// CheckUnit reports the first thing that is wrong with putting u into a tree.
func CheckUnit(tree []Unit, u Unit) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(u.Name.ZH)); n == 0 || n > 40 || utf8.RuneCountInString(u.Name.EN) > 80 {
		return &InvalidError{"name", "名称须为 1 至 40 个字", "1 to 40 characters"}
	}
	byID := map[string]Unit{}
	for _, v := range tree {
		byID[v.ID] = v
	}
	parent, ok := byID[u.Parent]
	if u.Parent != "" && !ok {
		return &InvalidError{"parent", "没有这个上级", "no such parent"}
	}
	if !slices.Contains(u.Kind.under(), parent.Kind) {
		return &InvalidError{"parent", "这类单位不能放在这里", "a unit of this kind cannot stand here"}
	}
	for up, steps := parent, 0; up.ID != ""; up, steps = byID[up.Parent], steps+1 {
		if up.ID == u.ID || steps > len(tree) {
			return &InvalidError{"parent", "不能放到自己或自己的下级之下", "it cannot stand under itself"}
		}
	}
	if old, ok := byID[u.ID]; ok && old.Kind != u.Kind {
		for _, v := range tree {
			if v.Parent == u.ID && !slices.Contains(v.Kind.under(), u.Kind) {
				return &InvalidError{"kind", "它的下级不能放在这类单位之下", "what stands under it cannot stand under this kind"}
			}
		}
	}
	return nil
}

// SaveUnit makes (empty id) or changes a unit within tx. Errors: [InvalidError],
// [ErrNotFound].
func (s *Store) SaveUnit(ctx context.Context, tx *sql.Tx, u Unit) (Unit, error) {
	// Two moves at the same time could make a ring of two trees.
	if err := gate(ctx, tx); err != nil {
		return u, err
	}
	tree, err := units(ctx, tx)
	if err != nil {
		return u, err
	}
	i := slices.IndexFunc(tree, func(v Unit) bool { return v.ID == u.ID })
	if u.ID != "" && i < 0 {
		return u, fmt.Errorf("org: unit %s: %w", u.ID, ErrNotFound)
	}
	if err := CheckUnit(tree, u); err != nil {
		return u, err
	}
	name, err := json.Marshal(u.Name)
	if err != nil {
		return u, fmt.Errorf("org: encode unit: %w", err)
	}
	active, lead := 0, 0
	if u.Active {
		active = 1
	}
	if u.Lead = u.Lead && u.Kind == Post; u.Lead {
		lead = 1
	}
	u.People = []string{}
	if u.ID == "" {
		u.ID = "ou-" + strings.ToLower(rand.Text()[:12])
	} else {
		u.People = tree[i].People
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO org_unit (id, parent, kind, name, pos, active, lead) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, kind = excluded.kind, name = excluded.name, pos = excluded.pos, active = excluded.active, lead = excluded.lead`,
		u.ID, u.Parent, string(u.Kind), string(name), u.Pos, active, lead); err != nil {
		return u, fmt.Errorf("org: save unit: %w", err)
	}
	return u, nil
}

// DeleteUnit removes a unit with nothing under it and nobody in it, within tx. Errors:
// [ErrInUse], [ErrNotFound].
func (s *Store) DeleteUnit(ctx context.Context, tx *sql.Tx, id string) error {
	if err := gate(ctx, tx); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM org_unit WHERE parent = $1) + (SELECT COUNT(*) FROM org_unit_person WHERE unit = $2)`, id, id).Scan(&n); err != nil {
		return fmt.Errorf("org: delete unit: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("org: unit %s: %w", id, ErrInUse)
	}
	return touch(tx.ExecContext(ctx, `DELETE FROM org_unit WHERE id = $1`, id))
}

// SetPosts replaces the posts of a person within tx. Errors: [InvalidError].
func (s *Store) SetPosts(ctx context.Context, tx *sql.Tx, person string, posts []string) error {
	if err := gate(ctx, tx); err != nil {
		return err
	}
	tree, err := units(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM org_unit_person WHERE person = $1`, person); err != nil {
		return fmt.Errorf("org: set posts: %w", err)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(posts))) {
		i := slices.IndexFunc(tree, func(u Unit) bool { return u.ID == id })
		if i < 0 || !tree[i].Active && !slices.Contains(tree[i].People, person) {
			return &InvalidError{"posts", "没有这个岗位，或已停用", "no such post, or it is not active"}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO org_unit_person (unit, person) VALUES ($1, $2)`, id, person); err != nil {
			return fmt.Errorf("org: set posts: %w", err)
		}
	}
	return nil
}

// Posts lists the unit ids of everyone, by person.
func (s *Store) Posts(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	return out, each(ctx, s.db.Read(), `SELECT person, unit FROM org_unit_person ORDER BY person, unit`, func(scan func(...any) error) error {
		var person, unit string
		err := scan(&person, &unit)
		out[person] = append(out[person], unit)
		return err
	})
}
