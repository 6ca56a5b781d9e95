package systemtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestNight_InARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("zhangwei").ready()
	w.browse("browser/night.mjs")
}

func TestDesk_InARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("zhangwei").ready()
	w.browse("browser/desk.mjs")
}

func TestWatch_InARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("zhangwei").ready()
	w.browse("browser/watch.mjs")
}

func TestC10_TwoSeatsInRealBrowsers(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("zhangwei").ready()
	w.browse("browser/seats.mjs")
}

// browse runs a browser script against this world; it may stop and start the cloud.
func (w *world) browse(script string) {
	w.t.Helper()
	harness := httptest.NewServer(w.harness())
	defer harness.Close()
	raw, err := json.Marshal(map[string]any{
		"console": "http://" + w.CloudAddr.HTTP, "sim": "http://" + w.SimAddr.HTTP, "harness": harness.URL, "passwords": w.Passwords(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(w.t.Context(), "node", script)
	cmd.Env = append(os.Environ(), "ANLAN_BROWSER="+string(raw))
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func (w *world) harness() http.Handler {
	mux := http.NewServeMux()
	act := func(f func() error) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if err := f(); err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	mux.HandleFunc("POST /stop-cloud", act(func() error { return w.Cloud.Stop(15 * time.Second) }))
	mux.HandleFunc("POST /start-cloud", act(func() error { return w.StartCloud(w.t.Context()) }))
	mux.HandleFunc("POST /stop-edge", act(func() error { return w.Edge.Stop(15 * time.Second) }))
	mux.HandleFunc("POST /start-edge", act(func() error { return w.StartEdge(w.t.Context()) }))
	mux.HandleFunc("POST /person", func(rw http.ResponseWriter, r *http.Request) {
		if err := w.AddPerson(w.t.Context(), r.FormValue("user"), r.FormValue("name"), r.FormValue("role")); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(rw, w.Passwords()[r.FormValue("user")])
	})
	return mux
}
