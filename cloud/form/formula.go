package form

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"anlan/cloud/cond"
)

// A formula is arithmetic over the fields of a record or of one row:
//
//	sum      = product { ("+" | "-") product }
//	product  = unary { ("*" | "/") unary }
//	unary    = [ "-" ] ( number | field | "(" sum ")" | call )
//	call     = ("sum" | "avg" | "min" | "max" | "count") "(" rows "." column ")" | "count" "(" rows ")"
//	         | ("days" | "hours") "(" field "," field ")"       from the first to the second
//	         | "round" "(" sum "," digits ")" | "abs" "(" sum ")" | "or" "(" sum "," sum ")"
//
// A missing value makes the result missing, as does division by zero; or(a, b) is b where a
// is missing; sum and count of nothing are 0. All is done in IEEE doubles, without fused
// steps, so that another implementation gives the same: testdata/formula.json holds both.
type formula struct {
	eval func(*formulaEnv) (float64, bool)
	refs []ref
}

// ref is a field a formula reads: alone, or a column of a sub-form.
type ref struct {
	field, column string
	call          string // function it is read by, "" for plain arithmetic
}

func (r ref) String() string {
	if r.column == "" {
		return r.field
	}
	return r.field + "." + r.column
}

// fits says why the reference cannot be used among these fields, "" if it can.
func (r ref) fits(among []Field) string {
	f, ok := find(among, r.field)
	if !ok {
		return "no such field"
	}
	if r.column != "" {
		if f, ok = find(f.Fields, r.column); !ok {
			return "no such column"
		}
	}
	numeric := f.kind() == cond.Number || f.kind() == cond.Money
	switch {
	case r.call == "count" && r.column == "" && f.Type != Rows:
		return "not a sub-form"
	case r.call == "count":
		return ""
	case (r.call == "days" || r.call == "hours") && f.Type != Date && f.Type != DateTime:
		return "not a date"
	case r.call != "days" && r.call != "hours" && !numeric:
		return "not a number"
	}
	return ""
}

// formulaEnv is what a formula is evaluated in.
type formulaEnv struct {
	doc  map[string]any
	zone *time.Location
}

// numberIn reads a number or money as a double.
func numberIn(raw any) (float64, bool) {
	switch v := cond.ColumnValue(cond.Number, raw).(type) {
	case float64:
		return v, true
	}
	if fen, ok := cond.ColumnValue(cond.Money, raw).(int64); ok {
		return float64(fen) / 100, true
	}
	return 0, false
}

// roundTo rounds half away from zero at n digits; the last bits of the product are forgiven,
// so that 1.005 becomes 1.01. A double so large that it has no such digits stays as it is.
func roundTo(v float64, n int) float64 {
	p := math.Pow10(n)
	scaled := float64(math.Abs(v) * p)
	if scaled >= 0x1p52 {
		return v
	}
	x := math.Floor(float64(scaled+min(float64(scaled*0x1p-50), 1e-6))+0.5) / p
	if v < 0 {
		return -x
	}
	return x
}

const maxFormula = 1000

func parseFormula(src string) (*formula, error) {
	if src == "" || len(src) > maxFormula {
		return nil, errors.New("empty, or longer than 1000 bytes")
	}
	p := &formulaParser{src: src}
	eval, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.pos < len(src) {
		return nil, p.unexpected()
	}
	return &formula{eval, p.refs}, nil
}

type evaluator = func(*formulaEnv) (float64, bool)

type formulaParser struct {
	src  string
	pos  int
	refs []ref
}

func (p *formulaParser) unexpected() error {
	if p.pos >= len(p.src) {
		return errors.New("ends too early")
	}
	return fmt.Errorf("unexpected %q at %d", p.src[p.pos], p.pos+1)
}

func (p *formulaParser) skip() {
	for p.pos < len(p.src) && p.src[p.pos] == ' ' {
		p.pos++
	}
}

