package httpapi

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"

	"anlan/cloud/cond"
	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
)

type docIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
}

type docList struct {
	Kind document.Kind `query:"kind" enum:"calendar,dict,form,checklist,flow,app" required:"true"`
}

type docDraftIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
	Body struct {
		Rev  int64           `json:"rev" minimum:"0" doc:"of the draft as read, 0 if there was none"`
		Body json.RawMessage `json:"body"`
	}
}

type docPublishIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
	Body struct {
		Rev  int64  `json:"rev" minimum:"1" doc:"of the draft as read"`
		Note string `json:"note,omitempty" maxLength:"200"`
	}
}

type docRollBackIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
	Body struct {
		To   int64  `json:"to" minimum:"1"`
		Note string `json:"note,omitempty" maxLength:"200"`
	}
}

type docDiffIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
	From int64         `query:"from" minimum:"1"`
	To   int64         `query:"to" minimum:"0" doc:"0 is the draft"`
}

type docDiscardIn struct {
	Kind document.Kind `path:"kind" enum:"calendar,dict,form,checklist,flow,app"`
	Key  string        `path:"key" maxLength:"48"`
	Rev  int64         `query:"rev" minimum:"1" doc:"of the draft as read"`
}

// documentDetail is a document as its designer sees it.
type documentDetail struct {
	Current  *document.Version  `json:"current,omitempty"`
	Draft    *document.Draft    `json:"draft,omitempty"`
	Versions []document.Version `json:"versions"` // without their content
}

// draftSaved is a draft that was kept, and what still keeps it from being published.
type draftSaved struct {
	Draft    document.Draft     `json:"draft"`
	Problems []document.Problem `json:"problems"`
}

// changeDocs runs a change of documents for someone who designs everywhere.
func (s *server) changeDocs(ctx context.Context, change func(tx *sql.Tx) error) error {
	if !reach(ctx, org.AppDesign).All() {
		return say(http.StatusForbidden, "您的权限只限于部分楼栋，不能修改表单与流程", "Your rights are limited to some buildings: forms and flows cannot be changed")
	}
	return s.Work.DB.Tx(ctx, change)
}

func (s *server) documentOps() {
	design := access(org.AppDesign)
	register(s, "GET", "/api/documents", "Forms, flows or dictionaries with their versions", design, http.StatusOK, func(ctx context.Context, in *docList) (*body[[]document.Head], error) {
		return answered(s.Work.Docs.List(ctx, in.Kind))
	})
	register(s, "GET", "/api/documents/{kind}/{key}", "A document, its draft and its versions", design, http.StatusOK, s.document)
	uploaded(s, "PUT", "/api/documents/{kind}/{key}/draft", "Keep a draft", design, document.MaxBytes, func(ctx context.Context, in *docDraftIn) (*body[draftSaved], error) {
		out := draftSaved{Problems: []document.Problem{}}
		err := s.changeDocs(ctx, func(tx *sql.Tx) (err error) {
			var p []document.Problem
			out.Draft, p, err = s.Work.Docs.SaveDraft(ctx, tx, actor(ctx), in.Kind, in.Key, in.Body.Body, in.Body.Rev, s.now())
			out.Problems = append(out.Problems, p...)
			return err
		})
		return answered(out, err)
	})
	register(s, "POST", "/api/documents/{kind}/{key}/publish", "Publish the draft", design, http.StatusOK, func(ctx context.Context, in *docPublishIn) (*body[document.Version], error) {
		var v document.Version
		err := s.changeDocs(ctx, func(tx *sql.Tx) (err error) {
			v, err = s.Work.Docs.Publish(ctx, tx, actor(ctx), in.Kind, in.Key, in.Body.Rev, in.Body.Note, s.now())
			return err
		})
		return answered(v, err)
	})
	register(s, "POST", "/api/documents/{kind}/{key}/roll-back", "Publish the content of an old version again", design, http.StatusOK, func(ctx context.Context, in *docRollBackIn) (*body[document.Version], error) {
		var v document.Version
		err := s.changeDocs(ctx, func(tx *sql.Tx) (err error) {
			v, err = s.Work.Docs.RollBack(ctx, tx, actor(ctx), in.Kind, in.Key, in.Body.To, in.Body.Note, s.now())
			return err
		})
		return answered(v, err)
	})
	register(s, "GET", "/api/documents/{kind}/{key}/diff", "What changed between two versions", design, http.StatusOK, s.documentDiff)
	register(s, "DELETE", "/api/documents/{kind}/{key}/draft", "Throw the draft away", design, http.StatusNoContent, func(ctx context.Context, in *docDiscardIn) (*none, error) {
		return nil, s.changeDocs(ctx, func(tx *sql.Tx) error {
			return s.Work.Docs.Discard(ctx, tx, actor(ctx), in.Kind, in.Key, in.Rev, s.now())
		})
	})
	register(s, "POST", "/api/documents/{kind}/{key}/retire", "Take a document out of use; publishing brings it back", design, http.StatusNoContent, func(ctx context.Context, in *docIn) (*none, error) {
		return nil, s.changeDocs(ctx, func(tx *sql.Tx) error {
			return s.Work.Docs.Retire(ctx, tx, actor(ctx), in.Kind, in.Key, s.now())
		})
	})
	s.grantOps(design)
	s.packageOps(design)
	s.templateOps(design)
}

