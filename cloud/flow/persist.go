package flow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"anlan/cloud/audit"
	"anlan/cloud/db"
)

// persist writes what a step made: the log, the state, and the tables made of it.
func (s *Store) persist(ctx context.Context, tx *sql.Tx, d *Def, x *instance, next State, facts []Fact) error {
	if err := x.appendLog(ctx, tx, next.ID, facts); err != nil {
		return err
	}
	was := x.State
	x.State = next
	if err := x.write(ctx, tx); err != nil {
		return err
	}
	for i, r := range next.Runs {
		if i >= len(was.Runs) || !sameJSON(was.Runs[i], r) {
			if err := writeRun(ctx, tx, x, r); err != nil {
				return err
			}
			if err := s.settleRun(ctx, tx, x.ID, was, i, r); err != nil {
				return err
			}
		}
	}
	for i, t := range next.Tasks {
		if i >= len(was.Tasks) || was.Tasks[i] != t {
			if err := writeTask(ctx, tx, d, x.ID, t); err != nil {
				return err
			}
			if err := s.settle(ctx, tx, x.ID, was, t); err != nil {
				return err
			}
		}
	}
	return s.writeTimers(ctx, tx, x.ID, was.Timers, next.Timers)
}

func sameJSON(a, b any) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return errors.Join(err, err2) == nil && string(x) == string(y)
}

func (x *instance) appendLog(ctx context.Context, tx *sql.Tx, id string, facts []Fact) error {
	for i := range facts {
		x.logSeq++
		facts[i].Seq = x.logSeq
		doc, err := json.Marshal(facts[i])
		if err != nil {
			return fmt.Errorf("flow: encode fact: %w", err)
		}
		f := facts[i]
		at := db.Millis(f.At)
		hash, err := audit.Chain(x.logHash, id, f.Seq, f.Step, f.Kind, f.By.ID, at, string(doc))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO flow_log (instance, seq, step, kind, actor, at, fact, prev_hash, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, id, f.Seq, f.Step, string(f.Kind), f.By.ID, at, string(doc), x.logHash, hash); err != nil {
			return fmt.Errorf("flow: append log: %w", err)
		}
		x.logHash = hash
	}
	return nil
}

func (x *instance) write(ctx context.Context, tx *sql.Tx) error {
	var handlers []Person
	for _, t := range x.OpenTasks() {
		handlers = append(handlers, t.To)
	}
	handlers = append([]Person{}, distinct(handlers)...)
	state, err := json.Marshal(x.State)
	at, err2 := json.Marshal(append([]string{}, x.At()...))
	who, err3 := json.Marshal(handlers)
	title, err4 := json.Marshal(x.title)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return fmt.Errorf("flow: encode instance: %w", err)
	}
	var ended int64
	if !x.Status.Open() {
		for _, r := range x.Runs {
			ended = max(ended, db.Millis(r.Done))
		}
	}
	if x.fresh {
		x.fresh = false
		_, err = tx.ExecContext(ctx, `INSERT INTO flow_instance (id, flow, version, form, record, title, summary, initiator, initiator_name, status, round,
			at_nodes, handlers, started_at, ended_at, parent, state, log_seq, log_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			x.ID, x.Flow, x.Version, x.Form, x.Record, string(title), x.summary, x.Initiator.ID, x.Initiator.Name, string(x.Status), x.Round,
			string(at), string(who), db.Millis(x.Started), ended, x.Parent, string(state), x.logSeq, x.logHash)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE flow_instance SET summary = $1, status = $2, round = $3, at_nodes = $4, handlers = $5, ended_at = $6,
			state = $7, log_seq = $8, log_hash = $9 WHERE id = $10`,
			x.summary, string(x.Status), x.Round, string(at), string(who), ended, string(state), x.logSeq, x.logHash, x.ID)
	}
	if err != nil {
		return fmt.Errorf("flow: write instance: %w", err)
	}
	return nil
}

func writeRun(ctx context.Context, tx *sql.Tx, x *instance, r Run) error {
	ids := []string{}
	for _, p := range r.Queue {
		ids = append(ids, p.ID)
	}
	queue, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("flow: encode queue: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO flow_run (instance, id, flow, node, round, state, entered_at, due_at, done_at, queue)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (instance, id) DO UPDATE SET
		state = excluded.state, due_at = excluded.due_at, done_at = excluded.done_at, queue = excluded.queue`,
		x.ID, r.ID, x.Flow, r.Node, r.Round, string(r.State), db.Millis(r.At), db.Millis(r.Due), db.Millis(r.Done), string(queue)); err != nil {
		return fmt.Errorf("flow: write visit: %w", err)
	}
	return nil
}

func writeTask(ctx context.Context, tx *sql.Tx, d *Def, id string, t Task) error {
	n, _ := d.Node(t.Node)
	name, err := json.Marshal(n.Name)
	if err != nil {
		return fmt.Errorf("flow: encode name: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO flow_task (instance, id, node, node_name, kind, state, assignee, assignee_name, created_at, due_at, read_at, acted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (instance, id) DO UPDATE SET
		state = excluded.state, assignee = excluded.assignee, assignee_name = excluded.assignee_name, due_at = excluded.due_at,
		read_at = excluded.read_at, acted_at = excluded.acted_at`,
		id, t.ID, t.Node, string(name), string(t.Kind), string(t.State), t.To.ID, t.To.Name, db.Millis(t.At), db.Millis(t.Due), db.Millis(t.Read), db.Millis(t.Acted)); err != nil {
		return fmt.Errorf("flow: write task: %w", err)
	}
	return nil
}

