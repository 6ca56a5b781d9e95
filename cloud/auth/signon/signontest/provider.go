// Package signontest is a small OpenID Connect provider on a loopback socket, for tests
// of those who sign people in by one.
package signontest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"anlan/cloud/auth/signon"
	"anlan/contract"
)

// Client is the one client the provider knows.
const Client, Secret = "anlan", "its-secret"

// Provider is a running provider. Set its fields before the browser comes.
type Provider struct {
	URL    string
	Claims map[string]any                    // of the person who signs in
	Spoil  func(head, claims map[string]any) // changes the token before it is signed
	Sign   func(signed string) []byte        // signs instead of the provider's key
	Now    func() time.Time

	t    testing.TB
	key  *rsa.PrivateKey
	mu   sync.Mutex
	open map[string]url.Values // by code; a code works once
}

// New starts a provider that stops with the test.
func New(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, key: key, open: map[string]url.Values{}, Now: now,
		Claims: map[string]any{"sub": "s-1", "preferred_username": "zhaomin", "name": "赵敏", "email": "zhaomin@example.com", "email_verified": true}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, http.StatusOK, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		n := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
		e := base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
		p.answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": n, "e": e}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p.URL = srv.URL
	return p
}

// Settings are those of a server at base that trusts the provider.
func (p *Provider) Settings(base string) signon.Settings {
	p.t.Setenv("ANLAN_OIDC_TEST", Secret)
	return signon.Settings{Enabled: true, Name: contract.Text{ZH: "统一登录", EN: "Company"}, Issuer: p.URL, ClientID: Client, Secret: "env:ANLAN_OIDC_TEST", BaseURL: base, Loopback: true}
}

// authorize agrees at once and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("state") == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.open[code] = q
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	asked, ok := p.open[r.PostForm.Get("code")]
	delete(p.open, r.PostForm.Get("code"))
	p.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !ok || id != Client || secret != Secret || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.PostForm.Get("redirect_uri") != asked.Get("redirect_uri") {
		p.answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	p.answer(w, http.StatusOK, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": p.idToken(asked.Get("nonce"))})
}

func (p *Provider) idToken(nonce string) string {
	now := p.Now()
	head := map[string]any{"alg": "RS256", "kid": "k1"}
	claims := map[string]any{"iss": p.URL, "aud": Client, "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "nonce": nonce}
	maps.Copy(claims, p.Claims)
	if p.Spoil != nil {
		p.Spoil(head, claims)
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			p.t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(head) + "." + part(claims)
	sign := p.Sign
	if sign == nil {
		sign = func(s string) []byte {
			sum := sha256.Sum256([]byte(s))
			sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
			if err != nil {
				p.t.Error(err)
			}
			return sig
		}
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sign(signed))
}

func (p *Provider) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}
