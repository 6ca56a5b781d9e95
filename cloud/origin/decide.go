package origin

import (
	"cmp"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// Bounds of what one look considers.
const (
	maxPoints   = 300 // points that alarmed often enough
	maxPerPoint = 100 // newest occurrences of each
	maxEvidence = 50  // alarms tied to one hazard
)

// Occurrence is one time a point alarmed.
type Occurrence struct {
	alarm.Alarm // as it is now
	N           int
	At          time.Time // when we learned of it
	Sensed      time.Time
}

// Device is what has to be tested now and then.
type Device struct {
	Edge    contract.EdgeID
	ID      contract.DeviceID
	Name    contract.Text
	Place   contract.Place
	Profile string
	Model   string
	Tested  time.Time // last; zero: never
	By      string    // who noted that; "" for a test that rang an alarm
	Since   time.Time // known
}

// Origin is one hazard that came from a device, or from a person's click on an alarm.
type Origin struct {
	Rule     string
	Subject  string
	Episode  int64
	Form     string
	Record   string
	Instance string
	Opened   time.Time
	Closed   time.Time // zero: still open
}

// Open reports whether the hazard is still being dealt with.
func (o Origin) Open() bool { return o.Closed.IsZero() }

// Facts are what is decided on.
type Facts struct {
	Points   map[string][]Occurrence // by edge/point, newest first, drills and set-aside ones left out
	Standing []alarm.Alarm           // open
	Devices  []Device
	// Past is the newest origin of each rule and subject (see [key]).
	Past map[string]Origin
	// Spoken is the newest hazard of each alarm.
	Spoken map[string]Origin
}

// Opening is a hazard to open.
type Opening struct {
	Rule    Rule
	Subject string
	Episode int64
	Alarms  []alarm.Alarm // evidence, newest first
	N       int           // occurrences
	Times   []time.Time   // of them, newest first
	Since   time.Time     // the first of them, or when the alarm came
	Last    time.Time     // the newest of them, or the last test
	Due     time.Time     // of a test
	Device  Device        // of a test
}

func key(rule, subject string) string { return rule + "\x00" + subject }

// Decide says which hazards devices open now. It is a function of its arguments; what is
// still open, or was closed and has not come anew, opens nothing.
func Decide(f Facts, rules []Rule, now time.Time) []Opening {
	taken := map[string]bool{} // alarms of hazards that are open, or are being opened
	for id, o := range f.Spoken {
		taken[id] = o.Open()
	}
	var out []Opening
	for _, r := range rules {
		if r.Off {
			continue
		}
		var found []Opening
		switch r.Kind {
		case Repeated:
			found = repeated(f, r, taken, now)
		case Standing:
			found = standing(f, r, taken, now)
		case ProofTest:
			found = untested(f, r, now)
		}
		for _, o := range found {
			for _, a := range o.Alarms {
				taken[a.ID] = true
			}
		}
		out = append(out, found...)
	}
	return out
}

// next is the episode that would be opened; ok is false while one is open.
func (f Facts) next(rule, subject string) (past Origin, episode int64, ok bool) {
	past, there := f.Past[key(rule, subject)]
	return past, past.Episode + 1, !there || !past.Open()
}

func repeated(f Facts, r Rule, taken map[string]bool, now time.Time) []Opening {
	var out []Opening
	for _, point := range sortedKeys(f.Points) {
		subject := "point:" + point
		past, episode, ok := f.next(r.ID, subject)
		if !ok {
			continue
		}
		from := now.Add(-time.Duration(r.Window))
		o := Opening{Rule: r, Subject: subject, Episode: episode}
		busy := false
		for _, x := range f.Points[point] {
			if !r.hears(x.Alarm) || x.At.Before(from) || x.At.After(now) || !x.At.After(past.Closed) || !x.At.After(f.Spoken[x.ID].Closed) {
				continue
			}
			busy = busy || taken[x.ID]
			o.N++
			o.Times = append(o.Times, x.Sensed)
			if !slices.ContainsFunc(o.Alarms, func(a alarm.Alarm) bool { return a.ID == x.ID }) && len(o.Alarms) < maxEvidence {
				o.Alarms = append(o.Alarms, x.Alarm)
			}
		}
		if busy || o.N < r.Count {
			continue
		}
		o.Last, o.Since = o.Times[0], o.Times[len(o.Times)-1]
		out = append(out, o)
	}
	return out
}

// standing takes together the alarms that came together: one cause, one hazard.
func standing(f Facts, r Rule, taken map[string]bool, now time.Time) []Opening {
	groups := map[string][]alarm.Alarm{}
	for _, a := range f.Standing {
		if a.Drill || !r.hears(a) || taken[a.ID] || !r.waits(a) || now.Sub(came(a)) < time.Duration(r.For) {
			continue
		}
		if said, ok := f.Spoken[a.ID]; ok && !came(a).After(said.Closed) && !again(r, said.Closed, now) {
			continue
		}
		g := cmp.Or(a.Group, a.ID)
		groups[g] = append(groups[g], a)
	}
	var out []Opening
	for _, g := range sortedKeys(groups) {
		list := groups[g]
		_, episode, ok := f.next(r.ID, "group:"+g)
		if !ok {
			continue
		}
		slices.SortFunc(list, func(a, b alarm.Alarm) int { return cmp.Or(came(a).Compare(came(b)), cmp.Compare(a.ID, b.ID)) })
		o := Opening{Rule: r, Subject: "group:" + g, Episode: episode, N: len(list), Since: came(list[0]), Last: came(list[len(list)-1])}
		o.Alarms = list[:min(len(list), maxEvidence)]
		out = append(out, o)
	}
	return out
}

func again(r Rule, closed, now time.Time) bool {
	return r.Again > 0 && now.Sub(closed) >= time.Duration(r.Again)
}

// waits says if an alarm is in the state a rule looks for; what is set aside is being
// dealt with by those who set it aside.
func (x Rule) waits(a alarm.Alarm) bool {
	switch {
	case a.State != alarm.Unacked && a.State != alarm.Acked && a.State != alarm.RTNUnacked:
		return false
	case x.While == WhileUnacked:
		return a.State != alarm.Acked
	}
	return a.Condition != contract.Normal || a.Latched
}

// came is when we learned of the present occurrence; an edge's clock may be wrong.
func came(a alarm.Alarm) time.Time {
	if !a.Stamps.Received.IsZero() {
		return a.Stamps.Received
	}
	return a.RaisedAt
}

func untested(f Facts, r Rule, now time.Time) []Opening {
	var out []Opening
	for _, d := range f.Devices {
		due, ok := r.due(d)
		if !ok || r.stands(due, now) != TestOverdue {
			continue
		}
		subject := d.subject()
		past, episode, ok := f.next(r.ID, subject)
		if !ok {
			continue
		}
		if episode > 1 && !d.Tested.After(past.Opened) && !again(r, past.Closed, now) {
			continue
		}
		out = append(out, Opening{Rule: r, Subject: subject, Episode: episode, Last: d.Tested, Since: d.Since, Due: due, Device: d})
	}
	slices.SortFunc(out, func(a, b Opening) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Subject, b.Subject)) })
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
