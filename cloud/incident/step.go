package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/contract"
)

// EventKind is what happens to an incident.
type EventKind string

// Events. Tick fires every clock that is due.
const (
	AcceptRole   EventKind = "accept_role"
	AcceptTask   EventKind = "accept_task"
	DoneTask     EventKind = "done_task"
	SkipTask     EventKind = "skip_task"
	Say          EventKind = "say"
	AlarmChanged EventKind = "alarm_changed"
	Tick         EventKind = "tick"
	Close        EventKind = "close"
)

// Event is one thing that happens.
type Event struct {
	Kind      EventKind
	By        org.Actor
	Key       string // role or task
	Note      string // note, reason or message
	Source    Source // for AlarmChanged
	AlarmKind string // for AlarmChanged: a kind of alarm.Change
}

// Launched is how a plan starts.
type Launched struct {
	ID, HumanNo  string
	By           org.Actor
	Building     string
	BuildingName contract.Text
	Place        contract.Place
	Causes       []Source
	Drill        bool
	Note         string
}

// Begin is the first state of an incident of p.
func Begin(p plan.Plan, l Launched, now time.Time) (State, []Entry) {
	s := State{Incident: Incident{
		ID: l.ID, HumanNo: l.HumanNo, Plan: p.ID, PlanVersion: p.Version, Title: p.Title, Hazard: p.Hazard, Drill: l.Drill, State: Open,
		Building: l.Building, BuildingName: l.BuildingName, Place: l.Place, LaunchedBy: l.By.Name, LaunchedAt: now, Cause: cause(l), Alarms: []string{},
	}}
	if l.Drill {
		s.Title = drillPrefix(s.Title)
	}
	st := stepper{p: p, s: s, now: now, by: l.By.Name}
	st.add("launched", contract.Text{ZH: "启动预案：" + p.Title.ZH, EN: "Plan launched: " + p.Title.In("en")}, map[string]any{"plan": p.ID, "version": p.Version, "note": l.Note})
	st.by = "system"
	for _, c := range l.Causes {
		st.attach(c)
	}
	for _, f := range p.Forbid {
		st.add("forbid", f, nil)
	}
	for _, r := range p.Roles {
		st.s.Roles = append(st.s.Roles, RoleRun{Key: r.Key, Name: r.Name})
		st.ask(&st.s.Roles[len(st.s.Roles)-1], r)
	}
	for _, t := range p.Tasks {
		phase, _ := p.Phase(t.Phase)
		run := TaskRun{Key: t.Key, Phase: t.Phase, PhaseName: phase.Name, Role: t.Role, Text: t.Text, Critical: t.Critical,
			NoteNeeded: t.Evidence == plan.NoteNeeded, Prohibits: t.Prohibits, State: Blocked}
		if l.Drill {
			run.Text = drillPrefix(run.Text)
		}
		if t.Deadline != nil && t.Deadline.After == plan.AfterLaunch {
			run.DueAt = now.Add(t.Deadline.Within)
		}
		st.s.Tasks = append(st.s.Tasks, run)
	}
	st.unblock()
	return st.s, st.out
}

func cause(l Launched) contract.Text {
	if len(l.Causes) == 0 {
		return contract.Text{ZH: strings.TrimSpace("人工启动 " + l.Note), EN: strings.TrimSpace("Launched by hand " + l.Note)}
	}
	var zh, en []string
	for _, c := range l.Causes {
		zh, en = append(zh, c.words("zh-CN")), append(en, c.words("en"))
	}
	return contract.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")}
}

