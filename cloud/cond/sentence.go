package cond

import (
	"strconv"
	"strings"
)

// Names gives what people call things; "" is "I do not know it", then the key itself is
// shown. A column of a sub-form is "rows.column".
type Names interface {
	Field(field, lang string) string
	Value(field, value, lang string) string
}

// Sentence tells the condition in lang ("zh-CN" or "en"). What a missing value does is
// said: "is filled in and is not …".
func (e Expr) Sentence(lang string, names Names) string {
	s := speaker{words: chinese(), lang: lang, names: names}
	if lang == "en" {
		s.words = english()
	}
	if e.n == nil {
		return s.words.always
	}
	return s.node(e.n, "", true)
}

// words are the templates of one language. {l}, {r}, {lo}, {hi} are the sides.
type words struct {
	ops             map[Op]string
	numberEq        string
	and, or, comma  string
	none, not       string
	open, close     string
	quote, unquote  string
	yes, no, always string
	me              map[string]string
	count, sum      string
	now, ago, ahead string
	unit, units     map[byte]string
}

func chinese() words {
	return words{
		ops: map[Op]string{
			OpEq: "{l}是{r}", OpNe: "{l}已填且不是{r}", OpLt: "{l}小于{r}", OpLe: "{l}不大于{r}",
			OpGt: "{l}大于{r}", OpGe: "{l}不小于{r}", OpBetween: "{l}在{lo}到{hi}之间（含两端）",
			OpIn: "{l}是{r}之一", OpNotIn: "{l}已填且不是{r}中的任何一个",
			OpContains: "{l}含有{r}", OpStartsWith: "{l}以{r}开头", OpEmpty: "{l}没有填", OpNotEmpty: "{l}已填",
			OpBefore: "{l}早于{r}", OpAfter: "{l}晚于{r}", OpSameDay: "{l}与{r}是同一天",
			OpWithinLast: "{l}在过去{r}内", OpWithinNext: "{l}在今后{r}内", OpSelfOrSub: "{l}是{r}或其下级",
			OpHasAny: "{l}包含{r}中的任意一个", OpHasAll: "{l}包含{r}的全部", OpHasNone: "{l}已填且不含{r}中的任何一个",
			OpAnyRow: "{l}中有一行满足（{r}）", OpAllRows: "{l}有内容且每一行都满足（{r}）", OpNoRow: "{l}中没有任何一行满足（{r}）",
		},
		numberEq: "{l}等于{r}", and: "，并且", or: "，或者", comma: "、",
		none: "以下都不成立（{r}）", not: "并非（{r}）", open: "（", close: "）", quote: "“", unquote: "”",
		yes: "“是”", no: "“否”", always: "没有条件（总是成立）",
		me:    map[string]string{"id": "我本人", "dept": "我的部门", "posts": "我的岗位", "roles": "我的角色", "buildings": "我负责的楼栋"},
		count: "{l}的数量", sum: "{l}的合计", now: "现在", ago: "{r}前", ahead: "{r}后",
		unit:  map[byte]string{'m': "分钟", 'h': "小时", 'd': "天", 'w': "周"},
		units: map[byte]string{'m': "分钟", 'h': "小时", 'd': "天", 'w': "周"},
	}
}

func english() words {
	return words{
		ops: map[Op]string{
			OpEq: "{l} is {r}", OpNe: "{l} is filled in and is not {r}", OpLt: "{l} is less than {r}", OpLe: "{l} is at most {r}",
			OpGt: "{l} is more than {r}", OpGe: "{l} is at least {r}", OpBetween: "{l} is between {lo} and {hi} (inclusive)",
			OpIn: "{l} is one of {r}", OpNotIn: "{l} is filled in and is none of {r}",
			OpContains: "{l} contains {r}", OpStartsWith: "{l} starts with {r}", OpEmpty: "{l} is not filled in", OpNotEmpty: "{l} is filled in",
			OpBefore: "{l} is before {r}", OpAfter: "{l} is after {r}", OpSameDay: "{l} is on the same day as {r}",
			OpWithinLast: "{l} is within the last {r}", OpWithinNext: "{l} is within the next {r}", OpSelfOrSub: "{l} is {r} or below",
			OpHasAny: "{l} has any of {r}", OpHasAll: "{l} has all of {r}", OpHasNone: "{l} is filled in and has none of {r}",
			OpAnyRow: "{l} has a row where ({r})", OpAllRows: "{l} has rows and in each ({r})", OpNoRow: "{l} has no row where ({r})",
		},
		numberEq: "{l} equals {r}", and: ", and ", or: ", or ", comma: ", ",
		none: "none of these holds: ({r})", not: "it is not so that ({r})", open: "(", close: ")", quote: "“", unquote: "”",
		yes: "yes", no: "no", always: "no condition (always true)",
		me:    map[string]string{"id": "me", "dept": "my department", "posts": "my posts", "roles": "my roles", "buildings": "my buildings"},
		count: "the number of {l}", sum: "the total of {l}", now: "now", ago: "{r} ago", ahead: "{r} from now",
		unit:  map[byte]string{'m': " minute", 'h': " hour", 'd': " day", 'w': " week"},
		units: map[byte]string{'m': " minutes", 'h': " hours", 'd': " days", 'w': " weeks"},
	}
}