// next takes one of the given signs, 0 if none follows.
func (p *formulaParser) next(signs ...byte) byte {
	if p.skip(); p.pos < len(p.src) && slices.Contains(signs, p.src[p.pos]) {
		p.pos++
		return p.src[p.pos-1]
	}
	return 0
}

func (p *formulaParser) want(sign byte) error {
	if p.next(sign) == 0 {
		return p.unexpected()
	}
	return nil
}

func (p *formulaParser) sum(depth int) (evaluator, error) {
	return p.chain(depth, p.product, '+', '-')
}

func (p *formulaParser) product(depth int) (evaluator, error) {
	return p.chain(depth, p.unary, '*', '/')
}

func (p *formulaParser) chain(depth int, part func(int) (evaluator, error), signs ...byte) (evaluator, error) {
	if depth > 50 {
		return nil, errors.New("nested too deeply")
	}
	left, err := part(depth)
	for err == nil {
		sign := p.next(signs...)
		if sign == 0 {
			return left, nil
		}
		var right evaluator
		right, err = part(depth)
		left = binary(sign, left, right)
	}
	return nil, err
}

func binary(sign byte, l, r evaluator) evaluator {
	return func(e *formulaEnv) (float64, bool) {
		a, ok := l(e)
		b, ok2 := r(e)
		if !ok || !ok2 {
			return 0, false
		}
		return finite(apply(sign, a, b))
	}
}

func apply(sign byte, a, b float64) float64 {
	switch sign {
	case '+':
		return float64(a + b)
	case '-':
		return float64(a - b)
	case '*':
		return float64(a * b)
	}
	return float64(a / b)
}

func finite(v float64) (float64, bool) { return v, !math.IsNaN(v) && !math.IsInf(v, 0) }

func (p *formulaParser) unary(depth int) (evaluator, error) {
	if p.next('-') != 0 {
		x, err := p.unary(depth + 1)
		if err != nil || depth > 50 {
			return nil, errors.Join(err, p.tooDeep(depth))
		}
		return func(e *formulaEnv) (float64, bool) { v, ok := x(e); return -v, ok }, nil
	}
	if p.next('(') != 0 {
		x, err := p.sum(depth + 1)
		if err != nil {
			return nil, err
		}
		return x, p.want(')')
	}
	if p.skip(); p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		return p.number()
	}
	name := p.word()
	if name == "" {
		return nil, p.unexpected()
	}
	if p.next('(') != 0 {
		return p.call(name, depth+1)
	}
	p.refs = append(p.refs, ref{field: name})
	return func(e *formulaEnv) (float64, bool) { return numberIn(e.doc[name]) }, nil
}

func (p *formulaParser) tooDeep(depth int) error {
	if depth > 50 {
		return errors.New("nested too deeply")
	}
	return nil
}

func (p *formulaParser) number() (evaluator, error) {
	from := p.pos
	for p.pos < len(p.src) && (p.src[p.pos] >= '0' && p.src[p.pos] <= '9' || p.src[p.pos] == '.') {
		p.pos++
	}
	v, err := strconv.ParseFloat(p.src[from:p.pos], 64)
	if err != nil {
		return nil, fmt.Errorf("not a number: %s", p.src[from:p.pos])
	}
	return func(*formulaEnv) (float64, bool) { return v, true }, nil
}

func (p *formulaParser) word() string {
	p.skip()
	from := p.pos
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			break
		}
		p.pos++
	}
	return p.src[from:p.pos]
}

