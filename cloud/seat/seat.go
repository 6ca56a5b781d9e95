// Package seat keeps the console seats: who sits where, whether they can see and hear,
// which alarms they have painted, who handles which alarm, and whether anybody is
// watching at all.
package seat

import (
	"errors"
	"time"
)

// Kind is what a seat is for.
type Kind string

// Kinds.
const (
	Desk Kind = "desk" // a person on watch sits here
	View Kind = "view" // somebody looks on, without the right to keep a seat
	Wall Kind = "wall" // a screen on the wall: nobody sits at it
)

// Sound is what a seat says about its own sound.
type Sound string

// Sounds.
const (
	Armed   Sound = "armed"   // tested by a person, can be heard
	Muted   Sound = "muted"   // armed, and one tone is silenced for at most two minutes
	Blocked Sound = "blocked" // suspended by the browser, or no output
	Unarmed Sound = "unarmed" // never tested since the page was opened
)

// State is what the server concludes about a seat.
type State string

// States.
const (
	Watching State = "watching" // can see and hear
	Asleep   State = "asleep"   // can see and hear, but nothing was touched for long at night: only reported
	Deaf     State = "deaf"     // an alarm would not be heard here
	Blind    State = "blind"    // the page is hidden
	Gone     State = "gone"     // left, or not heard
)

// Seat is one console.
type Seat struct {
	ID           string    `json:"id"`
	Kind         Kind      `json:"kind"`
	Name         string    `json:"name"`
	Person       string    `json:"person"` // user id
	PersonName   string    `json:"person_name"`
	Browser      string    `json:"browser"`
	RegisteredAt time.Time `json:"registered_at"`
	HeardAt      time.Time `json:"heard_at"`
	InputAt      time.Time `json:"input_at,omitzero"` // the last key or pointer
	Visible      bool      `json:"visible"`
	Sound        Sound     `json:"sound"`
	PaintedSeq   int64     `json:"painted_seq"` // the newest event it has painted
	State        State     `json:"state"`
	LeftAt       time.Time `json:"left_at,omitzero"`
}

// Claim says who handles an alarm.
type Claim struct {
	Alarm      string    `json:"alarm"`
	Building   string    `json:"building"`
	Seat       string    `json:"seat"`
	Person     string    `json:"person"`
	PersonName string    `json:"person_name"`
	At         time.Time `json:"at"`
}

// Beat is what a seat says about itself every five seconds.
type Beat struct {
	Visible    bool
	Sound      Sound
	PaintedSeq int64
	Idle       time.Duration // since the last key or pointer
}

// Painted is one occurrence that a seat has shown.
type Painted struct {
	Alarm string    `json:"alarm"`
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

// Unwatched is a life-safety occurrence that nobody saw in time.
type Unwatched struct {
	Alarm    string    `json:"alarm"`
	Count    int       `json:"count"`
	Building string    `json:"building"`
	Why      Why       `json:"why"`
	At       time.Time `json:"at"` // when it was committed
}

// Why nobody saw it.
type Why string

// Reasons.
const (
	NotPainted Why = "not_painted" // seats are there, none showed it
	NoSeat     Why = "no_seat"     // no seat can see and hear
)

// Errors.
var (
	ErrNotFound = errors.New("seat: no such seat")
	ErrOther    = errors.New("seat: another person sits there")
)

// ClaimedError means that another person already handles the alarm.
type ClaimedError struct{ Claim Claim }

func (e *ClaimedError) Error() string { return "seat: claimed by " + e.Claim.PersonName }
