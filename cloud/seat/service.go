package seat

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"

	"github.com/prometheus/client_golang/prometheus"
)

// Alarms is what seats need of the alarm room.
type Alarms interface {
	Open(ctx context.Context) ([]alarm.Alarm, error)
	MarkPainted(ctx context.Context, id string, p alarm.Person, seat string, at time.Time) error
	Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// Deps is what the service stands on.
type Deps struct {
	DB       *db.DB
	Alarms   Alarms
	Audit    *audit.Log
	Log      *slog.Logger
	Registry prometheus.Registerer
	Policy   Policy
	Now      func() time.Time
}

// Service keeps the seats. Make it with [New], give it its listeners, then [Service.Run].
type Service struct {
	Deps
	db *db.DB

	seatListeners  []func(Seat)
	claimListeners []func(c Claim, over bool)
	unwatched      []func(context.Context, Unwatched)

	onWatch prometheus.Gauge
	nobody  prometheus.Gauge
	missed  prometheus.Counter

	mu       sync.Mutex
	seats    map[string]*Seat
	claims   map[string]Claim
	pending  map[string]*Pending // by alarm
	closed   []string            // claims to remove
	lastAble time.Time
	manned   bool
	raised   bool // nobody-watching stands
	saved    map[string]time.Time
}

// New reads what was there before; silence before now says nothing, because nobody listened.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{Deps: d, db: d.DB, seats: map[string]*Seat{}, claims: map[string]Claim{}, pending: map[string]*Pending{}, saved: map[string]time.Time{},
		onWatch: prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloud_seat_on_watch_seats", Help: "Console seats that can see and hear."}),
		nobody:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloud_seat_nobody_watching", Help: "1 while the desk is not watched."}),
		missed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "cloud_seat_unwatched_alarms_total", Help: "Life-safety occurrences that no desk showed in time."})}
	d.Registry.MustRegister(s.onWatch, s.nobody, s.missed)
	now := d.Now().UTC()
	s.lastAble = now
	if err := s.load(ctx, now); err != nil {
		return nil, err
	}
	open, err := d.Alarms.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("seat: read open alarms: %w", err)
	}
	still := map[string]bool{}
	for _, a := range open {
		still[a.ID] = true
		s.raised = s.raised || (a.Rule == RuleNobody && a.Edge == cloudEdge && a.Condition != "normal")
		p, ok := pendingOf(a, now)
		if !ok {
			continue
		}
		if p.Painted, p.Told, err = s.marks(ctx, a.ID, a.Count); err != nil {
			return nil, err
		}
		s.pending[a.ID] = &p
	}
	for id := range s.claims {
		if !still[id] {
			s.closed = append(s.closed, id)
		}
	}
	return s, nil
}

// OnSeat adds a listener for every change of a seat.
func (s *Service) OnSeat(f func(Seat)) { s.seatListeners = append(s.seatListeners, f) }

// OnClaim adds a listener for claims, and for the end of one.
func (s *Service) OnClaim(f func(c Claim, over bool)) {
	s.claimListeners = append(s.claimListeners, f)
}

// OnUnwatched adds a listener for life-safety occurrences that nobody saw in time. It is
// called at least once for each, by the goroutine of [Service.Run], which it must not hold up.
func (s *Service) OnUnwatched(f func(context.Context, Unwatched)) {
	s.unwatched = append(s.unwatched, f)
}

// Registration is a console taking a seat.
type Registration struct {
	ID, Name, Browser string
	Kind              Kind
}

