// Package clocks measures how long alarms took on their way from the sensor to a person,
// from the stamps they carry, and holds that against the limits of standards and of this
// product. It also tells how long edges were heard and whether the logs still hold.
package clocks

import (
	"cmp"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// Sample is one alarm as far as its clocks go: its present occurrence.
type Sample struct {
	ID        string
	Building  string
	Rule      contract.RuleID
	Hazard    contract.Hazard
	Aside     bool // it came while set aside: nobody was to see or answer it
	RaisedAt  time.Time
	RespondBy time.Time // zero: nothing says by when
	Stamps    alarm.Stamps
}

// Supervision reports whether the alarm is about the system itself. Such an alarm begins
// with silence, so its way starts when something was heard last.
func (s Sample) Supervision() bool {
	return s.Hazard == contract.Comms || s.Hazard == contract.Self
}

// Verdicts.
const (
	Passed  = "passed"
	Failed  = "failed"
	Nothing = "nothing" // nothing to judge
)

// Report is the clocks over a time.
type Report struct {
	From      time.Time   `json:"from"`
	To        time.Time   `json:"to"`
	TimeZone  string      `json:"time_zone"`
	Alarms    int         `json:"alarms"`    // whose newest occurrence was raised in the time
	Aside     int         `json:"aside"`     // of these, came while set aside: nobody had to see them
	Replaced  int         `json:"replaced"`  // earlier occurrences of the same alarms; their stamps are not kept
	Skewed    int         `json:"skewed"`    // spans below zero, because clocks differ; taken as 0
	Truncated bool        `json:"truncated"` // only the newest are in the figures
	Buckets   []time.Time `json:"buckets"`   // where each part of the trends begins
	Stages    []Stage     `json:"stages"`
}

// Stage is one part of the way, in seconds.
type Stage struct {
	Stage   string     `json:"stage"`
	Count   int        `json:"count"`   // measured
	Unknown int        `json:"unknown"` // the stamp it begins with is missing
	Never   int        `json:"never"`   // did not happen though its time is over; counts as late
	Waiting int        `json:"waiting"` // did not happen yet and still may
	P50S    float64    `json:"p50_s"`
	P95S    float64    `json:"p95_s"`
	P99S    float64    `json:"p99_s"`
	MaxS    float64    `json:"max_s"`
	Verdict string     `json:"verdict" enum:"passed,failed,nothing"`
	Limits  []Judged   `json:"limits"`
	Worst   []Slow     `json:"worst"` // at most ten; what never happened comes first
	Trend   []*float64 `json:"trend"` // p99 per bucket; null: nothing measured
}

// Judged is a limit and what became of it.
type Judged struct {
	Limit
	Over    int    `json:"over"` // above it, those that never happened included
	Of      int    `json:"of"`   // judged by it
	Verdict string `json:"verdict" enum:"passed,failed,nothing"`
}

// Slow is one of the slowest.
type Slow struct {
	Alarm    string        `json:"alarm"`
	Building string        `json:"building"`
	Title    contract.Text `json:"title"`
	At       time.Time     `json:"at"`
	TookS    *float64      `json:"took_s"` // null: never
}

const worstShown = 10

// Measure is the whole report of samples raised in [from, to), as seen at now. Parts of
// the trend are hours up to two days, days of the zone beyond.
func Measure(samples []Sample, from, to, now time.Time, zone *time.Location) Report {
	r := Report{From: from.UTC(), To: to.UTC(), TimeZone: zone.String(), Alarms: len(samples), Buckets: buckets(from, to, zone), Stages: []Stage{}}
	for _, s := range samples {
		if s.Aside {
			r.Aside++
		}
	}
	for _, w := range ways() {
		r.Stages = append(r.Stages, w.measure(samples, &r, now))
	}
	return r
}

// buckets are the beginnings of the parts of a time.
func buckets(from, to time.Time, zone *time.Location) []time.Time {
	out := []time.Time{}
	l := from.In(zone)
	at := time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, zone)
	hourly := to.Sub(from) <= 48*time.Hour
	if hourly {
		at = from.Add(-time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
	}
	for at.Before(to) {
		out = append(out, at.UTC())
		if hourly {
			at = at.Add(time.Hour)
		} else {
			at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, zone)
		}
	}
	return out
}

