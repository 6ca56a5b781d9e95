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

	"anlan/firmware-sim/control"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
	"anlan/firmware-sim/scenario"
)

type options struct {
	dir, elevator, panel, http string
	relay, relayTarget, rs485  string
	baud                       int
	seed                       uint64
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "scenario" {
		return play(ctx, args[1:], out)
	}
	o := options{}
	fs := flag.NewFlagSet("anlan-sim", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.dir, "run", "run/sim", "folder for the ptys' links and sim.json")
	fs.StringVar(&o.elevator, "elevator", "127.0.0.1:15020", "address of the elevator controller (Modbus TCP)")
	fs.StringVar(&o.panel, "panel", "127.0.0.1:15021", "address of the fire panel (Modbus TCP)")
	fs.StringVar(&o.http, "http", "127.0.0.1:15080", "address of the control page")
	fs.StringVar(&o.relay, "uplink-relay", "", "address at which to relay the edge's uplink, so that it can be cut")
	fs.StringVar(&o.relayTarget, "uplink-target", "", "the broker that the relay leads to")
	fs.StringVar(&o.rs485, "rs485", "", "a real serial port to put the RS-485 bus on, instead of a pty")
	fs.IntVar(&o.baud, "baud", 9600, "baud of the RS-485 bus")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of the building's daily life")
	fs.Usage = func() {
		fmt.Fprintln(out, "usage: anlan-sim [flags]\n       anlan-sim scenario NAME [-http ADDR]")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if (o.relay == "") != (o.relayTarget == "") {
		return errors.New("-uplink-relay and -uplink-target go together")
	}
	return simulate(ctx, o)
}

// Addresses is what sim.json tells: where everything ended up.
type Addresses struct {
	RS485    string `json:"rs485"`
	NFC      string `json:"nfc"`
	Elevator string `json:"elevator"`
	Panel    string `json:"panel"`
	HTTP     string `json:"http"`
	Relay    string `json:"relay,omitempty"`
}

// simulate starts every device and waits; each thing that starts is stopped in
// reverse order by the context.
func simulate(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
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
	b := scenario.NewBuilding(time.Now(), o.seed)
	addr, closers, err := open(o, b, start)
	for _, c := range closers {
		defer c.Close()
	}
	if err != nil {
		return err
	}
	start("building", func(ctx context.Context) error { return live(ctx, b) })
	if err := publish(filepath.Join(o.dir, "sim.json"), addr); err != nil {
		return err
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

type starter func(name string, f func(context.Context) error)

func open(o options, b *scenario.Building, start starter) (Addresses, []io.Closer, error) {
	var addr Addresses
	var closers []io.Closer
	bus := &device.RTU{UART: line.UART{Baud: o.baud, Bits: 10}, Units: b.BusUnits()}
	addr.RS485 = filepath.Join(o.dir, "tty-rs485-1")
	if o.rs485 == "" {
		p, err := line.OpenPTY(addr.RS485)
		if err != nil {
			return addr, closers, err
		}
		closers = append(closers, p)
		bus.Port, bus.UART.W = p, p
	} else {
		p, err := line.OpenSerial(o.rs485, o.baud)
		if err != nil {
			return addr, closers, err
		}
		closers = append(closers, p)
		bus.Port, bus.UART.W = line.Polled(p), p
	}
	start("rs485", bus.Run)

	addr.NFC = filepath.Join(o.dir, "tty-nfc-1")
	nfc, err := line.OpenPTY(addr.NFC)
	if err != nil {
		return addr, closers, err
	}
	closers = append(closers, nfc)
	start("nfc", (&device.PN532{Port: nfc, UART: line.UART{W: nfc, Baud: 115200, Bits: 10}, Card: b.Card}).Run)

	for _, s := range []struct {
		name, addr string
		at         *string
		unit       device.Unit
	}{{"elevator", o.elevator, &addr.Elevator, b.ElevatorUnit()}, {"panel", o.panel, &addr.Panel, b.PanelUnit()}} {
		l, err := net.Listen("tcp", s.addr)
		if err != nil {
			return addr, closers, err
		}
		*s.at = l.Addr().String()
		start(s.name, (&device.TCP{Listener: l, Unit: s.unit}).Run)
	}
	err = openControl(o, b, start, &addr)
	return addr, closers, err
}

func openControl(o options, b *scenario.Building, start starter, addr *Addresses) error {
	var uplink control.Uplink
	if o.relay != "" {
		r, err := line.NewRelay(o.relay, o.relayTarget)
		if err != nil {
			return err
		}
		addr.Relay, uplink = r.Addr(), r
		start("relay", r.Run)
	}
	l, err := net.Listen("tcp", o.http)
	if err != nil {
		return err
	}
	addr.HTTP = l.Addr().String()
	srv := &http.Server{Handler: control.New(b, uplink), ReadHeaderTimeout: 5 * time.Second}
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

// play asks a running simulator for a scenario.
func play(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("anlan-sim scenario", flag.ContinueOnError)
	fs.SetOutput(out)
	addr := fs.String("http", "127.0.0.1:15080", "address of the simulator's control page")
	if len(args) == 0 || args[0] == "" || args[0][0] == '-' {
		fmt.Fprintln(out, "scenarios:")
		for _, s := range scenario.Scenarios() {
			fmt.Fprintf(out, "  %-14s %s · %s\n", s.Name, s.ZH, s.EN)
		}
		fmt.Fprintf(out, "  %-14s %s\n", control.NetworkCut, "断网 30 秒 · Cut the network for 30 s")
		return nil
	}
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+*addr+"/api/scenarios/"+args[0], nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("scenario %s: %s: %s", args[0], resp.Status, body)
	}
	fmt.Fprintf(out, "started %s\n", args[0])
	return nil
}
