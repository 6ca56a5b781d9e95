package flow

import (
	"fmt"
	"maps"
	"slices"

	"anlan/cloud/cond"
	"anlan/contract"
)

// lacks is a problem with a field, by the name people know it by.
func (l *lint) lacks(node, path, field string, form FormInfo, zh, en string) {
	name := contract.Text{ZH: field}
	if form.Label != nil {
		name = form.Label(field)
	}
	l.add(node, path, fmt.Sprintf(zh, "“"+name.ZH+"”"), fmt.Sprintf(en, "“"+name.In("en")+"”"))
}

// FormInfo is what linting has to know of a flow's form. A nil function knows nothing.
type FormInfo struct {
	Label    func(field string) contract.Text // what people call it
	Schema   cond.Schema
	Has      func(field string) bool // also those that conditions do not know
	Required func(field string) bool // always filled in
	Given    func(field string) bool // the server's own, never written by people
	Off      func(field string) bool // taken off the form: nobody fills it in any more
	Partly   func(field string) bool // shown only under a condition
	Flow     func(key string) bool   // a published flow
}

// Lint finds what would go wrong when the flow runs, although it is well formed. A flow
// with problems is not published.
func Lint(d *Def, form FormInfo) []Problem {
	var l lint
	for _, id := range d.ids() {
		p := d.index[id]
		d.lintFields(&l, p, form)
		d.lintPeople(&l, p, form)
		d.lintReview(&l, p)
		for j, b := range p.node.Branches {
			if form.Schema == nil {
				break
			}
			d.lintOff(&l, id, fmt.Sprintf("%s.branches[%d].when", p.path, j), b.When.Fields(), form)
			for _, bad := range b.When.Check(form.Schema) {
				l.problems = append(l.problems, Problem{Node: id, Path: fmt.Sprintf("%s.branches[%d].when%s", p.path, j, dotted(bad.Path)), Text: bad.Text})
			}
		}
		if n := p.node; n.Type == Subflow && form.Flow != nil && !form.Flow(n.Flow) {
			l.add(id, p.path+".flow", "没有已发布的流程 "+n.Flow, "no published flow "+n.Flow)
		}
		d.lintReach(&l, p)
	}
	return l.problems
}

func dotted(path string) string {
	if path == "" || path[0] == '[' {
		return path
	}
	return "." + path
}

func (d *Def) lintFields(l *lint, p place, form FormInfo) {
	n := p.node
	writable := n.Writable()
	if n.Type == Fill && len(writable) == 0 {
		l.add(n.ID, p.path+".fields", "填写节点没有可填的字段", "a fill node with nothing to fill in")
	}
	if form.Schema == nil {
		return
	}
	known := func(f string) bool {
		_, ok := form.Schema.Kind(f)
		return ok || form.Has != nil && form.Has(f)
	}
	for _, f := range slices.Sorted(maps.Keys(n.Fields)) {
		if f != "*" && !known(f) {
			l.lacks(n.ID, p.path+".fields."+f, f, form, "表单没有字段%s", "the form has no field %s")
		}
	}
	for _, f := range n.Required {
		if n.access(f) != "w" {
			l.lacks(n.ID, p.path+".required", f, form, "必填字段%s在本节点不可填", "required field %s cannot be written here")
		}
	}
	for _, f := range writable {
		if form.Given != nil && form.Given(f) {
			l.lacks(n.ID, p.path+".fields."+f, f, form, "字段%s由系统填写", "field %s is filled in by the system")
		}
	}
	d.lintOff(l, n.ID, p.path+".fields", writable, form)
	for _, f := range deadlineFields(n) {
		if !known(f) {
			l.lacks(n.ID, p.path+".deadline", f, form, "表单没有字段%s", "the form has no field %s")
		}
	}
	if n.Deadline != nil {
		d.lintOff(l, n.ID, p.path+".deadline", []string{n.Deadline.Field, n.Deadline.By}, form)
	}
	if n.Until != "" && !known(n.Until) {
		l.lacks(n.ID, p.path+".until", n.Until, form, "表单没有字段%s", "the form has no field %s")
	}
	d.lintOff(l, n.ID, p.path+".until", []string{n.Until}, form)
}

