package cond

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Columns tells where fields stand. Only what it returns is ever written into SQL as a
// name; every value is an argument.
type Columns interface {
	Column(field string) (Column, bool)
}

// Column is where one field stands. SQL is a trusted expression, as `t.c_level`, that holds
// what [ColumnValue] returns, NULL for no value: text, ids and dates as TEXT, numbers as
// REAL/double precision, money and instants as BIGINT, bool as BOOLEAN, lists as a JSON
// array of ids (TEXT, or JSONB on PostgreSQL). For rows only Rows is set.
type Column struct {
	SQL  string
	Kind Kind
	Rows *RowTable
}

// RowTable is the child table of a sub-form.
type RowTable struct {
	Table   string                     // trusted name, as `f_patrol__items`
	Parent  string                     // its column with the record's id
	ID      string                     // trusted expression of the record's id, as `t.id`
	Columns func(alias string) Columns // the columns of one row of the table named alias
}

// Dialect is the SQL to write. After is how many arguments the statement already has
// before these: the first placeholder is $After+1, and they come in order of the text.
type Dialect struct {
	Postgres bool
	After    int
}

// SQL compiles the condition to an expression for WHERE with the same truth as Holds, never
// NULL, so it may stand under NOT. Now, Zone, Me and Below of env are fixed into it. A
// condition that does not fit the columns is an error.
func (e Expr) SQL(c Columns, d Dialect, env Env) (where string, args []any, err error) {
	if e.n == nil {
		return "1=1", nil, nil
	}
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	schema := columnSchema{c}
	if p := e.Check(schema); len(p) > 0 {
		return "", nil, fmt.Errorf("cond: compile condition: %s: %s", p[0].Path, p[0].Text.EN)
	}
	env.Schema, env.Fields = schema, nil
	b := &builder{d: d, columns: c, scope: scope{env: &env, now: env.Now.UnixMilli()}}
	where, err = b.node(e.n)
	if err != nil {
		return "", nil, err
	}
	return where, b.args, nil
}

// columnSchema is the Schema that columns make.
type columnSchema struct{ Columns }

func (c columnSchema) Kind(field string) (Kind, bool) {
	rows, name, inRow := strings.Cut(field, ".")
	col, ok := c.Column(rows)
	if !ok || !inRow {
		return col.Kind, ok
	}
	if col.Rows == nil {
		return "", false
	}
	col, ok = col.Rows.Columns("r").Column(name)
	return col.Kind, ok
}

const (
	yes      = "1=1"
	no       = "1=0"
	rowAlias = "cond_row"
)

type builder struct {
	d       Dialect
	columns Columns
	rows    string
	scope   scope
	args    []any
}

func (b *builder) node(n *node) (string, error) {
	switch n.op.shape() {
	case shapeGroup:
		parts := make([]string, len(n.args))
		for i, a := range n.args {
			var err error
			if parts[i], err = b.node(a); err != nil {
				return "", err
			}
		}
		return "(" + strings.Join(parts, " "+strings.ToUpper(string(n.op))+" ") + ")", nil
	case shapeNot:
		s, err := b.node(n.args[0])
		return "NOT (" + s + ")", err
	case shapeRows:
		return b.onRows(n)
	}
	if !n.reads() {
		return truth(b.scope.comparison(n)), nil
	}
	return b.comparison(n)
}

func truth(t bool) string {
	if t {
		return yes
	}
	return no
}

// reads says if a comparison reads the record.
func (n *node) reads() bool {
	for _, o := range n.operands() {
		if o.kind == isField || o.kind == isCount || o.kind == isSum {
			return true
		}
	}
	return false
}

func (b *builder) onRows(n *node) (string, error) {
	col, _ := b.columns.Column(n.rows)
	t := col.Rows
	outer, rows := b.columns, b.rows
	b.columns, b.rows = t.Columns(rowAlias), n.rows
	b.scope.rows = n.rows
	where, err := b.node(n.where)
	b.columns, b.rows, b.scope.rows = outer, rows, rows
	if err != nil {
		return "", err
	}
	exists := "EXISTS (SELECT 1 " + t.from() + " AND "
	switch n.op {
	case OpAnyRow:
		return exists + where + ")", nil
	case OpNoRow:
		return "NOT " + exists + where + ")", nil
	}
	return "(EXISTS (SELECT 1 " + t.from() + ") AND NOT " + exists + "NOT (" + where + ")))", nil
}

func (t *RowTable) from() string {
	return "FROM " + t.Table + " " + rowAlias + " WHERE " + rowAlias + "." + t.Parent + " = " + t.ID
}

// arg adds an argument and returns its placeholder, typed so that PostgreSQL need not guess.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	s := "$" + strconv.Itoa(b.d.After+len(b.args))
	if !b.d.Postgres {
		return s
	}
	switch v.(type) {
	case string:
		return s + "::text"
	case float64:
		return s + "::double precision"
	case int64:
		return s + "::bigint"
	}
	return s + "::boolean"
}

// argOf adds a value of a kind.
func (b *builder) argOf(v value) string {
	switch {
	case v.kind.id() || v.kind == Date:
		return b.arg(v.s)
	case v.kind == Number:
		return b.arg(v.f)
	case v.kind == Bool:
		return b.arg(v.b)
	}
	return b.arg(v.i)
}

// side is an operand as SQL; null tells if it can be NULL.
type side struct {
	sql  string
	null bool
	kind Kind
	rows *RowTable
}

