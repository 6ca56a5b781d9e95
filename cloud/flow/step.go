package flow

import (
	"errors"
	"slices"
)

// machine is one step at work on a copy of the state.
type machine struct {
	d       *Def
	s       State
	in      In
	e       Event
	facts   []Fact
	effects []Effect
}

// Begin starts an instance: s carries its names (ID, Form, Record, Initiator, Parent),
// chosen the people the initiator chose.
func Begin(d *Def, s State, chosen map[string][]Person, in In) (State, []Fact, []Effect, error) {
	s.Flow, s.Version, s.Started = d.Key, d.Version, in.Now
	s.Head = Head{Status: Running, Step: 1, Chosen: chosen}
	s.Runs, s.Tasks, s.Timers = []Run{}, []Task{}, []Timer{}
	begin := s.clone()
	m := &machine{d: d, s: s, in: in, e: Event{By: s.Initiator}}
	m.note(Submitted, d.Nodes[0].ID, s.Initiator).Begin = &begin
	m.putRun(Run{ID: 1, Node: d.Nodes[0].ID, State: RunPassed, At: in.Now, Done: in.Now})
	m.after(m.s.Runs[0])
	return m.end()
}

// Step takes one event. It is a function of its arguments: the new state, what happened,
// and what has to be done. On an error nothing has happened.
func Step(d *Def, s State, e Event, in In) (State, []Fact, []Effect, error) {
	m := &machine{d: d, s: s.clone(), in: in, e: e}
	if err := m.take(); err != nil {
		return s, nil, nil, err
	}
	if len(m.facts) == 0 {
		return s, nil, nil, nil
	}
	return m.end()
}

var errStuck = errors.New("flow: the step would leave nobody and nothing to go on")

// end checks what must hold after every step: an open instance waits for somebody or
// something.
func (m *machine) end() (State, []Fact, []Effect, error) {
	if err := m.broken(); err != nil {
		return m.s, nil, nil, err
	}
	h := m.s.Head.clone()
	m.last().Head = &h
	return m.s, m.facts, m.effects, nil
}

func (m *machine) broken() error {
	if slices.ContainsFunc(m.s.Tasks, func(t Task) bool { return t.Open() && t.To.ID == "" }) {
		return refuse(NoPeople, "找不到处理人，也没有管理员可以接手", "nobody was found to handle this, and no administrator either")
	}
	if !m.s.Status.Open() || m.s.Suspended != nil {
		return nil
	}
	for _, r := range m.s.Runs {
		if r.State == RunActive && r.Taken == nil && !m.alive(r) {
			return errStuck
		}
	}
	if len(m.s.OpenTasks()) == 0 && len(m.s.Timers) == 0 && !slices.ContainsFunc(m.s.Runs, func(r Run) bool { return r.State == RunActive && r.Child != "" }) {
		return errStuck
	}
	return nil
}

func (m *machine) alive(r Run) bool {
	return r.Child != "" || slices.ContainsFunc(m.s.Timers, func(t Timer) bool { return t.Run == r.ID && t.Kind == DelayTimer }) ||
		slices.ContainsFunc(m.s.Tasks, func(t Task) bool { return t.Run == r.ID && t.Open() })
}

// take carries the event out.
func (m *machine) take() error {
	if m.e.Kind == Comment {
		m.note(Commented, "", m.e.By).Text = m.e.Text
		return nil
	}
	if m.e.Kind == Read {
		return m.read()
	}
	if !m.s.Status.Open() {
		return refuse(NotOpen, "流程已结束", "the flow has ended")
	}
	if m.s.Suspended != nil && m.e.Kind != Resume && m.e.Kind != Terminate && m.e.Kind != Reassign && (m.e.Kind != Fire || m.e.Timer != "resume") {
		return refuse(NotNow, "流程已挂起："+m.s.Suspended.Reason, "the flow is suspended: "+m.s.Suspended.Reason)
	}
	switch m.e.Kind {
	case Fire:
		return m.fire()
	case Urge:
		return m.urge()
	}
	if m.e.Kind != TakeBack {
		m.s.Step++
	}
	switch m.e.Kind {
	case Decide:
		return m.decide()
	case Transfer, Delegate:
		return m.handOver()
	case AddSigner:
		return m.addSigner()
	case DropSigner:
		return m.dropSigner()
	case Withdraw, Terminate:
		return m.stop()
	case TakeBack:
		return m.takeBack()
	case Suspend:
		return m.suspend()
	case Resume:
		return m.resume()
	case Reassign:
		return m.reassign()
	case ChildDone:
		return m.childDone()
	}
	return refuse(NotFound, "未知的操作", "unknown event "+string(m.e.Kind))
}

// note begins the next fact; what changes from here on belongs to it.
func (m *machine) note(k FactKind, node string, by Person) *Fact {
	m.facts = append(m.facts, Fact{Step: m.s.Step, Kind: k, At: m.in.Now, By: by, Node: node})
	return &m.facts[len(m.facts)-1]
}

func (m *machine) last() *Fact { return &m.facts[len(m.facts)-1] }

func (m *machine) putRun(r Run) {
	m.s.setRun(r)
	f := m.last()
	r.Queue, r.Ended = slices.Clone(r.Queue), slices.Clone(r.Ended)
	f.Runs = append(slices.DeleteFunc(f.Runs, func(o Run) bool { return o.ID == r.ID }), r)
}

