package httpapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"

	"anlan/cloud/cond"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

type viewsIn struct {
	Form string `path:"form" maxLength:"24"`
}

type viewIn struct {
	Form string `path:"form" maxLength:"24"`
	Body struct {
		ID     string          `json:"id,omitempty" maxLength:"64" doc:"empty for a new one"`
		Name   contract.Text   `json:"name"`
		Shared bool            `json:"shared,omitempty" doc:"with everybody who may see the records"`
		Filter json.RawMessage `json:"filter,omitempty" doc:"a condition"`
		Fields []string        `json:"fields" maxItems:"200"`
		Sort   string          `json:"sort,omitempty" maxLength:"60"`
		Chart  *form.Chart     `json:"chart,omitempty" doc:"shown as statistics"`
	}
}

type viewGone struct {
	Form string `path:"form" maxLength:"24"`
	ID   string `path:"id" maxLength:"64"`
}

// viewOps are lists as people like to see them.
func (s *server) viewOps() {
	use := access(org.WorkUse)
	register(s, "GET", "/api/forms/{form}/views", "My views of a form's records, and those shared", use, http.StatusOK, func(ctx context.Context, in *viewsIn) (*body[[]form.SavedView], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Forms.Views(ctx, who, in.Form))
	})
	register(s, "POST", "/api/forms/{form}/views", "Keep a view", use, http.StatusOK, func(ctx context.Context, in *viewIn) (*body[form.SavedView], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		b := in.Body
		v := form.SavedView{ID: b.ID, Form: in.Form, Name: b.Name, Shared: b.Shared, Fields: b.Fields, Sort: b.Sort, Chart: b.Chart}
		if len(b.Filter) > 0 {
			if v.Filter, err = cond.Parse(b.Filter); err != nil {
				return nil, badField("body.filter", "筛选条件无法识别", "The filter cannot be understood")
			}
		}
		err = s.Work.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
			v, err = s.Work.Forms.SaveView(ctx, tx, who, v, s.now())
			return err
		})
		return answered(v, err)
	})
	register(s, "DELETE", "/api/forms/{form}/views/{id}", "Take a view away", use, http.StatusNoContent, func(ctx context.Context, in *viewGone) (*none, error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Work.DB.Tx(ctx, func(tx *sql.Tx) error {
			return s.Work.Forms.DeleteView(ctx, tx, who, in.Form, in.ID)
		})
	})
}
