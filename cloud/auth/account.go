package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
)

// FirstLoginFile is written into the data folder, mode 0600, when accounts are made at
// the first start. A line goes when its password is changed, the file with the last.
const FirstLoginFile = "first-login.txt"

// Account is a new account with the password made for it, to be shown once.
type Account struct {
	User     org.User
	Password string
}

// ChangePassword replaces the password of ses; every other session of that person
// ends. Errors: [ErrWrong] for the old password, [LockedError], [WeakError].
func (s *Service) ChangePassword(ctx context.Context, ses Session, old, next, ip string, now time.Time) error {
	if _, err := s.prove(ctx, ses, old, now); err != nil {
		return err
	}
	if err := weak(next, ses.User.Username); err != nil {
		return err
	}
	if next == old {
		return &WeakError{"新密码不能与旧密码相同", "the new password must differ from the old one"}
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, step := range []struct {
			stmt string
			args []any
		}{
			{`UPDATE credential SET password = $1, must_change = 0, changed_at = $2 WHERE person = $3`, []any{hash, db.Millis(now), ses.User.ID}},
			{`DELETE FROM session WHERE person = $1 AND token_hash <> $2`, []any{ses.User.ID, ses.hash}},
			{`DELETE FROM login_failure WHERE username = $1`, []any{usernameKey(ses.User.Username)}},
		} {
			if _, err := tx.ExecContext(ctx, step.stmt, step.args...); err != nil {
				return fmt.Errorf("auth: change password: %w", err)
			}
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "user.password", "user:"+ses.User.ID, nil, now)
	})
	if err != nil {
		return err
	}
	return s.forgetFirst(ses.User.Username)
}

// prove checks the password of a session's person once more. Trying passwords from a
// stolen session counts like trying to sign in; it returns the attempt.
func (s *Service) prove(ctx context.Context, ses Session, password string, now time.Time) (attempt string, err error) {
	if attempt, err = s.reserve(ctx, ses.User.Username, now); err != nil {
		return "", err
	}
	c, err := s.credential(ctx, ses.User.ID)
	if err != nil {
		return "", err
	}
	if c.phc == noPassword {
		c.phc = s.decoy
	}
	ok, err := s.hasher.verify(ctx, c.phc, password)
	if err == nil && !ok {
		err = ErrWrong
	}
	return attempt, err
}

// AddUser makes an account with a generated password that its owner has to change.
// Errors: [org.InvalidError], [org.ErrTaken].
func (s *Service) AddUser(ctx context.Context, by org.Actor, u org.User, now time.Time) (Account, error) {
	var out Account
	err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) { out, err = s.add(ctx, tx, by, u, true, now); return err })
	return out, err
}

func (s *Service) add(ctx context.Context, tx *sql.Tx, by org.Actor, u org.User, mustChange bool, now time.Time) (Account, error) {
	u, err := s.users.Add(ctx, tx, u, now)
	if err != nil {
		return Account{}, err
	}
	password, hash, err := s.fresh(ctx)
	if err != nil {
		return Account{}, err
	}
	must := 0
	if mustChange {
		must = 1
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO credential (person, password, must_change, changed_at) VALUES ($1, $2, $3, $4)`,
		u.ID, hash, must, db.Millis(now)); err != nil {
		return Account{}, fmt.Errorf("auth: add credential: %w", err)
	}
	if err := s.log.Append(ctx, tx, by, "user.add", "user:"+u.ID, map[string]any{"username": u.Username, "role": u.Role, "assignments": u.Assignments}, now); err != nil {
		return Account{}, err
	}
	return Account{u, password}, nil
}

// fresh makes a password and its hash.
func (s *Service) fresh(ctx context.Context) (password, hash string, err error) {
	if password, err = Generate(); err != nil {
		return "", "", err
	}
	hash, err = s.hasher.hash(ctx, password)
	return password, hash, err
}

// Bootstrap makes what a new installation lacks: the account admin if there is no
// account at all and, if demo, the people of the demonstration who do not exist yet.
// It returns the accounts made, for the process to show once; they are also in
// [FirstLoginFile]. Nothing is made when the file cannot be written.
func (s *Service) Bootstrap(ctx context.Context, demo bool, now time.Time) ([]Account, error) {
	have, err := s.users.List(ctx)
	if err != nil {
		return nil, err
	}
	type newcomer struct {
		org.User
		mustChange bool
	}
	var wanted []newcomer
	if len(have) == 0 {
		wanted = append(wanted, newcomer{org.User{Username: "admin", Name: "管理员", Role: org.Admin}, true})
	}
	if demo {
		for _, u := range []org.User{
			{Username: "zhangwei", Name: "张伟", Role: org.Operator},
			{Username: "lina", Name: "李娜", Role: org.Supervisor},
			{Username: "wangqiang", Name: "王强", Role: org.Guard},
		} {
			if _, err := s.users.ByUsername(ctx, u.Username); errors.Is(err, org.ErrNotFound) {
				wanted = append(wanted, newcomer{u, false})
			} else if err != nil {
				return nil, err
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	var made []Account
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, w := range wanted {
			a, err := s.add(ctx, tx, org.System(), w.User, w.mustChange, now)
			if err != nil {
				return err
			}
			made = append(made, a)
		}
		// Written before the commit: a crash in between leaves a file of no use, not an
		// account that nobody can enter.
		return s.writeFirst(made)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

const firstHead = "# 安澜首次登录 / Anlan first login. 登录后请修改密码；改后本行消失。Change the password after signing in; the line then goes.\n"

func (s *Service) firstPath() string { return filepath.Join(s.dir, FirstLoginFile) }

func (s *Service) writeFirst(made []Account) error {
	s.file.Lock()
	defer s.file.Unlock()
	lines, err := s.firstLines()
	if err != nil {
		return err
	}
	for _, a := range made {
		lines = append(withoutUser(lines, a.User.Username), a.User.Username+"\t"+a.Password+"\t"+a.User.Name)
	}
	return s.saveFirst(lines)
}

func (s *Service) forgetFirst(username string) error {
	s.file.Lock()
	defer s.file.Unlock()
	lines, err := s.firstLines()
	if err != nil || len(lines) == 0 {
		return err
	}
	lines = withoutUser(lines, username)
	if len(lines) > 0 {
		return s.saveFirst(lines)
	}
	if err := os.Remove(s.firstPath()); err != nil {
		return fmt.Errorf("auth: remove first-login file: %w", err)
	}
	return nil
}

// firstLines returns the accounts in the file, none if there is no file.
func (s *Service) firstLines() ([]string, error) {
	raw, err := os.ReadFile(s.firstPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("auth: read first-login file: %w", err)
	}
	var out []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, nil
}

func withoutUser(lines []string, username string) []string {
	var out []string
	for _, l := range lines {
		if !strings.HasPrefix(l, username+"\t") {
			out = append(out, l)
		}
	}
	return out
}

// saveFirst replaces the file in one step, readable by its owner only.
func (s *Service) saveFirst(lines []string) error {
	f, err := os.CreateTemp(s.dir, FirstLoginFile+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("auth: write first-login file: %w", err)
	}
	_, err = f.WriteString(firstHead + strings.Join(lines, "\n") + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.firstPath())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("auth: write first-login file: %w", err), os.Remove(f.Name()))
	}
	return nil
}
