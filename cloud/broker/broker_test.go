package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/enrolment"
	"anlan/cloud/org"
	"anlan/contract"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
)

const patience = 20 * time.Second

// doorman is an authority with keys and certificates for the tests' edges.
type doorman struct {
	*Broker
	t         *testing.T
	authority *enrolment.Authority
	store     *enrolment.Store
}

func open(t *testing.T) (doorman, chan Message) {
	t.Helper()
	got := make(chan Message, 100)
	authority, err := enrolment.OpenAuthority(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.SQLite(t)
	store := enrolment.NewStore(d, audit.New(d), authority, func() string { return "" }, time.Now)
	b, err := Open(t.Context(), "127.0.0.1:0", Door{authority.ServerTLS([]string{"127.0.0.1"}, time.Now), store.Admit},
		slog.New(slog.DiscardHandler), prometheus.NewRegistry(), func(m Message) { got <- m })
	if err != nil {
		t.Fatal(err)
	}
	store.OnRevoke(func(e contract.EdgeID) { b.Kick(e, errors.New("revoked")) })
	t.Cleanup(func() { _ = b.Close() })
	return doorman{b, t, authority, store}, got
}

// enrol takes an edge the whole way from the token to a certificate.
func (d doorman) enrol(e contract.EdgeID) *tls.Certificate {
	d.t.Helper()
	tok, _, err := d.store.NewToken(d.t.Context(), org.System(), e, "http://127.0.0.1")
	if err != nil {
		d.t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		d.t.Fatal(err)
	}
	a, err := d.store.Enrol(d.t.Context(), contract.EnrolmentRequest{V: contract.Version, Edge: e, CSR: csr,
		MAC: contract.EnrolmentMAC(tok.Key(), "request", []byte(e), csr)}, "127.0.0.1")
	if err != nil {
		d.t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{a.Certificate}, PrivateKey: key}
}

// fresh is a list of certificates that the broker does not know.
func fresh(t *testing.T, a *enrolment.Authority) *enrolment.Store {
	d := dbtest.SQLite(t)
	return enrolment.NewStore(d, audit.New(d), a, func() string { return "" }, time.Now)
}

// options connect with a certificate; nil is none.
func (d doorman) options(client, user string, cert *tls.Certificate) *mqtt.ClientOptions {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(d.authority.PEM())
	cfg := &tls.Config{RootCAs: pool}
	if cert != nil {
		cfg.Certificates = []tls.Certificate{*cert}
	}
	return mqtt.NewClientOptions().AddBroker("ssl://" + d.Addr().String()).SetClientID(client).SetUsername(user).SetTLSConfig(cfg).
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

func TestO2_OnlyTheRightNameAndCertificateComeIn(t *testing.T) {
	b, _ := open(t)
	pa, pb := b.enrol("edge-a"), b.enrol("edge-b")
	stranger, err := enrolment.OpenAuthority(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	foreign := doorman{b.Broker, t, b.authority, fresh(t, stranger)}.enrol("edge-a")
	lost := doorman{b.Broker, t, b.authority, fresh(t, b.authority)}.enrol("edge-a")
	plain := b.options("edge-a", "edge-a", nil)
	plain.Servers = nil
	plain.AddBroker("tcp://" + b.Addr().String())
	for name, c := range map[string]struct {
		opt *mqtt.ClientOptions
		ok  bool
	}{
		"right":                         {b.options("edge-a", "edge-a", pa), true},
		"right again":                   {b.options("edge-a", "edge-a", pa), true},
		"another's certificate":         {b.options("edge-a", "edge-a", pb), false},
		"no certificate":                {b.options("edge-a", "edge-a", nil), false},
		"a foreign authority's":         {b.options("edge-a", "edge-a", foreign), false},
		"ours, but nowhere in the list": {b.options("edge-a", "edge-a", lost), false},
		"without TLS":                   {plain, false},
		"client id is not the user":     {b.options("edge-b", "edge-a", pa), false},
		"unknown edge":                  {b.options("edge-c", "edge-c", pa), false},
		"the inline client's name":      {b.options("inline", "inline", pa), false},
		"will on a foreign topic":       {b.options("edge-a", "edge-a", pa).SetWill("anlan/v1/edge-b/status", "x", 1, false), false},
		"will on the edge's own one":    {b.options("edge-a", "edge-a", pa).SetWill("anlan/v1/edge-a/status", "x", 1, false), true},
	} {
		if _, err := dial(t, c.opt); (err == nil) != c.ok {
			t.Errorf("%s: err=%v", name, err)
		}
	}
}

func TestBroker_AnEdgeCanNeitherSpeakNorListenForAnother(t *testing.T) {
	b, got := open(t)
	pa := b.enrol("edge-a")
	lost := make(chan struct{})
	c, err := dial(t, b.options("edge-a", "edge-a", pa).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) }))
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
	p := b.enrol("edge-a")
	lost := make(chan struct{})
	if _, err := dial(t, b.options("edge-a", "edge-a", p).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) })); err != nil {
		t.Fatal(err)
	}
	second, err := dial(t, b.options("edge-a", "edge-a", p))
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

func TestO2_RevokeEndsTheConnectionAndTheNextLogin(t *testing.T) {
	b, _ := open(t)
	p := b.enrol("edge-a")
	lost := make(chan struct{})
	if _, err := dial(t, b.options("edge-a", "edge-a", p).SetConnectionLostHandler(func(mqtt.Client, error) { close(lost) })); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Revoke(t.Context(), org.System(), "edge-a", "stolen"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(patience):
		t.Error("still connected")
	}
	if _, err := dial(t, b.options("edge-a", "edge-a", p)); err == nil {
		t.Error("a revoked edge came in")
	}
}
