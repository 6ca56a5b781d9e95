package flow

import (
	"testing"
	"time"
)

func TestW06_Votes(t *testing.T) {
	three := persons("an", "li", "wang")
	for _, c := range []struct {
		name, more string
		say        string // a: an agrees, R: the person rejects …
		want       Status
		open       []string
	}{
		{"或签: the first agreement wins", ``, "an+", Passed, nil},
		{"或签: the first rejection ends it", `,"reject":"end"`, "an-", Rejected, nil},
		{"或签, all to reject: one no is not enough", `,"reject":"end","all_to_reject":true`, "an- li-", Running, []string{"n:wang"}},
		{"或签, all to reject: all say no", `,"reject":"end","all_to_reject":true`, "an- li- wang-", Rejected, nil},
		{"或签, all to reject: a yes after a no", `,"reject":"end","all_to_reject":true`, "an- li+", Passed, nil},
		{"会签: all must agree", `,"mode":"all"`, "an+ li+", Running, []string{"n:wang"}},
		{"会签: all have agreed", `,"mode":"all"`, "li+ wang+ an+", Passed, nil},
		{"会签: one no ends it", `,"mode":"all","reject":"end"`, "an+ li-", Rejected, nil},
		{"比例 60%: two of three pass, early", `,"mode":"all","percent":60`, "an+ wang+", Passed, nil},
		{"比例 60%: one no leaves it open", `,"mode":"all","percent":60,"reject":"end"`, "an-", Running, []string{"n:li", "n:wang"}},
		{"比例 60%: two no make it impossible", `,"mode":"all","percent":60,"reject":"end"`, "an- li-", Rejected, nil},
		{"比例 60%: no, yes, yes", `,"mode":"all","percent":60,"reject":"end"`, "an- li+ wang+", Passed, nil},
		{"依次: one after the other", `,"mode":"sequential"`, "an+", Running, []string{"n:li"}},
		{"依次: to the last", `,"mode":"sequential"`, "an+ li+ wang+", Passed, nil},
		{"依次: a no ends it", `,"mode":"sequential","reject":"end"`, "an+ li-", Rejected, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := begin(t, approve("n", three, c.more))
			for s := c.say; s != ""; {
				var word string
				word, s = cut(s)
				v := map[byte]Verdict{'+': Agree, '-': Reject}[word[len(word)-1]]
				w.do(w.decision(word[:len(word)-1], v))
			}
			w.ended(c.want)
			w.open(c.open...)
		})
	}
}

