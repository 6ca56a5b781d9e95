package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	ringSize    = 4096                   // events a client may have missed and still resume
	clientQueue = 512                    // events a client may be behind before it is dropped
	pointsEvery = 500 * time.Millisecond // values are told at most twice a second
	stampQueue  = 1024
)

// Stamper notes when an alarm was handed to the consoles.
type Stamper interface {
	MarkPushed(ctx context.Context, id string, at time.Time) error
}

// frame is one event as it goes on the wire.
type frame struct {
	seq      int64
	wire     []byte
	building string         // where it belongs; "" is nowhere in particular
	need     org.Permission // what it takes to be told, there
	person   string         // the only one who is told, whatever their rights; "" is everybody
}

// Hub hands events to every open stream. Publishing never blocks: a client that does
// not keep up is dropped, reconnects and resumes or resyncs.
type Hub struct {
	log     *slog.Logger
	stamper Stamper
	now     func() time.Time
	stamps  chan stampJob
	clients prometheus.GaugeFunc
	dropped prometheus.Counter
	missed  prometheus.Counter

	mu     sync.Mutex
	seq    int64
	ring   []frame // oldest first
	subs   map[*subscription]bool
	points map[contract.EdgeID]map[contract.PointID]fleet.PointValue
	edges  func() []fleet.Edge
	closed bool
}

type stampJob struct {
	id string
	at time.Time
}

// NewHub makes a hub. Sequence numbers begin at the present millisecond, so that those
// of an earlier run of the program are always older.
func NewHub(log *slog.Logger, reg prometheus.Registerer, stamper Stamper, now func() time.Time) *Hub {
	h := &Hub{log: log, stamper: stamper, now: now, stamps: make(chan stampJob, stampQueue), seq: now().UnixMilli(),
		subs: map[*subscription]bool{}, points: map[contract.EdgeID]map[contract.PointID]fleet.PointValue{},
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "cloud_httpapi_stream_dropped_total", Help: "Event streams dropped because the client was too slow."}),
		missed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "cloud_httpapi_pushed_stamps_missed_total", Help: "Pushed stamps that could not be written."})}
	h.clients = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cloud_httpapi_stream_clients", Help: "Open event streams."}, func() float64 {
		h.mu.Lock()
		defer h.mu.Unlock()
		return float64(len(h.subs))
	})
	reg.MustRegister(h.clients, h.dropped, h.missed)
	return h
}

// Run tells of values and writes pushed stamps until ctx ends, then closes every
// stream so that the server can stop.
func (h *Hub) Run(ctx context.Context) error {
	defer h.close()
	tick := time.NewTicker(pointsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			h.flushPoints()
		case j := <-h.stamps:
			if err := h.stamper.MarkPushed(ctx, j.id, j.at); err != nil && ctx.Err() == nil {
				h.missed.Inc()
				h.log.Error("stamp pushed", "alarm", j.id, "err", err)
			}
		}
	}
}

// Alarm is an alarm listener.
func (h *Hub) Alarm(c alarm.Change) {
	if c.Alarm.Stamps.Pushed.IsZero() {
		c.Alarm.Stamps.Pushed = h.now().UTC()
		select {
		case h.stamps <- stampJob{c.Alarm.ID, c.Alarm.Stamps.Pushed}:
		default:
			h.missed.Inc()
		}
	}
	h.publish("alarm", c.Alarm.Building, org.AlarmRead, map[string]any{"alarm": c.Alarm, "kind": c.Kind})
}

// Edge is a fleet listener.
func (h *Hub) Edge(e fleet.Edge) {
	h.publish("edge", e.Building, org.AlarmRead, map[string]any{"edge": e})
}

// Incident is an incident listener.
func (h *Hub) Incident(n incident.Notice) {
	h.publish("incident", n.Building, org.IncidentRead, n)
}

// Points is a fleet listener; of several values of a point within half a second only
// the newest is told.
func (h *Hub) Points(edge contract.EdgeID, values []fleet.PointValue) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.points[edge]
	if m == nil {
		m = map[contract.PointID]fleet.PointValue{}
		h.points[edge] = m
	}
	for _, v := range values {
		if old, ok := m[v.Point]; !ok || !v.At.Before(old.At) {
			m[v.Point] = v
		}
	}
}

