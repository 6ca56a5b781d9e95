package flow

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// ErrNotFound means that there is no such instance or flow; ErrBroken that a log does not
// hold.
var (
	ErrNotFound = errors.New("flow: not found")
	ErrBroken   = errors.New("flow: log broken")
)

// Records are the records that flows run on.
type Records interface {
	// Read returns the whole document of a record, with its own columns as "_state" and so on.
	Read(ctx context.Context, tx *sql.Tx, form, id string) (map[string]any, error)
	// Schema is what conditions know of a form.
	Schema(ctx context.Context, tx *sql.Tx, form string) (cond.Schema, error)
	// Shown says which fields a record's form shows to a person.
	Shown(ctx context.Context, tx *sql.Tx, form, id, by string, now time.Time) (func(field string) bool, error)
	// Write puts a patch, already bounded to what the node allows, into a record. node is ""
	// where the flow itself writes.
	Write(ctx context.Context, tx *sql.Tx, form, id string, patch map[string]any, by org.Actor, node string, now time.Time) error
	// Create makes the record of a subflow.
	Create(ctx context.Context, tx *sql.Tx, form string, fields map[string]any, by org.Actor, now time.Time) (id string, err error)
}

// People is the organisation.
type People interface {
	Find(ctx context.Context, tx *sql.Tx, a Ask) ([]Person, error)
	Admins(ctx context.Context, tx *sql.Tx) ([]Person, error)
}

// Notice tells somebody something; Key is unique per person, so that it is told once.
type Notice struct {
	To    Person
	Kind  EffectKind
	Key   string
	Title contract.Text
	Body  string
	Link  string
	Due   time.Time
}

// Deps are what the store asks of others. Limit, Work and Notify may be nil.
type Deps struct {
	DB      *db.DB
	Def     func(ctx context.Context, tx *sql.Tx, key string, version int64) (*Def, error) // version 0: in force
	Records Records
	People  People
	// Notify keeps notices within tx; Settle says that what keys begin with is done with.
	Notify func(ctx context.Context, tx *sql.Tx, n []Notice, now time.Time) error
	Settle func(ctx context.Context, tx *sql.Tx, keyPrefix string, now time.Time) error
	// Limit looks a deadline up for a value, ok false if there is none; Work adds working time.
	Limit func(ctx context.Context, tx *sql.Tx, scheme string, value any, from, rework time.Time) (due time.Time, ok bool, err error)
	Work  func(ctx context.Context, tx *sql.Tx, from time.Time, d time.Duration) (time.Time, error)
	Zone  *time.Location
	Now   func() time.Time
}

// Store keeps instances.
type Store struct {
	Deps
	poke chan struct{}
}

// NewStore uses an open database.
func NewStore(d Deps) *Store {
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	return &Store{Deps: d, poke: make(chan struct{}, 1)}
}

// querier is what a statement can be sent to.
type querier interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// instance is one row, locked.
type instance struct {
	State
	title   contract.Text
	summary string
	logSeq  int
	logHash string
	fresh   bool
}

// StartOf asks for a new instance. ID is "" except for subflows.
type StartOf struct {
	ID        string
	Flow      string
	Form      string // "" is the flow's own
	Record    string
	By        org.Actor
	Chosen    map[string][]Person
	Parent    string
	ParentRun int
}

const maxSubflows = 5 // subflows inside one another

// Start begins a flow on a record, within the transaction that made the record. Errors:
// ErrNotFound, Error.
func (s *Store) Start(ctx context.Context, tx *sql.Tx, o StartOf, now time.Time) (State, error) {
	return s.start(ctx, tx, o, now, 0)
}

func (s *Store) start(ctx context.Context, tx *sql.Tx, o StartOf, now time.Time, depth int) (State, error) {
	if depth > maxSubflows {
		return State{}, refuse(NotNow, "子流程嵌套太深", "subflows nested too deeply")
	}
	now = db.Time(db.Millis(now))
	d, err := s.Def(ctx, tx, o.Flow, 0)
	if err != nil {
		return State{}, err
	}
	if o.ID == "" {
		o.ID = "fl-" + strings.ToLower(rand.Text()[:16])
	}
	if o.Form == "" {
		o.Form = d.Form
	}
	w, err := s.look(ctx, tx, o.Form, o.Record, now)
	if err != nil {
		return State{}, err
	}
	st := State{ID: o.ID, Form: o.Form, Record: o.Record, Initiator: Person{ID: o.By.ID, Name: o.By.Name}, Parent: o.Parent, ParentRun: o.ParentRun}
	next, facts, effects, err := Begin(d, st, o.Chosen, w.in())
	if err := errors.Join(err, w.err); err != nil {
		return State{}, err
	}
	x := instance{title: d.Title, summary: summary(d, w.doc), fresh: true}
	if err := s.persist(ctx, tx, d, &x, next, facts); err != nil {
		return State{}, err
	}
	if err := s.Records.Write(ctx, tx, o.Form, o.Record, map[string]any{"_flow": o.ID}, org.System(), "", now); err != nil {
		return State{}, err
	}
	return next, s.carryOut(ctx, tx, d, &x, effects, now, depth)
}

