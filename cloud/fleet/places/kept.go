package places

import (
	"context"
	"database/sql"
	"fmt"
)

// Remembered reports whether rights or alarms refer to a place: then its id must stay.
// scope is that of a right, building is "" for a community.
func Remembered(ctx context.Context, tx *sql.Tx, scope, building string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM assignment WHERE scope = $1) + (SELECT COUNT(*) FROM api_key WHERE scopes LIKE $2) +
		(SELECT COUNT(*) FROM alarm WHERE building = $3 AND $4 <> '')`, scope, `%"`+scope+`"%`, building, building).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("places: look for rights and alarms: %w", err)
	}
	return n > 0, nil
}
