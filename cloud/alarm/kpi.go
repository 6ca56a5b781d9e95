package alarm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// KPI is the report on how alarms were over a time (EEMUA 191, ISA-18.2), made from the
// log of events alone. Alarms are those that called people: what came while it was set
// aside counts nowhere.
type KPI struct {
	From          time.Time       `json:"from"`
	To            time.Time       `json:"to"`
	TimeZone      string          `json:"time_zone"`
	Alarms        int             `json:"alarms"`
	Positions     int             `json:"positions"`        // consoles that showed or answered alarms; at least 1
	AveragePer10  float64         `json:"average_per_10"`   // per position
	PeakPer10     int             `json:"peak_per_10"`      // in all
	PeakAt        time.Time       `json:"peak_at,omitzero"` //
	FloodPercent  float64         `json:"flood_percent"`    // of the 10-minute periods, those with more than 10
	Priorities    map[string]int  `json:"priorities"`
	Hazards       map[string]int  `json:"hazards"`
	Top           []Frequent      `json:"top"` // the ten most frequent
	TopPercent    float64         `json:"top_percent"`
	Chattering    []Frequent      `json:"chattering"` // three or more within a minute
	Stale         []Frequent      `json:"stale"`      // stood for more than 24 hours
	Answered      int             `json:"answered"`
	AckP50S       float64         `json:"ack_p50_s"`
	AckP95S       float64         `json:"ack_p95_s"`
	ShelvedH      float64         `json:"shelved_h"`
	OutOfServiceH float64         `json:"out_of_service_h"`
	Operators     []OperatorShare `json:"operators"`
	Days          []DayCount      `json:"days"`
	HourOfDay     [24]int         `json:"hour_of_day"`
}

// Frequent is one alarm (rule of a point) and how often it came.
type Frequent struct {
	Edge     string        `json:"edge"`
	Point    string        `json:"point"`
	Rule     string        `json:"rule"`
	Building string        `json:"building"`
	Title    contract.Text `json:"title"`
	Count    int           `json:"count"`
	Hours    float64       `json:"hours,omitempty"` // how long it stood, for stale ones
}

// OperatorShare is what one person at one console answered.
type OperatorShare struct {
	Name    string  `json:"name"`
	Seat    string  `json:"seat"` // "" is not known
	Acks    int     `json:"acks"`
	AckP50S float64 `json:"ack_p50_s"`
}

// DayCount is one day in the community's time zone.
type DayCount struct {
	Day    string `json:"day"` // 2026-11-23
	Alarms int    `json:"alarms"`
}

const tenMinutes = 10 * time.Minute

// tally takes the log line by line.
type tally struct {
	from, to  time.Time
	zone      *time.Location
	in        Scope
	periods   map[int64]int // by number of the 10 minutes since from
	days      map[string]int
	hours     [24]int
	priority  map[string]int
	hazard    map[string]int
	freq      map[string]*standing
	pending   map[string]time.Time // alarm to when it called
	identity  map[string]string    // alarm to its key in freq
	took      []float64
	operators map[[2]string][]float64
	seats     map[string]bool
	set       map[string]span // overrides in force
	aside     map[string]float64
}

type span struct {
	kind string
	from time.Time
}

type standing struct {
	Frequent
	recent  []time.Time
	chatter bool
	since   time.Time // of the present occurrence
	longest time.Duration
}

func newTally(from, to time.Time, zone *time.Location, in Scope) *tally {
	return &tally{from: from, to: to, zone: zone, in: in, periods: map[int64]int{}, days: map[string]int{}, priority: map[string]int{}, hazard: map[string]int{},
		freq: map[string]*standing{}, pending: map[string]time.Time{}, identity: map[string]string{}, operators: map[[2]string][]float64{}, seats: map[string]bool{}, set: map[string]span{}, aside: map[string]float64{}}
}

func word(ev Event, key string) string {
	s, _ := ev.Data[key].(string)
	return s
}