// Step is the next state of s after e. On an error the state is unchanged: a
// [ConflictError], [RefusedError] or [InvalidError], or [ErrNotFound] for a key that
// the plan does not have.
func Step(p plan.Plan, s State, e Event, now time.Time) (State, []Entry, error) {
	st := stepper{p: p, s: s.clone(), now: now, by: e.By.Name}
	if st.by == "" {
		st.by = "system"
	}
	if s.State != Open && e.Kind != Tick && e.Kind != AlarmChanged {
		return s, nil, &ConflictError{Text: contract.Text{ZH: "事件已关闭", EN: "the incident is closed"}}
	}
	var err error
	switch e.Kind {
	case AcceptRole:
		err = st.acceptRole(e)
	case AcceptTask, DoneTask, SkipTask:
		err = st.work(e)
	case Say:
		if strings.TrimSpace(e.Note) == "" {
			return s, nil, &InvalidError{"text", contract.Text{ZH: "消息不能为空", EN: "the message is empty"}}
		}
		st.add("message", contract.Text{ZH: e.Note, EN: e.Note}, nil)
	case AlarmChanged:
		st.alarmChanged(e)
	case Tick:
		st.tick()
	case Close:
		err = st.close(e)
	}
	if err != nil {
		return s, nil, err
	}
	return st.s, st.out, nil
}

// stepper gathers what one step does.
type stepper struct {
	p   plan.Plan
	s   State
	out []Entry
	now time.Time
	by  string
}

func (st *stepper) add(kind string, text contract.Text, data map[string]any) {
	if st.s.Drill {
		text = drillPrefix(text)
	}
	st.out = append(st.out, Entry{At: st.now, Actor: st.by, Kind: kind, Text: text, Data: data})
}

// ask asks the next candidate of a role, or leaves the role to anyone when there is none.
func (st *stepper) ask(run *RoleRun, r plan.Role) {
	data := map[string]any{"role": r.Key}
	if len(run.AskedRoles) >= len(r.Candidates) {
		run.State, run.AcceptBy = Unfilled, time.Time{}
		st.add("role", contract.Text{ZH: "“" + r.Name.ZH + "”无人接受，任何参与处置的人都可以接手",
			EN: "Nobody accepted " + r.Name.In("en") + "; anyone working the incident may take it"}, data)
		return
	}
	next := r.Candidates[len(run.AskedRoles)]
	run.State, run.AskedAt, run.AcceptBy = Asked, st.now, st.now.Add(r.MustAcceptIn)
	run.AskedRoles = append(run.AskedRoles, next)
	data["asked"] = string(next)
	st.add("role", contract.Text{ZH: fmt.Sprintf("请%s担任“%s”，%.0f 秒内接受", next.Title().ZH, r.Name.ZH, r.MustAcceptIn.Seconds()),
		EN: fmt.Sprintf("%s asked to be %s within %.0f s", next.Title().EN, r.Name.In("en"), r.MustAcceptIn.Seconds())}, data)
}

func (st *stepper) acceptRole(e Event) error {
	run := st.s.role(e.Key)
	r, ok := st.p.Role(e.Key)
	if run == nil || !ok {
		return ErrNotFound
	}
	if run.State == Accepted {
		if run.Person == e.By.ID {
			return nil
		}
		return &ConflictError{Text: both("%s 已担任此角色", "%s has this role already", run.PersonName)}
	}
	if run.State != Unfilled && !e.By.Plays(r.Candidates) {
		return &RefusedError{contract.Text{ZH: "您的岗位不在此角色的人选中", EN: "your position is not a candidate for this role"}}
	}
	run.State, run.Person, run.PersonName, run.AcceptedAt, run.AcceptBy = Accepted, e.By.ID, e.By.Name, st.now, time.Time{}
	st.add("role", contract.Text{ZH: e.By.Name + " 接受“" + r.Name.ZH + "”", EN: e.By.Name + " accepts " + r.Name.In("en")}, map[string]any{"role": r.Key})
	return nil
}

