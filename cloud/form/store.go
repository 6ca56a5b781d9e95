package form

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/document"
	"anlan/cloud/org"
)

// Errors of the store.
var (
	ErrNotFound = errors.New("form: not found")
	ErrConflict = errors.New("form: changed by someone else since it was read")
	ErrDenied   = errors.New("form: not permitted")
	ErrRetired  = errors.New("form: the form is no longer in use")
	ErrBroken   = errors.New("form: record log broken")
)

// Deps are what the store asks of others. Every one may be left out.
type Deps struct {
	// Zone is the community's time zone; nil is UTC.
	Zone *time.Location
	// Lookup finds people, departments, posts, places, devices and files as they are within
	// the transaction.
	Lookup func(ctx context.Context, tx *sql.Tx) func(t Type, id string) (Entry, bool)
	// Derive makes a field's value of others in the document, by a name.
	Derive func(name string, doc map[string]any) (any, bool)
	// Refer ties attachments to the record that names them.
	Refer func(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, form, record, field string) error
}

// Who asks: the actor for the log, the person for conditions, and what is permitted.
type Who struct {
	Actor   org.Actor
	Me      cond.Person
	Permits Permits
	Under   func(parent, dept string) bool
	Below   func(parent string) []string
}

// SystemWho is the program itself.
func SystemWho() Who { return Who{Actor: org.System(), Permits: Full()} }

// Store keeps records.
type Store struct {
	db   *db.DB
	docs *document.Store
	opt  Deps

	mu   sync.Mutex
	defs map[defKey]*Def // published versions never change
}

type defKey struct {
	form    string
	version int64
}

// NewStore uses an open database and the documents in it.
func NewStore(d *db.DB, docs *document.Store, o Deps) *Store {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Store{db: d, docs: docs, opt: o, defs: map[defKey]*Def{}}
}

