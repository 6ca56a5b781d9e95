// Package auth answers who is asking: passwords, sessions, lock-out and the first
// login of a new installation. What a person may do is in org.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Life of a session, and the lock-out rule.
const (
	IdleLife     = 12 * time.Hour
	AbsoluteLife = 7 * 24 * time.Hour
	MaxFailures  = 10
	FailWindow   = 15 * time.Minute
	touchEvery   = time.Minute // how stale used_at may be, to spare the disk
)

// Errors of signing in. A wrong name and a wrong password look alike.
var (
	ErrWrong   = errors.New("wrong user name or password")
	ErrSession = errors.New("no such session")
)

// LockedError means too many failures; nothing is tried before Until.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "auth: locked until " + e.Until.UTC().Format(time.RFC3339)
}

// WeakError says why a chosen password is refused.
type WeakError struct{ ZH, EN string }

func (e *WeakError) Error() string { return "auth: " + e.EN }

// Session is one signed-in browser.
type Session struct {
	User       org.User
	MustChange bool // the password was made by someone else
	Created    time.Time
	hash       string
}

// Key tells sessions apart without being usable as a token.
func (s Session) Key() string { return s.hash }

// Actor is the session's person, acting from ip.
func (s Session) Actor(ip string) org.Actor {
	return org.Actor{ID: s.User.ID, Name: s.User.Name, Role: s.User.Role, IP: ip}
}

// Service signs people in and out.
type Service struct {
	db     *db.DB
	users  *org.Store
	log    *audit.Log
	hasher *hasher
	decoy  string // a hash nobody knows the password of: unknown names cost as much as known ones
	dir    string
	file   sync.Mutex
}

// New makes the service; dir is where the first-login file is kept.
func New(ctx context.Context, d *db.DB, users *org.Store, log *audit.Log, dir string) (*Service, error) {
	s := &Service{db: d, users: users, log: log, hasher: newHasher(), dir: dir}
	var err error
	s.decoy, err = s.hasher.hash(ctx, rand.Text())
	return s, err
}

// Login checks name and password and opens a session. The token goes to the browser
// and is kept nowhere. Errors: [ErrWrong], [LockedError].
func (s *Service) Login(ctx context.Context, username, password, ip string, now time.Time) (Session, string, error) {
	username = strings.ToLower(strings.TrimSpace(username))
	attempt, err := s.reserve(ctx, username, now)
	if err != nil {
		if _, locked := errors.AsType[*LockedError](err); locked {
			by := org.Actor{Name: clip(username), IP: ip}
			return Session{}, "", errors.Join(err, s.log.Write(ctx, by, "session.locked", "", nil, now))
		}
		return Session{}, "", err
	}
	u, err := s.users.ByUsername(ctx, username)
	known := err == nil
	if err != nil && !errors.Is(err, org.ErrNotFound) {
		return Session{}, "", err
	}
	phc, must := s.decoy, false
	if known {
		if err := s.db.Read().QueryRowContext(ctx, `SELECT password, must_change FROM credential WHERE person = $1`, u.ID).Scan(&phc, &must); err != nil {
			return Session{}, "", fmt.Errorf("auth: read credential: %w", err)
		}
	}
	ok, err := s.hasher.verify(ctx, phc, password)
	if err != nil {
		return Session{}, "", err
	}
	if !ok || !known {
		by := org.Actor{Name: clip(username), IP: ip}
		return Session{}, "", errors.Join(ErrWrong, s.log.Write(ctx, by, "session.refused", "", map[string]string{"attempt": attempt}, now))
	}
	return s.open(ctx, u, must, ip, now)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40])
	}
	return s
}

