// Package alarm is the room where a reading becomes an alarm condition: rules as data,
// and one pure step from (definition, state, input, now) to (state, events).
//
// Nothing here starts a timer, reads a clock or touches a wire. A hold time is a
// duration carried in the [State]; elapsed time is the difference between two values
// of now, so a stepped wall clock does no harm as long as now carries Go's monotonic
// reading. Missing and bad are decided before a condition is evaluated: an unknown
// condition never clears an alarm.
package alarm

import (
	"time"

	"anlan/contract"
)

// Key identifies one alarm of this edge.
type Key struct {
	Point contract.PointID
	Rule  contract.RuleID
}

// String is the form used as a cause in action reports: "<point>/<rule>".
func (k Key) String() string { return string(k.Point) + "/" + string(k.Rule) }

// Def is one rule bound to the points it watches.
type Def struct {
	Key
	Hazard     contract.Hazard
	Title, Do  contract.Text
	Place      contract.Place
	Channel    string
	Unit       contract.Unit
	Inputs     []contract.PointID // in the order the test wants them
	Test       Test
	Levels     []Level // at least one, rising severity
	OnDelay    time.Duration
	OffDelay   time.Duration
	StaleAfter time.Duration // no usable reading for longer than this: unknown
	Latch      bool
	ResetPoint contract.PointID // written before a reset so that the device drops its own latch; "" if none
}

// Level is one severity step. On raises it; it is kept until Off. For a test that is
// only true or false, On and Off are not used.
type Level struct {
	On, Off  float64
	Severity contract.Severity
}

// Kind says how the inputs become a level.
type Kind int

// Kinds of test.
const (
	Above  Kind = iota // value >= On raises, value < Off lets go
	Below              // value <= On raises, value > Off lets go
	Equals             // value is one of Test.Values
	Expr               // Test.Program over all inputs
	Silent             // no good reading from any input for StaleAfter
)

// Test is the condition of a rule.
type Test struct {
	Kind    Kind
	Values  []float64
	Program *Program
	Need    int // > 0: at least this many of the inputs, each tested alone (k of n)
}

// Seen is what the step remembers of one input.
type Seen struct {
	Usable  contract.Reading // last reading that was not bad
	Quality contract.Quality // of the newest reading, whatever it was
}

// State is everything the step carries from one call to the next. The zero value is a
// rule that has never seen anything.
type State struct {
	Condition contract.Condition `json:"condition"`
	Level     int                `json:"level"` // 0 none, else index into Levels + 1
	Latched   bool               `json:"latched,omitempty"`
	Since     time.Time          `json:"since"` // wall time of the last change of condition
	Said      Said               `json:"said"`  // what was last announced
	Last      contract.ConditionChange
	Broken    string `json:"-"` // run-time error of the condition, "" if it runs

	next    int           // level waiting for its delay
	held    time.Duration // how long it has waited
	at      time.Time     // now of the last step
	started time.Time     // now of the first step
	seen    []Seen
}

// Said is the announced part of a state.
type Said struct {
	Condition contract.Condition `json:"condition"`
	Level     int                `json:"level"`
	Latched   bool               `json:"latched,omitempty"`
}

// InForce reports whether people and outputs must treat the alarm as being there: it
// was raised and nothing known has cleared it since.
func (s State) InForce() bool { return s.Level > 0 }

// Input is what a step is told. No readings means that only time has passed.
type Input struct {
	Readings []contract.Reading
}

// Event is one announced change, with the state it left behind.
type Event struct {
	Key      Key
	Change   contract.ConditionChange
	Returned bool // the cause came back while the alarm waited for a reset
}
