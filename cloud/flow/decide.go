package flow

import (
	"slices"
	"strings"
)

// mine finds the open task an event is about, and checks that it is the person's own.
func (m *machine) mine() (Task, error) {
	t, ok := m.s.Task(m.e.Task)
	mayHand := m.e.Admin && (m.e.Kind == Transfer || m.e.Kind == Delegate)
	switch {
	case !ok:
		return t, refuse(NotFound, "没有这个任务", "no such task")
	case t.To.ID != m.e.By.ID && !mayHand:
		return t, refuse(NotYours, "不是您的任务", "not your task")
	case !t.Open():
		return t, refuse(NotOpen, "任务已处理或已取消", "the task has been handled or is no longer needed")
	}
	return t, nil
}

func (m *machine) decide() error {
	t, err := m.mine()
	if err != nil {
		return err
	}
	n := m.d.index[t.Node].node
	if err := m.complete(n, t); err != nil {
		return err
	}
	t.Acted, t.Step, t.Text, t.Sign = m.in.Now, m.s.Step, m.e.Text, m.e.Sign
	switch m.e.Verdict {
	case Agree:
		return m.agree(n, t)
	case Reject:
		return m.reject(n, t)
	case Return:
		if n.Type == Start {
			return refuse(NotNow, "发起人不能退回", "the initiator cannot return it")
		}
		t.State = TaskReturned
		m.note(SentBack, t.Node, m.e.By).Task = t.ID
		m.last().Text = m.e.Text
		m.putTask(t)
		return m.goBack(m.s.Runs[t.Run-1], m.e.Target, m.backFor(n))
	}
	return refuse(Missing, "请选择同意或驳回", "agree or reject", "verdict")
}

