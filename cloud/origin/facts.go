package origin

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

// facts reads what the rules look at, in bounded pieces.
func (s *Service) facts(ctx context.Context, now time.Time) (Facts, error) {
	f := Facts{}
	var err error
	if f.Past, err = s.past(ctx); err != nil {
		return f, err
	}
	if f.Points, err = s.points(ctx, now); err != nil {
		return f, err
	}
	if f.Standing, err = s.Alarms.Open(ctx); err != nil {
		return f, err
	}
	if f.Devices, err = s.devices(ctx, now); err != nil {
		return f, err
	}
	ids := map[string]bool{}
	for _, list := range f.Points {
		for _, o := range list {
			ids[o.ID] = true
		}
	}
	for _, a := range f.Standing {
		ids[a.ID] = true
	}
	f.Spoken, err = s.spoken(ctx, sortedKeys(ids))
	return f, err
}

// points finds those that alarmed often enough for some rule, with their occurrences.
func (s *Service) points(ctx context.Context, now time.Time) (map[string][]Occurrence, error) {
	var window time.Duration
	count := maxPerPoint
	for _, r := range s.Rules.Rules {
		if r.Kind == Repeated && !r.Off {
			window, count = max(window, time.Duration(r.Window)), min(count, r.Count)
		}
	}
	out := map[string][]Occurrence{}
	if window == 0 {
		return out, nil
	}
	from := db.Millis(now.Add(-window))
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT edge, point FROM alarm_occurrence WHERE recv_at >= $1 AND announced = 1 AND point <> ''
		GROUP BY edge, point HAVING COUNT(*) >= $2 ORDER BY COUNT(*) DESC, edge, point LIMIT `+strconv.Itoa(maxPoints), from, count)
	if err != nil {
		return nil, fmt.Errorf("origin: find points: %w", err)
	}
	defer rows.Close()
	var found [][2]string
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, fmt.Errorf("origin: find points: %w", err)
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("origin: find points: %w", err)
	}
	known := map[string]alarm.Alarm{}
	for _, p := range found {
		list, err := s.occurrences(ctx, p[0], p[1], from, known)
		if err != nil {
			return nil, err
		}
		out[p[0]+"/"+p[1]] = list
	}
	return out, nil
}

func (s *Service) occurrences(ctx context.Context, edge, point string, from int64, known map[string]alarm.Alarm) ([]Occurrence, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT alarm, n, raised_at, recv_at FROM alarm_occurrence WHERE edge = $1 AND point = $2 AND recv_at >= $3 AND announced = 1
		ORDER BY recv_at DESC, alarm, n DESC LIMIT `+strconv.Itoa(maxPerPoint), edge, point, from)
	if err != nil {
		return nil, fmt.Errorf("origin: occurrences of %s: %w", point, err)
	}
	defer rows.Close()
	var out []Occurrence
	for rows.Next() {
		var o Occurrence
		var raised, recv int64
		if err := rows.Scan(&o.ID, &o.N, &raised, &recv); err != nil {
			return nil, fmt.Errorf("origin: occurrences of %s: %w", point, err)
		}
		o.Sensed, o.At = db.Time(raised), db.Time(recv)
		out = append(out, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("origin: occurrences of %s: %w", point, err)
	}
	kept := out[:0]
	for _, o := range out {
		a, ok := known[o.ID]
		if !ok {
			if a, err = s.Alarms.Get(ctx, o.ID); err != nil {
				return nil, err
			}
			known[o.ID] = a
		}
		if o.Alarm = a; !a.Drill {
			kept = append(kept, o)
		}
	}
	return kept, nil
}

// devices lists what is to be tested. What is seen for the first time is remembered.
func (s *Service) devices(ctx context.Context, now time.Time) ([]Device, error) {
	if !s.tests() {
		return nil, nil
	}
	out, fresh, err := s.known(ctx, func(string) bool { return true }, now)
	if err != nil {
		return nil, err
	}
	return out, s.remember(ctx, fresh, now)
}

// known lists devices with their last test: one that was written down, or an alarm made for
// a test; fresh are those nobody has remembered yet.
func (s *Service) known(ctx context.Context, sees func(building string) bool, now time.Time) (out []Device, fresh []places.DeviceKey, err error) {
	rows, err := s.Fleet.Devices(ctx, sees)
	if err != nil {
		return nil, nil, err
	}
	since, err := s.moments(ctx, `SELECT edge, device, at, '' FROM proof_test WHERE kind = 'first_seen'`)
	if err != nil {
		return nil, nil, err
	}
	tested, err := s.moments(ctx, `SELECT edge, device, at, by_name FROM proof_test t WHERE kind = 'recorded'
		AND at = (SELECT MAX(at) FROM proof_test m WHERE m.edge = t.edge AND m.device = t.device AND m.kind = 'recorded')`)
	if err != nil {
		return nil, nil, err
	}
	drills, err := s.moments(ctx, `SELECT edge, point, MAX(raised_at), '' FROM alarm WHERE drill = 1 AND point <> '' AND raised_at <= $1 GROUP BY edge, point`, db.Millis(now))
	if err != nil {
		return nil, nil, err
	}
	for k, m := range drills {
		k.ID = contract.PointID(k.ID).Device()
		if m.at.After(tested[k].at) {
			tested[k] = m
		}
	}
	for _, d := range rows {
		k := places.DeviceKey{Edge: d.Edge, ID: d.ID}
		if d.Reported == nil {
			continue
		}
		if since[k].at.IsZero() {
			fresh = append(fresh, k)
			since[k] = moment{at: now}
		}
		out = append(out, Device{Edge: d.Edge, ID: d.ID, Name: d.Name, Place: d.Place, Profile: d.Profile, Model: d.Model, Tested: tested[k].at, By: tested[k].by, Since: since[k].at})
	}
	return out, fresh, nil
}

func (s *Service) tests() bool {
	for _, r := range s.Rules.Rules {
		if r.Kind == ProofTest && !r.Off {
			return true
		}
	}
	return false
}

// moment is when something was done to a device, and by whom.
type moment struct {
	at time.Time
	by string
}

func (s *Service) moments(ctx context.Context, query string, args ...any) (map[places.DeviceKey]moment, error) {
	rows, err := s.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("origin: read tests: %w", err)
	}
	defer rows.Close()
	out := map[places.DeviceKey]moment{}
	for rows.Next() {
		var k places.DeviceKey
		var at int64
		var by string
		if err := rows.Scan(&k.Edge, &k.ID, &at, &by); err != nil {
			return nil, fmt.Errorf("origin: read tests: %w", err)
		}
		out[k] = moment{db.Time(at), by}
	}
	return out, rows.Err()
}

func (s *Service) remember(ctx context.Context, fresh []places.DeviceKey, now time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, k := range fresh {
			if _, err := tx.ExecContext(ctx, `INSERT INTO proof_test (edge, device, at, kind, by_id, by_name, note) VALUES ($1, $2, $3, 'first_seen', '', '', '') ON CONFLICT DO NOTHING`,
				string(k.Edge), string(k.ID), db.Millis(now)); err != nil {
				return fmt.Errorf("origin: remember device: %w", err)
			}
		}
		return nil
	})
}
