package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/contract"
)

// suppressionHold is how long suppression outlives its cause: devices behind a bus that
// is back need a moment to answer, and are no news until then.
const suppressionHold = 30 * time.Second

// spot is an alarm's identity and place, as suppression sees it.
type spot struct {
	Edge  contract.EdgeID
	Point contract.PointID
	Rule  contract.RuleID
	Place contract.Place
	Bus   contract.BusID // of the point's device
}

func (p spot) key() string { return string(p.Edge) + "/" + string(p.Point) + "/" + string(p.Rule) }

// explains reports whether the alarm cause is near enough to explain the alarm p.
func explains(cause, p spot, within Within) bool {
	switch within {
	case SameEdge:
		return cause.Edge == p.Edge
	case SameDevice:
		return cause.Edge == p.Edge && cause.Point.Device() == p.Point.Device()
	case SameBus:
		return cause.Edge == p.Edge && p.Bus != "" && cause.Point.Device() == contract.DeviceID("bus-"+string(p.Bus))
	case SameZone:
		return cause.Place.Building == p.Place.Building && p.Place.Zone != "" && cause.Place.Zone == p.Place.Zone
	case SameBuilding:
		return p.Place.Building != "" && cause.Place.Building == p.Place.Building
	}
	return false
}

// SetBus tells how to find the bus a device is on; it is read inside transactions, so
// it has to answer from memory or from another connection.
func (s *Store) SetBus(f func(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (contract.BusID, error)) {
	s.bus = f
}

func (s *Store) spotOf(ctx context.Context, e contract.EdgeID, c contract.ConditionChange) (spot, error) {
	p := spot{Edge: e, Point: c.Point, Rule: c.Rule, Place: c.Place}
	if s.bus == nil {
		return p, nil
	}
	var err error
	p.Bus, err = s.bus(ctx, e, c.Point.Device())
	return p, err
}

// explained sets an alarm aside before it is raised if something active explains it by
// design. Life-safety is never set aside so.
func (s *Store) explained(ctx context.Context, tx *sql.Tx, in ReportInput, now time.Time) ([]Change, error) {
	c := in.Change
	d, ok := s.definition(c.Rule)
	if !ok || c.Condition != contract.Active || c.Hazard.LifeSafety() || len(d.SuppressedBy) == 0 {
		return nil, nil
	}
	p, err := s.spotOf(ctx, in.Edge, c)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, by := range d.SuppressedBy {
		rows, err := conditions(ctx, tx, by.Rule)
		if err != nil {
			return nil, err
		}
		for _, cause := range rows {
			if cause.state != contract.Active && !cause.latched || !explains(cause.spot, p, by.Within) {
				continue
			}
			changes, err := s.suppress(ctx, tx, cause.spot, p, c, now)
			if err != nil {
				return nil, err
			}
			out = append(out, changes...)
		}
	}
	return out, nil
}

// explaining looks at what an alarm that came or went explains.
func (s *Store) explaining(ctx context.Context, tx *sql.Tx, in ReportInput, now time.Time) ([]Change, error) {
	c := in.Change
	targets := s.explainedBy(c.Rule)
	if len(targets) == 0 {
		return nil, nil
	}
	cause := spot{Edge: in.Edge, Point: c.Point, Rule: c.Rule, Place: c.Place}
	if c.Condition == contract.Normal && !c.Latched {
		return s.causeGone(ctx, tx, cause, now)
	}
	if c.Condition != contract.Active {
		return nil, nil // unknown changes nothing: what was explained stays so
	}
	out, err := s.causeBack(ctx, tx, cause)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		list, err := several(ctx, tx, `SELECT doc FROM alarm WHERE rule = $1 AND closed_at = 0 ORDER BY id`, string(t.rule))
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.Hazard.LifeSafety() {
				continue
			}
			change := contract.ConditionChange{Point: a.Point, Rule: a.Rule, Place: a.Place, Title: a.Title, Hazard: a.Hazard}
			p, err := s.spotOf(ctx, a.Edge, change)
			if err != nil {
				return nil, err
			}
			if !explains(cause, p, t.within) {
				continue
			}
			changes, err := s.suppress(ctx, tx, cause, p, change, now)
			if err != nil {
				return nil, err
			}
			out = append(out, changes...)
		}
	}
	return out, nil
}

