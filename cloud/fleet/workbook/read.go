package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// cell is one cell as read; problem is "" if its text may be believed.
type cell struct {
	ref  string // "D17"
	text string
	why  flaw
}

// flaw is what keeps a cell from being read.
type flaw int

const (
	sound flaw = iota
	formula
	merged
	date
	tooLong
	errorValue
)

// table is one sheet as read: cells by row and column, without empty rows.
type table struct {
	name string
	rows [][]cell // the first is the header
	over bool     // there are more rows than allowed
}

// File is a workbook that was read.
type File struct {
	Revision int64 // of the tree it was exported from, -1 if it does not say
	tables   []table
	raw      []byte
}

// Read opens a workbook. Errors wrap [ErrType], [ErrLocked], [ErrTooLarge], [ErrBroken].
func Read(raw []byte) (*File, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		return nil, ErrLocked
	case !bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return nil, ErrType
	}
	marks, err := scan(raw)
	if err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxUnzipped})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer f.Close() //nolint:errcheck // nothing of ours is lost
	out := &File{Revision: -1, raw: raw}
	for _, name := range f.GetSheetList() {
		t, err := readTable(f, name, marks[name])
		if err != nil {
			return nil, fmt.Errorf("%w: sheet %s: %w", ErrBroken, name, err)
		}
		out.tables = append(out.tables, t)
	}
	if v, err := f.GetCellValue(guideSheet, revisionCell); err == nil {
		if n, ok := ParseWhole(v); ok {
			out.Revision = int64(n)
		}
	}
	return out, nil
}

func readTable(f *excelize.File, name string, m *marks) (table, error) {
	t := table{name: name}
	if m == nil {
		return t, nil // a chart sheet
	}
	it, err := f.Rows(name)
	if err != nil {
		return t, err
	}
	defer it.Close() //nolint:errcheck // reads only
	dates := map[int]bool{}
	for n := 1; it.Next(); n++ {
		if len(t.rows) > MaxRows {
			t.over = true
			break
		}
		texts, err := it.Columns()
		if err != nil {
			return t, err
		}
		if row := readRow(f, n, texts, m, dates); row != nil {
			t.rows = append(t.rows, row)
		}
	}
	return t, it.Error()
}

// readRow is nil for a row without a text.
func readRow(f *excelize.File, n int, texts []string, m *marks, dates map[int]bool) []cell {
	row := make([]cell, 0, len(texts))
	any := false
	for i := range min(len(texts), 60) {
		ref, err := excelize.CoordinatesToCellName(i+1, n)
		if err != nil {
			return nil
		}
		c := cell{ref: ref, text: strings.TrimSpace(strings.ToValidUTF8(texts[i], "�"))}
		c.why = m.flawOf(f, ref, dates)
		if c.why == sound && len([]rune(c.text)) > maxText {
			c.text, c.why = string([]rune(c.text)[:40])+"…", tooLong
		}
		any = any || c.text != "" || c.why == formula
		c.text = unguard(c.text)
		row = append(row, c)
	}
	if !any {
		return nil
	}
	return row
}

// marks is what of a sheet the values do not tell.
type marks struct {
	formulas map[string]bool
	errors   map[string]bool
	merged   map[string]bool // cells of merged ranges
	numbers  map[string]int  // style of cells that hold a number
}

func (m *marks) flawOf(f *excelize.File, ref string, dates map[int]bool) flaw {
	style, number := m.numbers[ref]
	switch {
	case m.formulas[ref]:
		return formula
	case m.errors[ref]:
		return errorValue
	case m.merged[ref]:
		return merged
	case number && style > 0:
		is, known := dates[style]
		if !known {
			s, err := f.GetStyle(style)
			is = err == nil && isDate(s)
			dates[style] = is
		}
		if is {
			return date
		}
	}
	return sound
}

