package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkNode checks what a node is made of, by its type.
func (d *Def) checkNode(l *lint, p place) {
	n, at := p.node, p.path
	if strings.TrimSpace(n.Name.ZH) == "" || len([]rune(n.Name.ZH)) > 60 {
		l.add(n.ID, at+".name", "需要名称，至多 60 字", "needs a name of at most 60 characters")
	}
	d.checkUse(l, p)
	if n.Type == Approve || n.Type == Fill || n.Type == CC {
		if len(n.Who) == 0 {
			l.add(n.ID, at+".who", "没有处理人", "nobody is named")
		}
		d.checkWho(l, n.ID, at+".who", n.Who)
		d.checkWho(l, n.ID, at+".fallback", n.Fallback)
	}
	for _, f := range slices.Sorted(maps.Keys(n.Fields)) {
		if !slices.Contains([]string{"r", "w", "hide"}, n.Fields[f]) || f == "" {
			l.add(n.ID, at+".fields."+f, "应为 r、w 或 hide", "must be r, w or hide")
		}
	}
	for _, id := range slices.Concat(n.Apart, n.Choose) {
		if _, ok := d.index[id]; !ok {
			l.add(n.ID, at, "没有节点 "+id, "no node "+id)
		}
	}
	d.checkReject(l, p)
	d.checkDeadline(l, p)
	switch n.Type {
	case Condition, Parallel:
		d.checkBranches(l, p)
	case Delay:
		if _, ok := duration(n.After); (n.After == "") == (n.Until == "") || n.After != "" && !ok {
			l.add(n.ID, at+".after", "时长（如 2h、3d）与日期字段二选一", "either a duration as 2h, 3d or a field")
		}
	case Subflow:
		if n.Flow == "" || n.Flow == d.Key {
			l.add(n.ID, at+".flow", "需要另一个流程", "needs another flow")
		}
	}
}

// checkUse refuses what the node's type does not use.
func (d *Def) checkUse(l *lint, p place) {
	n := p.node
	people := n.Type == Approve || n.Type == Fill
	for name, wrong := range map[string]bool{
		"who":      len(n.Who) > 0 && !people && n.Type != CC,
		"pick":     n.Pick != "" && !people,
		"mode":     n.Mode != "" && !people,
		"percent":  n.Percent != 0 && n.Mode != All,
		"fields":   len(n.Fields) > 0 && !people && n.Type != CC && n.Type != Start,
		"required": len(n.Required) > 0 && !people,
		"reject":   n.Reject != "" && !people && n.Type != Subflow,
		"deadline": n.Deadline != nil && !people,
		"branches": len(n.Branches) > 0 && n.Type != Condition && n.Type != Parallel,
		"after":    (n.After != "" || n.Until != "") && n.Type != Delay,
		"flow":     (n.Flow != "" || len(n.Fresh) > 0 || n.NoWait) && n.Type != Subflow,
	} {
		if wrong {
			l.add(n.ID, p.path+"."+name, "此类节点不支持", "not for a node of this type")
		}
	}
	for name, v := range map[string]struct {
		is    string
		among []string
	}{
		"type": {string(n.Type), words(NodeTypes())}, "mode": {string(n.Mode), []string{"", "any", "all", "sequential"}},
		"pick": {n.Pick, []string{"", "least_loaded"}}, "initiator": {n.Initiator, []string{"", "superior", "allow", "fallback"}},
		"opinion": {n.Opinion, []string{"", "reject", "always"}}, "resubmit": {n.Resubmit, []string{"", "again", "back"}},
		"reject": {string(n.Reject), []string{"", "start", "previous", "node", "chosen", "end"}},
	} {
		if !slices.Contains(v.among, v.is) {
			l.add(n.ID, p.path+"."+name, "不支持的取值 "+v.is, "no such value: "+v.is)
		}
	}
	if n.Percent < 0 || n.Percent > 100 {
		l.add(n.ID, p.path+".percent", "应为 1 到 100", "must be 1 to 100")
	}
}

func words[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, w := range in {
		out[i] = string(w)
	}
	return out
}

func (d *Def) checkWho(l *lint, node, path string, who []Candidate) {
	for i, c := range who {
		at := fmt.Sprintf("%s[%d]", path, i)
		need := func(bad bool, zh, en string) {
			if bad {
				l.add(node, at, zh, en)
			}
		}
		switch c.Kind {
		case Persons, Role, Post, DeptHead, DeptMembers:
			need(len(c.IDs) == 0, "请选择人员、角色、岗位或部门", "choose persons, roles, posts or departments")
		case InitiatorHead, Superiors:
			need(c.Level < 0 || c.Level > 20 || c.Level == 0 && c.Until == "", "请给出层级（1 到 20）或岗位", "needs a level of 1 to 20, or a post")
		case FieldPerson, FieldDept:
			need(c.Field == "", "请选择字段", "choose a field")
		case HandlerOf:
			p, ok := d.index[c.Node]
			need(!ok || !p.node.Type.human(), "没有这个节点", "no such node")
		case Dispatch:
			need(len(c.Rules) == 0, "至少一条派单规则", "needs at least one rule")
			for j, r := range c.Rules {
				d.checkWho(l, node, fmt.Sprintf("%s.rules[%d].who", at, j), r.Who)
			}
		case Initiator, ChosenStart, ChosenBefore:
		default:
			need(true, "未知的方式 "+string(c.Kind), "unknown kind "+string(c.Kind))
		}
	}
}

