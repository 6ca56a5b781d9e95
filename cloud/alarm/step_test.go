package alarm

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func rep(c contract.Condition, latched bool, sev contract.Severity, at time.Time) ReportInput {
	return ReportInput{Edge: "edge-b03", Received: at, Spooled: at, Change: contract.ConditionChange{
		Point: "d.smoke", Rule: "smoke-fire", Condition: c, Latched: latched, Severity: sev, Hazard: contract.Fire,
		Title: contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, Place: contract.Place{Building: "b03", Floor: 12}, SensedAt: at, DecidedAt: at, Quality: contract.Good}}
}

// life plays inputs; "ack" acknowledges the version of then.
func life(t *testing.T, inputs ...any) Alarm {
	t.Helper()
	var cur *Alarm
	for i, in := range inputs {
		now := t0.Add(time.Duration(i) * time.Second)
		var input Input
		switch in := in.(type) {
		case ReportInput:
			in.Change.SensedAt, in.Received = now, now
			input = in
		case string:
			input = AckInput{Person: Person{"u1", "张伟"}, Version: cur.Version}
		case Input:
			input = in
		}
		a, ev, err := Step(cur, input, now)
		if err != nil {
			t.Fatalf("input %d: %v", i, err)
		}
		if len(ev) > 0 {
			cur = &a
		}
	}
	if cur == nil {
		return Alarm{}
	}
	return *cur
}

func TestStep_StatesFollowConditionLatchAndAnswer(t *testing.T) {
	active := rep(contract.Active, false, contract.Major, t0)
	latched := rep(contract.Active, true, contract.Major, t0)
	worse := rep(contract.Active, false, contract.Critical, t0)
	milder := rep(contract.Active, false, contract.Minor, t0)
	normal := rep(contract.Normal, false, contract.Major, t0)
	unknown := rep(contract.Unknown, false, contract.Major, t0)
	mute := MuteInput{Person{"u1", "张伟"}}
	for name, c := range map[string]struct {
		in    []any
		state State
		count int
		muted bool
	}{
		"normal from nothing raises nothing":      {[]any{normal}, "", 0, false},
		"unknown from nothing raises nothing":     {[]any{unknown}, "", 0, false},
		"active is unacked":                       {[]any{active}, Unacked, 1, false},
		"acknowledged":                            {[]any{active, "ack"}, Acked, 1, false},
		"cleared but unacked stays (A-02)":        {[]any{active, normal}, RTNUnacked, 1, false},
		"cleared and acked closes":                {[]any{active, normal, "ack"}, Closed, 1, false},
		"acked and cleared closes":                {[]any{active, "ack", normal}, Closed, 1, false},
		"rise cancels the ack (A-03)":             {[]any{active, "ack", worse}, Unacked, 1, false},
		"equal severity keeps the ack":            {[]any{active, "ack", active}, Acked, 1, false},
		"fall keeps the ack":                      {[]any{active, "ack", milder}, Acked, 1, false},
		"again after RTN counts (A-03)":           {[]any{active, normal, active}, Unacked, 2, false},
		"unknown keeps it and keeps the ack":      {[]any{active, "ack", unknown}, Acked, 1, false},
		"unknown never clears":                    {[]any{active, unknown}, Unacked, 1, false},
		"unknown and back is no new occurrence":   {[]any{active, "ack", unknown, active}, Acked, 1, false},
		"latched waits for the reset":             {[]any{active, latched, "ack"}, Acked, 1, false},
		"latched then normal closes":              {[]any{active, latched, "ack", normal}, Closed, 1, false},
		"cause back while latched is new (A-03)":  {[]any{active, latched, "ack", active}, Unacked, 2, false},
		"mute is not an acknowledgement":          {[]any{active, mute}, Unacked, 1, true},
		"a new occurrence un-mutes (A-17)":        {[]any{active, mute, normal, active}, Unacked, 2, false},
		"a rise un-mutes":                         {[]any{active, mute, worse}, Unacked, 1, false},
		"a verdict is not an acknowledgement":     {[]any{active, VerdictInput{Kind: FalseAlarm}}, Unacked, 1, false},
		"missed beginning, unknown now, is shown": {[]any{ReportInput{Edge: "e", Received: t0, Change: contract.ConditionChange{Condition: contract.Unknown, Previous: contract.Active, Severity: contract.Major}}}, Unacked, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := life(t, c.in...)
			if a.State != c.state || a.Count != c.count || a.Muted != c.muted {
				t.Errorf("state %q count %d muted %v, want %q %d %v", a.State, a.Count, a.Muted, c.state, c.count, c.muted)
			}
		})
	}
}

