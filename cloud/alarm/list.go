package alarm

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// Views of [Query].
const (
	ViewOpen       = "open" // open and not set aside
	ViewUnacked    = "unacked"
	ViewAcked      = "acked"
	ViewRTNUnacked = "rtn_unacked"
	ViewOverridden = "overridden" // open, but set aside
	ViewHistory    = "history"    // closed ones
	ViewAll        = "all"
)

// ErrQuery marks a query nobody can answer (unknown view, broken cursor).
var ErrQuery = errors.New("bad query")

// Scope is the buildings somebody may see. The zero value is nothing.
type Scope struct {
	Buildings  []string
	Everywhere bool
}

// Everywhere is the scope without bounds.
func Everywhere() Scope { return Scope{Everywhere: true} }

// Has reports whether a building is within the scope. What belongs to none ("") is seen
// from everywhere only.
func (s Scope) Has(building string) bool {
	return s.Everywhere || slices.Contains(s.Buildings, building)
}

// Query chooses alarms. With a scope of everywhere, it is the first 50 open ones.
type Query struct {
	Scope

	View           string
	Text           string // every word must occur in title, place, device or building (zh or en), or be who acknowledged; or an id
	Building       string
	Chosen         []string // any of these buildings
	Hazard         contract.Hazard
	State          State
	Severity       contract.Severity
	Person         string // id of who acknowledged
	Verdict        string // [Confirmed], [FalseAlarm] or "none"
	Drill          *bool
	Unrationalised bool
	From, To       time.Time // raised in [From, To)
	Limit          int       // 1 to 500; 0 is 50
	Before         string    // Next of the page before
}

// Counts are the open alarms by state, whatever the query, and what is set aside.
type Counts struct {
	Unacked             int       `json:"unacked"`
	Acked               int       `json:"acked"`
	RTNUnacked          int       `json:"rtn_unacked"`
	Shelved             int       `json:"shelved"` // shelves, not alarms; so for the next two
	Suppressed          int       `json:"suppressed"`
	OutOfService        int       `json:"out_of_service"`
	Requested           int       `json:"requested"` // wait for a second person
	OldestExpiry        time.Time `json:"oldest_expiry,omitzero"`
	OverdueOutOfService int       `json:"overdue_out_of_service"`
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

// where collects conditions, in each of which ? stands for the next argument; they are
// numbered when the statement is made.
type where struct {
	parts []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.parts = append(w.parts, cond)
	w.args = append(w.args, args...)
}

// and is a copy with one more condition.
func (w where) and(cond string, args ...any) where {
	return where{append(slices.Clone(w.parts), cond), append(slices.Clone(w.args), args...)}
}

func (w where) clause() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// numbered writes $1, $2 … for the ? of a statement.
func numbered(query string) string {
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// List answers a query: open views have the unacknowledged first, then the most severe,
// then the newest; the others simply the newest first.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	if !q.Everywhere && len(q.Buildings) == 0 {
		return Page{Items: []Alarm{}}, nil
	}
	limit := q.Limit
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	ranked, err := q.ranked()
	if err != nil {
		return Page{}, err
	}
	var items []Alarm
	if ranked {
		items, err = s.ranked(ctx, q, limit+1)
	} else {
		items, err = s.newest(ctx, q, limit+1)
	}
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = cursorOf(items[limit-1])
	}
	page.Counts, err = s.CountsIn(ctx, q.Scope)
	return page, err
}

func cursorOf(a Alarm) string {
	pos := int64(1)
	if a.State == Unacked {
		pos = 0
	}
	return cursor{pos, -int64(a.Severity), -db.Millis(a.RaisedAt), a.ID}.String()
}

// ranked reports whether a view is of open alarms only, in the order of their urgency.
func (q Query) ranked() (bool, error) {
	switch q.View {
	case "", ViewOpen, ViewUnacked, ViewAcked, ViewRTNUnacked, ViewOverridden:
		return true, nil
	case ViewHistory, ViewAll:
		return false, nil
	}
	return false, fmt.Errorf("alarm: view %q: %w", q.View, ErrQuery)
}

