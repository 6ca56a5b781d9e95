package systemtest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/contract"
	"anlan/deploy/stack"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// knock tries to come in at the broker under a name; the client is nil if it was refused.
func (w *world) knock(name string, show *tls.Config) mqtt.Client {
	w.t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("ssl://" + w.CloudAddr.MQTT).SetClientID(name).SetUsername(name).SetTLSConfig(show).
		SetAutoReconnect(false).SetConnectTimeout(20 * time.Second).SetProtocolVersion(4))
	tok := c.Connect()
	if !tok.WaitTimeout(30 * time.Second) {
		w.t.Fatal("connect hangs")
	}
	if tok.Error() != nil {
		return nil
	}
	w.t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func (p *person) edgeState(id string) (state string) {
	p.w.t.Helper()
	var f struct {
		Edges []struct{ ID, State string }
	}
	if err := p.get("/api/fleet", &f); err != nil {
		p.w.t.Fatal(err)
	}
	for _, e := range f.Edges {
		if e.ID == id {
			return e.State
		}
	}
	return ""
}

// TestO2_AnEdgesIdentityIsItsOwnCanBeTakenBackAndGivenAnew goes the whole way with the
// real binaries: a stolen certificate of one edge is worth nothing under another's
// name; a revoked edge is cut off at once and keeps its alarms; a new token brings it
// back, and the alarm of the meantime arrives.
func TestO2_AnEdgesIdentityIsItsOwnCanBeTakenBackAndGivenAnew(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.login("admin")
	admin.ready()
	stolen, err := stack.EdgeTLS(t.Context(), w.Bin, filepath.Join(w.Dir, "cloud"), "edge-x")
	if err != nil {
		t.Fatal(err)
	}
	if w.knock(stack.EdgeID, stolen) != nil {
		t.Error("edge-x's certificate came in as " + stack.EdgeID)
	}
	bare := stolen.Clone()
	bare.Certificates = nil
	if w.knock("edge-x", bare) != nil {
		t.Error("someone without a certificate came in")
	}
	thief := w.knock("edge-x", stolen)
	if thief == nil {
		t.Fatal("edge-x is refused under its own name")
	}
	tok := thief.Publish(contract.Topic(stack.EdgeID, contract.LeafAlarm), 1, false, "forged")
	if tok.WaitTimeout(20*time.Second) && tok.Error() == nil && thief.IsConnectionOpen() {
		eventually(t, "the forger is shown out", func() error {
			if thief.IsConnectionOpen() {
				return fmt.Errorf("still connected")
			}
			return nil
		})
	}

	if err := admin.post("/api/edges/"+stack.EdgeID+"/revoke", map[string]string{"reason": "网关被盗"}, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the revoked edge is cut off", func() error {
		if s := admin.edgeState(stack.EdgeID); s == "online" {
			return fmt.Errorf("it is %s", s)
		}
		return nil
	})
	w.play("gas-leak") // happens while nobody is told
	var made struct{ Word string }
	body := map[string]any{"id": stack.EdgeID, "name": map[string]string{"zh": "3号楼网关"}, "url": "http://" + w.CloudAddr.HTTP}
	if err := admin.post("/api/edges", body, &made); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	enrol := exec.CommandContext(t.Context(), filepath.Join(w.Bin, "anlan-edge"), "enrol", "-config", w.Config)
	enrol.Env, enrol.Stdin, enrol.Stdout, enrol.Stderr = append(enrol.Environ(), w.EdgeEnv()...), strings.NewReader(made.Word+"\n"), &said, &said
	if err := enrol.Run(); err != nil {
		t.Fatal(err, said.String())
	}
	if strings.Contains(said.String(), made.Word) {
		t.Error("the token is shown on the terminal")
	}
	eventually(t, "it is back by itself, with the alarm of the meantime", func() error {
		if s := admin.edgeState(stack.EdgeID); s != "online" {
			return fmt.Errorf("it is %s", s)
		}
		for _, a := range admin.alarms("open") {
			if a.Hazard == "gas" {
				return nil
			}
		}
		return fmt.Errorf("no gas alarm yet")
	})
}
