package work

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/org"
	"anlan/contract"
)

// Source is what a template was written after. Verified says that somebody held it against
// the original text.
type Source struct {
	Cite     contract.Text `json:"cite"`
	Verified bool          `json:"verified"`
}

// Template is an app that can be installed: ready-made, and nobody's until somebody is let in.
type Template struct {
	Key         string         `json:"key"`
	Title       contract.Text  `json:"title"`
	Description contract.Text  `json:"description"`
	Icon        string         `json:"icon,omitempty"`
	Category    string         `json:"category" enum:"service,permit,equipment,safety,site,office"`
	Order       int            `json:"order"`
	Sources     []Source       `json:"sources"`
	Documents   []TemplatePart `json:"documents"`
	// Standing is how the app of this key stands here: none, installed or removed.
	Standing string `json:"standing" enum:"none,installed,removed"`
}

// TemplatePart is one document of a template.
type TemplatePart struct {
	document.Ref
	Title  contract.Text `json:"title"`
	Fields int           `json:"fields,omitempty"` // of a form, that hold a value
	Nodes  int           `json:"nodes,omitempty"`  // of a flow
	// Body is left out of lists.
	Body json.RawMessage `json:"body,omitempty"`
}

// ErrNoTemplate says that there is no such template.
var ErrNoTemplate = fmt.Errorf("work: no such template: %w", document.ErrNotFound)

// AppTemplates lists the templates in a folder, with how each stands here.
func (k *Desk) AppTemplates(ctx context.Context, fsys fs.FS, dir string) ([]Template, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("work: read templates: %w", err)
	}
	out := []Template{}
	for _, e := range entries {
		t, err := k.AppTemplate(ctx, fsys, dir, e.Name())
		if err != nil {
			return nil, err
		}
		for i := range t.Documents {
			t.Documents[i].Body = nil
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Template) int { return cmp.Compare(a.Order, b.Order) })
	return out, nil
}

var templateRE = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// AppTemplate reads one template with everything in it. Errors: ErrNoTemplate.
func (k *Desk) AppTemplate(ctx context.Context, fsys fs.FS, dir, key string) (Template, error) {
	if !templateRE.MatchString(key) {
		return Template{}, ErrNoTemplate
	}
	t, app, err := readTemplate(fsys, path.Join(dir, key))
	if err != nil {
		return Template{}, err
	}
	t.Key, t.Title, t.Description, t.Icon = key, app.Title, app.Description, app.Icon
	_, retired, err := k.Docs.InForce(ctx, nil, document.App, key)
	switch {
	case errors.Is(err, document.ErrNotFound):
		t.Standing, err = "none", nil
	case retired:
		t.Standing = "removed"
	default:
		t.Standing = "installed"
	}
	return t, err
}

func readTemplate(fsys fs.FS, dir string) (Template, document.AppBody, error) {
	var app document.AppBody
	var t Template
	if err := readJSON(fsys, path.Join(dir, "app.json"), &app); errors.Is(err, fs.ErrNotExist) {
		return t, app, ErrNoTemplate
	} else if err != nil {
		return t, app, err
	}
	if err := readJSON(fsys, path.Join(dir, "template.json"), &t); err != nil {
		return t, app, err
	}
	if t.Sources == nil {
		t.Sources = []Source{}
	}
	for _, r := range app.Documents {
		p, err := readPart(fsys, dir, r)
		if err != nil {
			return t, app, err
		}
		t.Documents = append(t.Documents, p)
	}
	return t, app, nil
}

