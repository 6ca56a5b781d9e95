package alarm

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"anlan/cloud/db"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// Hook runs inside the transaction of a change; an error undoes the whole change.
type Hook func(ctx context.Context, tx *sql.Tx, c Change) error

// Namer gives the texts frozen into an alarm and says whether a rule latches.
type Namer interface {
	Names(e contract.EdgeID, building string, d contract.DeviceID) Names
	Latches(e contract.EdgeID, p contract.PointID, r contract.RuleID) bool
}

// Commander sends commands to edges; Ask stores one in the transaction.
type Commander interface {
	Ask(ctx context.Context, tx *sql.Tx, e contract.EdgeID, alarm string, c contract.Command) (contract.Command, error)
}

// Store keeps alarms in SQL.
type Store struct {
	db        *db.DB
	log       *slog.Logger
	now       func() time.Time
	names     Namer
	commands  Commander
	hooks     []Hook
	listeners []func(Change)
	metrics   metrics
	audit     Auditor
	bus       func(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (contract.BusID, error)
	book      atomic.Pointer[book]
	kick      chan struct{}
	onLoad    []func(Load)
	lastLoad  string // what listeners were told; only Run's goroutine uses it
}

// NewStore makes a store. Give it its collaborators with [Store.SetNamer],
// [Store.SetCommander], [Store.AddHook] and [Store.OnChange] before the first change.
func NewStore(d *db.DB, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) *Store {
	return &Store{db: d, log: log, now: now, metrics: newMetrics(reg), kick: make(chan struct{}, 1)}
}

// SetNamer sets where names come from.
func (s *Store) SetNamer(n Namer) { s.names = n }

// SetCommander sets how edges are asked to mute and reset.
func (s *Store) SetCommander(c Commander) { s.commands = c }

// AddHook adds a hook that runs inside every change's transaction, in order of adding.
func (s *Store) AddHook(h Hook) { s.hooks = append(s.hooks, h) }

// OnChange adds a listener that is called after the commit; it must not block.
func (s *Store) OnChange(f func(Change)) { s.listeners = append(s.listeners, f) }

// Publish tells the listeners about changes whose transaction has been committed, and
// stamps the commit.
func (s *Store) Publish(ctx context.Context, changes []Change) {
	if len(changes) > 0 {
		s.wake()
	}
	at := s.now()
	for _, c := range changes {
		announced := c.Kind == Raised || c.Kind == Reraised || c.Kind == Worsened
		if announced {
			c.Alarm.Stamps.Committed = at
		}
		for _, f := range s.listeners {
			f(c)
		}
		if announced {
			err := s.stamp(ctx, c.Alarm.ID, func(st *Stamps) bool { return set(&st.Committed, at) })
			if err != nil {
				s.log.Error("stamp commit", "alarm", c.Alarm.ID, "err", err)
			}
		}
	}
}

// Mend stamps the commit of alarms whose process ended between the commit and
// [Store.Publish]; their records never come again. Their stamp is now, the first
// moment that the commit is known of. Call it before anything is taken.
func (s *Store) Mend(ctx context.Context) error {
	if err := s.index(ctx); err != nil {
		return err
	}
	open, err := s.Open(ctx)
	if err != nil {
		return err
	}
	for _, a := range open {
		if a.Stamps.Received.IsZero() || !a.Stamps.Committed.IsZero() {
			continue
		}
		if err := s.stamp(ctx, a.ID, func(st *Stamps) bool { return set(&st.Committed, s.now()) }); err != nil {
			return err
		}
	}
	return nil
}

// lock puts alarm writers of all nodes in a queue (SQLite has one writer anyway), so
// that the log has one order and a row is never read by two writers at once.
func lock(ctx context.Context, tx *sql.Tx) (seq int64, hash string, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE alarm_chain SET seq = seq WHERE id = 1 RETURNING seq, hash`).Scan(&seq, &hash)
	if err != nil {
		err = fmt.Errorf("alarm: lock log: %w", err)
	}
	return seq, hash, err
}

// Apply takes what an edge reported, inside the caller's transaction. After the commit
// the caller hands the changes to [Store.Publish].
func (s *Store) Apply(ctx context.Context, tx *sql.Tx, in ReportInput) ([]Change, error) {
	if _, _, err := lock(ctx, tx); err != nil {
		return nil, err
	}
	now := s.now().UTC()
	out, err := s.expire(ctx, tx, now) // what is over is over, also for what comes now
	if err != nil {
		return nil, err
	}
	changes, err := s.take(ctx, tx, in)
	return append(out, changes...), err
}

// take is [Store.Apply] for a caller who holds the log.
func (s *Store) take(ctx context.Context, tx *sql.Tx, in ReportInput) ([]Change, error) {
	now := s.now().UTC()
	if err := saveCondition(ctx, tx, in.Edge, in.Change); err != nil {
		return nil, err
	}
	out, err := s.explained(ctx, tx, in, now)
	if err != nil {
		return nil, err
	}
	in.Definition = s.definitionRef(in.Change.Rule)
	if in.Overrides, err = inForce(ctx, tx, in); err != nil {
		return nil, err
	}
	prev, err := open(ctx, tx, in.Edge, in.Change.Point, in.Change.Rule)
	if err != nil {
		return nil, err
	}
	if s.names != nil {
		in.Names = s.names.Names(in.Edge, in.Change.Place.Building, in.Change.Point.Device())
	}
	if in.Names.Building.ZH == "" {
		in.Names.Building.ZH = in.Change.Place.Building
	}
	changes, err := s.step(ctx, tx, prev, in)
	if err != nil {
		return nil, err
	}
	out = append(out, changes...)
	if changes, err = s.oneShots(ctx, tx, changes, now); err != nil {
		return nil, err
	}
	out = append(out, changes...)
	changes, err = s.explaining(ctx, tx, in, now)
	return append(out, changes...), err
}

// oneShots ends the shelves that were to last until the next return to normal.
func (s *Store) oneShots(ctx context.Context, tx *sql.Tx, changes []Change, now time.Time) ([]Change, error) {
	var out []Change
	for _, c := range changes {
		if c.Kind != Returned {
			continue
		}
		for _, o := range c.Alarm.Overrides {
			if !o.OneShot {
				continue
			}
			more, err := s.finish(ctx, tx, o, "system", "returned", now)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	return out, nil
}

// ApplyAction stores a report of what the edge did and notes it at the alarm that
// caused it.
func (s *Store) ApplyAction(ctx context.Context, tx *sql.Tx, e contract.EdgeID, r contract.ActionReport) ([]Change, error) {
	if _, _, err := lock(ctx, tx); err != nil {
		return nil, err
	}
	prev, err := s.causeOf(ctx, tx, e, r.Cause)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("alarm: encode action: %w", err)
	}
	id := ""
	if prev != nil {
		id = prev.ID
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO alarm_action (edge, id, attempt, outcome, alarm, at, recv_at, doc)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING`,
		string(e), r.ID, r.Attempt, string(r.Outcome), id, db.Millis(r.At), db.Millis(s.now()), string(doc))
	if err != nil {
		return nil, fmt.Errorf("alarm: store action: %w", err)
	}
	if prev == nil {
		return nil, nil
	}
	return s.step(ctx, tx, prev, ActionInput{Edge: e, Report: r})
}

