package incident

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrNotFound means no such incident, role, task, plan or alarm.
var ErrNotFound = errors.New("not found")

// Alarms ties an alarm to its incident, in the alarm's row.
type Alarms interface {
	SetIncident(ctx context.Context, tx *sql.Tx, alarm, incident string) error
}

// Notice tells listeners that an incident changed; Kind is the kind of its last
// timeline line.
type Notice struct {
	ID      string `json:"id"`
	HumanNo string `json:"human_no"`
	Kind    string `json:"kind"`

	Building string `json:"building"` // where it is
}

// Store runs incidents in SQL.
type Store struct {
	db        *db.DB
	log       *slog.Logger
	audit     *audit.Log
	alarms    Alarms
	now       func() time.Time
	zone      *time.Location
	listeners []func(Notice)
	failures  prometheus.Counter

	mu      sync.Mutex
	pending map[string][]Notice     // by alarm and version: told when that alarm's change is committed
	retry   map[string]alarm.Change // launches that could not be decided, by alarm
}

// NewStore makes a store. zone is the community's time zone, for human numbers.
func NewStore(d *db.DB, log *slog.Logger, reg prometheus.Registerer, trail *audit.Log, alarms Alarms, zone *time.Location, now func() time.Time) *Store {
	s := &Store{db: d, log: log, audit: trail, alarms: alarms, now: now, zone: zone,
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "cloud_incident_launch_failures_total", Help: "Alarm changes whose plans could not be decided at once; they are tried again."}),
		pending:  map[string][]Notice{}, retry: map[string]alarm.Change{}}
	reg.MustRegister(s.failures)
	return s
}

// OnChange adds a listener, called after the commit; it must not block.
func (s *Store) OnChange(f func(Notice)) { s.listeners = append(s.listeners, f) }

func (s *Store) tell(notices []Notice) {
	for _, n := range notices {
		for _, f := range s.listeners {
			f(n)
		}
	}
}

// locked is an incident whose row this transaction holds.
type locked struct {
	state State
	plan  plan.Plan
	seq   int64
	hash  string
}

// lock takes the row, so that two people working one incident queue.
func lock(ctx context.Context, tx *sql.Tx, id string) (locked, error) {
	var l locked
	var doc, planDoc string
	err := tx.QueryRowContext(ctx, `UPDATE incident SET version = version + 1 WHERE id = $1 RETURNING version, doc, plan_doc, timeline_seq, timeline_hash`, id).
		Scan(&l.state.Version, &doc, &planDoc, &l.seq, &l.hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l, fmt.Errorf("incident: %s: %w", id, ErrNotFound)
	case err != nil:
		return l, fmt.Errorf("incident: lock %s: %w", id, err)
	}
	version := l.state.Version
	if err := errors.Join(json.Unmarshal([]byte(doc), &l.state), json.Unmarshal([]byte(planDoc), &l.plan)); err != nil {
		return l, fmt.Errorf("incident: read %s: %w", id, err)
	}
	l.state.Version = version
	return l, nil
}

// step applies one event within tx and returns what to tell after the commit.
func (s *Store) step(ctx context.Context, tx *sql.Tx, id string, e Event, now time.Time) (State, []Notice, error) {
	l, err := lock(ctx, tx, id)
	if err != nil {
		return State{}, nil, err
	}
	before := len(l.state.Alarms)
	next, entries, err := Step(l.plan, l.state, e, now)
	if err != nil {
		return State{}, nil, err
	}
	for _, a := range next.Alarms[before:] {
		if err := s.attach(ctx, tx, next, a, now); err != nil {
			return State{}, nil, err
		}
	}
	return next, notices(next, entries), s.save(ctx, tx, l, next, entries)
}

func notices(s State, entries []Entry) []Notice {
	if len(entries) == 0 {
		return nil
	}
	return []Notice{{s.ID, s.HumanNo, entries[len(entries)-1].Kind, s.Place.Building}}
}

func (s *Store) attach(ctx context.Context, tx *sql.Tx, st State, alarmID string, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO incident_alarm (incident, alarm, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		st.ID, alarmID, db.Millis(now)); err != nil {
		return fmt.Errorf("incident: attach alarm %s: %w", alarmID, err)
	}
	if err := s.alarms.SetIncident(ctx, tx, alarmID, st.ID); err != nil {
		return fmt.Errorf("incident: attach alarm %s: %w", alarmID, err)
	}
	return nil
}

