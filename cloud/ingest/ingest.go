// Package ingest takes what edges send: exactly once in effect, in order, and
// acknowledged only after it is durable.
//
// A record is taken if Prev <= cursor < Seq. Why this is right: the spool is a chain in
// which each record names the one before it, so no record exists between Prev and Seq.
// By induction everything up to the cursor has been taken (or does not exist); with
// Prev <= cursor nothing is left out by going on to Seq, and with cursor < Seq the
// record is new. Seq <= cursor is a repeat and is acknowledged again; anything else is
// a gap, and the edge is asked to go back to cursor+1.
package ingest

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/series"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// Alarms takes the edge's axis of alarms.
type Alarms interface {
	Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error)
	ApplyAction(ctx context.Context, tx *sql.Tx, e contract.EdgeID, r contract.ActionReport) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// Commands takes results of commands.
type Commands interface {
	Answer(ctx context.Context, tx *sql.Tx, e contract.EdgeID, r contract.CommandResult) ([]alarm.Change, error)
}

// Fleet takes signs of life, manifests, boots, check-ins and fresh values.
type Fleet interface {
	Heard(e contract.EdgeID, at time.Time)
	Hello(ctx context.Context, h contract.Hello, at time.Time) error
	Manifest(ctx context.Context, m contract.Manifest) error
	Boot(ctx context.Context, tx *sql.Tx, e contract.EdgeID, b contract.Boot) error
	CheckIn(ctx context.Context, tx *sql.Tx, e contract.EdgeID, p contract.Position, c contract.CheckIn, recv time.Time) error
	Samples(e contract.EdgeID, columns []contract.Column)
}

// Series stores samples durably before it returns.
type Series interface {
	Append(ctx context.Context, cols []series.Column) error
}

// Deps are what ingest works with. Send answers an edge.
type Deps struct {
	DB       *db.DB
	Alarms   Alarms
	Commands Commands
	Fleet    Fleet
	Series   Series
	Send     func(e contract.EdgeID, l contract.Leaf, payload []byte) error
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
}

// Queue lengths per edge. What does not fit is not acknowledged, so the edge keeps it
// and sends it again.
const (
	alarmQueue     = 512
	telemetryQueue = 64
	maxEdges       = 10_000
)

// Ingest has two lanes per edge, each with its own goroutine: no edge waits for another,
// and no alarm waits for telemetry.
type Ingest struct {
	Deps
	metrics metrics
	mu      sync.Mutex
	ctx     context.Context // Run's; nil outside
	wg      sync.WaitGroup
	lanes   map[laneKey]chan item
}

type laneKey struct {
	edge   contract.EdgeID
	stream contract.Stream
}

// item is one message, or a lane's part of a hello.
type item struct {
	leaf    contract.Leaf
	payload []byte
	recv    time.Time
}

// New makes an ingest; messages are taken while Run runs.
func New(d Deps) *Ingest {
	return &Ingest{Deps: d, metrics: newMetrics(d.Registry), lanes: map[laneKey]chan item{}}
}

// Run works until ctx ends and every lane has finished the message in its hands.
func (g *Ingest) Run(ctx context.Context) error {
	g.mu.Lock()
	g.ctx = ctx
	g.mu.Unlock()
	<-ctx.Done()
	g.mu.Lock()
	g.ctx = nil
	clear(g.lanes)
	g.mu.Unlock()
	g.wg.Wait()
	return nil
}

// Take queues a message of an edge (as known from its login). It never blocks; what
// does not fit is dropped and counted, and the edge sends it again.
func (g *Ingest) Take(e contract.EdgeID, l contract.Leaf, payload []byte) {
	it := item{leaf: l, payload: payload, recv: g.Now()}
	switch l {
	case contract.LeafAlarm, contract.LeafManifest:
		g.queue(laneKey{e, contract.StreamAlarm}, it)
	case contract.LeafTelemetry:
		g.queue(laneKey{e, contract.StreamTelemetry}, it)
	case contract.LeafStatus: // both lanes: each speaks for its own cursor, after what came before
		g.queue(laneKey{e, contract.StreamAlarm}, it)
		g.queue(laneKey{e, contract.StreamTelemetry}, it)
	}
}

