// Command demo is `make run`: a simulated building, its edge and the cloud, on this
// machine, until Ctrl-C.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"anlan/deploy/demo/plans"
	"anlan/deploy/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(out)
	bin := fs.String("bin", "bin", "folder of the binaries")
	dir := fs.String("dir", "run", "folder of all data, kept between runs")
	http := fs.String("http", "127.0.0.1:8080", "address of the console")
	if err := fs.Parse(args); err != nil {
		return err
	}
	abs, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{
		Bin: *bin, Dir: abs, Config: "configs/examples/building-3/edge.yaml",
		HTTP: *http, MQTT: "127.0.0.1:8883", Status: "127.0.0.1:15090",
		Sim: stack.SimOptions{HTTP: "127.0.0.1:15080", Elevator: "127.0.0.1:15020", Panel: "127.0.0.1:15021", Relay: "127.0.0.1:18883"},
	})
	if err != nil {
		return err
	}
	welcome(out, s)
	if err := plans.Furnish(ctx, s); err != nil && ctx.Err() == nil { // the building works without
		fmt.Fprintln(out, "  平面图没有装上 no floor plans:", err)
	}
	select {
	case <-ctx.Done():
	case <-s.Cloud.Done():
		fmt.Fprintln(out, "the cloud ended by itself:\n"+s.Cloud.Tail())
	case <-s.Edge.Done():
		fmt.Fprintln(out, "the edge ended by itself:\n"+s.Edge.Tail())
	case <-s.Sim.Done():
		fmt.Fprintln(out, "the simulator ended by itself:\n"+s.Sim.Tail())
	}
	fmt.Fprintln(out, "\n正在停止 · stopping …")
	began := time.Now()
	if err := s.Stop(); err != nil {
		return err
	}
	fmt.Fprintf(out, "已停止 · stopped in %v. Data is kept in %s\n", time.Since(began).Round(time.Millisecond), *dir)
	return nil
}

func welcome(out io.Writer, s *stack.Stack) {
	login := s.FirstLogin()
	if login == "" {
		login = "  (passwords were changed; use your own)\n"
	}
	fmt.Fprintf(out, `
  安澜 Anlan

  值班台 console         http://%s
  模拟楼宇 simulator     http://%s
  数据 data              %s

  登录 log in:
%s
  试一试 try:  bin/anlan-sim scenario fire-12
  Ctrl-C 停止 stops everything.
`, s.CloudAddr.HTTP, s.SimAddr.HTTP, s.Dir, indent(login))
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
