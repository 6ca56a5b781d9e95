package systemtest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"anlan/deploy/stack"
)

func TestDeadDetector_IsUnknownNeverNormalAndSlowsNobody(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief := w.login("zhangwei"), w.login("lina")
	op.ready()
	before := w.busRate(t)
	w.play("dead-detector")
	eventually(t, "comms fault of the dead detector", func() error {
		for _, a := range op.alarms("open") {
			if a.Hazard == "comms" && len(a.Point) > 9 && a.Point[:9] == "f06-smoke" {
				return nil
			}
		}
		return fmt.Errorf("none yet")
	})
	states := w.devices(op)
	if s := states["f06-smoke"]; s.State != "unknown" || s.Quality == "good" {
		t.Errorf("the dead detector reads %+v", s)
	}
	eventually(t, "the other smoke detectors go on", func() error {
		for id, s := range w.devices(op) {
			if id != "f06-smoke" && s.Quality != "good" {
				return fmt.Errorf("%s is %+v", id, s)
			}
		}
		return nil
	})
	// One device of ten is silent; a bus that waited for it would lose far more than its share.
	if during := w.busRate(t); during < 0.8*before {
		t.Errorf("good reads for each of the elevator's: %.2f with a dead detector, %.2f without", during, before)
	}
	w.play("normal")
	eventually(t, "the detector is back", func() error {
		if s := w.devices(op)["f06-smoke"]; s.Quality != "good" {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	chief.allQuiet()
}

// busRate counts the good reads on the RS-485 bus while the elevator's own bus makes 60:
// a rate without a clock.
func (w *world) busRate(t *testing.T) float64 {
	t.Helper()
	good := func() map[string]int {
		var s struct {
			Buses []struct {
				ID            string
				Polls, Failed int
			}
		}
		if err := stack.Call(t.Context(), http.DefaultClient, http.MethodGet, "http://"+w.EdgeAddr.Status+"/api/status", nil, &s); err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for _, b := range s.Buses {
			out[b.ID] = b.Polls - b.Failed
		}
		return out
	}
	from, to := good(), map[string]int{}
	eventually(t, "60 reads of the elevator", func() error {
		if to = good(); to["elevator"]-from["elevator"] < 60 {
			return fmt.Errorf("%v since %v", to, from)
		}
		return nil
	})
	return float64(to["rs485-1"]-from["rs485-1"]) / float64(to["elevator"]-from["elevator"])
}

type deviceView struct{ State, Quality string }

// devices tells each device's state and the worst quality of its points.
func (w *world) devices(p *person) map[string]deviceView {
	w.t.Helper()
	var b struct {
		Devices []struct {
			ID     string `json:"id"`
			State  string `json:"state"`
			Points []struct {
				Quality string `json:"quality"`
			} `json:"points"`
		} `json:"devices"`
	}
	if err := p.get("/api/buildings/b03", &b); err != nil {
		w.t.Fatal(err)
	}
	out := map[string]deviceView{}
	for _, d := range b.Devices {
		v := deviceView{d.State, "good"}
		for _, q := range d.Points {
			if q.Quality != "good" {
				v.Quality = q.Quality
			}
		}
		out[d.ID] = v
	}
	return out
}

func TestEdge_LostIsAnAlarmAndReturns(t *testing.T) {
	t.Parallel()
	w := start(t)
	op, chief := w.login("zhangwei"), w.login("lina")
	op.ready()
	w.Edge.Kill()
	within(t, "edge-lost alarm", 150*time.Second, func() error {
		for _, a := range op.alarms("open") {
			if a.Rule == "edge-lost" && a.Hazard == "comms" {
				return nil
			}
		}
		return fmt.Errorf("none yet")
	})
	for id, d := range w.devices(op) {
		if d.State == "ok" || d.State == "alarm" {
			t.Errorf("%s of a lost edge reads %+v", id, d)
		}
	}
	// A restart of the cloud in the middle of the outage neither forgets nor clears it.
	if err := w.Cloud.Stop(15 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := w.StartCloud(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(op.alarms("open"), "edge-lost"); n != 1 {
		t.Errorf("%d edge-lost alarms after a restart, want 1", n)
	}
	if err := w.StartEdge(t.Context()); err != nil {
		t.Fatal(err)
	}
	op.ready()
	chief.allQuiet()
}

func count(alarms []alarmView, rule string) int {
	n := 0
	for _, a := range alarms {
		if a.Rule == rule {
			n++
		}
	}
	return n
}

func TestPatrol_ATapIsOneCheckIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	op := w.login("zhangwei")
	op.ready()
	w.play("patrol-tap")
	var got struct {
		Items []struct {
			Reader string   `json:"reader"`
			UID    string   `json:"uid"`
			Texts  []string `json:"texts"`
		} `json:"items"`
	}
	eventually(t, "check-in", func() error {
		if err := op.get("/api/checkins", &got); err != nil {
			return err
		}
		if len(got.Items) == 0 {
			return fmt.Errorf("none yet")
		}
		return nil
	})
	if len(got.Items) != 1 || got.Items[0].Reader != "f01-nfc" || got.Items[0].UID != "04A1B2C3D4E5F6" || !slices.Equal(got.Items[0].Texts, []string{"安澜巡检卡"}) {
		t.Errorf("check-ins %+v", got.Items)
	}
}