// isDate knows the built-in formats of dates and times, and those spelled out.
func isDate(s *excelize.Style) bool {
	if s.CustomNumFmt != nil {
		f := strings.ToLower(*s.CustomNumFmt)
		return strings.ContainsAny(f, "yd年月日") || strings.Contains(f, "h:m") || strings.Contains(f, "m:s")
	}
	n := s.NumFmt
	return n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58
}

// scan walks the parts of the file without keeping them: how large they are together,
// and which cells hold formulas, errors and dates or are merged.
func scan(raw []byte) (map[string]*marks, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if len(z.File) > 2000 {
		return nil, ErrTooLarge
	}
	left := int64(MaxUnzipped)
	parts := map[string]*zip.File{}
	for _, p := range z.File {
		parts[strings.TrimPrefix(p.Name, "/")] = p
		n, err := size(p, left)
		if err != nil {
			return nil, err
		}
		left -= n
	}
	names, err := sheetParts(parts)
	if err != nil {
		return nil, err
	}
	out := map[string]*marks{}
	for name, part := range names {
		if p := parts[part]; p != nil && strings.Contains(part, "worksheets/") {
			if out[name], err = scanSheet(p); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// size unpacks a part into nothing; what the directory says of its size may be a lie.
func size(p *zip.File, left int64) (int64, error) {
	r, err := p.Open()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer r.Close() //nolint:errcheck // reads only
	n, err := io.Copy(io.Discard, io.LimitReader(r, left+1))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if n > left {
		return 0, ErrTooLarge
	}
	return n, nil
}

// sheetParts maps sheet names to the parts they are in.
func sheetParts(parts map[string]*zip.File) (map[string]string, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		Rel []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(decode(parts["xl/workbook.xml"], &book), decode(parts["xl/_rels/workbook.xml.rels"], &rels)); err != nil {
		return nil, err
	}
	target := map[string]string{}
	for _, r := range rels.Rel {
		if strings.HasPrefix(r.Target, "/") {
			target[r.ID] = strings.TrimPrefix(r.Target, "/")
		} else {
			target[r.ID] = path.Join("xl", r.Target)
		}
	}
	out := map[string]string{}
	for _, s := range book.Sheets {
		out[s.Name] = target[s.ID]
	}
	return out, nil
}

func decode(p *zip.File, into any) error {
	if p == nil {
		return ErrBroken
	}
	r, err := p.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer r.Close() //nolint:errcheck // reads only
	if err := xml.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return nil
}

func scanSheet(p *zip.File) (*marks, error) {
	r, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer r.Close() //nolint:errcheck // reads only
	m := &marks{formulas: map[string]bool{}, errors: map[string]bool{}, merged: map[string]bool{}, numbers: map[string]int{}}
	dec := xml.NewDecoder(r)
	at := ""
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch el.Name.Local {
		case "c":
			at = m.cell(el)
		case "f":
			m.formulas[at] = true
		case "mergeCell":
			m.merge(attr(el, "ref"))
		}
	}
}

func attr(el xml.StartElement, name string) string {
	for _, a := range el.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (m *marks) cell(el xml.StartElement) string {
	ref := attr(el, "r")
	switch attr(el, "t") {
	case "e":
		m.errors[ref] = true
	case "d":
		m.numbers[ref] = -1
	case "", "n":
		if style, ok := ParseWhole(attr(el, "s")); ok && style > 0 {
			m.numbers[ref] = style
		}
	}
	return ref
}

// merge notes the cells of a merged range, up to a limit: a whole merged sheet is not
// worth listing.
func (m *marks) merge(ref string) {
	from, to, ok := strings.Cut(ref, ":")
	x1, y1, err1 := excelize.CellNameToCoordinates(from)
	x2, y2, err2 := excelize.CellNameToCoordinates(to)
	if !ok || err1 != nil || err2 != nil {
		return
	}
	for y := y1; y <= min(y2, y1+200); y++ {
		for x := x1; x <= min(x2, x1+60); x++ {
			if name, err := excelize.CoordinatesToCellName(x, y); err == nil {
				m.merged[name] = true
			}
		}
	}
}
