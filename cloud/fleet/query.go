package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/fleet/places"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

func (e *edge) show(id contract.EdgeID) Edge {
	out := Edge{ID: id, Name: e.name, Building: e.building, State: e.state, LastSeen: e.watch.LastSeen.Round(0).UTC(), LostSince: e.watch.LostSince.Round(0).UTC(),
		Boot: e.boot, Config: e.config, Software: e.software, ClockOffsetMS: e.offset.Milliseconds(), Pending: e.pending,
		DiskFree: e.diskFree, Devices: len(e.manifest.Devices)}
	for _, d := range e.manifest.Devices {
		out.Points += len(d.Points)
	}
	return out
}

// Edges lists every edge by id.
func (s *Service) Edges() []Edge {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []Edge{}
	for _, id := range slices.Sorted(maps.Keys(s.edges)) {
		out = append(out, s.edges[id].show(id))
	}
	return out
}

// Names implements alarm.Namer.
func (s *Service) Names(id contract.EdgeID, building string, d contract.DeviceID) alarm.Names {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := alarm.Names{Building: s.places.Tree().Buildings[building].Name}
	if e := s.edges[id]; e != nil {
		n.Device = e.where[d].Name
	}
	return n
}

// Place says where something an edge reports is, after all that people said: a device
// stands where they put it, a room is called what they call it.
func (s *Service) Place(id contract.EdgeID, d contract.DeviceID, reported contract.Place) contract.Place {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.edges[id]; e != nil {
		if dev := e.device[d]; dev != nil && dev.Place == reported {
			return e.where[d].Place
		}
	}
	return s.places.Tree().Correct(reported)
}

// Latches implements alarm.Namer.
func (s *Service) Latches(id contract.EdgeID, p contract.PointID, r contract.RuleID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.edges[id]
	return e != nil && e.latches[ruleKey{p, r}]
}

// TimeZone is the IANA zone of a building's community, or "".
func (s *Service) TimeZone(building string) string {
	return s.places.Tree().TimeZone(building)
}

// point shows one point; a lost edge's values are stale whatever they were.
func (e *edge) point(id contract.EdgeID, p contract.ManifestPoint, now time.Time) Point {
	out := Point{ID: p.ID, Edge: id, Name: p.Name, Unit: p.Unit, Decimals: p.Decimals, Enum: p.Enum, Alarm: p.Alarm,
		Min: p.Min, Max: p.Max, Quality: contract.NotRead, Rules: []RuleLine{}}
	if v, ok := e.last[p.ID]; ok {
		out.Value, out.Quality, out.At = new(v.Value), v.Quality, time.UnixMilli(v.UnixMS).UTC()
		out.AgeMS = max(0, now.UnixMilli()-v.UnixMS)
	}
	if e.state == Lost && !out.Quality.IsBad() {
		out.Quality = contract.Stale
	}
	for _, r := range e.manifest.Rules {
		if r.Point == p.ID {
			out.Rules = append(out.Rules, RuleLine{ID: r.ID, Title: r.Title, Hazard: r.Hazard, Severity: r.Severity, Latch: r.Latch, On: r.On, Off: r.Off})
		}
	}
	return out
}

func (e *edge) showDevice(id contract.EdgeID, d *contract.ManifestDevice, open []alarm.Alarm, now time.Time) Device {
	at := e.where[d.ID]
	out := Device{ID: d.ID, Edge: id, Bus: d.Bus, Name: at.Name, Place: at.Place, Profile: d.Profile, Model: d.Model, Verified: d.Verified,
		State: StateOK, Points: make([]Point, 0, len(d.Points))}
	bad := 0
	for _, p := range d.Points {
		pt := e.point(id, p, now)
		if pt.Quality.IsBad() {
			bad++
		}
		out.Points = append(out.Points, pt)
	}
	process, comms := 0, 0
	for _, a := range open {
		switch {
		case a.Edge != id || a.Point.Device() != d.ID || !standing(a):
		case a.Hazard == contract.Comms:
			comms++
		default:
			process++
		}
	}
	switch {
	case process > 0:
		out.State = StateAlarm
	case e.state == Lost || e.state == Never:
		out.State = StateUnknown
	case bad > 0 && bad == len(d.Points): // nothing of it is known, whatever fault was raised for that
		out.State = StateUnknown
	case comms > 0 || bad > 0:
		out.State = StateFault
	}
	return out
}

