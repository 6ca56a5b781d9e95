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
	Longest float64 `json:"longest_seconds"`
	Late    int     `json:"late"`   // ended after their deadline
	Rework  int     `json:"rework"` // visits after a return
}

// Times says how long each node of a flow took, of the visits begun in a span of time.
func (s *Store) Times(ctx context.Context, flow string, from, to time.Time) ([]NodeTime, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT node,
		SUM(CASE WHEN done_at > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN done_at = 0 THEN 1 ELSE 0 END),
		COALESCE(AVG(CASE WHEN done_at > 0 THEN (done_at - entered_at) * 1.0 END), 0), COALESCE(MAX(CASE WHEN done_at > 0 THEN done_at - entered_at END), 0),
		SUM(CASE WHEN due_at > 0 AND done_at > due_at THEN 1 ELSE 0 END), SUM(CASE WHEN round > 0 THEN 1 ELSE 0 END)
		FROM flow_run WHERE flow = $1 AND entered_at >= $2 AND entered_at < $3 AND state <> 'cancelled' GROUP BY node ORDER BY node`, flow, db.Millis(from), db.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("flow: read times: %w", err)
	}
	defer rows.Close()
	out := []NodeTime{}
	for rows.Next() {
		var x NodeTime
		var longest int64
		if err := rows.Scan(&x.Node, &x.Visits, &x.Open, &x.Mean, &longest, &x.Late, &x.Rework); err != nil {
			return nil, fmt.Errorf("flow: read times: %w", err)
		}
		x.Mean, x.Longest = x.Mean/1000, float64(longest)/1000
		out = append(out, x)
	}
	return out, rows.Err()
}

// Leave moves everything that waits for a person to someone else (zero: whoever each node
// falls back to), in every running instance, and returns how many those were.
func (s *Store) Leave(ctx context.Context, tx *sql.Tx, from, to Person, by org.Actor, now time.Time) (int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT instance FROM (
		SELECT instance FROM flow_task WHERE assignee = $1 AND state IN ('open', 'waiting')
		UNION ALL SELECT instance FROM flow_run WHERE state = 'active' AND queue LIKE $2) x ORDER BY instance`, from.ID, `%"`+from.ID+`"%`)
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
