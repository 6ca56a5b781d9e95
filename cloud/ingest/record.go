package ingest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/series"
	"anlan/contract"
)

func errForeign(e, said contract.EdgeID) error {
	return fmt.Errorf("ingest: %s speaks for %q: %w", e, said, contract.ErrMalformed)
}

// alarmRecord commits one record of the alarm stream with everything it causes and the
// cursor in one transaction, and then acknowledges it.
func (g *Ingest) alarmRecord(ctx context.Context, e contract.EdgeID, raw []byte, recv time.Time) error {
	g.Fleet.Heard(e, recv)
	r, err := contract.DecodeRecord(raw)
	if err == nil {
		err = checkRecord(e, r)
	}
	if err == nil && bytes.Contains(raw, []byte(`\u0000`)) { // PostgreSQL can not store it, and no text needs it
		err = fmt.Errorf("ingest: a NUL character in the record: %w", contract.ErrMalformed)
	}
	if err != nil {
		p := poison{edge: e, stream: contract.StreamAlarm, raw: raw, reason: err.Error()}
		p.lenientJSON(e, raw)
		return g.poisoned(ctx, p, recv)
	}
	var changes []alarm.Change
	var verdict verdict
	err = g.DB.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		if verdict, err = judge(ctx, tx, e, r.Stream, r.Position); err != nil || verdict.what != take {
			return err
		}
		if changes, err = g.apply(ctx, tx, r, recv); err != nil {
			return err
		}
		return moveCursor(ctx, tx, e, r.Stream, r.Epoch, r.Seq, recv)
	})
	if contract.IsMalformed(err) {
		return g.poisoned(ctx, poison{edge: e, stream: r.Stream, pos: r.Position, raw: raw, reason: err.Error()}, recv)
	}
	if err != nil {
		return err
	}
	ackErr := g.answer(e, r.Stream, r.Position, verdict)
	g.Alarms.Publish(ctx, changes)
	return ackErr
}

func checkRecord(e contract.EdgeID, r contract.Record) error {
	if r.Edge != e {
		return errForeign(e, r.Edge)
	}
	if r.Stream != contract.StreamAlarm {
		return fmt.Errorf("ingest: a %s record on the alarm topic: %w", r.Stream, contract.ErrMalformed)
	}
	return nil
}

// answer acknowledges according to the verdict.
func (g *Ingest) answer(e contract.EdgeID, s contract.Stream, p contract.Position, v verdict) error {
	a := contract.Ack{Stream: s, Epoch: p.Epoch, Seq: v.cursor}
	switch v.what {
	case take:
		a.Seq = p.Seq
		g.metrics.taken.WithLabelValues(string(s)).Inc()
	case repeat:
		g.metrics.repeats.WithLabelValues(string(s)).Inc()
	case gap:
		a.Want = v.cursor + 1
		g.metrics.gaps.WithLabelValues(string(s)).Inc()
	}
	return g.ack(e, a)
}

// apply does what the record says. An error that wraps contract.ErrMalformed sends it to
// quarantine.
func (g *Ingest) apply(ctx context.Context, tx *sql.Tx, r contract.Record, recv time.Time) ([]alarm.Change, error) {
	switch r.Kind {
	case contract.KindBoot:
		b, err := payload[contract.Boot](r)
		if err != nil {
			return nil, err
		}
		return nil, g.Fleet.Boot(ctx, tx, r.Edge, b)
	case contract.KindCondition:
		c, err := payload[contract.ConditionChange](r)
		if err == nil {
			err = checkCondition(c)
		}
		if err != nil {
			return nil, err
		}
		return g.Alarms.Apply(ctx, tx, alarm.ReportInput{Edge: r.Edge, Change: c, Spooled: r.SpooledAt, Received: recv})
	case contract.KindAction:
		a, err := payload[contract.ActionReport](r)
		if err == nil && a.ID == "" {
			err = fmt.Errorf("ingest: action without id: %w", contract.ErrMalformed)
		}
		if err != nil {
			return nil, err
		}
		return g.Alarms.ApplyAction(ctx, tx, r.Edge, a)
	case contract.KindCheckIn:
		c, err := payload[contract.CheckIn](r)
		if err != nil {
			return nil, err
		}
		return nil, g.Fleet.CheckIn(ctx, tx, r.Edge, r.Position, c, recv)
	case contract.KindResult:
		c, err := payload[contract.CommandResult](r)
		if err != nil {
			return nil, err
		}
		return g.Commands.Answer(ctx, tx, r.Edge, c)
	}
	return nil, fmt.Errorf("ingest: unknown kind %q: %w", r.Kind, contract.ErrMalformed)
}

