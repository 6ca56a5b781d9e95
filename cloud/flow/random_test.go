package flow

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// drawer draws flows.
type drawer struct {
	r     *rand.Rand
	n     int
	ids   []string
	depth int
}

func (g *drawer) one(of ...string) string { return of[g.r.IntN(len(of))] }

func (g *drawer) id() string {
	g.n++
	return fmt.Sprintf("n%d", g.n)
}

func (g *drawer) chain(least int) string {
	var out []string
	for range least + g.r.IntN(4) {
		out = append(out, g.node())
	}
	return strings.Join(out, ",")
}

var everybody = []string{"gong", "ren", "fu", "an", "zhang", "li", "wang"}

func (g *drawer) who() string {
	people := slices.Clone(everybody)
	g.r.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	return g.one(persons(people[:1+g.r.IntN(3)]...), persons(people[:1+g.r.IntN(3)]...), `{"kind":"role","ids":["committee"]}`, `{"kind":"post","ids":["vacant"]}`,
		`{"kind":"initiator"}`, `{"kind":"superiors","level":3}`, `{"kind":"initiator_head","level":2}`, `{"kind":"field_person","field":"owner"}`)
}

func (g *drawer) node() string {
	id := g.id()
	switch k := g.r.IntN(12); {
	case k < 5:
		more := `,"mode":"` + g.one("any", "all", "sequential") + `","reject":"` + g.one("", "start", "previous", "chosen", "end") + `"` +
			g.one(``, `,"initiator":"allow"`) + g.one(``, ``, `,"deadline":{"after":"24h","remind":["-2h"],"timeout":{"do":"`+g.one("agree", "reject")+`"}}`,
			`,"deadline":{"after":"24h","timeout":{"do":"`+g.one("escalate", "transfer")+`","to":[`+persons("wang")+`],"every":"4h","times":3}}`)
		if strings.Contains(more, `"mode":"all"`) {
			more += fmt.Sprintf(`,"percent":%d`, 1+g.r.IntN(100))
		}
		return approve(id, g.who(), more)
	case k < 7:
		return fmt.Sprintf(`{"id":%q,"type":"fill","name":{"zh":"填"},"who":[%s],"fields":{"m":"w"}%s}`, id, g.who(), g.one(``, `,"reject":"previous"`))
	case k == 7:
		return fmt.Sprintf(`{"id":%q,"type":"cc","name":{"zh":"抄送"},"who":[%s]}`, id, g.who())
	case k == 8:
		return fmt.Sprintf(`{"id":%q,"type":"delay","name":{"zh":"等"},"after":"2h"}`, id)
	case k == 9:
		return fmt.Sprintf(`{"id":%q,"type":"subflow","name":{"zh":"子"},"flow":"other"%s}`, id, g.one(``, `,"no_wait":true`, `,"reject":"previous"`))
	}
	if g.depth >= 3 {
		return approve(id, g.who(), "")
	}
	g.depth++
	defer func() { g.depth-- }()
	kind, when := "parallel", ""
	if g.r.IntN(2) == 0 {
		kind, when = "condition", `"when":{"op":"`+g.one("empty", "not_empty")+`","l":{"f":"owner"}},`
	}
	var branches []string
	for i := range 2 + g.r.IntN(2) {
		branches = append(branches, fmt.Sprintf(`{"id":"b%d","name":{"zh":"支"},%s"nodes":[%s]}`, i, when, g.chain(0)))
	}
	if kind == "condition" {
		branches = append(branches, fmt.Sprintf(`{"id":"rest","name":{"zh":"其他"},"nodes":[%s]}`, g.chain(0)))
	}
	return fmt.Sprintf(`{"id":%q,"type":%q,"name":{"zh":"分支"},"branches":[%s]}`, id, kind, strings.Join(branches, ","))
}

func (g *drawer) flow() string {
	return fmt.Sprintf(`{"title":{"zh":"随机"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},%s],"settings":{"same_skip":%q,"withdraw":"before_end"}}`,
		g.chain(1), g.one("none", "consecutive", "all"))
}

// event draws something somebody might try, not always allowed.
func (g *drawer) event(w *world) Event {
	who := func() Person { return person(everybody[g.r.IntN(len(everybody))]) }
	e := Event{By: who(), Text: "随机", To: []Person{who()}, Admin: g.r.IntN(3) == 0, From: who()}
	if open := w.s.OpenTasks(); len(open) > 0 && g.r.IntN(10) > 0 {
		k := open[g.r.IntN(len(open))]
		e.Task, e.By = k.ID, k.To
	} else if len(w.s.Tasks) > 0 {
		e.Task = 1 + g.r.IntN(len(w.s.Tasks))
		e.By = w.s.Tasks[e.Task-1].To
	}
	targets := w.d.Order()
	e.Target = targets[g.r.IntN(len(targets))]
	switch k := g.r.IntN(24); {
	case k < 10:
		e.Kind, e.Verdict = Decide, Agree
	case k < 12:
		e.Kind, e.Verdict = Decide, Reject
	case k == 12:
		e.Kind, e.Verdict = Decide, Return
	case k == 13:
		e.Kind = Transfer
	case k == 14:
		e.Kind = Delegate
	case k == 15:
		e.Kind, e.Add = AddSigner, g.one("before", "after", "parallel")
	case k == 16:
		e.Kind = DropSigner
	case k == 17:
		e.Kind = TakeBack
	case k == 18:
		e.Kind = Read
	case k == 19:
		e.Kind, e.Admin = EventKind(g.one("suspend", "resume")), true
	case k == 20:
		e.Kind = Reassign
	case k == 21 && g.r.IntN(8) == 0:
		e.Kind = EventKind(g.one("withdraw", "terminate"))
	default:
		return g.clock(w)
	}
	return e
}