func (st *stepper) work(e Event) error {
	t := st.s.task(e.Key)
	if t == nil {
		return ErrNotFound
	}
	if t.finished() {
		return &ConflictError{Text: both("%s 已完成此任务（%s UTC）", "%s finished this task at %s UTC", t.AssigneeName, t.DoneAt.UTC().Format("15:04:05"))}
	}
	if t.State == Blocked && e.Kind != SkipTask {
		keys, zh, en := names(st.waitingFor(*t))
		return &ConflictError{Text: contract.Text{ZH: "须先完成：" + zh, EN: "first do " + en}, Open: keys}
	}
	note := strings.TrimSpace(e.Note)
	data := map[string]any{"task": t.Key}
	if note != "" {
		data["note"] = note
	}
	switch {
	case e.Kind == AcceptTask && t.State == Running && t.Assignee != e.By.ID:
		return &ConflictError{Text: both("%s 正在执行此任务", "%s is doing this task", t.AssigneeName)}
	case e.Kind == AcceptTask && t.State == Running:
		return nil
	case e.Kind == AcceptTask:
		t.State, t.AcceptedAt = Running, st.now
		st.add("task", taskText(e.By.Name, " 开始执行：", " starts: ", *t, ""), data)
	case e.Kind == DoneTask && t.NoteNeeded && note == "":
		return &InvalidError{"note", contract.Text{ZH: "此任务须写明结果", EN: "this task needs a note of the result"}}
	case e.Kind == DoneTask:
		t.State, t.DoneAt = Done, st.now
		st.add("task", taskText(e.By.Name, " 完成：", " finished: ", *t, note), data)
	case note == "":
		return &InvalidError{"note", contract.Text{ZH: "跳过任务须写明理由", EN: "skipping a task needs a reason"}}
	default:
		t.State, t.DoneAt = Skipped, st.now
		st.add("task", taskText(e.By.Name, " 跳过：", " skipped: ", *t, note), data)
	}
	t.Assignee, t.AssigneeName = e.By.ID, e.By.Name
	if note != "" {
		t.Note = note
	}
	if t.finished() {
		t.Overdue = false
		st.startClocks(t.Key)
		st.unblock()
	}
	st.count()
	return nil
}

func taskText(who, zh, en string, t TaskRun, note string) contract.Text {
	if note != "" {
		note = " (" + note + ")"
	}
	return contract.Text{ZH: who + zh + t.Text.ZH + note, EN: who + en + t.Text.In("en") + note}
}

// waitingFor lists the unfinished dependencies of a task.
func (st *stepper) waitingFor(t TaskRun) []TaskRun {
	def, _ := st.p.Task(t.Key)
	var out []TaskRun
	for _, d := range def.Deps {
		if dep := st.s.task(d); dep != nil && !dep.finished() {
			out = append(out, *dep)
		}
	}
	return out
}

// unblock makes ready what nothing holds up any more, and tells the rest what does.
func (st *stepper) unblock() {
	for i := range st.s.Tasks {
		t := &st.s.Tasks[i]
		keys := []string{}
		if t.finished() {
			t.WaitsFor = keys
			continue
		}
		for _, w := range st.waitingFor(*t) {
			keys = append(keys, w.Key)
		}
		t.WaitsFor = keys
		if t.State == Blocked && len(keys) == 0 {
			t.State = Ready
		}
	}
}

// startClocks starts the deadlines that count from the end of a task.
func (st *stepper) startClocks(key string) {
	for i := range st.s.Tasks {
		t := &st.s.Tasks[i]
		def, _ := st.p.Task(t.Key)
		if def.Deadline != nil && def.Deadline.After == "task:"+key && t.DueAt.IsZero() && !t.finished() {
			t.DueAt = st.now.Add(def.Deadline.Within)
		}
	}
}

func (st *stepper) count() {
	st.s.Overdue = 0
	for _, t := range st.s.Tasks {
		if t.Overdue {
			st.s.Overdue++
		}
	}
}

func (st *stepper) attach(c Source) {
	st.s.Alarms, st.s.Sources = append(st.s.Alarms, c.Alarm), append(st.s.Sources, c)
	st.add("alarm", contract.Text{ZH: "关联报警：" + c.words("zh-CN"), EN: "Alarm attached: " + c.words("en")}, map[string]any{"alarm": c.Alarm})
}

