package cond

import (
	"fmt"
	"strconv"

	"anlan/contract"
)

// Schema tells the kinds of fields; a column of a sub-form is "rows.column".
type Schema interface {
	Kind(field string) (Kind, bool)
}

// Map is a Schema as a map.
type Map map[string]Kind

// Kind implements Schema.
func (m Map) Kind(field string) (Kind, bool) {
	k, ok := m[field]
	return k, ok
}

// Check finds what is wrong with the condition for these fields: unknown fields, operators
// that the kind has not, values of the wrong kind. A condition without problems evaluates
// and compiles.
func (e Expr) Check(s Schema) []Problem {
	c := &checker{schema: s}
	c.node(e.n, "", "")
	return c.problems
}

type checker struct {
	schema   Schema
	problems []Problem
}

func (c *checker) add(path, zh, en string) {
	c.problems = append(c.problems, Problem{path, contract.Text{ZH: zh, EN: en}})
}

func (c *checker) node(n *node, path, rows string) {
	if n == nil {
		return
	}
	switch n.op.shape() {
	case shapeGroup, shapeNot:
		for i, a := range n.args {
			c.node(a, at(path, "args["+strconv.Itoa(i)+"]"), rows)
		}
	case shapeRows:
		if k, ok := c.schema.Kind(n.rows); !ok {
			c.unknown(at(path, "rows"), n.rows)
		} else if k != Rows {
			c.add(at(path, "rows"), "不是明细", "not a sub-form")
		} else {
			c.node(n.where, at(path, "where"), n.rows)
		}
	default:
		c.comparison(n, path, rows)
	}
}

func (c *checker) unknown(path, name string) {
	c.add(path, "没有字段“"+name+"”", "no field "+strconv.Quote(name))
}

func (c *checker) comparison(n *node, path, rows string) {
	k, ok := c.kind(n.l, at(path, "l"), rows)
	if !ok {
		return
	}
	if !k.has(n.op) {
		c.add(at(path, "op"), fmt.Sprintf("%s字段没有运算 %s", k.word("zh"), n.op), fmt.Sprintf("a field of kind %s has no op %s", k, n.op))
		return
	}
	c.right(n, k, n.r, at(path, "r"), rows)
	c.right(n, k, n.lo, at(path, "lo"), rows)
	c.right(n, k, n.hi, at(path, "hi"), rows)
}

// kind is the kind of an operand that has one of itself.
func (c *checker) kind(o *operand, path, rows string) (Kind, bool) {
	switch o.kind {
	case isField:
		k, ok := c.schema.Kind(join(rows, o.name))
		if !ok {
			c.unknown(at(path, "f"), o.name)
		}
		return k, ok
	case isCount:
		k, ok := c.schema.Kind(join(rows, o.name))
		if !ok {
			c.unknown(at(path, "count"), o.name)
		} else if !k.list() && k != Rows {
			c.add(at(path, "count"), "只能数明细或多选", "only rows and lists can be counted")
			return "", false
		}
		return Number, ok
	case isSum:
		k, ok := c.schema.Kind(join(rows, o.name))
		r, _ := splitSum(o.name)
		if rk, rok := c.schema.Kind(join(rows, r)); !ok || !rok || rk != Rows || rows != "" {
			c.unknown(at(path, "sum"), o.name)
			return "", false
		}
		if k != Number && k != Money {
			c.add(at(path, "sum"), "只能对数字或金额求和", "only numbers and money can be summed")
			return "", false
		}
		return k, true
	case isMe:
		return meKind(o.name), true
	case isNow:
		return Instant, true
	case isValue:
		return literalKind(o.val), true
	}
	c.add(path, "左边不能是列表", "a list cannot stand on the left")
	return "", false
}

func meKind(name string) Kind {
	switch name {
	case "id":
		return User
	case "dept":
		return Dept
	}
	return Options // posts, roles, buildings
}

// literalKind is the kind of a literal that stands on the left.
func literalKind(l literal) Kind {
	switch l.kind {
	case 'n':
		return Number
	case 'b':
		return Bool
	}
	return Text
}

func (c *checker) right(n *node, k Kind, o *operand, path, rows string) {
	if o == nil || o.kind == isFor {
		return
	}
	switch o.kind {
	case isValue, isList:
		c.literals(k, o, at(path, "v"))
		return
	case isNow:
		if !k.when() {
			c.add(path, "只有日期和时间可与现在比较", "only dates and times compare with now")
		}
		return
	}
	rk, ok := c.kind(o, path, rows)
	if !ok || agree(n.op, k, rk, o) {
		return
	}
	c.add(path, fmt.Sprintf("%s不能与%s比较", k.word("zh"), rk.word("zh")), fmt.Sprintf("%s does not compare with %s", k, rk))
}

// agree says if a right side of kind rk (a field, me, count or sum) fits the left kind k.
func agree(op Op, k, rk Kind, o *operand) bool {
	if op == OpSelfOrSub && o.kind == isField {
		return false // the tree of departments is not in the record
	}
	if op.shape() == shapeMany {
		if o.kind == isMe && o.name == "buildings" {
			return k == Place || k == Option || k == Options || k == Text
		}
		return rk.single() == k.single() && rk != File
	}
	if op == OpSameDay && k == Instant && o.kind == isField {
		return false // the day of a stored instant needs the zone inside the database
	}
	return rk == k && !k.list()
}

func (c *checker) literals(k Kind, o *operand, path string) {
	if o.kind == isValue {
		if !fits(k, o.val) {
			c.misfit(k, path)
		}
		return
	}
	for i, l := range o.list {
		if !fits(k, l) {
			c.misfit(k, path+"["+strconv.Itoa(i)+"]")
		}
	}
}

func (c *checker) misfit(k Kind, path string) {
	c.add(path, "值不是"+k.word("zh"), "the value is not "+k.word("en"))
}

// fits says if a literal can be compared with kind k.
func fits(k Kind, l literal) bool {
	if k.when() {
		_, _, ok := span(l, nil)
		return ok
	}
	return !read(k.single(), l.raw()).null()
}
