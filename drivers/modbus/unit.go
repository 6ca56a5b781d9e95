package modbus

import (
	"slices"
	"time"

	"anlan/drivers/profile"
)

// unit is what the line knows of one device.
type unit struct {
	told      profile.Timing // by profiles
	timing    profile.Timing // with defaults for what they do not say
	slowest   time.Duration  // slowest reaction lately; 0 before the first
	misses    int            // time-outs in a row
	sentAt    time.Time      // end of the last request
	lastBusy  time.Time      // end of the last exchange
	restUntil time.Time      // quarantine
	pending   []shape        // requests whose answers have not been accounted for
}

const (
	margin       = 3                     // time-out = margin × slowest reaction
	minAllowance = 30 * time.Millisecond // adapters and schedulers are this late at times
	maxPending   = 8
)

// allowance is how long the unit may take to react.
func (u *unit) allowance() time.Duration {
	if u.slowest == 0 {
		return max(u.timing.Timeout, minAllowance)
	}
	d := max(margin*u.slowest, u.timing.ReactionMax+u.timing.ReactionMax/4, minAllowance)
	for range min(u.misses, 8) {
		d *= 2
	}
	return min(d, max(u.timing.Timeout, minAllowance))
}

// learn notes a reaction; the slowest fades slowly, so that one hiccup is not kept for
// ever.
func (u *unit) learn(reaction time.Duration) {
	u.slowest = max(reaction, u.slowest-u.slowest/256, time.Microsecond)
}

func (u *unit) answered(reaction time.Duration, now time.Time) {
	u.learn(max(reaction, 0))
	u.misses, u.pending, u.restUntil = 0, nil, time.Time{}
	u.lastBusy = now
}

func (u *unit) missed() { u.misses++ }

// failed quarantines the unit: the answer to r may still come.
func (u *unit) failed(r *request, now time.Time) {
	if s := r.shape(); !slices.Contains(u.pending, s) && len(u.pending) < maxPending {
		u.pending = append(u.pending, s)
	}
	u.restUntil = now.Add(max(2*u.slowest, u.timing.MaxLatency))
	u.lastBusy = now
}

// suspects reports whether a late answer could be taken for one of shape s.
func (u *unit) suspects(s shape) bool { return slices.Contains(u.pending, s) }

// probe is a shorter read of what r reads, of a size that no pending answer has.
func (u *unit) probe(r *request) (request, bool) {
	if !r.isRead() {
		return request{}, false
	}
	step := 1
	if r.pdu[0] <= fcReadDiscreteInputs {
		step = 8 // sizes differ by whole bytes
	}
	for n := r.count() - step; n >= 1; n -= step {
		p, err := newRead(r.unit, r.pdu[0], uint16(r.address()), uint16(n))
		if err == nil && !u.suspects(p.shape()) {
			return p, true
		}
	}
	return request{}, false
}