func (p *formulaParser) call(name string, depth int) (evaluator, error) {
	switch name {
	case "sum", "avg", "min", "max", "count":
		return p.aggregate(name)
	case "days", "hours":
		return p.between(name)
	case "round", "or", "abs":
	default:
		return nil, fmt.Errorf("no function %s", name)
	}
	a, err := p.sum(depth)
	if err != nil {
		return nil, err
	}
	if name == "abs" {
		return func(e *formulaEnv) (float64, bool) { v, ok := a(e); return math.Abs(v), ok }, p.want(')')
	}
	if err := p.want(','); err != nil {
		return nil, err
	}
	if name == "round" {
		n, err := strconv.Atoi(p.word())
		if err != nil || n < 0 || n > 6 {
			return nil, errors.New("round needs 0 to 6 digits")
		}
		return func(e *formulaEnv) (float64, bool) { v, ok := a(e); return roundTo(v, n), ok }, p.want(')')
	}
	b, err := p.sum(depth)
	if err != nil {
		return nil, err
	}
	return func(e *formulaEnv) (float64, bool) {
		if v, ok := a(e); ok {
			return v, true
		}
		return b(e)
	}, p.want(')')
}

func (p *formulaParser) aggregate(name string) (evaluator, error) {
	rows, col := p.word(), ""
	if p.next('.') != 0 {
		if col = p.word(); col == "" {
			return nil, p.unexpected()
		}
	}
	if rows == "" || col == "" && name != "count" {
		return nil, fmt.Errorf("%s needs a column of a sub-form, as rows.column", name)
	}
	p.refs = append(p.refs, ref{rows, col, name})
	return func(e *formulaEnv) (float64, bool) { return overRows(name, rowsOf(e.doc[rows]), col) }, p.want(')')
}

// overRows folds a column; rows without a value in it are left out.
func overRows(name string, rows []map[string]any, col string) (float64, bool) {
	n, total, lo, hi := 0, 0.0, math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		if name == "count" {
			if col == "" || r[col] != nil {
				n++
			}
			continue
		}
		if v, ok := numberIn(r[col]); ok {
			n, total, lo, hi = n+1, total+v, min(lo, v), max(hi, v)
		}
	}
	switch name {
	case "count":
		return float64(n), true
	case "sum":
		return finite(total)
	case "avg":
		return total / float64(n), n > 0
	case "min":
		return lo, n > 0
	}
	return hi, n > 0
}

func (p *formulaParser) between(name string) (evaluator, error) {
	a := p.word()
	if err := p.want(','); err != nil {
		return nil, err
	}
	b := p.word()
	if a == "" || b == "" {
		return nil, fmt.Errorf("%s needs two dates", name)
	}
	p.refs = append(p.refs, ref{field: a, call: name}, ref{field: b, call: name})
	return func(e *formulaEnv) (float64, bool) {
		from, ok := momentOf(e.doc[a], e.zone)
		to, ok2 := momentOf(e.doc[b], e.zone)
		if !ok || !ok2 {
			return 0, false
		}
		if name == "hours" {
			return float64(to.UnixMilli()-from.UnixMilli()) / 3_600_000, true
		}
		return math.Round(dayStart(to).Sub(dayStart(from)).Hours() / 24), true
	}, p.want(')')
}

// dayStart is the calendar day as an instant of UTC, so that days differ by whole 24 hours.
func dayStart(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// momentOf reads a date (its beginning in zone) or an instant.
func momentOf(raw any, zone *time.Location) (time.Time, bool) {
	if s, ok := cond.ColumnValue(cond.Date, raw).(string); ok {
		t, err := time.ParseInLocation(time.DateOnly, s, zone)
		return t, err == nil
	}
	ms, ok := cond.ColumnValue(cond.Instant, raw).(int64)
	return time.UnixMilli(ms).In(zone), ok
}

// result is the formula's value as a document holds it, nil if missing.
func (f *Field) result(e *formulaEnv) any {
	v, ok := f.formula.eval(e)
	if !ok {
		return nil
	}
	digits := 2
	if f.Decimals != nil {
		digits = *f.Decimals
	}
	if f.Result == Money {
		v = roundTo(v, 2)
		if math.Abs(v) >= 1e12 {
			return nil
		}
		return cond.FormatMoney(int64(math.Round(v * 100)))
	}
	return numberText(roundTo(v, digits))
}
