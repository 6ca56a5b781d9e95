package flow

import (
	"slices"
	"time"
)

// ask gives a node's task to its people. before are those who handled it in the round
// before, asked again after a return if they are still there.
func (m *machine) ask(n *Node, r Run, before []Person) {
	kind := map[NodeType]TaskKind{Start: SubmitTask, Approve: ApproveTask, Fill: FillTask}[n.Type]
	people, found := m.who(n, before)
	r.Mode = n.Mode
	if r.Mode == "" {
		r.Mode = Any
	}
	if slices.ContainsFunc(n.Who, func(c Candidate) bool { return c.Kind == Superiors }) {
		r.Mode = Sequential
	}
	if !found {
		m.note(Nobody, n.ID, Person{}).To = people
		m.effect(Effect{Kind: NotifyNobody, To: m.admins(), Node: n.ID})
	}
	m.note(Entered, n.ID, Person{}).To = people
	r.Due = m.deadline(n, r)
	if r.Mode == Sequential && len(people) > 1 {
		r.Queue, people = people[1:], people[:1]
	}
	m.putRun(r)
	if n.State != "" {
		m.effect(Effect{Kind: PatchRecord, Patch: map[string]any{"_state": n.State}})
	}
	m.setClocks(n, r)
	for _, p := range people {
		m.give(r, kind, p)
	}
	m.skipSame(n, r.ID)
}

// give opens a task.
func (m *machine) give(r Run, kind TaskKind, p Person) Task {
	t := Task{ID: len(m.s.Tasks) + 1, Run: r.ID, Node: r.Node, Round: r.Round, Kind: kind, State: TaskOpen, To: p, At: m.in.Now, Due: r.Due}
	m.putTask(t)
	why := NotifyTask
	if r.Again {
		why = NotifyReturned
	}
	m.effect(Effect{Kind: why, To: []Person{p}, Node: r.Node, Task: t.ID, Due: r.Due})
	return t
}

// copyTo tells people and goes on.
func (m *machine) copyTo(n *Node, r Run) {
	people := m.resolve(n.ID, n.Who)
	if len(people) == 0 {
		people = m.resolve(n.ID, n.Fallback)
	}
	m.note(Copied, n.ID, Person{}).To = people
	r.State, r.Done = RunPassed, m.in.Now
	m.putRun(r)
	for _, p := range people {
		t := Task{ID: len(m.s.Tasks) + 1, Run: r.ID, Node: n.ID, Round: r.Round, Kind: CCTask, State: TaskUnread, To: p, At: m.in.Now}
		m.putTask(t)
		m.effect(Effect{Kind: NotifyCC, To: []Person{p}, Node: n.ID, Task: t.ID})
	}
	m.after(r)
}

func (m *machine) admins() []Person {
	if m.in.Admins == nil {
		return nil
	}
	return m.in.Admins()
}

// who are the people of a node; found is false where the fallback had to be asked.
func (m *machine) who(n *Node, before []Person) (people []Person, found bool) {
	if n.Type == Start {
		return []Person{m.s.Initiator}, true
	}
	for _, p := range before {
		people = append(people, m.in.Find(Ask{Kind: Persons, IDs: []string{p.ID}})...)
	}
	if len(people) == 0 {
		people = m.resolve(n.ID, n.Who)
	}
	people = m.notTheirOwn(n, people)
	if people = m.pick(n, people); len(people) > 0 {
		return people, true
	}
	for _, c := range [][]Candidate{n.Fallback, m.d.Settings.Fallback} {
		if people = m.without(m.resolve(n.ID, c), m.apart(n)); len(people) > 0 {
			return people, len(n.Who) == 0
		}
	}
	if people = distinct(m.admins()); len(people) == 0 {
		people = []Person{{}} // refused at the end of the step
	}
	return people, false
}

// apart are those who may not decide at a node because they handled another.
func (m *machine) apart(n *Node) []Person {
	var out []Person
	for _, id := range n.Apart {
		for _, t := range m.s.Tasks {
			if t.Node == id && !t.Acted.IsZero() && t.Kind != CCTask {
				out = append(out, t.To)
			}
		}
		if m.d.index[id].node.Type == Start {
			out = append(out, m.s.Initiator)
		}
	}
	return distinct(out)
}

func (m *machine) without(people, not []Person) []Person {
	return slices.DeleteFunc(slices.Clone(people), func(p Person) bool {
		return slices.ContainsFunc(not, func(o Person) bool { return o.ID == p.ID })
	})
}

