package httpapi

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/auth/signon"
	"anlan/cloud/clocks"
	"anlan/cloud/db"
	"anlan/cloud/disk"
	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/floorplan"
	"anlan/cloud/hazard"
	risk "anlan/cloud/hazard/register"
	"anlan/cloud/incident"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/cloud/plan"
	"anlan/cloud/sample"
	"anlan/cloud/seat"
	"anlan/cloud/series"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// world is the whole API over real stores and a real socket.
type world struct {
	t         *testing.T
	db        *db.DB
	alarms    *alarm.Store
	incidents *incident.Store
	fleet     *fleet.Service
	series    *series.Store
	auth      *auth.Service
	hub       *Hub
	seats     *seat.Service
	disk      *disk.Watch
	work      *work.Desk
	files     *attach.Store
	notices   *notify.Store
	push      *notify.Push
	origins   *origin.Service
	sample    *sample.Service
	free      atomic.Uint64 // bytes the disk has
	srv       *server
	http      *httptest.Server
	passwords map[string]string

	mu     sync.Mutex
	offset time.Duration
}

// clock runs with the real one, and can be put forward.
func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset)
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += d
}

type seeded struct {
	db        []byte
	passwords map[string]string
}

// seed is a database with a person of every role and the shipped apps, made once: hashing
// passwords and laying out tables is most of what a world takes.
var seed = sync.OnceValues(func() (seeded, error) {
	out := seeded{passwords: map[string]string{}}
	dir, err := os.MkdirTemp("", "seed")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	ctx, file := context.Background(), filepath.Join(dir, "c.db")
	d, err := db.Open(ctx, file)
	if err != nil {
		return out, err
	}
	if err := out.fill(ctx, d, dir); err != nil {
		return out, errors.Join(err, d.Close())
	}
	if err := d.Close(); err != nil {
		return out, err
	}
	out.db, err = os.ReadFile(file)
	return out, err
})

func (s seeded) fill(ctx context.Context, d *db.DB, dir string) error {
	trail, users, now := audit.New(d), org.NewStore(d), time.Now()
	accounts, err := auth.New(ctx, d, users, trail, dir)
	if err != nil {
		return err
	}
	for _, r := range org.Roles() {
		a, err := accounts.AddUser(ctx, org.System(), org.User{Username: string(r), Name: r.Title().ZH, Role: r}, now)
		if err != nil {
			return err
		}
		s.passwords[string(r)] = a.Password
	}
	// They have changed their first passwords.
	if err := d.Tx(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(`UPDATE credential SET must_change = 0`); return err }); err != nil {
		return err
	}
	shipped, err := hazard.Load(configs.Files, "hazards")
	if err != nil {
		return err
	}
	desk := work.New(work.Deps{DB: d, Audit: trail, Staff: staff.New(users, places.Empty, nil), Zone: time.UTC, Now: time.Now})
	if err := desk.Install(ctx, configs.Files, "apps", now); err != nil {
		return err
	}
	return desk.InstallChecklists(ctx, shipped.Categories, now)
}

// worlds are the tests that have one: only the first makes a test run beside others.
var worlds sync.Map

func newWorld(t *testing.T) *world {
	t.Helper()
	if _, had := worlds.LoadOrStore(t, true); !had {
		t.Parallel()
	}
	return newWorldAlone(t)
}

