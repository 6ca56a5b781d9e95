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
)

// Listing is a list of records as somebody wants to see them.
type Listing struct {
	Filter  cond.Expr
	Search  string // in the record's number and the fields that name it
	Sort    string // a field or _created_at (""), "-" before it turns it round; nothing sorts last
	After   string // Next of the page before
	Limit   int
	Deleted bool // those deleted, for people who may delete
	Drill   []Drill
	// Only is a further predicate on the records, which are t; arg adds an argument.
	Only func(arg func(any) string) string
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
	order, offset := fmt.Sprintf("%s IS NULL, %s %s, t.id %s", col.SQL, col.SQL, dir, dir), 0
	if sort == "_created_at" { // never null, indexed: pages of any depth are as quick as the first
		order = "t.created_at " + dir + ", t.id " + dir
		if at, id, ok := strings.Cut(q.After, " "); ok {
			ms, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return Page{}, &InvalidError{[]Problem{cursorProblem()}}
			}
			sel.from += fmt.Sprintf(" AND (t.created_at, t.id) %s ($%d, $%d)", less, len(sel.args)+1, len(sel.args)+2)
			sel.args = append(sel.args, ms, id)
		}
	} else if q.After != "" {
		if offset, err = strconv.Atoi(q.After); err != nil || offset < 0 || offset > maxOffset {
			return Page{}, &InvalidError{[]Problem{cursorProblem()}}
		}
	}
	stmt := `SELECT ` + recordColumns + sel.joined("") + ` ORDER BY ` + order + fmt.Sprintf(` LIMIT %d OFFSET %d`, limit+1, offset)
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
	reads = append(slices.Concat(q.Filter.Fields(), drilled(q.Drill), reads), "_id")
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
	if q.Only != nil {
		sel.from += " AND (" + q.Only(sel.arg) + ")"
	}
	return sel, s.drill(ctx, &sel, who, q.Drill, now)
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
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*)`+sel.joined(""), sel.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("form: count %s: %w", form, err)
	}
	return n, nil
}
