package alarm

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	fewSubjects = 1500  // up to so many are looked up one by one
	scanBatch   = 5000  // alarms read at a time when many subjects match
	scanMost    = 40000 // and at most, before they are looked up one by one after all
	unionMost   = 100   // terms of one statement
)

// rowKey is where an alarm stands in the order of the newest.
type rowKey struct {
	raised int64
	id     string
}

// newer orders the newest first.
func newer(a, b rowKey) int {
	return cmp.Or(cmp.Compare(b.raised, a.raised), strings.Compare(b.id, a.id))
}

// branch is one way a row can match the words of a search: by its subject, with some of
// the words being who acknowledged.
type branch struct {
	words  []string // each must occur in the subject
	person string   // "" is anyone
	id     string   // beginning of an id
}

// newest answers a query over all alarms ever, the newest first. It never reads more
// than a bounded part of them: words, hazards and buildings choose subjects, of which
// there are some ten thousand, and each subject's newest alarms are one look-up.
func (s *Store) newest(ctx context.Context, q Query, limit int) ([]Alarm, error) {
	branches, err := s.branches(ctx, words(q.Text))
	if err != nil {
		return nil, err
	}
	var keys []rowKey
	for _, b := range branches {
		found, err := s.follow(ctx, q, b, limit)
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	slices.SortFunc(keys, newer)
	keys = slices.Compact(keys)
	return s.byKeys(ctx, keys[:min(limit, len(keys))])
}

func (s *Store) branches(ctx context.Context, words []string) ([]branch, error) {
	out := []branch{{words: words}}
	if len(words) == 1 && strings.HasPrefix(words[0], "alm-") {
		return append(out, branch{id: words[0]}), nil
	}
	people := map[string][]string{} // id to the words that are not in the name
	for _, w := range words {
		rows, err := s.db.Read().QueryContext(ctx, `SELECT DISTINCT id FROM alarm_person WHERE search LIKE $1 ESCAPE '\' LIMIT 20`, like(w))
		if err != nil {
			return nil, fmt.Errorf("alarm: search people: %w", err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				rows.Close() //nolint:errcheck // the first error tells
				return nil, fmt.Errorf("alarm: search people: %w", err)
			}
			if _, ok := people[id]; !ok {
				people[id] = slices.Clone(words)
			}
			people[id] = slices.DeleteFunc(people[id], func(x string) bool { return x == w })
		}
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("alarm: search people: %w", err)
		}
	}
	for id, rest := range people {
		out = append(out, branch{words: rest, person: id})
	}
	return out, nil
}

// follow finds the first keys of one branch.
func (s *Store) follow(ctx context.Context, q Query, b branch, limit int) ([]rowKey, error) {
	var w where
	if b.person != "" {
		if q.Person != "" && q.Person != b.person {
			return nil, nil
		}
		q.Person = b.person
	}
	w.rows(q)
	if q.View == ViewHistory {
		w.add("closed_at > 0")
	}
	if b.id != "" {
		w.add("id >= ?", b.id)
		w.add("id <= ?", b.id+"zzzzzzzzzzzzzzzzzzzz")
	}
	if q.Before != "" {
		c, err := parseCursor(q.Before)
		if err != nil {
			return nil, err
		}
		w.add("(raised_at, id) < (?, ?)", -c.Raised, c.ID)
	}
	var subject where
	subject.subjects(q)
	for _, word := range b.words {
		subject.add(`search LIKE ? ESCAPE '\'`, like(word))
	}
	if b.id != "" {
		w.subjects(q)
		return s.keys(ctx, `SELECT id, raised_at FROM alarm`+w.clause()+` ORDER BY raised_at DESC, id DESC LIMIT `+strconv.Itoa(limit), w.args...)
	}
	if len(subject.parts) == 0 {
		return s.keys(ctx, `SELECT id, raised_at FROM alarm`+w.clause()+` ORDER BY raised_at DESC, id DESC LIMIT `+strconv.Itoa(limit), w.args...)
	}
	ids, err := s.subjectIDs(ctx, subject)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if len(ids) > fewSubjects {
		keys, all, err := s.scan(ctx, w, ids, limit)
		if err != nil || all {
			return keys, err
		}
	}
	return s.bySubject(ctx, w, subject, limit)
}

