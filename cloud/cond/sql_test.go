package cond

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
)

// table is a form table of the vectors' fields, as the forms room makes them.
type table struct {
	fields Map
	alias  string
	rows   string // "" for the record
}

func (t table) Column(field string) (Column, bool) {
	k, ok := t.fields[join(t.rows, field)]
	if !ok {
		return Column{}, false
	}
	if k == Rows {
		return Column{Kind: Rows, Rows: &RowTable{
			Table: "f_x__" + field, Parent: "parent_id", ID: t.alias + ".id",
			Columns: func(alias string) Columns { return table{t.fields, alias, field} },
		}}, true
	}
	return Column{SQL: t.alias + ".c_" + field, Kind: k}, true
}

func sqlType(k Kind) string {
	switch k {
	case Number:
		return "DOUBLE PRECISION"
	case Money, Instant:
		return "BIGINT"
	case Bool:
		return "BOOLEAN"
	}
	return "TEXT"
}

// columnsOf are the fields of the record (rows "") or of one sub-form, without sub-forms.
func (t table) columnsOf(rows string) map[string]Kind {
	out := map[string]Kind{}
	for f, k := range t.fields {
		name, ok := strings.CutPrefix(f, rows+".")
		if rows == "" {
			name, ok = f, !strings.Contains(f, ".")
		}
		if ok && k != Rows {
			out[name] = k
		}
	}
	return out
}

func (t table) create(ctx context.Context, tx *sql.Tx) error {
	for rows, name := range map[string]string{"": "f_x", "rs": "f_x__rs"} {
		var ddl strings.Builder
		ddl.WriteString("CREATE TABLE " + name + " (id BIGINT, parent_id BIGINT")
		for f, k := range t.columnsOf(rows) {
			ddl.WriteString(", c_" + f + " " + sqlType(k))
		}
		if _, err := tx.ExecContext(ctx, ddl.String()+")"); err != nil {
			return err
		}
	}
	return nil
}

func (t table) insert(ctx context.Context, tx *sql.Tx, id int, rec map[string]any) error {
	if err := t.put(ctx, tx, "f_x", "", id, 0, rec); err != nil {
		return err
	}
	for i, r := range read(Rows, rec["rs"]).rows {
		if err := t.put(ctx, tx, "f_x__rs", "rs", i, id, r.(map[string]any)); err != nil {
			return err
		}
	}
	return nil
}

func (t table) put(ctx context.Context, tx *sql.Tx, name, rows string, id, parent int, rec map[string]any) error {
	names, marks, args := "id, parent_id", "$1, $2", []any{id, parent}
	for f, k := range t.columnsOf(rows) {
		args = append(args, ColumnValue(k, rec[f]))
		names += ", c_" + f
		marks += fmt.Sprintf(", $%d", len(args))
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+name+" ("+names+") VALUES ("+marks+")", args...)
	return err
}

func (t table) fill(tb testing.TB, d *db.DB, records []map[string]any) {
	tb.Helper()
	ctx := tb.Context()
	err := d.Tx(ctx, func(tx *sql.Tx) error {
		if err := t.create(ctx, tx); err != nil {
			return err
		}
		for i, rec := range records {
			if err := t.insert(ctx, tx, i, rec); err != nil {
				return fmt.Errorf("record %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (t table) ids(tb testing.TB, d *db.DB, e Expr, env Env, more string) map[int]bool {
	tb.Helper()
	where, args, err := e.SQL(t, Dialect{Postgres: d.Postgres()}, env)
	if err != nil {
		tb.Fatalf("%s: %v", e, err)
	}
	rows, err := d.Read().QueryContext(tb.Context(), "SELECT x.id FROM f_x x WHERE "+where+more, args...)
	if err != nil {
		tb.Fatalf("%s\n%s: %v", e, where, err)
	}
	defer rows.Close()
	out := map[int]bool{}
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			tb.Fatal(err)
		}
		out[id] = true
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestSQL_AgreesWithTheVectors(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tab := table{fields: v.Fields, alias: "x"}
		var records []map[string]any
		for _, c := range v.Cases {
			records = append(records, c.Record)
		}
		tab.fill(t, d, records)
		for i, c := range v.Cases {
			env := v.env(t, c)
			got := tab.ids(t, d, c.Expr, env, fmt.Sprintf(" AND x.id = %d", i))[i]
			if got != c.Holds {
				where, args, _ := c.Expr.SQL(tab, Dialect{Postgres: d.Postgres()}, env)
				t.Errorf("%s: holds=%v, want %v\n%s\n%v %v", c.Name, got, c.Holds, c.Expr, where, args)
			}
		}
	})
}
