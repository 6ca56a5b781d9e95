package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

const shownRunning = 20 // open flows listed where they keep an app from being removed

// AppStanding is how an app stands, and what removing it would do.
type AppStanding struct {
	Key     string        `json:"key"`
	Title   contract.Text `json:"title"`
	Removed *time.Time    `json:"removed,omitempty"` // when, if it is
	// Retire are its own forms and flows: nothing else uses them.
	Retire []AppPart `json:"retire"`
	// Stay are documents that other apps use, and dictionaries: records are read by them.
	Stay    []AppPart `json:"stay"`
	Grants  int       `json:"grants"`  // that would be withdrawn
	Records int64     `json:"records"` // that stay
	// Running are the first of the open flows on its records; while there is one it stays.
	Running []flow.Item `json:"running"`
	Open    int         `json:"open"`
	Shipped bool        `json:"shipped"` // the program itself works with it: it cannot be removed
}

// AppPart is one document of an app.
type AppPart struct {
	document.Ref
	Title contract.Text `json:"title"`
}

// Errors of removing and restoring apps.
var (
	ErrRunning  = errors.New("work: flows of the app are still running")
	ErrShipped  = errors.New("work: the program works with this app")
	ErrName     = errors.New("work: not the name of the app")
	ErrInUse    = errors.New("work: the app is in use already")
	ErrNotInUse = errors.New("work: the app has been removed already")
)

// StandingOf tells how an app stands. Errors: document.ErrNotFound.
func (k *Desk) StandingOf(ctx context.Context, key string) (AppStanding, error) {
	out := AppStanding{Key: key, Retire: []AppPart{}, Stay: []AppPart{}, Shipped: k.shipped[key]}
	heads := map[document.Kind][]document.Head{}
	for _, kind := range []document.Kind{document.App, document.Form, document.Flow, document.Dict} {
		h, err := k.Docs.List(ctx, kind)
		if err != nil {
			return out, err
		}
		heads[kind] = h
	}
	app, ok := headOf(heads[document.App], key)
	if !ok || app.Current == 0 {
		return out, document.ErrNotFound
	}
	out.Title = app.Title
	if !app.RetiredAt.IsZero() {
		out.Removed = &app.RetiredAt
	}
	body, err := k.appBody(ctx, app)
	if err != nil {
		return out, err
	}
	others, err := k.others(ctx, heads[document.App], key)
	if err != nil {
		return out, err
	}
	var forms []string
	for _, r := range body.Documents {
		h, ok := headOf(heads[r.Kind], r.Key)
		if !ok || h.Current == 0 {
			continue
		}
		p := AppPart{r, h.Title}
		switch {
		case out.Removed != nil && r.Kind != document.Dict && h.RetiredAt.Equal(*out.Removed),
			out.Removed == nil && r.Kind != document.Dict && h.RetiredAt.IsZero() && !others[r]:
			out.Retire = append(out.Retire, p)
			if r.Kind == document.Form {
				forms = append(forms, r.Key)
			}
		default:
			out.Stay = append(out.Stay, p)
		}
	}
	return out, k.count(ctx, &out, forms)
}

// count fills in what hangs on the forms of an app.
func (k *Desk) count(ctx context.Context, out *AppStanding, forms []string) error {
	all, err := k.Forms.Grants(ctx, "")
	if err != nil {
		return err
	}
	for _, g := range all {
		if slices.Contains(forms, g.Form) {
			out.Grants++
		}
	}
	for _, f := range forms {
		n, err := k.Forms.Count(ctx, form.SystemWho(), f, form.Listing{}, k.Now())
		if err != nil {
			return err
		}
		out.Records += n
	}
	out.Running, out.Open, err = k.Flows.OpenOn(ctx, forms, shownRunning)
	return err
}

func headOf(heads []document.Head, key string) (document.Head, bool) {
	i := slices.IndexFunc(heads, func(h document.Head) bool { return h.Key == key })
	if i < 0 {
		return document.Head{}, false
	}
	return heads[i], true
}

func (k *Desk) appBody(ctx context.Context, h document.Head) (document.AppBody, error) {
	var b document.AppBody
	v, err := k.Docs.Version(ctx, document.App, h.Key, h.Current)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(v.Body, &b); err != nil {
		return b, fmt.Errorf("work: read app %s: %w", h.Key, err)
	}
	return b, nil
}