// bucketOf is the last bucket that begins at or before at.
func bucketOf(buckets []time.Time, at time.Time) int {
	i, found := slices.BinarySearchFunc(buckets, at, time.Time.Compare)
	if !found {
		i--
	}
	return max(0, i)
}

type span struct {
	i    int // of the sample
	took float64
}

func (w way) measure(samples []Sample, r *Report, now time.Time) Stage {
	out := Stage{Stage: w.stage, Limits: []Judged{}, Worst: []Slow{}, Trend: make([]*float64, len(r.Buckets))}
	limits := make([]Judged, 0, len(w.limits))
	for _, l := range w.limits {
		limits = append(limits, Judged{Limit: l})
	}
	var spans []span
	var never []int
	parts := make([][]float64, len(r.Buckets))
	for i := range samples {
		s := &samples[i]
		if !w.takes(*s) {
			continue
		}
		from, to := w.from(s.Stamps), w.to(s.Stamps)
		switch {
		case from.IsZero():
			out.Unknown++
			continue
		case to.IsZero() && !w.late(*s, from, now):
			out.Waiting++
			continue
		case to.IsZero():
			never = append(never, i)
		default:
			took := to.Sub(from).Seconds()
			if took < 0 {
				r.Skewed++
				took = 0
			}
			spans = append(spans, span{i, took})
			if len(parts) > 0 {
				b := bucketOf(r.Buckets, s.RaisedAt)
				parts[b] = append(parts[b], took)
			}
		}
		for k := range limits {
			limits[k].count(*s, from, to)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.took, b.took), cmp.Compare(a.i, b.i)) })
	out.Count, out.Never = len(spans), len(never)
	out.P50S, out.P95S, out.P99S, out.MaxS = rank(spans, 50), rank(spans, 95), rank(spans, 99), rank(spans, 100)
	out.Verdict = Nothing
	for _, l := range limits {
		l.judge()
		if l.Verdict == Failed || l.Verdict == Passed && out.Verdict == Nothing {
			out.Verdict = l.Verdict
		}
		out.Limits = append(out.Limits, l)
	}
	out.Worst = worst(samples, spans, never)
	for b, p := range parts {
		if len(p) > 0 {
			slices.Sort(p)
			out.Trend[b] = new(p[place(len(p), 99)])
		}
	}
	return out
}

func (j *Judged) count(s Sample, from, to time.Time) {
	limit := time.Duration(j.Seconds * float64(time.Second))
	if j.At == AtEach {
		if s.RespondBy.IsZero() {
			return
		}
		limit = s.RespondBy.Sub(from)
	}
	j.Of++
	if to.IsZero() || to.Sub(from) > limit {
		j.Over++
	}
}

func (j *Judged) judge() {
	allowed := 0
	if j.At == AtP99 {
		allowed = j.Of / 100
	}
	switch {
	case j.Of == 0:
		j.Verdict = Nothing
	case j.Over > allowed:
		j.Verdict = Failed
	default:
		j.Verdict = Passed
	}
}

// place is the index of a percentile by nearest rank.
func place(n, percent int) int { return max(0, (n*percent+99)/100-1) }

func rank(sorted []span, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[place(len(sorted), percent)].took
}

func worst(samples []Sample, spans []span, never []int) []Slow {
	out := []Slow{}
	for _, i := range never[:min(worstShown, len(never))] {
		out = append(out, Slow{Alarm: samples[i].ID, Building: samples[i].Building, At: samples[i].RaisedAt})
	}
	for _, x := range slices.Backward(spans) {
		if len(out) >= worstShown {
			break
		}
		out = append(out, Slow{Alarm: samples[x.i].ID, Building: samples[x.i].Building, At: samples[x.i].RaisedAt, TookS: new(x.took)})
	}
	return out
}
