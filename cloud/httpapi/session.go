package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"
)

// Me is who is signed in.
type Me struct {
	ID          string           `json:"id"`
	Username    string           `json:"username"`
	Name        string           `json:"name"`
	Role        org.Role         `json:"role"`
	Permissions []org.Permission `json:"permissions"`
	MustChange  bool             `json:"must_change_password"`
}

func meOf(s auth.Session) Me {
	return Me{s.User.ID, s.User.Username, s.User.Name, s.User.Role, s.User.Role.Permissions(), s.MustChange}
}

type loginIn struct {
	Body struct {
		Username string `json:"username" maxLength:"100"`
		Password string `json:"password" maxLength:"1000"`
	}
}

type loginOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type logoutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

type none struct{}

type passwordIn struct {
	Body struct {
		Old string `json:"old" maxLength:"1000"`
		New string `json:"new" maxLength:"1000"`
	}
}

type userIn struct {
	Body struct {
		Username string   `json:"username" maxLength:"100"`
		Name     string   `json:"name" maxLength:"200"`
		Role     org.Role `json:"role"`
	}
}

type newUser struct {
	User     org.User `json:"user"`
	Password string   `json:"password" doc:"shown once"`
}

func sessionCookie(token string, life time.Duration, secure bool) http.Cookie {
	c := http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure, MaxAge: int(life / time.Second)}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *server) sessionOps() {
	register(s, "POST", "/api/session", "Sign in", openToAll, http.StatusOK, s.login)
	register(s, "DELETE", "/api/session", "Sign out", signedIn, http.StatusNoContent, s.logout)
	register(s, "GET", "/api/me", "Who is signed in", signedIn, http.StatusOK, func(ctx context.Context, _ *none) (*body[Me], error) {
		return answered(meOf(callerOf(ctx).session), nil)
	})
	register(s, "POST", "/api/me/password", "Change the own password", signedIn, http.StatusNoContent, s.password)
	register(s, "GET", "/api/users", "List accounts", access(org.UserManage), http.StatusOK, func(ctx context.Context, _ *none) (*body[[]org.User], error) {
		return answered(s.Users.List(ctx))
	})
	register(s, "POST", "/api/users", "Make an account", access(org.UserManage), http.StatusCreated, s.addUser)
}

func (s *server) login(ctx context.Context, in *loginIn) (*loginOut, error) {
	c := callerOf(ctx)
	if !s.logins.allow(c.ip, s.now()) {
		f := say(http.StatusTooManyRequests, "登录太频繁，请稍后再试", "Too many sign-ins; wait a moment")
		f.wait = time.Second
		return nil, f
	}
	ses, token, err := s.Auth.Login(ctx, in.Body.Username, in.Body.Password, c.ip, s.now())
	if err != nil {
		return nil, err
	}
	return &loginOut{sessionCookie(token, auth.AbsoluteLife, c.secure), meOf(ses)}, nil
}

func (s *server) logout(ctx context.Context, _ *none) (*logoutOut, error) {
	c := callerOf(ctx)
	if err := s.Auth.Logout(ctx, c.session, c.ip, s.now()); err != nil {
		return nil, err
	}
	return &logoutOut{sessionCookie("", 0, c.secure)}, nil
}

func (s *server) password(ctx context.Context, in *passwordIn) (*none, error) {
	c := callerOf(ctx)
	err := s.Auth.ChangePassword(ctx, c.session, in.Body.Old, in.Body.New, c.ip, s.now())
	if f := faultOf(err, s.now()); f != nil && f.status == http.StatusUnauthorized {
		return nil, badField("body.old", "旧密码不对", "The old password is wrong") // 401 would sign the console out
	}
	return nil, err
}

func (s *server) addUser(ctx context.Context, in *userIn) (*body[newUser], error) {
	a, err := s.Auth.AddUser(ctx, actor(ctx), org.User{Username: in.Body.Username, Name: in.Body.Name, Role: in.Body.Role}, s.now())
	return answered(newUser{a.User, a.Password}, err)
}
