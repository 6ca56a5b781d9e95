package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// world is a real installation with a community of its own, without its network.
type world struct {
	*Service
	t    testing.TB
	dir  string
	boss org.Actor
	now  time.Time
}

func newWorld(t testing.TB, d *db.DB) *world {
	w := &world{t: t, dir: t.TempDir(), now: noon}
	ctx, now := t.Context(), func() time.Time { return w.now }
	users, trail := org.NewStore(d), audit.New(d)
	accounts, err := auth.New(ctx, d, users, trail, w.dir)
	w.must(err)
	spots, err := places.Open(ctx, d, now)
	w.must(err)
	var files *attach.Store
	there := func(ctx context.Context, tx *sql.Tx, id string) bool {
		_, err := files.Get(ctx, tx, id)
		return err == nil
	}
	log := slog.New(slog.DiscardHandler)
	notices := notify.NewStore(notify.Deps{DB: d, Zone: zone, Log: log, Registry: prometheus.NewRegistry(), Now: now})
	post := func(ctx context.Context, tx *sql.Tx, all []flow.Notice, at time.Time) error {
		var out []notify.Notice
		for _, n := range all {
			out = append(out, notify.Notice{To: n.To.ID, Key: n.Key, Kind: string(n.Kind), Urgency: notify.Normal, Todo: true, Title: n.Title, Link: n.Link})
		}
		return notices.Post(ctx, tx, out, at)
	}
	desk := work.New(work.Deps{DB: d, Audit: trail, Staff: staff.New(users, spots.Tree, there), Zone: zone, Now: now, Notify: post, Settle: notices.Done,
		Refer: func(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, form, record, field string) error {
			return files.Refer(ctx, tx, by, ids, attach.Ref{Kind: work.RecordKind, Form: form, Record: record, Field: field})
		}})
	files, err = attach.New(attach.Deps{DB: d, Data: w.dir, Zone: zone, Log: log, Registry: prometheus.NewRegistry(), Now: now})
	w.must(err)
	w.must(desk.Install(ctx, configs.Files, "apps", w.now))
	w.Service = New(Deps{DB: d, Audit: trail, Users: users, Accounts: accounts, Places: spots, Reports: func(places.DeviceKey) bool { return false }, Desk: desk, Files: files, Notices: notices,
		Post: post, Zone: zone, Log: log, Now: now})
	w.draw = drawn
	w.real(accounts, spots)
	return w
}

// real makes what must be untouched: a community, a hazard in it, an administrator.
func (w *world) real(accounts *auth.Service, spots *places.Store) {
	ctx := w.t.Context()
	a, err := accounts.AddUser(ctx, org.System(), org.User{Username: "root", Name: "管理员", Role: org.Admin}, w.now)
	w.must(err)
	w.boss = org.Actor{ID: a.User.ID, Name: a.User.Name, Role: org.Admin}
	w.must(spots.Change(ctx, w.boss, func(_ *sql.Tx, d *places.Draft) error {
		return errors.Join(d.SetCommunity(places.Community{ID: "home", Name: contract.Text{ZH: "安澜花园"}, TimeZone: "Asia/Shanghai"}),
			d.SetBuilding(places.Building{ID: "b1", Community: "home", Name: contract.Text{ZH: "1号楼"}}))
	}))
	_, err = w.report("home/b1")
	w.must(err)
}

func (w *world) report(place string) (work.Submission, error) {
	who, err := w.Desk.Who(w.t.Context(), w.boss, nil)
	w.must(err)
	return w.Desk.Submit(w.t.Context(), who, "hazard", map[string]any{"category": "fire", "place": place, "what": "消防通道堵塞"}, nil)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err == nil {
		return
	}
	if bad, ok := errors.AsType[*form.InvalidError](err); ok {
		w.t.Fatalf("%v %+v", err, bad.Problems)
	}
	w.t.Fatal(err)
}

