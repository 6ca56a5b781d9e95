package flow

import (
	"fmt"
	"slices"
	"strconv"
)

// after goes on from a visit that has passed.
func (m *machine) after(r Run) {
	if r.Back != "" {
		m.closeIn(0, "", RunPassed)
		m.reach(r.Back, 0, "", nil)
		return
	}
	if next, ok := m.d.index[r.Node].next(); ok {
		m.enter(next, r.Parent, r.Branch)
		return
	}
	m.endBranch(r.Parent, r.Branch)
}

// endBranch joins: the branch node has passed when all branches taken have ended.
func (m *machine) endBranch(parent int, branch string) {
	if parent == 0 {
		m.finish(Passed, "")
		return
	}
	r := m.s.Runs[parent-1]
	r.Ended = append(slices.Clone(r.Ended), branch)
	if len(r.Ended) < len(r.Taken) {
		m.putRun(r)
		return
	}
	if len(r.Taken) > 1 {
		m.note(Joined, r.Node, Person{})
	}
	m.closeRun(r, RunPassed)
	m.after(m.s.Runs[parent-1])
}

func (m *machine) newRun(n *Node, parent int, branch string) Run {
	return Run{ID: len(m.s.Runs) + 1, Node: n.ID, Parent: parent, Branch: branch, Round: m.s.Round, State: RunActive, At: m.in.Now}
}

// enter visits a node.
func (m *machine) enter(n *Node, parent int, branch string) {
	r := m.newRun(n, parent, branch)
	switch n.Type {
	case Condition, Parallel:
		m.enterBranches(n, r)
	case Delay:
		m.enterDelay(n, r)
	case Subflow:
		m.enterChild(n, r)
	case CC:
		m.copyTo(n, r)
	default:
		m.ask(n, r, nil)
	}
}

func (m *machine) enterBranches(n *Node, r Run) {
	var taken []*Branch
	for i := range n.Branches {
		b := &n.Branches[i]
		if n.Type == Parallel {
			taken = append(taken, b)
		} else if i == len(n.Branches)-1 || m.in.Holds(b.When) {
			taken = append(taken, b)
			break
		}
	}
	for _, b := range taken {
		r.Taken = append(r.Taken, b.ID)
	}
	f := m.note(Branched, n.ID, Person{})
	if n.Type == Condition {
		f.Text = taken[0].ID
	}
	m.putRun(r)
	for _, b := range taken {
		if !m.s.Status.Open() || m.s.Runs[r.ID-1].State != RunActive {
			return // a branch has ended the flow, or sent it back
		}
		if len(b.Nodes) == 0 {
			m.endBranch(r.ID, b.ID)
		} else {
			m.enter(&b.Nodes[0], r.ID, b.ID)
		}
	}
}

func (m *machine) enterDelay(n *Node, r Run) {
	m.note(Entered, n.ID, Person{})
	at := m.in.Now
	if after, ok := duration(n.After); ok {
		at = at.Add(after)
	} else if t, ok := moment(m.in.Value(n.Until)); ok {
		at = t
	}
	if !at.After(m.in.Now) {
		r.State, r.Done = RunPassed, m.in.Now
		m.putRun(r)
		m.after(r)
		return
	}
	r.Due = at
	m.putRun(r)
	m.putTimer(Timer{Key: timerKey(r.ID, "delay"), Kind: DelayTimer, Run: r.ID, At: at})
}

func timerKey(run int, what string) string { return "r" + strconv.Itoa(run) + "/" + what }

// ChildID is the instance a subflow node's visit starts.
func ChildID(instance string, run int) string { return fmt.Sprintf("%s-%d", instance, run) }

func (m *machine) enterChild(n *Node, r Run) {
	m.note(ChildBegan, n.ID, Person{}).Text = n.Flow
	m.effect(Effect{Kind: StartChild, Node: n.ID, Run: r.ID, Flow: n.Flow, Fresh: n.Fresh})
	if n.NoWait {
		r.State, r.Done = RunPassed, m.in.Now
		m.putRun(r)
		m.after(r)
		return
	}
	r.Child = ChildID(m.s.ID, r.ID)
	m.putRun(r)
}

