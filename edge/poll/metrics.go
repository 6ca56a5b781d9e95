package poll

import (
	"time"

	"anlan/contract"
	"anlan/drivers"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the buses. A nil *Metrics counts nothing.
type Metrics struct {
	polls, writes *prometheus.CounterVec
	floor, real   *prometheus.CounterVec
	links         *prometheus.GaugeVec
	loads         *prometheus.GaugeVec
	worst         map[string]*prometheus.GaugeVec // detect, silence
	promise       map[string]*prometheus.GaugeVec
	beyond        *prometheus.GaugeVec
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		polls:  counter("poll_reads_total", "Group reads by outcome.", "bus", "outcome"),
		writes: counter("poll_writes_total", "Writes by outcome.", "bus", "outcome"),
		floor:  counter("poll_floor_seconds_total", "Wire floor of the good reads made.", "bus"),
		real:   counter("poll_good_seconds_total", "Time the good reads took.", "bus"),
		links:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "poll_bus_up", Help: "1 while the bus is open and answers."}, []string{"bus"}),
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		reg.MustRegister(g)
		return g
	}
	reg.MustRegister(m.links)
	m.loads = gauge("poll_bus_load_ratio", "Share of the line's time: promised at worst, measured, and spare (probes and early polls).", "bus", "kind")
	m.beyond = gauge("poll_failures_beyond_promise_count", "Failures that were more than the promises allow for.", "bus")
	m.worst, m.promise = map[string]*prometheus.GaugeVec{}, map[string]*prometheus.GaugeVec{}
	for what, help := range map[string]string{"detect": "until a change is seen", "silence": "until it is seen that the device is silent"} {
		m.worst[what] = gauge("poll_"+what+"_worst_seconds", "Longest measured "+help+".", "bus", "device", "group")
		m.promise[what] = gauge("poll_"+what+"_promise_seconds", "Longest promised "+help+".", "bus", "device", "group")
	}
	return m
}

func outcome(err error) string {
	if err == nil {
		return "good"
	}
	return drivers.QualityOf(err).String()[len("bad:"):]
}

func (m *Metrics) poll(bus contract.BusID, took, floor time.Duration, err error) {
	if m == nil {
		return
	}
	m.polls.WithLabelValues(string(bus), outcome(err)).Inc()
	if err == nil {
		m.floor.WithLabelValues(string(bus)).Add(floor.Seconds())
		m.real.WithLabelValues(string(bus)).Add(took.Seconds())
	}
}

func (m *Metrics) write(bus contract.BusID, err error) {
	if m != nil {
		m.writes.WithLabelValues(string(bus), outcome(err)).Inc()
	}
}

func (m *Metrics) link(bus contract.BusID, up bool) {
	if m == nil {
		return
	}
	v := 0.0
	if up {
		v = 1
	}
	m.links.WithLabelValues(string(bus)).Set(v)
}

func (m *Metrics) load(bus contract.BusID, kind string, share float64) {
	if m != nil {
		m.loads.WithLabelValues(string(bus), kind).Set(share)
	}
}

func (m *Metrics) over(bus contract.BusID, n uint64) {
	if m != nil {
		m.beyond.WithLabelValues(string(bus)).Set(float64(n))
	}
}

// proof shows a promised or measured time of a group, which is named by its first point.
func (m *Metrics) proof(promise bool, what string, bus contract.BusID, first contract.PointID, d time.Duration) {
	if m == nil {
		return
	}
	kind := m.worst
	if promise {
		kind = m.promise
	}
	kind[what].WithLabelValues(string(bus), string(first.Device()), first.Name()).Set(d.Seconds())
}
