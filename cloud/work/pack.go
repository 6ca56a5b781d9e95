package work

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

// view is what the report of an import calls a list that everybody has.
const view document.Kind = "view"

// Pack writes documents in force as one package, with the lists and statistics that
// everybody has of its forms. Rights do not travel.
func (k *Desk) Pack(ctx context.Context, w io.Writer, key string, title contract.Text, refs []document.Ref, now time.Time) error {
	m := document.Manifest{Key: key, Title: title}
	for _, r := range refs {
		if r.Kind != document.Form {
			continue
		}
		views, err := k.Forms.SharedViews(ctx, nil, r.Key)
		if err != nil {
			return err
		}
		for _, v := range views {
			raw, err := json.Marshal(portable(v))
			if err != nil {
				return fmt.Errorf("work: pack view: %w", err)
			}
			m.Views = append(m.Views, raw)
		}
	}
	return k.Docs.Export(ctx, w, m, refs, now)
}

// portable is a view without what it is only here.
func portable(v form.SavedView) form.SavedView {
	v.ID, v.Owner, v.Shared = "", "", true
	return v
}

// Unpack publishes what is in a package: all or none. A dry run only says what would
// happen. Conflicts with what was changed here block it unless replace is set.
func (k *Desk) Unpack(ctx context.Context, by org.Actor, raw []byte, replace, dry bool, now time.Time) (document.Result, error) {
	return k.Docs.Import(ctx, by, raw, replace, dry, func(ctx context.Context, tx *sql.Tx, m document.Manifest) ([]document.Item, error) {
		var out []document.Item
		for _, raw := range m.Views {
			i, err := k.unpackView(ctx, tx, m, raw, now)
			if err != nil {
				return nil, err
			}
			out = append(out, i)
		}
		return out, nil
	}, now)
}

func (k *Desk) unpackView(ctx context.Context, tx *sql.Tx, m document.Manifest, raw []byte, now time.Time) (document.Item, error) {
	item := document.Item{Ref: document.Ref{Kind: view}, Outcome: document.New, Changes: []document.Change{}, Problems: []document.Problem{}}
	refused := func(zh, en string) (document.Item, error) {
		item.Problems = append(item.Problems, document.Problem{Text: contract.Text{ZH: zh, EN: en}})
		return item, nil
	}
	var v form.SavedView
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return refused("列表无法识别："+err.Error(), "not a list: "+err.Error())
	}
	item.Key, item.Title = v.Form+" · "+v.Name.ZH, v.Name
	if !slices.ContainsFunc(m.Documents, func(p document.Part) bool { return p.Kind == document.Form && p.Key == v.Form }) {
		return refused("列表的表单不在包里", "the form of the list is not in the package")
	}
	v = portable(v)
	here, err := k.Forms.SharedViews(ctx, tx, v.Form)
	if err != nil {
		return item, err
	}
	if i := slices.IndexFunc(here, func(h form.SavedView) bool { return h.Name.ZH == v.Name.ZH }); i >= 0 {
		old, err := json.Marshal(portable(here[i]))
		if err != nil {
			return item, fmt.Errorf("work: compare view: %w", err)
		}
		now, err := json.Marshal(v)
		if err != nil {
			return item, fmt.Errorf("work: compare view: %w", err)
		}
		if item.Outcome = document.Conflict; bytes.Equal(old, now) {
			item.Outcome = document.Same
			return item, nil
		}
		v.ID = here[i].ID
	}
	_, err = k.Forms.SaveView(ctx, tx, form.SystemWho(), v, now)
	if bad, ok := errors.AsType[*form.InvalidError](err); ok {
		item.Problems = bad.Problems
		return item, nil
	}
	return item, err
}
