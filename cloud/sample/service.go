package sample

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// Accounts makes and removes people that nobody can sign in as.
type Accounts interface {
	AddClosed(ctx context.Context, tx *sql.Tx, u org.User, now time.Time) (org.User, error)
	Erase(ctx context.Context, tx *sql.Tx, person string) error
}

// Deps are what the demo community is put in through.
type Deps struct {
	DB       *db.DB
	Audit    *audit.Log
	Users    *org.Store
	Accounts Accounts
	Places   *places.Store
	Reports  func(places.DeviceKey) bool // whether a device has ever reported
	Desk     *work.Desk
	Files    *attach.Store
	Notices  *notify.Store
	// Post tells people of what waits for them, and pushes it to nobody's browser.
	Post func(ctx context.Context, tx *sql.Tx, n []flow.Notice, now time.Time) error
	Zone *time.Location
	Log  *slog.Logger
	Now  func() time.Time
	Auto bool // put it in by itself if that was never done
}

// Service puts the demo community in and wipes it, a little at a time beside all other
// work. How far it is stands in the database: it goes on after a restart.
type Service struct {
	Deps
	wake chan struct{}
	// slice is how long one transaction may take: others wait for its end on SQLite.
	slice time.Duration
	// turn is told of the beginning of every transaction that gets further; tests stop there.
	turn func()
	draw func(Picture) ([]byte, error)
}

// New makes the service; Run does the work.
func New(d Deps) *Service {
	return &Service{d, make(chan struct{}, 1), 20 * time.Millisecond, func() {}, Picture.JPEG}
}

// State is how the demo community stands.
type State string

// States.
const (
	Absent  State = "absent"
	Filling State = "filling"
	There   State = "there"
	Wiping  State = "wiping"
)

// Errors.
var (
	ErrNotAbsent = errors.New("sample: the demo community is there already")
	ErrAbsent    = errors.New("sample: there is no demo community")
	ErrTaken     = errors.New("sample: another community has the demo's id")
	ErrScale     = errors.New("sample: no such scale")
)

// errStopped means that somebody decided otherwise meanwhile.
var errStopped = errors.New("sample: stopped")

// doc is what the database knows of it.
type doc struct {
	Seed    uint64    `json:"seed"`
	At      time.Time `json:"at"` // the plan's now
	Scale   Scale     `json:"scale"`
	ByID    string    `json:"by_id"`
	ByName  string    `json:"by_name"`
	Stage   string    `json:"stage"`
	Next    int       `json:"next"`
	Total   int       `json:"total"` // of a wipe: rows there were
	Done    int       `json:"done"`
	Skipped int       `json:"skipped"`
	Why     string    `json:"why"` // of what was skipped first
	Error   string    `json:"error"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`
	Ever    bool      `json:"ever"` // was put in once
}

// Status is what people are told.
type Status struct {
	State   State     `json:"state" enum:"absent,filling,there,wiping"`
	Scale   Scale     `json:"scale" doc:"of what is there or coming"`
	Made    Counts    `json:"made" doc:"what that comes to"`
	Full    Counts    `json:"full" doc:"what the whole demo community comes to"`
	Small   Counts    `json:"small" doc:"what three towers and three months come to"`
	Stage   string    `json:"stage" enum:",places,people,pictures,households,patrols,hazards,records,rest"`
	Percent int       `json:"percent"`
	Skipped int       `json:"skipped" doc:"hazards the flow would not take, because it was changed here"`
	Why     string    `json:"why,omitempty"`
	Error   string    `json:"error,omitempty" doc:"the last attempt failed; it is tried again"`
	By      string    `json:"by,omitempty"`
	Begun   time.Time `json:"begun_at,omitzero"`
	Ended   time.Time `json:"ended_at,omitzero"`
}

// Status tells how far it is.
func (s *Service) Status(ctx context.Context) (Status, error) {
	state, d, err := read(s.DB.Read().QueryRowContext(ctx, `SELECT state, doc FROM sample WHERE id = 1`))
	if err != nil {
		return Status{}, err
	}
	out := Status{State: state, Scale: d.Scale, Full: Full().Counts(), Small: Scale{3, 3}.Counts(), Stage: d.Stage, Skipped: d.Skipped, Why: d.Why, Error: d.Error, By: d.ByName, Begun: d.Begun, Ended: d.Ended}
	if d.Scale.Valid() {
		out.Made = d.Scale.Counts()
	}
	switch state {
	case There:
		out.Percent = 100
	case Filling:
		out.Percent = percent(d)
	case Wiping:
		out.Percent = min(99, 100*d.Done/max(d.Total, 1))
	}
	return out, nil
}

