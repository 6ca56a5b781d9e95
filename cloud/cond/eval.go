package cond

import (
	"slices"
	"strings"
	"time"
)

// Holds says if the condition is true in env.
func (e Expr) Holds(env Env) bool {
	if e.n == nil {
		return true
	}
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	s := scope{env: &env, fields: env.Fields, now: env.Now.UnixMilli()}
	return s.holds(e.n)
}

// scope is where names are looked up: the record, or one row of a sub-form.
type scope struct {
	env    *Env
	fields func(string) any
	rows   string // name of the sub-form, "" in the record
	now    int64
}

func (s *scope) holds(n *node) bool {
	switch n.op {
	case OpAnd:
		for _, a := range n.args {
			if !s.holds(a) {
				return false
			}
		}
		return true
	case OpOr:
		return slices.ContainsFunc(n.args, s.holds)
	case OpNot:
		return !s.holds(n.args[0])
	case OpAnyRow, OpAllRows, OpNoRow:
		return s.onRows(n)
	}
	return s.comparison(n)
}

func (s *scope) onRows(n *node) bool {
	v := s.field(n.rows, n.op)
	if v.kind != Rows && !v.null() {
		return false
	}
	met := 0
	for _, r := range v.rows {
		row, _ := r.(map[string]any)
		inner := scope{env: s.env, fields: func(name string) any { return row[name] }, rows: n.rows, now: s.now}
		if inner.holds(n.where) {
			met++
		}
	}
	switch n.op {
	case OpAnyRow:
		return met > 0
	case OpAllRows:
		return met > 0 && met == len(v.rows)
	}
	return met == 0
}

// field reads a field as its kind. Without a schema the kind is guessed, and bent to what
// the operator wants.
func (s *scope) field(name string, op Op) value {
	var raw any
	if s.fields != nil {
		raw = s.fields(name)
	}
	if s.env.Schema != nil {
		k, ok := s.env.Schema.Kind(join(s.rows, name))
		if !ok {
			return value{}
		}
		return read(k, raw)
	}
	k := Guess(raw)
	switch {
	case op == OpSelfOrSub && k == Text:
		k = Dept
	case (op == OpContains || op == OpStartsWith) && (k == Date || k == Instant || k == Money):
		k = Text
	}
	return read(k, raw)
}

func (s *scope) value(o *operand, op Op) value {
	switch o.kind {
	case isField:
		return s.field(o.name, op)
	case isCount:
		v := s.field(o.name, op)
		if !v.null() && v.kind != Rows && !v.kind.list() {
			return value{}
		}
		return value{kind: Number, f: float64(len(v.rows) + len(v.list))}
	case isSum:
		return s.sum(o.name)
	case isMe:
		return s.me(o.name)
	case isNow:
		return value{kind: Instant, i: s.now + o.dur.millis()}
	case isValue:
		return read(literalKind(o.val), o.val.raw())
	}
	return value{}
}

func (s *scope) me(name string) value {
	m := &s.env.Me
	switch name {
	case "id":
		return read(User, m.ID)
	case "dept":
		return read(Dept, m.Dept)
	case "posts":
		return read(Options, m.Posts)
	case "roles":
		return read(Options, m.Roles)
	}
	return read(Options, m.Buildings)
}

// millionths is how sums of number cells are counted, so that order does not matter.
const millionths = 1e6

func (s *scope) sum(name string) value {
	rows, col := splitSum(name)
	k, known := Number, s.env.Schema == nil
	if !known {
		k, known = s.env.Schema.Kind(join(s.rows, name))
	}
	if !known || k != Number && k != Money {
		return value{}
	}
	out := value{kind: k}
	for _, r := range s.field(rows, "").rows {
		row, _ := r.(map[string]any)
		if s.env.Schema == nil && Guess(row[col]) == Money {
			k, out.kind = Money, Money
		}
		v := read(k, row[col])
		out.i += v.i
		out.f += inMillionths(v.f)
	}
	out.f /= millionths
	return out
}

func (s *scope) comparison(n *node) bool {
	l := s.value(n.l, n.op)
	switch n.op {
	case OpEmpty:
		return l.null() && s.known(n.l)
	case OpNotEmpty:
		return !l.null()
	}
	if l.null() || !l.kind.has(n.op) {
		return false
	}
	switch n.op.shape() {
	case shapeMany:
		return s.many(n, l)
	case shapeRange:
		return s.one(n, OpGe, l, n.lo) && s.one(n, OpLe, l, n.hi)
	case shapeFor:
		return s.within(n, l)
	}
	return s.one(n, n.op, l, n.r)
}

