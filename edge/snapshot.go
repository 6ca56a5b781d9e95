package edge

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/output"
	"anlan/edge/poll"
	"anlan/edge/spool"
	"anlan/edge/uplink"

	"github.com/prometheus/client_golang/prometheus"
)

// Snapshot is everything the edge knows of itself, as /api/status shows it.
type Snapshot struct {
	Edge    contract.EdgeID                 `json:"edge"`
	Version string                          `json:"version"`
	Config  string                          `json:"config"`
	Boot    string                          `json:"boot"`
	Now     time.Time                       `json:"now"`
	Synced  bool                            `json:"clock_synced"`
	Buses   []poll.BusStatus                `json:"buses"`
	Points  []PointStatus                   `json:"points"`
	Alarms  []AlarmStatus                   `json:"alarms"`
	Outputs []output.Status                 `json:"outputs"`
	Spool   map[contract.Stream]spool.Depth `json:"spool"`
	Epoch   string                          `json:"epoch"`
	Evicted uint64                          `json:"evicted"`
	Uplink  uplink.Status                   `json:"uplink"`
}

// PointStatus is the newest reading of a point.
type PointStatus struct {
	ID      contract.PointID `json:"id"`
	Value   float64          `json:"value"`
	Quality contract.Quality `json:"quality"`
	At      time.Time        `json:"at,omitzero"`
	AgeMS   int64            `json:"age_ms"` // -1 if it was never read
}

// AlarmStatus is the state of one alarm.
type AlarmStatus struct {
	Point     contract.PointID   `json:"point"`
	Rule      contract.RuleID    `json:"rule"`
	Title     contract.Text      `json:"title"`
	Hazard    contract.Hazard    `json:"hazard"`
	Condition contract.Condition `json:"condition"`
	Severity  contract.Severity  `json:"severity"` // the one in force, or that of the first step
	InForce   bool               `json:"in_force"`
	Latched   bool               `json:"latched"`
	Since     time.Time          `json:"since,omitzero"`
	Broken    string             `json:"broken,omitempty"`
}

// Snapshot reads the state of every part.
func (e *Edge) Snapshot() Snapshot {
	now := time.Now()
	s := Snapshot{Edge: e.cfg.Edge.ID, Version: Version, Config: e.cfg.Revision, Boot: e.boot.id, Now: now, Synced: clockSynced(),
		Buses: e.poller.Status(), Outputs: e.output.Status(), Epoch: e.spool.Epoch(), Evicted: e.spool.Evicted(), Uplink: e.uplink.Status(),
		Spool: map[contract.Stream]spool.Depth{}}
	for _, stream := range []contract.Stream{contract.StreamAlarm, contract.StreamTelemetry} {
		s.Spool[stream] = e.spool.Depth(stream)
	}
	c := e.core
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, r := range c.latest {
		age := int64(-1)
		if !r.At.IsZero() {
			age = r.Age(now).Milliseconds()
		}
		s.Points = append(s.Points, PointStatus{r.Point, r.Value, r.Quality, r.At, age})
	}
	slices.SortFunc(s.Points, func(a, b PointStatus) int { return cmp.Compare(a.ID, b.ID) })
	for i := range e.defs {
		s.Alarms = append(s.Alarms, alarmStatus(&e.defs[i], c.states[e.defs[i].Key]))
	}
	return s
}

func alarmStatus(d *alarm.Def, st alarm.State) AlarmStatus {
	return AlarmStatus{Point: d.Point, Rule: d.Rule, Title: d.Title, Hazard: d.Hazard, Condition: cmp.Or(st.Condition, contract.Unknown),
		Severity: d.Levels[max(st.Level, 1)-1].Severity, InForce: st.InForce(), Latched: st.Latched, Since: st.Since, Broken: st.Broken}
}

// aliveWithin is how recently the core must have ticked to be called alive.
const aliveWithin = 10 * time.Second

func (c *core) healthy() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if time.Since(c.beat) > aliveWithin {
		return errors.New("the alarm loop does not turn")
	}
	return nil
}

func registerGauges(reg prometheus.Registerer, s *spool.Spool, c *core) {
	for _, stream := range []contract.Stream{contract.StreamAlarm, contract.StreamTelemetry} {
		labels := prometheus.Labels{"stream": string(stream)}
		reg.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "spool_pending_records", Help: "Records the cloud has not acknowledged.", ConstLabels: labels},
				func() float64 { return float64(s.Depth(stream).Pending) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "spool_pending_bytes", Help: "Payload bytes of those records.", ConstLabels: labels},
				func() float64 { return float64(s.Depth(stream).Bytes) }))
	}
	reg.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "spool_evicted_records_total", Help: "Telemetry records dropped for space."},
			func() float64 { return float64(s.Evicted()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "alarm_in_force_count", Help: "Alarms raised and not cleared."}, func() float64 {
			c.mu.RLock()
			defer c.mu.RUnlock()
			n := 0
			for _, st := range c.states {
				if st.InForce() {
					n++
				}
			}
			return float64(n)
		}))
}
