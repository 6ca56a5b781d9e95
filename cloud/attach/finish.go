package attach

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

const (
	maxPhotoRead = 64 << 20  // bytes of a photo read into memory
	largeDecode  = 128 << 20 // bytes of memory from which photos are decoded one by one
)

// Finish checks a whole upload and makes the attachment of it, which has the same id;
// asked again it answers the same. poster is the id of a photo that stands for a video,
// or "". Errors: [ErrNotFound], [OffsetError] while bytes are missing, [ErrChecksum]
// (the upload begins anew), [ErrType], [ErrBroken], [ErrPixels], [ErrSeconds],
// [ErrCamera], [ErrPoster], [ErrFull].
func (s *Store) Finish(ctx context.Context, by org.Actor, id, poster string) (Attachment, error) {
	l, release := s.hold(id)
	defer release()
	l.mu.Lock()
	defer l.mu.Unlock()
	done, err := s.Get(ctx, s.DB.Read(), id)
	if err == nil && done.By.ID == by.ID && by.ID != "" {
		return done, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Attachment{}, err
	}
	u, err := s.upload(ctx, by, id)
	if err != nil {
		return Attachment{}, err
	}
	if u.Offset != u.Size {
		return Attachment{}, fmt.Errorf("%w: %w", ErrPartial, &OffsetError{u.Offset})
	}
	l.turn++ // nobody writes any more
	a, err := s.finish(ctx, u, poster)
	if err != nil {
		s.finished.WithLabelValues("refused").Inc()
		return Attachment{}, fmt.Errorf("attach: finish %s: %w", id, err)
	}
	s.finished.WithLabelValues("kept").Inc()
	if err := gone(os.Remove(s.files.partial(id))); err != nil {
		s.Log.Warn("upload left behind", "id", id, "err", err)
	}
	return a, nil
}

func (s *Store) finish(ctx context.Context, u Upload, poster string) (Attachment, error) {
	file, err := os.Open(s.files.partial(u.ID))
	if err != nil {
		return Attachment{}, fmt.Errorf("open upload: %w", err)
	}
	defer file.Close()
	sum, err := hashFile(file, u.Size)
	if err != nil {
		return Attachment{}, err
	}
	if u.SHA256 != "" && u.SHA256 != sum {
		return Attachment{}, errors.Join(ErrChecksum, s.rewind(ctx, u.ID))
	}
	mime, err := sniff(file, u.Size, u.Name)
	if err != nil {
		return Attachment{}, err
	}
	// Types that are not accepted are not even decoded.
	if err := (Limits{Accept: u.limits.Accept}).found(content{mime: mime}, u.TakenAt, s.now()); err != nil {
		return Attachment{}, err
	}
	a := Attachment{ID: u.ID, SHA256: sum, Mime: mime, Size: u.Size, Place: u.Place, Purpose: u.Purpose,
		Original: Original{SHA256: sum, Size: u.Size}, By: Uploader{u.owner, u.by}, At: s.now()}
	if video := mime == MP4 || mime == MOV || mime == WebM; poster != "" && !video {
		return Attachment{}, ErrPoster // it would become readable with this one
	}
	s.blobs.RLock() // from the first byte until the database knows them
	defer s.blobs.RUnlock()
	switch mime {
	case JPEG, PNG, WebP:
		err = s.finishPhoto(ctx, u, file, &a)
	case MP4, MOV, WebM:
		err = s.finishVideo(ctx, u, file, &a, poster)
	default:
		err = s.files.adopt(file.Name(), s.files.blob(sum))
	}
	if err != nil {
		return Attachment{}, err
	}
	if a.TakenAt.IsZero() && !u.TakenAt.IsZero() {
		a.TakenAt, a.TakenFrom = u.TakenAt.UTC(), "told"
	}
	a.Name, a.Thumb = cleanName(u.Name, a.Mime), a.thumbs != ""
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.insert(ctx, tx, a); err != nil || poster == "" {
			return err
		}
		return link(ctx, tx, poster, Ref{Kind: kindPoster, Record: a.ID, Field: "poster"})
	})
	if err != nil {
		return Attachment{}, err
	}
	return s.Get(ctx, s.DB.Read(), a.ID) // as it will be read, times in milliseconds
}

