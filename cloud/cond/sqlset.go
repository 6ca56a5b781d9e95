package cond

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// many compiles the comparisons with a list.
func (b *builder) many(n *node) (string, error) {
	if n.op == OpSelfOrSub {
		return b.selfOrSub(n)
	}
	if n.op == OpHasAny || n.op == OpHasAll || n.op == OpHasNone {
		return b.has(n), nil
	}
	l, ok := b.side(n.l, "")
	if !ok {
		return no, nil
	}
	set, guard, ok := b.members(n.r, l.kind)
	if !ok {
		return no, nil
	}
	word := " IN ("
	if n.op == OpNotIn {
		word = " NOT IN ("
	}
	return guarded(guard+l.sql+word+set+")", l), nil
}

// members is a right side as what stands in IN (…), and what must hold first. ok is false
// if it is known to be empty.
func (b *builder) members(o *operand, k Kind) (set, guard string, ok bool) {
	if o.kind == isField {
		c, _ := b.columns.Column(o.name)
		guard = c.SQL + " IS NOT NULL AND "
		if !c.Kind.list() {
			return c.SQL, guard, true
		}
		return "SELECT e.value FROM " + b.elements(c.SQL, "e"), guard, true
	}
	consts := b.constants(o, k)
	if len(consts) == 0 {
		return "", "", false
	}
	parts := make([]string, len(consts))
	for i, v := range consts {
		parts[i] = b.argOf(v)
	}
	return strings.Join(parts, ", "), "", true
}

// constants is a right side that does not read the record, as values of kind k.
func (b *builder) constants(o *operand, k Kind) []value {
	k = k.single()
	var out []value
	switch o.kind {
	case isList:
		for _, l := range o.list {
			out = append(out, read(k, l.raw()))
		}
	case isValue:
		out = append(out, read(k, o.val.raw()))
	case isMe:
		v := b.scope.me(o.name)
		if v.kind.list() {
			for _, s := range v.list {
				out = append(out, value{kind: k, s: s})
			}
		} else if !v.null() {
			out = append(out, v)
		}
	}
	return slices.DeleteFunc(out, value.null)
}

// elements is a JSON array column as rows with one column `value`.
func (b *builder) elements(column, alias string) string {
	if b.d.Postgres {
		return "jsonb_array_elements_text((" + column + ")::jsonb) AS " + alias + "(value)"
	}
	return "json_each(" + column + ") AS " + alias
}

// has compiles has_any, has_all and has_none: the left side is a list field, or a list of
// me against a list field.
func (b *builder) has(n *node) string {
	if n.l.kind != isField {
		return b.mineHas(n)
	}
	c, _ := b.columns.Column(n.l.name)
	l := side{sql: c.SQL, null: true}
	if n.op == OpHasAll {
		return b.hasAll(n, l)
	}
	set, guard, ok := b.members(n.r, c.Kind)
	if !ok {
		return no
	}
	test := "EXISTS (SELECT 1 FROM " + b.elements(l.sql, "h") + " WHERE h.value IN (" + set + "))"
	if n.op == OpHasNone {
		test = "NOT " + test
	}
	return guarded(guard+test, l)
}

func (b *builder) hasAll(n *node, l side) string {
	mine := func() string { return "(SELECT h.value FROM " + b.elements(l.sql, "h") + ")" }
	if n.r.kind == isField {
		r, _ := b.columns.Column(n.r.name)
		test := r.SQL + " IN " + mine()
		if r.Kind.list() {
			test = "NOT EXISTS (SELECT 1 FROM " + b.elements(r.SQL, "e") + " WHERE e.value NOT IN " + mine() + ")"
		}
		return guarded(test, l, side{sql: r.SQL, null: true})
	}
	consts := b.constants(n.r, Options)
	if len(consts) == 0 {
		return no
	}
	parts := make([]string, len(consts))
	for i, v := range consts {
		parts[i] = b.argOf(v) + " IN " + mine()
	}
	return guarded(strings.Join(parts, " AND "), l)
}

// mineHas is has_… with a list of me on the left and a field on the right.
func (b *builder) mineHas(n *node) string {
	mine := b.constants(n.l, Options)
	if len(mine) == 0 {
		return no
	}
	c, _ := b.columns.Column(n.r.name)
	r := side{sql: c.SQL, null: true}
	from, col := b.elements(c.SQL, "e"), "e.value"
	if !c.Kind.list() {
		from, col = "(SELECT "+c.SQL+" AS value) AS e", "e.value"
	}
	parts := make([]string, len(mine))
	for i, v := range mine {
		parts[i] = b.argOf(v)
	}
	set := strings.Join(parts, ", ")
	switch n.op {
	case OpHasAll:
		return guarded("NOT EXISTS (SELECT 1 FROM "+from+" WHERE "+col+" NOT IN ("+set+"))", r)
	case OpHasNone:
		return guarded("NOT EXISTS (SELECT 1 FROM "+from+" WHERE "+col+" IN ("+set+"))", r)
	}
	return guarded("EXISTS (SELECT 1 FROM "+from+" WHERE "+col+" IN ("+set+"))", r)
}

// selfOrSub: a department is one of those at or below the given ones, which are listed
// now; a place has one of the given paths, or a path that goes on after it.
func (b *builder) selfOrSub(n *node) (string, error) {
	l, ok := b.side(n.l, "")
	if !ok {
		return no, nil
	}
	parents := b.constants(n.r, l.kind)
	if len(parents) == 0 {
		return no, nil
	}
	var parts []string
	if l.kind == Place {
		for _, p := range parents {
			long := strconv.Itoa(utf8.RuneCountInString(p.s) + 1)
			parts = append(parts, l.sql+" = "+b.arg(p.s)+" OR substr("+l.sql+", 1, "+long+") = "+b.arg(p.s+"/"))
		}
		return guarded("("+strings.Join(parts, " OR ")+")", l), nil
	}
	if b.scope.env.Below == nil {
		return "", fmt.Errorf("cond: compile self_or_sub: the departments below one are not known (Env.Below)")
	}
	var ids []string
	for _, p := range parents {
		ids = append(append(ids, p.s), b.scope.env.Below(p.s)...)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		parts = append(parts, b.arg(id))
	}
	return guarded(l.sql+" IN ("+strings.Join(parts, ", ")+")", l), nil
}
