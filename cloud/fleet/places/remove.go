package places

import (
	"slices"
	"strconv"
	"strings"

	"anlan/contract"
)

// Kind is what a [Ref] refers to.
type Kind string

// Kinds.
const (
	KindCommunity Kind = "community"
	KindBuilding  Kind = "building"
	KindEntrance  Kind = "entrance"
	KindFloor     Kind = "floor"
	KindRoom      Kind = "room"
	KindDevice    Kind = "device"
	KindEdge      Kind = "edge"
)

// Ref names one row.
type Ref struct {
	Kind     Kind   `json:"kind" enum:"community,building,entrance,floor,room,device,edge"`
	ID       string `json:"id" maxLength:"64"`                 // floors: the number; devices: "<edge>/<device>"
	Building string `json:"building,omitempty" maxLength:"48"` // entrances, floors
}

// Device splits the id of a device.
func (r Ref) Device() DeviceKey {
	e, id, _ := strings.Cut(r.ID, "/")
	return DeviceKey{contract.EdgeID(e), contract.DeviceID(id)}
}

func (r Ref) floor() FloorKey {
	n, err := strconv.Atoi(r.ID)
	if err != nil {
		n = 0 // there is no floor 0
	}
	return FloorKey{r.Building, n}
}

func (r Ref) entrance() EntranceKey { return EntranceKey{r.Building, r.ID} }

// stampOf finds a row's stamp and the building it belongs to, "" for what belongs to
// none.
func (t *Tree) stampOf(r Ref) (s Stamp, building string, ok bool) {
	switch r.Kind {
	case KindCommunity:
		x, ok := t.Communities[r.ID]
		return x.Stamp, "", ok
	case KindBuilding:
		x, ok := t.Buildings[r.ID]
		return x.Stamp, r.ID, ok
	case KindEntrance:
		x, ok := t.Entrances[r.entrance()]
		return x.Stamp, r.Building, ok
	case KindFloor:
		x, ok := t.Floors[r.floor()]
		return x.Stamp, r.Building, ok
	case KindRoom:
		x, ok := t.Rooms[r.ID]
		return x.Stamp, x.Building, ok
	case KindDevice:
		x, ok := t.Sites[r.Device()]
		if x.Spot != nil {
			building = x.Spot.Building
		}
		return x.Stamp, building, ok
	case KindEdge:
		x, ok := t.Edges[contract.EdgeID(r.ID)]
		return x.Stamp, x.Building, ok
	}
	return s, "", false
}

// BuildingOfRef is the building a row belongs to; ok is false if there is no such row.
func (t *Tree) BuildingOfRef(r Ref) (building string, ok bool) {
	_, building, ok = t.stampOf(r)
	return building, ok
}

// Around is what a draft cannot know of a place by itself.
type Around struct {
	// Standing lists by name the reported devices and edges that are at the place now.
	Standing func(Ref) []string
	// Kept reports whether something outside the tree refers to it: a plan, a history.
	Kept func(Ref) (bool, error)
}

// Remove deletes a row if nothing hangs on it, and archives it if only things that are
// past or empty do. Where a device stands it is refused with [InUseError].
func (d *Draft) Remove(r Ref, seen int64, around Around) (archived bool, err error) {
	old, _, ok := d.stampOf(r)
	if !ok || r.Kind == KindEdge {
		return false, ErrNotFound
	}
	stamp, err := d.stamped(string(r.Kind)+" "+r.ID, old, seen)
	if err != nil {
		return false, err
	}
	if by := append(around.Standing(r), d.planned(r)...); len(by) > 0 {
		return false, &InUseError{contract.Text{ZH: "这里还有 " + strconv.Itoa(len(by)) + " 个设备或网关，请先移走", EN: strconv.Itoa(len(by)) + " devices or edges are here; move them first"}, by}
	}
	kept := d.children(r)
	if !kept {
		if kept, err = around.Kept(r); err != nil {
			return false, err
		}
	}
	stamp.Archived = true
	d.put(r, stamp, !kept)
	switch r.Kind {
	case KindFloor:
		d.keepStructure(r.Building, "floors")
	case KindEntrance:
		d.keepStructure(r.Building, "unit_entrances")
	}
	action := ".remove"
	if kept {
		action = ".archive"
	}
	d.note("place."+string(r.Kind)+action, r.object(), nil)
	return kept, nil
}

func (r Ref) object() string {
	if r.Building != "" {
		return string(r.Kind) + ":" + r.Building + "/" + r.ID
	}
	return string(r.Kind) + ":" + r.ID
}

// Restore takes an archived row back.
func (d *Draft) Restore(r Ref, seen int64) error {
	old, building, ok := d.stampOf(r)
	if !ok || !old.Archived {
		return ErrNotFound
	}
	if r.Kind != KindBuilding && building != "" {
		if err := d.building(building); err != nil {
			return err
		}
	}
	stamp, err := d.stamped(string(r.Kind)+" "+r.ID, old, seen)
	if err != nil {
		return err
	}
	stamp.Archived = false
	d.put(r, stamp, false)
	d.note("place."+string(r.Kind)+".restore", r.object(), nil)
	return nil
}

// planned lists the planned devices at a place.
func (d *Draft) planned(r Ref) []string {
	var out []string
	for _, s := range d.Sites {
		if s.Spot == nil || r.Kind == KindDevice {
			continue
		}
		at := *s.Spot
		here := false
		switch r.Kind {
		case KindBuilding:
			here = at.Building == r.ID
		case KindEntrance:
			here = EntranceKey{at.Building, at.UnitEntrance} == r.entrance()
		case KindFloor:
			here = FloorKey{at.Building, at.Floor} == r.floor()
		case KindRoom:
			here = at.Room == r.ID
		}
		if here {
			out = append(out, s.Name.ZH)
		}
	}
	slices.Sort(out)
	return out
}

