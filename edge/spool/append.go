package spool

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"anlan/contract"
)

// Entry is a record on its way into the spool. What is left zero is left zero.
type Entry struct {
	Stream  contract.Stream
	Kind    contract.Kind
	BootID  string
	MonoNS  int64
	At      time.Time
	Synced  bool
	Config  string
	Payload []byte
}

// Stored is a record in the spool.
type Stored struct {
	Entry
	contract.Position
}

// Also is what must change together with an append.
type Also struct {
	States  map[string][]byte // alarm states; an empty value removes the key
	Command string            // id of a command whose result this entry is
	Result  []byte
}

// Append makes entries and what goes with them durable, all or nothing, and returns
// the seq of the last one (0 if there were none).
func (s *Spool) Append(ctx context.Context, entries []Entry, also Also) (last uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, wrap("begin", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to undo
	lanes := map[contract.Stream]lane{}
	for stream, l := range s.lanes {
		lanes[stream] = *l
	}
	evicted := uint64(0)
	for _, e := range entries {
		l, ok := lanes[e.Stream]
		if !ok {
			return 0, fmt.Errorf("spool: append: unknown stream %q", e.Stream)
		}
		if e.Stream == contract.StreamTelemetry {
			n, err := evict(ctx, tx, &l, s.cfg.TelemetryBytes-int64(len(e.Payload)))
			if err != nil {
				return 0, err
			}
			evicted += n
		}
		if err := insert(ctx, tx, e, l.next); err != nil {
			return 0, err
		}
		last = l.next
		l.next, l.count, l.bytes = l.next+1, l.count+1, l.bytes+int64(len(e.Payload))
		lanes[e.Stream] = l
	}
	for stream, l := range lanes {
		if l.next == s.lanes[stream].next {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE stream SET next = ? WHERE name = ?`, l.next, stream); err != nil {
			return 0, wrap("move head", err)
		}
	}
	if err := writeAlso(ctx, tx, also, last, s.cfg.Now()); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, wrap("commit", err)
	}
	for stream, l := range lanes {
		*s.lanes[stream] = l
	}
	s.evicted += evicted
	return last, nil
}

func insert(ctx context.Context, tx *sql.Tx, e Entry, seq uint64) error {
	if e.Payload == nil {
		e.Payload = []byte{}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Stream, seq, e.Kind, e.BootID, e.MonoNS, e.At.UnixMilli(), e.Synced, e.Config, e.Payload)
	if err != nil {
		return wrap("insert record", err)
	}
	return nil
}

// evict drops the oldest records until at most limit bytes are left.
func evict(ctx context.Context, tx *sql.Tx, l *lane, limit int64) (n uint64, err error) {
	if l.bytes <= limit || l.count == 0 {
		return 0, nil
	}
	// A little more than needed goes at once, so that a full spool does not pay for
	// this at every append.
	over := l.bytes - limit + max(limit, 0)/64
	rows, err := tx.QueryContext(ctx, `SELECT seq, length(payload) FROM record WHERE stream = ? ORDER BY seq LIMIT 10000`, contract.StreamTelemetry)
	if err != nil {
		return 0, wrap("find oldest", err)
	}
	defer rows.Close()
	var upTo uint64
	for over > 0 && rows.Next() {
		var size int64
		if err := rows.Scan(&upTo, &size); err != nil {
			return 0, wrap("find oldest", err)
		}
		over, l.bytes, l.count = over-size, l.bytes-size, l.count-1
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, wrap("find oldest", err)
	}
	rows.Close()
	if _, err := tx.ExecContext(ctx, `DELETE FROM record WHERE stream = ? AND seq <= ?`, contract.StreamTelemetry, upTo); err != nil {
		return 0, wrap("evict", err)
	}
	return n, nil
}

func writeAlso(ctx context.Context, tx *sql.Tx, also Also, seq uint64, now time.Time) error {
	for k, v := range also.States {
		var err error
		if len(v) == 0 {
			_, err = tx.ExecContext(ctx, `DELETE FROM state WHERE key = ?`, k)
		} else {
			_, err = tx.ExecContext(ctx, `INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, k, v)
		}
		if err != nil {
			return wrap("write state", err)
		}
	}
	if also.Command == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO command VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, result = excluded.result`,
		also.Command, now.UnixMilli(), seq, also.Result)
	if err != nil {
		return wrap("write command result", err)
	}
	return nil
}

// States reads every stored alarm state.
func (s *Spool) States(ctx context.Context) (map[string][]byte, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT key, value FROM state`)
	if err != nil {
		return nil, wrap("read states", err)
	}
	defer rows.Close()
	out := map[string][]byte{}
	for rows.Next() {
		var k string
		var v []byte
		if err := rows.Scan(&k, &v); err != nil {
			return nil, wrap("read states", err)
		}
		out[k] = v
	}
	return out, rows.Err()
}

// keepCommands is how long an executed command's id is remembered. A command expires
// long before that.
const keepCommands = 30 * 24 * time.Hour

// BeginCommand remembers, durably, that the command is about to be carried out. first
// is false when it was seen before; result is then what came of it, nil if nothing is
// known yet, and delivered whether the cloud has committed that result.
func (s *Spool) BeginCommand(ctx context.Context, id string) (first bool, result json.RawMessage, delivered bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if _, err := s.write.ExecContext(ctx, `DELETE FROM command WHERE at_ms < ?`, now.Add(-keepCommands).UnixMilli()); err != nil {
		return false, nil, false, wrap("forget old commands", err)
	}
	res, err := s.write.ExecContext(ctx, `INSERT INTO command VALUES (?, ?, 0, NULL) ON CONFLICT DO NOTHING`, id, now.UnixMilli())
	if err != nil {
		return false, nil, false, wrap("remember command", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 1 {
		return true, nil, false, nil
	}
	var seq uint64
	if err := s.write.QueryRowContext(ctx, `SELECT seq, result FROM command WHERE id = ?`, id).Scan(&seq, &result); err != nil {
		return false, nil, false, wrap("read command", err)
	}
	return false, result, seq != 0 && seq <= s.lanes[contract.StreamAlarm].acked, nil
}

// Unfinished lists commands that were begun and have no result: the edge stopped in
// the middle of them.
func (s *Spool) Unfinished(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM command WHERE result IS NULL ORDER BY at_ms`)
	if err != nil {
		return nil, wrap("read commands", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, wrap("read commands", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
