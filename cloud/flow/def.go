// Package flow is the workflow engine: a tree of nodes says who does what to a record next;
// a pure step turns what people decide into the next state; the store keeps both.
package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
	"anlan/contract"
)

// NodeType is what a node does.
type NodeType string

// Node types.
const (
	Start     NodeType = "start"     // the initiator submits
	Approve   NodeType = "approve"   // people agree or reject
	Fill      NodeType = "fill"      // people do something and write it down
	CC        NodeType = "cc"        // people are told; nobody waits for them
	Condition NodeType = "condition" // the first branch that holds is taken
	Parallel  NodeType = "parallel"  // every branch is taken, and all must end
	Delay     NodeType = "delay"     // time passes
	Subflow   NodeType = "subflow"   // another flow runs
)

// NodeTypes lists all types in the order of the palette.
func NodeTypes() []NodeType {
	return []NodeType{Start, Approve, Fill, CC, Condition, Parallel, Delay, Subflow}
}

// human says if people have tasks at the node which others wait for.
func (t NodeType) human() bool { return t == Start || t == Approve || t == Fill }

// Mode is how several people decide at one node.
type Mode string

// Modes.
const (
	Any        Mode = "any"        // 或签: the first decision wins
	All        Mode = "all"        // 会签: all, or a share of them
	Sequential Mode = "sequential" // 依次: one after the other
)

// Target is where a rejection leads.
type Target string

// Targets. ToChosen lets the decider pick any node that was passed.
const (
	ToStart    Target = "start"
	ToPrevious Target = "previous"
	ToNode     Target = "node"
	ToChosen   Target = "chosen"
	ToEnd      Target = "end"
)

// Def is one version of a flow.
type Def struct {
	Key     string `json:"-"`
	Version int64  `json:"-"`

	Title       contract.Text `json:"title"`
	Description contract.Text `json:"description,omitzero"`
	Form        string        `json:"form"`
	Nodes       []Node        `json:"nodes"` // the first is the start
	Settings    Settings      `json:"settings,omitzero"`

	index map[string]place
}

// Settings hold for the whole flow.
type Settings struct {
	Withdraw string `json:"withdraw,omitempty"` // "" and before_decision, before_end, never
	// SameSkip says when someone who has agreed before is not asked again: "" and none,
	// consecutive, all.
	SameSkip string      `json:"same_skip,omitempty"`
	Urge     string      `json:"urge,omitempty"`     // time between two urges; "" is 30m
	Fallback []Candidate `json:"fallback,omitempty"` // who is asked where nobody is found
	Summary  []string    `json:"summary,omitempty"`  // fields shown with a to-do
	Ends     Ends        `json:"ends,omitzero"`
}

// Ends are the states a record gets when its flow ends.
type Ends struct {
	Passed    string `json:"passed,omitempty"`
	Rejected  string `json:"rejected,omitempty"`
	Withdrawn string `json:"withdrawn,omitempty"`
}

// Node is one step. What a type does not use must not be set.
type Node struct {
	ID   string        `json:"id"`
	Type NodeType      `json:"type"`
	Name contract.Text `json:"name"`
	Help contract.Text `json:"help,omitzero"`
	// State is the record's state while the node is at work, "" for no change.
	State string `json:"state,omitempty"`

	Who      []Candidate `json:"who,omitempty"`
	Pick     string      `json:"pick,omitempty"` // "" everyone, least_loaded: the one with fewest open tasks
	Mode     Mode        `json:"mode,omitempty"` // "" is any
	Percent  int         `json:"percent,omitempty"`
	AllToNo  bool        `json:"all_to_reject,omitempty"` // any: rejected only when all have rejected
	Fallback []Candidate `json:"fallback,omitempty"`
	// Initiator says what happens where the initiator would decide on their own: "" and
	// superior, allow, fallback.
	Initiator string   `json:"initiator,omitempty"`
	Apart     []string `json:"apart,omitempty"` // nodes whose handlers may not decide here

	Fields   map[string]string `json:"fields,omitempty"`   // r, w or hide; "*" for those not named
	Required []string          `json:"required,omitempty"` // to be filled in to agree, where the form shows them
	Opinion  string            `json:"opinion,omitempty"`  // "", reject or always: when one is required
	Sign     bool              `json:"sign,omitempty"`     // a signature is required
	Choose   []string          `json:"choose,omitempty"`   // nodes whose people are chosen here

	Reject   Target            `json:"reject,omitempty"` // "" is start
	RejectTo string            `json:"reject_to,omitempty"`
	Resubmit string            `json:"resubmit,omitempty"` // "" and again: from there on; back: straight back here
	Labels   Labels            `json:"labels,omitzero"`
	Deadline *Deadline         `json:"deadline,omitempty"`
	Branches []Branch          `json:"branches,omitempty"`
	After    string            `json:"after,omitempty"` // delay: a duration
	Until    string            `json:"until,omitempty"` // delay: a date or instant field
	Flow     string            `json:"flow,omitempty"`  // subflow
	Fresh    map[string]string `json:"fresh,omitempty"` // subflow: a new record, its field from ours; none: the same record
	NoWait   bool              `json:"no_wait,omitempty"`
}

// Labels are the words on the buttons of a node, where they are not 同意 and 驳回.
type Labels struct {
	Agree  contract.Text `json:"agree,omitzero"`
	Reject contract.Text `json:"reject,omitzero"`
}