func TestStep_SecondAcknowledgementLosesAndSaysWhoWasFirst(t *testing.T) {
	a := life(t, rep(contract.Active, false, contract.Major, t0), "ack")
	_, _, err := Step(&a, AckInput{Person: Person{"u2", "李娜"}, Version: a.Version}, t0)
	var c *ConflictError
	if !errors.As(err, &c) || c.Alarm.Ack.Name != "张伟" {
		t.Errorf("err %v", err)
	}
	b := life(t, rep(contract.Active, false, contract.Major, t0))
	if _, _, err := Step(&b, AckInput{Version: b.Version - 1}, t0); !errors.Is(err, ErrConflict) {
		t.Errorf("an old version: %v", err)
	}
}

func TestStep_ResetNeedsALatchOrARuleThatLatches(t *testing.T) {
	active := life(t, rep(contract.Active, false, contract.Major, t0))
	if _, _, err := Step(&active, ResetInput{}, t0); !errors.Is(err, ErrStillActive) {
		t.Errorf("active: %v", err)
	}
	if _, _, err := Step(&active, ResetInput{Latching: true}, t0); err != nil {
		t.Errorf("active, latching rule: %v", err)
	}
	rtn := life(t, rep(contract.Active, false, contract.Major, t0), rep(contract.Normal, false, contract.Major, t0))
	if _, _, err := Step(&rtn, ResetInput{Latching: true}, t0); !errors.Is(err, ErrNotLatched) {
		t.Errorf("normal: %v", err)
	}
}

func TestStep_AWrongEdgeClockDoesNotPinAnAlarmOnTop(t *testing.T) {
	in := rep(contract.Active, false, contract.Major, t0)
	in.Change.SensedAt = t0.AddDate(2, 0, 0)
	a, _, _ := Step(nil, in, t0)
	if !a.RaisedAt.Equal(t0) {
		t.Errorf("raised at %v", a.RaisedAt)
	}
}

// Whatever happens: the state is the pure function, unknown never clears, people never
// move the condition, edges never acknowledge, and the same inputs give the same life.
func TestStep_AnySequenceKeepsTheRules(t *testing.T) {
	for seed := range uint64(300) {
		var first []Alarm
		for range 2 {
			r := rand.New(rand.NewPCG(seed, 1))
			var cur *Alarm
			var trail []Alarm
			for i := range 60 {
				now := t0.Add(time.Duration(i) * time.Second)
				var in Input
				switch r.IntN(6) {
				case 0, 1, 2:
					conds := []contract.Condition{contract.Normal, contract.Active, contract.Unknown}
					in = rep(conds[r.IntN(3)], r.IntN(4) == 0, contract.Severity(1+r.IntN(4)), now)
				case 3:
					in = AckInput{Version: int64(r.IntN(30))}
					if cur != nil && r.IntN(2) == 0 {
						in = AckInput{Version: cur.Version}
					}
				case 4:
					in = MuteInput{}
				case 5:
					in = VerdictInput{Kind: Confirmed}
				}
				a, ev, err := Step(cur, in, now)
				if err != nil || len(ev) == 0 {
					continue
				}
				checkStep(t, cur, in, a)
				trail = append(trail, a)
				if cur = &a; a.State == Closed {
					cur = nil
				}
			}
			if first == nil {
				first = trail
			} else if d := cmp.Diff(first, trail); d != "" {
				t.Fatalf("seed %d: replay differs:\n%s", seed, d)
			}
		}
	}
}

func checkStep(t *testing.T, prev *Alarm, in Input, a Alarm) {
	t.Helper()
	if a.State != StateOf(a.Condition, a.Latched, a.Ack != nil) {
		t.Fatalf("state %s of %s latched=%v ack=%v", a.State, a.Condition, a.Latched, a.Ack)
	}
	if (a.State == Closed) == a.ClosedAt.IsZero() {
		t.Fatalf("state %s closed at %v", a.State, a.ClosedAt)
	}
	if prev == nil {
		return
	}
	if a.Version <= prev.Version {
		t.Fatalf("version went from %d to %d", prev.Version, a.Version)
	}
	r, isReport := in.(ReportInput)
	switch {
	case isReport && a.Ack != nil && prev.Ack == nil:
		t.Fatal("an edge acknowledged")
	case isReport && r.Change.Condition == contract.Unknown && (a.State == Closed || a.State == RTNUnacked):
		t.Fatal("unknown cleared an alarm")
	case !isReport && (a.Condition != prev.Condition || a.Latched != prev.Latched || a.Severity != prev.Severity):
		t.Fatal("a person moved the condition")
	}
}