func (h *Hub) flushPoints() {
	h.mu.Lock()
	pending := h.points
	h.points = map[contract.EdgeID]map[contract.PointID]fleet.PointValue{}
	h.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	where := map[contract.EdgeID]string{}
	if h.edges != nil {
		for _, e := range h.edges() {
			where[e.ID] = e.Building
		}
	}
	for _, edge := range slices.Sorted(maps.Keys(pending)) {
		values := make([]fleet.PointValue, 0, len(pending[edge]))
		for _, p := range slices.Sorted(maps.Keys(pending[edge])) {
			values = append(values, pending[edge][p])
		}
		h.publish("points", where[edge], org.AlarmRead, map[string]any{"edge": edge, "values": values})
	}
}

// SetEdges tells the hub how to find the building of an edge's values. It is set once,
// before Run; without it only those who see everything are told of values.
func (h *Hub) SetEdges(edges func() []fleet.Edge) { h.edges = edges }

// publish encodes an event once and puts it into the queue of every stream that may be
// told of its building.
func (h *Hub) publish(event, building string, need org.Permission, v any) {
	h.put(event, frame{building: building, need: need}, v)
}

func (h *Hub) put(event string, f frame, v any) {
	data, err := json.Marshal(v)
	if err != nil { // our own types: a bug, but never a reason to stop alarms
		h.log.Error("encode event", "event", event, "err", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.seq++
	f.seq, f.wire = h.seq, encode(event, h.seq, data)
	if len(h.ring) == ringSize {
		h.ring = slices.Delete(h.ring, 0, ringSize/8) // in groups, so that it is not moved each time
	}
	h.ring = append(h.ring, f)
	for sub := range h.subs {
		if !sub.told(f) {
			continue
		}
		select {
		case sub.frames <- f:
			sub.sent = f.seq
		default:
			h.dropped.Inc()
			h.end(sub)
		}
	}
}

// encode writes one event; JSON has no raw line breaks, so one data line is enough.
func encode(event string, seq int64, data []byte) []byte {
	var b bytes.Buffer
	if seq > 0 {
		fmt.Fprintf(&b, "id: %d\n", seq)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", event, data)
	return b.Bytes()
}

// subscription is one open stream; frames is closed when it has to end.
type subscription struct {
	frames  chan frame
	recheck chan struct{} // the rights of its person may have changed
	person  string
	backlog []frame
	resync  bool  // events were missed that are no longer kept
	seq     int64 // the newest event at the start
	rights  org.Rights
	locked  bool  // the screen is; its client has to know
	sent    int64 // the newest event put into its queue
}

func (sub *subscription) told(f frame) bool {
	if f.person != "" {
		return f.person == sub.person
	}
	return sub.rights.Reach(f.need).Has(f.building)
}

// subscribe opens a stream that goes on after the event last; 0 means from now. It
// tells only what rights reach. It returns nil when the hub is closed.
func (h *Hub) subscribe(last int64, person string, rights org.Rights) *subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	sub := &subscription{frames: make(chan frame, clientQueue), recheck: make(chan struct{}, 1), seq: h.seq, sent: h.seq, person: person, rights: rights}
	switch {
	case last == 0 || last == h.seq:
	case last > h.seq || len(h.ring) == 0 || last < h.ring[0].seq-1:
		sub.resync = true
	default:
		i, _ := slices.BinarySearchFunc(h.ring, last+1, func(f frame, seq int64) int { return int(f.seq - seq) })
		for _, f := range h.ring[i:] {
			if sub.told(f) {
				sub.backlog = append(sub.backlog, f)
			}
		}
	}
	h.subs[sub] = true
	return sub
}

// renew changes what a stream is told and reports whether that is something else than
// before; the client then has to fetch anew what it holds.
func (h *Hub) renew(sub *subscription, rights org.Rights, locked bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed := sub.locked != locked || !sub.rights.Equal(rights)
	sub.rights, sub.locked = rights, locked
	return changed
}

// sentTo is the newest event that was put into a stream's queue.
func (h *Hub) sentTo(sub *subscription) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return sub.sent
}

// Recheck makes the streams of a person look at their session again at once; "" is
// everyone's.
func (h *Hub) Recheck(person string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.subs {
		if person == "" || sub.person == person {
			select {
			case sub.recheck <- struct{}{}:
			default:
			}
		}
	}
}

func (h *Hub) unsubscribe(sub *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(sub)
}

// end closes a stream once; the caller holds mu.
func (h *Hub) end(sub *subscription) {
	if h.subs[sub] {
		delete(h.subs, sub)
		close(sub.frames)
	}
}

func (h *Hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for sub := range h.subs {
		h.end(sub)
	}
}

// Seq is the number of the newest event.
func (h *Hub) Seq() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}
