package cloud

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/config"
	"anlan/cloud/fleet"
	"anlan/cloud/series"
	"anlan/contract"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const patience = 20 * time.Second // only ends a test that hangs

// start runs a whole cloud on real ports; stop ends it and waits.
func start(t *testing.T, dir string) (c *Cloud, stop func()) {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.HTTP.Address, cfg.MQTT.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	c, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	}
	t.Cleanup(stop)
	return c, stop
}

// edgeClient is a real MQTT client that speaks as an edge.
type edgeClient struct {
	t        *testing.T
	id       contract.EdgeID
	client   mqtt.Client
	acks     chan contract.Ack
	commands chan contract.Command
	seq      map[contract.Stream]uint64
}

func connect(t *testing.T, addr string, id contract.EdgeID, show *tls.Config) *edgeClient {
	t.Helper()
	e := &edgeClient{t: t, id: id, acks: make(chan contract.Ack, 1000), commands: make(chan contract.Command, 100), seq: map[contract.Stream]uint64{}}
	opt := mqtt.NewClientOptions().AddBroker("ssl://" + addr).SetClientID(string(id)).SetUsername(string(id)).SetTLSConfig(show).
		SetAutoReconnect(false).SetConnectTimeout(patience)
	e.client = mqtt.NewClient(opt)
	wait(t, e.client.Connect())
	t.Cleanup(func() { e.client.Disconnect(0) })
	wait(t, e.client.Subscribe(contract.Topic(id, contract.LeafAck), 1, func(_ mqtt.Client, m mqtt.Message) { e.acks <- decode[contract.Ack](t, m.Payload()) }))
	wait(t, e.client.Subscribe(contract.Topic(id, contract.LeafCommand), 1, func(_ mqtt.Client, m mqtt.Message) { e.commands <- decode[contract.Command](t, m.Payload()) }))
	return e
}

func wait(t *testing.T, tok mqtt.Token) {
	t.Helper()
	if !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatalf("mqtt: %v", tok.Error())
	}
}

func decode[T any](t *testing.T, b []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Errorf("decode %T: %v", v, err)
	}
	return v
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (e *edgeClient) publish(l contract.Leaf, payload []byte) {
	e.t.Helper()
	wait(e.t, e.client.Publish(contract.Topic(e.id, l), 1, false, payload))
}

// record sends the next record of the alarm stream and returns its bytes.
func (e *edgeClient) record(k contract.Kind, payload any) []byte {
	e.t.Helper()
	e.seq[contract.StreamAlarm]++
	n := e.seq[contract.StreamAlarm]
	raw, err := contract.EncodeRecord(contract.Record{V: contract.Version, Edge: e.id, Stream: contract.StreamAlarm,
		Position: contract.Position{Epoch: "e1", Seq: n, Prev: n - 1}, Kind: k, BootID: "b", SpooledAt: time.Now(), Payload: encode(e.t, payload)})
	if err != nil {
		e.t.Fatal(err)
	}
	e.publish(contract.LeafAlarm, raw)
	return raw
}

func (e *edgeClient) wantAck(s contract.Stream, seq uint64) {
	e.t.Helper()
	for {
		select {
		case a := <-e.acks:
			if a.Stream == s && a.Seq >= seq {
				return
			}
		case <-time.After(patience):
			e.t.Fatalf("no ack of %s up to %d", s, seq)
		}
	}
}

func manifest(id contract.EdgeID) contract.Manifest {
	place := contract.Place{Building: "b03", Floor: 12, Room: contract.Text{ZH: "东走廊", EN: "East corridor"}}
	return contract.Manifest{V: 1, Edge: id, Name: contract.Text{ZH: "3号楼网关", EN: "Building 3 edge"}, Config: "c0ffee",
		Building: contract.ManifestBuilding{Community: "anlan-garden", CommunityName: contract.Text{ZH: "安澜花园", EN: "Anlan Garden"},
			TimeZone: "Asia/Shanghai", ID: "b03", Name: contract.Text{ZH: "3号楼", EN: "Building 3"}, Floors: []int{-1, 1, 12}},
		Buses: []contract.ManifestBus{{ID: "rs485-1", Kind: "modbus-rtu"}},
		Devices: []contract.ManifestDevice{{ID: "f12-smoke-east", Bus: "rs485-1", Profile: "calectro-ug3", Name: contract.Text{ZH: "12层东烟感", EN: "12F east smoke"},
			Place: place, Points: []contract.ManifestPoint{{ID: "f12-smoke-east.smoke", Name: contract.Text{ZH: "火警"}, Alarm: true}}}},
		Rules: []contract.ManifestRule{{ID: "smoke-fire", Point: "f12-smoke-east.smoke", Title: contract.Text{ZH: "烟感火警"}, Hazard: contract.Fire, Severity: contract.Critical, Latch: true}},
	}
}

