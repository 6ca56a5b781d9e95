// Package edge is the room that must work with the cloud unreachable; this file is its
// wiring. It joins the packages below, which do not know each other: buses are polled,
// readings step alarms, alarms drive outputs and are spooled, the spool is sent up.
//
// Each part is started in order and stopped in the reverse order, each having ended
// before the one it feeds is stopped.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/config"
	"anlan/edge/identity"
	"anlan/edge/output"
	"anlan/edge/poll"
	"anlan/edge/spool"
	"anlan/edge/status"
	"anlan/edge/telemetry"
	"anlan/edge/uplink"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Deps is what an edge is given from outside. Zero values are what a real edge wants.
type Deps struct {
	Logger  *slog.Logger
	Openers map[string]opener
}

// Edge is a wired edge. It runs once.
type Edge struct {
	cfg    *config.Config
	defs   []alarm.Def
	log    *slog.Logger
	boot   boot
	reg    *prometheus.Registry
	spool  *spool.Spool
	core   *core
	poller *poll.Poller
	output *output.Engine
	uplink *uplink.Uplink
	cmd    *commander
	status *status.Server
	failed context.CancelCauseFunc
}

// New wires an edge from a checked configuration and opens its spool. Nothing on a bus
// or the network is touched before [Edge.Run].
func New(cfg *config.Config, defs []alarm.Def, deps Deps) (_ *Edge, err error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Openers == nil {
		deps.Openers = openers()
	}
	e := &Edge{cfg: cfg, defs: defs, log: deps.Logger.With("room", "edge", "edge", cfg.Edge.ID), reg: prometheus.NewRegistry()}
	e.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if e.boot, err = newBoot(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o750); err != nil {
		return nil, fmt.Errorf("edge: make data_dir: %w", err)
	}
	if e.spool, err = spool.Open(spool.Config{Path: filepath.Join(cfg.DataDir, "spool.db"), TelemetryBytes: cfg.Spool.TelemetryMB << 20}); err != nil {
		return nil, err
	}
	if err := e.wire(deps); err != nil {
		return nil, errors.Join(err, e.spool.Close())
	}
	return e, nil
}

func (e *Edge) pkg(name string) *slog.Logger { return e.log.With("pkg", name) }

func (e *Edge) wire(deps Deps) error {
	cfg := e.cfg
	c := &core{edge: cfg.Edge.ID, config: cfg.Revision, boot: e.boot, spool: e.spool, dataDir: cfg.DataDir, log: e.pkg("edge/alarm"),
		batcher: telemetry.New(telemetryPoints(cfg)), inbox: make(chan any, inboxLength), unstated: map[string][]byte{},
		latest: map[contract.PointID]contract.Reading{}, system: map[contract.PointID]float64{}, states: map[alarm.Key]alarm.State{},
		readers: map[contract.DeviceID]contract.CheckIn{}}
	for _, b := range cfg.Buses {
		c.system[busPoint(b.ID)] = math.NaN()
		for _, d := range b.Devices {
			c.readers[d.ID] = contract.CheckIn{Name: d.Name, Place: d.Place}
		}
	}
	for _, o := range cfg.Outputs {
		c.system[outputPoint(o.ID)] = 0
	}
	c.system[selfPoint(cfg.Edge.ID, "spool")] = bit(e.spool.SetAside() != "")
	c.put(contract.KindBoot, contract.Boot{Software: Version, Config: cfg.Revision, At: time.Now()})
	if err := c.restore(context.Background(), e.defs); err != nil {
		return err
	}
	e.core = c
	e.poller = poll.New(pollConfig(cfg, deps.Openers, e.pkg("drivers")), c, e.pkg("edge/poll"), poll.NewMetrics(e.metrics()))
	e.output = output.New(outputConfig(cfg, e.defs, e.boot.id), e.poller, c.reading, c.report, e.pkg("edge/output"))
	c.outputs = e.output
	e.cmd = &commander{core: c, outputs: e.output, spool: e.spool, defs: map[alarm.Key]alarm.Def{}, log: e.pkg("edge/command")}
	for _, d := range e.defs {
		e.cmd.defs[d.Key] = d
	}
	e.uplink = uplink.New(uplink.Config{Edge: cfg.Edge.ID, Door: func() (uplink.Door, error) { return door(cfg) },
		Hello: e.hello, Manifest: func() contract.Manifest { return manifest(cfg, e.defs) }, Command: e.cmd.take},
		source{cfg.Edge.ID, e.spool}, e.pkg("edge/uplink"), e.metrics())
	c.notify = e.uplink.Notify
	registerGauges(e.metrics(), e.spool, c)
	if cfg.Status.Listen == "" {
		return nil
	}
	var err error
	e.status, err = status.Listen(status.Config{Listen: cfg.Status.Listen, Snapshot: func() any { return e.Snapshot() }, Healthy: c.healthy, Gatherer: e.reg, Logger: e.pkg("edge/status")})
	return err
}

// metrics puts the room's name before each package's own, so that a metric says where
// it comes from.
func (e *Edge) metrics() prometheus.Registerer {
	return prometheus.WrapRegistererWithPrefix("edge_", e.reg)
}

// StatusAddr is the address the status server listens on, "" if it has none.
func (e *Edge) StatusAddr() string {
	if e.status == nil {
		return ""
	}
	return e.status.Addr()
}

// Run works until ctx ends or something fails that only a new start can mend.
func (e *Edge) Run(ctx context.Context) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	e.core.fail = fail
	var undo []func()
	defer func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
		err = errors.Join(err, e.spool.Close())
	}()
	// A part gets a context of its own, so that it goes on while those that feed it end.
	start := func(run func(context.Context)) {
		pctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		var wg sync.WaitGroup
		wg.Go(func() { run(pctx) })
		undo = append(undo, func() { stop(); wg.Wait() })
	}
	if aside := e.spool.SetAside(); aside != "" {
		e.log.Error("spool was damaged and set aside; a new epoch begins", "file", aside)
	}
	if e.status != nil {
		start(e.status.Run)
		e.log.Info("status listens", "address", e.status.Addr())
	}
	if err := e.announce(); err != nil {
		return err
	}
	start(e.core.run)
	if err := e.cmd.interrupted(ctx); err != nil {
		return err
	}
	start(e.poller.Run)
	start(e.output.Run)
	start(func(ctx context.Context) { e.uplink.Run(ctx); e.cmd.wg.Wait() })
	start(func(ctx context.Context) { identity.Keep(ctx, e.cfg.IdentityDir(), e.pkg("edge/identity"), time.Now) })
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("edge: run: %w", cause)
	}
	return nil
}

func (e *Edge) hello() contract.Hello {
	h := contract.Hello{V: contract.Version, Edge: e.cfg.Edge.ID, BootID: e.boot.id, Online: true, At: time.Now(), MonoNS: e.boot.mono(),
		Epoch: e.spool.Epoch(), Oldest: map[contract.Stream]uint64{}, Newest: map[contract.Stream]uint64{}, Pending: map[contract.Stream]int64{}, DiskFree: diskFree(e.cfg.DataDir)}
	for _, s := range []contract.Stream{contract.StreamAlarm, contract.StreamTelemetry} {
		d := e.spool.Depth(s)
		h.Oldest[s], h.Newest[s], h.Pending[s] = d.Oldest, d.Newest, d.Pending
	}
	return h
}