func (w *world) status() Status {
	w.t.Helper()
	st, err := w.Status(w.t.Context())
	w.must(err)
	return st
}

// rows counts the rows of every table, and the files, but for the audit log.
func (w *world) rows() map[string]int {
	w.t.Helper()
	q := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	if w.DB.Postgres() {
		q = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := w.DB.Read().Query(q)
	w.must(err)
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		w.must(rows.Scan(&name))
		tables = append(tables, name)
	}
	w.must(rows.Err())
	out := map[string]int{}
	for _, name := range tables {
		var n int
		w.must(w.DB.Read().QueryRow(`SELECT COUNT(*) FROM "` + name + `"`).Scan(&n))
		out[name] = n
	}
	w.must(filepath.WalkDir(filepath.Join(w.dir, "attachments"), func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == "incoming" {
			return filepath.SkipDir // what a stop left half sent, the store itself removes after a day
		}
		if err == nil && !e.IsDir() {
			out["files"]++
		}
		return err
	}))
	for _, kept := range []string{"audit", "form_serial", "setting", "notice_change"} { // the log, numbers that are never given twice, a gate, who has to look again
		delete(out, kept)
	}
	return out
}

func (w *world) fillAll(s Scale) {
	w.t.Helper()
	w.must(w.PutIn(w.t.Context(), w.boss, s))
	w.must(w.Work(w.t.Context()))
	if st := w.status(); st.State != There || st.Percent != 100 || st.Skipped != 0 {
		w.t.Fatalf("%+v", st)
	}
}

// TestF22_PutInAndWiped puts a small demo community in, looks at it as people would, works
// in it, wipes it and finds every table as it was.
func TestF22_PutInAndWiped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		before := w.rows()
		for round := range 2 {
			w.now = noon.Add(time.Duration(round) * time.Hour)
			w.fillAll(Scale{2, 2})
			if err := w.PutIn(t.Context(), w.boss, Full()); !errors.Is(err, ErrNotAbsent) {
				t.Fatalf("put in twice: %v", err)
			}
			w.looks(Scale{2, 2})
			s, err := w.report(Community + "/demo-b02/3")
			w.must(err)
			if _, _, err := w.Desk.Flows.Get(t.Context(), s.Instance); err != nil {
				t.Fatal(err)
			}
			w.must(w.Wipe(t.Context(), w.boss))
			w.must(w.Work(t.Context()))
			if diff := cmp.Diff(before, w.rows()); diff != "" {
				t.Fatalf("round %d: rows before (-) and after (+) wiping:\n%s", round, diff)
			}
			if st := w.status(); st.State != Absent {
				t.Fatalf("%+v", st)
			}
			if _, err := w.Desk.Forms.Verify(t.Context(), "hazard"); err != nil {
				t.Fatal(err)
			}
			u, err := w.Users.Get(t.Context(), w.boss.ID)
			if err != nil || len(u.Assignments) != 1 || u.Role != org.Admin {
				t.Fatalf("%+v %v", u, err)
			}
		}
		if err := w.Wipe(t.Context(), w.boss); !errors.Is(err, ErrAbsent) {
			t.Fatalf("wiped twice: %v", err)
		}
	})
}

