package alarm

import (
	"context"
	"time"

	"anlan/contract"
)

// Replayed is what the log alone says of an alarm.
type Replayed struct {
	State      State
	Underlying State
	Condition  contract.Condition
	Latched    bool
	Acked      bool
	Overrides  []Override
}

// Replay tells the state of every alarm from the lines of the log, in their order.
func Replay(events []Event) map[string]Replayed {
	out := map[string]Replayed{}
	for _, ev := range events {
		if ev.Alarm != "" {
			out[ev.Alarm] = out[ev.Alarm].after(ev)
		}
	}
	return out
}

func (r Replayed) after(ev Event) Replayed {
	switch ev.Kind {
	case Raised, Reraised, Worsened, Updated, Returned:
		r.Condition = contract.Condition(word(ev, "condition"))
		r.Latched, _ = ev.Data["latched"].(bool)
		if ev.Kind == Raised || ev.Kind == Reraised || ev.Kind == Worsened {
			r.Acked = false
		}
		list, _ := ev.Data["overrides"].([]any)
		for _, x := range list {
			if data, ok := x.(map[string]any); ok {
				r.Overrides = append(r.Overrides, overrideIn(data))
			}
		}
	case Acknowledged:
		r.Acked = true
	case string(Shelved), string(Suppressed), string(OutOfService), Extended:
		o := overrideIn(ev.Data)
		r.Overrides = append(without(r.Overrides, o.ID), o)
	case Unshelved, Unsuppressed, InService:
		r.Overrides = without(r.Overrides, word(ev, "override"))
	default:
		return r
	}
	r.Underlying = StateOf(r.Condition, r.Latched, r.Acked)
	r.State = Effective(r.Underlying, r.Overrides, ev.RecvAt)
	return r
}

func overrideIn(data map[string]any) Override {
	text := func(k string) string { s, _ := data[k].(string); return s }
	o := Override{ID: text("override"), Kind: State(text("kind")), Status: OverrideStatus(text("status")), Edge: contract.EdgeID(text("edge")),
		Point: contract.PointID(text("point")), Rule: contract.RuleID(text("rule")), Cause: text("cause")}
	o.From, _ = time.Parse(time.RFC3339Nano, text("from"))
	o.Until, _ = time.Parse(time.RFC3339Nano, text("until"))
	return o
}

// Log reads the whole log, for [Replay].
func (s *Store) Log(ctx context.Context) ([]Event, error) {
	var out []Event
	err := s.walk(ctx, ``, nil, func(ev Event) { out = append(out, ev) })
	return out, err
}
