package output

import (
	"context"
	"errors"
	"sync"
	"time"

	"anlan/contract"
)

const (
	tries         = 3
	retryPause    = 500 * time.Millisecond
	persistEvery  = 10 * time.Second // between rounds of tries while alarms still ask
	writeTimeout  = 3 * time.Second
	lookEvery     = 20 * time.Millisecond
	defaultWithin = 3 * time.Second
)

// WhyReplaced is the Why of an action that a newer request for the same output ended.
const WhyReplaced = "replaced by a newer request"

var errReplaced = errors.New(WhyReplaced)

// job is one action on its way.
type job struct {
	id, verb, cause string
	value           float64
	once            bool // a command: one round, no persistence
	done            chan contract.ActionReport
}

// worker carries out the jobs of one output; a newer job replaces an older one.
type worker struct {
	engine *Engine
	spec   Spec
	wake   chan struct{}

	mu      sync.Mutex
	job     *job
	fresh   bool // job was not looked at yet
	refused bool // job was refused; look again when the alarms change
	driven  bool // something was written since the last proved off
	cancel  context.CancelCauseFunc
	last    contract.ActionReport
}

func newWorker(e *Engine, s Spec) *worker {
	return &worker{engine: e, spec: s, wake: make(chan struct{}, 1)}
}

// put replaces the job; nil takes it away.
func (w *worker) put(j *job) {
	w.mu.Lock()
	if w.job != nil && w.fresh {
		w.job.done <- w.reportOf(w.job, contract.NotConfirmed, WhyReplaced)
	}
	w.job, w.fresh, w.refused = j, j != nil, false
	if w.cancel != nil {
		w.cancel(errReplaced)
	}
	w.mu.Unlock()
	w.poke()
}

// again looks once more at a refused job.
func (w *worker) again() {
	w.mu.Lock()
	redo := w.refused && w.job != nil && Refusal(w.spec, w.engine.cfg.Forbids, w.engine.alarms) == ""
	if redo {
		w.fresh, w.refused = true, false
	}
	w.mu.Unlock()
	if redo {
		w.poke()
	}
}

func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// holds reports whether verb is the one last proved or still being carried out.
func (w *worker) holds(verb string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job != nil && w.job.verb == verb {
		return true
	}
	return w.last.Verb == verb && w.last.Outcome == contract.Confirmed
}

// isDriven reports whether there is anything to switch off: an output whose every try
// was refused was never touched and is left alone.
func (w *worker) isDriven() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.driven
}

func (w *worker) setDriven(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.driven = on
}

