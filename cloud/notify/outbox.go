package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

const (
	batch      = 50
	leaseFor   = time.Minute      // a delivery of a process that died is taken up after this
	sendWithin = 20 * time.Second // well within the lease
	deliverAll = 5 * time.Second  // polled, so that a lost poke loses nothing
	tellAll    = 2 * time.Second
	keepFor    = 30 * 24 * time.Hour // deliveries that were sent or dropped
	sweepEvery = time.Hour
	firstLook  = 5 * time.Millisecond
)

// Run tells open pages and hands deliveries on until ctx ends. One Run per database.
func (s *Store) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.tellLoop(ctx) })
	wg.Go(func() { s.deliverLoop(ctx) })
	wg.Wait()
	return nil
}

// tellLoop is poked before the commit, which it cannot see: it looks again and again, ever
// more slowly, until the poll takes over.
func (s *Store) tellLoop(ctx context.Context) {
	wait := tellAll
	for {
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.changed:
			t.Stop()
			wait = firstLook
		case <-t.C:
			wait = min(2*wait, tellAll)
		}
		n, err := s.Tell(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("tell pages", "err", err)
		}
		if n > 0 && wait > firstLook { // what the poke was for has been seen
			wait = tellAll
		}
	}
}

// Tell tells the listeners of everyone whose notices changed, and returns how many.
func (s *Store) Tell(ctx context.Context) (int, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT id, person FROM notice_change LIMIT 500`)
	if err != nil {
		return 0, fmt.Errorf("notify: read changes: %w", err)
	}
	var ids []string
	people := map[string]bool{}
	for rows.Next() {
		var id, p string
		if err := rows.Scan(&id, &p); err != nil {
			return 0, errors.Join(fmt.Errorf("notify: read changes: %w", err), rows.Close())
		}
		ids, people[p] = append(ids, id), true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(ids) == 0 {
		return 0, err
	}
	for p := range people {
		c, err := s.Count(ctx, p)
		if err != nil {
			return 0, err
		}
		for _, f := range s.told {
			f(p, c)
		}
	}
	return len(people), s.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM notice_change WHERE id = $1`, id); err != nil {
				return fmt.Errorf("notify: forget change: %w", err)
			}
		}
		return nil
	})
}

func (s *Store) deliverLoop(ctx context.Context) {
	var swept time.Time
	wait := time.Duration(0)
	for {
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.queued:
			t.Stop()
			wait = firstLook
		case <-t.C:
			wait = min(max(2*wait, firstLook), deliverAll)
		}
		n, err := s.Deliver(ctx)
		if now := s.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			err = errors.Join(err, s.sweep(ctx, now))
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Error("deliver notices", "err", err)
		}
		if n == batch {
			wait = 0
		}
	}
}

// job is one leased delivery.
type job struct {
	notice, channel string
	attempts        int
}

// Deliver hands on what is due, once each, and returns how much that was.
func (s *Store) Deliver(ctx context.Context) (int, error) {
	jobs, err := s.lease(ctx, s.Now())
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, j := range jobs {
		if err := s.deliver(ctx, j); err != nil {
			failed = append(failed, err)
		}
	}
	return len(jobs), errors.Join(failed...)
}

