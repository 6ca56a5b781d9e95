package output

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/contract"
)

// plant is a writer whose read-back follows, unless it is stuck or broken.
type plant struct {
	mu     sync.Mutex
	values map[contract.PointID]contract.Reading
	writes []contract.PointID
	stuck  bool
	broken error
}

func (p *plant) Write(_ context.Context, pt contract.PointID, v float64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return p.broken
	}
	p.writes = append(p.writes, pt)
	if !p.stuck {
		p.values[pt] = contract.Reading{Value: v, Quality: contract.Good, At: time.Now().Add(time.Millisecond)}
	}
	return nil
}

func (p *plant) written() []contract.PointID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.writes)
}

func (p *plant) reading(pt contract.PointID) contract.Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.values[pt]
}

func gasSite() Config {
	zone := contract.Place{Zone: "z"}
	return Config{Prefix: "t",
		Specs: []Spec{{ID: "siren", Kind: KindSiren, Place: zone, Point: "r.1", Verbs: map[string]float64{"on": 1, "off": 0}},
			{ID: "valve", Kind: KindValve, Place: zone, Point: "r.2", Verbs: map[string]float64{"close": 1}}},
		Actions: []Action{{When: Match{Hazard: contract.Gas}, Output: "valve", Verb: "close"}, {When: Match{Hazard: contract.Gas}, Output: "siren", Verb: "on"}},
		Forbids: []Forbid{{Hazard: contract.Gas, Zone: "z", Except: []string{"valve"}}},
		Resets:  map[contract.PointID]float64{"d.reset": 1, "r.1": 1}}
}

var gas = Alarm{Cause: "g.c/gas", Hazard: contract.Gas, Zone: "z", Severity: contract.Critical}

func play(t *testing.T, p *plant, story func(e *Engine, outcomes func(output string) []contract.Outcome)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		said := map[string][]contract.Outcome{}
		p.values = map[contract.PointID]contract.Reading{}
		e := New(gasSite(), p, p.reading, func(r contract.ActionReport) {
			mu.Lock()
			defer mu.Unlock()
			said[r.Output] = append(said[r.Output], r.Outcome)
		}, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { e.Run(ctx) })
		story(e, func(o string) []contract.Outcome {
			mu.Lock()
			defer mu.Unlock()
			return said[o]
		})
		stop()
		wg.Wait()
	})
}

func TestEngine_ForbidHoldsOnEveryPath(t *testing.T) {
	p := &plant{}
	play(t, p, func(e *Engine, outcomes func(string) []contract.Outcome) {
		e.Update([]Alarm{gas})
		time.Sleep(time.Minute)
		if got := outcomes("siren"); len(got) != 1 || got[0] != contract.Refused {
			t.Errorf("siren: %v", got)
		}
		if got := outcomes("valve"); len(got) != 2 || got[1] != contract.Confirmed {
			t.Errorf("valve: %v", got)
		}
		for _, verb := range []string{"on", "off"} {
			if r, ok := e.Drive(context.Background(), "siren", verb, "command:x"); !ok || r.Outcome != contract.Refused {
				t.Errorf("command %s: %+v", verb, r)
			}
		}
		if err := e.ResetDevice(context.Background(), "r.1"); !errors.Is(err, errRefused) {
			t.Errorf("the siren's coil was reachable as a reset point: %v", err)
		}
		if err := e.gate.drive(context.Background(), "r.7", 1); !errors.Is(err, errRefused) {
			t.Errorf("a point without an output was written: %v", err)
		}
		for _, w := range p.written() {
			if w != "r.2" {
				t.Errorf("wrote %s", w)
			}
		}
	})
}

func TestEngine_WhatWasNeverSwitchedOnIsNotSwitchedOff(t *testing.T) {
	p := &plant{}
	play(t, p, func(e *Engine, outcomes func(string) []contract.Outcome) {
		e.Update([]Alarm{gas})
		time.Sleep(time.Minute)
		e.Update(nil)
		time.Sleep(time.Minute)
		for _, w := range p.written() {
			if w != "r.2" {
				t.Errorf("wrote %s though it was refused and never on", w)
			}
		}
		if got := outcomes("siren"); len(got) != 1 || got[0] != contract.Refused {
			t.Errorf("siren: %v", got)
		}
	})
}

func TestEngine_NoProofIsSaidAndTriedAgain(t *testing.T) {
	p := &plant{stuck: true}
	play(t, p, func(e *Engine, outcomes func(string) []contract.Outcome) {
		e.Update([]Alarm{gas})
		time.Sleep(time.Minute)
		got := outcomes("valve")
		if len(got) != 2 || got[0] != contract.Requested || got[1] != contract.NotConfirmed || len(p.written()) < 2*tries {
			t.Errorf("valve: %v after %d writes", got, len(p.written()))
		}
		p.mu.Lock()
		p.stuck = false
		p.mu.Unlock()
		time.Sleep(time.Minute)
		if got := outcomes("valve"); got[len(got)-1] != contract.Confirmed {
			t.Errorf("valve: %v", got)
		}
	})
	p = &plant{broken: errors.New("link down")}
	play(t, p, func(e *Engine, outcomes func(string) []contract.Outcome) {
		e.Update([]Alarm{gas})
		time.Sleep(time.Minute)
		if got := outcomes("valve"); len(got) != 2 || got[1] != contract.FailedWrite {
			t.Errorf("valve: %v", got)
		}
	})
}

func TestEngine_ReturningCauseClosesAValveThatWasOpenedByHand(t *testing.T) {
	p := &plant{}
	play(t, p, func(e *Engine, outcomes func(string) []contract.Outcome) {
		e.Update([]Alarm{gas})
		time.Sleep(time.Minute)
		e.Update([]Alarm{gas}) // nothing new: no second write
		time.Sleep(time.Minute)
		if n := len(p.written()); n != 1 {
			t.Fatalf("%d writes", n)
		}
		e.Renew(gas.Cause)
		time.Sleep(time.Minute)
		if got := outcomes("valve"); len(p.written()) != 2 || got[len(got)-1] != contract.Confirmed {
			t.Errorf("%d writes, %v", len(p.written()), got)
		}
		e.Update(nil) // a valve has no way back
		time.Sleep(time.Minute)
		if w := slices.DeleteFunc(p.written(), func(pt contract.PointID) bool { return pt != "r.2" }); len(w) != 2 {
			t.Error("the valve was driven when the alarm ended")
		}
	})
}

func TestMatch_IndependentNeedsDeviceAndChannelToDiffer(t *testing.T) {
	a := func(d, ch string) Alarm {
		return Alarm{Cause: d, Hazard: contract.Fire, Device: contract.DeviceID(d), Channel: ch}
	}
	m := Match{Hazard: contract.Fire, Independent: 2}
	for _, c := range []struct {
		alarms []Alarm
		want   int
	}{{[]Alarm{a("d1", "A")}, 0}, {[]Alarm{a("d1", "A"), a("d2", "A")}, 0}, {[]Alarm{a("d1", "A"), a("d1", "B")}, 0},
		{[]Alarm{a("d1", "A"), a("d2", "")}, 0}, {[]Alarm{a("d1", "A"), a("d2", "B")}, 2}} {
		if got := len(m.causes(c.alarms)); got != c.want {
			t.Errorf("%+v: %d causes, want %d", c.alarms, got, c.want)
		}
	}
}
