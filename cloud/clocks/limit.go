package clocks

import (
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet"
	"anlan/contract"
)

// How a limit is meant.
const (
	AtP99  = "p99"  // for 99 of 100
	AtMax  = "max"  // for every one
	AtEach = "each" // for every one, with the limit of its own definition
)

// How sure it is that the source says so.
const (
	Own        = "own"        // this product's own requirement
	Secondary  = "secondary"  // read in a text that quotes the standard, not in the standard
	Unverified = "unverified" // from memory; to be checked before anyone relies on it
)

// Limit is what somebody demands of a stage.
type Limit struct {
	Seconds  float64       `json:"seconds"` // 0 for each
	At       string        `json:"at" enum:"p99,max,each"`
	Source   contract.Text `json:"source"`
	Verified string        `json:"verified" enum:"own,secondary,unverified"`
}

// Stages.
const (
	SensedDecided  = "sensed_decided"  // the sensor's reading to the edge's decision
	DecidedDurable = "decided_durable" // to the commit in the cloud
	DurablePainted = "durable_painted" // to the first seat that showed it
	SensedPainted  = "sensed_painted"  // the whole way
	RaisedAcked    = "raised_acked"    // from its receipt until somebody acknowledged it
	SilentKnown    = "silent_known"    // last heard until the silence was an alarm
)

// way is a stage with its stamps, whom it takes and its limits.
type way struct {
	stage    string
	from, to func(alarm.Stamps) time.Time
	takes    func(Sample) bool
	limits   []Limit
}

// patience is how long what has no limit of its own may still happen.
const patience = 10 * time.Second

// late reports whether what has not happened should have.
func (w way) late(s Sample, from, now time.Time) bool {
	wait := patience
	for _, l := range w.limits {
		if l.At == AtEach {
			return s.RespondBy.IsZero() || now.After(s.RespondBy)
		}
		wait = max(wait, time.Duration(l.Seconds*float64(time.Second)))
	}
	return now.Sub(from) > wait
}

// field are alarms of the field; seen those that people had to see; silent those that
// an edge is not heard.
func field(s Sample) bool  { return !s.Supervision() }
func seen(s Sample) bool   { return !s.Aside }
func silent(s Sample) bool { return s.Rule == fleet.RuleEdgeLost }

func ways() []way {
	product := func(zh, en string) contract.Text {
		return contract.Text{ZH: "本产品要求：" + zh, EN: "This product: " + en}
	}
	sensed := func(st alarm.Stamps) time.Time { return st.Sensed }
	decided := func(st alarm.Stamps) time.Time { return st.Decided }
	committed := func(st alarm.Stamps) time.Time { return st.Committed }
	painted := func(st alarm.Stamps) time.Time { return st.Painted }
	return []way{
		{SensedPainted, sensed, painted, func(s Sample) bool { return field(s) && seen(s) }, []Limit{
			{5, AtP99, product("现场变化到席位显示 ≤5 秒", "field change to a seat within 5 s"), Own},
			{10, AtMax, contract.Text{ZH: "GB 26875.1-2011 §4.1.2.1、§4.1.3.1 火警传至监控中心 ≤10 秒；GB 50440-2007 信息源到显示 ≤10 秒（早期版本或为 20 秒，未核实）",
				EN: "GB 26875.1-2011 §4.1.2.1, §4.1.3.1 fire information at the centre within 10 s; GB 50440-2007 source to display within 10 s (20 s in an older edition, unverified)"}, Secondary},
			{10, AtMax, contract.Text{ZH: "GB 4717 火警显示 ≤10 秒", EN: "GB 4717 fire shown within 10 s"}, Unverified},
		}},
		{SensedDecided, sensed, decided, field, []Limit{{2, AtP99, product("现场变化到网关判定 ≤2 秒", "field change to the edge's event within 2 s"), Own}}},
		{DecidedDurable, decided, committed, field, []Limit{
			{3, AtP99, product("网关判定到平台落盘 ≤3 秒", "edge event to durable in the cloud within 3 s"), Own},
			{10, AtMax, contract.Text{ZH: "GB 26875.1-2011 §4.1.3.1 其他设施状态传至监控中心 ≤10 秒", EN: "GB 26875.1-2011 §4.1.3.1 state of other facilities at the centre within 10 s"}, Secondary},
		}},
		{DurablePainted, committed, painted, seen, []Limit{{5, AtP99, product("落盘后 5 秒内须在席位显示，否则报无人值守", "on a seat within 5 s, or nobody is watching"), Own}}},
		{RaisedAcked, func(st alarm.Stamps) time.Time { return st.Received }, func(st alarm.Stamps) time.Time { return st.Acknowledged }, seen, []Limit{
			{0, AtEach, product("每条报警定义各自的应答时限", "the time to respond of each alarm's definition"), Own}}},
		{SilentKnown, sensed, decided, silent, []Limit{
			{90, AtMax, product("失联 90 秒内须报警", "silence is an alarm within 90 s"), Own},
			{90, AtMax, contract.Text{ZH: "EN 50136-1 SP5/DP4 类 90 秒", EN: "EN 50136-1 category SP5/DP4: 90 s"}, Unverified},
		}},
	}
}
