package alarm

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// Auditor writes what a person did into the audit log, in the same transaction.
type Auditor interface {
	Append(ctx context.Context, tx *sql.Tx, by org.Actor, action, object string, data any, now time.Time) error
}

// SetAuditor sets where acts are audited; without one they are not.
func (s *Store) SetAuditor(a Auditor) { s.audit = a }

func (s *Store) noted(ctx context.Context, tx *sql.Tx, by org.Actor, action, object string, data any, now time.Time) error {
	if s.audit == nil || by.ID == "" {
		return nil
	}
	return s.audit.Append(ctx, tx, by, action, object, data, now)
}

// change runs fn in a transaction that holds the log, and publishes what came of it.
func (s *Store) change(ctx context.Context, fn func(tx *sql.Tx, now time.Time) ([]Change, error)) error {
	var changes []Change
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := lock(ctx, tx); err != nil {
			return err
		}
		var err error
		changes, err = fn(tx, s.now().UTC())
		return err
	})
	if err != nil {
		return err
	}
	s.wake()
	s.Publish(ctx, changes)
	return nil
}

// SetAside shelves an alarm or takes a point out of service. Taking a life-safety point
// out of service only asks for it: a second person has to [Store.Approve].
func (s *Store) SetAside(ctx context.Context, by org.Actor, r OverrideRequest) (Override, error) {
	var o Override
	err := s.change(ctx, func(tx *sql.Tx, now time.Time) ([]Change, error) {
		r.Text, r.WorkOrder, r.Person = strings.TrimSpace(r.Text), strings.TrimSpace(r.WorkOrder), strings.TrimSpace(r.Person)
		policy, err := policyIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		hazards, err := s.hazards(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		if o, err = r.decide(by, hazards, policy, now); err != nil {
			return nil, err
		}
		o.ID = newOverrideID()
		if err := s.noted(ctx, tx, by, "alarm."+string(r.Kind), "override:"+o.ID, o, now); err != nil {
			return nil, err
		}
		return s.begin(ctx, tx, o, now)
	})
	return o, err
}

func newOverrideID() string { return "ovr-" + strings.ToLower(rand.Text()[:16]) }

// hazards are those of every rule an override would cover, as far as they are known.
func (s *Store) hazards(ctx context.Context, tx *sql.Tx, r OverrideRequest) ([]contract.Hazard, error) {
	seen := map[contract.Hazard]bool{}
	if r.Hazard != "" {
		seen[r.Hazard] = true
	}
	if d, ok := s.definition(r.Rule); ok {
		seen[d.Hazard] = true
	}
	rows, err := tx.QueryContext(ctx, `SELECT rule, doc FROM alarm_condition WHERE edge = $1 AND point = $2`, string(r.Edge), string(r.Point))
	if err != nil {
		return nil, fmt.Errorf("alarm: hazards of %s: %w", r.Point, err)
	}
	defer rows.Close()
	for rows.Next() {
		var rule, doc string
		var c contract.ConditionChange
		if err := rows.Scan(&rule, &doc); err != nil {
			return nil, fmt.Errorf("alarm: hazards of %s: %w", r.Point, err)
		}
		if err := json.Unmarshal([]byte(doc), &c); err != nil {
			return nil, fmt.Errorf("alarm: hazards of %s: decode: %w", r.Point, err)
		}
		if r.Rule == "" || rule == string(r.Rule) {
			seen[c.Hazard] = true
		}
	}
	out := []contract.Hazard{}
	for _, h := range contract.Hazards() {
		if seen[h] {
			out = append(out, h)
		}
	}
	return out, rows.Err()
}

// begin stores a new override, logs it, and sets aside what it covers.
func (s *Store) begin(ctx context.Context, tx *sql.Tx, o Override, now time.Time) ([]Change, error) {
	if err := saveOverride(ctx, tx, o, true); err != nil {
		return nil, err
	}
	kind := string(o.Kind)
	if o.Status == Requested {
		kind = Asked
	}
	if err := s.logOverride(ctx, tx, o, kind, now); err != nil {
		return nil, err
	}
	if o.Status != InForce {
		return nil, nil
	}
	return s.covered(ctx, tx, o, OverrideInput{o})
}

// logOverride writes the override's own line; those of the alarms come with them.
func (s *Store) logOverride(ctx context.Context, tx *sql.Tx, o Override, kind string, now time.Time) error {
	ev := Event{Kind: kind, At: now, RecvAt: now, Actor: o.ByName, Text: o.Text, Data: overrideData(o)}
	if !o.EndedAt.IsZero() {
		ev.Actor, ev.Text = o.EndedBy, o.EndedWhy
	}
	return appendEvent(ctx, tx, ev)
}

// covered steps every open alarm that an override is about.
func (s *Store) covered(ctx context.Context, tx *sql.Tx, o Override, in Input) ([]Change, error) {
	list, err := several(ctx, tx, `SELECT doc FROM alarm WHERE edge = $1 AND point = $2 AND closed_at = 0 ORDER BY rule`, string(o.Edge), string(o.Point))
	if err != nil {
		return nil, err
	}
	var out []Change
	for i := range list {
		if !o.Covers(o.Edge, o.Point, list[i].Rule) {
			continue
		}
		changes, err := s.step(ctx, tx, &list[i], in)
		if err != nil {
			return nil, err
		}
		out = append(out, changes...)
	}
	return out, nil
}

// finish ends an override.
func (s *Store) finish(ctx context.Context, tx *sql.Tx, o Override, by, why string, now time.Time) ([]Change, error) {
	was := o.Status
	o.Status, o.EndedAt, o.EndedBy, o.EndedWhy, o.Wish = Ended, now, by, why, nil
	var out []Change
	if o.Overdue {
		o.Overdue = false
		changes, err := s.overdue(ctx, tx, o, contract.Normal, now)
		if err != nil {
			return nil, err
		}
		out = append(out, changes...)
	}
	if err := saveOverride(ctx, tx, o, false); err != nil {
		return nil, err
	}
	kind := EndInput{o}.kind()
	if was == Requested {
		kind = Refused
	}
	if err := s.logOverride(ctx, tx, o, kind, now); err != nil || was != InForce {
		return out, err
	}
	changes, err := s.covered(ctx, tx, o, EndInput{o})
	return append(out, changes...), err
}

// amend changes an override that has not ended.
func (s *Store) amend(ctx context.Context, by org.Actor, id, action string, fn func(tx *sql.Tx, o *Override, now time.Time) ([]Change, error)) (Override, error) {
	var out Override
	err := s.change(ctx, func(tx *sql.Tx, now time.Time) ([]Change, error) {
		o, err := overrideByID(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if o.Status == Ended {
			return nil, fmt.Errorf("alarm: %s: %w", id, ErrOver)
		}
		changes, err := fn(tx, &o, now)
		if err != nil {
			return nil, err
		}
		if out, err = overrideByID(ctx, tx, id); err != nil {
			return nil, err
		}
		return changes, s.noted(ctx, tx, by, action, "override:"+id, out, now)
	})
	return out, err
}

// Approve is the second person's yes: to taking out of service, or to more time.
func (s *Store) Approve(ctx context.Context, by org.Actor, id string) (Override, error) {
	return s.amend(ctx, by, id, "alarm.override_approve", func(tx *sql.Tx, o *Override, now time.Time) ([]Change, error) {
		asker := o.By
		if o.Wish != nil {
			asker = o.Wish.By
		}
		switch {
		case o.Status != Requested && o.Wish == nil:
			return nil, fmt.Errorf("alarm: approve %s: %w", id, ErrNothing)
		case asker == by.ID || o.By == by.ID:
			return nil, fmt.Errorf("alarm: approve %s: %w", id, ErrTwoPersons)
		}
		o.Approvals = append(o.Approvals, Approval{by.ID, by.Name, now})
		if o.Wish != nil {
			until := o.Wish.Until
			o.Wish = nil
			return s.prolong(ctx, tx, *o, until, now)
		}
		o.Status, o.From = InForce, now
		if err := saveOverride(ctx, tx, *o, false); err != nil {
			return nil, err
		}
		if err := s.logOverride(ctx, tx, *o, string(o.Kind), now); err != nil {
			return nil, err
		}
		return s.covered(ctx, tx, *o, OverrideInput{*o})
	})
}

// Refuse is the second person's no; who asked may take it back by the same.
func (s *Store) Refuse(ctx context.Context, by org.Actor, id, text string) (Override, error) {
	return s.amend(ctx, by, id, "alarm.override_refuse", func(tx *sql.Tx, o *Override, now time.Time) ([]Change, error) {
		switch {
		case o.Wish != nil:
			o.Wish = nil
			if err := saveOverride(ctx, tx, *o, false); err != nil {
				return nil, err
			}
			return nil, s.logOverride(ctx, tx, *o, Refused, now)
		case o.Status == Requested:
			return s.finish(ctx, tx, *o, by.Name, orElse(text, "refused"), now)
		}
		return nil, fmt.Errorf("alarm: refuse %s: %w", id, ErrNothing)
	})
}

// EndOverride puts an alarm or a point back; it is not for what the system suppresses.
func (s *Store) EndOverride(ctx context.Context, by org.Actor, id, text string) (Override, error) {
	return s.amend(ctx, by, id, "alarm.override_end", func(tx *sql.Tx, o *Override, now time.Time) ([]Change, error) {
		if o.Kind == Suppressed {
			return nil, fmt.Errorf("alarm: end %s: %w", id, ErrNothing)
		}
		return s.finish(ctx, tx, *o, by.Name, orElse(text, "ended"), now)
	})
}

// Extend lets an override end later. For a life-safety point that is a wish until a
// second person approves.
func (s *Store) Extend(ctx context.Context, by org.Actor, id string, until time.Time, text string) (Override, error) {
	return s.amend(ctx, by, id, "alarm.override_extend", func(tx *sql.Tx, o *Override, now time.Time) ([]Change, error) {
		policy, err := policyIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		most := policy.shelveMax(o.Hazards)
		if o.Kind == OutOfService {
			most = time.Duration(policy.OutOfServiceS) * time.Second
		}
		switch {
		case o.Kind == Suppressed || o.Status != InForce:
			return nil, fmt.Errorf("alarm: extend %s: %w", id, ErrNothing)
		case !until.After(now) || until.After(now.Add(most)):
			return nil, invalid("until", "须在 "+hours(most)+" 小时以内", "At most "+hours(most)+" h from now")
		case o.Kind == OutOfService && o.LifeSafety && until.After(o.Until):
			o.Wish = &Extension{Until: until.UTC(), By: by.ID, ByName: by.Name, Text: text, At: now}
			if err := saveOverride(ctx, tx, *o, false); err != nil {
				return nil, err
			}
			return nil, s.logOverride(ctx, tx, *o, Asked, now)
		}
		return s.prolong(ctx, tx, *o, until, now)
	})
}

func (s *Store) prolong(ctx context.Context, tx *sql.Tx, o Override, until, now time.Time) ([]Change, error) {
	o.Until = until.UTC()
	var out []Change
	if o.Overdue {
		o.Overdue = false
		changes, err := s.overdue(ctx, tx, o, contract.Normal, now)
		if err != nil {
			return nil, err
		}
		out = changes
	}
	if err := saveOverride(ctx, tx, o, false); err != nil {
		return nil, err
	}
	if err := s.logOverride(ctx, tx, o, Extended, now); err != nil {
		return nil, err
	}
	changes, err := s.covered(ctx, tx, o, ChangeInput{o})
	return append(out, changes...), err
}

func orElse(s, other string) string {
	if s = strings.TrimSpace(s); s == "" {
		return other
	}
	return s
}

func saveOverride(ctx context.Context, tx *sql.Tx, o Override, isNew bool) error {
	doc, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("alarm: encode %s: %w", o.ID, err)
	}
	overdue := 0
	if o.Overdue {
		overdue = 1
	}
	if isNew {
		_, err = tx.ExecContext(ctx, `INSERT INTO alarm_override (id, kind, status, edge, point, rule, building, cause, from_at, until_at, ended_at, overdue, doc)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`, o.ID, string(o.Kind), string(o.Status), string(o.Edge), string(o.Point), string(o.Rule), o.Building, o.Cause,
			db.Millis(o.From), db.Millis(o.Until), db.Millis(o.EndedAt), overdue, string(doc))
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE alarm_override SET status = $2, from_at = $3, until_at = $4, ended_at = $5, overdue = $6, doc = $7 WHERE id = $1`,
			o.ID, string(o.Status), db.Millis(o.From), db.Millis(o.Until), db.Millis(o.EndedAt), overdue, string(doc))
	}
	if err != nil {
		return fmt.Errorf("alarm: save %s: %w", o.ID, err)
	}
	return nil
}

type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// several reads alarms.
func several(ctx context.Context, q rowsQuerier, query string, args ...any) ([]Alarm, error) {
	return docs[Alarm](ctx, q, query, args...)
}

// docs reads rows of one JSON document each.
func docs[T any](ctx context.Context, q rowsQuerier, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("alarm: read: %w", err)
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		var doc string
		var v T
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("alarm: read: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			return nil, fmt.Errorf("alarm: decode: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("alarm: read: %w", err)
	}
	return out, nil
}

func overrideByID(ctx context.Context, q querier, id string) (Override, error) {
	var doc string
	var o Override
	err := q.QueryRowContext(ctx, `SELECT doc FROM alarm_override WHERE id = $1`, id).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return o, fmt.Errorf("alarm: override %s: %w", id, ErrNoOverride)
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &o)
	}
	if err != nil {
		return o, fmt.Errorf("alarm: override %s: %w", id, err)
	}
	return o, nil
}

// Override returns one, or [ErrNoOverride].
func (s *Store) Override(ctx context.Context, id string) (Override, error) {
	return overrideByID(ctx, s.db.Read(), id)
}

// Overrides lists what is set aside or asked to be, the next to end first; or the
// newest that have ended.
func (s *Store) Overrides(ctx context.Context, ended bool, in Scope) ([]Override, error) {
	query := `SELECT doc FROM alarm_override WHERE ended_at = 0 ORDER BY until_at, id`
	if ended {
		query = `SELECT doc FROM alarm_override WHERE ended_at > 0 ORDER BY ended_at DESC, id DESC LIMIT 500`
	}
	list, err := docs[Override](ctx, s.db.Read(), query)
	return slices.DeleteFunc(list, func(o Override) bool { return !in.Has(o.Building) }), err
}

// OverridesOf lists the open overrides about one alarm, those that wait for approval
// included.
func (s *Store) OverridesOf(ctx context.Context, a Alarm) ([]Override, error) {
	return coversOf(ctx, s.db.Read(), a.Edge, a.Point, a.Rule)
}

// coversOf lists the overrides about one alarm that have not ended.
func coversOf(ctx context.Context, q rowsQuerier, e contract.EdgeID, p contract.PointID, r contract.RuleID) ([]Override, error) {
	list, err := docs[Override](ctx, q, `SELECT doc FROM alarm_override WHERE edge = $1 AND point = $2 AND ended_at = 0 ORDER BY from_at, id`, string(e), string(p))
	return slices.DeleteFunc(list, func(o Override) bool { return !o.Covers(e, p, r) }), err
}

// inForce lists the overrides a new alarm is born under; nil if there are none.
func inForce(ctx context.Context, q rowsQuerier, in ReportInput) ([]Override, error) {
	list, err := coversOf(ctx, q, in.Edge, in.Change.Point, in.Change.Rule)
	var out []Override
	for _, o := range list {
		if o.Status == InForce {
			out = append(out, o)
		}
	}
	return out, err
}
