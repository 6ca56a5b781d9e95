package flow

import (
	"context"
	"database/sql"
	"fmt"
)

// Erase removes the instances on a record for good within tx, with their logs, and returns
// what the keys of their notices begin with. Only a demo community goes this way.
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, form, record string) (subjects []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM flow_instance WHERE form = $1 AND record = $2`, form, record)
	if err != nil {
		return nil, fmt.Errorf("flow: erase: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("flow: erase: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("flow: erase: %w", err)
	}
	for _, id := range ids {
		for _, t := range []string{"flow_timer", "flow_task", "flow_run", "flow_log"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE instance = $1`, id); err != nil {
				return nil, fmt.Errorf("flow: erase: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM flow_instance WHERE id = $1`, id); err != nil {
			return nil, fmt.Errorf("flow: erase: %w", err)
		}
		subjects = append(subjects, "flow/"+id+"/")
	}
	return subjects, nil
}
