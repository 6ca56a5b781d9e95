package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"anlan/cloud/cond"
	"anlan/cloud/db"
)

// Action is something done with a form's records.
type Action string

// Actions.
const (
	View   Action = "view"
	Create Action = "create"
	Edit   Action = "edit"
	Delete Action = "delete" // and restore
	Export Action = "export"
	Import Action = "import"
	Manage Action = "manage" // grants, and reading the log's integrity
)

// Actions lists all actions.
func Actions() []Action { return []Action{View, Create, Edit, Delete, Export, Import, Manage} }

// Access is what may be done with one field.
type Access string

// Accesses.
const (
	Read  Access = "r"
	Write Access = "w"
	Hide  Access = "hide"
)

// Any stands for every form, or for every field not named.
const Any = "*"

// Grant lets whoever plays a role do some actions with a form's records: those rows for
// which Rows holds, with the access to each field that Fields says. A field not named has
// the access of "*", or w if that is not named either. A column of a sub-form is
// "rows.column" and never has more than its sub-form.
//
// Create is not bounded by Rows: they speak of records that exist.
type Grant struct {
	ID      string            `json:"id"`
	Role    string            `json:"role"`
	Form    string            `json:"form"` // or "*"
	Actions []Action          `json:"actions"`
	Fields  map[string]Access `json:"fields,omitempty"`
	Rows    cond.Expr         `json:"rows,omitzero"`
}

// access is what the grant allows with a field, actions apart. System columns can be read.
func (g Grant) access(path string) Access {
	if strings.HasPrefix(path, "_") {
		return Read
	}
	own := func(key string) (Access, bool) { a, ok := g.Fields[key]; return a, ok }
	rows, _, inRow := strings.Cut(path, ".")
	a, said := own(path)
	if !said {
		if a, said = own(rows); !said {
			if a, said = own(Any); !said {
				a = Write
			}
		}
	}
	if inRow && g.access(rows) == Hide {
		return Hide
	}
	return a
}

func (g Grant) does(a Action) bool { return slices.Contains(g.Actions, a) }

// Permits is the union of the grants a person has. The zero value permits nothing.
type Permits struct{ grants []Grant }

// PermitsOf is the union of grants.
func PermitsOf(grants ...Grant) Permits { return Permits{grants} }

// Full permits everything: for the system itself.
func Full() Permits {
	return Permits{[]Grant{{ID: "system", Form: Any, Actions: Actions()}}}
}

// With adds grants: what a task gives while it is held.
func (p Permits) With(grants ...Grant) Permits {
	return Permits{slices.Concat(p.grants, grants)}
}

// TaskGrant is what holding a task gives: to see one record and to write some of its
// fields. Fields not named are readable.
func TaskGrant(form, record string, fields map[string]Access) Grant {
	f := map[string]Access{Any: Read}
	maps.Copy(f, fields)
	id, err := json.Marshal(map[string]any{"op": "eq", "l": map[string]string{"f": "_id"}, "r": map[string]string{"v": record}})
	rows, err2 := cond.Parse(id)
	if err != nil || err2 != nil || record == "" {
		rows = cond.Never()
	}
	return Grant{ID: "task", Form: form, Actions: []Action{View, Edit}, Fields: f, Rows: rows}
}

// on are the grants for an action on a form.
func (p Permits) on(form string, a Action) []Grant {
	var out []Grant
	for _, g := range p.grants {
		if (g.Form == form || g.Form == Any) && g.does(a) {
			out = append(out, g)
		}
	}
	return out
}

// May says if an action is permitted on any record of a form.
func (p Permits) May(form string, a Action) bool { return len(p.on(form, a)) > 0 }

// Scope is the condition a record must satisfy for an action that reads some fields: each
// grant lends its rows only where it also shows every one of the fields, so that a filter
// or a group never tells what a list would hide.
func (p Permits) Scope(form string, a Action, reads ...string) cond.Expr {
	var some []cond.Expr
	for _, g := range p.on(form, a) {
		if !slices.ContainsFunc(reads, func(f string) bool { return g.access(bare(f)) == Hide }) {
			some = append(some, g.Rows)
		}
	}
	if len(some) == 0 {
		return cond.Never()
	}
	return cond.Or(some...)
}

// bare is the field a column's name belongs to: "gps__lat" is of gps.
func bare(path string) string {
	parts := strings.Split(path, ".")
	for i, s := range parts {
		if !strings.HasPrefix(s, "_") {
			parts[i], _, _ = strings.Cut(s, "__")
		}
	}
	return strings.Join(parts, ".")
}

// FieldAccess is what may be done with each field of one record, for which holds tells the
// truth of a grant's rows.
func (p Permits) fieldAccess(form string, a Action, holds func(cond.Expr) bool) func(path string) Access {
	var here []Grant
	for _, g := range p.on(form, a) {
		if a == Create || g.Rows.IsZero() || holds(g.Rows) {
			here = append(here, g)
		}
	}
	return func(path string) Access {
		best := Hide
		for _, g := range here {
			switch g.access(path) {
			case Write:
				return Write
			case Read:
				best = Read
			}
		}
		return best
	}
}

