package attach

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// live is what the process knows of an upload somebody works on.
type live struct {
	mu    sync.Mutex
	users int // guarded by Store.mu
	turn  int // who writes now: a request that comes later takes over
}

// hold locks an upload against everyone else in this process.
func (s *Store) hold(id string) (*live, func()) {
	s.mu.Lock()
	l := s.live[id]
	if l == nil {
		l = &live{}
		s.live[id] = l
	}
	l.users++
	s.mu.Unlock()
	return l, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(s.live, id)
		}
	}
}

// Begin announces a file. Errors: [ErrPurpose], [ErrType], [ErrSize], [ErrAnnounce],
// [ErrQuota], [ErrFull].
func (s *Store) Begin(ctx context.Context, by org.Actor, a Announcement) (Upload, error) {
	limits, err := s.Policy(ctx, by, a.Purpose, a.Mime)
	if err != nil {
		return Upload{}, err
	}
	if err := limits.announced(a); err != nil {
		return Upload{}, err
	}
	if err := s.room(a.Size); err != nil {
		return Upload{}, err
	}
	kept, err := marshalLimits(limits)
	if err != nil {
		return Upload{}, err
	}
	now := s.now()
	u := Upload{ID: strings.ToLower(rand.Text()), Size: a.Size, Chunk: MaxChunk, ExpiresAt: now.Add(openFor), Announcement: a, owner: by.ID, by: by.Name, limits: limits}
	if err := s.files.begin(u.ID); err != nil {
		return Upload{}, err
	}
	s.begins.Lock()
	defer s.begins.Unlock()
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		var n, bytes int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM upload WHERE owner = $1 AND expires_at > $2`, by.ID, db.Millis(now)).Scan(&n, &bytes); err != nil {
			return fmt.Errorf("attach: count uploads: %w", err)
		}
		if n >= MaxOpen || bytes+a.Size > MaxOpenBytes {
			return ErrQuota
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO upload (id, owner, owner_name, name, size, mime, purpose, limits, sha256, taken_at, place, received, begun_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13)`,
			u.ID, by.ID, by.Name, a.Name, a.Size, a.Mime, a.Purpose, kept, a.SHA256, db.Millis(a.TakenAt), a.Place, db.Millis(now), db.Millis(u.ExpiresAt))
		if err != nil {
			return fmt.Errorf("attach: begin upload: %w", err)
		}
		return nil
	})
	if err != nil {
		return Upload{}, errors.Join(err, gone(os.Remove(s.files.partial(u.ID))))
	}
	return u, nil
}

