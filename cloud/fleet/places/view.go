package places

import (
	"cmp"
	"slices"
)

// View is the part of the tree that somebody may see, as flat lists in their order;
// archived rows are in it, marked.
type View struct {
	Rev         int64       `json:"rev"`
	Communities []Community `json:"communities"`
	Buildings   []Building  `json:"buildings"`
	Entrances   []Entrance  `json:"entrances"`
	Floors      []Floor     `json:"floors"`
	Rooms       []Room      `json:"rooms"`
	Edges       []EdgeSite  `json:"edge_sites"`
}

// View lists what lies in buildings that sees allows. Communities without any such
// building are left out unless all is set.
func (t *Tree) View(sees func(building string) bool, all bool) View {
	v := View{Rev: t.Rev, Communities: []Community{}, Buildings: []Building{}, Entrances: []Entrance{}, Floors: []Floor{}, Rooms: []Room{}, Edges: []EdgeSite{}}
	in := map[string]bool{}
	for _, b := range t.Buildings {
		if sees(b.ID) {
			v.Buildings = append(v.Buildings, b)
			in[b.Community] = true
		}
	}
	for _, c := range t.Communities {
		if all || in[c.ID] {
			v.Communities = append(v.Communities, c)
		}
	}
	for _, e := range t.Entrances {
		if sees(e.Building) {
			v.Entrances = append(v.Entrances, e)
		}
	}
	for _, f := range t.Floors {
		if sees(f.Building) {
			v.Floors = append(v.Floors, f)
		}
	}
	for _, r := range t.Rooms {
		if sees(r.Building) {
			v.Rooms = append(v.Rooms, r)
		}
	}
	for _, e := range t.Edges {
		if sees(e.Building) {
			v.Edges = append(v.Edges, e)
		}
	}
	v.sort()
	return v
}

func (v *View) sort() {
	slices.SortFunc(v.Communities, func(a, b Community) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(v.Buildings, func(a, b Building) int {
		return cmp.Or(cmp.Compare(a.Community, b.Community), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(v.Entrances, func(a, b Entrance) int {
		return cmp.Or(cmp.Compare(a.Building, b.Building), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(v.Floors, func(a, b Floor) int {
		return cmp.Or(cmp.Compare(a.Building, b.Building), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Number, b.Number))
	})
	slices.SortFunc(v.Rooms, func(a, b Room) int {
		return cmp.Or(cmp.Compare(a.Building, b.Building), cmp.Compare(a.Floor, b.Floor), compareRooms(a, b))
	})
	slices.SortFunc(v.Edges, func(a, b EdgeSite) int { return cmp.Compare(a.Edge, b.Edge) })
}
