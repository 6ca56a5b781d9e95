package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"anlan/cloud/cond"
	"anlan/contract"
)

var deriveRE = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)

var colorRE = regexp.MustCompile(`^([a-z][a-z-]{0,19}|#[0-9a-fA-F]{6})$`)

// check finds everything wrong with a definition by itself, and prepares it for use.
func (d *Def) check(p *problems) {
	texts(p, "title", d.Title)
	if d.Columns < 0 || d.Columns > 4 {
		p.add("columns", "应为 1 到 4", "must be 1 to 4")
	}
	if len(d.Fields) == 0 {
		p.add("fields", "至少一个字段", "must have at least one field")
	}
	d.checkFields(p, "fields", d.Fields, false)
	if len(*p) > 0 {
		return // conditions are checked against sound fields
	}
	schema := d.Schema()
	for i, r := range d.Rules {
		d.checkRule(p, at("rules", i), r, schema)
	}
	d.checkConditions(p, "fields", d.Fields, schema)
	d.checkRoles(p)
	for i, k := range d.Summary {
		if f, ok := d.Field(k); !ok || !f.Type.Data() {
			p.add(at("summary", i), "没有这个字段", "no such field")
		}
	}
	d.checkFormulas(p)
}

func texts(p *problems, path string, t contract.Text) {
	if strings.TrimSpace(t.ZH) == "" || len([]rune(t.ZH)) > 200 || len([]rune(t.EN)) > 400 {
		p.add(path, "需要中文名称，至多 200 字", "needs a Chinese text of at most 200 characters")
	}
}

func (d *Def) checkFields(p *problems, path string, fields []Field, sub bool) {
	if len(fields) > MaxFields {
		p.add(path, fmt.Sprintf("至多 %d 个字段", MaxFields), fmt.Sprintf("at most %d fields", MaxFields))
		return
	}
	seen := map[string]bool{}
	for i := range fields {
		f, at := &fields[i], at(path, i)
		limit := maxFieldKey
		if f.Type == Rows {
			limit = maxFormKey
		}
		if !formKeyRE.MatchString(f.Key) || len(f.Key) > limit || strings.Contains(f.Key, "__") || strings.HasSuffix(f.Key, "_") {
			p.add(at+".key", fmt.Sprintf("编码应以小写字母开头，只含小写字母、数字和单个下划线，至多 %d 个", limit), fmt.Sprintf("a key is a lower-case letter, then a-z 0-9 and single _, up to %d", limit))
		}
		if seen[f.Key] {
			p.add(at+".key", "编码重复", "the key appears twice")
		}
		seen[f.Key] = true
		if f.Type != Divider && f.Type != Description {
			texts(p, at+".label", f.Label)
		}
		if f.Width < 0 || f.Width > 4 {
			p.add(at+".width", "应为 1 到 4", "must be 1 to 4")
		}
		if f.Derive != "" && (sub || !deriveRE.MatchString(f.Derive) || f.Default != nil) || f.Propose && f.Derive == "" {
			p.add(at+".derive", "应为如 risk.grade 的名称，不用于明细，也没有默认值", "must be a name as risk.grade, not in a sub-form and without a default")
		}
		if sub && (f.Type == Rows || f.Type == Serial || f.Unique) {
			p.add(at, "明细中不能有明细、流水号和唯一字段", "a sub-form has no sub-forms, serial numbers or unique fields")
		}
		d.checkField(p, at, f)
	}
}