// settle ends the notices of a task that is not open any more.
func (s *Store) settle(ctx context.Context, tx *sql.Tx, id string, was State, t Task) error {
	before, there := was.Task(t.ID)
	if s.Settle == nil || !there || !before.Open() || t.Open() {
		return nil
	}
	return s.Settle(ctx, tx, noticeKey(id, t.ID), s.Now())
}

// settleRun ends what was told of a visit (reminders, being overdue) when it is over.
func (s *Store) settleRun(ctx context.Context, tx *sql.Tx, id string, was State, i int, r Run) error {
	if s.Settle == nil || i >= len(was.Runs) || was.Runs[i].State != RunActive || r.State == RunActive {
		return nil
	}
	return s.Settle(ctx, tx, runKey(id, r.ID), s.Now())
}

func runKey(id string, run int) string { return fmt.Sprintf("flow/%s/run-%d/", id, run) }

func noticeKey(id string, task int) string { return fmt.Sprintf("flow/%s/%d/", id, task) }

func (s *Store) writeTimers(ctx context.Context, tx *sql.Tx, id string, was, next []Timer) error {
	keep := map[string]Timer{}
	for _, t := range next {
		keep[t.Key] = t
	}
	for _, t := range was {
		if keep[t.Key] == t {
			delete(keep, t.Key)
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM flow_timer WHERE instance = $1 AND key = $2`, id, t.Key); err != nil {
			return fmt.Errorf("flow: drop timer: %w", err)
		}
	}
	for _, t := range next {
		if _, isNew := keep[t.Key]; !isNew {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO flow_timer (instance, key, at) VALUES ($1, $2, $3)`, id, t.Key, db.Millis(t.At)); err != nil {
			return fmt.Errorf("flow: set timer: %w", err)
		}
	}
	return nil
}

// facts reads a log.
func facts(ctx context.Context, q querier, where string, args ...any) ([]Fact, error) {
	rows, err := q.QueryContext(ctx, `SELECT fact FROM flow_log `+where+` ORDER BY seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("flow: read log: %w", err)
	}
	defer rows.Close()
	var out []Fact
	for rows.Next() {
		var doc string
		var f Fact
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("flow: read log: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &f); err != nil {
			return nil, fmt.Errorf("flow: read log: %w", err)
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("flow: read log: %w", err)
	}
	return out, nil
}

// Verify walks the log of an instance: nothing was changed or cut out, and it makes the
// state that is kept. Errors: ErrNotFound, ErrBroken.
func (s *Store) Verify(ctx context.Context, id string) error {
	tx, err := s.DB.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("flow: verify: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	x, err := scanInstance(tx.QueryRowContext(ctx, `SELECT title, summary, state, log_seq, log_hash FROM flow_instance WHERE id = $1`, id))
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq, step, kind, actor, at, fact, prev_hash, hash FROM flow_log WHERE instance = $1 ORDER BY seq`, id)
	if err != nil {
		return fmt.Errorf("flow: verify: %w", err)
	}
	defer rows.Close()
	prev, n := "", 0
	var all []Fact
	for rows.Next() {
		var seq, step int
		var at int64
		var kind, actor, doc, before, hash string
		if err := rows.Scan(&seq, &step, &kind, &actor, &at, &doc, &before, &hash); err != nil {
			return fmt.Errorf("flow: verify: %w", err)
		}
		want, err := audit.Chain(prev, id, seq, step, FactKind(kind), actor, at, doc)
		if err != nil {
			return err
		}
		var f Fact
		if seq != n+1 || before != prev || hash != want || json.Unmarshal([]byte(doc), &f) != nil {
			return fmt.Errorf("%w: instance %s at %d", ErrBroken, id, seq)
		}
		n, prev = seq, hash
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("flow: verify: %w", err)
	}
	if n != x.logSeq || prev != x.logHash || !sameJSON(Replay(all), x.State) {
		return fmt.Errorf("%w: instance %s is not what its log says", ErrBroken, id)
	}
	return nil
}
