package incident

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/configs"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

var (
	t0    = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	zhang = org.Actor{ID: "u-z", Name: "张伟", Role: org.Operator}
	lina  = org.Actor{ID: "u-l", Name: "李娜", Role: org.Supervisor}
	wang  = org.Actor{ID: "u-w", Name: "王强", Role: org.Guard}
)

func shipped(t testing.TB, id string) plan.Plan {
	t.Helper()
	plans, err := plan.Load(configs.Files, "plans")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(plans, func(p plan.Plan) bool { return p.ID == id })
	if i < 0 {
		t.Fatalf("no plan %s", id)
	}
	return plans[i]
}

func smoke(id, channel string) Source {
	return Source{Alarm: "alm-" + id, Edge: "edge-b03", Point: contract.PointID(id + ".smoke"), Channel: channel, Building: "b03",
		BuildingName: contract.Text{ZH: "3号楼", EN: "Building 3"}, Place: contract.Place{Building: "b03", Floor: 12, Zone: "z-12"},
		Title: contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, Hazard: contract.Fire, Severity: contract.Critical, Condition: contract.Active, Open: true}
}

func TestMatch_FireNeedsTwoIndependentAlarmsOrAPerson(t *testing.T) {
	fire := shipped(t, "fire")
	east, west := smoke("f12-smoke-east", "A"), smoke("f12-smoke-west", "B")
	change := func(s Source, f func(*Source)) Source { f(&s); return s }
	for name, c := range map[string]struct {
		open      []Source
		fresh     Source
		confirmed bool
		want      bool
	}{
		"one detector":            {nil, east, false, false},
		"one and a person":        {nil, east, true, true},
		"two independent":         {[]Source{east}, west, false, true},
		"same alarm twice":        {[]Source{east}, east, false, false},
		"same channel":            {[]Source{east}, change(west, func(s *Source) { s.Channel = "A" }), false, false},
		"channel not known":       {[]Source{east}, change(west, func(s *Source) { s.Channel = "" }), false, false},
		"same device":             {[]Source{east}, change(east, func(s *Source) { s.Alarm, s.Point, s.Channel = "other", "f12-smoke-east.heat", "B" }), false, false},
		"first back to normal":    {[]Source{change(east, func(s *Source) { s.Condition = contract.Normal })}, west, false, false},
		"first latched":           {[]Source{change(east, func(s *Source) { s.Condition, s.Latched = contract.Normal, true })}, west, false, true},
		"first unknown":           {[]Source{change(east, func(s *Source) { s.Condition = contract.Unknown })}, west, false, false},
		"first out of service":    {[]Source{SourceOf(alarm.Alarm{ID: east.Alarm, State: alarm.OutOfService, Building: "b03", Point: east.Point, Channel: "A", Hazard: contract.Fire, Severity: contract.Critical, Condition: contract.Active})}, west, false, false},
		"itself out of service":   {[]Source{east}, change(west, func(s *Source) { s.Aside = true }), true, false},
		"other building":          {[]Source{change(east, func(s *Source) { s.Building = "b04" })}, west, false, false},
		"other hazard":            {[]Source{change(east, func(s *Source) { s.Hazard = contract.Gas })}, west, false, false},
		"too mild":                {[]Source{east}, change(west, func(s *Source) { s.Severity = contract.Minor }), false, false},
		"another edge, same name": {[]Source{east}, change(east, func(s *Source) { s.Alarm, s.Edge = "other", "edge-x" }), false, true},
	} {
		causes, got := Match(fire, c.open, c.fresh, c.confirmed)
		if got != c.want {
			t.Errorf("%s: launch=%v, want %v", name, got, c.want)
		}
		if got && causes[0].Alarm != c.fresh.Alarm {
			t.Errorf("%s: causes=%v", name, causes)
		}
	}
}

func TestMatch_GasTakesOneCriticalAlarmPerZone(t *testing.T) {
	gas := shipped(t, "gas-leak")
	s := smoke("f03-gas-302", "A")
	s.Hazard, s.Place.Zone = contract.Gas, "z-gas-03"
	if _, ok := Match(gas, nil, s, false); !ok {
		t.Error("a critical gas alarm does not launch")
	}
	s.Severity = contract.Major
	if _, ok := Match(gas, nil, s, false); ok {
		t.Error("a major gas alarm launches")
	}
	if gas.Zone(s.Place) != "z-gas-03" || shipped(t, "fire").Zone(s.Place) != "" {
		t.Error("zones")
	}
}

