package attach

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"

	"github.com/prometheus/client_golang/prometheus"
)

// Deps is what the store stands on.
type Deps struct {
	DB       *db.DB
	Data     string                                                    // the folder the cloud keeps its data in
	Policy   Policy                                                    // nil: [DefaultPolicy]
	MayRead  func(ctx context.Context, person org.Actor, ref Ref) bool // whether a person may read what refers; nil: nobody
	Free     func() (uint64, error)                                    // free bytes of the disk; nil: not asked
	Zone     *time.Location                                            // of cameras that do not tell theirs; nil: UTC
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
}

// Store keeps attachments: their bytes in a folder, everything else in SQL.
type Store struct {
	Deps
	files   folder
	decodes chan struct{} // two photos are decoded at a time
	large   sync.Mutex    // one of them may be large

	mu   sync.Mutex
	live map[string]*live // uploads somebody works on

	begins sync.Mutex // so that two uploads cannot both be a person's last one

	blobs sync.RWMutex // written while bytes are removed

	finished *prometheus.CounterVec
	received prometheus.Counter
	swept    prometheus.Counter
}

// New opens the folder.
func New(d Deps) (*Store, error) {
	if d.Policy == nil {
		d.Policy = DefaultPolicy
	}
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	files, err := openFolder(d.Data)
	if err != nil {
		return nil, err
	}
	s := &Store{Deps: d, files: files, decodes: make(chan struct{}, 2), live: map[string]*live{},
		finished: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "attach_uploads_finished_total", Help: "Uploads that were finished, by outcome."}, []string{"outcome"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{Name: "attach_uploads_received_bytes_total", Help: "Bytes taken in and acknowledged."}),
		swept:    prometheus.NewCounter(prometheus.CounterOpts{Name: "attach_attachments_swept_total", Help: "Attachments removed because nothing referred to them."})}
	d.Registry.MustRegister(s.finished, s.received, s.swept)
	return s, nil
}

func (s *Store) now() time.Time { return s.Now().UTC() }

// Querier reads; both a transaction and the pool do.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Reader is the pool, for those who have no transaction.
func (s *Store) Reader() Querier { return s.DB.Read() }

const attachmentColumns = `id, sha256, mime, name, size, width, height, millis, taken_at, taken_from, lat, lon, place, purpose, thumbs, original_sha256, original_size, by_id, by_name, at`

func scanAttachment(row interface{ Scan(...any) error }) (Attachment, error) {
	var a Attachment
	var millis, taken, at int64
	var lat, lon sql.NullFloat64
	err := row.Scan(&a.ID, &a.SHA256, &a.Mime, &a.Name, &a.Size, &a.Width, &a.Height, &millis, &taken, &a.TakenFrom, &lat, &lon, &a.Place, &a.Purpose,
		&a.thumbs, &a.Original.SHA256, &a.Original.Size, &a.By.ID, &a.By.Name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("attach: read attachment: %w", err)
	}
	if millis >= 0 {
		seconds := float64(millis) / 1000
		a.Seconds = &seconds
	}
	if lat.Valid && lon.Valid {
		a.GPS = &GPS{lat.Float64, lon.Float64}
	}
	a.TakenAt, a.At, a.Thumb = db.Time(taken), db.Time(at), a.thumbs != ""
	return a, nil
}

// Get reads one attachment without asking who wants it. Errors: [ErrNotFound].
func (s *Store) Get(ctx context.Context, q Querier, id string) (Attachment, error) {
	return scanAttachment(q.QueryRowContext(ctx, `SELECT `+attachmentColumns+` FROM attachment WHERE id = $1`, id))
}

