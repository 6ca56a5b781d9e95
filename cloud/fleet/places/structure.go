package places

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"anlan/contract"
)

// Floors are between these numbers.
const (
	LowestFloor  = -20
	HighestFloor = 200
)

var entranceRE = regexp.MustCompile(`^[0-9A-Za-z\p{Han}_-]{1,16}$`)

func (d *Draft) building(id string) error {
	if b, ok := d.Buildings[id]; !ok || b.Archived {
		return invalid("building", "没有这个楼栋："+id, "No such building: "+id)
	}
	return nil
}

// SetEntrance makes or changes a unit-entrance.
func (d *Draft) SetEntrance(e Entrance) error {
	k := EntranceKey{e.Building, e.ID}
	old, there := d.Entrances[k]
	if err := d.building(e.Building); err != nil {
		return err
	}
	if !entranceRE.MatchString(e.ID) {
		return invalid("id", "单元号须为 1 至 16 个字母、数字或汉字", "An entrance's number has 1 to 16 letters or digits")
	}
	if err := checkName("name", e.Name, false); err != nil {
		return err
	}
	stamp, err := d.stamped("entrance "+e.Building+"/"+e.ID, old.Stamp, e.Version)
	if err != nil {
		return err
	}
	e.Stamp = stamp
	d.Entrances[k] = e
	d.dirty[k] = true
	if !there {
		d.keepStructure(e.Building, "unit_entrances")
	}
	d.note("place.entrance."+verb(there), "building:"+e.Building, map[string]any{"entrance": e.ID, "name": e.Name.ZH})
	return nil
}

// SetFloor makes or changes a floor.
func (d *Draft) SetFloor(f Floor) error {
	k := FloorKey{f.Building, f.Number}
	old, there := d.Floors[k]
	f.Contacts, f.Cameras = orEmpty(f.Contacts), orEmpty(f.Cameras)
	if err := d.building(f.Building); err != nil {
		return err
	}
	if f.Number == 0 || f.Number < LowestFloor || f.Number > HighestFloor {
		return invalid("number", "楼层须在 -20 至 200 之间，没有 0 层", "Floors are from -20 to 200; there is no floor 0")
	}
	if err := checkName("name", f.Name, false); err != nil {
		return err
	}
	if err := checkHelp(f.Contacts, f.Cameras); err != nil {
		return err
	}
	stamp, err := d.stamped("floor "+f.Building+"/"+strconv.Itoa(f.Number), old.Stamp, f.Version)
	if err != nil {
		return err
	}
	f.Stamp = stamp
	d.Floors[k] = f
	d.dirty[k] = true
	if !there {
		d.keepStructure(f.Building, "floors")
	}
	d.note("place.floor."+verb(there), "building:"+f.Building, map[string]any{"floor": f.Number, "name": f.Name.ZH, "contacts": len(f.Contacts), "cameras": len(f.Cameras)})
	return nil
}

// FloorRange lists floors from one to another without 0 and without those to skip, as
// many buildings have no floor 4, 13 or 14.
func FloorRange(from, to int, skip []int) ([]int, error) {
	if from > to || from < LowestFloor || to > HighestFloor {
		return nil, invalid("from", "起始层须不高于结束层，在 -20 至 200 之间", "From must not be above to; -20 to 200")
	}
	var out []int
	for n := from; n <= to; n++ {
		if n != 0 && !slices.Contains(skip, n) {
			out = append(out, n)
		}
	}
	return out, nil
}

// AddFloors adds the floors that are not there yet, and takes archived ones back.
func (d *Draft) AddFloors(building string, numbers []int) (added int, err error) {
	for _, n := range numbers {
		f, there := d.Floors[FloorKey{building, n}]
		if there && !f.Archived {
			continue
		}
		if !there {
			f = Floor{Building: building, Number: n, Pos: n}
		}
		if err := d.SetFloor(f); err != nil {
			return added, err
		}
		f = d.Floors[FloorKey{building, n}]
		f.Archived = false
		d.Floors[FloorKey{building, n}] = f
		added++
	}
	return added, nil
}

// SetRoom changes a room, or makes one if it has no id; the id is in what it returns.
func (d *Draft) SetRoom(r Room) (Room, error) {
	old, there := d.Rooms[r.ID]
	if r.ID != "" && !there {
		return r, ErrNotFound
	}
	if err := d.checkRoom(r); err != nil {
		return r, err
	}
	stamp, err := d.stamped("room "+r.ID, old.Stamp, r.Version)
	if err != nil {
		return r, err
	}
	if there && old.Building != r.Building {
		return r, invalid("building", "房间不能换到另一栋楼", "A room cannot move to another building")
	}
	if r.ID == "" {
		r.ID = "r-" + strings.ToLower(rand.Text()[:12])
	}
	r.Stamp, r.Reported = stamp, old.Reported
	d.putRoom(r)
	if there && (old.Floor != r.Floor || old.UnitEntrance != r.UnitEntrance) {
		d.follow(r)
	}
	d.note("place.room."+verb(there), "building:"+r.Building, map[string]any{"room": r.ID, "floor": r.Floor, "unit_entrance": r.UnitEntrance, "name": r.Name.ZH})
	return r, nil
}

