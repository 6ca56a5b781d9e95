package configs

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Document remembers where each value of a decoded file stood, so that checks made
// later can still name the line.
type Document struct {
	File  string
	lines map[string]int
}

// Line is the line of the value at path, or of the nearest parent that exists.
func (d *Document) Line(path string) int {
	for {
		if n, ok := d.lines[path]; ok {
			return n
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return d.lines[""]
		}
		path = path[:cut]
	}
}

// Problem makes a problem at path.
func (d *Document) Problem(path, found, want string) Problem {
	return Problem{File: d.File, Line: d.Line(path), Path: path, Found: found, Want: want}
}

// Decode reads one YAML document strictly into the struct into points at.
//
// Field names come from the `yaml` tag; `required` after the name in the tag's options
// makes the key mandatory. Unknown and repeated keys, wrong types, unset variables and
// YAML syntax errors are all collected; what could be read is in into even so.
// Supported: structs, maps with string keys, slices, pointers, strings, numbers, bools,
// time.Duration ("1.5s") and encoding.TextUnmarshaler. "${NAME}" in a string is replaced by the environment's
// value. Aliases are not allowed, so a small file can not grow without bound.
func Decode(file string, src []byte, into any) (*Document, Problems) {
	d := &decoder{doc: &Document{File: file, lines: map[string]int{}}}
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err != nil {
		d.add(syntaxLine(err), "", "invalid YAML ("+strings.TrimPrefix(err.Error(), "yaml: ")+")", "a YAML document")
		return d.doc, d.problems
	}
	if len(root.Content) == 0 {
		d.add(1, "", "an empty file", "a YAML document")
		return d.doc, d.problems
	}
	d.value(root.Content[0], "", reflect.ValueOf(into).Elem())
	return d.doc, d.problems
}

type decoder struct {
	doc      *Document
	problems Problems
}

func (d *decoder) add(line int, path, found, want string) {
	d.problems = append(d.problems, Problem{File: d.doc.File, Line: line, Path: path, Found: found, Want: want})
}

var syntaxRE = regexp.MustCompile(`line (\d+)`)

func syntaxLine(err error) int {
	if m := syntaxRE.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 1
}

func (d *decoder) value(n *yaml.Node, path string, v reflect.Value) {
	d.doc.lines[path] = n.Line
	if n.Kind == yaml.AliasNode {
		d.add(n.Line, path, "an alias", "the value written out")
		return
	}
	if n.Tag == "!!null" && v.Kind() != reflect.Pointer {
		d.add(n.Line, path, "nothing", describe(v.Type()))
		return
	}
	if v.Kind() == reflect.Pointer {
		if n.Tag == "!!null" {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, path, v.Elem())
		return
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Map:
		d.mapping(n, path, v)
	case reflect.Slice:
		d.sequence(n, path, v)
	default:
		d.scalar(n, path, v)
	}
}

func (d *decoder) text(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.add(n.Line, path, kindWord(n), "a word")
		return
	}
	s, ok := d.expand(n, path)
	if !ok {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		d.add(n.Line, path, strconv.Quote(s), wantOf(err))
	}
}

// wantOf shows an UnmarshalText error; types may give better words with Want.
func wantOf(err error) string {
	if w, ok := errors.AsType[interface {
		error
		Want() string
	}](err); ok {
		return w.Want()
	}
	return "a known word (" + err.Error() + ")"
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, kindWord(n), "a mapping with "+strings.Join(keys(v.Type()), ", "))
		return
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		f, known := fields[k.Value]
		switch {
		case seen[k.Value]:
			d.add(k.Line, at, "the key a second time", "each key once")
		case !known:
			d.add(k.Line, at, "unknown key "+strconv.Quote(k.Value), nearest(k.Value, keys(v.Type())))
		default:
			d.value(val, at, v.FieldByIndex(f.index))
		}
		seen[k.Value] = true
	}
	for _, name := range keys(v.Type()) {
		if fields[name].required && !seen[name] {
			d.add(n.Line, join(path, name), "no such key", describe(v.FieldByIndex(fields[name].index).Type()))
		}
	}
}

func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, kindWord(n), "a mapping")
		return
	}
	out := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		at := join(path, k.Value)
		key := reflect.New(v.Type().Key()).Elem()
		before := len(d.problems)
		d.value(k, at, key)
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(val, at, elem)
		if len(d.problems) == before && out.MapIndex(key).IsValid() {
			d.add(k.Line, at, "the key a second time", "each key once")
		}
		out.SetMapIndex(key, elem)
	}
	v.Set(out)
}

func (d *decoder) sequence(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.add(n.Line, path, kindWord(n), "a list")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, e := range n.Content {
		d.value(e, path+"["+strconv.Itoa(i)+"]", out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value) {
	bad := func() { d.add(n.Line, path, found(n), describe(v.Type())) }
	if n.Kind != yaml.ScalarNode {
		bad()
		return
	}
	s, ok := d.expand(n, path)
	if !ok {
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		if dur, err := time.ParseDuration(s); err == nil {
			v.SetInt(int64(dur))
		} else {
			bad()
		}
	case v.Kind() == reflect.String:
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && n.Tag == "!!bool" {
			bad()
			return
		}
		v.SetString(s)
	case v.Kind() == reflect.Bool:
		if n.Tag != "!!bool" {
			bad()
			return
		}
		v.SetBool(strings.EqualFold(s, "true"))
	case v.CanInt():
		if x, err := strconv.ParseInt(s, 0, v.Type().Bits()); err == nil {
			v.SetInt(x)
		} else {
			bad()
		}
	case v.CanUint():
		if x, err := strconv.ParseUint(s, 0, v.Type().Bits()); err == nil {
			v.SetUint(x)
		} else {
			bad()
		}
	case v.CanFloat():
		if x, err := strconv.ParseFloat(s, 64); err == nil && x == x && x-x == 0 {
			v.SetFloat(x)
		} else {
			bad()
		}
	default:
		panic("configs: cannot decode into " + v.Type().String())
	}
}

var variableRE = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

func (d *decoder) expand(n *yaml.Node, path string) (string, bool) {
	ok := true
	s := variableRE.ReplaceAllStringFunc(n.Value, func(m string) string {
		val, set := os.LookupEnv(m[2 : len(m)-1])
		if !set {
			d.add(n.Line, path, m+", which is not set", "the environment variable set, or the value written here")
			ok = false
		}
		return val
	})
	return s, ok
}

type field struct {
	index    []int
	required bool
}

func fieldsOf(t reflect.Type) map[string]field {
	out := map[string]field{}
	for _, f := range reflect.VisibleFields(t) {
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = field{f.Index, slices.Contains(strings.Split(opts, ","), "required")}
	}
	return out
}

func keys(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func kindWord(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return found(n)
}

func found(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return kindWord(n)
	}
	return strconv.Quote(n.Value)
}

func describe(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return `a duration such as "1.5s"`
	case t.Kind() == reflect.Pointer:
		return describe(t.Elem())
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		return "a mapping"
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32:
		return "a number"
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<(t.Bits()-1)-1+uint64(1)<<(t.Bits()-1))
	}
	return "a whole number"
}

// nearest suggests the known key that is spelled most like the unknown one.
func nearest(got string, known []string) string {
	best, bestAt := "", 3
	for _, k := range known {
		if d := distance(got, k); d < bestAt {
			best, bestAt = k, d
		}
	}
	if best != "" {
		return strconv.Quote(best) + "?"
	}
	return "one of " + strings.Join(known, ", ")
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, diag+1)
		}
	}
	return row[len(b)]
}
