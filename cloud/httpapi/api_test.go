package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/cloud/series"
	"anlan/contract"
)

func TestAccess_AnUndeclaredOperationIsRefused(t *testing.T) {
	w := newWorld(t)
	register(w.srv, "GET", "/api/forgotten", "x", "", http.StatusOK, func(context.Context, *none) (*none, error) {
		return nil, nil
	})
	if status, raw := w.as(org.Admin).do("GET", "/api/forgotten", nil); status != http.StatusForbidden {
		t.Errorf("admin: %d %s", status, raw)
	}
}

func TestSession_SignInOutAndLockOut(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Supervisor)
	me := want[Me](c, 200, "GET", "/api/me", nil)
	if me.Name != "班长" || !slices.Contains(me.Permissions, org.AlarmReset) {
		t.Errorf("me=%+v", me)
	}
	res, err := c.http.Do(c.request("POST", "/api/session", map[string]string{"username": "supervisor", "password": w.passwords["supervisor"]}))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	cookie := res.Header.Get("Set-Cookie")
	for _, attr := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, attr) {
			t.Errorf("cookie %q lacks %s", cookie, attr)
		}
	}
	want[any](c, 204, "DELETE", "/api/session", nil)
	want[any](c, 401, "GET", "/api/me", nil)
	bad := w.browser()
	for range auth.MaxFailures {
		status, raw := bad.do("POST", "/api/session", map[string]string{"username": "guard", "password": "no"})
		if status != 401 || !strings.Contains(raw, "用户名或密码不对") {
			t.Fatalf("%d %s", status, raw)
		}
	}
	status, raw := bad.do("POST", "/api/session", map[string]string{"username": "guard", "password": w.passwords["guard"]})
	if status != 429 || !strings.Contains(raw, "锁定") {
		t.Errorf("locked: %d %s", status, raw)
	}
	bad.lang = "en-GB,en"
	if _, raw := bad.do("POST", "/api/session", map[string]string{"username": "guard", "password": "x"}); !strings.Contains(raw, "locked") {
		t.Errorf("in English: %s", raw)
	}
	w.forward(auth.FailWindow)
	w.as(org.Guard)
}

func TestSession_LoginIsRateLimitedPerAddress(t *testing.T) {
	w := newWorld(t)
	c, limited := w.browser(), false
	for i := range 60 {
		status, _ := c.do("POST", "/api/session", map[string]string{"username": "nobody" + string(rune('a'+i%26)), "password": "x"})
		limited = limited || status == 429
	}
	if !limited {
		t.Error("60 sign-ins at once were all tried")
	}
}

func TestSession_PasswordChangeNamesTheField(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Guard)
	for field, body := range map[string]map[string]string{
		"body.old": {"old": "x", "new": "a long new one"}, "body.new": {"old": w.passwords["guard"], "new": "short"},
	} {
		if status, raw := c.do("POST", "/api/me/password", body); status != 422 || !strings.Contains(raw, field) {
			t.Errorf("%s: %d %s", field, status, raw)
		}
	}
	want[any](c, 204, "POST", "/api/me/password", map[string]string{"old": w.passwords["guard"], "new": "correct horse 9"})
	if want[Me](c, 200, "GET", "/api/me", nil).MustChange {
		t.Error("it must still be changed")
	}
}