// ranked reads open alarms; they are few enough to filter one by one.
func (s *Store) ranked(ctx context.Context, q Query, limit int) ([]Alarm, error) {
	var w where
	w.add("closed_at = 0")
	switch q.View {
	case ViewUnacked, ViewAcked, ViewRTNUnacked:
		w.add("state = ?", q.View)
	case ViewOverridden:
		w.add("state IN ('shelved', 'suppressed', 'out_of_service')")
	default:
		w.add("state IN ('unacked', 'acked', 'rtn_unacked')")
	}
	w.rows(q)
	w.subjects(q)
	for _, word := range words(q.Text) {
		w.add(`(subject IN (SELECT id FROM alarm_subject WHERE search LIKE ? ESCAPE '\') OR acked_by IN (SELECT id FROM alarm_person WHERE search LIKE ? ESCAPE '\') OR id = ?)`,
			like(word), like(word), word)
	}
	if q.Before != "" {
		c, err := parseCursor(q.Before)
		if err != nil {
			return nil, err
		}
		w.add("(pos, -severity, -raised_at, id) > (?, ?, ?, ?)", c.Pos, c.Severity, c.Raised, c.ID)
	}
	return several(ctx, s.db.Read(), numbered(`SELECT doc FROM alarm`+w.clause()+` ORDER BY pos, -severity, -raised_at, id LIMIT `+strconv.Itoa(limit)), w.args...)
}

func words(text string) []string { return strings.Fields(strings.ToLower(text)) }

func like(word string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word) + "%"
}

// rows adds what a query asks of the alarm itself. Conditions that seem to say nothing
// are those of partial indexes.
func (w *where) rows(q Query) {
	if q.State != "" {
		w.add("state = ?", string(q.State))
		if q.State == Closed {
			w.add("closed_at > 0")
		} else {
			w.add("closed_at = 0")
		}
	}
	if q.Severity != 0 {
		w.add("severity = ?", int(q.Severity))
	}
	if q.Person != "" {
		w.add("acked_by = ?", q.Person)
		w.add("acked_by <> ''")
	}
	switch q.Verdict {
	case "":
	case "none":
		w.add("verdict = ''")
	default:
		w.add("verdict = ?", q.Verdict)
		w.add("verdict <> ''")
	}
	if q.Drill != nil {
		w.add(map[bool]string{true: "drill = 1", false: "drill = 0"}[*q.Drill])
	}
	if q.Unrationalised {
		w.add("definition = ''")
	}
	if !q.From.IsZero() {
		w.add("raised_at >= ?", db.Millis(q.From))
	}
	if !q.To.IsZero() {
		w.add("raised_at < ?", db.Millis(q.To))
	}
}

// subjects adds what a query asks of the subject: hazard and building, which an alarm
// has too.
func (w *where) subjects(q Query) {
	if q.Hazard != "" {
		w.add("hazard = ?", string(q.Hazard))
	}
	if q.Building != "" {
		w.add("building = ?", q.Building)
	}
	if len(q.Chosen) > 0 {
		w.in("building", q.Chosen)
	}
	if !q.Everywhere {
		w.in("building", q.Buildings)
	}
}

func (w *where) in(column string, values []string) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	w.add(column+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", args...)
}

// Counts counts what is open everywhere.
func (s *Store) Counts(ctx context.Context) (Counts, error) { return s.CountsIn(ctx, Everywhere()) }

// CountsIn counts what is open within a scope. It reads open alarms and overrides only.
func (s *Store) CountsIn(ctx context.Context, in Scope) (Counts, error) {
	var c Counts
	by := map[string]*int{string(Unacked): &c.Unacked, string(Acked): &c.Acked, string(RTNUnacked): &c.RTNUnacked,
		"active " + string(Shelved): &c.Shelved, "active " + string(Suppressed): &c.Suppressed, "active " + string(OutOfService): &c.OutOfService,
		"requested " + string(OutOfService): &c.Requested}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT state, building, COUNT(*), 0, 0 FROM alarm WHERE closed_at = 0 GROUP BY state, building
		UNION ALL SELECT status || ' ' || kind, building, COUNT(*), SUM(overdue), MIN(CASE WHEN until_at = 0 THEN NULL ELSE until_at END) FROM alarm_override WHERE ended_at = 0 GROUP BY status || ' ' || kind, building`)
	if err != nil {
		return Counts{}, fmt.Errorf("alarm: count: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state, building string
		var n, overdue int
		var until sql.NullInt64
		if err := rows.Scan(&state, &building, &n, &overdue, &until); err != nil {
			return Counts{}, fmt.Errorf("alarm: count: %w", err)
		}
		if !in.Has(building) {
			continue
		}
		if p := by[state]; p != nil {
			*p += n
		}
		c.OverdueOutOfService += overdue
		if end := db.Time(until.Int64); !end.IsZero() && (c.OldestExpiry.IsZero() || end.Before(c.OldestExpiry)) {
			c.OldestExpiry = end
		}
	}
	return c, rows.Err()
}

// Open lists every open alarm, set aside or not, in the order of the open view.
func (s *Store) Open(ctx context.Context) ([]Alarm, error) {
	return several(ctx, s.db.Read(), `SELECT doc FROM alarm WHERE closed_at = 0 ORDER BY pos, -severity, -raised_at, id`)
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
