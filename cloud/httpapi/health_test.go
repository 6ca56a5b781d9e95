package httpapi

import (
	"bytes"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"anlan/cloud/clocks"
	"anlan/cloud/disk"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

func stageOf(t *testing.T, r clocks.Report, name string) clocks.Stage {
	t.Helper()
	for _, s := range r.Stages {
		if s.Stage == name {
			return s
		}
	}
	t.Fatalf("no stage %s", name)
	return clocks.Stage{}
}

// TestO5_ClocksAreMadeOfWhatSeatsAndPeopleDid goes from the report of a detector through
// a seat to the health page.
func TestO5_ClocksAreMadeOfWhatSeatsAndPeopleDid(t *testing.T) {
	w := newWorld(t)
	operator, manager := w.as(org.Operator), w.as(org.Manager)
	seen, unseen := w.smoke("f12-smoke-east", "A", contract.Active), w.smoke("f12-smoke-west", "B", contract.Active)
	want[any](operator, 200, "POST", "/api/seats", map[string]any{"id": "seat-aaaa", "name": "1号席", "kind": "desk"})
	want[any](operator, 204, "POST", "/api/seats/seat-aaaa/painted", []any{map[string]any{"alarm": seen.ID, "count": 1, "at": w.clock().UTC().Format(time.RFC3339Nano)}})
	d := want[alarmDetail](operator, 200, "GET", "/api/alarms/"+seen.ID, nil)
	want[any](operator, 200, "POST", "/api/alarms/"+seen.ID+"/acknowledge", map[string]any{"version": d.Alarm.Version})
	w.forward(time.Hour)
	span := func(from, to time.Duration) string {
		return "/api/health/clocks?from=" + url.QueryEscape(w.clock().Add(from).Format(time.RFC3339)) + "&to=" + url.QueryEscape(w.clock().Add(to).Format(time.RFC3339))
	}
	r := want[clocks.Report](manager, 200, "GET", span(-2*time.Hour, 0)+"&class=life", nil)
	if r.Alarms != 2 || r.TimeZone != "Asia/Shanghai" || len(r.Buckets) != 3 && len(r.Buckets) != 2 {
		t.Errorf("%+v", r)
	}
	total := stageOf(t, r, clocks.SensedPainted)
	if total.Count != 1 || total.Never != 1 || total.Verdict != clocks.Failed || total.Worst[0].Alarm != unseen.ID || total.Worst[0].TookS != nil || total.Worst[0].Title.ZH == "" {
		t.Errorf("%+v", total)
	}
	if s := stageOf(t, r, clocks.SensedDecided); s.Count != 2 || s.Verdict != clocks.Passed || s.Limits[0].Verified != clocks.Own {
		t.Errorf("%+v", s)
	}
	if s := stageOf(t, r, clocks.RaisedAcked); s.Count != 1 || s.Never != 1 {
		t.Errorf("%+v", s)
	}
	w.secondBuilding()
	elsewhere := w.signedIn("elsewhere", org.Manager, "b04")
	if r := want[clocks.Report](elsewhere, 200, "GET", span(-2*time.Hour, 0), nil); r.Alarms != 0 {
		t.Errorf("another building's: %+v", r)
	}
	for _, path := range []string{span(0, -time.Hour), span(-500*24*time.Hour, 0), strings.Replace(span(-time.Hour, 0), "from=", "x=", 1), span(-time.Hour, 0) + "&class=x"} {
		if status, raw := manager.do("GET", path, nil); status != 422 && status != 400 {
			t.Errorf("%s: %d %s", path, status, raw)
		}
	}
}

// TestG17_TheCloudsDiskIsSupervisedLikeEverythingElse fills the disk and looks at the page.
func TestG17_TheCloudsDiskIsSupervisedLikeEverythingElse(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	room := func(s supervision) healthCheck {
		for _, c := range s.Cloud.Checks {
			if c.Name == "disk" {
				return c
			}
		}
		t.Fatal("no disk")
		return healthCheck{}
	}
	s := want[supervision](admin, 200, "GET", "/api/health/supervision", nil)
	if c := room(s); c.State != checkUnknown || c.Value != nil {
		t.Errorf("a disk nobody looked at yet: %+v", c)
	}
	if len(s.Edges) != 1 || s.Edges[0].State != checkUnknown || s.Edges[0].Checks[0].Value != nil || s.Desk.State != checkAbnormal {
		t.Errorf("%+v", s)
	}
	look := func(free uint64) supervision {
		t.Helper()
		w.free.Store(free)
		if err := w.disk.LookOnce(t.Context(), w.clock().UTC()); err != nil {
			t.Fatal(err)
		}
		return want[supervision](admin, 200, "GET", "/api/health/supervision", nil)
	}
	s = look(1 << 30)
	if c := room(s); c.State != checkAbnormal || *c.Value != 1<<30 || *c.Limit != 5<<30 || s.Cloud.State != checkAbnormal || len(s.Cloud.Alarms) != 1 || s.Cloud.Alarms[0].Rule != disk.RuleDisk {
		t.Errorf("%+v", s.Cloud)
	}
	if a := want[alarmDetail](admin, 200, "GET", "/api/alarms/"+s.Cloud.Alarms[0].ID, nil); a.Alarm.Definition == nil || a.Alarm.Edge != disk.Edge {
		t.Errorf("%+v", a.Alarm)
	}
	if s = look(8 << 30); room(s).State != checkOK || len(s.Cloud.Alarms) != 1 { // it is still to be acknowledged
		t.Errorf("%+v", s.Cloud)
	}
	w.secondBuilding()
	if s := want[supervision](w.signedIn("elsewhere", org.Manager, "b04"), 200, "GET", "/api/health/supervision", nil); len(s.Edges) != 1 || s.Edges[0].ID != "edge-b04" || len(s.Cloud.Alarms) != 0 {
		t.Errorf("another building's: %+v", s)
	}
}

func TestA10_TheMonthIsAReportAndAFile(t *testing.T) {
	w := newWorld(t)
	manager, admin := w.as(org.Manager), w.as(org.Admin)
	month := w.clock().In(time.FixedZone("CST", 8*3600)).Format("2006-01")
	path := "/api/health/month?month=" + month
	m := want[monthReport](manager, 200, "GET", path, nil)
	if m.Alarms != 0 || m.ClocksPercent != nil || m.EdgePercent != nil || m.Chains.Audit != nil || m.Community.ZH != "安澜花园" {
		t.Errorf("an empty month: %+v", m)
	}
	w.smoke("f12-smoke-east", "A", contract.Active)
	w.forward(time.Hour)
	month = w.clock().In(time.FixedZone("CST", 8*3600)).Format("2006-01")
	if v := want[clocks.LogsVerified](admin, 200, "POST", "/api/health/verify", nil); !v.Audit.OK || !v.Alarms.OK || v.Alarms.Rows == 0 {
		t.Errorf("%+v", v)
	}
	if m = want[monthReport](manager, 200, "GET", path, nil); m.Life.Unanswered != 1 || m.Life.List[0].Title.ZH != "烟感火警" || m.Alarms != 1 || !m.Chains.Audit.OK {
		t.Errorf("%+v", m)
	}
	if err := w.db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE alarm_event SET actor = 'x' WHERE seq = 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if v := want[clocks.LogsVerified](admin, 200, "POST", "/api/health/verify", nil); !v.Audit.OK || v.Alarms.OK || !strings.Contains(v.Alarms.Broken, "line 1") {
		t.Errorf("a changed log holds: %+v", v.Alarms)
	}
	for lang, words := range map[string][]string{"zh-CN": {"系统健康月报", "校验未通过", "无人确认的生命安全报警", "烟感火警", "未核实"}, "en": {"System health, monthly", "does not hold", "Unanswered life-safety alarms", "Smoke alarm", "unverified"}} {
		manager.lang = lang
		status, raw := manager.do("GET", "/api/health/month.xlsx?month="+month, nil)
		book, err := excelize.OpenReader(bytes.NewReader([]byte(raw)))
		if status != 200 || err != nil {
			t.Fatalf("%d %v", status, err)
		}
		rows, err := book.GetRows("Sheet1")
		text := ""
		for _, row := range rows {
			text += strings.Join(row, " ") + "\n"
		}
		for _, word := range words {
			if err != nil || !strings.Contains(text, word) {
				t.Errorf("%s: no %q in\n%s", lang, word, text)
			}
		}
	}
	for _, bad := range []string{"2999-01", "2026-13", "x", ""} {
		if status, raw := manager.do("GET", "/api/health/month?month="+bad, nil); status != 422 {
			t.Errorf("%q: %d %s", bad, status, raw)
		}
	}
}
