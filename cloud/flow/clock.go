package flow

import (
	"fmt"
	"time"
)

// deadline is by when the tasks of a visit have to be done, zero for never. On a return
// the time starts anew: no earlier than the deadline before.
func (m *machine) deadline(n *Node, r Run) time.Time {
	dl := n.Deadline
	if dl == nil {
		return time.Time{}
	}
	var before time.Time
	if r.Again {
		for _, o := range m.s.Runs {
			if o.Node == n.ID && o.Due.After(before) {
				before = o.Due
			}
		}
	}
	due, ok := time.Time{}, false
	if dl.Field != "" && !r.Again {
		due, ok = moment(m.in.Value(dl.Field))
	}
	if !ok && dl.Scheme != "" && m.in.Limit != nil {
		due, ok = m.in.Limit(dl.Scheme, m.in.Value(dl.By), m.in.Now, before)
	}
	if after, isTime := duration(dl.After); !ok && isTime {
		from := m.in.Now
		if before.After(from) {
			from = before
		}
		due, ok = from.Add(after), true
		if dl.Work && m.in.Work != nil {
			due = m.in.Work(from, after)
		}
	}
	if ok && dl.Write != "" {
		m.effect(Effect{Kind: PatchRecord, Patch: map[string]any{dl.Write: due.UTC().Format(time.RFC3339)}})
	}
	return due
}

// setClocks starts the reminders of a visit and its deadline.
func (m *machine) setClocks(n *Node, r Run) {
	if r.Due.IsZero() {
		return
	}
	for i, s := range n.Deadline.Remind {
		shift, _ := duration(s)
		if at := r.Due.Add(shift); at.After(m.in.Now) {
			m.putTimer(Timer{Key: timerKey(r.ID, fmt.Sprintf("remind/%d", i)), Kind: RemindTimer, Run: r.ID, At: at})
		}
	}
	m.putTimer(Timer{Key: timerKey(r.ID, "due"), Kind: DueTimer, Run: r.ID, At: r.Due})
}

// fire is a timer's moment. One that is no longer there has been cancelled: NotFound.
func (m *machine) fire() error {
	var t Timer
	for _, o := range m.s.Timers {
		if o.Key == m.e.Timer {
			t = o
		}
	}
	switch {
	case t.Key == "":
		return refuse(NotFound, "没有这个定时", "no such timer")
	case t.At.After(m.in.Now):
		return refuse(NotNow, "还没有到时间", "it is not time yet")
	case t.Kind == ResumeTimer:
		m.s.Step++
		return m.wake()
	}
	r := m.s.Runs[t.Run-1]
	n := m.d.index[r.Node].node
	switch t.Kind {
	case RemindTimer:
		m.note(Reminded, r.Node, Person{})
		m.dropTimer(t.Key)
		m.effect(Effect{Kind: NotifyRemind, To: m.waitedFor(r.ID), Node: r.Node, Run: r.ID, Due: r.Due})
		return nil
	case DelayTimer:
		m.s.Step++
		m.note(Waited, r.Node, Person{})
		m.closeRun(r, RunPassed)
		m.after(m.s.Runs[r.ID-1])
		return nil
	}
	return m.overdue(n, r, t)
}

// waitedFor are those with open tasks at a visit.
func (m *machine) waitedFor(run int) []Person {
	var out []Person
	for _, t := range m.s.tasksOf(run) {
		if t.Open() {
			out = append(out, t.To)
		}
	}
	return distinct(out)
}

// overdue does what the node says is to be done when its time has passed.
func (m *machine) overdue(n *Node, r Run, t Timer) error {
	what := n.Deadline.Timeout
	if t.Kind == DueTimer {
		m.note(Overdue, r.Node, Person{}).To = m.waitedFor(r.ID)
		m.effect(Effect{Kind: NotifyOverdue, To: append(m.waitedFor(r.ID), m.s.Initiator), Node: r.Node, Run: r.ID, Due: r.Due})
	} else {
		m.note(Escalated, r.Node, Person{})
	}
	m.dropTimer(t.Key)
	if what == nil {
		return nil
	}
	switch what.Do {
	case "escalate":
		to := m.resolve(n.ID, what.To)
		if len(to) == 0 {
			to = m.admins()
		}
		if t.Kind == DueTimer {
			m.note(Escalated, r.Node, Person{})
		}
		m.last().To = to
		m.effect(Effect{Kind: NotifyEscalate, To: to, Node: r.Node, Run: r.ID, Due: r.Due})
		if every, ok := duration(what.Every); ok && t.N+1 < max(1, what.Times) {
			m.putTimer(Timer{Key: timerKey(r.ID, "repeat"), Kind: RepeatTimer, Run: r.ID, At: m.in.Now.Add(every), N: t.N + 1})
		}
	case "transfer":
		m.s.Step++
		return m.moveOverdue(n, r, what)
	case "agree", "reject":
		m.s.Step++
		if what.Do == "agree" {
			m.closeRun(r, RunPassed)
			m.after(m.s.Runs[r.ID-1])
			return nil
		}
		return m.refused(r, "")
	}
	return nil
}