func (s *Store) subjectIDs(ctx context.Context, w where) (map[int64]bool, error) {
	rows, err := s.db.Read().QueryContext(ctx, numbered(`SELECT id FROM alarm_subject`+w.clause()), w.args...)
	if err != nil {
		return nil, fmt.Errorf("alarm: search subjects: %w", err)
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("alarm: search subjects: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// scan reads the newest alarms one after the other until enough are about one of the
// subjects; all is false when it gave up.
func (s *Store) scan(ctx context.Context, w where, ids map[int64]bool, limit int) (keys []rowKey, all bool, err error) {
	for read := 0; read < scanMost; {
		rows, err := s.db.Read().QueryContext(ctx, numbered(`SELECT id, raised_at, subject FROM alarm`+w.clause()+` ORDER BY raised_at DESC, id DESC LIMIT `+strconv.Itoa(scanBatch)), w.args...)
		if err != nil {
			return nil, false, fmt.Errorf("alarm: scan: %w", err)
		}
		n := 0
		var k rowKey
		for rows.Next() {
			var subject int64
			if err := rows.Scan(&k.id, &k.raised, &subject); err != nil {
				rows.Close() //nolint:errcheck // the first error tells
				return nil, false, fmt.Errorf("alarm: scan: %w", err)
			}
			n++
			if ids[subject] {
				keys = append(keys, k)
				if len(keys) == limit {
					return keys, true, rows.Close()
				}
			}
		}
		if err := rows.Close(); err != nil {
			return nil, false, fmt.Errorf("alarm: scan: %w", err)
		}
		if n < scanBatch {
			return keys, true, nil
		}
		read += n
		w = w.and("(raised_at, id) < (?, ?)", k.raised, k.id)
	}
	return nil, false, nil
}

// bySubject looks at each subject's newest alarm. Only the subjects with the newest of
// these can have a part in the page, and nothing older than the last of them.
func (s *Store) bySubject(ctx context.Context, w, subject where, limit int) ([]rowKey, error) {
	type head struct {
		subject int64
		raised  int64
	}
	args := slices.Concat(w.args, subject.args)
	parts := append([]string{"a.subject = s.id"}, w.parts...)
	inner := `SELECT a.raised_at FROM alarm a WHERE ` + strings.Join(parts, " AND ") + ` ORDER BY a.raised_at DESC, a.id DESC LIMIT 1`
	rows, err := s.db.Read().QueryContext(ctx, numbered(`SELECT s.id, (`+inner+`) FROM alarm_subject s`+subject.clause()), args...)
	if err != nil {
		return nil, fmt.Errorf("alarm: newest of subjects: %w", err)
	}
	defer rows.Close()
	var heads []head
	for rows.Next() {
		var h head
		var raised sql.NullInt64
		if err := rows.Scan(&h.subject, &raised); err != nil {
			return nil, fmt.Errorf("alarm: newest of subjects: %w", err)
		}
		if raised.Valid {
			h.raised = raised.Int64
			heads = append(heads, h)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("alarm: newest of subjects: %w", err)
	}
	slices.SortFunc(heads, func(a, b head) int { return cmp.Compare(b.raised, a.raised) })
	if len(heads) > limit { // those that are as new as the last one stay, too
		last := heads[limit-1].raised
		heads = heads[:max(limit, sortedEnd(len(heads), func(i int) bool { return heads[i].raised < last }))]
		w = w.and("raised_at >= ?", last)
	}
	var keys []rowKey
	for chunk := range slices.Chunk(heads, unionMost) {
		var terms []string
		var args []any
		for _, h := range chunk {
			x := w.and("subject = ?", h.subject)
			args = append(args, x.args...)
			terms = append(terms, `SELECT * FROM (SELECT id, raised_at FROM alarm`+x.clause()+` ORDER BY raised_at DESC, id DESC LIMIT `+strconv.Itoa(limit)+`) t`)
		}
		found, err := s.keys(ctx, strings.Join(terms, " UNION ALL "), args...)
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	slices.SortFunc(keys, newer)
	return keys[:min(limit, len(keys))], nil
}

// sortedEnd is the first index at which end holds, or n.
func sortedEnd(n int, end func(int) bool) int {
	for i := range n {
		if end(i) {
			return i
		}
	}
	return n
}

func (s *Store) keys(ctx context.Context, query string, args ...any) ([]rowKey, error) {
	rows, err := s.db.Read().QueryContext(ctx, numbered(query), args...)
	if err != nil {
		return nil, fmt.Errorf("alarm: list: %w", err)
	}
	defer rows.Close()
	var out []rowKey
	for rows.Next() {
		var k rowKey
		if err := rows.Scan(&k.id, &k.raised); err != nil {
			return nil, fmt.Errorf("alarm: list: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// byKeys reads the alarms of keys, in their order.
func (s *Store) byKeys(ctx context.Context, keys []rowKey) ([]Alarm, error) {
	found := map[string]Alarm{}
	for chunk := range slices.Chunk(keys, 200) {
		var w where
		ids := make([]string, len(chunk))
		for i, k := range chunk {
			ids[i] = k.id
		}
		w.in("id", ids)
		list, err := several(ctx, s.db.Read(), numbered(`SELECT doc FROM alarm`+w.clause()), w.args...)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			found[a.ID] = a
		}
	}
	out := make([]Alarm, 0, len(keys))
	for _, k := range keys {
		if a, ok := found[k.id]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// index gives the alarms that were stored before there were subjects theirs.
func (s *Store) index(ctx context.Context) error {
	for {
		done := false
		err := s.db.Tx(ctx, func(tx *sql.Tx) error {
			list, err := several(ctx, tx, `SELECT doc FROM alarm WHERE subject = 0 LIMIT 500`)
			done = err == nil && len(list) == 0
			for i := 0; err == nil && i < len(list); i++ {
				list[i].Underlying = cmp.Or(list[i].Underlying, list[i].State)
				err = save(ctx, tx, list[i], false)
			}
			return err
		})
		if err != nil || done {
			return err
		}
	}
}