// Overview is everything the overview page shows of the fleet.
func (s *Service) Overview(ctx context.Context, sees func(building string) bool) (Overview, error) {
	open, err := s.alarms.Open(ctx)
	if err != nil {
		return Overview{}, err
	}
	last, err := s.alarms.LastEventAt(ctx)
	if err != nil {
		return Overview{}, err
	}
	hidden := func(e Edge) bool { return !sees(e.Building) }
	out := Overview{Edges: slices.DeleteFunc(s.Edges(), hidden), Buildings: []Building{}, LastEventAt: last}
	s.mu.RLock()
	defer s.mu.RUnlock()
	tree, stands := s.places.Tree(), s.stands()
	ids := slices.SortedFunc(maps.Keys(tree.Buildings), func(a, b string) int { // communities as people put them
		at := func(id string) int { return tree.Communities[tree.Buildings[id].Community].Pos }
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b))
	})
	for _, id := range ids {
		at := tree.Buildings[id]
		if !sees(id) || at.Archived && len(stands[id].edges) == 0 {
			continue
		}
		b := building(tree, at, stands[id], open)
		out.Buildings = append(out.Buildings, b)
		out.Points.Good += stands[id].good
		out.Points.Total += stands[id].total
		if c := tree.Communities[at.Community]; out.Community.ID == "" {
			out.Community = Community{ID: c.ID, Name: c.Name, TZ: c.TimeZone}
		}
	}
	return out, nil
}

// stand is what there is in a building.
type stand struct {
	edges                []contract.EdgeID
	total, good, unknown int
	lost                 bool
	floors               []int // those that reported devices stand on
}

// stands counts once over all edges; callers hold the lock.
func (s *Service) stands() map[string]stand {
	out := map[string]stand{}
	for _, id := range slices.Sorted(maps.Keys(s.edges)) {
		e := s.edges[id]
		if e.building != "" {
			at := out[e.building]
			at.edges, at.lost = append(at.edges, id), at.lost || e.state == Lost
			out[e.building] = at
		}
		for _, d := range e.manifest.Devices {
			place := e.where[d.ID].Place
			at := out[place.Building]
			if place.Building != e.building && !slices.Contains(at.edges, id) { // a device that an edge next door reads
				at.edges, at.lost = append(at.edges, id), at.lost || e.state == Lost
			}
			if place.Floor != 0 && !slices.Contains(at.floors, place.Floor) {
				at.floors = append(at.floors, place.Floor)
			}
			e.count(d, &at)
			out[place.Building] = at
		}
	}
	return out
}

func (e *edge) count(d contract.ManifestDevice, at *stand) {
	for _, p := range d.Points {
		at.total++
		if v, ok := e.last[p.ID]; ok && v.Quality.IsGood() && e.state != Lost {
			at.good++
		} else if !ok || v.Quality.IsBad() || e.state == Lost {
			at.unknown++
		}
	}
}

// building shows one. Floors are those of the tree and any other on which a device
// stands: nothing that reports may be invisible.
func building(tree *places.Tree, x places.Building, at stand, open []alarm.Alarm) Building {
	b := Building{ID: x.ID, Name: x.Name, Community: x.Community, Floors: []int{}, UnitEntrances: []string{}, Edges: nonNil(at.edges), UnknownPoints: at.unknown}
	for _, f := range tree.FloorsOf(x.ID) {
		b.Floors = append(b.Floors, f.Number)
	}
	for _, n := range at.floors {
		if !slices.Contains(b.Floors, n) {
			b.Floors = append(b.Floors, n)
			slices.Sort(b.Floors)
		}
	}
	for _, e := range tree.EntrancesOf(x.ID) {
		b.UnitEntrances = append(b.UnitEntrances, e.ID)
	}
	if len(b.Edges) > 0 {
		b.Edge = b.Edges[0]
	}
	worst, process, comms := contract.Severity(0), 0, 0
	for _, a := range open {
		if a.Building != x.ID {
			continue
		}
		b.OpenAlarms++
		worst = max(worst, a.Severity)
		switch {
		case !standing(a): // only waits to be acknowledged
		case a.Hazard == contract.Comms:
			comms++
		default:
			process++
		}
	}
	if worst > 0 {
		b.Worst = worst.String()
	}
	b.State = buildingState(process, comms, b.UnknownPoints, at.lost)
	if len(b.Edges) == 0 && b.State == StateOK {
		b.State = StateUnknown // nobody watches it yet
	}
	return b
}