func (m *machine) childDone() error {
	r, ok := m.s.Run(m.e.Run)
	if !ok || r.State != RunActive || r.Child == "" {
		return refuse(NotFound, "没有等待中的子流程", "no subflow is waited for")
	}
	m.note(ChildEnded, r.Node, m.e.By).Text = string(m.e.Outcome)
	if m.e.Outcome == Passed {
		m.closeRun(r, RunPassed)
		m.after(m.s.Runs[r.ID-1])
		return nil
	}
	n := m.d.index[r.Node].node
	if n.Reject == "" || n.Reject == ToEnd {
		m.closeRun(r, RunRejected)
		m.finish(Rejected, "")
		return nil
	}
	return m.refused(r, "")
}

// goBack leaves a visit for a node before it: everything after that node, up to the
// parallel branch it lies in, is over; unrelated branches go on.
func (m *machine) goBack(from Run, target, back string) error {
	if !m.d.mayReturn(from.Node, target) || !m.visited(target) {
		return refuse(BadTarget, "不能退回到该节点", "it cannot be returned there")
	}
	m.s.Round++
	m.note(SentBack, from.Node, m.e.By)
	f := m.last()
	f.Text, f.To = m.e.Text, nil
	m.closeRun(from, RunReturned)
	parent, branch := 0, ""
	if ways := m.d.parallels(m.d.way(target)); len(ways) > 0 {
		in := ways[len(ways)-1]
		for r := from; r.Parent != 0; r = m.s.Runs[r.Parent-1] {
			if p := m.s.Runs[r.Parent-1]; p.Node == in.node {
				parent, branch = p.ID, r.Branch
			}
		}
	}
	m.closeIn(parent, branch, RunCancelled)
	m.reach(target, parent, branch, &back)
	return nil
}

// reach visits a node deep in the tree: the conditions around it, below the branch given,
// count as taken again. back is not nil for a return.
func (m *machine) reach(target string, parent int, branch string, back *string) {
	way := m.d.way(target)
	if ways := m.d.parallels(way); len(ways) > 0 {
		way = way[slices.Index(way, ways[len(ways)-1])+1:]
	}
	for _, s := range way {
		r := m.newRun(m.d.index[s.node].node, parent, branch)
		r.Taken = []string{s.branch}
		m.putRun(r)
		parent, branch = r.ID, s.branch
	}
	n := m.d.index[target].node
	r := m.newRun(n, parent, branch)
	var before []Person
	if back != nil {
		r.Again, r.Back = true, *back
		before = m.handlers(target)
	}
	m.ask(n, r, before)
}

// visited says if someone has handled the node before.
func (m *machine) visited(node string) bool {
	return slices.ContainsFunc(m.s.Runs, func(r Run) bool { return r.Node == node && r.State != RunActive && r.State != RunCancelled })
}

// handlers are those who acted at a node last.
func (m *machine) handlers(node string) []Person {
	if n := m.d.index[node].node; n.Type == Start {
		return []Person{m.s.Initiator}
	}
	var out []Person
	run := 0
	for i := len(m.s.Tasks) - 1; i >= 0; i-- {
		t := m.s.Tasks[i]
		if t.Node != node || t.Kind == CCTask || t.Acted.IsZero() || t.State == TaskMoved || t.Auto {
			continue
		}
		if run != 0 && t.Run != run {
			break
		}
		run = t.Run
		out = append([]Person{t.To}, out...)
	}
	return distinct(out)
}

func distinct(people []Person) []Person {
	var out []Person
	for _, p := range people {
		if p.ID != "" && !slices.ContainsFunc(out, func(o Person) bool { return o.ID == p.ID }) {
			out = append(out, p)
		}
	}
	return out
}