func (st *stepper) alarmChanged(e Event) {
	i := slices.IndexFunc(st.s.Sources, func(s Source) bool { return s.Alarm == e.Source.Alarm })
	if i < 0 {
		if st.s.State == Open {
			st.attach(e.Source)
		}
		return
	}
	st.s.Sources[i] = e.Source
	what, ok := map[string]contract.Text{
		alarm.Returned:     {ZH: "报警恢复正常", EN: "Alarm returned to normal"},
		alarm.Raised:       {ZH: "再次报警", EN: "Alarm again"},
		alarm.Reraised:     {ZH: "再次报警", EN: "Alarm again"},
		alarm.Worsened:     {ZH: "报警升级", EN: "Alarm worsened"},
		alarm.Acknowledged: {ZH: "报警已确认收到", EN: "Alarm acknowledged"},
		alarm.Confirmed:    {ZH: "确认为真实报警", EN: "Alarm confirmed as real"},
		alarm.FalseAlarm:   {ZH: "判为误报", EN: "Judged a false alarm"},
		alarm.ResetAsked:   {ZH: "已请求现场复位", EN: "Reset asked of the site"},
	}[e.AlarmKind]
	if !ok {
		return
	}
	text := contract.Text{ZH: what.ZH + "：" + e.Source.words("zh-CN"), EN: what.EN + ": " + e.Source.words("en")}
	st.add("alarm", text, map[string]any{"alarm": e.Source.Alarm, "kind": e.AlarmKind})
}

// tick fires what is due, in the order in which it was due, however late it runs.
func (st *stepper) tick() {
	for {
		timers := st.s.Timers()
		if len(timers) == 0 || timers[0].Due.After(st.now) {
			st.count()
			return
		}
		kind, key, _ := strings.Cut(timers[0].Key, ":")
		if kind == "role" {
			r, _ := st.p.Role(key)
			st.ask(st.s.role(key), r)
			continue
		}
		t := st.s.task(key)
		t.Overdue = true
		data := map[string]any{"task": key, "due": timers[0].Due, "critical": t.Critical}
		text := contract.Text{ZH: "任务超时：" + t.Text.ZH, EN: "Task overdue: " + t.Text.In("en")}
		if def, _ := st.p.Task(key); def.Escalate != "" {
			text, data["escalate"] = st.escalate(text, def.Escalate), def.Escalate
		}
		st.add("overdue", text, data)
	}
}

// escalate names who is told of an overdue task.
func (st *stepper) escalate(text contract.Text, key string) contract.Text {
	r := st.s.role(key)
	who := r.Name
	if r.State == Accepted {
		who = contract.Text{ZH: who.ZH + " " + r.PersonName, EN: who.In("en") + " " + r.PersonName}
	}
	return contract.Text{ZH: text.ZH + "；请" + who.ZH + "处理", EN: text.EN + "; " + who.In("en") + " to act"}
}

func (st *stepper) close(e Event) error {
	if !e.By.Plays(st.p.End.WhoMayClose) {
		return &RefusedError{contract.Text{ZH: "按预案，您的岗位不能关闭此事件", EN: "by the plan your position may not close this incident"}}
	}
	var open []TaskRun
	for _, t := range st.s.Tasks {
		if t.Critical && !t.finished() {
			open = append(open, t)
		}
	}
	keys, zh, en := names(open)
	var why contract.Text
	if len(open) > 0 {
		why = contract.Text{ZH: "关键任务未完成：" + zh, EN: "critical tasks are open: " + en}
	}
	for _, src := range st.s.Sources {
		if !src.over() {
			keys = append(keys, src.Alarm)
			why.ZH, why.EN = joined(why.ZH, "；", "报警未恢复："+src.words("zh-CN")), joined(why.EN, "; ", "alarm not back to normal: "+src.words("en"))
		}
	}
	if len(keys) > 0 {
		return &ConflictError{Text: why, Open: keys}
	}
	st.s.State, st.s.ClosedAt = Closed, st.now
	st.add("closed", contract.Text{ZH: "事件关闭", EN: "Incident closed"}, map[string]any{"note": e.Note})
	return nil
}

func joined(a, sep, b string) string {
	if a == "" {
		return b
	}
	return a + sep + b
}
