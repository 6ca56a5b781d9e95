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
	reg.MustRegister(m.links)
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
