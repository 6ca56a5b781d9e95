package flow

import (
	"testing"
	"time"
)

func hand(k EventKind, w *world, who string, to ...string) Event {
	w.t.Helper()
	e := Event{Kind: k, By: person(who), Task: w.task(who), Text: "请帮忙"}
	for _, id := range to {
		e.To = append(e.To, person(id))
	}
	return e
}

func TestW06_Transfer(t *testing.T) {
	w := begin(t, approve("n", persons("an"), ""))
	w.refused(hand(Transfer, w, "an", "gong"), NotNow) // nobody judges their own
	w.refused(Event{Kind: Transfer, By: person("li"), Task: 1, To: []Person{person("wang")}}, NotYours)
	w.do(hand(Transfer, w, "an", "li"))
	w.open("n:li")
	w.told(NotifyTask, "li")
	if k := w.s.Tasks[1]; k.From.ID != "an" || !k.Read.IsZero() {
		t.Fatalf("%+v", k)
	}
	w.agree("li")
	w.ended(Passed)
}

func TestW06_DelegationComesBackForTheDecision(t *testing.T) {
	for _, v := range []Verdict{Agree, Reject} {
		w := begin(t, approve("n", persons("an"), `,"reject":"end"`))
		w.do(hand(Delegate, w, "an", "li"))
		w.open("n:li")
		w.do(w.decision("li", v))
		w.open("n:an") // whatever li thinks, an decides
		w.agree("an")
		w.ended(Passed)
	}
}

func TestW06_AddedSigners(t *testing.T) {
	add := func(w *world, who, how string, to ...string) {
		e := hand(AddSigner, w, who, to...)
		e.Add = how
		w.do(e)
	}
	t.Run("before", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), ""))
		add(w, "an", "before", "li", "wang")
		w.open("n:li", "n:wang")
		w.agree("li", "wang")
		w.open("n:an")
		w.agree("an")
		w.ended(Passed)
	})
	t.Run("after", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), ""))
		add(w, "an", "after", "li")
		w.open("n:an")
		w.agree("an")
		w.open("n:li")
		w.ended(Running)
		w.agree("li")
		w.ended(Passed)
	})
	t.Run("parallel counts as one more vote", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), `,"mode":"all"`))
		add(w, "an", "parallel", "li")
		w.agree("an")
		w.ended(Running)
		w.agree("li")
		w.ended(Passed)
	})
	t.Run("an added signer can reject", func(t *testing.T) {
		for _, how := range []string{"before", "after", "parallel"} {
			w := begin(t, approve("n", persons("an"), `,"mode":"all","reject":"end"`))
			add(w, "an", how, "li")
			if how == "after" {
				w.agree("an")
			}
			w.reject("li")
			w.ended(Rejected)
		}
	})
	t.Run("two deep at most", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), ""))
		add(w, "an", "before", "li")
		add(w, "li", "before", "wang")
		e := hand(AddSigner, w, "wang", "zhang")
		e.Add = "before"
		w.refused(e, NotNow)
		w.agree("wang", "li", "an")
		w.ended(Passed)
	})
	t.Run("taken off while undone", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), ""))
		add(w, "an", "before", "li")
		w.refused(Event{Kind: DropSigner, By: person("li"), Task: w.task("li")}, NotYours)
		w.do(Event{Kind: DropSigner, By: person("an"), Task: w.task("li")})
		w.open("n:an")
		add(w, "an", "after", "wang")
		after := len(w.s.Tasks)
		w.agree("an")
		w.do(Event{Kind: DropSigner, By: person("an"), Task: after})
		w.ended(Passed)
	})
	t.Run("after a transfer they belong to the new handler", func(t *testing.T) {
		w := begin(t, approve("n", persons("an"), ""))
		add(w, "an", "after", "li")
		w.do(hand(Transfer, w, "an", "wang"))
		w.agree("wang")
		w.open("n:li")
		w.agree("li")
		w.ended(Passed)
	})
}

