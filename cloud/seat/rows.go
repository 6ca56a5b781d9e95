package seat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/db"
)

func (s *Service) saveSeat(ctx context.Context, tx *sql.Tx, x Seat) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO seat (id, kind, name, person, person_name, browser, registered_at, heard_at, left_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, person = excluded.person, person_name = excluded.person_name,
		browser = excluded.browser, registered_at = excluded.registered_at, heard_at = excluded.heard_at, left_at = excluded.left_at`,
		x.ID, string(x.Kind), x.Name, x.Person, x.PersonName, x.Browser, db.Millis(x.RegisteredAt), db.Millis(x.HeardAt), db.Millis(x.LeftAt))
	if err != nil {
		return fmt.Errorf("seat: store %s: %w", x.ID, err)
	}
	return nil
}

// keepSeats is how long a seat that was left is remembered.
const keepSeats = 30 * 24 * time.Hour

// load reads everything that is needed after a start.
func (s *Service) load(ctx context.Context, now time.Time) error {
	if err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM seat WHERE heard_at < $1 AND kind <> 'desk'`, db.Millis(now.Add(-keepSeats)))
		return err
	}); err != nil {
		return fmt.Errorf("seat: forget old seats: %w", err)
	}
	err := each(ctx, s.db.Read(), `SELECT id, kind, name, person, person_name, browser, registered_at, heard_at, left_at FROM seat`, func(rows *sql.Rows) error {
		var x Seat
		var registered, heard, left int64
		if err := rows.Scan(&x.ID, &x.Kind, &x.Name, &x.Person, &x.PersonName, &x.Browser, &registered, &heard, &left); err != nil {
			return err
		}
		s.manned = s.manned || x.Kind == Desk
		x.RegisteredAt, x.HeardAt, x.LeftAt, x.Sound, x.State = db.Time(registered), db.Time(heard), db.Time(left), Unarmed, Gone
		if now.Sub(x.HeardAt) < keepSeats {
			s.seats[x.ID] = &x
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, s.db.Read(), `SELECT alarm, building, seat, person, person_name, at FROM alarm_claim`, func(rows *sql.Rows) error {
		var c Claim
		var at int64
		if err := rows.Scan(&c.Alarm, &c.Building, &c.Seat, &c.Person, &c.PersonName, &at); err != nil {
			return err
		}
		c.At = db.Time(at)
		s.claims[c.Alarm] = c
		return nil
	})
}

// marks says whether an occurrence was painted at a desk, and told as unwatched.
func (s *Service) marks(ctx context.Context, alarm string, count int) (painted, told bool, err error) {
	var p, u int
	row := s.db.Read().QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM alarm_painted WHERE alarm = $1 AND count = $2 AND kind = 'desk'),
		(SELECT COUNT(*) FROM alarm_unwatched WHERE alarm = $1 AND count = $2)`, alarm, count)
	if err := row.Scan(&p, &u); err != nil {
		return false, false, fmt.Errorf("seat: read marks of %s: %w", alarm, err)
	}
	return p > 0, u > 0, nil
}

// unstamped are those of the items that no desk or viewer has painted before.
func (s *Service) unstamped(ctx context.Context, items []Painted) ([]Painted, error) {
	var out []Painted
	for _, it := range items {
		var n int
		if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM alarm_painted WHERE alarm = $1 AND count = $2 AND kind <> 'wall'`, it.Alarm, it.Count).Scan(&n); err != nil {
			return nil, fmt.Errorf("seat: read painted: %w", err)
		}
		if n == 0 {
			out = append(out, it)
		}
	}
	return out, nil
}

func savePainted(ctx context.Context, tx *sql.Tx, x Seat, items []Painted) error {
	for _, it := range items {
		if _, err := tx.ExecContext(ctx, `INSERT INTO alarm_painted (alarm, count, seat, person, kind, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (alarm, count, seat) DO NOTHING`, it.Alarm, it.Count, x.ID, x.Person, string(x.Kind), db.Millis(it.At)); err != nil {
			return fmt.Errorf("seat: store painted: %w", err)
		}
	}
	return nil
}

func each(ctx context.Context, q *sql.DB, query string, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("seat: read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("seat: read: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("seat: read: %w", err)
	}
	return nil
}
