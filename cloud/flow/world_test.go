package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/cond"

	"github.com/google/go-cmp/cmp"
)

// people of the fixture: gong reports; his heads are zhang (team), li (department), wang
// (company). Posts and roles as named.
var (
	heads = map[string][]string{"gong": {"zhang", "li", "wang"}, "ren": {"zhang", "li", "wang"}, "zhang": {"li", "wang"}, "li": {"wang"}}
	posts = map[string][]string{"safety": {"an"}, "vacant": {}, "team": {"zhang"}, "dept": {"li"}, "company": {"wang"}}
	roles = map[string][]string{"committee": {"an", "li", "wang"}, "fitters": {"ren", "fu"}, "fallback": {"li"}, "nobody": {}}
	depts = map[string]string{"repair": "li"}
	noon  = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
)

// world runs one instance in memory.
type world struct {
	t       testing.TB
	d       *Def
	s       State
	facts   []Fact
	effects []Effect
	record  map[string]any
	gone    map[string]bool
	load    map[string]int
	now     time.Time
	noAdmin bool
	unseen  map[string]bool
}

func person(id string) Person { return Person{ID: id, Name: strings.ToUpper(id)} }

func (w *world) people(ids ...string) []Person {
	var out []Person
	for _, id := range ids {
		if !w.gone[id] {
			out = append(out, person(id))
		}
	}
	return out
}

func (w *world) find(a Ask) []Person {
	var out []Person
	switch a.Kind {
	case Persons:
		out = w.people(a.IDs...)
	case Role:
		for _, id := range a.IDs {
			out = append(out, w.people(roles[id]...)...)
		}
	case Post:
		for _, id := range a.IDs {
			out = append(out, w.people(posts[id]...)...)
		}
	case DeptHead, DeptMembers:
		for _, id := range a.IDs {
			if h := depts[id]; h != "" {
				out = append(out, w.people(h)...)
			}
		}
	case InitiatorHead:
		if hs := heads[a.Of.ID]; a.Level <= len(hs) {
			out = w.people(hs[a.Level-1])
		}
	case Superiors:
		for i, h := range heads[a.Of.ID] {
			if a.Level > 0 && i >= a.Level {
				break
			}
			out = append(out, w.people(h)...)
			if a.Until != "" && slices.Contains(posts[a.Until], h) {
				break
			}
		}
	}
	return out
}

func (w *world) in() In {
	return In{
		Now: w.now,
		Holds: func(e cond.Expr) bool {
			return e.Holds(cond.Env{Fields: func(f string) any { return w.record[f] }, Now: w.now})
		},
		Value: func(f string) any { return w.record[f] },
		Shown: func(f string) bool { return !w.unseen[f] },
		Find:  w.find,
		Admins: func() []Person {
			if w.noAdmin {
				return nil
			}
			return w.people("admin")
		},
		Load: func(p string) int { return w.load[p] },
		Limit: func(scheme string, v any, from, rework time.Time) (time.Time, bool) {
			days := map[any]int{"major": 30, "large": 15, "general": 7}[v]
			if rework.After(from) {
				from = rework
			}
			return from.AddDate(0, 0, days), days > 0
		},
		Before: func(step int) (State, error) {
			return Replay(slices.DeleteFunc(slices.Clone(w.facts), func(f Fact) bool { return f.Step >= step })), nil
		},
	}
}

func parse(t testing.TB, doc string) *Def {
	t.Helper()
	d, err := Parse("test", []byte(doc))
	if err != nil {
		if bad, ok := err.(*InvalidError); ok {
			t.Fatalf("%+v\n%s", bad.Problems, doc)
		}
		t.Fatal(err)
	}
	d.Version = 1
	return d
}

