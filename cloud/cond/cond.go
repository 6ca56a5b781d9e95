// Package cond is the one condition language of the cloud room: a small JSON tree used for
// branches of flows, visibility and requirement of fields, row permissions and filters. The
// same tree is evaluated here in Go ([Expr.Holds]), compiled to SQL for SQLite and
// PostgreSQL ([Expr.SQL]), told as a sentence ([Expr.Sentence]), and evaluated in the
// browser by console/src/cond. testdata/vectors.json binds the four together.
//
// # Null
//
// A field has "no value" when it is missing, null, "", [], or of the wrong type for its
// kind (a number field holding "12" has no value). Truth is two-valued:
//
//   - every comparison with no value on either side is false: also ne, not_in and has_none;
//   - not turns it round: not(eq(level, "major")) is true when level has no value, while
//     ne(level, "major") is false: it says "has a value, which is not major";
//   - empty and not_empty ask for the value itself;
//   - count and sum of no rows are 0; any_row and all_rows of no rows are false, no_row is
//     true.
//
// An ill-typed comparison (Check tells) is false in Holds and an error in SQL.
//
// # Exactness
//
// Numbers are IEEE doubles; sums of number cells are taken in millionths. Money is whole
// fen: "12.3" equals 12.30, a third decimal is not money. Text compares by code point, with
// no folding. A date is a calendar day, an instant a millisecond; where one meets the other
// the day's bounds in Env.Zone decide.
package cond

import (
	"slices"
	"time"

	"anlan/contract"
)

// Limits of one condition.
const (
	MaxDepth  = 16      // operators inside one another
	MaxNodes  = 500     // operators
	MaxValues = 2000    // literal values, all lists together
	MaxText   = 4000    // characters of one literal text
	MaxBytes  = 1 << 20 // raw JSON
)

// Expr is one condition, immutable. The zero Expr is no condition and always true.
type Expr struct{ n *node }

// node is one operator: a group (Args), a comparison (L with R or Lo and Hi), or a
// condition on the rows of a sub-form (Rows, Where).
type node struct {
	op    Op
	args  []*node
	l, r  *operand
	lo    *operand
	hi    *operand
	rows  string
	where *node
}

type operandKind uint8

const (
	isField operandKind = iota
	isValue             // one literal
	isList              // literal list
	isNow               // now, shifted
	isMe                // the person asking
	isCount             // how many in a list or sub-form
	isSum               // sum of a column of a sub-form
	isFor               // a duration: of within_last and within_next
)

// operand is one side of a comparison.
type operand struct {
	kind operandKind
	name string    // field, column of me, rows, or rows.column
	val  literal   // isValue
	list []literal // isList
	dur  duration  // isNow, isFor
}

// literal is one scalar of the JSON: exactly one of the three.
type literal struct {
	kind byte // 's' text, 'n' number, 'b' bool
	s    string
	f    float64
	b    bool
	any  any // the same, as a document would hold it
}

// Person is who asks: the `me` of a condition.
type Person struct {
	ID        string
	Dept      string
	Posts     []string
	Roles     []string
	Buildings []string
}

// Env is what a condition is evaluated in.
type Env struct {
	// Fields returns the document's value of a field: nil, string, bool, any Go number,
	// json.Number, []any, []string, map[string]any.
	Fields func(name string) any
	Now    time.Time
	Zone   *time.Location // nil is UTC
	Me     Person
	// Under says if dept is parent or below it. Holds needs it for self_or_sub of dept.
	Under func(parent, dept string) bool
	// Below lists parent and every department below it. SQL needs it for self_or_sub of
	// dept; Holds uses it if Under is nil.
	Below func(parent string) []string
	// Schema tells the kinds of the fields. Without it Holds guesses each kind by the
	// value ([Guess]), and the four back ends need not agree.
	Schema Schema
}

// Problem is one thing wrong with a condition. Path is the JSON path from its top:
// "args[1].r.v", "" for the whole.
type Problem struct {
	Path string        `json:"path"`
	Text contract.Text `json:"text"`
}

// IsZero says if e is no condition; it is left out of JSON by omitzero.
func (e Expr) IsZero() bool { return e.n == nil }

// And holds when all hold; no conditions are skipped, and no condition is left if all are.
func And(all ...Expr) Expr {
	args := nodes(all)
	if len(args) < 2 {
		return first(args)
	}
	return Expr{&node{op: OpAnd, args: args}}
}

// Or holds when one holds. No condition among them makes the whole no condition.
func Or(some ...Expr) Expr {
	args := nodes(some)
	if len(args) < len(some) {
		return Expr{}
	}
	if len(args) < 2 {
		return first(args)
	}
	return Expr{&node{op: OpOr, args: args}}
}

// Not holds when e does not. Not of no condition never holds.
func Not(e Expr) Expr {
	if e.n == nil {
		return Never()
	}
	return Expr{&node{op: OpNot, args: []*node{e.n}}}
}

// Never is the condition that never holds.
func Never() Expr {
	v := func(b bool) *operand { return &operand{kind: isValue, val: literal{kind: 'b', b: b, any: b}} }
	return Expr{&node{op: OpEq, l: v(true), r: v(false)}}
}

func nodes(all []Expr) []*node {
	var out []*node
	for _, e := range all {
		if e.n != nil {
			out = append(out, e.n)
		}
	}
	return out
}

func first(args []*node) Expr {
	if len(args) == 0 {
		return Expr{}
	}
	return Expr{args[0]}
}

// Fields returns the fields read, sorted, each once. A column of a sub-form is
// "rows.column"; the sub-form itself is named too.
func (e Expr) Fields() []string {
	var out []string
	e.n.walk("", func(n *node, rows string) {
		if n.rows != "" {
			out = append(out, n.rows)
		}
		for _, o := range n.operands() {
			switch o.kind {
			case isField, isCount:
				out = append(out, join(rows, o.name))
			case isSum:
				r, _ := splitSum(o.name)
				out = append(out, join(rows, o.name), join(rows, r))
			}
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

func (n *node) walk(rows string, visit func(n *node, rows string)) {
	if n == nil {
		return
	}
	visit(n, rows)
	for _, a := range n.args {
		a.walk(rows, visit)
	}
	n.where.walk(n.rows, visit)
}

func (n *node) operands() []*operand {
	out := make([]*operand, 0, 3)
	for _, o := range []*operand{n.l, n.r, n.lo, n.hi} {
		if o != nil {
			out = append(out, o)
		}
	}
	return out
}

func join(rows, name string) string {
	if rows == "" {
		return name
	}
	return rows + "." + name
}