// Apply takes one event. patch is what is written down with a decision; what the node does
// not let be written is left out of it. Everything happens within tx, or nothing. Errors:
// ErrNotFound, Error, and what Records says of the patch.
func (s *Store) Apply(ctx context.Context, tx *sql.Tx, id string, e Event, patch map[string]any, by org.Actor, now time.Time) (State, error) {
	return s.apply(ctx, tx, id, e, patch, by, now, 0)
}

func (s *Store) apply(ctx context.Context, tx *sql.Tx, id string, e Event, patch map[string]any, by org.Actor, now time.Time, depth int) (State, error) {
	now = db.Time(db.Millis(now))
	x, err := s.lock(ctx, tx, id)
	if err != nil {
		return State{}, err
	}
	d, err := s.Def(ctx, tx, x.Flow, x.Version)
	if err != nil {
		return State{}, err
	}
	if e.Kind == Decide && len(patch) > 0 {
		if err := s.writeDown(ctx, tx, d, &x, e, patch, by, now); err != nil {
			return State{}, err
		}
	}
	w, err := s.look(ctx, tx, x.Form, x.Record, now)
	if err != nil {
		return State{}, err
	}
	w.id = id
	in := w.in()
	in.Shown = w.shown(x.Form, x.Record, e.By.ID)
	next, facts, effects, err := Step(d, x.State, e, in)
	if err := errors.Join(err, w.err); err != nil {
		return State{}, err
	}
	if len(facts) == 0 {
		return x.State, nil
	}
	x.summary = summary(d, w.doc)
	if err := s.persist(ctx, tx, d, &x, next, facts); err != nil {
		return State{}, err
	}
	return next, s.carryOut(ctx, tx, d, &x, effects, now, depth)
}

// writeDown puts what was filled in into the record before the step looks at it, so that
// branches follow what was written with the decision.
func (s *Store) writeDown(ctx context.Context, tx *sql.Tx, d *Def, x *instance, e Event, patch map[string]any, by org.Actor, now time.Time) error {
	m := &machine{s: x.State, e: e}
	t, err := m.mine() // Step says the same, but nothing is written for anyone else before
	if err != nil {
		return err
	}
	if !x.Status.Open() || x.Suspended != nil {
		return nil // refused by the step
	}
	allowed := Permitted(d, t, patch)
	if len(allowed) == 0 {
		return nil
	}
	return s.Records.Write(ctx, tx, x.Form, x.Record, allowed, by, t.Node, now)
}

// Permitted is the part of a patch that a task lets be written: the fields its node names.
// The initiator who puts a return right may write whatever the start lets be written.
func Permitted(d *Def, t Task, patch map[string]any) map[string]any {
	n, ok := d.Node(t.Node)
	if !ok || t.Owner.ID != "" || t.Parent != 0 {
		return nil
	}
	out := map[string]any{}
	for k, v := range patch {
		if a := n.access(k); !strings.HasPrefix(k, "_") && (a == "w" || n.Type == Start && len(n.Fields) == 0) {
			out[k] = v
		}
	}
	return out
}

// Fields is the access a task gives to the record: field to r, w or hide, "*" for the rest.
func Fields(d *Def, t Task) map[string]string {
	n, ok := d.Node(t.Node)
	if !ok {
		return map[string]string{"*": "hide"}
	}
	out := map[string]string{"*": n.access("*")}
	if n.Type == Start && len(n.Fields) == 0 {
		out["*"] = "w"
	}
	for f, a := range n.Fields {
		if a == "w" && (!t.Open() || t.Owner.ID != "" || t.Parent != 0) {
			a = "r"
		}
		out[f] = a
	}
	if !t.Open() && out["*"] == "w" {
		out["*"] = "r"
	}
	return out
}

// lock reads an instance and keeps other writers out until tx ends.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, id string) (instance, error) {
	return scanInstance(tx.QueryRowContext(ctx, `UPDATE flow_instance SET round = round WHERE id = $1 RETURNING title, summary, state, log_seq, log_hash`, id))
}

func scanInstance(row *sql.Row) (instance, error) {
	var x instance
	var title, state string
	err := row.Scan(&title, &x.summary, &state, &x.logSeq, &x.logHash)
	if errors.Is(err, sql.ErrNoRows) {
		return x, ErrNotFound
	}
	if err != nil {
		return x, fmt.Errorf("flow: read instance: %w", err)
	}
	if err := errors.Join(json.Unmarshal([]byte(title), &x.title), json.Unmarshal([]byte(state), &x.State)); err != nil {
		return x, fmt.Errorf("flow: read instance: %w", err)
	}
	return x, nil
}

// summary is what a to-do shows of its record.
func summary(d *Def, doc map[string]any) string {
	var out []string
	for _, f := range d.Settings.Summary {
		switch v := doc[f].(type) {
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		case map[string]any:
			if name, ok := v["name"].(string); ok {
				out = append(out, name)
			}
		}
	}
	text := []rune(strings.Join(strings.Fields(strings.Join(out, " · ")), " "))
	if len(text) > 120 {
		text = append(text[:119], '…')
	}
	return string(text)
}
