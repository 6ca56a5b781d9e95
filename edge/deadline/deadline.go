// Package deadline is the room of the proof: from what one bus has to carry it computes
// how often each group must be asked and how late a change can be seen at worst, or
// names what does not fit. It is pure; nothing here opens, waits or measures.
//
// The model is non-preemptive fixed priority on one resource, as for CAN (Davis, Burns,
// Bril, Lukkien 2007): a transaction that has begun ends first, and the later instances
// of a busy period count too. Orders of priority: writes and their read-backs, alarm
// groups, the other groups, and last everything that may wait (probes of devices that
// do not answer, devices on probation, polls made early because the line is idle).
// What waits costs the others no more than one transaction in flight.
//
// A change that comes just after a sample is seen when the next answer has been
// decoded, so a group asked every T, whose answer is there at most R after its turn,
// shows a change within T + R.
package deadline

import (
	"cmp"
	"slices"
	"time"
)

// What the proof takes for granted beside the figures of the profiles. The scheduler
// keeps those that are its to keep.
const (
	// Margin is added to every transaction for the operating system: waking up, the
	// adapter's own buffering, decoding.
	Margin = 4 * time.Millisecond
	// Stall is granted once in every wait: one time the machine is late.
	Stall = 30 * time.Millisecond
	// DriveEvery is how often an output is written at most. What is written beyond that
	// is paid for like a failure.
	DriveEvery = 5 * time.Second
	// DeadWriteGap is the least time between two writes to a device that has echoed
	// neither the first nor answered anything since.
	DeadWriteGap = 3 * time.Second
	// ReadBackGap is the least time between two read-backs of one group.
	ReadBackGap = 500 * time.Millisecond
	// FailureSpacing is how far apart devices fail beyond the first k. A device that
	// fails more often than that is served on probation, after all others.
	FailureSpacing = 10 * time.Second
	// AssumedReaction stands in for a manual that does not tell the slowest answer.
	AssumedReaction = 100 * time.Millisecond

	horizon = time.Hour // a busy period this long never ends
)

// Task is one group of one device, asked again and again.
type Task struct {
	Device  string
	Name    string // for people: table, address, count
	Alarm   bool
	Within  time.Duration // a change must be seen within this time
	Cost    time.Duration // of the transaction at worst, when it is answered
	Timeout time.Duration // of the transaction at worst, when it is not
	Floor   time.Duration // of the transaction on an ideal line and machine
	// Summary is, for a group that is only asked when another one's point has changed,
	// that other task's index + 1. Both then share Within.
	Summary int
}

// Outputs is what can be written to one device.
type Outputs struct {
	Device   string
	Count    int           // outputs, each written every DriveEvery at most
	Cost     time.Duration // of one write, echoed
	Timeout  time.Duration // of one write that is not echoed, or a read-back that is not answered
	ReadBack time.Duration // of the transaction that proves it
}

// Bus is everything one bus carries.
type Bus struct {
	Tasks   []Task
	Outputs []Outputs
	Dead    int // devices that may fail at once
	// Window is how many transactions the bus has on the way at once; 0 is 1. The time
	// of a window is taken for the sum of its transactions, in any order of answering.
	Window int
}

// Bound is what holds for one task.
type Bound struct {
	Rank     int           // 0 is asked first
	Every    time.Duration // T: derived; what was asked for where it does not fit
	Response time.Duration // R with up to Dead other devices failing
	Healthy  time.Duration // worst detection with every device well
	Detect   time.Duration // worst detection with up to Dead other devices failing
	Silence  time.Duration // until the points are bad when this device itself is among them
	Fits     bool
}

// Result is the proof, or where it fails.
type Result struct {
	Bounds []Bound
	Load   float64 // share of the line's time that polls take at worst, all devices well
	Writes float64 // share that writes at their most take
	Floor  time.Duration
	Over   int // task that does not fit; -1 when all do
}

// Fits reports whether every task keeps its promise.
func (r Result) Fits() bool { return r.Over < 0 }

// Analyze proves a bus. Intervals are as long as the promise allows, so that what is
// asked costs the others as little as it can.
func Analyze(b Bus) Result {
	r := Result{Bounds: make([]Bound, len(b.Tasks)), Over: -1, Writes: b.writeLoad()}
	var above []int
	for rank, i := range b.order() {
		t := &b.Tasks[i]
		r.Floor += t.Floor
		v := view{bus: &b, result: &r, above: above, task: i}
		bound := v.solve()
		bound.Rank = rank
		r.Bounds[i] = bound
		if !bound.Fits {
			if r.Over < 0 {
				r.Over = i
			}
			if bound.Every <= 0 {
				continue
			}
		}
		r.Load += float64(t.Cost) / float64(bound.Every)
		above = append(above, i)
	}
	for i := range b.Tasks {
		if s := b.Tasks[i].Summary; s > 0 && r.Bounds[i].Fits && r.Bounds[s-1].Fits {
			r.Bounds[i].Healthy += r.Bounds[s-1].Healthy
			r.Bounds[i].Detect += r.Bounds[s-1].Detect
		}
	}
	return r
}

// share is the part of Within that task i itself may use up: half of it where another
// task has to see the change first, or has to look closer afterwards.
func (b *Bus) share(i int) time.Duration {
	t := &b.Tasks[i]
	within := t.Within
	if t.Summary > 0 {
		return within / 2
	}
	for _, d := range b.Tasks {
		if d.Summary == i+1 {
			within = min(within, d.Within/2)
		}
	}
	return within
}

// order is the order of priority: alarm groups, then deadline monotonic.
func (b *Bus) order() []int {
	out := make([]int, len(b.Tasks))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(x, y int) int {
		if p, q := b.Tasks[x].Alarm, b.Tasks[y].Alarm; p != q {
			if p {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.share(x), b.share(y))
	})
	return out
}

func (b *Bus) writeLoad() (load float64) {
	for _, o := range b.Outputs {
		load += float64(o.demand(horizon)) / float64(horizon)
	}
	return load
}

// demand is the most that writes to the device take of any window of length w.
func (o *Outputs) demand(w time.Duration) time.Duration {
	writes := times(w, DriveEvery) * int64(o.Count)
	return time.Duration(writes)*o.Cost + time.Duration(min(writes, times(w, ReadBackGap)))*o.ReadBack
}

// times is how often something that comes at least every apart can come in a closed
// window.
func times(window, every time.Duration) int64 { return int64(window/every) + 1 }