func (m *machine) moveOverdue(n *Node, r Run, what *Timeout) error {
	to := m.without(m.resolve(n.ID, what.To), m.waitedFor(r.ID))
	if len(to) == 0 {
		if to = m.without(m.admins(), m.waitedFor(r.ID)); len(to) == 0 {
			return nil // they are the ones asked already
		}
	}
	for _, t := range m.s.tasksOf(r.ID) {
		if !t.Open() {
			continue
		}
		f := m.note(Transferred, r.Node, Person{})
		next := t
		next.ID, next.To, next.From, next.At, next.Read = len(m.s.Tasks)+1, to[0], t.To, m.in.Now, time.Time{}
		f.Task, f.To = next.ID, to[:1]
		t.State = TaskMoved
		m.putTask(t)
		m.putTask(next)
		m.adopt(t.ID, next.ID)
		m.effect(Effect{Kind: NotifyTask, To: to[:1], Node: r.Node, Task: next.ID, Due: next.Due})
	}
	return nil
}

const urgePause = 30 * time.Minute

// urge reminds those who are waited for, at most once in a while.
func (m *machine) urge() error {
	took := m.e.Admin || m.e.By.ID == m.s.Initiator.ID
	for _, t := range m.s.Tasks {
		took = took || t.To.ID == m.e.By.ID
	}
	if !took {
		return refuse(NotYours, "只有发起人、参与人和管理员可以催办", "only those who take part may urge")
	}
	pause := urgePause
	if d, ok := duration(m.d.Settings.Urge); ok {
		pause = d
	}
	if wait := m.s.Urged.Add(pause).Sub(m.in.Now); !m.s.Urged.IsZero() && wait > 0 {
		minutes := int((wait + time.Minute - 1) / time.Minute)
		return refuse(TooSoon, fmt.Sprintf("刚催办过，请 %d 分钟后再试", minutes), fmt.Sprintf("urged a moment ago: try again in %d minutes", minutes))
	}
	m.s.Urged = m.in.Now
	m.s.Urges++
	f := m.note(UrgedFact, "", m.e.By)
	f.Text = m.e.Text
	for _, t := range m.s.OpenTasks() {
		f.To = append(f.To, t.To)
		m.effect(Effect{Kind: NotifyUrge, To: []Person{t.To}, Node: t.Node, Task: t.ID, Due: t.Due, Text: m.e.Text})
	}
	return nil
}

// suspend stops the instance and its clocks.
func (m *machine) suspend() error {
	if !m.e.Admin {
		return refuse(NotYours, "没有挂起流程的权限", "you may not suspend this flow")
	}
	if m.e.Text == "" {
		return refuse(Missing, "请填写原因", "a reason is required", "reason")
	}
	if !m.e.Until.IsZero() && !m.e.Until.After(m.in.Now) {
		return refuse(Missing, "恢复时间应在以后", "it must resume in the future", "until")
	}
	m.s.Suspended = &Suspension{At: m.in.Now, Until: m.e.Until, Reason: m.e.Text}
	m.note(Halted, "", m.e.By).Text = m.e.Text
	if !m.e.Until.IsZero() {
		m.putTimer(Timer{Key: "resume", Kind: ResumeTimer, At: m.e.Until})
	}
	return nil
}

func (m *machine) resume() error {
	if m.s.Suspended == nil {
		return refuse(NotNow, "流程没有挂起", "the flow is not suspended")
	}
	if !m.e.Admin {
		return refuse(NotYours, "没有恢复流程的权限", "you may not resume this flow")
	}
	return m.wake()
}

// wake goes on: every clock is moved on by as long as it stood still.
func (m *machine) wake() error {
	stood := m.in.Now.Sub(m.s.Suspended.At)
	m.s.Suspended = nil
	m.note(Resumed, "", m.e.By)
	m.dropTimer("resume")
	for _, t := range append([]Timer{}, m.s.Timers...) {
		t.At = t.At.Add(stood)
		m.putTimer(t)
	}
	for _, r := range append([]Run{}, m.s.Runs...) {
		if r.State == RunActive && !r.Due.IsZero() {
			r.Due = r.Due.Add(stood)
			m.putRun(r)
		}
	}
	for _, t := range append([]Task{}, m.s.Tasks...) {
		if (t.Open() || t.State == TaskWaiting) && !t.Due.IsZero() {
			t.Due = t.Due.Add(stood)
			m.putTask(t)
		}
	}
	return nil
}
