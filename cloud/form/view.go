package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/contract"
)

// SavedView is a list as somebody likes to see it: what is in it, which columns, in which order.
type SavedView struct {
	ID     string        `json:"id"`
	Form   string        `json:"form"`
	Name   contract.Text `json:"name"`
	Owner  string        `json:"owner"`
	Shared bool          `json:"shared"` // with everybody who may see the form's records
	Filter cond.Expr     `json:"filter,omitzero"`
	Fields []string      `json:"fields"` // columns in their order; empty is the form's own choice
	Sort   string        `json:"sort,omitempty"`
	Chart  *Chart        `json:"chart,omitempty"` // shown as statistics
}

// Chart is how a view is counted, measured and drawn.
type Chart struct {
	By      []Group `json:"by"`
	Measure Measure `json:"measure"`
	Kind    string  `json:"kind"` // bar, line, pie, heat
}

func (c *Chart) check(p *problems) {
	if c == nil {
		return
	}
	if len(c.By) < 1 || len(c.By) > 2 || !slices.Contains([]string{"bar", "line", "pie", "heat"}, c.Kind) || !slices.Contains([]string{"count", "sum", "avg", "min", "max"}, c.Measure.Fn) {
		p.add("chart", "统计需要一或两个维度、一个指标和一种图", "a chart needs one or two dimensions, a measure and a kind")
	}
	for i, g := range c.By {
		if len(g.Field) > 2*maxFieldKey+1 || !slices.Contains([]string{"", "day", "week", "month", "year"}, g.Bucket) {
			p.add(at("chart.by", i), "不能按此分组", "cannot be grouped by this")
		}
	}
}

// maxViews of one person and form.
const maxViews = 50

// viewBody is the part of a view that is kept as JSON.
type viewBody struct {
	English string    `json:"english,omitempty"` // the name's
	Filter  cond.Expr `json:"filter,omitzero"`
	Fields  []string  `json:"fields"`
	Sort    string    `json:"sort,omitempty"`
	Chart   *Chart    `json:"chart,omitempty"`
}

// Views lists the views of a form that somebody has: their own, and those shared.
func (s *Store) Views(ctx context.Context, who Who, form string) ([]SavedView, error) {
	if !who.Permits.May(form, View) {
		return nil, ErrDenied
	}
	return viewsOf(ctx, s.db.Read(), form, who.Actor.ID)
}

// SharedViews lists the views of a form that everybody has who may see its records.
func (s *Store) SharedViews(ctx context.Context, tx *sql.Tx, form string) ([]SavedView, error) {
	var q querier = s.db.Read()
	if tx != nil {
		q = tx
	}
	return viewsOf(ctx, q, form, "")
}

func viewsOf(ctx context.Context, q querier, form, owner string) ([]SavedView, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, owner, shared, name, body FROM form_view WHERE form = $1 AND (owner = $2 OR shared = 1) ORDER BY shared, name, id`, form, owner)
	if err != nil {
		return nil, fmt.Errorf("form: list views: %w", err)
	}
	defer rows.Close()
	out := []SavedView{}
	for rows.Next() {
		v := SavedView{Form: form}
		var shared int
		var raw string
		if err := rows.Scan(&v.ID, &v.Owner, &shared, &v.Name.ZH, &raw); err != nil {
			return nil, fmt.Errorf("form: list views: %w", err)
		}
		var b viewBody
		if err := json.Unmarshal([]byte(raw), &b); err != nil {
			return nil, fmt.Errorf("form: read view %s: %w", v.ID, err)
		}
		v.Shared, v.Filter, v.Fields, v.Sort = shared == 1, b.Filter, append([]string{}, b.Fields...), b.Sort
		v.Chart, v.Name.EN = b.Chart, b.English
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: list views: %w", err)
	}
	return out, nil
}

// SaveView keeps a view, a new one if its id is empty. Only who manages the form's records
// shares one, and only its owner, or they, change it. Errors: InvalidError, ErrDenied,
// ErrNotFound.
func (s *Store) SaveView(ctx context.Context, tx *sql.Tx, who Who, v SavedView, now time.Time) (SavedView, error) {
	manages := who.Permits.May(v.Form, Manage)
	if !who.Permits.May(v.Form, View) || v.Shared && !manages {
		return v, ErrDenied
	}
	if err := s.checkView(ctx, tx, v); err != nil {
		return v, err
	}
	if v.ID == "" {
		v.ID, v.Owner = newID(), who.Actor.ID
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM form_view WHERE form = $1 AND owner = $2`, v.Form, v.Owner).Scan(&n); err != nil {
			return v, fmt.Errorf("form: count views: %w", err)
		}
		if n >= maxViews {
			return v, tooManyViews()
		}
	} else {
		var err error
		if v.Owner, err = viewOwner(ctx, tx, who, v.Form, v.ID, manages); err != nil {
			return v, err
		}
	}
	body, err := json.Marshal(viewBody{v.Name.EN, v.Filter, append([]string{}, v.Fields...), v.Sort, v.Chart})
	if err != nil {
		return v, fmt.Errorf("form: encode view: %w", err)
	}
	shared := 0
	if v.Shared {
		shared = 1
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO form_view (id, form, owner, shared, name, body, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET shared = excluded.shared, name = excluded.name, body = excluded.body, changed_at = excluded.changed_at`,
		v.ID, v.Form, v.Owner, shared, v.Name.ZH, string(body), db.Millis(now)); err != nil {
		return v, fmt.Errorf("form: save view: %w", err)
	}
	return v, nil
}

func tooManyViews() error {
	var p problems
	p.add("name", fmt.Sprintf("至多 %d 个视图", maxViews), fmt.Sprintf("at most %d views", maxViews))
	return p.err()
}

func (s *Store) checkView(ctx context.Context, tx *sql.Tx, v SavedView) error {
	d, err := s.current(ctx, tx, v.Form)
	if err != nil {
		return err
	}
	var p problems
	if n := utf8.RuneCountInString(strings.TrimSpace(v.Name.ZH)); n == 0 || n > 60 || utf8.RuneCountInString(v.Name.EN) > 60 {
		p.add("name", "需要名称，至多 60 字", "needs a name of at most 60 characters")
	}
	p.under("filter", v.Filter.Check(d.Schema()))
	v.Chart.check(&p)
	for i, f := range v.Fields {
		if _, ok := d.Field(f); !ok && !strings.HasPrefix(f, "_") || slices.Contains(v.Fields[:i], f) || len(v.Fields) > MaxFields {
			p.add(at("fields", i), "没有这一列，或重复", "no such column, or listed twice")
		}
	}
	return p.err()
}

func viewOwner(ctx context.Context, tx *sql.Tx, who Who, form, id string, manages bool) (string, error) {
	var owner string
	var shared int
	err := tx.QueryRowContext(ctx, `SELECT owner, shared FROM form_view WHERE id = $1 AND form = $2`, id, form).Scan(&owner, &shared)
	if errors.Is(err, sql.ErrNoRows) || err == nil && owner != who.Actor.ID && shared == 0 {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("form: read view: %w", err)
	}
	if owner != who.Actor.ID && !manages {
		return "", ErrDenied
	}
	return owner, nil
}

// DeleteView takes a view away; the same may who may change it.
func (s *Store) DeleteView(ctx context.Context, tx *sql.Tx, who Who, form, id string) error {
	if _, err := viewOwner(ctx, tx, who, form, id, who.Permits.May(form, Manage)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM form_view WHERE id = $1`, id); err != nil {
		return fmt.Errorf("form: delete view: %w", err)
	}
	return nil
}
