package form

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
)

// Limits of statistics.
const (
	maxGroups = 50_000
	aggregate = 5 * time.Second
)

// Group is one dimension of an aggregate: a field, or the day, week (its Monday), month or
// year of a date or date-time in the community's zone. "link.field" is a field, as it is
// now, of the record that a link field names.
type Group struct {
	Field  string `json:"field"`
	Bucket string `json:"bucket,omitempty"` // "", day, week, month, year
}

// Drill narrows a list to one group of an aggregate: nil is no value.
type Drill struct {
	Group
	Key    any  `json:"key"`
	Hidden bool `json:"hidden,omitempty"` // the group of what one may not see
}

// Measure is one number of an aggregate: count, or sum, avg, min, max of a field, or of the
// milliseconds from another instant to it.
type Measure struct {
	Fn    string `json:"fn"`
	Field string `json:"field,omitempty"`
	Since string `json:"since,omitempty"`
}

// Cell is one group with its numbers; nil is no value. Hidden are the dimensions whose
// linked record or field the reader may not see, or which is deleted.
type Cell struct {
	Keys   []any      `json:"keys"`
	Values []*float64 `json:"values"`
	Hidden []bool     `json:"hidden,omitempty"`
}

// Aggregate groups and measures what List would list. Of linked records it tells what
// reading them would.
func (s *Store) Aggregate(ctx context.Context, who Who, form string, q Listing, by []Group, measures []Measure, now time.Time) ([]Cell, error) {
	var reads []string
	for _, g := range by {
		reads = append(reads, g.own())
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
	keys := make([]key, len(by))
	for i, g := range by {
		if keys[i], err = s.key(ctx, &p, &sel, who, g, at("by", i), fmt.Sprintf("l%d", i), now); err != nil {
			return nil, err
		}
	}
	values := measureSQL(&p, sel.def, measures)
	if len(p) > 0 {
		return nil, &InvalidError{p}
	}
	return s.cells(ctx, sel, keys, values)
}

func (s *Store) cells(ctx context.Context, sel selection, keys []key, values []string) ([]Cell, error) {
	var joins, columns, ordinals []string
	linked := false
	for _, k := range keys {
		joins, columns = append(joins, k.join), append(columns, k.sql)
		linked = linked || k.join != ""
	}
	for _, k := range keys {
		if linked {
			columns = append(columns, k.hidden)
		}
	}
	for i := range columns {
		ordinals = append(ordinals, strconv.Itoa(i+1))
	}
	stmt := `SELECT ` + strings.Join(slices.Concat(columns, values), ", ") + sel.joined(strings.Join(joins, ""))
	if len(keys) > 0 {
		by := strings.Join(ordinals, ", ")
		stmt += ` GROUP BY ` + by + ` ORDER BY ` + by
	}
	ctx, cancel := context.WithTimeout(ctx, aggregate)
	defer cancel()
	rows, err := s.db.Read().QueryContext(ctx, stmt+fmt.Sprintf(` LIMIT %d`, maxGroups), sel.args...)
	if err != nil {
		return nil, fmt.Errorf("form: aggregate %s: %w", sel.def.Key, err)
	}
	defer rows.Close()
	out := []Cell{}
	for rows.Next() {
		c, err := scanCell(rows, keys, len(columns)-len(keys), len(values))
		if err != nil {
			return nil, fmt.Errorf("form: aggregate %s: %w", sel.def.Key, err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: aggregate %s: %w", sel.def.Key, err)
	}
	return out, nil
}

func scanCell(r scanner, keys []key, flags, values int) (Cell, error) {
	c := Cell{Keys: make([]any, len(keys)), Values: make([]*float64, values)}
	hidden := make([]int64, flags)
	to := make([]any, 0, len(keys)+flags+values)
	for i := range c.Keys {
		to = append(to, &c.Keys[i])
	}
	for i := range hidden {
		to = append(to, &hidden[i])
	}
	for i := range c.Values {
		to = append(to, &c.Values[i])
	}
	err := r.Scan(to...)
	for i, k := range keys { // SQLite has no booleans of its own
		if n, ok := c.Keys[i].(int64); ok && k.kind == cond.Bool {
			c.Keys[i] = n != 0
		}
	}
	for _, h := range hidden {
		c.Hidden = append(c.Hidden, h != 0)
	}
	return c, err
}

// own is the field of the form itself that a dimension reads.
func (g Group) own() string {
	f, _, _ := strings.Cut(g.Field, ".")
	return f
}

// key is a dimension as SQL. hidden is 1 where it may not be seen.
type key struct {
	sql, join, hidden string
	kind              cond.Kind
}

// key compiles a dimension; alias is of the linked form's table. Of a linked record a
// dimension sees only what the reader may view with that field in it.
func (s *Store) key(ctx context.Context, p *problems, sel *selection, who Who, g Group, path, alias string, now time.Time) (key, error) {
	none := func() (key, error) {
		p.add(path, "不能按此分组", "cannot be grouped by this")
		return key{sql: "NULL", hidden: "0"}, nil
	}
	own, linked, through := strings.Cut(g.Field, ".")
	if !through {
		sql, kind, ok := bucketed(s.db.Postgres(), columns{def: sel.def, alias: "t"}, g)
		if !ok {
			return none()
		}
		return key{sql: sql, hidden: "0", kind: kind}, nil
	}
	f, ok := sel.def.Field(own)
	if !ok || f.Type != Link || f.Many {
		return none()
	}
	d, err := s.current(ctx, nil, f.Form)
	if err != nil {
		return key{}, err
	}
	sql, kind, ok := bucketed(s.db.Postgres(), columns{def: d, alias: alias}, Group{Field: linked, Bucket: g.Bucket})
	if !ok {
		return none()
	}
	scope, args, err := who.Permits.Scope(d.Key, View, "_id", linked).SQL(columns{def: d, alias: alias}, cond.Dialect{Postgres: s.db.Postgres(), After: len(sel.args)}, s.condEnv(who, now))
	if err != nil {
		return key{}, fmt.Errorf("form: compile permission on %s: %w", d.Key, err)
	}
	sel.args = append(sel.args, args...)
	link := "t." + columnName(own)
	return key{sql: sql, kind: kind, hidden: fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s.id IS NULL THEN 1 ELSE 0 END", link, alias),
		join: fmt.Sprintf(" LEFT JOIN %s %s ON %s.id = %s AND %s.deleted_at = 0 AND (%s)", tableName(d.Key, ""), alias, alias, link, alias, scope)}, nil
}

// bucketed is a field, or the day, week, month or year of it.
func bucketed(postgres bool, c columns, g Group) (string, cond.Kind, bool) {
	name := g.Field
	if g.Bucket != "" && name == "_created_at" {
		name = "_day"
	} else if f, ok := c.def.Field(name); ok && g.Bucket != "" && f.Type == DateTime {
		name += "__day"
	}
	col, ok := c.Column(name)
	if !ok || col.Rows != nil || g.Bucket != "" && col.Kind != cond.Date {
		return "", "", false
	}
	switch g.Bucket {
	case "", "day":
		return col.SQL, col.Kind, true
	case "week":
		if postgres {
			return fmt.Sprintf("to_char(date_trunc('week', CAST(%s AS date)), 'YYYY-MM-DD')", col.SQL), col.Kind, true
		}
		return fmt.Sprintf("date(%s, 'weekday 0', '-6 days')", col.SQL), col.Kind, true
	case "month":
		return fmt.Sprintf("SUBSTR(%s, 1, 7)", col.SQL), col.Kind, true
	case "year":
		return fmt.Sprintf("SUBSTR(%s, 1, 4)", col.SQL), col.Kind, true
	}
	return "", "", false
}

func drilled(of []Drill) []string {
	var out []string
	for _, d := range of {
		out = append(out, d.own())
	}
	return out
}

// drill narrows a selection to groups, by the same expressions that made them: a list has
// as many records as its bar says.
func (s *Store) drill(ctx context.Context, sel *selection, who Who, of []Drill, now time.Time) error {
	var p problems
	for i, d := range of {
		path := at("drill", i)
		k, err := s.key(ctx, &p, sel, who, d.Group, path, fmt.Sprintf("d%d", i), now)
		if err != nil {
			return err
		}
		sel.joins += k.join
		switch {
		case d.Hidden:
			sel.from += " AND " + k.hidden + " = 1"
			continue
		case d.Key == nil:
			sel.from += " AND " + k.hidden + " = 0 AND " + k.sql + " IS NULL"
			continue
		}
		v, ok := keyValue(k.kind, d.Key)
		if !ok {
			p.add(path, "没有这一组", "no such group")
			continue
		}
		sel.from += " AND " + k.sql + " = " + sel.arg(v)
	}
	return p.err()
}

// keyValue is a group's key as its column holds it.
func keyValue(k cond.Kind, v any) (any, bool) {
	switch x := v.(type) {
	case string:
		return x, k != cond.Number && k != cond.Money && k != cond.Instant && k != cond.Bool
	case bool:
		return x, k == cond.Bool
	case float64:
		if k == cond.Number {
			return x, true
		}
		return int64(x), k == cond.Money || k == cond.Instant
	}
	return nil, false
}

// DrillOf reads groups as a list is asked for them, "" for none.
func DrillOf(raw string) ([]Drill, error) {
	if raw == "" {
		return nil, nil
	}
	var out []Drill
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		return nil, fmt.Errorf("form: read groups: %w", err)
	}
	if len(out) > 4 {
		return nil, fmt.Errorf("form: read groups: %d are too many", len(out))
	}
	return out, nil
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
