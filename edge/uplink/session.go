package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"anlan/contract"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	backoffFirst   = 500 * time.Millisecond
	backoffMax     = 10 * time.Second
	connectTimeout = 5 * time.Second
	publishTimeout = 10 * time.Second
	replayedAfter  = 30 * time.Second // older than this when first sent is not live
)

func (u *Uplink) connectLoop(ctx context.Context) {
	backoff := backoffFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := u.session(ctx)
		if ctx.Err() != nil {
			return
		}
		u.log.Warn("uplink lost", "error", err)
		u.disconnected(err)
		if time.Since(began) > backoffMax {
			backoff = backoffFirst
		}
		t := time.NewTimer(backoff/2 + rand.N(backoff/2+1))
		backoff = min(2*backoff, backoffMax)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

func (u *Uplink) disconnected(err error) {
	for _, g := range u.lanes {
		g.mu.Lock()
		g.lane.disconnect()
		g.mu.Unlock()
	}
	u.metrics.connected.Set(0)
	u.mu.Lock()
	u.status.Connected, u.status.Since = false, time.Now()
	if err != nil {
		u.status.Error = err.Error()
	}
	u.mu.Unlock()
}

// session is one connection from dial to loss.
func (u *Uplink) session(ctx context.Context) error {
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	door, err := u.cfg.Door()
	if err != nil {
		return err
	}
	opts, err := u.options(door, lose)
	if err != nil {
		return err
	}
	c := mqtt.NewClient(opts)
	defer c.Disconnect(200)
	if err := wait(ctx, c.Connect()); err != nil {
		return fmt.Errorf("uplink: connect to %s: %w", door.Broker, err)
	}
	handlers := map[string]byte{contract.Topic(u.cfg.Edge, contract.LeafAck): 1, contract.Topic(u.cfg.Edge, contract.LeafCommand): 1}
	sub := c.SubscribeMultiple(handlers, u.receive)
	if err := wait(ctx, sub); err != nil {
		return fmt.Errorf("uplink: subscribe: %w", err)
	}
	u.connected(door)
	if err := u.publishJSON(ctx, c, contract.LeafManifest, u.cfg.Manifest()); err != nil {
		return err
	}
	if err := u.publishJSON(ctx, c, contract.LeafStatus, u.cfg.Hello()); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, g := range u.lanes {
		wg.Go(func() {
			if err := u.pump(ctx, c, g); err != nil {
				lose(err)
			}
		})
	}
	t := time.NewTicker(contract.HelloEverySeconds * time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := u.publishJSON(ctx, c, contract.LeafStatus, u.cfg.Hello()); err != nil {
				lose(err)
			}
		case <-ctx.Done():
			u.sayGoodbye(c)
			return context.Cause(ctx)
		}
	}
}

// sayGoodbye tells the cloud at once when the edge stops in order; a will does it when
// it does not.
func (u *Uplink) sayGoodbye(c mqtt.Client) {
	if !c.IsConnectionOpen() {
		return
	}
	h := u.cfg.Hello()
	h.Online = false
	if b, err := json.Marshal(h); err == nil {
		c.Publish(contract.Topic(u.cfg.Edge, contract.LeafStatus), 1, false, b).WaitTimeout(time.Second)
	}
}

func (u *Uplink) connected(door Door) {
	now := time.Now()
	for _, g := range u.lanes {
		g.mu.Lock()
		g.acks = nil
		g.lane.connect(now)
		g.mu.Unlock()
	}
	u.metrics.connected.Set(1)
	u.metrics.connects.Inc()
	u.mu.Lock()
	u.status.Connected, u.status.Since, u.status.Error = true, now, ""
	u.mu.Unlock()
	u.log.Info("uplink connected", "broker", door.Broker)
}

func (u *Uplink) options(door Door, lose context.CancelCauseFunc) (*mqtt.ClientOptions, error) {
	will := u.cfg.Hello()
	will.Online = false
	payload, err := json.Marshal(will)
	if err != nil {
		return nil, fmt.Errorf("uplink: make will: %w", err)
	}
	return mqtt.NewClientOptions().AddBroker(door.Broker).SetTLSConfig(door.TLS).
		SetClientID(string(u.cfg.Edge)).SetUsername(string(u.cfg.Edge)).SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).
		SetProtocolVersion(4).SetKeepAlive(10*time.Second).SetPingTimeout(5*time.Second).SetConnectTimeout(connectTimeout).
		SetWriteTimeout(publishTimeout).SetOrderMatters(true).
		SetBinaryWill(contract.Topic(u.cfg.Edge, contract.LeafStatus), payload, 1, false).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lose(fmt.Errorf("uplink: connection lost: %w", err)) }), nil
}

