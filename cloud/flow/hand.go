package flow

import (
	"slices"
	"time"
)

// handOver gives an open task to someone else: for good, or to be handed back for the
// decision.
func (m *machine) handOver() error {
	t, err := m.mine()
	if err != nil {
		return err
	}
	if t.Kind == SubmitTask {
		return refuse(NotNow, "发起人的任务不能转交", "the initiator's task cannot be handed over")
	}
	to, err := m.someone()
	if err != nil {
		return err
	}
	if err := m.mayHave(t, to); err != nil {
		return err
	}
	kind := Transferred
	next := t
	next.ID, next.To, next.From, next.At, next.Read = len(m.s.Tasks)+1, to, m.e.By, m.in.Now, time.Time{}
	if m.e.Kind == Delegate {
		if t.Owner.ID != "" {
			return refuse(NotNow, "委派来的任务不能再委派", "a delegated task cannot be delegated again")
		}
		kind, next.Owner = Delegated, t.To
	}
	f := m.note(kind, t.Node, m.e.By)
	f.Task, f.Text, f.To = next.ID, m.e.Text, []Person{to}
	t.State, t.Acted = TaskMoved, m.in.Now
	m.putTask(t)
	m.putTask(next)
	m.adopt(t.ID, next.ID)
	m.effect(Effect{Kind: NotifyTask, To: []Person{to}, Node: t.Node, Task: next.ID, Due: next.Due, Text: m.e.Text})
	return nil
}

// adopt moves added signers to the task that takes another's place.
func (m *machine) adopt(from, to int) {
	for _, c := range slices.Clone(m.s.Tasks) {
		if c.Parent == from {
			c.Parent = to
			m.putTask(c)
		}
	}
}

func (m *machine) someone() (Person, error) {
	if len(m.e.To) != 1 {
		return Person{}, refuse(Missing, "请选择一位同事", "choose one person", "to")
	}
	found := m.in.Find(Ask{Kind: Persons, IDs: []string{m.e.To[0].ID}})
	if len(found) != 1 {
		return Person{}, refuse(NoPeople, "找不到此人，或已离职", "the person was not found or has left", "to")
	}
	return found[0], nil
}

// mayHave refuses people who already have a task there, or may not judge this.
func (m *machine) mayHave(t Task, p Person) error {
	for _, o := range m.s.tasksOf(t.Run) {
		if o.To.ID == p.ID && (o.State == TaskOpen || o.State == TaskWaiting) {
			return refuse(NotNow, "此人在本节点已有任务", "the person already has a task at this node", "to")
		}
	}
	n := m.d.index[t.Node].node
	not := m.apart(n)
	if n.Type == Approve && n.Initiator != "allow" && !slices.ContainsFunc(n.Who, func(c Candidate) bool { return c.Kind == Initiator }) {
		not = append(not, m.s.Initiator)
	}
	if len(m.without([]Person{p}, not)) == 0 {
		return refuse(NotNow, "不能由本人审核自己的工作", "nobody may judge their own work", "to")
	}
	return nil
}

// handBack returns a delegated task, with what was thought of it, to its owner.
func (m *machine) handBack(t Task) {
	back := t
	back.ID, back.To, back.Owner, back.From, back.State, back.At = len(m.s.Tasks)+1, t.Owner, Person{}, t.To, TaskOpen, m.in.Now
	back.Text, back.Sign, back.Step, back.Vote = "", "", 0, ""
	back.Acted, back.Read = time.Time{}, time.Time{}
	t.Parent, t.Add = back.ID, "delegate" // not a vote
	f := m.note(HandedBack, t.Node, t.To)
	f.Task, f.To = back.ID, []Person{back.To}
	m.putTask(t)
	m.putTask(back)
	m.adopt(t.ID, back.ID)
	m.effect(Effect{Kind: NotifyTask, To: []Person{back.To}, Node: t.Node, Task: back.ID, Due: back.Due})
}

const maxAdded = 2 // depth of signers added by signers

