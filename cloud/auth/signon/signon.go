// Package signon signs people in by an outside OpenID Connect provider: authorization
// code flow with PKCE, state and nonce. Who a person is here, and what they may do, is
// still decided in auth and org.
package signon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"anlan/cloud/org"
	"anlan/contract"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Settings say which provider there is and whom it may bring.
type Settings struct {
	Enabled  bool          `json:"enabled"`
	Name     contract.Text `json:"name" doc:"on the button of the sign-in page"`
	Issuer   string        `json:"issuer" doc:"https://…"`
	ClientID string        `json:"client_id"`
	Secret   string        `json:"secret" doc:"where the client secret is: env:ANLAN_OIDC_… or file:<name in the data folder's secrets>"`
	BaseURL  string        `json:"base_url" doc:"how browsers reach this server, https://anlan.example.com"`
	Username string        `json:"username_claim" doc:"claim that holds the user name, preferred_username if empty"`
	Groups   string        `json:"groups_claim,omitempty" doc:"claim that lists groups, groups if empty"`
	Domains  []string      `json:"domains,omitempty" doc:"mail domains whose people get an account by themselves"`
	InGroups []string      `json:"in_groups,omitempty" doc:"groups whose people get an account by themselves"`
	Default  *Default      `json:"default,omitempty" doc:"what such an account plays; without it everyone must have an account already"`
	Loopback bool          `json:"loopback,omitempty" doc:"http to this very machine is allowed: for tests only"`
}

// Default is what people get who come for the first time.
type Default struct {
	Role  org.Role  `json:"role"`
	Scope org.Scope `json:"scope"`
}

// Errors of signing in. Their texts are for the log; people read less.
var (
	ErrOff      = errors.New("signon: not set up")
	ErrState    = errors.New("signon: the answer does not belong to a sign-in of this browser")
	ErrProvider = errors.New("signon: the provider's answer cannot be trusted")
	ErrUnknown  = errors.New("signon: no account here")
)

// FlowLife is how long a person may take at the provider.
const FlowLife = 10 * time.Minute

// Check reports the first thing wrong with the settings.
func (s Settings) Check() error {
	bad := func(field, zh, en string) error { return &org.InvalidError{Field: field, ZH: zh, EN: en} }
	switch {
	case !s.Enabled && s.Issuer == "":
		return nil
	case !s.address(s.Issuer):
		return bad("issuer", "须为 https:// 地址", "must be an https:// address")
	case !s.address(s.BaseURL) || strings.Count(strings.TrimSuffix(s.BaseURL, "/"), "/") != 2:
		return bad("base_url", "须为浏览器访问本系统的 https:// 地址，不带路径", "the https:// address of this system, without a path")
	case s.ClientID == "" || len(s.ClientID) > 200:
		return bad("client_id", "不能为空", "must not be empty")
	case s.Secret != "" && !validSecret(s.Secret):
		return bad("secret", "须为 env:ANLAN_OIDC_… 或 file:文件名", "must be env:ANLAN_OIDC_… or file:<name>")
	case strings.TrimSpace(s.Name.ZH) == "" || len(s.Name.ZH) > 60 || len(s.Name.EN) > 60:
		return bad("name", "按钮名称须为 1 至 20 个字", "1 to 20 characters")
	case s.Default != nil && len(s.Domains) == 0 && len(s.InGroups) == 0:
		return bad("domains", "自动建账号须限定邮箱域名或用户组", "accounts made by themselves need a mail domain or a group")
	}
	return nil
}

func (s Settings) address(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && s.Loopback && ip != nil && ip.IsLoopback()
}

func validSecret(s string) bool {
	if name, ok := strings.CutPrefix(s, "env:"); ok {
		return strings.HasPrefix(name, "ANLAN_OIDC_") && len(name) < 80
	}
	name, ok := strings.CutPrefix(s, "file:")
	return ok && name != "" && name == filepath.Base(name) && !strings.HasPrefix(name, ".")
}

