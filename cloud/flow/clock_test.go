package flow

import (
	"testing"
	"time"
)

func (w *world) fire(key string) {
	w.t.Helper()
	w.do(Event{Kind: Fire, Timer: key})
}

func TestW15_RemindersDeadlineAndEscalation(t *testing.T) {
	w := begin(t, approve("n", persons("an"), `,"deadline":{"after":"48h","remind":["-24h","-72h","24h"],"timeout":{"do":"escalate","to":[`+persons("wang")+`],"every":"24h","times":2}}`))
	if n := len(w.s.Timers); n != 3 { // a reminder that would lie in the past is not set
		t.Fatalf("timers %+v", w.s.Timers)
	}
	w.refused(Event{Kind: Fire, Timer: "r2/due"}, NotNow)
	w.now = noon.Add(24 * time.Hour)
	w.fire("r2/remind/0")
	w.told(NotifyRemind, "an")
	w.now = noon.Add(48 * time.Hour)
	w.fire("r2/due")
	w.told(NotifyOverdue, "an")
	w.told(NotifyEscalate, "wang")
	w.open("n:an") // still theirs
	w.refused(Event{Kind: Fire, Timer: "r2/due"}, NotFound)
	w.now = noon.Add(72 * time.Hour)
	w.fire("r2/repeat")
	w.told(NotifyEscalate, "wang")
	w.fire("r2/remind/2")
	w.told(NotifyRemind, "an")
	if len(w.s.Timers) != 0 {
		t.Fatalf("timers %+v", w.s.Timers)
	}
	w.agree("an")
	w.ended(Passed)
}

func TestW15_WhatHappensAtTheDeadline(t *testing.T) {
	for do, want := range map[string]Status{"agree": Passed, "reject": Rejected} {
		w := begin(t, approve("n", persons("an"), `,"reject":"end","deadline":{"after":"1h","timeout":{"do":"`+do+`"}}`))
		w.now = noon.Add(time.Hour)
		w.fire("r2/due")
		w.ended(want)
	}
	w := begin(t, approve("n", persons("an"), `,"deadline":{"after":"1h","timeout":{"do":"transfer","to":[`+persons("wang")+`]}}`))
	w.now = noon.Add(time.Hour)
	w.fire("r2/due")
	w.open("n:wang")
}

func TestW15_AReturnSetsItsClocksAnew(t *testing.T) {
	w := begin(t, `{"id":"repair","type":"fill","name":{"zh":"整改"},"who":[`+persons("ren")+`],"fields":{"m":"w"},"deadline":{"after":"48h","remind":["-24h"]}},`+
		approve("review", persons("an"), `,"reject":"previous"`))
	w.agree("ren")
	if len(w.s.Timers) != 0 {
		t.Fatalf("timers outlive their node: %+v", w.s.Timers)
	}
	w.reject("an")
	if len(w.s.Timers) != 2 || !w.s.OpenTasks()[0].Due.Equal(noon.Add(96*time.Hour)) {
		t.Fatalf("timers %+v, due %s", w.s.Timers, w.s.OpenTasks()[0].Due)
	}
}

func TestW15_SuspensionStopsTheClocks(t *testing.T) {
	w := begin(t, approve("n", persons("an"), `,"deadline":{"after":"48h"}`))
	stop := Event{Kind: Suspend, By: person("admin"), Admin: true, Text: "等配件"}
	w.refused(Event{Kind: Suspend, By: person("an"), Text: "x"}, NotYours)
	w.refused(Event{Kind: Suspend, By: person("admin"), Admin: true}, Missing)
	w.do(stop)
	w.refused(w.decision("an", Agree), NotNow)
	w.now = noon.Add(100 * time.Hour)
	w.refused(Event{Kind: Fire, Timer: "r2/due"}, NotNow)
	w.do(Event{Kind: Resume, By: person("admin"), Admin: true})
	if due := w.s.OpenTasks()[0].Due; !due.Equal(noon.Add(148 * time.Hour)) {
		t.Fatalf("due %s", due)
	}
	stop.Until = w.now.Add(time.Hour)
	w.do(stop)
	w.now = stop.Until
	w.fire("resume")
	w.agree("an")
	w.ended(Passed)
}

func TestW19_DelayWaitsByItself(t *testing.T) {
	w := begin(t, `{"id":"wait","type":"delay","name":{"zh":"等待"},"after":"2h"},`+auditNode)
	w.open()
	w.now = noon.Add(2 * time.Hour)
	w.fire("r2/delay")
	w.open("audit:an")
	w = &world{t: t, record: map[string]any{"until": noon.Add(-time.Hour).Format(time.RFC3339)}, gone: map[string]bool{}, now: noon}
	w.d = parse(t, `{"title":{"zh":"x"},"form":"f","nodes":[{"id":"start","type":"start","name":{"zh":"发起"}},{"id":"wait","type":"delay","name":{"zh":"等待"},"until":"until"},`+auditNode+`]}`)
	w.start(nil)
	w.open("audit:an") // the moment has passed already
}

func TestW18_Subflow(t *testing.T) {
	for outcome, want := range map[Status]Status{Passed: Running, Rejected: Rejected} {
		w := begin(t, `{"id":"sub","type":"subflow","name":{"zh":"子流程"},"flow":"other"},`+auditNode)
		w.open()
		if len(w.effects) == 0 || w.effects[0].Kind != StartChild || w.s.Runs[1].Child != "i1-2" {
			t.Fatalf("%+v %+v", w.effects, w.s.Runs)
		}
		w.refused(Event{Kind: ChildDone, Run: 1, Outcome: Passed}, NotFound)
		w.do(Event{Kind: ChildDone, Run: 2, Outcome: outcome})
		w.ended(want)
	}
	w := begin(t, `{"id":"sub","type":"subflow","name":{"zh":"子流程"},"flow":"other","no_wait":true},`+auditNode)
	w.open("audit:an")
	w = begin(t, `{"id":"sub","type":"subflow","name":{"zh":"子流程"},"flow":"other"}`)
	w.do(Event{Kind: Withdraw, By: person("gong")})
	if e := w.effects[len(w.effects)-2]; e.Kind != CancelChild || e.Text != "i1-2" {
		t.Fatalf("%+v", w.effects)
	}
}