func (m *machine) addSigner() error {
	t, err := m.mine()
	if err != nil {
		return err
	}
	if t.Kind == SubmitTask || !slices.Contains([]string{"before", "after", "parallel"}, m.e.Add) {
		return refuse(NotNow, "此处不能加签", "no signers can be added here")
	}
	depth := 1
	for p := t; p.Parent != 0; p = m.s.Tasks[p.Parent-1] {
		depth++
	}
	if depth > maxAdded {
		return refuse(NotNow, "加签最多两层", "signers can be added two deep at most")
	}
	var ids []string
	for _, p := range m.e.To {
		ids = append(ids, p.ID)
	}
	people := distinct(m.find(Persons, ids))
	if len(people) == 0 || len(people) != len(distinct(m.e.To)) {
		return refuse(NoPeople, "找不到加签的人，或已离职", "a person was not found or has left", "to")
	}
	for _, p := range people {
		if err := m.mayHave(t, p); err != nil {
			return err
		}
	}
	f := m.note(Added, t.Node, m.e.By)
	f.Task, f.Text, f.To = t.ID, m.e.Text, people
	for _, p := range people {
		c := Task{ID: len(m.s.Tasks) + 1, Run: t.Run, Node: t.Node, Round: t.Round, Kind: t.Kind, State: TaskOpen, To: p, From: m.e.By,
			Parent: t.ID, Add: m.e.Add, At: m.in.Now, Due: t.Due}
		if m.e.Add == "after" {
			c.State = TaskWaiting
		}
		m.putTask(c)
		if c.Open() {
			m.effect(Effect{Kind: NotifyTask, To: []Person{p}, Node: t.Node, Task: c.ID, Due: c.Due, Text: m.e.Text})
		}
	}
	if m.e.Add == "before" {
		t.State = TaskWaiting
		m.putTask(t)
	}
	return nil
}

// dropSigner takes an added signer off again, while undone.
func (m *machine) dropSigner() error {
	t, ok := m.s.Task(m.e.Task)
	switch {
	case !ok || t.Parent == 0 || t.Add == "delegate":
		return refuse(NotFound, "没有这个加签", "no such added signer")
	case t.From.ID != m.e.By.ID && !m.e.Admin:
		return refuse(NotYours, "只有加签人可以减签", "only who added a signer may take them off")
	case t.State != TaskOpen && t.State != TaskWaiting:
		return refuse(NotOpen, "已处理，不能减签", "it has been handled already")
	}
	f := m.note(Removed, t.Node, m.e.By)
	f.Task, f.To = t.ID, []Person{t.To}
	m.cancelAdded(t)
	if t.Add == "parallel" {
		m.count(m.s.Runs[t.Run-1])
	} else if p := m.s.Tasks[t.Parent-1]; t.Add == "before" || p.State == TaskAgreed {
		m.siblingDone(t)
	}
	return nil
}

func (m *machine) cancelAdded(t Task) {
	t.State = TaskCancelled
	m.putTask(t)
	for _, c := range slices.Clone(m.s.Tasks) {
		if c.Parent == t.ID && (c.State == TaskOpen || c.State == TaskWaiting) {
			m.cancelAdded(c)
		}
	}
}

// takeBack undoes a person's own last decision while nothing has come of it: everything
// the decision changed gets its former value.
func (m *machine) takeBack() error {
	t, ok := m.s.Task(m.e.Task)
	switch {
	case !ok:
		return refuse(NotFound, "没有这个任务", "no such task")
	case t.To.ID != m.e.By.ID:
		return refuse(NotYours, "不是您的任务", "not your task")
	case t.Step == 0 || t.Step != m.s.Step || m.in.Before == nil:
		return refuse(NotNow, "后续已有人查看或处理，不能撤回", "someone has seen or handled what follows: it can no longer be taken back")
	}
	was, err := m.in.Before(t.Step)
	if err != nil {
		return err
	}
	for _, r := range m.s.Runs[len(was.Runs):] {
		if r.Child != "" || m.d.index[r.Node].node.Type == Subflow {
			return refuse(NotNow, "子流程已启动，不能撤回", "a subflow has started: it can no longer be taken back")
		}
	}
	m.s.Step++
	f := m.note(TookBack, t.Node, m.e.By)
	f.Task, f.Text = t.ID, m.e.Text
	m.restore(was)
	if n := m.d.index[t.Node].node; n.State != "" {
		m.effect(Effect{Kind: PatchRecord, Patch: map[string]any{"_state": n.State}})
	}
	return nil
}

