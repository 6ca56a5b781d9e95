package places

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"

	"anlan/contract"
)

// Report takes a manifest over wherever people have not said otherwise.
func (d *Draft) Report(m contract.Manifest) {
	b := m.Building
	d.reportCommunity(b)
	d.reportBuilding(m.Edge, b)
	kept := d.Buildings[b.ID].Edited
	if !slices.Contains(kept, "floors") {
		d.reportFloors(b.ID, b.Floors)
	}
	if !slices.Contains(kept, "unit_entrances") {
		d.reportEntrances(b.ID, b.UnitEntrances)
	}
	for i, dev := range m.Devices {
		d.reportRoom(dev.Place, i)
	}
	for i, o := range m.Outputs {
		d.reportRoom(o.Place, len(m.Devices)+i)
	}
}

func (d *Draft) reportCommunity(b contract.ManifestBuilding) {
	old, there := d.Communities[b.Community]
	c := old
	c.ID, c.Reported = b.Community, &Reported{Name: b.CommunityName, TimeZone: b.TimeZone}
	if !there || !slices.Contains(c.Edited, "name") {
		c.Name = b.CommunityName
	}
	if !there || !slices.Contains(c.Edited, "time_zone") {
		c.TimeZone = b.TimeZone
	}
	c.Archived = false // it is heard from
	if !reflect.DeepEqual(old, c) {
		c.Rev = d.Rev
		d.Communities[c.ID] = c
		d.dirty[communityKey(c.ID)] = true
	}
}

func (d *Draft) reportBuilding(e contract.EdgeID, b contract.ManifestBuilding) {
	old, there := d.Buildings[b.ID]
	x := old
	x.ID, x.Contacts, x.Cameras = b.ID, orEmpty(x.Contacts), orEmpty(x.Cameras)
	x.Reported = &Reported{Edge: e, Name: b.Name, Community: b.Community, Floors: b.Floors, UnitEntrances: b.UnitEntrances}
	// A building that people made before its edge was heard keeps what they wrote.
	if there && old.Reported == nil && old.Version > 0 {
		x.Edited = edited(x.Edited, true, map[string]bool{"name": x.Name != b.Name, "community": x.Community != b.Community,
			"floors": len(d.FloorsOf(b.ID)) > 0, "unit_entrances": len(d.EntrancesOf(b.ID)) > 0})
	}
	if !there || !slices.Contains(x.Edited, "name") {
		x.Name = b.Name
	}
	if !there || !slices.Contains(x.Edited, "community") {
		x.Community = b.Community
	}
	x.Archived = false
	if !reflect.DeepEqual(old, x) {
		x.Rev = d.Rev
		d.Buildings[x.ID] = x
		d.dirty[buildingKey(x.ID)] = true
	}
}

// reportFloors makes the floors those of a manifest. A floor that is no longer reported
// stays if people wrote something on it or rooms are on it.
func (d *Draft) reportFloors(building string, numbers []int) {
	for _, n := range numbers {
		k := FloorKey{building, n}
		f, there := d.Floors[k]
		if n == 0 || there && !f.Archived {
			continue
		}
		if !there {
			f = Floor{Building: building, Number: n, Pos: n, Contacts: []Contact{}, Cameras: []Camera{}}
		}
		f.Archived, f.Rev = false, d.Rev
		d.Floors[k] = f
		d.dirty[k] = true
	}
	for k, f := range d.Floors {
		if k.Building == building && f.Version == 0 && !slices.Contains(numbers, k.Number) && !d.anyRoom(func(r Room) bool { return FloorKey{r.Building, r.Floor} == k }) {
			delete(d.Floors, k)
			d.dirty[k] = true
		}
	}
}

func (d *Draft) reportEntrances(building string, ids []string) {
	for i, id := range ids {
		k := EntranceKey{building, id}
		e, there := d.Entrances[k]
		if id == "" || there && !e.Archived {
			continue
		}
		if !there {
			e = Entrance{Building: building, ID: id, Pos: i}
		}
		e.Archived, e.Rev = false, d.Rev
		d.Entrances[k] = e
		d.dirty[k] = true
	}
	for k, e := range d.Entrances {
		if k.Building == building && e.Version == 0 && !slices.Contains(ids, k.ID) && !d.anyRoom(func(r Room) bool { return EntranceKey{r.Building, r.UnitEntrance} == k }) {
			delete(d.Entrances, k)
			d.dirty[k] = true
		}
	}
}

// reportRoom makes a room of the place of a device, once. If people made a room of that
// name there already, the report is bound to it.
func (d *Draft) reportRoom(p contract.Place, pos int) {
	if p.Floor == 0 || p.Room.ZH == "" || d.reported[reportOf(p)] != "" {
		return
	}
	report := &RoomReport{UnitEntrance: p.UnitEntrance, Floor: p.Floor, Name: p.Room.ZH}
	for _, r := range d.RoomsOf(p.Building, p.Floor) {
		if r.Name.ZH == p.Room.ZH && r.UnitEntrance == p.UnitEntrance && r.Reported == nil {
			r.Reported = report
			d.putRoom(r)
			return
		}
	}
	// The id follows from the report, so that it is the same after a repeated first report.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", p.Building, p.UnitEntrance, p.Floor, p.Room.ZH))
	r := Room{ID: "r-" + hex.EncodeToString(sum[:6]), Building: p.Building, Floor: p.Floor, UnitEntrance: p.UnitEntrance, Name: p.Room, Pos: pos, Reported: report}
	r.Rev = d.Rev
	d.putRoom(r)
}
