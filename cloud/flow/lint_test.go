package flow

import (
	"slices"
	"strings"
	"testing"

	"anlan/cloud/cond"
)

func TestW02_LintFindsWhatWouldGoWrong(t *testing.T) {
	schema := cond.Map{"level": cond.Option, "owner": cond.User, "dept": cond.Dept, "measures": cond.Text, "no": cond.Text, "due_at": cond.Instant, "old": cond.User, "due_old": cond.Instant, "helper": cond.User}
	info := FormInfo{Schema: schema, Required: func(f string) bool { return f == "dept" }, Given: func(f string) bool { return f == "no" },
		Off:    func(f string) bool { return f == "old" || f == "due_old" },
		Partly: func(f string) bool { return f == "helper" },
		Flow:   func(k string) bool { return k == "known" }}
	for _, c := range []struct{ name, nodes, node, want string }{
		{"nothing wrong", auditNode + "," + repairNode, "", ""},
		{"a fill node with nothing to fill in", `{"id":"n","type":"fill","name":{"zh":"填"},"who":[` + persons("an") + `]}`, "n", "nothing to fill in"},
		{"a field that may be empty, without a fallback", approve("n", `{"kind":"field_person","field":"owner"}`, ""), "n", "may be empty"},
		{"a field that is always filled in", approve("n", `{"kind":"field_dept","field":"dept"}`, ""), "", ""},
		{"a field that an earlier node requires", approve("a", persons("an"), `,"fields":{"owner":"w"},"required":["owner"]`) + "," + approve("n", `{"kind":"field_person","field":"owner"}`, ""), "", ""},
		{"a field of another kind", approve("n", `{"kind":"field_person","field":"level"}`, `,"fallback":[`+persons("an")+`]`), "n", "no field “level” that names people"},
		{"an unknown field", approve("n", persons("an"), `,"fields":{"gone":"w"}`), "n", "no field “gone”"},
		{"a field of the system's own", approve("n", persons("an"), `,"fields":{"no":"w"}`), "n", "filled in by the system"},
		{"required but not writable", approve("n", persons("an"), `,"required":["level"]`), "n", "cannot be written"},
		{"a field taken off the form is filled in", approve("n", persons("an"), `,"fields":{"old":"w"}`), "n", "“old” was taken off"},
		{"a field taken off the form names people", approve("n", `{"kind":"field_person","field":"old"}`, `,"fallback":[`+persons("an")+`]`), "n", "“old” was taken off"},
		{"a field taken off the form sets a deadline", approve("n", persons("an"), `,"deadline":{"field":"due_old"}`), "n", "“due_old” was taken off"},
		{"a field taken off the form decides", `{"id":"n","type":"condition","name":{"zh":"条件"},"branches":[
		  {"id":"a","name":{"zh":"甲"},"when":{"op":"not_empty","l":{"f":"old"}},"nodes":[]},{"id":"c","name":{"zh":"其他"},"nodes":[]}]}`, "n", "“old” was taken off"},
		{"a field that is read, taken off the form", approve("n", persons("an"), `,"fields":{"old":"r"}`), "", ""},
		{"a field that an earlier node requires where it is shown", approve("a", persons("an"), `,"fields":{"helper":"w"},"required":["helper"]`) + "," + approve("n", `{"kind":"field_person","field":"helper"}`, ""), "n", "may be empty"},
		{"reviewing one's own work", repairNode + "," + approve("n", `{"kind":"handler_of","node":"repair"}`, ""), "n", "may not approve"},
		{"a handler who comes later", approve("n", `{"kind":"handler_of","node":"b"}`, "") + "," + approve("b", persons("an"), ""), "n", "does not come before"},
		{"nobody chooses", approve("n", `{"kind":"chosen_before"}`, ""), "n", "no earlier node"},
		{"an unknown flow", `{"id":"n","type":"subflow","name":{"zh":"子"},"flow":"gone"}`, "n", "no published flow"},
		{"the same branch twice", `{"id":"n","type":"condition","name":{"zh":"条件"},"branches":[
		  {"id":"a","name":{"zh":"甲"},"when":{"op":"not_empty","l":{"f":"level"}},"nodes":[]},{"id":"b","name":{"zh":"乙"},"when":{"op":"not_empty","l":{"f":"level"}},"nodes":[]},
		  {"id":"c","name":{"zh":"其他"},"nodes":[]}]}`, "n", "never reached"},
		{"a condition on an unknown field", `{"id":"n","type":"condition","name":{"zh":"条件"},"branches":[
		  {"id":"a","name":{"zh":"甲"},"when":{"op":"not_empty","l":{"f":"gone"}},"nodes":[]},{"id":"c","name":{"zh":"其他"},"nodes":[]}]}`, "n", "gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+c.nodes+`]}`)
			found(t, Lint(d, info), c.node, c.want)
		})
	}
}

