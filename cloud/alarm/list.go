package alarm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// Views of [Query].
const (
	ViewOpen       = "open"
	ViewUnacked    = "unacked"
	ViewAcked      = "acked"
	ViewRTNUnacked = "rtn_unacked"
	ViewHistory    = "history" // closed ones
	ViewAll        = "all"
)

// ErrQuery marks a query nobody can answer (unknown view, broken cursor).
var ErrQuery = errors.New("bad query")

// Query chooses alarms. The zero value is the first 50 open ones.
type Query struct {
	View     string
	Text     string // every word must occur in title, place, device, building or id, zh or en
	Building string
	Hazard   contract.Hazard
	From, To time.Time // raised in [From, To)
	Limit    int       // 1 to 500; 0 is 50
	Before   string    // Next of the page before
}

// Counts are the open alarms by state, whatever the query.
type Counts struct {
	Unacked    int `json:"unacked"`
	Acked      int `json:"acked"`
	RTNUnacked int `json:"rtn_unacked"`
}

// Page is one page of a list.
type Page struct {
	Items  []Alarm `json:"items"`
	Next   string  `json:"next"` // "" at the end
	Counts Counts  `json:"counts"`
}

// cursor is the place of the last alarm of a page in the list's order.
type cursor struct {
	Pos, Severity, Raised int64
	ID                    string
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %d %s", c.Pos, c.Severity, c.Raised, c.ID))
}

func parseCursor(s string) (cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	f := strings.Split(string(b), " ")
	if err != nil || len(f) != 4 {
		return cursor{}, fmt.Errorf("alarm: cursor %q: %w", s, ErrQuery)
	}
	var n [3]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(f[i], 10, 64); err != nil {
			return cursor{}, fmt.Errorf("alarm: cursor %q: %w", s, ErrQuery)
		}
	}
	return cursor{n[0], n[1], n[2], f[3]}, nil
}

// where collects conditions with numbered parameters.
type where struct {
	parts []string
	args  []any
}

// add appends a condition in which each ? stands for the next argument.
func (w *where) add(cond string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.parts = append(w.parts, cond)
}

func (w *where) sql() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// List answers a query: open views have the unacknowledged first, then the most severe,
// then the newest; the others simply the newest first.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	var w where
	ranked, err := w.view(q.View)
	if err != nil {
		return Page{}, err
	}
	w.filter(q)
	order := "-raised_at, id"
	if ranked {
		order = "pos, -severity, -raised_at, id"
	}
	if q.Before != "" {
		c, err := parseCursor(q.Before)
		if err != nil {
			return Page{}, err
		}
		if ranked {
			w.add("(pos, -severity, -raised_at, id) > (?, ?, ?, ?)", c.Pos, c.Severity, c.Raised, c.ID)
		} else {
			w.add("(-raised_at, id) > (?, ?)", c.Raised, c.ID)
		}
	}
	limit := q.Limit
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	page, err := s.page(ctx, `SELECT doc FROM alarm`+w.sql()+` ORDER BY `+order+` LIMIT `+strconv.Itoa(limit+1), w.args, limit)
	if err != nil {
		return Page{}, err
	}
	page.Counts, err = s.Counts(ctx)
	return page, err
}

func (w *where) view(view string) (ranked bool, err error) {
	switch view {
	case "", ViewOpen:
		w.add("closed_at = 0")
	case ViewUnacked, ViewAcked, ViewRTNUnacked:
		w.add("closed_at = 0")
		w.add("state = ?", view)
	case ViewHistory:
		w.add("closed_at > 0")
		return false, nil
	case ViewAll:
		return false, nil
	default:
		return false, fmt.Errorf("alarm: view %q: %w", view, ErrQuery)
	}
	return true, nil
}

func (w *where) filter(q Query) {
	if q.Building != "" {
		w.add("building = ?", q.Building)
	}
	if q.Hazard != "" {
		w.add("hazard = ?", string(q.Hazard))
	}
	if !q.From.IsZero() {
		w.add("raised_at >= ?", db.Millis(q.From))
	}
	if !q.To.IsZero() {
		w.add("raised_at < ?", db.Millis(q.To))
	}
	for word := range strings.FieldsSeq(strings.ToLower(q.Text)) {
		w.add(`search LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word)+"%")
	}
}

func (s *Store) page(ctx context.Context, query string, args []any, limit int) (Page, error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return Page{}, fmt.Errorf("alarm: list: %w", err)
	}
	defer rows.Close()
	page := Page{Items: []Alarm{}}
	for rows.Next() {
		var doc string
		var a Alarm
		if err := rows.Scan(&doc); err != nil {
			return Page{}, fmt.Errorf("alarm: list: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &a); err != nil {
			return Page{}, fmt.Errorf("alarm: list: decode: %w", err)
		}
		if len(page.Items) == limit {
			last := page.Items[limit-1]
			pos := int64(1)
			if last.State == Unacked {
				pos = 0
			}
			page.Next = cursor{pos, -int64(last.Severity), -db.Millis(last.RaisedAt), last.ID}.String()
			break
		}
		page.Items = append(page.Items, a)
	}
	if err := rows.Err(); err != nil {
		return Page{}, fmt.Errorf("alarm: list: %w", err)
	}
	return page, nil
}

// Counts counts the open alarms by state.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT state, COUNT(*) FROM alarm WHERE closed_at = 0 GROUP BY state`)
	if err != nil {
		return Counts{}, fmt.Errorf("alarm: count: %w", err)
	}
	defer rows.Close()
	var c Counts
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return Counts{}, fmt.Errorf("alarm: count: %w", err)
		}
		switch State(state) {
		case Unacked:
			c.Unacked = n
		case Acked:
			c.Acked = n
		case RTNUnacked:
			c.RTNUnacked = n
		}
	}
	return c, rows.Err()
}

// Open lists every open alarm in the order of the open view.
func (s *Store) Open(ctx context.Context) ([]Alarm, error) {
	p, err := s.page(ctx, `SELECT doc FROM alarm WHERE closed_at = 0 ORDER BY pos, -severity, -raised_at, id`, nil, 1<<30)
	return p.Items, err
}

// Get returns one alarm, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (Alarm, error) {
	a, err := byID(ctx, s.db.Read(), id)
	if err != nil {
		return Alarm{}, err
	}
	if a == nil {
		return Alarm{}, fmt.Errorf("alarm: %s: %w", id, ErrNotFound)
	}
	return *a, nil
}