// checkField checks what is particular to a type.
func (d *Def) checkField(p *problems, path string, f *Field) {
	var err error
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		p.add(path+".min", "下限大于上限", "the minimum is above the maximum")
	}
	if f.MinCount < 0 || f.MaxCount < 0 || f.MaxCount > 0 && f.MinCount > f.MaxCount {
		p.add(path+".min_count", "个数范围不对", "not a range")
	}
	if f.Decimals != nil && (*f.Decimals < 0 || *f.Decimals > 6) {
		p.add(path+".decimals", "应为 0 到 6", "must be 0 to 6")
	}
	switch f.Type {
	case Text:
		if f.pattern, err = regexp.Compile(`^(?:` + f.Pattern + `)$`); err != nil || len(f.Pattern) > 500 {
			p.add(path+".pattern", "不是可用的格式", "not a usable pattern")
		}
	case Option, Options:
		checkOptions(p, path, f)
	case Cascade:
		if f.Dict == "" {
			p.add(path+".dict", "需要字典", "needs a dictionary")
		}
	case Date, DateTime:
		for name, s := range map[string]string{"earliest": f.Earliest, "latest": f.Latest} {
			if _, ok := parseShift(s); s != "" && !ok {
				p.add(path+"."+name, "应为如 0m、-24h、7d 的时长", "must be a duration as 0m, -24h, 7d")
			}
		}
	case Location:
		if f.System != "" && f.System != "wgs84" && f.System != "gcj02" {
			p.add(path+".system", "应为 wgs84 或 gcj02", "must be wgs84 or gcj02")
		}
	case Serial:
		if f.serial, err = parseSerial(f.Serial, f.Prefix); err != nil {
			p.add(path+".serial", "应为如 {prefix}{yyyyMMdd}{seq:4} 的格式，且恰有一个 {seq:n}", "must look like {prefix}{yyyyMMdd}{seq:4}, with exactly one {seq:n}")
		}
	case Rows:
		if len(f.Fields) == 0 {
			p.add(path+".fields", "明细至少一个字段", "a sub-form must have at least one field")
		}
		d.checkFields(p, path+".fields", f.Fields, true)
		d.checkChecklist(p, path, f)
	case Link:
		if !formKeyRE.MatchString(f.Form) || f.Mode != "" && f.Mode != "snapshot" && f.Mode != "live" {
			p.add(path+".form", "需要关联的表单，方式为 snapshot 或 live", "needs a form, and mode snapshot or live")
		}
	case Formula:
		if f.Result != "" && f.Result != Number && f.Result != Money {
			p.add(path+".result", "应为 number 或 money", "must be number or money")
		}
		if f.formula, err = parseFormula(f.Formula); err != nil {
			p.add(path+".formula", "公式有误："+err.Error(), err.Error())
		}
	}
	d.checkDefault(p, path+".default", f)
}

func (d *Def) checkChecklist(p *problems, path string, f *Field) {
	if f.Checklist == "" {
		return
	}
	if by, ok := find(d.Fields, f.Checklist); !ok || by.Type != Option || by.Dict == "" {
		p.add(path+".checklist", "应为从字典选择的单选字段", "must be a field that chooses from a dictionary")
	}
	if item, ok := find(f.Fields, "item"); !ok || item.Type != Text {
		p.add(path+".fields", "明细应有编码为 item 的单行文本，放检查内容", "the sub-form needs a text with the key item, for what is checked")
	}
}

func checkOptions(p *problems, path string, f *Field) {
	if (len(f.Options) > 0) == (f.Dict != "") {
		p.add(path+".options", "选项与字典二选一", "either options or a dictionary")
	}
	seen := map[string]bool{}
	for i, o := range f.Options {
		at := at(path+".options", i)
		if o.ID == "" || len(o.ID) > 64 || seen[o.ID] || f.Other && o.ID == otherID {
			p.add(at+".id", "选项编码缺少、重复或太长", "missing, repeated or too long")
		}
		seen[o.ID] = true
		texts(p, at+".label", o.Label)
		if o.Color != "" && !colorRE.MatchString(o.Color) {
			p.add(at+".color", "不是颜色", "not a colour")
		}
	}
	if !slices.Contains([]string{"", "buttons", "radio", "select"}, f.Style) {
		p.add(path+".style", "应为 buttons、radio 或 select", "must be buttons, radio or select")
	}
}

