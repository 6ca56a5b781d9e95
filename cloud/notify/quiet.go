package notify

import "time"

// Quiet is when a person is not disturbed, in minutes of the community's day; equal ends
// mean never.
type Quiet struct {
	From int `json:"from" minimum:"0" maximum:"1439" doc:"minute of the day"`
	To   int `json:"to" minimum:"0" maximum:"1439" doc:"minute of the day; the same as from: never quiet"`
}

// DefaultQuiet is 23:00 to 07:00.
var DefaultQuiet = Quiet{From: 23 * 60, To: 7 * 60}

// Until is when a notice may be handed on: at once if it is urgent or soon due, else after the quiet
// hours that now is in.
func (q Quiet) Until(u Urgency, now time.Time, zone *time.Location) time.Time {
	if u != Normal || q.From == q.To {
		return now
	}
	local := now.In(zone)
	at := local.Hour()*60 + local.Minute()
	in := at >= q.From && at < q.To
	if q.From > q.To {
		in = at >= q.From || at < q.To
	}
	if !in {
		return now
	}
	y, m, d := local.Date()
	end := time.Date(y, m, d, q.To/60, q.To%60, 0, 0, zone)
	if !end.After(now) {
		end = time.Date(y, m, d+1, q.To/60, q.To%60, 0, 0, zone)
	}
	return end
}

const (
	maxAttempts  = 8
	firstBackoff = 5 * time.Second
	lastBackoff  = 30 * time.Minute
)

// backoff is how long to wait after so many attempts; jitter in [0,1) spreads them over
// the upper half.
func backoff(attempts int, jitter float64) time.Duration {
	d := lastBackoff
	if attempts < 10 {
		d = min(lastBackoff, firstBackoff<<(2*max(0, attempts-1)))
	}
	return d/2 + time.Duration(jitter*float64(d/2))
}
