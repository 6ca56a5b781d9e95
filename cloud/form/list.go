package form

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
)

// Limits of reading.
const (
	MaxPage   = 500
	maxOffset = 20_000 // how far lists sorted by a field go
	maxGroups = 50_000
	aggregate = 5 * time.Second
)

// Listing is a list of records as somebody wants to see them.
type Listing struct {
	Filter  cond.Expr
	Search  string // in the record's number and the fields that name it
	Sort    string // a field or _created_at (""), "-" before it turns it round; nothing sorts last
	After   string // Next of the page before
	Limit   int
	Deleted bool // those deleted, for people who may delete
}

// Page is a part of a list. Next continues it, "" at its end.
type Page struct {
	Records []Record `json:"records"`
	Next    string   `json:"next"`
}

// List lists records, newest first unless sorted otherwise. Errors: InvalidError, ErrDenied,
// ErrNotFound.
func (s *Store) List(ctx context.Context, who Who, form string, q Listing, now time.Time) (Page, error) {
	action := View
	if q.Deleted {
		action = Delete
	}
	return s.ListFor(ctx, who, form, action, q, now)
}

// ListFor is List for an action other than viewing: rows and fields are those it is granted
// for.
func (s *Store) ListFor(ctx context.Context, who Who, form string, a Action, q Listing, now time.Time) (Page, error) {
	sort, desc := strings.CutPrefix(q.Sort, "-")
	if sort == "" {
		sort, desc = "_created_at", q.Sort == "" || desc
	}
	sel, err := s.searched(ctx, who, form, a, q, []string{sort}, now)
	if err != nil {
		return Page{}, err
	}
	col, ok := columns{def: sel.def, alias: "t"}.Column(sort)
	if !ok || col.SQL == "" || col.Rows != nil {
		return Page{}, &InvalidError{[]Problem{sortProblem(sort)}}
	}
	limit := min(max(q.Limit, 1), MaxPage)
	if f, ok := sel.def.Field(sort); ok && f.Type == Option {
		codes := s.codes(ctx, f)
		if f.Index && len(codes) > 0 {
			return s.walk(ctx, walk{sel: sel, col: col.SQL, codes: codes, desc: desc, who: who, action: a, limit: limit, after: q.After}, now)
		}
		col.SQL = ranked(col.SQL, codes, &sel)
	}
	dir, less := "ASC", ">"
	if desc {
		dir, less = "DESC", "<"
	}
	from, order, offset := sel.from, fmt.Sprintf("%s IS NULL, %s %s, t.id %s", col.SQL, col.SQL, dir, dir), 0
	if sort == "_created_at" { // never null, indexed: pages of any depth are as quick as the first
		order = "t.created_at " + dir + ", t.id " + dir
		if at, id, ok := strings.Cut(q.After, " "); ok {
			ms, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return Page{}, &InvalidError{[]Problem{cursorProblem()}}
			}
			from += fmt.Sprintf(" AND (t.created_at, t.id) %s ($%d, $%d)", less, len(sel.args)+1, len(sel.args)+2)
			sel.args = append(sel.args, ms, id)
		}
	} else if q.After != "" {
		if offset, err = strconv.Atoi(q.After); err != nil || offset < 0 || offset > maxOffset {
			return Page{}, &InvalidError{[]Problem{cursorProblem()}}
		}
	}
	stmt := `SELECT ` + recordColumns + from + ` ORDER BY ` + order + fmt.Sprintf(` LIMIT %d OFFSET %d`, limit+1, offset)
	p, err := s.read(ctx, sel, who, a, stmt, limit, now)
	if err == nil && p.Next != "" && sort != "_created_at" {
		if p.Next = strconv.Itoa(offset + limit); offset+limit > maxOffset {
			p.Next = ""
		}
	}
	return p, err
}

