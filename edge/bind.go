package edge

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/edge/alarm"
	"anlan/edge/config"
	"anlan/edge/output"
	"anlan/edge/poll"
	"anlan/edge/telemetry"
)

// Points of the edge itself, which rules may watch like any other.
const linkName = "link"

func busPoint(id contract.BusID) contract.PointID {
	return contract.NewPointID(contract.DeviceID("bus-"+string(id)), linkName)
}

func outputPoint(id string) contract.PointID {
	return contract.NewPointID(contract.DeviceID(id), linkName)
}

func selfPoint(edge contract.EdgeID, name string) contract.PointID {
	return contract.NewPointID(contract.DeviceID(edge), name)
}

// targets lists what rules may be about.
func targets(c *config.Config) []alarm.Target {
	var out []alarm.Target
	whole := contract.Place{Building: c.Building.ID}
	for _, b := range c.Buses {
		for _, d := range b.Devices {
			out = append(out, deviceTarget(c.Profiles[d.Profile], d))
		}
	}
	system := func(kind string, p contract.PointID, at contract.Place) {
		out = append(out, alarm.Target{Device: p.Device(), System: kind, Place: at, Points: []alarm.TargetPoint{{Name: p.Name()}}})
	}
	for _, b := range c.Buses {
		system("bus", busPoint(b.ID), whole)
	}
	for _, o := range c.Outputs {
		system("output", outputPoint(o.ID), o.Place)
	}
	for _, name := range []string{"spool", "disk", "rules"} {
		system(name, selfPoint(c.Edge.ID, name), whole)
	}
	return out
}

func deviceTarget(p *profile.Profile, d config.Device) alarm.Target {
	t := alarm.Target{Device: d.ID, Profile: d.Profile, Place: d.Place, Channel: d.Channel}
	if p == nil {
		return t
	}
	for _, pt := range p.Points {
		o := d.Points[pt.Name]
		t.Points = append(t.Points, alarm.TargetPoint{Name: pt.Name, Unit: pt.Unit, Alarm: pt.Alarm, Writable: pt.Writable,
			Place: o.Place, Channel: o.Channel})
	}
	return t
}

func pollConfig(c *config.Config, table map[string]opener, log *slog.Logger) []poll.BusConfig {
	var out []poll.BusConfig
	for i, proof := range prove(c) {
		b := c.Buses[i]
		bc := poll.BusConfig{ID: b.ID, Link: busPoint(b.ID), Dead: b.Dead(), Load: proof.result.Load + proof.result.Writes, Open: func(ctx context.Context) (drivers.Bus, error) {
			return openBus(ctx, table, b, c.Profiles, log.With("bus", b.ID))
		}}
		for _, d := range b.Devices {
			dc := poll.DeviceConfig{Spec: drivers.DeviceSpec{ID: d.ID, Unit: d.Unit, Profile: d.Profile}, Paces: proof.paces(d.ID)}
			for _, o := range c.Outputs {
				if o.Point.Device() == d.ID {
					dc.Outputs = append(dc.Outputs, o.Point)
				}
			}
			for _, pt := range readable(c.Profiles[d.Profile]) {
				dc.Points = append(dc.Points, contract.NewPointID(d.ID, pt.Name))
			}
			bc.Devices = append(bc.Devices, dc)
		}
		out = append(out, bc)
	}
	return out
}

func readable(p *profile.Profile) []profile.Point {
	if p == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Points), func(pt profile.Point) bool { return pt.NoRead })
}

func telemetryPoints(c *config.Config) map[contract.PointID]telemetry.Point {
	out := map[contract.PointID]telemetry.Point{}
	for _, b := range c.Buses {
		for _, d := range b.Devices {
			for _, pt := range readable(c.Profiles[d.Profile]) {
				t := telemetry.Point{}
				if !pt.Alarm && pt.Unit != contract.UnitNone {
					t.DeadBand = telemetry.DeadBand(pt.Decimals)
				}
				out[contract.NewPointID(d.ID, pt.Name)] = t
			}
		}
	}
	return out
}

