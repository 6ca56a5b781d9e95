package seat

import (
	"slices"
	"time"
)

// Policy is how strictly seats are watched.
type Policy struct {
	Zone        *time.Location
	NightFrom   int           // hour of the day
	NightTo     int           // hour of the day
	AsleepAfter time.Duration // without a key or pointer, at night
	GoneAfter   time.Duration // without a heartbeat
	PaintWithin time.Duration // a life-safety occurrence must be on a screen
	NobodyAfter time.Duration // without a seat that can see and hear
}

// DefaultPolicy is the product's: hearts beat every 5 s, so three missed ones are gone.
func DefaultPolicy(zone *time.Location) Policy {
	return Policy{Zone: zone, NightFrom: 22, NightTo: 6, AsleepAfter: 30 * time.Minute, GoneAfter: 15 * time.Second,
		PaintWithin: 5 * time.Second, NobodyAfter: 30 * time.Second}
}

// StateOf concludes from what a seat said last.
func (p Policy) StateOf(s Seat, now time.Time) State {
	switch {
	case !s.LeftAt.IsZero(), now.Sub(s.HeardAt) >= p.GoneAfter:
		return Gone
	case !s.Visible:
		return Blind
	case s.Sound != Armed && s.Sound != Muted:
		return Deaf
	case p.night(now) && now.Sub(s.InputAt) >= p.AsleepAfter:
		return Asleep
	}
	return Watching
}

func (p Policy) night(now time.Time) bool {
	h := now.In(p.Zone).Hour()
	if p.NightFrom <= p.NightTo {
		return h >= p.NightFrom && h < p.NightTo
	}
	return h >= p.NightFrom || h < p.NightTo
}

// Able reports whether somebody at the seat would see and hear an alarm. Whoever seems
// asleep still counts: it is only a guess.
func (s Seat) Able() bool {
	return s.Kind == Desk && (s.State == Watching || s.State == Asleep)
}

// Pending is a life-safety occurrence that nobody has acknowledged yet.
type Pending struct {
	Alarm    string
	Count    int
	Building string
	At       time.Time // committed
	Painted  bool      // at a desk
	Told     bool      // already reported as unwatched
}

// Watch is all that supervision looks at.
type Watch struct {
	Seats    []Seat
	Pending  []Pending
	LastAble time.Time // when a seat was last able; the start of the program before that
	Manned   bool      // a desk was ever taken: before that nobody is missed
}

// Finding is what supervision concludes.
type Finding struct {
	States    map[string]State
	OnWatch   int         // seats that can see and hear
	LastAble  time.Time   // carried to the next look
	Nobody    bool        // the flag, and the alarm: the desk is not watched
	Unwatched []Unwatched // occurrences to report now
}

// Supervise decides whether anybody is watching. An occurrence is unwatched when no
// desk showed it in time, or at once when no seat is able and none has been for as long.
func Supervise(p Policy, w Watch, now time.Time) Finding {
	f := Finding{States: make(map[string]State, len(w.Seats)), LastAble: w.LastAble}
	for _, s := range w.Seats {
		s.State = p.StateOf(s, now)
		f.States[s.ID] = s.State
		if s.Able() {
			f.OnWatch++
		}
	}
	if f.OnWatch > 0 {
		f.LastAble = now
	}
	away := now.Sub(f.LastAble)
	late := false
	for _, x := range w.Pending {
		if x.Painted {
			continue
		}
		why := NotPainted
		if f.OnWatch == 0 {
			why = NoSeat
		}
		if now.Sub(x.At) < p.PaintWithin && (why == NotPainted || away < p.PaintWithin) {
			continue
		}
		late = true
		if !x.Told {
			f.Unwatched = append(f.Unwatched, Unwatched{x.Alarm, x.Count, x.Building, why, x.At})
		}
	}
	f.Nobody = w.Manned && (away >= p.NobodyAfter || late)
	slices.SortFunc(f.Unwatched, func(a, b Unwatched) int { return a.At.Compare(b.At) })
	return f
}
