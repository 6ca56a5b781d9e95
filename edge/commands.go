package edge

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/output"
	"anlan/edge/spool"
)

const (
	resetPatience = 6 * time.Second // for a device to drop its own latch and be read again
	resetLook     = 200 * time.Millisecond
	drivePatience = 60 * time.Second
)

// commander carries out commands from the cloud, each at most once: its id is durable
// before anything is done, its result becomes durable together with the record that
// tells the cloud.
type commander struct {
	core    *core
	outputs *output.Engine
	spool   *spool.Spool
	defs    map[alarm.Key]alarm.Def
	log     *slog.Logger
	wg      sync.WaitGroup
}

// take starts one command and returns; slow ones run side by side.
func (m *commander) take(ctx context.Context, cmd contract.Command) {
	first, stored, delivered, err := m.spool.BeginCommand(ctx, cmd.ID)
	if err != nil {
		m.log.Error("remember command; it is not carried out", "command", cmd.ID, "error", err)
		return
	}
	if !first {
		if stored != nil && delivered {
			m.say(ctx, cmd.ID, stored)
		}
		return
	}
	m.wg.Go(func() {
		r := contract.CommandResult{ID: cmd.ID}
		if r.Why, r.Text = m.carryOut(ctx, cmd); r.Why == "" {
			r.OK = true
		}
		r.At = time.Now()
		m.log.Info("command", "command", cmd.ID, "verb", cmd.Verb, "by", cmd.By, "ok", r.OK, "why", r.Why, "text", r.Text)
		m.finish(context.WithoutCancel(ctx), r)
	})
}

func (m *commander) finish(ctx context.Context, r contract.CommandResult) {
	b, err := json.Marshal(r)
	if err != nil {
		m.log.Error("encode command result", "command", r.ID, "error", err)
		return
	}
	m.say(ctx, r.ID, b)
}

// say appends a result. If that fails the command stays without a result in the spool
// and is reported as interrupted at the next start.
func (m *commander) say(ctx context.Context, id string, result []byte) {
	e := m.core.entry(contract.StreamAlarm, contract.KindResult, result)
	if _, err := m.spool.Append(ctx, []spool.Entry{e}, spool.Also{Command: id, Result: result}); err != nil {
		m.log.Error("write command result", "command", id, "error", err)
		m.core.giveUp(err)
		return
	}
	m.core.notify(contract.StreamAlarm)
}

// interrupted closes commands that the last run began and did not finish. They are not
// tried again: nobody knows how far they got.
func (m *commander) interrupted(ctx context.Context) error {
	ids, err := m.spool.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		m.finish(ctx, contract.CommandResult{ID: id, Why: "failed", Text: "the edge stopped while carrying it out", At: time.Now()})
	}
	return nil
}

// carryOut does what the command says; why is a code of [contract.CommandResult], ""
// when it was done.
func (m *commander) carryOut(ctx context.Context, cmd contract.Command) (why, text string) {
	if !cmd.Expires.IsZero() && time.Now().After(cmd.Expires) {
		return "expired", "it expired at " + cmd.Expires.Format(time.RFC3339)
	}
	key := alarm.Key{Point: cmd.Point, Rule: cmd.Rule}
	def, known := m.defs[key]
	switch {
	case cmd.Verb == contract.VerbDrive:
		return m.drive(ctx, cmd)
	case !known:
		return "unknown_point", "no alarm " + key.String()
	case cmd.Verb == contract.VerbReset:
		return m.reset(ctx, def)
	case cmd.Verb == contract.VerbMute:
		m.outputs.Mute(key.String())
		return "", ""
	}
	return "failed", "unknown verb " + string(cmd.Verb)
}

func (m *commander) drive(ctx context.Context, cmd contract.Command) (why, text string) {
	ctx, stop := context.WithTimeout(ctx, drivePatience)
	defer stop()
	r, ok := m.outputs.Drive(ctx, cmd.Output, cmd.Value, "command:"+cmd.ID)
	switch {
	case !ok:
		return "unknown_output", "no output " + cmd.Output + " with verb " + cmd.Value
	case r.Outcome == contract.Confirmed:
		return "", ""
	case r.Outcome == contract.Refused:
		return "refused", r.Why
	}
	return "failed", string(r.Outcome) + ": " + r.Why
}

// reset lets a latched alarm go. Where the device keeps a latch of its own that is
// dropped first, and the alarm is reset once the device has been read without it.
func (m *commander) reset(ctx context.Context, def alarm.Def) (why, text string) {
	if def.ResetPoint != "" {
		wctx, stop := context.WithTimeout(ctx, resetPatience)
		err := m.outputs.ResetDevice(wctx, def.ResetPoint)
		stop()
		if err != nil {
			return "failed", err.Error()
		}
	}
	deadline := time.Now().Add(resetPatience)
	for {
		why, err := m.core.reset(ctx, def.Key)
		if err != nil {
			return "failed", err.Error()
		}
		if why != alarm.WhyCausePresent || def.ResetPoint == "" || time.Now().After(deadline) {
			return why, ""
		}
		t := time.NewTimer(resetLook)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return "failed", ctx.Err().Error()
		}
	}
}
