package seat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"
)

// RuleNobody is the rule of the alarm the cloud itself raises when the desk is not watched.
const RuleNobody contract.RuleID = "nobody-watching"

// cloudEdge stands where an edge would: the alarm comes from the cloud itself.
const cloudEdge contract.EdgeID = "cloud"

// pendingOf is what has to be seen of an alarm, if anything.
func pendingOf(a alarm.Alarm, now time.Time) (Pending, bool) {
	if a.State != alarm.Unacked || !a.Hazard.LifeSafety() {
		return Pending{}, false
	}
	at := a.Stamps.Committed
	if at.IsZero() {
		at = now
	}
	return Pending{Alarm: a.ID, Count: a.Count, Building: a.Building, At: at}, true
}

// Alarm is an alarm listener.
func (s *Service) Alarm(c alarm.Change) {
	p, ok := pendingOf(c.Alarm, s.Now().UTC())
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, claimed := s.claims[c.Alarm.ID]; claimed && c.Alarm.State == alarm.Closed {
		s.closed = append(s.closed, c.Alarm.ID)
	}
	if !ok {
		delete(s.pending, c.Alarm.ID)
		return
	}
	if old := s.pending[c.Alarm.ID]; old == nil || old.Count != p.Count {
		s.pending[c.Alarm.ID] = &p
	}
}

// Run supervises the seats every second until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.SuperviseOnce(ctx, s.Now().UTC()); err != nil && ctx.Err() == nil {
				s.Log.Error("supervise seats", "err", err) // tried again at the next tick
			}
		}
	}
}

// SuperviseOnce looks at every seat once. Only Run's goroutine calls it.
func (s *Service) SuperviseOnce(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	w := Watch{LastAble: s.lastAble, Manned: s.manned}
	for _, x := range s.seats {
		w.Seats = append(w.Seats, *x)
	}
	for _, p := range s.pending {
		w.Pending = append(w.Pending, *p)
	}
	f := Supervise(s.Policy, w, now)
	if f.LastAble.After(s.lastAble) {
		s.lastAble = f.LastAble
	}
	var changed []Seat
	for id, state := range f.States {
		if x := s.seats[id]; x != nil && x.State != state {
			x.State = state
			changed = append(changed, *x)
		}
	}
	closed, raised := s.closed, s.raised
	s.closed = nil
	s.mu.Unlock()

	for _, x := range changed {
		s.tellSeat(x)
	}
	s.onWatch.Set(float64(f.OnWatch))
	s.nobody.Set(map[bool]float64{true: 1}[f.Nobody])
	if err := s.drop(ctx, closed); err != nil {
		s.mu.Lock()
		s.closed = append(s.closed, closed...)
		s.mu.Unlock()
		return err
	}
	for _, u := range f.Unwatched {
		if err := s.report(ctx, u, now); err != nil {
			return err
		}
	}
	if f.Nobody != raised {
		return s.flag(ctx, f.Nobody, now)
	}
	return nil
}

// report tells of an occurrence that nobody saw. It is told first and noted after, so
// that a crash in between tells twice rather than never.
func (s *Service) report(ctx context.Context, u Unwatched, now time.Time) error {
	s.Log.Error("nobody saw a life-safety alarm", "alarm", u.Alarm, "count", u.Count, "why", u.Why)
	s.missed.Inc()
	for _, f := range s.unwatched {
		f(ctx, u)
	}
	s.mu.Lock()
	if p := s.pending[u.Alarm]; p != nil && p.Count == u.Count {
		p.Told = true
	}
	s.mu.Unlock()
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO alarm_unwatched (alarm, count, why, at) VALUES ($1, $2, $3, $4) ON CONFLICT (alarm, count) DO NOTHING`,
			u.Alarm, u.Count, string(u.Why), db.Millis(now)); err != nil {
			return fmt.Errorf("seat: note unwatched %s: %w", u.Alarm, err)
		}
		return nil
	})
}

// flag raises or ends the alarm that the desk is not watched.
func (s *Service) flag(ctx context.Context, nobody bool, now time.Time) error {
	c, previous := contract.Normal, contract.Active
	if nobody {
		c, previous = previous, c
	}
	var changes []alarm.Change
	err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		changes, err = s.Alarms.Apply(ctx, tx, alarm.ReportInput{Edge: cloudEdge, Received: now, Spooled: now, Change: contract.ConditionChange{
			Rule: RuleNobody, Condition: c, Previous: previous, Severity: contract.Major, Hazard: contract.Comms,
			Title: contract.Text{ZH: "值班台无人值守", EN: "Nobody is watching the desk"},
			Do: contract.Text{ZH: "回到值班台，保持页面可见并按“试音”；确有事离开请先交接",
				EN: "Return to the desk, keep the page visible and press the sound test; hand over before leaving"},
			Quality: contract.Good, SensedAt: now, DecidedAt: now}})
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.raised = nobody
	s.mu.Unlock()
	s.Alarms.Publish(ctx, changes)
	return nil
}

// drop removes the claims of alarms that are over.
func (s *Service) drop(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM alarm_claim WHERE alarm = $1`, id); err != nil {
				return fmt.Errorf("seat: drop claim of %s: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var over []Claim
	s.mu.Lock()
	for _, id := range ids {
		over = append(over, s.claims[id])
		delete(s.claims, id)
	}
	s.mu.Unlock()
	for _, c := range over {
		s.tellClaim(c, true)
	}
	return nil
}
