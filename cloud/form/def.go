package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"anlan/cloud/cond"
	"anlan/contract"
)

// Limits of a definition. Keys are bounded so that every table and column name fits the 63
// bytes PostgreSQL keeps.
const (
	MaxFields   = 200 // of one form or sub-form
	MaxRowCount = 500 // rows of one sub-form in one record
	maxFormKey  = 24
	maxFieldKey = 40
)

// Problem is one thing wrong with a definition or a document; Path is its JSON path.
type Problem = cond.Problem

// Def is one version of a form.
type Def struct {
	Key     string `json:"-"` // of its document
	Version int64  `json:"-"` // of its document, 0 for a draft

	Title       contract.Text `json:"title"`
	Description contract.Text `json:"description,omitzero"`
	Icon        string        `json:"icon,omitempty"`
	Columns     int           `json:"columns,omitempty"` // of the layout on a desk, 1 to 4; 0 is 2
	Fields      []Field       `json:"fields"`
	Rules       []Rule        `json:"rules,omitempty"`
	Roles       Roles         `json:"roles,omitzero"`
	Summary     []string      `json:"summary,omitempty"` // fields that name a record in lists
}

// Rule is a condition that must hold for a record to be saved.
type Rule struct {
	Holds   cond.Expr     `json:"holds"`
	Message contract.Text `json:"message"`
	Field   string        `json:"field,omitempty"` // where the message is shown
}

// Roles says which fields tell a record's department, owner, deadline, place and source.
type Roles struct {
	Dept  string `json:"dept,omitempty"`
	Owner string `json:"owner,omitempty"`
	Due   string `json:"due,omitempty"`
	Place string `json:"place,omitempty"`
	// Source is an option that is always asked for: no record is stored without it.
	Source string `json:"source,omitempty"`
}

// Choice is one option of a list.
type Choice struct {
	ID      string        `json:"id"`
	Label   contract.Text `json:"label"`
	Color   string        `json:"color,omitempty"` // a word of the design system or #rrggbb
	Retired bool          `json:"retired,omitempty"`
}

// Default is the value a new record begins with: exactly one of the four.
type Default struct {
	Value any    `json:"value,omitempty"`
	Now   string `json:"now,omitempty"` // shift as "0m", "-24h", "7d"
	Me    string `json:"me,omitempty"`  // id, dept or post
	Query *Query `json:"query,omitempty"`
}

// Query takes a field's value out of the newest record of a form for which Where holds.
type Query struct {
	Form  string    `json:"form"`
	Field string    `json:"field"`
	Where cond.Expr `json:"where,omitzero"`
}

