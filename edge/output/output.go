// Package output is the room where the edge acts by itself: what alarms in force ask of
// sirens, valves and contacts, carried out as a transaction. Forbidden or not, write,
// echo, then proof from a read-back or a limit switch within its time; then again; then
// it is said that it was not confirmed.
//
// Every write to a device goes through the one gate in this package, commands included:
// nothing else in the edge holds the writer. The gate knows which output a point belongs
// to and asks the forbids each time.
package output

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"anlan/contract"
)

// Writer sets a point on a device and returns once the device echoed it.
type Writer interface {
	Write(ctx context.Context, point contract.PointID, value float64) error
}

// Config of the outputs of an edge.
type Config struct {
	Specs   []Spec
	Actions []Action
	Forbids []Forbid
	Resets  map[contract.PointID]float64 // points that a reset may write, with the value
	Prefix  string                       // makes action ids unique over restarts
}

// Engine drives outputs.
type Engine struct {
	cfg     Config
	gate    *gate
	reading func(contract.PointID) contract.Reading
	report  func(contract.ActionReport)
	log     *slog.Logger
	workers map[string]*worker

	mu     sync.Mutex
	alarms []Alarm
	muted  map[string]bool
	wants  map[string]Want
	serial int
}

// New makes an engine. reading gives the newest reading of a point; report takes every
// outcome and must not block for long.
func New(cfg Config, w Writer, reading func(contract.PointID) contract.Reading, report func(contract.ActionReport), log *slog.Logger) *Engine {
	e := &Engine{cfg: cfg, reading: reading, report: report, log: log, workers: map[string]*worker{},
		muted: map[string]bool{}, wants: map[string]Want{}}
	e.gate = newGate(cfg, w, e.inForce)
	for _, s := range cfg.Specs {
		e.workers[s.ID] = newWorker(e, s)
	}
	return e
}

func (e *Engine) inForce() []Alarm {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.alarms
}

// Run carries out what is asked until ctx ends.
func (e *Engine) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, w := range e.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
}

// Update tells which alarms are in force. It decides and returns; acting is done by Run.
func (e *Engine) Update(alarms []Alarm) {
	e.mu.Lock()
	e.alarms = slices.Clone(alarms)
	for cause := range e.muted {
		if !slices.ContainsFunc(alarms, func(a Alarm) bool { return a.Cause == cause }) {
			delete(e.muted, cause)
		}
	}
	e.mu.Unlock()
	e.decide()
}

// Mute silences the sirens that an alarm sounds; the alarm stays. It ends when the
// alarm does, and a further alarm sounds them again.
func (e *Engine) Mute(cause string) {
	e.mu.Lock()
	e.muted[cause] = true
	e.mu.Unlock()
	e.decide()
}

// Unmute lets an alarm sound again, as when it has become more severe.
func (e *Engine) Unmute(cause string) {
	e.mu.Lock()
	delete(e.muted, cause)
	e.mu.Unlock()
	e.decide()
}

// Renew asks again for everything an alarm asks for, even what was proved before: its
// cause came back, and a person may have undone the action meanwhile (a valve that was
// opened by hand must close again).
func (e *Engine) Renew(cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.cfg.Specs {
		if want := e.wants[s.ID]; slices.Contains(want.Causes, cause) {
			e.workers[s.ID].put(e.job(s, want.Verb, cause))
		}
	}
}

// decide compares what is asked now with what was asked before and tells the workers.
func (e *Engine) decide() {
	e.mu.Lock()
	defer e.mu.Unlock()
	wants := Demand(e.cfg.Specs, e.cfg.Actions, e.alarms, e.muted)
	for _, s := range e.cfg.Specs {
		old, now := e.wants[s.ID], wants[s.ID]
		w := e.workers[s.ID]
		switch {
		case now.Verb == "" && old.Verb != "":
			if _, ok := s.Verbs[VerbOff]; ok && w.isDriven() {
				w.put(e.job(s, VerbOff, old.Causes[0]))
			} else {
				w.put(nil) // nothing to undo, but stop trying
			}
		case now.Verb != "" && (now.Verb != old.Verb || gained(old.Causes, now.Causes)):
			cause := now.Causes[0]
			for _, c := range now.Causes {
				if !slices.Contains(old.Causes, c) {
					cause = c
					break
				}
			}
			// A further cause needs no second write where the first one was proved.
			if now.Verb != old.Verb || !w.holds(now.Verb) {
				w.put(e.job(s, now.Verb, cause))
			}
		case now.Verb != "":
			w.again()
		}
	}
	e.wants = wants
}

func gained(old, now []string) bool {
	return slices.ContainsFunc(now, func(c string) bool { return !slices.Contains(old, c) })
}

func (e *Engine) job(s Spec, verb, cause string) *job {
	e.serial++
	return &job{id: e.cfg.Prefix + "-" + strconv.Itoa(e.serial), verb: verb, cause: cause, value: s.Verbs[verb],
		done: make(chan contract.ActionReport, 1)}
}

// Drive carries out a command and returns how it ended. ok is false when there is no
// such output or verb.
func (e *Engine) Drive(ctx context.Context, output, verb, cause string) (_ contract.ActionReport, ok bool) {
	w := e.workers[output]
	if w == nil {
		return contract.ActionReport{}, false
	}
	if _, known := w.spec.Verbs[verb]; !known {
		return contract.ActionReport{}, false
	}
	e.mu.Lock()
	j := e.job(w.spec, verb, cause)
	e.mu.Unlock()
	j.once = true
	w.put(j)
	select {
	case r := <-j.done:
		return r, true
	case <-ctx.Done():
		return w.reportOf(j, contract.NotConfirmed, "gave up waiting: "+ctx.Err().Error()), true
	}
}

// ResetDevice writes a device's own reset point. Only points named in Config.Resets may
// be written this way.
func (e *Engine) ResetDevice(ctx context.Context, point contract.PointID) error {
	return e.gate.reset(ctx, point)
}

// Status is how an output stands, for people.
type Status struct {
	ID      string           `json:"id"`
	Name    contract.Text    `json:"name"`
	Kind    string           `json:"kind"`
	Verb    string           `json:"verb,omitempty"` // last verb asked for
	Outcome contract.Outcome `json:"outcome,omitempty"`
	Why     string           `json:"why,omitempty"`
	Refusal string           `json:"refusal,omitempty"` // why it must not be switched now
	Causes  []string         `json:"causes,omitempty"`  // alarms that ask for it now
	At      time.Time        `json:"at,omitzero"`
}

// Status lists every output.
func (e *Engine) Status() []Status {
	e.mu.Lock()
	wants := maps.Clone(e.wants)
	e.mu.Unlock()
	var out []Status
	for _, s := range e.cfg.Specs {
		last := e.workers[s.ID].lastReport()
		out = append(out, Status{ID: s.ID, Name: s.Name, Kind: s.Kind, Verb: last.Verb, Outcome: last.Outcome, Why: last.Why,
			Refusal: Refusal(s, e.cfg.Forbids, e.inForce()), Causes: wants[s.ID].Causes, At: last.At})
	}
	return out
}
