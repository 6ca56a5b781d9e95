package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// StatusError is an answer that is not 2xx.
type StatusError struct {
	Code int
	Body string
}

func (e StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Code, e.Body) }

// Call sends body as JSON, if there is one, and decodes the answer into into, if wanted.
func Call(ctx context.Context, c *http.Client, method, url string, body, into any) error {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, req.URL.Path, StatusError{resp.StatusCode, string(raw)})
	}
	if into == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// Passwords are those the cloud generated at its first start, by user name, or what
// [Stack.Login] made of them.
func (s *Stack) Passwords() map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(s.FirstLogin() + "\n" + s.ownPasswords()) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) >= 2 {
			found[f[0]] = f[1]
		}
	}
	return found
}

// ownPasswords are those that replaced generated ones, as lines of name and password.
func (s *Stack) ownPasswords() string {
	b, err := os.ReadFile(s.path("own-passwords.txt"))
	if err != nil {
		return ""
	}
	return string(b)
}

// Person is somebody logged in at the cloud.
type Person struct {
	stack *Stack
	http  *http.Client
}

// Login signs a person in; a generated password that has to be changed is changed first.
func (s *Stack) Login(ctx context.Context, user string) (*Person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &Person{s, &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	password := s.Passwords()[user]
	var me struct {
		MustChange bool `json:"must_change_password"`
	}
	if err := p.Post(ctx, "/api/session", map[string]string{"username": user, "password": password}, &me); err != nil || !me.MustChange {
		return p, err
	}
	own := password + "-own"
	if err := p.Post(ctx, "/api/me/password", map[string]string{"old": password, "new": own}, nil); err != nil {
		return p, err
	}
	return p, s.keepPassword(user, own)
}

// AddPerson makes an account at the cloud's own console, with a password that is already
// changed: it can log in.
func (s *Stack) AddPerson(ctx context.Context, user, name, role string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(s.Bin, "anlan-cloud"), "user", "add", "-data", s.path("cloud"), "-user", user, "-name", name, "-role", role).Output()
	if err != nil {
		return fmt.Errorf("stack: add %s: %w", user, err)
	}
	f := strings.Fields(string(out))
	if len(f) < 2 {
		return fmt.Errorf("stack: add %s: no password in %q", user, out)
	}
	if err := s.keepPassword(user, f[1]); err != nil {
		return err
	}
	_, err = s.Login(ctx, user)
	return err
}

// keepPassword remembers whom a password belongs to.
func (s *Stack) keepPassword(user, password string) error {
	return os.WriteFile(s.path("own-passwords.txt"), []byte(s.ownPasswords()+user+"\t"+password+"\n"), 0o600)
}

// Get reads a path of the cloud's API.
func (p *Person) Get(ctx context.Context, path string, into any) error {
	return Call(ctx, p.http, http.MethodGet, "http://"+p.stack.CloudAddr.HTTP+path, nil, into)
}

// Post sends body to a path of the cloud's API; nil is an empty object.
func (p *Person) Post(ctx context.Context, path string, body, into any) error {
	if body == nil {
		body = struct{}{}
	}
	return Call(ctx, p.http, http.MethodPost, "http://"+p.stack.CloudAddr.HTTP+path, body, into)
}

// Stream opens an event stream and hands its body to read until ctx ends or read does.
func (p *Person) Stream(ctx context.Context, path string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.stack.CloudAddr.HTTP+path, nil)
	if err != nil {
		return err
	}
	endless := &http.Client{Jar: p.http.Jar}
	resp, err := endless.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %w", path, StatusError{resp.StatusCode, ""})
	}
	return read(resp.Body)
}

// SimState is what the simulated devices look like.
type SimState struct {
	Coils  [8]bool `json:"coils"`
	Inputs [8]bool `json:"inputs"`
	Writes []struct {
		At   time.Time `json:"at"`
		Coil int       `json:"coil"`
		On   bool      `json:"on"`
	} `json:"writes"`
	Smoke map[string]struct {
		Smoke bool `json:"smoke"`
		Alarm bool `json:"alarm"`
	} `json:"smoke"`
}

// Look asks the simulator for the state of its devices.
func (s *Stack) Look(ctx context.Context) (state SimState, err error) {
	return state, Call(ctx, http.DefaultClient, http.MethodGet, "http://"+s.SimAddr.HTTP+"/api/state", nil, &state)
}

// Play starts a scenario at the simulator; the name may carry a query.
func (s *Stack) Play(ctx context.Context, scenario string) error {
	return Call(ctx, http.DefaultClient, http.MethodPost, "http://"+s.SimAddr.HTTP+"/api/scenarios/"+scenario, nil, nil)
}

// At is the same session at another stack, as after a restart on other ports.
func (p *Person) At(s *Stack) *Person { return &Person{s, p.http} }

// Metrics reads the cloud's metrics as text.
func (s *Stack) Metrics(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.CloudAddr.HTTP+"/metrics", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return string(raw), err
}
