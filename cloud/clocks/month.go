package clocks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/fleet"
	"anlan/contract"
)

// Month is the first instant of a month ("2026-11") and of the one after, in a zone.
func Month(name string, zone *time.Location) (from, to time.Time, err error) {
	at, err := time.ParseInLocation("2006-01", name, zone)
	if err != nil {
		return from, to, fmt.Errorf("clocks: month %q: %w", name, err)
	}
	return at, time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, zone), nil
}

// Outage is one time an edge was not heard.
type Outage struct {
	Alarm   string    `json:"alarm"`
	From    time.Time `json:"from"`        // last heard, within the time asked for
	To      time.Time `json:"to,omitzero"` // zero: it lasts
	Seconds float64   `json:"seconds"`     // within the time asked for
}

// Available cuts outages to [from, to) and tells the share of that time without one, in
// percent. Where outages overlap, the time counts once.
func Available(from, to time.Time, outages []Outage) (percent float64, lost time.Duration, within []Outage) {
	within = []Outage{}
	if !to.After(from) {
		return 0, 0, within
	}
	slices.SortFunc(outages, func(a, b Outage) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Alarm, b.Alarm)) })
	covered := from
	for _, o := range outages {
		begin, end := o.From, o.To
		if begin.Before(from) {
			begin = from
		}
		if end.IsZero() || end.After(to) {
			end = to
		}
		if !end.After(begin) {
			continue
		}
		o.From, o.Seconds = begin, end.Sub(begin).Seconds()
		within = append(within, o)
		if begin.Before(covered) {
			begin = covered
		}
		if end.After(begin) {
			lost += end.Sub(begin)
			covered = end
		}
	}
	return 100 * (1 - lost.Seconds()/to.Sub(from).Seconds()), lost, within
}

// Availability is one edge over a time.
type Availability struct {
	Edge     contract.EdgeID `json:"edge"`
	Building string          `json:"building"`
	Name     contract.Text   `json:"name"`
	Since    time.Time       `json:"since"`   // counted from here: the start of the time, or the edge's first certificate
	Percent  *float64        `json:"percent"` // null: it was never heard, or was not there yet
	LostS    float64         `json:"lost_s"`
	Outages  []Outage        `json:"outages"`
}

// Known is an edge as the fleet knows it.
type Known struct {
	ID       contract.EdgeID
	Name     contract.Text
	Building string
	Heard    bool // ever
}

// Availability tells for how much of [from, to), as far as it has passed, edges were
// heard. It is made from the alarms that they were not.
func (s *Store) Availability(ctx context.Context, edges []Known, from, to time.Time) ([]Availability, error) {
	if now := s.now(); now.Before(to) {
		to = now
	}
	first, err := s.firstCertificates(ctx)
	if err != nil {
		return nil, err
	}
	out := []Availability{}
	for _, e := range edges {
		a := Availability{Edge: e.ID, Building: e.Building, Name: e.Name, Since: from.UTC(), Outages: []Outage{}}
		if at := first[e.ID]; at.After(from) {
			a.Since = at
		}
		if e.Heard && to.After(a.Since) {
			list, err := s.outages(ctx, e.ID, a.Since, to)
			if err != nil {
				return nil, err
			}
			percent, gone, within := Available(a.Since, to, list)
			a.Percent, a.LostS, a.Outages = new(percent), gone.Seconds(), within
		}
		out = append(out, a)
	}
	return out, nil
}

