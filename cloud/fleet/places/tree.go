package places

import (
	"cmp"
	"maps"
	"slices"

	"anlan/contract"
)

// Tree is all places at one moment. It never changes once others see it.
type Tree struct {
	Rev         int64
	Communities map[string]Community
	Buildings   map[string]Building
	Entrances   map[EntranceKey]Entrance
	Floors      map[FloorKey]Floor
	Rooms       map[string]Room
	Sites       map[DeviceKey]Site
	Edges       map[contract.EdgeID]EdgeSite

	reported map[roomReport]string // room ids by what manifests call them
	legacy   map[string]bool       // buildings from before floors had rows
}

type roomReport struct {
	building string
	entrance string
	floor    int
	name     string
}

func newTree() *Tree {
	return &Tree{Communities: map[string]Community{}, Buildings: map[string]Building{}, Entrances: map[EntranceKey]Entrance{}, Floors: map[FloorKey]Floor{},
		Rooms: map[string]Room{}, Sites: map[DeviceKey]Site{}, Edges: map[contract.EdgeID]EdgeSite{}, reported: map[roomReport]string{}, legacy: map[string]bool{}}
}

// clone copies the maps; the rows in them are replaced, never written to.
func (t *Tree) clone() *Tree {
	return &Tree{Rev: t.Rev, Communities: maps.Clone(t.Communities), Buildings: maps.Clone(t.Buildings), Entrances: maps.Clone(t.Entrances), Floors: maps.Clone(t.Floors),
		Rooms: maps.Clone(t.Rooms), Sites: maps.Clone(t.Sites), Edges: maps.Clone(t.Edges), reported: maps.Clone(t.reported), legacy: maps.Clone(t.legacy)}
}

func reportOf(p contract.Place) roomReport {
	return roomReport{p.Building, p.UnitEntrance, p.Floor, p.Room.ZH}
}

// Located is where a device stands and what it is called, after all that people said.
type Located struct {
	Name  contract.Text
	Place contract.Place
	Room  string // room id, "" if the tree has none for it
}

// Locate says where a reported device stands. building is that of its edge.
func (t *Tree) Locate(e contract.EdgeID, d *contract.ManifestDevice, building string) Located {
	out := Located{Name: d.Name, Place: t.Correct(d.Place)}
	if out.Place.Building == "" {
		out.Place.Building = building
	}
	out.Room = t.reported[reportOf(d.Place)]
	if s, ok := t.Sites[DeviceKey{e, d.ID}]; ok {
		if s.Name.ZH != "" {
			out.Name = s.Name
		}
		if s.Spot != nil {
			out.Place, out.Room = t.place(*s.Spot), s.Spot.Room
		}
	}
	return out
}

// Correct writes a reported place with the room's present name.
func (t *Tree) Correct(p contract.Place) contract.Place {
	if id, ok := t.reported[reportOf(p)]; ok {
		r := t.Rooms[id]
		p.Room, p.Floor, p.UnitEntrance = r.Name, r.Floor, r.UnitEntrance
	}
	return p
}

// Planned is a device that people wrote down and no edge has reported yet.
func (t *Tree) Planned(s Site) Located {
	out := Located{Name: s.Name}
	if s.Spot != nil {
		out.Place, out.Room = t.place(*s.Spot), s.Spot.Room
	}
	return out
}

func (t *Tree) place(s Spot) contract.Place {
	return contract.Place{Building: s.Building, UnitEntrance: s.UnitEntrance, Floor: s.Floor, Room: t.Rooms[s.Room].Name, Zone: s.Zone}
}

// TimeZone is the IANA zone of a building's community, or "".
func (t *Tree) TimeZone(building string) string {
	return t.Communities[t.Buildings[building].Community].TimeZone
}

// BuildingOf is the building an edge stands in: as people say, else as reported.
func (t *Tree) BuildingOf(e contract.EdgeID, reported string) string {
	return cmp.Or(t.Edges[e].Building, reported)
}

// FloorsOf lists the floors of a building in use, from the bottom.
func (t *Tree) FloorsOf(building string) []Floor {
	var out []Floor
	for k, f := range t.Floors {
		if k.Building == building && !f.Archived {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Floor) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Number, b.Number)) })
	return out
}

// EntrancesOf lists the unit-entrances of a building in use, in their order.
func (t *Tree) EntrancesOf(building string) []Entrance {
	var out []Entrance
	for k, e := range t.Entrances {
		if k.Building == building && !e.Archived {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entrance) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID)) })
	return out
}

// RoomsOf lists the rooms of a floor in use, in their order.
func (t *Tree) RoomsOf(building string, floor int) []Room {
	var out []Room
	for _, r := range t.Rooms {
		if r.Building == building && r.Floor == floor && !r.Archived {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, compareRooms)
	return out
}

func compareRooms(a, b Room) int {
	return cmp.Or(cmp.Compare(a.UnitEntrance, b.UnitEntrance), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Name.ZH, b.Name.ZH), cmp.Compare(a.ID, b.ID))
}

// Near is whom to call and which camera to look at for a place: those of the floor come
// first.
type Near struct {
	Contacts []Contact `json:"contacts"`
	Cameras  []Camera  `json:"cameras"`
}

// Near finds them.
func (t *Tree) Near(building string, floor int) Near {
	b, f := t.Buildings[building], t.Floors[FloorKey{building, floor}]
	return Near{append(slices.Clone(orEmpty(f.Contacts)), b.Contacts...), append(slices.Clone(orEmpty(f.Cameras)), b.Cameras...)}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Empty is a tree without any place.
func Empty() *Tree { return newTree() }