func (t *tally) add(ev Event) {
	if b, ok := ev.Data["building"].(string); ok && !t.in.Has(b) {
		return
	}
	inside := !ev.RecvAt.Before(t.from)
	switch ev.Kind {
	case Raised, Reraised, Worsened:
		t.came(ev, inside)
	case Returned:
		t.left(ev.Alarm, ev.RecvAt)
	case Acknowledged:
		t.answered(ev, inside)
	case Painted:
		if s := word(ev, "seat"); s != "" && inside && t.identity[ev.Alarm] != "" {
			t.seats[s] = true
		}
	case string(Shelved), string(OutOfService):
		if id := word(ev, "override"); ev.Alarm == "" && word(ev, "status") == string(InForce) {
			t.set[id] = span{ev.Kind, ev.RecvAt}
		}
	case Unshelved, InService:
		if ev.Alarm == "" {
			t.over(word(ev, "override"), ev.RecvAt)
		}
	}
}

func (t *tally) came(ev Event, inside bool) {
	id := word(ev, "edge") + "/" + word(ev, "point") + "/" + word(ev, "rule")
	f := t.freq[id]
	if f == nil {
		f = &standing{Frequent: Frequent{Edge: word(ev, "edge"), Point: word(ev, "point"), Rule: word(ev, "rule"), Building: word(ev, "building")}}
		t.freq[id] = f
	}
	if title, ok := ev.Data["title"].(map[string]any); ok {
		f.Title.ZH, _ = title["zh"].(string)
		f.Title.EN, _ = title["en"].(string)
	}
	t.identity[ev.Alarm] = id
	if ev.Kind != Worsened && f.since.IsZero() {
		f.since = ev.RecvAt
	}
	if word(ev, "state") != string(Unacked) {
		return
	}
	t.pending[ev.Alarm] = ev.RecvAt
	if !inside {
		return
	}
	t.periods[int64(ev.RecvAt.Sub(t.from)/tenMinutes)]++
	local := ev.RecvAt.In(t.zone)
	t.days[local.Format(time.DateOnly)]++
	t.hours[local.Hour()]++
	t.priority[word(ev, "priority")]++
	t.hazard[word(ev, "hazard")]++
	f.Count++
	f.recent = append(slices.DeleteFunc(f.recent, func(x time.Time) bool { return x.Before(ev.RecvAt.Add(-chatterIn)) }), ev.RecvAt)
	f.chatter = f.chatter || len(f.recent) >= chatterN
}

func (t *tally) left(alarm string, at time.Time) {
	if f := t.freq[t.identity[alarm]]; f != nil && !f.since.IsZero() {
		if at.After(t.from) {
			f.longest = max(f.longest, at.Sub(f.since))
		}
		f.since = time.Time{}
	}
}

func (t *tally) answered(ev Event, inside bool) {
	called, ok := t.pending[ev.Alarm]
	delete(t.pending, ev.Alarm)
	if !inside || t.identity[ev.Alarm] == "" {
		return
	}
	seat := word(ev, "seat")
	if seat != "" {
		t.seats[seat] = true
	}
	key := [2]string{ev.Actor, seat}
	if !ok || called.Before(t.from) {
		t.operators[key] = append(t.operators[key], -1)
		return
	}
	s := ev.RecvAt.Sub(called).Seconds()
	t.took = append(t.took, s)
	t.operators[key] = append(t.operators[key], s)
}

