package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/auth"
)

type passwordOnly struct {
	Body struct {
		Password string `json:"password" maxLength:"1000"`
	}
}

type codeIn struct {
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

type bothIn struct {
	Body struct {
		Password string `json:"password" maxLength:"1000"`
		Code     string `json:"code" maxLength:"40"`
	}
}

type recovery struct {
	Codes []string `json:"codes" doc:"each works once; shown once"`
}

type sessionID struct {
	ID string `path:"id" maxLength:"64"`
}

// accountOps is what people do with their own account.
func (s *server) accountOps() {
	register(s, "GET", "/api/me/sessions", "The own sessions", signedIn, http.StatusOK, func(ctx context.Context, _ *none) (*body[[]auth.SessionRow], error) {
		c := callerOf(ctx)
		return answered(s.Auth.Sessions(ctx, c.session.User.ID, c.session, s.now()))
	})
	register(s, "DELETE", "/api/me/sessions/{id}", "End one of the own sessions", signedIn, http.StatusNoContent, func(ctx context.Context, in *sessionID) (*none, error) {
		return nil, s.endSession(ctx, callerOf(ctx).session.User.ID, in.ID)
	})
	register(s, "POST", "/api/me/totp", "Begin a second factor", signedIn, http.StatusOK, func(ctx context.Context, in *passwordOnly) (*body[auth.Enrolment], error) {
		e, err := s.Auth.BeginTOTP(ctx, callerOf(ctx).session, in.Body.Password, s.now())
		return answered(e, inField(err, "password"))
	})
	register(s, "POST", "/api/me/totp/confirm", "Switch the second factor on with a code", signedIn, http.StatusOK, func(ctx context.Context, in *codeIn) (*body[recovery], error) {
		c := callerOf(ctx)
		codes, err := s.Auth.ConfirmTOTP(ctx, c.session, in.Body.Code, c.ip, s.now())
		return answered(recovery{codes}, inField(err, "password"))
	})
	register(s, "POST", "/api/me/totp/recovery", "Make new recovery codes", signedIn, http.StatusOK, func(ctx context.Context, in *bothIn) (*body[recovery], error) {
		c := callerOf(ctx)
		codes, err := s.Auth.NewRecoveryCodes(ctx, c.session, in.Body.Password, in.Body.Code, c.ip, s.now())
		return answered(recovery{codes}, inField(err, "password"))
	})
	register(s, "POST", "/api/me/totp/remove", "Take the second factor away", signedIn, http.StatusNoContent, func(ctx context.Context, in *bothIn) (*none, error) {
		c := callerOf(ctx)
		return nil, inField(s.Auth.RemoveTOTP(ctx, c.session, in.Body.Password, in.Body.Code, c.ip, s.now()), "password")
	})
}

// endSession ends a session, and its streams at once.
func (s *server) endSession(ctx context.Context, person, id string) error {
	err := s.Auth.EndSession(ctx, actor(ctx), person, id, s.now())
	s.Hub.Recheck(person)
	if f := faultOf(err, s.now()); f != nil && f.status == http.StatusUnauthorized {
		return say(http.StatusNotFound, "没有这个会话", "No such session")
	}
	return err
}