// Field is one control. What a type does not use must not be set.
type Field struct {
	Key         string        `json:"key"`
	Type        Type          `json:"type"`
	Label       contract.Text `json:"label"`
	Help        contract.Text `json:"help,omitzero"`
	Width       int           `json:"width,omitempty"`  // layout columns it takes, 0 is 1
	Hidden      bool          `json:"hidden,omitempty"` // taken off the form; its data stay
	Default     *Default      `json:"default,omitempty"`
	Visible     cond.Expr     `json:"visible,omitzero"`
	Required    bool          `json:"required,omitempty"`
	RequiredIf  cond.Expr     `json:"required_if,omitzero"`
	ReadOnly    bool          `json:"read_only,omitempty"`
	ReadOnlyIf  cond.Expr     `json:"read_only_if,omitzero"`
	ClearHidden bool          `json:"clear_hidden,omitempty"` // forget the value while not visible
	Checks      []Rule        `json:"checks,omitempty"`
	Unique      bool          `json:"unique,omitempty"`
	Index       bool          `json:"index,omitempty"`
	Derive      string        `json:"derive,omitempty"`  // what the server makes the value by, as "risk.grade"
	Propose     bool          `json:"propose,omitempty"` // only where nobody has said anything

	Placeholder contract.Text   `json:"placeholder,omitzero"`
	MinLength   int             `json:"min_length,omitempty"` // characters
	MaxLength   int             `json:"max_length,omitempty"`
	Pattern     string          `json:"pattern,omitempty"` // RE2, for the whole text
	PatternText contract.Text   `json:"pattern_text,omitzero"`
	Phrases     []contract.Text `json:"phrases,omitempty"`
	Scan        bool            `json:"scan,omitempty"`

	Unit     string   `json:"unit,omitempty"`
	Min      *float64 `json:"min,omitempty"`
	Max      *float64 `json:"max,omitempty"`
	Decimals *int     `json:"decimals,omitempty"`

	Options  []Choice `json:"options,omitempty"`
	Dict     string   `json:"dict,omitempty"` // key of a dictionary
	Other    bool     `json:"other,omitempty"`
	Style    string   `json:"style,omitempty"` // buttons, radio, select
	Leaf     bool     `json:"leaf,omitempty"`  // only what has nothing below it may be chosen
	MinCount int      `json:"min_count,omitempty"`
	MaxCount int      `json:"max_count,omitempty"`

	Earliest   string `json:"earliest,omitempty"` // against now: "0m" forbids back-dating
	Latest     string `json:"latest,omitempty"`
	ServerTime bool   `json:"server_time,omitempty"` // the server's clock when first saved

	InDepartments []string `json:"in_departments,omitempty"`
	InRoles       []string `json:"in_roles,omitempty"`

	System      string  `json:"system,omitempty"`       // wgs84 or gcj02
	MaxAccuracy float64 `json:"max_accuracy,omitempty"` // metres
	GPSOnly     bool    `json:"gps_only,omitempty"`

	MaxBytes   int64    `json:"max_bytes,omitempty"`
	MaxSeconds int      `json:"max_seconds,omitempty"`
	Accept     []string `json:"accept,omitempty"` // media types, "image/*"
	CameraOnly bool     `json:"camera_only,omitempty"`
	Watermark  bool     `json:"watermark,omitempty"`

	Serial string  `json:"serial,omitempty"` // "{prefix}{yyyyMMdd}{seq:4}"
	Prefix string  `json:"prefix,omitempty"`
	Fields []Field `json:"fields,omitempty"` // of a sub-form
	// Checklist names the option field whose item says which checklist the rows of a sub-form
	// come from; they fill its columns item, normal and level, those it has.
	Checklist string `json:"checklist,omitempty"`
	Formula   string `json:"formula,omitempty"` //
	Result    Type   `json:"result,omitempty"`  // number or money

	Form string            `json:"form,omitempty"` // linked form
	Mode string            `json:"mode,omitempty"` // snapshot or live
	Show []string          `json:"show,omitempty"` // its fields shown beside the link
	Fill map[string]string `json:"fill,omitempty"` // field here to field there, filled when chosen
	Many bool              `json:"many,omitempty"`

	Text contract.Text `json:"text,omitzero"` // of a description

	pattern *regexp.Regexp
	formula *formula
	serial  serialPattern
}

// Field finds a field by key.
func (d *Def) Field(key string) (*Field, bool) { return find(d.Fields, key) }

// Column finds a field by its path, "field" or "rows.column".
func (d *Def) Column(path string) (*Field, bool) {
	key, col, inRow := strings.Cut(path, ".")
	f, ok := find(d.Fields, key)
	if !ok || !inRow {
		return f, ok
	}
	return find(f.Fields, col)
}

func find(fields []Field, key string) (*Field, bool) {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key }); i >= 0 {
		return &fields[i], true
	}
	return nil, false
}

// InvalidError lists everything that keeps a definition or a document from being taken.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return "form: invalid"
	}
	return fmt.Sprintf("form: %d problems, first at %q: %s", len(e.Problems), e.Problems[0].Path, e.Problems[0].Text.EN)
}

// problems collects problems.
type problems []Problem

func (p *problems) add(path, zh, en string) {
	*p = append(*p, Problem{Path: path, Text: contract.Text{ZH: zh, EN: en}})
}

