// Package org knows the people: who there is, what part each plays, and what that
// part may do.
package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/db"
)

// User is one person with an account.
type User struct {
	ID        string    `json:"id"`
	Username  string    `json:"username"` // signs in with this; lower case
	Name      string    `json:"name"`     // as colleagues say it
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`
}

// May reports whether the user may do p. Every check of a right goes through here.
func (u User) May(p Permission) bool { return u.Role.May(p) }

// Actor is who does something, and from where; the audit log keeps it.
type Actor struct {
	ID   string // user id; "" is the system itself
	Name string // name at that time
	Role Role   //
	IP   string // remote address without port, "" inside the process
}

// System is the actor of what the program does by itself.
func System() Actor { return Actor{Name: "system"} }

// Errors of the store.
var (
	ErrNotFound = errors.New("no such user")
	ErrTaken    = errors.New("the user name is taken")
)

// InvalidError names the field that is wrong; Text is its reason in words.
type InvalidError struct{ Field, ZH, EN string }

func (e *InvalidError) Error() string { return "org: " + e.Field + ": " + e.EN }

var usernameRE = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// Check reports the first thing that makes u not acceptable as an account.
func (u User) Check() error {
	switch {
	case !usernameRE.MatchString(u.Username):
		return &InvalidError{"username", "用户名须为 2 至 32 位小写字母、数字、点、横线或下划线，以字母开头",
			"2 to 32 lower-case letters, digits, dots, dashes or underscores, starting with a letter"}
	case strings.TrimSpace(u.Name) == "" || utf8.RuneCountInString(u.Name) > 40:
		return &InvalidError{"name", "姓名须为 1 至 40 个字", "1 to 40 characters"}
	case !u.Role.Known():
		return &InvalidError{"role", "没有这个角色", "no such role"}
	}
	return nil
}

// Store keeps people in SQL.
type Store struct{ db *db.DB }

// NewStore uses an open database.
func NewStore(d *db.DB) *Store { return &Store{d} }

// Add writes a new account within tx. The id is made here. Errors: [InvalidError],
// [ErrTaken].
func (s *Store) Add(ctx context.Context, tx *sql.Tx, u User, now time.Time) (User, error) {
	u.Username = strings.ToLower(strings.TrimSpace(u.Username))
	u.Name = strings.TrimSpace(u.Name)
	if err := u.Check(); err != nil {
		return User{}, err
	}
	u.ID, u.CreatedAt = "u-"+strings.ToLower(rand.Text()[:16]), now.UTC().Truncate(time.Millisecond)
	res, err := tx.ExecContext(ctx, `INSERT INTO person (id, username, name, role, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (username) DO NOTHING`,
		u.ID, u.Username, u.Name, string(u.Role), db.Millis(u.CreatedAt))
	if err != nil {
		return User{}, fmt.Errorf("org: add user: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return User{}, errors.Join(fmt.Errorf("org: add user %q: %w", u.Username, ErrTaken), err)
	}
	return u, nil
}

const columns = `SELECT id, username, name, role, created_at FROM person`

// List returns everyone, by user name.
func (s *Store) List(ctx context.Context) ([]User, error) {
	rows, err := s.db.Read().QueryContext(ctx, columns+` ORDER BY username`)
	if err != nil {
		return nil, fmt.Errorf("org: list users: %w", err)
	}
	defer rows.Close()
	out := []User{}
	for rows.Next() {
		u, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// Get returns one person by id, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (User, error) {
	return scan(s.db.Read().QueryRowContext(ctx, columns+` WHERE id = $1`, id))
}

// ByUsername returns one person, or [ErrNotFound].
func (s *Store) ByUsername(ctx context.Context, name string) (User, error) {
	return scan(s.db.Read().QueryRowContext(ctx, columns+` WHERE username = $1`, strings.ToLower(strings.TrimSpace(name))))
}

// CountByRole says how many people each role has; plans are fillable or not by it.
func (s *Store) CountByRole(ctx context.Context) (map[Role]int, error) {
	users, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	out := map[Role]int{}
	for _, u := range users {
		out[u.Role]++
	}
	return out, nil
}

func scan(row interface{ Scan(...any) error }) (User, error) {
	var u User
	var at int64
	switch err := row.Scan(&u.ID, &u.Username, &u.Name, &u.Role, &at); {
	case errors.Is(err, sql.ErrNoRows):
		return User{}, fmt.Errorf("org: %w", ErrNotFound)
	case err != nil:
		return User{}, fmt.Errorf("org: read user: %w", err)
	}
	u.CreatedAt = db.Time(at)
	return u, nil
}
