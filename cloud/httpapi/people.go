package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"
	"anlan/contract"
)

type userIn struct {
	Body struct {
		Username    string           `json:"username" maxLength:"100"`
		Name        string           `json:"name" maxLength:"200"`
		Role        org.Role         `json:"role,omitempty" doc:"short for one assignment everywhere"`
		Assignments []org.Assignment `json:"assignments,omitempty"`
		Phone       string           `json:"phone,omitempty" maxLength:"40"`
		EmployeeNo  string           `json:"employee_no,omitempty" maxLength:"40"`
	}
}

type newUser struct {
	User     org.User `json:"user"`
	Password string   `json:"password" doc:"shown once"`
}

// personRow is someone in the list, with how their account stands.
type personRow struct {
	org.User
	auth.Status
	Posts      []string `json:"posts" doc:"ids of the posts and departments"`
	Manageable bool     `json:"manageable" doc:"whether the caller may change this person"`
}

type userID struct {
	ID string `path:"id" maxLength:"64"`
}

type userSession struct {
	ID      string `path:"id" maxLength:"64"`
	Session string `path:"session" maxLength:"64"`
}

type userEdit struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Name       string `json:"name" maxLength:"200"`
		Phone      string `json:"phone,omitempty" maxLength:"40"`
		EmployeeNo string `json:"employee_no,omitempty" maxLength:"40"`
	}
}

type assignIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Assignments []org.Assignment `json:"assignments"`
	}
}

type postsIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Posts []string `json:"posts"`
	}
}

type permissionWord struct {
	ID   org.Permission `json:"id"`
	Name contract.Text  `json:"name"`
}

type roleTable struct {
	Roles       []org.RoleDef    `json:"roles"`
	Permissions []permissionWord `json:"permissions"`
}

type roleIn struct {
	Body struct {
		Name        contract.Text    `json:"name"`
		Permissions []org.Permission `json:"permissions"`
	}
}

type roleEdit struct {
	ID   org.Role `path:"id" maxLength:"40"`
	Body struct {
		Name        contract.Text    `json:"name"`
		Permissions []org.Permission `json:"permissions"`
	}
}

type roleID struct {
	ID org.Role `path:"id" maxLength:"40"`
}

type rulesIn struct{ Body auth.Rules }

func (s *server) peopleOps() {
	manage := access(org.UserManage)
	register(s, "GET", "/api/users", "People within reach", manage, http.StatusOK, s.users)
	register(s, "POST", "/api/users", "Make an account", manage, http.StatusCreated, s.addUser)
	register(s, "PUT", "/api/users/{id}", "Change name, telephone, employee number", manage, http.StatusNoContent, s.editUser)
	register(s, "PUT", "/api/users/{id}/assignments", "Change what a person plays, and where", manage, http.StatusNoContent, func(ctx context.Context, in *assignIn) (*none, error) {
		c := callerOf(ctx)
		err := s.Auth.Assign(ctx, c.session, in.ID, in.Body.Assignments, c.ip, s.now())
		s.Hub.Recheck(in.ID)
		return nil, err
	})
	register(s, "PUT", "/api/users/{id}/posts", "Put a person into posts", manage, http.StatusNoContent, func(ctx context.Context, in *postsIn) (*none, error) {
		return nil, s.managed(ctx, in.ID, func(u org.User) error { return s.Auth.SetPosts(ctx, actor(ctx), u.ID, in.Body.Posts, s.now()) })
	})
	register(s, "POST", "/api/users/{id}/reset-password", "Make a new password, shown once", manage, http.StatusOK, func(ctx context.Context, in *userID) (*body[newUser], error) {
		var a auth.Account
		err := s.managed(ctx, in.ID, func(u org.User) (err error) {
			a, err = s.Auth.ResetPassword(ctx, actor(ctx), u.ID, s.now())
			return err
		})
		return answered(newUser{a.User, a.Password}, err)
	})
	for verb, do := range map[string]func(context.Context, org.User) error{
		"disable": func(ctx context.Context, u org.User) error {
			return s.Auth.SetActive(ctx, actor(ctx), u.ID, false, s.now())
		},
		"enable": func(ctx context.Context, u org.User) error {
			return s.Auth.SetActive(ctx, actor(ctx), u.ID, true, s.now())
		},
		"unlock": func(ctx context.Context, u org.User) error {
			return s.Auth.ClearFailures(ctx, actor(ctx), u.ID, s.now())
		},
		"reset-totp": func(ctx context.Context, u org.User) error { return s.Auth.ResetTOTP(ctx, actor(ctx), u.ID, s.now()) },
	} {
		register(s, "POST", "/api/users/{id}/"+verb, "Account: "+verb, manage, http.StatusNoContent, func(ctx context.Context, in *userID) (*none, error) {
			return nil, s.managed(ctx, in.ID, func(u org.User) error { return do(ctx, u) })
		})
	}
	register(s, "GET", "/api/users/{id}/sessions", "Sessions of a person", manage, http.StatusOK, func(ctx context.Context, in *userID) (*body[[]auth.SessionRow], error) {
		var rows []auth.SessionRow
		err := s.managed(ctx, in.ID, func(u org.User) (err error) {
			rows, err = s.Auth.Sessions(ctx, u.ID, callerOf(ctx).session, s.now())
			return err
		})
		return answered(rows, err)
	})
	register(s, "DELETE", "/api/users/{id}/sessions/{session}", "End a session of a person; all for \"all\"", manage, http.StatusNoContent, func(ctx context.Context, in *userSession) (*none, error) {
		return nil, s.managed(ctx, in.ID, func(u org.User) error {
			if in.Session == "all" {
				in.Session = ""
			}
			return s.endSession(ctx, u.ID, in.Session)
		})
	})
	s.roleOps()
	s.unitOps()
}

