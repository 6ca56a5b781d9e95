package document_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"
	"anlan/cloud/org"
	"anlan/contract"
)

var (
	at = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	by = org.Actor{ID: "u1", Name: "李工"}
)

type fixture struct {
	*document.Store
	t  *testing.T
	db *db.DB
}

func each(t *testing.T, classes map[document.Kind]document.Class, test func(t *testing.T, f fixture)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		test(t, fixture{document.NewStore(d, audit.New(d), classes), t, d})
	})
}

func (f fixture) tx(fn func(tx *sql.Tx) error) error { f.t.Helper(); return f.db.Tx(f.t.Context(), fn) }

func (f fixture) save(k document.Kind, key, body string, rev int64) (d document.Draft, err error) {
	err = f.tx(func(tx *sql.Tx) (err error) {
		d, _, err = f.SaveDraft(f.t.Context(), tx, by, k, key, []byte(body), rev, at)
		return err
	})
	return d, err
}

func (f fixture) release(k document.Kind, key, body string) (v document.Version, err error) {
	d, err := f.save(k, key, body, 0)
	if err != nil {
		return v, err
	}
	err = f.tx(func(tx *sql.Tx) (err error) {
		v, err = f.Publish(f.t.Context(), tx, by, k, key, d.Rev, "note", at)
		return err
	})
	return v, err
}

func (f fixture) must(v document.Version, err error) document.Version {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

func TestCanonical_IsStrictAndStable(t *testing.T) {
	a, err := document.Canonical([]byte(`{"b": 1.50, "a":[{"y":1,"x":"<灭火器>"}] }`))
	if err != nil || string(a) != `{"a":[{"x":"<灭火器>","y":1}],"b":1.50}` {
		t.Errorf("got %s, %v", a, err)
	}
	for raw, path := range map[string]string{
		`{"a":{"b":1,"b":2}}`: "a.b", `[1]`: "", `{"a":1} x`: "", `{`: "", `{"a":` + strings.Repeat("[", 80): "",
	} {
		_, err := document.Canonical([]byte(raw))
		bad, ok := errors.AsType[*document.InvalidError](err)
		if !ok || path != "" && bad.Problems[0].Path != path {
			t.Errorf("%.20s: %v", raw, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.50,null,true,"x"]}`))
	f.Add([]byte(`{"a":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := document.Canonical(raw)
		if err != nil {
			return
		}
		b, err := document.Canonical(a)
		if err != nil || !bytes.Equal(a, b) || !json.Valid(a) {
			t.Errorf("%q then %q, %v", a, b, err)
		}
	})
}

func TestF18_APublishedVersionNeverChangesAndADraftIsComparedOnSave(t *testing.T) {
	each(t, nil, func(t *testing.T, f fixture) {
		v1 := f.must(f.release(document.Form, "hazard", `{"title":"a"}`))
		d, err := f.save(document.Form, "hazard", `{"title":"b"}`, 0)
		if err != nil || d.Base != 1 {
			t.Fatal(d, err)
		}
		if _, err := f.save(document.Form, "hazard", `{"title":"lost"}`, 0); !errors.Is(err, document.ErrConflict) {
			t.Errorf("a second writer got %v", err)
		}
		if err := f.tx(func(tx *sql.Tx) error {
			_, err := f.RollBack(t.Context(), tx, by, document.Form, "hazard", 1, "", at)
			return err
		}); err == nil {
			t.Error("rolled back to the version in force")
		}
		var v2 document.Version
		if err := f.tx(func(tx *sql.Tx) (err error) {
			v2, err = f.Publish(t.Context(), tx, by, document.Form, "hazard", d.Rev, "", at)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var v3 document.Version
		if err := f.tx(func(tx *sql.Tx) (err error) {
			v3, err = f.RollBack(t.Context(), tx, by, document.Form, "hazard", 1, "回到原样", at)
			return err
		}); err != nil || v3.Version != 3 || v3.From != 1 || v3.Checksum != v1.Checksum {
			t.Errorf("roll back: %+v, %v", v3, err)
		}
		got, err := f.Version(t.Context(), document.Form, "hazard", v2.Version)
		if err != nil || string(got.Body) != `{"title":"b"}` {
			t.Errorf("version 2 is %s, %v", got.Body, err)
		}
		all, err := f.Versions(t.Context(), document.Form, "hazard")
		if err != nil || len(all) != 3 || all[0].Version != 3 {
			t.Errorf("%d versions, %v", len(all), err)
		}
		if n, err := audit.New(f.db).Verify(t.Context()); err != nil || n != 5 {
			t.Errorf("audit has %d lines, %v", n, err)
		}
	})
}

func TestF18_ATamperedVersionIsTold(t *testing.T) {
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Flow, "x", `{"a":1}`))
		if err := f.tx(func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE document_version SET body = '{"a":2}'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Current(t.Context(), document.Flow, "x"); !errors.Is(err, document.ErrBroken) {
			t.Errorf("got %v", err)
		}
	})
}

