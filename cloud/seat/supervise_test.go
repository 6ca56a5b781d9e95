package seat

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func desk(change func(*Seat)) Seat {
	s := Seat{ID: "seat-1", Kind: Desk, HeardAt: noon, InputAt: noon, Visible: true, Sound: Armed}
	if change != nil {
		change(&s)
	}
	return s
}

func TestStateOf_SilenceAndDeafnessAreNeverWatching(t *testing.T) {
	p, midnight := DefaultPolicy(time.UTC), noon.Add(12*time.Hour)
	for name, c := range map[string]struct {
		seat Seat
		now  time.Time
		want State
	}{
		"sees and hears":       {desk(nil), noon, Watching},
		"one tone muted":       {desk(func(s *Seat) { s.Sound = Muted }), noon, Watching},
		"sound never tested":   {desk(func(s *Seat) { s.Sound = Unarmed }), noon, Deaf},
		"sound blocked":        {desk(func(s *Seat) { s.Sound = Blocked }), noon, Deaf},
		"nothing said":         {desk(func(s *Seat) { s.Sound = "" }), noon, Deaf},
		"hidden":               {desk(func(s *Seat) { s.Visible = false }), noon, Blind},
		"14 s without a beat":  {desk(nil), noon.Add(14 * time.Second), Watching},
		"15 s without a beat":  {desk(nil), noon.Add(15 * time.Second), Gone},
		"left":                 {desk(func(s *Seat) { s.LeftAt = noon }), noon, Gone},
		"idle by day":          {desk(func(s *Seat) { s.InputAt = noon.Add(-time.Hour) }), noon, Watching},
		"idle at night":        {desk(func(s *Seat) { s.HeardAt, s.InputAt = midnight, midnight.Add(-time.Hour) }), midnight, Asleep},
		"touched at night":     {desk(func(s *Seat) { s.HeardAt, s.InputAt = midnight, midnight.Add(-time.Minute) }), midnight, Watching},
		"hidden and unheard":   {desk(func(s *Seat) { s.Visible, s.Sound = false, Blocked }), noon, Blind},
		"the wall is no desk":  {desk(func(s *Seat) { s.Kind = Wall }), noon, Watching},
		"a viewer is no desk":  {desk(func(s *Seat) { s.Kind = View }), noon, Watching},
		"gone outranks hidden": {desk(func(s *Seat) { s.Visible = false }), noon.Add(time.Minute), Gone},
	} {
		if got := p.StateOf(c.seat, c.now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestC09_AnOccurrenceNobodySawIsReported(t *testing.T) {
	p := DefaultPolicy(time.UTC)
	fire := func(change func(*Pending)) []Pending {
		x := Pending{Alarm: "alm-1", Count: 1, Building: "b03", At: noon}
		if change != nil {
			change(&x)
		}
		return []Pending{x}
	}
	seats := []Seat{desk(func(s *Seat) { s.HeardAt, s.InputAt = noon.Add(8*time.Second), noon })}
	deaf := []Seat{desk(func(s *Seat) { s.HeardAt, s.Sound = noon.Add(8*time.Second), Blocked })}
	for name, c := range map[string]struct {
		w     Watch
		after time.Duration
		why   Why
		flag  bool
	}{
		"within 5 s":                      {Watch{Seats: seats, Pending: fire(nil), Manned: true}, 4 * time.Second, "", false},
		"after 5 s":                       {Watch{Seats: seats, Pending: fire(nil), Manned: true}, 5 * time.Second, NotPainted, true},
		"painted":                         {Watch{Seats: seats, Pending: fire(func(x *Pending) { x.Painted = true }), Manned: true}, time.Minute / 6, "", false},
		"told once":                       {Watch{Seats: seats, Pending: fire(func(x *Pending) { x.Told = true }), Manned: true}, 6 * time.Second, "", true},
		"nobody able for long: at once":   {Watch{Seats: deaf, Pending: fire(nil), Manned: true, LastAble: noon.Add(-time.Minute)}, 0, NoSeat, true},
		"nobody able just now: 5 s":       {Watch{Seats: deaf, Pending: fire(nil), Manned: true, LastAble: noon}, 4 * time.Second, "", false},
		"painted where it is not heard":   {Watch{Seats: deaf, Pending: fire(func(x *Pending) { x.Painted = true }), Manned: true, LastAble: noon}, 6 * time.Second, "", false},
		"a place that never had a desk":   {Watch{Pending: fire(nil), LastAble: noon.Add(-time.Hour)}, 6 * time.Second, NoSeat, false},
		"no alarm, nobody for 30 s":       {Watch{Manned: true, LastAble: noon}, 30 * time.Second, "", true},
		"no alarm, nobody for 29 s":       {Watch{Manned: true, LastAble: noon}, 29 * time.Second, "", false},
		"no alarm, never had a desk":      {Watch{LastAble: noon}, time.Hour, "", false},
		"only the wall looks: nobody has": {Watch{Seats: []Seat{desk(func(s *Seat) { s.Kind, s.HeardAt = Wall, noon.Add(30*time.Second) })}, Manned: true, LastAble: noon}, 30 * time.Second, "", true},
	} {
		f := Supervise(p, c.w, noon.Add(c.after))
		var why Why
		if len(f.Unwatched) > 0 {
			why = f.Unwatched[0].Why
		}
		if why != c.why || f.Nobody != c.flag {
			t.Errorf("%s: why %q flag %v, want %q %v", name, why, f.Nobody, c.why, c.flag)
		}
	}
}

// Whatever the seats say, an unpainted occurrence is reported exactly once, within six
// seconds of being committed, and a painted one never.
func TestSupervise_EveryUnseenOccurrenceIsToldOnce(t *testing.T) {
	p := DefaultPolicy(time.UTC)
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w, told := Watch{LastAble: noon, Manned: true}, map[string]int{}
		for i := range 3 {
			w.Seats = append(w.Seats, desk(func(s *Seat) { s.ID, s.Sound = string(rune('a'+i)), []Sound{Armed, Blocked}[rng.IntN(2)] }))
		}
		for i := range 20 {
			w.Pending = append(w.Pending, Pending{Alarm: string(rune('A' + i)), Count: 1, At: noon.Add(time.Duration(rng.IntN(20)) * time.Second), Painted: rng.IntN(2) == 0})
		}
		for sec := range 40 {
			now := noon.Add(time.Duration(sec) * time.Second)
			for i := range w.Seats {
				if rng.IntN(3) > 0 {
					w.Seats[i].HeardAt = now
				}
			}
			seen := w
			seen.Pending = nil
			for _, x := range w.Pending {
				if !x.At.After(now) {
					x.Told = told[x.Alarm] > 0
					seen.Pending = append(seen.Pending, x)
				}
			}
			f := Supervise(p, seen, now)
			w.LastAble = f.LastAble
			for _, u := range f.Unwatched {
				told[u.Alarm]++
				if late := now.Sub(u.At); late > 6*time.Second {
					t.Fatalf("seed %d: told %s late", seed, late)
				}
			}
		}
		want, got := map[string]int{}, told
		for _, x := range w.Pending {
			if !x.Painted {
				want[x.Alarm] = 1
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}
