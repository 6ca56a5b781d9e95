// Package command keeps what people ask of an edge until the edge has answered or the
// time is out.
package command

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"
)

// States of a command.
const (
	Waiting = "waiting"
	Done    = "done"
	Refused = "refused" // the edge said no; the result says why
	Expired = "expired" // no answer in time: nobody knows whether it was carried out
)

// ResendEvery is how often an unanswered command is sent again; the edge carries out
// each id once.
const ResendEvery = 5 * time.Second

// ErrNotFound marks an id that was never asked.
var ErrNotFound = errors.New("no such command")

// Alarms notes answers at the alarm they are about.
type Alarms interface {
	ApplyResult(ctx context.Context, tx *sql.Tx, alarm string, in alarm.ResultInput) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// Status is a command with what has become of it.
type Status struct {
	contract.Command
	Edge   contract.EdgeID         `json:"edge"`
	Alarm  string                  `json:"alarm,omitempty"`
	State  string                  `json:"state"`
	Sent   int                     `json:"sent"` // times
	Result *contract.CommandResult `json:"result,omitempty"`
}

// Store keeps commands in SQL and sends them.
type Store struct {
	db     *db.DB
	alarms Alarms
	log    *slog.Logger
	now    func() time.Time
	send   func(contract.EdgeID, contract.Leaf, []byte) error
	kick   chan struct{}
}

// NewStore makes a store; Send must be given with [Store.SetSender] before Run.
func NewStore(d *db.DB, alarms Alarms, log *slog.Logger, now func() time.Time) *Store {
	return &Store{db: d, alarms: alarms, log: log, now: now, kick: make(chan struct{}, 1)}
}

// SetSender sets how messages go to edges.
func (s *Store) SetSender(send func(contract.EdgeID, contract.Leaf, []byte) error) { s.send = send }

// Ask stores a command in the caller's transaction; it is sent after the commit, at
// the next [Store.Wake] or tick.
// ID, V and missing times are filled in.
func (s *Store) Ask(ctx context.Context, tx *sql.Tx, e contract.EdgeID, alarmID string, c contract.Command) (contract.Command, error) {
	now := s.now()
	c.V, c.ID = contract.Version, "cmd-"+strings.ToLower(rand.Text()[:16])
	if c.IssuedAt.IsZero() {
		c.IssuedAt = now
	}
	if c.Expires.IsZero() {
		c.Expires = now.Add(time.Minute)
	}
	c.IssuedAt, c.Expires = c.IssuedAt.UTC().Round(0), c.Expires.UTC().Round(0)
	doc, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("command: encode: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO command (id, edge, verb, alarm, state, issued_at, expires_at, doc) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		c.ID, string(e), string(c.Verb), alarmID, Waiting, db.Millis(c.IssuedAt), db.Millis(c.Expires), string(doc))
	if err != nil {
		return c, fmt.Errorf("command: store: %w", err)
	}
	return c, nil
}

// Wake has Run look for new commands now; call it after the commit.
func (s *Store) Wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Answer takes an edge's result, inside the record's transaction. A result for a command
// of another edge, or for none, is an error that wraps contract.ErrMalformed; a second
// result changes nothing.
func (s *Store) Answer(ctx context.Context, tx *sql.Tx, e contract.EdgeID, r contract.CommandResult) ([]alarm.Change, error) {
	var alarmID, verb, state string
	err := tx.QueryRowContext(ctx, `SELECT alarm, verb, state FROM command WHERE id = $1 AND edge = $2`, r.ID, string(e)).Scan(&alarmID, &verb, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("command: answer %q of %s: %w: %w", r.ID, e, ErrNotFound, contract.ErrMalformed)
	}
	if err != nil {
		return nil, fmt.Errorf("command: answer %s: %w", r.ID, err)
	}
	if state == Done || state == Refused {
		return nil, nil
	}
	state = Refused
	if r.OK {
		state = Done
	}
	if err := finish(ctx, tx, r, state); err != nil {
		return nil, err
	}
	return s.alarms.ApplyResult(ctx, tx, alarmID, alarm.ResultInput{Edge: e, Verb: contract.Verb(verb), Result: r})
}

func finish(ctx context.Context, tx *sql.Tx, r contract.CommandResult, state string) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("command: encode result: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE command SET state = $2, result = $3 WHERE id = $1`, r.ID, state, string(doc)); err != nil {
		return fmt.Errorf("command: finish %s: %w", r.ID, err)
	}
	return nil
}

// Run sends what waits, again and again, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(ResendEvery)
	defer tick.Stop()
	lastSent := map[string]time.Time{}
	for {
		if err := s.Step(ctx, s.now(), lastSent); err != nil && ctx.Err() == nil {
			s.log.Error("send commands", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.kick:
		}
	}
}

// Step sends every waiting command not sent within [ResendEvery] and expires those whose
// time is out. Only Run's goroutine calls it outside tests.
func (s *Store) Step(ctx context.Context, now time.Time, lastSent map[string]time.Time) error {
	waiting, err := s.list(ctx, `WHERE state = $1 ORDER BY issued_at, id`, Waiting)
	if err != nil {
		return err
	}
	var errs error
	for _, c := range waiting {
		if !now.Before(c.Expires) {
			delete(lastSent, c.ID)
			errs = errors.Join(errs, s.expire(ctx, c, now))
			continue
		}
		if now.Sub(lastSent[c.ID]) < ResendEvery-ResendEvery/10 {
			continue
		}
		lastSent[c.ID] = now
		errs = errors.Join(errs, s.transmit(ctx, c))
	}
	return errs
}

func (s *Store) transmit(ctx context.Context, c Status) error {
	raw, err := json.Marshal(c.Command)
	if err != nil {
		return fmt.Errorf("command: encode %s: %w", c.ID, err)
	}
	if err := s.send(c.Edge, contract.LeafCommand, raw); err != nil {
		return fmt.Errorf("command: send %s: %w", c.ID, err)
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE command SET sent = sent + 1 WHERE id = $1`, c.ID)
		return err
	})
}

func (s *Store) expire(ctx context.Context, c Status, now time.Time) error {
	var changes []alarm.Change
	r := contract.CommandResult{ID: c.ID, Why: "expired", Text: "no answer from the edge", At: now.UTC()}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE command SET state = $2 WHERE id = $1 AND state = $3`, c.ID, Expired, Waiting)
		if err != nil {
			return fmt.Errorf("command: expire %s: %w", c.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // answered in between
		}
		if err := finish(ctx, tx, r, Expired); err != nil {
			return err
		}
		changes, err = s.alarms.ApplyResult(ctx, tx, c.Alarm, alarm.ResultInput{Edge: c.Edge, Verb: c.Verb, Result: r})
		return err
	})
	if err == nil {
		s.alarms.Publish(ctx, changes)
	}
	return err
}

// Get returns one command with its state.
func (s *Store) Get(ctx context.Context, id string) (Status, error) {
	l, err := s.list(ctx, `WHERE id = $1`, id)
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("command: %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Status{}, err
	}
	return l[0], nil
}

func (s *Store) list(ctx context.Context, where string, args ...any) ([]Status, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT edge, alarm, state, sent, doc, result FROM command `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("command: list: %w", err)
	}
	defer rows.Close()
	var out []Status
	for rows.Next() {
		var c Status
		var doc, result string
		if err := rows.Scan(&c.Edge, &c.Alarm, &c.State, &c.Sent, &doc, &result); err != nil {
			return nil, fmt.Errorf("command: list: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &c.Command); err != nil {
			return nil, fmt.Errorf("command: list: decode: %w", err)
		}
		if result != "" {
			c.Result = new(contract.CommandResult)
			if err := json.Unmarshal([]byte(result), c.Result); err != nil {
				return nil, fmt.Errorf("command: list: decode result: %w", err)
			}
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
