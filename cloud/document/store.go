package document

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Store keeps documents in SQL.
type Store struct {
	db      *db.DB
	log     *audit.Log
	classes map[Kind]Class
}

// NewStore uses an open database. classes is what is known of each kind; a kind without
// one is only checked to be JSON.
func NewStore(d *db.DB, log *audit.Log, classes map[Kind]Class) *Store {
	return &Store{d, log, classes}
}

// querier is what a statement can be sent to: a transaction or the pool for reads.
type querier interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// lock makes the head row if it is missing, and keeps other writers of the key out until
// the transaction ends.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, k Kind, key string) (current, last int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO document (kind, key, current, last, retired_at) VALUES ($1, $2, 0, 0, 0)
		ON CONFLICT (kind, key) DO UPDATE SET last = document.last RETURNING current, last`, string(k), key).Scan(&current, &last)
	if err != nil {
		return 0, 0, fmt.Errorf("document: lock %s %s: %w", k, key, err)
	}
	return current, last, nil
}

// SaveDraft writes the draft of a key within tx. rev is the draft's revision that the
// writer has seen, 0 for none. What is not JSON is refused; what is wrong with it
// otherwise is returned beside the draft, which is kept.
func (s *Store) SaveDraft(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, body []byte, rev int64, now time.Time) (Draft, []Problem, error) {
	if err := checkName(k, key); err != nil {
		return Draft{}, nil, err
	}
	canon, err := Canonical(body)
	if err != nil {
		return Draft{}, nil, err
	}
	current, _, err := s.lock(ctx, tx, k, key)
	if err != nil {
		return Draft{}, nil, err
	}
	was, err := draft(ctx, tx, k, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Draft{}, nil, err
	}
	if was.Rev != rev {
		return was, nil, ErrConflict
	}
	d := Draft{Kind: k, Key: key, Rev: rev + 1, Base: was.Base, Body: canon, Author: by.ID, AuthorName: by.Name, At: db.Time(db.Millis(now))}
	if rev == 0 {
		d.Base = current
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO document_draft (kind, key, rev, base, body, author, author_name, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (kind, key) DO UPDATE SET rev = excluded.rev, base = excluded.base,
		body = excluded.body, author = excluded.author, author_name = excluded.author_name, updated_at = excluded.updated_at`,
		string(k), key, d.Rev, d.Base, string(canon), by.ID, by.Name, db.Millis(now)); err != nil {
		return Draft{}, nil, fmt.Errorf("document: save draft: %w", err)
	}
	if err := s.log.Append(ctx, tx, by, "document.draft", object(k, key), map[string]any{"rev": d.Rev, "checksum": Checksum(canon)}, now); err != nil {
		return Draft{}, nil, err
	}
	problems, err := s.problemsIn(ctx, tx, Version{Kind: k, Key: key, Body: canon}, current)
	return d, problems, err
}

func object(k Kind, key string) string { return string(k) + ":" + key }

func (s *Store) check(k Kind, key string, body json.RawMessage) []Problem {
	if c := s.classes[k]; c.Check != nil {
		return c.Check(key, body)
	}
	return nil
}

const draftColumns = `SELECT rev, base, body, author, author_name, updated_at FROM document_draft WHERE kind = $1 AND key = $2`

func draft(ctx context.Context, q querier, k Kind, key string) (Draft, error) {
	d := Draft{Kind: k, Key: key}
	var body string
	var at int64
	err := q.QueryRowContext(ctx, draftColumns, string(k), key).Scan(&d.Rev, &d.Base, &body, &d.Author, &d.AuthorName, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, ErrNotFound
	}
	if err != nil {
		return Draft{}, fmt.Errorf("document: read draft: %w", err)
	}
	d.Body, d.At = json.RawMessage(body), db.Time(at)
	return d, nil
}

// Draft returns the draft of a key, or ErrNotFound.
func (s *Store) Draft(ctx context.Context, k Kind, key string) (Draft, error) {
	return draft(ctx, s.db.Read(), k, key)
}