// looks checks what is there: counts, chains, states, to-dos, notices, photos.
func (w *world) looks(s Scale) {
	w.t.Helper()
	ctx, want := w.t.Context(), Make(0, w.now, zone, s).Counts()
	for key, n := range map[string]int{"hazard": want.Hazards, "patrol_record": want.Patrols, HouseholdForm: want.Households} {
		got, err := w.Desk.Forms.CountIn(ctx, key, Community)
		if err != nil || got != n {
			w.t.Errorf("%s: %d records, want %d: %v", key, got, n, err)
		}
		if _, err := w.Desk.Forms.Verify(ctx, key); err != nil {
			w.t.Errorf("%s: %v", key, err)
		}
	}
	states, open := map[string]int{}, 0
	rows, err := w.DB.Read().Query(`SELECT id, status, at_nodes FROM flow_instance WHERE record IN (SELECT id FROM f_hazard WHERE community = $1)`, Community)
	w.must(err)
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id, status, nodes string
		w.must(rows.Scan(&id, &status, &nodes))
		ids = append(ids, id)
		states[status+" "+nodes]++
		if status == "running" {
			open++
		}
	}
	w.must(rows.Err())
	for _, id := range ids {
		w.must(w.Desk.Flows.Verify(ctx, id))
	}
	for _, at := range []string{`running ["audit"]`, `running ["repair"]`, `running ["review"]`, `running ["boss"]`, `running ["plan"]`, `running ["start"]`, "passed []"} {
		if states[at] == 0 {
			w.t.Errorf("none is %s: %v", at, states)
		}
	}
	w.asks(open)
	var loose, late, future int
	// A stop between a picture and the note of it leaves one that nothing needs; it goes with the rest.
	w.must(w.DB.Read().QueryRow(`SELECT COUNT(*) FROM attachment WHERE loose_at > 0 AND id NOT IN (SELECT id FROM sample_part) AND name NOT LIKE 'demo-%'`).Scan(&loose))
	w.must(w.DB.Read().QueryRow(`SELECT COUNT(*) FROM flow_timer WHERE at <= $1`, w.now.Truncate(time.Minute).UnixMilli()).Scan(&late))
	w.must(w.DB.Read().QueryRow(`SELECT COUNT(*) FROM record_log WHERE at > $1`, w.now.UnixMilli()).Scan(&future))
	if loose != 0 || late != 0 || future != 0 {
		w.t.Errorf("%d loose attachments, %d timers that should have rung, %d lines from the future", loose, late, future)
	}
}

// asks checks that exactly what is open asks somebody, and that who put the demo in has
// something of each kind to do.
func (w *world) asks(open int) {
	w.t.Helper()
	var instances, settled int
	w.must(w.DB.Read().QueryRow(`SELECT COUNT(DISTINCT subject) FROM notice WHERE done_at = 0 AND kind IN ('task', 'returned')`).Scan(&instances))
	w.must(w.DB.Read().QueryRow(`SELECT COUNT(*) FROM notice WHERE done_at > 0`).Scan(&settled))
	if instances != open+1 || settled != 0 { // the one of the real community
		w.t.Errorf("%d ask somebody, %d are open, %d notices of the past", instances, open, settled)
	}
	p, err := w.Desk.Flows.Box(w.t.Context(), flow.Mine, w.boss.ID, "", 200)
	w.must(err)
	mine := map[string]int{}
	for _, x := range p.Items {
		mine[x.Node]++
	}
	for _, node := range []string{nodeAudit, nodeRepair, nodeReview} {
		if mine[node] == 0 {
			w.t.Errorf("nothing to %s for who put it in: %v", node, mine)
		}
	}
}

// TestF22_GoesOnAfterARestart stops putting in and wiping again and again, and starts a
// new process each time: nothing is there twice, nothing is left.
func TestF22_GoesOnAfterARestart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		before := w.rows()
		w.must(w.PutIn(t.Context(), w.boss, Scale{1, 1}))
		for n, last := 0, -1; ; n++ {
			err := w.stopped(n + 2)
			st := w.status()
			if st.Percent < last {
				t.Fatalf("%d %% after %d %%", st.Percent, last)
			}
			if last = st.Percent; st.State == There {
				t.Logf("there after %d starts", n+1)
				break
			}
			if err == nil || n > 500 {
				t.Fatalf("start %d: %+v: %v", n, st, err)
			}
		}
		w.looks(Scale{1, 1})
		w.must(w.Wipe(t.Context(), w.boss))
		for n := 0; w.status().State != Absent; n++ {
			w.stopped(n + 2) //nolint:errcheck // stopped on purpose
			if n > 500 {
				t.Fatal("wiping does not end")
			}
		}
		if diff := cmp.Diff(before, w.rows()); diff != "" {
			t.Fatalf("rows before (-) and after (+):\n%s", diff)
		}
	})
}

