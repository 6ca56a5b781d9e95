package systemtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"anlan/contract"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

var bothStreams = []contract.Stream{contract.StreamAlarm, contract.StreamTelemetry}

// ledger is the ground truth, independent of uplink and cloud: it watches the edge's
// spool file from outside and keeps what was durable there, also after it was trimmed.
// A record that came and went between two looks is known by its number only.
type ledger struct {
	t    *testing.T
	file string

	mu       sync.Mutex
	epoch    string
	lanes    map[contract.Stream]*laneLedger
	problems []string

	stop context.CancelFunc
	done sync.WaitGroup
}

type laneLedger struct {
	seen        map[uint64]spooled
	next, acked uint64
	acks        []ackedAt
}

// spooled is a record as it stood in the spool.
type spooled struct {
	Seq     uint64
	Kind    contract.Kind
	AtMS    int64
	Payload []byte
}

type ackedAt struct {
	at  time.Time
	seq uint64
}

func newLedger(w *world) *ledger {
	l := &ledger{t: w.t, file: filepath.Join(w.Dir, "edge", "data", "spool.db"), lanes: map[contract.Stream]*laneLedger{}}
	for _, s := range bothStreams {
		l.lanes[s] = &laneLedger{seen: map[uint64]spooled{}}
	}
	w.t.Cleanup(l.detach)
	return l
}

