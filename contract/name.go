package contract

// Text is a phrase in the product's two languages. ZH is the one that must exist;
// EN falls back to it.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en,omitempty" yaml:"en,omitempty"`
}

// In returns the phrase in lang ("zh-CN" or "en").
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// Ids are chosen by people in configuration, never positional: lower-case ASCII
// letters, digits and '-', starting with a letter, at most 48 bytes. See [ValidID].
type (
	// EdgeID names one edge daemon; it is its MQTT user name and client id.
	EdgeID string
	// BusID names one field bus within an edge.
	BusID string
	// DeviceID names one device within an edge.
	DeviceID string
	// RuleID names one alarm rule within an edge.
	RuleID string
)

// PointID names one point within an edge: "<device>.<point>", for example
// "f12-smoke-east.smoke".
type PointID string

// NewPointID joins a device and the name its profile gives the point.
func NewPointID(d DeviceID, point string) PointID { return PointID(string(d) + "." + point) }

// Device returns the part before the dot.
func (p PointID) Device() DeviceID {
	for i := range len(p) {
		if p[i] == '.' {
			return DeviceID(p[:i])
		}
	}
	return DeviceID(p)
}

// Name returns the part after the dot: the point's name in its profile.
func (p PointID) Name() string {
	for i := range len(p) {
		if p[i] == '.' {
			return string(p[i+1:])
		}
	}
	return ""
}

// ValidID reports whether s may be an id: [a-z][a-z0-9_-]{0,47}.
func ValidID(s string) bool {
	if s == "" || len(s) > 48 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