// begin makes the empty file, so that its name is safe before anything is acknowledged.
func (f folder) begin(id string) error {
	file, err := os.OpenFile(f.partial(id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return full(fmt.Errorf("attach: begin upload: %w", err))
	}
	return full(errors.Join(file.Close(), syncFolder(f.incoming())))
}

// room refuses what would take the disk the databases need.
func (s *Store) room(size int64) error {
	if s.Free == nil {
		return nil
	}
	free, err := s.Free()
	if err != nil {
		s.Log.Warn("free space unknown", "err", err)
		return nil
	}
	if free < reserve+uint64(max(size, 0)) { //nolint:gosec // not negative
		return ErrFull
	}
	return nil
}

// State tells how far an upload is. One that is finished says so. Errors: [ErrNotFound].
func (s *Store) State(ctx context.Context, by org.Actor, id string) (Upload, error) {
	u, err := s.upload(ctx, by, id)
	if !errors.Is(err, ErrNotFound) {
		return u, err
	}
	a, err := s.Get(ctx, s.DB.Read(), id)
	if err != nil || a.By.ID != by.ID {
		return Upload{}, errors.Join(ErrNotFound, err)
	}
	return Upload{ID: id, Offset: a.Original.Size, Size: a.Original.Size, Chunk: MaxChunk, ExpiresAt: a.At, Finished: true}, nil
}

func (s *Store) upload(ctx context.Context, by org.Actor, id string) (Upload, error) {
	u := Upload{ID: id, Chunk: MaxChunk}
	var limits string
	var taken, expires int64
	err := s.DB.Read().QueryRowContext(ctx, `SELECT owner, owner_name, name, size, mime, purpose, limits, sha256, taken_at, place, received, expires_at FROM upload WHERE id = $1`, id).
		Scan(&u.owner, &u.by, &u.Name, &u.Size, &u.Mime, &u.Purpose, &limits, &u.SHA256, &taken, &u.Place, &u.Offset, &expires)
	if err == nil {
		err = json.Unmarshal([]byte(limits), &u.limits)
	}
	u.TakenAt, u.ExpiresAt = db.Time(taken), db.Time(expires)
	u.Announcement.Size = u.Size
	if errors.Is(err, sql.ErrNoRows) || err == nil && (u.owner != by.ID || by.ID == "" || !u.ExpiresAt.After(s.now())) {
		return Upload{}, ErrNotFound
	}
	if err != nil {
		return Upload{}, fmt.Errorf("attach: read upload: %w", err)
	}
	// What the disk has lost was never safe, whatever was written down.
	st, err := os.Stat(s.files.partial(id))
	if err != nil && gone(err) != nil {
		return Upload{}, fmt.Errorf("attach: read upload: %w", err)
	}
	if err != nil {
		u.Offset = 0
	} else {
		u.Offset = min(u.Offset, st.Size())
	}
	return u, nil
}

const (
	pieceBytes = 256 << 10
	safeEvery  = 4 // pieces
)

// Append takes a chunk that begins at offset. What has arrived when the connection breaks
// is kept; what it returns is safe on the disk. A later request takes over from one that
// still waits for its client. Errors: [ErrNotFound], [ErrSize], [ErrFull], [OffsetError].
func (s *Store) Append(ctx context.Context, by org.Actor, id string, offset int64, body io.Reader) (Upload, error) {
	l, release := s.hold(id)
	defer release()
	l.mu.Lock()
	u, err := s.upload(ctx, by, id)
	if err == nil && u.Offset != offset {
		err = &OffsetError{u.Offset}
	}
	if err == nil {
		err = s.room(0)
	}
	if err != nil {
		l.mu.Unlock()
		return u, err
	}
	l.turn++
	w := &writer{s: s, l: l, turn: l.turn, u: &u, at: offset}
	l.mu.Unlock()
	file, err := os.OpenFile(s.files.partial(id), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return u, full(fmt.Errorf("attach: open upload: %w", err))
	}
	w.file = file
	// The client may have gone by now; what it sent is kept all the same.
	err = w.take(context.WithoutCancel(ctx), body)
	return u, errors.Join(err, file.Close())
}

// writer takes the pieces of one request.
type writer struct {
	s    *Store
	l    *live
	turn int
	u    *Upload
	file *os.File
	at   int64 // written, not all of it safe yet
}

func (w *writer) take(ctx context.Context, body io.Reader) error {
	buf := make([]byte, min(pieceBytes, MaxChunk))
	begun := w.at
	for n := 1; ; n++ {
		got, readErr := io.ReadFull(body, buf)
		ended := readErr != nil
		if err := w.piece(ctx, buf[:got], begun, ended || n%safeEvery == 0); err != nil {
			return err
		}
		if _, ok := errors.AsType[*http.MaxBytesError](readErr); ok {
			return ErrSize
		}
		if ended { // a cut is no error of ours: the client asks for the offset
			return nil
		}
	}
}

// piece writes one, and makes it safe if it should be.
func (w *writer) piece(ctx context.Context, b []byte, begun int64, safe bool) error {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	if w.l.turn != w.turn {
		return &OffsetError{w.u.Offset}
	}
	if end := w.at + int64(len(b)); end > w.u.Size || end-begun > MaxChunk {
		return errors.Join(ErrSize, w.safe(ctx))
	}
	if len(b) > 0 {
		if _, err := w.s.files.writable(w.file).WriteAt(b, w.at); err != nil {
			return full(errors.Join(fmt.Errorf("attach: write upload: %w", err), w.file.Truncate(w.u.Offset)))
		}
		w.at += int64(len(b))
	}
	if safe {
		return w.safe(ctx)
	}
	return nil
}

// safe brings what was written to the disk and then says so.
func (w *writer) safe(ctx context.Context) error {
	if w.at == w.u.Offset {
		return nil
	}
	if err := w.file.Sync(); err != nil {
		return full(fmt.Errorf("attach: sync upload: %w", err))
	}
	err := w.s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE upload SET received = $2 WHERE id = $1`, w.u.ID, w.at)
		if err != nil {
			return fmt.Errorf("attach: note offset: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrNotFound, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.s.received.Add(float64(w.at - w.u.Offset))
	w.u.Offset = w.at
	return nil
}

// Discard gives an unfinished upload up. Errors: [ErrNotFound].
func (s *Store) Discard(ctx context.Context, by org.Actor, id string) error {
	l, release := s.hold(id)
	defer release()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := s.upload(ctx, by, id); err != nil {
		return err
	}
	l.turn++
	return s.discard(ctx, id)
}

func (s *Store) discard(ctx context.Context, id string) error {
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM upload WHERE id = $1`, id)
		return err
	})
	if err == nil {
		err = gone(os.Remove(s.files.partial(id)))
	}
	if err != nil {
		return fmt.Errorf("attach: discard upload: %w", err)
	}
	return nil
}