func (s *server) roleOps() {
	manage := access(org.UserManage)
	register(s, "GET", "/api/roles", "Roles and what they allow", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[roleTable], error) {
		roles, err := s.Users.RoleList(ctx)
		out := roleTable{Roles: roles, Permissions: []permissionWord{}}
		for _, p := range org.Permissions() {
			out.Permissions = append(out.Permissions, permissionWord{p, p.Title()})
		}
		return answered(out, err)
	})
	register(s, "POST", "/api/roles", "Make a role", manage, http.StatusCreated, func(ctx context.Context, in *roleIn) (*body[org.RoleDef], error) {
		c := callerOf(ctx)
		return answered(s.Auth.SaveRole(ctx, c.session, org.RoleDef{Name: in.Body.Name, Permissions: in.Body.Permissions}, c.ip, s.now()))
	})
	register(s, "PUT", "/api/roles/{id}", "Change a role made here", manage, http.StatusOK, func(ctx context.Context, in *roleEdit) (*body[org.RoleDef], error) {
		c := callerOf(ctx)
		d, err := s.Auth.SaveRole(ctx, c.session, org.RoleDef{ID: in.ID, Name: in.Body.Name, Permissions: in.Body.Permissions}, c.ip, s.now())
		s.Hub.Recheck("")
		return answered(d, notFound(err, "没有这个角色", "No such role"))
	})
	register(s, "DELETE", "/api/roles/{id}", "Delete a role that nobody plays", manage, http.StatusNoContent, func(ctx context.Context, in *roleID) (*none, error) {
		c := callerOf(ctx)
		return nil, notFound(s.Auth.DeleteRole(ctx, c.session, in.ID, c.ip, s.now()), "没有这个角色", "No such role")
	})
	register(s, "GET", "/api/sign-in", "Rules of signing in", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[auth.Rules], error) {
		return answered(s.Auth.Rules(ctx))
	})
	register(s, "PUT", "/api/sign-in", "Change the rules of signing in", manage, http.StatusNoContent, func(ctx context.Context, in *rulesIn) (*none, error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		return nil, s.Auth.SetRules(ctx, actor(ctx), in.Body, s.now())
	})
}

// everywhere refuses who manages people in some buildings only: what holds for all is
// not theirs to change.
func (s *server) everywhere(ctx context.Context) error {
	if reach(ctx, org.UserManage).All() {
		return nil
	}
	return say(http.StatusForbidden, "只有管理所有人员的人可以更改", "Only for who manages people everywhere")
}

func notFound(err error, zh, en string) error {
	if f := faultOf(err, time.Time{}); f != nil && f.status == http.StatusNotFound {
		return say(http.StatusNotFound, zh, en)
	}
	return err
}

func (s *server) users(ctx context.Context, _ *none) (*body[[]personRow], error) {
	all, err := s.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	status, err := s.Auth.Statuses(ctx, s.now())
	if err != nil {
		return nil, err
	}
	posts, err := s.Users.Posts(ctx)
	if err != nil {
		return nil, err
	}
	out, ses := []personRow{}, callerOf(ctx).session
	for _, u := range all {
		if ses.Visible(u) {
			out = append(out, personRow{u, status[u.ID], append([]string{}, posts[u.ID]...), ses.Manageable(u) == nil})
		}
	}
	return answered(out, nil)
}

func (s *server) addUser(ctx context.Context, in *userIn) (*body[newUser], error) {
	b, ses := in.Body, callerOf(ctx).session
	u := org.User{Username: b.Username, Name: b.Name, Role: b.Role, Assignments: b.Assignments, Phone: b.Phone, EmployeeNo: b.EmployeeNo}
	if len(u.Assignments) == 0 && u.Role != "" {
		u.Assignments = []org.Assignment{{Role: u.Role, Scope: org.All}}
	}
	if err := ses.Grantable(u.Assignments); err != nil {
		return nil, err
	}
	a, err := s.Auth.AddUser(ctx, actor(ctx), u, s.now())
	return answered(newUser{a.User, a.Password}, err)
}

func (s *server) editUser(ctx context.Context, in *userEdit) (*none, error) {
	return nil, s.managed(ctx, in.ID, func(u org.User) error {
		u.Name, u.Phone, u.EmployeeNo = in.Body.Name, in.Body.Phone, in.Body.EmployeeNo
		return s.Auth.UpdateUser(ctx, actor(ctx), u, s.now())
	})
}

// managed does something to a person whom the caller may manage; one whom they may not
// even see is not there.
func (s *server) managed(ctx context.Context, id string, do func(org.User) error) error {
	u, err := s.Users.Get(ctx, id)
	if err != nil {
		return err
	}
	ses := callerOf(ctx).session
	if !ses.Visible(u) {
		return org.ErrNotFound
	}
	if err := ses.Manageable(u); err != nil {
		return err
	}
	err = do(u)
	s.Hub.Recheck(u.ID)
	return err
}