// Discard throws a draft away within tx. Errors: ErrNotFound, ErrConflict.
func (s *Store) Discard(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, rev int64, now time.Time) error {
	if _, _, err := s.lock(ctx, tx, k, key); err != nil {
		return err
	}
	d, err := draft(ctx, tx, k, key)
	if err != nil {
		return err
	}
	if d.Rev != rev {
		return ErrConflict
	}
	if err := dropDraft(ctx, tx, k, key); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, by, "document.discard", object(k, key), map[string]any{"rev": rev}, now)
}

func dropDraft(ctx context.Context, tx *sql.Tx, k Kind, key string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM document_draft WHERE kind = $1 AND key = $2`, string(k), key); err != nil {
		return fmt.Errorf("document: drop draft: %w", err)
	}
	return nil
}

// Publish makes the draft the version in force, within tx. Every problem blocks it
// (InvalidError); ErrConflict if the draft is not the one seen, or another version came
// into force since it was begun.
func (s *Store) Publish(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, rev int64, note string, now time.Time) (Version, error) {
	current, _, err := s.lock(ctx, tx, k, key)
	if err != nil {
		return Version{}, err
	}
	d, err := draft(ctx, tx, k, key)
	if err != nil {
		return Version{}, err
	}
	if d.Rev != rev || d.Base != current {
		return Version{}, ErrConflict
	}
	v, err := s.publish(ctx, tx, by, Version{Kind: k, Key: key, Body: d.Body, Note: note}, "document.publish", now)
	if err != nil {
		return Version{}, err
	}
	return v, dropDraft(ctx, tx, k, key)
}

// publish writes v as the next version; its lock is held.
func (s *Store) publish(ctx context.Context, tx *sql.Tx, by org.Actor, v Version, action string, now time.Time) (Version, error) {
	current, last, err := s.lock(ctx, tx, v.Kind, v.Key)
	if err != nil {
		return Version{}, err
	}
	v.Version, v.Checksum = last+1, Checksum(v.Body)
	v.Author, v.AuthorName, v.At = by.ID, by.Name, db.Time(db.Millis(now))
	prev, err := s.previous(ctx, tx, v.Kind, v.Key, current)
	if err != nil {
		return Version{}, err
	}
	problems, err := s.problemsIn(ctx, tx, v, current)
	if err != nil {
		return Version{}, err
	}
	if len(problems) > 0 {
		return Version{}, &InvalidError{problems}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO document_version (kind, key, version, body, checksum, note, from_version, app, author, author_name, published_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, string(v.Kind), v.Key, v.Version, string(v.Body), v.Checksum, v.Note, v.From, v.App, by.ID, by.Name, db.Millis(now)); err != nil {
		return Version{}, fmt.Errorf("document: publish: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE document SET current = $1, last = $1, retired_at = 0 WHERE kind = $2 AND key = $3`, v.Version, string(v.Kind), v.Key); err != nil {
		return Version{}, fmt.Errorf("document: publish: %w", err)
	}
	if c := s.classes[v.Kind]; c.Publish != nil {
		if err := c.Publish(ctx, tx, v, prev); err != nil {
			return Version{}, err
		}
	}
	return v, s.log.Append(ctx, tx, by, action, object(v.Kind, v.Key), map[string]any{"version": v.Version, "from": v.From, "app": v.App, "checksum": v.Checksum, "note": v.Note}, now)
}

