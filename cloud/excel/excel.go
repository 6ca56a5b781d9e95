// Package excel writes the records of a form as an Excel workbook, and reads workbooks back
// into what people would have filled in.
package excel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/form"
	"anlan/contract"
)

// Limits of a workbook.
const (
	MaxRows     = 5_000  // read at once
	MaxExport   = 50_000 // written at once
	MaxBytes    = 10 << 20
	maxUnzipped = 100 << 20
)

// ErrTooMany means that there are more records than one workbook is given.
var ErrTooMany = errors.New("excel: more records than fit")

// Names turn what records hold into what people write, and back.
type Names struct {
	Choices func(f *form.Field) []form.Choice             // of a field's options or dictionary
	Name    func(t form.Type, id string) string           // "" if there is no such thing
	Find    func(t form.Type, text string) (ids []string) // what a text may mean
	State   func(state string) string                     // of a record
	// Standing says at which node a record's flow stands and with whom; nil writes neither.
	Standing func(r form.Record) (node, handlers string)
	Zone     *time.Location
	Lang     string // "zh-CN" or "en"
}

func (n Names) text(t contract.Text) string { return t.In(n.Lang) }

func (n Names) say(zh, en string) string { return contract.Text{ZH: zh, EN: en}.In(n.Lang) }

// columns are the fields that are one cell each, in the order of the form. wanted nil is all.
func columns(d *form.Def, wanted []string) []*form.Field {
	var out []*form.Field
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Type.Data() && f.Type != form.Rows && (wanted == nil && !f.Hidden || slices.Contains(wanted, f.Key)) {
			out = append(out, f)
		}
	}
	return out
}

// Write writes records: one sheet of them, and one for each sub-form whose rows name the
// record they belong to. wanted are the fields to write, nil for all that are shown.
func Write(w io.Writer, d *form.Def, wanted []string, records iter.Seq2[form.Record, error], n Names) error {
	x := &writer{f: excelize.NewFile(), n: n}
	defer x.f.Close() //nolint:errcheck // nothing is on disk
	x.styles()
	cols := columns(d, wanted)
	head := []string{n.say("编号", "No."), n.say("状态", "State"), n.say("提交人", "Submitted by"), n.say("提交时间", "Submitted at")}
	for _, f := range cols {
		head = append(head, n.text(f.Label))
	}
	if n.Standing != nil {
		head = append(head, n.say("当前环节", "Now at"), n.say("当前处理人", "Now with"))
	}
	main := x.sheet(n.text(d.Title), head)
	subs := x.subSheets(d, wanted)
	count := 0
	for r, err := range records {
		if err != nil {
			return err
		}
		if count++; count > MaxExport {
			return ErrTooMany
		}
		x.record(main, subs, cols, r)
	}
	x.try(main.w.Flush())
	for _, s := range subs {
		x.try(s.w.Flush())
	}
	x.try(x.f.DeleteSheet("Sheet1"))
	if x.err == nil {
		x.err = x.f.Write(w)
	}
	if x.err != nil {
		return fmt.Errorf("excel: write: %w", x.err)
	}
	return nil
}

type writer struct {
	f                  *excelize.File
	n                  Names
	bold, date, moment int
	names              []string
	err                error
}

// page is one sheet being written; columns are those of its sub-form.
type page struct {
	w       *excelize.StreamWriter
	next    int
	columns []form.Field
}

func (x *writer) try(err error) {
	if x.err == nil {
		x.err = err
	}
}

