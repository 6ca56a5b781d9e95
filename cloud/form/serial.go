package form

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// serialPattern is a serial number's pattern, taken apart.
type serialPattern struct {
	parts  []string // literal text, or a token in braces
	prefix string
}

var serialRE = regexp.MustCompile(`\{[^{}]*\}|[^{}]+`)
var seqRE = regexp.MustCompile(`^\{seq:([1-9])\}$`)

// dateTokens are the dates a pattern may hold, with the Go layout of each.
func dateTokens() map[string]string {
	return map[string]string{"{yyyy}": "2006", "{yyyyMM}": "200601", "{yyyyMMdd}": "20060102", "{yy}": "06", "{yyMM}": "0601", "{yyMMdd}": "060102"}
}

func parseSerial(s, prefix string) (serialPattern, error) {
	p := serialPattern{parts: serialRE.FindAllString(s, -1), prefix: prefix}
	seqs := 0
	for _, part := range p.parts {
		switch {
		case seqRE.MatchString(part):
			seqs++
		case part == "{prefix}" || dateTokens()[part] != "" || !strings.HasPrefix(part, "{"):
		default:
			return p, fmt.Errorf("form: parse serial: unknown token %s", part)
		}
	}
	if seqs != 1 || strings.Join(p.parts, "") != s || len(s) > 100 || len(prefix) > 20 {
		return p, errors.New("form: parse serial: needs exactly one {seq:n}")
	}
	return p, nil
}

// period is what the counting begins anew with: the date in the number.
func (p serialPattern) period(now time.Time) string {
	var out []string
	for _, part := range p.parts {
		if layout := dateTokens()[part]; layout != "" {
			out = append(out, now.Format(layout))
		}
	}
	return strings.Join(out, "|")
}

// number writes the n-th number of the period of now. A number that outgrows its digits
// gets longer.
func (p serialPattern) number(now time.Time, n int64) string {
	var out strings.Builder
	for _, part := range p.parts {
		switch m := seqRE.FindStringSubmatch(part); {
		case m != nil:
			width, _ := strconv.Atoi(m[1]) // one digit
			fmt.Fprintf(&out, "%0*d", width, n)
		case part == "{prefix}":
			out.WriteString(p.prefix)
		case dateTokens()[part] != "":
			out.WriteString(now.Format(dateTokens()[part]))
		default:
			out.WriteString(part)
		}
	}
	return out.String()
}

// takeSerials gives the document its serial numbers. The counter's row is locked until the
// transaction ends, and goes back with it: no number twice, none left out.
func takeSerials(ctx context.Context, tx *sql.Tx, d *Def, doc map[string]any, now time.Time) error {
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Type != Serial || doc[f.Key] != nil {
			continue
		}
		var n int64
		if err := tx.QueryRowContext(ctx, `INSERT INTO form_serial (form, field, period, last) VALUES ($1, $2, $3, 1)
			ON CONFLICT (form, field, period) DO UPDATE SET last = form_serial.last + 1 RETURNING last`, d.Key, f.Key, f.serial.period(now)).Scan(&n); err != nil {
			return fmt.Errorf("form: take serial number: %w", err)
		}
		doc[f.Key] = f.serial.number(now, n)
	}
	return nil
}
