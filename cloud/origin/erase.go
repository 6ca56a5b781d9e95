package origin

import (
	"context"
	"database/sql"
	"fmt"
)

// Erase removes within tx where a record came from, as the record itself is erased.
func Erase(ctx context.Context, tx *sql.Tx, form, record string) error {
	for _, t := range []string{"hazard_origin", "hazard_alarm"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE form = $1 AND record = $2`, form, record); err != nil {
			return fmt.Errorf("origin: erase: %w", err)
		}
	}
	return nil
}
