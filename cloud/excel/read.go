package excel

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/form"
	"anlan/contract"
)

// ErrWorkbook means that the bytes are no workbook that can be read.
var ErrWorkbook = errors.New("excel: not a workbook")

// Problem is one thing that keeps a row from being taken. Row and Column count from 1, as
// Excel shows them; column 0 is the whole row.
type Problem struct {
	Row    int           `json:"row"`
	Column int           `json:"column"`
	Title  string        `json:"title"` // of the column
	Found  string        `json:"found"`
	Text   contract.Text `json:"text"`
}

// Row is one row as somebody would have filled in the form.
type Row struct {
	N      int // in the sheet
	Fields map[string]any
}

// Table is what was read of a workbook.
type Table struct {
	Rows     []Row
	Problems []Problem

	columns map[string]int // field → column
	titles  []string
}

// At is a problem at a field of a row, for what is found out after reading.
func (t *Table) At(row int, field string, text contract.Text) Problem {
	p := Problem{Row: row, Column: t.columns[field], Text: text}
	if p.Column > 0 {
		p.Title = t.titles[p.Column-1]
	}
	return p
}

// readable says if a control can be written into a cell.
func readable(t form.Type) bool {
	switch t {
	case form.Serial, form.Formula, form.Rows, form.Link, form.Signature, form.Photo, form.Video, form.Media, form.File, form.Cascade:
		return false
	}
	return t.Data()
}

func open(raw []byte) (*excelize.File, error) {
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("%w: larger than %d MB", ErrWorkbook, MaxBytes>>20)
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorkbook, err)
	}
	return f, nil
}

// Read reads the first sheet: columns by their titles, everything wrong at once. Errors:
// ErrWorkbook.
func Read(raw []byte, d *form.Def, n Names) (*Table, error) {
	f, err := open(raw)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing is on disk
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%w: no first sheet", ErrWorkbook)
	}
	t := &Table{columns: map[string]int{}, titles: rows[0]}
	cols := t.head(d, n)
	if len(rows)-1 > MaxRows {
		t.Problems = append(t.Problems, Problem{Row: MaxRows + 2, Text: contract.Text{ZH: fmt.Sprintf("一次至多 %d 行", MaxRows), EN: fmt.Sprintf("at most %d rows at once", MaxRows)}})
		return t, nil
	}
	for i, cells := range rows[1:] {
		r := Row{N: i + 2, Fields: map[string]any{}}
		for j, c := range cells {
			if c = strings.TrimSpace(c); c == "" || j >= len(cols) || cols[j] == nil {
				continue
			}
			v, bad := n.parse(cols[j], c)
			if bad != nil {
				t.Problems = append(t.Problems, Problem{Row: r.N, Column: j + 1, Title: rows[0][j], Found: c, Text: *bad})
				continue
			}
			r.Fields[cols[j].Key] = v
		}
		if len(r.Fields) > 0 || slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			t.Rows = append(t.Rows, r)
		}
	}
	return t, nil
}

// head finds the field of each column; a column that is none of the form's is said.
func (t *Table) head(d *form.Def, n Names) []*form.Field {
	out := make([]*form.Field, len(t.titles))
	for i, h := range t.titles {
		name := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(h), "*"))
		if name == "" {
			continue
		}
		for k := range d.Fields {
			f := &d.Fields[k]
			if readable(f.Type) && (name == f.Key || name == f.Label.ZH || f.Label.EN != "" && strings.EqualFold(name, f.Label.EN)) && t.columns[f.Key] == 0 {
				out[i] = f
				t.columns[f.Key] = i + 1
				break
			}
		}
		if out[i] == nil && !slices.Contains([]string{"编号", "No.", "状态", "State", "提交人", "Submitted by", "提交时间", "Submitted at", "当前环节", "Now at", "当前处理人", "Now with", "错误", "Problems"}, name) {
			t.Problems = append(t.Problems, Problem{Row: 1, Column: i + 1, Title: h, Found: h, Text: contract.Text{ZH: "表单没有这一列，或此列不能导入", EN: "the form has no such column, or it cannot be imported"}})
		}
	}
	return out
}

