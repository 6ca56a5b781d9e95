package httpapi

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"anlan/cloud/fleet/places"
	"anlan/cloud/floorplan"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
)

type communityIn struct {
	ID   string `path:"id" maxLength:"48"`
	Body struct {
		Name     contract.Text `json:"name"`
		TimeZone string        `json:"time_zone" maxLength:"64"`
		Address  string        `json:"address,omitempty"`
		Pos      int           `json:"pos,omitempty"`
		Version  int64         `json:"version" doc:"as read; 0 for one that is new"`
	}
}

type buildingEdit struct {
	ID   string `path:"id" maxLength:"48"`
	Body struct {
		Community string           `json:"community" maxLength:"48"`
		Name      contract.Text    `json:"name"`
		Address   string           `json:"address,omitempty"`
		Pos       int              `json:"pos,omitempty"`
		Contacts  []places.Contact `json:"contacts"`
		Cameras   []places.Camera  `json:"cameras"`
		Version   int64            `json:"version"`
	}
}

type floorsIn struct {
	ID   string `path:"id" maxLength:"48"`
	Body struct {
		From int   `json:"from"`
		To   int   `json:"to"`
		Skip []int `json:"skip,omitempty"`
	}
}

type floorEdit struct {
	ID    string `path:"id" maxLength:"48"`
	Floor int    `path:"floor"`
	Body  struct {
		Name     contract.Text    `json:"name"`
		Pos      *int             `json:"pos,omitempty" doc:"order; the number unless given"`
		Contacts []places.Contact `json:"contacts"`
		Cameras  []places.Camera  `json:"cameras"`
		Version  int64            `json:"version"`
	}
}

type entranceEdit struct {
	ID       string `path:"id" maxLength:"48"`
	Entrance string `path:"entrance" maxLength:"32"`
	Body     struct {
		Name    contract.Text `json:"name"`
		Pos     int           `json:"pos,omitempty"`
		Version int64         `json:"version"`
	}
}

type roomFields struct {
	Building     string        `json:"building" maxLength:"48"`
	Floor        int           `json:"floor"`
	UnitEntrance string        `json:"unit_entrance,omitempty" maxLength:"32"`
	Name         contract.Text `json:"name"`
	Pos          int           `json:"pos,omitempty"`
	Version      int64         `json:"version"`
}

func (f roomFields) room(id string) places.Room {
	return places.Room{ID: id, Building: f.Building, Floor: f.Floor, UnitEntrance: f.UnitEntrance, Name: f.Name, Pos: f.Pos, Stamp: places.Stamp{Version: f.Version}}
}

type roomNew struct{ Body roomFields }

type roomEdit struct {
	ID   string `path:"id" maxLength:"48"`
	Body roomFields
}

type refIn struct {
	Body struct {
		places.Ref
		Version int64 `json:"version"`
	}
}

type takeOverIn struct {
	Body struct {
		places.Ref
		Field   string `json:"field" enum:"name,time_zone,community,floors,unit_entrances,place,building"`
		Version int64  `json:"version"`
	}
}

type removed struct {
	Archived bool `json:"archived" doc:"something hangs on it, so it was put away and not deleted"`
}

type floorsAdded struct {
	Added int `json:"added"`
}

type nearIn struct {
	Building string `query:"building" required:"true" maxLength:"48"`
	Floor    int    `query:"floor"`
}

func (s *server) placeOps() {
	edit := access(org.FleetEdit)
	register(s, "GET", "/api/places", "The tree of places within reach", access(org.FleetRead), http.StatusOK, func(ctx context.Context, _ *none) (*body[places.View], error) {
		in := reach(ctx, org.FleetRead)
		return answered(s.Places.Tree().View(in.Has, in.All()), nil)
	})
	register(s, "GET", "/api/places/near", "Whom to call and which camera to look at", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *nearIn) (*body[places.Near], error) {
		if !reach(ctx, org.AlarmRead).Has(in.Building) {
			return nil, places.ErrNotFound
		}
		return answered(s.Places.Tree().Near(in.Building, in.Floor), nil)
	})
	register(s, "PUT", "/api/places/communities/{id}", "Make or change a community", edit, http.StatusOK, s.setCommunity)
	register(s, "PUT", "/api/places/buildings/{id}", "Make or change a building", edit, http.StatusOK, s.setBuilding)
	register(s, "POST", "/api/places/buildings/{id}/floors", "Add floors from one number to another", edit, http.StatusOK, s.addFloors)
	register(s, "PUT", "/api/places/buildings/{id}/floors/{floor}", "Make or change a floor", edit, http.StatusOK, s.setFloor)
	register(s, "PUT", "/api/places/buildings/{id}/entrances/{entrance}", "Make or change a unit-entrance", edit, http.StatusOK, s.setEntrance)
	register(s, "POST", "/api/places/rooms", "Make a room", edit, http.StatusCreated, func(ctx context.Context, in *roomNew) (*body[places.Room], error) {
		return s.setRoom(ctx, in.Body.room(""))
	})
	register(s, "PUT", "/api/places/rooms/{id}", "Change a room", edit, http.StatusOK, func(ctx context.Context, in *roomEdit) (*body[places.Room], error) {
		return s.setRoom(ctx, in.Body.room(in.ID))
	})
	register(s, "POST", "/api/places/remove", "Delete a place, or archive it if something hangs on it", edit, http.StatusOK, s.removePlace)
	register(s, "POST", "/api/places/restore", "Take an archived place back", edit, http.StatusNoContent, func(ctx context.Context, in *refIn) (*none, error) {
		return nil, s.editRef(ctx, in.Body.Ref, func(d *places.Draft) error { return d.Restore(in.Body.Ref, in.Body.Version) })
	})
	register(s, "POST", "/api/places/take-over", "Take what the edge reports in place of what people wrote", edit, http.StatusNoContent, func(ctx context.Context, in *takeOverIn) (*none, error) {
		return nil, s.editRef(ctx, in.Body.Ref, func(d *places.Draft) error {
			return d.TakeOver(in.Body.Ref, in.Body.Field, in.Body.Version)
		})
	})
}

