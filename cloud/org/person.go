package org

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/db"
)

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Add writes a new account within tx. The id is made here; without assignments the
// person plays u.Role everywhere. Errors: [InvalidError], [ErrTaken].
func (s *Store) Add(ctx context.Context, tx *sql.Tx, u User, now time.Time) (User, error) {
	u.Username = strings.ToLower(strings.TrimSpace(u.Username))
	u.Name, u.Phone, u.EmployeeNo = strings.TrimSpace(u.Name), strings.TrimSpace(u.Phone), strings.TrimSpace(u.EmployeeNo)
	if len(u.Assignments) == 0 && u.Role != "" {
		u.Assignments = []Assignment{{u.Role, All}}
	}
	if err := u.Check(); err != nil {
		return User{}, err
	}
	u.ID, u.CreatedAt, u.Active = "u-"+strings.ToLower(rand.Text()[:16]), now.UTC().Truncate(time.Millisecond), true
	res, err := tx.ExecContext(ctx, `INSERT INTO person (id, username, name, role, created_at, phone, employee_no, active)
		VALUES ($1, $2, $3, '', $4, $5, $6, 1) ON CONFLICT (username) DO NOTHING`,
		u.ID, u.Username, u.Name, db.Millis(u.CreatedAt), u.Phone, u.EmployeeNo)
	if err != nil {
		return User{}, fmt.Errorf("org: add user: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return User{}, errors.Join(fmt.Errorf("org: add user %q: %w", u.Username, ErrTaken), err)
	}
	u.Assignments, err = s.assign(ctx, tx, u.ID, u.Assignments)
	if len(u.Assignments) > 0 {
		u.Role = u.Assignments[0].Role
	}
	return u, err
}

// Update changes name, telephone and employee number within tx.
func (s *Store) Update(ctx context.Context, tx *sql.Tx, u User) error {
	u.Name, u.Phone, u.EmployeeNo = strings.TrimSpace(u.Name), strings.TrimSpace(u.Phone), strings.TrimSpace(u.EmployeeNo)
	if err := u.Check(); err != nil {
		return err
	}
	return touch(tx.ExecContext(ctx, `UPDATE person SET name = $1, phone = $2, employee_no = $3 WHERE id = $4`, u.Name, u.Phone, u.EmployeeNo, u.ID))
}

// Assign replaces what a person plays, within tx. Errors: [InvalidError], [ErrLast].
func (s *Store) Assign(ctx context.Context, tx *sql.Tx, person string, as []Assignment) ([]Assignment, error) {
	if err := gate(ctx, tx); err != nil {
		return nil, err
	}
	out, err := s.assign(ctx, tx, person, as)
	if err != nil {
		return nil, err
	}
	return out, s.someoneLeft(ctx, tx)
}

func (s *Store) assign(ctx context.Context, tx *sql.Tx, person string, as []Assignment) ([]Assignment, error) {
	book, err := readBook(ctx, tx)
	if err != nil {
		return nil, err
	}
	as = tidy(as)
	if len(as) > 100 {
		return nil, &InvalidError{"assignments", "至多 100 项", "at most 100"}
	}
	for _, a := range as {
		if err := book.check(a); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM assignment WHERE person = $1`, person); err != nil {
		return nil, fmt.Errorf("org: assign: %w", err)
	}
	main := Role("")
	for i, a := range as {
		if i == 0 {
			main = a.Role
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO assignment (person, role, scope) VALUES ($1, $2, $3)`, person, string(a.Role), string(a.Scope)); err != nil {
			return nil, fmt.Errorf("org: assign: %w", err)
		}
	}
	return as, touch(tx.ExecContext(ctx, `UPDATE person SET role = $1 WHERE id = $2`, string(main), person))
}

// SetActive lets a person in or keeps them out, within tx. Errors: [ErrNotFound], [ErrLast].
func (s *Store) SetActive(ctx context.Context, tx *sql.Tx, person string, active bool) error {
	if err := gate(ctx, tx); err != nil {
		return err
	}
	n := 0
	if active {
		n = 1
	}
	if err := touch(tx.ExecContext(ctx, `UPDATE person SET active = $1 WHERE id = $2`, n, person)); err != nil {
		return err
	}
	return s.someoneLeft(ctx, tx)
}

func touch(res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("org: change user: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(fmt.Errorf("org: %w", ErrNotFound), err)
	}
	return nil
}