// Register takes or retakes a seat.
func (s *Service) Register(ctx context.Context, by org.Actor, r Registration) (Seat, error) {
	now := s.Now().UTC()
	s.mu.Lock()
	old := s.seats[r.ID]
	x := Seat{ID: r.ID, Kind: r.Kind, Name: r.Name, Person: by.ID, PersonName: by.Name, Browser: r.Browser, RegisteredAt: now, HeardAt: now, InputAt: now, Sound: Unarmed, Visible: true}
	fresh := old == nil || old.Person != by.ID || old.Kind != r.Kind || old.Name != r.Name || !old.LeftAt.IsZero()
	s.mu.Unlock()
	x.State = s.Policy.StateOf(x, now)
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.saveSeat(ctx, tx, x); err != nil || !fresh {
			return err
		}
		return s.Audit.Append(ctx, tx, by, "seat.take", "seat:"+x.ID, map[string]any{"name": x.Name, "kind": x.Kind, "browser": x.Browser}, now)
	})
	if err != nil {
		return Seat{}, err
	}
	s.mu.Lock()
	s.seats[x.ID], s.saved[x.ID] = &x, now
	s.manned = s.manned || x.Kind == Desk
	s.mu.Unlock()
	s.tellSeat(x)
	return x, nil
}

// Heartbeat notes what a seat says about itself.
func (s *Service) Heartbeat(ctx context.Context, by org.Actor, id string, b Beat) (Seat, error) {
	now := s.Now().UTC()
	s.mu.Lock()
	x, err := s.own(by, id)
	if err != nil {
		s.mu.Unlock()
		return Seat{}, err
	}
	before := x.State
	x.HeardAt, x.InputAt, x.Visible, x.Sound, x.PaintedSeq = now, now.Add(-b.Idle), b.Visible, b.Sound, b.PaintedSeq
	x.State = s.Policy.StateOf(*x, now)
	if x.Able() {
		s.lastAble = now
	}
	out, save := *x, x.State != before || now.Sub(s.saved[id]) >= time.Minute
	if save {
		s.saved[id] = now
	}
	s.mu.Unlock()
	if out.State != before {
		s.tellSeat(out)
	}
	if !save {
		return out, nil
	}
	return out, s.db.Tx(ctx, func(tx *sql.Tx) error { return s.saveSeat(ctx, tx, out) })
}

// own finds a seat of the person; the caller holds mu.
func (s *Service) own(by org.Actor, id string) (*Seat, error) {
	x := s.seats[id]
	switch {
	case x == nil || !x.LeftAt.IsZero():
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	case x.Person != by.ID:
		return nil, fmt.Errorf("%w: %s", ErrOther, id)
	}
	return x, nil
}

// Leave gives a seat up at once, instead of it being missed after a while.
func (s *Service) Leave(ctx context.Context, by org.Actor, id string) error {
	now := s.Now().UTC()
	s.mu.Lock()
	x, err := s.own(by, id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	left := *x
	s.mu.Unlock()
	left.LeftAt, left.State = now, Gone
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.saveSeat(ctx, tx, left); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, by, "seat.leave", "seat:"+id, nil, now)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.seats[id] = &left
	s.mu.Unlock()
	s.tellSeat(left)
	return nil
}

// List is every seat of the last twelve hours, those on watch first, and every claim.
func (s *Service) List() (seats []Seat, claims []Claim, onWatch int) {
	now := s.Now().UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.seats {
		y := *x
		y.State = s.Policy.StateOf(y, now)
		if y.Able() {
			onWatch++
		}
		if now.Sub(y.HeardAt) < 12*time.Hour {
			seats = append(seats, y)
		}
	}
	slices.SortFunc(seats, func(a, b Seat) int {
		gone := func(x Seat) int {
			if x.State == Gone {
				return 1
			}
			return 0
		}
		return cmp.Or(gone(a)-gone(b), cmp.Compare(a.Kind, b.Kind), b.HeardAt.Compare(a.HeardAt), cmp.Compare(a.ID, b.ID))
	})
	return seats, slices.SortedFunc(maps.Values(s.claims), func(a, b Claim) int { return a.At.Compare(b.At) }), onWatch
}

