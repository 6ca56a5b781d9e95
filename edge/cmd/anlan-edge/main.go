// Command anlan-edge is the daemon of one building: see package edge.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"anlan/edge"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// Once the first signal was heard the default comes back: a second one ends the
	// process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(edge.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