// gate is the row that changes of rights pass one by one, so that two administrators
// cannot take each other away at the same moment.
func gate(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ('rights_gate', '') ON CONFLICT (name) DO UPDATE SET value = setting.value`)
	if err != nil {
		return fmt.Errorf("org: queue change of rights: %w", err)
	}
	return nil
}

// someoneLeft refuses a change after which nobody could manage people everywhere.
func (s *Store) someoneLeft(ctx context.Context, tx *sql.Tx) error {
	book, err := readBook(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT a.role FROM assignment a JOIN person p ON p.id = a.person WHERE p.active = 1 AND a.scope = 'all'`)
	if err != nil {
		return fmt.Errorf("org: look for managers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Role
		if err := rows.Scan(&r); err != nil {
			return fmt.Errorf("org: look for managers: %w", err)
		}
		if book.may(r, UserManage) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("org: look for managers: %w", err)
	}
	return fmt.Errorf("org: %w", ErrLast)
}

const columns = `SELECT id, username, name, role, created_at, phone, employee_no, active FROM person`

// List returns everyone, by user name.
func (s *Store) List(ctx context.Context) ([]User, error) { return list(ctx, s.db.Read()) }

// Everyone returns all people and the organisation tree, as a transaction sees them.
func (s *Store) Everyone(ctx context.Context, tx *sql.Tx) ([]User, []Unit, error) {
	people, err := list(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	tree, err := units(ctx, tx)
	return people, tree, err
}

func list(ctx context.Context, q querier) ([]User, error) {
	as, err := assignments(ctx, q, ``)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, columns+` ORDER BY username`)
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
		u.Assignments = tidy(as[u.ID])
		out = append(out, u)
	}
	return out, rows.Err()
}

// Get returns one person by id, or [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (User, error) {
	return get(ctx, s.db.Read(), ` WHERE id = $1`, id)
}

// GetTx is [Store.Get] within a transaction.
func (s *Store) GetTx(ctx context.Context, tx *sql.Tx, id string) (User, error) {
	return get(ctx, tx, ` WHERE id = $1`, id)
}

// ByUsername returns one person, or [ErrNotFound].
func (s *Store) ByUsername(ctx context.Context, name string) (User, error) {
	return get(ctx, s.db.Read(), ` WHERE username = $1`, strings.ToLower(strings.TrimSpace(name)))
}

// ByUsernameTx is [Store.ByUsername] within a transaction.
func (s *Store) ByUsernameTx(ctx context.Context, tx *sql.Tx, name string) (User, error) {
	return get(ctx, tx, ` WHERE username = $1`, strings.ToLower(strings.TrimSpace(name)))
}

func get(ctx context.Context, q querier, where, value string) (User, error) {
	u, err := scan(q.QueryRowContext(ctx, columns+where, value))
	if err != nil {
		return u, err
	}
	as, err := assignments(ctx, q, u.ID)
	u.Assignments = tidy(as[u.ID])
	return u, err
}

// assignments reads those of one person, or of everyone for "".
func assignments(ctx context.Context, q querier, person string) (map[string][]Assignment, error) {
	rows, err := q.QueryContext(ctx, `SELECT person, role, scope FROM assignment WHERE $1 = '' OR person = $2`, person, person)
	if err != nil {
		return nil, fmt.Errorf("org: read assignments: %w", err)
	}
	defer rows.Close()
	out := map[string][]Assignment{}
	for rows.Next() {
		var who string
		var a Assignment
		if err := rows.Scan(&who, &a.Role, &a.Scope); err != nil {
			return nil, fmt.Errorf("org: read assignments: %w", err)
		}
		out[who] = append(out[who], a)
	}
	return out, rows.Err()
}

// CountByRole says how many active people have each role; plans are fillable or not by it.
func (s *Store) CountByRole(ctx context.Context) (map[Role]int, error) {
	users, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	out := map[Role]int{}
	for _, u := range users {
		seen := map[Role]bool{}
		for _, a := range u.Assignments {
			if u.Active && !seen[a.Role] {
				seen[a.Role] = true
				out[a.Role]++
			}
		}
	}
	return out, nil
}

func scan(row interface{ Scan(...any) error }) (User, error) {
	var u User
	var at int64
	switch err := row.Scan(&u.ID, &u.Username, &u.Name, &u.Role, &at, &u.Phone, &u.EmployeeNo, &u.Active); {
	case errors.Is(err, sql.ErrNoRows):
		return User{}, fmt.Errorf("org: %w", ErrNotFound)
	case err != nil:
		return User{}, fmt.Errorf("org: read user: %w", err)
	}
	u.CreatedAt = db.Time(at)
	return u, nil
}