func (x *writer) styles() {
	style := func(s *excelize.Style) int {
		id, err := x.f.NewStyle(s)
		x.try(err)
		return id
	}
	x.bold = style(&excelize.Style{Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1B4F8F"}}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	day, moment := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
	x.date = style(&excelize.Style{CustomNumFmt: &day})
	x.moment = style(&excelize.Style{CustomNumFmt: &moment})
}

// named makes an empty sheet; names are made to fit what Excel takes.
func (x *writer) named(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return '_'
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 28 {
		name = string(r[:28])
	}
	for i := 2; slices.Contains(x.names, strings.ToLower(name)) || strings.EqualFold(name, "Sheet1") || name == ""; i++ {
		name = fmt.Sprintf("%.20s %d", name, i)
	}
	x.names = append(x.names, strings.ToLower(name))
	_, err := x.f.NewSheet(name)
	x.try(err)
	return name
}

// sheet begins a sheet with its header.
func (x *writer) sheet(name string, head []string) *page {
	w, err := x.f.NewStreamWriter(x.named(name))
	if x.try(err); err != nil {
		return &page{w: w, next: 1}
	}
	x.try(w.SetColWidth(1, max(len(head), 1), 18))
	x.try(w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	p := &page{w: w, next: 1}
	cells := make([]any, len(head))
	for i, h := range head {
		cells[i] = excelize.Cell{StyleID: x.bold, Value: h}
	}
	x.row(p, cells)
	return p
}

func (x *writer) row(p *page, cells []any) {
	if x.err != nil {
		return
	}
	at, err := excelize.CoordinatesToCellName(1, p.next)
	x.try(err)
	x.try(p.w.SetRow(at, cells))
	p.next++
}

func (x *writer) subSheets(d *form.Def, wanted []string) map[string]*page {
	out := map[string]*page{}
	for _, f := range d.Fields {
		if f.Type != form.Rows || wanted != nil && !slices.Contains(wanted, f.Key) || f.Hidden {
			continue
		}
		head := []string{x.n.say("编号", "No."), x.n.say("行", "Row")}
		for _, g := range f.Fields {
			head = append(head, x.n.text(g.Label))
		}
		p := x.sheet(x.n.text(f.Label), head)
		p.columns = f.Fields
		out[f.Key] = p
	}
	return out
}

func (x *writer) record(main *page, subs map[string]*page, cols []*form.Field, r form.Record) {
	state := r.State
	if x.n.State != nil && state != "" {
		state = x.n.State(state)
	}
	cells := []any{r.No, state, r.CreatedName, excelize.Cell{StyleID: x.moment, Value: wall(r.CreatedAt, x.n.Zone)}}
	for _, f := range cols {
		cells = append(cells, x.cell(f, r.Doc[f.Key]))
	}
	if x.n.Standing != nil {
		node, handlers := x.n.Standing(r)
		cells = append(cells, node, handlers)
	}
	x.row(main, cells)
	for key, p := range subs {
		rows, _ := r.Doc[key].([]any)
		for i, row := range rows {
			m, _ := row.(map[string]any)
			cells := []any{r.No, i + 1}
			for j := range p.columns {
				cells = append(cells, x.cell(&p.columns[j], m[p.columns[j].Key]))
			}
			x.row(p, cells)
		}
	}
}

// wall is an instant as the community's clock shows it: Excel knows no zones.
func wall(t time.Time, zone *time.Location) time.Time {
	l := t.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
}

// cell is a value as a cell: numbers and times as what they are, everything else as text.
// Text is written as a string, so that no text is ever a formula.
func (x *writer) cell(f *form.Field, v any) any {
	if v == nil {
		return nil
	}
	switch f.Type {
	case form.Number, form.Rating, form.Money, form.Formula:
		if n, ok := number(v); ok {
			return n
		}
	case form.Date:
		if s, ok := v.(string); ok {
			if t, err := time.Parse(time.DateOnly, s); err == nil {
				return excelize.Cell{StyleID: x.date, Value: t}
			}
		}
	case form.DateTime:
		if s, ok := v.(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
				return excelize.Cell{StyleID: x.moment, Value: wall(t, x.n.Zone)}
			}
		}
	}
	return x.n.words(f, v)
}

func number(v any) (float64, bool) {
	var f float64
	switch t := v.(type) {
	case float64:
		return t, true
	case json.Number:
		n, err := t.Float64()
		return n, err == nil
	case string:
		_, err := fmt.Sscan(t, &f)
		return f, err == nil
	}
	return 0, false
}

// Template is an empty workbook to be filled in and read: a header, lists to choose from,
// and a sheet that says what goes where.
func Template(w io.Writer, d *form.Def, may func(field string) bool, n Names) error {
	x := &writer{f: excelize.NewFile(), n: n}
	defer x.f.Close() //nolint:errcheck // nothing is on disk
	x.styles()
	var head []string
	var cols []*form.Field
	for _, f := range columns(d, nil) {
		if readable(f.Type) && !f.Given() && may(f.Key) {
			cols = append(cols, f)
			head = append(head, title(f, n))
		}
	}
	// Not streamed: what is streamed cannot get lists any more.
	main := x.named(n.text(d.Title))
	x.try(x.f.SetSheetRow(main, "A1", &head))
	x.try(x.f.SetRowStyle(main, 1, 1, x.bold))
	notes := x.sheet(n.say("说明", "Notes"), []string{n.say("列", "Column"), n.say("填什么", "What goes in"), n.say("可选", "Choices")})
	for _, f := range cols {
		x.row(notes, []any{title(f, n), n.hint(f), strings.Join(n.labels(f), "、")})
	}
	x.try(notes.w.Flush())
	for i, f := range cols {
		x.list(main, i+1, n.labels(f))
	}
	x.try(x.f.DeleteSheet("Sheet1"))
	if x.err == nil {
		x.err = x.f.Write(w)
	}
	if x.err != nil {
		return fmt.Errorf("excel: write template: %w", x.err)
	}
	return nil
}

// list lets a column be chosen from; Excel takes at most 255 characters of it.
func (x *writer) list(sheet string, col int, labels []string) {
	if len(labels) == 0 || len([]rune(strings.Join(labels, ","))) > 250 || slices.ContainsFunc(labels, func(s string) bool { return strings.Contains(s, ",") }) {
		return
	}
	name, err := excelize.ColumnNumberToName(col)
	x.try(err)
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("%s2:%s%d", name, name, MaxRows+1)
	x.try(v.SetDropList(labels))
	x.try(x.f.AddDataValidation(sheet, v))
}

func title(f *form.Field, n Names) string {
	if f.Required {
		return n.text(f.Label) + " *"
	}
	return n.text(f.Label)
}

// Mark writes the problems into the workbook they were found in: a red cell each, and a
// last column that says them.
func Mark(raw []byte, problems []Problem, n Names) ([]byte, error) {
	f, err := open(raw)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing is on disk
	x := &writer{f: f, n: n}
	red, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFC7CE"}}, Font: &excelize.Font{Color: "9C0006"}})
	x.try(err)
	sheet := f.GetSheetName(0)
	rows, err := f.GetRows(sheet)
	x.try(err)
	width := 0
	if len(rows) > 0 {
		width = len(rows[0])
	}
	said := map[int][]string{}
	for _, p := range problems {
		if p.Column > 0 {
			at, err := excelize.CoordinatesToCellName(p.Column, p.Row)
			x.try(err)
			x.try(f.SetCellStyle(sheet, at, at, red))
		}
		said[p.Row] = append(said[p.Row], n.text(p.Text))
	}
	put := func(row int, text string) {
		at, err := excelize.CoordinatesToCellName(width+1, row)
		x.try(err)
		x.try(f.SetCellStr(sheet, at, text))
		x.try(f.SetCellStyle(sheet, at, at, red))
	}
	put(1, n.say("错误", "Problems"))
	for row, texts := range said {
		put(row, strings.Join(texts, "；"))
	}
	var out bytes.Buffer
	x.try(f.Write(&out))
	if x.err != nil {
		return nil, fmt.Errorf("excel: mark: %w", x.err)
	}
	return out.Bytes(), nil
}