func readPart(fsys fs.FS, dir string, r document.Ref) (TemplatePart, error) {
	name := path.Join(dir, string(r.Kind)+"-"+r.Key+".json")
	p := TemplatePart{Ref: r}
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return p, fmt.Errorf("work: read template: %w", err)
	}
	var about struct {
		Title  contract.Text `json:"title"`
		Fields []struct {
			Type string `json:"type"`
		} `json:"fields"`
		Nodes []json.RawMessage `json:"nodes"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return p, fmt.Errorf("work: read template %s: %w", name, err)
	}
	p.Title, p.Nodes = about.Title, len(about.Nodes)
	for _, f := range about.Fields {
		if f.Type != "section" && f.Type != "divider" && f.Type != "description" {
			p.Fields++
		}
	}
	p.Body, err = document.Canonical(raw)
	return p, err
}

// Clash says what to do with documents of a template whose keys are taken here by others.
type Clash string

// Ways with clashes.
const (
	Ask    Clash = ""       // do not install, say what clashes
	Rename Clash = "rename" // install everything under keys of its own
	Keep   Clash = "keep"   // keep what is here, and let the app use it
)

// Installing is what somebody wants done with a template.
type Installing struct {
	Title string // of the app, "" as it comes
	Clash Clash
	Dry   bool
}

// Installed is what came of it.
type Installed struct {
	App string `json:"app"`
	// Kept are documents that were left as they are here.
	Kept   []document.Ref  `json:"kept"`
	Result document.Result `json:"result"`
}

// InstallTemplate publishes a template as an app, all or nothing, while everything runs.
// Nobody is given a right. Errors: ErrNoTemplate, document.ErrConflict if the app is here.
func (k *Desk) InstallTemplate(ctx context.Context, by org.Actor, t Template, want Installing, now time.Time) (Installed, error) {
	out := Installed{App: t.Key, Kept: []document.Ref{}}
	taken, err := k.taken(ctx, t)
	if err != nil {
		return out, err
	}
	suffix := ""
	if want.Clash == Rename {
		if suffix, err = k.freeSuffix(ctx, t); err != nil {
			return out, err
		}
		taken = nil
	} else if t.Standing != "none" {
		return out, document.ErrConflict
	}
	out.App += suffix
	if want.Clash == Keep {
		out.Kept = append(out.Kept, taken...)
	}
	m, err := manifest(t, suffix, want.Title, out.Kept)
	if err != nil {
		return out, err
	}
	m.Made = now.UTC()
	var z bytes.Buffer
	if err := document.WriteBundle(&z, m); err != nil {
		return out, err
	}
	dry := want.Dry || want.Clash == Ask && len(taken) > 0
	out.Result, err = k.Unpack(ctx, by, z.Bytes(), false, dry, now)
	for i, item := range out.Result.Items { // a key taken by others is a clash even where an import would call it an update
		if slices.Contains(taken, item.Ref) && want.Clash == Ask {
			out.Result.Items[i].Outcome = document.Conflict
		}
	}
	return out, err
}

// taken lists the documents of a template whose keys belong to something else here. A
// dictionary that is the very same is shared, not taken.
func (k *Desk) taken(ctx context.Context, t Template) ([]document.Ref, error) {
	var out []document.Ref
	for _, p := range t.Documents {
		_, retired, err := k.Docs.InForce(ctx, nil, p.Kind, p.Key)
		if errors.Is(err, document.ErrNotFound) {
			if _, err := k.Docs.Draft(ctx, p.Kind, p.Key); err == nil {
				out = append(out, p.Ref)
			} else if !errors.Is(err, document.ErrNotFound) {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.Kind == document.Dict && !retired {
			v, err := k.Docs.Current(ctx, p.Kind, p.Key)
			if err != nil {
				return nil, err
			}
			if v.Checksum == document.Checksum(p.Body) {
				continue
			}
		}
		out = append(out, p.Ref)
	}
	return out, nil
}

// freeSuffix finds an ending that makes every key of the template free here.
func (k *Desk) freeSuffix(ctx context.Context, t Template) (string, error) {
	for n := 2; n < 100; n++ {
		suffix := fmt.Sprintf("_%d", n)
		free := true
		for _, p := range append(slices.Clone(t.Documents), TemplatePart{Ref: document.Ref{Kind: document.App, Key: t.Key}}) {
			_, _, err := k.Docs.InForce(ctx, nil, p.Kind, p.Key+suffix)
			_, drafted := k.Docs.Draft(ctx, p.Kind, p.Key+suffix)
			if err == nil || drafted == nil {
				free = false
				break
			}
			if !errors.Is(err, document.ErrNotFound) {
				return "", err
			}
		}
		if free {
			return suffix, nil
		}
	}
	return "", document.ErrConflict
}

// manifest is the package of a template, without what is kept.
func manifest(t Template, suffix, title string, kept []document.Ref) (document.Manifest, error) {
	m := document.Manifest{Key: t.Key + suffix, Title: t.Title}
	if title != "" {
		m.Title = contract.Text{ZH: title}
	}
	keys := map[string]map[string]bool{}
	for _, p := range t.Documents {
		if keys[string(p.Kind)] == nil {
			keys[string(p.Kind)] = map[string]bool{}
		}
		keys[string(p.Kind)][p.Key] = true
	}
	app := document.AppBody{Title: m.Title, Description: t.Description, Icon: t.Icon}
	for _, p := range t.Documents {
		r := document.Ref{Kind: p.Kind, Key: p.Key + suffix}
		app.Documents = append(app.Documents, r)
		if slices.Contains(kept, r) {
			continue
		}
		body, err := renamed(p.Body, keys, suffix)
		if err != nil {
			return m, err
		}
		m.Documents = append(m.Documents, document.PartOf(r, 1, body))
	}
	raw, err := json.Marshal(app)
	if err != nil {
		return m, fmt.Errorf("work: encode app: %w", err)
	}
	raw, err = document.Canonical(raw)
	m.Documents = append(m.Documents, document.PartOf(document.Ref{Kind: document.App, Key: m.Key}, 1, raw))
	return m, err
}

// renamed puts the suffix behind every reference to a document of the template: the
// properties form, flow and dict, where they hold one of its keys.
func renamed(body json.RawMessage, keys map[string]map[string]bool, suffix string) (json.RawMessage, error) {
	if suffix == "" {
		return body, nil
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("work: read template: %w", err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				if s, ok := e.(string); ok && keys[k][s] {
					v[k] = s + suffix
				}
				walk(e)
			}
		}
	}
	walk(doc)
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("work: encode template: %w", err)
	}
	return document.Canonical(raw)
}
