package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/auth/signon"
	"anlan/cloud/org"
	"anlan/contract"
)

const flowCookie = "anlan_oidc"

type doors struct {
	Outside *contract.Text `json:"outside,omitempty" doc:"name of the outside provider's button"`
}

type startIn struct {
	Back string `query:"back" maxLength:"500"`
}

type redirect struct {
	Location  string        `header:"Location"`
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

type callbackIn struct {
	State string      `query:"state" maxLength:"200"`
	Code  string      `query:"code" maxLength:"2000"`
	Error string      `query:"error" maxLength:"200"`
	Flow  http.Cookie `cookie:"anlan_oidc"`
}

type outsideIn struct{ Body signon.Settings }

func (s *server) oidcOps() {
	manage := access(org.UserManage)
	register(s, "GET", "/api/doors", "Ways to sign in", openToAll, http.StatusOK, func(ctx context.Context, _ *none) (*body[doors], error) {
		o, err := s.Auth.Outside(ctx)
		if err != nil || !o.Enabled {
			return answered(doors{}, err)
		}
		return answered(doors{&o.Name}, nil)
	})
	register(s, "GET", "/api/oidc/start", "Go to the outside provider", openToAll, http.StatusSeeOther, s.oidcStart)
	register(s, "GET", "/api/oidc/callback", "Come back from the outside provider", openToAll, http.StatusSeeOther, s.oidcCallback)
	register(s, "GET", "/api/oidc/settings", "The outside provider", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[signon.Settings], error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		return answered(s.Auth.Outside(ctx))
	})
	register(s, "PUT", "/api/oidc/settings", "Set the outside provider up", manage, http.StatusNoContent, func(ctx context.Context, in *outsideIn) (*none, error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		c := callerOf(ctx)
		return nil, s.Auth.SetOutside(ctx, c.session, in.Body, c.ip, s.now())
	})
}

// flow is the cookie of a sign-in under way. It must come along when the provider sends
// the browser back, hence Lax.
func (c caller) flow(value string, base string) http.Cookie {
	k := http.Cookie{Name: flowCookie, Value: value, Path: "/api/oidc", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secureFor(c, base), MaxAge: int(signon.FlowLife / time.Second)}
	if value == "" {
		k.MaxAge = -1
	}
	return k
}

// secureFor is true when browsers come over TLS, here or at a proxy before us.
func secureFor(c caller, base string) bool {
	u, err := url.Parse(base)
	return c.secure || err == nil && u.Scheme == "https"
}

func (s *server) oidcStart(ctx context.Context, in *startIn) (*redirect, error) {
	if err := s.notTooOften(ctx); err != nil {
		return nil, err
	}
	o, err := s.Auth.Outside(ctx)
	if err != nil {
		return nil, err
	}
	to, flow, err := s.SignOn.Start(ctx, o, in.Back)
	if errors.Is(err, signon.ErrOff) {
		return nil, say(http.StatusNotFound, "没有启用统一登录", "Single sign-on is not set up")
	}
	if err != nil {
		s.log.Error("start single sign-on", "err", err)
		return &redirect{Location: doorWith("unreachable")}, nil
	}
	return &redirect{Location: to, SetCookie: []http.Cookie{callerOf(ctx).flow(flow.Encode(), o.BaseURL)}}, nil
}

// doorWith is the sign-in page saying why it did not work; the words are the console's.
func doorWith(why string) string { return "/?sign_in=" + why }

func (s *server) oidcCallback(ctx context.Context, in *callbackIn) (*redirect, error) {
	if err := s.notTooOften(ctx); err != nil {
		return nil, err
	}
	o, err := s.Auth.Outside(ctx)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	gone := c.flow("", o.BaseURL) // a flow is good for one answer
	away := func(why string) (*redirect, error) {
		return &redirect{Location: doorWith(why), SetCookie: []http.Cookie{gone}}, nil
	}
	flow, err := signon.DecodeFlow(in.Flow.Value)
	if err != nil {
		return away("expired")
	}
	if in.Error != "" {
		return away("refused")
	}
	p, err := s.SignOn.Finish(ctx, o, flow, in.State, in.Code)
	token := ""
	if err == nil {
		_, token, err = s.Auth.SignInOutside(ctx, o, p, c.ip, c.agent, s.now())
	}
	switch {
	case err == nil:
		return &redirect{Location: flow.Back, SetCookie: []http.Cookie{gone, sessionCookie(token, auth.AbsoluteLife+auth.IdleLife, secureFor(c, o.BaseURL))}}, nil
	case errors.Is(err, signon.ErrState):
		return away("expired")
	case errors.Is(err, signon.ErrUnknown), errors.Is(err, auth.ErrWrong):
		return away("unknown")
	}
	s.log.Warn("single sign-on", "err", err)
	return away("untrusted")
}
