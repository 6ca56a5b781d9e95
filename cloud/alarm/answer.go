package alarm

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/contract"
)

// How long an edge may take to carry out what was asked of it.
const commandLife = 2 * time.Minute

// Acknowledge answers the present occurrence. It compares version with the stored one:
// the first person wins, the second gets a [ConflictError].
func (s *Store) Acknowledge(ctx context.Context, id string, p Person, note string, version int64) (Alarm, error) {
	return s.AcknowledgeAt(ctx, id, p, note, version, "")
}

// AcknowledgeAt is [Store.Acknowledge] from the console named seat.
func (s *Store) AcknowledgeAt(ctx context.Context, id string, p Person, note string, version int64, seat string) (Alarm, error) {
	return s.answer(ctx, id, func(context.Context, *sql.Tx, *Alarm) (Input, error) {
		return AckInput{Person: p, Note: note, Version: version, Seat: seat}, nil
	})
}

// Confirm says that the alarm is real.
func (s *Store) Confirm(ctx context.Context, id string, p Person, note string) (Alarm, error) {
	return s.answer(ctx, id, func(context.Context, *sql.Tx, *Alarm) (Input, error) {
		return VerdictInput{Person: p, Kind: Confirmed, Note: note}, nil
	})
}

// FalseAlarm says that the alarm is not real; the condition stays what it is.
func (s *Store) FalseAlarm(ctx context.Context, id string, p Person, note string) (Alarm, error) {
	return s.answer(ctx, id, func(context.Context, *sql.Tx, *Alarm) (Input, error) {
		return VerdictInput{Person: p, Kind: FalseAlarm, Note: note}, nil
	})
}

// Mute silences the alarm here and asks the edge to silence its sounders.
func (s *Store) Mute(ctx context.Context, id string, p Person) (Alarm, error) {
	return s.answer(ctx, id, func(ctx context.Context, tx *sql.Tx, a *Alarm) (Input, error) {
		_, err := s.ask(ctx, tx, a, contract.VerbMute, p)
		return MuteInput{Person: p}, err
	})
}

// AskReset asks the edge to unlatch the alarm; it is done only when the edge reports
// normal. The command tells its state until then.
func (s *Store) AskReset(ctx context.Context, id string, p Person) (Alarm, contract.Command, error) {
	var cmd contract.Command
	a, err := s.answer(ctx, id, func(ctx context.Context, tx *sql.Tx, a *Alarm) (Input, error) {
		latching := s.names != nil && s.names.Latches(a.Edge, a.Point, a.Rule)
		in := ResetInput{Person: p, Latching: latching}
		if _, _, err := Step(a, in, s.now()); err != nil {
			return nil, err // asked nothing of the edge
		}
		var err error
		cmd, err = s.ask(ctx, tx, a, contract.VerbReset, p)
		in.Command = cmd.ID
		return in, err
	})
	return a, cmd, err
}

func (s *Store) ask(ctx context.Context, tx *sql.Tx, a *Alarm, v contract.Verb, p Person) (contract.Command, error) {
	if s.commands == nil || a.Point == "" { // an alarm about the edge itself: nothing there to silence
		return contract.Command{}, nil
	}
	now := s.now()
	return s.commands.Ask(ctx, tx, a.Edge, a.ID, contract.Command{
		Verb: v, Point: a.Point, Rule: a.Rule, By: p.Name, IssuedAt: now, Expires: now.Add(commandLife),
	})
}

func (s *Store) answer(ctx context.Context, id string, make func(context.Context, *sql.Tx, *Alarm) (Input, error)) (Alarm, error) {
	var changes []Change
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := lock(ctx, tx); err != nil {
			return err
		}
		prev, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if prev == nil {
			return fmt.Errorf("alarm: %s: %w", id, ErrNotFound)
		}
		in, err := make(ctx, tx, prev)
		if err != nil {
			return err
		}
		changes, err = s.step(ctx, tx, prev, in)
		return err
	})
	if err != nil {
		return Alarm{}, err
	}
	s.Publish(ctx, changes)
	a := changes[len(changes)-1].Alarm
	s.metrics.acknowledged(changes)
	return a, nil
}

// MarkPushed stamps the moment an alarm was handed to the consoles' event stream.
func (s *Store) MarkPushed(ctx context.Context, id string, at time.Time) error {
	return s.stamp(ctx, id, func(st *Stamps) bool { return set(&st.Pushed, at) })
}

// MarkPainted stamps the first moment a console showed the present occurrence; seat
// names the console, for the history.
func (s *Store) MarkPainted(ctx context.Context, id string, p Person, seat string, at time.Time) error {
	return s.stampWith(ctx, id, func(st *Stamps) bool { return set(&st.Painted, at) }, func(a Alarm) *Event {
		now := s.now()
		return &Event{Alarm: a.ID, Kind: Painted, At: at, RecvAt: now, Actor: p.Name, Data: map[string]any{"seat": seat}}
	})
}

func set(t *time.Time, at time.Time) bool {
	if !t.IsZero() {
		return false
	}
	*t = at.UTC()
	return true
}

func (s *Store) stamp(ctx context.Context, id string, change func(*Stamps) bool) error {
	return s.stampWith(ctx, id, change, func(Alarm) *Event { return nil })
}

// stampWith changes stamps only: the version stays, so that a stamp never makes an
// operator's acknowledgement come too late.
func (s *Store) stampWith(ctx context.Context, id string, change func(*Stamps) bool, event func(Alarm) *Event) error {
	var before, after Stamps
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, _, err := lock(ctx, tx); err != nil {
			return err
		}
		a, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if a == nil {
			return fmt.Errorf("alarm: stamp %s: %w", id, ErrNotFound)
		}
		before = a.Stamps
		if !change(&a.Stamps) {
			after = before
			return nil
		}
		after = a.Stamps
		if err := save(ctx, tx, *a, false); err != nil {
			return err
		}
		if ev := event(*a); ev != nil {
			return appendEvent(ctx, tx, *ev)
		}
		return nil
	})
	if err == nil {
		s.metrics.stamped(before, after)
	}
	return err
}
