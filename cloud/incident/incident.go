// Package incident runs emergency plans: it launches them from alarms or by hand, asks
// for people, keeps every clock, and writes down what happened. The decisions are pure
// functions of plan, state, event and time; the store makes them durable.
package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"
)

// States of an incident.
const (
	Open   = "open"
	Closed = "closed"
)

// Incident is the head of one running or closed plan.
type Incident struct {
	ID           string          `json:"id"`
	HumanNo      string          `json:"human_no"` // "INC-2026-00042"
	Plan         string          `json:"plan"`
	PlanVersion  int             `json:"plan_version"`
	Title        contract.Text   `json:"title"`
	Hazard       contract.Hazard `json:"hazard"`
	Drill        bool            `json:"drill"`
	State        string          `json:"state"`
	Building     string          `json:"building"`
	BuildingName contract.Text   `json:"building_name"`
	Place        contract.Place  `json:"place"`
	LaunchedBy   string          `json:"launched_by"` // a person's name, or "system"
	LaunchedAt   time.Time       `json:"launched_at"`
	Cause        contract.Text   `json:"cause"`
	ClosedAt     time.Time       `json:"closed_at,omitzero"`
	Alarms       []string        `json:"alarms"`
	Overdue      int             `json:"overdue"` // open tasks past their time
	Version      int64           `json:"version"`
}

// States of a role.
const (
	Asked    = "asked"
	Accepted = "accepted"
	Unfilled = "unfilled" // every candidate was asked in vain; anyone who works incidents may take it
)

// RoleRun is one role of a running plan.
type RoleRun struct {
	Key        string        `json:"key"`
	Name       contract.Text `json:"name"`
	State      string        `json:"state"`
	AskedRoles []org.Role    `json:"asked_roles"` // asked so far, the last one now
	Person     string        `json:"person,omitempty"`
	PersonName string        `json:"person_name,omitempty"`
	AskedAt    time.Time     `json:"asked_at"`
	AcceptedAt time.Time     `json:"accepted_at,omitzero"`
	AcceptBy   time.Time     `json:"accept_by,omitzero"`
}

// States of a task.
const (
	Blocked = "blocked" // waits for other tasks
	Ready   = "ready"
	Running = "running" // somebody said that they do it
	Done    = "done"
	Skipped = "skipped" // with a reason in Note
)

// TaskRun is one task of a running plan.
type TaskRun struct {
	Key          string          `json:"key"`
	Phase        string          `json:"phase"`
	PhaseName    contract.Text   `json:"phase_name"`
	Role         string          `json:"role"`
	Text         contract.Text   `json:"text"`
	Critical     bool            `json:"critical"`
	NoteNeeded   bool            `json:"note_needed"`
	State        string          `json:"state"`
	WaitsFor     []string        `json:"waits_for"`
	DueAt        time.Time       `json:"due_at,omitzero"` // zero while its clock has not started
	Overdue      bool            `json:"overdue"`
	Assignee     string          `json:"assignee,omitempty"`
	AssigneeName string          `json:"assignee_name,omitempty"`
	AcceptedAt   time.Time       `json:"accepted_at,omitzero"`
	DoneAt       time.Time       `json:"done_at,omitzero"`
	Note         string          `json:"note,omitempty"`
	Prohibits    []contract.Text `json:"prohibits,omitempty"`
}

func (t TaskRun) finished() bool { return t.State == Done || t.State == Skipped }

// Entry is one line of the timeline.
type Entry struct {
	Seq   int64          `json:"seq"`
	At    time.Time      `json:"at"`
	Actor string         `json:"actor"`
	Kind  string         `json:"kind"` // "launched", "alarm", "role", "task", "message", "action", "overdue", "closed", "forbid"
	Text  contract.Text  `json:"text"`
	Data  map[string]any `json:"data,omitempty"`
}

// Source is what launch and close rules need to know of one alarm.
type Source struct {
	Alarm        string             `json:"alarm"`
	Edge         contract.EdgeID    `json:"edge"`
	Point        contract.PointID   `json:"point"`
	Channel      string             `json:"channel"`
	Building     string             `json:"building"`
	BuildingName contract.Text      `json:"building_name"`
	Place        contract.Place     `json:"place"`
	Title        contract.Text      `json:"title"`
	Hazard       contract.Hazard    `json:"hazard"`
	Severity     contract.Severity  `json:"severity"`
	Condition    contract.Condition `json:"condition"`
	Latched      bool               `json:"latched"`
	Open         bool               `json:"open"`
	Aside        bool               `json:"aside,omitempty"` // shelved, suppressed or out of service: launches nothing
}