// standing reports whether an open alarm still says something about the field.
func standing(a alarm.Alarm) bool { return a.Condition != contract.Normal || a.Latched }

// buildingState: what is known to be wrong first, then what cannot be known.
func buildingState(process, comms, unknown int, lost bool) string {
	switch {
	case process > 0:
		return StateAlarm
	case lost:
		return StateLost
	case unknown > 0 || comms > 0:
		return StateUnknown
	}
	return StateOK
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Building returns one building with its devices, by floor from the top.
func (s *Service) Building(ctx context.Context, id string) (Building, []Device, error) {
	open, err := s.alarms.Open(ctx)
	if err != nil {
		return Building{}, nil, err
	}
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	tree := s.places.Tree()
	x, ok := tree.Buildings[id]
	at := s.stands()[id]
	if !ok || x.Archived && len(at.edges) == 0 {
		return Building{}, nil, fmt.Errorf("fleet: building %q: %w", id, ErrNotFound)
	}
	b := building(tree, x, at, open)
	devices := []Device{}
	for _, eid := range b.Edges {
		e := s.edges[eid]
		for i := range e.manifest.Devices {
			if d := &e.manifest.Devices[i]; e.where[d.ID].Place.Building == id {
				devices = append(devices, e.showDevice(eid, d, open, now))
			}
		}
	}
	slices.SortStableFunc(devices, func(a, b Device) int { return cmp.Compare(b.Place.Floor, a.Place.Floor) })
	return b, devices, nil
}

// PointOf returns one point with its device and building.
func (s *Service) PointOf(ctx context.Context, id contract.EdgeID, p contract.PointID) (Point, Device, Building, error) {
	open, err := s.alarms.Open(ctx)
	if err != nil {
		return Point{}, Device{}, Building{}, err
	}
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.edges[id]; e != nil {
		if d := e.device[p.Device()]; d != nil {
			dev := e.showDevice(id, d, open, now)
			if i := slices.IndexFunc(dev.Points, func(x Point) bool { return x.ID == p }); i >= 0 {
				tree, home := s.places.Tree(), dev.Place.Building
				return dev.Points[i], dev, building(tree, tree.Buildings[home], s.stands()[home], open), nil
			}
		}
	}
	return Point{}, Device{}, Building{}, fmt.Errorf("fleet: point %s of %s: %w", p, id, ErrNotFound)
}

// CheckIns lists the newest check-ins, newest first.
func (s *Service) CheckIns(ctx context.Context, limit int) (out []CheckIn, err error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT edge, reader, name, place, uid, texts, at, recv_at FROM check_in ORDER BY at DESC, edge, seq DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("fleet: list check-ins: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c CheckIn
		var name, place, texts string
		var at, recv int64
		if err := rows.Scan(&c.Edge, &c.Reader, &name, &place, &c.UID, &texts, &at, &recv); err != nil {
			return nil, fmt.Errorf("fleet: list check-ins: %w", err)
		}
		if err := errors.Join(json.Unmarshal([]byte(name), &c.Name), json.Unmarshal([]byte(place), &c.Place), json.Unmarshal([]byte(texts), &c.Texts)); err != nil {
			return nil, fmt.Errorf("fleet: read check-in: %w", err)
		}
		c.At, c.ReceivedAt = db.Time(at), db.Time(recv)
		c.Place = s.Place(c.Edge, c.Reader, c.Place)
		c.BuildingName = s.places.Tree().Buildings[c.Place.Building].Name
		out = append(out, c)
	}
	return out, rows.Err()
}

// collector exports the number of edges by state.
func (s *Service) collector() prometheus.Collector {
	return edgeCollector{s, prometheus.NewDesc("cloud_fleet_edges", "Edges by state.", []string{"state"}, nil)}
}

type edgeCollector struct {
	s    *Service
	desc *prometheus.Desc
}

func (c edgeCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c edgeCollector) Collect(ch chan<- prometheus.Metric) {
	n := map[EdgeState]int{Online: 0, Degraded: 0, Lost: 0, Never: 0}
	for _, e := range c.s.Edges() {
		n[e.State]++
	}
	for state, count := range n {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(count), string(state))
	}
}