func sortProblem(field string) Problem {
	var p problems
	p.add("sort", "不能按“"+field+"”排序", "cannot be sorted by "+field)
	return p[0]
}

func cursorProblem() Problem {
	var p problems
	p.add("after", "页码无效", "not a page of this list")
	return p[0]
}

func (s *Store) read(ctx context.Context, sel selection, who Who, a Action, stmt string, limit int, now time.Time) (Page, error) {
	rows, err := s.db.Read().QueryContext(ctx, stmt, sel.args...)
	if err != nil {
		return Page{}, fmt.Errorf("form: list %s: %w", sel.def.Key, err)
	}
	defer rows.Close()
	p := Page{Records: []Record{}}
	for rows.Next() {
		r, err := scanRecord(rows, sel.def.Key)
		if err != nil {
			return Page{}, err
		}
		if len(p.Records) == limit {
			last := p.Records[limit-1]
			p.Next = fmt.Sprintf("%d %s", db.Millis(last.CreatedAt), last.ID)
			break
		}
		p.Records = append(p.Records, s.mask(sel.def, who, a, r, now))
	}
	if err := rows.Err(); err != nil {
		return Page{}, fmt.Errorf("form: list %s: %w", sel.def.Key, err)
	}
	return p, nil
}

// searched is the selection of a query: permission, filter and search in one predicate.
// reads are further fields whose values shape the answer.
func (s *Store) searched(ctx context.Context, who Who, form string, a Action, q Listing, reads []string, now time.Time) (selection, error) {
	d, err := s.current(ctx, nil, form)
	if err != nil {
		return selection{}, err
	}
	word := strings.TrimSpace(q.Search)
	reads = append(slices.Concat(q.Filter.Fields(), reads), "_id")
	in := []string{"t.record_no"}
	if word != "" {
		for _, k := range d.Summary {
			if col, ok := (columns{def: d, alias: "t"}).Column(k); ok && col.Kind == cond.Text {
				in, reads = append(in, col.SQL), append(reads, k)
			}
		}
	}
	sel, err := s.selection(ctx, nil, who, form, a, q.Filter, reads, now)
	if err != nil {
		return selection{}, err
	}
	if q.Deleted {
		sel = sel.deleted()
	}
	if word != "" {
		sel.args = append(sel.args, "%"+strings.ToLower(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word))+"%")
		for i, c := range in {
			in[i] = fmt.Sprintf(`LOWER(%s) LIKE $%d ESCAPE '\'`, c, len(sel.args))
		}
		sel.from += " AND (" + strings.Join(in, " OR ") + ")"
	}
	return sel, nil
}