func (d *Def) checkReject(l *lint, p place) {
	n := p.node
	if (n.Reject == ToNode) != (n.RejectTo != "") {
		l.add(n.ID, p.path+".reject_to", "请选择驳回到的节点", "choose the node to return to")
		return
	}
	if n.Reject == ToNode && !d.mayReturn(n.ID, n.RejectTo) {
		l.add(n.ID, p.path+".reject_to", "不能驳回到该节点：它不在前面，或在另一条并行分支内", "cannot return there: it does not come before, or lies in another parallel branch")
	}
	if n.Resubmit == "back" && n.Reject != "" && n.Reject != ToEnd && n.Reject != ToStart && n.Reject != ToNode {
		return
	}
	if n.Resubmit == "back" && len(d.parallels(d.way(n.ID))) > 0 {
		l.add(n.ID, p.path+".resubmit", "并行分支内的节点不能“直接回到本节点”", "a node inside a parallel branch cannot be returned to directly")
	}
}

func (d *Def) checkBranches(l *lint, p place) {
	n := p.node
	if len(n.Branches) < 2 {
		l.add(n.ID, p.path+".branches", "至少两个分支", "needs at least two branches")
		return
	}
	for j, b := range n.Branches {
		last := j == len(n.Branches)-1
		at := fmt.Sprintf("%s.branches[%d]", p.path, j)
		switch {
		case n.Type == Parallel && !b.When.IsZero():
			l.add(n.ID, at+".when", "并行分支没有条件", "a parallel branch has no condition")
		case n.Type == Condition && last && !b.When.IsZero():
			l.add(n.ID, at+".when", "最后一个分支应为“其他情况”，不设条件", "the last branch is taken in every other case and has no condition")
		case n.Type == Condition && !last && b.When.IsZero():
			l.add(n.ID, at+".when", "分支没有条件", "the branch has no condition")
		}
	}
}

func (d *Def) checkDeadline(l *lint, p place) {
	n, at := p.node, p.path+".deadline"
	dl := n.Deadline
	if dl == nil {
		return
	}
	if dl.Field == "" && dl.Scheme == "" && dl.After == "" {
		l.add(n.ID, at, "请给出字段、时限表或时长", "needs a field, a table of limits or a duration")
	}
	if (dl.Scheme == "") != (dl.By == "") {
		l.add(n.ID, at+".by", "时限表需要依据的字段", "a table of limits needs the field it is read by")
	}
	for i, s := range append([]string{dl.After}, dl.Remind...) {
		if _, ok := duration(s); s != "" && !ok {
			l.add(n.ID, fmt.Sprintf("%s[%d]", at, i), "不是时长："+s, "not a duration: "+s)
		}
	}
	if t := dl.Timeout; t != nil {
		every, ok := duration(t.Every)
		if !slices.Contains([]string{"escalate", "transfer", "agree", "reject"}, t.Do) || t.Every != "" && (!ok || every <= 0) || t.Times < 0 || t.Times > 100 {
			l.add(n.ID, at+".timeout", "超时处理应为 escalate、transfer、agree 或 reject", "must be escalate, transfer, agree or reject")
		}
		if (t.Do == "escalate" || t.Do == "transfer") && len(t.To) == 0 {
			l.add(n.ID, at+".timeout.to", "升级或转交给谁", "to whom")
		}
		d.checkWho(l, n.ID, at+".timeout.to", t.To)
	}
}

func (d *Def) checkSettings(l *lint) {
	s := d.Settings
	if !slices.Contains([]string{"", "before_decision", "before_end", "never"}, s.Withdraw) {
		l.add("", "settings.withdraw", "应为 before_decision、before_end 或 never", "must be before_decision, before_end or never")
	}
	if !slices.Contains([]string{"", "none", "consecutive", "all"}, s.SameSkip) {
		l.add("", "settings.same_skip", "应为 none、consecutive 或 all", "must be none, consecutive or all")
	}
	if u, ok := duration(s.Urge); s.Urge != "" && (!ok || u < 0) {
		l.add("", "settings.urge", "不是时长", "not a duration")
	}
	d.checkWho(l, "", "settings.fallback", s.Fallback)
}