func (g *Ingest) queue(k laneKey, it item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx == nil {
		g.metrics.dropped.WithLabelValues(string(k.stream)).Inc()
		return
	}
	lane, ok := g.lanes[k]
	if !ok {
		if len(g.lanes) >= 2*maxEdges {
			g.metrics.dropped.WithLabelValues(string(k.stream)).Inc()
			return
		}
		size := telemetryQueue
		if k.stream == contract.StreamAlarm {
			size = alarmQueue
		}
		lane = make(chan item, size)
		g.lanes[k] = lane
		ctx := g.ctx
		g.wg.Go(func() { g.work(ctx, k, lane) })
	}
	select {
	case lane <- it:
	default:
		g.metrics.dropped.WithLabelValues(string(k.stream)).Inc()
	}
}

func (g *Ingest) work(ctx context.Context, k laneKey, lane <-chan item) {
	for {
		select {
		case <-ctx.Done():
			return
		case it := <-lane:
			if err := g.Handle(ctx, k.edge, k.stream, it.leaf, it.payload, it.recv); err != nil && ctx.Err() == nil {
				g.metrics.failed.WithLabelValues(string(k.stream)).Inc()
				g.Log.Error("take message", "edge", k.edge, "leaf", it.leaf, "err", err)
			}
		}
	}
}

// Handle takes one message on one lane, in the caller's goroutine. An error means that
// nothing was acknowledged and the edge will send again.
func (g *Ingest) Handle(ctx context.Context, e contract.EdgeID, lane contract.Stream, l contract.Leaf, payload []byte, recv time.Time) error {
	switch l {
	case contract.LeafAlarm:
		return g.alarmRecord(ctx, e, payload, recv)
	case contract.LeafTelemetry:
		return g.batch(ctx, e, payload, recv)
	case contract.LeafManifest:
		return g.manifest(ctx, e, payload, recv)
	case contract.LeafStatus:
		return g.hello(ctx, e, lane, payload, recv)
	}
	return nil
}

func (g *Ingest) manifest(ctx context.Context, e contract.EdgeID, payload []byte, recv time.Time) error {
	var m contract.Manifest
	err := json.Unmarshal(payload, &m)
	if err == nil && m.Edge != e {
		err = errForeign(e, m.Edge)
	}
	if err == nil {
		g.Fleet.Heard(e, recv)
		err = g.Fleet.Manifest(ctx, m)
		if err != nil && !contract.IsMalformed(err) {
			return err
		}
	}
	if err != nil {
		return g.quarantine(ctx, poison{edge: e, stream: "manifest", raw: payload, reason: err.Error()}, recv)
	}
	return nil
}

// hello answers with this lane's cursor; the alarm lane also tells the fleet.
func (g *Ingest) hello(ctx context.Context, e contract.EdgeID, lane contract.Stream, payload []byte, recv time.Time) error {
	var h contract.Hello
	err := json.Unmarshal(payload, &h)
	if err == nil && h.Edge != e {
		err = errForeign(e, h.Edge)
	}
	if err != nil {
		if lane != contract.StreamAlarm {
			return nil // the other lane keeps it
		}
		return g.quarantine(ctx, poison{edge: e, stream: "status", raw: payload, reason: err.Error()}, recv)
	}
	if lane == contract.StreamAlarm {
		if err := g.Fleet.Hello(ctx, h, recv); err != nil {
			return err
		}
	}
	if !h.Online || h.Epoch == "" || len(h.Epoch) > 64 {
		return nil
	}
	cursor, err := g.openCursor(ctx, h, lane, recv)
	if err != nil {
		return err
	}
	return g.ack(e, contract.Ack{Stream: lane, Epoch: h.Epoch, Seq: cursor})
}

func (g *Ingest) ack(e contract.EdgeID, a contract.Ack) error {
	a.V = contract.Version
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return g.Send(e, contract.LeafAck, raw)
}

type metrics struct {
	taken, repeats, gaps, poison, dropped, failed *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	vec := func(name, help string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"stream"})
		if reg != nil {
			reg.MustRegister(v)
		}
		return v
	}
	return metrics{
		taken:   vec("cloud_ingest_records_taken_total", "Records committed."),
		repeats: vec("cloud_ingest_records_repeated_total", "Records that were already there."),
		gaps:    vec("cloud_ingest_gaps_seen_total", "Records refused because one before them is missing."),
		poison:  vec("cloud_ingest_messages_quarantined_total", "Messages that can never be taken."),
		dropped: vec("cloud_ingest_messages_dropped_total", "Messages not taken because the queue was full; the edge sends them again."),
		failed:  vec("cloud_ingest_messages_failed_total", "Messages not taken because of an error here; the edge sends them again."),
	}
}
