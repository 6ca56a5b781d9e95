package work

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/configs"
	"anlan/contract"
)

const templates = "templates"

func (w *world) template(key string) Template {
	w.t.Helper()
	t, err := w.AppTemplate(w.t.Context(), configs.Files, templates, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) installs(key string, want Installing) Installed {
	w.t.Helper()
	got, err := w.InstallTemplate(w.t.Context(), w.who["root"].Actor, w.template(key), want, w.now)
	if err != nil {
		w.t.Fatalf("%s: %v", key, err)
	}
	return got
}

// lets gives a role everything on a form, as somebody does on the page of grants.
func (w *world) lets(role, key string) {
	w.t.Helper()
	err := w.DB.Tx(w.t.Context(), func(tx *sql.Tx) error {
		_, err := w.Forms.SaveGrant(w.t.Context(), tx, form.Grant{Role: role, Form: key, Actions: form.Actions()})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for name := range w.who {
		w.who[name] = w.as(name)
	}
}

// TestF19_EveryTemplateWorks installs each, lets people in, and takes a record made from
// the form's own definition through its flow to the end, twice with different choices; then
// the app goes to another house as a package.
func TestF19_EveryTemplateWorks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		all, err := w.AppTemplates(t.Context(), configs.Files, templates)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) < 14 {
			t.Fatalf("%d templates", len(all))
		}
		for _, one := range all {
			w.t = t
			got := w.installs(one.Key, Installing{})
			if !got.Result.Done || one.Standing != "none" {
				t.Errorf("%s: %+v", one.Key, got.Result.Items)
				continue
			}
			var refs []document.Ref
			for _, part := range one.Documents {
				refs = append(refs, part.Ref)
				if part.Kind != document.Form {
					continue
				}
				w.lets("guard", part.Key)
				def, err := w.Forms.Def(t.Context(), part.Key, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, last := range []bool{false, true} {
					p := &plausible{w, def, last, w.now}
					w.begins(p)
				}
			}
			w.goesElsewhere(one, refs)
		}
	})
}

// begins submits a record with what the proposed grant lets a beginner fill in.
func (w *world) begins(p *plausible) {
	w.t.Helper()
	g, err := w.ProposeGrant(w.t.Context(), p.d.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	var writable []string
	for f, a := range g.Fields {
		if a == form.Write {
			writable = append(writable, f)
		}
	}
	s, err := w.Submit(w.t.Context(), w.who["bao"], p.d.Key, p.fill(writable), nil)
	if err != nil {
		w.t.Errorf("%s: %v %s", p.d.Key, err, said(err))
		return
	}
	w.drive(s, p)
	if s.Instance != "" {
		if err := w.Flows.Verify(w.t.Context(), s.Instance); err != nil {
			w.t.Fatal(err)
		}
	}
}

// goesElsewhere exports the app as it is in force here; brought in again, nothing differs.
func (w *world) goesElsewhere(one Template, refs []document.Ref) {
	w.t.Helper()
	var z bytes.Buffer
	refs = append(refs, document.Ref{Kind: document.App, Key: one.Key})
	if err := w.Pack(w.t.Context(), &z, one.Key, one.Title, refs, w.now); err != nil {
		w.t.Fatal(err)
	}
	r, err := w.Unpack(w.t.Context(), w.who["root"].Actor, z.Bytes(), false, false, w.now)
	if err != nil || !r.Done || len(r.Items) != len(refs) {
		w.t.Fatalf("%s: %v %+v", one.Key, err, r)
	}
	for _, i := range r.Items {
		if i.Outcome != document.Same {
			w.t.Fatalf("%s: %+v", one.Key, i)
		}
	}
}

// TestF19_TemplatesSpeakBothLanguages: every text of every template, and what is cited says
// whether anybody has read it.
func TestF19_TemplatesSpeakBothLanguages(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	all, err := w.AppTemplates(t.Context(), configs.Files, templates)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", at, i), e)
			}
		case map[string]any:
			if zh, ok := v["zh"]; ok && (zh == "" || v["en"] == nil || v["en"] == "" || v["en"] == zh) {
				t.Errorf("%s: %v", at, v)
			}
			for k, e := range v {
				walk(at+"."+k, e)
			}
		}
	}
	for _, one := range all {
		full := w.template(one.Key)
		if one.Category == "permit" && (len(full.Sources) == 0 || full.Sources[0].Verified) {
			t.Errorf("%s does not say what it was written after", one.Key)
		}
		if one.Description == (contract.Text{}) {
			t.Errorf("%s has no purpose", one.Key)
		}
		for _, p := range full.Documents {
			var doc any
			if err := json.Unmarshal(p.Body, &doc); err != nil {
				t.Fatal(err)
			}
			walk(one.Key+"/"+p.Key, doc)
		}
	}
}

