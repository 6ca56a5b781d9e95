package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/db"
)

// Query picks lines of the log; the zero value picks all.
type Query struct {
	Actor    string    `json:"actor,omitempty"`  // user id, or a part of the name
	Action   string    `json:"action,omitempty"` // the beginning of it
	Object   string    `json:"object,omitempty"` // the beginning of it
	From, To time.Time `json:"-"`                // in [From, To)
	Before   int64     `json:"-"`                // Next of the page before
	Limit    int       `json:"-"`                // 1 to 500; 0 is 100
}

// Page is one page of lines, newest first.
type Page struct {
	Items []Entry
	Next  int64 // Before of the next page; 0 at the end
}

// Search returns the newest lines that q picks.
func (l *Log) Search(ctx context.Context, q Query) (Page, error) {
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 100
	}
	var where []string
	var args []any
	add := func(cond string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			cond = strings.Replace(cond, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, cond)
	}
	if q.Actor != "" {
		add(`(actor = ? OR LOWER(actor_name) LIKE ? ESCAPE '!')`, q.Actor, "%"+like(strings.ToLower(q.Actor))+"%")
	}
	if q.Action != "" {
		add(`action LIKE ? ESCAPE '!'`, like(q.Action)+"%")
	}
	if q.Object != "" {
		add(`object LIKE ? ESCAPE '!'`, like(q.Object)+"%")
	}
	if !q.From.IsZero() {
		add(`at >= ?`, db.Millis(q.From))
	}
	if !q.To.IsZero() {
		add(`at < ?`, db.Millis(q.To))
	}
	if q.Before > 0 {
		add(`seq < ?`, q.Before)
	}
	stmt := `SELECT seq, at, actor, actor_name, action, object, ip, data FROM audit`
	if len(where) > 0 {
		stmt += ` WHERE ` + strings.Join(where, ` AND `)
	}
	items, err := l.lines(ctx, stmt+fmt.Sprintf(` ORDER BY seq DESC LIMIT %d`, q.Limit+1), args...)
	out := Page{Items: items}
	if len(items) > q.Limit {
		out.Items = items[:q.Limit]
		out.Next = out.Items[q.Limit-1].Seq
	}
	return out, err
}

// like takes the special meaning from the characters of a pattern.
func like(s string) string { return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) }

func (l *Log) lines(ctx context.Context, stmt string, args ...any) ([]Entry, error) {
	rows, err := l.db.Read().QueryContext(ctx, stmt, args...)
	if err != nil {
		return nil, fmt.Errorf("audit: list: %w", err)
	}
	defer rows.Close()
	out := []Entry{}
	for rows.Next() {
		var e Entry
		var at int64
		var data string
		if err := rows.Scan(&e.Seq, &at, &e.Actor, &e.ActorName, &e.Action, &e.Object, &e.IP, &data); err != nil {
			return nil, fmt.Errorf("audit: list: %w", err)
		}
		e.At, e.Data = db.Time(at), json.RawMessage(data)
		out = append(out, e)
	}
	return out, rows.Err()
}
