package poll

import (
	"testing"
	"time"
)

func TestSchedule_DeadDeviceCostsTheOthersNothing(t *testing.T) {
	now := time.Unix(0, 0)
	items := []item{{device: 0, class: ClassAlarm, every: time.Second}, {device: 1, class: ClassAlarm, every: time.Second}, {device: 1, group: 1, class: ClassTelemetry, every: time.Second}}
	s := newSchedule(items, 2, now)
	asked := map[int]int{}
	for end := now.Add(10 * time.Minute); now.Before(end); {
		i, wait := s.next(now)
		if i < 0 {
			now = now.Add(wait)
			continue
		}
		asked[i]++
		took := 20 * time.Millisecond
		if i == 0 {
			took = 300 * time.Millisecond
		}
		now = now.Add(took)
		s.done(i, now, i != 0)
	}
	if asked[0] > 70 || asked[0] < 55 {
		t.Errorf("dead device asked %d times in ten minutes", asked[0])
	}
	if asked[1] < 595 || asked[2] < 595 {
		t.Errorf("others asked %d and %d times, want about 600", asked[1], asked[2])
	}
	if s.done(0, now, true); s.health[0].probe != 0 {
		t.Error("an answer does not end the backoff")
	}
}

func TestSchedule_AlarmFirstAndMissedTicksAreCountedOnce(t *testing.T) {
	now := time.Unix(0, 0)
	s := newSchedule([]item{{class: ClassTelemetry, every: time.Second}, {device: 1, class: ClassAlarm, every: time.Second}}, 2, now)
	if i, _ := s.next(now); i != 1 {
		t.Fatalf("asked %d first", i)
	}
	now = now.Add(10500 * time.Millisecond)
	s.done(1, now, true)
	if s.skipped != 10 {
		t.Errorf("skipped %d, want 10", s.skipped)
	}
	if due := s.items[1].due; !due.Equal(time.Unix(11, 0)) {
		t.Errorf("next due %v", due)
	}
}
