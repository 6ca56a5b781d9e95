// Package control is the simulator's control page and API: see the building, start a
// scenario, break a device.
package control

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/scenario"
)

//go:embed page.html
var page []byte

// Uplink is the line between edge and broker.
type Uplink interface {
	Cut(d time.Duration)
	CutUntil() time.Time
}

// NetworkCut is the scenario that the uplink plays.
const NetworkCut = "network-cut"

// New makes the handler. uplink may be nil: then the network can not be cut here.
func New(b *scenario.Building, uplink Uplink) http.Handler {
	c := &control{b: b, uplink: uplink}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // a browser that went away is no error
	})
	mux.HandleFunc("GET /api/state", c.state)
	mux.HandleFunc("GET /api/scenarios", c.scenarios)
	mux.HandleFunc("POST /api/scenarios/{name}", c.play)
	mux.HandleFunc("POST /api/faults/{device}", c.fault)
	return http.NewCrossOriginProtection().Handler(mux)
}

type control struct {
	b      *scenario.Building
	uplink Uplink
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // a client that went away is no error
}

func (c *control) state(w http.ResponseWriter, _ *http.Request) {
	out := struct {
		scenario.View
		Devices  []string   `json:"devices"`
		CutUntil *time.Time `json:"cut_until,omitempty"`
	}{View: c.b.Look(), Devices: c.b.Names()}
	if c.uplink != nil {
		if t := c.uplink.CutUntil(); !t.IsZero() {
			out.CutUntil = &t
		}
	}
	answer(w, http.StatusOK, out)
}

func (c *control) scenarios(w http.ResponseWriter, _ *http.Request) {
	list := scenario.Scenarios()
	if c.uplink != nil {
		list = append(list, scenario.Scenario{Name: NetworkCut, ZH: "断网 30 秒", EN: "Cut the network for 30 s"})
	}
	answer(w, http.StatusOK, list)
}

func (c *control) play(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == NetworkCut && c.uplink != nil {
		seconds := 30
		if s := r.FormValue("seconds"); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > 7*24*3600 {
				answer(w, http.StatusBadRequest, map[string]string{"error": "seconds: want 0 to 604800"})
				return
			}
			seconds = n
		}
		c.uplink.Cut(time.Duration(seconds) * time.Second)
	} else if err := c.b.Play(name, time.Now()); err != nil {
		answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusAccepted, map[string]string{"started": name})
}

func (c *control) fault(w http.ResponseWriter, r *http.Request) {
	var f fault.Fault
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if err := c.b.SetFault(r.PathValue("device"), f); err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, f)
}