// save writes state, timers and timeline of a locked incident.
func (s *Store) save(ctx context.Context, tx *sql.Tx, l locked, st State, entries []Entry) error {
	doc, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("incident: encode %s: %w", st.ID, err)
	}
	seq, hash := l.seq, l.hash
	for _, e := range entries {
		seq++
		if hash, err = writeEntry(ctx, tx, st.ID, seq, hash, e); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE incident SET state = $1, doc = $2, timeline_seq = $3, timeline_hash = $4 WHERE id = $5`,
		st.State, string(doc), seq, hash, st.ID); err != nil {
		return fmt.Errorf("incident: save %s: %w", st.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM incident_timer WHERE incident = $1`, st.ID); err != nil {
		return fmt.Errorf("incident: save timers of %s: %w", st.ID, err)
	}
	for _, t := range st.Timers() {
		if _, err := tx.ExecContext(ctx, `INSERT INTO incident_timer (incident, key, due) VALUES ($1, $2, $3)`, st.ID, t.Key, db.Millis(t.Due)); err != nil {
			return fmt.Errorf("incident: save timers of %s: %w", st.ID, err)
		}
	}
	return nil
}

func writeEntry(ctx context.Context, tx *sql.Tx, id string, seq int64, prev string, e Entry) (string, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return "", fmt.Errorf("incident: encode timeline of %s: %w", id, err)
	}
	at := db.Millis(e.At)
	hash, err := audit.Chain(prev, id, seq, at, e.Actor, e.Kind, e.Text.ZH, e.Text.EN, string(data))
	if err != nil {
		return "", err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO incident_timeline (incident, seq, at, actor, kind, text_zh, text_en, data, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, seq, at, e.Actor, e.Kind, e.Text.ZH, e.Text.EN, string(data), prev, hash); err != nil {
		return "", fmt.Errorf("incident: write timeline of %s: %w", id, err)
	}
	return hash, nil
}

// Do applies what a person does to an incident, with an audit line in the same
// transaction. Errors: those of [Step], [ErrNotFound].
func (s *Store) Do(ctx context.Context, id string, e Event) (State, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	var out State
	var told []Notice
	err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		if out, told, err = s.step(ctx, tx, id, e, now); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, e.By, "incident."+string(e.Kind), "incident:"+id, map[string]string{"key": e.Key}, now)
	})
	if err != nil {
		return State{}, err
	}
	s.tell(told)
	return out, nil
}

// Request is a person's wish to launch a plan. With Alarm, the place is the alarm's.
type Request struct {
	Plan         string
	Building     string
	BuildingName contract.Text
	Place        contract.Place
	Alarm        string
	Drill        bool
	Note         string
}

// Launch starts a plan by hand, or returns the incident of that plan and place that is
// open already, with the alarm attached. Errors: [ErrNotFound], [ConflictError].
func (s *Store) Launch(ctx context.Context, by org.Actor, r Request) (st State, existing bool, err error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	var told []Notice
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		p, err := current(ctx, tx, r.Plan)
		if err != nil {
			return err
		}
		l := Launched{By: by, Building: r.Building, BuildingName: r.BuildingName, Place: r.Place, Drill: r.Drill, Note: r.Note}
		if r.Alarm != "" {
			if r.Drill {
				return &ConflictError{Text: contract.Text{ZH: "演练不能关联真实报警", EN: "a drill cannot be tied to a real alarm"}}
			}
			src, err := sourceByID(ctx, tx, r.Alarm)
			if err != nil {
				return err
			}
			l.Causes, l.Building, l.BuildingName, l.Place = []Source{src}, src.Building, src.BuildingName, src.Place
		}
		if err := gate(ctx, tx, l.Building); err != nil {
			return err
		}
		if !p.Covers(l.Building) {
			return &ConflictError{Text: contract.Text{ZH: "此预案不适用于该楼栋", EN: "this plan does not cover that building"}}
		}
		if st, existing, told, err = s.launch(ctx, tx, p, l, now); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, by, "incident.launch", "incident:"+st.ID, map[string]any{"plan": p.ID, "version": p.Version, "drill": r.Drill, "existing": existing}, now)
	})
	if err != nil {
		return State{}, false, err
	}
	s.tell(told)
	return st, existing, nil
}