// Branch is one way on from a condition or a parallel node. The last of a condition has no
// condition: it is taken where no other is.
type Branch struct {
	ID    string        `json:"id"`
	Name  contract.Text `json:"name"`
	When  cond.Expr     `json:"when,omitzero"`
	Nodes []Node        `json:"nodes"`
}

// Deadline says by when a node's tasks have to be done.
type Deadline struct {
	Field string `json:"field,omitempty"` // first round: this field of the record, if filled in
	// Scheme names a limit of a dictionary ("hazard-level/cure": limit cure of dictionary
	// hazard-level), By the field whose item it is read by.
	Scheme string `json:"scheme,omitempty"`
	By     string `json:"by,omitempty"`
	After  string `json:"after,omitempty"` // otherwise: a duration
	Work   bool   `json:"work,omitempty"`  // After counts working time
	Write  string `json:"write,omitempty"` // field that gets the moment found

	Remind  []string `json:"remind,omitempty"` // moments against it: "-24h", "0h", "24h"
	Timeout *Timeout `json:"timeout,omitempty"`
}

// Timeout is what happens when a deadline has passed.
type Timeout struct {
	Do    string      `json:"do"` // escalate: tell, transfer: hand over, agree, reject
	To    []Candidate `json:"to,omitempty"`
	Every string      `json:"every,omitempty"` // escalate again, up to Times
	Times int         `json:"times,omitempty"`
}

// Source is a way of finding people.
type Source string

// Sources.
const (
	Persons       Source = "persons"        // IDs
	Role          Source = "role"           // IDs are roles
	Post          Source = "post"           // IDs are posts
	DeptHead      Source = "dept_head"      // IDs are departments
	DeptMembers   Source = "dept_members"   // IDs are departments
	Initiator     Source = "initiator"      //
	InitiatorHead Source = "initiator_head" // Level 1: head of the own department, 2: of the one above
	Superiors     Source = "superiors"      // heads one after the other, Level of them, or up to post Until
	FieldPerson   Source = "field_person"   // Field
	FieldDept     Source = "field_dept"     // head of the department in Field
	ChosenStart   Source = "chosen_start"   // by the initiator at submission
	ChosenBefore  Source = "chosen_before"  // by whoever handled a node before
	HandlerOf     Source = "handler_of"     // Node
	Dispatch      Source = "dispatch"       // the first of Rules that holds
)

// Candidate is one way of finding people for a node.
type Candidate struct {
	Kind  Source         `json:"kind"`
	IDs   []string       `json:"ids,omitempty"`
	Level int            `json:"level,omitempty"`
	Until string         `json:"until,omitempty"`
	Field string         `json:"field,omitempty"`
	Node  string         `json:"node,omitempty"`
	Rules []DispatchRule `json:"rules,omitempty"`
}

// DispatchRule sends some records to some people.
type DispatchRule struct {
	When cond.Expr   `json:"when,omitzero"`
	Who  []Candidate `json:"who"`
}

// Problem is one thing wrong with a definition. Node is the id of the node it is at, "" for
// the whole; Path its JSON path.
type Problem struct {
	Node string        `json:"node,omitempty"`
	Path string        `json:"path"`
	Text contract.Text `json:"text"`
}

// InvalidError lists everything that keeps a definition from being taken.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return "flow: invalid"
	}
	return fmt.Sprintf("flow: %d problems, first at %q: %s", len(e.Problems), e.Problems[0].Path, e.Problems[0].Text.EN)
}

// Limits of a definition.
const (
	MaxNodes = 300
	MaxDepth = 12
)

var idRE = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Parse reads a definition: strict JSON, whole and well built. What may still be unwise is
// Lint's. Errors: InvalidError.
func Parse(key string, raw []byte) (*Def, error) {
	d := &Def{Key: key}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, parseProblem(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &InvalidError{[]Problem{problem("", "", "JSON 之后还有内容", "something follows the JSON")}}
	}
	var l lint
	d.build(&l)
	if len(l.problems) > 0 {
		return nil, &InvalidError{l.problems}
	}
	return d, nil
}

func parseProblem(err error) error {
	path := ""
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		path = t.Field
	}
	if bad, ok := errors.AsType[*cond.ParseError](err); ok && len(bad.Problems) > 0 {
		e := &InvalidError{}
		for _, p := range bad.Problems {
			e.Problems = append(e.Problems, Problem{Path: p.Path, Text: p.Text})
		}
		return e
	}
	return &InvalidError{[]Problem{problem("", path, "不是合法的流程定义："+err.Error(), "not a flow definition: "+err.Error())}}
}

func problem(node, path, zh, en string) Problem {
	return Problem{Node: node, Path: path, Text: contract.Text{ZH: zh, EN: en}}
}

// duration reads "30m", "24h", "7d"; also negative.
func duration(s string) (time.Duration, bool) {
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[s[len(s)-1]]
	return time.Duration(n) * unit, err == nil && ok && n > -100_000 && n < 100_000
}

// access is what a node allows with a field.
func (n *Node) access(field string) string {
	key, _, _ := strings.Cut(field, ".")
	if a, ok := n.Fields[field]; ok {
		return a
	}
	if a, ok := n.Fields[key]; ok {
		return a
	}
	if a, ok := n.Fields["*"]; ok {
		return a
	}
	return "r"
}

// Writable lists the fields the node names as writable.
func (n *Node) Writable() []string {
	var out []string
	for f, a := range n.Fields {
		if a == "w" {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}
