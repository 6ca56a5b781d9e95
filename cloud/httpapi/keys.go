package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"
)

type apiKeyIn struct {
	Body struct {
		Name        string           `json:"name" maxLength:"200"`
		Permissions []org.Permission `json:"permissions"`
		Scopes      []org.Scope      `json:"scopes"`
		Expires     time.Time        `json:"expires_at"`
	}
}

type newKey struct {
	Key  auth.APIKey `json:"key"`
	Text string      `json:"text" doc:"the key itself, shown once"`
}

func (s *server) keyOps() {
	manage := access(org.KeyManage)
	register(s, "GET", "/api/keys", "API keys: all for who manages keys everywhere, else the own ones", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[[]auth.APIKey], error) {
		return answered(s.Auth.Keys(ctx, s.keysOf(ctx)))
	})
	register(s, "POST", "/api/keys", "Make an API key", manage, http.StatusCreated, func(ctx context.Context, in *apiKeyIn) (*body[newKey], error) {
		c := callerOf(ctx)
		k, text, err := s.Auth.NewKey(ctx, c.session, auth.APIKey{Name: in.Body.Name, Permissions: in.Body.Permissions, Scopes: in.Body.Scopes, Expires: in.Body.Expires}, c.ip, s.now())
		return answered(newKey{k, text}, err)
	})
	register(s, "DELETE", "/api/keys/{id}", "Revoke an API key", manage, http.StatusNoContent, func(ctx context.Context, in *userID) (*none, error) {
		k, err := s.Auth.KeyByID(ctx, in.ID)
		if of := s.keysOf(ctx); err == nil && of != "" && k.Person != of {
			err = org.ErrNotFound
		}
		if err == nil {
			err = s.Auth.RevokeKey(ctx, actor(ctx), in.ID, s.now())
			s.Hub.Recheck(k.Person)
		}
		return nil, notFound(err, "没有这个密钥", "No such key")
	})
}

// keysOf is whose keys the caller sees; "" is everyone's.
func (s *server) keysOf(ctx context.Context) string {
	if reach(ctx, org.KeyManage).All() {
		return ""
	}
	return callerOf(ctx).session.User.ID
}