// known says if the operand is a field that exists: an unknown one is not "empty".
func (s *scope) known(o *operand) bool {
	if o.kind != isField || s.env.Schema == nil {
		return true
	}
	_, ok := s.env.Schema.Kind(join(s.rows, o.name))
	return ok
}

// one compares with a single right side.
func (s *scope) one(n *node, op Op, l value, o *operand) bool {
	if l.kind.when() {
		return s.times(op, l, o)
	}
	var r value
	if o.kind == isValue {
		r = read(l.kind, o.val.raw())
	} else {
		r = s.value(o, n.op)
	}
	if r.null() || r.kind != l.kind && !s.alike(l.kind, r.kind) {
		return false
	}
	switch op {
	case OpContains:
		return strings.Contains(l.s, r.s)
	case OpStartsWith:
		return strings.HasPrefix(l.s, r.s)
	}
	return ordered(op, l.compare(r))
}

// alike lets texts compare where kinds are only guessed.
func (s *scope) alike(a, b Kind) bool { return s.env.Schema == nil && a.id() && b.id() }

func (v value) compare(r value) int {
	switch v.kind {
	case Number:
		return sign(v.f < r.f, v.f > r.f)
	case Money:
		return sign(v.i < r.i, v.i > r.i)
	case Bool:
		return sign(!v.b && r.b, v.b && !r.b)
	}
	return strings.Compare(v.s, r.s)
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func ordered(op Op, c int) bool {
	switch op {
	case OpEq:
		return c == 0
	case OpNe:
		return c != 0
	case OpLt:
		return c < 0
	case OpLe:
		return c <= 0
	case OpGt:
		return c > 0
	case OpGe:
		return c >= 0
	}
	return false
}

// many compares with a list: literal, of me, or of another field.
func (s *scope) many(n *node, l value) bool {
	if l.kind == Number || l.kind == Money {
		return s.amongNumbers(n, l)
	}
	set := s.set(n, l.kind)
	if len(set) == 0 {
		return false
	}
	switch n.op {
	case OpIn:
		return slices.Contains(set, l.s)
	case OpNotIn:
		return !slices.Contains(set, l.s)
	case OpSelfOrSub:
		return slices.ContainsFunc(set, func(p string) bool { return s.under(l.kind, p, l.s) })
	case OpHasAll:
		return !slices.ContainsFunc(set, func(x string) bool { return !slices.Contains(l.list, x) })
	}
	some := slices.ContainsFunc(l.list, func(x string) bool { return slices.Contains(set, x) })
	return some == (n.op == OpHasAny)
}

// amongNumbers is in and not_in of numbers and money.
func (s *scope) amongNumbers(n *node, l value) bool {
	list := n.r.list
	switch n.r.kind {
	case isValue:
		list = []literal{n.r.val}
	case isList:
	default:
		r := s.value(n.r, n.op)
		return r.kind == l.kind && (l.compare(r) == 0) == (n.op == OpIn)
	}
	found := false
	for _, x := range list {
		r := read(l.kind, x.raw())
		if r.null() {
			return false
		}
		found = found || l.compare(r) == 0
	}
	return found == (n.op == OpIn)
}

// set is the right side of a list comparison as texts; nil is no value or a misfit.
func (s *scope) set(n *node, k Kind) []string {
	switch n.r.kind {
	case isList:
		out := make([]string, 0, len(n.r.list))
		for _, x := range n.r.list {
			if x.kind != 's' {
				return nil
			}
			out = append(out, x.s)
		}
		return out
	case isValue:
		if n.r.val.kind == 's' {
			return []string{n.r.val.s}
		}
		return nil
	case isField, isMe:
		r := s.value(n.r, n.op)
		if r.null() || s.env.Schema != nil && !agree(n.op, k, r.kind, n.r) {
			return nil
		}
		if r.kind.list() {
			return r.list
		}
		return []string{r.s}
	}
	return nil
}

// under says if id is parent or lies below it: departments by the organisation, places by
// their path ("b3/2/12" is under "b3").
func (s *scope) under(k Kind, parent, id string) bool {
	switch {
	case parent == id:
		return true
	case k == Place:
		return strings.HasPrefix(id, parent) && strings.HasPrefix(id[len(parent):], "/")
	case s.env.Under != nil:
		return s.env.Under(parent, id)
	case s.env.Below != nil:
		return slices.Contains(s.env.Below(parent), id)
	}
	return false
}