func payload[T any](r contract.Record) (v T, err error) {
	if err := json.Unmarshal(r.Payload, &v); err != nil {
		return v, fmt.Errorf("ingest: %s record: %w: %w", r.Kind, contract.ErrMalformed, err)
	}
	return v, nil
}

func checkCondition(c contract.ConditionChange) error {
	bad := func(what, found string) error {
		return fmt.Errorf("ingest: condition of %q: %s %q: %w", c.Point, what, found, contract.ErrMalformed)
	}
	switch {
	case !contract.ValidID(string(c.Rule)):
		return bad("rule", string(c.Rule))
	case len(c.Point) > 128:
		return bad("point", string(c.Point[:32]))
	case c.Condition != contract.Normal && c.Condition != contract.Active && c.Condition != contract.Unknown:
		return bad("condition", string(c.Condition))
	case c.Severity < contract.Notice || c.Severity > contract.Critical:
		return bad("severity", c.Severity.String())
	case c.Hazard == "":
		return bad("hazard", "")
	}
	return nil
}

// batch stores the samples durably first, then moves the cursor, then acknowledges. A
// crash in between has the edge send the batch again, which stores nothing twice.
func (g *Ingest) batch(ctx context.Context, e contract.EdgeID, raw []byte, recv time.Time) error {
	g.Fleet.Heard(e, recv)
	b, err := contract.DecodeBatch(raw)
	if err == nil && b.Edge != e {
		err = errForeign(e, b.Edge)
	}
	if err != nil {
		p := poison{edge: e, stream: contract.StreamTelemetry, raw: raw, reason: err.Error()}
		p.lenientBatch(e, raw)
		return g.poisoned(ctx, p, recv)
	}
	v, err := g.judgeNow(ctx, e, b.Stream, b.Position)
	if contract.IsMalformed(err) {
		return g.quarantine(ctx, poison{edge: e, stream: b.Stream, raw: raw, reason: err.Error()}, recv)
	}
	if err != nil {
		return err
	}
	if v.what != take {
		return g.answer(e, b.Stream, b.Position, v)
	}
	cols := make([]series.Column, len(b.Columns))
	for i, c := range b.Columns {
		cols[i] = series.Column{Key: series.Key{Edge: e, Point: c.Point}, Samples: c.Samples}
	}
	if err := g.Series.Append(ctx, cols); err != nil {
		return err
	}
	err = g.DB.Tx(ctx, func(tx *sql.Tx) error {
		if v, err = judge(ctx, tx, e, b.Stream, b.Position); err != nil || v.what != take {
			return err
		}
		return moveCursor(ctx, tx, e, b.Stream, b.Epoch, b.Seq, recv)
	})
	if err != nil {
		return err
	}
	g.Fleet.Samples(e, b.Columns)
	return g.answer(e, b.Stream, b.Position, v)
}

// poisoned puts a message aside and goes on behind it, so that it cannot block the
// stream. One that does not even tell its position is only kept.
func (g *Ingest) poisoned(ctx context.Context, p poison, recv time.Time) error {
	if p.pos.Seq == 0 || p.pos.Seq > math.MaxInt64 {
		p.pos = contract.Position{}
		return g.quarantine(ctx, p, recv)
	}
	var v verdict
	var changes []alarm.Change
	err := g.DB.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		if v, err = judge(ctx, tx, p.edge, p.stream, p.pos); err != nil || v.what != take {
			return err
		}
		if p.stream == contract.StreamAlarm {
			if changes, err = g.raiseLoss(ctx, tx, p.edge, unreadable(p.reason), recv); err != nil {
				return err
			}
		}
		if err := p.store(ctx, tx, recv); err != nil {
			return err
		}
		return moveCursor(ctx, tx, p.edge, p.stream, p.pos.Epoch, p.pos.Seq, recv)
	})
	if err != nil {
		return err
	}
	if v.what == take {
		g.noteQuarantine(p)
	}
	ackErr := g.answer(p.edge, p.stream, p.pos, v)
	g.Alarms.Publish(ctx, changes)
	return ackErr
}

func (g *Ingest) quarantine(ctx context.Context, p poison, recv time.Time) error {
	if err := g.DB.Tx(ctx, func(tx *sql.Tx) error { return p.store(ctx, tx, recv) }); err != nil {
		return errors.Join(fmt.Errorf("ingest: quarantine"), err)
	}
	g.noteQuarantine(p)
	return nil
}

func (g *Ingest) noteQuarantine(p poison) {
	g.metrics.poison.WithLabelValues(string(p.stream)).Inc()
	g.Log.Warn("message quarantined", "edge", p.edge, "stream", p.stream, "seq", p.pos.Seq, "reason", p.reason)
}
