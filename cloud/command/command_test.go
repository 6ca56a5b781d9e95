package command_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/command"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func TestCommand_IsSentAgainUntilAnsweredOrExpired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := t0
		clock := func() time.Time { return now }
		log := slog.New(slog.DiscardHandler)
		alarms := alarm.NewStore(d, log, nil, clock)
		s := command.NewStore(d, alarms, log, clock)
		var sent []contract.Command
		s.SetSender(func(_ contract.EdgeID, _ contract.Leaf, b []byte) error {
			sent = append(sent, contract.Command{})
			return json.Unmarshal(b, &sent[len(sent)-1])
		})
		alarms.SetCommander(s)
		var changes []alarm.Change
		err := d.Tx(t.Context(), func(tx *sql.Tx) (err error) {
			changes, err = alarms.Apply(t.Context(), tx, alarm.ReportInput{Edge: "edge-a", Received: t0, Change: contract.ConditionChange{
				Point: "a.b", Rule: "r", Condition: contract.Active, Latched: true, Severity: contract.Major, Hazard: contract.Fire, SensedAt: t0, DecidedAt: t0}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		id := changes[0].Alarm.ID
		ask := func() contract.Command {
			t.Helper()
			_, c, err := alarms.AskReset(t.Context(), id, alarm.Person{ID: "u", Name: "李娜"})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		last := map[string]time.Time{}
		run := func(d time.Duration) {
			t.Helper()
			for range int(d / time.Second) {
				if err := s.Step(t.Context(), now, last); err != nil {
					t.Fatal(err)
				}
				now = now.Add(time.Second)
			}
		}
		state := func(id string) string {
			t.Helper()
			st, err := s.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return st.State
		}
		first := ask()
		if run(11 * time.Second); len(sent) != 3 || sent[0].ID != first.ID || sent[0].By != "李娜" {
			t.Fatalf("sent %d times", len(sent))
		}
		answer := func(e contract.EdgeID, ok bool) error {
			return d.Tx(t.Context(), func(tx *sql.Tx) error {
				_, err := s.Answer(t.Context(), tx, e, contract.CommandResult{ID: first.ID, OK: ok, Why: "cause_present", At: now})
				return err
			})
		}
		if err := answer("edge-b", true); !errors.Is(err, command.ErrNotFound) || !contract.IsMalformed(err) {
			t.Errorf("another edge answered: %v", err)
		}
		if err := errors.Join(answer("edge-a", false), answer("edge-a", true)); err != nil || state(first.ID) != command.Refused {
			t.Errorf("%v, state %s", err, state(first.ID))
		}
		sent = nil
		if run(20 * time.Second); len(sent) != 0 {
			t.Error("sent after the answer")
		}
		second := ask()
		if run(3 * time.Minute); state(second.ID) != command.Expired {
			t.Errorf("state %s", state(second.ID))
		}
		ev, err := alarms.Events(t.Context(), id)
		if err != nil || ev[len(ev)-1].Kind != alarm.Reset || ev[len(ev)-1].Data["why"] != "expired" {
			t.Errorf("%+v %v", ev[len(ev)-1], err)
		}
	})
}
