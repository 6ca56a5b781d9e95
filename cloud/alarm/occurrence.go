package alarm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// occur keeps the occurrences of an alarm and finds the group of a new one.
func (s *Store) occur(ctx context.Context, tx *sql.Tx, a *Alarm, events []Event, now time.Time) error {
	for _, ev := range events {
		var err error
		switch ev.Kind {
		case Raised, Reraised:
			if ev.Kind == Reraised && ev.Data["because"] != nil { // the same occurrence, announced now
				err = exec(ctx, tx, `UPDATE alarm_occurrence SET acked_at = 0, announced = 1, recv_at = $3 WHERE alarm = $1 AND n = $2`, a.ID, a.Count, db.Millis(now))
				break
			}
			if err = s.group(ctx, tx, a, now); err != nil {
				return err
			}
			announced := 0
			if a.State == Unacked {
				announced = 1
			}
			err = exec(ctx, tx, `INSERT INTO alarm_occurrence (alarm, n, edge, point, rule, building, hazard, severity, raised_at, recv_at, acked_at, returned_at, first_out, announced)
				VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,0,0,$11,$12) ON CONFLICT DO NOTHING`, a.ID, a.Count, string(a.Edge), string(a.Point), string(a.Rule), a.Building, string(a.Hazard),
				int(a.Severity), db.Millis(a.RaisedAt), db.Millis(now), a.Group, announced)
		case Worsened:
			err = exec(ctx, tx, `UPDATE alarm_occurrence SET severity = $3, acked_at = 0 WHERE alarm = $1 AND n = $2`, a.ID, a.Count, int(a.Severity))
		case Acknowledged:
			err = exec(ctx, tx, `UPDATE alarm_occurrence SET acked_at = $3 WHERE alarm = $1 AND n = $2`, a.ID, a.Count, db.Millis(now))
		case Returned:
			err = exec(ctx, tx, `UPDATE alarm_occurrence SET returned_at = $3 WHERE alarm = $1 AND n = $2`, a.ID, a.Count, db.Millis(now))
		}
		if err != nil {
			return fmt.Errorf("alarm: occurrence of %s: %w", a.ID, err)
		}
	}
	return nil
}

func exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// group joins an occurrence to the alarm that came first of its building and hazard
// within the window, or makes it the first.
func (s *Store) group(ctx context.Context, tx *sql.Tx, a *Alarm, now time.Time) error {
	policy, err := policyIn(ctx, tx)
	if err != nil {
		return err
	}
	var first string
	err = tx.QueryRowContext(ctx, `SELECT alarm FROM alarm_occurrence WHERE building = $1 AND hazard = $2 AND recv_at > $3 AND first_out = alarm AND announced = 1
		ORDER BY recv_at DESC LIMIT 1`, a.Building, string(a.Hazard), db.Millis(now.Add(-time.Duration(policy.FirstOutWindowS)*time.Second))).Scan(&first)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("alarm: group of %s: %w", a.ID, err)
	}
	if first == "" || a.State != Unacked {
		first = a.ID
	}
	a.Group, a.FirstOut = first, first == a.ID
	return nil
}

// Occurrence is one time an alarm came.
type Occurrence struct {
	N          int               `json:"n"`
	Severity   contract.Severity `json:"severity"`
	RaisedAt   time.Time         `json:"raised_at"`
	AckedAt    time.Time         `json:"acked_at,omitzero"`
	ReturnedAt time.Time         `json:"returned_at,omitzero"`
	Group      string            `json:"group"`
	Announced  bool              `json:"announced"` // false: it came while set aside
}

// Occurrences lists the newest of one alarm, the newest first.
func (s *Store) Occurrences(ctx context.Context, id string) ([]Occurrence, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT n, severity, raised_at, acked_at, returned_at, first_out, announced FROM alarm_occurrence WHERE alarm = $1 ORDER BY n DESC LIMIT 200`, id)
	if err != nil {
		return nil, fmt.Errorf("alarm: occurrences of %s: %w", id, err)
	}
	defer rows.Close()
	out := []Occurrence{}
	for rows.Next() {
		var o Occurrence
		var severity, raised, acked, returned, announced int64
		if err := rows.Scan(&o.N, &severity, &raised, &acked, &returned, &o.Group, &announced); err != nil {
			return nil, fmt.Errorf("alarm: occurrences of %s: %w", id, err)
		}
		o.Severity, o.Announced = contract.Severity(severity), announced == 1
		o.RaisedAt, o.AckedAt, o.ReturnedAt = db.Time(raised), db.Time(acked), db.Time(returned)
		out = append(out, o)
	}
	return out, rows.Err()
}
