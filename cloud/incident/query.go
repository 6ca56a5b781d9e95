package incident

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/plan"
)

// View is everything about one incident but its alarms.
type View struct {
	Incident Incident  `json:"incident"`
	Roles    []RoleRun `json:"roles"`
	Tasks    []TaskRun `json:"tasks"`
	Timeline []Entry   `json:"timeline"`
}

// ErrBroken means that a timeline was changed or cut.
var ErrBroken = errors.New("timeline chain broken")

// Get returns one incident, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (View, error) {
	var doc string
	var version int64
	err := s.db.Read().QueryRowContext(ctx, `SELECT doc, version FROM incident WHERE id = $1`, id).Scan(&doc, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return View{}, fmt.Errorf("incident: %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return View{}, fmt.Errorf("incident: read %s: %w", id, err)
	}
	var st State
	if err := json.Unmarshal([]byte(doc), &st); err != nil {
		return View{}, fmt.Errorf("incident: read %s: %w", id, err)
	}
	st.Version = version
	line, err := s.timeline(ctx, id, nil)
	return View{st.Incident, st.Roles, st.Tasks, line}, err
}

// timeline reads one incident's lines; check, if any, sees each with its hashes.
func (s *Store) timeline(ctx context.Context, id string, check func(e Entry, data, prev, hash string) error) ([]Entry, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT seq, at, actor, kind, text_zh, text_en, data, prev_hash, hash FROM incident_timeline WHERE incident = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("incident: timeline of %s: %w", id, err)
	}
	defer rows.Close()
	out := []Entry{}
	for rows.Next() {
		var e Entry
		var at int64
		var data, prev, hash string
		if err := rows.Scan(&e.Seq, &at, &e.Actor, &e.Kind, &e.Text.ZH, &e.Text.EN, &data, &prev, &hash); err != nil {
			return nil, fmt.Errorf("incident: timeline of %s: %w", id, err)
		}
		e.At = db.Time(at)
		if err := json.Unmarshal([]byte(data), &e.Data); err != nil {
			return nil, fmt.Errorf("incident: timeline of %s: %w", id, err)
		}
		if check != nil {
			if err := check(e, data, prev, hash); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Verify checks the timeline chain of one incident: [ErrBroken] if a line was changed,
// cut out or cut off.
func (s *Store) Verify(ctx context.Context, id string) error {
	var n int64
	var head string
	if err := s.db.Read().QueryRowContext(ctx, `SELECT timeline_seq, timeline_hash FROM incident WHERE id = $1`, id).Scan(&n, &head); err != nil {
		return fmt.Errorf("incident: verify %s: %w", id, err)
	}
	last, count := "", int64(0)
	_, err := s.timeline(ctx, id, func(e Entry, data, prev, hash string) error {
		want, err := audit.Chain(last, id, e.Seq, db.Millis(e.At), e.Actor, e.Kind, e.Text.ZH, e.Text.EN, data)
		if err != nil {
			return err
		}
		count++
		if e.Seq != count || prev != last || hash != want {
			return fmt.Errorf("incident: %s line %d: %w", id, e.Seq, ErrBroken)
		}
		last = hash
		return nil
	})
	if err == nil && (count != n || last != head) {
		err = fmt.Errorf("incident: %s ends at line %d of %d: %w", id, count, n, ErrBroken)
	}
	return err
}

// List returns incidents, the newest first; state is "open", "closed" or "all", limit
// at most 500.
func (s *Store) List(ctx context.Context, state string, limit int) ([]Incident, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT doc, version FROM incident WHERE ($1 = 'all' OR state = $2) ORDER BY launched_at DESC, id LIMIT $3`,
		state, state, min(limit, 500))
	if err != nil {
		return nil, fmt.Errorf("incident: list: %w", err)
	}
	defer rows.Close()
	out := []Incident{}
	for rows.Next() {
		var doc string
		var version int64
		if err := rows.Scan(&doc, &version); err != nil {
			return nil, fmt.Errorf("incident: list: %w", err)
		}
		var st State
		if err := json.Unmarshal([]byte(doc), &st); err != nil {
			return nil, fmt.Errorf("incident: list: %w", err)
		}
		st.Version = version
		out = append(out, st.Incident)
	}
	return out, rows.Err()
}

// PlanOf returns the plan as it was when the incident was launched.
func (s *Store) PlanOf(ctx context.Context, id string) (plan.Plan, error) {
	var doc string
	var p plan.Plan
	if err := s.db.Read().QueryRowContext(ctx, `SELECT plan_doc FROM incident WHERE id = $1`, id).Scan(&doc); err != nil {
		return p, fmt.Errorf("incident: plan of %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(doc), &p); err != nil {
		return p, fmt.Errorf("incident: plan of %s: %w", id, err)
	}
	return p, nil
}