func (s *Store) lease(ctx context.Context, now time.Time) ([]job, error) {
	ms := db.Millis(now)
	var due int
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM notice_delivery WHERE ended_at = 0 AND next_at <= $1 AND lease_until <= $1`, ms).Scan(&due); err != nil || due == 0 {
		return nil, err
	}
	var out []job
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `UPDATE notice_delivery SET lease_until = $1, attempts = attempts + 1 WHERE ended_at = 0 AND next_at <= $2 AND lease_until <= $2 AND (notice, channel) IN
			(SELECT notice, channel FROM notice_delivery WHERE ended_at = 0 AND next_at <= $2 AND lease_until <= $2 ORDER BY next_at LIMIT $3) RETURNING notice, channel, attempts`,
			db.Millis(now.Add(leaseFor)), ms, batch)
		if err != nil {
			return fmt.Errorf("notify: lease: %w", err)
		}
		for rows.Next() {
			var j job
			if err := rows.Scan(&j.notice, &j.channel, &j.attempts); err != nil {
				return errors.Join(fmt.Errorf("notify: lease: %w", err), rows.Close())
			}
			out = append(out, j)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return out, err
}

func (s *Store) deliver(ctx context.Context, j job) error {
	n, err := scan(s.DB.Read().QueryRowContext(ctx, `SELECT `+columns+` FROM notice WHERE id = $1`, j.notice))
	if err != nil {
		return err
	}
	state, sendErr := "sent", error(nil)
	if !n.ReadAt.IsZero() || !n.DoneAt.IsZero() {
		state = "dropped" // they know
	} else {
		sendErr = s.send(ctx, j.channel, n)
	}
	if sendErr != nil && ctx.Err() != nil {
		return nil // stopped in the middle: the lease runs out, and it is tried again
	}
	_, permanent := errors.AsType[*PermanentError](sendErr)
	switch {
	case errors.Is(sendErr, ErrNobody):
		state = "dropped"
	case sendErr != nil && (permanent || j.attempts >= maxAttempts):
		state = "dead"
	case sendErr != nil:
		state = "failed"
	}
	s.attempts.WithLabelValues(j.channel, state).Inc()
	if state == "dead" {
		s.Log.Error("a notice could not be handed on", "notice", j.notice, "channel", j.channel, "attempts", j.attempts, "err", sendErr)
	}
	return s.settle(ctx, j, state, sendErr)
}

func (s *Store) send(ctx context.Context, channel string, n Notice) error {
	for _, c := range s.Channels {
		if c.Name() == channel {
			ctx, cancel := context.WithTimeout(ctx, sendWithin)
			defer cancel()
			return c.Send(ctx, n)
		}
	}
	return &PermanentError{fmt.Errorf("notify: no channel %q", channel)}
}

func (s *Store) settle(ctx context.Context, j job, state string, cause error) error {
	now := s.Now()
	next, ended, text := now, db.Millis(now), ""
	if state == "failed" {
		next, ended = now.Add(backoff(j.attempts, rand.Float64())), 0 //nolint:gosec // spreading
	}
	if cause != nil {
		text = cause.Error()[:min(500, len(cause.Error()))]
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notice_delivery SET state = $1, next_at = $2, ended_at = $3, lease_until = 0, last_error = $4 WHERE notice = $5 AND channel = $6`,
			state, db.Millis(next), ended, text, j.notice, j.channel)
		if err != nil {
			return fmt.Errorf("notify: note delivery: %w", err)
		}
		return nil
	})
}

// sweep forgets deliveries that were long ago sent or dropped; dead ones stay.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM notice_delivery WHERE state IN ('sent', 'dropped') AND made_at < $1`, db.Millis(now.Add(-keepFor)))
		return err
	})
}

// Delivery is a notice on its way by a channel.
type Delivery struct {
	Notice    string        `json:"notice"`
	Channel   string        `json:"channel"`
	State     string        `json:"state" enum:"waiting,failed,sent,dead,dropped" doc:"sent: handed over, which is not yet seen; dropped: no longer needed"`
	Attempts  int           `json:"attempts"`
	NextAt    time.Time     `json:"next_at"`
	LastError string        `json:"last_error"`
	MadeAt    time.Time     `json:"made_at"`
	To        string        `json:"to"`
	Title     contract.Text `json:"title"`
}

// Deliveries lists the newest deliveries in a state.
func (s *Store) Deliveries(ctx context.Context, state string, limit int) ([]Delivery, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT d.notice, d.channel, d.state, d.attempts, d.next_at, d.last_error, d.made_at, n.person, n.title
		FROM notice_delivery d JOIN notice n ON n.id = d.notice WHERE d.state = $1 ORDER BY d.made_at DESC, d.notice LIMIT $2`, state, limit)
	if err != nil {
		return nil, fmt.Errorf("notify: list deliveries: %w", err)
	}
	out := []Delivery{}
	for rows.Next() {
		var d Delivery
		var next, made int64
		var title string
		if err := rows.Scan(&d.Notice, &d.Channel, &d.State, &d.Attempts, &next, &d.LastError, &made, &d.To, &title); err != nil {
			return nil, errors.Join(fmt.Errorf("notify: list deliveries: %w", err), rows.Close())
		}
		d.NextAt, d.MadeAt = db.Time(next), db.Time(made)
		if err := unmarshal(title, &d.Title); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, d)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// Retry puts a dead delivery back, as part of tx. Errors: [ErrNotFound].
func (s *Store) Retry(ctx context.Context, tx *sql.Tx, notice, channel string, now time.Time) error {
	r, err := tx.ExecContext(ctx, `UPDATE notice_delivery SET state = 'waiting', attempts = 0, next_at = $1, ended_at = 0, lease_until = 0 WHERE notice = $2 AND channel = $3 AND state = 'dead'`, db.Millis(now), notice, channel)
	if err != nil {
		return fmt.Errorf("notify: retry: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	poke(s.queued)
	return nil
}
