// Command loadtest runs the whole system with many buildings on free ports of this
// machine, and floods the console through the real way of an alarm: MQTT, ingest, the
// database, the event stream, a real browser.
//
//	go run ./deploy/loadtest -bin bin -edges 29 -script deploy/loadtest/console-flood.mjs
//
// What stands behind `--` goes to the script. Without a script it stays until Ctrl-C and prints where things are.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"anlan/deploy/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bin := flag.String("bin", "bin", "folder of the binaries")
	dir := flag.String("dir", "", "folder of all data; empty is a temporary one")
	n := flag.Int("edges", 29, "further buildings beside the example's")
	script := flag.String("script", "", "browser script to run")
	flag.Parse()
	if err := run(ctx, *bin, *dir, *n, *script, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, dir string, n int, script string, args []string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "anlan-load"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	config, err := filepath.Abs("configs/examples/building-3/edge.yaml")
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Loopback(bin, dir, config))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	edges, err := stack.StartSpeakers(ctx, s, n)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	door := &http.Server{Handler: harness(ctx, s, edges), ReadHeaderTimeout: time.Second}
	defer door.Close()
	go door.Serve(l) //nolint:errcheck // ends with Close
	env, err := json.Marshal(map[string]any{"console": "http://" + s.CloudAddr.HTTP, "sim": "http://" + s.SimAddr.HTTP,
		"harness": "http://" + l.Addr().String(), "passwords": s.Passwords(), "cloudPID": s.Cloud.PID()})
	if err != nil {
		return err
	}
	if script == "" {
		fmt.Println(string(env))
		<-ctx.Done()
		return nil
	}
	cmd := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "ANLAN_BROWSER="+string(env)), os.Stdout, os.Stderr
	return cmd.Run()
}

// harness is how a script makes things happen.
func harness(ctx context.Context, s *stack.Stack, edges []*stack.Speaker) http.Handler {
	mux := http.NewServeMux()
	act := func(f func(r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := f(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	// flood?n=1000&seconds=10&active=true spreads n alarms over the buildings and the time.
	mux.HandleFunc("POST /flood", act(func(r *http.Request) error {
		n, seconds := number(r, "n", 1000), number(r, "seconds", 10)
		return flood(ctx, edges, number(r, "from", 0), n, time.Duration(seconds)*time.Second, r.FormValue("active") != "false")
	}))
	mux.HandleFunc("POST /stop-cloud", act(func(*http.Request) error { return s.Cloud.Stop(15 * time.Second) }))
	mux.HandleFunc("POST /start-cloud", act(func(*http.Request) error { return s.StartCloud(ctx) }))
	mux.HandleFunc("POST /stop-edge", act(func(*http.Request) error { return s.Edge.Stop(15 * time.Second) }))
	mux.HandleFunc("POST /start-edge", act(func(*http.Request) error { return s.StartEdge(ctx) }))
	mux.HandleFunc("POST /person", func(w http.ResponseWriter, r *http.Request) {
		if err := s.AddPerson(ctx, r.FormValue("user"), r.FormValue("name"), r.FormValue("role")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, s.Passwords()[r.FormValue("user")])
	})
	return mux
}

func number(r *http.Request, name string, otherwise int) int {
	if n, err := strconv.Atoi(r.FormValue(name)); err == nil {
		return n
	}
	return otherwise
}

// flood says n alarms at an even pace, each edge in order; it returns when all are sent.
func flood(ctx context.Context, edges []*stack.Speaker, from, n int, over time.Duration, active bool) error {
	var wg sync.WaitGroup
	failed := make(chan error, len(edges))
	began := time.Now()
	for i, e := range edges {
		wg.Go(func() {
			for k := i; k < n; k += len(edges) {
				at := time.NewTimer(time.Until(began.Add(over * time.Duration(k) / time.Duration(n))))
				select {
				case <-ctx.Done():
					at.Stop()
					return
				case <-at.C:
				}
				if err := e.Alarm(ctx, (from+k)/len(edges), active); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}
