package control

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/scenario"
	"anlan/firmware-sim/scenarios"
	"anlan/firmware-sim/site"
)

type cutter struct{ until time.Time }

func (c *cutter) Cut(d time.Duration) { c.until = time.Now().Add(d) }
func (c *cutter) CutUntil() time.Time { return c.until }

// serve controls a site of one port; with a building, its elevator.
func serve(t *testing.T, b *scenario.Building) (*httptest.Server, *site.Running) {
	t.Helper()
	u := site.Unit{Name: "gas-1", Model: "evikon-e2638"}
	if b != nil {
		e := b.ElevatorUnit()
		u = site.Unit{Name: e.Name, Model: e.Model, Device: &device.Unit{Memory: e.Memory, Fault: e.Fault, Lock: e.Lock}}
	}
	r, err := site.Start(t.Context(), site.Config{Lines: []site.Line{{Name: "port", TCP: &site.TCP{Listen: "127.0.0.1:0"}, Units: []site.Unit{u}}},
		Readers: []site.Reader{{Name: "id-1", Kind: "rdm6300", Link: "tty-id"}}, Panels: []site.Panel{{Name: "panel-crt", Kind: "gst500-crt", Link: "tty-crt"}}}, site.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(New(Options{Site: r, Building: b, Uplink: &cutter{}, Scenarios: shipped}))
	t.Cleanup(func() {
		srv.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv, r
}

func call(t *testing.T, method, url, body string) (int, string, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(raw)
}

func TestControl_Answers(t *testing.T) {
	srv, _ := serve(t, nil)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/", "", 200, "安澜"},
		{"GET", "/api/site", "", 200, `"name":"gas-1"`},
		{"GET", "/api/state", "", 404, "problem"},
		{"GET", "/api/scenarios", "", 200, `"name":"noisy-line"`},
		{"POST", "/api/scenarios/noisy-line", "", 202, "started"},
		{"POST", "/api/scenarios/adapter-pulled", "", 422, "nothing is called so"},
		{"POST", "/api/scenarios/nothing", "", 404, "没有这个场景"},
		{"POST", "/api/scenarios/network-cut?seconds=-1", "", 400, "seconds"},
		{"POST", "/api/scenarios/network-cut?seconds=1", "", 202, "started"},
		{"POST", "/api/scenarios?name=mine.yaml", "zh: 我\nen: mine\nloop: {every: 1h}\nsteps:\n  - {unit: gas-1, set: {concentration: 20}}\n", 202, "mine"},
		{"DELETE", "/api/scenarios/mine", "", 204, ""},
		{"DELETE", "/api/scenarios/other", "", 404, ""},
		{"POST", "/api/scenarios", "steps: 1\nstep: 2\n", 422, `"line":2`},
		{"POST", "/api/steps", `{"unit":"gas-1","fault":{"kind":"late","by":"300ms","chance":0.01}}`, 204, ""},
		{"POST", "/api/steps", `{"unit":"gas-1","fault":{"kind":"late","bye":"300ms"}}`, 422, `"path":"fault.bye"`},
		{"POST", "/api/steps", `{"unit":"gas-9","clear":true}`, 404, "gas-9"},
		{"POST", "/api/steps", `{"unit":"gas-1","set":{"concentration":999}}`, 422, "-10 to 110"},
		{"POST", "/api/steps", `{"panel":"panel-crt","event":{"node":"012034","is":"fire"}}`, 204, ""},
		{"POST", "/api/steps", `{"panel":"panel-crt","event":{"node":"12-034","is":"fire"}}`, 422, "six digits"},
		{"POST", "/api/steps", `{"panel":"panel-crt","event":{"node":"012034","is":"smoke"}}`, 422, `"path":"event"`},
		{"POST", "/api/steps", `{"panel":"panel-crt","fault":{"kind":"silent","for":"30s"}}`, 204, ""},
		{"POST", "/api/steps", `{"reader":"id-1","card":"62E3086CED","for":"1s"}`, 204, ""},
		{"POST", "/api/steps", `{"reader":"id-1","card":"04A1B2C3D4E5F6","for":"1s"}`, 422, "rdm6300"},
		{"POST", "/api/scenarios/panel-silent", "", 202, "started"},
		{"GET", "/api/site", "", 200, `"panels":[{"name":"panel-crt","kind":"gst500-crt"`},
		{"POST", "/api/faults/gas-1", `{"silent":true}`, 200, "silent"},
		{"POST", "/api/faults/gas-1", `{"corrupt":2}`, 422, "share"},
		{"POST", "/api/faults/gas-1", `{"loud":true}`, 400, "loud"},
		{"POST", "/api/faults/gas-9", `{}`, 422, "gas-9"},
	} {
		status, kind, body := call(t, c.method, srv.URL+c.path, c.body)
		if status != c.status || !strings.Contains(body+kind, c.says) {
			t.Errorf("%s %s %s: %d %s, want %d and %q", c.method, c.path, c.body, status, body, c.status, c.says)
		}
		if status >= 400 && kind != "application/problem+json" {
			t.Errorf("%s %s: %s", c.method, c.path, kind)
		}
	}
}

func TestControl_BuildingAndSiteTogether(t *testing.T) {
	b := scenario.NewBuilding(time.Now(), 1)
	srv, r := serve(t, b)
	if status, _, body := call(t, "POST", srv.URL+"/api/steps", `{"unit":"elevator-1","fault":{"kind":"silent"}}`); status != 204 {
		t.Fatal(body)
	}
	if status, _, body := call(t, "POST", srv.URL+"/api/faults/elevator-1", `{"late":1000000}`); status != 200 {
		t.Fatal(body)
	}
	var state struct {
		Faults map[string]any
		Coils  [8]bool
	}
	_, _, body := call(t, "GET", srv.URL+"/api/state", "")
	if err := json.Unmarshal([]byte(body), &state); err != nil || len(state.Faults) != 1 {
		t.Errorf("%v in %s", err, body)
	}
	u := r.Look().Lines[0].Units[0]
	if len(u.Faults) != 1 || u.Base == nil || u.Base.Late != time.Millisecond {
		t.Errorf("%+v", u)
	}
	if status, _, body := call(t, "POST", srv.URL+"/api/scenarios/normal", ""); status != 202 {
		t.Error(body)
	}
	if n := len(r.Look().Lines[0].Units[0].Faults); n != 0 {
		t.Errorf("%d orders after normal", n)
	}
}

func TestControl_RefusesOtherOrigins(t *testing.T) {
	srv, _ := serve(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/api/steps", strings.NewReader("clear: true"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://elsewhere.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", resp.StatusCode)
	}
}