// causeOf finds the alarm an action speaks of: "<point>/<rule>" or "command:<id>".
func (s *Store) causeOf(ctx context.Context, tx *sql.Tx, e contract.EdgeID, cause string) (*Alarm, error) {
	if id, ok := strings.CutPrefix(cause, "command:"); ok {
		var alarm string
		err := tx.QueryRowContext(ctx, `SELECT alarm FROM command WHERE id = $1 AND edge = $2`, id, string(e)).Scan(&alarm)
		if errors.Is(err, sql.ErrNoRows) || alarm == "" {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("alarm: find command %s: %w", id, err)
		}
		return byID(ctx, tx, alarm)
	}
	point, rule, _ := strings.Cut(cause, "/")
	return latest(ctx, tx, e, contract.PointID(point), contract.RuleID(rule))
}

// ApplyResult notes the edge's answer to a command (or its expiry) at the alarm it was
// about; alarm may be "".
func (s *Store) ApplyResult(ctx context.Context, tx *sql.Tx, alarm string, in ResultInput) ([]Change, error) {
	if alarm == "" {
		return nil, nil
	}
	if _, _, err := lock(ctx, tx); err != nil {
		return nil, err
	}
	prev, err := byID(ctx, tx, alarm)
	if err != nil || prev == nil {
		return nil, err
	}
	return s.step(ctx, tx, prev, in)
}