func cut(s string) (string, string) {
	for i := range s {
		if s[i] == ' ' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func TestW06_RejectionLeadsWhereTheNodeSays(t *testing.T) {
	chain := func(more string) string {
		return approve("a", persons("zhang"), "") + "," + repairNode + "," + approve("c", persons("wang"), more)
	}
	for _, c := range []struct {
		name, more, target string
		open               string
	}{
		{"to the start", ``, "", "start:gong"},
		{"to the one before", `,"reject":"previous"`, "", "repair:ren"},
		{"to a named node", `,"reject":"node","reject_to":"a"`, "", "a:zhang"},
		{"to a chosen node", `,"reject":"chosen"`, "a", "a:zhang"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := begin(t, chain(c.more))
			w.agree("zhang", "ren")
			e := w.decision("wang", Reject)
			e.Target = c.target
			w.do(e)
			w.open(c.open)
			if w.s.Round != 1 {
				t.Fatalf("round %d", w.s.Round)
			}
		})
	}
	t.Run("to the end", func(t *testing.T) {
		w := begin(t, chain(`,"reject":"end"`), `,"settings":{"ends":{"rejected":"refused"}}`)
		w.agree("zhang", "ren")
		w.reject("wang")
		w.ended(Rejected)
		if w.record["_state"] != "refused" {
			t.Fatalf("record %v", w.record)
		}
		w.told(NotifyEnded, "gong")
	})
	t.Run("a chosen node must be chosen, and have been passed", func(t *testing.T) {
		w := begin(t, chain(`,"reject":"chosen"`))
		w.agree("zhang", "ren")
		w.refused(w.decision("wang", Reject), Missing)
		e := w.decision("wang", Reject)
		e.Target = "c"
		w.refused(e, BadTarget)
	})
}

func TestW06_AfterAReturnItGoesOnFromThereOrStraightBack(t *testing.T) {
	for _, c := range []struct {
		name, resubmit string
		then           string
	}{{"again", "", "a:zhang"}, {"back", `,"resubmit":"back"`, "c:wang"}} {
		t.Run(c.name, func(t *testing.T) {
			w := begin(t, approve("a", persons("zhang"), "")+","+approve("c", persons("wang"), c.resubmit))
			w.agree("zhang")
			w.reject("wang")
			w.open("start:gong")
			w.told(NotifyReturned, "gong")
			w.agree("gong") // edits and submits again
			w.open(c.then)
		})
	}
}

func TestW06_ReturnLeavesTheNodeWhateverTheOthersThink(t *testing.T) {
	w := begin(t, approve("a", persons("zhang"), "")+","+approve("c", persons("an", "wang"), `,"mode":"all"`))
	w.agree("zhang", "an")
	e := w.decision("wang", Return)
	e.Target = "a"
	w.do(e)
	w.open("a:zhang")
	w.agree("zhang")
	w.open("c:an", "c:wang") // both again: an's earlier yes is an old round's
}

func TestW06_OpinionSignatureAndRequiredFields(t *testing.T) {
	w := begin(t, approve("n", persons("an"), `,"opinion":"reject","sign":true,"required":["level"],"fields":{"level":"w"},"reject":"end"`))
	e := w.decision("an", Reject)
	e.Text = "  "
	w.refused(e, Missing)
	w.refused(w.decision("an", Agree), Missing)
	e = w.decision("an", Agree)
	e.Sign = "att-1"
	w.refused(e, Missing)
	w.record["level"] = "major"
	w.do(e)
	w.ended(Passed)
	// What the form does not show cannot be filled in, and holds nobody up.
	w = begin(t, approve("n", persons("an"), `,"required":["level"],"fields":{"level":"w"}`))
	w.refused(w.decision("an", Agree), Missing)
	w.unseen = map[string]bool{"level": true}
	w.agree("an")
	w.ended(Passed)
}

func TestW07_TheBranchFollowsTheGradeGivenWhileApproving(t *testing.T) {
	by := func(level string) string { return `{"op":"eq","l":{"f":"level"},"r":{"v":"` + level + `"}}` }
	nodes := approve("audit", `{"kind":"post","ids":["safety"]}`, `,"fields":{"level":"w"},"required":["level"]`) + `,
	{"id":"by_level","type":"condition","name":{"zh":"等级"},"branches":[
	  {"id":"major","name":{"zh":"重大"},"when":` + by("major") + `,"nodes":[` + approve("boss", persons("wang"), "") + `]},
	  {"id":"large","name":{"zh":"较大"},"when":` + by("large") + `,"nodes":[` + approve("head", persons("li"), "") + `]},
	  {"id":"rest","name":{"zh":"其他"},"nodes":[]}]},` + repairNode
	for level, open := range map[string]string{"major": "boss:wang", "large": "head:li", "general": "repair:ren"} {
		w := begin(t, nodes)
		w.record["level"] = "general"
		w.record["level"] = level // written by the auditor with the decision
		w.agree("an")
		w.open(open)
	}
}

func TestW06_AReviewReturnsIntoTheBranchThatWasTaken(t *testing.T) {
	nodes := `{"id":"by","type":"condition","name":{"zh":"等级"},"branches":[
	  {"id":"major","name":{"zh":"重大"},"when":{"op":"not_empty","l":{"f":"level"}},"nodes":[` + repairNode + `,` + approve("check", persons("wang"), "") + `]},
	  {"id":"rest","name":{"zh":"其他"},"nodes":[]}]},
	  {"id":"review","type":"approve","name":{"zh":"复核"},"who":[{"kind":"initiator"}],"reject":"node","reject_to":"repair","labels":{"reject":{"zh":"未解决"}}}`
	w := &world{t: t, record: map[string]any{"level": "major"}, gone: map[string]bool{}, now: noon}
	w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+nodes+`]}`)
	w.start(nil)
	w.agree("ren", "wang")
	w.open("review:gong")
	w.reject("gong")
	w.open("repair:ren")
	w.agree("ren")
	w.open("check:wang") // the rest of the branch is gone through again
	w.agree("wang", "gong")
	w.ended(Passed)
	if w.s.Round != 1 {
		t.Fatalf("round %d", w.s.Round)
	}
}

func TestW10_NotSolvedReturnsForReworkWithANewDeadline(t *testing.T) {
	nodes := `{"id":"repair","type":"fill","name":{"zh":"整改"},"who":[` + persons("ren") + `],"fields":{"measures":"w"},
	  "deadline":{"field":"due_at","scheme":"hazard-level/cure","by":"level","write":"due_at"}},
	  {"id":"review","type":"approve","name":{"zh":"复核"},"who":[{"kind":"initiator"}],"reject":"node","reject_to":"repair"}`
	w := &world{t: t, record: map[string]any{"level": "general", "due_at": noon.Add(5 * time.Hour).Format(time.RFC3339)}, gone: map[string]bool{}, now: noon}
	w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},`+nodes+`]}`)
	w.start(nil)
	if due := w.s.Tasks[0].Due; !due.Equal(noon.Add(5 * time.Hour)) {
		t.Fatalf("first deadline %s: the record's own comes first", due)
	}
	w.agree("ren")
	w.reject("gong")
	w.open("repair:ren")
	want := noon.Add(5*time.Hour).AddDate(0, 0, 7) // from the deadline before: it is later than now
	if due := w.s.OpenTasks()[0].Due; !due.Equal(want) {
		t.Fatalf("deadline of the rework %s, want %s", due, want)
	}
	if w.record["due_at"] != want.Format(time.RFC3339) {
		t.Fatalf("record %v", w.record["due_at"])
	}
}

func TestW19_AParallelReturnLeavesOtherBranchesAlone(t *testing.T) {
	nodes := `{"id":"p","type":"parallel","name":{"zh":"并行"},"branches":[
	  {"id":"x","name":{"zh":"甲"},"nodes":[` + approve("x1", persons("an"), "") + `,` + approve("x2", persons("li"), `,"reject":"previous"`) + `]},
	  {"id":"y","name":{"zh":"乙"},"nodes":[` + approve("y1", persons("wang"), "") + `]}]},` + approve("z", persons("zhang"), "")
	w := begin(t, nodes)
	w.open("x1:an", "y1:wang")
	w.agree("an")
	w.reject("li")
	w.open("x1:an", "y1:wang")
	w.agree("wang", "an", "li")
	w.open("z:zhang")
	w.agree("zhang")
	w.ended(Passed)
}
