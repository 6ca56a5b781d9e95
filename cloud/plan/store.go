package plan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/db"
)

// Errors of the store.
var (
	ErrNotFound  = errors.New("no such plan")
	ErrPublished = errors.New("this version is published with other content; raise the version")
)

// Store keeps published plans in SQL.
type Store struct{ db *db.DB }

// NewStore uses an open database.
func NewStore(d *db.DB) *Store { return &Store{d} }

// Publish makes plans the current ones, all or none. Publishing the same content again
// changes nothing; other content under a published version is [ErrPublished].
func (s *Store) Publish(ctx context.Context, plans []Plan, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, p := range plans {
			if err := publish(ctx, tx, p, now); err != nil {
				return fmt.Errorf("plan: publish %s v%d: %w", p.ID, p.Version, err)
			}
		}
		return nil
	})
}

func publish(ctx context.Context, tx *sql.Tx, p Plan, now time.Time) error {
	hash, err := p.Hash()
	if err != nil {
		return err
	}
	doc, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO plan (id, version, hash, doc, published_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id, version) DO NOTHING`, p.ID, p.Version, hash, string(doc), db.Millis(now)); err != nil {
		return err
	}
	var stored string
	if err := tx.QueryRowContext(ctx, `SELECT hash FROM plan WHERE id = $1 AND version = $2`, p.ID, p.Version).Scan(&stored); err != nil {
		return err
	}
	if stored != hash {
		return ErrPublished
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO plan_current (id, version) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET version = excluded.version`, p.ID, p.Version)
	return err
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Current returns the current version of every plan, by id.
func (s *Store) Current(ctx context.Context) ([]Plan, error) { return CurrentIn(ctx, s.db.Read()) }

// CurrentIn is [Store.Current] as q, a pool or a transaction, sees it.
func CurrentIn(ctx context.Context, q querier) ([]Plan, error) {
	rows, err := q.QueryContext(ctx, `SELECT p.doc FROM plan p JOIN plan_current c ON c.id = p.id AND c.version = p.version`)
	if err != nil {
		return nil, fmt.Errorf("plan: list: %w", err)
	}
	defer rows.Close()
	out := []Plan{}
	for rows.Next() {
		var doc string
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("plan: list: %w", err)
		}
		var p Plan
		if err := json.Unmarshal([]byte(doc), &p); err != nil {
			return nil, fmt.Errorf("plan: read stored plan: %w", err)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Plan) int { return strings.Compare(a.ID, b.ID) })
	return out, rows.Err()
}

// Get returns the current version of one plan, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (Plan, error) {
	all, err := s.Current(ctx)
	if err != nil {
		return Plan{}, err
	}
	i := slices.IndexFunc(all, func(p Plan) bool { return p.ID == id })
	if i < 0 {
		return Plan{}, fmt.Errorf("plan: get %q: %w", id, ErrNotFound)
	}
	return all[i], nil
}
