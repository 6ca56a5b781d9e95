package poll

import (
	"slices"
	"testing"
	"time"
)

var start = time.Unix(1000, 0)

func steady() float64 { return 0.5 }

// drive lets s run until end; ask says how long a turn takes and how it goes.
func drive(s *Schedule, now, end time.Time, ask func(Turn, time.Time) (time.Duration, Verdict)) time.Time {
	for now.Before(end) {
		t := s.Next(now)
		if t.Item < 0 {
			now = now.Add(min(t.Wait, end.Sub(now)))
			continue
		}
		took, v := ask(t, now)
		s.Done(t, now, now.Add(took), v)
		now = now.Add(took)
	}
	return now
}

func every(d time.Duration, device int, alarm bool) Item {
	return Item{Device: device, Alarm: alarm, Every: d, Rank: int(d), Cost: 20 * time.Millisecond, Lost: 320 * time.Millisecond}
}

func TestSchedule_DeadDeviceCostsTheOthersNothing(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(time.Second, 0, false), every(time.Second, 1, true), every(time.Second, 1, false)}, 2, 1, start, steady)
	asked, lost := map[int]int{}, time.Duration(0)
	end := start.Add(10 * time.Minute)
	drive(s, start, end, func(t Turn, _ time.Time) (time.Duration, Verdict) {
		asked[t.Item]++
		if t.Item < 2 {
			lost += 300 * time.Millisecond
			return 300 * time.Millisecond, Failed
		}
		return 20 * time.Millisecond, Answered
	})
	if asked[2] < 595 || asked[3] < 595 {
		t.Errorf("others asked %d and %d times, want about 600", asked[2], asked[3])
	}
	if n := asked[0] + asked[1]; n < 50 || lost > end.Sub(start)/20 {
		t.Errorf("dead device asked %d times for %v of ten minutes", n, lost)
	}
}

// TestSchedule_EveryDeadDeviceIsProbed: many share what the line has for probes fairly.
func TestSchedule_EveryDeadDeviceIsProbed(t *testing.T) {
	var items []Item
	for d := range 16 {
		items = append(items, every(time.Second, d, true))
	}
	s, asked := NewSchedule(items, len(items), 1, start, steady), make([]int, len(items))
	drive(s, start, start.Add(20*time.Minute), func(t Turn, _ time.Time) (time.Duration, Verdict) {
		asked[t.Item]++
		return 320 * time.Millisecond, Failed
	})
	for d, n := range asked {
		if most := slices.Max(asked); n < most-2 {
			t.Errorf("device %d was probed %d times, another %d times", d, n, most)
		}
	}
}

func TestSchedule_FirstFailureStopsTheDevicesOtherGroups(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(time.Second, 0, true), every(time.Second, 0, false)}, 1, 1, start, steady)
	now := drive(s, start, start.Add(1500*time.Millisecond), func(Turn, time.Time) (time.Duration, Verdict) { return 10 * time.Millisecond, Answered })
	if !s.Promised(0) {
		t.Fatal("a device that answers is not sound")
	}
	timeouts := 0
	drive(s, now, now.Add(990*time.Millisecond), func(t Turn, _ time.Time) (time.Duration, Verdict) {
		if timeouts++; timeouts > 1 {
			return 0, Refused // it is being rested
		}
		return 300 * time.Millisecond, Failed
	})
	if s.Watched(0) || timeouts < 2 {
		t.Errorf("watched %v after %d turns", s.Watched(0), timeouts)
	}
	turn := s.Next(now.Add(time.Second))
	if turn.Lane != LaneProbe {
		t.Fatalf("next turn: %+v", turn)
	}
	s.Done(turn, now.Add(time.Second), now.Add(1010*time.Millisecond), Answered)
	if !s.Watched(0) {
		t.Error("an answer does not bring it back")
	}
}

func TestSchedule_OrderAndMissedTurns(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, false), every(2*time.Second, 1, true), every(time.Second, 1, true)}, 2, 1, start, steady)
	now := drive(s, start, start.Add(100*time.Millisecond), func(Turn, time.Time) (time.Duration, Verdict) { return time.Millisecond, Answered })
	now = now.Add(20 * time.Second)
	for _, want := range []int{2, 1, 0} {
		turn := s.Next(now)
		if turn.Item != want || turn.Lane != LanePoll {
			t.Fatalf("turn %+v, want item %d", turn, want)
		}
		s.Done(turn, now, now.Add(time.Millisecond), Answered)
	}
	if turn := s.Next(now); turn.Item >= 0 || s.skipped == 0 {
		t.Errorf("turn %+v, %d skipped: what was missed is made up", turn, s.skipped)
	}
}