// Count counts what List would list.
func (s *Store) Count(ctx context.Context, who Who, form string, q Listing, now time.Time) (int64, error) {
	a := View
	if q.Deleted {
		a = Delete
	}
	sel, err := s.searched(ctx, who, form, a, q, nil, now)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*)`+sel.from, sel.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("form: count %s: %w", form, err)
	}
	return n, nil
}

// Group is one dimension of an aggregate: a field, or the day, month or year of a date or
// date-time in the community's zone.
type Group struct {
	Field  string `json:"field"`
	Bucket string `json:"bucket,omitempty"` // "", day, month, year
}

// Measure is one number of an aggregate: count, or sum, avg, min, max of a field, or of the
// milliseconds from another instant to it.
type Measure struct {
	Fn    string `json:"fn"`
	Field string `json:"field,omitempty"`
	Since string `json:"since,omitempty"`
}

// Cell is one group with its numbers; nil is no value.
type Cell struct {
	Keys   []any      `json:"keys"`
	Values []*float64 `json:"values"`
}

// Aggregate groups and measures what List would list.
func (s *Store) Aggregate(ctx context.Context, who Who, form string, q Listing, by []Group, measures []Measure, now time.Time) ([]Cell, error) {
	var reads []string
	for _, g := range by {
		reads = append(reads, g.Field)
	}
	for _, m := range measures {
		for _, f := range []string{m.Field, m.Since} {
			if f != "" {
				reads = append(reads, f)
			}
		}
	}
	sel, err := s.searched(ctx, who, form, View, q, reads, now)
	if err != nil {
		return nil, err
	}
	var p problems
	keys, values := groupSQL(&p, sel.def, by), measureSQL(&p, sel.def, measures)
	if len(p) > 0 {
		return nil, &InvalidError{p}
	}
	stmt := `SELECT ` + strings.Join(slices.Concat(keys, values), ", ") + sel.from
	if len(keys) > 0 {
		stmt += ` GROUP BY ` + strings.Join(keys, ", ") + ` ORDER BY ` + strings.Join(keys, ", ")
	}
	ctx, cancel := context.WithTimeout(ctx, aggregate)
	defer cancel()
	rows, err := s.db.Read().QueryContext(ctx, stmt+fmt.Sprintf(` LIMIT %d`, maxGroups), sel.args...)
	if err != nil {
		return nil, fmt.Errorf("form: aggregate %s: %w", form, err)
	}
	defer rows.Close()
	out := []Cell{}
	for rows.Next() {
		c := Cell{Keys: make([]any, len(keys)), Values: make([]*float64, len(values))}
		to := make([]any, 0, len(keys)+len(values))
		for i := range c.Keys {
			to = append(to, &c.Keys[i])
		}
		for i := range c.Values {
			to = append(to, &c.Values[i])
		}
		if err := rows.Scan(to...); err != nil {
			return nil, fmt.Errorf("form: aggregate %s: %w", form, err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: aggregate %s: %w", form, err)
	}
	return out, nil
}

func groupSQL(p *problems, d *Def, by []Group) []string {
	var out []string
	for i, g := range by {
		name := g.Field
		length := map[string]int{"": 0, "day": 10, "month": 7, "year": 4}
		n, known := length[g.Bucket]
		if g.Bucket != "" && name == "_created_at" {
			name = "_day"
		} else if f, ok := d.Field(name); ok && g.Bucket != "" && f.Type == DateTime {
			name += "__day"
		}
		col, ok := columns{def: d, alias: "t"}.Column(name)
		if !ok || !known || col.Rows != nil || g.Bucket != "" && col.Kind != cond.Date {
			p.add(at("by", i), "不能按此分组", "cannot be grouped by this")
			continue
		}
		sql := col.SQL
		if n == 7 || n == 4 {
			sql = fmt.Sprintf("SUBSTR(%s, 1, %d)", sql, n)
		}
		out = append(out, sql)
	}
	return out
}

func measureSQL(p *problems, d *Def, measures []Measure) []string {
	var out []string
	for i, m := range measures {
		if m.Fn == "count" && m.Field == "" {
			out = append(out, "CAST(COUNT(*) AS DOUBLE PRECISION)")
			continue
		}
		col, ok := columns{def: d, alias: "t"}.Column(m.Field)
		since, ok2 := columns{def: d, alias: "t"}.Column(m.Since)
		fits := ok && slices.Contains([]cond.Kind{cond.Number, cond.Money, cond.Instant}, col.Kind)
		if m.Since != "" {
			fits = fits && ok2 && col.Kind == cond.Instant && since.Kind == cond.Instant
		}
		if !fits || !slices.Contains([]string{"sum", "avg", "min", "max"}, m.Fn) {
			p.add(at("measures", i), "不能这样统计", "cannot be measured so")
			continue
		}
		x := col.SQL
		if m.Since != "" {
			x = "(" + col.SQL + " - " + since.SQL + ")"
		}
		out = append(out, fmt.Sprintf("%s(CAST(%s AS DOUBLE PRECISION))", strings.ToUpper(m.Fn), x))
	}
	if len(measures) == 0 {
		p.add("measures", "至少一个指标", "needs at least one measure")
	}
	return out
}
