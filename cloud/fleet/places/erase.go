package places

import (
	"context"
	"database/sql"

	"anlan/cloud/org"
)

// Fill is [Store.Change] for many places at once: the caller writes one line about all of
// them into the audit log.
func (s *Store) Fill(ctx context.Context, by org.Actor, edit func(tx *sql.Tx, d *Draft) error) error {
	return s.change(ctx, Author{by.Name, s.now().UTC()}, edit, func(*sql.Tx, []Note) error { return nil })
}

// EraseBuilding takes a building away with its floors, entrances, rooms and planned
// devices. Edges and devices that report stay, at the place they report.
func (d *Draft) EraseBuilding(id string, reports func(DeviceKey) bool) {
	for k := range d.Floors {
		if k.Building == id {
			keep(d.Floors, d.dirty, k, Floor{}, k, true)
		}
	}
	for k := range d.Entrances {
		if k.Building == id {
			keep(d.Entrances, d.dirty, k, Entrance{}, k, true)
		}
	}
	for k, r := range d.Rooms {
		if r.Building == id {
			keep(d.Rooms, d.dirty, k, Room{}, roomKey(k), true)
		}
	}
	for k, s := range d.Sites {
		if s.Spot != nil && s.Spot.Building == id {
			s.Spot = nil
			keep(d.Sites, d.dirty, k, s, k, !reports(k))
		}
	}
	for k, e := range d.Edges {
		if e.Building == id {
			keep(d.Edges, d.dirty, k, EdgeSite{}, edgeKey(k), true)
		}
	}
	if _, ok := d.Buildings[id]; ok {
		keep(d.Buildings, d.dirty, id, Building{}, buildingKey(id), true)
	}
}

// EraseCommunity takes a community away that has no buildings any more.
func (d *Draft) EraseCommunity(id string) {
	if _, ok := d.Communities[id]; ok {
		keep(d.Communities, d.dirty, id, Community{}, communityKey(id), true)
	}
}
