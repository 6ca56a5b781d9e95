package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/auth/signon/signontest"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/pquerna/otp/totp"
)

func assigned(as ...org.Assignment) map[string]any { return map[string]any{"assignments": as} }

func TestS04_NobodyGivesOrTakesWhatTheyDoNotHold(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	local := w.signedIn("local", org.Admin, "b03")
	guard := w.added("guard04", org.Assignment{Role: org.Guard, Scope: org.In("b04")})
	mine := w.added("guard03", org.Assignment{Role: org.Guard, Scope: org.In("b03")})
	both := w.added("both", org.Assignment{Role: org.Guard, Scope: org.In("b03")}, org.Assignment{Role: org.Guard, Scope: org.In("b04")})
	boss, err := w.srv.Users.ByUsername(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		body any
		want int
	}{
		"wider":            {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: org.All}), 403},
		"the community":    {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: "community:anlan-garden"}), 403},
		"elsewhere":        {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: org.In("b04")}), 403},
		"no part at all":   {"/api/users/" + mine.ID + "/assignments", assigned(), 403},
		"no such place":    {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: org.In("b99")}), 422},
		"no such role":     {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: "king", Scope: org.In("b03")}), 422},
		"someone unseen":   {"/api/users/" + guard.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: org.In("b03")}), 403},
		"taking elsewhere": {"/api/users/" + both.ID + "/assignments", assigned(org.Assignment{Role: org.Guard, Scope: org.In("b03")}), 403},
		"within":           {"/api/users/" + mine.ID + "/assignments", assigned(org.Assignment{Role: org.Operator, Scope: org.In("b03")}), 204},
	} {
		if status, raw := local.do("PUT", c.path, c.body); status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, status, c.want, raw)
		}
	}
	if status, _ := local.do("POST", "/api/users/"+boss.ID+"/reset-password", nil); status != 403 {
		t.Errorf("reset the password of an administrator everywhere: %d", status)
	}
	if status, _ := local.do("POST", "/api/users/"+both.ID+"/disable", nil); status != 403 {
		t.Errorf("disable someone who also works elsewhere: %d", status)
	}
	rows := want[[]personRow](local, 200, "GET", "/api/users", nil)
	names := []string{}
	for _, r := range rows {
		names = append(names, r.Username)
		if r.Username == "admin" && r.Manageable {
			t.Error("an administrator everywhere is shown as manageable")
		}
	}
	if slices.Contains(names, "guard04") || !slices.Contains(names, "guard03") || !slices.Contains(names, "both") {
		t.Errorf("sees %v", names)
	}
	status, raw := local.do("POST", "/api/users", map[string]any{"username": "puppet", "name": "x", "role": "admin"})
	if status != 403 {
		t.Errorf("made an administrator everywhere: %d %s", status, raw)
	}
}

func TestS09_TheLastAdministratorStaysAndADisabledOneIsGoneAtOnce(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	me := want[Me](admin, 200, "GET", "/api/me", nil)
	if status, raw := admin.do("POST", "/api/users/"+me.ID+"/disable", nil); status != 409 || !strings.Contains(raw, "没有人能管理") {
		t.Errorf("disabled the last one: %d %s", status, raw)
	}
	viewer := w.as(org.Viewer)
	id := want[Me](viewer, 200, "GET", "/api/me", nil).ID
	next, stop := viewer.listen("")
	defer stop()
	expect(t, next, "hello")
	want[any](admin, 204, "POST", "/api/users/"+id+"/disable", nil)
	want[any](viewer, 401, "GET", "/api/me", nil)
	for { // the stream ends without waiting for its next look
		if _, ok := next(); !ok {
			break
		}
	}
	want[any](viewer, 401, "POST", "/api/session", map[string]string{"username": "viewer", "password": w.passwords["viewer"]})
	want[any](admin, 204, "POST", "/api/users/"+id+"/enable", nil)
	u := want[newUser](admin, 200, "POST", "/api/users/"+id+"/reset-password", nil)
	c := w.browser()
	m := want[Me](c, 200, "POST", "/api/session", map[string]string{"username": "viewer", "password": u.Password})
	if !m.MustChange {
		t.Error("the new password need not be changed")
	}
	if status, raw := c.do("GET", "/api/alarms", nil); status != 403 || !strings.Contains(raw, "must_change_password") {
		t.Errorf("before the change: %d %s", status, raw)
	}
	want[any](c, 204, "POST", "/api/me/password", map[string]string{"old": u.Password, "new": "correct horse 9"})
	want[any](c, 200, "GET", "/api/alarms", nil)
}