// Record is one record as its reader may see it.
type Record struct {
	ID          string         `json:"id"`
	Form        string         `json:"form"`
	Version     int64          `json:"version"` // of the form it was made under
	Rev         int64          `json:"rev"`     // counts its changes; compare on update
	No          string         `json:"no,omitempty"`
	State       string         `json:"state,omitempty"`
	Community   string         `json:"community,omitempty"`
	Building    string         `json:"building,omitempty"`
	Dept        string         `json:"dept,omitempty"`
	Owner       string         `json:"owner,omitempty"`
	Flow        string         `json:"flow,omitempty"`
	DueAt       time.Time      `json:"due_at,omitzero"`
	Day         string         `json:"day"` // local day it was made
	CreatedBy   string         `json:"created_by"`
	CreatedName string         `json:"created_name"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedBy   string         `json:"updated_by"`
	UpdatedAt   time.Time      `json:"updated_at"`
	DeletedAt   time.Time      `json:"deleted_at,omitzero"`
	Doc         map[string]any `json:"doc"`

	logHash string
}

// system is the record's own columns, as conditions read them.
func (r *Record) system() map[string]any {
	m := map[string]any{
		"_id": r.ID, "_no": r.No, "_state": r.State, "_version": float64(r.Version), "_community": r.Community, "_building": r.Building,
		"_created_by": r.CreatedBy, "_created_at": r.CreatedAt.UnixMilli(), "_updated_by": r.UpdatedBy, "_updated_at": r.UpdatedAt.UnixMilli(),
		"_day": r.Day, "_dept": r.Dept, "_owner": r.Owner, "_flow": r.Flow,
	}
	if !r.DueAt.IsZero() {
		m["_due_at"] = r.DueAt.UnixMilli()
	}
	return m
}

const recordColumns = `t.id, t.def_ver, t.rev, t.record_no, t.state, t.community, t.building, t.dept, t.owner, t.flow, t.due_at, t.local_day,
	t.created_by, t.created_name, t.created_at, t.updated_by, t.updated_at, t.deleted_at, t.log_hash, t.doc`

type scanner interface{ Scan(...any) error }

func scanRecord(r scanner, form string, more ...any) (Record, error) {
	x := Record{Form: form}
	var no, state, community, building, dept, owner, flow, createdBy, updatedBy sql.NullString
	var due sql.NullInt64
	var created, updated, deleted int64
	var doc string
	err := r.Scan(append([]any{&x.ID, &x.Version, &x.Rev, &no, &state, &community, &building, &dept, &owner, &flow, &due, &x.Day,
		&createdBy, &x.CreatedName, &created, &updatedBy, &updated, &deleted, &x.logHash, &doc}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("form: read record: %w", err)
	}
	x.No, x.State, x.Community, x.Building, x.Dept, x.Owner, x.Flow = no.String, state.String, community.String, building.String, dept.String, owner.String, flow.String
	x.CreatedBy, x.UpdatedBy = createdBy.String, updatedBy.String
	x.DueAt, x.CreatedAt, x.UpdatedAt, x.DeletedAt = db.Time(due.Int64), db.Time(created), db.Time(updated), db.Time(deleted)
	if x.Doc, err = decodeDoc([]byte(doc)); err != nil {
		return Record{}, fmt.Errorf("form: read record %s: %w", x.ID, err)
	}
	return x, nil
}

func decodeDoc(raw []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return m, err
}

// Def returns a version of a form, 0 for the one in force.
func (s *Store) Def(ctx context.Context, form string, version int64) (*Def, error) {
	return s.load(ctx, nil, form, version)
}

// current is the definition in force, retired or not.
func (s *Store) current(ctx context.Context, tx *sql.Tx, form string) (*Def, error) {
	return s.load(ctx, tx, form, 0)
}

func (s *Store) load(ctx context.Context, tx *sql.Tx, form string, version int64) (*Def, error) {
	if version == 0 {
		n, _, err := s.docs.InForce(ctx, tx, document.Form, form)
		if errors.Is(err, document.ErrNotFound) {
			return nil, fmt.Errorf("%w: form %s", ErrNotFound, form)
		}
		if err != nil {
			return nil, err
		}
		version = n
	}
	key := defKey{form, version}
	s.mu.Lock()
	d, ok := s.defs[key]
	s.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := s.readDef(ctx, tx, key)
	if err == nil && tx == nil { // within a transaction the version may yet be taken back
		s.mu.Lock()
		s.defs[key] = d
		s.mu.Unlock()
	}
	return d, err
}

func (s *Store) readDef(ctx context.Context, tx *sql.Tx, key defKey) (*Def, error) {
	var v document.Version
	var err error
	var q querier = s.db.Read()
	if tx != nil {
		q = tx
		v, err = s.docs.VersionTx(ctx, tx, document.Form, key.form, key.version)
	} else {
		v, err = s.docs.Version(ctx, document.Form, key.form, key.version)
	}
	if errors.Is(err, document.ErrNotFound) {
		return nil, fmt.Errorf("%w: form %s version %d", ErrNotFound, key.form, key.version)
	}
	if err != nil {
		return nil, err
	}
	d, err := Parse(key.form, v.Body)
	if err != nil {
		return nil, fmt.Errorf("form: read definition %s version %d: %w", key.form, key.version, err)
	}
	known, err := registry(ctx, q, key.form)
	if err != nil {
		return nil, err
	}
	d = d.withGone(known)
	d.Version = key.version
	return d, nil
}

// env is what a document is checked in, within a transaction.
func (s *Store) env(ctx context.Context, tx *sql.Tx, who Who, now time.Time) *Env {
	e := &Env{Now: now, Zone: s.opt.Zone, Me: who.Me, MeName: who.Actor.Name, Under: who.Under, Below: who.Below, Derive: s.opt.Derive}
	if s.opt.Lookup != nil {
		e.Lookup = s.opt.Lookup(ctx, tx)
	}
	dicts := map[string]*Dict{}
	e.Dict = func(key string) (*Dict, bool) {
		if d, ok := dicts[key]; ok {
			return d, d != nil
		}
		dicts[key] = nil
		if v, err := s.docs.CurrentTx(ctx, tx, document.Dict, key); err == nil {
			if d, err := ParseDict(v.Body); err == nil {
				dicts[key] = d
			}
		}
		return dicts[key], dicts[key] != nil
	}
	e.Linked = func(form, id string) (map[string]any, bool) {
		r, err := s.get(ctx, tx, who, form, id, View, now, false)
		return r.Doc, err == nil
	}
	e.Query = func(q Query) (any, bool) { return s.queryDefault(ctx, tx, who, q, now) }
	return e
}

// queryDefault answers a default from the newest record the person may see.
func (s *Store) queryDefault(ctx context.Context, tx *sql.Tx, who Who, q Query, now time.Time) (any, bool) {
	sel, err := s.selection(ctx, tx, who, q.Form, View, q.Where, append(q.Where.Fields(), q.Field), now)
	if err != nil {
		return nil, false
	}
	r, err := scanRecord(tx.QueryRowContext(ctx, `SELECT `+recordColumns+sel.from+` ORDER BY t.created_at DESC, t.id DESC LIMIT 1`, sel.args...), q.Form)
	if err != nil {
		return nil, false
	}
	v := r.Doc[q.Field]
	return v, v != nil
}

// condEnv is the environment of row scopes and filters.
func (s *Store) condEnv(who Who, now time.Time) cond.Env {
	return cond.Env{Now: now, Zone: s.opt.Zone, Me: who.Me, Under: who.Under, Below: who.Below}
}

// selection is FROM and WHERE of what a person may do an action with: the one place where
// permission becomes SQL, for lists, details, counts, exports and charts alike.
type selection struct {
	def   *Def // in force
	from  string
	joins string // with linked forms
	args  []any
}

// arg adds an argument and returns its placeholder.
func (x *selection) arg(v any) string {
	x.args = append(x.args, v)
	return fmt.Sprintf("$%d", len(x.args))
}

// joined is FROM and WHERE with the selection's joins and more.
func (x selection) joined(more string) string {
	table := ` FROM ` + tableName(x.def.Key, "") + ` t`
	return table + x.joins + more + strings.TrimPrefix(x.from, table)
}

func (s *Store) selection(ctx context.Context, tx *sql.Tx, who Who, form string, a Action, filter cond.Expr, reads []string, now time.Time) (selection, error) {
	d, err := s.current(ctx, tx, form)
	if err != nil {
		return selection{}, err
	}
	if !who.Permits.May(form, a) {
		return selection{}, ErrDenied
	}
	if p := filter.Check(d.Schema()); len(p) > 0 {
		return selection{}, &InvalidError{p}
	}
	return s.selectOf(d, who, a, filter, reads, now)
}

func (s *Store) selectOf(d *Def, who Who, a Action, filter cond.Expr, reads []string, now time.Time) (selection, error) {
	cols, env := columns{def: d, alias: "t"}, s.condEnv(who, now)
	scope, args, err := who.Permits.Scope(d.Key, a, reads...).SQL(cols, cond.Dialect{Postgres: s.db.Postgres()}, env)
	if err != nil {
		return selection{}, fmt.Errorf("form: compile permission on %s: %w", d.Key, err)
	}
	where, more, err := filter.SQL(cols, cond.Dialect{Postgres: s.db.Postgres(), After: len(args)}, env)
	if err != nil {
		return selection{}, fmt.Errorf("form: compile filter on %s: %w", d.Key, err)
	}
	return selection{def: d, from: ` FROM ` + tableName(d.Key, "") + ` t WHERE t.deleted_at = 0 AND (` + scope + `) AND (` + where + `)`, args: append(args, more...)}, nil
}

// deleted turns the selection to deleted records.
func (x selection) deleted() selection {
	x.from = strings.Replace(x.from, "t.deleted_at = 0", "t.deleted_at > 0", 1)
	return x
}

// mask leaves of a record what may be read of it.
func (s *Store) mask(d *Def, who Who, a Action, r Record, now time.Time) Record {
	e := &Env{Now: now, Zone: s.opt.Zone, Me: who.Me, Under: who.Under, Below: who.Below, System: r.system()}
	env := d.Cond(r.Doc, e)
	r.Doc = mask(d, r.Doc, who.Permits.fieldAccess(d.Key, a, func(x cond.Expr) bool { return x.Holds(env) }))
	return r
}

// Get returns one record, masked, or ErrNotFound if there is none that may be seen.
func (s *Store) Get(ctx context.Context, who Who, form, id string, now time.Time) (Record, error) {
	return s.get(ctx, nil, who, form, id, View, now, false)
}

func (s *Store) get(ctx context.Context, tx *sql.Tx, who Who, form, id string, a Action, now time.Time, deleted bool) (Record, error) {
	sel, err := s.selection(ctx, tx, who, form, a, cond.Expr{}, nil, now)
	if err != nil {
		return Record{}, err
	}
	if deleted {
		sel = sel.deleted()
	}
	var q querier = s.db.Read()
	if tx != nil {
		q = tx
	}
	r, err := scanRecord(q.QueryRowContext(ctx, `SELECT `+recordColumns+sel.from+fmt.Sprintf(` AND t.id = $%d`, len(sel.args)+1), append(sel.args, id)...), form)
	if err != nil {
		return Record{}, err
	}
	return s.mask(sel.def, who, a, r, now), nil
}

// DefTx is Def within a transaction.
func (s *Store) DefTx(ctx context.Context, tx *sql.Tx, form string, version int64) (*Def, error) {
	return s.load(ctx, tx, form, version)
}