func begin(t testing.TB, p plan.Plan, causes ...Source) State {
	t.Helper()
	s, _ := Begin(p, Launched{ID: "inc-1", HumanNo: "INC-2026-00001", By: org.System(), Building: "b03", Causes: causes}, t0)
	return s
}

func must(t testing.TB, p plan.Plan, s State, e Event, now time.Time) State {
	t.Helper()
	next, _, err := Step(p, s, e, now)
	if err != nil {
		t.Fatalf("%s %s: %v", e.Kind, e.Key, err)
	}
	return next
}

func TestStep_DependenciesHoldTasksBackAndNameThemselves(t *testing.T) {
	p := shipped(t, "fire")
	s := begin(t, p)
	_, _, err := Step(p, s, Event{Kind: DoneTask, By: zhang, Key: "call-119", Note: "x"}, t0)
	c, ok := errors.AsType[*ConflictError](err)
	if !ok || !slices.Equal(c.Open, []string{"judge"}) {
		t.Fatalf("err=%v", err)
	}
	if s.task("call-119").State != Blocked || !s.task("call-119").DueAt.IsZero() {
		t.Errorf("%+v", s.task("call-119"))
	}
	s = must(t, p, s, Event{Kind: DoneTask, By: zhang, Key: "judge", Note: "真火"}, t0.Add(30*time.Second))
	got := s.task("call-119")
	if got.State != Ready || !got.DueAt.Equal(t0.Add(90*time.Second)) {
		t.Errorf("after judge: %+v", got)
	}
	if _, _, err := Step(p, s, Event{Kind: DoneTask, By: wang, Key: "judge", Note: "x"}, t0); err == nil {
		t.Error("done twice")
	}
	if _, _, err := Step(p, s, Event{Kind: SkipTask, By: wang, Key: "access"}, t0); err == nil {
		t.Error("skipped without a reason")
	}
	if _, _, err := Step(p, s, Event{Kind: DoneTask, By: zhang, Key: "call-119"}, t0); err == nil {
		t.Error("done without the note that the plan wants")
	}
	if _, _, err := Step(p, s, Event{Kind: DoneTask, By: zhang, Key: "nothing"}, t0); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown task: %v", err)
	}
}

func TestStep_ARoleGoesFromCandidateToCandidateThenToAnyone(t *testing.T) {
	p := shipped(t, "entrapment")
	s := begin(t, p)
	if _, _, err := Step(p, s, Event{Kind: AcceptRole, By: wang, Key: "manager"}, t0); err == nil {
		t.Error("a guard took the manager's role at once")
	}
	r := s.role("manager")
	if !slices.Equal(r.AskedRoles, []org.Role{org.Supervisor}) || !r.AcceptBy.Equal(t0.Add(5*time.Minute)) {
		t.Fatalf("%+v", r)
	}
	s = must(t, p, s, Event{Kind: Tick}, t0.Add(5*time.Minute))
	if r := s.role("manager"); r.State != Asked || len(r.AskedRoles) != 2 {
		t.Errorf("after 5 min: %+v", r)
	}
	s = must(t, p, s, Event{Kind: Tick}, t0.Add(10*time.Minute))
	if r := s.role("manager"); r.State != Unfilled {
		t.Errorf("after 10 min: %+v", r)
	}
	s = must(t, p, s, Event{Kind: AcceptRole, By: wang, Key: "manager"}, t0.Add(11*time.Minute))
	if r := s.role("manager"); r.State != Accepted || r.PersonName != "王强" {
		t.Errorf("%+v", r)
	}
	if _, _, err := Step(p, s, Event{Kind: AcceptRole, By: lina, Key: "manager"}, t0); err == nil {
		t.Error("taken twice")
	}
}

