package poll

import (
	"context"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// askTogether has several turns of one device on the way at once. What the line's time
// is, is charged once: to each turn what is set aside for it, and the rest to the first
// that failed. A device that answers some of them and loses others has failed once.
func (r *runner) askTogether(ctx context.Context, b drivers.Batch, turns []Turn) error {
	groups, turnOf := make([]int, len(turns)), map[int]int{}
	for i, t := range turns {
		groups[i] = r.groups[t.Item].index
		turnOf[groups[i]] = i
	}
	device := r.groups[turns[0].Item].Device
	answers := make([]answer, len(turns))
	began := time.Now()
	r.lane = LanePoll
	err := b.ReadAll(ctx, groups, func(group int, rs []contract.Reading, err error) {
		answers[turnOf[group]] = answer{readings: rs, err: err, verdict: verdictOf(err)}
	})
	now := time.Now()
	if ctx.Err() != nil {
		return nil // an aborted read says nothing about the device
	}
	if err != nil {
		return err
	}
	for _, a := range answers {
		if isLinkDown(a.err) {
			return a.err
		}
	}
	r.spent(LanePoll, began, now)
	r.charge(turns, answers, began, now)
	once := false
	for _, answered := range []bool{true, false} { // what came first: it shows that the device is there
		for i, a := range answers {
			if (a.err == nil) != answered {
				continue
			}
			if a.verdict == Failed && once {
				a.verdict = Refused // the same failure says nothing more
			}
			once = once || a.verdict == Failed
			r.conclude(turns[i], a)
		}
	}
	r.replan(device, now)
	return nil
}

// charge shares the time out.
func (r *runner) charge(turns []Turn, answers []answer, began, now time.Time) {
	rest, payer := now.Sub(began), 0
	for i := range answers {
		if answers[i].verdict == Failed && answers[payer].verdict != Failed {
			payer = i
		}
	}
	for i := range answers {
		share := min(r.groups[turns[i].Item].Cost, rest)
		answers[i].began, answers[i].now, answers[i].charged = began, now, now.Add(-share)
		rest -= share
	}
	answers[payer].charged = answers[payer].charged.Add(-rest)
}