// notTheirOwn keeps people from deciding on what they have done or asked for themselves.
func (m *machine) notTheirOwn(n *Node, people []Person) []Person {
	not := m.apart(n)
	own := slices.ContainsFunc(n.Who, func(c Candidate) bool { return c.Kind == Initiator })
	if n.Type == Approve && n.Initiator != "allow" && !own {
		not = append(not, m.s.Initiator)
	}
	kept := m.without(people, not)
	if len(kept) == len(people) || n.Initiator == "fallback" {
		return kept
	}
	for _, p := range people {
		if slices.Contains(kept, p) {
			continue
		}
		for level := 1; level <= 20; level++ {
			heads := m.in.Find(Ask{Kind: InitiatorHead, Level: level, Of: p})
			if len(heads) == 0 {
				break
			}
			if above := m.without(heads, not); len(above) > 0 {
				kept = append(kept, above...)
				break
			}
		}
	}
	return distinct(kept)
}

// pick chooses one of several, if the node asks for that.
func (m *machine) pick(n *Node, people []Person) []Person {
	people = distinct(people)
	if n.Pick != "least_loaded" || len(people) < 2 || m.in.Load == nil {
		return people
	}
	best := slices.MinFunc(people, func(a, b Person) int { return m.in.Load(a.ID) - m.in.Load(b.ID) })
	return []Person{best}
}

// resolve finds the people of a node's candidates, in their order.
func (m *machine) resolve(node string, who []Candidate) []Person {
	var out []Person
	for _, c := range who {
		out = append(out, m.candidate(node, c)...)
	}
	return distinct(out)
}

func (m *machine) candidate(node string, c Candidate) []Person {
	switch c.Kind {
	case Initiator:
		return m.in.Find(Ask{Kind: Persons, IDs: []string{m.s.Initiator.ID}})
	case InitiatorHead, Superiors:
		return m.in.Find(Ask{Kind: c.Kind, Level: c.Level, Until: c.Until, Of: m.s.Initiator})
	case FieldPerson:
		return m.find(Persons, idsOf(m.in.Value(c.Field)))
	case FieldDept:
		return m.find(DeptHead, idsOf(m.in.Value(c.Field)))
	case ChosenStart, ChosenBefore:
		var ids []string
		for _, p := range m.s.Chosen[node] {
			ids = append(ids, p.ID)
		}
		return m.find(Persons, ids)
	case HandlerOf:
		var ids []string
		for _, p := range m.handlers(c.Node) {
			ids = append(ids, p.ID)
		}
		return m.find(Persons, ids)
	case Dispatch:
		for _, r := range c.Rules {
			if m.in.Holds(r.When) {
				return m.resolve(node, r.Who)
			}
		}
		return nil
	}
	return m.find(c.Kind, c.IDs)
}

func (m *machine) find(k Source, ids []string) []Person {
	if len(ids) == 0 {
		return nil
	}
	return m.in.Find(Ask{Kind: k, IDs: ids})
}

// idsOf reads ids as records hold them: one, a list, or objects with an id.
func idsOf(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case map[string]any:
		return idsOf(v["id"])
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, idsOf(e)...)
		}
		return out
	}
	return nil
}

// skipSame lets those who have agreed before in this round agree again without being asked:
// never after a return (the round is new), and never where there is something to fill in,
// to sign or to explain.
func (m *machine) skipSame(n *Node, run int) {
	how := m.d.Settings.SameSkip
	if n.Type != Approve || how == "" || how == "none" || len(n.Writable()) > 0 || n.Sign || n.Opinion == "always" {
		return
	}
	for {
		t, ok := m.sameAsBefore(run, how)
		if !ok {
			return
		}
		t.Auto, t.State, t.Acted, t.Step, t.Vote = true, TaskAgreed, m.in.Now, m.s.Step, "yes"
		f := m.note(Skipped, n.ID, Person{})
		f.Task, f.To = t.ID, []Person{t.To}
		m.putTask(t)
		m.count(m.s.Runs[run-1])
	}
}

// sameAsBefore finds an open task of someone who has agreed before.
func (m *machine) sameAsBefore(run int, how string) (Task, bool) {
	if r := m.s.Runs[run-1]; r.State != RunActive {
		return Task{}, false
	}
	previous := 0
	for _, r := range m.s.Runs[:run-1] {
		if r.State == RunPassed && r.Round == m.s.Round && m.d.index[r.Node].node.Type == Approve {
			previous = r.ID
		}
	}
	for _, t := range m.s.tasksOf(run) {
		if !t.Open() {
			continue
		}
		if slices.ContainsFunc(m.s.Tasks, func(o Task) bool {
			return o.Kind == ApproveTask && o.Vote == "yes" && o.To.ID == t.To.ID && o.Round == m.s.Round && o.Run != run &&
				m.s.Runs[o.Run-1].State == RunPassed && (how == "all" || o.Run == previous)
		}) {
			return t, true
		}
	}
	return Task{}, false
}

// moment reads an instant as records hold it: milliseconds, RFC 3339, or a day (its end).
func moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, !v.IsZero()
	case int64:
		return time.UnixMilli(v), true
	case float64:
		return time.UnixMilli(int64(v)), true
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, true
		}
	case interface{ Int64() (int64, error) }:
		if ms, err := v.Int64(); err == nil {
			return time.UnixMilli(ms), true
		}
	}
	return time.Time{}, false
}
