package flow

import (
	"fmt"
	"slices"
	"strings"

	"anlan/contract"
)

// place is where a node stands: at i in the chain of a branch of in, or in the root chain
// (in is nil).
type place struct {
	node   *Node
	chain  []Node
	i      int
	in     *Node
	branch string
	path   string // JSON path
}

// lint collects problems.
type lint struct{ problems []Problem }

func (l *lint) add(node, path, zh, en string) {
	l.problems = append(l.problems, problem(node, path, zh, en))
}

// build checks the shape of the tree and fills the index.
func (d *Def) build(l *lint) {
	d.index = map[string]place{}
	if strings.TrimSpace(d.Title.ZH) == "" {
		l.add("", "title", "需要名称", "needs a title")
	}
	if d.Form == "" {
		l.add("", "form", "需要表单", "needs a form")
	}
	if len(d.Nodes) == 0 || d.Nodes[0].Type != Start {
		l.add("", "nodes", "第一个节点应为发起", "the first node must be the start")
		return
	}
	d.buildChain(l, d.Nodes, nil, "", "nodes", 1)
	if len(d.index) > MaxNodes {
		l.add("", "nodes", fmt.Sprintf("至多 %d 个节点", MaxNodes), fmt.Sprintf("at most %d nodes", MaxNodes))
	}
	for _, id := range d.ids() {
		d.checkNode(l, d.index[id])
	}
	d.checkSettings(l)
}

func (d *Def) buildChain(l *lint, chain []Node, in *Node, branch, path string, depth int) {
	if depth > MaxDepth {
		l.add("", path, "嵌套太深", "nested too deeply")
		return
	}
	for i := range chain {
		n := &chain[i]
		at := fmt.Sprintf("%s[%d]", path, i)
		if !idRE.MatchString(n.ID) {
			l.add(n.ID, at+".id", "节点编码应以小写字母开头，只含小写字母、数字、下划线，至多 32 个", "a node's id is a lower-case letter, then a-z 0-9 _, up to 32")
		}
		if _, twice := d.index[n.ID]; twice {
			l.add(n.ID, at+".id", "节点编码重复", "the id appears twice")
			continue
		}
		if (n.Type == Start) != (in == nil && i == 0) {
			l.add(n.ID, at+".type", "发起节点只能是第一个", "the start is the first node and no other")
		}
		d.index[n.ID] = place{n, chain, i, in, branch, at}
		seen := map[string]bool{}
		for j := range n.Branches {
			b := &n.Branches[j]
			bp := fmt.Sprintf("%s.branches[%d]", at, j)
			if !idRE.MatchString(b.ID) || seen[b.ID] {
				l.add(n.ID, bp+".id", "分支编码缺少、不合规或重复", "missing, unusable or repeated branch id")
			}
			seen[b.ID] = true
			d.buildChain(l, b.Nodes, n, b.ID, bp+".nodes", depth+1)
		}
	}
}

// ids are the ids of all nodes in the order of reading.
func (d *Def) ids() []string {
	var out []string
	var walk func([]Node)
	walk = func(chain []Node) {
		for i := range chain {
			out = append(out, chain[i].ID)
			for _, b := range chain[i].Branches {
				walk(b.Nodes)
			}
		}
	}
	walk(d.Nodes)
	return out
}

// Node finds a node by id.
func (d *Def) Node(id string) (*Node, bool) {
	p, ok := d.index[id]
	return p.node, ok
}

// Order lists the ids of all nodes in the order of reading.
func (d *Def) Order() []string { return d.ids() }

// next is the node after this one in its own chain.
func (p place) next() (*Node, bool) {
	if p.i+1 < len(p.chain) {
		return &p.chain[p.i+1], true
	}
	return nil, false
}

func (n *Node) branch(id string) (*Branch, bool) {
	i := slices.IndexFunc(n.Branches, func(b Branch) bool { return b.ID == id })
	if i < 0 {
		return nil, false
	}
	return &n.Branches[i], true
}

// step is one branch on the way from the root to a node.
type step struct{ node, branch string }

// way is the branches a node lies in, outermost first.
func (d *Def) way(id string) []step {
	var out []step
	for p := d.index[id]; p.in != nil; p = d.index[p.in.ID] {
		out = append([]step{{p.in.ID, p.branch}}, out...)
	}
	return out
}

// parallels is the part of a way that runs beside others.
func (d *Def) parallels(way []step) []step {
	return slices.DeleteFunc(slices.Clone(way), func(s step) bool { return d.index[s.node].node.Type != Parallel })
}

// mayReturn says if a rejection at from can lead back to target: target comes before it,
// and lies in no branch that runs beside it.
func (d *Def) mayReturn(from, target string) bool {
	a, ok := d.index[from]
	b, ok2 := d.index[target]
	if !ok || !ok2 || a.node == b.node || !b.node.Type.human() || !d.before(target, from) {
		return false
	}
	outer, inner := d.parallels(d.way(target)), d.parallels(d.way(from))
	return len(outer) <= len(inner) && slices.Equal(outer, inner[:len(outer)])
}

// before says if a comes before b on some way through the flow.
func (d *Def) before(a, b string) bool {
	wa, wb := append(d.way(a), step{node: a}), append(d.way(b), step{node: b})
	for i := range min(len(wa), len(wb)) {
		if wa[i].node != wb[i].node {
			return d.index[wa[i].node].i < d.index[wb[i].node].i
		}
		if wa[i].branch != wb[i].branch {
			return false
		}
	}
	return false
}

// earlier lists the nodes that a rejection at id may lead back to, nearest last.
func (d *Def) earlier(id string) []string {
	return slices.DeleteFunc(d.ids(), func(t string) bool { return !d.mayReturn(id, t) })
}

func text(zh, en string) contract.Text { return contract.Text{ZH: zh, EN: en} }

// ChosenAtStart lists the nodes whose people the initiator chooses at submission.
func (d *Def) ChosenAtStart() []*Node {
	var out []*Node
	for _, id := range d.ids() {
		n := d.index[id].node
		if slices.ContainsFunc(n.Who, func(c Candidate) bool { return c.Kind == ChosenStart }) {
			out = append(out, n)
		}
	}
	return out
}