type speaker struct {
	words words
	lang  string
	names Names
}

func fill(template string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(template)
}

func (s *speaker) node(n *node, rows string, top bool) string {
	switch n.op {
	case OpAnd:
		return s.group(n, s.words.and, rows, top)
	case OpOr:
		return s.group(n, s.words.or, rows, top)
	case OpNot:
		if in := n.args[0]; in.op == OpOr {
			return fill(s.words.none, "{r}", s.group(in, s.words.or, rows, true))
		}
		return fill(s.words.not, "{r}", s.node(n.args[0], rows, true))
	case OpAnyRow, OpAllRows, OpNoRow:
		return fill(s.words.ops[n.op], "{l}", s.field(n.rows, ""), "{r}", s.node(n.where, n.rows, true))
	}
	of := ""
	if n.l.kind == isField {
		of = join(rows, n.l.name)
	}
	template := s.words.ops[n.op]
	if n.op == OpEq && (n.l.kind == isCount || n.l.kind == isSum || n.r.kind == isValue && n.r.val.kind == 'n') {
		template = s.words.numberEq
	}
	return fill(template, "{l}", s.operand(n.l, rows, ""), "{r}", s.operand(n.r, rows, of),
		"{lo}", s.operand(n.lo, rows, of), "{hi}", s.operand(n.hi, rows, of))
}

func (s *speaker) group(n *node, word, rows string, top bool) string {
	parts := make([]string, len(n.args))
	for i, a := range n.args {
		parts[i] = s.node(a, rows, len(n.args) == 1 && top)
	}
	out := strings.Join(parts, word)
	if top || len(parts) == 1 {
		return out
	}
	return s.words.open + out + s.words.close
}

func (s *speaker) field(name, rows string) string {
	full := join(rows, name)
	if s.names != nil {
		if said := s.names.Field(full, s.lang); said != "" {
			return said
		}
	}
	return name
}

// operand tells one side; of is the field whose value a literal is.
func (s *speaker) operand(o *operand, rows, of string) string {
	if o == nil {
		return ""
	}
	switch o.kind {
	case isField:
		return s.field(o.name, rows)
	case isCount:
		return fill(s.words.count, "{l}", s.field(o.name, rows))
	case isSum:
		return fill(s.words.sum, "{l}", s.field(o.name, rows))
	case isMe:
		return s.words.me[o.name]
	case isFor:
		return s.duration(o.dur)
	case isNow:
		return s.moment(o.dur)
	case isList:
		parts := make([]string, len(o.list))
		for i, l := range o.list {
			parts[i] = s.literal(l, of)
		}
		return strings.Join(parts, s.words.comma)
	}
	return s.literal(o.val, of)
}

func (s *speaker) literal(l literal, of string) string {
	switch l.kind {
	case 'n':
		return strconv.FormatFloat(l.f, 'f', -1, 64)
	case 'b':
		if l.b {
			return s.words.yes
		}
		return s.words.no
	}
	if s.names != nil && of != "" {
		if said := s.names.Value(of, l.s, s.lang); said != "" {
			return s.words.quote + said + s.words.unquote
		}
	}
	return s.words.quote + l.s + s.words.unquote
}

func (s *speaker) moment(d duration) string {
	template := s.words.ahead
	if d.n < 0 {
		template, d.n = s.words.ago, -d.n
	}
	if d.n == 0 {
		return s.words.now
	}
	return fill(template, "{r}", s.duration(d))
}

func (s *speaker) duration(d duration) string {
	unit := s.words.units[d.unit]
	if d.n == 1 {
		unit = s.words.unit[d.unit]
	}
	return strconv.Itoa(d.n) + unit
}
