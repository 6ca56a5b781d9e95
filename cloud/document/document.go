// Package document keeps everything people configure (forms, flows, checklists,
// dictionaries, …) as versioned JSON documents: one draft each, published versions that
// never change, and whole apps as packages.
package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"anlan/cloud/cond"
	"anlan/contract"
)

// Kind is what a document configures.
type Kind string

// Kinds, in the order in which documents of a package are published: what is referred to
// comes first.
const (
	Calendar  Kind = "calendar"
	Dict      Kind = "dict"
	Form      Kind = "form"
	Checklist Kind = "checklist"
	Flow      Kind = "flow"
	Rule      Kind = "rule"
	Report    Kind = "report"
	Dashboard Kind = "dashboard"
	Plan      Kind = "plan"
	Emergency Kind = "emergency"
	App       Kind = "app" // what belongs together, under one name
)

// Kinds lists all kinds in that order.
func Kinds() []Kind {
	return []Kind{Calendar, Dict, Form, Checklist, Flow, Rule, Report, Dashboard, Plan, Emergency, App}
}

// Limits of one document.
const (
	MaxBytes = 4 << 20
	MaxDepth = 64
)

// Errors of this package.
var (
	ErrNotFound = errors.New("document: not found")
	ErrConflict = errors.New("document: changed by someone else since it was read")
	ErrBroken   = errors.New("document: content does not match its checksum")
)

// Problem is one thing wrong with a document; Path is its JSON path, "" for the whole.
type Problem = cond.Problem

// InvalidError lists everything that keeps a document from being saved or published.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return "document: invalid"
	}
	p := e.Problems[0]
	return fmt.Sprintf("document: %d problems, first at %q: %s", len(e.Problems), p.Path, p.Text.EN)
}

func invalid(path, zh, en string) error {
	return &InvalidError{[]Problem{{Path: path, Text: contract.Text{ZH: zh, EN: en}}}}
}

// Version is one published, immutable content.
type Version struct {
	Kind       Kind            `json:"kind"`
	Key        string          `json:"key"`
	Version    int64           `json:"version"`
	Body       json.RawMessage `json:"body"`
	Checksum   string          `json:"checksum"` // sha-256 of the canonical body, hex
	Note       string          `json:"note"`
	From       int64           `json:"from"` // version rolled back to, 0 if none
	App        string          `json:"app"`  // key of the package it came in, "" if made here
	Author     string          `json:"author"`
	AuthorName string          `json:"author_name"`
	At         time.Time       `json:"published_at"`
	// With are the documents that an import publishes after it, in the same transaction.
	With []Ref `json:"-"`
}

// Draft is the one unpublished content of a key.
type Draft struct {
	Kind       Kind            `json:"kind"`
	Key        string          `json:"key"`
	Rev        int64           `json:"rev"`  // counts the saves; compare on save and publish
	Base       int64           `json:"base"` // version in force when it was begun
	Body       json.RawMessage `json:"body"`
	Author     string          `json:"author"`
	AuthorName string          `json:"author_name"`
	At         time.Time       `json:"updated_at"`
}

// Head is one line of the list of documents.
type Head struct {
	Kind      Kind      `json:"kind"`
	Key       string    `json:"key"`
	Current   int64     `json:"current"` // 0: never published
	Last      int64     `json:"last"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
	DraftRev  int64     `json:"draft_rev"` // 0: no draft
	App       string    `json:"app"`       // key of the package it came in, "" if made here
	At        time.Time `json:"at"`        // published, or its draft kept

	Title contract.Text `json:"title"`          // as its content has it
	About contract.Text `json:"about,omitzero"` // its description
	Icon  string        `json:"icon,omitempty"` // of an app, one of [Icons]
	Form  string        `json:"form,omitempty"` // of a flow
	Holds []Ref         `json:"holds,omitempty" doc:"of an app"`
}

// describe takes from a content what lists show; what has no such thing shows its key.
func (h *Head) describe(body string) {
	var about struct {
		Title contract.Text `json:"title"`
		About contract.Text `json:"description"`
		Icon  string        `json:"icon"`
		Form  string        `json:"form"`
		Holds []Ref         `json:"documents"`
	}
	if err := json.Unmarshal([]byte(body), &about); err == nil {
		h.Title, h.About, h.Icon, h.Form, h.Holds = about.Title, about.About, about.Icon, about.Form, about.Holds
	}
}

// Class is what is known of one kind of document. Every function may be nil.
type Class struct {
	// Check finds what is wrong with a body by itself.
	Check func(key string, body json.RawMessage) []Problem
	// CheckIn finds what is wrong with it among everything else, within the transaction
	// that publishes. prev is the version in force, nil if there is none.
	CheckIn func(ctx context.Context, tx *sql.Tx, next Version, prev *Version) ([]Problem, error)
	// Publish does what belongs to the version's coming into force, in that transaction.
	Publish func(ctx context.Context, tx *sql.Tx, next Version, prev *Version) error
}

var keyRE = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,47}$`)

func checkName(k Kind, key string) error {
	for _, known := range Kinds() {
		if k == known {
			if !keyRE.MatchString(key) {
				return invalid("", "编码应以小写字母开头，只含小写字母、数字、-、_，至多 48 个", "a key is a lower-case letter, then up to 47 of a-z 0-9 - _")
			}
			return nil
		}
	}
	return invalid("", "未知的类别 "+string(k), "unknown kind "+string(k))
}

// Canonical reads JSON strictly (one object, no repeated names, bounded depth and size)
// and writes it with sorted names and no spaces; numbers stay as written.
func Canonical(raw []byte) (json.RawMessage, error) {
	if len(raw) > MaxBytes {
		return nil, invalid("", "超过 4 MB", "larger than 4 MB")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := strict(d, "", 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("", "JSON 之后还有内容", "something follows the JSON")
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, invalid("", "应为 JSON 对象", "must be a JSON object")
	}
	return encode(v)
}

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("document: encode: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// strict reads one value; what encoding/json lets pass silently is a problem here.
func strict(d *json.Decoder, path string, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, invalid(path, "嵌套太深", "nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return nil, invalid(path, "不是合法的 JSON", "not valid JSON: "+err.Error())
	}
	switch t {
	case json.Delim('{'):
		return strictObject(d, path, depth)
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := strict(d, path+"["+strconv.Itoa(len(out))+"]", depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, closing(d, path)
	}
	return t, nil
}

func strictObject(d *json.Decoder, path string, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, invalid(path, "不是合法的 JSON", "not valid JSON: "+err.Error())
		}
		name, _ := t.(string)
		at := join(path, name)
		if _, twice := out[name]; twice {
			return nil, invalid(at, "名称重复", "the name appears twice")
		}
		if out[name], err = strict(d, at, depth+1); err != nil {
			return nil, err
		}
	}
	return out, closing(d, path)
}

func closing(d *json.Decoder, path string) error {
	if _, err := d.Token(); err != nil {
		return invalid(path, "不是合法的 JSON", "not valid JSON: "+err.Error())
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Checksum is the sha-256 of a canonical body, hex.
func Checksum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