func current(ctx context.Context, tx *sql.Tx, id string) (plan.Plan, error) {
	plans, err := plan.CurrentIn(ctx, tx)
	if err != nil {
		return plan.Plan{}, err
	}
	for _, p := range plans {
		if p.ID == id {
			return p, nil
		}
	}
	return plan.Plan{}, fmt.Errorf("incident: plan %q: %w", id, ErrNotFound)
}

// launch starts p, or attaches the causes to the open incident of the same place.
func (s *Store) launch(ctx context.Context, tx *sql.Tx, p plan.Plan, l Launched, now time.Time) (State, bool, []Notice, error) {
	drill := 0
	if l.Drill {
		drill = 1
	}
	zone := p.Zone(l.Place)
	var id string
	err := tx.QueryRowContext(ctx, `SELECT id FROM incident WHERE plan = $1 AND building = $2 AND zone = $3 AND drill = $4 AND state = $5`,
		p.ID, l.Building, zone, drill, Open).Scan(&id)
	if err == nil {
		st, told, err := s.join(ctx, tx, id, l.Causes, now)
		return st, true, told, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return State{}, false, nil, fmt.Errorf("incident: find open: %w", err)
	}
	l.ID = "inc-" + strings.ToLower(rand.Text()[:16])
	if l.HumanNo, err = s.number(ctx, tx, now); err != nil {
		return State{}, false, nil, err
	}
	st, entries := Begin(p, l, now)
	st.Version = 1
	planDoc, err := json.Marshal(p)
	if err != nil {
		return State{}, false, nil, fmt.Errorf("incident: freeze plan %s: %w", p.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO incident (id, human_no, plan, building, zone, drill, state, launched_at, version, plan_doc, doc, timeline_seq, timeline_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, '', 0, '')`,
		st.ID, st.HumanNo, p.ID, l.Building, zone, drill, Open, db.Millis(now), string(planDoc)); err != nil {
		return State{}, false, nil, fmt.Errorf("incident: launch %s: %w", p.ID, err)
	}
	for _, a := range st.Alarms {
		if err := s.attach(ctx, tx, st, a, now); err != nil {
			return State{}, false, nil, err
		}
	}
	return st, false, []Notice{{st.ID, st.HumanNo, "launched", st.Place.Building}}, s.save(ctx, tx, locked{}, st, entries)
}

// join attaches causes that the open incident does not have yet.
func (s *Store) join(ctx context.Context, tx *sql.Tx, id string, causes []Source, now time.Time) (State, []Notice, error) {
	st, told, err := s.load(ctx, tx, id)
	if err != nil {
		return State{}, nil, err
	}
	for _, c := range causes {
		has := false
		for _, a := range st.Alarms {
			has = has || a == c.Alarm
		}
		if has {
			continue
		}
		var n []Notice
		if st, n, err = s.step(ctx, tx, id, Event{Kind: AlarmChanged, Source: c, AlarmKind: alarm.Raised}, now); err != nil {
			return State{}, nil, err
		}
		told = append(told, n...)
	}
	return st, told, nil
}

func (s *Store) load(ctx context.Context, tx *sql.Tx, id string) (State, []Notice, error) {
	var doc string
	var st State
	if err := tx.QueryRowContext(ctx, `SELECT doc FROM incident WHERE id = $1`, id).Scan(&doc); err != nil {
		return st, nil, fmt.Errorf("incident: read %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(doc), &st); err != nil {
		return st, nil, fmt.Errorf("incident: read %s: %w", id, err)
	}
	return st, nil, nil
}

func (s *Store) number(ctx context.Context, tx *sql.Tx, now time.Time) (string, error) {
	year := now.In(s.zone).Year()
	var n int64
	err := tx.QueryRowContext(ctx, `INSERT INTO incident_number (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = incident_number.last + 1 RETURNING last`, year).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("incident: take number: %w", err)
	}
	return fmt.Sprintf("INC-%d-%05d", year, n), nil
}