func TestStep_AfterAnOutageClocksFireInOrderOnce(t *testing.T) {
	p := shipped(t, "entrapment")
	s := begin(t, p)
	for _, r := range []string{"chief", "comfort", "manager"} {
		s = must(t, p, s, Event{Kind: AcceptRole, By: org.Actor{ID: r, Name: r, Role: org.Supervisor}, Key: r}, t0)
	}
	late := t0.Add(40 * time.Minute)
	s, entries, err := Step(p, s, Event{Kind: Tick}, late)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	last := time.Time{}
	for _, e := range entries {
		due := e.Data["due"].(time.Time)
		if due.Before(last) || e.Kind != "overdue" || !e.At.Equal(late) {
			t.Errorf("%+v out of order", e)
		}
		last = due
		keys = append(keys, e.Data["task"].(string))
	}
	if want := []string{"voice", "call-maintainer", "at-lift", "barrier", "on-the-way", "health", "arrived"}; !slices.Equal(keys, want) {
		t.Errorf("fired %v, want %v", keys, want)
	}
	if s.Overdue != len(keys) {
		t.Errorf("overdue=%d", s.Overdue)
	}
	if _, again, _ := Step(p, s, Event{Kind: Tick}, late.Add(time.Minute)); len(again) != 0 {
		t.Errorf("fired again: %v", again)
	}
}

func TestStep_ClosingNeedsTasksAlarmsAndTheRightPerson(t *testing.T) {
	p := shipped(t, "gas-leak")
	src := smoke("f03-gas-302", "A")
	src.Hazard = contract.Gas
	s := begin(t, p, src)
	_, _, err := Step(p, s, Event{Kind: Close, By: zhang}, t0)
	if _, ok := errors.AsType[*RefusedError](err); !ok {
		t.Errorf("operator: %v", err)
	}
	_, _, err = Step(p, s, Event{Kind: Close, By: lina}, t0)
	if c, ok := errors.AsType[*ConflictError](err); !ok || !slices.Contains(c.Open, "valve") || !slices.Contains(c.Open, src.Alarm) || slices.Contains(c.Open, "windows") {
		t.Fatalf("err=%v", err)
	}
	for _, task := range s.Tasks {
		if task.Critical {
			s = must(t, p, s, Event{Kind: SkipTask, By: lina, Key: task.Key, Note: "演示"}, t0)
		}
	}
	src.Condition = contract.Unknown
	s = must(t, p, s, Event{Kind: AlarmChanged, Source: src, AlarmKind: alarm.Updated}, t0)
	if _, _, err := Step(p, s, Event{Kind: Close, By: lina}, t0); err == nil {
		t.Error("closed while the detector is unknown")
	}
	src.Condition = contract.Normal
	s = must(t, p, s, Event{Kind: AlarmChanged, Source: src, AlarmKind: alarm.Returned}, t0)
	s = must(t, p, s, Event{Kind: Close, By: lina}, t0)
	if s.State != Closed || len(s.Timers()) != 0 {
		t.Errorf("state=%s timers=%v", s.State, s.Timers())
	}
	if _, _, err := Step(p, s, Event{Kind: Say, By: lina, Note: "x"}, t0); err == nil {
		t.Error("spoke in a closed incident")
	}
}

func TestBegin_DrillsSaySoEverywhere(t *testing.T) {
	s, entries := Begin(shipped(t, "fire"), Launched{ID: "i", By: zhang, Building: "b03", Drill: true}, t0)
	texts := []contract.Text{s.Title}
	for _, e := range entries {
		texts = append(texts, e.Text)
	}
	for _, task := range s.Tasks {
		texts = append(texts, task.Text)
	}
	for _, x := range texts {
		if len(x.ZH) < 12 || x.ZH[:12] != "【演练】"[:12] || x.EN[:7] != "[DRILL]" {
			t.Errorf("%+v", x)
		}
	}
}

