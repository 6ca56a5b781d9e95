package series

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"anlan/contract"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

// Format is a kind of file.
type Format string

// Formats of [NewExport].
const (
	CSV     Format = "csv"     // UTF-8 with a mark, so that Excel reads Chinese right
	XLSX    Format = "xlsx"    // one sheet a point
	Parquet Format = "parquet" // one table, for people who compute
)

// ErrTooMuch means that a file of this format cannot hold what was asked for.
var ErrTooMuch = errors.New("too much for this format")

// maxSheetRows is what a sheet holds, less the heading.
const maxSheetRows = 1_048_575

// ExportPoint is one point as a file shows it.
type ExportPoint struct {
	Key
	Place  string
	Device string
	Name   string
	Unit   contract.Unit
}

// Export writes samples or buckets into a file. It is not safe for use by two.
type Export interface {
	// Point begins the next point; its rows follow.
	Point(p ExportPoint) error
	// Row writes one line: a sample (N is 1) or the summary of a bucket.
	Row(b Bucket) error
	// Close writes what has to stand at the end. Without it the file is not whole.
	Close() error
}

// NewExport starts a file on w. Times are written in zone; head are the headings of
// time, place, device, point, minimum, mean, maximum, last, unit, quality, samples.
func NewExport(w io.Writer, f Format, zone *time.Location, head []string) (Export, error) {
	switch f {
	case CSV:
		b := bufio.NewWriter(w)
		if _, err := b.WriteString("\ufeff"); err != nil {
			return nil, fmt.Errorf("series: export: %w", err)
		}
		c := &csvExport{b: b, w: csv.NewWriter(b), zone: zone}
		return c, c.write(head)
	case XLSX:
		return &xlsxExport{out: w, file: excelize.NewFile(), zone: zone, head: head}, nil
	case Parquet:
		return &parquetExport{w: parquet.NewGenericWriter[parquetRow](w, parquet.Compression(&parquet.Zstd))}, nil
	}
	return nil, fmt.Errorf("series: export: format %q is not known", f)
}

const exportTime = "2006-01-02 15:04:05.000"

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// cells are a row's values after the time; a value that may not be believed is left
// empty, its quality says why.
func cells(b Bucket) (minimum, mean, maximum, last string) {
	if b.Quality.IsBad() {
		return "", "", "", ""
	}
	return number(b.Min), number(b.Mean), number(b.Max), number(b.Last)
}

type csvExport struct {
	b    *bufio.Writer
	w    *csv.Writer
	zone *time.Location
	at   ExportPoint
}

func (c *csvExport) write(row []string) error {
	if err := c.w.Write(row); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return nil
}

func (c *csvExport) Point(p ExportPoint) error {
	p.Place, p.Device, p.Name = harmless(p.Place), harmless(p.Device), harmless(p.Name)
	c.at = p
	return nil
}

func (c *csvExport) Row(b Bucket) error {
	lo, mean, hi, last := cells(b)
	return c.write([]string{b.T.In(c.zone).Format(exportTime), c.at.Place, c.at.Device, c.at.Name, lo, mean, hi, last, string(c.at.Unit), b.Quality.String(), strconv.FormatInt(b.N, 10)})
}

func (c *csvExport) Close() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return c.b.Flush()
}

// harmless keeps a spreadsheet from taking a name for a formula.
func harmless(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}

type xlsxExport struct {
	out   io.Writer
	file  *excelize.File
	zone  *time.Location
	head  []string
	sheet *excelize.StreamWriter
	style int
	n     int
	row   int
}

func (x *xlsxExport) Point(p ExportPoint) error {
	if err := x.flush(); err != nil {
		return err
	}
	x.n++
	name := fmt.Sprintf("%d", x.n)
	if x.n == 1 {
		if err := x.file.SetSheetName("Sheet1", name); err != nil {
			return fmt.Errorf("series: export: %w", err)
		}
		format := "yyyy-mm-dd hh:mm:ss.000"
		var err error
		if x.style, err = x.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return fmt.Errorf("series: export: %w", err)
		}
	} else if _, err := x.file.NewSheet(name); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	var err error
	if x.sheet, err = x.file.NewStreamWriter(name); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	x.row = 0
	if err := x.sheet.SetColWidth(1, 1, 24); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	if err := x.line([]any{p.Place + " " + p.Device + " " + p.Name, string(p.Unit)}); err != nil {
		return err
	}
	head := []any{}
	for _, i := range []int{0, 4, 5, 6, 7, 9, 10} {
		head = append(head, x.head[i])
	}
	return x.line(head)
}

func (x *xlsxExport) line(v []any) error {
	x.row++
	cell, err := excelize.CoordinatesToCellName(1, x.row)
	if err == nil {
		err = x.sheet.SetRow(cell, v)
	}
	if err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return nil
}

func (x *xlsxExport) Row(b Bucket) error {
	if x.row >= maxSheetRows {
		return fmt.Errorf("series: export: %w: more than %d rows of one point", ErrTooMuch, maxSheetRows)
	}
	// A sheet knows no zones: the wall clock of the community is written.
	t := b.T.In(x.zone)
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	row := []any{excelize.Cell{StyleID: x.style, Value: wall}, nil, nil, nil, nil, b.Quality.String(), b.N}
	if !b.Quality.IsBad() {
		row[1], row[2], row[3], row[4] = b.Min, b.Mean, b.Max, b.Last
	}
	return x.line(row)
}

func (x *xlsxExport) flush() error {
	if x.sheet == nil {
		return nil
	}
	if err := x.sheet.Flush(); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return nil
}

func (x *xlsxExport) Close() error {
	if err := x.flush(); err != nil {
		return err
	}
	if _, err := x.file.WriteTo(x.out); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return x.file.Close()
}

// parquetRow is one line of the table; times are instants.
type parquetRow struct {
	Time    time.Time `parquet:"time,timestamp(millisecond)"`
	Edge    string    `parquet:"edge,dict"`
	Point   string    `parquet:"point,dict"`
	Place   string    `parquet:"place,dict"`
	Device  string    `parquet:"device,dict"`
	Name    string    `parquet:"name,dict"`
	Unit    string    `parquet:"unit,dict"`
	Min     *float64  `parquet:"min,optional"`
	Mean    *float64  `parquet:"mean,optional"`
	Max     *float64  `parquet:"max,optional"`
	Last    *float64  `parquet:"last,optional"`
	Quality string    `parquet:"quality,dict"`
	N       int64     `parquet:"n"`
}

type parquetExport struct {
	w  *parquet.GenericWriter[parquetRow]
	at ExportPoint
}

func (p *parquetExport) Point(at ExportPoint) error {
	p.at = at
	return nil
}

func (p *parquetExport) Row(b Bucket) error {
	r := parquetRow{Time: b.T, Edge: string(p.at.Edge), Point: string(p.at.Key.Point), Place: p.at.Place, Device: p.at.Device, Name: p.at.Name,
		Unit: string(p.at.Unit), Quality: b.Quality.String(), N: b.N}
	if !b.Quality.IsBad() {
		r.Min, r.Mean, r.Max, r.Last = &b.Min, &b.Mean, &b.Max, &b.Last
	}
	if _, err := p.w.Write([]parquetRow{r}); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return nil
}

func (p *parquetExport) Close() error {
	if err := p.w.Close(); err != nil {
		return fmt.Errorf("series: export: %w", err)
	}
	return nil
}