func found(t *testing.T, ps []Problem, node, want string) {
	t.Helper()
	if want == "" {
		if len(ps) > 0 {
			t.Fatalf("problems %+v", ps)
		}
		return
	}
	if !slices.ContainsFunc(ps, func(p Problem) bool {
		return p.Node == node && (p.Path != "" || node == "") && p.Text.ZH != "" && strings.Contains(p.Text.EN, want)
	}) {
		t.Fatalf("problems %+v, want one at %s: %s", ps, node, want)
	}
}

func TestW02_ParseRefusesWhatIsNoFlow(t *testing.T) {
	one := func(nodes string) string {
		return `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},` + nodes + `]}`
	}
	for _, c := range []struct{ name, doc, node, want string }{
		{"no start", `{"title":{"zh":"x"},"form":"f","nodes":[` + auditNode + `]}`, "", "must be the start"},
		{"unknown property", `{"title":{"zh":"x"},"form":"f","nodes":[],"colour":1}`, "", "colour"},
		{"no title, no form", `{"nodes":[]}`, "", "needs a form"},
		{"unknown type", one(`{"id":"n","type":"loop","name":{"zh":"循环"}}`), "n", "no such value: loop"},
		{"the same id twice", one(auditNode + "," + auditNode), "audit", "twice"},
		{"CC to nobody", one(`{"id":"n","type":"cc","name":{"zh":"抄送"}}`), "n", "nobody"},
		{"a branch without a default", one(`{"id":"n","type":"condition","name":{"zh":"条件"},"branches":[{"id":"a","name":{"zh":"甲"},"when":{"op":"not_empty","l":{"f":"x"}},"nodes":[]},
		  {"id":"b","name":{"zh":"乙"},"when":{"op":"empty","l":{"f":"x"}},"nodes":[]}]}`), "n", "every other case"},
		{"reject-to inside another parallel branch", one(`{"id":"p","type":"parallel","name":{"zh":"并行"},"branches":[{"id":"a","name":{"zh":"甲"},"nodes":[` + auditNode + `]},
		  {"id":"b","name":{"zh":"乙"},"nodes":[` + approve("n", persons("an"), `,"reject":"node","reject_to":"audit"`) + `]}]}`), "n", "another parallel branch"},
		{"reject-to from after a parallel into it", one(`{"id":"p","type":"parallel","name":{"zh":"并行"},"branches":[{"id":"a","name":{"zh":"甲"},"nodes":[` + auditNode + `]},
		  {"id":"b","name":{"zh":"乙"},"nodes":[]}]},` + approve("n", persons("an"), `,"reject":"node","reject_to":"audit"`)), "n", "another parallel branch"},
		{"a delay without a time", one(`{"id":"n","type":"delay","name":{"zh":"等"}}`), "n", "duration"},
		{"a deadline without a time", one(approve("n", persons("an"), `,"deadline":{"remind":["soon"]}`)), "n", "not a duration"},
		{"an escalation to nobody", one(approve("n", persons("an"), `,"deadline":{"after":"1h","timeout":{"do":"escalate"}}`)), "n", "to whom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("x", []byte(c.doc))
			bad, ok := err.(*InvalidError)
			if !ok {
				t.Fatalf("parsed: %v", err)
			}
			found(t, append(bad.Problems, Problem{}), c.node, c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},` + auditNode + `]}`))
	f.Add([]byte(`{"nodes":[{"branches":[{"nodes":[]}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := Parse("x", raw); err == nil {
			Lint(d, FormInfo{Schema: cond.Map{}})
			for _, id := range d.Order() {
				d.earlier(id)
			}
		}
	})
}
