package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/document"
	"anlan/cloud/org"
)

var (
	shanghai = time.FixedZone("CST", 8*3600)
	noon     = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	li       = Who{Actor: org.Actor{ID: "li", Name: "李四"}, Me: cond.Person{ID: "li", Dept: "safety"}, Permits: Full()}
)

// known are the people and things a lookup finds.
var known = map[string]Entry{
	"person/li": {Name: "李四", Active: true, Depts: []string{"safety"}, Roles: []string{"operator"}}, "person/wang": {Name: "王五", Active: true, Depts: []string{"repair"}, Roles: []string{"engineer"}},
	"person/gone": {Name: "离职", Depts: []string{"repair"}}, "department/safety": {Name: "安全部", Active: true}, "department/repair": {Name: "工程部", Active: true},
	"post/guard": {Name: "保安", Active: true}, "place/c1": {Name: "小区", Active: true}, "place/c1/b1": {Name: "1号楼", Active: true}, "place/c1/b2": {Name: "2号楼", Active: true},
	"place/c1/b1/12": {Name: "12层", Active: true}, "device/e1/smoke-1": {Name: "烟感", Active: true}, "file/att-1": {Active: true}, "file/att-2": {Active: true},
}

func lookup(t Type, id string) (Entry, bool) {
	e, ok := known[string(t)+"/"+id]
	return e, ok
}

// desk is a store with documents.
type desk struct {
	*Store
	t    testing.TB
	d    *db.DB
	docs *document.Store
	now  time.Time
}

func newDesk(t testing.TB, d *db.DB) *desk {
	docs := document.NewStore(d, audit.New(d), map[document.Kind]document.Class{document.Form: Class(d), document.Dict: DictClass()})
	return &desk{t: t, d: d, docs: docs, now: noon, Store: NewStore(d, docs, Deps{Zone: shanghai,
		Lookup: func(context.Context, *sql.Tx) func(Type, string) (Entry, bool) { return lookup }})}
}

func (k *desk) tx(fn func(tx *sql.Tx) error) error { return k.d.Tx(context.Background(), fn) }

func (k *desk) tryPublish(kind document.Kind, key, body string) error {
	return k.tx(func(tx *sql.Tx) error {
		d, _, err := k.docs.SaveDraft(context.Background(), tx, li.Actor, kind, key, []byte(body), 0, k.now)
		if err != nil {
			return err
		}
		_, err = k.docs.Publish(context.Background(), tx, li.Actor, kind, key, d.Rev, "", k.now)
		return err
	})
}

func (k *desk) publish(kind document.Kind, key, body string) {
	k.t.Helper()
	if err := k.tryPublish(kind, key, body); err != nil {
		k.t.Fatalf("%v %+v", err, problemsOf(err))
	}
}

func (k *desk) try(who Who, form, doc string) (r Record, err error) {
	err = k.tx(func(tx *sql.Tx) error {
		r, err = k.Create(context.Background(), tx, who, form, decode(k.t, doc), k.now)
		return err
	})
	return r, err
}

func (k *desk) create(form, doc string) Record {
	k.t.Helper()
	r, err := k.try(li, form, doc)
	if err != nil {
		k.t.Fatalf("%v %+v", err, problemsOf(err))
	}
	return r
}

func (k *desk) tryUpdate(who Who, r Record, patch string) (out Record, err error) {
	err = k.tx(func(tx *sql.Tx) error {
		out, err = k.Update(context.Background(), tx, who, r.Form, r.ID, r.Rev, decode(k.t, patch), k.now)
		return err
	})
	return out, err
}

func (k *desk) update(r Record, patch string) Record {
	k.t.Helper()
	out, err := k.tryUpdate(li, r, patch)
	if err != nil {
		k.t.Fatalf("%v %+v", err, problemsOf(err))
	}
	return out
}

func decode(t testing.TB, doc string) map[string]any {
	t.Helper()
	m, err := decodeDoc([]byte(doc))
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return m
}

// refused asserts problems at exactly these paths, each in both languages.
func refused(t testing.TB, err error, paths ...string) {
	t.Helper()
	var bad *InvalidError
	if !errors.As(err, &bad) {
		if d, ok := errors.AsType[*document.InvalidError](err); ok {
			bad = &InvalidError{d.Problems}
		} else {
			t.Fatalf("got %v, want problems at %v", err, paths)
		}
	}
	var got []string
	for _, p := range bad.Problems {
		if p.Text.ZH == "" || p.Text.EN == "" {
			t.Errorf("%s is not said in both languages: %+v", p.Path, p.Text)
		}
		got = append(got, p.Path)
	}
	slices.Sort(got)
	slices.Sort(paths)
	if !slices.Equal(got, paths) {
		t.Fatalf("problems %+v, want at %v", bad.Problems, paths)
	}
}

// def is a definition of these fields (JSON).
func def(fields string, more ...string) string {
	return `{"title":{"zh":"测试","en":"Test"},"fields":[` + fields + `]` + strings.Join(more, "") + `}`
}

// field is one field with more JSON.
func field(key, typ, more string) string {
	return fmt.Sprintf(`{"key":%q,"type":%q,"label":{"zh":%q,"en":%q}%s}`, key, typ, key, key, more)
}

func mustParse(t testing.TB, key, body string) *Def {
	t.Helper()
	d, err := Parse(key, []byte(body))
	if err != nil {
		t.Fatalf("%v %+v", err, problemsOf(err))
	}
	return d
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func with(m map[string]any, k string, v any) map[string]any {
	out := maps.Clone(m)
	out[k] = v
	return out
}
