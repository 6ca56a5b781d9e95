package edge

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/edge/alarm"
	"anlan/edge/output"
	"anlan/edge/spool"
	"anlan/edge/telemetry"
)

const (
	tickEvery   = 250 * time.Millisecond
	lowDisk     = 256 << 20 // bytes
	inboxLength = 256
)

// core is the one goroutine that owns the alarms: it steps them, tells the outputs,
// and makes durable what happened, in that order, so that a slow disk never delays a
// siren. What could not be written is kept and tried again, never dropped.
type core struct {
	edge    contract.EdgeID
	config  string
	boot    boot
	engine  *alarm.Engine
	outputs *output.Engine
	spool   *spool.Spool
	batcher *telemetry.Batcher
	notify  func(contract.Stream)
	dataDir string
	readers map[contract.DeviceID]contract.CheckIn // name and place of each reader
	log     *slog.Logger
	fail    func(error)

	inbox chan any

	mu     sync.RWMutex
	latest map[contract.PointID]contract.Reading
	system map[contract.PointID]float64
	states map[alarm.Key]alarm.State // copy for people, renewed each tick

	unwritten []spool.Entry
	unstated  map[string][]byte
	beat      time.Time // last tick
}

type (
	readingsMsg []contract.Reading
	tapMsg      struct {
		reader contract.DeviceID
		tap    drivers.Tap
	}
	reportMsg contract.ActionReport
	resetMsg  struct {
		key   alarm.Key
		reply chan string
	}
)

// Readings implements poll.Sink.
func (c *core) Readings(rs []contract.Reading) {
	c.mu.Lock()
	for _, r := range rs {
		if _, ok := c.system[r.Point]; ok {
			c.system[r.Point] = r.Value
		}
		c.latest[r.Point] = r
	}
	c.mu.Unlock()
	c.inbox <- readingsMsg(rs)
}

// Tap implements poll.Sink.
func (c *core) Tap(reader contract.DeviceID, t drivers.Tap) {
	t.UID = append([]byte(nil), t.UID...)
	c.inbox <- tapMsg{reader, t}
}

// report takes what the outputs say.
func (c *core) report(r contract.ActionReport) { c.inbox <- reportMsg(r) }

func (c *core) reading(p contract.PointID) contract.Reading {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.latest[p]
}

