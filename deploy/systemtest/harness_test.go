// Package systemtest starts the real binaries and looks at them from outside: through
// the simulator's devices, the cloud's API and a real browser.
package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/deploy/stack"
)

const exampleConfig = "../../configs/examples/building-3/edge.yaml"

// binFolder is where the binaries under test are: ANLAN_BIN, or built here.
var binFolder string

func TestMain(m *testing.M) {
	code, err := withBinaries(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withBinaries(m *testing.M) (code int, err error) {
	if binFolder = os.Getenv("ANLAN_BIN"); binFolder == "" {
		if binFolder, err = os.MkdirTemp("", "anlan-bin"); err != nil {
			return 1, err
		}
		defer os.RemoveAll(binFolder)
		build := exec.Command("go", "build", "-o", binFolder+"/", "./edge/cmd/anlan-edge", "./cloud/cmd/anlan-cloud", "./firmware-sim/cmd/anlan-sim")
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	return m.Run(), nil
}

// world is one running system and a client of each of its ends.
type world struct {
	*stack.Stack
	t *testing.T
}

// start starts a fresh system that ends with the test; logs are printed if it failed.
func start(t *testing.T) *world {
	t.Helper()
	return startIn(t, t.TempDir())
}

func startIn(t *testing.T, dir string) *world {
	t.Helper()
	config, err := filepath.Abs(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(t.Context(), stack.Loopback(binFolder, dir, config))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{s, t}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			for _, p := range []*stack.Process{s.Cloud, s.Edge, s.Sim} {
				t.Logf("--- %s\n%s", p.Name, p.Tail())
			}
		}
	})
	return w
}

// eventually waits until check is happy; the deadline is generous and only decides
// when to give up.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	within(t, what, 60*time.Second, check)
}

func within(t *testing.T, what string, limit time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: gave up: %v", what, err)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// sim is what the simulated devices look like now.
type simState struct {
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
	GasLEL map[string]float64 `json:"gas_lel"`
}

func (w *world) sim() simState {
	w.t.Helper()
	var s simState
	if err := call(w.t.Context(), http.DefaultClient, http.MethodGet, "http://"+w.SimAddr.HTTP+"/api/state", nil, &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) play(scenario string) {
	w.t.Helper()
	if err := call(w.t.Context(), http.DefaultClient, http.MethodPost, "http://"+w.SimAddr.HTTP+"/api/scenarios/"+scenario, nil, nil); err != nil {
		w.t.Fatal(err)
	}
}

// person is somebody logged in.
type person struct {
	w    *world
	http *http.Client
}

// password finds a generated password in the first-login file.
func (w *world) password(user string) string {
	w.t.Helper()
	for line := range strings.Lines(w.FirstLogin()) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) >= 2 && f[0] == user {
			return f[1]
		}
	}
	w.t.Fatalf("no %s in first-login.txt:\n%s", user, w.FirstLogin())
	return ""
}

func (w *world) login(user string) *person {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &person{w, &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	if err := p.post("/api/session", map[string]string{"username": user, "password": w.password(user)}, nil); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (p *person) get(path string, into any) error {
	return call(p.w.t.Context(), p.http, http.MethodGet, "http://"+p.w.CloudAddr.HTTP+path, nil, into)
}

func (p *person) post(path string, body, into any) error {
	if body == nil {
		body = struct{}{}
	}
	return call(p.w.t.Context(), p.http, http.MethodPost, "http://"+p.w.CloudAddr.HTTP+path, body, into)
}

// statusError is an answer that is not 2xx.
type statusError struct {
	Code int
	Body string
}

func (e statusError) Error() string { return fmt.Sprintf("status %d: %s", e.Code, e.Body) }

func call(ctx context.Context, c *http.Client, method, url string, body, into any) error {
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
		return statusError{resp.StatusCode, string(raw)}
	}
	if into == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func isStatus(err error, code int) bool {
	s, ok := errors.AsType[statusError](err)
	return ok && s.Code == code
}