func (d *Draft) checkRoom(r Room) error {
	if err := d.building(r.Building); err != nil {
		return err
	}
	if err := checkName("name", r.Name, true); err != nil {
		return err
	}
	if f, ok := d.Floors[FloorKey{r.Building, r.Floor}]; !ok || f.Archived {
		return invalid("floor", "这栋楼没有这一层："+strconv.Itoa(r.Floor), "The building has no such floor: "+strconv.Itoa(r.Floor))
	}
	if e, ok := d.Entrances[EntranceKey{r.Building, r.UnitEntrance}]; r.UnitEntrance != "" && (!ok || e.Archived) {
		return invalid("unit_entrance", "这栋楼没有这个单元："+r.UnitEntrance, "The building has no such entrance: "+r.UnitEntrance)
	}
	return nil
}

func (d *Draft) putRoom(r Room) {
	d.Rooms[r.ID] = r
	if r.Reported != nil {
		d.reported[roomReport{r.Building, r.Reported.UnitEntrance, r.Reported.Floor, r.Reported.Name}] = r.ID
	}
	d.dirty[roomKey(r.ID)] = true
}

// follow moves the devices of a room along with it.
func (d *Draft) follow(r Room) {
	for k, s := range d.Sites {
		if s.Spot != nil && s.Spot.Room == r.ID {
			spot := *s.Spot
			spot.Floor, spot.UnitEntrance = r.Floor, r.UnitEntrance
			s.Spot = &spot
			d.Sites[k] = s
			d.dirty[k] = true
		}
	}
}

// fits checks that what a device's spot names is there.
func (d *Draft) fits(s Spot) error {
	if err := d.building(s.Building); err != nil {
		return err
	}
	if f, ok := d.Floors[FloorKey{s.Building, s.Floor}]; s.Floor != 0 && (!ok || f.Archived) {
		return invalid("spot.floor", "这栋楼没有这一层："+strconv.Itoa(s.Floor), "The building has no such floor: "+strconv.Itoa(s.Floor))
	}
	if e, ok := d.Entrances[EntranceKey{s.Building, s.UnitEntrance}]; s.UnitEntrance != "" && (!ok || e.Archived) {
		return invalid("spot.unit_entrance", "这栋楼没有这个单元："+s.UnitEntrance, "The building has no such entrance: "+s.UnitEntrance)
	}
	if s.Room != "" {
		r, ok := d.Rooms[s.Room]
		if !ok || r.Archived || r.Building != s.Building || r.Floor != s.Floor {
			return invalid("spot.room", "这一层没有这个房间", "The floor has no such room")
		}
	}
	if s.Zone != "" && !contract.ValidID(s.Zone) {
		return invalid("spot.zone", "分区编号只含小写字母、数字、横线和下划线", "A zone's id has only lower-case letters, digits, - and _")
	}
	return nil
}

// SetSite changes what people say of a device. A device that no edge has reported yet is
// planned: it needs a name and a spot. reported says whether one has.
func (d *Draft) SetSite(s Site, reported bool) error {
	k := DeviceKey{s.Edge, s.ID}
	old, there := d.Sites[k]
	if !contract.ValidID(string(s.ID)) || !contract.ValidID(string(s.Edge)) {
		return invalid("id", "设备和网关编号须以小写字母开头，只含小写字母、数字、横线和下划线", "Ids of device and edge start with a lower-case letter and have only lower-case letters, digits, - and _")
	}
	if err := checkName("name", s.Name, !reported); err != nil {
		return err
	}
	if err := checkLine("note", s.Note, 400); err != nil {
		return err
	}
	if err := checkLine("model", s.Model, 80); err != nil {
		return err
	}
	if s.Spot == nil && !reported {
		return invalid("spot", "待接入的设备须有位置", "A planned device needs a place")
	}
	if s.Spot != nil {
		if err := d.fits(*s.Spot); err != nil {
			return err
		}
	}
	stamp, err := d.stamped("device "+string(s.Edge)+"/"+string(s.ID), old.Stamp, s.Version)
	if err != nil {
		return err
	}
	s.Stamp = stamp
	s.Archived = false
	d.Sites[k] = s
	d.dirty[k] = true
	data := map[string]any{"name": s.Name.ZH, "note": s.Note}
	if s.Spot != nil {
		data["spot"] = *s.Spot
	}
	d.note("place.device."+verb(there), "device:"+string(s.Edge)+"/"+string(s.ID), data)
	return nil
}

// SetEdge puts an edge into a building; "" leaves it to its manifest.
func (d *Draft) SetEdge(e contract.EdgeID, building string, seen int64) error {
	old := d.Edges[e]
	if building != "" {
		if err := d.building(building); err != nil {
			return err
		}
	}
	stamp, err := d.stamped("edge "+string(e), old.Stamp, seen)
	if err != nil {
		return err
	}
	d.Edges[e] = EdgeSite{Edge: e, Building: building, Stamp: stamp}
	d.dirty[edgeKey(e)] = true
	d.note("place.edge.change", "edge:"+string(e), map[string]any{"building": building, "before": old.Building})
	return nil
}
