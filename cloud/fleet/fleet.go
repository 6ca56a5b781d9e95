// Package fleet knows the communities, buildings, edges, devices and points there are,
// their last values, and which edges are being heard.
package fleet

import (
	"time"

	"anlan/contract"
)

// EdgeState says whether an edge is being heard.
type EdgeState string

// Edge states.
const (
	Online   EdgeState = "online"
	Degraded EdgeState = "degraded" // silent for 30 s, or not yet heard since the cloud started
	Lost     EdgeState = "lost"     // silent for 75 s; its points are stale
	Never    EdgeState = "never"    // enrolled, not yet heard
)

// Worst-of states of devices and buildings.
const (
	StateOK      = "ok"
	StateAlarm   = "alarm"
	StateFault   = "fault"
	StateUnknown = "unknown"
	StateLost    = "lost"
)

// Pending is how many records an edge still keeps.
type Pending struct {
	Alarm     int64 `json:"alarm"`
	Telemetry int64 `json:"telemetry"`
}

// Edge is one edge daemon as the console shows it.
type Edge struct {
	ID            contract.EdgeID `json:"id"`
	Name          contract.Text   `json:"name"`
	Building      string          `json:"building"`
	State         EdgeState       `json:"state"`
	LastSeen      time.Time       `json:"last_seen,omitzero"`
	LostSince     time.Time       `json:"lost_since,omitzero"`
	Boot          string          `json:"boot"`
	Config        string          `json:"config"`
	Software      string          `json:"software"`
	ClockOffsetMS int64           `json:"clock_offset_ms"` // edge clock minus ours
	Pending       Pending         `json:"pending"`
	DiskFree      int64           `json:"disk_free"` // bytes
	Devices       int             `json:"devices"`
	Points        int             `json:"points"`
}

// Community is one residential community.
type Community struct {
	ID   string        `json:"id"`
	Name contract.Text `json:"name"`
	TZ   string        `json:"tz"` // IANA
}

// Building is one building with its present state.
type Building struct {
	ID            string            `json:"id"`
	Name          contract.Text     `json:"name"`
	Community     string            `json:"community"`
	Floors        []int             `json:"floors"`
	UnitEntrances []string          `json:"unit_entrances"`
	Worst         string            `json:"worst"` // severity word of the worst open alarm, or ""
	UnknownPoints int               `json:"unknown_points"`
	OpenAlarms    int               `json:"open_alarms"`
	State         string            `json:"state"` // ok, alarm, unknown, lost
	Edge          contract.EdgeID   `json:"edge"`  // the first one; most buildings have one
	Edges         []contract.EdgeID `json:"edges"`
}

// RuleLine is a rule as charts draw it.
type RuleLine struct {
	ID       contract.RuleID   `json:"id"`
	Title    contract.Text     `json:"title"`
	Hazard   contract.Hazard   `json:"hazard"`
	Severity contract.Severity `json:"severity"`
	Latch    bool              `json:"latch,omitempty"`
	On       *float64          `json:"on,omitempty"`
	Off      *float64          `json:"off,omitempty"`
}

// Point is one point with its last value. Value is nil if there never was one.
type Point struct {
	ID       contract.PointID        `json:"id"`
	Edge     contract.EdgeID         `json:"edge"`
	Name     contract.Text           `json:"name"`
	Unit     contract.Unit           `json:"unit"`
	Decimals int                     `json:"decimals"`
	Enum     map[int64]contract.Text `json:"enum,omitempty"`
	Alarm    bool                    `json:"alarm"`
	Min      *float64                `json:"min,omitempty"`
	Max      *float64                `json:"max,omitempty"`
	Value    *float64                `json:"value"`
	Quality  contract.Quality        `json:"quality"`
	At       time.Time               `json:"at,omitzero"`
	AgeMS    int64                   `json:"age_ms"`
	Rules    []RuleLine              `json:"rules"`
}

// Device is one device with its points.
type Device struct {
	ID       contract.DeviceID `json:"id"`
	Edge     contract.EdgeID   `json:"edge"`
	Bus      contract.BusID    `json:"bus"`
	Name     contract.Text     `json:"name"`
	Place    contract.Place    `json:"place"`
	Profile  string            `json:"profile"`
	Model    string            `json:"model"`
	Verified bool              `json:"verified"`
	State    string            `json:"state"` // ok, alarm, fault, unknown
	Points   []Point           `json:"points"`
}

// PointTotals counts points and those with a good value.
type PointTotals struct {
	Total int `json:"total"`
	Good  int `json:"good"`
}

// Overview is the fleet's part of the overview page.
type Overview struct {
	Community   Community   `json:"community"`
	Buildings   []Building  `json:"buildings"`
	Edges       []Edge      `json:"edges"`
	Points      PointTotals `json:"points"`
	LastEventAt time.Time   `json:"last_event_at,omitzero"`
}

// PointValue is one value that has just come.
type PointValue struct {
	Point   contract.PointID `json:"point"`
	Value   float64          `json:"value"`
	Quality contract.Quality `json:"quality"`
	At      time.Time        `json:"at"`
}

// CheckIn is a tag that was held to a reader.
type CheckIn struct {
	contract.CheckIn
	Edge         contract.EdgeID `json:"edge"`
	BuildingName contract.Text   `json:"building_name"`
	ReceivedAt   time.Time       `json:"received_at"`
}