func (s *Store) previous(ctx context.Context, q querier, k Kind, key string, current int64) (*Version, error) {
	if current == 0 {
		return nil, nil
	}
	v, err := version(ctx, q, k, key, current)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// problemsIn is everything that keeps v from following the version in force.
func (s *Store) problemsIn(ctx context.Context, tx *sql.Tx, v Version, current int64) ([]Problem, error) {
	prev, err := s.previous(ctx, tx, v.Kind, v.Key, current)
	if err != nil {
		return nil, err
	}
	problems := s.check(v.Kind, v.Key, v.Body)
	if c := s.classes[v.Kind]; c.CheckIn != nil && len(problems) == 0 {
		return c.CheckIn(ctx, tx, v, prev)
	}
	return problems, nil
}

// RollBack makes a new version with the content of an old one, within tx. A draft stays.
func (s *Store) RollBack(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, to int64, note string, now time.Time) (Version, error) {
	current, _, err := s.lock(ctx, tx, k, key)
	if err != nil {
		return Version{}, err
	}
	old, err := version(ctx, tx, k, key, to)
	if err != nil {
		return Version{}, err
	}
	if to == current {
		return Version{}, invalid("", "这就是现行版本", "this is the version in force")
	}
	return s.publish(ctx, tx, by, Version{Kind: k, Key: key, Body: old.Body, Note: note, From: to}, "document.roll_back", now)
}

// Retire takes a document out of use within tx; records and running flows keep the
// version they pin. Publishing again brings it back.
func (s *Store) Retire(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, now time.Time) error {
	current, _, err := s.lock(ctx, tx, k, key)
	if err != nil {
		return err
	}
	if current == 0 {
		return ErrNotFound
	}
	if _, err := tx.ExecContext(ctx, `UPDATE document SET retired_at = $1 WHERE kind = $2 AND key = $3`, db.Millis(now), string(k), key); err != nil {
		return fmt.Errorf("document: retire: %w", err)
	}
	return s.log.Append(ctx, tx, by, "document.retire", object(k, key), map[string]any{"version": current}, now)
}

// Revive brings a retired document back into use within tx, as it was. Errors: ErrNotFound,
// InvalidError if what it refers to has changed so that it could not be published now.
func (s *Store) Revive(ctx context.Context, tx *sql.Tx, by org.Actor, k Kind, key string, now time.Time) error {
	current, _, err := s.lock(ctx, tx, k, key)
	if err != nil {
		return err
	}
	if current == 0 {
		return ErrNotFound
	}
	v, err := version(ctx, tx, k, key, current)
	if err != nil {
		return err
	}
	problems, err := s.problemsIn(ctx, tx, v, current)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return &InvalidError{problems}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE document SET retired_at = 0 WHERE kind = $1 AND key = $2`, string(k), key); err != nil {
		return fmt.Errorf("document: revive: %w", err)
	}
	return s.log.Append(ctx, tx, by, "document.revive", object(k, key), map[string]any{"version": current}, now)
}

const versionColumns = `version, body, checksum, note, from_version, app, author, author_name, published_at`

type scanner interface{ Scan(...any) error }

func scanVersion(r scanner, k Kind, key string) (Version, error) {
	v := Version{Kind: k, Key: key}
	var body string
	var at int64
	err := r.Scan(&v.Version, &body, &v.Checksum, &v.Note, &v.From, &v.App, &v.Author, &v.AuthorName, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, ErrNotFound
	}
	if err != nil {
		return Version{}, fmt.Errorf("document: read version: %w", err)
	}
	v.Body, v.At = json.RawMessage(body), db.Time(at)
	if Checksum(v.Body) != v.Checksum {
		return Version{}, fmt.Errorf("%w: %s %s version %d", ErrBroken, k, key, v.Version)
	}
	return v, nil
}

func version(ctx context.Context, q querier, k Kind, key string, n int64) (Version, error) {
	return scanVersion(q.QueryRowContext(ctx, `SELECT `+versionColumns+` FROM document_version WHERE kind = $1 AND key = $2 AND version = $3`, string(k), key, n), k, key)
}

// Version returns one published version, or ErrNotFound; ErrBroken if it was tampered with.
func (s *Store) Version(ctx context.Context, k Kind, key string, n int64) (Version, error) {
	return version(ctx, s.db.Read(), k, key, n)
}

// VersionTx is [Store.Version] within a transaction.
func (s *Store) VersionTx(ctx context.Context, tx *sql.Tx, k Kind, key string, n int64) (Version, error) {
	return version(ctx, tx, k, key, n)
}

const currentVersion = `SELECT v.version, v.body, v.checksum, v.note, v.from_version, v.app, v.author, v.author_name, v.published_at FROM document_version v
	JOIN document d ON d.kind = v.kind AND d.key = v.key AND d.current = v.version WHERE d.kind = $1 AND d.key = $2 AND d.retired_at = 0`

// Current returns the version in force, or ErrNotFound if there is none or it is retired.
func (s *Store) Current(ctx context.Context, k Kind, key string) (Version, error) {
	return scanVersion(s.db.Read().QueryRowContext(ctx, currentVersion, string(k), key), k, key)
}

// CurrentTx is [Store.Current] within a transaction.
func (s *Store) CurrentTx(ctx context.Context, tx *sql.Tx, k Kind, key string) (Version, error) {
	return scanVersion(tx.QueryRowContext(ctx, currentVersion, string(k), key), k, key)
}

// Versions lists the published versions of a key, newest first.
func (s *Store) Versions(ctx context.Context, k Kind, key string) ([]Version, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT `+versionColumns+` FROM document_version WHERE kind = $1 AND key = $2 ORDER BY version DESC`, string(k), key)
	if err != nil {
		return nil, fmt.Errorf("document: list versions: %w", err)
	}
	defer rows.Close()
	out := []Version{}
	for rows.Next() {
		v, err := scanVersion(rows, k, key)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("document: list versions: %w", err)
	}
	return out, nil
}

