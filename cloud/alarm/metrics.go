package alarm

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	stamps *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{stamps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "cloud_alarm_stamp_seconds", Help: "Time an alarm took between two of its stamps.",
		Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 30, 60, 300, 1800},
	}, []string{"from", "to"})}
	if reg != nil {
		reg.MustRegister(m.stamps)
	}
	return m
}

// stamped observes the spans that end at a stamp which is new.
func (m metrics) stamped(before, after Stamps) {
	if before.Committed.IsZero() {
		m.span("sensed", "decided", after.Sensed, after.Decided, after.Committed)
		m.span("decided", "spooled", after.Decided, after.Spooled, after.Committed)
		m.span("spooled", "received", after.Spooled, after.Received, after.Committed)
		m.span("received", "committed", after.Received, after.Committed, after.Committed)
	}
	if before.Pushed.IsZero() {
		m.span("received", "pushed", after.Received, after.Pushed, after.Pushed)
	}
	if before.Painted.IsZero() {
		m.span("pushed", "painted", after.Pushed, after.Painted, after.Painted)
		m.span("sensed", "painted", after.Sensed, after.Painted, after.Painted)
	}
}

// acknowledged observes how long people took.
func (m metrics) acknowledged(changes []Change) {
	for _, c := range changes {
		if st := c.Alarm.Stamps; c.Kind == Acknowledged {
			m.span("received", "acknowledged", st.Received, st.Acknowledged, st.Acknowledged)
			m.span("painted", "acknowledged", st.Painted, st.Acknowledged, st.Acknowledged)
		}
	}
}

// span observes to-from if both are there and the stamp that is new is. Clocks of edge
// and cloud differ a little: a negative span counts as zero.
func (m metrics) span(from, to string, a, b, fresh time.Time) {
	if !a.IsZero() && !b.IsZero() && !fresh.IsZero() {
		m.stamps.WithLabelValues(from, to).Observe(max(0, b.Sub(a).Seconds()))
	}
}