// again is the service of a process that starts anew.
func (w *world) again() *Service {
	s := New(w.Deps)
	s.draw = drawn
	return s
}

// stopped works until so many transactions have begun, and stops within the last of them.
func (w *world) stopped(turns int) error {
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	s := w.again()
	s.turn = func() {
		if turns--; turns <= 0 {
			stop()
		}
	}
	return s.Work(ctx)
}

var once = sync.OnceValues(func() ([]byte, error) { return Pictures()[0].JPEG() })

// drawn is one and the same picture, told apart by what follows its end: drawing takes long,
// and has a test of its own.
func drawn(p Picture) ([]byte, error) {
	raw, err := once()
	return fmt.Appendf(slices.Clone(raw), "%+v", p), err
}

// TestF22_WipedHalfWay wipes a demo community at every stage of being put in.
func TestF22_WipedHalfWay(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	before := w.rows()
	for _, stage := range []stage{stages[0], stages[1], stages[2], stages[5]} {
		w.must(w.PutIn(t.Context(), w.boss, Scale{1, 1}))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := w.again()
		s.slice = time.Millisecond
		go func() { done <- s.Work(ctx) }()
		for w.status().Stage != stage.name && w.status().State == Filling {
			time.Sleep(time.Millisecond) // another goroutine works; there is nothing to be told by
		}
		w.must(w.Wipe(t.Context(), w.boss))
		w.must(<-done) // the same worker turns round
		stop()
		if diff := cmp.Diff(before, w.rows()); diff != "" {
			t.Fatalf("%s: rows before (-) and after (+):\n%s", stage.name, diff)
		}
	}
}

// TestF22_ByItself: an installation that asks for it gets it once, and not again when it
// has been wiped.
func TestF22_ByItself(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.must(w.auto(t.Context()))
	if st := w.status(); st.State != Filling || st.Scale != Full() || st.By != w.boss.Name {
		t.Fatalf("%+v", st)
	}
	w.must(w.Wipe(t.Context(), w.boss))
	w.must(w.Work(t.Context()))
	w.must(w.auto(t.Context()))
	if st := w.status(); st.State != Absent {
		t.Fatalf("%+v", st)
	}
}

// TestF22_AnotherFlowIsLeftAlone: where people have changed the hazard flow so that the
// history does not fit, hazards are left out and the reason is said.
func TestF22_AnotherFlowIsLeftAlone(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	before := w.rows()
	raw, err := configs.Files.ReadFile("apps/hazard/flow-hazard.json")
	w.must(err)
	other := strings.ReplaceAll(string(raw), `"id": "audit"`, `"id": "other"`)
	w.must(w.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		d, _, err := w.Desk.Docs.SaveDraft(t.Context(), tx, w.boss, "flow", "hazard", []byte(other), 0, w.now)
		if err != nil {
			return err
		}
		_, err = w.Desk.Docs.Publish(t.Context(), tx, w.boss, "flow", "hazard", d.Rev, "", w.now)
		return err
	}))
	w.must(w.PutIn(t.Context(), w.boss, Scale{1, 1}))
	w.must(w.Work(t.Context()))
	st := w.status()
	if st.State != There || st.Skipped == 0 || !strings.Contains(st.Why, "nobody is asked at audit") {
		t.Fatalf("%+v", st)
	}
	w.must(w.Wipe(t.Context(), w.boss))
	w.must(w.Work(t.Context()))
	after := w.rows()
	before["document_version"]++ // the flow they changed
	if diff := cmp.Diff(before, after); diff != "" {
		t.Fatal(diff)
	}
}