func smoke(c contract.Condition, at time.Time) contract.ConditionChange {
	return contract.ConditionChange{Point: "f12-smoke-east.smoke", Rule: "smoke-fire", Condition: c, Previous: contract.Normal,
		Severity: contract.Critical, Hazard: contract.Fire, Title: contract.Text{ZH: "烟感火警", EN: "Smoke alarm"},
		Place: contract.Place{Building: "b03", Floor: 12, Room: contract.Text{ZH: "东走廊", EN: "East corridor"}}, Channel: "A",
		Value: 1, Quality: contract.Good, SensedAt: at, DecidedAt: at}
}

// enrolled takes an edge from a token to what it shows the broker.
func enrolled(t *testing.T, c *Cloud, id contract.EdgeID) *tls.Config {
	t.Helper()
	var word, said strings.Builder
	if err := Main(t.Context(), []string{"token", "-data", c.Config.Data, "-edge", string(id), "-url", "http://" + c.HTTPAddr()}, &word, &said); err != nil {
		t.Fatal(err, said.String())
	}
	tok, err := contract.ParseEnrolmentToken(word.String())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(tok.URL+"/api/enrolment", "application/json", bytes.NewReader(encode(t, contract.EnrolmentRequest{V: 1, Edge: id, CSR: csr,
		MAC: contract.EnrolmentMAC(tok.Key(), "request", []byte(id), csr)})))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var a contract.EnrolmentAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != 200 {
		t.Fatal(res.Status, err)
	}
	ca, err := x509.ParseCertificate(a.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{{Certificate: [][]byte{a.Certificate}, PrivateKey: key}}}
}

func hello(id contract.EdgeID) contract.Hello {
	return contract.Hello{V: 1, Edge: id, BootID: "b", Online: true, At: time.Now(), Epoch: "e1"}
}

func TestCloud_AnEdgesAlarmIsCommittedAcknowledgedAnsweredAndReset(t *testing.T) {
	dir := t.TempDir()
	c, stop := start(t, dir)
	show := enrolled(t, c, "edge-b03")
	e := connect(t, c.MQTTAddr(), "edge-b03", show)
	e.publish(contract.LeafStatus, encode(t, hello(e.id)))
	e.wantAck(contract.StreamAlarm, 0)
	e.publish(contract.LeafManifest, encode(t, manifest(e.id)))
	e.record(contract.KindBoot, contract.Boot{Software: "test", Config: "c0ffee", At: time.Now()})
	raw := e.record(contract.KindCondition, smoke(contract.Active, time.Now()))
	e.wantAck(contract.StreamAlarm, 2)
	e.publish(contract.LeafAlarm, raw) // a repeat is acknowledged and changes nothing
	e.wantAck(contract.StreamAlarm, 2)

	page, err := c.Alarms.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), Text: "东走廊"})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("list: %d alarms, %v", len(page.Items), err)
	}
	a := page.Items[0]
	if a.State != alarm.Unacked || a.Count != 1 || a.BuildingName.ZH != "3号楼" || a.DeviceName.ZH != "12层东烟感" {
		t.Errorf("alarm %+v", a)
	}
	ann := alarm.Person{ID: "u1", Name: "张伟"}
	if a, err = c.Alarms.Acknowledge(t.Context(), a.ID, ann, "去看了", a.Version); err != nil || a.State != alarm.Acked {
		t.Fatalf("acknowledge: %v %v", a.State, err)
	}
	_, cmd, err := c.Alarms.AskReset(t.Context(), a.ID, ann)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-e.commands:
		if got.ID != cmd.ID || got.Verb != contract.VerbReset {
			t.Errorf("command %+v, want %+v", got, cmd)
		}
	case <-time.After(patience):
		t.Fatal("the edge got no command")
	}
	e.record(contract.KindCondition, smoke(contract.Normal, time.Now()))
	e.record(contract.KindResult, contract.CommandResult{ID: cmd.ID, OK: true, At: time.Now()})
	e.wantAck(contract.StreamAlarm, 4)
	if a, err = c.Alarms.Get(t.Context(), a.ID); err != nil || a.State != alarm.Closed {
		t.Errorf("after the reset: %v %v, want closed", a.State, err)
	}
	if st, err := c.Commands.Get(t.Context(), cmd.ID); err != nil || st.State != "done" {
		t.Errorf("command state %v %v", st.State, err)
	}
	if _, err := c.Alarms.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	e.client.Disconnect(0)
	stop()

	c2, _ := start(t, dir) // and all of it is there after a restart
	if a, err = c2.Alarms.Get(t.Context(), a.ID); err != nil || a.State != alarm.Closed {
		t.Errorf("after a restart: %v %v", a.State, err)
	}
	if ed := c2.Fleet.Edges(); len(ed) != 1 || ed[0].State == fleet.Online || ed[0].Devices != 1 || ed[0].Software != "test" {
		t.Errorf("edges after a restart: %+v", ed)
	}
	e = connect(t, c2.MQTTAddr(), "edge-b03", show)
	e.publish(contract.LeafStatus, encode(t, hello(e.id)))
	e.wantAck(contract.StreamAlarm, 4)
}