// mayEdit answers "no such place" for what lies beyond the caller's reach; "" is what
// belongs to no building.
func mayEdit(ctx context.Context, buildings ...string) error {
	in := reach(ctx, org.FleetEdit)
	if slices.ContainsFunc(buildings, func(b string) bool { return !in.Has(b) }) {
		return places.ErrNotFound
	}
	return nil
}

// edit changes places as the caller.
func (s *server) edit(ctx context.Context, change func(d *places.Draft) error) error {
	return s.Places.Change(ctx, actor(ctx), func(_ *sql.Tx, d *places.Draft) error { return change(d) })
}

// placeOf is the building a row is in now; devices and edges stand where fleet knows
// them to be.
func (s *server) placeOf(ctx context.Context, r places.Ref) (string, error) {
	switch r.Kind {
	case places.KindDevice:
		k := r.Device()
		_, row, err := s.Fleet.DeviceOf(ctx, k.Edge, k.ID)
		return row.Place.Building, err
	case places.KindEdge:
		return s.buildingOf(contract.EdgeID(r.ID)), nil
	}
	b, ok := s.Places.Tree().BuildingOfRef(r)
	if !ok {
		return "", places.ErrNotFound
	}
	return b, nil
}

func (s *server) editRef(ctx context.Context, r places.Ref, change func(d *places.Draft) error) error {
	b, err := s.placeOf(ctx, r)
	if err != nil {
		return err
	}
	if err := mayEdit(ctx, b); err != nil {
		return err
	}
	if r.Kind == places.KindBuilding { // to take one away or back changes whole communities
		if err := mayEdit(ctx, ""); err != nil {
			return err
		}
	}
	return s.edit(ctx, change)
}

func (s *server) setCommunity(ctx context.Context, in *communityIn) (*body[places.Community], error) {
	if err := mayEdit(ctx, ""); err != nil {
		return nil, err
	}
	b := in.Body
	var out places.Community
	err := s.edit(ctx, func(d *places.Draft) error {
		err := d.SetCommunity(places.Community{ID: in.ID, Name: b.Name, TimeZone: b.TimeZone, Address: b.Address, Pos: b.Pos, Stamp: places.Stamp{Version: b.Version}})
		out = d.Communities[in.ID]
		return err
	})
	return answered(out, err)
}

func (s *server) setBuilding(ctx context.Context, in *buildingEdit) (*body[places.Building], error) {
	b := in.Body
	if err := mayEdit(ctx, in.ID); err != nil {
		return nil, err
	}
	var out places.Building
	err := s.edit(ctx, func(d *places.Draft) error {
		// Who is bound to some buildings can neither make one nor move it to another community.
		if old, there := d.Buildings[in.ID]; !there || old.Community != b.Community {
			if err := mayEdit(ctx, ""); err != nil {
				return err
			}
		}
		err := d.SetBuilding(places.Building{ID: in.ID, Community: b.Community, Name: b.Name, Address: b.Address, Pos: b.Pos, Contacts: b.Contacts, Cameras: b.Cameras,
			Stamp: places.Stamp{Version: b.Version}})
		out = d.Buildings[in.ID]
		return err
	})
	return answered(out, err)
}

func (s *server) addFloors(ctx context.Context, in *floorsIn) (*body[floorsAdded], error) {
	if err := mayEdit(ctx, in.ID); err != nil {
		return nil, err
	}
	numbers, err := places.FloorRange(in.Body.From, in.Body.To, in.Body.Skip)
	if err != nil {
		return nil, err
	}
	var out floorsAdded
	err = s.edit(ctx, func(d *places.Draft) (err error) {
		out.Added, err = d.AddFloors(in.ID, numbers)
		return err
	})
	return answered(out, err)
}

