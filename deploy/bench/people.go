package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"anlan/contract"
	"anlan/deploy/stack"
)

const resetEvery = 1500 * time.Millisecond

// site is a running stack, its simulator and a supervisor logged in.
type site struct {
	*stack.Stack
	*stack.Person
	notes chan time.Time // when the seat heard a tone begin
}

type alarmView struct {
	ID        string               `json:"id"`
	Point     string               `json:"point"`
	Condition contract.Condition   `json:"condition"`
	State     string               `json:"state"`
	Version   int64                `json:"version"`
	RaisedAt  time.Time            `json:"raised_at"`
	Stamps    map[string]time.Time `json:"stamps"`
}

func (s *site) open(ctx context.Context) ([]alarmView, error) {
	var page struct {
		Items []alarmView `json:"items"`
	}
	err := s.Get(ctx, "/api/alarms?view=open&limit=200", &page)
	return page.Items, err
}

func (s *site) login(ctx context.Context, user string) (err error) {
	s.Person, err = s.Login(ctx, user)
	return err
}

// until asks again and again until check has no objection.
func until(ctx context.Context, what string, every, limit time.Duration, check func(context.Context) error) error {
	giveUp := time.Now().Add(limit)
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(giveUp) {
			return fmt.Errorf("wait for %s: gave up after %v: %w", what, limit, err)
		}
		if err := pause(ctx, every); err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// ready waits until the edge is online and every point has been read well.
func (s *site) ready(ctx context.Context) error {
	return until(ctx, "every point good", 200*time.Millisecond, time.Minute, func(ctx context.Context) error {
		var o struct {
			Points struct{ Total, Good int }
			Edges  []struct{ State string }
		}
		if err := s.Get(ctx, "/api/overview", &o); err != nil {
			return err
		}
		if len(o.Edges) != 1 || o.Edges[0].State != "online" || o.Points.Total == 0 || o.Points.Good != o.Points.Total {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
}

// quiet acknowledges and resets what is open until nothing is, and the siren is off.
func (s *site) quiet(ctx context.Context) error {
	var asked time.Time
	return until(ctx, "everything quiet", 200*time.Millisecond, time.Minute, func(ctx context.Context) error {
		open, err := s.open(ctx)
		if err != nil {
			return err
		}
		// A reset waits at the edge for the detector to be read again; asking faster
		// would only fill the bus.
		reset := time.Since(asked) > resetEvery
		if reset {
			asked = time.Now()
		}
		for _, a := range open {
			if err := s.settle(ctx, a, reset); err != nil {
				return err
			}
		}
		if len(open) > 0 {
			return fmt.Errorf("%d alarms open, first %+v", len(open), open[0])
		}
		state, err := s.Look(ctx)
		if err == nil && (state.Coils[sirenCoil] || state.Smoke["f12-smoke-east"].Alarm) {
			err = errors.New("siren or detector still on")
		}
		return err
	})
}

// settle answers one alarm as far as it can be now; a conflict is tried again later. An
// alarm whose detector keeps a latch of its own reads active until it is reset.
func (s *site) settle(ctx context.Context, a alarmView, reset bool) error {
	var errs []error
	if a.State != "acked" {
		errs = append(errs, s.Post(ctx, "/api/alarms/"+a.ID+"/acknowledge", map[string]any{"note": "bench", "version": a.Version}, nil))
	}
	if reset && a.Condition != contract.Normal {
		errs = append(errs, s.Post(ctx, "/api/alarms/"+a.ID+"/reset", struct{}{}, nil))
	}
	for _, err := range errs {
		if r, ok := errors.AsType[stack.StatusError](err); err != nil && (!ok || r.Code != http.StatusConflict) {
			return err
		}
	}
	return nil
}
