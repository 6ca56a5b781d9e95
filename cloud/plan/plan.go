// Package plan holds emergency plans as data: who is asked, what has to be done, in
// which order, by when, and what must never be done. A plan is read from YAML with all
// its mistakes at once, published as an immutable version, and run by incident.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/org"
	"anlan/contract"
)

// Per says what one incident of a plan covers.
type Per string

// Places a plan may cover.
const (
	PerBuilding Per = "building"
	PerZone     Per = "zone" // the interlock zone of the alarm's place
)

// Evidence is what must come with "done".
type Evidence string

// Kinds of evidence.
const (
	NoEvidence Evidence = "none"
	NoteNeeded Evidence = "note"
)

// Plan is one version of an emergency plan. The struct is both its YAML and the JSON
// frozen into each incident.
type Plan struct {
	ID       string          `yaml:"id,required" json:"id"`
	Version  int             `yaml:"version,required" json:"version"`
	Title    contract.Text   `yaml:"title,required" json:"title"`
	Hazard   contract.Hazard `yaml:"hazard,required" json:"hazard"`
	Scope    Scope           `yaml:"scope,required" json:"scope"`
	Triggers []Trigger       `yaml:"triggers,required" json:"triggers"`
	Roles    []Role          `yaml:"roles,required" json:"roles"`
	Phases   []Phase         `yaml:"phases,required" json:"phases"`
	Tasks    []Task          `yaml:"tasks,required" json:"tasks"`
	Forbid   []contract.Text `yaml:"forbid" json:"forbid,omitempty"` // shown from the first moment
	End      End             `yaml:"end,required" json:"end"`
}

// Scope says where a plan applies and how much one incident of it covers.
type Scope struct {
	Buildings []string `yaml:"buildings" json:"buildings,omitempty"` // building ids; empty means all
	Per       Per      `yaml:"per,required" json:"per"`
}

// Trigger launches a plan from alarms. Confirm lets a person's confirmation of one
// alarm stand for the missing sources.
type Trigger struct {
	Hazard      contract.Hazard   `yaml:"hazard,required" json:"hazard"`
	SeverityMin contract.Severity `yaml:"severity_min,required" json:"severity_min"`
	MinSources  int               `yaml:"min_sources,required" json:"min_sources"` // 1, or 2 independent ones
	Confirm     bool              `yaml:"confirm" json:"confirm"`
}

// Role is a part in the plan. Candidates are asked one after the other, each with
// MustAcceptIn to answer.
type Role struct {
	Key          string        `yaml:"key,required" json:"key"`
	Name         contract.Text `yaml:"name,required" json:"name"`
	Candidates   []org.Role    `yaml:"candidates,required" json:"candidates"`
	MustAcceptIn time.Duration `yaml:"must_accept_in,required" json:"must_accept_in_ns"`
}

// Phase groups tasks for the eye; order comes from dependencies.
type Phase struct {
	Key  string        `yaml:"key,required" json:"key"`
	Name contract.Text `yaml:"name,required" json:"name"`
}

// Task is one thing to do.
type Task struct {
	Key       string          `yaml:"key,required" json:"key"`
	Phase     string          `yaml:"phase,required" json:"phase"`
	Role      string          `yaml:"role,required" json:"role"`
	Text      contract.Text   `yaml:"text,required" json:"text"`
	Deadline  *Deadline       `yaml:"deadline" json:"deadline,omitempty"`
	Deps      []string        `yaml:"deps" json:"deps,omitempty"` // all must be done or skipped first
	Critical  bool            `yaml:"critical" json:"critical"`   // the incident cannot close without it
	Evidence  Evidence        `yaml:"evidence" json:"evidence,omitempty"`
	Escalate  string          `yaml:"escalate" json:"escalate,omitempty"` // role that is told when it is overdue
	Prohibits []contract.Text `yaml:"prohibits" json:"prohibits,omitempty"`
}

// Deadline is a time within which a task has to be done. After is "launch" or
// "task:<key>": the clock starts when that task is done or skipped.
type Deadline struct {
	After  string        `yaml:"after,required" json:"after"`
	Within time.Duration `yaml:"within,required" json:"within_ns"`
}

// AfterLaunch starts a deadline's clock at launch.
const AfterLaunch = "launch"

const afterTask = "task:"

// End says who may close an incident.
type End struct {
	WhoMayClose []org.Role `yaml:"who_may_close,required" json:"who_may_close"`
}

// Hash identifies the content.
func (p Plan) Hash() (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("plan: hash %s: %w", p.ID, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Task finds a task by key.
func (p Plan) Task(key string) (Task, bool) {
	i := slices.IndexFunc(p.Tasks, func(t Task) bool { return t.Key == key })
	if i < 0 {
		return Task{}, false
	}
	return p.Tasks[i], true
}

// Role finds a role by key.
func (p Plan) Role(key string) (Role, bool) {
	i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.Key == key })
	if i < 0 {
		return Role{}, false
	}
	return p.Roles[i], true
}

// Phase finds a phase by key.
func (p Plan) Phase(key string) (Phase, bool) {
	i := slices.IndexFunc(p.Phases, func(f Phase) bool { return f.Key == key })
	if i < 0 {
		return Phase{}, false
	}
	return p.Phases[i], true
}

// Covers reports whether the plan applies to a building.
func (p Plan) Covers(building string) bool {
	return len(p.Scope.Buildings) == 0 || slices.Contains(p.Scope.Buildings, building)
}

// Zone is the part of a place that tells two open incidents of the plan apart: "" when
// one covers the whole building.
func (p Plan) Zone(place contract.Place) string {
	if p.Scope.Per == PerZone {
		return place.Zone
	}
	return ""
}

// Unfillable lists the roles for which there is nobody now, given how many people each
// org role has. A plan with any of them is shown as not available.
func (p Plan) Unfillable(people map[org.Role]int) []contract.Text {
	var out []contract.Text
	for _, r := range p.Roles {
		if !slices.ContainsFunc(r.Candidates, func(c org.Role) bool { return people[c] > 0 }) {
			out = append(out, contract.Text{ZH: "没有人可以担任“" + r.Name.ZH + "”", EN: "nobody can be " + r.Name.In("en")})
		}
	}
	return out
}
