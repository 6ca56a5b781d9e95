package cond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"anlan/contract"
)

// ParseError lists everything wrong with a condition's JSON.
type ParseError struct{ Problems []Problem }

func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("cond: read condition")
	for _, p := range e.Problems {
		b.WriteString(": ")
		if p.Path != "" {
			b.WriteString(p.Path + ": ")
		}
		b.WriteString(p.Text.EN)
	}
	return b.String()
}

// Parse reads a condition. Empty input and null are no condition. What is not understood
// is an error with every problem and its JSON path (*ParseError).
func Parse(raw []byte) (Expr, error) {
	p := &parser{}
	if len(raw) > MaxBytes {
		p.add("", "条件过大", "condition too large")
		return Expr{}, &ParseError{p.problems}
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return Expr{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		p.add("", "不是有效的 JSON", "not JSON: "+err.Error())
		return Expr{}, &ParseError{p.problems}
	}
	if _, err := dec.Token(); err != io.EOF {
		p.add("", "条件之后有多余内容", "something follows the condition")
	}
	if doc == nil && p.problems == nil {
		return Expr{}, nil
	}
	n := p.node(doc, "", 1, false)
	if p.problems != nil {
		return Expr{}, &ParseError{p.problems}
	}
	return Expr{n}, nil
}

// UnmarshalJSON reads a condition as [Parse] does.
func (e *Expr) UnmarshalJSON(raw []byte) error {
	got, err := Parse(raw)
	if err != nil {
		return err
	}
	*e = got
	return nil
}

const maxProblems = 50

type parser struct {
	problems []Problem
	nodes    int
	values   int
}

func (p *parser) add(path, zh, en string) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, Problem{path, contract.Text{ZH: zh, EN: en}})
	}
}

func at(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (p *parser) node(doc any, path string, depth int, inRows bool) *node {
	m, ok := doc.(map[string]any)
	if !ok {
		p.add(path, "应为条件对象", "a condition is an object")
		return nil
	}
	if p.nodes++; p.nodes == MaxNodes+1 {
		p.add(path, fmt.Sprintf("条件超过 %d 项", MaxNodes), fmt.Sprintf("more than %d conditions", MaxNodes))
	}
	if depth > MaxDepth {
		p.add(path, fmt.Sprintf("嵌套超过 %d 层", MaxDepth), fmt.Sprintf("nested deeper than %d", MaxDepth))
		return nil
	}
	if p.nodes > MaxNodes {
		return nil
	}
	name, _ := m["op"].(string)
	n := &node{op: Op(name)}
	switch n.op.shape() {
	case shapeGroup, shapeNot:
		p.keys(m, path, "op", "args")
		p.group(n, m["args"], path, depth, inRows)
	case shapeOne, shapeMany, shapeFor:
		p.keys(m, path, "op", "l", "r")
		n.l = p.operand(m["l"], at(path, "l"), shapeNone)
		n.r = p.operand(m["r"], at(path, "r"), n.op.shape())
	case shapeRange:
		p.keys(m, path, "op", "l", "lo", "hi")
		n.l = p.operand(m["l"], at(path, "l"), shapeNone)
		n.lo = p.operand(m["lo"], at(path, "lo"), shapeOne)
		n.hi = p.operand(m["hi"], at(path, "hi"), shapeOne)
	case shapeNone:
		p.keys(m, path, "op", "l")
		n.l = p.operand(m["l"], at(path, "l"), shapeNone)
	case shapeRows:
		p.keys(m, path, "op", "rows", "where")
		n.rows = p.name(m["rows"], at(path, "rows"))
		if inRows {
			p.add(path, "明细行条件不能再套明细", "a condition on rows cannot hold another")
		}
		n.where = p.node(m["where"], at(path, "where"), depth+1, true)
	default:
		p.add(at(path, "op"), "未知的运算 "+strconv.Quote(name), "unknown op "+strconv.Quote(name))
	}
	return n
}

func (p *parser) keys(m map[string]any, path string, want ...string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(want, k) {
			p.add(at(path, k), "多余的键", "unknown key")
		}
	}
	for _, k := range want {
		if _, ok := m[k]; !ok {
			p.add(at(path, k), "缺少", "missing")
		}
	}
}

func (p *parser) group(n *node, doc any, path string, depth int, inRows bool) {
	args, ok := doc.([]any)
	if !ok {
		if doc != nil {
			p.add(at(path, "args"), "应为列表", "must be a list")
		}
		return
	}
	if len(args) == 0 {
		p.add(at(path, "args"), "条件组是空的", "the group is empty")
	}
	if n.op == OpNot && len(args) > 1 {
		p.add(at(path, "args"), "“非”只能有一个条件", "not takes one condition")
	}
	for i, a := range args {
		n.args = append(n.args, p.node(a, at(path, "args["+strconv.Itoa(i)+"]"), depth+1, inRows))
	}
}

