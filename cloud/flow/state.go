package flow

import (
	"maps"
	"slices"
	"time"
)

// Person is someone as they were when a task was given to them.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Status is how an instance stands.
type Status string

// Statuses.
const (
	Running    Status = "running"
	Passed     Status = "passed"
	Rejected   Status = "rejected"
	Withdrawn  Status = "withdrawn"
	Terminated Status = "terminated"
)

// Open says if the instance still goes on.
func (s Status) Open() bool { return s == Running }

// RunState is how one visit to a node stands.
type RunState string

// States of a visit.
const (
	RunActive    RunState = "active"
	RunPassed    RunState = "passed"
	RunRejected  RunState = "rejected"
	RunReturned  RunState = "returned" // went back from here
	RunCancelled RunState = "cancelled"
)

// Run is one visit to a node. A branch node is visited for as long as its branches run.
type Run struct {
	ID     int       `json:"id"`
	Node   string    `json:"node"`
	Parent int       `json:"parent,omitempty"` // visit of the branch node around it, 0: none
	Branch string    `json:"branch,omitempty"`
	Round  int       `json:"round"`
	State  RunState  `json:"state"`
	Mode   Mode      `json:"mode,omitempty"`
	Queue  []Person  `json:"queue,omitempty"` // sequential: who comes next
	Taken  []string  `json:"taken,omitempty"` // branches
	Ended  []string  `json:"ended,omitempty"`
	Back   string    `json:"back,omitempty"`  // node to go straight to afterwards
	Again  bool      `json:"again,omitempty"` // came here by a return
	Child  string    `json:"child,omitempty"` // instance waited for
	At     time.Time `json:"at"`
	Due    time.Time `json:"due,omitzero"`
	Done   time.Time `json:"done,omitzero"`
}

// TaskKind is what is asked of someone.
type TaskKind string

// Kinds of tasks.
const (
	SubmitTask  TaskKind = "submit" // put right what was returned, and submit again
	ApproveTask TaskKind = "approve"
	FillTask    TaskKind = "fill"
	CCTask      TaskKind = "cc"
)

// TaskState is how a task stands.
type TaskState string

// States of tasks.
const (
	TaskOpen      TaskState = "open"
	TaskWaiting   TaskState = "waiting" // for added signers, or for the one who added it
	TaskAgreed    TaskState = "agreed"
	TaskRejected  TaskState = "rejected"
	TaskReturned  TaskState = "returned"
	TaskMoved     TaskState = "moved" // to someone else
	TaskCancelled TaskState = "cancelled"
	TaskUnread    TaskState = "unread" // copies
	TaskRead      TaskState = "read"
)

// Task is one thing asked of one person.
type Task struct {
	ID     int       `json:"id"`
	Run    int       `json:"run"`
	Node   string    `json:"node"`
	Round  int       `json:"round"`
	Kind   TaskKind  `json:"kind"`
	State  TaskState `json:"state"`
	To     Person    `json:"to"`
	Owner  Person    `json:"owner,omitzero"` // delegated: whom it goes back to
	From   Person    `json:"from,omitzero"`  // who handed it over or added it
	Parent int       `json:"parent,omitempty"`
	Add    string    `json:"add,omitempty"`  // before, after, parallel: how it was added
	Vote   string    `json:"vote,omitempty"` // yes, no: once it counts
	Auto   bool      `json:"auto,omitempty"` // decided by a rule of the flow
	At     time.Time `json:"at"`
	Due    time.Time `json:"due,omitzero"`
	Read   time.Time `json:"read,omitzero"`
	Acted  time.Time `json:"acted,omitzero"`
	Step   int       `json:"step,omitempty"` // step it was decided in
	Text   string    `json:"text,omitempty"` // opinion
	Sign   string    `json:"sign,omitempty"` // attachment
}

// Open says if the task is waiting for its person.
func (t Task) Open() bool { return t.State == TaskOpen }

// voter says if the task is one of the votes of its node.
func (t Task) voter() bool {
	return t.Kind != CCTask && t.State != TaskMoved && t.State != TaskCancelled && (t.Parent == 0 || t.Add == "parallel")
}

// TimerKind is what happens when a timer fires.
type TimerKind string

// Kinds of timers.
const (
	RemindTimer TimerKind = "remind"
	DueTimer    TimerKind = "due"
	RepeatTimer TimerKind = "repeat"
	DelayTimer  TimerKind = "delay"
	ResumeTimer TimerKind = "resume"
)

// Timer is a moment the instance waits for.
type Timer struct {
	Key  string    `json:"key"`
	Kind TimerKind `json:"kind"`
	Run  int       `json:"run,omitempty"`
	At   time.Time `json:"at"`
	N    int       `json:"n,omitempty"` // times it has fired
}

// Suspension stops an instance and its clocks.
type Suspension struct {
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason"`
}

// Head is what an instance knows beside its visits, tasks and timers.
type Head struct {
	Status    Status              `json:"status"`
	Round     int                 `json:"round"` // grows with every return
	Step      int                 `json:"step"`  // grows with everything that moves the instance on
	Suspended *Suspension         `json:"suspended,omitempty"`
	Chosen    map[string][]Person `json:"chosen,omitempty"` // by node
	Urged     time.Time           `json:"urged,omitzero"`
	Urges     int                 `json:"urges,omitempty"`
}

// State is one instance of a flow.
type State struct {
	ID        string    `json:"id"`
	Flow      string    `json:"flow"`
	Version   int64     `json:"version"`
	Form      string    `json:"form"`
	Record    string    `json:"record"`
	Initiator Person    `json:"initiator"`
	Started   time.Time `json:"started"`
	Parent    string    `json:"parent,omitempty"` // instance that waits for this one
	ParentRun int       `json:"parent_run,omitempty"`

	Head
	Runs   []Run   `json:"runs"`
	Tasks  []Task  `json:"tasks"`
	Timers []Timer `json:"timers"`
}

