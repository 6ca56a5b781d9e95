package broker

import (
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/db/dbtest"
	"anlan/contract"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
)

const patience = 20 * time.Second

func open(t *testing.T) (*Broker, chan Message) {
	t.Helper()
	got := make(chan Message, 100)
	b, err := Open(t.Context(), "127.0.0.1:0", dbtest.SQLite(t), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), func(m Message) { got <- m })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b, got
}

func options(b *Broker, client, user, password string) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().AddBroker("tcp://" + b.Addr().String()).SetClientID(client).SetUsername(user).SetPassword(password).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetProtocolVersion(4)
}

func dial(t *testing.T, o *mqtt.ClientOptions) (mqtt.Client, error) {
	t.Helper()
	c := mqtt.NewClient(o)
	tok := c.Connect()
	if !tok.WaitTimeout(patience) {
		t.Fatal("connect hangs")
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c, tok.Error()
}

func enrol(t *testing.T, b *Broker, e contract.EdgeID) string {
	t.Helper()
	p, err := b.Enrol(t.Context(), e, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBroker_OnlyTheRightNameAndPasswordComeIn(t *testing.T) {
	b, _ := open(t)
	pa, pb := enrol(t, b, "edge-a"), enrol(t, b, "edge-b")
	for name, c := range map[string]struct {
		opt *mqtt.ClientOptions
		ok  bool
	}{
		"right":                      {options(b, "edge-a", "edge-a", pa), true},
		"right again, remembered":    {options(b, "edge-a", "edge-a", pa), true},
		"wrong password":             {options(b, "edge-a", "edge-a", pb), false},
		"no password":                {options(b, "edge-a", "edge-a", ""), false},
		"client id is not the user":  {options(b, "edge-b", "edge-a", pa), false},
		"unknown edge":               {options(b, "edge-c", "edge-c", pa), false},
		"the inline client's name":   {options(b, "inline", "inline", ""), false},
		"will on a foreign topic":    {options(b, "edge-a", "edge-a", pa).SetWill("anlan/v1/edge-b/status", "x", 1, false), false},
		"will on the edge's own one": {options(b, "edge-a", "edge-a", pa).SetWill("anlan/v1/edge-a/status", "x", 1, false), true},
	} {
		if _, err := dial(t, c.opt); (err == nil) != c.ok {
			t.Errorf("%s: err=%v", name, err)
		}
	}
}

func TestBroker_AnEdgeCanNeitherSpeakNorListenForAnother(t *testing.T) {
	b, got := open(t)
	pa := enrol(t, b, "edge-a")
	lost := make(chan struct{})
	c, err := dial(t, options(b, "edge-a", "edge-a", pa).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) }))
	if err != nil {
		t.Fatal(err)
	}
	for _, filter := range []string{"anlan/v1/edge-b/command", "anlan/v1/+/ack", "#", "anlan/v1/edge-a/#", "$share/g/anlan/v1/edge-b/ack", "$SYS/#", "anlan/v1/edge-a/alarm"} {
		tok := c.Subscribe(filter, 1, nil)
		tok.WaitTimeout(patience)
		for asked, code := range tok.(*mqtt.SubscribeToken).Result() {
			if code < 0x80 && tok.Error() == nil {
				t.Errorf("subscribed %s (code %d)", asked, code)
			}
		}
	}
	if tok := c.Publish("anlan/v1/edge-a/alarm", 1, false, "mine"); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	if m := <-got; m.Edge != "edge-a" || m.Leaf != contract.LeafAlarm || string(m.Payload) != "mine" {
		t.Errorf("got %+v", m)
	}
	c.Publish("anlan/v1/edge-b/alarm", 1, false, "forged")
	select {
	case <-lost: // the broker shows the forger out
	case <-time.After(patience):
		t.Error("a forged publish was not refused")
	}
	select {
	case m := <-got:
		t.Errorf("a forged message came through: %+v", m)
	default:
	}
}

func TestBroker_ASecondConnectionTakesOver(t *testing.T) {
	b, _ := open(t)
	p := enrol(t, b, "edge-a")
	lost := make(chan struct{})
	if _, err := dial(t, options(b, "edge-a", "edge-a", p).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) })); err != nil {
		t.Fatal(err)
	}
	second, err := dial(t, options(b, "edge-a", "edge-a", p))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("the first connection stays")
	}
	acks := make(chan string, 1)
	if tok := second.Subscribe("anlan/v1/edge-a/ack", 1, func(_ mqtt.Client, m mqtt.Message) { acks <- string(m.Payload()) }); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	if err := b.Publish("edge-a", contract.LeafAck, []byte("hi")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-acks:
	case <-time.After(patience):
		t.Error("the second connection hears nothing")
	}
}

func TestRevoke_EndsTheConnectionAndTheNextLogin(t *testing.T) {
	b, _ := open(t)
	p := enrol(t, b, "edge-a")
	lost := make(chan struct{})
	if _, err := dial(t, options(b, "edge-a", "edge-a", p).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) })); err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), "edge-a"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(patience):
		t.Error("still connected")
	}
	if _, err := dial(t, options(b, "edge-a", "edge-a", p)); err == nil {
		t.Error("a revoked edge came in")
	}
}