func TestCloud_TelemetryIsStoredBeforeItIsAcknowledged(t *testing.T) {
	dir := t.TempDir()
	c, stop := start(t, dir)
	e := connect(t, c.MQTTAddr(), "edge-b03", enrolled(t, c, "edge-b03"))
	e.publish(contract.LeafManifest, encode(t, manifest(e.id)))
	now := time.Now().Truncate(time.Millisecond)
	raw, err := contract.EncodeBatch(contract.Batch{
		Record: contract.Record{V: 1, Edge: e.id, Stream: contract.StreamTelemetry, Kind: contract.KindSamples,
			Position: contract.Position{Epoch: "e1", Seq: 9, Prev: 0}, SpooledAt: now},
		Columns: []contract.Column{{Point: "f12-smoke-east.smoke", Samples: []contract.Sample{{UnixMS: now.UnixMilli(), Value: 1, Quality: contract.Good}}}}})
	if err != nil {
		t.Fatal(err)
	}
	e.publish(contract.LeafTelemetry, raw)
	e.wantAck(contract.StreamTelemetry, 9)
	k := series.Key{Edge: "edge-b03", Point: "f12-smoke-east.smoke"}
	check := func(c *Cloud) {
		t.Helper()
		got, err := c.Series.Range(t.Context(), k, now.Add(-time.Hour), now.Add(time.Hour))
		if err != nil || len(got) != 1 || got[0].Value != 1 {
			t.Errorf("samples %v, %v", got, err)
		}
		p, d, b, err := c.Fleet.PointOf(t.Context(), "edge-b03", k.Point)
		if err != nil || p.Value == nil || *p.Value != 1 || d.ID != "f12-smoke-east" || b.ID != "b03" {
			t.Errorf("point %+v of %v in %v, %v", p, d.ID, b.ID, err)
		}
	}
	e.publish(contract.LeafStatus, encode(t, hello(e.id))) // fleet has taken the values when this is answered
	e.wantAck(contract.StreamTelemetry, 9)
	check(c)
	e.client.Disconnect(0)
	stop()
	c2, _ := start(t, dir)
	check(c2)
}

func TestCloud_MetricsAndHealthAnswerOnLoopback(t *testing.T) {
	dir := t.TempDir()
	c, _ := start(t, dir)
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": "cloud_fleet_edges"} {
		res, err := http.Get("http://" + c.HTTPAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := res.Write(&b); err != nil || res.StatusCode != 200 || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %d %v", path, res.StatusCode, err)
		}
		res.Body.Close()
	}
}

func TestO2_ATokenFromTheCommandLineLetsAnEdgeInBesideARunningServer(t *testing.T) {
	c, _ := start(t, t.TempDir())
	e := connect(t, c.MQTTAddr(), "edge-x", enrolled(t, c, "edge-x"))
	e.publish(contract.LeafStatus, encode(t, hello(e.id)))
	e.wantAck(contract.StreamAlarm, 0)
}
