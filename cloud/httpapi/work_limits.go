package httpapi

import (
	"context"
	"net/http"
	"strings"

	"anlan/cloud/attach"
	"anlan/cloud/document"
	"anlan/cloud/excel"
	"anlan/cloud/fleet/places"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// workLimit is how large a request about forms, flows and attachments may be; 0 is no more
// than any other.
func workLimit(r *http.Request) int64 {
	at := func(method, prefix string) bool { return r.Method == method && strings.HasPrefix(r.URL.Path, prefix) }
	switch {
	case at(http.MethodPatch, "/api/uploads/"):
		return attach.MaxChunk + 1
	case at(http.MethodPost, "/api/forms/") && strings.Contains(r.URL.Path, "/import"):
		return excel.MaxBytes + 1
	case at(http.MethodPost, "/api/packages/"):
		return maxPackage
	case at(http.MethodPut, "/api/documents/"):
		return document.MaxBytes + 64<<10
	case at(http.MethodPost, "/api/forms/"), at(http.MethodPatch, "/api/forms/"), at(http.MethodPost, "/api/flows/"):
		return maxRecord
	}
	return 0
}

// RecordReader says whether the caller of a request may read the record that an attachment
// belongs to: then the attachment too.
func RecordReader(desk *work.Desk, tree func() *places.Tree) func(ctx context.Context, by org.Actor, ref attach.Ref) bool {
	return func(ctx context.Context, by org.Actor, ref attach.Ref) bool {
		if ref.Kind != work.RecordKind || callerOf(ctx).session.User.ID != by.ID {
			return false
		}
		who, err := desk.Who(ctx, by, buildingsOf(reach(ctx, org.WorkUse), tree()))
		if err != nil {
			return false
		}
		_, err = desk.Read(ctx, who, ref.Form, ref.Record)
		return err == nil
	}
}

// buildingsOf lists every building within reach.
func buildingsOf(in org.Reach, t *places.Tree) []string {
	buildings := in.Buildings()
	if in.All() {
		for id := range t.Buildings {
			buildings = append(buildings, id)
		}
	}
	return buildings
}
