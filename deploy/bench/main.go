// Command bench measures Anlan against physical limits and plain peers, all in one run,
// and prints one table of ratios. It decides nothing: no number makes it fail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options say what to measure, and how often.
type options struct {
	bin         string
	repetitions int
	batches     int
	only, out   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	bin := os.Getenv("ANLAN_BIN")
	if bin == "" {
		bin = "bin"
	}
	flag.StringVar(&o.bin, "bin", bin, "`folder` of the binaries; env ANLAN_BIN")
	flag.IntVar(&o.repetitions, "repetitions", 25, "how many alarms to time")
	flag.IntVar(&o.batches, "batches", 1000, "how many telemetry batches to send")
	flag.StringVar(&o.only, "only", "", "measure only the parts whose name has this in it")
	flag.StringVar(&o.out, "out", filepath.Join("artifacts", "bench.txt"), "`file` that keeps the table")
	flag.Parse()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run measures one part after the other, so that none takes the other's processor, and
// prints what it has even if a part went wrong.
func run(ctx context.Context, o options, stdout, progress io.Writer) error {
	dir, err := os.MkdirTemp("", "anlan-bench-")
	if err != nil {
		return fmt.Errorf("bench: make data folder: %w", err)
	}
	defer os.RemoveAll(dir) // measured data is of no use afterwards
	var rows []row
	var errs []error
	for _, part := range []struct {
		name string
		do   func(context.Context, options, string) ([]row, error)
	}{
		{"field bus", busRows},
		{"bus engine", engineRows},
		{"time series", seriesRows},
		{"spool", spoolRows},
		{fmt.Sprintf("alarm, %d times", o.repetitions), alarmRows},
		{"ingest", ingestRows},
		{fmt.Sprintf("%d consoles", consoles), consoleRows},
		{fmt.Sprintf("%d devices", manyDevices), deviceRows},
		{"safety work", workRows},
	} {
		if !strings.Contains(part.name, o.only) {
			continue
		}
		began := time.Now()
		fmt.Fprintf(progress, "bench: %s ... ", part.name)
		got, err := part.do(ctx, o, dir)
		fmt.Fprintf(progress, "%.0f s\n", time.Since(began).Seconds())
		rows = append(rows, got...)
		if err != nil {
			errs = append(errs, fmt.Errorf("bench: %s: %w", part.name, err))
		}
	}
	table := render(rows)
	_, err = io.WriteString(stdout, table)
	return errors.Join(append(errs, err, keep(o.out, table))...)
}

func keep(file, table string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("bench: keep table: %w", err)
	}
	if err := os.WriteFile(file, []byte(table), 0o644); err != nil {
		return fmt.Errorf("bench: keep table: %w", err)
	}
	return nil
}
