package edge

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

// outlived makes a problem of each point that a rule takes for stale sooner than it is
// promised to be read again: it would be unknown now and then with nothing wrong.
func outlived(c *config.Config, proofs []busProof, defs []alarm.Def) (ps configs.Problems) {
	for i := range proofs {
		p := &proofs[i]
		for n := range p.groups {
			g, b := &p.groups[n], &p.result.Bounds[n]
			d, ok := impatient(defs, g.points(), b.Detect, p.quickest(n))
			if !ok || !b.Fits {
				continue
			}
			j := slices.IndexFunc(p.bus.Devices, func(x config.Device) bool { return x.ID == g.device.ID })
			key := "refresh_within"
			if g.Alarm {
				key = "detect_within"
			}
			// Where a point's own promise asks for it, the device's key is still where it
			// is changed for all.
			found := fmt.Sprintf("%s for %s.%s, which rule %s takes for stale after %s", seconds(millis(p.model.Tasks[n].Within)), g.device.ID, d.Point.Name(), d.Rule, d.StaleAfter)
			ps = append(ps, c.Problem("buses["+strconv.Itoa(p.index)+"].devices["+strconv.Itoa(j)+"]."+key, found, "at most "+d.StaleAfter.String()+", or another stale_after in the rule"))
		}
	}
	return ps
}

// quickest reports whether no group of the same device is promised sooner.
func (p *busProof) quickest(n int) bool {
	for i := range p.groups {
		if p.groups[i].device.ID == p.groups[n].device.ID && p.result.Bounds[i].Detect < p.result.Bounds[n].Detect {
			return false
		}
	}
	return true
}

// impatient is the rule among those on some points that takes them for stale first, if it
// does so before they are promised to be read again. A device is silent only when all of
// its groups are, so that rule looks at the quickest.
func impatient(defs []alarm.Def, points []contract.PointID, promised time.Duration, quickest bool) (first alarm.Def, found bool) {
	for _, d := range defs {
		if d.Test.Kind == alarm.Silent && !quickest {
			continue
		}
		watches := slices.ContainsFunc(d.Inputs, func(p contract.PointID) bool { return slices.Contains(points, p) })
		if watches && d.StaleAfter < promised && (!found || d.StaleAfter < first.StaleAfter) {
			first, found = d, true
		}
	}
	return first, found
}

// unwatched are the devices with points that alarms depend on, none of which any rule or
// output looks at. That may be meant, so it is no mistake.
func unwatched(c *config.Config, defs []alarm.Def) (out []contract.DeviceID) {
	used := map[contract.DeviceID]bool{}
	for _, d := range defs {
		if d.Test.Kind != alarm.Silent {
			for _, p := range d.Inputs {
				used[p.Device()] = true
			}
		}
	}
	for _, o := range c.Outputs {
		used[o.Point.Device()] = true
		if o.Feedback != nil {
			used[o.Feedback.Point.Device()] = true
		}
	}
	for _, b := range c.Buses {
		for _, d := range b.Devices {
			for _, pt := range readable(c.Profiles[d.Profile]) {
				if pt.Alarm && !used[d.ID] {
					out = append(out, d.ID)
					break
				}
			}
		}
	}
	return out
}

// remarks says what is no mistake but worth knowing: devices that nothing watches, and
// buses nothing is promised of.
func remarks(w io.Writer, l language, c *config.Config, defs []alarm.Def) {
	if ids := unwatched(c, defs); len(ids) > 0 {
		fmt.Fprintf(w, l.say("注意：没有规则看管这些设备的报警点，它们不会报警：%s\n", "note: no rule watches the alarm points of these devices, they raise no alarm: %s\n"), names(ids))
	}
	var told []string
	for _, b := range c.Buses {
		if !b.Modbus() {
			told = append(told, string(b.ID))
		}
	}
	if len(told) > 0 {
		fmt.Fprintf(w, l.say("\n总线 %s：设备自己上报，不轮询，没有发现时间可承诺\n", "\nbus %s: what is on it speaks by itself and is not polled, so no detection time is promised\n"), strings.Join(told, ", "))
	}
}
