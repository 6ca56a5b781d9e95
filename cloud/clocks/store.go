package clocks

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"
)

// mostSamples bounds one report; what is older is told as cut off.
const mostSamples = 200_000

// Classes of alarms.
const (
	ClassAll  = "all"
	ClassLife = "life" // life-safety hazards only
)

// Store reads what there is to measure; it writes nothing.
type Store struct {
	db  *db.DB
	now func() time.Time
}

// NewStore uses an open database.
func NewStore(d *db.DB, now func() time.Time) *Store { return &Store{d, now} }

// Report measures the alarms of a scope raised in [from, to).
func (s *Store) Report(ctx context.Context, in alarm.Scope, class string, from, to time.Time, zone *time.Location) (Report, error) {
	samples, cut, err := s.samples(ctx, in, class, from, to)
	if err != nil {
		return Report{}, err
	}
	r := Measure(samples, from, to, s.now(), zone)
	r.Truncated = cut
	if r.Replaced, err = s.replaced(ctx, in, class, from, to); err != nil {
		return Report{}, err
	}
	return r, s.title(ctx, &r)
}

// samples are the newest first.
func (s *Store) samples(ctx context.Context, in alarm.Scope, class string, from, to time.Time) (out []Sample, cut bool, err error) {
	aside, err := s.aside(ctx, from)
	if err != nil {
		return nil, false, err
	}
	find := `instr`
	if s.db.Postgres() {
		find = `strpos`
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, building, rule, hazard, raised_at, respond_by, substr(doc, `+find+`(doc, '`+stampsKey+`'))
		FROM alarm WHERE raised_at >= $1 AND raised_at < $2 ORDER BY raised_at DESC, id DESC LIMIT `+strconv.Itoa(mostSamples+1), db.Millis(from), db.Millis(to))
	if err != nil {
		return nil, false, fmt.Errorf("clocks: read stamps: %w", err)
	}
	defer rows.Close()
	read := 0
	for rows.Next() {
		var x Sample
		var raised, respond int64
		var rule, hazard string
		var tail sql.RawBytes
		if err := rows.Scan(&x.ID, &x.Building, &rule, &hazard, &raised, &respond, &tail); err != nil {
			return nil, false, fmt.Errorf("clocks: read stamps: %w", err)
		}
		if read++; read > mostSamples {
			return out, true, nil
		}
		x.Rule, x.Hazard, x.RaisedAt, x.RespondBy = contract.RuleID(rule), contract.Hazard(hazard), db.Time(raised), db.Time(respond)
		if !wanted(in, class, x.Building, x.Hazard) {
			continue
		}
		if x.Stamps, err = stampsIn(tail); err != nil {
			return nil, false, fmt.Errorf("clocks: decode stamps of %s: %w", x.ID, err)
		}
		x.Aside = aside[x.ID]
		out = append(out, x)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("clocks: read stamps: %w", err)
	}
	return out, false, nil
}

func wanted(in alarm.Scope, class, building string, h contract.Hazard) bool {
	return in.Has(building) && (class != ClassLife || h.LifeSafety())
}

// stampsKey begins the stamps in a stored alarm. Within a text a quote is escaped, so it
// is found nowhere else. Cutting here, and not asking the database to take the whole
// document apart, is what lets 100,000 alarms be measured within a second.
const stampsKey = `"stamps":`

// stampsIn reads the stamps at the beginning of what follows the key's place: an object
// of times and nothing else.
func stampsIn(tail []byte) (st alarm.Stamps, err error) {
	rest, ok := bytes.CutPrefix(tail, []byte(stampsKey+"{"))
	object, _, closed := bytes.Cut(rest, []byte("}"))
	if !ok || !closed {
		return st, errNoStamps
	}
	for len(object) > 0 {
		var pair []byte
		pair, object, _ = bytes.Cut(object, []byte(","))
		name, value, _ := bytes.Cut(pair, []byte(":"))
		at, err := time.Parse(time.RFC3339Nano, string(bytes.Trim(value, `"`)))
		if err != nil {
			return st, err
		}
		if to := stampNamed(&st, string(name)); to != nil {
			*to = at.UTC()
		}
	}
	return st, nil
}