// children reports whether the row has rows below it, or is one that manifests speak of.
func (d *Draft) children(r Ref) bool {
	switch r.Kind {
	case KindCommunity:
		for _, b := range d.Buildings {
			if b.Community == r.ID {
				return true
			}
		}
		return d.Communities[r.ID].Reported != nil
	case KindBuilding:
		for k := range d.Floors {
			if k.Building == r.ID {
				return true
			}
		}
		for k := range d.Entrances {
			if k.Building == r.ID {
				return true
			}
		}
		return d.Buildings[r.ID].Reported != nil
	case KindFloor:
		rep := d.Buildings[r.Building].Reported
		return d.anyRoom(func(x Room) bool { return FloorKey{x.Building, x.Floor} == r.floor() }) || rep != nil && slices.Contains(rep.Floors, r.floor().Number)
	case KindEntrance:
		rep := d.Buildings[r.Building].Reported
		return d.anyRoom(func(x Room) bool { return EntranceKey{x.Building, x.UnitEntrance} == r.entrance() }) || rep != nil && slices.Contains(rep.UnitEntrances, r.ID)
	case KindRoom:
		return d.Rooms[r.ID].Reported != nil
	}
	return false
}

func (d *Draft) anyRoom(is func(Room) bool) bool {
	for _, r := range d.Rooms {
		if is(r) {
			return true
		}
	}
	return false
}

// put writes a row's stamp, or takes the row away.
func (d *Draft) put(r Ref, s Stamp, gone bool) {
	switch r.Kind {
	case KindCommunity:
		x := d.Communities[r.ID]
		x.Stamp = s
		keep(d.Communities, d.dirty, r.ID, x, communityKey(r.ID), gone)
	case KindBuilding:
		x := d.Buildings[r.ID]
		x.Stamp = s
		keep(d.Buildings, d.dirty, r.ID, x, buildingKey(r.ID), gone)
	case KindEntrance:
		x := d.Entrances[r.entrance()]
		x.Stamp = s
		keep(d.Entrances, d.dirty, r.entrance(), x, r.entrance(), gone)
	case KindFloor:
		x := d.Floors[r.floor()]
		x.Stamp = s
		keep(d.Floors, d.dirty, r.floor(), x, r.floor(), gone)
	case KindRoom:
		x := d.Rooms[r.ID]
		x.Stamp = s
		keep(d.Rooms, d.dirty, r.ID, x, roomKey(r.ID), gone)
	case KindDevice:
		x := d.Sites[r.Device()]
		x.Stamp = s
		keep(d.Sites, d.dirty, r.Device(), x, r.Device(), gone)
	}
}

func keep[K comparable, V any](rows map[K]V, dirty map[any]bool, k K, v V, key any, gone bool) {
	if gone {
		delete(rows, k)
	} else {
		rows[k] = v
	}
	dirty[key] = true
}

// TakeOver drops what people wrote in a field in favour of what the edge reports, now
// and later.
func (d *Draft) TakeOver(r Ref, field string, seen int64) error {
	old, _, ok := d.stampOf(r)
	if !ok {
		return ErrNotFound
	}
	stamp, err := d.stamped(string(r.Kind)+" "+r.ID, old, seen)
	if err != nil {
		return err
	}
	nothing := invalid("field", "网关没有报告这一项", "The edge reports no such field")
	switch r.Kind {
	case KindCommunity:
		err = d.takeCommunity(r.ID, field, stamp)
	case KindBuilding:
		err = d.takeBuilding(r.ID, field, stamp)
	case KindDevice:
		s := d.Sites[r.Device()]
		switch field {
		case "name":
			s.Name = contract.Text{}
		case "place":
			s.Spot = nil
		default:
			return nothing
		}
		s.Stamp = stamp
		d.Sites[r.Device()] = s
		d.dirty[r.Device()] = true
	case KindEdge:
		if field != "building" {
			return nothing
		}
		return d.SetEdge(contract.EdgeID(r.ID), "", seen)
	default:
		return nothing
	}
	if err == nil {
		d.note("place."+string(r.Kind)+".take-over", r.object(), map[string]string{"field": field})
	}
	return err
}

func (d *Draft) takeCommunity(id, field string, s Stamp) error {
	c := d.Communities[id]
	if c.Reported == nil || !slices.Contains(c.Edited, field) {
		return invalid("field", "网关没有报告这一项，或本来就是网关的", "The edge reports no such field, or it is the edge's already")
	}
	switch field {
	case "name":
		c.Name = c.Reported.Name
	case "time_zone":
		c.TimeZone = c.Reported.TimeZone
	}
	c.Edited, c.Stamp = without(c.Edited, field), s
	d.Communities[id] = c
	d.dirty[communityKey(id)] = true
	return nil
}

func (d *Draft) takeBuilding(id, field string, s Stamp) error {
	b := d.Buildings[id]
	if b.Reported == nil || !slices.Contains(b.Edited, field) {
		return invalid("field", "网关没有报告这一项，或本来就是网关的", "The edge reports no such field, or it is the edge's already")
	}
	switch field {
	case "name":
		b.Name = b.Reported.Name
	case "community":
		b.Community = b.Reported.Community
	case "floors":
		d.reportFloors(id, b.Reported.Floors)
	case "unit_entrances":
		d.reportEntrances(id, b.Reported.UnitEntrances)
	}
	b.Edited, b.Stamp = without(b.Edited, field), s
	d.Buildings[id] = b
	d.dirty[buildingKey(id)] = true
	return nil
}

func without(list []string, x string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == x })
}
