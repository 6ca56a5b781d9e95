package config

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
	"anlan/drivers/profile"
)

type checker struct {
	c        *Config
	doc      *configs.Document
	lib      profile.Library
	problems configs.Problems

	devices map[contract.DeviceID]*Device
}

func (k *checker) bad(path, found, want string) {
	k.problems = append(k.problems, k.doc.Problem(path, found, want))
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
func quote(s string) string           { return strconv.Quote(s) }

func (k *checker) all() {
	k.id("edge.id", string(k.c.Edge.ID))
	k.text("edge.name", k.c.Edge.Name)
	k.building()
	k.uplink()
	k.buses()
	k.outputs()
	k.actions()
	k.forbids()
}

func (k *checker) id(path, s string) {
	if s != "" && !contract.ValidID(s) {
		k.bad(path, quote(s), "a name of a-z, 0-9, - and _ that starts with a letter, at most 48 long")
	}
}

func (k *checker) text(path string, t contract.Text) {
	if t.ZH == "" && t.EN != "" {
		k.bad(path, "no zh", "the Chinese text; en is optional")
	}
}

func (k *checker) building() {
	b := k.c.Building
	k.id("building.id", b.ID)
	k.id("building.community", b.Community)
	k.text("building.name", b.Name)
	k.text("building.community_name", b.CommunityName)
	if _, err := time.LoadLocation(b.TimeZone); b.TimeZone != "" && err != nil || b.TimeZone == "Local" {
		k.bad("building.time_zone", quote(b.TimeZone), "an IANA time zone such as Asia/Shanghai")
	}
	for i, f := range b.Floors {
		if f == 0 || slices.Contains(b.Floors[:i], f) || i > 0 && f < b.Floors[i-1] {
			k.bad(index("building.floors", i), strconv.Itoa(f), "floors from bottom to top, each once, without 0")
		}
	}
}

func (k *checker) uplink() {
	if u := k.c.Uplink.Broker; u != "" {
		s := u
		if !strings.Contains(s, "://") {
			s = "ssl://" + s
		}
		p, err := url.Parse(s)
		if err != nil || p.Host == "" || !slices.Contains([]string{"ssl", "mqtts"}, p.Scheme) {
			k.bad("uplink.broker", quote(u), "host:port or ssl://host:port")
		} else {
			k.hostPort("uplink.broker", p.Host)
		}
	}
	if l := k.c.Status.Listen; l != "" {
		if host, ok := k.hostPort("status.listen", l); ok {
			if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				k.bad("status.listen", quote(l), "a loopback address such as 127.0.0.1:8321")
			}
		}
	}
	if k.c.Spool.TelemetryMB < 0 {
		k.bad("spool.telemetry_mb", strconv.FormatInt(k.c.Spool.TelemetryMB, 10), "0 or more")
	}
}

func (k *checker) hostPort(path, s string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(s)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		k.bad(path, quote(s), "host:port")
		return "", false
	}
	return host, true
}

func (k *checker) place(path string, p contract.Place) {
	if p.Floor != 0 && !slices.Contains(k.c.Building.Floors, p.Floor) {
		k.bad(path+".floor", strconv.Itoa(p.Floor), "a floor of the building: "+floors(k.c.Building.Floors))
	}
	if p.UnitEntrance != "" && !slices.Contains(k.c.Building.UnitEntrances, p.UnitEntrance) {
		k.bad(path+".unit_entrance", quote(p.UnitEntrance), "one of "+strings.Join(k.c.Building.UnitEntrances, ", "))
	}
	if p.Building != k.c.Building.ID {
		k.bad(path+".building", quote(p.Building), "left out; it is the edge's building")
	}
	k.id(path+".zone", p.Zone)
}

func floors(fs []int) string {
	var out []string
	for _, f := range fs {
		out = append(out, strconv.Itoa(f))
	}
	return strings.Join(out, ", ")
}

