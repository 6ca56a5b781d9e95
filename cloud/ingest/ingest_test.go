package ingest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/command"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet"
	"anlan/cloud/series"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

const edge contract.EdgeID = "edge-b03"

// rig is an ingest on real stores; acks are what the edge would get.
type rig struct {
	t    *testing.T
	db   *db.DB
	g    *Ingest
	acks []contract.Ack
}

func newRig(t *testing.T, d *db.DB, s Series) *rig {
	t.Helper()
	log, now := slog.New(slog.DiscardHandler), func() time.Time { return t0 }
	alarms := alarm.NewStore(d, log, nil, now)
	fl, err := fleet.New(t.Context(), d, alarms, log, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := fl.Enrol(t.Context(), edge, contract.Text{ZH: "x"}); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: d}
	r.g = New(Deps{DB: d, Alarms: alarms, Commands: command.NewStore(d, alarms, log, now), Fleet: fl, Series: s, Log: log, Now: now,
		Send: func(_ contract.EdgeID, l contract.Leaf, b []byte) error {
			var a contract.Ack
			r.acks = append(r.acks, a)
			return json.Unmarshal(b, &r.acks[len(r.acks)-1])
		}})
	return r
}

func (r *rig) handle(l contract.Leaf, payload []byte) contract.Ack {
	r.t.Helper()
	lane := contract.StreamAlarm
	if l == contract.LeafTelemetry {
		lane = contract.StreamTelemetry
	}
	r.acks = nil
	if err := r.g.Handle(r.t.Context(), edge, lane, l, payload, t0); err != nil {
		r.t.Fatal(err)
	}
	if len(r.acks) != 1 {
		return contract.Ack{}
	}
	return r.acks[0]
}

func record(t testing.TB, seq, prev uint64, k contract.Kind, payload any) []byte {
	t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(contract.Record{V: 1, Edge: edge, Stream: contract.StreamAlarm, Position: contract.Position{Epoch: "e1", Seq: seq, Prev: prev},
		Kind: k, SpooledAt: t0, Payload: body})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func checkin(seq uint64) contract.CheckIn {
	return contract.CheckIn{Reader: "f01-nfc", UID: fmt.Sprint(seq), At: t0.Add(time.Duration(seq) * time.Second)}
}

func (r *rig) taken() (out []int64) {
	r.t.Helper()
	rows, err := r.db.Read().Query(`SELECT seq FROM check_in ORDER BY seq`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

func TestDecide_TakesARecordOnlyRightAfterTheOneBeforeIt(t *testing.T) {
	for _, c := range []struct {
		cursor, prev, seq uint64
		want              int
	}{{0, 0, 1, take}, {0, 0, 9, take}, {5, 5, 6, take}, {5, 3, 6, take}, {5, 5, 9, take}, {5, 4, 5, repeat}, {5, 0, 1, repeat}, {5, 6, 7, gap}, {0, 1, 2, gap}} {
		if got := decide(c.cursor, contract.Position{Seq: c.seq, Prev: c.prev}); got.what != c.want || got.cursor != c.cursor {
			t.Errorf("cursor %d, %d after %d: %v, want %d", c.cursor, c.seq, c.prev, got, c.want)
		}
	}
}

// Whatever the network repeats, reorders or loses, and whenever the cloud restarts: an
// edge that follows the acknowledgements gets every record in exactly once. The spool
// has holes, as after an eviction.
func TestIngest_EveryRecordExactlyOnceWhateverTheNetworkDoes(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		file := filepath.Join(t.TempDir(), "cloud.db")
		d, err := db.Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, d, nil)
		var spool [][2]uint64 // seq, prev
		var want []int64
		for seq, prev := uint64(1), uint64(0); len(spool) < 40; seq++ {
			if rnd.IntN(6) > 0 {
				spool, want, prev = append(spool, [2]uint64{seq, prev}), append(want, int64(seq)), seq
			}
		}
		end, cursor := spool[len(spool)-1][0], uint64(0)
		for step := 0; cursor < end; step++ {
			if step > 5000 {
				t.Fatalf("seed %d: stuck at %d", seed, cursor)
			}
			if rnd.IntN(60) == 0 { // the cloud restarts
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				if d, err = db.Open(t.Context(), file); err != nil {
					t.Fatal(err)
				}
				r = newRig(t, d, nil)
			}
			next := 0
			for next < len(spool)-1 && spool[next][0] <= cursor {
				next++
			}
			i := min(len(spool)-1, max(0, next+rnd.IntN(5)-2)) // repeats, and some too early
			ack := r.handle(contract.LeafAlarm, record(t, spool[i][0], spool[i][1], contract.KindCheckIn, checkin(spool[i][0])))
			if ack.Seq < cursor {
				t.Fatalf("seed %d: acknowledgement went back from %d to %d", seed, cursor, ack.Seq)
			}
			if rnd.IntN(4) > 0 { // or the acknowledgement is lost
				cursor = ack.Seq
			}
		}
		if diff := cmp.Diff(want, r.taken()); diff != "" {
			t.Errorf("seed %d (-want +got)\n%s", seed, diff)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIngest_AGapIsAskedForAndNothingIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, nil)
		r.handle(contract.LeafAlarm, record(t, 1, 0, contract.KindCheckIn, checkin(1)))
		ack := r.handle(contract.LeafAlarm, record(t, 4, 3, contract.KindCheckIn, checkin(4)))
		if ack.Seq != 1 || ack.Want != 2 || len(r.taken()) != 1 {
			t.Errorf("ack %+v, taken %v", ack, r.taken())
		}
	})
}

