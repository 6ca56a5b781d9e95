package spool

import (
	"context"
	"time"

	"anlan/contract"
)

// Next reads up to n records after seq, in order. Prev of each is the record before it
// that still exists or was acknowledged, so the receiver sees an eviction as one step
// and anything else that is missing as a gap.
func (s *Spool) Next(ctx context.Context, stream contract.Stream, after uint64, n int) ([]Stored, error) {
	s.mu.Lock()
	acked := s.lanes[stream].acked
	s.mu.Unlock()
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, wrap("read", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var prev uint64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record WHERE stream = ? AND seq <= ?`, stream, after).Scan(&prev); err != nil {
		return nil, wrap("read", err)
	}
	if prev == 0 {
		prev = min(acked, after)
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq, kind, boot, mono_ns, at_ms, synced, config, payload FROM record
		WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?`, stream, after, n)
	if err != nil {
		return nil, wrap("read", err)
	}
	defer rows.Close()
	var out []Stored
	for rows.Next() {
		r := Stored{Entry: Entry{Stream: stream}, Position: contract.Position{Epoch: s.epoch, Prev: prev}}
		var ms int64
		if err := rows.Scan(&r.Seq, &r.Kind, &r.BootID, &r.MonoNS, &ms, &r.Synced, &r.Config, &r.Payload); err != nil {
			return nil, wrap("read", err)
		}
		r.At = time.UnixMilli(ms).UTC()
		prev = r.Seq
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("read", err)
	}
	return out, nil
}

// trimBatch bounds one delete, so that an append never waits long behind it.
const trimBatch = 500

// Trim removes everything of the stream up to and including seq: the cloud has it.
// A seq beyond what was ever given out is ignored.
func (s *Spool) Trim(ctx context.Context, stream contract.Stream, seq uint64) error {
	for {
		more, err := s.trimSome(ctx, stream, seq)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Spool) trimSome(ctx context.Context, stream contract.Stream, seq uint64) (more bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[stream]
	if seq <= l.acked || seq >= l.next {
		return false, nil
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return false, wrap("begin", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to undo
	var upTo uint64
	var n, bytes int64
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0), count(*), coalesce(sum(length(payload)), 0) FROM
		(SELECT seq, payload FROM record WHERE stream = ? AND seq <= ? ORDER BY seq LIMIT ?)`, stream, seq, trimBatch).Scan(&upTo, &n, &bytes)
	if err != nil {
		return false, wrap("trim", err)
	}
	if n < trimBatch {
		upTo = seq
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM record WHERE stream = ? AND seq <= ?`, stream, upTo); err != nil {
		return false, wrap("trim", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE stream SET acked = ? WHERE name = ?`, upTo, stream); err != nil {
		return false, wrap("trim", err)
	}
	if err := tx.Commit(); err != nil {
		return false, wrap("commit", err)
	}
	l.acked, l.count, l.bytes = upTo, l.count-n, l.bytes-bytes
	return upTo < seq, nil
}

// Forget accepts that the cloud stands at seq although later records were already
// acknowledged and are gone (it was restored from a backup): what follows is chained
// to seq, or the stream would stop for ever. It returns how many are missing.
func (s *Spool) Forget(ctx context.Context, stream contract.Stream, seq uint64) (lost uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[stream]
	if seq >= l.acked {
		return 0, nil
	}
	if _, err := s.write.ExecContext(ctx, `UPDATE stream SET acked = ? WHERE name = ?`, seq, stream); err != nil {
		return 0, wrap("move cursor back", err)
	}
	lost = l.acked - seq
	l.acked = seq
	return lost, nil
}
