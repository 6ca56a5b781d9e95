package contract

import (
	"fmt"
	"time"
)

// Condition is the edge's axis of an alarm.
type Condition string

// Conditions. Unknown is a state of its own: it never clears an alarm and is never
// shown as normal.
const (
	Normal  Condition = "normal"
	Active  Condition = "active"
	Unknown Condition = "unknown"
)

// Severity orders alarms; higher is worse. JSON and YAML use the words.
type Severity int

// Severities: 提示 notice ○, 一般 minor ●, 重要 major ▲, 紧急 critical ◆.
const (
	Notice   Severity = 1
	Minor    Severity = 2
	Major    Severity = 3
	Critical Severity = 4
)

var severityWords = [...]string{Notice: "notice", Minor: "minor", Major: "major", Critical: "critical"}

func (s Severity) String() string {
	if s < Notice || s > Critical {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityWords[s]
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Notice || s > Critical {
		return nil, fmt.Errorf("contract: no severity %d", int(s))
	}
	return []byte(severityWords[s]), nil
}

// UnmarshalText reads the word.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, w := range severityWords {
		if w != "" && w == string(b) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("contract: unknown severity %q", b)
}

// Hazard is the kind of danger an alarm speaks of; plans are chosen by it.
type Hazard string

// Hazards. Fire, Gas, Toxic and Entrapment are life-safety: always listed one by one.
const (
	Fire       Hazard = "fire"       // 火灾
	Gas        Hazard = "gas"        // 燃气泄漏
	Toxic      Hazard = "toxic"      // 有毒气体 (CO): nothing explodes, so other plans and interlocks
	Entrapment Hazard = "entrapment" // 电梯困人
	Equipment  Hazard = "equipment"  // 设备故障
	Water      Hazard = "water"      // 水浸
	Comms      Hazard = "comms"      // 通信故障 (device, bus or edge not heard)
	Linkage    Hazard = "linkage"    // 联动失败 (an action was not confirmed)
	Order      Hazard = "order"      // 公共秩序 (a blocked fire lane, a thrown object)
	Self       Hazard = "self"       // 系统自身 (disk, clock, queue)
)

// Hazards lists every hazard, the life-safety ones first.
func Hazards() []Hazard {
	return []Hazard{Fire, Gas, Toxic, Entrapment, Equipment, Water, Comms, Linkage, Order, Self}
}

// LifeSafety reports whether people may be hurt within minutes.
func (h Hazard) LifeSafety() bool { return h == Fire || h == Gas || h == Toxic || h == Entrapment }

// ConditionChange is one step of an alarm's condition, as decided by a rule at the
// edge. It is the payload of a [KindCondition] record. One alarm is identified by
// (edge, Point, Rule).
type ConditionChange struct {
	Point     PointID   `json:"point"`
	Rule      RuleID    `json:"rule"`
	Condition Condition `json:"condition"`
	Previous  Condition `json:"previous"`
	Latched   bool      `json:"latched,omitempty"` // the cause is gone but the alarm waits for a reset
	Severity  Severity  `json:"severity"`
	Hazard    Hazard    `json:"hazard"`
	Title     Text      `json:"title"`             // "烟感火警"
	Do        Text      `json:"do,omitzero"`       // the first thing to do
	Place     Place     `json:"place"`             //
	Channel   string    `json:"channel,omitempty"` // detection loop or zone channel; two sources are independent only if device and channel differ
	Value     float64   `json:"value"`             //
	Unit      Unit      `json:"unit,omitempty"`    //
	Quality   Quality   `json:"quality"`           //
	Reason    string    `json:"reason,omitempty"`  // why unknown or why re-raised, for the log
	SensedAt  time.Time `json:"sensed_at"`         // the reading that decided it
	DecidedAt time.Time `json:"decided_at"`        // when the rule stepped
}

// Outcome is how far a local action got.
type Outcome string

// Outcomes of an action. Only Confirmed means that the thing moved: the device's
// read-back or limit switch says so.
const (
	Requested    Outcome = "requested"
	Confirmed    Outcome = "confirmed"
	NotConfirmed Outcome = "not_confirmed"
	Refused      Outcome = "refused" // an interlock or forbid said no; nothing was written
	FailedWrite  Outcome = "failed"  // the write itself failed
)

// ActionReport tells what the edge did about an alarm. Payload of [KindAction].
type ActionReport struct {
	ID       string    `json:"id"`                 // same id over the action's life
	Output   string    `json:"output"`             // output id from the configuration
	Name     Text      `json:"name"`               // "12层声光报警器"
	Verb     string    `json:"verb"`               // "on", "off", "close", "recall"
	Outcome  Outcome   `json:"outcome"`            //
	Why      string    `json:"why,omitempty"`      // refusing interlock, write error, missing feedback
	Cause    string    `json:"cause"`              // "<point>/<rule>" or "command:<id>"
	Place    Place     `json:"place"`              //
	Attempt  int       `json:"attempt"`            // 1 for the first
	At       time.Time `json:"at"`                 //
	Readback *float64  `json:"readback,omitempty"` // value read back, if any
}

// CheckIn is a tag held to a reader. Payload of [KindCheckIn].
type CheckIn struct {
	Reader DeviceID  `json:"reader"`
	Name   Text      `json:"name"`
	Place  Place     `json:"place"`
	UID    string    `json:"uid"`             // upper-case hex without separators
	Texts  []string  `json:"texts,omitempty"` // texts and links on the tag
	At     time.Time `json:"at"`
}
