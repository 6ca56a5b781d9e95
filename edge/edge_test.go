package edge

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"anlan/configs"
	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

// site loads the shipped example with its variables pointing into a test's folder.
func site(t *testing.T, dir, broker string) (*config.Config, []alarm.Def) {
	t.Helper()
	for k, v := range map[string]string{"ANLAN_EDGE_DATA": filepath.Join(dir, "data"), "ANLAN_BROKER": broker,
		"ANLAN_EDGE_STATUS": "127.0.0.1:0", "ANLAN_SIM_DIR": dir, "ANLAN_SIM_ELEVATOR": "127.0.0.1:1", "ANLAN_SIM_PANEL": "127.0.0.1:2"} {
		t.Setenv(k, v)
	}
	cfg, defs, ps := Load("../configs/examples/building-3/edge.yaml")
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	return cfg, defs
}

// runEdge starts an edge in the world and returns how to stop it.
func runEdge(t *testing.T, cfg *config.Config, defs []alarm.Def, w *world) (e *Edge, stop func()) {
	t.Helper()
	var out io.Writer = io.Discard
	if testing.Verbose() {
		out = t.Output()
	}
	e, err := New(cfg, defs, Deps{Logger: slog.New(slog.NewTextHandler(out, nil)), Openers: w.openers()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(stop)
	return e, stop
}

// building plays the devices' own behaviour: the valve's limit switch, and a smoke
// detector that drops its latch when it is reset.
func building(w *world, p contract.PointID, v float64) {
	switch {
	case p == "relays-1.relay2" && v == 1:
		w.values["relays-1.input1"] = 1
	case p.Name() == "reset":
		w.values[contract.NewPointID(p.Device(), "smoke")] = 0
	}
}

func normal(w *world) {
	for _, d := range []contract.DeviceID{"f01-smoke-lobby", "f03-smoke", "f06-smoke", "f09-smoke", "f12-smoke-east", "f12-smoke-west"} {
		w.values[contract.NewPointID(d, "mounted")] = 1
	}
	w.values["relays-1.input2"] = 1
}

func TestEdge_FireThenGas(t *testing.T) {
	dir := t.TempDir()
	c := newCloud(t)
	cfg, defs := site(t, dir, c.addr)
	c.office.enrol(cfg)
	w := newWorld()
	w.onWrite = building
	normal(w)
	_, stop := runEdge(t, cfg, defs, w)
	c.until("boot", func() bool { return len(c.seen) > 0 && c.seen[0].Kind == contract.KindBoot })

	w.set(map[contract.PointID]float64{"f12-smoke-east.smoke": 1})
	c.untilCondition("f12-smoke-east.smoke", "smoke", contract.Active, contract.Critical, false)
	c.untilAction("siren-main", "on", contract.Confirmed)
	if slices.ContainsFunc(w.written(), func(x write) bool { return x.Point == "relays-1.relay5" }) {
		t.Error("one detector alone recalled the lifts")
	}
	w.set(map[contract.PointID]float64{"f12-smoke-west.smoke": 1})
	c.untilAction("elevator-recall", "recall", contract.Confirmed)

	w.set(map[contract.PointID]float64{"f03-gas-302.concentration": 35})
	c.untilCondition("f03-gas-302.concentration", "gas", contract.Active, contract.Critical, false)
	c.untilAction("siren-03", "on", contract.Refused)
	c.untilAction("gas-valve-03", "close", contract.Confirmed)
	c.send(cfg.Edge.ID, contract.LeafCommand, contract.Command{V: 1, ID: "c-fan", Verb: contract.VerbDrive, Output: "fan-03", Value: "on", By: "t", Expires: time.Now().Add(time.Minute)})
	if r := c.result("c-fan"); r.OK || r.Why != "refused" {
		t.Errorf("fan in gas: %+v", r)
	}
	for _, x := range w.written() {
		if x.Point == "relays-1.relay3" || x.Point == "relays-1.relay4" {
			t.Errorf("forbidden write %+v", x)
		}
	}
	resets(t, c, cfg.Edge.ID, w)
	w.taps <- []byte{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}
	c.until("check-in", func() bool {
		k := payloads[contract.CheckIn](c, contract.KindCheckIn)
		return len(k) == 1 && k[0].UID == "04A1B2C3D4E5F6" && k[0].Reader == "f01-nfc" && k[0].Place.Floor == 1 && slices.Equal(k[0].Texts, []string{"巡检点-07"})
	})
	c.until("samples", func() bool { return c.samples > 40 })
	stop()
	for i, r := range c.seen {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has seq %d", i+1, r.Seq)
		}
	}
}

func resets(t *testing.T, c *cloud, id contract.EdgeID, w *world) {
	t.Helper()
	for _, d := range []contract.DeviceID{"f12-smoke-east", "f12-smoke-west"} {
		c.send(id, contract.LeafCommand, contract.Command{V: 1, ID: "reset-" + string(d), Verb: contract.VerbReset, Rule: "smoke",
			Point: contract.NewPointID(d, "smoke"), By: "t", Expires: time.Now().Add(time.Minute)})
		if r := c.result("reset-" + string(d)); !r.OK {
			t.Errorf("reset %s: %+v", d, r)
		}
	}
	c.untilCondition("f12-smoke-east.smoke", "smoke", contract.Normal, 0, false)
	c.untilAction("siren-main", "off", contract.Confirmed)
	c.send(id, contract.LeafCommand, contract.Command{V: 1, ID: "late", Verb: contract.VerbReset, Rule: "gas", Point: "f03-gas-302.concentration", Expires: time.Now().Add(-time.Second)})
	if r := c.result("late"); r.Why != "expired" {
		t.Errorf("late command: %+v", r)
	}
	for range 2 {
		c.send(id, contract.LeafCommand, contract.Command{V: 1, ID: "early", Verb: contract.VerbReset, Rule: "gas", Point: "f03-gas-302.concentration", Expires: time.Now().Add(time.Minute)})
	}
	if r := c.result("early"); r.Why != "cause_present" {
		t.Errorf("reset while gas is there: %+v", r)
	}
}

func TestEdge_AlarmsSurviveOutageAndRestart(t *testing.T) {
	dir := t.TempDir()
	c := newCloud(t)
	c.deaf = true
	cfg, defs := site(t, dir, c.addr)
	c.office.enrol(cfg)
	w := newWorld()
	w.onWrite = building
	normal(w)
	w.set(map[contract.PointID]float64{"f03-smoke.smoke": 1})
	e, stop := runEdge(t, cfg, defs, w)
	c.until("siren by itself", func() bool {
		return slices.Contains(w.written(), write{"relays-1.relay1", 1})
	})
	if d := e.spool.Depth(contract.StreamAlarm); d.Pending == 0 {
		t.Error("nothing waits in the spool")
	}
	stop()
	c.mu.Lock()
	c.deaf = false
	c.mu.Unlock()
	_, stop = runEdge(t, cfg, defs, w)
	c.untilCondition("f03-smoke.smoke", "smoke", contract.Active, contract.Critical, false)
	c.until("second boot", func() bool { return len(payloads[contract.Boot](c, contract.KindBoot)) == 2 })
	c.until("siren asked for again", func() bool {
		n := 0
		for _, x := range w.written() {
			if x == (write{"relays-1.relay1", 1}) {
				n++
			}
		}
		return n >= 2
	})
	stop()
	n := 0
	for _, ch := range payloads[contract.ConditionChange](c, contract.KindCondition) {
		if ch.Rule == "smoke" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the fire was announced %d times, want once", n)
	}
}

func TestEdge_UnconfirmedValveAndDeadDetector(t *testing.T) {
	dir := t.TempDir()
	c := newCloud(t)
	cfg, defs := site(t, dir, c.addr)
	c.office.enrol(cfg)
	for i := range cfg.Outputs {
		if f := cfg.Outputs[i].Feedback; f != nil {
			f.Within = 200 * time.Millisecond
			cfg.Outputs[i].Pulse = 0
		}
	}
	w := newWorld() // no limit switch moves here
	normal(w)
	w.silent["f06-smoke"] = true
	w.values["f03-gas-shaft.concentration"] = 30
	e, _ := runEdge(t, cfg, defs, w)
	c.untilAction("gas-valve-03", "close", contract.NotConfirmed)
	c.untilCondition("gas-valve-03.link", "linkage-not-confirmed", contract.Active, contract.Critical, false)
	c.untilCondition("f06-smoke.smoke", "smoke", contract.Unknown, 0, false)
	c.untilCondition("f06-smoke.link", "device-offline", contract.Active, contract.Major, false)
	statusPages(t, e)
}

func statusPages(t *testing.T, e *Edge) {
	t.Helper()
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/metrics": 200, "/api/status": 200, "/nothing": 404} {
		resp, err := http.Get("http://" + e.StatusAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
		if path == "/api/status" {
			var s Snapshot
			if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
				t.Error(err)
			}
			if len(s.Buses) != 4 || len(s.Alarms) == 0 || len(s.Points) == 0 || len(s.Outputs) != 5 || !s.Uplink.Connected {
				t.Errorf("status: %d buses, %d alarms, %d points, %d outputs, %+v", len(s.Buses), len(s.Alarms), len(s.Points), len(s.Outputs), s.Uplink)
			}
		}
		resp.Body.Close()
	}
}

func TestRules_ShippedFilesPassTheirTests(t *testing.T) {
	sub, err := configs.Files.ReadDir("rules")
	if err != nil || len(sub) == 0 {
		t.Fatal("no shipped rules", err)
	}
	tests, failures := TestRules(os.DirFS("../configs/rules"))
	if tests < 15 {
		t.Errorf("%d tests", tests)
	}
	for _, f := range failures {
		t.Error(f)
	}
}
