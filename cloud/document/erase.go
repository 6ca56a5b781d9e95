package document

import (
	"context"
	"database/sql"
	"fmt"
)

// Erase removes a document with every version of it within tx; nothing may use it any more.
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, k Kind, key string) error {
	for _, t := range []string{"document_draft", "document_version", "document"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE kind = $1 AND key = $2`, string(k), key); err != nil {
			return fmt.Errorf("document: erase: %w", err)
		}
	}
	return nil
}