// SourceOf takes from an alarm what the rules need.
func SourceOf(a alarm.Alarm) Source {
	return Source{Alarm: a.ID, Edge: a.Edge, Point: a.Point, Channel: a.Channel, Building: a.Building, BuildingName: a.BuildingName,
		Place: a.Place, Title: a.Title, Hazard: a.Hazard, Severity: a.Severity, Condition: a.Condition, Latched: a.Latched,
		Open: a.State != alarm.Closed, Aside: a.State == alarm.Shelved || a.State == alarm.Suppressed || a.State == alarm.OutOfService}
}

// alarming reports whether the source counts as a reason: it is active, or was and has
// not been reset. Unknown is no proof of danger and no proof of its end; a detector that
// is being worked on proves nothing either.
func (s Source) alarming() bool { return !s.Aside && (s.Condition == contract.Active || s.Latched) }

// over reports whether the source no longer stands in the way of an end: its danger is
// over as far as the edge can tell, or it was set aside.
func (s Source) over() bool { return s.Aside || s.Condition == contract.Normal && !s.Latched }

func (s Source) words(lang string) string {
	return s.Place.Describe(lang, s.BuildingName.In(lang)) + " " + s.Title.In(lang)
}

// State is all of one incident but its timeline.
type State struct {
	Incident
	Roles   []RoleRun `json:"roles"`
	Tasks   []TaskRun `json:"tasks"`
	Sources []Source  `json:"sources"` // attached alarms as last heard
}

// clone keeps Step from writing into its argument.
func (s State) clone() State {
	s.Alarms, s.Roles, s.Tasks, s.Sources = slices.Clone(s.Alarms), slices.Clone(s.Roles), slices.Clone(s.Tasks), slices.Clone(s.Sources)
	for i := range s.Roles {
		s.Roles[i].AskedRoles = slices.Clone(s.Roles[i].AskedRoles)
	}
	return s
}

func (s *State) task(key string) *TaskRun {
	for i := range s.Tasks {
		if s.Tasks[i].Key == key {
			return &s.Tasks[i]
		}
	}
	return nil
}

func (s *State) role(key string) *RoleRun {
	for i := range s.Roles {
		if s.Roles[i].Key == key {
			return &s.Roles[i]
		}
	}
	return nil
}

// Timer is one clock that runs.
type Timer struct {
	Key string // "role:<key>" or "task:<key>"
	Due time.Time
}

// Timers lists the clocks that run in s, the earliest first. They follow from the state
// alone, so none can be forgotten or left behind.
func (s State) Timers() []Timer {
	var out []Timer
	if s.State != Open {
		return nil
	}
	for _, r := range s.Roles {
		if r.State == Asked {
			out = append(out, Timer{"role:" + r.Key, r.AcceptBy})
		}
	}
	for _, t := range s.Tasks {
		if !t.finished() && !t.Overdue && !t.DueAt.IsZero() {
			out = append(out, Timer{"task:" + t.Key, t.DueAt})
		}
	}
	slices.SortStableFunc(out, func(a, b Timer) int { return a.Due.Compare(b.Due) })
	return out
}

// ConflictError means that the incident does not allow this now; the texts say why,
// Open names what stands in the way.
type ConflictError struct {
	Text contract.Text
	Open []string
}

func (e *ConflictError) Error() string { return "incident: " + e.Text.In("en") }

// RefusedError means that this person may not do it.
type RefusedError struct{ Text contract.Text }

func (e *RefusedError) Error() string { return "incident: " + e.Text.In("en") }

// InvalidError names the field that is missing or wrong.
type InvalidError struct {
	Field string
	Text  contract.Text
}

func (e *InvalidError) Error() string { return "incident: " + e.Field + ": " + e.Text.In("en") }

// both writes one sentence in both languages; the arguments are the same in each.
func both(zh, en string, args ...any) contract.Text {
	return contract.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

func drillPrefix(t contract.Text) contract.Text {
	return contract.Text{ZH: "【演练】" + t.ZH, EN: "[DRILL] " + t.In("en")}
}

func names(tasks []TaskRun) (keys []string, zh, en string) {
	var z, e []string
	for _, t := range tasks {
		keys, z, e = append(keys, t.Key), append(z, "“"+t.Text.ZH+"”"), append(e, `"`+t.Text.In("en")+`"`)
	}
	return keys, strings.Join(z, "、"), strings.Join(e, ", ")
}
