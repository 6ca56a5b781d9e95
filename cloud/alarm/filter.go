package alarm

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/db"
)

// Filter is a search a person keeps. Query is an address's part after the question
// mark.
type Filter struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Query string    `json:"query"`
	At    time.Time `json:"at"`
}

const mostFilters = 30

// Filters lists what a person keeps, the oldest first.
func (s *Store) Filters(ctx context.Context, person string) ([]Filter, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, name, query, at FROM alarm_filter WHERE person = $1 ORDER BY at, id`, person)
	if err != nil {
		return nil, fmt.Errorf("alarm: filters: %w", err)
	}
	defer rows.Close()
	out := []Filter{}
	for rows.Next() {
		var f Filter
		var at int64
		if err := rows.Scan(&f.ID, &f.Name, &f.Query, &at); err != nil {
			return nil, fmt.Errorf("alarm: filters: %w", err)
		}
		f.At = db.Time(at)
		out = append(out, f)
	}
	return out, rows.Err()
}

// KeepFilter stores a search under a name; the same name replaces the one before.
func (s *Store) KeepFilter(ctx context.Context, person, name, query string) (Filter, error) {
	f := Filter{ID: "flt-" + strings.ToLower(rand.Text()[:12]), Name: strings.TrimSpace(name), Query: query, At: s.now().UTC()}
	if n := utf8.RuneCountInString(f.Name); n < 1 || n > 30 {
		return f, invalid("name", "名称须为 1 至 30 个字", "1 to 30 characters")
	}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM alarm_filter WHERE person = $1 AND name = $2`, person, f.Name); err != nil {
			return fmt.Errorf("alarm: replace filter: %w", err)
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM alarm_filter WHERE person = $1`, person).Scan(&n); err != nil {
			return fmt.Errorf("alarm: count filters: %w", err)
		}
		if n >= mostFilters {
			return invalid("name", "最多保存 30 个筛选", "At most 30 are kept")
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO alarm_filter (person, id, name, query, at) VALUES ($1,$2,$3,$4,$5)`, person, f.ID, f.Name, f.Query, db.Millis(f.At)); err != nil {
			return fmt.Errorf("alarm: keep filter: %w", err)
		}
		return nil
	})
	return f, err
}

// DropFilter forgets one; one that is not there is forgotten already.
func (s *Store) DropFilter(ctx context.Context, person, id string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM alarm_filter WHERE person = $1 AND id = $2`, person, id); err != nil {
			return fmt.Errorf("alarm: drop filter: %w", err)
		}
		return nil
	})
}

// People lists who ever acknowledged, for choosing one.
func (s *Store) People(ctx context.Context) ([]Person, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, MAX(name) FROM alarm_person GROUP BY id ORDER BY 2 LIMIT 500`)
	if err != nil {
		return nil, fmt.Errorf("alarm: people: %w", err)
	}
	defer rows.Close()
	out := []Person{}
	for rows.Next() {
		var p Person
		if err := rows.Scan(&p.ID, &p.Name); err != nil {
			return nil, fmt.Errorf("alarm: people: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
