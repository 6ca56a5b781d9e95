// Command anlan-sim is a simulated building: detectors and relays on an RS-485 bus, an
// NFC reader, an elevator controller and a fire panel, with scenarios on command.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "anlan-sim:", err)
		os.Exit(1)
	}
}
