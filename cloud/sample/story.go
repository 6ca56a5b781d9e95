package sample

import (
	"slices"
	"strings"
	"time"
)

// where chooses a tower, a floor or a room that fits.
func (s *story) where() {
	var fit []Tower
	for _, t := range s.plan.Towers {
		if _, room := t.room(s.kind.spot); room || !isRoom(s.kind.spot) {
			fit = append(fit, t)
		}
	}
	if len(fit) == 0 {
		fit = s.plan.Towers
	}
	t := pick(s.Rand, fit)
	floor := 1
	place := t.Place(0)
	switch s.kind.spot {
	case lobby:
		place = t.Place(1)
	case corridor, stair, flat, shaft:
		floor = 2 + s.IntN(t.Top-1)
		place = t.Place(floor)
	case roof:
		floor = t.Top
		place = t.Place(floor)
	case garage:
		place = t.Place(-1)
	case yard: // a text that names a floor means one that can be seen from below
		floor = 2 + s.IntN(t.Top-1)
	default:
		if r, ok := t.room(s.kind.spot); ok {
			floor = r.Floor
			place = t.Place(floor) + "/{room:" + r.Key + "}"
		}
	}
	s.h.Place = place
	s.fill = blanks(t, floor, 1+s.IntN(t.Entrances), 1+s.IntN(t.Doors), 2+s.IntN(4))
}

func (t Tower) room(kind spot) (Room, bool) {
	i := slices.IndexFunc(t.Rooms, func(r Room) bool { return r.Kind == kind })
	if i < 0 {
		return Room{}, false
	}
	return t.Rooms[i], true
}

func isRoom(k spot) bool {
	return slices.Contains([]spot{liftRoom, weakRoom, powerRoom, pumpRoom, tankRoom, controlRoom}, k)
}

func (s *story) report(at time.Time) {
	s.h.At, s.h.Category, s.h.What = at, s.kind.category, s.words(s.kind.what)
	s.owner = pick(s.Rand, handsOf(s.kind.post))
	switch n := s.IntN(100); {
	case n < 46:
		s.h.Source, s.h.Reporter = "patrol", pick(s.Rand, holders("guard"))
	case n < 72:
		s.h.Source, s.h.Reporter = "self", pick(s.Rand, holders("guard", "steward", "electrician", "fitter", "cleaner", "operator"))
	case n < 94:
		s.h.Source, s.h.Reporter = "resident", pick(s.Rand, holders("steward"))
		s.h.What = pick(s.Rand, []string{"业主来电：", "业主群反映：", "住户上门反映：", ""}) + s.h.What
	default:
		s.h.Source, s.h.Reporter = "authority", pick(s.Rand, holders("safety-head", "steward"))
		s.h.What = pick(s.Rand, []string{"街道检查指出：", "消防抽查指出：", "社区网格员反映："}) + s.h.What
	}
	for s.h.Reporter == s.owner { // nobody reviews their own work
		s.h.Reporter = pick(s.Rand, holders("guard"))
	}
	for range 1 + s.IntN(2) {
		s.h.Photos = append(s.h.Photos, picture(s.kind.category, s.IntN(variants), false))
	}
	s.h.Photos = slices.Compact(s.h.Photos)
}

// handsOf is holders, with the heads of teams among those who repair now and then.
func handsOf(post string) []string {
	if post == "cleaner" {
		return holders("cleaner", "cleaner", "clean-head")
	}
	return holders(post)
}

func (s *story) step(node string, after time.Duration, no bool, text string, fields map[string]any) {
	s.t = s.t.Add(max(after, time.Minute)).Truncate(time.Second)
	s.h.Steps = append(s.h.Steps, Step{Node: node, At: s.t, No: no, Text: text, Fields: fields})
}

