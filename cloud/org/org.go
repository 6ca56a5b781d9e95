// Package org knows the people: who there is, what part each plays, and what that
// part may do.
package org

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anlan/cloud/db"
)

// User is one person with an account.
type User struct {
	ID          string       `json:"id"`
	Username    string       `json:"username"` // signs in with this; lower case
	Name        string       `json:"name"`     // as colleagues say it
	Role        Role         `json:"role"`     // the main one of the assignments, "" for none
	CreatedAt   time.Time    `json:"created_at"`
	Phone       string       `json:"phone"`
	EmployeeNo  string       `json:"employee_no"`
	Active      bool         `json:"active"` // one who is not cannot sign in
	Assignments []Assignment `json:"assignments"`
}

// Actor is who does something, and from where; the audit log keeps it.
type Actor struct {
	ID   string // user id; "" is the system itself
	Name string // name at that time
	Role Role   // the main one
	IP   string // remote address without port, "" inside the process
	Also []Role // every role played where this is done; may be nil
}

// Plays reports whether the actor has one of the roles.
func (a Actor) Plays(roles []Role) bool {
	return slices.Contains(roles, a.Role) || slices.ContainsFunc(a.Also, func(r Role) bool { return slices.Contains(roles, r) })
}

// System is the actor of what the program does by itself.
func System() Actor { return Actor{Name: "system"} }

// Errors of the store.
var (
	ErrNotFound = errors.New("no such user")
	ErrTaken    = errors.New("the user name is taken")
	ErrLast     = errors.New("nobody would be left who manages people everywhere")
	ErrInUse    = errors.New("it is still in use")
	ErrBuiltIn  = errors.New("a built-in role cannot be changed")
	ErrBeyond   = errors.New("beyond the rights of who gives it")
)

// InvalidError names the field that is wrong; Text is its reason in words.
type InvalidError struct{ Field, ZH, EN string }

func (e *InvalidError) Error() string { return "org: " + e.Field + ": " + e.EN }

var usernameRE = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

var phoneRE = regexp.MustCompile(`^[0-9+() -]{0,24}$`)

// Check reports the first thing that makes u not acceptable as an account; whether its
// roles and scopes exist is for the store.
func (u User) Check() error {
	switch {
	case !usernameRE.MatchString(u.Username):
		return &InvalidError{"username", "用户名须为 2 至 32 位小写字母、数字、点、横线或下划线，以字母开头",
			"2 to 32 lower-case letters, digits, dots, dashes or underscores, starting with a letter"}
	case strings.TrimSpace(u.Name) == "" || utf8.RuneCountInString(u.Name) > 40:
		return &InvalidError{"name", "姓名须为 1 至 40 个字", "1 to 40 characters"}
	case !phoneRE.MatchString(u.Phone):
		return &InvalidError{"phone", "电话只能有数字、+、-、括号和空格，至多 24 位", "digits, +, -, brackets and blanks, at most 24"}
	case len(u.EmployeeNo) > 32:
		return &InvalidError{"employee_no", "工号至多 32 位", "at most 32 characters"}
	}
	return nil
}

// Store keeps people in SQL.
type Store struct{ db *db.DB }

// NewStore uses an open database.
func NewStore(d *db.DB) *Store { return &Store{d} }
