package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// APIKey lets a program act with a part of its maker's rights.
type APIKey struct {
	ID          string           `json:"id"` // also the readable part of the key
	Name        string           `json:"name"`
	Person      string           `json:"person"`
	PersonName  string           `json:"person_name"`
	Permissions []org.Permission `json:"permissions"`
	Scopes      []org.Scope      `json:"scopes"`
	Created     time.Time        `json:"created_at"`
	Expires     time.Time        `json:"expires_at"`
	Used        time.Time        `json:"used_at,omitzero"`
	Revoked     time.Time        `json:"revoked_at,omitzero"`
}

// MaxKeyLife is the longest life of an API key.
const MaxKeyLife = 2 * 366 * 24 * time.Hour

const (
	keyPrefix = "anlan_"
	keyIDLen  = 10
)

// notForKeys are rights that a program must not have: it could make itself more.
func notForKeys() []org.Permission { return []org.Permission{org.UserManage, org.KeyManage} }

// NewKey makes a key; the text is shown once and only its hash kept. Errors:
// [org.InvalidError], [org.ErrBeyond].
func (s *Service) NewKey(ctx context.Context, ses Session, k APIKey, ip string, now time.Time) (APIKey, string, error) {
	if n := utf8.RuneCountInString(strings.TrimSpace(k.Name)); n == 0 || n > 60 {
		return k, "", &org.InvalidError{Field: "name", ZH: "名称须为 1 至 60 个字", EN: "1 to 60 characters"}
	}
	if !k.Expires.After(now) || k.Expires.After(now.Add(MaxKeyLife)) {
		return k, "", &org.InvalidError{Field: "expires_at", ZH: "有效期须在两年以内", EN: "must end within two years"}
	}
	if len(k.Permissions) == 0 || len(k.Scopes) == 0 {
		return k, "", &org.InvalidError{Field: "permissions", ZH: "至少选一个权限和一个范围", EN: "choose at least one permission and one scope"}
	}
	for _, sc := range k.Scopes {
		if err := ses.book.CheckScope(sc); err != nil {
			return k, "", err
		}
		for _, p := range k.Permissions {
			if slices.Contains(notForKeys(), p) || !p.Known() {
				return k, "", &org.InvalidError{Field: "permissions", ZH: "密钥不能有此权限：" + p.Title().ZH, EN: "a key cannot have this: " + p.Title().EN}
			}
			if !ses.Rights.Holds(p, sc) {
				return k, "", fmt.Errorf("auth: new key: %s in %s: %w", p, sc, org.ErrBeyond)
			}
		}
	}
	k.ID = strings.ToLower(rand.Text()[:keyIDLen])
	text := keyPrefix + k.ID + "_" + strings.ToLower(rand.Text()+rand.Text()) // 260 bits
	k.Name, k.Person, k.PersonName, k.Created = strings.TrimSpace(k.Name), ses.User.ID, ses.User.Name, now.UTC().Truncate(time.Millisecond)
	k.Expires = k.Expires.UTC().Truncate(time.Millisecond)
	permissions, err := json.Marshal(k.Permissions)
	if err != nil {
		return k, "", fmt.Errorf("auth: encode key: %w", err)
	}
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return k, "", fmt.Errorf("auth: encode key: %w", err)
	}
	return k, text, s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO api_key (id, name, hash, person, permissions, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			k.ID, k.Name, hashToken(text), k.Person, string(permissions), string(scopes), db.Millis(k.Created), db.Millis(k.Expires)); err != nil {
			return fmt.Errorf("auth: write key: %w", err)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "key.new", "key:"+k.ID, k, now)
	})
}

const keyColumns = `SELECT k.id, k.name, k.person, p.name, k.permissions, k.scopes, k.created_at, k.expires_at, k.used_at, k.revoked_at FROM api_key k JOIN person p ON p.id = k.person`

