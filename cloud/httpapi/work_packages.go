package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"anlan/cloud/document"
	"anlan/cloud/org"
	"anlan/contract"
)

const maxPackage = 16 << 20 // bytes of an app package as it is sent

type packageOut struct {
	Documents []string `query:"document" minItems:"1" maxItems:"500" doc:"kind:key of each"`
	Key       string   `query:"key" pattern:"^[a-z][a-z0-9_-]{0,47}$" required:"true"`
	Title     string   `query:"title" minLength:"1" maxLength:"100" required:"true"`
}

type packageIn struct {
	Dry     bool `query:"dry" doc:"only say what would happen"`
	Replace bool `query:"replace" doc:"also what was changed here"`
	RawBody []byte
}

// packageOps move forms, flows and dictionaries between installations.
func (s *server) packageOps(design access) {
	register(s, "GET", "/api/packages/export", "Documents in force as one app package", design, http.StatusOK, s.packageExport)
	uploaded(s, "POST", "/api/packages/import", "Publish the documents of an app package: all or none", design, maxPackage, func(ctx context.Context, in *packageIn) (*body[document.Result], error) {
		if !reach(ctx, org.AppDesign).All() {
			return nil, say(http.StatusForbidden, "您的权限只限于部分楼栋，不能修改表单与流程", "Your rights are limited to some buildings: forms and flows cannot be changed")
		}
		return answered(s.Work.Unpack(ctx, actor(ctx), in.RawBody, in.Replace, in.Dry, s.now()))
	})
}

func (s *server) packageExport(ctx context.Context, in *packageOut) (*huma.StreamResponse, error) {
	var refs []document.Ref
	for _, d := range in.Documents {
		kind, key, ok := strings.Cut(d, ":")
		if !ok {
			return nil, badField("query.document", "应为 类别:编码", "must be kind:key")
		}
		refs = append(refs, document.Ref{Kind: document.Kind(kind), Key: key})
	}
	var z bytes.Buffer
	if err := s.Work.Pack(ctx, &z, in.Key, contract.Text{ZH: in.Title}, refs, s.now()); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/zip")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+in.Key+`.zip"`)
		if _, err := hc.BodyWriter().Write(z.Bytes()); err != nil {
			s.Log.Info("package not taken", "err", err)
		}
	}}, nil
}
