package document

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"anlan/cloud/org"
	"anlan/contract"
)

const (
	bundleFormat = "anlan-app/1"
	manifestName = "app.json"
	maxParts     = 500
	maxBundle    = 64 << 20 // bytes, unpacked
)

// Ref names a document.
type Ref struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key"`
}

// Manifest is what an app package says of itself.
type Manifest struct {
	Format    string        `json:"format"`
	Key       string        `json:"key"`
	Title     contract.Text `json:"title"`
	Made      time.Time     `json:"made"`
	Documents []Part        `json:"documents"`
	// Views are lists of the forms' records that everybody has; this room does not read them.
	Views []json.RawMessage `json:"views,omitempty"`
}

// Part is one document of a package.
type Part struct {
	Ref
	Version int64           `json:"version"` // where it was exported
	File    string          `json:"file"`
	SHA256  string          `json:"sha256"`
	Body    json.RawMessage `json:"-"`
}

// Export writes the versions in force of some documents as one package, with m's views.
func (s *Store) Export(ctx context.Context, w io.Writer, m Manifest, refs []Ref, now time.Time) error {
	m.Documents, m.Made = nil, now.UTC()
	for _, r := range refs {
		v, err := s.Current(ctx, r.Kind, r.Key)
		if err != nil {
			return fmt.Errorf("document: export %s %s: %w", r.Kind, r.Key, err)
		}
		m.Documents = append(m.Documents, PartOf(r, v.Version, v.Body))
	}
	return WriteBundle(w, m)
}

// PartOf is a document as a part of a package; body is canonical.
func PartOf(r Ref, version int64, body json.RawMessage) Part {
	return Part{r, version, "documents/" + string(r.Kind) + "/" + r.Key + ".json", Checksum(body), body}
}

// WriteBundle writes a package.
func WriteBundle(w io.Writer, m Manifest) error {
	m.Format = bundleFormat
	z := zip.NewWriter(w)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("document: export: %w", err)
	}
	if err := put(z, manifestName, head); err != nil {
		return err
	}
	for _, p := range m.Documents {
		if err := put(z, p.File, p.Body); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("document: export: %w", err)
	}
	return nil
}

func put(z *zip.Writer, name string, b []byte) error {
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(b)
	}
	if err != nil {
		return fmt.Errorf("document: write %s: %w", name, err)
	}
	return nil
}

// ReadBundle opens a package and checks every checksum. Errors are InvalidError.
func ReadBundle(raw []byte) (Manifest, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(z.File) > maxParts+1 {
		return Manifest{}, invalid("", "不是应用包", "not an app package")
	}
	left := int64(maxBundle)
	files := map[string][]byte{}
	for _, f := range z.File {
		b, err := take(f, left)
		if err != nil {
			return Manifest{}, err
		}
		left -= int64(len(b))
		files[f.Name] = b
	}
	var m Manifest
	if err := json.Unmarshal(files[manifestName], &m); err != nil || m.Format != bundleFormat || !keyRE.MatchString(m.Key) || len(m.Views) > maxParts {
		return Manifest{}, invalid(manifestName, "不是应用包，或版本不认识", "not an app package, or of an unknown format")
	}
	seen := map[Ref]bool{}
	for i := range m.Documents {
		p := &m.Documents[i]
		if err := checkName(p.Kind, p.Key); err != nil {
			return Manifest{}, err
		}
		body, ok := files[p.File]
		if !ok || seen[p.Ref] {
			return Manifest{}, invalid(p.File, "缺少文件或重复", "the file is missing, or listed twice")
		}
		seen[p.Ref] = true
		if Checksum(body) != p.SHA256 {
			return Manifest{}, invalid(p.File, "校验和不符：文件被改动或损坏", "checksum mismatch: changed or damaged")
		}
		if p.Body, err = Canonical(body); err != nil {
			return Manifest{}, err
		}
	}
	order := Kinds()
	slices.SortStableFunc(m.Documents, func(a, b Part) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return m, nil
}

func take(f *zip.File, left int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, invalid(f.Name, "文件损坏", "damaged")
	}
	defer r.Close() //nolint:errcheck // reads only
	b, err := io.ReadAll(io.LimitReader(r, left+1))
	if err != nil {
		return nil, invalid(f.Name, "文件损坏", "damaged")
	}
	if int64(len(b)) > left {
		return nil, invalid(f.Name, "解压后太大", "too large when unpacked")
	}
	return b, nil
}

// Outcome is what an import does with one document.
type Outcome string