// Keys lists the keys, newest first; of one person, or all for "".
func (s *Service) Keys(ctx context.Context, person string) ([]APIKey, error) {
	rows, err := s.db.Read().QueryContext(ctx, keyColumns+` WHERE $1 = '' OR k.person = $2 ORDER BY k.created_at DESC, k.id`, person, person)
	if err != nil {
		return nil, fmt.Errorf("auth: list keys: %w", err)
	}
	defer rows.Close()
	out := []APIKey{}
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// KeyByID returns one key, or [org.ErrNotFound].
func (s *Service) KeyByID(ctx context.Context, id string) (APIKey, error) {
	return scanKey(s.db.Read().QueryRowContext(ctx, keyColumns+` WHERE k.id = $1`, id))
}

func scanKey(row interface{ Scan(...any) error }) (APIKey, error) {
	var k APIKey
	var permissions, scopes string
	var created, expires, used, revoked int64
	err := row.Scan(&k.ID, &k.Name, &k.Person, &k.PersonName, &permissions, &scopes, &created, &expires, &used, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return k, fmt.Errorf("auth: key: %w", org.ErrNotFound)
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(permissions), &k.Permissions), json.Unmarshal([]byte(scopes), &k.Scopes))
	}
	if err != nil {
		return k, fmt.Errorf("auth: read key: %w", err)
	}
	k.Created, k.Expires, k.Used, k.Revoked = db.Time(created), db.Time(expires), db.Time(used), db.Time(revoked)
	return k, nil
}

// RevokeKey ends a key for good. Errors: [org.ErrNotFound].
func (s *Service) RevokeKey(ctx context.Context, by org.Actor, id string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE api_key SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, db.Millis(now), id)
		if err != nil {
			return fmt.Errorf("auth: revoke key: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("auth: key: %w", org.ErrNotFound), err)
		}
		return s.log.Append(ctx, tx, by, "key.revoke", "key:"+id, nil, now)
	})
}

// Bearer reads the key out of an Authorization header. ok is false for anything that
// does not have the form of a key.
func Bearer(header string) (key string, ok bool) {
	scheme, rest, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	body, found := strings.CutPrefix(rest, keyPrefix)
	id, secret, cut := strings.Cut(body, "_")
	if !found || !cut || len(id) != keyIDLen || len(secret) != 52 {
		return "", false
	}
	if strings.ContainsFunc(id+secret, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }) {
		return "", false
	}
	return rest, true
}

// ByKey returns what a key may do at this moment: what it was given and its maker still
// holds. Errors: [ErrSession].
func (s *Service) ByKey(ctx context.Context, text string, now time.Time) (Session, error) {
	return s.keySession(ctx, ` WHERE k.hash = $1`, hashToken(text), now)
}

func (s *Service) keyAgain(ctx context.Context, id string, now time.Time) (Session, error) {
	return s.keySession(ctx, ` WHERE k.id = $1`, id, now)
}

func (s *Service) keySession(ctx context.Context, where, value string, now time.Time) (Session, error) {
	k, err := scanKey(s.db.Read().QueryRowContext(ctx, keyColumns+where, value))
	if errors.Is(err, org.ErrNotFound) {
		return Session{}, ErrSession
	}
	if err != nil {
		return Session{}, err
	}
	if !k.Revoked.IsZero() || !now.Before(k.Expires) {
		return Session{}, ErrSession
	}
	out := Session{KeyID: k.ID, KeyName: k.Name, Created: k.Created, hash: "key:" + k.ID}
	if err := s.fill(ctx, &out, k.Person); err != nil {
		return Session{}, err
	}
	out.Rights = out.Rights.Only(k.Permissions, k.Scopes, out.book.Buildings)
	out.MustChange, out.MustEnrol = false, false // of browsers
	if now.Sub(k.Used) >= touchEvery {
		// As with sessions: no reason to refuse.
		_ = s.db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE api_key SET used_at = $1 WHERE id = $2`, db.Millis(now), k.ID)
			return err
		})
	}
	return out, nil
}
