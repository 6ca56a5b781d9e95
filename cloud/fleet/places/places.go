// Package places keeps communities, buildings, unit-entrances, floors and rooms, and
// where each device stands, as people edit them. What an edge's manifest says is taken
// over until a person says otherwise; after that it is only shown beside.
//
// Every decision is a method of [Draft], which works in memory; [Store] keeps the
// result in SQL.
package places

import (
	"errors"
	"fmt"
	"time"

	"anlan/contract"
)

// Stamp says who changed a row last. Rev is the number of that change among all changes
// of places; Version counts the changes of the row, and is 0 for a row that only an edge
// has reported.
type Stamp struct {
	Version   int64     `json:"version"`
	Rev       int64     `json:"rev"`
	ChangedBy string    `json:"changed_by,omitempty"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	Archived  bool      `json:"archived,omitempty"`
}

// Reported is what the newest manifest says of a community or building.
type Reported struct {
	Edge          contract.EdgeID `json:"edge,omitempty"` // of a building
	Name          contract.Text   `json:"name"`
	TimeZone      string          `json:"time_zone,omitempty"`
	Community     string          `json:"community,omitempty"`
	Floors        []int           `json:"floors,omitempty"`
	UnitEntrances []string        `json:"unit_entrances,omitempty"`
}

// Community is one residential community.
type Community struct {
	ID       string        `json:"id"`
	Name     contract.Text `json:"name"`
	TimeZone string        `json:"time_zone"` // IANA
	Address  string        `json:"address,omitempty"`
	Pos      int           `json:"pos"`
	Edited   []string      `json:"edited,omitempty"` // fields that manifests no longer change
	Reported *Reported     `json:"reported,omitempty"`
	Stamp
}

// Contact is somebody to call.
type Contact struct {
	Name  string `json:"name" maxLength:"40"`
	Phone string `json:"phone" maxLength:"24"`
	Hours string `json:"hours,omitempty" maxLength:"40"` // "08:00–18:00", in words
}

// Camera is a camera that sees the place.
type Camera struct {
	Name string `json:"name" maxLength:"60"`
	URL  string `json:"url" maxLength:"400"` // http, https or rtsp
}

// Building is one building.
type Building struct {
	ID        string        `json:"id"`
	Community string        `json:"community"`
	Name      contract.Text `json:"name"`
	Address   string        `json:"address,omitempty"`
	Pos       int           `json:"pos"`
	Contacts  []Contact     `json:"contacts"` // in the order to call them
	Cameras   []Camera      `json:"cameras"`
	Edited    []string      `json:"edited,omitempty"`
	Reported  *Reported     `json:"reported,omitempty"`
	Stamp
}

// Entrance is one unit-entrance (单元).
type Entrance struct {
	Building string        `json:"building"`
	ID       string        `json:"id"`   // as said: "2"
	Name     contract.Text `json:"name"` // zero: by its id
	Pos      int           `json:"pos"`
	Stamp
}

// Floor is one floor; contacts and cameras come before those of the building.
type Floor struct {
	Building string        `json:"building"`
	Number   int           `json:"number"` // as on the lift button; never 0
	Name     contract.Text `json:"name"`   // zero: by its number
	Pos      int           `json:"pos"`    // order; the number unless changed
	Contacts []Contact     `json:"contacts"`
	Cameras  []Camera      `json:"cameras"`
	Stamp
}

// Room is a room or a part of a floor.
type Room struct {
	ID           string        `json:"id"`
	Building     string        `json:"building"`
	Floor        int           `json:"floor"`
	UnitEntrance string        `json:"unit_entrance,omitempty"`
	Name         contract.Text `json:"name"`
	Pos          int           `json:"pos"`
	Reported     *RoomReport   `json:"reported,omitempty"`
	Stamp
}

// RoomReport is what manifests call a room, and where they say it is; people may have
// moved or renamed it since.
type RoomReport struct {
	UnitEntrance string `json:"unit_entrance,omitempty"`
	Floor        int    `json:"floor"`
	Name         string `json:"name"` // the Chinese one
}

// Spot is where a person put a device.
type Spot struct {
	Building     string `json:"building" maxLength:"48"`
	UnitEntrance string `json:"unit_entrance,omitempty" maxLength:"16"`
	Floor        int    `json:"floor,omitempty"` // 0: no floor
	Room         string `json:"room,omitempty" maxLength:"48"`
	Zone         string `json:"zone,omitempty" maxLength:"48"` // interlock zone
}

// Site is what people say of a device. A zero Name and a nil Spot mean "as reported".
type Site struct {
	Edge  contract.EdgeID   `json:"edge"`
	ID    contract.DeviceID `json:"id"`
	Name  contract.Text     `json:"name"`
	Spot  *Spot             `json:"spot,omitempty"`
	Note  string            `json:"note,omitempty"`
	Model string            `json:"model,omitempty"` // of a planned device
	Stamp
}

// EdgeSite is the building a person put an edge into, "" for "as reported".
type EdgeSite struct {
	Edge     contract.EdgeID `json:"edge"`
	Building string          `json:"building"`
	Stamp
}

// Keys of rows.
type (
	// EntranceKey names an entrance.
	EntranceKey struct {
		Building string
		ID       string
	}
	// FloorKey names a floor.
	FloorKey struct {
		Building string
		Number   int
	}
	// DeviceKey names a device.
	DeviceKey struct {
		Edge contract.EdgeID
		ID   contract.DeviceID
	}
)

// ErrNotFound marks a place or device that does not exist.
var ErrNotFound = errors.New("places: no such place")

// InvalidError names the field that is wrong, with the reason in words.
type InvalidError struct {
	Field string
	Text  contract.Text
}

func (e *InvalidError) Error() string { return "places: " + e.Field + ": " + e.Text.In("en") }

func invalid(field, zh, en string) error { return &InvalidError{field, contract.Text{ZH: zh, EN: en}} }

// ConflictError means that the row was changed since the caller read it.
type ConflictError struct {
	What string // "building b03"
	Stamp
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("places: %s was changed to version %d by %s", e.What, e.Version, e.ChangedBy)
}

// InUseError means that something hangs on the place.
type InUseError struct {
	Text contract.Text
	By   []string // what, by name
}

func (e *InUseError) Error() string { return "places: in use: " + e.Text.In("en") }