func (s *server) setFloor(ctx context.Context, in *floorEdit) (*body[places.Floor], error) {
	if err := mayEdit(ctx, in.ID); err != nil {
		return nil, err
	}
	pos := in.Floor
	if in.Body.Pos != nil {
		pos = *in.Body.Pos
	}
	var out places.Floor
	err := s.edit(ctx, func(d *places.Draft) error {
		err := d.SetFloor(places.Floor{Building: in.ID, Number: in.Floor, Name: in.Body.Name, Pos: pos, Contacts: in.Body.Contacts, Cameras: in.Body.Cameras,
			Stamp: places.Stamp{Version: in.Body.Version}})
		out = d.Floors[places.FloorKey{Building: in.ID, Number: in.Floor}]
		return err
	})
	return answered(out, err)
}

func (s *server) setEntrance(ctx context.Context, in *entranceEdit) (*body[places.Entrance], error) {
	if err := mayEdit(ctx, in.ID); err != nil {
		return nil, err
	}
	var out places.Entrance
	err := s.edit(ctx, func(d *places.Draft) error {
		err := d.SetEntrance(places.Entrance{Building: in.ID, ID: in.Entrance, Name: in.Body.Name, Pos: in.Body.Pos, Stamp: places.Stamp{Version: in.Body.Version}})
		out = d.Entrances[places.EntranceKey{Building: in.ID, ID: in.Entrance}]
		return err
	})
	return answered(out, err)
}

func (s *server) setRoom(ctx context.Context, r places.Room) (*body[places.Room], error) {
	at := []string{r.Building}
	if r.ID != "" {
		at = append(at, s.Places.Tree().Rooms[r.ID].Building)
	}
	if err := mayEdit(ctx, at...); err != nil {
		return nil, err
	}
	err := s.edit(ctx, func(d *places.Draft) (err error) {
		r, err = d.SetRoom(r)
		return err
	})
	return answered(r, err)
}

func (s *server) removePlace(ctx context.Context, in *refIn) (*body[removed], error) {
	r := in.Body.Ref
	b, err := s.placeOf(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.Kind == places.KindBuilding {
		b = ""
	}
	if err := mayEdit(ctx, b); err != nil {
		return nil, err
	}
	var out removed
	err = s.Places.Change(ctx, actor(ctx), func(tx *sql.Tx, d *places.Draft) (err error) {
		around := places.Around{Standing: s.Fleet.Standing, Kept: func(r places.Ref) (bool, error) { return kept(ctx, tx, r) }}
		out.Archived, err = d.Remove(r, in.Body.Version, around)
		return err
	})
	return answered(out, err)
}

// kept reports whether rows outside the tree refer to a place.
func kept(ctx context.Context, tx *sql.Tx, r places.Ref) (bool, error) {
	switch r.Kind {
	case places.KindBuilding:
		had, err := floorplan.Kept(ctx, tx, r.ID, 0)
		if err != nil || had {
			return had, err
		}
		return places.Remembered(ctx, tx, string(org.In(r.ID)), r.ID)
	case places.KindFloor:
		n := 0
		if _, err := fmt.Sscan(r.ID, &n); err != nil {
			return false, places.ErrNotFound
		}
		return floorplan.Kept(ctx, tx, r.Building, n)
	case places.KindCommunity:
		return places.Remembered(ctx, tx, "community:"+r.ID, "")
	}
	return false, nil
}

// placesFault puts the errors of places, floor plans and imports into words.
func placesFault(err error) *fault {
	if e, ok := errors.AsType[*places.InvalidError](err); ok {
		return badField("body."+e.Field, e.Text.ZH, e.Text.EN)
	}
	if e, ok := errors.AsType[*places.InUseError](err); ok {
		return &fault{status: http.StatusConflict, text: e.Text, open: e.By[:min(len(e.By), 20)]}
	}
	if e, ok := errors.AsType[*places.ConflictError](err); ok {
		return changedBy(e.ChangedBy, e.ChangedAt)
	}
	if e, ok := errors.AsType[*floorplan.ConflictError](err); ok {
		return changedBy(e.By, e.At)
	}
	return nil
}

func changedBy(name string, at time.Time) *fault {
	if name == "" {
		return say(http.StatusConflict, "已经存在，或已有变化，请刷新后再改", "It exists already, or has changed; reload first")
	}
	when := at.UTC().Format(time.RFC3339)
	return say(http.StatusConflict, cmp.Or(name, "—")+" 已于 "+when+" 修改，请看最新内容后再改", cmp.Or(name, "—")+" changed it at "+when+"; look at it before changing it again")
}

// uploaded is [register] for operations whose body may be larger than a message.
func uploaded[I, O any](s *server, method, path, summary string, need access, limit int64, handle func(context.Context, *I) (*O, error)) {
	op := s.operation(method, path, summary, need)
	op.DefaultStatus, op.MaxBodyBytes, op.BodyReadTimeout = http.StatusOK, limit, 2*time.Minute
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			if f := faultOf(err, s.now()); f != nil {
				s.noteRefusal(ctx, callerOf(ctx), method, path, f.status)
			}
			return nil, s.answer(ctx, err)
		}
		return out, nil
	})
}
