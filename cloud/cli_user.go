package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

var errUserUsage = errors.New("usage: anlan-cloud user list | add | reset | unlock | disable | enable [-user name] (-h tells more)")

// userCommand mends accounts from the server's own console, for whoever lost the
// administrator's password. It works on the database, beside a running server too, and
// is in the audit log like everything else.
func userCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errUserUsage
	}
	verb := args[0]
	s := newSettings("user "+verb, stderr)
	username := s.set.String("user", "", "user `name`")
	name := s.set.String("name", "", "add: the person's name; the user name if empty")
	role := s.set.String("role", "", "add: built-in `role` such as admin or operator")
	scope := s.set.String("scope", string(org.All), "add: all, community:<id> or building:<id>")
	factor := s.set.Bool("second-factor", false, "reset: also take the second factor away")
	cfg, err := s.load(args[1:])
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, cfg.DSN())
	if err != nil {
		return err
	}
	users, trail := org.NewStore(d), audit.New(d)
	accounts, err := auth.New(ctx, d, users, trail, cfg.Data)
	if err == nil {
		c := userCLI{accounts, users, stdout, org.Actor{Name: "command line"}, time.Now()}
		if verb == "add" {
			err = c.add(ctx, org.User{Username: *username, Name: *name, Assignments: []org.Assignment{{Role: org.Role(*role), Scope: org.Scope(*scope)}}})
		} else {
			err = c.do(ctx, verb, *username, *factor)
		}
	}
	return errors.Join(err, d.Close())
}

type userCLI struct {
	accounts *auth.Service
	users    *org.Store
	out      io.Writer
	by       org.Actor
	now      time.Time
}

func (c userCLI) add(ctx context.Context, u org.User) error {
	if strings.TrimSpace(u.Name) == "" {
		u.Name = u.Username
	}
	a, err := c.accounts.AddUser(ctx, c.by, u, c.now)
	if err != nil {
		return err
	}
	return c.show(a)
}

func (c userCLI) show(a auth.Account) error {
	_, err := fmt.Fprintf(c.out, "%s\t%s\n", a.User.Username, a.Password)
	return err
}

func (c userCLI) do(ctx context.Context, verb, username string, factor bool) error {
	if verb == "list" {
		return c.list(ctx)
	}
	u, err := c.users.ByUsername(ctx, username)
	if err != nil {
		return fmt.Errorf("user %q: %w", username, err)
	}
	switch verb {
	case "reset":
		a, err := c.accounts.ResetPassword(ctx, c.by, u.ID, c.now)
		if err == nil && factor {
			err = c.accounts.ResetTOTP(ctx, c.by, u.ID, c.now)
		}
		if err != nil {
			return err
		}
		return c.show(a)
	case "unlock":
		return c.accounts.ClearFailures(ctx, c.by, u.ID, c.now)
	case "disable":
		return c.accounts.SetActive(ctx, c.by, u.ID, false, c.now)
	case "enable":
		return c.accounts.SetActive(ctx, c.by, u.ID, true, c.now)
	}
	return errUserUsage
}

func (c userCLI) list(ctx context.Context) error {
	all, err := c.users.List(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, u := range all {
		state := "active"
		if !u.Active {
			state = "disabled"
		}
		var parts []string
		for _, a := range u.Assignments {
			parts = append(parts, string(a.Role)+" in "+string(a.Scope))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Username, u.Name, state, strings.Join(parts, ", ")) //nolint:errcheck // seen at the flush
	}
	return w.Flush()
}
