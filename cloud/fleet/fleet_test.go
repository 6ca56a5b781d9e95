package fleet

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func TestSupervise_StatesFollowSilence(t *testing.T) {
	ago := func(s int) time.Time { return t0.Add(-time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		w       Watch
		started time.Time
		want    EdgeState
	}{
		"never heard":                           {Watch{}, ago(1000), Never},
		"just heard":                            {Watch{LastSeen: ago(1), Heard: true}, ago(1000), Online},
		"29 s":                                  {Watch{LastSeen: ago(29), Heard: true}, ago(1000), Online},
		"30 s":                                  {Watch{LastSeen: ago(30), Heard: true}, ago(1000), Degraded},
		"75 s":                                  {Watch{LastSeen: ago(75), Heard: true}, ago(1000), Lost},
		"connection broke":                      {Watch{LastSeen: ago(1), Heard: true, Gone: true}, ago(1000), Degraded},
		"we were down an hour, just back":       {Watch{LastSeen: ago(3600)}, ago(10), Degraded},
		"back for 75 s and still silent":        {Watch{LastSeen: ago(3600)}, ago(75), Lost},
		"lost before we went down":              {Watch{LastSeen: ago(3600), LostSince: ago(3500)}, ago(1), Lost},
		"lost before, heard now":                {Watch{LastSeen: ago(1), Heard: true, LostSince: ago(3500)}, ago(100), Online},
		"our wall clock jumped back: no outage": {Watch{LastSeen: t0.Add(time.Hour), Heard: true}, ago(100), Online},
	} {
		if got := Supervise(c.w, c.started, t0); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

type world struct {
	t      *testing.T
	db     *db.DB
	now    time.Time
	alarms *alarm.Store
	*Service
}

// boot starts fleet anew on the same database, as after a restart.
func (w *world) boot() {
	w.t.Helper()
	log, clock := slog.New(slog.DiscardHandler), func() time.Time { return w.now }
	w.alarms = alarm.NewStore(w.db, log, nil, clock)
	s, err := New(w.t.Context(), w.db, w.alarms, log, nil, clock)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Service = s
}

func (w *world) pass(d time.Duration) {
	for range int(d / time.Second) {
		w.now = w.now.Add(time.Second)
		w.SuperviseOnce(w.t.Context(), w.now)
	}
}

func (w *world) hello() {
	w.t.Helper()
	if err := w.Hello(w.t.Context(), contract.Hello{Edge: "edge-b03", Online: true, At: w.now.Add(3 * time.Second)}, w.now); err != nil {
		w.t.Fatal(err)
	}
	w.SuperviseOnce(w.t.Context(), w.now)
}

func (w *world) lost() []alarm.Alarm {
	w.t.Helper()
	open, err := w.alarms.Open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return open
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, now: t0}
	w.boot()
	m := contract.Manifest{V: 1, Edge: "edge-b03", Name: contract.Text{ZH: "3号楼网关"}, Building: contract.ManifestBuilding{Community: "anlan-garden",
		CommunityName: contract.Text{ZH: "安澜花园"}, TimeZone: "Asia/Shanghai", ID: "b03", Name: contract.Text{ZH: "3号楼"}, Floors: []int{-1, 1, 12}},
		Devices: []contract.ManifestDevice{{ID: "d1", Name: contract.Text{ZH: "烟感"}, Verified: true, Place: contract.Place{Building: "b03", Floor: 12},
			Points: []contract.ManifestPoint{{ID: "d1.smoke", Alarm: true}, {ID: "d1.service"}}}},
		Rules:   []contract.ManifestRule{{ID: "smoke-fire", Point: "d1.smoke", Latch: true, Severity: contract.Critical, Hazard: contract.Fire}},
		Outputs: []contract.ManifestOutput{{ID: "siren-main", Verbs: []string{"on", "off"}}}}
	for range 2 { // the second replaces the first
		if err := w.Manifest(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestSupervision_AnOutageIsOneAlarmAcrossARestart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.hello()
		w.pass(74 * time.Second)
		if n := len(w.lost()); n != 0 {
			t.Fatalf("%d alarms after 74 s", n)
		}
		w.pass(16 * time.Second) // never later than 90 s
		if l := w.lost(); len(l) != 1 || l[0].Rule != RuleEdgeLost || l[0].State != alarm.Unacked || l[0].Building != "b03" {
			t.Fatalf("after 90 s: %+v", l)
		}
		w.now = w.now.Add(time.Hour)
		w.boot() // killed and started again in the middle of the outage
		w.pass(200 * time.Second)
		if l := w.lost(); len(l) != 1 || l[0].Count != 1 || l[0].Condition != contract.Active || w.Edges()[0].State != Lost {
			t.Fatalf("after the restart: %+v", l)
		}
		w.hello()
		if l := w.lost(); len(l) != 1 || l[0].State != alarm.RTNUnacked || w.Edges()[0].State != Online {
			t.Fatalf("heard again: %+v", l)
		}
		w.boot()
		w.pass(60 * time.Second) // a restart raises nothing by itself
		if w.hello(); len(w.lost()) != 1 || w.lost()[0].Count != 1 {
			t.Fatalf("false alarm: %+v", w.lost())
		}
	})
}

func TestPoints_OfALostEdgeAreStaleAndTheBuildingIsLost(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.hello()
	cols := []contract.Column{}
	for _, p := range []contract.PointID{"d1.smoke", "d1.service"} {
		cols = append(cols, contract.Column{Point: p, Samples: []contract.Sample{{UnixMS: w.now.UnixMilli(), Value: 0, Quality: contract.Good}}})
	}
	w.Samples("edge-b03", cols)
	look := func() (Point, Device, Building) {
		t.Helper()
		p, d, b, err := w.PointOf(t.Context(), "edge-b03", "d1.smoke")
		if err != nil {
			t.Fatal(err)
		}
		return p, d, b
	}
	if p, d, b := look(); p.Quality != contract.Good || d.State != StateOK || b.State != StateOK || len(p.Rules) != 1 {
		t.Errorf("healthy: %v %v %v", p.Quality, d.State, b.State)
	}
	w.pass(80 * time.Second)
	if p, d, b := look(); p.Quality != contract.Stale || d.State != StateUnknown || b.State != StateLost || b.UnknownPoints != 2 || p.AgeMS != 80_000 {
		t.Errorf("lost: %v %v %v unknown=%d age=%d", p.Quality, d.State, b.State, b.UnknownPoints, p.AgeMS)
	}
	o, err := w.Overview(t.Context(), func(string) bool { return true })
	if err != nil || o.Community.ID != "anlan-garden" || len(o.Buildings) != 1 || o.Points.Total != 2 || o.Points.Good != 0 || o.Edges[0].ClockOffsetMS != 3000 {
		t.Errorf("%+v %v", o, err)
	}
	if _, err := json.Marshal(o); err != nil {
		t.Error(err)
	}
}

func TestSamples_LateOnesDoNotReplaceTheLast(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	var got []PointValue
	w.OnPoints(func(_ contract.EdgeID, v []PointValue) { got = append(got, v...) })
	for _, off := range []int64{0, -1000, 3 * 365 * 86400_000} {
		w.Samples("edge-b03", []contract.Column{{Point: "d1.smoke", Samples: []contract.Sample{{UnixMS: t0.UnixMilli() + off, Value: float64(off), Quality: contract.Good}}}})
	}
	w.flushValues()
	w.flushValues()
	if len(got) != 1 || got[0].Value != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestManifest_BadOnesAreMalformed(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	good := w.edges["edge-b03"].manifest
	for name, spoil := range map[string]func(*contract.Manifest){
		"zone":      func(m *contract.Manifest) { m.Building.TimeZone = "Mars/Base" },
		"building":  func(m *contract.Manifest) { m.Building.ID = "B 3" },
		"community": func(m *contract.Manifest) { m.Building.Community = "" },
		"device":    func(m *contract.Manifest) { m.Devices = append(m.Devices[:1:1], m.Devices[0]) },
		"point": func(m *contract.Manifest) {
			m.Devices = []contract.ManifestDevice{{ID: "d2", Points: []contract.ManifestPoint{{ID: "d1.smoke"}}}}
		},
	} {
		m := good
		spoil(&m)
		if err := w.Manifest(t.Context(), m); !contract.IsMalformed(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