// Outcomes.
const (
	New      Outcome = "new"
	Same     Outcome = "same"     // in force already
	Update   Outcome = "update"   // replaces a version that this one was made from
	Conflict Outcome = "conflict" // the one here was changed here
)

// Item is one line of the report of an import.
type Item struct {
	Ref
	Title    contract.Text `json:"title"`
	Outcome  Outcome       `json:"outcome"`
	Version  int64         `json:"version"` // it has, or would have, here
	Changes  []Change      `json:"changes"`
	Problems []Problem     `json:"problems"`
	HasDraft bool          `json:"has_draft"` // a draft here would have to be begun anew
}

// Result is the report of an import.
type Result struct {
	Manifest Manifest `json:"manifest"`
	Items    []Item   `json:"items"`
	Done     bool     `json:"done"`
}

// Blocked says if a conflict or a problem keeps the import from being done.
func (r Result) Blocked(replace bool) bool {
	return slices.ContainsFunc(r.Items, func(i Item) bool {
		return len(i.Problems) > 0 || i.Outcome == Conflict && !replace
	})
}

// errDry takes a tried import back.
var errDry = errors.New("document: dry run")

// Along is what else is done with a package, after its documents and in their transaction;
// what it says is added to the report. The package is imported, or not, with it.
type Along func(ctx context.Context, tx *sql.Tx, m Manifest) ([]Item, error)

// Import publishes the documents of a package: all or none. A dry run does the same and
// takes it back. Conflicts block it unless replace is set.
func (s *Store) Import(ctx context.Context, by org.Actor, raw []byte, replace, dry bool, along Along, now time.Time) (Result, error) {
	m, err := ReadBundle(raw)
	if err != nil {
		return Result{}, err
	}
	res := Result{Manifest: m}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		res.Items = []Item{}
		next, err := s.changed(ctx, tx, m.Documents)
		if err != nil {
			return err
		}
		for _, p := range m.Documents {
			item, err := s.importPart(ctx, tx, by, p, m.Key, next, now)
			if err != nil {
				return err
			}
			res.Items = append(res.Items, item)
		}
		more, err := along(ctx, tx, m)
		if err != nil {
			return err
		}
		res.Items = append(res.Items, more...)
		if dry || res.Blocked(replace) {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		return res, nil
	}
	res.Done = err == nil
	return res, err
}

// changed lists the documents of a package that are not in force as they are.
func (s *Store) changed(ctx context.Context, tx *sql.Tx, parts []Part) ([]Ref, error) {
	var out []Ref
	for _, p := range parts {
		v, err := s.CurrentTx(ctx, tx, p.Kind, p.Key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err != nil || v.Checksum != Checksum(p.Body) {
			out = append(out, p.Ref)
		}
	}
	return out, nil
}

func (s *Store) importPart(ctx context.Context, tx *sql.Tx, by org.Actor, p Part, app string, with []Ref, now time.Time) (Item, error) {
	item := Item{Ref: p.Ref, Title: titleOf(p), Changes: []Change{}, Problems: []Problem{}}
	current, _, err := s.lock(ctx, tx, p.Kind, p.Key)
	if err != nil {
		return item, err
	}
	prev, err := s.previous(ctx, tx, p.Kind, p.Key, current)
	if err != nil {
		return item, err
	}
	if _, err := draft(ctx, tx, p.Kind, p.Key); err == nil {
		item.HasDraft = true
	} else if !errors.Is(err, ErrNotFound) {
		return item, err
	}
	item.Outcome = New
	if prev != nil {
		item.Outcome = outcome(*prev, p)
		if item.Version = prev.Version; item.Outcome == Same {
			return item, nil
		}
		if item.Changes, err = Diff(prev.Body, p.Body); err != nil {
			return item, err
		}
	}
	v, err := s.publish(ctx, tx, by, Version{Kind: p.Kind, Key: p.Key, Body: p.Body, App: app, With: with}, "document.import", now)
	if bad, ok := errors.AsType[*InvalidError](err); ok {
		item.Problems = bad.Problems
		return item, nil
	}
	item.Version = v.Version
	return item, err
}

// titleOf is what people call the document; its key if it says nothing.
func titleOf(p Part) contract.Text {
	var b struct {
		Title contract.Text `json:"title"`
	}
	if json.Unmarshal(p.Body, &b) != nil || b.Title.ZH == "" {
		return contract.Text{ZH: p.Key}
	}
	return b.Title
}

// outcome tells an update from a conflict: a version that came in a package was not
// touched here since.
func outcome(prev Version, p Part) Outcome {
	switch {
	case prev.Checksum == Checksum(p.Body):
		return Same
	case prev.App != "":
		return Update
	}
	return Conflict
}