func TestF18_ProblemsBlockThePublicationWhole(t *testing.T) {
	ran := 0
	classes := map[document.Kind]document.Class{document.Form: {
		Check: func(_ string, body json.RawMessage) []document.Problem {
			if strings.Contains(string(body), "bad") {
				return []document.Problem{{Path: "fields[0]", Text: contract.Text{ZH: "坏", EN: "bad"}}}
			}
			return nil
		},
		Publish: func(ctx context.Context, tx *sql.Tx, v document.Version, prev *document.Version) error {
			ran++
			if strings.Contains(string(v.Body), "boom") {
				return errors.New("boom")
			}
			return nil
		},
	}}
	each(t, classes, func(t *testing.T, f fixture) {
		ran = 0
		_, err := f.release(document.Form, "x", `{"a":"bad"}`)
		if bad, ok := errors.AsType[*document.InvalidError](err); !ok || bad.Problems[0].Path != "fields[0]" || ran != 0 {
			t.Errorf("got %v, published %d times", err, ran)
		}
		if _, err := f.release(document.Form, "y", `{"a":"boom"}`); err == nil {
			t.Error("a publication whose effects went wrong was kept")
		}
		if _, err := f.Current(t.Context(), document.Form, "y"); !errors.Is(err, document.ErrNotFound) {
			t.Errorf("y: %v", err)
		}
		if _, err := f.Draft(t.Context(), document.Form, "y"); err != nil {
			t.Errorf("the draft is lost: %v", err)
		}
	})
}

func TestF18_ConcurrentPublishersMakeDistinctVersions(t *testing.T) {
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Dict, "d", `{"n":0}`))
		f.must(f.release(document.Dict, "d", `{"n":1}`))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := f.tx(func(tx *sql.Tx) error {
					_, err := f.RollBack(t.Context(), tx, by, document.Dict, "d", 1, "", at)
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := f.Versions(t.Context(), document.Dict, "d")
		if err != nil || len(all) != 10 || all[0].Version != 10 {
			t.Errorf("%d versions, %v", len(all), err)
		}
	})
}

func TestDraft_DiscardAndRetire(t *testing.T) {
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Report, "r", `{}`))
		d, err := f.save(document.Report, "r", `{"x":1}`, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.tx(func(tx *sql.Tx) error { return f.Discard(t.Context(), tx, by, document.Report, "r", d.Rev, at) }); err != nil {
			t.Error(err)
		}
		if err := f.tx(func(tx *sql.Tx) error { return f.Retire(t.Context(), tx, by, document.Report, "r", at) }); err != nil {
			t.Error(err)
		}
		if _, err := f.Current(t.Context(), document.Report, "r"); !errors.Is(err, document.ErrNotFound) {
			t.Errorf("retired, yet %v", err)
		}
		if _, err := f.Version(t.Context(), document.Report, "r", 1); err != nil {
			t.Errorf("a pinned version is gone: %v", err)
		}
		heads, err := f.List(t.Context(), document.Report)
		if err != nil || len(heads) != 1 || heads[0].RetiredAt.IsZero() || heads[0].DraftRev != 0 {
			t.Errorf("%+v, %v", heads, err)
		}
	})
}