// newWorldAlone is for tests that change what the whole process shares.
func newWorldAlone(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	first, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.db"), first.db, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), filepath.Join(dir, "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := &world{t: t, db: d, passwords: maps.Clone(first.passwords)}
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	trail, users := audit.New(d), org.NewStore(d)
	authority, err := enrolment.OpenAuthority(filepath.Join(dir, "edges"), w.clock())
	if err != nil {
		t.Fatal(err)
	}
	w.alarms = alarm.NewStore(d, log, reg, w.clock)
	w.incidents = incident.NewStore(d, log, reg, trail, w.alarms, time.UTC, w.clock)
	if w.auth, err = auth.New(t.Context(), d, users, trail, dir); err != nil {
		t.Fatal(err)
	}
	if w.fleet, err = fleet.New(t.Context(), d, w.alarms, log, reg, w.clock); err != nil {
		t.Fatal(err)
	}
	if w.series, err = series.Open(t.Context(), filepath.Join(dir, "series"), series.Options{Now: w.clock, Log: log, Registry: reg}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.series.Close() })
	w.hub = NewHub(log, reg, w.alarms, w.clock)
	w.alarms.SetNamer(w.fleet)
	if w.seats, err = seat.New(t.Context(), seat.Deps{DB: d, Alarms: w.alarms, Audit: trail, Log: log, Registry: reg, Policy: seat.DefaultPolicy(time.UTC), Now: w.clock}); err != nil {
		t.Fatal(err)
	}
	w.seats.OnSeat(w.hub.Seat)
	w.seats.OnClaim(w.hub.Claim)
	w.alarms.OnChange(w.seats.Alarm)
	w.alarms.AddHook(w.incidents.AlarmHook)
	w.alarms.AddHook(trail.AlarmHook)
	w.alarms.SetAuditor(trail)
	definitions, err := alarm.LoadDefinitions(configs.Files, "definitions")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.alarms.PublishDefinitions(t.Context(), definitions, w.clock()); err != nil {
		t.Fatal(err)
	}
	w.alarms.OnChange(w.hub.Alarm)
	w.alarms.OnChange(w.incidents.AlarmCommitted)
	w.incidents.OnChange(w.hub.Incident)
	w.manifest()
	plans, err := plan.Load(configs.Files, "plans")
	if err != nil {
		t.Fatal(err)
	}
	store := plan.NewStore(d)
	if err := store.Publish(t.Context(), plans, w.clock()); err != nil {
		t.Fatal(err)
	}
	space, err := disk.New(t.Context(), disk.Deps{DB: d, Alarms: w.alarms, Space: func() (disk.Space, error) { return disk.Space{Free: w.free.Load(), Total: 100 << 30}, nil },
		Log: log, Registry: reg, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.disk = space
	w.free.Store(50 << 30)
	tree := w.fleet.Places().Tree
	there := func(ctx context.Context, tx *sql.Tx, id string) bool {
		_, err := w.files.Get(ctx, tx, id)
		return err == nil
	}
	if w.push, err = notify.NewPush(d, dir, "mailto:duty@example.com", notify.PushHosts, nil); err != nil {
		t.Fatal(err)
	}
	w.notices = notify.NewStore(notify.Deps{DB: d, Channels: []notify.Channel{w.push}, Log: log, Registry: reg, Now: w.clock})
	w.notices.OnNotice(w.hub.Notice)
	w.work = work.New(work.Deps{DB: d, Audit: trail, Staff: staff.New(users, tree, there), Zone: time.FixedZone("CST", 8*3600), Now: w.clock,
		Notify: FlowNotices(w.notices), Settle: w.notices.Done, Derive: catalogue(t).DeriveRisk,
		Refer: func(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, form, record, field string) error {
			return w.files.Refer(ctx, tx, by, ids, attach.Ref{Kind: work.RecordKind, Form: form, Record: record, Field: field})
		}})
	if err := w.work.Install(t.Context(), configs.Files, "apps", w.clock()); err != nil { // as every start does
		t.Fatal(err)
	}
	if w.files, err = attach.New(attach.Deps{DB: d, Data: dir, MayRead: RecordReader(w.work, tree), Log: log, Registry: reg, Now: w.clock, Free: func() (uint64, error) { return 1 << 40, nil }}); err != nil {
		t.Fatal(err)
	}
	rules, err := origin.Load(configs.Files, filepath.Join(dir, origin.OwnFile))
	if err != nil {
		t.Fatal(err)
	}
	w.origins = origin.New(origin.Deps{DB: d, Alarms: w.alarms, Fleet: w.fleet, Tree: tree, Desk: w.work, Audit: trail, Rules: rules, Lang: "zh-CN", Zone: time.FixedZone("CST", 8*3600), Log: log, Registry: reg, Now: w.clock})
	w.sample = sample.New(sample.Deps{DB: d, Audit: trail, Users: users, Accounts: w.auth, Places: w.fleet.Places(), Reports: w.fleet.Reported, Desk: w.work, Files: w.files, Notices: w.notices, Post: FlowNotices(w.notices),
		Zone: time.FixedZone("CST", 8*3600), Log: log, Now: w.clock})
	w.srv = newServer(Deps{Auth: w.auth, Users: users, SignOn: signon.New(dir, w.clock), Audit: trail, Alarms: w.alarms, AlarmVerbs: w.alarms, Fleet: w.fleet, Places: w.fleet.Places(), FloorPlans: floorplan.NewStore(d, w.clock), Series: w.series,
		Enrolment: enrolment.NewStore(d, trail, authority, func() string { return "ssl://broker.test:8883" }, w.clock), Plans: store, Incidents: w.incidents, Seats: w.seats, Hub: w.hub, Clocks: clocks.NewStore(d, w.clock), Chains: clocks.NewChains(trail.Verify, w.alarms.Verify, log, reg, w.clock), Disk: space, Hazards: catalogue(t), Risks: risks(t, w.work, tree), Work: w.work, Attach: w.files, Notices: w.notices, Push: w.push, Origins: w.origins, Sample: w.sample,
		Host: Host{Engine: "sqlite", Sessions: func() int64 { return 1 }, Started: w.clock()}, Console: page(), Metrics: reg,
		Health: d.Read().PingContext, Log: log, Now: w.clock, Node: "test", Version: "test"})
	w.http = httptest.NewServer(w.srv.handler())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.hub.Run(ctx) })     //nolint:errcheck // ends with ctx
	wg.Go(func() { w.notices.Run(ctx) }) //nolint:errcheck // the same
	t.Cleanup(func() { stop(); wg.Wait(); w.http.Close() })
	return w
}

