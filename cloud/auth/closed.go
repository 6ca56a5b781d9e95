package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// AddClosed makes within tx an account that nobody can sign in to: no password opens it
// until somebody who manages people makes one. The caller writes the audit log.
func (s *Service) AddClosed(ctx context.Context, tx *sql.Tx, u org.User, now time.Time) (org.User, error) {
	u, err := s.users.Add(ctx, tx, u, now)
	if err != nil {
		return u, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO credential (person, password, must_change, changed_at) VALUES ($1, $2, 0, $3)`, u.ID, noPassword, db.Millis(now)); err != nil {
		return u, fmt.Errorf("auth: add credential: %w", err)
	}
	return u, nil
}

// Erase removes an account for good within tx, and every way in to it. The caller writes
// the audit log. Errors: [org.ErrLast].
func (s *Service) Erase(ctx context.Context, tx *sql.Tx, person string) error {
	for _, t := range []string{"session", "totp", "recovery_code", "api_key", "outside_identity", "credential"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE person = $1`, person); err != nil {
			return fmt.Errorf("auth: erase: %w", err)
		}
	}
	return s.users.Erase(ctx, tx, person)
}
