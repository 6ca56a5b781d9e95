package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

// StatePlanned is the state of a device that no edge has reported yet.
const StatePlanned = "planned"

// DeviceRow is one device as lists and the tree of places show it: reported, planned, or
// both, once the edge has come.
type DeviceRow struct {
	Edge     contract.EdgeID   `json:"edge"`
	ID       contract.DeviceID `json:"id"`
	Name     contract.Text     `json:"name"`
	Place    contract.Place    `json:"place"`
	Room     string            `json:"room,omitempty"` // room id
	Profile  string            `json:"profile,omitempty"`
	Model    string            `json:"model,omitempty"`
	Verified bool              `json:"verified"`
	State    string            `json:"state"` // ok, alarm, fault, unknown, planned
	Points   int               `json:"points"`
	Bad      int               `json:"bad"` // points without a usable value
	Note     string            `json:"note,omitempty"`
	Reported *ReportedDevice   `json:"reported,omitempty"` // nil: planned
	Renamed  bool              `json:"renamed,omitempty"`  // the name is not the edge's
	Moved    bool              `json:"moved,omitempty"`    // the place is not the edge's
	places.Stamp
}

// ReportedDevice is what the manifest says.
type ReportedDevice struct {
	Name  contract.Text  `json:"name"`
	Place contract.Place `json:"place"`
}

// Devices lists the devices in buildings that sees allows, reported and planned, by
// building, floor from the top, and name.
func (s *Service) Devices(ctx context.Context, sees func(building string) bool) ([]DeviceRow, error) {
	open, err := s.alarms.Open(ctx)
	if err != nil {
		return nil, err
	}
	byDevice := map[places.DeviceKey][]alarm.Alarm{}
	for _, a := range open {
		k := places.DeviceKey{Edge: a.Edge, ID: a.Point.Device()}
		byDevice[k] = append(byDevice[k], a)
	}
	now, tree := s.now(), s.places.Tree()
	out := []DeviceRow{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	seen := map[places.DeviceKey]bool{}
	for id, e := range s.edges {
		for i := range e.manifest.Devices {
			d := &e.manifest.Devices[i]
			k := places.DeviceKey{Edge: id, ID: d.ID}
			seen[k] = true
			if sees(e.where[d.ID].Place.Building) {
				out = append(out, deviceRow(e.showDevice(id, d, byDevice[k], now), d, e.where[d.ID], tree.Sites[k]))
			}
		}
	}
	for k, site := range tree.Sites {
		if !seen[k] && site.Spot != nil && sees(site.Spot.Building) {
			out = append(out, plannedRow(tree, site))
		}
	}
	slices.SortFunc(out, func(a, b DeviceRow) int {
		return cmp.Or(cmp.Compare(a.Place.Building, b.Place.Building), cmp.Compare(b.Place.Floor, a.Place.Floor), cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func deviceRow(d Device, m *contract.ManifestDevice, at places.Located, site places.Site) DeviceRow {
	row := DeviceRow{Edge: d.Edge, ID: d.ID, Name: at.Name, Place: at.Place, Room: at.Room, Profile: d.Profile, Model: d.Model, Verified: d.Verified,
		State: d.State, Points: len(d.Points), Note: site.Note, Reported: &ReportedDevice{m.Name, m.Place}, Renamed: site.Name.ZH != "", Moved: site.Spot != nil, Stamp: site.Stamp}
	for _, p := range d.Points {
		if p.Quality.IsBad() {
			row.Bad++
		}
	}
	return row
}

func plannedRow(tree *places.Tree, site places.Site) DeviceRow {
	at := tree.Planned(site)
	return DeviceRow{Edge: site.Edge, ID: site.ID, Name: at.Name, Place: at.Place, Room: at.Room, Model: site.Model, State: StatePlanned, Note: site.Note,
		Renamed: true, Moved: true, Stamp: site.Stamp}
}

// DeviceOf returns one reported device with its points.
func (s *Service) DeviceOf(ctx context.Context, id contract.EdgeID, dev contract.DeviceID) (Device, DeviceRow, error) {
	open, err := s.alarms.Open(ctx)
	if err != nil {
		return Device{}, DeviceRow{}, err
	}
	now, tree := s.now(), s.places.Tree()
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := places.DeviceKey{Edge: id, ID: dev}
	if e := s.edges[id]; e != nil && e.device[dev] != nil {
		d := e.showDevice(id, e.device[dev], open, now)
		return d, deviceRow(d, e.device[dev], e.where[dev], tree.Sites[k]), nil
	}
	if site, ok := tree.Sites[k]; ok && site.Spot != nil {
		row := plannedRow(tree, site)
		return Device{ID: dev, Edge: id, Name: row.Name, Place: row.Place, Model: row.Model, State: StatePlanned, Points: []Point{}}, row, nil
	}
	return Device{}, DeviceRow{}, fmt.Errorf("fleet: device %s of %s: %w", dev, id, ErrNotFound)
}

// Reports lists the devices of every manifest, by what they are, for checks against the
// tree of places.
func (s *Service) Reports() map[places.DeviceKey]ReportedDevice {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[places.DeviceKey]ReportedDevice{}
	for id, e := range s.edges {
		for _, d := range e.manifest.Devices {
			out[places.DeviceKey{Edge: id, ID: d.ID}] = ReportedDevice{d.Name, d.Place}
		}
	}
	return out
}

// Reported says whether a device is in a manifest.
func (s *Service) Reported(k places.DeviceKey) bool {
	_, ok := s.Reports()[k]
	return ok
}

// Standing lists by name what reports from a place now: such a place cannot be removed.
func (s *Service) Standing(r places.Ref) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []string{}
	for _, id := range slices.Sorted(maps.Keys(s.edges)) {
		e := s.edges[id]
		if r.Kind == places.KindBuilding && e.building == r.ID {
			out = append(out, string(id))
		}
		for _, d := range e.manifest.Devices {
			if stands(r, id, d.ID, e.where[d.ID]) {
				out = append(out, e.where[d.ID].Name.ZH)
			}
		}
	}
	return out
}

func stands(r places.Ref, e contract.EdgeID, d contract.DeviceID, at places.Located) bool {
	switch r.Kind {
	case places.KindBuilding:
		return at.Place.Building == r.ID
	case places.KindEntrance:
		return at.Place.Building == r.Building && at.Place.UnitEntrance == r.ID
	case places.KindFloor:
		return at.Place.Building == r.Building && at.Place.Floor != 0 && fmt.Sprint(at.Place.Floor) == r.ID
	case places.KindRoom:
		return at.Room == r.ID
	case places.KindDevice:
		return r.Device() == places.DeviceKey{Edge: e, ID: d}
	}
	return false
}

// PointRow is a point as the workbook lists it.
type PointRow struct {
	Edge   contract.EdgeID
	ID     contract.PointID
	Name   contract.Text
	Unit   contract.Unit
	Alarm  bool
	Device contract.Text
	Place  contract.Place
}

// PointRows lists the points of every device in buildings that sees allows, by edge and
// id.
func (s *Service) PointRows(sees func(building string) bool) []PointRow {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []PointRow
	for id, e := range s.edges {
		for _, d := range e.manifest.Devices {
			at := e.where[d.ID]
			if !sees(at.Place.Building) {
				continue
			}
			for _, p := range d.Points {
				out = append(out, PointRow{Edge: id, ID: p.ID, Name: p.Name, Unit: p.Unit, Alarm: p.Alarm, Device: at.Name, Place: at.Place})
			}
		}
	}
	slices.SortFunc(out, func(a, b PointRow) int { return cmp.Or(cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.ID, b.ID)) })
	return out
}