func TestIngest_PoisonIsKeptAndDoesNotBlockTheStream(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, nil)
		cond := contract.ConditionChange{Point: "a.b", Rule: "r", Condition: "odd", Severity: 1, Hazard: "fire"}
		for i, raw := range [][]byte{
			record(t, 1, 0, "novel", 1),
			record(t, 2, 1, contract.KindCondition, cond),
			record(t, 3, 2, contract.KindCondition, "text"),
			[]byte(`{"v":99,"edge":"edge-b03","stream":"alarm","epoch":"e1","seq":4,"prev":3}`),
			record(t, 5, 4, contract.KindResult, contract.CommandResult{ID: "never-asked"}),
			record(t, 6, 5, contract.KindCheckIn, map[string]string{"uid": "a\x00b"}),
		} {
			if ack := r.handle(contract.LeafAlarm, raw); ack.Seq != uint64(i+1) || ack.Want != 0 {
				t.Errorf("poison %d: ack %+v", i+1, ack)
			}
		}
		if ack := r.handle(contract.LeafAlarm, record(t, 7, 6, contract.KindCheckIn, checkin(7))); ack.Seq != 7 {
			t.Errorf("the record behind the poison: %+v", ack)
		}
		for _, raw := range []string{"not json", `{"v":1,"edge":"edge-other","stream":"alarm","epoch":"e1","seq":8,"prev":7}`, "not json"} {
			if ack := r.handle(contract.LeafAlarm, []byte(raw)); ack.Seq != 0 {
				t.Errorf("%q was acknowledged: %+v", raw, ack)
			}
		}
		open, err := r.g.Alarms.(*alarm.Store).Open(t.Context())
		if err != nil || len(open) != 1 || open[0].Rule != RuleRecordLost || open[0].State != alarm.RTNUnacked || open[0].Count != 6 {
			t.Errorf("alarms about it: %+v, %v", open, err)
		}
		kept, err := r.g.Quarantined(t.Context(), 100)
		if err != nil || len(kept) != 8 {
			t.Errorf("%d kept, %v", len(kept), err)
		}
	})
}

func TestHello_AnswersWithTheCursorAndGoesOverWhatExistsNowhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, nil)
		h := contract.Hello{V: 1, Edge: edge, Online: true, At: t0, Epoch: "e1",
			Oldest: map[contract.Stream]uint64{contract.StreamAlarm: 500}, Newest: map[contract.Stream]uint64{contract.StreamAlarm: 510}}
		raw, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if ack := r.handle(contract.LeafStatus, raw); ack.Seq != 499 || ack.Stream != contract.StreamAlarm {
			t.Errorf("ack %+v", ack)
		}
		if ack := r.handle(contract.LeafAlarm, record(t, 500, 499, contract.KindCheckIn, checkin(500))); ack.Seq != 500 {
			t.Errorf("ack %+v", ack)
		}
		var n int
		if err := d.Read().QueryRow(`SELECT COUNT(*) FROM ingest_gap WHERE first_seq = 1 AND last_seq = 499`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d gaps noted, %v", n, err)
		}
	})
}

// fakeSeries fails when told to.
type fakeSeries struct {
	err  error
	cols []series.Column
}

func (f *fakeSeries) Append(_ context.Context, c []series.Column) error {
	if f.err == nil {
		f.cols = append(f.cols, c...)
	}
	return f.err
}

