package edge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/edge/config"
	"anlan/edge/deadline"
	"anlan/edge/poll"
)

const (
	// gatewayDelay is what a transparent gateway and the network before it add.
	gatewayDelay = 20 * time.Millisecond
	// tcpTimeout is the least ceiling of a time-out on a connection.
	tcpTimeout = time.Second
	// writeBytes is what a write and its echo have more than a read without data.
	writeBytes = 8

	idleDetail = time.Minute // a detail group whose summary stays the same
)

// busProof is one bus with what was proved of it. Listeners are not asked, so nothing is
// to be proved of them.
type busProof struct {
	bus     config.Bus
	index   int // in config
	groups  []plannedGroup
	model   deadline.Bus
	result  deadline.Result
	assumed []contract.DeviceID // whose manual does not tell how slow they are
}

// plannedGroup is a transaction of the scan plan; it stands for the task of its index.
type plannedGroup struct {
	device  *config.Device
	profile *profile.Profile
	profile.Group
}

func (g *plannedGroup) points() []contract.PointID {
	out := make([]contract.PointID, len(g.Points))
	for i, n := range g.Points {
		out[i] = contract.NewPointID(g.device.ID, g.profile.Points[n].Name)
	}
	return out
}

// prove proves every bus of a configuration.
func prove(c *config.Config) []busProof {
	var out []busProof
	for i := range c.Buses {
		out = append(out, proveBus(c, i, c.Buses[i].Baud))
	}
	return out
}

func proveBus(c *config.Config, index, baud int) busProof {
	p := busProof{bus: c.Buses[index], index: index}
	p.model.Dead = p.bus.Dead()
	line := lineOf(&p.bus, baud)
	resets := deadline.Outputs{Count: 1}
	for i := range p.bus.Devices {
		d := &c.Buses[index].Devices[i]
		prof := c.Profiles[d.Profile]
		if prof == nil || prof.Protocol != profile.ProtocolModbus || !p.bus.Modbus() {
			continue
		}
		if prof.Timing.ReactionMax == 0 {
			p.assumed = append(p.assumed, d.ID)
		}
		t := timing{bus: &p.bus, line: line, profile: prof}
		first := len(p.groups)
		for _, g := range prof.Plan(t.planned()) {
			p.groups = append(p.groups, plannedGroup{d, prof, g})
			p.model.Tasks = append(p.model.Tasks, t.task(d, g))
		}
		t.summaries(p.groups[first:], p.model.Tasks[first:], first)
		if o := t.outputs(c, d, p.model.Tasks[first:]); o.Count > 0 {
			p.model.Outputs = append(p.model.Outputs, o)
		}
		if slices.ContainsFunc(prof.Points, func(pt profile.Point) bool { return pt.Writable && pt.WriteValue != nil }) {
			cost, lost := t.write()
			back := longest(p.model.Tasks[first:])
			resets.Device = string(d.ID)
			resets.Cost, resets.Timeout, resets.ReadBack = max(resets.Cost, cost), max(resets.Timeout, lost), max(resets.ReadBack, back.Cost)
		}
	}
	if resets.Device != "" {
		resets.Device = "" // whoever is reset: one a second on the whole bus
		p.model.Outputs = append(p.model.Outputs, resets)
	}
	p.model.Window = p.window(c)
	p.result = deadline.Analyze(p.model)
	return p
}

// window is how many transactions a device of the bus takes at once.
func (p *busProof) window(c *config.Config) int {
	n := 1
	for _, d := range p.bus.Devices {
		if prof := c.Profiles[d.Profile]; prof != nil && !p.bus.Serial() && prof.Timing.Pause == 0 {
			n = max(n, prof.InFlight)
		}
	}
	return n
}

// lineOf is what a character and a silence cost on a bus.
func lineOf(b *config.Bus, baud int) profile.Line {
	if b.Serial() {
		return modbus.SerialLine(baud, b.BitsPerChar(), b.Kind == config.KindASCII)
	}
	return modbus.TCPLine()
}

// timing is what transactions with one kind of device cost on one line.
type timing struct {
	bus     *config.Bus
	line    profile.Line
	profile *profile.Profile
}

func (t timing) planned() profile.Line {
	t.line.Turnaround = cmp.Or(t.profile.Timing.ReactionMax, modbus.Turnaround)
	return t.line
}

