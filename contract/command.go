package contract

import "time"

// Verb is what a command asks an edge to do.
type Verb string

// Verbs. Opening a gas valve is deliberately not among them: it is a local, manual act.
const (
	VerbReset Verb = "reset" // unlatch (Point, Rule) if its cause is gone; switch its outputs off
	VerbMute  Verb = "mute"  // silence sounders of (Point, Rule); the alarm stays
	VerbDrive Verb = "drive" // drive Output to Value ("on", "off", "close", "recall"), interlocks apply
)

// Command goes from the cloud to one edge, at most once in effect: the edge remembers
// ids it has carried out and answers a repeat with the stored result. The cloud keeps
// it until a [CommandResult] came or it expired.
type Command struct {
	V        int       `json:"v"`
	ID       string    `json:"id"`
	Verb     Verb      `json:"verb"`
	Point    PointID   `json:"point,omitempty"`
	Rule     RuleID    `json:"rule,omitempty"`
	Output   string    `json:"output,omitempty"`
	Value    string    `json:"value,omitempty"`
	By       string    `json:"by"` // person's name, for the edge's own log
	IssuedAt time.Time `json:"issued_at"`
	Expires  time.Time `json:"expires_at"`
}

// CommandResult closes a command. Payload of [KindResult].
type CommandResult struct {
	ID   string    `json:"id"`
	OK   bool      `json:"ok"`
	Why  string    `json:"why,omitempty"`  // a code: "expired", "not_latched", "cause_present", "unknown_point", "unknown_output", "refused", "failed"
	Text string    `json:"text,omitempty"` // detail for the log
	At   time.Time `json:"at"`
}
