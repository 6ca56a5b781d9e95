package flow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Timers fire when their moment has come, also those that passed while nothing ran.
const (
	timerBatch = 100
	timerPoll  = 15 * time.Second
)

// Due fires what is due and returns how many did, and when the next will be (zero: none).
// What cannot be carried out is tried again later and stays visible.
func (s *Store) Due(ctx context.Context, now time.Time) (fired int, next time.Time, err error) {
	type row struct{ instance, key string }
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT instance, key FROM flow_timer WHERE at <= $1 ORDER BY at, instance, key LIMIT $2`, db.Millis(now), timerBatch)
	if err != nil {
		return 0, next, fmt.Errorf("flow: read timers: %w", err)
	}
	var due []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.instance, &r.key); err != nil {
			return 0, next, errors.Join(fmt.Errorf("flow: read timers: %w", err), rows.Close())
		}
		due = append(due, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, next, fmt.Errorf("flow: read timers: %w", err)
	}
	var failed []error
	for _, r := range due {
		err := s.fireOne(ctx, r.instance, r.key, now)
		if err == nil {
			fired++
		} else if ctx.Err() != nil {
			return fired, next, err
		} else {
			failed = append(failed, err)
		}
	}
	var at sql.NullInt64
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT MIN(at) FROM flow_timer`).Scan(&at); err != nil {
		failed = append(failed, fmt.Errorf("flow: read timers: %w", err))
	}
	return fired, db.Time(at.Int64), errors.Join(failed...)
}

func (s *Store) fireOne(ctx context.Context, id, key string, now time.Time) error {
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := s.Apply(ctx, tx, id, Event{Kind: Fire, Timer: key}, nil, org.System(), now)
		return err
	})
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("flow: fire %s of %s: %w", key, id, err), s.DB.Tx(ctx, func(tx *sql.Tx) error {
		var refused *Error
		if errors.As(err, &refused) && refused.Code == NotFound || errors.Is(err, ErrNotFound) {
			_, err := tx.ExecContext(ctx, `DELETE FROM flow_timer WHERE instance = $1 AND key = $2`, id, key)
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE flow_timer SET tries = tries + 1, error = $1, at = $2 + 60000 * (CASE WHEN tries > 59 THEN 60 ELSE tries + 1 END)
			WHERE instance = $3 AND key = $4`, err.Error(), db.Millis(now), id, key)
		return err
	}))
}

// Run fires timers until ctx ends.
func (s *Store) Run(ctx context.Context, log *slog.Logger) error {
	for {
		_, next, err := s.Due(ctx, s.Now())
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			log.Error("timers", "error", err)
		}
		wait := timerPoll
		if left := next.Sub(s.Now()); !next.IsZero() && left < wait {
			wait = max(left, 50*time.Millisecond)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-s.poke:
			t.Stop()
		case <-t.C:
		}
	}
}

// wake makes Run look at the timers anew.
func (s *Store) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Stuck is a timer that could not be carried out.
type Stuck struct {
	Instance string    `json:"instance"`
	Key      string    `json:"key"`
	Next     time.Time `json:"next_at"`
	Tries    int       `json:"tries"`
	Error    string    `json:"error"`
}

// Stuck lists timers that could not be carried out, for administrators.
func (s *Store) Stuck(ctx context.Context) ([]Stuck, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT instance, key, at, tries, error FROM flow_timer WHERE tries > 0 ORDER BY at LIMIT 200`)
	if err != nil {
		return nil, fmt.Errorf("flow: read timers: %w", err)
	}
	defer rows.Close()
	out := []Stuck{}
	for rows.Next() {
		var x Stuck
		var at int64
		if err := rows.Scan(&x.Instance, &x.Key, &at, &x.Tries, &x.Error); err != nil {
			return nil, fmt.Errorf("flow: read timers: %w", err)
		}
		x.Next = db.Time(at)
		out = append(out, x)
	}
	return out, rows.Err()
}