func page() fs.FS {
	return fstest.MapFS{"index.html": {Data: []byte("<html>安澜</html>")}, "m.html": {Data: []byte("<html>安澜手机</html>")}, "assets/app-1a2b3c.js": {Data: []byte("js")}, "tone.wav": {Data: []byte("wav")}}
}

// people makes one person per role, with the role as user name.
func (w *world) manifest() {
	w.t.Helper()
	zh := func(s string) contract.Text { return contract.Text{ZH: s, EN: s} }
	err := w.fleet.Enrol(w.t.Context(), "edge-b03", zh("边缘"))
	if err == nil {
		err = w.fleet.Manifest(w.t.Context(), contract.Manifest{V: contract.Version, Edge: "edge-b03", Name: zh("边缘"), Config: "c1",
			Building: contract.ManifestBuilding{Community: "anlan-garden", CommunityName: zh("安澜花园"), TimeZone: "Asia/Shanghai", ID: "b03", Name: zh("3号楼"), Floors: []int{-1, 1, 12}},
			Buses:    []contract.ManifestBus{{ID: "rs485-1", Kind: "modbus-rtu", Name: zh("总线")}},
			Devices: []contract.ManifestDevice{{ID: "f12-smoke-east", Bus: "rs485-1", Profile: "p", Model: "m", Name: zh("东走廊烟感"),
				Place:  contract.Place{Building: "b03", Floor: 12, Room: zh("东走廊"), Zone: "z-12"},
				Points: []contract.ManifestPoint{{ID: "f12-smoke-east.smoke", Name: zh("火警"), Alarm: true}}}},
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// smoke is one report of a smoke detector, as ingest would apply it.
func (w *world) smoke(device, channel string, c contract.Condition) alarm.Alarm {
	w.t.Helper()
	now := w.clock().UTC()
	in := alarm.ReportInput{Edge: "edge-b03", Received: now, Change: contract.ConditionChange{
		Point: contract.PointID(device + ".smoke"), Rule: "smoke-fire", Condition: c, Previous: contract.Normal, Severity: contract.Critical, Hazard: contract.Fire,
		Title: contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, Place: contract.Place{Building: "b03", Floor: 12, Zone: "z-12"}, Channel: channel,
		Quality: contract.Good, SensedAt: now, DecidedAt: now}}
	var changes []alarm.Change
	ctx := w.t.Context()
	if err := w.db.Tx(ctx, func(tx *sql.Tx) (err error) { changes, err = w.alarms.Apply(ctx, tx, in); return err }); err != nil {
		w.t.Fatal(err)
	}
	w.alarms.Publish(ctx, changes)
	return changes[0].Alarm
}

// client is one browser.
type client struct {
	w    *world
	http *http.Client
	lang string
}

func (w *world) browser() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &client{w, &http.Client{Jar: jar}, "zh-CN"}
}

// as is a browser with that role signed in.
func (w *world) as(role org.Role) *client {
	w.t.Helper()
	c := w.browser()
	if status, raw := c.do("POST", "/api/session", map[string]string{"username": string(role), "password": w.passwords[string(role)]}); status != http.StatusOK {
		w.t.Fatalf("sign in as %s: %d %s", role, status, raw)
	}
	return c
}

func (c *client) request(method, path string, v any) *http.Request {
	c.w.t.Helper()
	var rd io.Reader
	if v != nil {
		raw, err := json.Marshal(v)
		if err != nil {
			c.w.t.Fatal(err)
		}
		rd = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.http.URL+path, rd)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if v != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept-Language", c.lang)
	return r
}

func (c *client) do(method, path string, v any) (int, string) {
	c.w.t.Helper()
	res, err := c.http.Do(c.request(method, path, v))
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// want does a request that must give status, and decodes the answer.
func want[T any](c *client, status int, method, path string, v any) T {
	c.w.t.Helper()
	got, raw := c.do(method, path, v)
	if got != status {
		c.w.t.Fatalf("%s %s: %d, want %d: %s", method, path, got, status, raw)
	}
	var out T
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &out); err != nil {
			c.w.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return out
}

// risks is the register with the shipped typical risks.
func risks(t *testing.T, desk *work.Desk, tree func() *places.Tree) *risk.Register {
	t.Helper()
	typical, err := hazard.LoadRisks(configs.Files, "hazards", catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	return risk.New(risk.Deps{Desk: desk, Tree: tree, Hazards: catalogue(t), Typical: typical})
}

// catalogue is the shipped one.
func catalogue(t *testing.T) *hazard.Catalogue {
	t.Helper()
	c, err := hazard.Load(configs.Files, "hazards")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
