package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// Manageable reports whether ses may change u: it manages people wherever u plays a
// part, and holds all that u holds. Errors: [org.ErrBeyond].
func (ses Session) Manageable(u org.User) error {
	return ses.Grantable(u.Assignments)
}

// Grantable reports whether ses may give these assignments. Errors: [org.ErrBeyond].
func (ses Session) Grantable(as []org.Assignment) error {
	if len(as) == 0 && !ses.Rights.Holds(org.UserManage, org.All) {
		return fmt.Errorf("auth: people without a part: %w", org.ErrBeyond)
	}
	for _, a := range as {
		if !ses.Rights.Holds(org.UserManage, a.Scope) {
			return fmt.Errorf("auth: manage people in %s: %w", a.Scope, org.ErrBeyond)
		}
	}
	if !ses.Rights.Covers(as, ses.book.Permissions) {
		return fmt.Errorf("auth: %w", org.ErrBeyond)
	}
	return nil
}

// Visible reports whether ses may see u in the list of people.
func (ses Session) Visible(u org.User) bool {
	if ses.Rights.Holds(org.UserManage, org.All) {
		return true
	}
	reach := ses.Rights.Reach(org.UserManage)
	return len(u.Assignments) > 0 && func() bool {
		for _, b := range reach.Buildings() {
			if len(ses.book.RolesIn(u.Assignments, b)) > 0 {
				return true
			}
		}
		return false
	}()
}

// HoldsEverywhere reports whether all the permissions are held without bounds.
func (ses Session) HoldsEverywhere(ps []org.Permission) bool {
	for _, p := range ps {
		if !ses.Rights.Holds(p, org.All) {
			return false
		}
	}
	return true
}

// Status is what a list of people shows beside the person.
type Status struct {
	TOTP        bool      `json:"totp"`
	LockedUntil time.Time `json:"locked_until,omitzero" doc:"too many failed sign-ins"`
	LastSeen    time.Time `json:"last_seen,omitzero" doc:"of the open sessions"`
	Sessions    int       `json:"sessions"`
	MustChange  bool      `json:"must_change_password"`
	HasPassword bool      `json:"has_password"`
}

// Statuses returns the status of everyone, by person.
func (s *Service) Statuses(ctx context.Context, now time.Time) (map[string]Status, error) {
	failures := map[string]Status{}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT username, MIN(at) FROM login_failure WHERE at > $1 GROUP BY username HAVING COUNT(*) >= $2`, db.Millis(now.Add(-FailWindow)), MaxFailures)
	if err != nil {
		return nil, fmt.Errorf("auth: read failures: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var at int64
		if err := rows.Scan(&key, &at); err != nil {
			return nil, fmt.Errorf("auth: read failures: %w", err)
		}
		failures[key] = Status{LockedUntil: db.Time(at).Add(FailWindow)}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("auth: read failures: %w", err)
	}
	out := map[string]Status{}
	people, err := s.db.Read().QueryContext(ctx, `SELECT p.id, p.username, c.must_change, CASE WHEN c.password = '!' THEN 0 ELSE 1 END,
		(SELECT COUNT(*) FROM totp t WHERE t.person = p.id AND t.confirmed_at > 0),
		(SELECT COUNT(*) FROM session s WHERE s.person = p.id AND s.used_at > $1),
		(SELECT COALESCE(MAX(s.used_at), 0) FROM session s WHERE s.person = p.id)
		FROM person p JOIN credential c ON c.person = p.id`, db.Millis(now.Add(-IdleLife)))
	if err != nil {
		return nil, fmt.Errorf("auth: read status: %w", err)
	}
	defer people.Close()
	for people.Next() {
		var id, username string
		var st Status
		var seen int64
		if err := people.Scan(&id, &username, &st.MustChange, &st.HasPassword, &st.TOTP, &st.Sessions, &seen); err != nil {
			return nil, fmt.Errorf("auth: read status: %w", err)
		}
		st.LastSeen, st.LockedUntil = db.Time(seen), failures[usernameKey(username)].LockedUntil
		out[id] = st
	}
	return out, people.Err()
}

// ResetPassword makes a new password that its owner has to change, shown once. Every
// session of that person ends, and a lock-out with them.
func (s *Service) ResetPassword(ctx context.Context, by org.Actor, person string, now time.Time) (Account, error) {
	u, err := s.users.Get(ctx, person)
	if err != nil {
		return Account{}, err
	}
	password, hash, err := s.fresh(ctx)
	if err != nil {
		return Account{}, err
	}
	err = s.change(ctx, by, "user.reset_password", u.ID, nil, now,
		stmt{`UPDATE credential SET password = $1, must_change = 1, changed_at = $2 WHERE person = $3`, []any{hash, db.Millis(now), u.ID}},
		stmt{`DELETE FROM session WHERE person = $1`, []any{u.ID}},
		stmt{`DELETE FROM login_failure WHERE username = $1`, []any{usernameKey(u.Username)}})
	if err != nil {
		return Account{}, err
	}
	return Account{u, password}, s.forgetFirst(u.Username)
}

// SetActive lets a person in, or keeps them out and ends their sessions at once.
// Errors: [org.ErrNotFound], [org.ErrLast].
func (s *Service) SetActive(ctx context.Context, by org.Actor, person string, active bool, now time.Time) error {
	action := "user.enable"
	if !active {
		action = "user.disable"
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.users.SetActive(ctx, tx, person, active); err != nil {
			return err
		}
		if !active {
			if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE person = $1`, person); err != nil {
				return fmt.Errorf("auth: end sessions: %w", err)
			}
		}
		return s.log.Append(ctx, tx, by, action, "user:"+person, nil, now)
	})
}

