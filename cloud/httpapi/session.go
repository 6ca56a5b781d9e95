package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"
	"anlan/contract"
)

// Me is who is signed in, what they may do and where.
type Me struct {
	ID          string                     `json:"id"`
	Username    string                     `json:"username"`
	Name        string                     `json:"name"`
	Role        org.Role                   `json:"role" doc:"the main one, for showing"`
	RoleName    contract.Text              `json:"role_name"`
	Assignments []org.Assignment           `json:"assignments"`
	Permissions []org.Permission           `json:"permissions" doc:"held anywhere"`
	Reach       map[org.Permission]reached `json:"reach" doc:"where each is held"`
	MustChange  bool                       `json:"must_change_password"`
	MustEnrol   bool                       `json:"must_enrol_totp"`
	TOTP        bool                       `json:"totp"`
	HasPassword bool                       `json:"has_password"`
	Locked      bool                       `json:"locked" doc:"alarms can be seen, nothing else"`
	Key         string                     `json:"key" doc:"name of the API key, empty for a browser"`
}

type reached struct {
	All       bool     `json:"all"`
	Buildings []string `json:"buildings"`
}

func meOf(s auth.Session) Me {
	m := Me{ID: s.User.ID, Username: s.User.Username, Name: s.User.Name, Role: s.User.Role, Assignments: s.User.Assignments, Permissions: s.Rights.Permissions(),
		Reach: map[org.Permission]reached{}, MustChange: s.MustChange, MustEnrol: s.MustEnrol, TOTP: s.TOTP, HasPassword: s.HasPassword, Locked: s.Locked, Key: s.KeyName}
	if m.Permissions == nil {
		m.Permissions = []org.Permission{}
	}
	if len(s.Roles) > 0 {
		m.RoleName = s.Roles[0]
	}
	for _, p := range m.Permissions {
		to := s.Rights.Reach(p)
		m.Reach[p] = reached{to.All(), append([]string{}, to.Buildings()...)}
	}
	return m
}

type loginIn struct {
	Body struct {
		Username string `json:"username" maxLength:"100"`
		Password string `json:"password" maxLength:"1000"`
		Code     string `json:"code,omitempty" maxLength:"40" doc:"of the second factor, or a recovery code"`
	}
}

type loginOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

type unlockIn struct {
	Body struct {
		Password string `json:"password" maxLength:"1000"`
		Code     string `json:"code,omitempty" maxLength:"40"`
	}
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
	register(s, "POST", "/api/session/lock", "Lock the screen: alarms stay visible", signedIn, http.StatusNoContent, func(ctx context.Context, _ *none) (*none, error) {
		c := callerOf(ctx)
		err := s.Auth.Lock(ctx, c.session, c.ip, s.now())
		s.Hub.Recheck(c.session.User.ID)
		return nil, err
	})
	register(s, "POST", "/api/session/unlock", "Unlock the screen", signedIn, http.StatusOK, s.unlock)
}

func (s *server) login(ctx context.Context, in *loginIn) (*loginOut, error) {
	c := callerOf(ctx)
	if !s.logins.allow(c.ip, s.now()) {
		f := say(http.StatusTooManyRequests, "登录太频繁，请稍后再试", "Too many sign-ins; wait a moment")
		f.wait = time.Second
		return nil, f
	}
	ses, token, err := s.Auth.SignIn(ctx, auth.SignIn{Username: in.Body.Username, Password: in.Body.Password, Code: in.Body.Code, IP: c.ip, Agent: c.agent}, s.now())
	if err != nil {
		return nil, err
	}
	return &loginOut{sessionCookie(token, auth.AbsoluteLife+auth.IdleLife, c.secure), meOf(ses)}, nil
}

func (s *server) logout(ctx context.Context, _ *none) (*logoutOut, error) {
	c := callerOf(ctx)
	if err := s.Auth.Logout(ctx, c.session, c.ip, s.now()); err != nil {
		return nil, err
	}
	s.Hub.Recheck(c.session.User.ID)
	return &logoutOut{sessionCookie("", 0, c.secure)}, nil
}

func (s *server) password(ctx context.Context, in *passwordIn) (*none, error) {
	c := callerOf(ctx)
	err := s.Auth.ChangePassword(ctx, c.session, in.Body.Old, in.Body.New, c.ip, s.now())
	s.Hub.Recheck(c.session.User.ID)
	return nil, inField(err, "old")
}

// unlock answers with who it is, so that the screen shows it at once.
func (s *server) unlock(ctx context.Context, in *unlockIn) (*body[Me], error) {
	c := callerOf(ctx)
	ses, err := s.Auth.Unlock(ctx, c.session, in.Body.Password, in.Body.Code, c.ip, s.now())
	s.Hub.Recheck(c.session.User.ID)
	if err != nil {
		return nil, inField(err, "password")
	}
	return answered(meOf(ses), nil)
}

// inField says which field is wrong where 401 would sign the console out.
func inField(err error, field string) error {
	switch {
	case errors.Is(err, auth.ErrWrong):
		return badField("body."+field, "密码不对", "The password is wrong")
	case errors.Is(err, auth.ErrCodeWanted):
		return badField("body.code", "请输入动态口令", "Enter the code of the second factor")
	case errors.Is(err, auth.ErrCodeWrong):
		return badField("body.code", "动态口令不对或已用过", "The code is wrong or was used already")
	}
	return err
}