func outputConfig(c *config.Config, defs []alarm.Def, prefix string) output.Config {
	oc := output.Config{Prefix: prefix, Resets: map[contract.PointID]float64{}}
	for _, o := range c.Outputs {
		s := output.Spec{ID: o.ID, Name: o.Name, Kind: o.Kind, Place: o.Place, Point: o.Point, Verbs: o.Verbs, Pulse: o.Pulse}
		if f := o.Feedback; f != nil {
			s.Feedback = output.Feedback{Point: f.Point, Value: f.Value, Within: f.Within}
		}
		oc.Specs = append(oc.Specs, s)
	}
	for _, a := range c.Actions {
		m := output.Match{Hazard: a.When.Hazard, Rule: a.When.Rule, Zone: a.When.Zone, Independent: a.When.Independent}
		if a.When.Severity != nil {
			m.Severity = *a.When.Severity
		}
		oc.Actions = append(oc.Actions, output.Action{When: m, Output: a.Output, Verb: a.Verb})
	}
	for _, f := range c.Forbids {
		oc.Forbids = append(oc.Forbids, output.Forbid{Hazard: f.Hazard, Zone: f.Zone, Except: f.Except})
	}
	for _, d := range defs {
		if d.ResetPoint != "" {
			oc.Resets[d.ResetPoint] = 1
		}
	}
	return oc
}

// manifest tells the cloud what this edge has.
func manifest(c *config.Config, defs []alarm.Def) contract.Manifest {
	m := contract.Manifest{V: contract.Version, Edge: c.Edge.ID, Name: c.Edge.Name, Config: c.Revision,
		Building: contract.ManifestBuilding{Community: c.Building.Community, CommunityName: c.Building.CommunityName, TimeZone: c.Building.TimeZone,
			ID: c.Building.ID, Name: c.Building.Name, Floors: c.Building.Floors, UnitEntrances: c.Building.UnitEntrances}}
	for _, b := range c.Buses {
		m.Buses = append(m.Buses, contract.ManifestBus{ID: b.ID, Kind: b.Kind, Name: b.Name})
		for _, d := range b.Devices {
			p := c.Profiles[d.Profile]
			md := contract.ManifestDevice{ID: d.ID, Bus: b.ID, Profile: d.Profile, Name: d.Name, Place: d.Place}
			if p != nil {
				md.Model, md.Verified = p.Model, p.Verified
			}
			for _, pt := range readable(p) {
				name := pt.Title
				if o := d.Points[pt.Name]; o.Name.ZH != "" {
					name = o.Name
				}
				md.Points = append(md.Points, contract.ManifestPoint{ID: contract.NewPointID(d.ID, pt.Name), Name: name, Unit: pt.Unit,
					Decimals: pt.Decimals, Enum: pt.Enum, Alarm: pt.Alarm, Min: pt.Min, Max: pt.Max})
			}
			m.Devices = append(m.Devices, md)
		}
	}
	for _, d := range defs {
		r := contract.ManifestRule{ID: d.Rule, Point: d.Point, Title: d.Title, Do: d.Do, Hazard: d.Hazard, Severity: d.Levels[len(d.Levels)-1].Severity, Latch: d.Latch}
		if k := d.Test.Kind; k == alarm.Above || k == alarm.Below {
			r.On, r.Off = &d.Levels[0].On, &d.Levels[0].Off
		}
		m.Rules = append(m.Rules, r)
	}
	for _, o := range c.Outputs {
		m.Outputs = append(m.Outputs, contract.ManifestOutput{ID: o.ID, Name: o.Name, Kind: o.Kind, Verbs: slices.Sorted(maps.Keys(o.Verbs)), Place: o.Place})
	}
	return m
}

// outputAlarms translates alarms in force into the words of the outputs.
func outputAlarms(active []alarm.Active) []output.Alarm {
	out := make([]output.Alarm, len(active))
	for i, a := range active {
		out[i] = output.Alarm{Cause: a.Key.String(), Rule: a.Key.Rule, Hazard: a.Hazard, Severity: a.Severity,
			Zone: a.Place.Zone, Device: a.Key.Point.Device(), Channel: a.Channel}
	}
	return out
}