func TestW06_Withdraw(t *testing.T) {
	by := func(who string) Event { return Event{Kind: Withdraw, By: person(who), Text: "报错了"} }
	w := begin(t, auditNode+","+repairNode)
	w.refused(by("an"), NotYours)
	w.do(by("gong"))
	w.ended(Withdrawn)
	w = begin(t, auditNode+","+repairNode)
	w.agree("an")
	w.refused(by("gong"), NotNow)
	w = begin(t, auditNode+","+repairNode, `,"settings":{"withdraw":"before_end"}`)
	w.agree("an")
	w.do(by("gong"))
	w.ended(Withdrawn)
	w = begin(t, auditNode, `,"settings":{"withdraw":"never"}`)
	w.refused(by("gong"), NotNow)
	w.refused(Event{Kind: Terminate, By: person("gong")}, NotYours)
	w.do(Event{Kind: Terminate, By: person("admin"), Admin: true})
	w.ended(Terminated)
	w.refused(w.lastDecision("an"), NotOpen)
}

func (w *world) lastDecision(who string) Event {
	return Event{Kind: Decide, By: person(who), Task: len(w.s.Tasks), Verdict: Agree}
}

func TestW06_TakingBackOnesOwnDecision(t *testing.T) {
	nodes := `{"id":"p","type":"parallel","name":{"zh":"并行"},"branches":[{"id":"x","name":{"zh":"甲"},"nodes":[` + approve("x1", persons("an"), "") + `]},
	 {"id":"y","name":{"zh":"乙"},"nodes":[]}]},{"id":"copy","type":"cc","name":{"zh":"抄送"},"who":[` + persons("wang") + `]},` + repairNode
	w := begin(t, nodes)
	first := w.task("an")
	w.agree("an")
	w.open("repair:ren")
	w.do(Event{Kind: Read, By: person("wang"), Task: 2}) // a copy read does not stand in the way
	w.do(Event{Kind: TakeBack, By: person("an"), Task: first})
	w.open("x1:an")
	w.agree("an")
	w.open("repair:ren")
	w.do(Event{Kind: Read, By: person("ren"), Task: w.task("ren")})
	w.refused(Event{Kind: TakeBack, By: person("an"), Task: first}, NotNow)
	w.agree("ren")
	w.ended(Passed)
}

func TestW15_UrgeHasACoolDown(t *testing.T) {
	w := begin(t, approve("n", persons("an", "li"), `,"mode":"all"`))
	w.refused(Event{Kind: Urge, By: person("ren")}, NotYours)
	w.do(Event{Kind: Urge, By: person("gong")})
	w.told(NotifyUrge, "an")
	w.told(NotifyUrge, "li")
	w.now = w.now.Add(29 * time.Minute)
	w.refused(Event{Kind: Urge, By: person("gong")}, TooSoon)
	w.now = w.now.Add(time.Minute)
	w.do(Event{Kind: Urge, By: person("gong")})
	if w.s.Urges != 2 {
		t.Fatalf("urged %d times", w.s.Urges)
	}
}

func TestW19_LeaverTasksMoveInOneAction(t *testing.T) {
	w := begin(t, approve("n", persons("zhang", "an"), `,"mode":"sequential"`)+","+auditNode)
	w.gone["an"] = true
	w.refused(Event{Kind: Reassign, By: person("li"), From: person("an")}, NotYours)
	w.do(Event{Kind: Reassign, By: person("admin"), Admin: true, From: person("an"), To: []Person{person("li")}})
	w.agree("zhang")
	w.open("n:li") // the queue too
	w.agree("li")
	w.open("audit:admin") // the post is vacant now: never silently passed
	w.told(NotifyNobody, "admin")

	w = begin(t, auditNode)
	w.gone["an"] = true
	w.do(Event{Kind: Reassign, By: person("admin"), Admin: true, From: person("an")})
	w.open("audit:admin") // no heir named: administrators
}

func TestW09_CopiesBlockNobodyAndSurviveReturns(t *testing.T) {
	w := begin(t, `{"id":"copy","type":"cc","name":{"zh":"抄送"},"who":[`+persons("wang")+`]},`+approve("n", persons("an"), ""))
	w.open("n:an")
	w.told(NotifyCC, "wang")
	w.reject("an")
	if w.s.Tasks[0].State != TaskUnread {
		t.Fatalf("copy %+v", w.s.Tasks[0])
	}
	w.refused(Event{Kind: Read, By: person("an"), Task: 1}, NotYours)
	w.do(Event{Kind: Read, By: person("wang"), Task: 1})
	if w.s.Tasks[0].State != TaskRead || !w.s.Tasks[0].Read.Equal(noon) {
		t.Fatalf("copy %+v", w.s.Tasks[0])
	}
}