func (s *server) document(ctx context.Context, in *docIn) (*body[documentDetail], error) {
	var out documentDetail
	v, err := s.Work.Docs.Current(ctx, in.Kind, in.Key)
	if err == nil {
		out.Current = &v
	} else if !errors.Is(err, document.ErrNotFound) {
		return nil, err
	}
	d, err := s.Work.Docs.Draft(ctx, in.Kind, in.Key)
	if err == nil {
		out.Draft = &d
	} else if !errors.Is(err, document.ErrNotFound) {
		return nil, err
	}
	if out.Current == nil && out.Draft == nil {
		return nil, document.ErrNotFound
	}
	out.Versions, err = s.Work.Docs.Versions(ctx, in.Kind, in.Key)
	for i := range out.Versions {
		out.Versions[i].Body = nil
	}
	return answered(out, err)
}

func (s *server) documentDiff(ctx context.Context, in *docDiffIn) (*body[[]document.Change], error) {
	old, err := s.Work.Docs.Version(ctx, in.Kind, in.Key, in.From)
	if err != nil {
		return nil, err
	}
	var next json.RawMessage
	if in.To == 0 {
		d, err := s.Work.Docs.Draft(ctx, in.Kind, in.Key)
		if err != nil {
			return nil, err
		}
		next = d.Body
	} else {
		v, err := s.Work.Docs.Version(ctx, in.Kind, in.Key, in.To)
		if err != nil {
			return nil, err
		}
		next = v.Body
	}
	return answered(document.Diff(old.Body, next))
}

type grantsIn struct {
	Form string `query:"form" maxLength:"24"`
}

type grantIn struct {
	Body struct {
		ID      string                 `json:"id,omitempty" maxLength:"64"`
		Role    string                 `json:"role" maxLength:"64"`
		Form    string                 `json:"form" maxLength:"24" doc:"or *"`
		Actions []form.Action          `json:"actions" maxItems:"7"`
		Fields  map[string]form.Access `json:"fields,omitempty"`
		Rows    json.RawMessage        `json:"rows,omitempty" doc:"a condition on records"`
	}
}

func (in *grantIn) grant() (form.Grant, error) {
	b := in.Body
	g := form.Grant{ID: b.ID, Role: b.Role, Form: b.Form, Actions: b.Actions, Fields: b.Fields}
	if len(b.Rows) == 0 {
		return g, nil
	}
	var err error
	if g.Rows, err = cond.Parse(b.Rows); err != nil {
		return g, badField("body.rows", "条件无法识别", "The condition cannot be understood")
	}
	return g, nil
}

type grantGone struct {
	ID string `path:"id" maxLength:"64"`
}

// grantOps are who may do what with the records of forms.
func (s *server) grantOps(design access) {
	register(s, "GET", "/api/grants", "Who may do what with records", design, http.StatusOK, func(ctx context.Context, in *grantsIn) (*body[[]form.Grant], error) {
		return answered(s.Work.Forms.Grants(ctx, in.Form))
	})
	register(s, "POST", "/api/grants", "Give or change a grant", design, http.StatusOK, func(ctx context.Context, in *grantIn) (*body[form.Grant], error) {
		g, err := in.grant()
		if err != nil {
			return nil, err
		}
		err = s.changeDocs(ctx, func(tx *sql.Tx) (err error) {
			if g, err = s.Work.Forms.SaveGrant(ctx, tx, g); err != nil {
				return err
			}
			return s.Audit.Append(ctx, tx, actor(ctx), "grant.save", "grant:"+g.ID, g, s.now())
		})
		return answered(g, err)
	})
	register(s, "DELETE", "/api/grants/{id}", "Take a grant back", design, http.StatusNoContent, func(ctx context.Context, in *grantGone) (*none, error) {
		return nil, s.changeDocs(ctx, func(tx *sql.Tx) error {
			if err := s.Work.Forms.DeleteGrant(ctx, tx, in.ID); err != nil {
				return err
			}
			return s.Audit.Append(ctx, tx, actor(ctx), "grant.delete", "grant:"+in.ID, nil, s.now())
		})
	})
}