func batch(t testing.TB, seq, prev uint64) []byte {
	t.Helper()
	raw, err := contract.EncodeBatch(contract.Batch{Record: contract.Record{V: 1, Edge: edge, Stream: contract.StreamTelemetry,
		Position: contract.Position{Epoch: "e1", Seq: seq, Prev: prev}, SpooledAt: t0},
		Columns: []contract.Column{{Point: "a.b", Samples: []contract.Sample{{UnixMS: t0.UnixMilli(), Value: 1, Quality: contract.Good}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestBatch_IsNotAcknowledgedBeforeItIsStored(t *testing.T) {
	s := &fakeSeries{err: errors.New("disk full")}
	r := newRig(t, dbtest.SQLite(t), s)
	if err := r.g.Handle(t.Context(), edge, contract.StreamTelemetry, contract.LeafTelemetry, batch(t, 1, 0), t0); err == nil || len(r.acks) != 0 {
		t.Errorf("err %v, acks %v", err, r.acks)
	}
	s.err = nil
	if ack := r.handle(contract.LeafTelemetry, batch(t, 1, 0)); ack.Seq != 1 || len(s.cols) != 1 {
		t.Errorf("ack %+v, %d columns", ack, len(s.cols))
	}
	if ack := r.handle(contract.LeafTelemetry, batch(t, 1, 0)); ack.Seq != 1 || len(s.cols) != 1 {
		t.Errorf("repeat: ack %+v, %d columns", ack, len(s.cols))
	}
	bad := batch(t, 2, 1)
	if ack := r.handle(contract.LeafTelemetry, bad[:len(bad)-1]); ack.Seq != 0 {
		t.Errorf("a torn batch was acknowledged: %+v", ack)
	}
}

func TestAlarmRecord_AFailureInsideLeavesNoTraceAndNoAck(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), nil)
	store := r.g.Alarms.(*alarm.Store)
	boom := errors.New("boom")
	store.AddHook(func(context.Context, *sql.Tx, alarm.Change) error { return boom })
	raw := record(t, 1, 0, contract.KindCondition, contract.ConditionChange{Point: "a.b", Rule: "r", Condition: contract.Active, Severity: 4, Hazard: "fire", DecidedAt: t0, SensedAt: t0})
	if err := r.g.Handle(t.Context(), edge, contract.StreamAlarm, contract.LeafAlarm, raw, t0); !errors.Is(err, boom) || len(r.acks) != 0 {
		t.Errorf("err %v, acks %v", err, r.acks)
	}
	boom = nil
	if ack := r.handle(contract.LeafAlarm, raw); ack.Seq != 1 {
		t.Errorf("sent again: %+v", ack)
	}
	if open, err := store.Open(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("%d alarms, %v", len(open), err)
	}
}

// stuckSeries never stores anything until released.
type stuckSeries struct{ release chan struct{} }

func (s stuckSeries) Append(ctx context.Context, _ []series.Column) error {
	select {
	case <-s.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestIngest_AlarmsAndOtherEdgesDoNotWaitForStuckTelemetry(t *testing.T) {
	d := dbtest.SQLite(t)
	r := newRig(t, d, stuckSeries{make(chan struct{})})
	acks := make(chan contract.EdgeID, 100)
	r.g.Send = func(e contract.EdgeID, _ contract.Leaf, _ []byte) error { acks <- e; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.g.Run(ctx) }()
	for r.g.running() == nil { // Run has begun
	}
	for range 3 * telemetryQueue { // more than fits: dropped, not blocking
		r.g.Take(edge, contract.LeafTelemetry, batch(t, 1, 0))
	}
	r.g.Take(edge, contract.LeafAlarm, record(t, 1, 0, contract.KindCheckIn, checkin(1)))
	select {
	case <-acks:
	case <-time.After(20 * time.Second):
		t.Error("the alarm waits for telemetry")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func (g *Ingest) running() context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ctx
}

func TestIngest_RunEndsWithItsLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		synctest.Wait()
		g.Take(edge, contract.LeafCommand, nil) // not an edge's to send: no lane
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		g.Take(edge, contract.LeafAlarm, nil) // after the end: dropped
	})
}

func FuzzHandle(f *testing.F) {
	f.Add(true, record(f, 1, 0, contract.KindCheckIn, checkin(1)))
	f.Add(true, record(f, 1, 0, contract.KindCondition, contract.ConditionChange{Rule: "r", Condition: contract.Active, Severity: 4, Hazard: "fire"}))
	f.Add(false, batch(f, 1, 0))
	f.Add(false, []byte{1, 0x28, 0xb5, 0x2f, 0xfd})
	d := dbtest.SQLite(f)
	f.Fuzz(func(t *testing.T, isAlarm bool, raw []byte) {
		r := newRig(t, d, &fakeSeries{})
		leaf := contract.LeafTelemetry
		if isAlarm {
			leaf = contract.LeafAlarm
		}
		r.handle(leaf, raw) // fails the test on an error: bytes alone must never cause one
	})
}