// others are the documents that the other apps in use have.
func (k *Desk) others(ctx context.Context, apps []document.Head, but string) (map[document.Ref]bool, error) {
	out := map[document.Ref]bool{}
	for _, h := range apps {
		if h.Key == but || h.Current == 0 || !h.RetiredAt.IsZero() {
			continue
		}
		b, err := k.appBody(ctx, h)
		if err != nil {
			return nil, err
		}
		for _, r := range b.Documents {
			out[r] = true
		}
	}
	return out, nil
}

// RemoveApp takes an app out of use: its own forms and flows are retired, the grants on them
// withdrawn; records and their log stay. name is its name, typed by whoever removes it.
// Errors: ErrName, ErrRunning, ErrShipped, ErrNotInUse, document.ErrNotFound.
func (k *Desk) RemoveApp(ctx context.Context, by org.Actor, key, name string, now time.Time) (AppStanding, error) {
	st, err := k.StandingOf(ctx, key)
	switch {
	case err != nil:
		return st, err
	case st.Removed != nil:
		return st, ErrNotInUse
	case st.Shipped:
		return st, ErrShipped
	case name != st.Title.ZH && (st.Title.EN == "" || name != st.Title.EN):
		return st, ErrName
	case st.Open > 0:
		return st, ErrRunning
	}
	withdrawn, err := k.Forms.Grants(ctx, "")
	if err != nil {
		return st, err
	}
	withdrawn = slices.DeleteFunc(withdrawn, func(g form.Grant) bool {
		return !slices.ContainsFunc(st.Retire, func(p AppPart) bool { return p.Kind == document.Form && p.Key == g.Form })
	})
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, p := range append(slices.Clone(st.Retire), AppPart{Ref: document.Ref{Kind: document.App, Key: key}}) {
			if err := k.Docs.Retire(ctx, tx, by, p.Kind, p.Key, now); err != nil {
				return err
			}
		}
		for _, p := range st.Retire { // after the forms are locked: nothing begins any more
			if open, err := k.Flows.AnyOpen(ctx, tx, p.Key); p.Kind == document.Form && (err != nil || open) {
				return errors.Join(err, ErrRunning)
			}
		}
		for _, g := range withdrawn {
			if err := k.Forms.DeleteGrant(ctx, tx, g.ID); err != nil && !errors.Is(err, form.ErrNotFound) {
				return err
			}
		}
		return k.Audit.Append(ctx, tx, by, "app.remove", "app:"+key, map[string]any{"documents": st.Retire, "grants": withdrawn, "records": st.Records}, now)
	})
	if err != nil {
		return st, err
	}
	return k.StandingOf(ctx, key)
}

// RestoreApp brings a removed app back with everything that was retired with it. Nobody is
// given a right. Errors: ErrInUse, document.ErrNotFound, document.InvalidError.
func (k *Desk) RestoreApp(ctx context.Context, by org.Actor, key string, now time.Time) (AppStanding, error) {
	st, err := k.StandingOf(ctx, key)
	if err != nil {
		return st, err
	}
	if st.Removed == nil {
		return st, ErrInUse
	}
	order := document.Kinds()
	back := append(slices.Clone(st.Retire), AppPart{Ref: document.Ref{Kind: document.App, Key: key}})
	slices.SortStableFunc(back, func(a, b AppPart) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, p := range back {
			if err := k.Docs.Revive(ctx, tx, by, p.Kind, p.Key, now); err != nil {
				return err
			}
		}
		return k.Audit.Append(ctx, tx, by, "app.restore", "app:"+key, map[string]any{"documents": st.Retire}, now)
	})
	if err != nil {
		return st, err
	}
	return k.StandingOf(ctx, key)
}

// ProposeGrant is what somebody who is to begin with a form needs, no more: to make a
// record, with the fields its flow lets them fill in at the start. What becomes of it they
// see by having started the flow. Without a flow they see and make records.
func (k *Desk) ProposeGrant(ctx context.Context, key string) (form.Grant, error) {
	g := form.Grant{Form: key, Actions: []form.Action{form.View, form.Create}}
	starts, err := k.FlowOf(ctx, key)
	if err != nil || starts == "" {
		return g, err
	}
	d, err := k.FlowDef(ctx, nil, starts, 0)
	if err != nil {
		return g, err
	}
	n := &d.Nodes[0]
	if len(n.Fields) == 0 || n.Fields[form.Any] == "w" {
		return g, nil
	}
	g.Actions, g.Fields = []form.Action{form.Create}, map[string]form.Access{form.Any: form.Hide}
	for _, f := range n.Writable() {
		g.Fields[f] = form.Write
	}
	return g, nil
}
