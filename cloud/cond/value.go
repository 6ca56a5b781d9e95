package cond

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is one field's value read as its kind; kind "" is no value.
type value struct {
	kind Kind
	s    string   // text and ids; date as YYYY-MM-DD
	f    float64  // number
	i    int64    // money in fen, instant in ms, date in days
	b    bool     // bool
	list []string // list kinds
	rows []any    // sub-form
}

func (v value) null() bool { return v.kind == "" }

// read reads a document's value as kind k. A value of another type is no value.
func read(k Kind, raw any) value {
	switch {
	case raw == nil:
		return value{}
	case k.id():
		s, ok := textOf(raw)
		if !ok && k != Text {
			s, ok = idOf(raw)
		}
		return value{kind: k, s: s}.when(ok)
	case k.list():
		list := listOf(raw)
		return value{kind: k, list: list}.when(len(list) > 0)
	}
	switch k {
	case Number:
		f, ok := numberOf(raw)
		return value{kind: k, f: f}.when(ok)
	case Money:
		i, ok := moneyOf(raw)
		return value{kind: k, i: i}.when(ok)
	case Date:
		s, _ := raw.(string)
		day, ok := parseDay(s)
		return value{kind: k, i: int64(day), s: s}.when(ok)
	case Instant:
		i, ok := instantOf(raw)
		return value{kind: k, i: i}.when(ok)
	case Bool:
		b, ok := raw.(bool)
		return value{kind: k, b: b}.when(ok)
	case Rows:
		rows := rowsOf(raw)
		return value{kind: k, rows: rows}.when(len(rows) > 0)
	}
	return value{}
}

func (v value) when(ok bool) value {
	if !ok {
		return value{}
	}
	return v
}

func textOf(raw any) (string, bool) {
	s, ok := raw.(string)
	return s, ok && validText(s)
}

// validText is what both databases can hold: non-empty, UTF-8, without U+0000.
func validText(s string) bool {
	return s != "" && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// idOf reads {"id":"…"}: a linked thing stored with its snapshot.
func idOf(raw any) (string, bool) {
	m, ok := raw.(map[string]any)
	if !ok {
		return "", false
	}
	return textOf(m["id"])
}

func listOf(raw any) []string {
	if l, ok := raw.([]string); ok {
		out := make([]string, 0, len(l))
		for _, s := range l {
			if validText(s) {
				out = append(out, s)
			}
		}
		return out
	}
	l, _ := raw.([]any)
	out := make([]string, 0, len(l))
	for _, x := range l {
		s, ok := textOf(x)
		if !ok {
			s, ok = idOf(x)
		}
		if ok {
			out = append(out, s)
		}
	}
	return out
}

func rowsOf(raw any) []any {
	switch l := raw.(type) {
	case []any:
		out := make([]any, 0, len(l))
		for _, x := range l {
			if m, ok := x.(map[string]any); ok && m != nil {
				out = append(out, x)
			}
		}
		return out
	case []map[string]any:
		out := make([]any, len(l))
		for i, m := range l {
			out[i] = m
		}
		return out
	}
	return nil
}

func numberOf(raw any) (float64, bool) {
	var f float64
	switch n := raw.(type) {
	case json.Number:
		x, err := n.Float64()
		if err != nil {
			return 0, false
		}
		f = x
	case float64:
		f = n
	case float32:
		f = float64(n)
	case int:
		f = float64(n)
	case int32:
		f = float64(n)
	case int64:
		f = float64(n)
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

// moneyOf reads "12.30", or a JSON number with at most two decimals, as fen.
func moneyOf(raw any) (int64, bool) {
	if s, ok := raw.(string); ok {
		return parseMoney(s)
	}
	f, ok := numberOf(raw)
	if !ok {
		return 0, false
	}
	return parseMoney(strconv.FormatFloat(f, 'f', -1, 64))
}

// parseMoney reads -?digits(.digits)?: at most 12 digits before the point, and after it
// nothing but zeros beyond the second.
func parseMoney(s string) (int64, bool) {
	body, neg := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(body, ".")
	if whole == "" || len(whole) > 12 || point && frac == "" || len(frac) > 20 {
		return 0, false
	}
	var fen int64
	for _, c := range []byte(whole) {
		if c < '0' || c > '9' {
			return 0, false
		}
		fen = fen*10 + int64(c-'0')
	}
	for i := range max(2, len(frac)) {
		c := byte('0')
		if i < len(frac) {
			c = frac[i]
		}
		if c < '0' || c > '9' || i >= 2 && c != '0' {
			return 0, false
		}
		if i < 2 {
			fen = fen*10 + int64(c-'0')
		}
	}
	if neg {
		fen = -fen
	}
	return fen, true
}

// FormatMoney writes fen as documents hold money: "12.30".
func FormatMoney(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	s := strconv.FormatInt(fen%100+100, 10)
	return sign + strconv.FormatInt(fen/100, 10) + "." + s[1:]
}

func instantOf(raw any) (int64, bool) {
	if s, ok := raw.(string); ok {
		return parseInstant(s)
	}
	f, ok := numberOf(raw)
	if !ok || f != math.Trunc(f) || f < minInstant || f > maxInstant {
		return 0, false
	}
	return int64(f), true
}

// ColumnValue returns what the typed column of a field of kind k holds for a document's
// value: nil, string (text, ids, date YYYY-MM-DD, lists as a JSON array of ids), float64,
// int64 (money in fen, instant in ms) or bool. Rows have no column. A writer that uses it
// gives Holds and SQL the same truth.
func ColumnValue(k Kind, raw any) any {
	v := read(k, raw)
	switch {
	case v.null() || k == Rows:
		return nil
	case k.id() || k == Date:
		return v.s
	case k.list():
		b, err := json.Marshal(v.list)
		if err != nil { // strings always marshal
			return nil
		}
		return string(b)
	case k == Number:
		return v.f
	case k == Bool:
		return v.b
	}
	return v.i
}

// Guess tells the kind of a value by its look: what Holds does without a Schema. Text is
// text, a date, an instant or money (two decimals); a list of objects without id is rows.
func Guess(raw any) Kind {
	switch v := raw.(type) {
	case string:
		if _, ok := parseDay(v); ok {
			return Date
		}
		if _, ok := parseInstant(v); ok {
			return Instant
		}
		if _, ok := parseMoney(v); ok && len(v) > 3 && v[len(v)-3] == '.' {
			return Money
		}
		return Text
	case bool:
		return Bool
	case []string:
		return Options
	case []map[string]any:
		return Rows
	case []any:
		for _, x := range v {
			if m, ok := x.(map[string]any); ok && m["id"] == nil {
				return Rows
			}
		}
		return Options
	case map[string]any:
		return Option
	}
	if _, ok := numberOf(raw); ok {
		return Number
	}
	return Text
}
