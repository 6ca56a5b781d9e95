package attach

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Twin makes within tx a further attachment of the bytes of one that is there, as if by had
// sent them at that time. The program itself asks; nobody's permission is looked at.
func (s *Store) Twin(ctx context.Context, tx *sql.Tx, of string, by org.Actor, at time.Time, place string) (string, error) {
	id := strings.ToLower(rand.Text())
	res, err := tx.ExecContext(ctx, `INSERT INTO attachment (id, sha256, mime, name, size, width, height, millis, taken_at, taken_from, lat, lon, place, purpose, thumbs, original_sha256, original_size, by_id, by_name, at, loose_at)
		SELECT $1, sha256, mime, name, size, width, height, millis, $2, 'told', lat, lon, $3, purpose, thumbs, original_sha256, original_size, $4, $5, $6, $7 FROM attachment WHERE id = $8`,
		id, db.Millis(at), place, by.ID, by.Name, db.Millis(at), db.Millis(s.now()), of)
	if err != nil {
		return "", fmt.Errorf("attach: twin: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return "", errors.Join(ErrNotFound, err)
	}
	return id, nil
}

// Tie is [Store.Refer] by the program itself: it asks for nobody's permission.
func (s *Store) Tie(ctx context.Context, tx *sql.Tx, ids []string, ref Ref) error {
	for _, id := range distinct(ids) {
		if err := link(ctx, tx, id, ref); err != nil {
			return err
		}
	}
	return nil
}

// Erase removes within tx the references of a record, and the attachments that nothing
// else refers to. Give what it returns to [Store.Drop] after the commit; a crash between
// leaves bytes that the sweep finds.
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, kind, form, record string) (sums []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT attachment FROM attachment_ref WHERE kind = $1 AND scope = $2 AND record = $3`, kind, form, record)
	if err != nil {
		return nil, fmt.Errorf("attach: erase: %w", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM attachment_ref WHERE kind = $1 AND scope = $2 AND record = $3`, kind, form, record); err != nil {
		return nil, fmt.Errorf("attach: erase: %w", err)
	}
	for _, id := range ids {
		more, err := s.eraseOne(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		sums = append(sums, more...)
	}
	return sums, nil
}

// eraseOne removes an attachment if nothing refers to it, and with a video its poster.
func (s *Store) eraseOne(ctx context.Context, tx *sql.Tx, id string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM attachment WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM attachment_ref r WHERE r.attachment = attachment.id) RETURNING sha256`, id)
	if err != nil {
		return nil, fmt.Errorf("attach: erase: %w", err)
	}
	sums, err := texts(rows)
	if err != nil || len(sums) == 0 {
		return nil, err
	}
	more, err := s.Erase(ctx, tx, kindPoster, "", id)
	return append(sums, more...), err
}

// EraseLoose removes within tx what a person has sent and nothing refers to, uploads that
// are not finished too. The rest is as in [Store.Erase].
func (s *Store) EraseLoose(ctx context.Context, tx *sql.Tx, person string) (sums []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM attachment WHERE by_id = $1 AND loose_at > 0`, person)
	if err != nil {
		return nil, fmt.Errorf("attach: erase: %w", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		more, err := s.eraseOne(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		sums = append(sums, more...)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE upload SET expires_at = 0 WHERE owner = $1`, person); err != nil {
		return nil, fmt.Errorf("attach: erase: %w", err)
	}
	return sums, nil
}

// Drop removes the bytes that no attachment has any more.
func (s *Store) Drop(ctx context.Context, sums []string) error {
	for _, sum := range distinct(sums) {
		if err := s.dropUnknown(ctx, sum); err != nil {
			return err
		}
	}
	return nil
}

// Tidy removes now what [Store.Run] would find later: uploads that are over, and files the
// database does not know.
func (s *Store) Tidy(ctx context.Context) error {
	return errors.Join(s.Sweep(ctx), s.search(ctx))
}