func (p *problems) under(path string, more []Problem) {
	for _, m := range more {
		if m.Path != "" && m.Path[0] != '[' {
			m.Path = "." + m.Path
		}
		*p = append(*p, Problem{Path: path + m.Path, Text: m.Text})
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{p}
}

// Parse reads and checks a definition; every problem is in the InvalidError.
func Parse(key string, raw []byte) (*Def, error) {
	var p problems
	if !formKeyRE.MatchString(key) || len(key) > maxFormKey || strings.Contains(key, "__") {
		p.add("", "表单编码应以小写字母开头，只含小写字母、数字和单个下划线，至多 24 个", "a form's key is a lower-case letter, then a-z 0-9 and single _, up to 24")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		p.add("", "不是合法的 JSON", "not valid JSON")
		return nil, p.err()
	}
	m, ok := doc.(map[string]any)
	if !ok {
		p.add("", "应为 JSON 对象", "must be a JSON object")
		return nil, p.err()
	}
	names(&p, "", m, defNames)
	conditionIn(&p, "rules", m["rules"])
	fieldNames(&p, "fields", m["fields"])
	if len(p) > 0 {
		return nil, p.err()
	}
	d := &Def{Key: key}
	if err := json.Unmarshal(raw, d); err != nil {
		p.add(typeErrorPath(err), "类型不对", "of the wrong type: "+err.Error())
		return nil, p.err()
	}
	d.check(&p)
	return d, p.err()
}

var (
	formKeyRE  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	defNames   = []string{"title", "description", "icon", "columns", "fields", "rules", "roles", "summary"}
	everyField = []string{"key", "type", "label", "help", "width", "hidden", "visible"}
	dataField  = []string{"default", "required", "required_if", "read_only", "read_only_if", "clear_hidden", "checks", "index"}
)

func typeErrorPath(err error) string {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return t.Field
	}
	return ""
}

func names(p *problems, path string, m map[string]any, allowed []string) {
	for k := range m {
		if !slices.Contains(allowed, k) {
			p.add(join(path, k), "未知或此控件不支持的属性", "unknown property, or not one of this control")
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// fieldNames checks the names of every field by its type, and that conditions can be read.
func fieldNames(p *problems, path string, doc any) {
	list, ok := doc.([]any)
	if !ok {
		p.add(path, "应为字段列表", "must be a list of fields")
		return
	}
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			p.add(at(path, i), "应为对象", "must be an object")
			continue
		}
		word, _ := m["type"].(string)
		t := Type(word)
		if !t.known() {
			p.add(at(path, i)+".type", "未知的控件 "+word, "unknown control "+word)
			continue
		}
		allowed := slices.Concat(everyField, properties(t))
		if t.Data() {
			allowed = append(allowed, dataField...)
		}
		names(p, at(path, i), m, allowed)
		for _, c := range []string{"visible", "required_if", "read_only_if"} {
			conditionAt(p, at(path, i)+"."+c, m[c])
		}
		conditionIn(p, at(path, i)+".checks", m["checks"])
		if t == Rows {
			fieldNames(p, at(path, i)+".fields", m["fields"])
		}
	}
}

// conditionIn reads the conditions of a list of rules.
func conditionIn(p *problems, path string, rules any) {
	list, _ := rules.([]any)
	for i, e := range list {
		m, _ := e.(map[string]any)
		names(p, at(path, i), m, []string{"holds", "message", "field"})
		conditionAt(p, at(path, i)+".holds", m["holds"])
	}
}

func conditionAt(p *problems, path string, doc any) {
	if doc == nil {
		return
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		p.add(path, "条件不可读", "cannot be read")
		return
	}
	if _, err := cond.Parse(raw); err != nil {
		if bad, ok := errors.AsType[*cond.ParseError](err); ok {
			p.under(path, bad.Problems)
		} else {
			p.add(path, "条件不可读", err.Error())
		}
	}
}
