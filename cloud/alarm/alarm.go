// Package alarm keeps the life of every alarm: the condition an edge reports, what
// people answer, and the append-only history of both.
package alarm

import (
	"time"

	"anlan/contract"
)

// State is what the console shows; a pure function of condition, latch and
// acknowledgement (see [Alarm.State]). Letters are ISA-18.2's.
type State string

// States. The last three are those of an alarm that is set aside; what it would be
// otherwise is its [Alarm.Underlying] state.
const (
	Unacked      State = "unacked"        // B: active (or unknown, or latched) and nobody has acknowledged
	Acked        State = "acked"          // C: active and acknowledged
	RTNUnacked   State = "rtn_unacked"    // D: returned to normal, still unacknowledged: stays visible
	Closed       State = "closed"         // A: normal and acknowledged; history
	Shelved      State = "shelved"        // E: set aside by a person for a time
	Suppressed   State = "suppressed"     // F: set aside by design, because another alarm explains it
	OutOfService State = "out_of_service" // G: set aside for work on the point
)

// Acknowledgement is a person's answer to the present occurrence.
type Acknowledgement struct {
	By   string    `json:"by"`   // user id
	Name string    `json:"name"` // the person's name at that time
	Note string    `json:"note"`
	At   time.Time `json:"at"`
}

// Verdict is a person's word on the present occurrence: that it is real, or that it is
// not. It never changes the condition and is not an acknowledgement.
type Verdict struct {
	Kind string    `json:"kind"` // [Confirmed] or [FalseAlarm]
	By   string    `json:"by"`
	Name string    `json:"name"`
	Note string    `json:"note"`
	At   time.Time `json:"at"`
}

// Stamps are the instants of one occurrence on its way from the sensor to a person.
// Sensed, Decided and Spooled are by the edge's clock, Painted by the first console
// that reported it; the rest by the cloud's. Zero means not yet.
type Stamps struct {
	Sensed       time.Time `json:"sensed,omitzero"`
	Decided      time.Time `json:"decided,omitzero"`
	Spooled      time.Time `json:"spooled,omitzero"`
	Received     time.Time `json:"received,omitzero"`
	Committed    time.Time `json:"committed,omitzero"`
	Pushed       time.Time `json:"pushed,omitzero"`
	Painted      time.Time `json:"painted,omitzero"`
	Acknowledged time.Time `json:"acknowledged,omitzero"`
}

// Alarm is one open or past alarm. There is at most one open row per (edge, point,
// rule); it closes when it is normal and acknowledged, and a new occurrence after that
// is a new row.
type Alarm struct {
	ID           string             `json:"id"`
	Edge         contract.EdgeID    `json:"edge"`
	Point        contract.PointID   `json:"point"` // "" for alarms about an edge itself
	Rule         contract.RuleID    `json:"rule"`
	Building     string             `json:"building"`
	BuildingName contract.Text      `json:"building_name"`
	DeviceName   contract.Text      `json:"device_name,omitzero"`
	Title        contract.Text      `json:"title"`
	Do           contract.Text      `json:"do,omitzero"` // the first thing to do
	Hazard       contract.Hazard    `json:"hazard"`
	Severity     contract.Severity  `json:"severity"`
	PeakSeverity contract.Severity  `json:"peak_severity"`
	Place        contract.Place     `json:"place"`
	Channel      string             `json:"channel,omitempty"`
	Condition    contract.Condition `json:"condition"`
	Latched      bool               `json:"latched"`
	Value        float64            `json:"value"`
	Unit         contract.Unit      `json:"unit"`
	Quality      contract.Quality   `json:"quality"`
	State        State              `json:"state"`
	Underlying   State              `json:"underlying"` // the state without overrides
	Overrides    []Override         `json:"overrides,omitempty"`
	Definition   *DefinitionRef     `json:"definition,omitempty"` // frozen at the present occurrence; absent: not rationalised
	RespondBy    time.Time          `json:"respond_by,omitzero"`  // by when the present occurrence has to be answered
	FirstOut     bool               `json:"first_out"`            // the first of its group
	Group        string             `json:"group,omitempty"`      // alarms of one building and hazard that came together
	Drill        bool               `json:"drill,omitempty"`      // the reading was a test's
	Ack          *Acknowledgement   `json:"ack,omitempty"`
	Verdict      *Verdict           `json:"verdict,omitempty"`
	Muted        bool               `json:"muted"`
	Count        int                `json:"count"`     // occurrences in this row
	RaisedAt     time.Time          `json:"raised_at"` // sensed time of the present occurrence
	FirstAt      time.Time          `json:"first_at"`
	NormalAt     time.Time          `json:"normal_at,omitzero"`
	ClosedAt     time.Time          `json:"closed_at,omitzero"`
	UpdatedAt    time.Time          `json:"updated_at"`
	Stamps       Stamps             `json:"stamps"`
	Incident     string             `json:"incident,omitempty"`
	Version      int64              `json:"version"` // rises with every change; acknowledge compares it
}

// What happened to an alarm, in its history and in [Change].
const (
	Raised       = "raised"
	Reraised     = "reraised"     // active again, or worse, after an acknowledgement: must be acknowledged anew
	Updated      = "updated"      // value, quality or latch changed, nothing to answer
	Worsened     = "worsened"     // severity rose
	Returned     = "returned"     // to normal
	Acknowledged = "acknowledged" //
	Muted        = "muted"        //
	ResetAsked   = "reset_asked"  // sent to the edge; done only when the edge reports normal
	Reset        = "reset"        // the edge's result
	Confirmed    = "confirmed"    // a person says that it is real
	FalseAlarm   = "false_alarm"  // a person says that it is not
	Painted      = "painted"      // a console showed it
	ActionDone   = "action"       // a local action's report

	Unshelved    = "unshelved"    // the shelf's time is over, or a person ended it
	Unsuppressed = "unsuppressed" // what explained it is gone
	InService    = "in_service"   // work on the point is done
	Asked        = "asked"        // taking out of service waits for a second person
	Refused      = "refused"      // the second person said no
	Extended     = "extended"     // an override ends later than planned
)

// Event is one line of an alarm's append-only history.
type Event struct {
	Seq    int64          `json:"seq"`
	Alarm  string         `json:"alarm"`
	Kind   string         `json:"kind"`
	At     time.Time      `json:"at"`      // when it happened (edge clock for edge events)
	RecvAt time.Time      `json:"recv_at"` // when the cloud learned it
	Actor  string         `json:"actor"`   // person's name, or "edge:<id>"
	Text   string         `json:"text,omitempty"`
	Data   map[string]any `json:"data,omitempty"`
}

// Announces reports whether a change calls people: the alarm is new, or anew, and not
// set aside.
func (c Change) Announces() bool {
	return c.Alarm.State == Unacked && (c.Kind == Raised || c.Kind == Reraised || c.Kind == Worsened)
}

// Change is what a transaction did to one alarm, handed to hooks inside that
// transaction and to listeners after the commit.
type Change struct {
	Alarm Alarm
	Kind  string
}