// Painted notes that a seat has shown these occurrences. The first desk or viewer to
// show one stamps its alarm; a wall proves nothing about people.
func (s *Service) Painted(ctx context.Context, by org.Actor, id string, items []Painted) error {
	s.mu.Lock()
	own, err := s.own(by, id)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	x := *own
	s.mu.Unlock()
	if x.Kind != Wall {
		fresh, err := s.unstamped(ctx, items)
		if err != nil {
			return err
		}
		for _, it := range fresh {
			err := s.Alarms.MarkPainted(ctx, it.Alarm, alarm.Person{ID: by.ID, Name: by.Name}, x.ID, it.At.UTC())
			if errors.Is(err, alarm.ErrNotFound) {
				items = slices.DeleteFunc(slices.Clone(items), func(p Painted) bool { return p.Alarm == it.Alarm })
			} else if err != nil {
				return err
			}
		}
	}
	if err := s.db.Tx(ctx, func(tx *sql.Tx) error { return savePainted(ctx, tx, x, items) }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		if p := s.pending[it.Alarm]; p != nil && p.Count == it.Count && x.Kind == Desk {
			p.Painted = true
		}
	}
	return nil
}

// Claim says that the person at this seat handles the alarm. Of two at once the first
// has it; takeOver is a hand-over to this seat.
func (s *Service) Claim(ctx context.Context, by org.Actor, seat, alarmID, building string, takeOver bool) (Claim, error) {
	now := s.Now().UTC()
	s.mu.Lock()
	_, err := s.own(by, seat)
	s.mu.Unlock()
	if err != nil {
		return Claim{}, err
	}
	c := Claim{Alarm: alarmID, Building: building, Seat: seat, Person: by.ID, PersonName: by.Name, At: now}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var old Claim
		row := tx.QueryRowContext(ctx, `INSERT INTO alarm_claim (alarm, building, seat, person, person_name, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (alarm) DO UPDATE SET alarm = excluded.alarm RETURNING seat, person, person_name, at`, alarmID, building, seat, by.ID, by.Name, db.Millis(now))
		var at int64
		if err := row.Scan(&old.Seat, &old.Person, &old.PersonName, &at); err != nil {
			return fmt.Errorf("seat: claim %s: %w", alarmID, err)
		}
		old.Alarm, old.At = alarmID, db.Time(at)
		if old.Person != by.ID && !takeOver {
			return &ClaimedError{old}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE alarm_claim SET seat = $2, person = $3, person_name = $4, at = $5 WHERE alarm = $1`,
			alarmID, seat, by.ID, by.Name, db.Millis(now)); err != nil {
			return fmt.Errorf("seat: claim %s: %w", alarmID, err)
		}
		data := map[string]any{"seat": seat}
		if old.Person != by.ID {
			data["from"] = old.PersonName
		}
		return s.Audit.Append(ctx, tx, by, "alarm.claim", "alarm:"+alarmID, data, now)
	})
	if err != nil {
		return Claim{}, err
	}
	s.mu.Lock()
	s.claims[alarmID] = c
	s.mu.Unlock()
	s.tellClaim(c, false)
	return c, nil
}

// Release gives a claim back; only who holds it can.
func (s *Service) Release(ctx context.Context, by org.Actor, alarmID string) error {
	now := s.Now().UTC()
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM alarm_claim WHERE alarm = $1 AND person = $2`, alarmID, by.ID)
		if err != nil {
			return fmt.Errorf("seat: release %s: %w", alarmID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, fmt.Errorf("%w: claim of %s", ErrNotFound, alarmID))
		}
		return s.Audit.Append(ctx, tx, by, "alarm.release", "alarm:"+alarmID, nil, now)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	c := s.claims[alarmID]
	delete(s.claims, alarmID)
	s.mu.Unlock()
	s.tellClaim(c, true)
	return nil
}

func (s *Service) tellSeat(x Seat) {
	for _, f := range s.seatListeners {
		f(x)
	}
}

func (s *Service) tellClaim(c Claim, over bool) {
	for _, f := range s.claimListeners {
		f(c, over)
	}
}