// ClearFailures ends a lock-out.
func (s *Service) ClearFailures(ctx context.Context, by org.Actor, person string, now time.Time) error {
	u, err := s.users.Get(ctx, person)
	if err != nil {
		return err
	}
	return s.change(ctx, by, "user.unlock", u.ID, nil, now, stmt{`DELETE FROM login_failure WHERE username = $1`, []any{usernameKey(u.Username)}})
}

type stmt struct {
	text string
	args []any
}

func (s *Service) change(ctx context.Context, by org.Actor, action, person string, data any, now time.Time, steps ...stmt) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, st := range steps {
			if _, err := tx.ExecContext(ctx, st.text, st.args...); err != nil {
				return fmt.Errorf("auth: %s: %w", action, err)
			}
		}
		return s.log.Append(ctx, tx, by, action, "user:"+person, data, now)
	})
}

// Assign replaces what a person plays, if ses may take away what was and give what
// comes. Errors: [org.ErrBeyond], [org.ErrLast], [org.InvalidError], [org.ErrNotFound].
func (s *Service) Assign(ctx context.Context, ses Session, person string, as []org.Assignment, ip string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		before, err := s.users.GetTx(ctx, tx, person)
		if err != nil {
			return err
		}
		after, err := s.users.Assign(ctx, tx, person, as) // first, so that what does not exist is said as such
		if err != nil {
			return err
		}
		if err := errors.Join(ses.Manageable(before), ses.Grantable(after)); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "user.assign", "user:"+person, map[string]any{"before": before.Assignments, "after": after}, now)
	})
}

// UpdateUser changes name, telephone and employee number.
func (s *Service) UpdateUser(ctx context.Context, by org.Actor, u org.User, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.users.Update(ctx, tx, u); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, by, "user.update", "user:"+u.ID, map[string]string{"name": u.Name, "phone": u.Phone, "employee_no": u.EmployeeNo}, now)
	})
}

// SaveRole makes or changes a role. Nobody makes one that allows what they do not hold
// everywhere, nor changes one that already does. Errors: [org.ErrBeyond], those of
// [org.Store.SaveRole].
func (s *Service) SaveRole(ctx context.Context, ses Session, d org.RoleDef, ip string, now time.Time) (org.RoleDef, error) {
	err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		was := ses.book.Permissions(d.ID)
		if d, err = s.users.SaveRole(ctx, tx, d, now); err != nil {
			return err
		}
		if !ses.HoldsEverywhere(append(was, d.Permissions...)) {
			return fmt.Errorf("auth: save role: %w", org.ErrBeyond)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "role.save", "role:"+string(d.ID), d, now)
	})
	return d, err
}

// DeleteRole removes a role that nobody plays.
func (s *Service) DeleteRole(ctx context.Context, ses Session, id org.Role, ip string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.users.DeleteRole(ctx, tx, id); err != nil {
			return err
		}
		if !ses.HoldsEverywhere(ses.book.Permissions(id)) {
			return fmt.Errorf("auth: delete role: %w", org.ErrBeyond)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "role.delete", "role:"+string(id), nil, now)
	})
}

// SaveUnit makes or changes a unit of the organisation.
func (s *Service) SaveUnit(ctx context.Context, by org.Actor, u org.Unit, now time.Time) (org.Unit, error) {
	err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		if u, err = s.users.SaveUnit(ctx, tx, u); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, by, "unit.save", "unit:"+u.ID, u, now)
	})
	return u, err
}

// DeleteUnit removes an empty unit.
func (s *Service) DeleteUnit(ctx context.Context, by org.Actor, id string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.users.DeleteUnit(ctx, tx, id); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, by, "unit.delete", "unit:"+id, nil, now)
	})
}

// SetPosts puts a person into posts.
func (s *Service) SetPosts(ctx context.Context, by org.Actor, person string, posts []string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.users.SetPosts(ctx, tx, person, posts); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, by, "user.posts", "user:"+person, map[string]any{"posts": posts}, now)
	})
}
