package workbook

import (
	"bytes"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// Mark writes the file again with its problem cells red, each with a comment that says
// what is wrong; everything else is as it was.
func Mark(w io.Writer, f *File, r Report) error {
	x, err := excelize.OpenReader(bytes.NewReader(f.raw), excelize.Options{UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxUnzipped})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer x.Close() //nolint:errcheck // nothing of ours is lost
	red, err := x.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFC7CE"}}, Font: &excelize.Font{Color: "9C0006"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return fmt.Errorf("workbook: mark: %w", err)
	}
	said := map[string]string{}
	for _, p := range r.Problems {
		if p.Cell == "" {
			continue
		}
		key := p.Sheet + "!" + p.Cell
		said[key] += p.Text.ZH + "\n" + p.Text.In("en") + "\n"
		if err := x.SetCellStyle(p.Sheet, p.Cell, p.Cell, red); err != nil {
			return fmt.Errorf("workbook: mark %s: %w", key, err)
		}
	}
	for _, p := range r.Problems {
		key := p.Sheet + "!" + p.Cell
		if said[key] == "" {
			continue
		}
		err := x.AddComment(p.Sheet, excelize.Comment{Cell: p.Cell, Author: "安澜 Anlan", Text: said[key], Width: 260, Height: 80})
		if err != nil {
			return fmt.Errorf("workbook: mark %s: %w", key, err)
		}
		delete(said, key)
	}
	if err := x.Write(w); err != nil {
		return fmt.Errorf("workbook: mark: %w", err)
	}
	return nil
}
