package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/control"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
	"anlan/firmware-sim/scenario"
	"anlan/firmware-sim/scenarios"
	"anlan/firmware-sim/site"
)

type options struct {
	dir, elevator, panel, http string
	relay, relayTarget, rs485  string
	site                       string
	baud                       int
	seed                       uint64
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "scenario" {
		return play(ctx, args[1:], out)
	}
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return simulate(ctx, o)
}

func parse(args []string, out io.Writer) (options, error) {
	o := options{}
	fs := flag.NewFlagSet("anlan-sim", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.dir, "run", "run/sim", "folder for the ptys' links and sim.json")
	fs.StringVar(&o.site, "site", "", "YAML `file` of the lines and devices to simulate, instead of the building")
	fs.StringVar(&o.elevator, "elevator", "127.0.0.1:15020", "address of the building's elevator controller (Modbus TCP)")
	fs.StringVar(&o.panel, "panel", "127.0.0.1:15021", "address of the building's fire panel (Modbus TCP)")
	fs.StringVar(&o.http, "http", "127.0.0.1:15080", "address of the control page")
	fs.StringVar(&o.relay, "uplink-relay", "", "address at which to relay the edge's uplink, so that it can be cut")
	fs.StringVar(&o.relayTarget, "uplink-target", "", "the broker that the relay leads to")
	fs.StringVar(&o.rs485, "rs485", "", "a real serial port to put the building's RS-485 bus on, instead of a pty")
	fs.IntVar(&o.baud, "baud", 9600, "baud of the building's RS-485 bus")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of the building's daily life")
	fs.Usage = func() {
		fmt.Fprintln(out, "usage: anlan-sim [flags]                        the building, or -site FILE\n"+
			"       anlan-sim scenario                       list the scenarios\n"+
			"       anlan-sim scenario NAME|FILE [-http ADDR]   play one on a running simulator")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("found %q, want flags only, or the word scenario first", fs.Arg(0))
	}
	if (o.relay == "") != (o.relayTarget == "") {
		return o, errors.New("-uplink-relay and -uplink-target go together")
	}
	var err error
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "elevator", "panel", "rs485", "baud", "seed":
			if o.site != "" {
				err = errors.Join(err, fmt.Errorf("-%s is of the building; with -site it stands in the file", f.Name))
			}
		}
	})
	return o, err
}

// Addresses is what sim.json tells: where everything ended up.
type Addresses struct {
	RS485    string `json:"rs485,omitempty"`
	NFC      string `json:"nfc,omitempty"`
	Elevator string `json:"elevator,omitempty"`
	Panel    string `json:"panel,omitempty"`
	HTTP     string `json:"http"`
	Relay    string `json:"relay,omitempty"`
	// Lines are those of the site by name, readers included.
	Lines map[string]string `json:"lines"`
}

// Names of the building's lines on the control page.
const (
	lineRS485    = "rs485-1"
	lineElevator = "elevator"
	linePanel    = "panel"
	lineNFC      = "nfc-1"
)

// lay describes the building's lines as a site.
func lay(o options, b *scenario.Building) site.Config {
	serial := &site.Serial{Baud: o.baud, Port: o.rs485}
	if o.rs485 == "" {
		serial.Link = "tty-rs485-1"
	}
	rs485 := site.Line{Name: lineRS485, Serial: serial}
	for id := range 248 {
		if u, ok := b.BusUnits()[uint8(id)]; ok {
			rs485.Units = append(rs485.Units, housed(u))
		}
	}
	port := func(name, addr string, u device.Unit) site.Line {
		return site.Line{Name: name, TCP: &site.TCP{Listen: addr}, Units: []site.Unit{housed(u)}}
	}
	return site.Config{
		Seed:    o.seed,
		Lines:   []site.Line{rs485, port(lineElevator, o.elevator, b.ElevatorUnit()), port(linePanel, o.panel, b.PanelUnit())},
		Readers: []site.Reader{{Name: lineNFC, Kind: "pn532", Link: "tty-nfc-1", Card: b.Card}},
	}
}

func housed(u device.Unit) site.Unit {
	return site.Unit{Name: u.Name, Model: u.Model, Unit: u.ID, Reaction: bus.Range{Min: u.Reaction}, Device: &u}
}

// simulate starts every device and waits; whatever fails ends the rest.
func simulate(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	shipped, err := scenarios.All()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	start := func(name string, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	c := control.Options{Scenarios: shipped}
	if c.Site, c.Building, err = begin(ctx, o); err != nil {
		return err
	}
	defer c.Site.Close()
	start("site", func(context.Context) error { return c.Site.Wait() })
	if c.Building != nil {
		start("building", func(ctx context.Context) error { return live(ctx, c.Building) })
	}
	addr := Addresses{Lines: c.Site.Addresses()}
	if c.Building != nil {
		addr.RS485, addr.NFC = addr.Lines[lineRS485], addr.Lines[lineNFC]
		addr.Elevator, addr.Panel = addr.Lines[lineElevator], addr.Lines[linePanel]
	}
	if err := serve(o, c, start, &addr); err != nil {
		return err
	}
	if err := publish(filepath.Join(o.dir, "sim.json"), addr); err != nil {
		return err
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// begin starts the site, or the building as one.
func begin(ctx context.Context, o options) (*site.Running, *scenario.Building, error) {
	var b *scenario.Building
	var cfg site.Config
	if o.site != "" {
		var err error
		if cfg, err = site.Load(o.site); err != nil {
			return nil, nil, err
		}
	} else {
		b = scenario.NewBuilding(time.Now(), o.seed)
		cfg = lay(o, b)
	}
	r, err := site.Start(ctx, cfg, site.Options{Dir: o.dir})
	return r, b, err
}

type starter func(name string, f func(context.Context) error)

// serve opens the relay, if there is to be one, and the control page.
func serve(o options, c control.Options, start starter, addr *Addresses) error {
	if o.relay != "" {
		r, err := line.NewRelay(o.relay, o.relayTarget)
		if err != nil {
			return err
		}
		addr.Relay, c.Uplink = r.Addr(), r
		start("relay", r.Run)
	}
	l, err := net.Listen("tcp", o.http)
	if err != nil {
		return err
	}
	addr.HTTP = l.Addr().String()
	srv := &http.Server{Handler: control.New(c), ReadHeaderTimeout: 5 * time.Second}
	start("control", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
		defer stop()
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return nil
}

// live lets the building's day go on, ten times a second.
func live(ctx context.Context, b *scenario.Building) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			b.Step(now)
		}
	}
}

// publish writes the addresses whole or not at all, so that a waiting reader never
// sees half a file.
func publish(file string, a Addresses) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
