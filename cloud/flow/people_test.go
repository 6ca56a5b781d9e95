package flow

import "testing"

func TestW05_EverySourceFindsItsPeople(t *testing.T) {
	for _, c := range []struct {
		name, who string
		record    map[string]any
		open      []string
	}{
		{"persons", persons("an", "li"), nil, []string{"n:an", "n:li"}},
		{"post", `{"kind":"post","ids":["safety"]}`, nil, []string{"n:an"}},
		{"role", `{"kind":"role","ids":["fitters"]}`, nil, []string{"n:fu", "n:ren"}},
		{"department head", `{"kind":"dept_head","ids":["repair"]}`, nil, []string{"n:li"}},
		{"initiator", `{"kind":"initiator"}`, nil, []string{"n:gong"}},
		{"initiator's head", `{"kind":"initiator_head","level":1}`, nil, []string{"n:zhang"}},
		{"initiator's head's head", `{"kind":"initiator_head","level":2}`, nil, []string{"n:li"}},
		{"person in a field", `{"kind":"field_person","field":"owner"}`, map[string]any{"owner": "ren"}, []string{"n:ren"}},
		{"people in a field, with names", `{"kind":"field_person","field":"owner"}`, map[string]any{"owner": []any{map[string]any{"id": "ren"}, "fu"}}, []string{"n:fu", "n:ren"}},
		{"head of the department in a field", `{"kind":"field_dept","field":"dept"}`, map[string]any{"dept": "repair"}, []string{"n:li"}},
		{"dispatch, first rule that holds", `{"kind":"dispatch","rules":[{"when":{"op":"eq","l":{"f":"category"},"r":{"v":"lift"}},"who":[` + persons("fu") + `]},{"who":[` + persons("ren") + `]}]}`,
			map[string]any{"category": "lift"}, []string{"n:fu"}},
		{"dispatch, otherwise", `{"kind":"dispatch","rules":[{"when":{"op":"eq","l":{"f":"category"},"r":{"v":"lift"}},"who":[` + persons("fu") + `]},{"who":[` + persons("ren") + `]}]}`,
			map[string]any{"category": "gas"}, []string{"n:ren"}},
		{"nobody twice", persons("an") + `,{"kind":"post","ids":["safety"]}`, nil, []string{"n:an"}},
		{"vacant post: administrators, and they are told", `{"kind":"post","ids":["vacant"]}`, nil, []string{"n:admin"}},
		{"empty field: administrators", `{"kind":"field_person","field":"owner"}`, nil, []string{"n:admin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t: t, record: c.record, gone: map[string]bool{}, now: noon}
			if w.record == nil {
				w.record = map[string]any{}
			}
			w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+approve("n", c.who, "")+`]}`)
			w.start(nil)
			w.open(c.open...)
		})
	}
}

func TestW05_Fallbacks(t *testing.T) {
	w := begin(t, approve("n", `{"kind":"post","ids":["vacant"]}`, `,"fallback":[`+persons("wang")+`]`))
	w.open("n:wang")
	w.told(NotifyNobody, "admin")
	w = begin(t, approve("n", `{"kind":"post","ids":["vacant"]}`, ""), `,"settings":{"fallback":[{"kind":"role","ids":["fallback"]}]}`)
	w.open("n:li")
	w = &world{t: t, record: map[string]any{}, gone: map[string]bool{}, now: noon, noAdmin: true}
	w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+approve("n", `{"kind":"post","ids":["vacant"]}`, "")+`]}`)
	if _, _, _, err := Begin(w.d, State{ID: "i", Initiator: person("gong")}, nil, w.in()); err == nil {
		t.Fatal("started although nobody can handle it")
	}
}

func TestW17_SuperiorsOneAfterTheOtherUpToAPost(t *testing.T) {
	w := begin(t, approve("n", `{"kind":"superiors","level":3}`, ""))
	for _, p := range []string{"zhang", "li", "wang"} {
		w.open("n:" + p)
		w.agree(p)
	}
	w.ended(Passed)
	w = begin(t, approve("n", `{"kind":"superiors","until":"dept","level":9}`, ""))
	w.agree("zhang", "li")
	w.ended(Passed)
}

func TestW05_NobodyDecidesOnTheirOwn(t *testing.T) {
	w := begin(t, approve("n", persons("gong"), ""))
	w.open("n:zhang") // the superior instead
	w = begin(t, approve("n", persons("gong"), `,"initiator":"allow"`))
	w.open("n:gong")
	w = begin(t, approve("n", persons("gong"), `,"initiator":"fallback","fallback":[`+persons("wang")+`]`))
	w.open("n:wang")
	// the reporter has repaired it: reviewing one's own repair goes to the superior
	w = begin(t, `{"id":"repair","type":"fill","name":{"zh":"整改"},"who":[`+persons("gong")+`],"fields":{"m":"w"}},
	  {"id":"review","type":"approve","name":{"zh":"复核"},"who":[{"kind":"initiator"}],"apart":["repair"]}`)
	w.agree("gong")
	w.open("review:zhang")
	w.refused(hand(Transfer, w, "zhang", "gong"), NotNow)
}

func TestW05_SamePersonIsNotAskedTwice(t *testing.T) {
	three := approve("a", persons("an"), "") + "," + approve("b", persons("li"), "") + "," + approve("c", persons("an"), `,"reject":"previous"`)
	w := begin(t, three, `,"settings":{"same_skip":"all"}`)
	w.agree("an", "li")
	w.ended(Passed)
	w = begin(t, three, `,"settings":{"same_skip":"consecutive"}`)
	w.agree("an", "li")
	w.open("c:an")
	// after a return nobody's earlier yes counts
	w.reject("an")
	w.open("b:li")
	w.agree("li")
	w.open("c:an")
	// what is to be filled in is never skipped
	w = begin(t, approve("a", persons("an"), "")+","+approve("c", persons("an"), `,"fields":{"level":"w"}`), `,"settings":{"same_skip":"all"}`)
	w.agree("an")
	w.open("c:an")
}

func TestW05_ChosenByWhoCameBefore(t *testing.T) {
	w := begin(t, approve("a", persons("an"), `,"choose":["b"]`)+","+approve("b", `{"kind":"chosen_before"}`, ""))
	w.refused(w.decision("an", Agree), Missing)
	e := w.decision("an", Agree)
	e.Chosen = map[string][]Person{"b": {person("wang")}}
	w.do(e)
	w.open("b:wang")
}

func TestW16_LeastLoaded(t *testing.T) {
	w := &world{t: t, record: map[string]any{}, gone: map[string]bool{}, load: map[string]int{"ren": 5, "fu": 2}, now: noon}
	w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+approve("n", `{"kind":"role","ids":["fitters"]}`, `,"pick":"least_loaded"`)+`]}`)
	w.start(nil)
	w.open("n:fu")
}
