package seat

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	zhang = org.Actor{ID: "u-zhang", Name: "张伟"}
	li    = org.Actor{ID: "u-li", Name: "李娜"}
)

// room is seats over real alarms, with a clock that tests move.
type room struct {
	t      *testing.T
	db     *db.DB
	alarms *alarm.Store
	seats  *Service

	mu   sync.Mutex
	at   time.Time
	told []Unwatched
}

func (r *room) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *room) pass(d time.Duration) {
	r.t.Helper()
	r.mu.Lock()
	r.at = r.at.Add(d)
	r.mu.Unlock()
	if err := r.seats.SuperviseOnce(r.t.Context(), r.now()); err != nil {
		r.t.Fatal(err)
	}
}

func newRoom(t *testing.T, d *db.DB) *room {
	r := &room{t: t, db: d, at: noon}
	r.start()
	return r
}

// start is the program starting over the same database.
func (r *room) start() {
	r.t.Helper()
	log := slog.New(slog.DiscardHandler)
	r.alarms = alarm.NewStore(r.db, log, prometheus.NewRegistry(), r.now)
	s, err := New(r.t.Context(), Deps{DB: r.db, Alarms: r.alarms, Audit: audit.New(r.db), Log: log, Registry: prometheus.NewRegistry(), Policy: DefaultPolicy(time.UTC), Now: r.now})
	if err != nil {
		r.t.Fatal(err)
	}
	r.alarms.OnChange(s.Alarm)
	s.OnUnwatched(func(_ context.Context, u Unwatched) { r.told = append(r.told, u) })
	r.seats = s
}

func (r *room) sit(by org.Actor, id string, kind Kind) {
	r.t.Helper()
	if _, err := r.seats.Register(r.t.Context(), by, Registration{ID: id, Name: "1号席", Kind: kind}); err != nil {
		r.t.Fatal(err)
	}
	r.beat(by, id, Armed)
}

func (r *room) beat(by org.Actor, id string, sound Sound) {
	r.t.Helper()
	if _, err := r.seats.Heartbeat(r.t.Context(), by, id, Beat{Visible: true, Sound: sound}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) fire(point contract.PointID) alarm.Alarm {
	r.t.Helper()
	now := r.now()
	var changes []alarm.Change
	err := r.db.Tx(r.t.Context(), func(tx *sql.Tx) (err error) {
		changes, err = r.alarms.Apply(r.t.Context(), tx, alarm.ReportInput{Edge: "edge-b03", Received: now, Change: contract.ConditionChange{
			Point: point, Rule: "smoke-fire", Condition: contract.Active, Previous: contract.Normal, Severity: contract.Critical, Hazard: contract.Fire,
			Title: contract.Text{ZH: "火警", EN: "Fire"}, Place: contract.Place{Building: "b03", Floor: 12}, Quality: contract.Good, SensedAt: now, DecidedAt: now}})
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.alarms.Publish(r.t.Context(), changes)
	return changes[0].Alarm
}

// flag is the open nobody-watching alarm, if any.
func (r *room) flag() *alarm.Alarm {
	r.t.Helper()
	open, err := r.alarms.Open(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range open {
		if a.Rule == RuleNobody {
			return &a
		}
	}
	return nil
}

func TestC09_PaintedByADeskIsSeenByAWallIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		r.sit(zhang, "seat-desk", Desk)
		r.sit(li, "seat-wall", Wall)
		seen, unseen := r.fire("a.smoke"), r.fire("b.smoke")
		for id, items := range map[string][]Painted{"seat-desk": {{seen.ID, 1, noon.Add(time.Second)}}, "seat-wall": {{unseen.ID, 1, noon}, {"alm-none", 1, noon}}} {
			by := map[string]org.Actor{"seat-desk": zhang, "seat-wall": li}[id]
			for range 2 { // again is harmless
				if err := r.seats.Painted(t.Context(), by, id, items); err != nil {
					t.Fatal(err)
				}
			}
		}
		r.pass(5 * time.Second)
		r.pass(time.Second)
		if len(r.told) != 1 || r.told[0].Alarm != unseen.ID || r.told[0].Why != NotPainted {
			t.Fatalf("told %+v", r.told)
		}
		a, err := r.alarms.Get(t.Context(), seen.ID)
		if err != nil || !a.Stamps.Painted.Equal(noon.Add(time.Second)) {
			t.Errorf("painted %v %v", a.Stamps.Painted, err)
		}
		if a, err = r.alarms.Get(t.Context(), unseen.ID); err != nil || !a.Stamps.Painted.IsZero() {
			t.Errorf("a wall stamped it: %v %v", a.Stamps.Painted, err)
		}
		if f := r.flag(); f == nil || f.Condition != contract.Active || f.Severity != contract.Major || f.Hazard != contract.Comms {
			t.Fatalf("flag %+v", f)
		}
		r.start() // a restart tells nothing twice
		r.pass(time.Second)
		if len(r.told) != 1 {
			t.Errorf("told again: %+v", r.told)
		}
	})
}

func TestC09_TheFlagEndsWhenSomebodyIsBackAndStaysUnacknowledged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		r.pass(time.Hour)
		if r.flag() != nil {
			t.Fatal("nobody is missed before the first desk was taken")
		}
		r.sit(zhang, "seat-desk", Desk)
		r.pass(29 * time.Second)
		if r.flag() != nil {
			t.Fatal("too early")
		}
		r.pass(2 * time.Second)
		if f := r.flag(); f == nil || f.State != alarm.Unacked {
			t.Fatalf("flag %+v", f)
		}
		r.start()
		r.pass(time.Second) // the new process gives a grace, and must not leave the alarm standing for ever
		r.sit(zhang, "seat-desk", Desk)
		r.pass(time.Second)
		if f := r.flag(); f == nil || f.State != alarm.RTNUnacked {
			t.Fatalf("flag %+v", f)
		}
		r.beat(zhang, "seat-desk", Blocked)
		r.pass(14 * time.Second)
		r.beat(zhang, "seat-desk", Blocked)
		r.pass(14 * time.Second)
		r.beat(zhang, "seat-desk", Blocked)
		r.pass(3 * time.Second)
		if f := r.flag(); f == nil || f.State != alarm.Unacked || f.Count != 2 {
			t.Fatalf("a deaf seat watched: %+v", f)
		}
	})
}

func TestC10_OfTwoClaimsTheFirstHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		r.sit(zhang, "seat-one", Desk)
		r.sit(li, "seat-two", Desk)
		a := r.fire("a.smoke")
		var told []string
		r.seats.OnClaim(func(c Claim, over bool) { told = append(told, c.PersonName) })
		ctx := t.Context()
		if _, err := r.seats.Claim(ctx, zhang, "seat-one", a.ID, "b03", false); err != nil {
			t.Fatal(err)
		}
		_, err := r.seats.Claim(ctx, li, "seat-two", a.ID, "b03", false)
		if e, ok := errors.AsType[*ClaimedError](err); !ok || e.Claim.PersonName != "张伟" {
			t.Fatalf("got %v", err)
		}
		if _, err := r.seats.Claim(ctx, li, "seat-one", a.ID, "b03", true); !errors.Is(err, ErrOther) {
			t.Fatalf("claimed from another's seat: %v", err)
		}
		if err := r.seats.Release(ctx, li, a.ID); !errors.Is(err, ErrNotFound) {
			t.Fatalf("released another's claim: %v", err)
		}
		if _, err := r.seats.Claim(ctx, li, "seat-two", a.ID, "b03", true); err != nil {
			t.Fatal(err)
		}
		r.start()
		if _, claims, _ := r.seats.List(); len(claims) != 1 || claims[0].PersonName != "李娜" {
			t.Fatalf("after a restart %+v", claims)
		}
		if err := r.seats.Release(ctx, li, a.ID); err != nil {
			t.Fatal(err)
		}
		if len(told) != 2 {
			t.Errorf("told %q", told)
		}
		if n, err := audit.New(d).Verify(ctx); err != nil || n != 5 {
			t.Errorf("%d audit rows, %v", n, err)
		}
	})
}

func TestSeat_BelongsToItsPersonUntilItIsLeft(t *testing.T) {
	r := newRoom(t, dbtest.SQLite(t))
	r.sit(zhang, "seat-one", Desk)
	ctx := t.Context()
	if _, err := r.seats.Heartbeat(ctx, li, "seat-one", Beat{}); !errors.Is(err, ErrOther) {
		t.Errorf("got %v", err)
	}
	if _, err := r.seats.Heartbeat(ctx, li, "seat-none", Beat{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := r.seats.Leave(ctx, zhang, "seat-one"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.seats.Heartbeat(ctx, zhang, "seat-one", Beat{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if seats, _, n := r.seats.List(); n != 0 || len(seats) != 1 || seats[0].State != Gone {
		t.Errorf("%+v", seats)
	}
	r.sit(li, "seat-one", Desk) // the next shift
	if _, _, n := r.seats.List(); n != 1 {
		t.Error("nobody on watch")
	}
}
