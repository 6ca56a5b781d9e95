package deadline

import (
	"cmp"
	"slices"
	"time"
)

// Kind of a remedy.
type Kind string

// Kinds.
const (
	RelaxDevice Kind = "relax_device" // promise less for one device
	RelaxAll    Kind = "relax_all"    // promise no group more than Within
	Faster      Kind = "faster"       // the same at a higher baud rate
	Move        Kind = "move"         // Devices to another bus
	NoDead      Kind = "no_dead"      // give up the allowance for dead devices
)

// Remedy is one change that makes a bus fit. Each was proved by analysing the bus with
// the change made.
type Remedy struct {
	Kind    Kind          `json:"kind"`
	Devices []string      `json:"devices,omitempty"`
	Alarm   bool          `json:"alarm"` // whether alarm groups are relaxed, or the others
	Within  time.Duration `json:"within,omitempty"`
	Baud    int           `json:"baud,omitempty"`
}

// Variant is a bus at another baud rate.
type Variant struct {
	Baud int
	Bus  Bus
}

// steps are the promises worth proposing.
var steps = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond,
	750 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second, 2500 * time.Millisecond, 3 * time.Second,
	4 * time.Second, 5 * time.Second, 6 * time.Second, 8 * time.Second, 10 * time.Second, 12 * time.Second, 15 * time.Second,
	20 * time.Second, 30 * time.Second, 45 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute, 5 * time.Minute}

// Remedies names the device that over-commits a bus, the one for which promising less
// changes least, and what would make the bus fit. variants are tried in order.
func Remedies(b Bus, over int, variants []Variant) (offender string, out []Remedy) {
	alarm := b.Tasks[over].Alarm
	best, ratio := Remedy{}, 0.0
	for _, d := range b.heaviest() {
		within, times := b.relaxed(func(t *Task) bool { return t.Device == d && t.Alarm == alarm })
		if within > 0 && (ratio == 0 || times < ratio) {
			best, ratio = Remedy{Kind: RelaxDevice, Devices: []string{d}, Alarm: alarm, Within: within}, times
		}
	}
	offender = b.Tasks[over].Device
	if ratio > 0 {
		offender = best.Devices[0]
		out = append(out, best)
	} else if h := b.heaviest(); len(h) > 0 {
		offender = h[0]
	}
	if within, _ := b.relaxed(func(t *Task) bool { return t.Alarm == alarm }); within > 0 {
		out = append(out, Remedy{Kind: RelaxAll, Alarm: alarm, Within: within})
	}
	for _, v := range variants {
		if Analyze(v.Bus).Fits() {
			out = append(out, Remedy{Kind: Faster, Baud: v.Baud})
			break
		}
	}
	if moved := b.moved(); len(moved) > 0 {
		out = append(out, Remedy{Kind: Move, Devices: moved})
	}
	if b.Dead > 0 {
		well := b
		well.Dead = 0
		if Analyze(well).Fits() {
			out = append(out, Remedy{Kind: NoDead})
		}
	}
	return offender, out
}

// relaxed finds the least promise for the tasks chosen that makes the bus fit, and how
// many times longer it is than the shortest of them now. 0 means none does.
func (b *Bus) relaxed(chosen func(*Task) bool) (within time.Duration, times float64) {
	var shortest time.Duration
	for i := range b.Tasks {
		if t := &b.Tasks[i]; chosen(t) && (shortest == 0 || t.Within < shortest) {
			shortest = t.Within
		}
	}
	if shortest == 0 {
		return 0, 0
	}
	longer := steps[len(steps)-countAbove(shortest):]
	fits := func(within time.Duration) bool {
		c := *b
		c.Tasks = slices.Clone(b.Tasks)
		for i := range c.Tasks {
			if t := &c.Tasks[i]; chosen(t) {
				t.Within = max(t.Within, within)
			}
		}
		return Analyze(c).Fits()
	}
	if len(longer) == 0 || !fits(longer[len(longer)-1]) {
		return 0, 0
	}
	i, _ := slices.BinarySearchFunc(longer, true, func(w time.Duration, _ bool) int {
		if fits(w) {
			return 1
		}
		return -1
	})
	if i >= len(longer) || !fits(longer[i]) {
		i = len(longer) - 1
	}
	return longer[i], float64(longer[i]) / float64(shortest)
}

func countAbove(d time.Duration) int {
	i, found := slices.BinarySearch(steps, d)
	if found {
		i++
	}
	return len(steps) - i
}

// heaviest lists the devices, the one that takes most of the line for its promises first.
func (b *Bus) heaviest() []string {
	load := map[string]float64{}
	var out []string
	for i := range b.Tasks {
		t := &b.Tasks[i]
		if !slices.Contains(out, t.Device) {
			out = append(out, t.Device)
		}
		load[t.Device] += float64(t.Cost) / float64(t.Within)
	}
	slices.SortStableFunc(out, func(x, y string) int { return cmp.Compare(load[y], load[x]) })
	return out
}

// moved lists the fewest devices without which the bus fits, heaviest first; those with
// outputs either before or after the others, whichever takes fewer.
func (b *Bus) moved() (fewest []string) {
	drives := func(d string) int {
		if slices.ContainsFunc(b.Outputs, func(o Outputs) bool { return o.Device == d }) {
			return 1
		}
		return 0
	}
	for _, sign := range []int{1, -1} {
		order := b.heaviest()
		slices.SortStableFunc(order, func(x, y string) int { return sign * (drives(x) - drives(y)) })
		for n := 1; n < len(order) && (fewest == nil || n < len(fewest)); n++ {
			if Analyze(b.without(order[:n])).Fits() {
				fewest = slices.Clone(order[:n])
			}
		}
	}
	return fewest
}

// without is the bus less some devices.
func (b *Bus) without(gone []string) Bus {
	out, place := Bus{Dead: b.Dead}, make([]int, len(b.Tasks))
	for i, t := range b.Tasks {
		if !slices.Contains(gone, t.Device) {
			out.Tasks = append(out.Tasks, t)
			place[i] = len(out.Tasks)
		}
	}
	for i := range out.Tasks {
		if s := out.Tasks[i].Summary; s > 0 {
			out.Tasks[i].Summary = place[s-1] // on the same device, so still there
		}
	}
	for _, o := range b.Outputs {
		if !slices.Contains(gone, o.Device) {
			out.Outputs = append(out.Outputs, o)
		}
	}
	return out
}
