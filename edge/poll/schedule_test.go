package poll

import (
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