// begin starts an instance of nodes (JSON, after the start) by gong.
func begin(t testing.TB, nodes string, more ...string) *world {
	t.Helper()
	w := &world{t: t, record: map[string]any{}, gone: map[string]bool{}, load: map[string]int{}, now: noon}
	w.d = parse(t, `{"title":{"zh":"测试"},"form":"hazard","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+nodes+`]`+strings.Join(more, "")+`}`)
	w.start(nil)
	return w
}

func (w *world) start(chosen map[string][]Person) {
	w.t.Helper()
	s, facts, effects, err := Begin(w.d, State{ID: "i1", Form: "hazard", Record: "r1", Initiator: person("gong")}, chosen, w.in())
	if err != nil {
		w.t.Fatal(err)
	}
	w.keep(s, facts, effects)
}

func (w *world) keep(s State, facts []Fact, effects []Effect) {
	w.t.Helper()
	w.s = s
	w.facts = append(w.facts, facts...)
	w.effects = append(w.effects, effects...)
	for _, e := range effects {
		if e.Kind == PatchRecord {
			maps.Copy(w.record, e.Patch)
		}
	}
	if diff := cmp.Diff(asJSON(w.t, w.s), asJSON(w.t, Replay(w.facts))); diff != "" {
		w.t.Fatalf("replaying the log does not make the state (-state +replayed):\n%s", diff)
	}
	invariants(w.t, w.s)
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// invariants must hold after every step of every flow.
func invariants(t testing.TB, s State) {
	t.Helper()
	for _, k := range s.Tasks {
		r := s.Runs[k.Run-1]
		if k.Open() && (r.State != RunActive || !s.Status.Open()) {
			t.Fatalf("task %d is open at a node that is %s of an instance that is %s", k.ID, r.State, s.Status)
		}
	}
	for _, r := range s.Runs {
		if r.State == RunActive && r.Parent != 0 && s.Runs[r.Parent-1].State != RunActive {
			t.Fatalf("visit %d is active inside one that is %s", r.ID, s.Runs[r.Parent-1].State)
		}
		if r.State == RunActive && !s.Status.Open() {
			t.Fatalf("visit %d is active after the end", r.ID)
		}
	}
	for _, k := range s.Timers {
		if !s.Status.Open() || k.Run != 0 && s.Runs[k.Run-1].State != RunActive {
			t.Fatalf("timer %s outlives what it is for", k.Key)
		}
	}
}

// try takes an event.
func (w *world) try(e Event) error {
	w.t.Helper()
	was := asJSON(w.t, w.s)
	s, facts, effects, err := Step(w.d, w.s, e, w.in())
	if now := asJSON(w.t, w.s); now != was {
		w.t.Fatal("the step changed the state it was given")
	}
	if err == nil {
		w.keep(s, facts, effects)
	}
	return err
}

func (w *world) do(e Event) {
	w.t.Helper()
	if err := w.try(e); err != nil {
		w.t.Fatalf("%+v: %v\n%s", e, err, w)
	}
}

func (w *world) refused(e Event, c Code) {
	w.t.Helper()
	err := w.try(e)
	if bad, ok := err.(*Error); !ok || bad.Code != c || bad.Text.ZH == "" || bad.Text.EN == "" {
		w.t.Fatalf("%+v gave %v, want refusal %s", e, err, c)
	}
}

// task finds the open task of a person.
func (w *world) task(who string) int {
	w.t.Helper()
	for _, k := range w.s.Tasks {
		if k.To.ID == who && k.Open() {
			return k.ID
		}
	}
	w.t.Fatalf("%s has no open task\n%s", who, w)
	return 0
}

func (w *world) decision(who string, v Verdict) Event {
	w.t.Helper()
	return Event{Kind: Decide, By: person(who), Task: w.task(who), Verdict: v, Text: "看过"}
}

func (w *world) agree(who ...string) {
	w.t.Helper()
	for _, p := range who {
		w.do(w.decision(p, Agree))
	}
}

func (w *world) reject(who string) { w.t.Helper(); w.do(w.decision(who, Reject)) }

// open asserts who has to do what where: "node:person" of all open tasks, sorted.
func (w *world) open(want ...string) {
	w.t.Helper()
	got := []string{}
	for _, k := range w.s.OpenTasks() {
		got = append(got, k.Node+":"+k.To.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got, cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		w.t.Fatalf("open tasks (-want +got):\n%s\n%s", diff, w)
	}
}

func (w *world) ended(s Status) {
	w.t.Helper()
	if w.s.Status != s {
		w.t.Fatalf("status %s, want %s\n%s", w.s.Status, s, w)
	}
}

// told asserts that an effect of a kind went to a person, and forgets it.
func (w *world) told(k EffectKind, who string) {
	w.t.Helper()
	for i, e := range w.effects {
		if e.Kind == k && slices.ContainsFunc(e.To, func(p Person) bool { return p.ID == who }) {
			w.effects = slices.Delete(w.effects, i, i+1)
			return
		}
	}
	w.t.Fatalf("%s was not told %q: %+v", who, k, w.effects)
}

func (w *world) String() string {
	var b strings.Builder
	for _, f := range w.facts {
		fmt.Fprintf(&b, "%d %s %s %s %v %s\n", f.Step, f.Kind, f.Node, f.By.ID, f.To, f.Text)
	}
	return b.String()
}

const (
	auditNode  = `{"id":"audit","type":"approve","name":{"zh":"安全主管审核"},"who":[{"kind":"post","ids":["safety"]}]}`
	repairNode = `{"id":"repair","type":"fill","name":{"zh":"整改"},"who":[{"kind":"persons","ids":["ren"]}],"fields":{"measures":"w"}}`
)

// node is a node with more JSON.
func approve(id, who, more string) string {
	return fmt.Sprintf(`{"id":%q,"type":"approve","name":{"zh":%q},"who":[%s]%s}`, id, id, who, more)
}

func persons(ids ...string) string {
	return `{"kind":"persons","ids":["` + strings.Join(ids, `","`) + `"]}`
}