// step runs Step and stores what came of it.
func (s *Store) step(ctx context.Context, tx *sql.Tx, prev *Alarm, in Input) ([]Change, error) {
	now := s.now()
	a, events, err := Step(prev, in, now)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	if prev == nil {
		a.ID = newID()
	}
	if err := s.occur(ctx, tx, &a, events, now); err != nil {
		return nil, err
	}
	if err := save(ctx, tx, a, prev == nil); err != nil {
		return nil, err
	}
	var out []Change
	for _, ev := range events {
		ev.Alarm = a.ID
		if err := appendEvent(ctx, tx, ev); err != nil {
			return nil, err
		}
		for _, h := range s.hooks {
			if err := h(ctx, tx, Change{Alarm: a, Kind: ev.Kind}); err != nil {
				return nil, fmt.Errorf("alarm: hook on %s of %s: %w", ev.Kind, a.ID, err)
			}
		}
		stored, err := byID(ctx, tx, a.ID) // a hook may have linked an incident
		if err != nil {
			return nil, err
		}
		out = append(out, Change{Alarm: *stored, Kind: ev.Kind})
	}
	return out, nil
}

func newID() string { return "alm-" + strings.ToLower(rand.Text()[:16]) }

// SetIncident links an alarm to an incident, inside a hook's transaction.
func (s *Store) SetIncident(ctx context.Context, tx *sql.Tx, alarm, incident string) error {
	if _, _, err := lock(ctx, tx); err != nil {
		return err
	}
	a, err := byID(ctx, tx, alarm)
	if err != nil {
		return err
	}
	if a == nil {
		return fmt.Errorf("alarm: link incident to %s: %w", alarm, ErrNotFound)
	}
	a.Incident = incident
	return save(ctx, tx, *a, false)
}

func appendEvent(ctx context.Context, tx *sql.Tx, ev Event) error {
	seq, prev, err := lock(ctx, tx)
	if err != nil {
		return err
	}
	ev.Seq = seq + 1
	if ev.Data == nil {
		ev.Data = map[string]any{}
	}
	data, err := json.Marshal(ev.Data)
	if err != nil {
		return fmt.Errorf("alarm: encode event: %w", err)
	}
	hash := hashEvent(prev, ev, string(data))
	_, err = tx.ExecContext(ctx, `INSERT INTO alarm_event (seq, alarm, kind, at, recv_at, actor, text, data, prev_hash, hash)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
		ev.Seq, ev.Alarm, ev.Kind, db.Millis(ev.At), db.Millis(ev.RecvAt), ev.Actor, ev.Text, string(data), prev, hash)
	if err != nil {
		return fmt.Errorf("alarm: append event: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE alarm_chain SET seq = $1, hash = $2 WHERE id = 1`, ev.Seq, hash); err != nil {
		return fmt.Errorf("alarm: move log end: %w", err)
	}
	return nil
}

func hashEvent(prev string, ev Event, data string) string {
	line, _ := json.Marshal([]any{prev, ev.Seq, ev.Alarm, ev.Kind, db.Millis(ev.At), db.Millis(ev.RecvAt), ev.Actor, ev.Text, data})
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}