func TestSchedule_FlappingDeviceGoesOnProbation(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(time.Second, 1, true)}, 2, 1, start, steady)
	inTurn, answers := 0, 0
	drive(s, start, start.Add(5*time.Minute), func(t Turn, now time.Time) (time.Duration, Verdict) {
		if t.Item == 1 {
			return 20 * time.Millisecond, Answered
		}
		if answers++; answers%2 == 0 { // each second request is lost
			if t.Lane == LanePoll {
				inTurn++
			}
			return 320 * time.Millisecond, Failed
		}
		return 20 * time.Millisecond, Answered
	})
	if inTurn > 1+300/10 {
		t.Errorf("%d time-outs in five minutes in the place of answers; one in ten seconds is allowed", inTurn)
	}
	if answers < 200 {
		t.Errorf("asked %d times in five minutes although the line was free", answers)
	}
}

func TestSchedule_GroupWithoutAnswersDoesNotTakeTheDeviceWithIt(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(time.Second, 0, false)}, 1, 1, start, steady)
	good, bad := 0, 0
	drive(s, start, start.Add(10*time.Minute), func(t Turn, _ time.Time) (time.Duration, Verdict) {
		if t.Item == 1 {
			bad++
			return 300 * time.Millisecond, Failed
		}
		good++
		return 20 * time.Millisecond, Answered
	})
	if good < 500 || bad > 30 {
		t.Errorf("%d answers of the one group, %d time-outs of the other", good, bad)
	}
}

// TestSchedule_AnAlarmGroupIsNotGivenUpForTwoBadFrames: noise takes two answers in a row of
// one group; it is asked again within seconds, not minutes.
func TestSchedule_AnAlarmGroupIsNotGivenUpForTwoBadFrames(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(15*time.Second, 0, false)}, 1, 1, start, steady)
	now := drive(s, start, start.Add(5*time.Second), func(Turn, time.Time) (time.Duration, Verdict) { return 20 * time.Millisecond, Answered })
	left, back := 2, time.Time{}
	drive(s, now, now.Add(time.Minute), func(t Turn, now time.Time) (time.Duration, Verdict) {
		if t.Item == 0 && left > 0 {
			left--
			return 60 * time.Millisecond, Failed
		}
		if t.Item == 0 && back.IsZero() {
			back = now
		}
		return 20 * time.Millisecond, Answered
	})
	if d := back.Sub(now); left > 0 || d > 5*time.Second || d < 0 {
		t.Errorf("asked again after %v", d)
	}
	if !s.Promised(0) {
		t.Error("a device that answers whole again is promised nothing")
	}
}

// TestSchedule_MutedAlarmGroups: however many there are, each is asked as often as a dead
// device, the others keep their pace, their own device is heard of as often as it was, and
// nothing is promised of it.
func TestSchedule_MutedAlarmGroups(t *testing.T) {
	var items []Item
	const devices = 12
	for d := range devices {
		items = append(items, every(2*time.Second, d, true), every(15*time.Second, d, false))
	}
	s := NewSchedule(items, devices, 1, start, steady)
	asked, lost, end := make([]int, len(items)), time.Duration(0), start.Add(20*time.Minute)
	heard, gap := make([]time.Time, devices), time.Duration(0)
	drive(s, start, end, func(t Turn, now time.Time) (time.Duration, Verdict) {
		d := items[t.Item].Device
		asked[t.Item]++
		if t.Item%2 == 0 && d > 0 {
			lost += 320 * time.Millisecond
			return 320 * time.Millisecond, Failed
		}
		if !heard[d].IsZero() && now.After(start.Add(2*time.Minute)) {
			gap = max(gap, now.Sub(heard[d]))
		}
		heard[d] = now
		return 20 * time.Millisecond, Answered
	})
	if asked[0] < 590 {
		t.Errorf("the sound device was asked %d times in twenty minutes, want 600", asked[0])
	}
	for d := 1; d < devices; d++ {
		if asked[2*d] < 8 || s.Promised(d) || !s.Watched(d) {
			t.Errorf("device %d: muted group asked %d times; promised %v, watched %v", d, asked[2*d], s.Promised(d), s.Watched(d))
		}
	}
	if found := devices * 4 * 320 * time.Millisecond; lost > end.Sub(start)/probeShare+found {
		t.Errorf("%v lost to groups without answers", lost)
	}
	if gap > 4*time.Second {
		t.Errorf("a device with one muted group was not heard of for %v", gap)
	}
}