// mask returns the part of a document that may be read.
func mask(d *Def, doc map[string]any, access func(string) Access) map[string]any {
	out := make(map[string]any, len(doc))
	for k, v := range doc {
		if access(k) == Hide {
			continue
		}
		out[k] = v
		f, ok := d.Field(k)
		if !ok || f.Type != Rows || !slices.ContainsFunc(f.Fields, func(g Field) bool { return access(k+"."+g.Key) == Hide }) {
			continue
		}
		rows := rowsOf(v)
		shown := make([]any, len(rows))
		for i, r := range rows {
			r = maps.Clone(r)
			maps.DeleteFunc(r, func(c string, _ any) bool { return c != rowID && access(k+"."+c) == Hide })
			shown[i] = r
		}
		out[k] = shown
	}
	return out
}

// SaveGrant writes a grant (a new one if its id is empty) within tx. Errors: InvalidError.
func (s *Store) SaveGrant(ctx context.Context, tx *sql.Tx, g Grant) (Grant, error) {
	if err := s.checkGrant(ctx, tx, g); err != nil {
		return Grant{}, err
	}
	if g.ID == "" {
		g.ID = newID()
	}
	if g.Fields == nil {
		g.Fields = map[string]Access{}
	}
	actions, err := json.Marshal(g.Actions)
	if err != nil {
		return Grant{}, fmt.Errorf("form: encode grant: %w", err)
	}
	fields, err := json.Marshal(g.Fields)
	if err != nil {
		return Grant{}, fmt.Errorf("form: encode grant: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO form_grant (id, role, form, actions, fields, scope) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET role = excluded.role, form = excluded.form, actions = excluded.actions, fields = excluded.fields, scope = excluded.scope`,
		g.ID, g.Role, g.Form, string(actions), string(fields), g.Rows.String()); err != nil {
		return Grant{}, fmt.Errorf("form: save grant: %w", err)
	}
	return g, nil
}

func (s *Store) checkGrant(ctx context.Context, tx *sql.Tx, g Grant) error {
	var p problems
	if g.Role == "" {
		p.add("role", "需要角色", "needs a role")
	}
	for i, a := range g.Actions {
		if !slices.Contains(Actions(), a) {
			p.add(at("actions", i), "未知的操作", "unknown action")
		}
	}
	schema := systemKinds()
	var d *Def
	if g.Form != Any {
		var err error
		if d, err = s.current(ctx, tx, g.Form); err != nil {
			return err
		}
		schema = d.Schema()
	}
	for k, a := range g.Fields {
		if a != Read && a != Write && a != Hide {
			p.add("fields."+k, "应为 r、w 或 hide", "must be r, w or hide")
		}
		if k == Any {
			continue
		}
		if d == nil {
			p.add("fields."+k, "对所有表单的授权不能指定字段", "a grant on every form names no fields")
		} else if _, ok := d.Column(k); !ok {
			p.add("fields."+k, "没有这个字段", "no such field")
		}
	}
	p.under("rows", g.Rows.Check(schema))
	return p.err()
}

// DeleteGrant removes a grant within tx, or says ErrNotFound.
func (s *Store) DeleteGrant(ctx context.Context, tx *sql.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM form_grant WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("form: delete grant: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return ErrNotFound
	}
	return nil
}

// Grants lists the grants on a form ("" for all), by role.
func (s *Store) Grants(ctx context.Context, form string) ([]Grant, error) {
	all, err := grants(ctx, s.db)
	if err != nil || form == "" {
		return all, err
	}
	return slices.DeleteFunc(all, func(g Grant) bool { return g.Form != form && g.Form != Any }), nil
}

// Permits is the union of what roles are granted, on every form.
func (s *Store) Permits(ctx context.Context, roles []string) (Permits, error) {
	all, err := grants(ctx, s.db)
	if err != nil {
		return Permits{}, err
	}
	return Permits{slices.DeleteFunc(all, func(g Grant) bool { return !slices.Contains(roles, g.Role) })}, nil
}

func grants(ctx context.Context, d *db.DB) ([]Grant, error) {
	rows, err := d.Read().QueryContext(ctx, `SELECT id, role, form, actions, fields, scope FROM form_grant ORDER BY role, form, id`)
	if err != nil {
		return nil, fmt.Errorf("form: read grants: %w", err)
	}
	defer rows.Close()
	out := []Grant{}
	for rows.Next() {
		var g Grant
		var actions, fields, scope string
		if err := rows.Scan(&g.ID, &g.Role, &g.Form, &actions, &fields, &scope); err != nil {
			return nil, fmt.Errorf("form: read grants: %w", err)
		}
		if err := json.Unmarshal([]byte(actions), &g.Actions); err != nil {
			return nil, fmt.Errorf("form: read grant %s: %w", g.ID, err)
		}
		if err := json.Unmarshal([]byte(fields), &g.Fields); err != nil {
			return nil, fmt.Errorf("form: read grant %s: %w", g.ID, err)
		}
		if g.Rows, err = cond.Parse([]byte(scope)); err != nil {
			return nil, fmt.Errorf("form: read grant %s: %w", g.ID, err)
		}
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: read grants: %w", err)
	}
	return out, nil
}

// OnCreate is the access to each field of a form that a person has when they make a record.
func (p Permits) OnCreate(d *Def) map[string]Access {
	access := p.fieldAccess(d.Key, Create, nil)
	out := map[string]Access{}
	for i := range d.Fields {
		if f := &d.Fields[i]; f.Type.Data() {
			out[f.Key] = access(f.Key)
		}
	}
	return out
}