func TestProblem_IsInTheClientsLanguageWithThePath(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Operator)
	status, raw := c.do("POST", "/api/alarms/x/acknowledge", map[string]any{"version": "one", "extra": 1})
	if status != 422 || !strings.Contains(raw, "输入有误") || !strings.Contains(raw, "body.version") || !strings.Contains(raw, "须为整数") || !strings.Contains(raw, "不认识的字段") {
		t.Errorf("%d %s", status, raw)
	}
	for _, lang := range []string{"zh-CN", "en"} {
		c.lang = lang
		if status, raw := c.do("POST", "/api/session", map[string]any{"user": "a", "password": "Once-1-Secret"}); status != 422 || strings.Contains(raw, "Secret") {
			t.Errorf("what was sent is repeated: %d %s", status, raw)
		}
	}
	if _, raw := c.do("POST", "/api/alarms/x/acknowledge", map[string]any{"version": 1}); !strings.Contains(raw, "No such alarm") {
		t.Errorf("%s", raw)
	}
	res, err := c.http.Do(c.request("GET", "/api/nothing", nil))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	if status, _ := c.do("POST", "/api/users", map[string]any{"username": strings.Repeat("x", maxBody)}); status != 403 && status != 413 {
		t.Errorf("a huge body: %d", status)
	}
}