// reserve counts an attempt as failed before it is tried, so that many at once cannot
// slip past the limit together; a success takes the count back.
func (s *Service) reserve(ctx context.Context, username string, now time.Time) (id string, err error) {
	name := usernameKey(username)
	id = rand.Text()
	return id, s.db.Tx(ctx, func(tx *sql.Tx) error {
		// Counting and noting must be one act: this row is the door that attempts pass one by one.
		if _, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ('login_gate', '') ON CONFLICT (name) DO UPDATE SET value = setting.value`); err != nil {
			return fmt.Errorf("auth: queue attempt: %w", err)
		}
		since := db.Millis(now.Add(-FailWindow))
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE at <= $1`, since); err != nil {
			return fmt.Errorf("auth: forget old failures: %w", err)
		}
		var n int
		var oldest sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(at) FROM login_failure WHERE username = $1`, name).Scan(&n, &oldest)
		if err != nil {
			return fmt.Errorf("auth: count failures: %w", err)
		}
		if n >= MaxFailures {
			return &LockedError{Until: db.Time(oldest.Int64).Add(FailWindow)}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO login_failure (id, username, at) VALUES ($1, $2, $3)`, id, name, db.Millis(now))
		if err != nil {
			return fmt.Errorf("auth: note attempt: %w", err)
		}
		return nil
	})
}

// usernameKey keeps hostile names short in the table.
func usernameKey(username string) string {
	sum := sha256.Sum256([]byte(username))
	return hex.EncodeToString(sum[:16])
}

func (s *Service) open(ctx context.Context, u org.User, must bool, ip string, now time.Time) (Session, string, error) {
	raw := make([]byte, 32)
	rand.Read(raw) //nolint:errcheck // never fails since Go 1.24
	token := base64.RawURLEncoding.EncodeToString(raw)
	out := Session{User: u, MustChange: must, Created: now.UTC().Truncate(time.Millisecond), hash: hashToken(token)}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE username = $1`, usernameKey(u.Username)); err != nil {
			return fmt.Errorf("auth: clear failures: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE created_at <= $1 OR used_at <= $2`,
			db.Millis(now.Add(-AbsoluteLife)), db.Millis(now.Add(-IdleLife))); err != nil {
			return fmt.Errorf("auth: forget old sessions: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO session (token_hash, person, ip, created_at, used_at) VALUES ($1, $2, $3, $4, $5)`,
			out.hash, u.ID, ip, db.Millis(now), db.Millis(now)); err != nil {
			return fmt.Errorf("auth: open session: %w", err)
		}
		return s.log.Append(ctx, tx, out.Actor(ip), "session.open", "user:"+u.ID, nil, now)
	})
	if err != nil {
		return Session{}, "", err
	}
	return out, token, nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session returns the session of a token and counts as use of it, or [ErrSession].
func (s *Service) Session(ctx context.Context, token string, now time.Time) (Session, error) {
	if token == "" {
		return Session{}, ErrSession
	}
	return s.byHash(ctx, hashToken(token), now)
}

// Refresh looks a session up again; an open event stream is use, so a watching seat
// never goes idle. Errors: [ErrSession].
func (s *Service) Refresh(ctx context.Context, old Session, now time.Time) (Session, error) {
	return s.byHash(ctx, old.hash, now)
}

func (s *Service) byHash(ctx context.Context, hash string, now time.Time) (Session, error) {
	var u org.User
	var at, created, used int64
	var must bool
	err := s.db.Read().QueryRowContext(ctx, `SELECT p.id, p.username, p.name, p.role, p.created_at, c.must_change, s.created_at, s.used_at
		FROM session s JOIN person p ON p.id = s.person JOIN credential c ON c.person = p.id WHERE s.token_hash = $1`, hash).
		Scan(&u.ID, &u.Username, &u.Name, &u.Role, &at, &must, &created, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, ErrSession
	case err != nil:
		return Session{}, fmt.Errorf("auth: read session: %w", err)
	}
	if !now.Before(db.Time(created).Add(AbsoluteLife)) || !now.Before(db.Time(used).Add(IdleLife)) {
		return Session{}, ErrSession
	}
	if now.Sub(db.Time(used)) >= touchEvery {
		// Harmless if it fails: a full disk must not sign out those who watch; the next use
		// tries again.
		_ = s.db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE session SET used_at = $1 WHERE token_hash = $2 AND used_at < $3`, db.Millis(now), hash, db.Millis(now))
			return err
		})
	}
	u.CreatedAt = db.Time(at)
	return Session{User: u, MustChange: must, Created: db.Time(created), hash: hash}, nil
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, ses Session, ip string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE token_hash = $1`, ses.hash); err != nil {
			return fmt.Errorf("auth: close session: %w", err)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "session.close", "user:"+ses.User.ID, nil, now)
	})
}