func TestDiff_NamesElementsByTheirKeyAndSpeaksToPeople(t *testing.T) {
	got, err := document.Diff(
		[]byte(`{"fields":[{"key":"a","label":{"zh":"地点"}},{"key":"b","max":3},{"key":"c"}],"n":[1,2]}`),
		[]byte(`{"fields":[{"key":"b","max":5},{"key":"a","label":{"zh":"位置"}},{"key":"d","label":{"zh":"照片"}}],"n":[1]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"removed fields[c]", "changed fields[b].max: 3 → 5", "changed fields[a].label.zh: 地点 → 位置", "added fields[d]",
		"moved fields[b]", "moved fields[a]", "removed n[1]",
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, c := range got {
		if c.Text.EN != want[i] {
			t.Errorf("%d: %q, want %q", i, c.Text.EN, want[i])
		}
	}
	if got[3].Text.ZH != "新增 fields[照片]" {
		t.Errorf("zh: %s", got[3].Text.ZH)
	}
}

// alone: a package of documents and nothing else.
func alone(context.Context, *sql.Tx, document.Manifest) ([]document.Item, error) { return nil, nil }

func TestF01_AnAppTravelsAsOnePackage(t *testing.T) {
	var pack bytes.Buffer
	title := contract.Text{ZH: "隐患", EN: "Hazards"}
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Flow, "hazard", `{"flow":1}`))
		f.must(f.release(document.Form, "hazard", `{"form":1}`))
		pack.Reset()
		if err := f.Export(t.Context(), &pack, document.Manifest{Key: "hazards", Title: title}, []document.Ref{{Kind: document.Flow, Key: "hazard"}, {Kind: document.Form, Key: "hazard"}}, at); err != nil {
			t.Fatal(err)
		}
		res, err := f.Import(t.Context(), by, pack.Bytes(), false, true, alone, at)
		if err != nil || res.Items[0].Kind != document.Form || res.Items[0].Outcome != document.Same {
			t.Errorf("own package: %+v, %v", res, err)
		}
	})
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Form, "hazard", `{"form":"mine"}`))
		dry, err := f.Import(t.Context(), by, pack.Bytes(), true, true, alone, at)
		if err != nil || dry.Done || dry.Items[0].Outcome != document.Conflict || len(dry.Items[0].Changes) != 1 || dry.Items[1].Outcome != document.New {
			t.Fatalf("dry run: %+v, %v", dry, err)
		}
		blocked, err := f.Import(t.Context(), by, pack.Bytes(), false, false, alone, at)
		if err != nil || blocked.Done {
			t.Fatalf("conflict: %+v, %v", blocked, err)
		}
		if _, err := f.Current(t.Context(), document.Flow, "hazard"); !errors.Is(err, document.ErrNotFound) {
			t.Error("half of a blocked import was kept")
		}
		res, err := f.Import(t.Context(), by, pack.Bytes(), true, false, alone, at)
		if err != nil || !res.Done {
			t.Fatalf("import: %+v, %v", res, err)
		}
		v := f.must(f.Current(t.Context(), document.Form, "hazard"))
		if v.Version != 2 || v.App != "hazards" || string(v.Body) != `{"form":1}` {
			t.Errorf("%+v", v)
		}
	})
}

func TestF01_ADamagedPackageIsRefused(t *testing.T) {
	each(t, nil, func(t *testing.T, f fixture) {
		f.must(f.release(document.Form, "hazard", `{"form":1}`))
		var pack bytes.Buffer
		if err := f.Export(t.Context(), &pack, document.Manifest{Key: "hazards", Title: contract.Text{ZH: "隐患"}}, []document.Ref{{Kind: document.Form, Key: "hazard"}}, at); err != nil {
			t.Fatal(err)
		}
		raw := pack.Bytes()
		for _, bad := range [][]byte{nil, raw[:len(raw)/2], []byte("PK\x03\x04")} {
			if _, err := document.ReadBundle(bad); err == nil {
				t.Error("read a damaged package")
			}
		}
		if m, err := document.ReadBundle(raw); err != nil || len(m.Documents) != 1 {
			t.Error(m, err)
		}
	})
}

func FuzzReadBundle(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := document.ReadBundle(raw); err == nil && m.Format == "" {
			t.Error("a package without a format")
		}
	})
}

func TestF01_WhatAnAppSaysOfItself(t *testing.T) {
	each(t, map[document.Kind]document.Class{document.App: document.AppClass()}, func(t *testing.T, f fixture) {
		if _, err := f.release(document.App, "mine", `{"title":{"zh":"巡检"},"description":{"zh":"每天走一遍"},"icon":"patrol","documents":[{"kind":"form","key":"round"}]}`); err != nil {
			t.Fatal(err)
		}
		list, err := f.List(t.Context(), document.App)
		if err != nil || len(list) != 1 || list[0].Icon != "patrol" || list[0].About.ZH != "每天走一遍" || len(list[0].Holds) != 1 || list[0].Holds[0].Key != "round" {
			t.Fatalf("%+v %v", list, err)
		}
		for body, path := range map[string]string{
			`{"title":{"zh":"甲"},"icon":"../x","documents":[]}`:                                           "icon",
			`{"title":{"zh":"甲"},"description":{"zh":"` + strings.Repeat("长", 501) + `"},"documents":[]}`: "description",
			`{"title":{"zh":"甲"},"documents":[{"kind":"form","key":"a"},{"kind":"form","key":"a"}]}`:      "documents[1]",
			`{"title":{"zh":" "},"documents":[]}`:                                                         "title",
		} {
			problems := document.AppClass().Check("x", []byte(body))
			if len(problems) != 1 || problems[0].Path != path {
				t.Errorf("%s: %+v", body, problems)
			}
		}
	})
}
