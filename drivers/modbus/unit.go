package modbus

import (
	"context"
	"slices"
	"time"

	"anlan/drivers/profile"
	"anlan/drivers/stream"
)

// unit is what the line knows of one device.
type unit struct {
	// What every answer touches stands together: with many devices memory is what costs.
	timing    profile.Timing // with defaults for what profiles do not say
	slowest   time.Duration  // slowest reaction lately; 0 before the first
	usual     time.Duration  // moving average of its reactions; 0 before the first
	misses    int            // time-outs in a row
	lastBusy  time.Time      // end of the last exchange
	restUntil time.Time      // quarantine
	pending   []shape        // requests whose answers have not been accounted for
	sentAt    time.Time      // end of the last request
	told      profile.Timing // by profiles
	framing   framing        // of its dialect; nil is the line's
}

const (
	margin       = 3                     // time-out = margin × slowest reaction
	minAllowance = 30 * time.Millisecond // adapters and schedulers are this late at times
	maxPending   = 8
)

// allowance is how long the unit may take to react, at least floor.
func (u *unit) allowance(floor time.Duration) time.Duration {
	ceiling := max(u.timing.Timeout, floor)
	if u.slowest == 0 {
		return ceiling
	}
	d := max(margin*u.slowest, u.timing.ReactionMax+u.timing.ReactionMax/4, floor)
	return min(d<<min(u.misses, 8), ceiling)
}

// learn notes a reaction; the slowest fades slowly, so that one hiccup is not kept for
// ever.
func (u *unit) learn(reaction time.Duration) {
	u.slowest = max(reaction, u.slowest-u.slowest/256, time.Microsecond)
}

func (u *unit) answered(reaction time.Duration, now time.Time) {
	reaction = max(reaction, time.Microsecond)
	u.learn(reaction)
	if u.usual == 0 {
		u.usual = reaction
	}
	u.usual += (reaction - u.usual) / 16
	u.misses, u.pending, u.restUntil = 0, nil, time.Time{}
	u.lastBusy = now
}

// rest waits until the device's pause since its last answer is over.
func (u *unit) rest(ctx context.Context) error {
	if u.timing.Pause == 0 {
		return nil
	}
	return stream.Wait(ctx, u.lastBusy.Add(u.timing.Pause))
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
	function := r.pdu[0]
	switch {
	case !r.counted():
		return request{}, false
	case function == fcReadWriteRegisters:
		function = fcReadHoldingRegisters
	}
	step := 1
	if function <= fcReadDiscreteInputs {
		step = 8 // sizes differ by whole bytes
	}
	for n := r.count() - step; n >= 1; n -= step {
		p, err := newRead(nil, r.unit, function, uint16(r.address()), uint16(n))
		if err == nil && !u.suspects(p.shape()) {
			return p, true
		}
	}
	return request{}, false
}
