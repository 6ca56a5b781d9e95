// Package control is the simulator's control page and API: see the lines and their
// devices, start a scenario, break a device.
package control

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"anlan/configs"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/scenario"
	"anlan/firmware-sim/site"
)

//go:embed page.html
var page []byte

//go:embed page.js
var script []byte

// Uplink is the line between edge and broker.
type Uplink interface {
	Cut(d time.Duration)
	CutUntil() time.Time
}

// NetworkCut is the scenario that the uplink plays.
const NetworkCut = "network-cut"

// Options are what is to be controlled.
type Options struct {
	Site      *site.Running
	Building  *scenario.Building // nil: the site has no life of its own
	Uplink    Uplink             // nil: the network can not be cut here
	Scenarios []site.Scenario    // that can be started by name
}

// New makes the handler.
func New(o Options) http.Handler {
	c := &control{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // a browser that went away is no error
	})
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(script)
	})
	mux.HandleFunc("GET /api/state", c.state)
	mux.HandleFunc("GET /api/site", c.look)
	mux.HandleFunc("GET /api/models", models)
	mux.HandleFunc("GET /api/scenarios", c.scenarios)
	mux.HandleFunc("POST /api/scenarios/{name}", c.play)
	mux.HandleFunc("DELETE /api/scenarios/{name}", c.stop)
	mux.HandleFunc("POST /api/scenarios", c.playFile)
	mux.HandleFunc("POST /api/steps", c.step)
	mux.HandleFunc("POST /api/faults/{device}", c.fault)
	return http.NewCrossOriginProtection().Handler(mux)
}

type control struct{ Options }

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // a client that went away is no error
}

// state is the building's own view.
func (c *control) state(w http.ResponseWriter, _ *http.Request) {
	if c.Building == nil {
		refuse(w, http.StatusNotFound, "这里没有模拟楼宇", "no building is simulated here", nil)
		return
	}
	out := struct {
		scenario.View
		Devices  []string   `json:"devices"`
		CutUntil *time.Time `json:"cut_until,omitempty"`
	}{View: c.Building.Look(), Devices: c.Building.Names()}
	if c.Uplink != nil {
		if t := c.Uplink.CutUntil(); !t.IsZero() {
			out.CutUntil = &t
		}
	}
	answer(w, http.StatusOK, out)
}

func (c *control) look(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, struct {
		site.View
		Building bool `json:"building"`
	}{c.Site.Look(), c.Building != nil})
}

// models names the models in both languages.
func models(w http.ResponseWriter, _ *http.Request) {
	type model struct {
		Name string `json:"name"`
		ZH   string `json:"zh"`
		EN   string `json:"en"`
	}
	out := []model{{"registers", "寄存器表", "register map"}}
	for _, k := range device.Catalog() {
		out = append(out, model{k.Name, k.ZH, k.EN})
	}
	answer(w, http.StatusOK, out)
}