func bad(zh, en string) *contract.Text { return &contract.Text{ZH: zh, EN: en} }

// parse reads a cell as its field's value. What the form itself checks is left to it.
func (n Names) parse(f *form.Field, c string) (any, *contract.Text) {
	switch f.Type {
	case form.Number, form.Rating:
		v, err := strconv.ParseFloat(strings.ReplaceAll(c, ",", ""), 64)
		if err != nil {
			return nil, bad("应为数字", "must be a number")
		}
		return v, nil
	case form.Money:
		return strings.TrimLeft(strings.ReplaceAll(c, ",", ""), "¥￥ "), nil
	case form.Date, form.DateTime, form.Time:
		return n.when(f.Type, c)
	case form.Switch:
		switch strings.ToLower(c) {
		case "是", "yes", "true", "1", "y", "√":
			return true, nil
		case "否", "no", "false", "0", "n", "×":
			return false, nil
		}
		return nil, bad("应为 是 或 否", "must be yes or no")
	case form.Option:
		return n.choice(f, c)
	case form.Options:
		return n.many(c, func(s string) (any, *contract.Text) { return n.choice(f, s) })
	case form.Person, form.Department, form.Post, form.Place, form.Device:
		return n.find(f.Type, c)
	case form.Persons, form.Departments:
		return n.many(c, func(s string) (any, *contract.Text) { return n.find(single(f.Type), s) })
	case form.Location:
		lat, lng, ok := strings.Cut(strings.ReplaceAll(c, "，", ","), ",")
		a, err := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		b, err2 := strconv.ParseFloat(strings.TrimSpace(lng), 64)
		if !ok || err != nil || err2 != nil {
			return nil, bad("应为 纬度, 经度", "must be latitude, longitude")
		}
		system := f.System
		if system == "" {
			system = "wgs84"
		}
		return map[string]any{"lat": a, "lng": b, "system": system, "manual": true}, nil
	}
	return c, nil
}

func (n Names) choice(f *form.Field, c string) (any, *contract.Text) {
	for _, o := range n.Choices(f) {
		if c == o.ID || c == o.Label.ZH || o.Label.EN != "" && strings.EqualFold(c, o.Label.EN) {
			return o.ID, nil
		}
	}
	if f.Other {
		return map[string]any{"id": "other", "text": c}, nil
	}
	return nil, bad("没有这个选项", "no such option")
}

func (n Names) find(t form.Type, c string) (any, *contract.Text) {
	ids := n.Find(t, c)
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return nil, bad("找不到", "not found")
	}
	return nil, bad("有几个同名的，请写得更具体", "there are several of that name")
}

func (n Names) many(c string, one func(string) (any, *contract.Text)) (any, *contract.Text) {
	var out []any
	for _, s := range strings.FieldsFunc(c, func(r rune) bool { return strings.ContainsRune("、,，;；", r) }) {
		v, bad := one(strings.TrimSpace(s))
		if bad != nil {
			return nil, bad
		}
		out = append(out, v)
	}
	return out, nil
}

// when reads a date or time: as people write it, or as Excel counts days.
func (n Names) when(t form.Type, c string) (any, *contract.Text) {
	at, ok := time.Time{}, false
	if days, err := strconv.ParseFloat(c, 64); err == nil && days >= 0 && days < 200_000 {
		if x, err := excelize.ExcelDateToTime(days, false); err == nil {
			at, ok = x.Round(time.Second), true
		}
	}
	for _, layout := range []string{"2006-1-2 15:04:05", "2006-1-2 15:04", "2006-1-2", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2", "2006年1月2日 15:04", "2006年1月2日", "15:04:05", "15:04"} {
		if x, err := time.Parse(layout, strings.Join(strings.Fields(c), " ")); !ok && err == nil {
			at, ok = x, true
		}
	}
	switch {
	case !ok:
		return nil, bad("不是日期时间", "not a date or time")
	case t == form.Time:
		return at.Format("15:04"), nil
	case t == form.Date:
		return at.Format(time.DateOnly), nil
	}
	local := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, n.Zone)
	return local.UTC().Format(time.RFC3339), nil
}
