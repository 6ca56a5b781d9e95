// Command peerbench holds the Modbus client against the limits of the wire and the
// socket and against other clients, in one run, and prints the ratios. A peer that is
// not installed is named as missing.
//
// It is both ends: the table's process serves, and starts itself (or a peer) as the
// client to be measured, on the same processor, so that a wake-up of another processor
// does not hide the work.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 1 && args[0] == "client" {
		m, err := client(ctx, args[1], args[2:])
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(m)
	}
	if len(args) > 0 && args[0] == "server" {
		return serveTCP(ctx, args[1:])
	}
	fs := flag.NewFlagSet("peerbench", flag.ContinueOnError)
	runs := fs.Int("runs", 5, "how often each cell is measured; the median counts")
	only := fs.String("only", "", "measure only the parts whose name has this in it: tcp, rtu")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "peerbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // built peers are of no use afterwards
	b := &bench{ctx: ctx, runs: *runs, dir: dir}
	if err := b.peers(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		do   func() error
	}{{"rtu", b.rtu}, {"tcp", b.tcp}} {
		if !strings.Contains(part.name, *only) {
			continue
		}
		if err := part.do(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Print(b.table())
	return nil
}
