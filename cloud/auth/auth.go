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
	"slices"
	"strings"
	"sync"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// Life of a session, and the lock-out rule.
const (
	IdleLife     = 12 * time.Hour
	AbsoluteLife = 7 * 24 * time.Hour
	MaxFailures  = 10
	FailWindow   = 15 * time.Minute
	touchEvery   = time.Minute // how stale used_at may be, to spare the disk
	// Whoever watches when the absolute life ends goes on seeing, locked, this long after
	// the last look; an open stream looks every few seconds.
	watchGrace = 5 * time.Minute
)

// Errors of signing in. A wrong name and a wrong password look alike.
var (
	ErrWrong      = errors.New("wrong user name or password")
	ErrSession    = errors.New("no such session")
	ErrCodeWanted = errors.New("the second factor is wanted")
	ErrCodeWrong  = errors.New("wrong code")
)

// LockedError means too many failures; nothing is tried before Until.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "auth: locked until " + e.Until.UTC().Format(time.RFC3339)
}

// WeakError says why a chosen password is refused.
type WeakError struct{ ZH, EN string }

func (e *WeakError) Error() string { return "auth: " + e.EN }

// Session is one signed-in browser, or one use of an API key.
type Session struct {
	User        org.User
	Rights      org.Rights
	Roles       []contract.Text // names of the roles, in the order of the assignments
	MustChange  bool            // the password was made by someone else
	MustEnrol   bool            // the role needs a second factor and there is none yet
	TOTP        bool            // a second factor is enrolled
	HasPassword bool            // false for people of an outside provider
	Locked      bool            // may look on, nothing else
	KeyID       string          // the API key, "" for a browser
	KeyName     string
	Created     time.Time
	hash        string
	book        org.Book
}

// Key tells sessions apart without being usable as a token.
func (s Session) Key() string { return s.hash }

// Actor is the session's person, acting from ip.
func (s Session) Actor(ip string) org.Actor {
	name := s.User.Name
	if s.KeyID != "" {
		name += "（密钥 " + s.KeyName + "）"
	}
	return org.Actor{ID: s.User.ID, Name: name, Role: s.User.Role, IP: ip}
}

// ActorIn is the session's person acting in a building, with every role played there.
func (s Session) ActorIn(building, ip string) org.Actor {
	a := s.Actor(ip)
	a.Also = s.book.RolesIn(s.User.Assignments, building)
	if len(a.Also) > 0 {
		a.Role = a.Also[0]
	} else {
		a.Role = ""
	}
	return a
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

// SignIn is what is given to sign in.
type SignIn struct {
	Username, Password string
	Code               string // of the second factor, or a recovery code; "" when not asked yet
	IP, Agent          string
}

// Login is [Service.SignIn] for accounts without a second factor.
func (s *Service) Login(ctx context.Context, username, password, ip string, now time.Time) (Session, string, error) {
	return s.SignIn(ctx, SignIn{Username: username, Password: password, IP: ip}, now)
}

// SignIn checks name, password and second factor and opens a session. The token goes to
// the browser and is kept nowhere. Errors: [ErrWrong], [ErrCodeWanted], [ErrCodeWrong],
// [LockedError].
func (s *Service) SignIn(ctx context.Context, in SignIn, now time.Time) (Session, string, error) {
	in.Username = strings.ToLower(strings.TrimSpace(in.Username))
	by := org.Actor{Name: clip(in.Username), IP: in.IP}
	attempt, err := s.reserve(ctx, in.Username, now)
	if err != nil {
		if _, locked := errors.AsType[*LockedError](err); locked {
			return Session{}, "", errors.Join(err, s.log.Write(ctx, by, "session.locked", "", nil, now))
		}
		return Session{}, "", err
	}
	u, err := s.users.ByUsername(ctx, in.Username)
	known := err == nil
	if err != nil && !errors.Is(err, org.ErrNotFound) {
		return Session{}, "", err
	}
	phc := s.decoy
	if known {
		c, err := s.credential(ctx, u.ID)
		if err != nil {
			return Session{}, "", err
		}
		if known = c.phc != noPassword; known {
			phc = c.phc
		}
	}
	ok, err := s.hasher.verify(ctx, phc, in.Password)
	if err != nil {
		return Session{}, "", err
	}
	if !ok || !known || !u.Active {
		detail := map[string]string{"attempt": attempt}
		if ok && known {
			detail["why"] = "disabled"
		}
		return Session{}, "", errors.Join(ErrWrong, s.log.Write(ctx, by, "session.refused", "", detail, now))
	}
	if err := s.secondStep(ctx, u, in.Code, attempt, by, now); err != nil {
		return Session{}, "", err
	}
	return s.open(ctx, u, in.IP, in.Agent, "session.open", now)
}

// secondStep checks the code if the account has a second factor. The right password
// without a code is no failure, but it clears none either.
func (s *Service) secondStep(ctx context.Context, u org.User, code, attempt string, by org.Actor, now time.Time) error {
	enrolled, err := s.hasTOTP(ctx, u.ID)
	if err != nil || !enrolled {
		return err
	}
	if code == "" {
		return errors.Join(ErrCodeWanted, s.release(ctx, attempt))
	}
	ok, err := s.useCode(ctx, u, code, by.IP, now)
	if err != nil || ok {
		return err
	}
	return errors.Join(ErrCodeWrong, s.log.Write(ctx, by, "session.refused", "user:"+u.ID, map[string]string{"attempt": attempt, "why": "code"}, now))
}

// release takes back one attempt that was no failure.
func (s *Service) release(ctx context.Context, attempt string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE id = $1`, attempt)
		return err
	})
}

// noPassword is stored for people who sign in elsewhere; no password makes it.
const noPassword = "!"

type credential struct {
	phc  string
	must bool
}

func (s *Service) credential(ctx context.Context, person string) (c credential, err error) {
	if err := s.db.Read().QueryRowContext(ctx, `SELECT password, must_change FROM credential WHERE person = $1`, person).Scan(&c.phc, &c.must); err != nil {
		return c, fmt.Errorf("auth: read credential: %w", err)
	}
	return c, nil
}

func clip(s string) string { return clipTo(s, 40) }

func clipTo(s string, n int) string {
	if r := []rune(strings.ToValidUTF8(s, "")); len(r) > n {
		return string(r[:n])
	}
	return strings.ToValidUTF8(s, "")
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

// open makes a session with a token of its own: one from before the sign-in is never
// carried over.
func (s *Service) open(ctx context.Context, u org.User, ip, agent, action string, now time.Time) (Session, string, error) {
	raw := make([]byte, 32)
	rand.Read(raw) //nolint:errcheck // never fails since Go 1.24
	token := base64.RawURLEncoding.EncodeToString(raw)
	hash := hashToken(token)
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE username = $1`, usernameKey(u.Username)); err != nil {
			return fmt.Errorf("auth: clear failures: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE used_at <= $1`, db.Millis(now.Add(-IdleLife))); err != nil {
			return fmt.Errorf("auth: forget old sessions: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO session (token_hash, person, ip, created_at, used_at, renewed_at, agent) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			hash, u.ID, ip, db.Millis(now), db.Millis(now), db.Millis(now), clipTo(agent, 200)); err != nil {
			return fmt.Errorf("auth: open session: %w", err)
		}
		return s.log.Append(ctx, tx, org.Actor{ID: u.ID, Name: u.Name, Role: u.Role, IP: ip}, action, "user:"+u.ID, nil, now)
	})
	if err != nil {
		return Session{}, "", err
	}
	out, err := s.byHash(ctx, hash, now)
	return out, token, err
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
	if old.KeyID != "" {
		return s.keyAgain(ctx, old.KeyID, now)
	}
	return s.byHash(ctx, old.hash, now)
}

