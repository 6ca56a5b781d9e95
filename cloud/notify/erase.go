package notify

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Erase removes within tx all that was told about subjects, to whomever.
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, subjects []string) error {
	return s.erase(ctx, tx, "subject", subjects)
}

// EraseFor removes within tx all that people were told, and how they wanted to be told.
func (s *Store) EraseFor(ctx context.Context, tx *sql.Tx, people []string) error {
	if err := s.erase(ctx, tx, "person", people); err != nil {
		return err
	}
	for _, p := range people {
		for _, t := range []string{"notice_change", "push_subscription", "notice_quiet"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE person = $1`, p); err != nil {
				return fmt.Errorf("notify: erase: %w", err)
			}
		}
	}
	return nil
}

func (s *Store) erase(ctx context.Context, tx *sql.Tx, column string, of []string) error {
	if len(of) == 0 {
		return nil
	}
	marks, args := make([]string, len(of)), make([]any, len(of))
	for i, v := range of {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), v
	}
	in := column + ` IN (` + strings.Join(marks, ", ") + `)`
	if _, err := tx.ExecContext(ctx, `DELETE FROM notice_delivery WHERE notice IN (SELECT id FROM notice WHERE `+in+`)`, args...); err != nil {
		return fmt.Errorf("notify: erase: %w", err)
	}
	return s.update(ctx, tx, `DELETE FROM notice WHERE `+in+` RETURNING person`, args...)
}