// TestX07_InstalledWhileEverythingRuns: nobody has a right to it at first; clashes are told,
// and solved by other keys or by keeping what is here.
func TestX07_InstalledWhileEverythingRuns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		before := w.report("bao", "c1/b1") // there are data
		grants, err := w.Forms.Grants(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if dry := w.installs("cleaning", Installing{Dry: true}); dry.Result.Done || w.template("cleaning").Standing != "none" {
			t.Fatalf("tried, and done: %+v", dry)
		}
		if got := w.installs("cleaning", Installing{}); !got.Result.Done {
			t.Fatalf("%+v", got)
		}
		now, err := w.Forms.Grants(t.Context(), "")
		if err != nil || len(now) != len(grants) {
			t.Fatalf("%v: grants %d, then %d", err, len(grants), len(now))
		}
		for name := range w.who {
			if _, err := w.Submit(t.Context(), w.as(name), "cleaning", map[string]any{}, nil); !errors.Is(err, form.ErrDenied) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if _, err := w.InstallTemplate(t.Context(), w.who["root"].Actor, w.template("cleaning"), Installing{}, w.now); !errors.Is(err, document.ErrConflict) {
			t.Fatalf("twice: %v", err)
		}
		if got := w.installs("cleaning", Installing{Clash: Rename, Title: "二期保洁"}); got.App != "cleaning_2" || !got.Result.Done {
			t.Fatalf("%+v", got)
		}
		if starts, err := w.FlowOf(t.Context(), "cleaning_2"); err != nil || starts != "cleaning_2" {
			t.Fatalf("%q %v: the flow is not on the form of its own app", starts, err)
		}
		w.clashes()
		if w.state(before) != "auditing" {
			t.Fatal("what was there has changed")
		}
	})
}