func (s *Service) byHash(ctx context.Context, hash string, now time.Time) (Session, error) {
	var person string
	var created, used, renewed int64
	out := Session{hash: hash}
	err := s.db.Read().QueryRowContext(ctx, `SELECT person, created_at, used_at, renewed_at, locked FROM session WHERE token_hash = $1`, hash).
		Scan(&person, &created, &used, &renewed, &out.Locked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, ErrSession
	case err != nil:
		return Session{}, fmt.Errorf("auth: read session: %w", err)
	}
	proven, seen := max(created, renewed), db.Time(used)
	if !now.Before(seen.Add(IdleLife)) {
		return Session{}, ErrSession
	}
	if !now.Before(db.Time(proven).Add(AbsoluteLife)) {
		// A screen that someone watches must not go blank: it may look on, no more.
		if !now.Before(seen.Add(watchGrace)) {
			return Session{}, ErrSession
		}
		out.Locked = true
	}
	if now.Sub(seen) >= touchEvery {
		// Harmless if it fails: a full disk must not sign out those who watch; the next use
		// tries again.
		_ = s.db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE session SET used_at = $1 WHERE token_hash = $2 AND used_at < $3`, db.Millis(now), hash, db.Millis(now))
			return err
		})
	}
	out.Created = db.Time(created)
	return out, s.fill(ctx, &out, person)
}

// fill adds who it is and what they may do at this moment.
func (s *Service) fill(ctx context.Context, out *Session, person string) (err error) {
	if out.User, err = s.users.Get(ctx, person); err != nil {
		return err
	}
	if !out.User.Active {
		return ErrSession
	}
	if out.book, err = s.users.Book(ctx); err != nil {
		return err
	}
	out.Rights = out.book.Rights(out.User.Assignments)
	for _, a := range out.User.Assignments {
		out.Roles = append(out.Roles, out.book.Title(a.Role))
	}
	c, err := s.credential(ctx, person)
	if err != nil {
		return err
	}
	out.MustChange, out.HasPassword = c.must, c.phc != noPassword
	if out.TOTP, err = s.hasTOTP(ctx, person); err != nil || out.TOTP || !out.HasPassword {
		return err
	}
	rules, err := s.Rules(ctx)
	out.MustEnrol = slices.ContainsFunc(out.User.Assignments, func(a org.Assignment) bool { return slices.Contains(rules.TOTPRoles, a.Role) })
	return err
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