// lintOff finds the fields that only records of older versions of the form hold.
func (d *Def) lintOff(l *lint, node, path string, fields []string, form FormInfo) {
	for _, f := range fields {
		if form.Off != nil && form.Off(f) {
			l.lacks(node, path, f, form, "字段%s已从表单移除，没有人填它", "field %s was taken off the form: nobody fills it in")
		}
	}
}

func deadlineFields(n *Node) []string {
	var out []string
	if n.Deadline != nil {
		for _, f := range []string{n.Deadline.Field, n.Deadline.By, n.Deadline.Write} {
			if f != "" {
				out = append(out, f)
			}
		}
	}
	return out
}

func (d *Def) lintPeople(l *lint, p place, form FormInfo) {
	n := p.node
	if n.Type != Approve && n.Type != Fill && n.Type != CC {
		return
	}
	sure := len(n.Fallback) > 0 || len(d.Settings.Fallback) > 0
	for i, c := range n.Who {
		at := fmt.Sprintf("%s.who[%d]", p.path, i)
		switch c.Kind {
		case FieldPerson, FieldDept:
			kind, known := cond.Kind(""), true
			if form.Schema != nil {
				kind, known = form.Schema.Kind(c.Field)
			}
			want := map[Source][]cond.Kind{FieldPerson: {cond.User, cond.Users}, FieldDept: {cond.Dept, cond.Depts}}[c.Kind]
			if !known || kind != "" && kind != want[0] && kind != want[1] {
				l.lacks(n.ID, at+".field", c.Field, form, "表单没有能指人的字段%s", "the form has no field %s that names people")
			}
			d.lintOff(l, n.ID, at+".field", []string{c.Field}, form)
			if !sure && !d.filledBefore(n.ID, c.Field, form) {
				l.lacks(n.ID, at, c.Field, form, "字段%s可能为空，又没有兜底处理人", "field %s may be empty, and there is no fallback")
			}
		case HandlerOf:
			if !d.before(c.Node, n.ID) {
				l.add(n.ID, at+".node", "该节点不在前面", "that node does not come before")
			}
		case ChosenBefore:
			if !d.chosenBefore(n.ID) {
				l.add(n.ID, at, "前面没有节点选择此处的处理人", "no earlier node chooses who decides here")
			}
		}
	}
}

// filledBefore says if a field is sure to hold a value at a node. What is shown only under
// a condition is asked for only then.
func (d *Def) filledBefore(node, field string, form FormInfo) bool {
	if form.Required != nil && form.Required(field) {
		return true
	}
	if form.Partly != nil && form.Partly(field) {
		return false
	}
	for _, id := range d.ids() {
		if !d.sureBefore(id, node) {
			continue
		}
		for _, r := range d.index[id].node.Required {
			if r == field {
				return true
			}
		}
	}
	return false
}

// sureBefore says if every way to b passes a.
func (d *Def) sureBefore(a, b string) bool {
	wa, wb := d.way(a), d.way(b)
	if !d.before(a, b) || len(wa) > len(wb) {
		return false
	}
	for i := range wa {
		if wa[i] != wb[i] {
			return false
		}
	}
	return true
}

func (d *Def) chosenBefore(node string) bool {
	for _, id := range d.ids() {
		for _, c := range d.index[id].node.Choose {
			if c == node && d.before(id, node) {
				return true
			}
		}
	}
	return false
}

// lintReview finds nodes where people would judge their own work.
func (d *Def) lintReview(l *lint, p place) {
	n := p.node
	if n.Type != Approve {
		return
	}
	for i, c := range n.Who {
		if c.Kind != HandlerOf {
			continue
		}
		if q, ok := d.index[c.Node]; ok && q.node.Type == Fill {
			l.add(n.ID, fmt.Sprintf("%s.who[%d]", p.path, i), "整改人不能复核自己的整改", "whoever did the work may not approve it")
		}
	}
}

// lintReach finds nodes that no way leads to.
func (d *Def) lintReach(l *lint, p place) {
	if p.node.Type != Condition {
		return
	}
	seen := map[string]int{}
	for j, b := range p.node.Branches {
		if b.When.IsZero() {
			continue
		}
		if first, twice := seen[b.When.String()]; twice {
			l.add(p.node.ID, fmt.Sprintf("%s.branches[%d].when", p.path, j),
				fmt.Sprintf("条件与第 %d 个分支相同，永远走不到", first+1), fmt.Sprintf("the same condition as branch %d: never reached", first+1))
		}
		seen[b.When.String()] = j
	}
}