func TestSchedule_WriteIsReadBackAtOnceAndDeadWritesRest(t *testing.T) {
	s := NewSchedule([]Item{every(10*time.Second, 0, true), every(10*time.Second, 0, false)}, 1, 1, start, steady)
	now := drive(s, start, start.Add(time.Second), func(Turn, time.Time) (time.Duration, Verdict) { return time.Millisecond, Answered })
	s.Wrote(0, 1, now.Add(-time.Millisecond), now, Answered)
	turn := s.Next(now)
	if turn.Item != 1 || turn.Lane != LaneReadBack {
		t.Fatalf("%+v", turn)
	}
	s.Done(turn, now, now.Add(time.Millisecond), Answered)
	s.Wrote(0, 1, now, now.Add(time.Millisecond), Answered)
	if turn = s.Next(now.Add(time.Millisecond)); turn.Lane == LaneReadBack {
		t.Error("read back twice within the gap")
	}
	s.Wrote(0, 1, now, now.Add(300*time.Millisecond), Failed)
	if now = now.Add(300 * time.Millisecond); !s.Resting(0, now) || s.Resting(0, now.Add(3*time.Second)) || s.Watched(0) {
		t.Error("a device that did not echo is written to again at once, or never")
	}
}

func TestSchedule_DetailFollowsItsSummary(t *testing.T) {
	detail := every(500*time.Millisecond, 0, true)
	detail.Idle = time.Minute
	s := NewSchedule([]Item{every(time.Second, 0, true), detail}, 1, 1, start, steady)
	asked := map[int]int{}
	count := func(t Turn, _ time.Time) (time.Duration, Verdict) { asked[t.Item]++; return time.Millisecond, Answered }
	now := drive(s, start, start.Add(30*time.Second), count)
	if asked[1] > 1 {
		t.Errorf("detail asked %d times in half a minute", asked[1])
	}
	s.Changed(1, now)
	if turn := s.Next(now); turn.Item != 1 {
		t.Errorf("%+v after its summary changed", turn)
	}
}

func TestSchedule_SlowAnswersEndInProbationNotInLateness(t *testing.T) {
	s := NewSchedule([]Item{every(time.Second, 0, true), every(time.Second, 1, true)}, 2, 1, start, steady)
	drive(s, start, start.Add(time.Minute), func(t Turn, _ time.Time) (time.Duration, Verdict) {
		if t.Item == 0 {
			return 200 * time.Millisecond, Answered // ten times what was set aside
		}
		return 20 * time.Millisecond, Answered
	})
	if s.Promised(0) || !s.Watched(0) || !s.Promised(1) || s.beyond == 0 {
		t.Errorf("slow device: promised %v, watched %v; other: promised %v", s.Promised(0), s.Watched(0), s.Promised(1))
	}
}

func TestSchedule_ReadBackOnProbationLeavesTheTurnsWhereTheyAre(t *testing.T) {
	s := NewSchedule([]Item{every(10*time.Second, 0, true), every(time.Second, 1, true)}, 2, 1, start, steady)
	slow := func(t Turn, _ time.Time) (time.Duration, Verdict) {
		if t.Item == 0 {
			return time.Second, Answered
		}
		return time.Millisecond, Answered
	}
	now := drive(s, start, start.Add(21*time.Second), slow)
	if s.Promised(0) {
		t.Fatal("not on probation")
	}
	for range 5 {
		s.Wrote(0, 0, now, now, Answered)
		now = drive(s, now, now.Add(time.Second), slow)
	}
	if due := s.items[0].due.Sub(now); due > 10*time.Second {
		t.Errorf("next turn only in %v", due)
	}
}
