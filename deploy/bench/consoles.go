package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"anlan/deploy/stack"
)

// How many consoles watch, how many changes a second they are told of, and for how long.
const (
	consoles       = 200
	changesASecond = 10
	watchFor       = 30 * time.Second
	reachWithin    = time.Second // every console, 99 of 100 changes
)

// consoleRows measures how long a change takes from the cloud hearing of it until every
// one of many consoles has it, and what that costs the cloud.
func consoleRows(ctx context.Context, o options, dir string) (rows []row, err error) {
	data := filepath.Join(dir, "consoles")
	st := &stack.Stack{Options: stack.Loopback(o.bin, data, "")}
	if err := os.MkdirAll(filepath.Join(data, "log"), 0o700); err != nil {
		return nil, err
	}
	if err := st.StartCloud(ctx); err != nil {
		return nil, errors.Join(err, st.Stop())
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	who, err := st.Login(ctx, "lina")
	if err != nil {
		return nil, err
	}
	edges, err := stack.StartSpeakers(ctx, st, 1)
	if err != nil {
		return nil, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	w := &watchers{late: map[string][]time.Duration{}}
	ready := make(chan error, consoles)
	var wg sync.WaitGroup
	for range consoles {
		wg.Go(func() { w.watch(watching, who, ready) })
	}
	for range consoles {
		if err := <-ready; err != nil {
			return nil, err
		}
	}
	pid := st.Cloud.PID()
	idleFrom, err := cpuOf(pid)
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, 5*time.Second); err != nil {
		return nil, err
	}
	busyFrom, err := cpuOf(pid)
	if err != nil {
		return nil, err
	}
	began, n := time.Now(), 0
	tick := time.NewTicker(time.Second / changesASecond)
	defer tick.Stop()
	for time.Since(began) < watchFor {
		<-tick.C
		if err := edges[0].Alarm(ctx, n/2%50, n%2 == 0); err != nil {
			return nil, err
		}
		n++
	}
	if err := pause(ctx, 2*time.Second); err != nil {
		return nil, err
	}
	took := time.Since(began)
	busyTo, err := cpuOf(pid)
	if err != nil {
		return nil, err
	}
	stop()
	wg.Wait()
	return w.report(n, (busyFrom-idleFrom).Seconds()/5, (busyTo-busyFrom).Seconds()/took.Seconds())
}

// watchers collects, for each change, how late it was at every console.
type watchers struct {
	mu   sync.Mutex
	late map[string][]time.Duration // by alarm and version
}

func (w *watchers) watch(ctx context.Context, who *stack.Person, ready chan<- error) {
	said := false
	err := who.Stream(ctx, "/api/events", func(body io.Reader) error {
		r, event := bufio.NewReaderSize(body, 64<<10), ""
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return err
			}
			if v, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
				event = string(bytes.TrimSpace(v))
				if event == "hello" && !said {
					said = true
					ready <- nil
				}
			}
			v, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok || event != "alarm" {
				continue
			}
			now := time.Now()
			var x struct {
				Kind  string
				Alarm struct {
					ID        string
					Version   int64
					UpdatedAt time.Time `json:"updated_at"`
				}
			}
			if err := json.Unmarshal(v, &x); err != nil {
				return err
			}
			w.mu.Lock()
			key := fmt.Sprint(x.Alarm.ID, x.Alarm.Version, x.Kind)
			w.late[key] = append(w.late[key], now.Sub(x.Alarm.UpdatedAt))
			w.mu.Unlock()
		}
	})
	if !said {
		ready <- err
	}
}

func (w *watchers) report(sent int, idle, busy float64) ([]row, error) {
	var last []time.Duration // when the slowest console had it
	missing := 0
	for _, d := range w.late {
		if len(d) < consoles {
			missing += consoles - len(d)
		}
		last = append(last, slices.Max(d))
	}
	if len(last) == 0 {
		return nil, errors.New("no change reached a console")
	}
	slices.Sort(last)
	p := func(q float64) time.Duration { return last[min(len(last)-1, int(q*float64(len(last))))] }
	what := fmt.Sprintf("%d consoles, %d changes/s: committed → the slowest console, p50 / p99 / max of %d", consoles, changesASecond, len(last))
	return []row{
		{what, ms(p(.5)) + " / " + ms(p(.99)) + " / " + ms(last[len(last)-1]), ms(reachWithin), ratio(p(.99).Seconds(), reachWithin.Seconds()) + " of the limit"},
		{"events that did not reach a console", fmt.Sprint(missing), fmt.Sprintf("0 of %d", len(last)*consoles), "-"},
		{"processor of the cloud, idle consoles / under changes", fmt.Sprintf("%.1f %% / %.1f %% of one core", 100*idle, 100*busy), "50 %", ratio(busy, .5) + " of the limit"},
	}, nil
}