func (u *Uplink) receive(_ mqtt.Client, m mqtt.Message) {
	_, leaf, ok := contract.ParseTopic(m.Topic())
	switch {
	case ok && leaf == contract.LeafAck:
		u.onAck(m.Payload())
	case ok && leaf == contract.LeafCommand:
		u.onCommand(m.Payload())
	}
}

func (u *Uplink) publishJSON(ctx context.Context, c mqtt.Client, leaf contract.Leaf, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("uplink: encode %s: %w", leaf, err)
	}
	if err := wait(ctx, c.Publish(contract.Topic(u.cfg.Edge, leaf), 1, false, b)); err != nil {
		return fmt.Errorf("uplink: publish %s: %w", leaf, err)
	}
	return nil
}

// pump is the one goroutine that sends and trims a stream while a connection lasts.
func (u *Uplink) pump(ctx context.Context, c mqtt.Client, g *guarded) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for ctx.Err() == nil {
		if err := u.takeAcks(ctx, g); err != nil {
			return err
		}
		n, err := u.sendSome(ctx, c, g)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		select {
		case <-g.kick:
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return nil
}

func (u *Uplink) takeAcks(ctx context.Context, g *guarded) error {
	epoch, _, newest := u.src.Cursor(g.stream)
	g.mu.Lock()
	acks := g.acks
	g.acks = nil
	var trim uint64
	var forget []uint64
	for _, a := range acks {
		if a.Epoch != epoch {
			continue
		}
		switch v := g.lane.ack(a, newest, time.Now()); {
		case v.trim:
			trim = v.seq
		case v.forget:
			forget = append(forget, v.seq)
		}
	}
	g.mu.Unlock()
	if trim > 0 {
		if err := u.src.Trim(ctx, g.stream, trim); err != nil {
			return fmt.Errorf("uplink: trim %s: %w", g.stream, err)
		}
	}
	for _, seq := range forget {
		lost, err := u.src.Forget(ctx, g.stream, seq)
		if err != nil {
			return fmt.Errorf("uplink: chain %s to %d: %w", g.stream, seq, err)
		}
		u.metrics.forgotten.WithLabelValues(string(g.stream)).Add(float64(lost))
		u.log.Error("cloud stands before records it had acknowledged", "stream", g.stream, "at", seq, "missing", lost)
	}
	return nil
}

func (u *Uplink) sendSome(ctx context.Context, c mqtt.Client, g *guarded) (int, error) {
	g.mu.Lock()
	after, n := g.lane.room(time.Now())
	g.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	records, err := u.src.Next(ctx, g.stream, after, n)
	if err != nil {
		return 0, fmt.Errorf("uplink: read %s: %w", g.stream, err)
	}
	for i, r := range records {
		g.mu.Lock()
		moved := g.lane.sent != after // an acknowledgement sent the lane back meanwhile
		g.mu.Unlock()
		if moved {
			return i + 1, nil
		}
		now := time.Now()
		g.mu.Lock()
		r.Replayed = g.lane.didSend(r.Seq, now) || now.Sub(r.SpooledAt) > replayedAfter
		g.mu.Unlock()
		after = r.Seq
		if err := u.send(c, g.stream, r); err != nil {
			return i, err
		}
	}
	return len(records), nil
}

// send hands one record to MQTT. It does not wait for the broker's acknowledgement: the
// window and the cloud's own acknowledgement bound what is on its way.
func (u *Uplink) send(c mqtt.Client, stream contract.Stream, r contract.Record) error {
	leaf, encode := contract.LeafAlarm, contract.EncodeRecord
	if stream == contract.StreamTelemetry {
		leaf, encode = contract.LeafTelemetry, restamp
	}
	b, err := encode(r)
	if err != nil {
		return fmt.Errorf("uplink: encode %s %d: %w", stream, r.Seq, err)
	}
	token := c.Publish(contract.Topic(u.cfg.Edge, leaf), 1, false, b)
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("uplink: publish %s %d: %w", stream, r.Seq, err)
		}
	default:
	}
	u.metrics.sent.WithLabelValues(string(stream)).Inc()
	return nil
}

// restamp gives a stored batch the header it travels with.
func restamp(r contract.Record) ([]byte, error) {
	b, err := contract.DecodeBatch(r.Payload)
	if err != nil {
		return nil, err
	}
	r.Payload = nil
	b.Record = r
	return contract.EncodeBatch(b)
}

var errSlow = errors.New("no answer in time")

func wait(ctx context.Context, t mqtt.Token) error {
	timer := time.NewTimer(publishTimeout)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return errSlow
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
