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

// Lock makes a session look on only, until [Service.Unlock].
func (s *Service) Lock(ctx context.Context, ses Session, ip string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE session SET locked = 1 WHERE token_hash = $1`, ses.hash); err != nil {
			return fmt.Errorf("auth: lock session: %w", err)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "session.lock", "user:"+ses.User.ID, nil, now)
	})
}

// Unlock gives a locked session back to its person. Errors: [ErrWrong], [ErrCodeWanted],
// [ErrCodeWrong], [LockedError].
func (s *Service) Unlock(ctx context.Context, ses Session, password, code, ip string, now time.Time) (Session, error) {
	attempt, err := s.prove(ctx, ses, password, now)
	if errors.Is(err, ErrWrong) {
		err = errors.Join(err, s.log.Write(ctx, ses.Actor(ip), "session.unlock_refused", "user:"+ses.User.ID, map[string]string{"attempt": attempt}, now))
	}
	if err != nil {
		return Session{}, err
	}
	if err := s.secondStep(ctx, ses.User, code, attempt, ses.Actor(ip), now); err != nil {
		return Session{}, err
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE session SET locked = 0, renewed_at = $1, used_at = $2 WHERE token_hash = $3`, db.Millis(now), db.Millis(now), ses.hash); err != nil {
			return fmt.Errorf("auth: unlock session: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE username = $1`, usernameKey(ses.User.Username)); err != nil {
			return fmt.Errorf("auth: clear failures: %w", err)
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "session.unlock", "user:"+ses.User.ID, nil, now)
	})
	if err != nil {
		return Session{}, err
	}
	return s.byHash(ctx, ses.hash, now)
}

// SessionRow is a session as its person and the administrators see it.
type SessionRow struct {
	ID      string    `json:"id"` // of no use as a token
	IP      string    `json:"ip"`
	Agent   string    `json:"agent"`
	Created time.Time `json:"created_at"`
	Used    time.Time `json:"used_at"`
	Locked  bool      `json:"locked"`
	Current bool      `json:"current"` // the one that asks
}

const rowID = 16 // hex digits of the token's hash that name a session

// Sessions lists the open sessions of a person, newest first.
func (s *Service) Sessions(ctx context.Context, person string, asking Session, now time.Time) ([]SessionRow, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT token_hash, ip, agent, created_at, used_at, locked FROM session WHERE person = $1 AND used_at > $2 ORDER BY created_at DESC`,
		person, db.Millis(now.Add(-IdleLife)))
	if err != nil {
		return nil, fmt.Errorf("auth: list sessions: %w", err)
	}
	defer rows.Close()
	out := []SessionRow{}
	for rows.Next() {
		var r SessionRow
		var hash string
		var created, used int64
		if err := rows.Scan(&hash, &r.IP, &r.Agent, &created, &used, &r.Locked); err != nil {
			return nil, fmt.Errorf("auth: list sessions: %w", err)
		}
		r.ID, r.Current, r.Created, r.Used = hash[:rowID], hash == asking.hash, db.Time(created), db.Time(used)
		out = append(out, r)
	}
	return out, rows.Err()
}

// EndSession ends one session of a person, or all of them for "". Errors: [ErrSession].
func (s *Service) EndSession(ctx context.Context, by org.Actor, person, id string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM session WHERE person = $1 AND ($2 = '' OR SUBSTR(token_hash, 1, 16) = $3)`, person, id, id)
		if err != nil {
			return fmt.Errorf("auth: end session: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("auth: end session: %w", err)
		}
		if n == 0 && id != "" {
			return ErrSession
		}
		return s.log.Append(ctx, tx, by, "session.end", "user:"+person, map[string]any{"session": id, "ended": n}, now)
	})
}