func (d *Def) checkDefault(p *problems, path string, f *Field) {
	v := f.Default
	if v == nil {
		return
	}
	n := 0
	for _, set := range []bool{v.Value != nil, v.Now != "", v.Me != "", v.Query != nil} {
		if set {
			n++
		}
	}
	_, isShift := parseShift(v.Now)
	switch {
	case n != 1 || f.Type.given() || f.Type == Rows && v.Value == nil:
		p.add(path, "默认值应恰为 value、now、me、query 之一", "must be exactly one of value, now, me, query")
	case v.Now != "" && (!isShift || f.Type != Date && f.Type != DateTime && f.Type != Time):
		p.add(path+".now", "只用于日期时间，如 0m、7d", "for dates and times only, as 0m, 7d")
	case v.Me != "" && !slices.Contains([]string{"id", "dept", "post"}, v.Me):
		p.add(path+".me", "应为 id、dept 或 post", "must be id, dept or post")
	}
}

func (d *Def) checkRule(p *problems, path string, r Rule, schema cond.Map) {
	texts(p, path+".message", r.Message)
	p.under(path+".holds", r.Holds.Check(schema))
	if _, ok := d.Column(r.Field); r.Field != "" && !ok {
		p.add(path+".field", "没有这个字段", "no such field")
	}
}

func (d *Def) checkConditions(p *problems, path string, fields []Field, schema cond.Map) {
	for i, f := range fields {
		at := at(path, i)
		p.under(at+".visible", f.Visible.Check(schema))
		p.under(at+".required_if", f.RequiredIf.Check(schema))
		p.under(at+".read_only_if", f.ReadOnlyIf.Check(schema))
		for j, r := range f.Checks {
			texts(p, fmt.Sprintf("%s.checks[%d].message", at, j), r.Message)
			p.under(fmt.Sprintf("%s.checks[%d].holds", at, j), r.Holds.Check(schema))
		}
		if f.Type == Rows {
			d.checkConditions(p, at+".fields", f.Fields, rowSchema(schema, f))
		}
	}
}

func (d *Def) checkRoles(p *problems) {
	if f, ok := d.Field(d.Roles.Source); ok && (!f.Required || !f.Visible.IsZero() || f.Hidden) {
		p.add("roles.source", "来源字段必须始终可见且必填", "the source must always be shown and required")
	}
	for name, want := range map[string]struct {
		key   string
		types []Type
	}{
		"dept": {d.Roles.Dept, []Type{Department}}, "owner": {d.Roles.Owner, []Type{Person}},
		"due": {d.Roles.Due, []Type{Date, DateTime}}, "place": {d.Roles.Place, []Type{Place}},
		"source": {d.Roles.Source, []Type{Option}},
	} {
		if want.key == "" {
			continue
		}
		if f, ok := d.Field(want.key); !ok || !slices.Contains(want.types, f.Type) {
			p.add("roles."+name, "没有这个字段，或类型不对", "no such field, or of the wrong type")
		}
	}
}

// checkFormulas checks what formulas read, and that none reads itself by way of others.
func (d *Def) checkFormulas(p *problems) {
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Type == Formula {
			d.checkRefs(p, at("fields", i), f, d.Fields)
		}
		for j := range f.Fields {
			if f.Fields[j].Type == Formula {
				d.checkRefs(p, fmt.Sprintf("fields[%d].fields[%d]", i, j), &f.Fields[j], f.Fields)
			}
		}
	}
}

func (d *Def) checkRefs(p *problems, path string, f *Field, among []Field) {
	for _, r := range f.formula.refs {
		if why := r.fits(among); why != "" {
			p.add(path+".formula", "公式中的“"+r.String()+"”不可用", "cannot use "+r.String()+": "+why)
		}
	}
	if len(*p) == 0 && dependsOn(f, f.Key, among, map[string]bool{}) {
		p.add(path+".formula", "公式循环引用", "the formula refers to itself")
	}
}

func dependsOn(f *Field, key string, among []Field, seen map[string]bool) bool {
	for _, r := range f.formula.refs {
		if r.column != "" {
			continue
		}
		if r.field == key {
			return true
		}
		g, ok := find(among, r.field)
		if ok && g.Type == Formula && !seen[g.Key] {
			seen[g.Key] = true
			if dependsOn(g, key, among, seen) {
				return true
			}
		}
	}
	return false
}
