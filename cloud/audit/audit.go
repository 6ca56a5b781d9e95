// Package audit is the append-only, hash-chained record of what people did: each row
// carries the hash of the row before, and is written in the same transaction as the
// act itself. The chain shows that a row was changed or cut out; it does not protect
// against someone who rewrites all of it.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Entry is one line.
type Entry struct {
	Seq       int64           `json:"seq"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"` // user id, "" for the system or someone not signed in
	ActorName string          `json:"actor_name"`
	Action    string          `json:"action"` // "session.open", "alarm.acknowledge"
	Object    string          `json:"object"` // "alarm:<id>", "user:<id>"
	IP        string          `json:"ip"`
	Data      json.RawMessage `json:"data"`
}

// ErrBroken means that the chain does not hold.
var ErrBroken = errors.New("audit: chain broken")

// Log is the audit log.
type Log struct{ db *db.DB }

// New uses an open database.
func New(d *db.DB) *Log { return &Log{d} }

// Chain is the hash of one row: of what it says and of the row before it.
func Chain(prev string, fields ...any) (string, error) {
	b, err := json.Marshal(append([]any{prev}, fields...))
	if err != nil {
		return "", fmt.Errorf("audit: hash row: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Append writes one line within tx. data may be nil; it must not hold a secret.
func (l *Log) Append(ctx context.Context, tx *sql.Tx, by org.Actor, action, object string, data any, now time.Time) error {
	doc := []byte("{}")
	if data != nil {
		var err error
		if doc, err = json.Marshal(data); err != nil {
			return fmt.Errorf("audit: encode %s: %w", action, err)
		}
	}
	// The update locks the head, so writers of a chain never run side by side.
	var seq int64
	var prev string
	if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash`).Scan(&seq, &prev); err != nil {
		return fmt.Errorf("audit: take number: %w", err)
	}
	at := db.Millis(now)
	hash, err := Chain(prev, seq, at, by.ID, by.Name, action, object, by.IP, string(doc))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (seq, at, actor, actor_name, action, object, ip, data, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, seq, at, by.ID, by.Name, action, object, by.IP, string(doc), prev, hash); err != nil {
		return fmt.Errorf("audit: append %s: %w", action, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1 WHERE id = 1`, hash); err != nil {
		return fmt.Errorf("audit: move head: %w", err)
	}
	return nil
}

// Write is [Log.Append] in a transaction of its own, for acts that change nothing else.
func (l *Log) Write(ctx context.Context, by org.Actor, action, object string, data any, now time.Time) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error { return l.Append(ctx, tx, by, action, object, data, now) })
}

// Verify walks the whole chain and returns how many rows it holds, or [ErrBroken]
// with the first row that does not fit.
func (l *Log) Verify(ctx context.Context) (n int64, err error) {
	tx, err := l.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: readIsolation(l.db)})
	if err != nil {
		return 0, fmt.Errorf("audit: verify: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var headSeq int64
	var headHash, prev string
	if err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&headSeq, &headHash); err != nil {
		return 0, fmt.Errorf("audit: read head: %w", err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq, at, actor, actor_name, action, object, ip, data, prev_hash, hash FROM audit ORDER BY seq`)
	if err != nil {
		return 0, fmt.Errorf("audit: verify: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq, at int64
		var actor, name, action, object, ip, data, before, hash string
		if err := rows.Scan(&seq, &at, &actor, &name, &action, &object, &ip, &data, &before, &hash); err != nil {
			return n, fmt.Errorf("audit: verify: %w", err)
		}
		want, err := Chain(prev, seq, at, actor, name, action, object, ip, data)
		if err != nil {
			return n, err
		}
		if seq != n+1 || before != prev || hash != want {
			return n, fmt.Errorf("%w at row %d", ErrBroken, seq)
		}
		n, prev = seq, hash
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("audit: verify: %w", err)
	}
	if n != headSeq || prev != headHash {
		return n, fmt.Errorf("%w: the log ends at row %d, its head says %d", ErrBroken, n, headSeq)
	}
	return n, nil
}

func readIsolation(d *db.DB) sql.IsolationLevel {
	if d.Postgres() {
		return sql.LevelRepeatableRead // one snapshot for head and rows
	}
	return sql.LevelDefault
}

// Last returns the newest n lines, newest first.
func (l *Log) Last(ctx context.Context, n int) ([]Entry, error) {
	return l.lines(ctx, `SELECT seq, at, actor, actor_name, action, object, ip, data FROM audit ORDER BY seq DESC LIMIT $1`, n)
}

type actorKey struct{}

// WithActor notes in ctx who acts, for [Log.AlarmHook].
func WithActor(ctx context.Context, a org.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns who acts, if ctx says so.
func ActorOf(ctx context.Context) (org.Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(org.Actor)
	return a, ok
}

// AlarmHook writes what a person did to an alarm, in the alarm's own transaction. It
// is an alarm hook; the person is the actor of ctx. What edges do is in the alarm's
// own history and not repeated here.
func (l *Log) AlarmHook(ctx context.Context, tx *sql.Tx, c alarm.Change) error {
	by, ok := ActorOf(ctx)
	if !ok {
		return nil
	}
	switch c.Kind {
	case alarm.Acknowledged, alarm.Muted, alarm.ResetAsked, alarm.Confirmed, alarm.FalseAlarm:
	default:
		return nil
	}
	return l.Append(ctx, tx, by, "alarm."+c.Kind, "alarm:"+c.Alarm.ID,
		map[string]any{"version": c.Alarm.Version, "title": c.Alarm.Title.ZH}, c.Alarm.UpdatedAt)
}
