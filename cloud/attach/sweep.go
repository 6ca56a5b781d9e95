package attach

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"anlan/cloud/db"
)

const (
	sweepEvery  = 10 * time.Minute
	searchEvery = 24 * time.Hour // the whole folder is walked
)

// Run sweeps until ctx ends: uploads that nobody finished within a day, attachments that
// nothing referred to within a week, and files the database does not know.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var searched time.Time
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("sweep", "err", err)
		}
		if now := s.now(); now.Sub(searched) >= searchEvery {
			if err := s.search(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("search for lost files", "err", err)
			}
			searched = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep removes what is over now.
func (s *Store) Sweep(ctx context.Context) error {
	ids, err := s.expired(ctx)
	for _, id := range ids {
		err = errors.Join(err, s.expire(ctx, id))
	}
	return errors.Join(err, s.sweepLoose(ctx))
}

func (s *Store) expire(ctx context.Context, id string) error {
	l, release := s.hold(id)
	defer release()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
	return s.discard(ctx, id)
}

func (s *Store) sweepLoose(ctx context.Context) error {
	before := db.Millis(s.now().Add(-looseFor))
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT id, sha256, thumbs FROM attachment WHERE loose_at > 0 AND loose_at <= $1 ORDER BY loose_at LIMIT 500`, before)
	if err != nil {
		return fmt.Errorf("attach: list loose: %w", err)
	}
	var old []Attachment
	for rows.Next() {
		var a Attachment
		if err := rows.Scan(&a.ID, &a.SHA256, &a.thumbs); err != nil {
			return errors.Join(fmt.Errorf("attach: list loose: %w", err), rows.Close())
		}
		old = append(old, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("attach: list loose: %w", err)
	}
	for _, a := range old {
		if err := s.remove(ctx, a, before); err != nil {
			return err
		}
	}
	return nil
}

// remove forgets an attachment first and its bytes afterwards: a crash between leaves
// bytes that the search finds.
func (s *Store) remove(ctx context.Context, a Attachment, before int64) error {
	removed := false
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM attachment WHERE id = $1 AND loose_at > 0 AND loose_at <= $2`, a.ID, before)
		if err != nil {
			return fmt.Errorf("attach: remove: %w", err)
		}
		n, err := res.RowsAffected()
		if removed = n == 1; err != nil || !removed { // something refers to it by now
			return err
		}
		return s.Release(ctx, tx, kindPoster, "", a.ID)
	})
	if err != nil || !removed {
		return err
	}
	s.swept.Inc()
	s.Log.Info("attachment swept: nothing referred to it", "id", a.ID)
	return s.dropUnknown(ctx, a.SHA256)
}

// dropUnknown removes bytes that no attachment has any more.
func (s *Store) dropUnknown(ctx context.Context, sum string) error {
	s.blobs.Lock()
	defer s.blobs.Unlock()
	var n int
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM attachment WHERE sha256 = $1 OR thumbs = $2`, sum, sum).Scan(&n); err != nil {
		return fmt.Errorf("attach: look for %s: %w", sum, err)
	}
	if n > 0 {
		return nil
	}
	return s.files.drop(sum)
}

// search walks the folder for files that a crash left behind.
func (s *Store) search(ctx context.Context) error {
	return filepath.WalkDir(s.files.root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || ctx.Err() != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		if filepath.Dir(path) == s.files.incoming() {
			return s.dropStray(ctx, path, d)
		}
		if sum, _, _ := strings.Cut(d.Name(), "."); len(sum) == 64 && path != "" && filepath.Dir(path) == filepath.Dir(s.files.blob(sum)) {
			return s.dropUnknown(ctx, sum)
		}
		return nil
	})
}

// dropStray removes an incoming file that is a day old and belongs to no upload.
func (s *Store) dropStray(ctx context.Context, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return gone(err)
	}
	if s.now().Sub(info.ModTime()) < openFor {
		return nil
	}
	var n int
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM upload WHERE id = $1`, d.Name()).Scan(&n); err != nil {
		return fmt.Errorf("attach: look for upload: %w", err)
	}
	if n > 0 {
		return nil
	}
	return gone(os.Remove(path))
}