func stampNamed(st *alarm.Stamps, name string) *time.Time {
	switch name {
	case `"sensed"`:
		return &st.Sensed
	case `"decided"`:
		return &st.Decided
	case `"spooled"`:
		return &st.Spooled
	case `"received"`:
		return &st.Received
	case `"committed"`:
		return &st.Committed
	case `"pushed"`:
		return &st.Pushed
	case `"painted"`:
		return &st.Painted
	case `"acknowledged"`:
		return &st.Acknowledged
	}
	return nil
}

var errNoStamps = errors.New("there are none")

// clockLead is how far an edge's clock may be ahead in a stored time.
const clockLead = time.Minute

// aside finds the alarms whose newest occurrence, since a time, came while set aside.
func (s *Store) aside(ctx context.Context, from time.Time) (map[string]bool, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT alarm FROM alarm_occurrence o WHERE recv_at >= $1 AND announced = 0
		AND NOT EXISTS (SELECT 1 FROM alarm_occurrence x WHERE x.alarm = o.alarm AND x.n = o.n + 1)`, db.Millis(from.Add(-clockLead)))
	if err != nil {
		return nil, fmt.Errorf("clocks: read what was set aside: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("clocks: read what was set aside: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// replaced counts occurrences that took the place of an earlier one of the same alarm.
func (s *Store) replaced(ctx context.Context, in alarm.Scope, class string, from, to time.Time) (int, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT building, hazard, COUNT(*) FROM alarm_occurrence WHERE recv_at >= $1 AND recv_at < $2 AND n > 1 GROUP BY building, hazard`, db.Millis(from), db.Millis(to))
	if err != nil {
		return 0, fmt.Errorf("clocks: count replaced: %w", err)
	}
	defer rows.Close()
	total := 0
	for rows.Next() {
		var building, hazard string
		var n int
		if err := rows.Scan(&building, &hazard, &n); err != nil {
			return 0, fmt.Errorf("clocks: count replaced: %w", err)
		}
		if wanted(in, class, building, contract.Hazard(hazard)) {
			total += n
		}
	}
	return total, rows.Err()
}

// title names the alarms that people will look at.
func (s *Store) title(ctx context.Context, r *Report) error {
	var ids []string
	for _, st := range r.Stages {
		for _, w := range st.Worst {
			ids = append(ids, w.Alarm)
		}
	}
	known, err := s.docs(ctx, ids)
	if err != nil {
		return err
	}
	for i := range r.Stages {
		for k := range r.Stages[i].Worst {
			w := &r.Stages[i].Worst[k]
			w.Title = known[w.Alarm].Title
		}
	}
	return nil
}

func (s *Store) docs(ctx context.Context, ids []string) (map[string]alarm.Alarm, error) {
	slices.Sort(ids)
	out := map[string]alarm.Alarm{}
	for chunk := range slices.Chunk(slices.Compact(ids), 200) {
		marks, args := make([]string, len(chunk)), make([]any, len(chunk))
		for i, id := range chunk {
			marks[i], args[i] = "$"+strconv.Itoa(i+1), id
		}
		list, err := s.alarms(ctx, `SELECT doc FROM alarm WHERE id IN (`+strings.Join(marks, ",")+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			out[a.ID] = a
		}
	}
	return out, nil
}

func (s *Store) alarms(ctx context.Context, query string, args ...any) ([]alarm.Alarm, error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("clocks: read alarms: %w", err)
	}
	defer rows.Close()
	out := []alarm.Alarm{}
	for rows.Next() {
		var doc []byte
		var a alarm.Alarm
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("clocks: read alarms: %w", err)
		}
		if err := json.Unmarshal(doc, &a); err != nil {
			return nil, fmt.Errorf("clocks: decode alarm: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// OwnAlarms are the open alarms about edges and the cloud themselves, the worst first.
func (s *Store) OwnAlarms(ctx context.Context) ([]alarm.Alarm, error) {
	list, err := s.alarms(ctx, `SELECT doc FROM alarm WHERE closed_at = 0 AND point = '' ORDER BY id LIMIT 1000`)
	slices.SortStableFunc(list, func(a, b alarm.Alarm) int { return cmp.Compare(b.Severity, a.Severity) })
	return list, err
}

// LastWrite is when what edges sent was last committed; zero: never.
func (s *Store) LastWrite(ctx context.Context) (time.Time, error) {
	var at int64
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COALESCE(MAX(updated_at), 0) FROM ingest_cursor`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("clocks: read last write: %w", err)
	}
	return db.Time(at), nil
}
