// Package broker is the MQTT broker inside the cloud process: it lets each edge speak
// for itself only, and keeps nothing. Its PUBACK is not delivery; the acknowledgement
// that counts is contract.Ack.
package broker

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"anlan/contract"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/prometheus/client_golang/prometheus"
)

// maxPacket bounds one message: a full batch and its header.
const maxPacket = contract.MaxBatchBytes + 64<<10

// Message is one message from an edge. The edge is the one that logged in.
type Message struct {
	Edge    contract.EdgeID
	Leaf    contract.Leaf
	Payload []byte
}

// Broker is a listening broker.
type Broker struct {
	server  *mqtt.Server
	addr    net.Addr
	door    Door
	log     *slog.Logger
	refused atomic.Int64
	closing sync.Once
}

// Door decides who comes in: TLS knows that a certificate is ours, Admit whether it may
// still speak as this edge.
type Door struct {
	TLS   *tls.Config // asks for client certificates
	Admit func(ctx context.Context, e contract.EdgeID, cert *x509.Certificate) error
}

// admitWithin bounds the question to the database; no answer is a refusal.
const admitWithin = 5 * time.Second

// Open listens on addr (":0" works) and hands each message to take, in the order in
// which its edge sent it; take must not block.
func Open(ctx context.Context, addr string, door Door, log *slog.Logger, reg prometheus.Registerer, take func(Message)) (*Broker, error) {
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumInflight = 65535
	caps.MaximumClientWritesPending = 65535
	caps.MaximumPacketSize = maxPacket
	caps.MaximumClients = 10_000
	caps.RetainAvailable, caps.SharedSubAvailable, caps.WildcardSubAvailable = 0, 0, 0
	caps.MaximumSessionExpiryInterval = 0
	caps.MinimumProtocolVersion = 4
	b := &Broker{log: log, door: door}
	b.server = mqtt.New(&mqtt.Options{Capabilities: caps, InlineClient: true, Logger: log})
	if err := b.server.AddHook(&guard{b: b}, nil); err != nil {
		return nil, fmt.Errorf("broker: add guard: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("broker: listen: %w", err)
	}
	b.addr = l.Addr()
	if err := b.server.AddListener(listeners.NewNet("edges", tls.NewListener(impatient{l}, door.TLS))); err != nil {
		return nil, fmt.Errorf("broker: add listener: %w", err)
	}
	for i, leaf := range []contract.Leaf{contract.LeafAlarm, contract.LeafTelemetry, contract.LeafManifest, contract.LeafStatus} {
		handler := func(_ *mqtt.Client, _ packets.Subscription, pk packets.Packet) {
			if e, l, ok := contract.ParseTopic(pk.TopicName); ok && pk.Origin == string(e) {
				take(Message{Edge: e, Leaf: l, Payload: bytes.Clone(pk.Payload)})
			}
		}
		if err := b.server.Subscribe(contract.Filter(leaf), i+1, handler); err != nil {
			return nil, fmt.Errorf("broker: subscribe %s: %w", leaf, err)
		}
	}
	b.export(reg)
	if err := b.server.Serve(); err != nil {
		return nil, fmt.Errorf("broker: serve: %w", err)
	}
	return b, nil
}

// impatient gives a new connection some seconds to show its certificate and log in;
// after that the broker's own keep-alive rules.
type impatient struct{ net.Listener }

const loginWithin = 10 * time.Second

// Accept waits for the next connection.
func (l impatient) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Now().Add(loginWithin))
}

// Addr is the address it listens on.
func (b *Broker) Addr() net.Addr { return b.addr }

// Publish sends to one edge. A nil error means that the broker took it, not that the
// edge has it.
func (b *Broker) Publish(e contract.EdgeID, l contract.Leaf, payload []byte) error {
	if err := b.server.Publish(contract.Topic(e, l), payload, false, 1); err != nil {
		return fmt.Errorf("broker: publish to %s: %w", e, err)
	}
	return nil
}

// Close ends all connections.
func (b *Broker) Close() error {
	var err error
	b.closing.Do(func() { err = b.server.Close() })
	return err
}

func (b *Broker) export(reg prometheus.Registerer) {
	if reg == nil {
		return
	}
	gauge := func(name, help string, v func() int64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(v()) }))
	}
	gauge("cloud_broker_messages_dropped_total", "Messages to edges dropped because the edge was too slow.",
		func() int64 {
			return atomic.LoadInt64(&b.server.Info.MessagesDropped) + atomic.LoadInt64(&b.server.Info.InflightDropped)
		})
	gauge("cloud_broker_messages_received_total", "Messages received.", func() int64 { return atomic.LoadInt64(&b.server.Info.MessagesReceived) })
	gauge("cloud_broker_logins_refused_total", "Connections refused because of name or password.", b.refused.Load)
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cloud_broker_clients_connected", Help: "Edges connected now."},
		func() float64 { return float64(atomic.LoadInt64(&b.server.Info.ClientsConnected)) }))
}

// guard is the broker's door: who may come in, and what they may say and hear.
type guard struct {
	mqtt.HookBase
	b *Broker
}

// ID names the hook.
func (g *guard) ID() string { return "anlan-guard" }

// Provides lists the questions it answers.
func (g *guard) Provides(q byte) bool {
	return q == mqtt.OnConnectAuthenticate || q == mqtt.OnACLCheck || q == mqtt.OnPublish
}

// OnConnectAuthenticate lets an edge in by its own name only. A will for a foreign topic
// is refused here, since wills do not pass the publish check.
func (g *guard) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	id := contract.EdgeID(pk.Connect.Username)
	err := g.admit(cl, id, pk)
	if err != nil {
		g.b.refused.Add(1)
		g.b.log.Warn("login refused", "edge", id, "remote", cl.Net.Remote, "why", err)
	}
	return err == nil
}

var (
	errName = errors.New("client id and user name are not the edge's")
	errWill = errors.New("the will is for a foreign topic")
	errLine = errors.New("the line is not TLS")
)

func (g *guard) admit(cl *mqtt.Client, id contract.EdgeID, pk packets.Packet) error {
	if cl.ID != string(id) || !contract.ValidID(cl.ID) {
		return errName
	}
	if pk.Connect.WillFlag && !contract.MayPublish(id, pk.Connect.WillTopic) {
		return errWill
	}
	conn, ok := cl.Net.Conn.(*tls.Conn)
	if !ok || len(conn.ConnectionState().PeerCertificates) == 0 {
		return errLine
	}
	ctx, cancel := context.WithTimeout(context.Background(), admitWithin)
	defer cancel()
	return g.b.door.Admit(ctx, id, conn.ConnectionState().PeerCertificates[0])
}

// Kick ends an edge's connection, if it has one.
func (b *Broker) Kick(e contract.EdgeID, why error) {
	if cl, ok := b.server.Clients.Get(string(e)); ok {
		cl.Stop(why)
	}
}

// OnACLCheck keeps to the contract; everything it does not name is denied.
func (g *guard) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if write {
		return contract.MayPublish(contract.EdgeID(cl.ID), topic)
	}
	return contract.MaySubscribe(contract.EdgeID(cl.ID), topic)
}

// OnPublish drops nothing but retained copies: the broker keeps nothing.
func (g *guard) OnPublish(_ *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	pk.FixedHeader.Retain = false
	return pk, nil
}
