package clocks

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Chain is what walking a hash-chained log found.
type Chain struct {
	OK     bool      `json:"ok"`
	Rows   int64     `json:"rows"`             // that hold
	Broken string    `json:"broken,omitempty"` // why it does not
	At     time.Time `json:"at"`
	TookMS int64     `json:"took_ms"`
}

// LogsVerified is the newest finding on each log; nil: not walked since the program started.
type LogsVerified struct {
	Audit  *Chain `json:"audit_log"`
	Alarms *Chain `json:"alarm_log"`
}

// Walk goes through a whole log and returns how many lines hold.
type Walk func(ctx context.Context) (rows int64, err error)

// Chains walks the logs once a day and when asked.
type Chains struct {
	audit, alarms Walk
	log           *slog.Logger
	now           func() time.Time
	gauge         *prometheus.GaugeVec

	walking sync.Mutex // one walk at a time
	mu      sync.Mutex
	last    LogsVerified
}

// NewChains takes how each log is walked.
func NewChains(audit, alarms Walk, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) *Chains {
	c := &Chains{audit: audit, alarms: alarms, log: log, now: now,
		gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cloud_clocks_chain_ok", Help: "1 when the log's hash chain held at the last walk."}, []string{"log"})}
	reg.MustRegister(c.gauge)
	return c
}

// Last is the newest finding.
func (c *Chains) Last() LogsVerified {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Verify walks both logs now; a second caller waits for its turn.
func (c *Chains) Verify(ctx context.Context) (LogsVerified, error) {
	c.walking.Lock()
	defer c.walking.Unlock()
	audit, err := c.walk(ctx, "audit", c.audit)
	if err != nil {
		return c.Last(), err
	}
	alarms, err := c.walk(ctx, "alarms", c.alarms)
	if err != nil {
		return c.Last(), err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = LogsVerified{Audit: audit, Alarms: alarms}
	return c.last, nil
}

func (c *Chains) walk(ctx context.Context, name string, walk Walk) (*Chain, error) {
	from := c.now().UTC()
	rows, err := walk(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out := &Chain{OK: err == nil, Rows: rows, At: from, TookMS: c.now().Sub(from).Milliseconds()}
	if err != nil {
		out.Broken = err.Error()
		c.log.Error("a log does not hold", "log", name, "rows", rows, "err", err)
	}
	c.gauge.WithLabelValues(name).Set(map[bool]float64{true: 1}[out.OK])
	return out, nil
}

const (
	firstWalk  = time.Minute // the start has better things to do
	walksEvery = 24 * time.Hour
)

// Run walks the logs a minute after the start and once a day until ctx ends.
func (c *Chains) Run(ctx context.Context) error {
	next := time.NewTimer(firstWalk)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			if _, err := c.Verify(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("walk logs", "err", err)
			}
			next.Reset(walksEvery)
		}
	}
}
