package edge

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"anlan/contract"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// rights lets an edge in by the name in its certificate and holds it to its own topics.
type rights struct{ mochi.HookBase }

func (*rights) ID() string { return "rights" }
func (*rights) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}
func (*rights) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	conn, ok := cl.Net.Conn.(*tls.Conn)
	return ok && string(pk.Connect.Username) == cl.ID && conn.ConnectionState().PeerCertificates[0].Subject.CommonName == cl.ID
}
func (*rights) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	if write {
		return contract.MayPublish(contract.EdgeID(cl.ID), topic)
	}
	return contract.MaySubscribe(contract.EdgeID(cl.ID), topic)
}

// cloud is the far end of the contract: a broker, cursors with the prev rule, and an
// acknowledgement for each record taken.
type cloud struct {
	t      *testing.T
	broker *mochi.Server
	addr   string
	office *office

	mu      sync.Mutex
	cursor  map[contract.Stream]uint64
	epoch   string
	deaf    bool // take nothing, say nothing
	hellos  int
	samples int
	seen    []contract.Record // alarm stream, in order
	changed chan struct{}
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, cursor: map[contract.Stream]uint64{}, changed: make(chan struct{}, 1)}
	c.broker = mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := c.broker.AddHook(new(rights), nil); err != nil {
		t.Fatal(err)
	}
	c.office = newOffice(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.office.serverTLS())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.broker.AddListener(listeners.NewNet("t", l)); err != nil {
		t.Fatal(err)
	}
	if err := c.broker.Serve(); err != nil {
		t.Fatal(err)
	}
	c.addr = l.Addr().String()
	t.Cleanup(func() { c.broker.Close() })
	for i, leaf := range []contract.Leaf{contract.LeafAlarm, contract.LeafTelemetry, contract.LeafStatus} {
		if err := c.broker.Subscribe(contract.Filter(leaf), i+1, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
			c.take(pk.TopicName, bytes.Clone(pk.Payload))
		}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *cloud) take(topic string, payload []byte) {
	e, leaf, ok := contract.ParseTopic(topic)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ok || c.deaf {
		return
	}
	switch leaf {
	case contract.LeafStatus:
		var h contract.Hello
		if err := json.Unmarshal(payload, &h); err != nil {
			c.t.Error(err)
			return
		}
		c.hellos++
		if h.Epoch != c.epoch {
			c.epoch, c.cursor = h.Epoch, map[contract.Stream]uint64{}
		}
		if h.Online {
			c.ack(e, contract.StreamAlarm, 0)
			c.ack(e, contract.StreamTelemetry, 0)
		}
	case contract.LeafAlarm:
		r, err := contract.DecodeRecord(payload)
		if err != nil {
			c.t.Error(err)
			return
		}
		if c.advance(e, r) {
			c.seen = append(c.seen, r)
		}
	case contract.LeafTelemetry:
		b, err := contract.DecodeBatch(payload)
		if err != nil {
			c.t.Error(err)
			return
		}
		if c.advance(e, b.Record) {
			for _, col := range b.Columns {
				c.samples += len(col.Samples)
			}
		}
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *cloud) advance(e contract.EdgeID, r contract.Record) bool {
	cur := c.cursor[r.Stream]
	taken := r.Prev <= cur && cur < r.Seq
	want := uint64(0)
	if taken {
		c.cursor[r.Stream] = r.Seq
	} else if r.Seq > cur {
		want = cur + 1
	}
	c.ack(e, r.Stream, want)
	return taken
}

func (c *cloud) ack(e contract.EdgeID, s contract.Stream, want uint64) {
	c.send(e, contract.LeafAck, contract.Ack{V: contract.Version, Stream: s, Epoch: c.epoch, Seq: c.cursor[s], Want: want})
}

func (c *cloud) send(e contract.EdgeID, leaf contract.Leaf, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		err = c.broker.Publish(contract.Topic(e, leaf), b, false, 1)
	}
	if err != nil {
		c.t.Error(err)
	}
}

// until waits for cond over what was taken; it fails the test after a long time.
func (c *cloud) until(what string, cond func() bool) {
	c.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		c.mu.Lock()
		ok := cond()
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.changed:
		case <-look.C:
		case <-deadline.C:
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, r := range c.seen {
				c.t.Logf("%d %s %s", r.Seq, r.Kind, r.Payload)
			}
			c.t.Fatalf("never came: %s", what)
		}
	}
}

func payloads[T any](c *cloud, kind contract.Kind) []T {
	var out []T
	for _, r := range c.seen {
		if r.Kind == kind {
			var v T
			if err := json.Unmarshal(r.Payload, &v); err != nil {
				c.t.Error(err)
			}
			out = append(out, v)
		}
	}
	return out
}

func (c *cloud) untilCondition(p contract.PointID, rule contract.RuleID, cond contract.Condition, sev contract.Severity, latched bool) {
	c.t.Helper()
	c.until(string(p)+"/"+string(rule)+" "+string(cond), func() bool {
		all := payloads[contract.ConditionChange](c, contract.KindCondition)
		for i := len(all) - 1; i >= 0; i-- {
			if ch := all[i]; ch.Point == p && ch.Rule == rule {
				return ch.Condition == cond && ch.Latched == latched && (sev == 0 || ch.Severity == sev)
			}
		}
		return false
	})
}

func (c *cloud) untilAction(output, verb string, o contract.Outcome) {
	c.t.Helper()
	c.until(output+" "+verb+" "+string(o), func() bool {
		for _, r := range payloads[contract.ActionReport](c, contract.KindAction) {
			if r.Output == output && r.Verb == verb && r.Outcome == o {
				return true
			}
		}
		return false
	})
}

func (c *cloud) result(id string) (r contract.CommandResult) {
	c.t.Helper()
	c.until("result of "+id, func() bool {
		for _, v := range payloads[contract.CommandResult](c, contract.KindResult) {
			if v.ID == id {
				r = v
				return true
			}
		}
		return false
	})
	return r
}