func TestC14_ALockedScreenShowsAlarmsAndDoesNothingElse(t *testing.T) {
	w := newWorld(t)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	c := w.as(org.Operator)
	next, stop := c.listen("")
	defer stop()
	expect(t, next, "hello")
	want[any](c, 204, "POST", "/api/session/lock", nil)
	expect(t, next, "resync") // the console asks anew and shows the bar
	if me := want[Me](c, 200, "GET", "/api/me", nil); !me.Locked {
		t.Error("me does not say so")
	}
	want[any](c, 200, "GET", "/api/alarms", nil)
	want[any](c, 200, "POST", "/api/seats", map[string]any{"id": "seat-locked", "name": "1", "kind": "desk"})
	expect(t, next, "seat")
	want[any](c, 204, "POST", "/api/seats/seat-locked/painted", []any{map[string]any{"alarm": a.ID, "count": 1, "at": w.clock()}})
	if status, raw := c.do("POST", "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"version": 1}); status != 423 || !strings.Contains(raw, "锁定") {
		t.Errorf("acknowledge: %d %s", status, raw)
	}
	w.smoke("f12-smoke-west", "B", contract.Active)
	expect(t, next, "alarm") // still told
	if status, raw := c.do("POST", "/api/session/unlock", map[string]string{"password": "guess"}); status != 422 || !strings.Contains(raw, "body.password") {
		t.Errorf("guess: %d %s", status, raw)
	}
	if me := want[Me](c, 200, "POST", "/api/session/unlock", map[string]string{"password": w.passwords["operator"]}); me.Locked {
		t.Error("still locked")
	}
	want[any](c, 200, "POST", "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"version": a.Version})
	lines, err := w.srv.Audit.Search(t.Context(), audit.Query{Action: "access.refused"})
	if err != nil || len(lines.Items) != 1 || lines.Items[0].ActorName != "值班员" {
		t.Errorf("refusals: %+v %v", lines, err)
	}
}

func TestEvents_AreOfTheBuildingsWithinReach(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	admin := w.as(org.Admin)
	other := w.signedIn("other", org.Operator, "b04")
	here := w.signedIn("here", org.Operator, "b03")
	nextOther, stopOther := other.listen("")
	defer stopOther()
	nextHere, stopHere := here.listen("")
	defer stopHere()
	expect(t, nextOther, "hello")
	hello := expect(t, nextHere, "hello")
	w.smoke("f12-smoke-east", "A", contract.Active)
	if e := expect(t, nextHere, "alarm"); e.data["alarm"].(map[string]any)["building"] != "b03" {
		t.Errorf("%+v", e)
	}
	w.hub.Incident(incident.Notice{ID: "i4", Building: "b04"})
	if e := expect(t, nextOther, "incident"); e.data["id"] != "i4" { // and nothing of b03 before it
		t.Errorf("%+v", e)
	}
	ping := expect(t, nextHere, "ping")
	if ping.data["seq"].(float64) >= float64(w.hub.Seq()) {
		t.Errorf("ping %v tells of an event of another building: %d", ping.data, w.hub.Seq())
	}
	if ping.data["seq"].(float64) <= hello.data["seq"].(float64) {
		t.Errorf("ping %v forgets the alarm", ping.data)
	}
	u, err := w.srv.Users.ByUsername(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	want[any](admin, 204, "PUT", "/api/users/"+u.ID+"/assignments", assigned(org.Assignment{Role: org.Operator, Scope: org.All}))
	expect(t, nextOther, "resync") // at once: what it holds is not all any more
	w.hub.Incident(incident.Notice{ID: "i3", Building: "b03"})
	if e := expect(t, nextOther, "incident"); e.data["id"] != "i3" {
		t.Errorf("%+v", e)
	}
}

func TestSession_TheSecondStepIsAskedForAndEnforced(t *testing.T) {
	w := newWorld(t)
	admin, c := w.as(org.Admin), w.as(org.Guard)
	want[any](admin, 204, "PUT", "/api/sign-in", map[string]any{"totp_roles": []string{"guard"}})
	if me := want[Me](c, 200, "GET", "/api/me", nil); !me.MustEnrol {
		t.Errorf("%+v", me)
	}
	if status, raw := c.do("GET", "/api/alarms", nil); status != 403 || !strings.Contains(raw, "must_enrol_totp") {
		t.Errorf("not enrolled: %d %s", status, raw)
	}
	e := want[auth.Enrolment](c, 200, "POST", "/api/me/totp", map[string]string{"password": w.passwords["guard"]})
	code := func(at time.Time) string {
		s, err := totp.GenerateCode(e.Secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if status, raw := c.do("POST", "/api/me/totp/confirm", map[string]string{"code": "1"}); status != 422 || !strings.Contains(raw, "body.code") {
		t.Errorf("%d %s", status, raw)
	}
	if r := want[recovery](c, 200, "POST", "/api/me/totp/confirm", map[string]string{"code": code(w.clock())}); len(r.Codes) != 10 {
		t.Errorf("%v", r)
	}
	want[any](c, 200, "GET", "/api/alarms", nil)
	w.forward(time.Minute)
	fresh := w.browser()
	login := map[string]string{"username": "guard", "password": w.passwords["guard"]}
	if status, raw := fresh.do("POST", "/api/session", login); status != 401 || !strings.Contains(raw, "body.code") {
		t.Errorf("first step: %d %s", status, raw)
	}
	login["code"] = code(w.clock())
	want[Me](fresh, 200, "POST", "/api/session", login)
	if _, raw := fresh.do("GET", "/api/me", nil); strings.Contains(raw, e.Secret) {
		t.Error("the secret is shown again")
	}
	id := want[Me](c, 200, "GET", "/api/me", nil).ID
	want[any](admin, 204, "POST", "/api/users/"+id+"/reset-totp", nil)
	if me := want[Me](c, 200, "GET", "/api/me", nil); me.TOTP || !me.MustEnrol {
		t.Errorf("%+v", me)
	}
}

func TestKeys_NeedNoCookieTakeNoneAndAreNotGuessed(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	k := want[newKey](admin, 201, "POST", "/api/keys", map[string]any{"name": "对讲", "permissions": []string{"alarm.read", "alarm.ack"}, "scopes": []string{"all"}, "expires_at": w.clock().Add(time.Hour)})
	c := w.withKey(k.Text)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	r := c.request("POST", "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"version": a.Version})
	r.Header.Set("Sec-Fetch-Site", "cross-site") // a key is not a cookie: no page can send it unasked
	res, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("with a key: %d", res.StatusCode)
	}
	lines, err := w.srv.Audit.Search(t.Context(), audit.Query{Action: "alarm.acknowledged"})
	if err != nil || len(lines.Items) != 1 || !strings.Contains(lines.Items[0].ActorName, "对讲") {
		t.Errorf("audit %+v %v", lines, err)
	}
	r = admin.request("GET", "/api/me", nil)
	r.Header.Set("Authorization", "Bearer anlan_nonsense")
	if res, err = admin.http.Do(r); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("a wrong key beside a right cookie: %d", res.StatusCode)
	}
	limited := false
	for range 40 {
		status, _ := w.withKey("anlan_aaaaaaaaaa_"+strings.Repeat("b", 52)).do("GET", "/api/me", nil)
		limited = limited || status == 429
	}
	if !limited {
		t.Error("40 guesses were all tried")
	}
	w.forward(time.Minute)
	want[any](admin, 204, "DELETE", "/api/keys/"+k.Key.ID, nil)
	want[any](c, 401, "GET", "/api/me", nil)
	if _, raw := admin.do("GET", "/api/keys", nil); strings.Contains(raw, k.Text) || strings.Contains(raw, "hash") {
		t.Errorf("keys=%s", raw)
	}
}

func TestOIDC_SignsInByTheProviderAndBackToThePage(t *testing.T) {
	w := newWorldAlone(t)
	p := signontest.New(t, w.clock)
	s := p.Settings(w.http.URL)
	admin := w.as(org.Admin)
	put := func() { t.Helper(); want[any](admin, 204, "PUT", "/api/oidc/settings", s) }
	put()
	// walk follows every redirect but the last, to the page.
	walk := func(c *client) (at string) {
		c.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Host == strings.TrimPrefix(w.http.URL, "http://") && !strings.HasPrefix(r.URL.Path, "/api/") {
				return http.ErrUseLastResponse
			}
			return nil
		}
		res, err := c.http.Do(c.request("GET", "/api/oidc/start?back=/alarms/17", nil))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body) //nolint:errcheck // not read
		res.Body.Close()
		return res.Header.Get("Location")
	}
	stranger := w.browser()
	if at := walk(stranger); at != "/?sign_in=unknown" {
		t.Errorf("someone without an account came to %s", at)
	}
	want[any](stranger, 401, "GET", "/api/me", nil)
	s.Domains, s.Default = []string{"example.com"}, nil
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	doc["default"] = map[string]string{"role": "viewer", "scope": "building:b03"}
	want[any](admin, 204, "PUT", "/api/oidc/settings", doc)
	c := w.browser()
	if at := walk(c); at != "/alarms/17" {
		t.Fatalf("came to %s", at)
	}
	me := want[Me](c, 200, "GET", "/api/me", nil)
	if me.Username != "zhaomin" || me.Name != "赵敏" || me.HasPassword || me.Reach[org.AlarmRead].All || !slices.Equal(me.Reach[org.AlarmRead].Buildings, []string{"b03"}) {
		t.Errorf("%+v", me)
	}
	if status, _ := w.browser().do("POST", "/api/session", map[string]string{"username": "zhaomin", "password": "!"}); status != 401 {
		t.Errorf("an account without a password let one in: %d", status)
	}
	p.Claims["sub"] = "s-2" // someone else with that name now
	if at := walk(w.browser()); at != "/?sign_in=unknown" {
		t.Errorf("another identity came to %s", at)
	}
	p.Claims["sub"] = "s-1"
	want[any](admin, 204, "POST", "/api/users/"+me.ID+"/disable", nil)
	if at := walk(w.browser()); at != "/?sign_in=unknown" {
		t.Errorf("a disabled one came to %s", at)
	}
	p.Sign = func(string) []byte { return make([]byte, 256) }
	if at := walk(w.browser()); at != "/?sign_in=untrusted" {
		t.Errorf("a forged token came to %s", at)
	}
	plain := w.browser()
	plain.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := plain.http.Do(plain.request("GET", "/api/oidc/callback?state=x&code=y", nil))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Header.Get("Location") != "/?sign_in=expired" {
		t.Errorf("an answer nobody asked for came to %s", res.Header.Get("Location"))
	}
}

func TestAudit_IsSearchedPagedExportedAndVerified(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	for range 5 {
		want[any](w.as(org.Viewer), 204, "DELETE", "/api/session", nil)
	}
	first := want[auditPage](admin, 200, "GET", "/api/audit?action=session.&actor=%E5%8F%AA&limit=4", nil)
	second := want[auditPage](admin, 200, "GET", "/api/audit?action=session.&actor=%E5%8F%AA&limit=500&before="+jsonNumber(first.Next), nil)
	if len(first.Items) != 4 || first.Next == 0 || len(second.Items) != 6 || second.Next != 0 || second.Items[0].Seq >= first.Items[3].Seq {
		t.Errorf("%d then %d lines", len(first.Items), len(second.Items))
	}
	if none := want[auditPage](admin, 200, "GET", "/api/audit?action=%25", nil); len(none.Items) != 0 {
		t.Error("a percent sign picked lines")
	}
	if v := want[verified](admin, 200, "POST", "/api/audit/verify", nil); !v.OK || v.Rows < 10 {
		t.Errorf("%+v", v)
	}
	status, raw := admin.do("GET", "/api/audit/export?action=session.", nil)
	if status != 200 || !strings.HasPrefix(raw, "\ufeffseq,") || strings.Count(raw, "session.close") != 5 {
		t.Errorf("%d %.200s", status, raw)
	}
	if _, err := w.db.Read().ExecContext(t.Context(), `UPDATE audit SET actor_name = 'x' WHERE seq = 3`); err != nil {
		t.Fatal(err)
	}
	if v := want[verified](admin, 200, "POST", "/api/audit/verify", nil); v.OK || !strings.Contains(v.Broken, "row 3") {
		t.Errorf("%+v", v)
	}
	if got := cell("=cmd()"); got != "'=cmd()" {
		t.Errorf("%q", got)
	}
}

func jsonNumber(n int64) string { raw, _ := json.Marshal(n); return string(raw) }