func (s *Store) firstCertificates(ctx context.Context) (map[contract.EdgeID]time.Time, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT edge, MIN(not_before) FROM edge_certificate GROUP BY edge`)
	if err != nil {
		return nil, fmt.Errorf("clocks: read first certificates: %w", err)
	}
	defer rows.Close()
	out := map[contract.EdgeID]time.Time{}
	for rows.Next() {
		var id string
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			return nil, fmt.Errorf("clocks: read first certificates: %w", err)
		}
		out[contract.EdgeID(id)] = db.Time(at)
	}
	return out, rows.Err()
}

func (s *Store) outages(ctx context.Context, e contract.EdgeID, from, to time.Time) ([]Outage, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT alarm, raised_at, returned_at FROM alarm_occurrence
		WHERE edge = $1 AND point = '' AND rule = $2 AND recv_at < $3 AND (returned_at = 0 OR returned_at > $4) ORDER BY recv_at`,
		string(e), string(fleet.RuleEdgeLost), db.Millis(to), db.Millis(from))
	if err != nil {
		return nil, fmt.Errorf("clocks: read outages of %s: %w", e, err)
	}
	defer rows.Close()
	var out []Outage
	for rows.Next() {
		var o Outage
		var raised, returned int64
		if err := rows.Scan(&o.Alarm, &raised, &returned); err != nil {
			return nil, fmt.Errorf("clocks: read outages of %s: %w", e, err)
		}
		o.From, o.To = db.Time(raised), db.Time(returned)
		out = append(out, o)
	}
	return out, rows.Err()
}

// Unanswered is a life-safety occurrence that nobody acknowledged in its time.
type Unanswered struct {
	Alarm    string            `json:"alarm"`
	Building string            `json:"building"`
	Title    contract.Text     `json:"title"`
	Severity contract.Severity `json:"severity"`
	At       time.Time         `json:"at"`
}

// Life is what became of the life-safety alarms of a time.
type Life struct {
	Occurrences int          `json:"occurrences"` // that called people
	Unanswered  int          `json:"unanswered"`  // nobody acknowledged them, though their time is over
	Waiting     int          `json:"waiting"`     // not yet, and there still is time
	Unwatched   int          `json:"unwatched"`   // no desk showed them in time
	List        []Unanswered `json:"list"`        // the newest unanswered ones
}

const unansweredShown = 50

// Life counts the life-safety occurrences received in [from, to). One acknowledgement
// answers every earlier occurrence of its alarm.
func (s *Store) Life(ctx context.Context, in alarm.Scope, from, to time.Time) (Life, error) {
	out := Life{List: []Unanswered{}}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT o.alarm, o.building, o.hazard, o.recv_at, o.acked_at, a.respond_by,
			CASE WHEN o.acked_at > 0 THEN 0 ELSE (SELECT COUNT(*) FROM alarm_occurrence x WHERE x.alarm = o.alarm AND x.n > o.n AND x.acked_at > 0) END,
			(SELECT COUNT(*) FROM alarm_unwatched u WHERE u.alarm = o.alarm AND u.count = o.n)
		FROM alarm_occurrence o JOIN alarm a ON a.id = o.alarm
		WHERE o.recv_at >= $1 AND o.recv_at < $2 AND o.announced = 1 ORDER BY o.recv_at DESC`, db.Millis(from), db.Millis(to))
	if err != nil {
		return out, fmt.Errorf("clocks: read life-safety alarms: %w", err)
	}
	defer rows.Close()
	now, ids := s.now(), []string{}
	for rows.Next() {
		var u Unanswered
		var hazard string
		var recv, acked, respond, later, unwatched int64
		if err := rows.Scan(&u.Alarm, &u.Building, &hazard, &recv, &acked, &respond, &later, &unwatched); err != nil {
			return out, fmt.Errorf("clocks: read life-safety alarms: %w", err)
		}
		if !wanted(in, ClassLife, u.Building, contract.Hazard(hazard)) {
			continue
		}
		out.Occurrences++
		if unwatched > 0 {
			out.Unwatched++
		}
		switch {
		case acked > 0 || later > 0:
		case respond > 0 && now.Before(db.Time(respond)):
			out.Waiting++
		default:
			out.Unanswered++
			if u.At = db.Time(recv); len(out.List) < unansweredShown {
				out.List, ids = append(out.List, u), append(ids, u.Alarm)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("clocks: read life-safety alarms: %w", err)
	}
	known, err := s.docs(ctx, ids)
	for i := range out.List {
		a := known[out.List[i].Alarm]
		out.List[i].Title, out.List[i].Severity = a.Title, a.Severity
	}
	return out, err
}