func TestAlarm_FirstAcknowledgementWinsAndIsNamed(t *testing.T) {
	w := newWorld(t)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	zhang, li := w.as(org.Operator), w.as(org.Supervisor)
	want[alarm.Alarm](zhang, 200, "POST", "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"note": "已派人", "version": a.Version})
	status, raw := li.do("POST", "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"version": a.Version})
	if status != 409 || !strings.Contains(raw, "值班员") {
		t.Errorf("second: %d %s", status, raw)
	}
	d := want[alarmDetail](li, 200, "GET", "/api/alarms/"+a.ID, nil)
	if d.Alarm.State != alarm.Acked || len(d.Events) < 2 {
		t.Errorf("detail=%+v", d)
	}
	page := want[alarm.Page](li, 200, "GET", "/api/alarms?view=acked&q="+"%E7%83%9F%E6%84%9F", nil)
	if len(page.Items) != 1 || page.Counts.Acked != 1 {
		t.Errorf("page=%+v", page)
	}
	lines, err := w.srv.Audit.Last(t.Context(), 5)
	if err != nil || !slices.ContainsFunc(lines, func(e audit.Entry) bool { return e.Action == "alarm.acknowledged" && e.IP == "127.0.0.1" }) {
		t.Errorf("audit=%+v %v", lines, err)
	}
}

func TestAlarm_ConfirmLaunchesThePlan(t *testing.T) {
	w := newWorld(t)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	li := w.as(org.Supervisor)
	got := want[alarm.Alarm](li, 200, "POST", "/api/alarms/"+a.ID+"/confirm", map[string]string{"note": "看到烟"})
	if got.Incident == "" {
		t.Fatalf("alarm=%+v", got)
	}
	v := want[incidentView](li, 200, "GET", "/api/incidents/"+got.Incident, nil)
	if v.Incident.Plan != "fire" || len(v.Alarms) != 1 || v.Incident.Cause == "" || len(v.Timeline) == 0 {
		t.Errorf("view=%+v", v.Incident)
	}
}

func TestIncident_IsWorkedByTwoSessionsAtOnce(t *testing.T) {
	w := newWorld(t)
	zhang, wang, li := w.as(org.Operator), w.as(org.Guard), w.as(org.Supervisor)
	i := want[incidentHead](zhang, 200, "POST", "/api/incidents", map[string]any{"plan": "fire", "building": "b03", "note": "住户电话"})
	if again := want[incidentHead](li, 200, "POST", "/api/incidents", map[string]any{"plan": "fire", "building": "b03"}); again.ID != i.ID {
		t.Errorf("a twin: %s and %s", i.HumanNo, again.HumanNo)
	}
	at := "/api/incidents/" + i.ID
	want[incidentView](wang, 200, "POST", at+"/roles/responder/accept", nil)
	want[incidentView](wang, 200, "POST", at+"/tasks/look/accept", map[string]any{})
	if status, raw := zhang.do("POST", at+"/tasks/look/accept", map[string]any{}); status != 409 || !strings.Contains(raw, "保安") {
		t.Errorf("second: %d %s", status, raw)
	}
	if status, raw := zhang.do("POST", at+"/tasks/call-119/done", map[string]any{"note": "x"}); status != 409 || !strings.Contains(raw, `"open":["judge"]`) {
		t.Errorf("blocked: %d %s", status, raw)
	}
	want[incidentView](wang, 200, "POST", at+"/tasks/look/done", nil)
	if status, raw := zhang.do("POST", at+"/tasks/look/done", nil); status != 409 || !strings.Contains(raw, "保安") {
		t.Errorf("done twice: %d %s", status, raw)
	}
	if status, raw := zhang.do("POST", at+"/tasks/judge/skip", map[string]any{}); status != 422 || !strings.Contains(raw, "body.note") {
		t.Errorf("skip: %d %s", status, raw)
	}
	v := want[incidentView](zhang, 200, "POST", at+"/messages", map[string]any{"text": "消防车已到"})
	if last := v.Timeline[len(v.Timeline)-1]; last.Text.ZH != "消防车已到" || last.Actor != "值班员" {
		t.Errorf("last=%+v", last)
	}
	if status, raw := li.do("POST", at+"/close", map[string]any{}); status != 409 || !strings.Contains(raw, "关键任务未完成") {
		t.Errorf("close: %d %s", status, raw)
	}
	for _, task := range v.Tasks {
		if task.Critical && task.State != incident.Done {
			want[incidentView](li, 200, "POST", at+"/tasks/"+task.Key+"/skip", map[string]any{"note": "演示"})
		}
	}
	if v := want[incidentView](li, 200, "POST", at+"/close", map[string]any{"note": "完"}); v.Incident.State != incident.Closed {
		t.Errorf("state=%s", v.Incident.State)
	}
	if list := want[[]incidentHead](zhang, 200, "GET", "/api/incidents?state=closed", nil); len(list) != 1 {
		t.Errorf("closed=%v", list)
	}
	if status, _ := zhang.do("POST", "/api/incidents", map[string]any{"plan": "none", "building": "b03"}); status != 404 {
		t.Errorf("unknown plan: %d", status)
	}
	if status, _ := zhang.do("POST", "/api/incidents", map[string]any{"plan": "fire", "building": "b99"}); status != 404 {
		t.Errorf("unknown building: %d", status)
	}
}

func TestFleet_OverviewBuildingPointAndSeries(t *testing.T) {
	w := newWorld(t)
	w.smoke("f12-smoke-east", "A", contract.Active)
	c := w.as(org.Viewer)
	o := want[overview](c, 200, "GET", "/api/overview", nil)
	if len(o.Buildings) != 1 || o.Buildings[0].State != "alarm" || o.Counts.Unacked != 1 || o.Seq == 0 {
		t.Errorf("overview=%+v", o)
	}
	if b := want[buildingDetail](c, 200, "GET", "/api/buildings/b03", nil); len(b.Devices) != 1 || b.Devices[0].State != "alarm" {
		t.Errorf("building=%+v", b)
	}
	want[any](c, 404, "GET", "/api/buildings/b99", nil)
	p := want[pointDetail](c, 200, "GET", "/api/points/edge-b03/f12-smoke-east.smoke", nil)
	if len(p.Alarms) != 1 || p.Place.Floor != 12 || p.BuildingName.ZH != "3号楼" {
		t.Errorf("point=%+v", p)
	}
	now := w.clock().UTC().Truncate(time.Second)
	var samples []contract.Sample
	for i := range 100 {
		samples = append(samples, contract.Sample{UnixMS: now.Add(time.Duration(i-100) * time.Second).UnixMilli(), Value: float64(i), Quality: contract.Good})
	}
	if err := w.series.Append(t.Context(), []series.Column{{Key: series.Key{Edge: "edge-b03", Point: "f12-smoke-east.smoke"}, Samples: samples}}); err != nil {
		t.Fatal(err)
	}
	url := "/api/points/edge-b03/f12-smoke-east.smoke/series?to=" + now.Format(time.RFC3339) + "&from="
	if s := want[seriesOut](c, 200, "GET", url+now.Add(-10*time.Minute).Format(time.RFC3339), nil); !s.Raw || len(s.Buckets) != 100 {
		t.Errorf("raw=%v %d buckets", s.Raw, len(s.Buckets))
	}
	s := want[seriesOut](c, 200, "GET", url+now.Add(-10*time.Minute).Format(time.RFC3339)+"&max=20", nil)
	n := int64(0)
	for _, b := range s.Buckets {
		n += b.N
	}
	if s.Raw || s.ResolutionMS != 60_000 || n != 100 {
		t.Errorf("raw=%v resolution=%d n=%d", s.Raw, s.ResolutionMS, n)
	}
	want[any](c, 422, "GET", url+now.Add(time.Hour).Format(time.RFC3339), nil)
}

func TestUsers_ShowAPasswordOnce(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Admin)
	u := want[newUser](c, 201, "POST", "/api/users", map[string]string{"username": "zhao", "name": "赵敏", "role": "guard"})
	want[any](w.browser(), 200, "POST", "/api/session", map[string]string{"username": "zhao", "password": u.Password})
	want[any](c, 409, "POST", "/api/users", map[string]string{"username": "zhao", "name": "赵敏", "role": "guard"})
	if status, raw := c.do("POST", "/api/users", map[string]string{"username": "zhao2", "name": "赵敏", "role": "king"}); status != 422 || !strings.Contains(raw, "body.role") {
		t.Errorf("%d %s", status, raw)
	}
	if _, raw := c.do("GET", "/api/users", nil); strings.Contains(raw, "argon2") || strings.Contains(raw, u.Password) {
		t.Errorf("users=%s", raw)
	}
}

func TestServer_OtherSitesFramesAndStrangersStayOut(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Operator)
	r := c.request("POST", "/api/incidents", map[string]any{"plan": "fire", "building": "b03"})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("cross-site: %d", res.StatusCode)
	}
	for _, h := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
		if res.Header.Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
	get := func(remote, path, forwarded string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		rec := httptest.NewRecorder()
		w.http.Config.Handler.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range []struct {
		remote, forwarded string
		want              int
	}{{"127.0.0.1:9", "", 200}, {"[::1]:9", "", 200}, {"10.0.0.7:9", "", 403}, {"127.0.0.1:9", "10.0.0.7", 403}} {
		if rec := get(c.remote, "/metrics", c.forwarded); rec.Code != c.want {
			t.Errorf("metrics from %s for %q: %d, want %d", c.remote, c.forwarded, rec.Code, c.want)
		}
	}
	if rec := get("10.0.0.7:9", "/healthz", ""); rec.Code != 200 {
		t.Errorf("healthz: %d", rec.Code)
	}
	for path, c := range map[string]struct {
		code        int
		cache, body string
	}{
		"/": {200, "no-store", "安澜"}, "/alarms/17": {200, "no-store", "安澜"}, "/index.html": {200, "no-store", "安澜"}, "/m": {200, "no-store", "安澜手机"}, "/m/tasks/1": {200, "no-store", "安澜手机"}, "/m.html": {200, "no-store", "安澜手机"},
		"/assets/app-1a2b3c.js": {200, "public, max-age=31536000, immutable", "js"}, "/tone.wav": {200, "no-cache", "wav"}, "/assets/gone.js": {404, "", ""},
	} {
		rec := get("10.0.0.7:9", path, "")
		raw, _ := io.ReadAll(rec.Body)
		if rec.Code != c.code || c.cache != "" && rec.Header().Get("Cache-Control") != c.cache || !strings.Contains(string(raw), c.body) {
			t.Errorf("%s: %d %q %q", path, rec.Code, rec.Header().Get("Cache-Control"), raw)
		}
	}
	if rec := get("10.0.0.7:9", "/api/openapi.json", ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"openapi":"3.1.0"`) || !strings.Contains(rec.Body.String(), "alarm.confirm") {
		t.Errorf("openapi: %d %.200s", rec.Code, rec.Body)
	}
}
