package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/auth/signon"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Outside reads the settings of the outside provider.
func (s *Service) Outside(ctx context.Context) (o signon.Settings, err error) {
	var doc string
	err = s.db.Read().QueryRowContext(ctx, `SELECT value FROM setting WHERE name = 'oidc'`).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return o, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &o)
	}
	if err != nil {
		return o, fmt.Errorf("auth: read outside provider: %w", err)
	}
	return o, nil
}

// SetOutside changes the settings of the outside provider; what its newcomers get must
// be the giver's to give. Errors: [org.InvalidError], [org.ErrBeyond].
func (s *Service) SetOutside(ctx context.Context, ses Session, o signon.Settings, ip string, now time.Time) error {
	if err := o.Check(); err != nil {
		return err
	}
	if o.Default != nil {
		as := []org.Assignment{{Role: o.Default.Role, Scope: o.Default.Scope}}
		if len(ses.book.Permissions(o.Default.Role)) == 0 || ses.book.CheckScope(o.Default.Scope) != nil {
			return &org.InvalidError{Field: "default", ZH: "没有这个角色或范围", EN: "no such role or scope"}
		}
		if err := ses.Grantable(as); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveSetting(ctx, tx, "oidc", o); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "sign_in.oidc", "setting:oidc", o, now)
	})
}

// SignInOutside opens a session for someone the provider vouches for. The first time
// the account is bound to that identity; another identity with the same name does not
// get in afterwards. Errors: [signon.ErrUnknown], [ErrWrong] for one who is disabled.
func (s *Service) SignInOutside(ctx context.Context, o signon.Settings, p signon.Person, ip, agent string, now time.Time) (Session, string, error) {
	u, err := s.bound(ctx, o, p, ip, now)
	by := org.Actor{Name: clip(p.Username), IP: ip}
	if errors.Is(err, signon.ErrUnknown) || err == nil && !u.Active {
		why := map[string]string{"issuer": p.Issuer, "subject": clipTo(p.Subject, 100)}
		if err == nil {
			err, why["why"] = ErrWrong, "disabled"
		}
		return Session{}, "", errors.Join(err, s.log.Write(ctx, by, "session.refused", "", why, now))
	}
	if err != nil {
		return Session{}, "", err
	}
	return s.open(ctx, u, ip, agent, "session.open_outside", now)
}

func (s *Service) bound(ctx context.Context, o signon.Settings, p signon.Person, ip string, now time.Time) (u org.User, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		var person string
		err := tx.QueryRowContext(ctx, `SELECT person FROM outside_identity WHERE issuer = $1 AND subject = $2`, p.Issuer, p.Subject).Scan(&person)
		if err == nil {
			u, err = s.users.GetTx(ctx, tx, person)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("auth: read identity: %w", err)
		}
		if p.Username == "" {
			return signon.ErrUnknown
		}
		u, err = s.users.ByUsernameTx(ctx, tx, p.Username)
		switch {
		case errors.Is(err, org.ErrNotFound):
			if u, err = s.newcomer(ctx, tx, o, p, now); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO outside_identity (issuer, subject, person, linked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			p.Issuer, p.Subject, u.ID, db.Millis(now))
		if err != nil {
			return fmt.Errorf("auth: bind identity: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(signon.ErrUnknown, err) // the account belongs to another identity
		}
		return s.log.Append(ctx, tx, org.Actor{ID: u.ID, Name: u.Name, Role: u.Role, IP: ip}, "user.bind", "user:"+u.ID, map[string]string{"issuer": p.Issuer, "subject": p.Subject}, now)
	})
	return u, err
}

// newcomer makes an account without a password for someone who is welcome.
func (s *Service) newcomer(ctx context.Context, tx *sql.Tx, o signon.Settings, p signon.Person, now time.Time) (org.User, error) {
	if o.Default == nil || !p.Welcome {
		return org.User{}, signon.ErrUnknown
	}
	u, err := s.users.Add(ctx, tx, org.User{Username: p.Username, Name: clip(p.Name), Assignments: []org.Assignment{{Role: o.Default.Role, Scope: o.Default.Scope}}}, now)
	if _, bad := errors.AsType[*org.InvalidError](err); bad {
		return u, errors.Join(signon.ErrUnknown, err)
	}
	if err != nil {
		return u, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO credential (person, password, must_change, changed_at) VALUES ($1, $2, 0, $3)`, u.ID, noPassword, db.Millis(now)); err != nil {
		return u, fmt.Errorf("auth: add credential: %w", err)
	}
	return u, s.log.Append(ctx, tx, org.System(), "user.add", "user:"+u.ID, map[string]any{"username": u.Username, "assignments": u.Assignments, "issuer": p.Issuer}, now)
}
