package form

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"anlan/cloud/document"
)

// Erase removes records for good within tx, with their logs, sub-forms, and links from and
// to them. Only a demo community goes this way; what people record is kept.
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, form string, ids []string) error {
	if !formKeyRE.MatchString(form) {
		return ErrNotFound
	}
	if len(ids) == 0 {
		return nil
	}
	marks, args := listed(ids, 0)
	more, withForm := listed(ids, 1)
	withForm = append([]any{form}, withForm...)
	for _, q := range []string{`DELETE FROM record_log WHERE form = $1 AND id IN (` + more + `)`, `DELETE FROM form_link WHERE from_form = $1 AND from_id IN (` + more + `)`, `DELETE FROM form_link WHERE to_form = $1 AND to_id IN (` + more + `)`} {
		if _, err := tx.ExecContext(ctx, q, withForm...); err != nil {
			return fmt.Errorf("form: erase: %w", err)
		}
	}
	// The rows of sub-forms go with their record.
	if _, err := tx.ExecContext(ctx, `DELETE FROM `+tableName(form, "")+` WHERE id IN (`+marks+`)`, args...); err != nil {
		return fmt.Errorf("form: erase: %w", err)
	}
	return nil
}

func listed(ids []string, after int) (marks string, args []any) {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = fmt.Sprintf("$%d", i+1+after)
		args = append(args, id)
	}
	return strings.Join(all, ", "), args
}

// InCommunity lists up to limit records of a form that are in a community, deleted ones too.
func (s *Store) InCommunity(ctx context.Context, form, community string, limit int) ([]string, error) {
	if !formKeyRE.MatchString(form) {
		return nil, ErrNotFound
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id FROM `+tableName(form, "")+` WHERE community = $1 LIMIT $2`, community, limit)
	if err != nil {
		return nil, fmt.Errorf("form: list community: %w", err)
	}
	return strs(rows)
}

// CountIn counts them.
func (s *Store) CountIn(ctx context.Context, form, community string) (n int, err error) {
	if !formKeyRE.MatchString(form) {
		return 0, ErrNotFound
	}
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM `+tableName(form, "")+` WHERE community = $1`, community).Scan(&n); err != nil {
		return 0, fmt.Errorf("form: count community: %w", err)
	}
	return n, nil
}

// Tables lists every form that has tables.
func (s *Store) Tables(ctx context.Context) ([]string, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT form FROM form_table ORDER BY form`)
	if err != nil {
		return nil, fmt.Errorf("form: list tables: %w", err)
	}
	return strs(rows)
}

func strs(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("form: read: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: read: %w", err)
	}
	return out, nil
}

// EraseForm removes a form for good within tx: its document, tables, grants, numbers and
// views. Its records must have been erased. Call [Store.Forget] after the commit.
func (s *Store) EraseForm(ctx context.Context, tx *sql.Tx, form string) error {
	if !formKeyRE.MatchString(form) {
		return ErrNotFound
	}
	known, err := registry(ctx, tx, form)
	if err != nil {
		return err
	}
	m := &migration{ctx: ctx, tx: tx, form: form}
	for _, r := range known {
		if r.typ == Rows && r.sub == "" {
			m.exec(`DROP TABLE IF EXISTS ` + tableName(form, r.field))
		}
	}
	m.exec(`DROP TABLE IF EXISTS ` + tableName(form, ""))
	for _, t := range []string{"form_table", "form_column", "form_grant", "form_serial", "form_view"} {
		m.exec(`DELETE FROM `+t+` WHERE form = $1`, form)
	}
	if m.err != nil {
		return m.err
	}
	return s.docs.Erase(ctx, tx, document.Form, form)
}

// Forget drops what is remembered of a form that was erased: another of that name may come.
func (s *Store) Forget(form string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.defs {
		if k.form == form {
			delete(s.defs, k)
		}
	}
}

// Empty says within tx if a form is there and has no records, deleted ones counted.
func (s *Store) Empty(ctx context.Context, tx *sql.Tx, form string) (bool, error) {
	if !formKeyRE.MatchString(form) {
		return false, ErrNotFound
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM form_table WHERE form = $1`, form).Scan(&n); err != nil || n == 0 {
		return false, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+tableName(form, "")).Scan(&n); err != nil {
		return false, fmt.Errorf("form: count: %w", err)
	}
	return n == 0, nil
}
