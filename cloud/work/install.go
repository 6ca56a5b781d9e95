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
	"anlan/contract"
)

// appFile says what an app on disk consists of. Its documents are in files named
// kind-key.json beside it, its grants in grants.json.
type appFile struct {
	Title     contract.Text  `json:"title"`
	Documents []document.Ref `json:"documents"`
}

// Install publishes the documents of every app in a folder that are not there yet, and the
// grants of an app none of whose documents was. What people have changed is never touched.
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
	var app appFile
	var grants struct {
		Grants []form.Grant `json:"grants"`
	}
	if err := errors.Join(readJSON(fsys, path.Join(dir, "app.json"), &app), readJSON(fsys, path.Join(dir, "grants.json"), &grants)); err != nil {
		return err
	}
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		fresh := true
		for _, r := range app.Documents {
			_, _, err := k.Docs.InForce(ctx, tx, r.Kind, r.Key)
			if err == nil {
				fresh = false
				continue
			}
			if !errors.Is(err, document.ErrNotFound) {
				return err
			}
			body, err := fs.ReadFile(fsys, path.Join(dir, string(r.Kind)+"-"+r.Key+".json"))
			if err != nil {
				return err
			}
			d, _, err := k.Docs.SaveDraft(ctx, tx, org.System(), r.Kind, r.Key, body, 0, now)
			if err != nil {
				return err
			}
			if _, err := k.Docs.Publish(ctx, tx, org.System(), r.Kind, r.Key, d.Rev, "", now); err != nil {
				return explained(r, err)
			}
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