// complete checks that a decision says all it must.
func (m *machine) complete(n *Node, t Task) error {
	if (n.Opinion == "always" || n.Opinion == "reject" && m.e.Verdict != Agree) && strings.TrimSpace(m.e.Text) == "" {
		return refuse(Missing, "请填写意见", "an opinion is required", "opinion")
	}
	if m.e.Verdict != Agree {
		return nil
	}
	if n.Sign && m.e.Sign == "" {
		return refuse(Missing, "请签名", "a signature is required", "sign")
	}
	var missing []string
	for _, f := range n.Required {
		if empty(m.in.Value(f)) && (m.in.Shown == nil || m.in.Shown(f)) {
			missing = append(missing, f)
		}
	}
	for _, c := range n.Choose {
		if len(m.e.Chosen[c]) == 0 {
			missing = append(missing, "chosen."+c)
		}
	}
	if len(missing) > 0 && t.Owner.ID == "" && t.Parent == 0 {
		return refuse(Missing, "请填写必填项", "something required is missing", missing...)
	}
	return nil
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func (m *machine) agree(n *Node, t Task) error {
	t.State = TaskAgreed
	f := m.note(Agreed, t.Node, m.e.By)
	f.Task, f.Text = t.ID, m.e.Text
	if t.Owner.ID != "" { // delegated: its owner decides
		m.putTask(t)
		m.handBack(t)
		return nil
	}
	for node, people := range m.e.Chosen {
		if slices.Contains(n.Choose, node) {
			if m.s.Chosen == nil {
				m.s.Chosen = map[string][]Person{}
			}
			m.s.Chosen[node] = distinct(people)
		}
	}
	m.putTask(t)
	m.agreed(t)
	return nil
}

// agreed goes on from a task that has been agreed to: to the signers added after it, to
// the one who added it before themselves, or to the count.
func (m *machine) agreed(t Task) {
	waiting := m.added(t.ID, "after", TaskWaiting)
	if len(waiting) > 0 {
		for _, c := range waiting {
			c.State, c.At = TaskOpen, m.in.Now
			m.putTask(c)
			m.effect(Effect{Kind: NotifyTask, To: []Person{c.To}, Node: c.Node, Task: c.ID, Due: c.Due})
		}
		return
	}
	if len(m.added(t.ID, "after", TaskOpen)) > 0 {
		return
	}
	if t.Parent == 0 || t.Add == "parallel" {
		t.Vote = "yes"
		m.putTask(t)
		m.count(m.s.Runs[t.Run-1])
		return
	}
	m.siblingDone(t)
}

// siblingDone goes on with the one who added a signer, when all of them are done.
func (m *machine) siblingDone(t Task) {
	p := m.s.Tasks[t.Parent-1]
	if len(m.added(p.ID, t.Add, TaskOpen))+len(m.added(p.ID, t.Add, TaskWaiting)) > 0 {
		return
	}
	if t.Add == "after" {
		m.agreed(p)
		return
	}
	if p.State == TaskWaiting {
		p.State = TaskOpen
		m.putTask(p)
		m.effect(Effect{Kind: NotifyTask, To: []Person{p.To}, Node: p.Node, Task: p.ID, Due: p.Due})
	}
}

func (m *machine) added(parent int, add string, state TaskState) []Task {
	return slices.DeleteFunc(slices.Clone(m.s.Tasks), func(t Task) bool { return t.Parent != parent || t.Add != add || t.State != state })
}

func (m *machine) reject(n *Node, t Task) error {
	if n.Type == Start || n.Type == Fill && n.Reject == "" {
		return refuse(NotNow, "此节点不能驳回", "this node cannot reject")
	}
	t.State = TaskRejected
	f := m.note(Refused, t.Node, m.e.By)
	f.Task, f.Text = t.ID, m.e.Text
	m.putTask(t)
	if t.Owner.ID != "" {
		m.handBack(t)
		return nil
	}
	for t.Parent != 0 && t.Add != "parallel" { // an added signer's no is the no of who added them
		t = m.s.Tasks[t.Parent-1]
		t.State = TaskRejected
		if t.Acted.IsZero() {
			t.Acted, t.Auto = m.in.Now, true
		}
		m.putTask(t)
	}
	t.Vote = "no"
	m.putTask(t)
	r := m.s.Runs[t.Run-1]
	if !m.tally(n, r).refused {
		m.count(r)
		return nil
	}
	return m.refused(r, m.e.Target)
}

// result is how the votes of a visit stand.
type result struct{ passed, refused bool }

// tally counts votes: the table in the README says what every pattern means.
func (m *machine) tally(n *Node, r Run) result {
	yes, no, total := 0, 0, len(r.Queue)
	for _, t := range m.s.tasksOf(r.ID) {
		if !t.voter() {
			continue
		}
		total++
		switch t.Vote {
		case "yes":
			yes++
		case "no":
			no++
		}
	}
	switch r.Mode {
	case Any:
		if n.AllToNo {
			return result{yes > 0, yes == 0 && no == total}
		}
		return result{yes > 0 && no == 0, no > 0}
	case Sequential:
		return result{yes == total && no == 0, no > 0}
	}
	percent := n.Percent
	if percent == 0 {
		percent = 100
	}
	need := max(1, (total*percent+99)/100)
	return result{yes >= need, total-no < need}
}

// count goes on if the votes of a visit are decided, or asks whoever comes next.
func (m *machine) count(r Run) {
	if r.State != RunActive {
		return
	}
	n := m.d.index[r.Node].node
	if res := m.tally(n, r); res.passed {
		m.closeRun(r, RunPassed)
		m.after(m.s.Runs[r.ID-1])
		return
	}
	open := slices.ContainsFunc(m.s.tasksOf(r.ID), func(t Task) bool { return t.Open() || t.State == TaskWaiting })
	if r.Mode == Sequential && len(r.Queue) > 0 && !open {
		next := r.Queue[0]
		r.Queue = slices.Clone(r.Queue[1:])
		m.putRun(r)
		kind := ApproveTask
		if n.Type == Fill {
			kind = FillTask
		}
		m.give(r, kind, next)
	}
}

// refused goes where the node's rejections lead.
func (m *machine) refused(r Run, chosen string) error {
	n := m.d.index[r.Node].node
	switch n.Reject {
	case ToEnd:
		m.closeRun(r, RunRejected)
		m.finish(Rejected, m.e.Text)
		return nil
	case ToNode:
		return m.goBack(r, n.RejectTo, m.backFor(n))
	case ToPrevious:
		return m.goBack(r, m.previous(r), m.backFor(n))
	case ToChosen:
		if chosen == "" {
			return refuse(Missing, "请选择退回到哪个节点", "choose the node to return to", "target")
		}
		return m.goBack(r, chosen, m.backFor(n))
	}
	return m.goBack(r, m.d.Nodes[0].ID, m.backFor(n))
}

func (m *machine) backFor(n *Node) string {
	if n.Resubmit == "back" && len(m.d.parallels(m.d.way(n.ID))) == 0 {
		return n.ID
	}
	return ""
}

// previous is the node people handled last before this visit, on the same way.
func (m *machine) previous(r Run) string {
	best, at := m.d.Nodes[0].ID, 0
	for _, o := range m.s.Runs[:r.ID-1] {
		if o.State == RunPassed && o.ID > at && m.d.mayReturn(r.Node, o.Node) && m.d.index[o.Node].node.Type != Start {
			best, at = o.Node, o.ID
		}
	}
	return best
}