// secret reads the client secret. Only names made for it are read, so that who may
// change the settings cannot send other secrets of the machine away.
func (s Settings) secret(dir string) (string, error) {
	if s.Secret == "" {
		return "", nil
	}
	if name, ok := strings.CutPrefix(s.Secret, "env:"); ok {
		return os.Getenv(name), nil
	}
	raw, err := os.ReadFile(filepath.Join(dir, "secrets", strings.TrimPrefix(s.Secret, "file:")))
	if err != nil {
		return "", fmt.Errorf("signon: read client secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// Flow is one sign-in under way; the browser keeps it in a short-lived cookie.
type Flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Back     string `json:"b"` // page to return to
	Until    int64  `json:"u"` // Unix seconds
}

// Encode writes the flow for a cookie.
func (f Flow) Encode() string {
	raw, _ := json.Marshal(f) //nolint:errcheck // strings and a number
	return base64.RawURLEncoding.EncodeToString(raw)
}

// DecodeFlow reads what Encode wrote. Errors: [ErrState].
func DecodeFlow(s string) (f Flow, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) > 2000 || json.Unmarshal(raw, &f) != nil {
		return Flow{}, ErrState
	}
	if len(f.State) < 26 || len(f.Nonce) < 26 || len(f.Verifier) < 26 || f.Back != Back(f.Back) {
		return Flow{}, ErrState
	}
	return f, nil
}

// Back makes a page to return to safe: a path of this site, else the first page.
func Back(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || len(to) > 500 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsFunc(to, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	return to
}

// Person is who the provider says it is.
type Person struct {
	Issuer, Subject string
	Username        string
	Name            string
	Welcome         bool // may get an account by themselves
}

// Client speaks to the provider. dir is the data folder.
type Client struct {
	http *http.Client
	dir  string
	now  func() time.Time
}

// New makes a client.
func New(dir string, now func() time.Time) *Client {
	return &Client{&http.Client{Timeout: 10 * time.Second}, dir, now}
}

// provider asks the provider about itself. It must name itself as the settings do, or
// another one answers in its place.
func (c *Client) provider(ctx context.Context, s Settings) (*oidc.Provider, oauth2.Config, error) {
	secret, err := s.secret(c.dir)
	if err != nil {
		return nil, oauth2.Config{}, err
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, c.http), s.Issuer)
	if err != nil {
		return nil, oauth2.Config{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	var keys struct {
		At string `json:"jwks_uri"`
	}
	if err := p.Claims(&keys); err != nil {
		return nil, oauth2.Config{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	for _, at := range []string{p.Endpoint().AuthURL, p.Endpoint().TokenURL, keys.At} {
		base, _, _ := strings.Cut(at, "?")
		if !s.address(base) {
			return nil, oauth2.Config{}, fmt.Errorf("%w: endpoint %q", ErrProvider, at)
		}
	}
	return p, oauth2.Config{ClientID: s.ClientID, ClientSecret: secret, Endpoint: p.Endpoint(),
		RedirectURL: strings.TrimSuffix(s.BaseURL, "/") + "/api/oidc/callback", Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}, nil
}

// Start returns where to send the browser, and the flow to keep. Errors: [ErrOff].
func (c *Client) Start(ctx context.Context, s Settings, back string) (string, Flow, error) {
	if !s.Enabled {
		return "", Flow{}, ErrOff
	}
	_, conf, err := c.provider(ctx, s)
	if err != nil {
		return "", Flow{}, err
	}
	f := Flow{rand.Text(), rand.Text(), oauth2.GenerateVerifier(), Back(back), c.now().Add(FlowLife).Unix()}
	return conf.AuthCodeURL(f.State, oauth2.SetAuthURLParam("nonce", f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish trades the code for the person. Errors: [ErrOff], [ErrState], [ErrProvider].
func (c *Client) Finish(ctx context.Context, s Settings, f Flow, state, code string) (Person, error) {
	if !s.Enabled {
		return Person{}, ErrOff
	}
	if subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 || code == "" || c.now().Unix() > f.Until {
		return Person{}, ErrState
	}
	p, conf, err := c.provider(ctx, s)
	if err != nil {
		return Person{}, err
	}
	token, err := conf.Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.http), code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		// The library's error may quote the answer; it is for the log, without the code.
		return Person{}, fmt.Errorf("%w: exchange code: %w", ErrProvider, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, fmt.Errorf("%w: no id token", ErrProvider)
	}
	id, claims, err := c.verify(oidc.ClientContext(ctx, c.http), p, s, raw, f.Nonce)
	if err != nil {
		return Person{}, fmt.Errorf("%w: id token: %w", ErrProvider, err)
	}
	out := s.person(claims)
	out.Issuer, out.Subject = id.Issuer, id.Subject
	return out, nil
}

const clockSkew = 2 * time.Minute // how far the provider's clock may be ahead

// verify checks signature, issuer, audience and expiry by the library, and what the
// library leaves to its caller: nonce, authorised party, subject, a date of issue.
func (c *Client) verify(ctx context.Context, p *oidc.Provider, s Settings, raw, nonce string) (*oidc.IDToken, map[string]any, error) {
	v := p.VerifierContext(ctx, &oidc.Config{ClientID: s.ClientID, Now: c.now, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256}})
	id, err := v.Verify(ctx, raw)
	if err != nil {
		return nil, nil, err
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, nil, err
	}
	party, _ := claims["azp"].(string)
	switch {
	case nonce == "" || id.Nonce != nonce:
		return nil, nil, errors.New("for another sign-in (nonce)")
	case id.Subject == "" || len(id.Subject) > 255:
		return nil, nil, errors.New("no subject")
	case (len(id.Audience) > 1 || party != "") && party != s.ClientID:
		return nil, nil, errors.New("asked for by someone else")
	case id.IssuedAt.After(c.now().Add(clockSkew)):
		return nil, nil, errors.New("from the future")
	}
	return id, claims, nil
}

// person reads the claims.
func (s Settings) person(claims map[string]any) Person {
	text := func(name string) string { v, _ := claims[name].(string); return strings.TrimSpace(v) }
	name := s.Username
	if name == "" {
		name = "preferred_username"
	}
	p := Person{Username: strings.ToLower(text(name)), Name: text("name")}
	if name == "email" {
		// A mail address names an account by what is before the @; another domain's namesake
		// must not get in by it.
		local, domain, _ := strings.Cut(p.Username, "@")
		p.Username = local
		if len(s.Domains) > 0 && !s.domain(domain) {
			p.Username = ""
		}
	}
	if p.Name == "" {
		p.Name = p.Username
	}
	_, domain, _ := strings.Cut(strings.ToLower(text("email")), "@")
	verified, _ := claims["email_verified"].(bool)
	p.Welcome = verified && domain != "" && s.domain(domain)
	groups := s.Groups
	if groups == "" {
		groups = "groups"
	}
	list, _ := claims[groups].([]any)
	for _, g := range list {
		name, ok := g.(string)
		p.Welcome = p.Welcome || ok && slices.Contains(s.InGroups, name)
	}
	return p
}

func (s Settings) domain(d string) bool {
	return slices.ContainsFunc(s.Domains, func(x string) bool { return strings.EqualFold(x, d) })
}