type scanner interface{ Scan(...any) error }

func read(row scanner) (State, doc, error) {
	var state, raw string
	var d doc
	if err := row.Scan(&state, &raw); err != nil {
		return "", d, fmt.Errorf("sample: read state: %w", err)
	}
	if err := json.Unmarshal([]byte(raw), &d); err != nil {
		return "", d, fmt.Errorf("sample: read state: %w", err)
	}
	return State(state), d, nil
}

// hold reads the state and keeps every other process from changing it until tx ends.
func hold(ctx context.Context, tx *sql.Tx) (State, doc, error) {
	return read(tx.QueryRowContext(ctx, `UPDATE sample SET state = state WHERE id = 1 RETURNING state, doc`))
}

func save(ctx context.Context, tx *sql.Tx, state State, d doc) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("sample: encode state: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE sample SET state = $1, doc = $2 WHERE id = 1`, string(state), string(raw)); err != nil {
		return fmt.Errorf("sample: write state: %w", err)
	}
	return nil
}

// PutIn begins to put the demo community in. Errors: [ErrNotAbsent], [ErrTaken], [ErrScale].
func (s *Service) PutIn(ctx context.Context, by org.Actor, scale Scale) error {
	if !scale.Valid() {
		return ErrScale
	}
	if _, taken := s.Places.Tree().Communities[Community]; taken {
		if st, err := s.Status(ctx); err != nil || st.State == Absent {
			return errors.Join(ErrTaken, err)
		}
	}
	now := s.Now().UTC()
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		state, _, err := hold(ctx, tx)
		if err != nil {
			return err
		}
		if state != Absent {
			return ErrNotAbsent
		}
		d := doc{Seed: rand.Uint64N(1 << 48), At: now.Truncate(time.Minute), Scale: scale, ByID: by.ID, ByName: by.Name, Stage: stages[0].name, Begun: now, Ever: true}
		if err := save(ctx, tx, Filling, d); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, by, "demo.put_in", "community:"+Community, scale, now)
	})
	s.poke()
	return err
}

// Wipe begins to wipe the demo community, also one that is not whole yet. Errors: [ErrAbsent].
func (s *Service) Wipe(ctx context.Context, by org.Actor) error {
	now := s.Now().UTC()
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		state, d, err := hold(ctx, tx)
		if err != nil || state == Wiping {
			return err
		}
		if state == Absent {
			return ErrAbsent
		}
		d.Stage, d.Next, d.Done, d.Total, d.Error, d.ByName, d.Begun, d.Ended = "records", 0, 0, 0, "", by.Name, now, time.Time{}
		if err := save(ctx, tx, Wiping, d); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, by, "demo.wipe", "community:"+Community, nil, now)
	})
	s.poke()
	return err
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

const retryAfter = 30 * time.Second

// Run works until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.Auto {
		if err := s.auto(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("demo community by itself", "err", err)
		}
	}
	for {
		err := s.Work(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := 10 * time.Minute // another process may have begun
		if err != nil {
			s.Log.Error("demo community", "err", err)
			s.blame(ctx, err)
			wait = retryAfter
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// Work does what is to be done now, to its end.
func (s *Service) Work(ctx context.Context) error {
	for {
		state, _, err := read(s.DB.Read().QueryRowContext(ctx, `SELECT state, doc FROM sample WHERE id = 1`))
		if err != nil {
			return err
		}
		switch state {
		case Filling:
			err = s.fill(ctx)
		case Wiping:
			err = s.wipe(ctx)
		default:
			return nil
		}
		if err != nil && !errors.Is(err, errStopped) {
			return err
		}
	}
}

// blame keeps what went wrong for people to see.
func (s *Service) blame(ctx context.Context, why error) {
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		state, d, err := hold(ctx, tx)
		if err != nil {
			return err
		}
		d.Error = why.Error()
		return save(ctx, tx, state, d)
	})
	if err != nil && ctx.Err() == nil {
		s.Log.Error("demo community", "err", err)
	}
}

// auto puts it in for an installation that asks for it in its configuration, once.
func (s *Service) auto(ctx context.Context) error {
	_, d, err := read(s.DB.Read().QueryRowContext(ctx, `SELECT state, doc FROM sample WHERE id = 1`))
	if err != nil || d.Ever {
		return err
	}
	by := org.System()
	people, err := s.Users.List(ctx)
	if err != nil {
		return err
	}
	for _, u := range people {
		if u.Active && u.Role == org.Admin {
			by = org.Actor{ID: u.ID, Name: u.Name, Role: u.Role}
			break
		}
	}
	return s.PutIn(ctx, by, Full())
}