// TestStep_AnySequenceKeepsTheRules throws random events at every shipped plan.
func TestStep_AnySequenceKeepsTheRules(t *testing.T) {
	plans := []plan.Plan{shipped(t, "fire"), shipped(t, "gas-leak"), shipped(t, "entrapment")}
	for seed := range uint64(100) {
		for _, p := range plans {
			rng := rand.New(rand.NewPCG(seed, 7))
			src := smoke("f12-smoke-east", "A")
			s, now := begin(t, p, src), t0
			for range 80 {
				now = now.Add(time.Duration(rng.IntN(300)) * time.Second)
				e := randomEvent(rng, p, src)
				before := s.clone()
				next, entries, err := Step(p, s, e, now)
				if !reflect.DeepEqual(before, s) {
					t.Fatalf("seed %d: Step wrote into its argument:\n%s", seed, cmp.Diff(before, s))
				}
				if err != nil {
					if len(entries) > 0 || !reflect.DeepEqual(before, next) {
						t.Fatalf("seed %d: an error changed the state", seed)
					}
					continue
				}
				again, _, _ := Step(p, s, e, now)
				if !reflect.DeepEqual(next, again) {
					t.Fatalf("seed %d: not a function:\n%s", seed, cmp.Diff(next, again))
				}
				if err := rules(p, before, next, e, now); err != nil {
					t.Fatalf("seed %d %s %s %q: %v", seed, p.ID, e.Kind, e.Key, err)
				}
				s = next
			}
		}
	}
}

func randomEvent(rng *rand.Rand, p plan.Plan, src Source) Event {
	by := []org.Actor{zhang, lina, wang}[rng.IntN(3)]
	task := p.Tasks[rng.IntN(len(p.Tasks))].Key
	note := []string{"", "记录"}[rng.IntN(2)]
	switch rng.IntN(9) {
	case 0:
		return Event{Kind: AcceptRole, By: by, Key: p.Roles[rng.IntN(len(p.Roles))].Key}
	case 1:
		return Event{Kind: AcceptTask, By: by, Key: task}
	case 2, 3, 4:
		return Event{Kind: DoneTask, By: by, Key: task, Note: note}
	case 5:
		return Event{Kind: SkipTask, By: by, Key: task, Note: note}
	case 6:
		src.Condition = []contract.Condition{contract.Normal, contract.Active, contract.Unknown}[rng.IntN(3)]
		return Event{Kind: AlarmChanged, Source: src, AlarmKind: alarm.Updated}
	case 7:
		return Event{Kind: Close, By: by}
	}
	return Event{Kind: Tick}
}

// rules are what holds after every step.
func rules(p plan.Plan, before, s State, e Event, now time.Time) error {
	overdue := 0
	for i, t := range s.Tasks {
		def, _ := p.Task(t.Key)
		if t.Overdue {
			overdue++
		}
		free := true
		for _, d := range def.Deps {
			free = free && s.task(d).finished()
		}
		switch {
		case before.Tasks[i].finished() && !reflect.DeepEqual(before.Tasks[i], t):
			return fmt.Errorf("finished task %s changed", t.Key)
		case t.State == Blocked && free, t.State == Ready && !free, t.State == Running && !free, t.State == Done && !free:
			return fmt.Errorf("task %s is %s, free=%v", t.Key, t.State, free)
		case t.State == Skipped && t.Note == "":
			return fmt.Errorf("task %s skipped without a reason", t.Key)
		case t.finished() && (t.Overdue || t.DoneAt.IsZero() || t.AssigneeName == ""):
			return fmt.Errorf("task %s finished badly: %+v", t.Key, t)
		case !before.Tasks[i].DueAt.IsZero() && !t.DueAt.Equal(before.Tasks[i].DueAt):
			return fmt.Errorf("task %s got another deadline", t.Key)
		}
	}
	if overdue != s.Overdue {
		return fmt.Errorf("overdue=%d, want %d", s.Overdue, overdue)
	}
	if timers := s.Timers(); e.Kind == Tick && len(timers) > 0 && !timers[0].Due.After(now) {
		return fmt.Errorf("a due clock did not fire: %v", timers[0])
	}
	if s.State == Closed && before.State == Open {
		for _, t := range s.Tasks {
			if t.Critical && !t.finished() {
				return fmt.Errorf("closed with %s open", t.Key)
			}
		}
		if !s.Sources[0].over() {
			return errors.New("closed with a live alarm")
		}
	}
	if before.State == Closed && s.State != Closed {
		return errors.New("reopened")
	}
	return nil
}