// FactKind is what happened.
type FactKind string

// Kinds of facts, as the timeline tells them.
const (
	Submitted   FactKind = "submitted"
	Entered     FactKind = "entered"
	Agreed      FactKind = "agreed"
	Refused     FactKind = "rejected"
	Skipped     FactKind = "skipped"
	SentBack    FactKind = "returned"
	Copied      FactKind = "copied"
	Branched    FactKind = "branched"
	Joined      FactKind = "joined"
	Transferred FactKind = "transferred"
	Delegated   FactKind = "delegated"
	HandedBack  FactKind = "handed_back"
	Added       FactKind = "added"
	Removed     FactKind = "removed"
	TookBack    FactKind = "took_back"
	UrgedFact   FactKind = "urged"
	Reminded    FactKind = "reminded"
	Overdue     FactKind = "overdue"
	Escalated   FactKind = "escalated"
	Waited      FactKind = "waited"
	Halted      FactKind = "suspended"
	Resumed     FactKind = "resumed"
	Reassigned  FactKind = "reassigned"
	Nobody      FactKind = "nobody" // the named people were not found
	ChildBegan  FactKind = "child_started"
	ChildEnded  FactKind = "child_ended"
	SeenFact    FactKind = "read"
	Commented   FactKind = "commented"
	Ended       FactKind = "ended"
)

// Fact is one thing that happened, with the new value of everything it changed: replaying
// the facts of an instance makes its state.
type Fact struct {
	Seq  int       `json:"seq"`
	Step int       `json:"step"`
	Kind FactKind  `json:"kind"`
	At   time.Time `json:"at"`
	By   Person    `json:"by,omitzero"` // zero: the engine itself
	Node string    `json:"node,omitempty"`
	Task int       `json:"task,omitempty"`
	To   []Person  `json:"to,omitempty"`
	Text string    `json:"text,omitempty"`

	Head   *Head    `json:"head,omitempty"`
	Runs   []Run    `json:"runs,omitempty"`
	Tasks  []Task   `json:"tasks,omitempty"`
	Timers []Timer  `json:"timers,omitempty"`
	Drop   []string `json:"drop,omitempty"` // timers
	Begin  *State   `json:"begin,omitempty"`
}

// Replay makes a state of all facts of an instance.
func Replay(facts []Fact) State {
	var s State
	for _, f := range facts {
		s.apply(f)
	}
	return s
}

func (s *State) apply(f Fact) {
	if f.Begin != nil {
		*s = f.Begin.clone()
	}
	if f.Head != nil {
		s.Head = f.Head.clone()
	}
	for _, r := range f.Runs {
		s.setRun(r)
	}
	for _, t := range f.Tasks {
		s.setTask(t)
	}
	s.Timers = slices.DeleteFunc(s.Timers, func(t Timer) bool { return slices.Contains(f.Drop, t.Key) })
	for _, t := range f.Timers {
		s.setTimer(t)
	}
}

func (s *State) setRun(r Run) {
	for len(s.Runs) < r.ID {
		s.Runs = append(s.Runs, Run{})
	}
	s.Runs[r.ID-1] = r
}

func (s *State) setTask(t Task) {
	for len(s.Tasks) < t.ID {
		s.Tasks = append(s.Tasks, Task{})
	}
	s.Tasks[t.ID-1] = t
}

func (s *State) setTimer(t Timer) {
	s.Timers = slices.DeleteFunc(s.Timers, func(o Timer) bool { return o.Key == t.Key })
	i, _ := slices.BinarySearchFunc(s.Timers, t, func(a, b Timer) int { return compareTimers(a, b) })
	s.Timers = slices.Insert(s.Timers, i, t)
}

func compareTimers(a, b Timer) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if a.Key < b.Key {
		return -1
	}
	return 1
}

func (h Head) clone() Head {
	h.Chosen = maps.Clone(h.Chosen)
	return h
}

func (s State) clone() State {
	s.Head = s.Head.clone()
	s.Runs, s.Tasks, s.Timers = slices.Clone(s.Runs), slices.Clone(s.Tasks), slices.Clone(s.Timers)
	for i := range s.Runs {
		s.Runs[i].Queue = slices.Clone(s.Runs[i].Queue)
		s.Runs[i].Ended = slices.Clone(s.Runs[i].Ended)
	}
	return s
}

// Run finds a visit by id.
func (s *State) Run(id int) (Run, bool) {
	if id < 1 || id > len(s.Runs) {
		return Run{}, false
	}
	return s.Runs[id-1], true
}

// Task finds a task by id.
func (s *State) Task(id int) (Task, bool) {
	if id < 1 || id > len(s.Tasks) {
		return Task{}, false
	}
	return s.Tasks[id-1], true
}

// OpenTasks lists what waits for people now.
func (s *State) OpenTasks() []Task {
	return slices.DeleteFunc(slices.Clone(s.Tasks), func(t Task) bool { return !t.Open() })
}

// At lists the nodes where people are at work now.
func (s *State) At() []string {
	var out []string
	for _, r := range s.Runs {
		if r.State == RunActive && r.Taken == nil && !slices.Contains(out, r.Node) {
			out = append(out, r.Node)
		}
	}
	return out
}

// tasksOf are the tasks of one visit.
func (s *State) tasksOf(run int) []Task {
	return slices.DeleteFunc(slices.Clone(s.Tasks), func(t Task) bool { return t.Run != run })
}
