package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"
)

// RuleEdgeLost is the rule of the alarm the cloud itself raises when an edge is silent.
const RuleEdgeLost contract.RuleID = "edge-lost"

const (
	degradedAfter = contract.DegradedAfterSeconds * time.Second
	lostAfter     = contract.LostAfterSeconds * time.Second
)

// Watch is what supervision knows about one edge.
type Watch struct {
	LastSeen  time.Time // zero: never
	Heard     bool      // since this cloud process started
	Gone      bool      // its connection broke (the will came) and nothing was heard since
	LostSince time.Time // persisted; zero: not lost
}

// Supervise decides what an edge's silence means. Silence before the start of this
// process says nothing, because nobody was listening: an edge gets a full grace from
// started. But an edge that was lost before stays lost until it is heard.
func Supervise(w Watch, started, now time.Time) EdgeState {
	if w.LastSeen.IsZero() {
		return Never
	}
	since := started
	if w.Heard {
		since = w.LastSeen
	}
	silence := now.Sub(since)
	switch {
	case silence >= lostAfter, !w.Heard && !w.LostSince.IsZero():
		return Lost
	case silence >= degradedAfter, !w.Heard, w.Gone:
		return Degraded
	}
	return Online
}

// Run supervises the edges and hands fresh values to the listeners until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	values := time.NewTicker(500 * time.Millisecond)
	defer values.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-watch.C:
			s.SuperviseOnce(ctx, s.now())
		case <-s.kick:
			s.SuperviseOnce(ctx, s.now())
		case <-values.C:
			s.flushValues()
		}
	}
}

// SuperviseOnce looks at every edge once. Only Run's goroutine calls it, so that the
// decision "lost" and the decision "heard" never cross.
func (s *Service) SuperviseOnce(ctx context.Context, now time.Time) {
	s.lookAtCertificates(ctx, now)
	for _, id := range s.edgeIDs() {
		s.mu.RLock()
		e := s.edges[id]
		w, before := e.watch, e.state
		s.mu.RUnlock()
		state := Supervise(w, s.started, now)
		var err error
		switch {
		case state == Lost && w.LostSince.IsZero():
			err = s.turn(ctx, id, now, contract.Active)
		case state != Lost && state != Never && !w.LostSince.IsZero():
			err = s.turn(ctx, id, now, contract.Normal)
		}
		if err != nil {
			s.log.Error("supervise", "edge", id, "err", err) // tried again at the next tick
			continue
		}
		if err := s.examine(ctx, id, now); err != nil {
			s.log.Error("examine", "edge", id, "err", err) // tried again at the next tick
		}
		if state != before {
			s.mu.Lock()
			e.state = state
			s.mu.Unlock()
			s.tellEdge(id)
		}
	}
}

// turn writes the loss (or the end of it) and its alarm in one transaction.
func (s *Service) turn(ctx context.Context, id contract.EdgeID, now time.Time, c contract.Condition) error {
	since := time.Time{}
	if c == contract.Active {
		since = now
	}
	var changes []alarm.Change
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE edge SET lost_since = $2 WHERE id = $1`, string(id), db.Millis(since))
		if err != nil {
			return fmt.Errorf("fleet: store loss of %s: %w", id, err)
		}
		changes, err = s.alarms.Apply(ctx, tx, alarm.ReportInput{
			Edge: id, Received: now, Spooled: now, Change: s.lostChange(id, now, c)})
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.edges[id].watch.LostSince = since
	s.mu.Unlock()
	s.alarms.Publish(ctx, changes)
	return nil
}

func (s *Service) lostChange(id contract.EdgeID, now time.Time, c contract.Condition) contract.ConditionChange {
	s.mu.RLock()
	e := s.edges[id]
	place, sensed := contract.Place{Building: e.building}, now
	if c == contract.Active && e.watch.Heard {
		sensed = e.watch.LastSeen
	}
	name := e.name
	s.mu.RUnlock()
	previous := contract.Normal
	if c == contract.Normal {
		previous = contract.Active
	}
	return contract.ConditionChange{
		Rule: RuleEdgeLost, Condition: c, Previous: previous, Severity: contract.Major, Hazard: contract.Comms,
		Title: contract.Text{ZH: "网关失联：" + name.In("zh-CN"), EN: "Edge not heard: " + name.In("en")},
		Do: contract.Text{ZH: "检查网关电源和网络；恢复前该处报警看不到，请安排人员现场值守",
			EN: "Check the edge's power and network; until it is back its alarms cannot be seen here, so post someone on site"},
		Place: place, Quality: contract.Good, SensedAt: sensed.UTC(), DecidedAt: now.UTC(),
	}
}
