package alarm

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"anlan/cloud/org"
	"anlan/contract"
)

// OverrideKind is why an alarm is set aside. Kinds are states of alarms, too.
type OverrideKind = State

// RuleOverdue is the rule of the alarm that a point has been out of service for longer
// than planned. No override covers it.
const RuleOverdue contract.RuleID = "oos-overdue"

// Reason is why a person sets an alarm aside.
type Reason string

// Reasons.
const (
	ReasonStale       Reason = "stale"
	ReasonChattering  Reason = "chattering"
	ReasonMaintenance Reason = "maintenance"
	ReasonNuisance    Reason = "nuisance"
	ReasonTest        Reason = "test"
	ReasonOther       Reason = "other"
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{ReasonStale, ReasonChattering, ReasonMaintenance, ReasonNuisance, ReasonTest, ReasonOther}
}

// OverrideStatus is how far an override is.
type OverrideStatus string

// Statuses. Only an active one sets anything aside.
const (
	Requested OverrideStatus = "requested" // waits for a second person
	InForce   OverrideStatus = "active"
	Ended     OverrideStatus = "ended"
)

// Approval is the second person's word.
type Approval struct {
	By   string    `json:"by"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// Extension is a wish to end later that waits for a second person.
type Extension struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// Override sets the alarms of one rule of a point aside, or of all its rules. The
// process goes on being watched, stored and logged meanwhile.
type Override struct {
	ID         string            `json:"id"`
	Kind       OverrideKind      `json:"kind"`
	Status     OverrideStatus    `json:"status"`
	Edge       contract.EdgeID   `json:"edge"`
	Point      contract.PointID  `json:"point"`
	Rule       contract.RuleID   `json:"rule"` // "": every rule of the point
	Building   string            `json:"building"`
	Title      contract.Text     `json:"title"` // what is set aside, for people
	Hazards    []contract.Hazard `json:"hazards"`
	LifeSafety bool              `json:"life_safety"` // needs a second person
	Reason     Reason            `json:"reason,omitempty"`
	Text       string            `json:"text"`
	By         string            `json:"by"` // "": the system
	ByName     string            `json:"by_name"`
	From       time.Time         `json:"from"`
	Until      time.Time         `json:"until,omitzero"`
	OneShot    bool              `json:"one_shot,omitempty"`   // ends at the next return to normal
	WorkOrder  string            `json:"work_order,omitempty"` //
	Person     string            `json:"person,omitempty"`     // who does the work
	Approvals  []Approval        `json:"approvals,omitempty"`
	Wish       *Extension        `json:"wish,omitempty"`
	Cause      string            `json:"cause,omitempty"` // edge/point/rule of what suppresses
	Overdue    bool              `json:"overdue,omitempty"`
	EndedAt    time.Time         `json:"ended_at,omitzero"`
	EndedBy    string            `json:"ended_by,omitempty"`
	EndedWhy   string            `json:"ended_why,omitempty"` // expired, returned, cause_gone, refused, unanswered, or a person's words
}

// Covers reports whether the override is about alarms of this rule of a point.
func (o Override) Covers(e contract.EdgeID, p contract.PointID, r contract.RuleID) bool {
	return o.Edge == e && o.Point == p && (o.Rule == "" || o.Rule == r) && r != RuleOverdue
}

// Holds reports whether the override is in force. Out of service never ends by itself:
// a point that nobody put back must not look watched.
func (o Override) Holds(now time.Time) bool {
	return o.Status == InForce && (o.Kind == OutOfService || o.Until.IsZero() || now.Before(o.Until))
}

// Effective is the state people see: out of service goes before suppressed before
// shelved before what is underneath. What is closed is history, whatever covers it.
func Effective(underlying State, overrides []Override, now time.Time) State {
	if underlying == Closed {
		return Closed
	}
	rank := []State{OutOfService, Suppressed, Shelved}
	best := len(rank)
	for _, o := range overrides {
		if i := slices.Index(rank, o.Kind); i >= 0 && o.Holds(now) {
			best = min(best, i)
		}
	}
	if best < len(rank) {
		return rank[best]
	}
	return underlying
}

// Policy is how long what may be set aside.
type Policy struct {
	Version         int64                     `json:"version"`
	ShelveMaxS      map[contract.Hazard]int64 `json:"shelve_max_s"`         // seconds; 0: not by shelving, only out of service
	OutOfServiceS   int64                     `json:"out_of_service_max_s"` // seconds
	FirstOutWindowS int64                     `json:"first_out_window_s"`   // seconds within which alarms of a building and hazard are one group
	ByName          string                    `json:"by_name,omitempty"`
	At              time.Time                 `json:"at,omitzero"`
}

// DefaultPolicy holds until a person changes it: eight hours, life-safety never.
func DefaultPolicy() Policy {
	p := Policy{ShelveMaxS: map[contract.Hazard]int64{}, OutOfServiceS: 30 * 24 * 3600, FirstOutWindowS: 60}
	for _, h := range contract.Hazards() {
		p.ShelveMaxS[h] = 8 * 3600
		if h.LifeSafety() {
			p.ShelveMaxS[h] = 0
		}
	}
	return p
}

// check lists what is wrong with a policy.
func (p Policy) check() error {
	var bad InvalidError
	for _, h := range contract.Hazards() {
		s, ok := p.ShelveMaxS[h]
		path := "shelve_max_s." + string(h)
		switch {
		case !ok:
			bad.add(path, "缺少此项", "This one is missing")
		case h.LifeSafety() && s != 0:
			bad.add(path, "涉及生命安全的报警不能屏蔽，只能停用", "A life-safety alarm cannot be shelved, only taken out of service")
		case s < 0 || s > 7*24*3600:
			bad.add(path, "须为 0 至 168 小时", "0 to 168 hours")
		}
	}
	for h := range p.ShelveMaxS {
		if !slices.Contains(contract.Hazards(), h) {
			bad.add("shelve_max_s."+string(h), "没有这种危险", "No such hazard")
		}
	}
	if p.OutOfServiceS < 3600 || p.OutOfServiceS > 366*24*3600 {
		bad.add("out_of_service_max_s", "须为 1 小时至 366 天", "1 hour to 366 days")
	}
	if p.FirstOutWindowS < 1 || p.FirstOutWindowS > 3600 {
		bad.add("first_out_window_s", "须为 1 秒至 1 小时", "1 second to 1 hour")
	}
	return bad.err()
}

// shelveMax is the longest time alarms of these hazards may be shelved; the strictest
// one counts, and what is not known is not shelved.
func (p Policy) shelveMax(hazards []contract.Hazard) time.Duration {
	if len(hazards) == 0 {
		return 0
	}
	least := time.Duration(1<<63 - 1)
	for _, h := range hazards {
		least = min(least, time.Duration(p.ShelveMaxS[h])*time.Second)
	}
	return least
}

// FieldError is one wrong field, with its reason in words.
type FieldError struct {
	Path string
	Text contract.Text
}

// InvalidError lists the fields that are wrong.
type InvalidError struct{ Fields []FieldError }

func (e *InvalidError) Error() string {
	return "alarm: " + e.Fields[0].Path + ": " + e.Fields[0].Text.EN
}

func (e *InvalidError) add(path, zh, en string) {
	e.Fields = append(e.Fields, FieldError{path, contract.Text{ZH: zh, EN: en}})
}

func (e *InvalidError) err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

func invalid(path, zh, en string) error {
	var e InvalidError
	e.add(path, zh, en)
	return &e
}

// Errors of overrides; test with errors.Is.
var (
	ErrNoOverride = errors.New("no such override")
	ErrOver       = errors.New("the override has ended")
	ErrTwoPersons = errors.New("a second person has to approve")
	ErrNothing    = errors.New("there is nothing to approve")
	ErrVersion    = errors.New("somebody else has changed it")
)

// OverrideRequest asks for a shelf or for taking out of service.
type OverrideRequest struct {
	Kind      OverrideKind
	Edge      contract.EdgeID
	Point     contract.PointID
	Rule      contract.RuleID
	Building  string
	Title     contract.Text
	Hazard    contract.Hazard // of the alarm it is asked for at; "" if there is none
	Reason    Reason
	Text      string
	Until     time.Time
	OneShot   bool
	WorkOrder string
	Person    string
}

// decide makes the override a person asked for, or says what is wrong. hazards are all
// that the rules it covers speak of.
func (r OverrideRequest) decide(by org.Actor, hazards []contract.Hazard, p Policy, now time.Time) (Override, error) {
	o := Override{Kind: r.Kind, Status: InForce, Edge: r.Edge, Point: r.Point, Rule: r.Rule, Building: r.Building, Title: r.Title, Hazards: hazards,
		Reason: r.Reason, Text: r.Text, By: by.ID, ByName: by.Name, From: now, Until: r.Until.UTC(), OneShot: r.OneShot, WorkOrder: r.WorkOrder, Person: r.Person,
		LifeSafety: len(hazards) == 0 || slices.ContainsFunc(hazards, contract.Hazard.LifeSafety)}
	var bad InvalidError
	if !slices.Contains(Reasons(), r.Reason) {
		bad.add("reason", "请选择原因", "Choose a reason")
	}
	if r.Reason == ReasonOther && r.Text == "" {
		bad.add("text", "原因为“其他”时须说明", "Say why when the reason is “other”")
	}
	switch r.Kind {
	case Shelved:
		most := p.shelveMax(hazards)
		switch {
		case most == 0:
			bad.add("until", "这类报警不能屏蔽；需要检修时请办理停用", "These alarms cannot be shelved; take the point out of service for work on it")
		case !r.Until.After(now) || r.Until.After(now.Add(most)):
			bad.add("until", "须在 "+hours(most)+" 小时以内", "At most "+hours(most)+" h from now")
		}
	case OutOfService:
		o.OneShot = false
		if r.WorkOrder == "" {
			bad.add("work_order", "请填写工单号", "Name the work order")
		}
		if r.Person == "" {
			bad.add("person", "请填写作业人", "Name who does the work")
		}
		if most := time.Duration(p.OutOfServiceS) * time.Second; !r.Until.After(now) || r.Until.After(now.Add(most)) {
			bad.add("until", "计划恢复时间须在 "+hours(most)+" 小时以内", "The planned end must be within "+hours(most)+" h")
		}
		if o.LifeSafety {
			o.Status = Requested
		}
	default:
		bad.add("kind", "须为屏蔽或停用", "Must be shelved or out_of_service")
	}
	return o, bad.err()
}

func hours(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) }
