package form

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/document"
)

// maxRanked is how many options are sorted by their order; more are sorted by their codes.
const maxRanked = 200

// codes are the options of a field in the order in which lists sort them: the gravest level
// first, whatever its code.
func (s *Store) codes(ctx context.Context, f *Field) []string {
	var out []string
	for _, o := range f.Options {
		out = append(out, o.ID)
	}
	if f.Dict != "" {
		if v, err := s.docs.Current(ctx, document.Dict, f.Dict); err == nil {
			if d, err := ParseDict(v.Body); err == nil {
				out = d.paths()
			}
		}
	}
	if len(out) > maxRanked {
		return nil
	}
	return out
}

// ranked is an option's column as its place among the codes.
func ranked(col string, codes []string, sel *selection) string {
	if len(codes) == 0 {
		return col
	}
	var b strings.Builder
	b.WriteString("CASE WHEN " + col + " IS NULL THEN NULL")
	for i, c := range codes {
		sel.args = append(sel.args, c)
		fmt.Fprintf(&b, " WHEN %s = $%d THEN %d", col, len(sel.args), i)
	}
	fmt.Fprintf(&b, " ELSE %d END", len(codes))
	return b.String()
}

// walk reads a list sorted by an indexed option, one code after the other, each newest
// first: a page costs what its own records cost, however many there are.
type walk struct {
	sel    selection
	col    string
	codes  []string
	desc   bool
	who    Who
	action Action
	limit  int
	after  string // "rank created id"
}

func (s *Store) walk(ctx context.Context, w walk, now time.Time) (Page, error) {
	if w.desc {
		slices.Reverse(w.codes)
	}
	first, created, id, err := w.from()
	if err != nil {
		return Page{}, err
	}
	out := Page{Records: []Record{}}
	for rank := first; rank <= len(w.codes); rank++ {
		sel := selection{def: w.sel.def, from: w.sel.from, args: slices.Clone(w.sel.args)}
		if rank < len(w.codes) {
			sel.args = append(sel.args, w.codes[rank])
			sel.from += fmt.Sprintf(" AND %s = $%d", w.col, len(sel.args))
		} else {
			sel.from += w.others(&sel)
		}
		if rank == first && id != "" {
			sel.args = append(sel.args, created, id)
			sel.from += fmt.Sprintf(" AND (t.created_at, t.id) < ($%d, $%d)", len(sel.args)-1, len(sel.args))
		}
		left := w.limit - len(out.Records)
		p, err := s.read(ctx, sel, w.who, w.action, `SELECT `+recordColumns+sel.from+fmt.Sprintf(` ORDER BY t.created_at DESC, t.id DESC LIMIT %d`, left+1), max(left, 1), now)
		if err != nil {
			return Page{}, err
		}
		if left == 0 { // only whether there is more
			if len(p.Records) > 0 {
				out.Next = strconv.Itoa(rank)
				return out, nil
			}
			continue
		}
		out.Records = append(out.Records, p.Records...)
		if p.Next != "" {
			out.Next = strconv.Itoa(rank) + " " + p.Next
			return out, nil
		}
	}
	return out, nil
}

// others is everything without a code that is known, nothing among it.
func (w walk) others(sel *selection) string {
	in := make([]string, len(w.codes))
	for i, c := range w.codes {
		sel.args = append(sel.args, c)
		in[i] = fmt.Sprintf("$%d", len(sel.args))
	}
	return " AND (" + w.col + " IS NULL OR " + w.col + " NOT IN (" + strings.Join(in, ", ") + "))"
}

// from reads the cursor.
func (w walk) from() (rank int, created int64, id string, err error) {
	if w.after == "" {
		return 0, 0, "", nil
	}
	part := strings.SplitN(w.after, " ", 3)
	bad := &InvalidError{[]Problem{cursorProblem()}}
	if rank, err = strconv.Atoi(part[0]); err != nil || rank < 0 || rank > len(w.codes) {
		return 0, 0, "", bad
	}
	if len(part) == 1 {
		return rank, 0, "", nil
	}
	if created, err = strconv.ParseInt(part[1], 10, 64); err != nil || len(part) < 3 {
		return 0, 0, "", bad
	}
	return rank, created, part[2], nil
}