// clashes installs an app whose form's key is taken by somebody's own form.
func (w *world) clashes() {
	w.t.Helper()
	by := w.who["root"].Actor
	part := w.template("greening").Documents[0]
	err := w.DB.Tx(w.t.Context(), func(tx *sql.Tx) error {
		d, _, err := w.Docs.SaveDraft(w.t.Context(), tx, by, part.Kind, part.Key, part.Body, 0, w.now)
		if err == nil {
			_, err = w.Docs.Publish(w.t.Context(), tx, by, part.Kind, part.Key, d.Rev, "", w.now)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	got := w.installs("greening", Installing{})
	if got.Result.Done || got.Result.Items[0].Outcome != document.Conflict {
		w.t.Fatalf("%+v", got.Result)
	}
	if got = w.installs("greening", Installing{Clash: Keep}); !got.Result.Done || len(got.Kept) != 1 {
		w.t.Fatalf("%+v", got)
	}
}

// TestX07_RemovedAndRestored: an app goes only when nothing runs in it and its name is
// typed; records stay, rights go, and what others use stays.
func TestX07_RemovedAndRestored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.installs("cleaning", Installing{})
		w.lets("guard", "cleaning")
		def, err := w.Forms.Def(t.Context(), "cleaning", 0)
		if err != nil {
			t.Fatal(err)
		}
		p := &plausible{w, def, false, w.now}
		s, err := w.Submit(t.Context(), w.who["bao"], "cleaning", p.fill([]string{"place", "shift", "items", "bad", "cleaner"}), nil)
		if err != nil {
			t.Fatalf("%v %s", err, said(err))
		}
		root := w.who["root"].Actor
		remove := func(key, name string) error {
			_, err := w.RemoveApp(t.Context(), root, key, name, w.now)
			return err
		}
		if err := remove("cleaning", "保洁"); !errors.Is(err, ErrName) {
			t.Fatal(err)
		}
		if err := remove("cleaning", "保洁巡查"); !errors.Is(err, ErrRunning) {
			t.Fatal(err)
		}
		st, err := w.StandingOf(t.Context(), "cleaning")
		if err != nil || st.Open != 1 || st.Running[0].Instance != s.Instance || st.Grants != 1 || st.Records != 1 || len(st.Retire) != 2 {
			t.Fatalf("%+v %v", st, err)
		}
		if err := remove("hazard", "隐患排查治理"); !errors.Is(err, ErrShipped) {
			t.Fatal(err)
		}
		w.drive(s, p)
		w.now = w.now.Add(time.Minute)
		if err := remove("cleaning", "保洁巡查"); err != nil {
			t.Fatal(err)
		}
		w.gone(s)
		if err := remove("cleaning", "保洁巡查"); !errors.Is(err, ErrNotInUse) {
			t.Fatal(err)
		}
		if back, err := w.RestoreApp(t.Context(), root, "cleaning", w.now); err != nil || back.Removed != nil || back.Grants != 0 {
			t.Fatalf("%+v %v", back, err)
		}
		w.lets("guard", "cleaning")
		if r, err := w.Forms.Get(t.Context(), w.who["bao"], "cleaning", s.Record.ID, w.now); err != nil || r.State != "closed" {
			t.Fatalf("%+v %v", r, err)
		}
		if _, err := w.RestoreApp(t.Context(), root, "cleaning", w.now); !errors.Is(err, ErrInUse) {
			t.Fatal(err)
		}
	})
}

// gone: nobody can begin with it or see it in lists; its record and log are whole.
func (w *world) gone(s Submission) {
	w.t.Helper()
	bao := w.as("bao")
	if _, err := w.Submit(w.t.Context(), bao, "cleaning", nil, nil); !errors.Is(err, form.ErrDenied) {
		w.t.Fatal(err)
	}
	if _, err := w.Submit(w.t.Context(), form.SystemWho(), "cleaning", nil, nil); !errors.Is(err, form.ErrRetired) {
		w.t.Fatal(err)
	}
	if r, err := w.Forms.Get(w.t.Context(), form.SystemWho(), "cleaning", s.Record.ID, w.now); err != nil || r.State != "closed" {
		w.t.Fatalf("%+v %v", r, err)
	}
	if _, err := w.Forms.Verify(w.t.Context(), "cleaning"); err != nil {
		w.t.Fatal(err)
	}
	if st := w.template("cleaning").Standing; st != "removed" {
		w.t.Fatal(st)
	}
}

// TestX07_WhatAnotherAppUsesStays when an app is removed.
func TestX07_WhatAnotherAppUsesStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.installs("equipment", Installing{})
		root := w.who["root"].Actor
		body := []byte(`{"title":{"zh":"工程"},"documents":[{"kind":"form","key":"equipment"}]}`)
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			x, _, err := w.Docs.SaveDraft(t.Context(), tx, root, document.App, "works", body, 0, w.now)
			if err == nil {
				_, err = w.Docs.Publish(t.Context(), tx, root, document.App, "works", x.Rev, "", w.now)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.RemoveApp(t.Context(), root, "equipment", "Equipment and upkeep", w.now); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]bool{"equipment": false, "upkeep": true} {
			if _, retired, err := w.Docs.InForce(t.Context(), nil, document.Form, key); err != nil || retired != want {
				t.Errorf("%s: %v %v", key, retired, err)
			}
		}
		if _, retired, err := w.Docs.InForce(t.Context(), nil, document.Dict, "equipment_kind"); err != nil || retired {
			t.Errorf("records lose the words of their choices: %v", err)
		}
	})
}
