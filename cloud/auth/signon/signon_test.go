package signon_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anlan/cloud/auth/signon"
	"anlan/cloud/auth/signon/signontest"
)

func now() time.Time { return time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC) }

// walk goes to the provider and back, and returns what came back.
func walk(t *testing.T, c *signon.Client, s signon.Settings) (signon.Flow, url.Values) {
	t.Helper()
	to, flow, err := c.Start(t.Context(), s, "/alarms/17?x=1")
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	at, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	return flow, at.Query()
}

func TestSignOn_TheCodeFlowNamesThePerson(t *testing.T) {
	p := signontest.New(t, now)
	s, c := p.Settings("https://anlan.test"), signon.New(t.TempDir(), now)
	s.Domains = []string{"example.com"}
	flow, back := walk(t, c, s)
	kept, err := signon.DecodeFlow(flow.Encode())
	if err != nil || kept != flow || kept.Back != "/alarms/17?x=1" {
		t.Fatalf("flow %+v, %v", kept, err)
	}
	got, err := c.Finish(t.Context(), s, kept, back.Get("state"), back.Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (signon.Person{Issuer: p.URL, Subject: "s-1", Username: "zhaomin", Name: "赵敏", Welcome: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := c.Finish(t.Context(), s, kept, back.Get("state"), back.Get("code")); !errors.Is(err, signon.ErrProvider) {
		t.Errorf("a replayed code: %v", err)
	}
}

func TestSignOn_AForgedOrMisdirectedTokenIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(p *signontest.Provider){
		"another nonce":    func(p *signontest.Provider) { p.Claims["nonce"] = "x" },
		"another audience": func(p *signontest.Provider) { p.Claims["aud"] = "someone" },
		"many audiences":   func(p *signontest.Provider) { p.Claims["aud"] = []string{"anlan", "someone"} },
		"another party":    func(p *signontest.Provider) { p.Claims["azp"] = "someone" },
		"another issuer":   func(p *signontest.Provider) { p.Claims["iss"] = "https://evil.test" },
		"expired":          func(p *signontest.Provider) { p.Claims["exp"] = now().Add(-3 * time.Minute).Unix() },
		"no expiry":        func(p *signontest.Provider) { p.Claims["exp"] = nil },
		"from the future":  func(p *signontest.Provider) { p.Claims["iat"] = now().Add(time.Hour).Unix() },
		"no subject":       func(p *signontest.Provider) { p.Claims["sub"] = "" },
		"not signed": func(p *signontest.Provider) {
			p.Spoil = func(h, _ map[string]any) { h["alg"] = "none" }
			p.Sign = func(string) []byte { return nil }
		},
		"a shared secret": func(p *signontest.Provider) {
			p.Spoil = func(h, _ map[string]any) { h["alg"] = "HS256" }
			p.Sign = hs256
		},
		"an unknown key":    func(p *signontest.Provider) { p.Spoil = func(h, _ map[string]any) { h["kid"] = "k2" } },
		"a wrong signature": func(p *signontest.Provider) { p.Sign = func(string) []byte { return make([]byte, 256) } },
		"critical headers":  func(p *signontest.Provider) { p.Spoil = func(h, _ map[string]any) { h["crit"] = []string{"x"} } },
	} {
		t.Run(name, func(t *testing.T) {
			p := signontest.New(t, now)
			spoil(p)
			s, c := p.Settings("https://anlan.test"), signon.New(t.TempDir(), now)
			flow, back := walk(t, c, s)
			if got, err := c.Finish(t.Context(), s, flow, back.Get("state"), back.Get("code")); !errors.Is(err, signon.ErrProvider) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func hs256(signed string) []byte {
	m := hmac.New(sha256.New, []byte(signontest.Secret))
	m.Write([]byte(signed))
	return m.Sum(nil)
}

func TestSignOn_AnAnswerBelongsToItsBrowserAndItsTime(t *testing.T) {
	p := signontest.New(t, now)
	s := p.Settings("https://anlan.test")
	late := now()
	c := signon.New(t.TempDir(), func() time.Time { return late })
	flow, back := walk(t, c, s)
	for name, try := range map[string]struct{ state, code string }{"another state": {"x", back.Get("code")}, "no state": {"", back.Get("code")}, "no code": {flow.State, ""}} {
		if _, err := c.Finish(t.Context(), s, flow, try.state, try.code); !errors.Is(err, signon.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mixed := flow
	mixed.Verifier = strings.Repeat("x", 43)
	if _, err := c.Finish(t.Context(), s, mixed, back.Get("state"), back.Get("code")); !errors.Is(err, signon.ErrProvider) {
		t.Errorf("another verifier: %v", err)
	}
	late = late.Add(signon.FlowLife + time.Second)
	if _, err := c.Finish(t.Context(), s, flow, back.Get("state"), back.Get("code")); !errors.Is(err, signon.ErrState) {
		t.Errorf("too late: %v", err)
	}
	if _, _, err := c.Start(context.Background(), signon.Settings{}, "/"); !errors.Is(err, signon.ErrOff) {
		t.Errorf("switched off: %v", err)
	}
}

func TestSettings_OnlySafeOnesAreTaken(t *testing.T) {
	p := signontest.New(t, now)
	good := p.Settings("https://anlan.test")
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*signon.Settings){
		"http issuer":            func(s *signon.Settings) { s.Loopback = false },
		"http elsewhere":         func(s *signon.Settings) { s.Issuer = "http://id.test" },
		"issuer with a password": func(s *signon.Settings) { s.Issuer = "https://a:b@id.test" },
		"base with a path":       func(s *signon.Settings) { s.BaseURL = "https://anlan.test/x" },
		"any file":               func(s *signon.Settings) { s.Secret = "file:/etc/shadow" },
		"a file above":           func(s *signon.Settings) { s.Secret = "file:.." },
		"any variable":           func(s *signon.Settings) { s.Secret = "env:HOME" },
		"a plain secret":         func(s *signon.Settings) { s.Secret = "hunter2" },
		"accounts for everyone":  func(s *signon.Settings) { s.Default = &signon.Default{Role: "viewer", Scope: "all"} },
	} {
		s := good
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestSettings_AMailAddressOfAnotherDomainIsNobody(t *testing.T) {
	p := signontest.New(t, now)
	p.Claims["email"] = "admin@evil.test"
	s, c := p.Settings("https://anlan.test"), signon.New(t.TempDir(), now)
	s.Username, s.Domains = "email", []string{"example.com"}
	flow, back := walk(t, c, s)
	got, err := c.Finish(t.Context(), s, flow, back.Get("state"), back.Get("code"))
	if err != nil || got.Username != "" || got.Welcome {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzBack(f *testing.F) {
	for _, s := range []string{"/", "/alarms?x=1", "//evil.test", "/\\evil.test", "https://evil.test", "javascript:alert(1)", "/a\r\nSet-Cookie: x", "/%2f%2fevil"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := signon.Back(s)
		u, err := url.Parse(got)
		if err != nil || u.IsAbs() || u.Host != "" || got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n") {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzDecodeFlow(f *testing.F) {
	f.Add(signon.Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text(), Back: "/", Until: 1}.Encode())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, s string) {
		flow, err := signon.DecodeFlow(s)
		if err == nil && (len(flow.State) < 26 || flow.Back != signon.Back(flow.Back)) {
			t.Errorf("%q gave %+v", s, flow)
		}
	})
}
