package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/org"
	"anlan/contract"
)

type tokenIn struct {
	Body struct {
		ID   contract.EdgeID `json:"id" maxLength:"48"`
		Name contract.Text   `json:"name,omitzero" doc:"for a new edge; its own configuration goes before it"`
		URL  string          `json:"url" maxLength:"300" doc:"how the edge reaches this server: http(s)://host[:port]"`
	}
}

type tokenOut struct {
	Token enrolment.Token `json:"token"`
	Word  string          `json:"word" doc:"the token itself, shown once"`
}

type edgeAccessIn struct {
	ID contract.EdgeID `path:"id" maxLength:"48"`
}

type edgeAccess struct {
	Tokens       []enrolment.Token       `json:"tokens"`
	Certificates []enrolment.Certificate `json:"certificates"`
}

type revokeIn struct {
	ID   contract.EdgeID `path:"id" maxLength:"48"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

type enrolIn struct{ Body contract.EnrolmentRequest }

type renewIn struct{ Body contract.RenewalRequest }

func (s *server) enrolmentOps() {
	register(s, "POST", "/api/edges", "Make an enrolment token for an edge, known or new", access(org.EdgeEnrol), http.StatusCreated, s.newToken)
	register(s, "GET", "/api/edges/{id}/access", "Tokens and certificates of an edge", access(org.EdgeEnrol), http.StatusOK, s.edgeAccess)
	register(s, "POST", "/api/edges/{id}/revoke", "Take back every certificate and token of an edge", access(org.EdgeEnrol), http.StatusNoContent, s.revokeEdge)
	register(s, "POST", "/api/enrolment", "For edges: the first certificate, for a token", openToAll, http.StatusOK, func(ctx context.Context, in *enrolIn) (*body[contract.EnrolmentAnswer], error) {
		if err := s.notTooOften(ctx); err != nil {
			return nil, err
		}
		return answered(s.Enrolment.Enrol(ctx, in.Body, callerOf(ctx).ip))
	})
	register(s, "POST", "/api/enrolment/renewal", "For edges: the next certificate, for the present one", openToAll, http.StatusOK, func(ctx context.Context, in *renewIn) (*body[contract.EnrolmentAnswer], error) {
		if err := s.notTooOften(ctx); err != nil {
			return nil, err
		}
		return answered(s.Enrolment.Renew(ctx, in.Body, callerOf(ctx).ip))
	})
}

// notTooOften slows strangers down; edges ask once a year.
func (s *server) notTooOften(ctx context.Context) error {
	if s.logins.allow(callerOf(ctx).ip, s.now()) {
		return nil
	}
	return say(http.StatusTooManyRequests, "请求太频繁，请稍后再试", "Too many requests; wait a moment")
}

func (s *server) newToken(ctx context.Context, in *tokenIn) (*body[tokenOut], error) {
	if !contract.ValidID(string(in.Body.ID)) {
		return nil, badField("body.id", "编号须为小写字母、数字、横线，以字母开头，至多 48 位", "An id is lower-case letters, digits and dashes, starting with a letter, at most 48")
	}
	u, err := url.Parse(in.Body.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, badField("body.url", "须为网关能访问的服务器地址，如 https://anlan.example.com", "The address at which the edge reaches this server, such as https://anlan.example.com")
	}
	if err := s.within(ctx, org.EdgeEnrol, s.buildingOf(in.Body.ID)); err != nil {
		return nil, err
	}
	if in.Body.Name.ZH == "" {
		in.Body.Name.ZH = string(in.Body.ID)
	}
	if err := s.Fleet.Enrol(ctx, in.Body.ID, in.Body.Name); err != nil {
		return nil, err
	}
	tok, row, err := s.Enrolment.NewToken(ctx, actor(ctx), in.Body.ID, u.String())
	return answered(tokenOut{row, tok.String()}, err)
}

// buildingOf is where an edge stands; "" for one that has not been heard.
func (s *server) buildingOf(id contract.EdgeID) string {
	all := s.Fleet.Edges()
	if i := slices.IndexFunc(all, func(e fleet.Edge) bool { return e.ID == id }); i >= 0 {
		return all[i].Building
	}
	return ""
}

func (s *server) knownEdge(ctx context.Context, id contract.EdgeID) error {
	if !slices.ContainsFunc(s.Fleet.Edges(), func(e fleet.Edge) bool { return e.ID == id }) || !reach(ctx, org.EdgeEnrol).Has(s.buildingOf(id)) {
		return say(http.StatusNotFound, "没有这个网关", "No such edge")
	}
	return nil
}

func (s *server) edgeAccess(ctx context.Context, in *edgeAccessIn) (*body[edgeAccess], error) {
	if err := s.knownEdge(ctx, in.ID); err != nil {
		return nil, err
	}
	tokens, err := s.Enrolment.Tokens(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	certificates, err := s.Enrolment.Certificates(ctx, in.ID)
	return answered(edgeAccess{tokens, certificates}, err)
}

func (s *server) revokeEdge(ctx context.Context, in *revokeIn) (*none, error) {
	if err := s.knownEdge(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, s.Enrolment.Revoke(ctx, actor(ctx), in.ID, in.Body.Reason)
}
