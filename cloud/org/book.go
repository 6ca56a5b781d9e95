package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/db"
	"anlan/contract"
)

// RoleDef is a role as people see it: built in, or a set of permissions made here.
type RoleDef struct {
	ID          Role          `json:"id"`
	Name        contract.Text `json:"name"`
	Permissions []Permission  `json:"permissions"`
	BuiltIn     bool          `json:"built_in"`
	People      int           `json:"people" doc:"how many play it"`
}

// Book is what is needed to turn assignments into rights: the roles made here, and
// which buildings each community has.
type Book struct {
	custom    map[Role]RoleDef
	buildings map[string][]string // by community
	known     map[Scope]bool
}

// Book reads the present state.
func (s *Store) Book(ctx context.Context) (Book, error) { return readBook(ctx, s.db.Read()) }

func readBook(ctx context.Context, q querier) (Book, error) {
	b := Book{map[Role]RoleDef{}, map[string][]string{}, map[Scope]bool{All: true}}
	if err := each(ctx, q, `SELECT id, name, permissions FROM custom_role`, func(scan func(...any) error) error {
		d := RoleDef{}
		var name, permissions string
		if err := scan(&d.ID, &name, &permissions); err != nil {
			return err
		}
		b.custom[d.ID] = d
		if err := json.Unmarshal([]byte(name), &d.Name); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(permissions), &d.Permissions)
		b.custom[d.ID] = d
		return err
	}); err != nil {
		return b, err
	}
	if err := each(ctx, q, `SELECT id FROM community`, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		b.known[Scope("community:"+id)] = true
		return err
	}); err != nil {
		return b, err
	}
	return b, each(ctx, q, `SELECT id, community FROM building ORDER BY id`, func(scan func(...any) error) error {
		var id, community string
		err := scan(&id, &community)
		b.buildings[community] = append(b.buildings[community], id)
		b.known[In(id)] = true
		return err
	})
}

func each(ctx context.Context, q querier, query string, row func(scan func(...any) error) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("org: read rights: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return fmt.Errorf("org: read rights: %w", err)
		}
	}
	return rows.Err()
}

// Permissions lists what a role may do; none for an unknown role.
func (b Book) Permissions(r Role) []Permission {
	if d, ok := b.custom[r]; ok {
		return d.Permissions
	}
	return r.Permissions()
}

func (b Book) may(r Role, p Permission) bool { return slices.Contains(b.Permissions(r), p) }

// Buildings lists the buildings of a community.
func (b Book) Buildings(community string) []string { return b.buildings[community] }

// Rights works out what assignments allow now.
func (b Book) Rights(as []Assignment) Rights { return RightsOf(as, b.Permissions, b.Buildings) }

// Title is the name of a role, made here or built in.
func (b Book) Title(r Role) contract.Text {
	if d, ok := b.custom[r]; ok {
		return d.Name
	}
	return r.Title()
}

// RolesIn lists the roles among the assignments that are played in a building.
func (b Book) RolesIn(as []Assignment, building string) []Role {
	var out []Role
	for _, a := range as {
		if reachOf(a.Scope, b.Buildings).Has(building) {
			out = append(out, a.Role)
		}
	}
	return out
}

// CheckScope reports a scope that is not there.
func (b Book) CheckScope(s Scope) error {
	if !b.known[s] {
		return &InvalidError{"scopes", "没有这个小区或楼栋：" + string(s), "no such community or building: " + string(s)}
	}
	return nil
}

func (b Book) check(a Assignment) error {
	if _, ok := b.custom[a.Role]; !ok && !a.Role.Known() {
		return &InvalidError{"role", "没有这个角色", "no such role"}
	}
	if !b.known[a.Scope] {
		return &InvalidError{"assignments", "没有这个小区或楼栋：" + string(a.Scope), "no such community or building: " + string(a.Scope)}
	}
	return nil
}

// RoleList lists the built-in roles and then those made here.
func (s *Store) RoleList(ctx context.Context) ([]RoleDef, error) {
	b, err := s.Book(ctx)
	if err != nil {
		return nil, err
	}
	n, err := s.CountByRole(ctx)
	if err != nil {
		return nil, err
	}
	out := []RoleDef{}
	for _, r := range Roles() {
		out = append(out, RoleDef{r, r.Title(), r.Permissions(), true, n[r]})
	}
	for _, r := range slices.Sorted(maps.Keys(b.custom)) {
		d := b.custom[r]
		d.People = n[r]
		out = append(out, d)
	}
	return out, nil
}

// SaveRole makes a role (empty id) or changes one that was made here, within tx.
// Errors: [InvalidError], [ErrNotFound], [ErrBuiltIn], [ErrLast].
func (s *Store) SaveRole(ctx context.Context, tx *sql.Tx, d RoleDef, now time.Time) (RoleDef, error) {
	if d.ID.Known() {
		return d, fmt.Errorf("org: %w", ErrBuiltIn)
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(d.Name.ZH)); n == 0 || n > 20 || len(d.Name.EN) > 60 {
		return d, &InvalidError{"name", "名称须为 1 至 20 个字", "1 to 20 characters"}
	}
	for _, p := range d.Permissions {
		if !p.Known() {
			return d, &InvalidError{"permissions", "没有这个权限：" + string(p), "no such permission: " + string(p)}
		}
	}
	if len(d.Permissions) == 0 {
		return d, &InvalidError{"permissions", "至少选一个权限", "choose at least one permission"}
	}
	if err := gate(ctx, tx); err != nil {
		return d, err
	}
	d.Permissions = slices.Compact(slices.Sorted(slices.Values(d.Permissions)))
	name, err := json.Marshal(d.Name)
	if err != nil {
		return d, fmt.Errorf("org: encode role: %w", err)
	}
	permissions, err := json.Marshal(d.Permissions)
	if err != nil {
		return d, fmt.Errorf("org: encode role: %w", err)
	}
	if d.ID == "" {
		d.ID = Role("r-" + strings.ToLower(rand.Text()[:12]))
		_, err := tx.ExecContext(ctx, `INSERT INTO custom_role (id, name, permissions, created_at) VALUES ($1, $2, $3, $4)`,
			string(d.ID), string(name), string(permissions), db.Millis(now))
		if err != nil {
			return d, fmt.Errorf("org: save role: %w", err)
		}
		return d, nil
	}
	if err := touch(tx.ExecContext(ctx, `UPDATE custom_role SET name = $1, permissions = $2 WHERE id = $3`, string(name), string(permissions), string(d.ID))); err != nil {
		return d, err
	}
	return d, s.someoneLeft(ctx, tx)
}

// DeleteRole removes a role made here that nobody plays, within tx. Errors:
// [ErrBuiltIn], [ErrInUse], [ErrNotFound].
func (s *Store) DeleteRole(ctx context.Context, tx *sql.Tx, id Role) error {
	if id.Known() {
		return fmt.Errorf("org: %w", ErrBuiltIn)
	}
	if err := gate(ctx, tx); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM assignment WHERE role = $1`, string(id)).Scan(&n); err != nil {
		return fmt.Errorf("org: delete role: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("org: role %s: %w", id, ErrInUse)
	}
	return touch(tx.ExecContext(ctx, `DELETE FROM custom_role WHERE id = $1`, string(id)))
}