// slowest is the line with the slowest answer that the manual allows.
func (t timing) slowest() profile.Line {
	t.line.Turnaround = cmp.Or(t.profile.Timing.ReactionMax, deadline.AssumedReaction)
	return t.line
}

// extra is what comes on top of the wire: the device's own pause, the gateway's delay,
// the machine.
func (t timing) extra() time.Duration {
	d := t.profile.Timing.Pause + deadline.Margin
	if t.bus.Kind == config.KindTCP && t.bus.Serial() {
		d += gatewayDelay
	}
	if r := t.bus.RS485; r != nil {
		d += r.DelayBefore + r.DelayAfter
	}
	return d
}

// timeout is the longest wait for an answer to begin.
func (t timing) timeout() time.Duration {
	if t.bus.Serial() {
		return t.profile.Timing.Filled().Timeout
	}
	d := cmp.Or(t.profile.Timing.Timeout, max(tcpTimeout, 2*t.profile.Timing.ReactionMax))
	return d + d/4 // on a connection it may come a quarter late
}

func (t timing) task(d *config.Device, g profile.Group) deadline.Task {
	l := t.slowest()
	cost := l.Transaction(g.Table, g.Count) + t.extra()
	for _, i := range g.Points {
		if t.profile.Points[i].Acknowledge != nil { // a write that belongs to the read
			echo, _ := t.write()
			cost += echo
		}
	}
	within := d.RefreshWithin
	if g.Alarm {
		within = d.DetectWithin
	}
	for n, i := range g.Points {
		if own := d.Points[t.profile.Points[i].Name].DetectWithin; own != 0 {
			if within = min(within, own); len(g.Points) == 1 && n == 0 {
				within = own
			}
		}
	}
	return deadline.Task{Device: string(d.ID), Name: fmt.Sprintf("%s 0x%04X+%d", g.Table, g.Address, g.Count), Alarm: g.Alarm, Within: within, Cost: cost,
		Timeout: cost + max(t.timeout()-l.Turnaround, 0), Floor: g.Cost}
}

// summaries finds for each detail group the group that has its summary point.
func (t timing) summaries(groups []plannedGroup, tasks []deadline.Task, first int) {
	for i := range groups {
		for _, n := range groups[i].Points {
			of := t.profile.Points[n].DetailOf
			if of == "" {
				continue
			}
			for j := range groups {
				if j != i && slices.ContainsFunc(groups[j].Points, func(m int) bool { return t.profile.Points[m].Name == of }) {
					tasks[i].Summary = first + j + 1
				}
			}
		}
	}
}

// write is the cost of a write, echoed and not. After one that was not, the line has to
// be quiet for a reaction before the next.
func (t timing) write() (cost, lost time.Duration) {
	l := t.slowest()
	cost = time.Duration(l.Overhead+writeBytes)*l.CharTime + max(l.Silence, l.Turnaround) + l.Silence + t.extra()
	return cost, cost + t.timeout()
}

// outputs is what can be driven on a device.
func (t timing) outputs(c *config.Config, d *config.Device, tasks []deadline.Task) deadline.Outputs {
	o := deadline.Outputs{Device: string(d.ID)}
	for _, out := range c.Outputs {
		if out.Point.Device() == d.ID {
			o.Count++
		}
	}
	o.Cost, o.Timeout = t.write()
	back := longest(tasks)
	o.ReadBack, o.Timeout = back.Cost, max(o.Timeout, back.Timeout)
	return o
}

// longest is the task that takes longest, as which any read-back may count.
func longest(tasks []deadline.Task) (t deadline.Task) {
	for i := range tasks {
		if tasks[i].Cost > t.Cost {
			t = tasks[i]
		}
	}
	return t
}

// paces is how each point of a device is asked, from the proof.
func (p *busProof) paces(id contract.DeviceID) map[contract.PointID]poll.Pace {
	out := map[contract.PointID]poll.Pace{}
	for i := range p.groups {
		g := &p.groups[i]
		if g.device.ID != id {
			continue
		}
		task, bound := &p.model.Tasks[i], &p.result.Bounds[i]
		pace := poll.Pace{Every: bound.Every, Rank: bound.Rank, Cost: task.Cost, Lost: task.Timeout, Detect: bound.Detect, Silence: bound.Silence, Idle: idleDetail}
		if task.Alarm {
			pace.Early = min(max(task.Within/4, 250*time.Millisecond), time.Second)
		}
		for _, pt := range g.points() {
			out[pt] = pace
		}
	}
	return out
}