// live is the hazard's life from its report to its end, however long that takes.
func (s *story) live() {
	pace := func(d time.Duration) time.Duration { return time.Duration(float64(d) * s.late) }
	if s.IntN(100) < 5 {
		s.step(nodeAudit, around(s.Rand, pace(70*time.Minute), 0.7), true, pick(s.Rand, unclear), nil)
		s.step(nodeStart, around(s.Rand, 3*time.Hour, 0.8), false, "", map[string]any{"what": s.h.What + pick(s.Rand, clearer)})
	}
	s.step(nodeAudit, around(s.Rand, pace(70*time.Minute), 0.8), false, pick(s.Rand, accepted), s.grading())
	if s.level == "major" {
		s.step(nodeBoss, around(s.Rand, pace(5*time.Hour), 0.6), false, pick(s.Rand, bossSays), nil)
		s.step(nodePlan, around(s.Rand, pace(14*time.Hour), 0.4), false, "", s.fiveAssurances())
	}
	limit := map[string]time.Duration{"major": 30, "larger": 15, "general": 7}[s.level] * 24 * time.Hour
	median := map[string]time.Duration{"major": 22, "larger": 8, "general": 4}[s.level] * 24 * time.Hour
	work := around(s.Rand, pace(median), 0.95)
	if s.kind.cost == 0 && s.level != "major" {
		work /= 3 // nothing to be bought
	}
	if work > limit && s.IntN(100) < 30 {
		work = limit - time.Duration(1+s.IntN(20))*time.Hour
	}
	for round := 0; ; round++ {
		at := s.day(s.t.Add(work))
		s.step(nodeRepair, at.Sub(s.t), false, "", s.repaired(at))
		again := round < 2 && s.IntN(100) < 6
		if !again {
			s.step(nodeReview, s.day(s.t.Add(around(s.Rand, pace(11*time.Hour), 0.8))).Sub(s.t), false, pick(s.Rand, solved), map[string]any{"review": pick(s.Rand, solved)})
			return
		}
		why := pick(s.Rand, unsolved)
		s.step(nodeReview, s.day(s.t.Add(around(s.Rand, pace(9*time.Hour), 0.6))).Sub(s.t), true, why, map[string]any{"review": why})
		work = around(s.Rand, pace(30*time.Hour), 0.7)
	}
}

// day moves a moment to working hours.
func (s *story) day(at time.Time) time.Time {
	d := at.In(s.plan.Zone)
	if d.Hour() >= 8 && d.Hour() < 19 {
		return at
	}
	if d.Hour() >= 19 {
		d = d.AddDate(0, 0, 1)
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 8, 10+s.IntN(50), s.IntN(60), 0, s.plan.Zone).UTC()
}

func (s *story) grading() map[string]any {
	return map[string]any{"level": s.level, "owner": s.owner, "dept": deptOf(s.owner), "demand": s.words(s.kind.demand)}
}

func (s *story) repaired(at time.Time) map[string]any {
	f := map[string]any{"measures": s.words(s.kind.done), "done_at": at.Add(-time.Duration(5+s.IntN(50)) * time.Minute),
		"after_photos": []string{picture(s.kind.category, s.IntN(variants), true)}}
	if s.kind.cost > 0 {
		f["cost"] = max(10, s.kind.cost*(70+s.IntN(70))/100/5*5)
	}
	return f
}

func (s *story) fiveAssurances() map[string]any {
	return map[string]any{
		"plan_goal":      "消除“" + strings.TrimPrefix(s.words(s.kind.what), "居民反映") + "”，复核合格后恢复正常使用",
		"plan_measures":  s.words(s.kind.demand) + "；整改期间每日巡查两次并留存照片",
		"plan_funds":     "预算约 " + yuan(max(s.kind.cost, 500)) + " 元，从维修专项列支；备足警戒带、锥桶和灭火器",
		"plan_people":    "项目经理总负责，工程主管现场负责，安全主管监督",
		"plan_time":      "方案批准后三十日内完成，每周五报进度",
		"plan_emergency": "划定警戒区并专人值守；出现险情立即疏散下方人员、报告控制室并拨打 119",
	}
}

func yuan(n int) string {
	n = (n + 99) / 100 * 100
	return strings.TrimLeft(string([]byte{byte('0' + n/10000%10), byte('0' + n/1000%10), byte('0' + n/100%10), '0', '0'}), "0")
}

var (
	unclear  = []string{"照片看不清，请补充现场照片和具体位置", "位置写得不够具体，请补充单元和楼层", "请说明影响范围，是否已设警示", "与前几天上报的疑似同一处，请核实后再报"}
	clearer  = []string{"（已补充：现场已设警示牌）", "（已补充：位于电梯厅出口右手边）", "（已核实：与之前上报的不是同一处）", "（已补充：涉及一处，暂无人员受影响）"}
	accepted = []string{"", "情况属实，请尽快处理", "已电话核实，按期整改", "请先做好警示再整改", "注意现场安全，两人作业", ""}
	bossSays = []string{"同意按重大隐患治理，费用从专项列支", "同意，整改期间加派值守", "同意，请每日报进度"}
	solved   = []string{"现场复查合格", "已到现场查看，隐患消除", "照片与现场一致，同意销号", "住户确认已解决", "复测正常", "复查合格，纳入下月重点巡查"}
	unsolved = []string{"现场复查仍有部分未处理，请继续整改", "照片角度看不出效果，请补做并重拍", "使用半天后又出现同样情况", "只做了临时处理，请按要求彻底整改"}
)
