// Package systemtest starts the real binaries and looks at them from outside: through
// the simulator's devices, the cloud's API and a real browser.
package systemtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

func (w *world) sim() stack.SimState {
	w.t.Helper()
	s, err := w.Look(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) play(scenario string) {
	w.t.Helper()
	if err := w.Play(w.t.Context(), scenario); err != nil {
		w.t.Fatal(err)
	}
}

// person is somebody logged in, for the length of a test.
type person struct {
	w *world
	*stack.Person
}

func (w *world) login(user string) *person {
	w.t.Helper()
	p, err := w.Login(w.t.Context(), user)
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{w, p}
}

func (p *person) get(path string, into any) error {
	return p.Get(p.w.t.Context(), path, into)
}

func (p *person) post(path string, body, into any) error {
	return p.Post(p.w.t.Context(), path, body, into)
}

func isStatus(err error, code int) bool {
	s, ok := errors.AsType[stack.StatusError](err)
	return ok && s.Code == code
}
