package work

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
	"anlan/cloud/org"
)

// Install publishes the documents of every app in a folder that are not there yet, and the
// grants of an app none of whose documents was. An app is app.json (a document of its own),
// documents in files named kind-key.json beside it, grants.json, and maybe views.json: lists
// that everybody who sees a form's records has. What people have changed is never touched.
func (k *Desk) Install(ctx context.Context, fsys fs.FS, dir string, now time.Time) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return fmt.Errorf("work: read apps: %w", err)
	}
	for _, e := range entries {
		k.shipped[e.Name()] = true
		if err := k.install(ctx, fsys, path.Join(dir, e.Name()), now); err != nil {
			return fmt.Errorf("work: install %s: %w", e.Name(), err)
		}
	}
	return nil
}

// InstallChecklists publishes the standard items of every category that has none yet.
func (k *Desk) InstallChecklists(ctx context.Context, shipped []hazard.Category, now time.Time) error {
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, c := range shipped {
			body, err := json.Marshal(c.Checklist())
			if err != nil {
				return fmt.Errorf("work: write checklist %s: %w", c.ID, err)
			}
			if _, err := k.provide(ctx, tx, document.Ref{Kind: document.Checklist, Key: c.ID}, func() ([]byte, error) { return body, nil }, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func readJSON(fsys fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (k *Desk) install(ctx context.Context, fsys fs.FS, dir string, now time.Time) error {
	var app document.AppBody
	var grants struct {
		Grants []form.Grant `json:"grants"`
	}
	var views struct {
		Views []form.SavedView `json:"views"`
	}
	if err := errors.Join(readJSON(fsys, path.Join(dir, "app.json"), &app), readJSON(fsys, path.Join(dir, "grants.json"), &grants)); err != nil {
		return err
	}
	if err := readJSON(fsys, path.Join(dir, "views.json"), &views); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file := func(name string) func() ([]byte, error) {
		return func() ([]byte, error) { return fs.ReadFile(fsys, path.Join(dir, name)) }
	}
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		fresh := true
		for _, r := range app.Documents {
			had, err := k.provide(ctx, tx, r, file(string(r.Kind)+"-"+r.Key+".json"), now)
			if err != nil {
				return err
			}
			fresh = fresh && !had
		}
		if _, err := k.provide(ctx, tx, document.Ref{Kind: document.App, Key: path.Base(dir)}, file("app.json"), now); err != nil {
			return err
		}
		if !fresh {
			return nil
		}
		for _, g := range grants.Grants {
			if _, err := k.Forms.SaveGrant(ctx, tx, g); err != nil {
				return explained(document.Ref{Kind: "grant", Key: g.Role + " " + g.Form}, err)
			}
		}
		for _, v := range views.Views {
			v.Shared = true
			if _, err := k.Forms.SaveView(ctx, tx, form.SystemWho(), v, now); err != nil {
				return explained(document.Ref{Kind: view, Key: v.Form + " " + v.Name.ZH}, err)
			}
		}
		return nil
	})
}

// provide publishes a document unless there is one in force, and says if there was.
func (k *Desk) provide(ctx context.Context, tx *sql.Tx, r document.Ref, read func() ([]byte, error), now time.Time) (had bool, err error) {
	_, _, err = k.Docs.InForce(ctx, tx, r.Kind, r.Key)
	if err == nil || !errors.Is(err, document.ErrNotFound) {
		return true, err
	}
	body, err := read()
	if err != nil {
		return false, err
	}
	d, _, err := k.Docs.SaveDraft(ctx, tx, org.System(), r.Kind, r.Key, body, 0, now)
	if err != nil {
		return false, err
	}
	if _, err := k.Docs.Publish(ctx, tx, org.System(), r.Kind, r.Key, d.Rev, "", now); err != nil {
		return false, explained(r, err)
	}
	return false, nil
}

// explained says which problems a shipped document has.
func explained(r document.Ref, err error) error {
	var all []document.Problem
	if bad, ok := errors.AsType[*document.InvalidError](err); ok {
		all = bad.Problems
	} else if bad, ok := errors.AsType[*form.InvalidError](err); ok {
		all = bad.Problems
	}
	for _, p := range all {
		err = errors.Join(err, fmt.Errorf("%s %s: %s: %s", r.Kind, r.Key, p.Path, p.Text.EN))
	}
	return err
}