// suppress sets one alarm aside because of one cause, once.
func (s *Store) suppress(ctx context.Context, tx *sql.Tx, cause, p spot, c contract.ConditionChange, now time.Time) ([]Change, error) {
	list, err := coversOf(ctx, tx, p.Edge, p.Point, p.Rule)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, func(o Override) bool { return o.Kind == Suppressed && o.Cause == cause.key() }) {
		return nil, nil
	}
	return s.begin(ctx, tx, Override{ID: newOverrideID(), Kind: Suppressed, Status: InForce, Edge: p.Edge, Point: p.Point, Rule: p.Rule, Building: c.Place.Building,
		Title: c.Title, Hazards: []contract.Hazard{c.Hazard}, ByName: "system", Text: strings.TrimSuffix(cause.key(), "/"), From: now, Cause: cause.key()}, now)
}

func (s *Store) bySuppressor(ctx context.Context, tx *sql.Tx, cause spot) ([]Override, error) {
	return docs[Override](ctx, tx, `SELECT doc FROM alarm_override WHERE cause = $1 AND ended_at = 0 ORDER BY id`, cause.key())
}

// causeGone lets suppression end after its hold.
func (s *Store) causeGone(ctx context.Context, tx *sql.Tx, cause spot, now time.Time) ([]Change, error) {
	list, err := s.bySuppressor(ctx, tx, cause)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, o := range list {
		if o.Until.IsZero() {
			changes, err := s.prolong(ctx, tx, o, now.Add(suppressionHold), now)
			if err != nil {
				return nil, err
			}
			out = append(out, changes...)
		}
	}
	return out, nil
}

// causeBack takes a hold back: the cause is there again.
func (s *Store) causeBack(ctx context.Context, tx *sql.Tx, cause spot) ([]Change, error) {
	list, err := s.bySuppressor(ctx, tx, cause)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, o := range list {
		if o.Until.IsZero() {
			continue
		}
		changes, err := s.prolong(ctx, tx, o, time.Time{}, s.now())
		if err != nil {
			return nil, err
		}
		out = append(out, changes...)
	}
	return out, nil
}

type conditionRow struct {
	spot
	state   contract.Condition
	latched bool
}

// conditions reads the newest condition of every point a rule watches, except the
// normal ones.
func conditions(ctx context.Context, tx *sql.Tx, r contract.RuleID) ([]conditionRow, error) {
	rows, err := tx.QueryContext(ctx, `SELECT edge, state, latched, doc FROM alarm_condition WHERE rule = $1 AND (state <> 'normal' OR latched = 1)`, string(r))
	if err != nil {
		return nil, fmt.Errorf("alarm: conditions of %s: %w", r, err)
	}
	defer rows.Close()
	var out []conditionRow
	for rows.Next() {
		var edge, state, doc string
		var latched int64
		var c contract.ConditionChange
		if err := rows.Scan(&edge, &state, &latched, &doc); err != nil {
			return nil, fmt.Errorf("alarm: conditions of %s: %w", r, err)
		}
		if err := json.Unmarshal([]byte(doc), &c); err != nil {
			return nil, fmt.Errorf("alarm: conditions of %s: decode: %w", r, err)
		}
		out = append(out, conditionRow{spot{Edge: contract.EdgeID(edge), Point: c.Point, Rule: r, Place: c.Place}, contract.Condition(state), latched == 1})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("alarm: conditions of %s: %w", r, err)
	}
	return out, nil
}