// name reads the name of a field: any text without the dot that separates a column.
func (p *parser) name(doc any, path string) string {
	if doc == nil {
		return "" // told as missing
	}
	s, _ := doc.(string)
	if !validText(s) || len(s) > 128 || strings.Contains(s, ".") {
		p.add(path, "应为字段名", "must be the name of a field")
	}
	return s
}

// operand reads one side. For the right side, want is what the operator takes.
func (p *parser) operand(doc any, path string, want shape) *operand {
	if doc == nil {
		return nil // told as missing
	}
	m, ok := doc.(map[string]any)
	if !ok || len(m) != 1 {
		p.add(path, "应只有 f、v、now、me、count、sum 之一", "must be one of f, v, now, me, count, sum")
		return nil
	}
	for k, v := range m {
		if want == shapeFor && k != "v" {
			break
		}
		if o := p.term(k, v, at(path, k), want); o != nil {
			return o
		}
	}
	if want == shapeFor {
		p.add(path, "应为时长", "must be a duration")
	} else {
		p.add(path, "应只有 f、v、now、me、count、sum 之一", "must be one of f, v, now, me, count, sum")
	}
	return nil
}

// me is what {"me":…} may name.
func me() []string { return []string{"id", "dept", "posts", "roles", "buildings"} }

func (p *parser) term(key string, v any, path string, want shape) *operand {
	switch key {
	case "f":
		return &operand{kind: isField, name: p.name(v, path)}
	case "count":
		return &operand{kind: isCount, name: p.name(v, path)}
	case "sum":
		s, _ := v.(string)
		rows, col := splitSum(s)
		if p.name(rows, path) != "" {
			p.name(col, path)
		}
		return &operand{kind: isSum, name: s}
	case "me":
		s, _ := v.(string)
		if !slices.Contains(me(), s) {
			p.add(path, "应为 id、dept、posts、roles、buildings 之一", "must be id, dept, posts, roles or buildings")
		}
		return &operand{kind: isMe, name: s}
	case "now":
		s, isText := v.(string)
		d, ok := parseDuration(s, true)
		if !ok || !isText {
			p.add(path, "应为如 \"-24h\" 的时长，或空", `must be a shift like "-24h", or ""`)
		}
		return &operand{kind: isNow, dur: d}
	case "v":
		if want == shapeFor {
			s, _ := v.(string)
			d, ok := parseDuration(s, false)
			if !ok {
				p.add(path, "应为如 \"24h\"、\"7d\" 的时长", `must be a duration like "24h" or "7d"`)
			}
			return &operand{kind: isFor, dur: d}
		}
		return p.literal(v, path, want)
	}
	return nil
}

func splitSum(s string) (rows, column string) {
	rows, column, _ = strings.Cut(s, ".")
	return rows, column
}

func (p *parser) literal(v any, path string, want shape) *operand {
	list, ok := v.([]any)
	if !ok {
		return &operand{kind: isValue, val: p.scalar(v, path)}
	}
	if want != shapeMany {
		p.add(path, "这里只能是一个值", "one value is wanted here, not a list")
	}
	o := &operand{kind: isList, list: make([]literal, 0, len(list))}
	if len(list) == 0 {
		p.add(path, "至少选一个值", "the list is empty")
	}
	for i, x := range list {
		o.list = append(o.list, p.scalar(x, path+"["+strconv.Itoa(i)+"]"))
	}
	return o
}

func (p *parser) scalar(v any, path string) literal {
	if p.values++; p.values == MaxValues+1 {
		p.add(path, fmt.Sprintf("值超过 %d 个", MaxValues), fmt.Sprintf("more than %d values", MaxValues))
	}
	switch x := v.(type) {
	case string:
		if !validText(x) {
			p.add(path, "值是空的或含无效字符；判断为空请用 empty", "empty or invalid text; to ask for no value use empty")
		} else if utf8.RuneCountInString(x) > MaxText {
			p.add(path, "文字过长", "text too long")
		}
		return literal{kind: 's', s: x, any: v}
	case json.Number:
		f, ok := numberOf(x)
		if !ok {
			p.add(path, "数字超出范围", "number out of range")
		}
		return literal{kind: 'n', f: f, any: v}
	case bool:
		return literal{kind: 'b', b: x, any: v}
	}
	p.add(path, "应为文字、数字或是非；判断为空请用 empty", "must be text, a number or a boolean; to ask for no value use empty")
	return literal{}
}