// listed is one scenario that can be started by name.
type listed struct {
	Name string `json:"name"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	Why  string `json:"why,omitempty"` // it can not be played on this site
}

func (c *control) scenarios(w http.ResponseWriter, _ *http.Request) {
	var list []listed
	if c.Building != nil {
		for _, s := range scenario.Scenarios() {
			list = append(list, listed{Name: s.Name, ZH: s.ZH, EN: s.EN})
		}
	}
	if c.Uplink != nil {
		list = append(list, listed{Name: NetworkCut, ZH: "断网 30 秒", EN: "Cut the network for 30 s"})
	}
	for _, s := range c.Scenarios {
		l := listed{Name: s.Name, ZH: s.ZH, EN: s.EN}
		if err := c.Site.Can(s); err != nil {
			l.Why = err.Error()
		}
		list = append(list, l)
	}
	answer(w, http.StatusOK, list)
}

func (c *control) play(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == NetworkCut && c.Uplink != nil {
		seconds := 30
		if s := r.FormValue("seconds"); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > 7*24*3600 {
				refuse(w, http.StatusBadRequest, "seconds 应为 0 到 604800", "seconds: want 0 to 604800", nil)
				return
			}
			seconds = n
		}
		c.Uplink.Cut(time.Duration(seconds) * time.Second)
		started(w, name)
		return
	}
	for _, s := range c.Scenarios {
		if s.Name == name {
			c.start(w, s)
			return
		}
	}
	if c.Building == nil {
		refuse(w, http.StatusNotFound, "没有这个场景", "no scenario "+strconv.Quote(name), nil)
		return
	}
	if err := c.Building.Play(name, time.Now()); err != nil {
		refuse(w, http.StatusNotFound, "没有这个场景", err.Error(), err)
		return
	}
	if name == scenario.Normal {
		for _, p := range c.Site.Look().Playing {
			c.Site.Stop(p.Name)
		}
		if err := c.Site.Do(site.Step{Clear: true}); err != nil {
			refuse(w, http.StatusUnprocessableEntity, "未能全部恢复", "not everything could be cleared", err)
			return
		}
	}
	started(w, name)
}

func started(w http.ResponseWriter, name string) {
	answer(w, http.StatusAccepted, map[string]string{"started": name})
}

func (c *control) start(w http.ResponseWriter, s site.Scenario) {
	if err := c.Site.Play(s); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "此场景不能在这里运行", "the scenario can not be played here", err)
		return
	}
	started(w, s.Name)
}

func (c *control) stop(w http.ResponseWriter, r *http.Request) {
	if !c.Site.Stop(r.PathValue("name")) {
		refuse(w, http.StatusNotFound, "没有正在运行的这个场景", "no such scenario is playing", nil)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

const maxBody = 1 << 18

func body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "请求体过大或中断", "body too large or cut off", err)
	}
	return raw, err == nil
}

// playFile starts the scenario in the body, which is YAML.
func (c *control) playFile(w http.ResponseWriter, r *http.Request) {
	raw, ok := body(w, r)
	if !ok {
		return
	}
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "posted.yaml"
	}
	s, err := site.ParseScenario(name, raw)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "场景文件有误", "the scenario has mistakes", err)
		return
	}
	c.start(w, s)
}

// step carries out one step; the body is YAML, or JSON, which is YAML too.
func (c *control) step(w http.ResponseWriter, r *http.Request) {
	raw, ok := body(w, r)
	if !ok {
		return
	}
	s, err := site.ParseStep(raw)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "指令有误", "the step has mistakes", err)
		return
	}
	if err := c.Site.Do(s); err != nil {
		status := http.StatusUnprocessableEntity
		if errors.Is(err, site.ErrNoTarget) {
			status = http.StatusNotFound
		}
		refuse(w, status, "不能执行", "the step can not be done", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// fault takes the short form of a fault and puts it in place of those there were.
func (c *control) fault(w http.ResponseWriter, r *http.Request) {
	var f fault.Fault
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		refuse(w, http.StatusBadRequest, "故障格式有误", "the fault has mistakes", err)
		return
	}
	name := r.PathValue("device")
	err := f.Check()
	if err == nil && c.Building != nil {
		err = c.Building.SetFault(name, f)
	} else if err == nil {
		err = c.Site.Fault(name, f.Orders()...)
	}
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "不能设置此故障", "the fault can not be set", err)
		return
	}
	answer(w, http.StatusOK, f)
}

// mistake is one of [configs.Problems] over HTTP.
type mistake struct {
	Line  int    `json:"line,omitempty"`
	Path  string `json:"path,omitempty"`
	Found string `json:"found"`
	Want  string `json:"want,omitempty"`
}

// refuse answers with a problem (RFC 9457).
func refuse(w http.ResponseWriter, status int, zh, en string, err error) {
	p := struct {
		Type    string    `json:"type"`
		Title   string    `json:"title"`
		TitleZH string    `json:"title_zh"`
		Status  int       `json:"status"`
		Detail  string    `json:"detail,omitempty"`
		Errors  []mistake `json:"errors,omitempty"`
	}{Type: "about:blank", Title: en, TitleZH: zh, Status: status}
	if err != nil {
		p.Detail = err.Error()
	}
	if list, ok := errors.AsType[configs.Problems](err); ok {
		for _, m := range list {
			p.Errors = append(p.Errors, mistake{m.Line, m.Path, m.Found, m.Want})
		}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // a client that went away is no error
}
