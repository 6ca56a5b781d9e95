// Package cloud joins the cloud's rooms into one process.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/broker"
	"anlan/cloud/command"
	"anlan/cloud/config"
	"anlan/cloud/db"
	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/ingest"
	"anlan/cloud/series"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Cloud is one wired process. Its parts are exported so that the people's side (join.go)
// and tests can reach them.
type Cloud struct {
	Config    config.Config
	Log       *slog.Logger
	Registry  *prometheus.Registry
	DB        *db.DB
	Alarms    *alarm.Store
	Commands  *command.Store
	Fleet     *fleet.Service
	Series    *series.Store
	Ingest    *ingest.Ingest
	Broker    *broker.Broker
	Enrolment *enrolment.Store
	authority *enrolment.Authority
	http      *http.Server
	listener  net.Listener
	loops     []func(context.Context) error // joined by others; run until the context ends
	closers   []func() error                // run backwards
	closing   sync.Once
	closed    error
}

// New opens everything in the order of its dependencies; nothing is served before Run.
// On an error what was opened is closed again.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*Cloud, error) {
	c := &Cloud{Config: cfg, Log: log, Registry: prometheus.NewRegistry()}
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cloud: start: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cloud) open(ctx context.Context) error {
	now := time.Now
	c.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := os.MkdirAll(c.Config.Data, 0o750); err != nil {
		return err
	}
	// An address file of a former process must not be taken for ours.
	if err := os.Remove(filepath.Join(c.Config.Data, "cloud.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var err error
	if c.DB, err = db.Open(ctx, c.Config.DSN()); err != nil {
		return err
	}
	c.closers = append(c.closers, c.DB.Close)
	c.Series, err = series.Open(ctx, filepath.Join(c.Config.Data, "series"), series.Options{
		RetentionDays: c.Config.Series.RetentionDays, Log: c.room("series"), Registry: c.Registry, Now: now})
	if err != nil {
		return err
	}
	c.closers = append(c.closers, c.Series.Close)
	c.Alarms = alarm.NewStore(c.DB, c.room("alarm"), c.Registry, now)
	if err := c.Alarms.Mend(ctx); err != nil {
		return err
	}
	c.Commands = command.NewStore(c.DB, c.Alarms, c.room("command"), now)
	if c.Fleet, err = fleet.New(ctx, c.DB, c.Alarms, c.room("fleet"), c.Registry, now); err != nil {
		return err
	}
	for _, e := range c.Fleet.Edges() {
		last, err := c.Series.Last(ctx, e.ID)
		if err != nil {
			return err
		}
		c.Fleet.Restore(e.ID, last)
	}
	c.Alarms.SetNamer(c.Fleet)
	c.Alarms.SetCommander(c.Commands)
	c.Alarms.OnChange(func(alarm.Change) { c.Commands.Wake() })
	send := func(e contract.EdgeID, l contract.Leaf, payload []byte) error { return c.Broker.Publish(e, l, payload) }
	c.Commands.SetSender(send)
	c.Ingest = ingest.New(ingest.Deps{DB: c.DB, Alarms: fleet.Placed{Applier: c.Alarms, Fleet: c.Fleet}, Commands: c.Commands, Fleet: c.Fleet, Series: c.Series,
		Send: send, Log: c.room("ingest"), Registry: c.Registry, Now: now})
	return c.serve(ctx)
}

// brokerURL is where edges connect: as configured, or this machine's own address.
func (c *Cloud) brokerURL() string {
	if c.Config.MQTT.URL != "" {
		return c.Config.MQTT.URL
	}
	return "ssl://" + c.MQTTAddr()
}

// serve joins the people's side and opens the two doors.
func (c *Cloud) serve(ctx context.Context) error {
	handler, err := c.join(ctx)
	if err != nil {
		return err
	}
	c.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(c.room("http").Handler(), slog.LevelWarn)}
	if c.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", c.Config.HTTP.Address); err != nil {
		return err
	}
	c.closers = append(c.closers, func() error { return ignoreClosed(c.listener.Close()) })
	door := broker.Door{TLS: c.authority.ServerTLS(c.Config.BrokerNames(), time.Now), Admit: c.Enrolment.Admit}
	c.Broker, err = broker.Open(ctx, c.Config.MQTT.Address, door, c.room("broker"), c.Registry,
		func(m broker.Message) { c.Ingest.Take(m.Edge, m.Leaf, m.Payload) })
	if err != nil {
		return err
	}
	c.closers = append(c.closers, c.Broker.Close)
	return nil
}

func (c *Cloud) room(pkg string) *slog.Logger { return c.Log.With("room", "cloud", "pkg", pkg) }

// HTTPAddr and MQTTAddr are the real addresses.
func (c *Cloud) HTTPAddr() string { return c.listener.Addr().String() }

// MQTTAddr is where edges connect.
func (c *Cloud) MQTTAddr() string { return c.Broker.Addr().String() }

// Run serves until ctx ends or a part fails, and then closes everything backwards.
func (c *Cloud) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	loops := append([]func(context.Context) error{c.Ingest.Run, c.Fleet.Run, c.Commands.Run, c.retain}, c.loops...)
	for _, loop := range loops {
		wg.Go(func() {
			if err := loop(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Go(func() {
		if err := c.http.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("cloud: serve http: %w", err))
		}
	})
	if err := c.announce(); err != nil {
		cancel(err)
	}
	<-ctx.Done()
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer stop()
	err := c.http.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) { // event streams stay open for ever
		err = c.http.Close()
	}
	err = errors.Join(err, c.Broker.Close())
	wg.Wait()
	err = errors.Join(err, c.Close())
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// Close closes what New opened, last opened first. Run does it by itself.
func (c *Cloud) Close() error {
	c.closing.Do(func() {
		for i := len(c.closers) - 1; i >= 0; i-- {
			c.closed = errors.Join(c.closed, c.closers[i]())
		}
	})
	return c.closed
}

// announce writes the real addresses to cloud.json, whole or not at all.
func (c *Cloud) announce() error {
	raw, err := json.Marshal(map[string]any{"http": c.HTTPAddr(), "mqtt": c.MQTTAddr(), "pid": os.Getpid()})
	if err != nil {
		return fmt.Errorf("cloud: announce: %w", err)
	}
	file := filepath.Join(c.Config.Data, "cloud.json")
	if err := os.WriteFile(file+".tmp", append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("cloud: announce: %w", err)
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return fmt.Errorf("cloud: announce: %w", err)
	}
	c.room("cloud").Info("ready", "http", c.HTTPAddr(), "mqtt", c.MQTTAddr())
	return nil
}

// retain removes old samples now and every hour.
func (c *Cloud) retain(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := c.Series.Retain(ctx, time.Now()); err != nil && ctx.Err() == nil {
			c.room("series").Error("retain", "err", err)
		} else if n > 0 {
			c.room("series").Info("old days removed", "days", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