func (t *tally) over(id string, at time.Time) {
	if o, ok := t.set[id]; ok {
		delete(t.set, id)
		if from := later(o.from, t.from); at.After(from) {
			t.aside[o.kind] += at.Sub(from).Hours()
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// result ends the report at now, or at the end of its time.
func (t *tally) result(now time.Time) KPI {
	end := t.to
	if now.Before(end) {
		end = now
	}
	for _, id := range slices.Collect(maps.Keys(t.set)) {
		t.over(id, end)
	}
	k := KPI{From: t.from, To: t.to, TimeZone: t.zone.String(), Positions: max(1, len(t.seats)), Priorities: t.priority, Hazards: t.hazard, HourOfDay: t.hours,
		Top: []Frequent{}, Chattering: []Frequent{}, Stale: []Frequent{}, Operators: []OperatorShare{}, Days: []DayCount{},
		ShelvedH: t.aside[string(Shelved)], OutOfServiceH: t.aside[string(OutOfService)]}
	floods := 0
	for i, n := range t.periods {
		k.Alarms += n
		if n > floodOn {
			floods++
		}
		if at := t.from.Add(time.Duration(i) * tenMinutes); n > k.PeakPer10 || n == k.PeakPer10 && at.Before(k.PeakAt) {
			k.PeakPer10, k.PeakAt = n, at
		}
	}
	if periods := float64(end.Sub(t.from)) / float64(tenMinutes); periods > 0 {
		periods = max(periods, 1)
		k.AveragePer10 = float64(k.Alarms) / periods / float64(k.Positions)
		k.FloodPercent = min(100, 100*float64(floods)/periods)
	}
	t.lists(&k, end)
	k.Answered, k.AckP50S, k.AckP95S = len(t.took), quantile(t.took, .5), quantile(t.took, .95)
	for key, list := range t.operators {
		n := len(list)
		k.Operators = append(k.Operators, OperatorShare{key[0], key[1], n, quantile(slices.DeleteFunc(list, func(x float64) bool { return x < 0 }), .5)})
	}
	slices.SortFunc(k.Operators, func(a, b OperatorShare) int {
		return cmp.Or(cmp.Compare(b.Acks, a.Acks), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Seat, b.Seat))
	})
	for day := t.from.In(t.zone); day.Before(t.to); day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, t.zone) {
		d := day.Format(time.DateOnly)
		k.Days = append(k.Days, DayCount{d, t.days[d]})
	}
	return k
}

func (t *tally) lists(k *KPI, end time.Time) {
	top := 0
	all := slices.SortedFunc(maps.Values(t.freq), func(a, b *standing) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Point, b.Point), cmp.Compare(a.Rule, b.Rule))
	})
	for _, f := range all {
		if !f.since.IsZero() {
			f.longest = max(f.longest, end.Sub(f.since))
		}
		f.Hours = f.longest.Hours()
		if f.longest > staleAfter {
			k.Stale = append(k.Stale, f.Frequent)
		}
		f.Hours = 0
		if f.chatter {
			k.Chattering = append(k.Chattering, f.Frequent)
		}
		if f.Count > 0 && len(k.Top) < 10 {
			k.Top = append(k.Top, f.Frequent)
			top += f.Count
		}
	}
	if k.Alarms > 0 {
		k.TopPercent = 100 * float64(top) / float64(k.Alarms)
	}
}

// quantile is the smallest value that is not below a share q of the values; 0 of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, max(0, int(float64(len(sorted))*q+.999999)-1))]
}

// kpiBack is how far before a report's time its log is read, for what stood at its
// beginning.
const kpiBack = 31 * 24 * time.Hour

// KPI reports on [from, to), as far as it has passed.
func (s *Store) KPI(ctx context.Context, in Scope, from, to time.Time, zone *time.Location) (KPI, error) {
	t := newTally(from.UTC(), to.UTC(), zone, in)
	err := s.walk(ctx, `WHERE recv_at >= $1 AND recv_at < $2 OR alarm = '' AND recv_at < $2`, []any{db.Millis(from.Add(-kpiBack)), db.Millis(to)}, t.add)
	return t.result(s.now().UTC()), err
}

// walk reads the log in its order.
func (s *Store) walk(ctx context.Context, where string, args []any, f func(Event)) error {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT seq, alarm, kind, at, recv_at, actor, text, data FROM alarm_event `+where+` ORDER BY seq`, args...)
	if err != nil {
		return fmt.Errorf("alarm: read log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var ev Event
		var at, recv int64
		var data string
		if err := rows.Scan(&ev.Seq, &ev.Alarm, &ev.Kind, &at, &recv, &ev.Actor, &ev.Text, &data); err != nil {
			return fmt.Errorf("alarm: read log: %w", err)
		}
		ev.At, ev.RecvAt = db.Time(at), db.Time(recv)
		if err := json.Unmarshal([]byte(data), &ev.Data); err != nil {
			return fmt.Errorf("alarm: read log: decode line %d: %w", ev.Seq, err)
		}
		f(ev)
	}
	return rows.Err()
}
