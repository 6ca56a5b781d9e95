package flow

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/cond"
)

// lookout answers a step's questions from the transaction it runs in; err keeps the first
// thing that went wrong with that.
type lookout struct {
	s      *Store
	ctx    context.Context
	tx     *sql.Tx
	id     string
	doc    map[string]any
	schema cond.Schema
	now    time.Time
	err    error
}

func (s *Store) look(ctx context.Context, tx *sql.Tx, form, record string, now time.Time) (*lookout, error) {
	doc, err := s.Records.Read(ctx, tx, form, record)
	if err != nil {
		return nil, err
	}
	schema, err := s.Records.Schema(ctx, tx, form)
	if err != nil {
		return nil, err
	}
	return &lookout{s: s, ctx: ctx, tx: tx, doc: doc, schema: schema, now: now}, nil
}

func (w *lookout) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// shown asks for what a person sees of the record once somebody wants to know.
func (w *lookout) shown(form, record, by string) func(string) bool {
	var see func(string) bool
	return func(field string) bool {
		if see == nil {
			var err error
			if see, err = w.s.Records.Shown(w.ctx, w.tx, form, record, by, w.now); err != nil {
				w.keep(err)
				see = func(string) bool { return true }
			}
		}
		return see(field)
	}
}

func (w *lookout) in() In {
	value := func(f string) any { return w.doc[f] }
	in := In{
		Now: w.now, Value: value,
		Holds: func(e cond.Expr) bool {
			return e.Holds(cond.Env{Fields: value, Now: w.now, Zone: w.s.Zone, Schema: w.schema})
		},
		Find: func(a Ask) []Person {
			a.Community, _ = w.doc["_community"].(string)
			a.Building, _ = w.doc["_building"].(string)
			out, err := w.s.People.Find(w.ctx, w.tx, a)
			w.keep(err)
			return out
		},
		Admins: func() []Person {
			out, err := w.s.People.Admins(w.ctx, w.tx)
			w.keep(err)
			return out
		},
		Load: func(p string) int {
			var n int
			if err := w.tx.QueryRowContext(w.ctx, `SELECT COUNT(*) FROM flow_task WHERE assignee = $1 AND state IN ('open', 'waiting')`, p).Scan(&n); err != nil {
				w.keep(fmt.Errorf("flow: count tasks: %w", err))
			}
			return n
		},
		Before: func(step int) (State, error) {
			facts, err := facts(w.ctx, w.tx, `WHERE instance = $1 AND step < $2`, w.id, step)
			if err != nil {
				return State{}, err
			}
			return Replay(facts), nil
		},
	}
	if w.s.Limit != nil {
		in.Limit = func(scheme string, value any, from, rework time.Time) (time.Time, bool) {
			due, ok, err := w.s.Limit(w.ctx, w.tx, scheme, value, from, rework)
			w.keep(err)
			return due, ok
		}
	}
	if w.s.Work != nil {
		in.Work = func(from time.Time, d time.Duration) time.Time {
			due, err := w.s.Work(w.ctx, w.tx, from, d)
			w.keep(err)
			return due
		}
	}
	return in
}
