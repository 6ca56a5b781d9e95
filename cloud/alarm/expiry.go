package alarm

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// longest is how long the timer sleeps at most: a clock that was put forward is noticed
// within it.
const longest = 10 * time.Second

// Run ends overrides when their time is over and tells of the load, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	for {
		wait := longest
		if err := s.RunOnce(ctx, s.now().UTC()); err != nil && ctx.Err() == nil {
			s.log.Error("end overrides", "err", err) // tried again
			wait = time.Second
		} else if next, err := s.NextDue(ctx); err == nil && !next.IsZero() {
			wait = min(longest, max(next.Sub(s.now()), 10*time.Millisecond))
		}
		if err := s.tellLoad(ctx, s.now().UTC()); err != nil && ctx.Err() == nil {
			s.log.Error("tell load", "err", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-s.kick:
			timer.Stop()
			pause := time.NewTimer(time.Second) // a burst is one look
			select {
			case <-ctx.Done():
				pause.Stop()
				return nil
			case <-pause.C:
			}
		case <-timer.C:
		}
	}
}

// wake makes Run look again.
func (s *Store) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// NextDue is when the next override ends or becomes overdue; zero if none will.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var ms sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `SELECT MIN(until_at) FROM alarm_override WHERE ended_at = 0 AND until_at > 0 AND overdue = 0`).Scan(&ms)
	if err != nil {
		return time.Time{}, fmt.Errorf("alarm: next due: %w", err)
	}
	return db.Time(ms.Int64), nil
}

// RunOnce ends what is due at now.
func (s *Store) RunOnce(ctx context.Context, now time.Time) error {
	next, err := s.NextDue(ctx)
	if err != nil || next.IsZero() || next.After(now) {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx, _ time.Time) ([]Change, error) { return s.expire(ctx, tx, now) })
}

// expire ends every shelf and suppression whose time is over, and every request nobody
// answered; a point that is out of service for too long gets an alarm of its own.
func (s *Store) expire(ctx context.Context, tx *sql.Tx, now time.Time) ([]Change, error) {
	due, err := docs[Override](ctx, tx, `SELECT doc FROM alarm_override WHERE ended_at = 0 AND until_at > 0 AND until_at <= $1 AND overdue = 0 ORDER BY until_at, id`, db.Millis(now))
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, o := range due {
		var changes []Change
		switch {
		case o.Status == Requested:
			changes, err = s.finish(ctx, tx, o, "system", "unanswered", now)
		case o.Kind == OutOfService:
			o.Overdue = true
			if err = saveOverride(ctx, tx, o, false); err == nil {
				changes, err = s.overdue(ctx, tx, o, contract.Active, now)
			}
		case o.Kind == Suppressed:
			changes, err = s.finish(ctx, tx, o, "system", "cause_gone", now)
		default:
			changes, err = s.finish(ctx, tx, o, "system", "expired", now)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, changes...)
	}
	return out, nil
}

// overdue raises the alarm that a point has been out of service for longer than
// planned, or lets it return to normal unless another override of the point is overdue.
func (s *Store) overdue(ctx context.Context, tx *sql.Tx, o Override, c contract.Condition, now time.Time) ([]Change, error) {
	if c == contract.Normal {
		var others int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM alarm_override WHERE edge = $1 AND point = $2 AND overdue = 1 AND ended_at = 0 AND id <> $3`,
			string(o.Edge), string(o.Point), o.ID).Scan(&others)
		if err != nil || others > 0 {
			return nil, err
		}
	}
	severity := contract.Major
	if o.LifeSafety {
		severity = contract.Critical
	}
	place, err := s.placeOf(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	return s.take(ctx, tx, ReportInput{Edge: o.Edge, Received: now, Spooled: now, Change: contract.ConditionChange{
		Point: o.Point, Rule: RuleOverdue, Condition: c, Severity: severity, Hazard: contract.Self,
		Title: contract.Text{ZH: "停用超期未恢复：" + o.Title.In("zh-CN"), EN: "Out of service for longer than planned: " + o.Title.In("en")},
		Place: place, Quality: contract.Good, SensedAt: now, DecidedAt: now, Reason: o.WorkOrder}})
}

// placeOf is where the point of an override is, as an alarm or a condition last told.
func (s *Store) placeOf(ctx context.Context, tx *sql.Tx, o Override) (contract.Place, error) {
	list, err := docs[contract.ConditionChange](ctx, tx, `SELECT doc FROM alarm_condition WHERE edge = $1 AND point = $2 AND rule <> $3 LIMIT 1`,
		string(o.Edge), string(o.Point), string(RuleOverdue))
	if err != nil || len(list) == 0 {
		return contract.Place{Building: o.Building}, err
	}
	return list[0].Place, nil
}
