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
	"anlan/cloud/org"
)

// Install publishes the documents of every app in a folder that are not there yet, and the
// grants of an app none of whose documents was. An app is app.json (a document of its own),
// documents in files named kind-key.json beside it, and grants.json. What people have
// changed is never touched.
func (k *Desk) Install(ctx context.Context, fsys fs.FS, dir string, now time.Time) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return fmt.Errorf("work: read apps: %w", err)
	}
	for _, e := range entries {
		if err := k.install(ctx, fsys, path.Join(dir, e.Name()), now); err != nil {
			return fmt.Errorf("work: install %s: %w", e.Name(), err)
		}
	}
	return nil
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
	if err := errors.Join(readJSON(fsys, path.Join(dir, "app.json"), &app), readJSON(fsys, path.Join(dir, "grants.json"), &grants)); err != nil {
		return err
	}
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		fresh := true
		for _, r := range app.Documents {
			had, err := k.provide(ctx, tx, r, fsys, path.Join(dir, string(r.Kind)+"-"+r.Key+".json"), now)
			if err != nil {
				return err
			}
			fresh = fresh && !had
		}
		if _, err := k.provide(ctx, tx, document.Ref{Kind: document.App, Key: path.Base(dir)}, fsys, path.Join(dir, "app.json"), now); err != nil {
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
		return nil
	})
}

// provide publishes a document from a file unless there is one in force, and says if there was.
func (k *Desk) provide(ctx context.Context, tx *sql.Tx, r document.Ref, fsys fs.FS, file string, now time.Time) (had bool, err error) {
	_, _, err = k.Docs.InForce(ctx, tx, r.Kind, r.Key)
	if err == nil || !errors.Is(err, document.ErrNotFound) {
		return true, err
	}
	body, err := fs.ReadFile(fsys, file)
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