// List lists the documents of a kind by key, retired ones and bare drafts too.
func (s *Store) List(ctx context.Context, k Kind) ([]Head, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT d.key, d.current, d.last, d.retired_at, COALESCE(x.rev, 0), COALESCE(v.body, x.body, ''),
		COALESCE(v.app, ''), COALESCE(v.published_at, x.updated_at, 0) FROM document d
		LEFT JOIN document_draft x ON x.kind = d.kind AND x.key = d.key
		LEFT JOIN document_version v ON v.kind = d.kind AND v.key = d.key AND v.version = d.current
		WHERE d.kind = $1 AND (d.last > 0 OR x.rev IS NOT NULL) ORDER BY d.key`, string(k))
	if err != nil {
		return nil, fmt.Errorf("document: list: %w", err)
	}
	defer rows.Close()
	out := []Head{}
	for rows.Next() {
		h := Head{Kind: k}
		var at, changed int64
		var body string
		if err := rows.Scan(&h.Key, &h.Current, &h.Last, &at, &h.DraftRev, &body, &h.App, &changed); err != nil {
			return nil, fmt.Errorf("document: list: %w", err)
		}
		h.RetiredAt, h.At = db.Time(at), db.Time(changed)
		h.describe(body)
		out = append(out, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("document: list: %w", err)
	}
	return out, nil
}

// InUse lists the keys of a kind that have a version in force and are not retired.
func (s *Store) InUse(ctx context.Context, tx *sql.Tx, k Kind) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT key FROM document WHERE kind = $1 AND current > 0 AND retired_at = 0 ORDER BY key`, string(k))
	if err != nil {
		return nil, fmt.Errorf("document: list keys: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("document: list keys: %w", err)
		}
		out = append(out, key)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("document: list keys: %w", err)
	}
	return out, nil
}

// InForce returns the number of the version in force, and if the document is retired;
// ErrNotFound if there never was one. Without tx it reads what is committed.
func (s *Store) InForce(ctx context.Context, tx *sql.Tx, k Kind, key string) (n int64, retired bool, err error) {
	var q querier = s.db.Read()
	if tx != nil {
		q = tx
	}
	var at int64
	err = q.QueryRowContext(ctx, `SELECT current, retired_at FROM document WHERE kind = $1 AND key = $2 AND current > 0`, string(k), key).Scan(&n, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, ErrNotFound
	}
	if err != nil {
		return 0, false, fmt.Errorf("document: read head: %w", err)
	}
	return n, at != 0, nil
}
