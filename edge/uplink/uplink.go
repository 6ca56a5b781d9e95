// Package uplink is the room that speaks to the cloud: it sends what the spool holds,
// each stream in order and in its own window, alarms never behind telemetry, and lets
// the spool trim only what the cloud says it has committed. An MQTT acknowledgement is
// not taken for that.
//
// The session is clean and nothing is left to the MQTT library: after a lost connection
// everything unacknowledged is sent again from the spool.
package uplink

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// Source is the spool as the uplink sees it. The Payload of a telemetry record is an
// encoded [contract.Batch] whose header is replaced on the way out.
type Source interface {
	Cursor(stream contract.Stream) (epoch string, acked, newest uint64)
	Next(ctx context.Context, stream contract.Stream, after uint64, n int) ([]contract.Record, error)
	Trim(ctx context.Context, stream contract.Stream, seq uint64) error
	Forget(ctx context.Context, stream contract.Stream, seq uint64) (lost uint64, err error)
}

// Config of the uplink.
type Config struct {
	Edge     contract.EdgeID
	Door     func() (Door, error) // asked before each connection
	Hello    func() contract.Hello
	Manifest func() contract.Manifest
	Command  func(ctx context.Context, c contract.Command) // called one at a time
}

// Door is where the cloud is and how the edge shows itself there.
type Door struct {
	Broker string // ssl://host:port
	TLS    *tls.Config
}

// Windows: records in flight for each stream.
const (
	alarmWindow     = 16
	telemetryWindow = 32
	commandQueue    = 64
)

// Uplink is the connection to the cloud.
type Uplink struct {
	cfg      Config
	src      Source
	log      *slog.Logger
	metrics  *metrics
	lanes    map[contract.Stream]*guarded
	commands chan contract.Command

	mu     sync.Mutex
	status Status
}

// guarded is a lane with the lock its goroutine and the MQTT callbacks share.
type guarded struct {
	mu     sync.Mutex
	lane   lane
	acks   []contract.Ack
	kick   chan struct{}
	stream contract.Stream
}

func (g *guarded) poke() {
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

// Status is how the uplink does, for people.
type Status struct {
	Connected    bool                           `json:"connected"`
	Since        time.Time                      `json:"since,omitzero"`
	Error        string                         `json:"error,omitempty"`
	NotDelivered bool                           `json:"not_delivered"` // alarms are waiting and the cloud does not confirm
	Lanes        map[contract.Stream]LaneStatus `json:"lanes"`
}

// LaneStatus is how one stream does.
type LaneStatus struct {
	Acked  uint64 `json:"acked"`
	Sent   uint64 `json:"sent"`
	Flight int    `json:"flight"`
	Missed int    `json:"missed"`
}

// New makes an uplink; nothing is dialled before [Uplink.Run].
func New(cfg Config, src Source, log *slog.Logger, reg prometheus.Registerer) *Uplink {
	u := &Uplink{cfg: cfg, src: src, log: log, metrics: newMetrics(reg), commands: make(chan contract.Command, commandQueue),
		lanes: map[contract.Stream]*guarded{}}
	for stream, window := range map[contract.Stream]int{contract.StreamAlarm: alarmWindow, contract.StreamTelemetry: telemetryWindow} {
		_, acked, _ := src.Cursor(stream)
		u.lanes[stream] = &guarded{lane: lane{window: window, acked: acked, sent: acked}, kick: make(chan struct{}, 1), stream: stream}
	}
	return u
}

// Notify says that a stream has a new record.
func (u *Uplink) Notify(stream contract.Stream) { u.lanes[stream].poke() }

// Run keeps the connection until ctx ends.
func (u *Uplink) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { u.connectLoop(ctx) })
	wg.Go(func() { u.watch(ctx) })
	wg.Go(func() {
		for {
			select {
			case c := <-u.commands:
				u.cfg.Command(ctx, c)
			case <-ctx.Done():
				return
			}
		}
	})
	wg.Wait()
}

// watch counts missed acknowledgements, connected or not.
func (u *Uplink) watch(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			for stream, g := range u.lanes {
				_, _, newest := u.src.Cursor(stream)
				g.mu.Lock()
				resend := g.lane.tick(newest, now)
				loud := g.lane.notDelivered()
				g.mu.Unlock()
				if resend {
					u.metrics.resends.WithLabelValues(string(stream)).Inc()
					g.poke()
				}
				if stream == contract.StreamAlarm {
					u.setLoud(loud)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

func (u *Uplink) setLoud(loud bool) {
	u.mu.Lock()
	was := u.status.NotDelivered
	u.status.NotDelivered = loud
	u.mu.Unlock()
	v := 0.0
	if loud {
		v = 1
	}
	u.metrics.notDelivered.Set(v)
	if loud && !was {
		u.log.Error("alarms are not delivered: the cloud does not confirm")
	} else if was && !loud {
		u.log.Info("alarms are delivered again")
	}
}

// Status reads the state of the uplink.
func (u *Uplink) Status() Status {
	u.mu.Lock()
	s := u.status
	u.mu.Unlock()
	s.Lanes = map[contract.Stream]LaneStatus{}
	for stream, g := range u.lanes {
		g.mu.Lock()
		s.Lanes[stream] = LaneStatus{Acked: g.lane.acked, Sent: g.lane.sent, Flight: len(g.lane.flight), Missed: g.lane.missed}
		g.mu.Unlock()
	}
	return s
}

// onAck takes a message from the ack topic; it runs in the MQTT library's goroutine.
func (u *Uplink) onAck(payload []byte) {
	var a contract.Ack
	if err := json.Unmarshal(payload, &a); err != nil || a.V < 1 || a.V > contract.Version {
		u.log.Warn("acknowledgement not understood", "error", err, "bytes", len(payload))
		return
	}
	g := u.lanes[a.Stream]
	if g == nil {
		return
	}
	g.mu.Lock()
	if len(g.acks) < 1000 {
		g.acks = append(g.acks, a)
	}
	g.mu.Unlock()
	g.poke()
}

// onCommand takes a message from the command topic. A full queue drops it: the cloud
// sends a command again until it has a result.
func (u *Uplink) onCommand(payload []byte) {
	var c contract.Command
	if err := json.Unmarshal(payload, &c); err != nil || c.V < 1 || c.V > contract.Version || c.ID == "" || len(c.ID) > 128 {
		u.log.Warn("command not understood", "error", err, "bytes", len(payload))
		return
	}
	select {
	case u.commands <- c:
	default:
		u.log.Warn("command dropped: queue full", "command", c.ID)
	}
}

type metrics struct {
	sent, resends, forgotten *prometheus.CounterVec
	connected, notDelivered  prometheus.Gauge
	connects                 prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	vec := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"stream"})
	}
	m := &metrics{
		sent:         vec("uplink_records_sent_total", "Records handed to MQTT, repeats included."),
		resends:      vec("uplink_resends_total", "Times the records in flight were sent again for want of an acknowledgement."),
		forgotten:    vec("uplink_records_missing_total", "Records the cloud asked for that were gone because it had acknowledged them before."),
		connected:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "uplink_connected", Help: "1 while connected to the broker."}),
		notDelivered: prometheus.NewGauge(prometheus.GaugeOpts{Name: "uplink_alarms_not_delivered", Help: "1 after three missed acknowledgements on the alarm stream."}),
		connects:     prometheus.NewCounter(prometheus.CounterOpts{Name: "uplink_connects_total", Help: "Connections made."}),
	}
	reg.MustRegister(m.sent, m.resends, m.forgotten, m.connected, m.notDelivered, m.connects)
	return m
}
