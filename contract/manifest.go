package contract

// Manifest tells the cloud what an edge has. The edge publishes it (QoS 1) after each
// connect and whenever its configuration changes; it is not part of a durable stream
// because the newest one is the only one that matters.
type Manifest struct {
	V        int              `json:"v"`
	Edge     EdgeID           `json:"edge"`
	Name     Text             `json:"name"`
	Config   string           `json:"config"` // revision: hex SHA-256 of the configuration in force, first 16 digits
	Building ManifestBuilding `json:"building"`
	Buses    []ManifestBus    `json:"buses"`
	Devices  []ManifestDevice `json:"devices"`
	Rules    []ManifestRule   `json:"rules"`
	Outputs  []ManifestOutput `json:"outputs,omitempty"`
}

// ManifestBuilding is the building an edge stands in.
type ManifestBuilding struct {
	Community     string   `json:"community"`
	CommunityName Text     `json:"community_name"`
	TimeZone      string   `json:"time_zone"` // IANA, "Asia/Shanghai"
	ID            string   `json:"id"`
	Name          Text     `json:"name"`
	Floors        []int    `json:"floors"` // bottom to top, 0 left out
	UnitEntrances []string `json:"unit_entrances,omitempty"`
}

// ManifestBus is one field bus.
type ManifestBus struct {
	ID   BusID  `json:"id"`
	Kind string `json:"kind"` // "modbus-rtu", "modbus-tcp", "nfc-pn532"
	Name Text   `json:"name"`
}

// ManifestDevice is one device with its points.
type ManifestDevice struct {
	ID       DeviceID        `json:"id"`
	Bus      BusID           `json:"bus"`
	Profile  string          `json:"profile"`
	Model    string          `json:"model"`
	Verified bool            `json:"verified"` // the profile was checked against hardware
	Name     Text            `json:"name"`
	Place    Place           `json:"place"`
	Points   []ManifestPoint `json:"points"`
}

// ManifestPoint is one point.
type ManifestPoint struct {
	ID       PointID        `json:"id"`
	Name     Text           `json:"name"`
	Unit     Unit           `json:"unit,omitempty"`
	Decimals int            `json:"decimals,omitempty"`
	Enum     map[int64]Text `json:"enum,omitempty"`  // code to word, for states
	Alarm    bool           `json:"alarm,omitempty"` // polled in the alarm class
	Min      *float64       `json:"min,omitempty"`
	Max      *float64       `json:"max,omitempty"`
}

// ManifestRule is one alarm definition. Thresholds are for drawing on charts.
type ManifestRule struct {
	ID       RuleID   `json:"id"`
	Point    PointID  `json:"point"`
	Title    Text     `json:"title"`
	Do       Text     `json:"do,omitzero"`
	Hazard   Hazard   `json:"hazard"`
	Severity Severity `json:"severity"`
	Latch    bool     `json:"latch,omitempty"`
	On       *float64 `json:"on,omitempty"`
	Off      *float64 `json:"off,omitempty"`
}

// ManifestOutput is something the edge can drive.
type ManifestOutput struct {
	ID    string   `json:"id"`
	Name  Text     `json:"name"`
	Kind  string   `json:"kind"`  // "siren", "valve", "elevator"
	Verbs []string `json:"verbs"` //
	Place Place    `json:"place"` //
}
