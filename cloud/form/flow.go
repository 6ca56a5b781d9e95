package form

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Flow is the record access that running flows use: within their transaction, with the
// system's rights, bounded by what the flow's node permits.
type Flow struct{ store *Store }

// Flow gives record access to the flow engine.
func (s *Store) Flow() Flow { return Flow{s} }

// Read returns a record's document with its own columns (_state, _owner, _created_by, …).
func (f Flow) Read(ctx context.Context, tx *sql.Tx, form, id string) (map[string]any, error) {
	r, err := f.record(ctx, tx, form, id)
	if err != nil {
		return nil, err
	}
	out := r.Doc
	for k, v := range r.system() {
		if v != "" {
			out[k] = v
		}
	}
	return out, nil
}

// Write puts a node's patch into a record: form fields, which are checked, and _state,
// _owner, _dept, _due_at, _flow. by is the person's id, "" for the flow itself. Required
// fields are asked for only among those the patch names (null asks).
func (f Flow) Write(ctx context.Context, tx *sql.Tx, form, id string, patch map[string]any, by, node string, now time.Time) error {
	if node == "" {
		return errors.New("form: write for a flow: no node")
	}
	who := f.who(ctx, tx, by)
	old, err := f.store.lock(ctx, tx, who, form, id, Edit, 0, now)
	if err != nil {
		return err
	}
	_, err = f.store.change(ctx, tx, who, old, patch, node, now)
	return err
}

// Shown says which fields the version of the form that a record pins shows to a person.
func (f Flow) Shown(ctx context.Context, tx *sql.Tx, form, id, by string, now time.Time) (func(field string) bool, error) {
	r, err := f.record(ctx, tx, form, id)
	if err != nil {
		return nil, err
	}
	d, err := f.store.load(ctx, tx, form, r.Version)
	if err != nil {
		return nil, err
	}
	e := f.store.env(ctx, tx, f.who(ctx, tx, by), now)
	e.System = r.system()
	env := d.Cond(r.Doc, e)
	return func(field string) bool {
		x, ok := d.Field(field)
		return ok && !x.Hidden && x.Visible.Holds(env)
	}, nil
}

func (f Flow) record(ctx context.Context, tx *sql.Tx, form, id string) (Record, error) {
	d, err := f.store.current(ctx, tx, form) // a name that becomes part of SQL is that of a form
	if err != nil {
		return Record{}, err
	}
	return scanRecord(tx.QueryRowContext(ctx, `SELECT `+recordColumns+` FROM `+tableName(d.Key, "")+` t WHERE t.deleted_at = 0 AND t.id = $1`, id), form)
}

// who is a person with the system's rights; "" is the system.
func (f Flow) who(ctx context.Context, tx *sql.Tx, by string) Who {
	who := SystemWho()
	who.Actor.ID, who.Me.ID = by, by
	if f.store.opt.Lookup != nil && by != "" {
		if e, ok := f.store.opt.Lookup(ctx, tx)(Person, by); ok {
			who.Actor.Name, who.Me.Roles = e.Name, e.Roles
			who.Me.Dept = strings.Join(e.Depts[:min(1, len(e.Depts))], "")
		}
	}
	return who
}