// Many reads several, in the order asked for, each once. Errors: [ErrNotFound] if one of
// them is not there.
func (s *Store) Many(ctx context.Context, q Querier, ids []string) ([]Attachment, error) {
	ids = distinct(ids)
	if len(ids) == 0 {
		return []Attachment{}, nil
	}
	if len(ids) > maxRefer {
		return nil, fmt.Errorf("%w: %d attachments at once", ErrAnnounce, len(ids))
	}
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		marks[i], args[i] = "$"+strconv.Itoa(i+1), id
	}
	rows, err := q.QueryContext(ctx, `SELECT `+attachmentColumns+` FROM attachment WHERE id IN (`+strings.Join(marks, ",")+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("attach: read attachments: %w", err)
	}
	defer rows.Close()
	found := map[string]Attachment{}
	for rows.Next() {
		a, err := scanAttachment(rows)
		if err != nil {
			return nil, err
		}
		found[a.ID] = a
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("attach: read attachments: %w", err)
	}
	out := make([]Attachment, 0, len(ids))
	for _, id := range ids {
		a, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
		}
		out = append(out, a)
	}
	return out, nil
}

func distinct(ids []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// Refer notes in tx that a record refers to attachments; from then on whoever may read
// the record may read them, and nobody else. A reference stays when the field is changed
// later, for the record's history still shows it; see [Store.Release]. Only who may read
// an attachment may refer to it. Errors: [ErrNotFound].
func (s *Store) Refer(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, ref Ref) error {
	if ref.Kind == "" || ref.Record == "" || ref.Kind == kindPoster {
		return fmt.Errorf("attach: refer: no record in %+v", ref)
	}
	all, err := s.Many(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, a := range all {
		// Holding the row keeps the sweep away until the transaction ends.
		if _, err := tx.ExecContext(ctx, `UPDATE attachment SET loose_at = loose_at WHERE id = $1`, a.ID); err != nil {
			return fmt.Errorf("attach: refer: %w", err)
		}
		refs, err := s.refs(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if slices.Contains(refs, ref) {
			continue
		}
		if !s.allowed(ctx, tx, by, a, refs) {
			return fmt.Errorf("%w: %s", ErrNotFound, a.ID)
		}
		if err := link(ctx, tx, a.ID, ref); err != nil {
			return err
		}
	}
	return nil
}

// link writes a reference; the attachment must still be there.
func link(ctx context.Context, tx *sql.Tx, id string, ref Ref) error {
	res, err := tx.ExecContext(ctx, `UPDATE attachment SET loose_at = 0 WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("attach: refer: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrNotFound, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO attachment_ref (attachment, kind, scope, record, field) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		id, ref.Kind, ref.Form, ref.Record, ref.Field); err != nil {
		return fmt.Errorf("attach: refer: %w", err)
	}
	return nil
}

// Release takes all references of a record back, because the record itself is erased.
// What nothing refers to any more is its uploader's again, and swept a week later.
func (s *Store) Release(ctx context.Context, tx *sql.Tx, kind, form, record string) error {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT attachment FROM attachment_ref WHERE kind = $1 AND scope = $2 AND record = $3 ORDER BY attachment`, kind, form, record)
	if err != nil {
		return fmt.Errorf("attach: release: %w", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM attachment_ref WHERE kind = $1 AND scope = $2 AND record = $3`, kind, form, record); err != nil {
		return fmt.Errorf("attach: release: %w", err)
	}
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `UPDATE attachment SET loose_at = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM attachment_ref r WHERE r.attachment = attachment.id)`,
			id, db.Millis(s.now())); err != nil {
			return fmt.Errorf("attach: release: %w", err)
		}
	}
	return nil
}

func texts(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("attach: read: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("attach: read: %w", err)
	}
	return out, nil
}

func (s *Store) refs(ctx context.Context, q Querier, id string) ([]Ref, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, scope, record, field FROM attachment_ref WHERE attachment = $1 ORDER BY kind, scope, record, field`, id)
	if err != nil {
		return nil, fmt.Errorf("attach: read references: %w", err)
	}
	defer rows.Close()
	var out []Ref
	for rows.Next() {
		var r Ref
		if err := rows.Scan(&r.Kind, &r.Form, &r.Record, &r.Field); err != nil {
			return nil, fmt.Errorf("attach: read references: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("attach: read references: %w", err)
	}
	return out, nil
}

// allowed decides who may read: the uploader of what nothing refers to yet, and
// afterwards whoever may read one of the records. Doubt is a no.
func (s *Store) allowed(ctx context.Context, q Querier, person org.Actor, a Attachment, refs []Ref) bool {
	if person.ID == "" {
		return false
	}
	if len(refs) == 0 {
		return a.By.ID == person.ID
	}
	for _, r := range refs {
		if r.Kind == kindPoster { // a poster is read by whoever reads its video
			video, err := s.Get(ctx, q, r.Record)
			if err != nil {
				continue
			}
			of, err := s.refs(ctx, q, video.ID)
			of = slices.DeleteFunc(of, func(r Ref) bool { return r.Kind == kindPoster })
			if err == nil && s.allowed(ctx, q, person, video, of) {
				return true
			}
			continue
		}
		if s.MayRead != nil && s.MayRead(ctx, person, r) {
			return true
		}
	}
	return false
}

// ReadableBy reads an attachment for a person. One that the person may not read is
// [ErrNotFound], like one that is not there.
func (s *Store) ReadableBy(ctx context.Context, person org.Actor, id string) (Attachment, error) {
	a, err := s.Get(ctx, s.DB.Read(), id)
	if err != nil {
		return a, err
	}
	refs, err := s.refs(ctx, s.DB.Read(), id)
	if err != nil {
		return Attachment{}, err
	}
	if !s.allowed(ctx, s.DB.Read(), person, a, refs) {
		return Attachment{}, ErrNotFound
	}
	return a, nil
}

// Open opens the bytes of an attachment; the caller closes them.
func (s *Store) Open(a Attachment) (*os.File, error) {
	return s.open(s.files.blob(a.SHA256))
}

// OpenThumb opens a thumbnail, a JPEG whose long side is 160 or 480 pixels, and tells its
// own name for caches. Errors: [ErrNotFound].
func (s *Store) OpenThumb(a Attachment, side int) (*os.File, string, error) {
	if a.thumbs == "" || !slices.Contains(thumbSides[:], side) {
		return nil, "", ErrNotFound
	}
	f, err := s.open(s.files.thumb(a.thumbs, side))
	return f, a.thumbs + "." + strconv.Itoa(side), err
}

func (s *Store) open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		// The database says that it is there: somebody has to look.
		s.Log.Error("attachment missing on the disk", "file", path)
		return nil, fmt.Errorf("attach: open: lost: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("attach: open: %w", err)
	}
	return f, nil
}

// insert writes a finished attachment and ends its upload.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, a Attachment) error {
	millis, lat, lon := int64(-1), sql.NullFloat64{}, sql.NullFloat64{}
	if a.Seconds != nil {
		millis = int64(*a.Seconds * 1000)
	}
	if a.GPS != nil {
		lat, lon = sql.NullFloat64{Float64: a.GPS.Lat, Valid: true}, sql.NullFloat64{Float64: a.GPS.Lon, Valid: true}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO attachment (`+attachmentColumns+`, loose_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		a.ID, a.SHA256, a.Mime, a.Name, a.Size, a.Width, a.Height, millis, db.Millis(a.TakenAt), a.TakenFrom, lat, lon, a.Place, a.Purpose,
		a.thumbs, a.Original.SHA256, a.Original.Size, a.By.ID, a.By.Name, db.Millis(a.At), db.Millis(a.At))
	if err != nil {
		return fmt.Errorf("attach: keep attachment: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM upload WHERE id = $1`, a.ID); err != nil {
		return fmt.Errorf("attach: end upload: %w", err)
	}
	return nil
}

func marshalLimits(l Limits) (string, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("attach: keep limits: %w", err)
	}
	return string(raw), nil
}