func (w *worker) lastReport() contract.ActionReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *worker) run(ctx context.Context) {
	for {
		j, jctx, stop := w.take(ctx)
		if j == nil {
			select {
			case <-w.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		w.carryOut(jctx, j)
		stop(nil)
	}
}

func (w *worker) take(ctx context.Context) (*job, context.Context, context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job == nil || !w.fresh || ctx.Err() != nil {
		return nil, nil, nil
	}
	w.fresh = false
	jctx, stop := context.WithCancelCause(ctx)
	w.cancel = stop
	return w.job, jctx, stop
}

// carryOut runs rounds of tries until the job is proved, refused or replaced.
func (w *worker) carryOut(ctx context.Context, j *job) {
	attempt, said := 0, contract.Outcome("")
	for {
		r := w.round(ctx, j, &attempt)
		if ctx.Err() != nil && r.Outcome != contract.Confirmed {
			if context.Cause(ctx) != errReplaced {
				w.release(ctx, j)
				return // the process is ending; nothing more is known
			}
			r = w.reportOf(j, contract.NotConfirmed, WhyReplaced)
		}
		r.Attempt = max(attempt, 1)
		if r.Outcome != said {
			w.say(r)
			said = r.Outcome
		}
		select {
		case j.done <- r:
		default:
		}
		if r.Outcome != contract.Refused {
			w.release(ctx, j)
		}
		if r.Outcome == contract.Confirmed || j.once || ctx.Err() != nil {
			w.finish(j)
			return
		}
		if r.Outcome == contract.Refused {
			w.mu.Lock()
			w.refused = w.job == j
			w.mu.Unlock()
			return
		}
		if !pause(ctx, persistEvery) {
			return
		}
	}
}

func (w *worker) finish(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job == j {
		w.job = nil
	}
}

// round tries a few times and returns the outcome it ended with.
func (w *worker) round(ctx context.Context, j *job, attempt *int) contract.ActionReport {
	end := contract.ActionReport{}
	for range tries {
		*attempt++
		if *attempt == 1 {
			if why := Refusal(w.spec, w.engine.cfg.Forbids, w.engine.inForce()); why != "" {
				return w.reportOf(j, contract.Refused, why)
			}
			w.say(w.reportOf(j, contract.Requested, ""))
		}
		began, was := time.Now(), w.isDriven()
		w.setDriven(true) // even a write that fails may have reached the device
		wctx, stop := context.WithTimeout(ctx, writeTimeout)
		err := w.engine.gate.drive(wctx, w.spec.Point, j.value)
		stop()
		switch {
		case errors.Is(err, errRefused):
			w.setDriven(was)
			return w.reportOf(j, contract.Refused, err.Error())
		case err != nil:
			end = w.reportOf(j, contract.FailedWrite, err.Error())
		default:
			proof, ok := w.await(ctx, j, began)
			if ok {
				r := w.reportOf(j, contract.Confirmed, "")
				r.Readback = &proof
				w.setDriven(j.verb != VerbOff)
				return r
			}
			end = w.reportOf(j, contract.NotConfirmed, "no proof from "+string(w.feedback(j).Point)+" in time")
			end.Readback = &proof
		}
		if !pause(ctx, retryPause) {
			break
		}
	}
	return end
}

func (w *worker) feedback(j *job) Feedback {
	f := w.spec.Feedback
	if f.Point == "" || j.verb == VerbOff {
		f = Feedback{Point: w.spec.Point, Value: j.value, Within: f.Within}
	}
	if f.Within == 0 {
		f.Within = defaultWithin
	}
	return f
}

// await looks for a good reading, taken after the write, that proves it.
func (w *worker) await(ctx context.Context, j *job, began time.Time) (proof float64, ok bool) {
	f := w.feedback(j)
	for {
		r := w.engine.reading(f.Point)
		if r.Quality.IsGood() && r.At.After(began) && r.Value == f.Value {
			return r.Value, true
		}
		if time.Since(began) > f.Within || !pause(ctx, lookEvery) {
			return r.Value, false
		}
	}
}

// release ends a pulse. It goes on after the job was replaced, so that a coil with a
// bounded pulse is never left on; only the end of the process stops it.
func (w *worker) release(ctx context.Context, j *job) {
	if w.spec.Pulse == 0 || j.value == 0 {
		return
	}
	pause(ctx, w.spec.Pulse)
	for range tries {
		wctx, stop := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := w.engine.gate.drive(wctx, w.spec.Point, 0)
		stop()
		if err == nil {
			return
		}
		w.engine.log.Error("end pulse", "output", w.spec.ID, "error", err)
		pause(context.WithoutCancel(ctx), retryPause)
	}
}

func (w *worker) say(r contract.ActionReport) {
	w.mu.Lock()
	w.last = r
	w.mu.Unlock()
	w.engine.report(r)
}

func (w *worker) reportOf(j *job, o contract.Outcome, why string) contract.ActionReport {
	return contract.ActionReport{ID: j.id, Output: w.spec.ID, Name: w.spec.Name, Verb: j.verb, Outcome: o, Why: why,
		Cause: j.cause, Place: w.spec.Place, Attempt: 1, At: time.Now()}
}

// pause waits for d; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