// side writes an operand; sure is false for a constant that is known to be no value.
func (b *builder) side(o *operand, k Kind) (s side, sure bool) {
	switch o.kind {
	case isField:
		c, _ := b.columns.Column(o.name)
		return side{sql: c.SQL, null: true, kind: c.Kind, rows: c.Rows}, true
	case isCount:
		return side{sql: b.count(o.name), kind: Number}, true
	case isSum:
		return b.sum(o.name), true
	case isValue:
		v := read(k, o.val.raw())
		if k == "" {
			v = read(literalKind(o.val), o.val.raw())
		}
		return b.constant(v)
	}
	return b.constant(b.scope.value(o, ""))
}

func (b *builder) constant(v value) (side, bool) {
	if v.null() || v.kind.list() {
		return side{kind: v.kind}, false
	}
	return side{sql: b.argOf(v), kind: v.kind}, true
}

func (b *builder) count(name string) string {
	c, _ := b.columns.Column(name)
	switch {
	case c.Rows != nil:
		return "(SELECT COUNT(*) " + c.Rows.from() + ")"
	case b.d.Postgres:
		return "COALESCE(jsonb_array_length((" + c.SQL + ")::jsonb), 0)"
	}
	return "COALESCE(json_array_length(" + c.SQL + "), 0)"
}

func (b *builder) sum(name string) side {
	rows, col := splitSum(name)
	c, _ := b.columns.Column(rows)
	cell, _ := c.Rows.Columns(rowAlias).Column(col)
	if cell.Kind == Money {
		return side{sql: "(SELECT COALESCE(SUM(" + cell.SQL + "), 0) " + c.Rows.from() + ")", kind: Money}
	}
	return side{sql: "(SELECT COALESCE(SUM(floor(" + cell.SQL + " * 1000000.0 + 0.5)), 0.0) / 1000000.0 " + c.Rows.from() + ")", kind: Number}
}

func (b *builder) comparison(n *node) (string, error) {
	switch n.op.shape() {
	case shapeNone:
		return b.empty(n), nil
	case shapeMany:
		return b.many(n)
	case shapeRange:
		lo, err := b.one(OpGe, n.l, n.lo)
		if err != nil {
			return "", err
		}
		hi, err := b.one(OpLe, n.l, n.hi)
		return "(" + lo + " AND " + hi + ")", err
	case shapeFor:
		s, _ := b.side(n.l, "")
		from, to := b.scope.window(n, s.kind)
		lo, hi := b.moment(s.kind, from), b.moment(s.kind, to)
		return "(" + s.sql + " IS NOT NULL AND " + s.sql + " BETWEEN " + lo + " AND " + hi + ")", nil
	}
	return b.one(n.op, n.l, n.r)
}

// moment is a day or an instant as argument.
func (b *builder) moment(k Kind, v int64) string {
	if k == Date {
		return b.arg(formatDay(int(v)))
	}
	return b.arg(v)
}

func (b *builder) empty(n *node) string {
	s, sure := b.side(n.l, "")
	is := no
	switch {
	case s.rows != nil:
		is = "NOT EXISTS (SELECT 1 " + s.rows.from() + ")"
	case s.null:
		is = s.sql + " IS NULL"
	case !sure:
		is = yes
	}
	if n.op == OpNotEmpty {
		return "NOT (" + is + ")"
	}
	return "(" + is + ")"
}

// guarded joins a comparison with what must have a value.
func guarded(test string, sides ...side) string {
	var out strings.Builder
	out.WriteByte('(')
	for _, s := range sides {
		if s.null {
			out.WriteString(s.sql + " IS NOT NULL AND ")
		}
	}
	return out.String() + test + ")"
}

func symbol(op Op) string {
	switch plain(op) {
	case OpNe:
		return " <> "
	case OpLt:
		return " < "
	case OpLe:
		return " <= "
	case OpGt:
		return " > "
	case OpGe:
		return " >= "
	}
	return " = "
}

func (b *builder) one(op Op, lo, ro *operand) (string, error) {
	k, _ := (&checker{schema: columnSchema{b.columns}}).kind(lo, "", "")
	if k.when() && ro.kind != isField {
		return b.times(op, lo, ro), nil
	}
	l, ok := b.side(lo, "")
	if !ok {
		return no, nil
	}
	r, ok := b.side(ro, l.kind)
	if !ok {
		return no, nil
	}
	switch op {
	case OpContains:
		fn := "instr"
		if b.d.Postgres {
			fn = "strpos"
		}
		return guarded(fn+"("+l.sql+", "+r.sql+") > 0", l, r), nil
	case OpStartsWith:
		n := "length(" + r.sql + ")"
		if ro.kind == isValue {
			n = strconv.Itoa(utf8.RuneCountInString(ro.val.s))
		}
		return guarded("substr("+l.sql+", 1, "+n+") = "+r.sql, l, r), nil
	}
	return guarded(l.sql+symbol(op)+r.sql, l, r), nil
}

// times compares a date or an instant with something known now.
func (b *builder) times(op Op, lo, ro *operand) string {
	l, ok := b.side(lo, "")
	if !ok {
		return no
	}
	if l.kind == Date {
		day, ok := b.scope.day(op, ro)
		if !ok {
			return no
		}
		return guarded(l.sql+symbol(op)+b.arg(formatDay(day)), l)
	}
	start, end, ok := b.scope.bounds(op, ro)
	if !ok {
		return no
	}
	test := ""
	switch plain(op) {
	case OpLt:
		test = l.sql + " < " + b.arg(start)
	case OpLe:
		test = l.sql + " < " + b.arg(end)
	case OpGt:
		test = l.sql + " >= " + b.arg(end)
	case OpGe:
		test = l.sql + " >= " + b.arg(start)
	case OpEq:
		test = l.sql + " >= " + b.arg(start) + " AND " + l.sql + " < " + b.arg(end)
	case OpNe:
		test = "(" + l.sql + " < " + b.arg(start) + " OR " + l.sql + " >= " + b.arg(end) + ")"
	}
	return guarded(test, l)
}