// reset asks the core to reset an alarm; why as in alarm.Reset.
func (c *core) reset(ctx context.Context, k alarm.Key) (why string, err error) {
	m := resetMsg{k, make(chan string, 1)}
	select {
	case c.inbox <- m:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case why = <-m.reply:
		return why, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (c *core) run(ctx context.Context) {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	c.tick()
	for {
		select {
		case m := <-c.inbox:
			c.take(m)
		case <-t.C:
			c.tick()
		case <-ctx.Done():
			c.drain()
			return
		}
	}
}

// drain takes what is still in the inbox and closes the open batch. Whoever fills the
// inbox has already stopped.
func (c *core) drain() {
	for {
		select {
		case m := <-c.inbox:
			c.take(m)
			continue
		default:
		}
		break
	}
	c.samples(c.batcher.Close())
	c.flush()
}

func (c *core) take(m any) {
	switch m := m.(type) {
	case readingsMsg:
		now := time.Now()
		c.act(c.engine.Feed(m, now))
		c.samples(c.batcher.Add(m, now))
	case tapMsg:
		k := c.readers[m.reader]
		k.Reader, k.UID, k.Texts, k.At = m.reader, strings.ToUpper(hex.EncodeToString(m.tap.UID)), m.tap.Texts, m.tap.At
		c.log.Info("check-in", "reader", m.reader, "uid", k.UID)
		c.put(contract.KindCheckIn, k)
		c.flush()
	case reportMsg:
		c.reported(contract.ActionReport(m))
	case resetMsg:
		events, why := c.engine.Reset(m.key, time.Now())
		c.act(events)
		m.reply <- why
	}
}

// reported records an action's outcome; one without proof is an alarm of its own.
func (c *core) reported(r contract.ActionReport) {
	c.log.Info("action", "output", r.Output, "verb", r.Verb, "outcome", r.Outcome, "why", r.Why, "cause", r.Cause, "attempt", r.Attempt)
	c.put(contract.KindAction, r)
	c.flush()
	switch {
	case r.Outcome == contract.Confirmed:
		c.setSystem(outputPoint(r.Output), 0)
	case (r.Outcome == contract.NotConfirmed || r.Outcome == contract.FailedWrite) && r.Why != output.WhyReplaced:
		c.setSystem(outputPoint(r.Output), 1)
	}
}

// setSystem changes one of the edge's own points and lets the rules see it at once.
func (c *core) setSystem(p contract.PointID, v float64) {
	c.mu.Lock()
	c.system[p] = v
	c.mu.Unlock()
	now := time.Now()
	c.act(c.engine.Feed([]contract.Reading{{Point: p, Value: v, Quality: contract.Good, At: now, Checked: now}}, now))
}

func (c *core) tick() {
	now := time.Now()
	free := diskFree(c.dataDir)
	c.mu.Lock()
	c.beat = now
	c.system[selfPoint(c.edge, "disk")] = bit(free >= 0 && free < lowDisk || len(c.unwritten) > 0)
	c.system[selfPoint(c.edge, "rules")] = bit(c.engine.Broken() > 0)
	rs := make([]contract.Reading, 0, len(c.system))
	for p, v := range c.system {
		if math.IsNaN(v) {
			continue // a bus that was not tried yet
		}
		r := contract.Reading{Point: p, Value: v, Quality: contract.Good, At: now, Checked: now}
		c.latest[p] = r
		rs = append(rs, r)
	}
	c.mu.Unlock()
	events := c.engine.Feed(rs, now)
	c.act(append(events, c.engine.Tick(now)...))
	c.outputs.Update(outputAlarms(c.engine.InForce()))
	c.samples(c.batcher.Tick(now))
	c.flush()
	c.publish()
}

// publish renews the copy of the states that people read.
func (c *core) publish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.engine.Defs() {
		k := c.engine.Defs()[i].Key
		c.states[k] = c.engine.State(k)
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// act carries what the alarms decided to the outputs and then to the spool.
func (c *core) act(events []alarm.Event) {
	if len(events) == 0 {
		return
	}
	for _, e := range events {
		if ch := e.Change; ch.Condition == contract.Active && !ch.Latched && ch.Previous == contract.Active {
			c.outputs.Unmute(e.Key.String()) // worse than when it was muted, or back again
		}
	}
	c.outputs.Update(outputAlarms(c.engine.InForce()))
	for _, e := range events {
		if e.Returned {
			c.outputs.Renew(e.Key.String())
		}
		ch := e.Change
		c.log.Info("alarm", "point", ch.Point, "rule", ch.Rule, "condition", ch.Condition, "previous", ch.Previous,
			"severity", ch.Severity, "latched", ch.Latched, "value", ch.Value, "reason", ch.Reason)
		c.put(contract.KindCondition, ch)
		st := c.engine.State(e.Key)
		b, err := json.Marshal(st)
		if err != nil {
			c.log.Error("encode alarm state", "point", ch.Point, "rule", ch.Rule, "error", err)
			continue
		}
		c.unstated[stateKey(e.Key)] = b
	}
	c.flush()
	c.publish()
}

func stateKey(k alarm.Key) string { return "alarm/" + k.String() }

// put queues a record for the alarm stream; flush makes it durable.
func (c *core) put(kind contract.Kind, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		c.log.Error("encode record", "kind", kind, "error", err)
		return
	}
	c.unwritten = append(c.unwritten, c.entry(contract.StreamAlarm, kind, b))
}

func (c *core) entry(stream contract.Stream, kind contract.Kind, payload []byte) spool.Entry {
	return spool.Entry{Stream: stream, Kind: kind, BootID: c.boot.id, MonoNS: c.boot.mono(), At: time.Now(), Synced: clockSynced(), Config: c.config, Payload: payload}
}

// flush writes what is queued. What can not be written stays queued; the disk rule
// raises an alarm about it, and a damaged spool ends the run so that a new one begins.
func (c *core) flush() {
	if len(c.unwritten) == 0 && len(c.unstated) == 0 {
		return
	}
	if _, err := c.spool.Append(context.Background(), c.unwritten, spool.Also{States: c.unstated}); err != nil {
		c.log.Error("write records", "records", len(c.unwritten), "error", err)
		c.giveUp(err)
		return
	}
	c.unwritten, c.unstated = nil, map[string][]byte{}
	c.notify(contract.StreamAlarm)
}

func (c *core) giveUp(err error) {
	if errors.Is(err, spool.ErrDamaged) {
		c.fail(err)
	}
}

// samples writes one batch. The header it is encoded with is only a place to keep it;
// the uplink gives it the one it travels with.
func (c *core) samples(cols []contract.Column) {
	if len(cols) == 0 {
		return
	}
	b, err := contract.EncodeBatch(contract.Batch{Record: contract.Record{V: contract.Version, Edge: c.edge, Stream: contract.StreamTelemetry,
		Position: contract.Position{Epoch: c.spool.Epoch(), Seq: 1}, Kind: contract.KindSamples}, Columns: cols})
	if err == nil {
		_, err = c.spool.Append(context.Background(), []spool.Entry{c.entry(contract.StreamTelemetry, contract.KindSamples, b)}, spool.Also{})
	}
	if err != nil {
		c.log.Error("write samples", "columns", len(cols), "error", err)
		c.giveUp(err)
		return
	}
	c.notify(contract.StreamTelemetry)
}

// restore reads the alarm states of the last run. One whose rule is gone is closed, so
// that the cloud does not show it for ever.
func (c *core) restore(ctx context.Context, defs []alarm.Def) error {
	raw, err := c.spool.States(ctx)
	if err != nil {
		return err
	}
	known := map[string]alarm.Key{}
	for _, d := range defs {
		known[stateKey(d.Key)] = d.Key
	}
	stored := map[alarm.Key]alarm.State{}
	for key, b := range raw {
		var st alarm.State
		if err := json.Unmarshal(b, &st); err != nil {
			return fmt.Errorf("edge: read state %q: %w", key, err)
		}
		if k, ok := known[key]; ok {
			stored[k] = st
			continue
		}
		c.unstated[key] = nil
		if st.Said.Condition == contract.Normal {
			continue
		}
		ch := st.Last
		ch.Previous, ch.Condition, ch.Latched = ch.Condition, contract.Normal, false
		ch.Reason, ch.DecidedAt = "the rule was taken out of the configuration", time.Now()
		c.put(contract.KindCondition, ch)
	}
	c.engine = alarm.NewEngine(defs, stored)
	return nil
}
