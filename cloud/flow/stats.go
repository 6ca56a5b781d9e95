package flow

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// NodeTime is how long visits to a node took.
type NodeTime struct {
	Node    string  `json:"node"`
	Visits  int     `json:"visits"` // that ended
	Open    int     `json:"open"`
	Mean    float64 `json:"mean_seconds"`
	Median  float64 `json:"median_seconds"`
	P90     float64 `json:"p90_seconds"` // nine of ten took no longer
	Longest float64 `json:"longest_seconds"`
	Late    int     `json:"late"`    // ended after their deadline
	Overdue int     `json:"overdue"` // open, and past their deadline at the end of the span
	Rework  int     `json:"rework"`  // visits after a return
}

// Times says how long each node of a flow took, of the visits begun in a span of time.
func (s *Store) Times(ctx context.Context, flow string, from, to time.Time) ([]NodeTime, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT node,
		SUM(CASE WHEN done_at > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN done_at = 0 THEN 1 ELSE 0 END),
		COALESCE(AVG(took * 1.0), 0), COALESCE(MAX(CASE WHEN rank <= (ended + 1) / 2 THEN took END), 0), COALESCE(MAX(CASE WHEN rank <= (ended * 9 + 9) / 10 THEN took END), 0), COALESCE(MAX(took), 0),
		SUM(CASE WHEN due_at > 0 AND done_at > due_at THEN 1 ELSE 0 END), SUM(CASE WHEN due_at > 0 AND done_at = 0 AND due_at < $3 THEN 1 ELSE 0 END), SUM(CASE WHEN round > 0 THEN 1 ELSE 0 END)
		FROM (SELECT r.*, CASE WHEN done_at > 0 THEN done_at - entered_at END AS took,
			ROW_NUMBER() OVER (PARTITION BY node ORDER BY CASE WHEN done_at > 0 THEN 0 ELSE 1 END, done_at - entered_at) AS rank,
			SUM(CASE WHEN done_at > 0 THEN 1 ELSE 0 END) OVER (PARTITION BY node) AS ended
			FROM flow_run r WHERE flow = $1 AND entered_at >= $2 AND entered_at < $3 AND state <> 'cancelled') x GROUP BY node ORDER BY node`, flow, db.Millis(from), db.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("flow: read times: %w", err)
	}
	defer rows.Close()
	out := []NodeTime{}
	for rows.Next() {
		var x NodeTime
		var median, p90, longest int64
		if err := rows.Scan(&x.Node, &x.Visits, &x.Open, &x.Mean, &median, &p90, &longest, &x.Late, &x.Overdue, &x.Rework); err != nil {
			return nil, fmt.Errorf("flow: read times: %w", err)
		}
		x.Mean, x.Median, x.P90, x.Longest = x.Mean/1000, float64(median)/1000, float64(p90)/1000, float64(longest)/1000
		out = append(out, x)
	}
	return out, rows.Err()
}

// waiting are the instances that wait for a person, or will.
const waiting = `FROM (SELECT instance FROM flow_task WHERE assignee = $1 AND state IN ('open', 'waiting')
	UNION ALL SELECT instance FROM flow_run WHERE state = 'active' AND queue LIKE $2) x`

// Waiting counts what Leave would touch.
func (s *Store) Waiting(ctx context.Context, person string) (int, error) {
	var n int
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(DISTINCT instance) `+waiting, person, `%"`+person+`"%`).Scan(&n); err != nil {
		return 0, fmt.Errorf("flow: count what waits: %w", err)
	}
	return n, nil
}

// Leave moves everything that waits for a person to someone else (zero: whoever each node
// falls back to), in every running instance, and returns how many those were.
func (s *Store) Leave(ctx context.Context, tx *sql.Tx, from, to Person, by org.Actor, now time.Time) (int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT instance `+waiting+` ORDER BY instance`, from.ID, `%"`+from.ID+`"%`)
	if err != nil {
		return 0, fmt.Errorf("flow: find tasks: %w", err)
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return 0, fmt.Errorf("flow: find tasks: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Close(); err != nil {
		return 0, fmt.Errorf("flow: find tasks: %w", err)
	}
	e := Event{Kind: Reassign, By: Person{ID: by.ID, Name: by.Name}, Admin: true, From: from}
	if to.ID != "" {
		e.To = []Person{to}
	}
	for _, id := range ids {
		if _, err := s.Apply(ctx, tx, id, e, nil, by, now); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
