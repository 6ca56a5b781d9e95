package httpapi

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/org"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type auditIn struct {
	Actor  string    `query:"actor" maxLength:"100" doc:"user id, or a part of the name"`
	Action string    `query:"action" maxLength:"100" doc:"an action, or its beginning such as \"user.\""`
	Object string    `query:"object" maxLength:"200" doc:"an object, or its beginning"`
	From   time.Time `query:"from"`
	To     time.Time `query:"to"`
	Before int64     `query:"before" minimum:"0" doc:"next of the page before"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (in *auditIn) query() audit.Query {
	return audit.Query{Actor: in.Actor, Action: in.Action, Object: in.Object, From: in.From, To: in.To, Before: in.Before, Limit: in.Limit}
}

type auditLine struct{ audit.Entry }

type auditPage struct {
	Items []auditLine `json:"items"`
	Next  int64       `json:"next" doc:"before of the next page; 0 at the end"`
}

type verified struct {
	Rows   int64     `json:"rows" doc:"how many lines were walked and hold"`
	OK     bool      `json:"ok"`
	Broken string    `json:"broken,omitempty" doc:"where the chain does not hold"`
	At     time.Time `json:"at"`
	TookMS int64     `json:"took_ms"`
}

// auditOps needs the right everywhere: a line may be about any place.
func (s *server) auditOps() {
	read := access(org.AuditRead)
	register(s, "GET", "/api/audit", "Search the audit log", read, http.StatusOK, func(ctx context.Context, in *auditIn) (*body[auditPage], error) {
		if err := s.within(ctx, org.AuditRead, ""); err != nil {
			return nil, err
		}
		page, err := s.Audit.Search(ctx, in.query())
		out := auditPage{[]auditLine{}, page.Next}
		for _, e := range page.Items {
			out.Items = append(out.Items, auditLine{e})
		}
		return answered(out, err)
	})
	register(s, "POST", "/api/audit/verify", "Walk the chain of the audit log", read, http.StatusOK, func(ctx context.Context, _ *none) (*body[verified], error) {
		if err := s.within(ctx, org.AuditRead, ""); err != nil {
			return nil, err
		}
		from := s.now()
		n, err := s.Audit.Verify(ctx)
		out := verified{Rows: n, OK: err == nil, At: from, TookMS: s.now().Sub(from).Milliseconds()}
		if errors.Is(err, audit.ErrBroken) {
			out.Broken, err = strings.TrimPrefix(err.Error(), "audit: "), nil
		}
		if err != nil {
			return nil, err
		}
		return answered(out, s.Audit.Write(ctx, actor(ctx), "audit.verify", "audit", map[string]any{"rows": n, "ok": out.OK}, s.now()))
	})
	op := s.operation("GET", "/api/audit/export", "The audit log as CSV, oldest last", read)
	op.Responses = map[string]*huma.Response{"200": {Description: "CSV, UTF-8 with a byte order mark", Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *auditIn) (*huma.StreamResponse, error) {
		if err := s.within(ctx, org.AuditRead, ""); err != nil {
			return nil, s.answer(ctx, err)
		}
		if err := s.Audit.Write(ctx, actor(ctx), "audit.export", "audit", in.query(), s.now()); err != nil {
			return nil, s.answer(ctx, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			s.exportAudit(ctx, w, in.query())
		}}, nil
	})
}

func (s *server) exportAudit(ctx context.Context, w http.ResponseWriter, q audit.Query) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="anlan-audit-`+s.now().Format("20060102-150405")+`.csv"`)
	w.Write([]byte("\ufeff")) //nolint:errcheck // the client has gone
	out := csv.NewWriter(w)
	out.UseCRLF = true
	out.Write([]string{"seq", "at", "actor", "actor_name", "action", "object", "ip", "data"}) //nolint:errcheck // seen at the flush
	q.Limit = 500
	for {
		page, err := s.Audit.Search(ctx, q)
		if err != nil {
			// Half a file must not look like a whole one.
			s.log.Error("export audit", "err", err)
			panic(http.ErrAbortHandler)
		}
		for _, e := range page.Items {
			out.Write([]string{strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano), e.Actor, cell(e.ActorName), cell(e.Action), cell(e.Object), e.IP, string(e.Data)}) //nolint:errcheck // seen at the flush
		}
		if out.Flush(); out.Error() != nil || page.Next == 0 {
			return
		}
		q.Before = page.Next
	}
}

// cell keeps a spreadsheet from taking what someone typed for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
