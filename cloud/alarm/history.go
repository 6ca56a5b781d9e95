package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// ActionRow is one stored report of a local action.
type ActionRow struct {
	contract.ActionReport
	Edge   contract.EdgeID `json:"edge"`
	RecvAt time.Time       `json:"recv_at"`
}

// Events is the history of one alarm, oldest first.
func (s *Store) Events(ctx context.Context, id string) ([]Event, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT seq, alarm, kind, at, recv_at, actor, text, data
		FROM alarm_event WHERE alarm = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("alarm: events of %s: %w", id, err)
	}
	defer rows.Close()
	out := []Event{}
	for rows.Next() {
		var ev Event
		var at, recv int64
		var data string
		if err := rows.Scan(&ev.Seq, &ev.Alarm, &ev.Kind, &at, &recv, &ev.Actor, &ev.Text, &data); err != nil {
			return nil, fmt.Errorf("alarm: events of %s: %w", id, err)
		}
		ev.At, ev.RecvAt = db.Time(at), db.Time(recv)
		if err := json.Unmarshal([]byte(data), &ev.Data); err != nil {
			return nil, fmt.Errorf("alarm: events of %s: decode: %w", id, err)
		}
		out = append(out, ev)
	}
	return out, rows.Err()
}

// Actions are the reports of local actions an alarm caused, oldest first.
func (s *Store) Actions(ctx context.Context, id string) ([]ActionRow, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT edge, recv_at, doc FROM alarm_action WHERE alarm = $1 ORDER BY at, id, attempt`, id)
	if err != nil {
		return nil, fmt.Errorf("alarm: actions of %s: %w", id, err)
	}
	defer rows.Close()
	out := []ActionRow{}
	for rows.Next() {
		var r ActionRow
		var recv int64
		var doc string
		if err := rows.Scan(&r.Edge, &recv, &doc); err != nil {
			return nil, fmt.Errorf("alarm: actions of %s: %w", id, err)
		}
		r.RecvAt = db.Time(recv)
		if err := json.Unmarshal([]byte(doc), &r.ActionReport); err != nil {
			return nil, fmt.Errorf("alarm: actions of %s: decode: %w", id, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// LastEventAt is when the newest event was written; zero if there is none.
func (s *Store) LastEventAt(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `SELECT recv_at FROM alarm_event ORDER BY seq DESC LIMIT 1`).Scan(&at)
	if err != nil && err != sql.ErrNoRows {
		return time.Time{}, fmt.Errorf("alarm: last event: %w", err)
	}
	return db.Time(at.Int64), nil
}

// Verify walks the whole log and checks that no line was changed, removed or put in.
// The error names the first line that does not fit.
func (s *Store) Verify(ctx context.Context) (lines int64, err error) {
	var end int64 // first: what is appended while we read is the next walk's
	var endHash string
	if err := s.db.Read().QueryRowContext(ctx, `SELECT seq, hash FROM alarm_chain WHERE id = 1`).Scan(&end, &endHash); err != nil {
		return 0, fmt.Errorf("alarm: verify log: %w", err)
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT seq, alarm, kind, at, recv_at, actor, text, data, prev_hash, hash
		FROM alarm_event WHERE seq <= $1 ORDER BY seq`, end)
	if err != nil {
		return 0, fmt.Errorf("alarm: verify log: %w", err)
	}
	defer rows.Close()
	prev := ""
	for rows.Next() {
		var ev Event
		var at, recv int64
		var data, before, hash string
		if err := rows.Scan(&ev.Seq, &ev.Alarm, &ev.Kind, &at, &recv, &ev.Actor, &ev.Text, &data, &before, &hash); err != nil {
			return lines, fmt.Errorf("alarm: verify log: %w", err)
		}
		ev.At, ev.RecvAt = db.Time(at), db.Time(recv)
		if ev.Seq != lines+1 || before != prev || hash != hashEvent(prev, ev, data) {
			return lines, fmt.Errorf("alarm: verify log: line %d does not fit the one before", ev.Seq)
		}
		prev, lines = hash, lines+1
	}
	if err := rows.Err(); err != nil {
		return lines, fmt.Errorf("alarm: verify log: %w", err)
	}
	if end != lines || endHash != prev {
		return lines, fmt.Errorf("alarm: verify log: it ends at line %d, want %d", lines, end)
	}
	return lines, nil
}