func (m *machine) restore(was State) {
	for _, r := range slices.Clone(m.s.Runs) {
		if r.ID <= len(was.Runs) {
			m.putRun(was.Runs[r.ID-1])
		} else if r.State == RunActive || r.State == RunPassed {
			r.State, r.Done = RunCancelled, m.in.Now
			m.putRun(r)
		}
	}
	for _, t := range slices.Clone(m.s.Tasks) {
		if t.Kind == CCTask {
			continue // a copy that was sent stays sent
		}
		if t.ID <= len(was.Tasks) {
			m.putTask(was.Tasks[t.ID-1])
		} else if t.State == TaskOpen || t.State == TaskWaiting || t.Auto {
			t.State, t.Vote = TaskCancelled, ""
			m.putTask(t)
		}
	}
	m.dropTimers(0)
	for _, t := range was.Timers {
		m.putTimer(t)
	}
	head := was.Head.clone()
	head.Step, head.Urged, head.Urges = m.s.Step, m.s.Urged, m.s.Urges
	m.s.Head = head
}

// reassign gives everything a person has open to someone else, or to whoever the node's
// fallback names.
func (m *machine) reassign() error {
	if !m.e.Admin {
		return refuse(NotYours, "没有移交任务的权限", "you may not hand over tasks of others")
	}
	for _, r := range slices.Clone(m.s.Runs) {
		if r.State != RunActive {
			continue
		}
		if slices.ContainsFunc(r.Queue, func(p Person) bool { return p.ID == m.e.From.ID }) {
			m.note(Reassigned, r.Node, m.e.By).To = m.e.To
			r.Queue = m.without(r.Queue, []Person{m.e.From})
			for _, p := range m.heirs(m.d.index[r.Node].node) {
				r.Queue = append(r.Queue, p)
				break
			}
			m.putRun(r)
		}
	}
	for _, t := range slices.Clone(m.s.Tasks) {
		if t.To.ID != m.e.From.ID || t.State != TaskOpen && t.State != TaskWaiting {
			continue
		}
		heirs := m.heirs(m.d.index[t.Node].node)
		if len(heirs) == 0 {
			return refuse(NoPeople, "找不到接手人", "nobody was found to take over", "to")
		}
		f := m.note(Reassigned, t.Node, m.e.By)
		f.Task, f.Text, f.To = t.ID, m.e.Text, heirs[:1]
		next := t
		next.ID, next.To, next.From, next.At = len(m.s.Tasks)+1, heirs[0], m.e.From, m.in.Now
		next.Read = time.Time{}
		t.State, t.Acted = TaskMoved, m.in.Now
		m.putTask(t)
		m.putTask(next)
		m.adopt(t.ID, next.ID)
		m.effect(Effect{Kind: NotifyTask, To: heirs[:1], Node: t.Node, Task: next.ID, Due: next.Due, Text: m.e.Text})
	}
	return nil
}

// heirs are who takes over the tasks of someone who leaves.
func (m *machine) heirs(n *Node) []Person {
	var ids []string
	for _, p := range m.e.To {
		ids = append(ids, p.ID)
	}
	out := m.find(Persons, ids)
	for _, c := range [][]Candidate{n.Fallback, m.d.Settings.Fallback} {
		if len(out) == 0 {
			out = m.resolve(n.ID, c)
		}
		out = m.without(out, []Person{m.e.From})
	}
	if len(out) == 0 {
		out = m.without(m.admins(), []Person{m.e.From})
	}
	return distinct(out)
}