// rewind begins an upload anew whose bytes are not those that were meant.
func (s *Store) rewind(ctx context.Context, id string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE upload SET received = 0 WHERE id = $1`, id)
		return err
	})
}

func (a *Attachment) take(c content) {
	a.Mime, a.Width, a.Height, a.Seconds, a.GPS, a.TakenAt = c.mime, c.width, c.height, c.seconds, c.gps, c.taken
	if !c.taken.IsZero() {
		a.TakenFrom = "file"
	}
}

func (s *Store) finishPhoto(ctx context.Context, u Upload, file *os.File, a *Attachment) error {
	if u.Size > maxPhotoRead {
		return ErrSize
	}
	p, err := s.develop(ctx, u, file, a.Mime)
	if err != nil {
		return err
	}
	// What is accepted is said of what was sent, not of what became of it.
	sent := p.content
	sent.mime = a.Mime
	if err := u.limits.found(sent, u.TakenAt, s.now()); err != nil {
		return err
	}
	a.take(p.content)
	a.SHA256, a.Size = hashOf(p.data), int64(len(p.data))
	a.thumbs = a.SHA256
	if err := s.files.write(s.files.blob(a.SHA256), p.data); err != nil {
		return err
	}
	for side, data := range p.thumbs {
		if err := s.files.write(s.files.thumb(a.SHA256, side), data); err != nil {
			return err
		}
	}
	return nil
}

// develop waits for its turn: decoding takes memory.
func (s *Store) develop(ctx context.Context, u Upload, file *os.File, mime string) (photo, error) {
	select {
	case s.decodes <- struct{}{}:
		defer func() { <-s.decodes }()
	case <-ctx.Done():
		return photo{}, fmt.Errorf("wait for a decoder: %w", ctx.Err())
	}
	raw := make([]byte, u.Size)
	if _, err := file.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
		return photo{}, fmt.Errorf("read upload: %w", err)
	}
	memory, err := photoSize(raw, mime)
	if err != nil {
		return photo{}, err
	}
	if memory > largeDecode {
		s.large.Lock()
		defer s.large.Unlock()
	}
	return develop(raw, mime, s.Zone)
}

func (s *Store) finishVideo(ctx context.Context, u Upload, file *os.File, a *Attachment, poster string) error {
	c := content{mime: a.Mime}
	if a.Mime != WebM {
		m, err := readMovie(file, u.Size)
		if err != nil {
			return err
		}
		c.width, c.height, c.taken = m.width, m.height, m.created
		if m.seconds > 0 {
			c.seconds = &m.seconds
		}
	}
	if err := u.limits.found(c, u.TakenAt, s.now()); err != nil {
		return err
	}
	a.take(c)
	if poster != "" {
		p, err := s.Get(ctx, s.DB.Read(), poster)
		if err != nil || p.By.ID != u.owner || p.Mime != JPEG || p.thumbs != p.SHA256 {
			return errors.Join(ErrPoster, forgiven(err))
		}
		refs, err := s.refs(ctx, s.DB.Read(), poster)
		if err != nil {
			return err
		}
		if len(refs) > 0 {
			return ErrPoster
		}
		a.thumbs = p.thumbs
	}
	return s.files.adopt(file.Name(), s.files.blob(a.SHA256))
}

// forgiven leaves out that something is not there where that has its own words.
func forgiven(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// expired lists uploads whose time is over.
func (s *Store) expired(ctx context.Context) ([]string, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT id FROM upload WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500`, db.Millis(s.now()))
	if err != nil {
		return nil, fmt.Errorf("attach: list expired: %w", err)
	}
	return texts(rows)
}