func (k *checker) outputs() {
	seen := map[string]bool{}
	for i, o := range k.c.Outputs {
		at := index("outputs", i)
		k.id(at+".id", o.ID)
		k.text(at+".name", o.Name)
		k.place(at+".place", o.Place)
		if seen[o.ID] {
			k.bad(at+".id", "output "+quote(o.ID)+" a second time", "an id of its own")
		}
		seen[o.ID] = true
		if pt, ok := k.point(at+".point", o.Point); ok && !pt.Writable {
			k.bad(at+".point", string(o.Point)+", which can not be written", "a point that the profile declares writable")
		}
		for _, verb := range slices.Sorted(maps.Keys(o.Verbs)) {
			if o.Kind == "valve" && verb != "close" {
				k.bad(at+".verbs."+verb, "verb "+quote(verb)+" for a valve", "close alone: a valve is opened by hand")
			}
		}
		if len(o.Verbs) == 0 {
			k.bad(at+".verbs", "no verb", "at least one, with the value to write")
		}
		if o.Feedback != nil {
			k.point(at+".feedback.point", o.Feedback.Point)
			if o.Feedback.Within <= 0 {
				k.bad(at+".feedback.within", o.Feedback.Within.String(), "a duration above 0")
			}
		}
		if o.Pulse < 0 {
			k.bad(at+".pulse", o.Pulse.String(), "a duration of 0 or more")
		}
	}
}

// point finds the point a path names among the configured devices.
func (k *checker) point(path string, id contract.PointID) (profile.Point, bool) {
	if id == "" {
		return profile.Point{}, false
	}
	d := k.devices[id.Device()]
	if d == nil {
		k.bad(path, "unknown device "+quote(string(id.Device()))+" in "+quote(string(id)), "<device>.<point> of a device above")
		return profile.Point{}, false
	}
	p := k.lib[d.Profile]
	if p == nil {
		return profile.Point{}, false // said where the device is
	}
	pt, ok := p.Point(id.Name())
	if !ok {
		k.bad(path, "unknown point "+quote(id.Name()), "a point of profile "+d.Profile+": "+pointNames(p))
	}
	return pt, ok
}

func pointNames(p *profile.Profile) string {
	var out []string
	for _, pt := range p.Points {
		out = append(out, pt.Name)
	}
	return strings.Join(out, ", ")
}

func (k *checker) output(path, id string) *Output {
	i := slices.IndexFunc(k.c.Outputs, func(o Output) bool { return o.ID == id })
	if i < 0 {
		if id != "" {
			k.bad(path, "unknown output "+quote(id), "the id of an output")
		}
		return nil
	}
	return &k.c.Outputs[i]
}

func (k *checker) actions() {
	for i, a := range k.c.Actions {
		at := index("actions", i)
		k.hazard(at+".when.hazard", a.When.Hazard)
		if a.When.Hazard == "" && a.When.Rule == "" {
			k.bad(at+".when", "neither hazard nor rule", "at least one of them")
		}
		if a.When.Independent < 0 || a.When.Independent > 2 {
			k.bad(at+".when.independent", strconv.Itoa(a.When.Independent), "2, or left out")
		}
		k.zone(at+".when.zone", a.When.Zone)
		if o := k.output(at+".output", a.Output); o != nil {
			if _, ok := o.Verbs[a.Verb]; !ok && a.Verb != "" {
				k.bad(at+".verb", quote(a.Verb), "a verb of "+a.Output+": "+strings.Join(slices.Sorted(maps.Keys(o.Verbs)), ", "))
			}
		}
	}
}

func (k *checker) forbids() {
	for i, f := range k.c.Forbids {
		at := index("forbids", i)
		k.hazard(at+".hazard", f.Hazard)
		k.zone(at+".zone", f.Zone)
		for j, id := range f.Except {
			k.output(index(at+".except", j), id)
		}
	}
}

func (k *checker) hazard(path string, h contract.Hazard) {
	if h != "" && !slices.Contains(contract.Hazards(), h) {
		k.bad(path, quote(string(h)), "one of fire, gas, entrapment, equipment, water, comms, linkage, self")
	}
}

// zone wants a zone that some device or output stands in; any other is a slip that
// would make a forbid or an action never apply.
func (k *checker) zone(path, z string) {
	if z == "" {
		return
	}
	for _, o := range k.c.Outputs {
		if o.Place.Zone == z {
			return
		}
	}
	for _, d := range k.devices {
		if d.Place.Zone == z {
			return
		}
		for _, p := range d.Points {
			if p.Place.Zone == z {
				return
			}
		}
	}
	k.bad(path, "zone "+quote(z)+", which nothing stands in", "the zone of a device or output")
}
