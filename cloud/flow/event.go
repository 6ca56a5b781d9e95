package flow

import (
	"time"

	"anlan/cloud/cond"
	"anlan/contract"
)

// EventKind is what someone, or the clock, wants.
type EventKind string

// Kinds of events.
const (
	Decide     EventKind = "decide"
	Transfer   EventKind = "transfer"
	Delegate   EventKind = "delegate"
	AddSigner  EventKind = "add_signer"
	DropSigner EventKind = "remove_signer"
	Withdraw   EventKind = "withdraw"
	TakeBack   EventKind = "take_back"
	Urge       EventKind = "urge"
	Suspend    EventKind = "suspend"
	Resume     EventKind = "resume"
	Terminate  EventKind = "terminate"
	Reassign   EventKind = "reassign"
	Read       EventKind = "read"
	Comment    EventKind = "comment"
	Fire       EventKind = "fire"
	ChildDone  EventKind = "child_done"
)

// Verdict is a decision on a task.
type Verdict string

// Verdicts. Return sends back at once, whatever the others of the node think.
const (
	Agree  Verdict = "agree"
	Reject Verdict = "reject"
	Return Verdict = "return"
)

// Event is one thing that someone, or the clock, wants.
type Event struct {
	Kind EventKind
	By   Person
	// Admin says that By may act on instances of others: suspend, resume, end, hand over.
	Admin   bool
	Task    int
	Verdict Verdict
	Target  string // node to return to
	To      []Person
	From    Person // reassign: who leaves
	Add     string // before, after, parallel
	Text    string
	Sign    string
	Chosen  map[string][]Person // by node
	Until   time.Time
	Timer   string
	Run     int // child_done
	Outcome Status
}

// Ask is a search for people that only the organisation can answer.
type Ask struct {
	Kind  Source
	IDs   []string
	Level int
	Until string // post
	Of    Person
	// Where the record is, "" if it does not say: roles are looked for there.
	Community, Building string
}

// In is the world a step looks at. It must answer the same for the whole step.
type In struct {
	Now   time.Time
	Holds func(cond.Expr) bool
	Value func(field string) any
	// Shown says if the form shows a field to whoever decides: what nobody can see, nobody
	// can be asked for. nil shows all.
	Shown func(field string) bool
	// Find returns people who are there: nobody who has left.
	Find func(Ask) []Person
	// Admins are asked where nobody else is found.
	Admins func() []Person
	Load   func(person string) int // open tasks
	// Limit looks a deadline up in a table outside the flow. rework is not zero on a
	// return: the deadline before.
	Limit func(scheme string, value any, from, rework time.Time) (time.Time, bool)
	// Work adds working time.
	Work func(from time.Time, d time.Duration) time.Time
	// Before is the state before a step.
	Before func(step int) (State, error)
}

// Effect is what has to be done because of a step, beside keeping its state.
type Effect struct {
	Kind  EffectKind
	To    []Person
	Node  string
	Task  int
	Patch map[string]any
	Run   int
	Flow  string
	Fresh map[string]string
	Due   time.Time
	Text  string
}

// EffectKind is what has to be done.
type EffectKind string

// Kinds of effects. The Notify… ones tell people.
const (
	NotifyTask     EffectKind = "task"
	NotifyCC       EffectKind = "cc"
	NotifyReturned EffectKind = "returned"
	NotifyUrge     EffectKind = "urge"
	NotifyRemind   EffectKind = "remind"
	NotifyOverdue  EffectKind = "overdue"
	NotifyEscalate EffectKind = "escalate"
	NotifyNobody   EffectKind = "nobody"
	NotifyEnded    EffectKind = "ended"
	PatchRecord    EffectKind = "patch"
	StartChild     EffectKind = "start_child"
	CancelChild    EffectKind = "cancel_child"
	TellParent     EffectKind = "tell_parent"
)

// Code says why something was refused.
type Code string

// Codes.
const (
	NotFound  Code = "not_found"
	NotYours  Code = "not_yours"
	NotOpen   Code = "not_open"
	NotNow    Code = "not_now"
	Missing   Code = "missing"
	TooSoon   Code = "too_soon"
	NoPeople  Code = "no_people"
	BadTarget Code = "bad_target"
)

// Error is why something was refused, in the user's words. Fields are what is missing.
type Error struct {
	Code   Code
	Text   contract.Text
	Fields []string
}

func (e *Error) Error() string { return "flow: " + e.Text.EN }

func refuse(c Code, zh, en string, fields ...string) error {
	return &Error{c, text(zh, en), fields}
}