func (m *machine) putTask(t Task) {
	m.s.setTask(t)
	f := m.last()
	f.Tasks = append(slices.DeleteFunc(f.Tasks, func(o Task) bool { return o.ID == t.ID }), t)
}

func (m *machine) putTimer(t Timer) {
	m.s.setTimer(t)
	f := m.last()
	f.Drop = slices.DeleteFunc(f.Drop, func(k string) bool { return k == t.Key })
	f.Timers = append(slices.DeleteFunc(f.Timers, func(o Timer) bool { return o.Key == t.Key }), t)
}

// dropTimers forgets the timers of a visit; 0 is all.
func (m *machine) dropTimers(run int) {
	for _, t := range slices.Clone(m.s.Timers) {
		if run == 0 || t.Run == run {
			m.dropTimer(t.Key)
		}
	}
}

func (m *machine) dropTimer(key string) {
	m.s.Timers = slices.DeleteFunc(m.s.Timers, func(t Timer) bool { return t.Key == key })
	f := m.last()
	f.Timers = slices.DeleteFunc(f.Timers, func(o Timer) bool { return o.Key == key })
	f.Drop = append(f.Drop, key)
}

func (m *machine) effect(e Effect) {
	if len(e.To) > 0 || e.Kind == PatchRecord || e.Kind == StartChild || e.Kind == CancelChild || e.Kind == TellParent {
		m.effects = append(m.effects, e)
	}
}

// finish ends the instance.
func (m *machine) finish(outcome Status, text string) {
	m.note(Ended, "", m.e.By).Text = text
	m.closeIn(0, "", RunCancelled)
	m.dropTimers(0)
	m.s.Status, m.s.Suspended = outcome, nil
	state := map[Status]string{Passed: m.d.Settings.Ends.Passed, Rejected: m.d.Settings.Ends.Rejected,
		Withdrawn: m.d.Settings.Ends.Withdrawn, Terminated: m.d.Settings.Ends.Withdrawn}[outcome]
	if state != "" {
		m.effect(Effect{Kind: PatchRecord, Patch: map[string]any{"_state": state}})
	}
	m.effect(Effect{Kind: NotifyEnded, To: []Person{m.s.Initiator}, Text: string(outcome)})
	if m.s.Parent != "" {
		m.effect(Effect{Kind: TellParent, Run: m.s.ParentRun, Text: string(outcome)})
	}
}

// within says if a visit lies in a branch of another, however deep; parent 0 is everything.
func (m *machine) within(r Run, parent int, branch string) bool {
	for {
		if r.Parent == parent && (parent == 0 || r.Branch == branch) {
			return true
		}
		if r.Parent == 0 {
			return false
		}
		r = m.s.Runs[r.Parent-1]
	}
}

// closeIn ends every active visit in a branch. Copies live apart: they stay readable.
func (m *machine) closeIn(parent int, branch string, as RunState) {
	for _, r := range slices.Clone(m.s.Runs) {
		if r.State == RunActive && m.within(r, parent, branch) {
			m.closeRun(r, as)
		}
	}
}

// closeRun ends a visit: what is still open there is not needed any more.
func (m *machine) closeRun(r Run, as RunState) {
	for _, t := range m.s.tasksOf(r.ID) {
		if t.State == TaskOpen || t.State == TaskWaiting {
			t.State = TaskCancelled
			m.putTask(t)
		}
	}
	m.dropTimers(r.ID)
	if r.Child != "" {
		if as != RunPassed && as != RunRejected {
			m.effect(Effect{Kind: CancelChild, Run: r.ID, Text: r.Child})
		}
		r.Child = ""
	}
	r.State, r.Done, r.Queue = as, m.in.Now, nil
	m.putRun(r)
}

func (m *machine) stop() error {
	if m.e.Kind == Terminate {
		if !m.e.Admin {
			return refuse(NotYours, "没有终止流程的权限", "you may not end this flow")
		}
		m.finish(Terminated, m.e.Text)
		return nil
	}
	if m.e.By.ID != m.s.Initiator.ID {
		return refuse(NotYours, "只有发起人可以撤回", "only the initiator may withdraw")
	}
	decided := slices.ContainsFunc(m.s.Tasks, func(t Task) bool {
		return t.Kind != CCTask && !t.Auto && t.Step > 0 && t.To.ID != m.s.Initiator.ID
	})
	switch m.d.Settings.Withdraw {
	case "never":
		return refuse(NotNow, "此流程不允许撤回", "this flow cannot be withdrawn")
	case "before_end":
	default:
		if decided {
			return refuse(NotNow, "已有人处理，不能撤回", "someone has already decided: it can no longer be withdrawn")
		}
	}
	m.finish(Withdrawn, m.e.Text)
	return nil
}

// read marks a task as seen by its person. A copy is done with that.
func (m *machine) read() error {
	t, ok := m.s.Task(m.e.Task)
	if !ok {
		return refuse(NotFound, "没有这个任务", "no such task")
	}
	if t.To.ID != m.e.By.ID {
		return refuse(NotYours, "不是您的任务", "not your task")
	}
	if !t.Read.IsZero() {
		return nil
	}
	if t.Kind != CCTask && t.Open() && m.s.Status.Open() {
		m.s.Step++
	}
	m.note(SeenFact, t.Node, m.e.By).Task = t.ID
	t.Read = m.in.Now
	if t.State == TaskUnread {
		t.State = TaskRead
	}
	m.putTask(t)
	return nil
}