// clock draws a timer that fires, or a subflow that ends.
func (g *drawer) clock(w *world) Event {
	for _, r := range w.s.Runs {
		if r.State == RunActive && r.Child != "" && g.r.IntN(2) == 0 {
			return Event{Kind: ChildDone, Run: r.ID, Outcome: Status(g.one("passed", "passed", "rejected"))}
		}
	}
	if len(w.s.Timers) == 0 {
		return Event{Kind: Urge, By: person("gong")}
	}
	k := w.s.Timers[g.r.IntN(len(w.s.Timers))]
	if k.At.After(w.now) {
		w.now = k.At
	}
	return Event{Kind: Fire, Timer: k.Key}
}

// TestW19_NoInstanceIsEverDead draws flows and what people try with them: after every step
// an open instance has an open task, a timer or a subflow (Step refuses anything else),
// replaying the log makes the state, and whatever has happened, going on agreeing ends it.
func TestW19_NoInstanceIsEverDead(t *testing.T) {
	done := map[Status]int{}
	flows := uint64(400)
	if s := os.Getenv("ANLAN_FLOW_RANDOM"); s != "" {
		var err error
		if flows, err = strconv.ParseUint(s, 10, 32); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range flows {
		g := &drawer{r: rand.New(rand.NewPCG(seed, 7))}
		w := &world{t: t, record: map[string]any{}, gone: map[string]bool{}, load: map[string]int{}, now: noon}
		if g.r.IntN(2) == 0 {
			w.record["owner"] = "fu"
		}
		w.d = parse(t, g.flow())
		w.start(nil)
		for range 40 {
			if !w.s.Status.Open() {
				break
			}
			w.now = w.now.Add(time.Duration(g.r.IntN(3600)) * time.Second)
			if g.r.IntN(15) == 0 {
				w.gone[everybody[1+g.r.IntN(6)]] = g.r.IntN(2) == 0
			}
			e := g.event(w)
			if err := w.try(e); err != nil {
				if _, ok := err.(*Error); !ok {
					t.Fatalf("seed %d: %+v: %v\n%s", seed, e, err, w)
				}
			}
		}
		w.finish(seed)
		done[w.s.Status]++
	}
	for _, s := range []Status{Passed, Rejected, Withdrawn, Terminated} {
		if done[s] == 0 {
			t.Errorf("no drawn flow ended %s: %v", s, done)
		}
	}
}

// finish agrees with everything until the end.
func (w *world) finish(seed uint64) {
	for range 2000 {
		switch open := w.s.OpenTasks(); {
		case !w.s.Status.Open():
			return
		case w.s.Suspended != nil:
			w.do(Event{Kind: Resume, By: person("admin"), Admin: true})
		case len(open) > 0:
			w.do(Event{Kind: Decide, By: open[0].To, Task: open[0].ID, Verdict: Agree})
		case len(w.s.Timers) > 0:
			w.now = later(w.now, w.s.Timers[0].At)
			w.do(Event{Kind: Fire, Timer: w.s.Timers[0].Key})
		default:
			for _, r := range w.s.Runs {
				if r.State == RunActive && r.Child != "" {
					w.do(Event{Kind: ChildDone, Run: r.ID, Outcome: Passed})
					break
				}
			}
		}
	}
	w.t.Fatalf("seed %d does not end\n%s", seed, w)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestW19_ParallelDecisionsEndEqualInAnyOrder gives the same verdicts in every order.
func TestW19_ParallelDecisionsEndEqualInAnyOrder(t *testing.T) {
	branches := ""
	for i, p := range []string{"an", "li", "wang", "fu"} {
		branches += fmt.Sprintf(`{"id":"b%d","name":{"zh":"支"},"nodes":[%s]},`, i, approve(fmt.Sprintf("p%d", i), persons(p), ""))
	}
	nodes := `{"id":"p","type":"parallel","name":{"zh":"并行"},"branches":[` + strings.TrimSuffix(branches, ",") + `]},` +
		approve("vote", persons("an", "li", "wang", "fu"), `,"mode":"all","percent":50`) + "," + approve("z", persons("zhang"), "")
	for _, order := range permutations([]string{"an", "li", "wang", "fu"}) {
		w := begin(t, nodes)
		w.agree(order...)
		w.open("vote:an", "vote:fu", "vote:li", "vote:wang")
		w.agree(order[:2]...)
		w.open("z:zhang")
		if w.s.Round != 0 {
			t.Fatalf("order %v: round %d", order, w.s.Round)
		}
	}
}

func permutations(in []string) [][]string {
	if len(in) == 0 {
		return [][]string{{}}
	}
	var out [][]string
	for i := range in {
		rest := slices.Delete(slices.Clone(in), i, i+1)
		for _, p := range permutations(rest) {
			out = append(out, append([]string{in[i]}, p...))
		}
	}
	return out
}