// readOnly opens another process's database without a chance of changing it.
func readOnly(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// attach compares everything in the file with what is known and goes on watching.
func (l *ledger) attach() {
	l.t.Helper()
	db := readOnly(l.t, l.file)
	if err := l.look(db, true); err != nil {
		l.t.Fatalf("ledger: %v", err)
	}
	ctx, cancel := context.WithCancel(l.t.Context())
	l.stop = cancel
	l.done.Go(func() {
		defer db.Close()
		l.watch(ctx, db)
	})
}

// detach ends the watching with a last look. It is called when the edge is gone and
// before it comes back, so that the edge opens its file as it would without a witness.
func (l *ledger) detach() {
	if l.stop != nil {
		l.stop()
		l.done.Wait()
		l.stop = nil
	}
}

// watch looks whenever the file changed: a record of a healthy link is in it for some
// milliseconds only. Asking for the version reads no page.
func (l *ledger) watch(ctx context.Context, db *sql.DB) {
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	known := int64(-1)
	for {
		var version int64
		err := db.QueryRow(`PRAGMA data_version`).Scan(&version)
		if err == nil && version != known {
			err = l.look(db, false)
			known = version
		}
		if err != nil {
			l.problem("look: %v", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err := l.look(db, true); err != nil {
				l.problem("last look: %v", err)
			}
			return
		}
	}
}

func (l *ledger) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

// look takes in what is new; everything is read again when whole is set.
func (l *ledger) look(db *sql.DB, whole bool) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var epoch string
	if err := tx.QueryRow(`SELECT value FROM meta WHERE key = 'epoch'`).Scan(&epoch); err != nil {
		return err
	}
	if l.epoch == "" {
		l.epoch = epoch
	} else if l.epoch != epoch {
		l.problem("the spool's epoch changed from %s to %s", l.epoch, epoch)
	}
	for _, s := range bothStreams {
		if err := l.lookAt(tx, s, whole); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) lookAt(tx *sql.Tx, s contract.Stream, whole bool) error {
	var next, acked, after uint64
	if err := tx.QueryRow(`SELECT next, acked FROM stream WHERE name = ?`, s).Scan(&next, &acked); err != nil {
		return err
	}
	at := time.Now()
	lane := l.lanes[s]
	if !whole && lane.next > 0 {
		after = lane.next - 1
	}
	rows, err := tx.Query(`SELECT seq, kind, at_ms, payload FROM record WHERE stream = ? AND seq > ? ORDER BY seq`, s, after)
	if err != nil {
		return err
	}
	defer rows.Close()
	var fresh []spooled
	for rows.Next() {
		var r spooled
		if err := rows.Scan(&r.Seq, &r.Kind, &r.AtMS, &r.Payload); err != nil {
			return err
		}
		fresh = append(fresh, r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lane.take(fresh, next, acked, at, func(format string, args ...any) {
		l.problems = append(l.problems, fmt.Sprintf("%s: ", s)+fmt.Sprintf(format, args...))
	})
	return nil
}

// take notes one look. Numbers and cursors only rise, a number is never used twice, and
// between the cursor and the head nothing is missing.
func (lane *laneLedger) take(rows []spooled, next, acked uint64, at time.Time, problem func(string, ...any)) {
	if next < lane.next || acked < lane.acked {
		problem("went back: next %d after %d, acknowledged %d after %d", next, lane.next, acked, lane.acked)
	}
	for _, r := range rows {
		old, known := lane.seen[r.Seq]
		switch {
		case known && (old.Kind != r.Kind || !bytes.Equal(old.Payload, r.Payload)):
			problem("number %d was used twice: %q and %q", r.Seq, old.Payload, r.Payload)
		case !known && r.Seq < lane.next:
			problem("number %d appeared after %d had been given out", r.Seq, lane.next-1)
		}
		lane.seen[r.Seq] = r
	}
	for seq := max(acked+1, lane.next); seq < next; seq++ {
		if _, ok := lane.seen[seq]; !ok {
			problem("record %d is not acknowledged (cursor %d) and not there", seq, acked)
		}
	}
	if acked > lane.acked || lane.acks == nil {
		lane.acks = append(lane.acks, ackedAt{at, acked})
	}
	lane.next, lane.acked = next, acked
}

// cursor tells the newest number given out and the last acknowledged one.
func (l *ledger) cursor(s contract.Stream) (newest, acked uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lanes[s].next - 1, l.lanes[s].acked
}

// cursors are newest and acknowledged numbers of both streams.
type cursors struct{ newest, acked map[contract.Stream]uint64 }

func (l *ledger) cursors() cursors {
	c := cursors{map[contract.Stream]uint64{}, map[contract.Stream]uint64{}}
	for _, s := range bothStreams {
		c.newest[s], c.acked[s] = l.cursor(s)
	}
	return c
}

// ackedWhen is when everything up to seq was first seen to be acknowledged.
func (l *ledger) ackedWhen(s contract.Stream, seq uint64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.lanes[s].acks {
		if a.seq >= seq {
			return a.at
		}
	}
	return time.Time{}
}

// records are those seen of a stream, in order, up to a number.
func (l *ledger) records(s contract.Stream, upTo uint64) []spooled {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []spooled
	for _, r := range l.lanes[s].seen {
		if r.Seq <= upTo {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b spooled) int { return int(a.Seq) - int(b.Seq) })
	return out
}

// unseen counts the numbers strictly between two that are known by number only.
func (l *ledger) unseen(s contract.Stream, after, before uint64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for seq := after + 1; seq < before; seq++ {
		if _, ok := l.lanes[s].seen[seq]; !ok {
			n++
		}
	}
	return n
}

// cloudSays reads one number from the cloud's database.
func (w *world) cloudSays(query string, args ...any) (n int64) {
	w.t.Helper()
	db := readOnly(w.t, filepath.Join(w.Dir, "cloud", "cloud.db"))
	defer db.Close()
	if err := db.QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// cloudCursor is what the cloud has durably committed of a stream.
func (w *world) cloudCursor(l *ledger, s contract.Stream) uint64 {
	w.t.Helper()
	return uint64(w.cloudSays(`SELECT coalesce(max(seq), 0) FROM ingest_cursor WHERE stream = ? AND epoch = ?`, string(s), l.epoch))
}

// backlog puts telemetry of an earlier hour into the spool of a stopped edge, as if the
// link had been down since then: n records of two samples for each point.
// It returns the numbers they have.
func (l *ledger) backlog(n int, points []contract.PointID, value func() contract.Sample) span {
	l.t.Helper()
	db, err := sql.Open("sqlite", "file:"+l.file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	if err != nil {
		l.t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to undo
	var next uint64
	if err := tx.QueryRow(`SELECT next FROM stream WHERE name = 'telemetry'`).Scan(&next); err != nil {
		l.t.Fatal(err)
	}
	began := time.Now().Add(-2 * time.Hour).UnixMilli()
	for i := range n {
		at := began + int64(i)*1000
		b := contract.Batch{Record: contract.Record{V: contract.Version, Edge: edgeID, Stream: contract.StreamTelemetry,
			Position: contract.Position{Epoch: l.epoch, Seq: 1}, Kind: contract.KindSamples}}
		for _, p := range points {
			one, two := value(), value()
			one.UnixMS, two.UnixMS = at, at+500
			b.Columns = append(b.Columns, contract.Column{Point: p, Samples: []contract.Sample{one, two}})
		}
		raw, err := contract.EncodeBatch(b)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO record (stream, seq, kind, boot, mono_ns, at_ms, synced, config, payload) VALUES ('telemetry', ?, 'samples', 'earlier', ?, ?, 1, '', ?)`,
				next+uint64(i), i, at+1000, raw)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	if _, err := tx.Exec(`UPDATE stream SET next = ? WHERE name = 'telemetry'`, next+uint64(n)); err != nil {
		l.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		l.t.Fatal(err)
	}
	return span{next - 1, next + uint64(n)}
}
