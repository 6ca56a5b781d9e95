package register_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/fleet/places"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
	"anlan/cloud/hazard/register"
	"anlan/cloud/org"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"
	"anlan/contract"
)

// world is the register over real stores: a community of three buildings, an reaches b1 and
// b2, wang b1 alone.
type world struct {
	*register.Register
	t    *testing.T
	desk *work.Desk
	cat  *hazard.Catalogue
	who  map[string]form.Who
	now  time.Time
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	cat, err := hazard.Load(configs.Files, "hazards")
	if err != nil {
		t.Fatal(err)
	}
	typical, err := hazard.LoadRisks(configs.Files, "hazards", cat)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cat: cat, who: map[string]form.Who{}, now: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}
	users, tree := org.NewStore(d), places.Empty()
	tree.Communities["c1"] = places.Community{ID: "c1", Name: contract.Text{ZH: "安澜花园"}}
	tree.Buildings["b0"] = places.Building{ID: "b0", Community: "c1", Stamp: places.Stamp{Archived: true}}
	for _, b := range []string{"b1", "b2", "b3"} {
		tree.Buildings[b] = places.Building{ID: b, Community: "c1", Name: contract.Text{ZH: b[1:] + "号楼"}}
		for _, f := range []int{-1, 3} {
			tree.Floors[places.FloorKey{Building: b, Number: f}] = places.Floor{Building: b, Number: f}
		}
	}
	at := func() *places.Tree { return tree }
	w.desk = work.New(work.Deps{DB: d, Audit: audit.New(d), Staff: staff.New(users, at, nil), Zone: time.FixedZone("CST", 8*3600), Now: func() time.Time { return w.now }, Derive: cat.DeriveRisk})
	w.Register = register.New(register.Deps{Desk: w.desk, Tree: at, Hazards: cat, Typical: typical})
	if err := w.desk.Install(t.Context(), configs.Files, "apps", w.now); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]struct {
		role  org.Role
		reach []string
	}{"an": {org.Supervisor, []string{"b1", "b2"}}, "wang": {org.Manager, []string{"b1"}}, "bao": {org.Guard, []string{"b2"}}, "root": {org.Admin, []string{"b0", "b1", "b2", "b3"}}, "kan": {org.Viewer, []string{"b1"}}} {
		var u org.User
		if err := d.Tx(t.Context(), func(tx *sql.Tx) (err error) {
			u, err = users.Add(t.Context(), tx, org.User{Username: name, Name: name, Role: p.role}, w.now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if w.who[name], err = w.desk.Who(t.Context(), org.Actor{ID: u.ID, Name: u.Name, Role: p.role}, p.reach); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func said(err error) string {
	if bad, ok := errors.AsType[*form.InvalidError](err); ok {
		return fmt.Sprintf("%v %+v", err, bad.Problems)
	}
	return fmt.Sprint(err)
}

// fields are those of a sound risk, changed.
func (w *world) fields(more map[string]any) map[string]any {
	f := map[string]any{"category": "fire", "place": "c1/b1/3", "point": "楼道", "accidents": []any{"fire"}, "scheme": "lec", "lec_l": "3", "lec_e": "6", "lec_c": "40",
		"management": "每日巡查", "owner": w.who["an"].Actor.ID, "review": "2026-09-01"}
	for k, v := range more {
		f[k] = v
	}
	return f
}

func (w *world) try(name string, more map[string]any) (form.Record, error) {
	s, err := w.desk.Submit(w.t.Context(), w.who[name], register.Form, w.fields(more), nil)
	return s.Record, err
}

func (w *world) make(more map[string]any) form.Record {
	w.t.Helper()
	r, err := w.try("root", more)
	if err != nil {
		w.t.Fatal(said(err))
	}
	return r
}

// told compares what the server worked out.
func (w *world) told(r form.Record, score, grade, control string) {
	w.t.Helper()
	if got := fmt.Sprint(r.Doc["score"], " ", r.Doc["grade"], " ", r.Doc["control"]); got != score+" "+grade+" "+control {
		w.t.Errorf("%s: %s, want %s %s %s", r.No, got, score, grade, control)
	}
}

func TestHRisk_TheServerGradesWhoeverWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.make(map[string]any{"score": 1, "grade": "blue", "bounds": "mine", "grade_order": 4})
		w.told(r, "720", "red", "company")
		lec, _ := w.cat.Scheme("lec")
		if r.Doc["bounds"] != lec.Bounds() || fmt.Sprint(r.Doc["grade_order"]) != "1" || r.No == "" || r.Building != "b1" {
			t.Errorf("%+v", r)
		}
		change := func(patch map[string]any) {
			t.Helper()
			next, err := w.desk.Change(t.Context(), w.who["an"], register.Form, r.ID, r.Rev, patch)
			if err != nil {
				t.Fatal(said(err))
			}
			r = next
		}
		change(map[string]any{"lec_c": "7", "grade": "red"})
		w.told(r, "126", "yellow", "company") // who controls it is people's word once it is said
		change(map[string]any{"control": "team", "scheme": "ls", "ls_l": "4", "ls_s": "5"})
		w.told(r, "20", "red", "team")
		if r.Doc["lec_l"] != nil {
			t.Error("keeps factors of a scheme it is not scored by")
		}
		for name, bad := range map[string]map[string]any{
			"a factor is missing": {"lec_c": nil}, "no such value": {"lec_c": "39"}, "nobody answers": {"owner": nil}, "no measure": {"management": nil}, "no place": {"place": nil},
		} {
			if _, err := w.try("root", bad); err == nil {
				t.Errorf("taken though %s", name)
			}
		}
		if open := w.make(map[string]any{"owner": nil, "management": nil, "status": "open", "review": nil}); open.Doc["control"] != "company" {
			t.Errorf("%+v", open.Doc)
		}
		if _, err := w.desk.Forms.Verify(t.Context(), register.Form); err != nil {
			t.Error(err)
		}
	})
}

// TestHRisk_MovedBoundsAreFollowed: what was scored by other bounds is counted, and scored
// anew with a line in its log.
func TestHRisk_MovedBoundsAreFollowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, far := w.make(nil), w.make(map[string]any{"place": "c1/b3"})
		w.make(map[string]any{"scheme": "ls", "ls_l": "1", "ls_s": "1"})
		w.cat.Schemes = slices.Clone(w.cat.Schemes)
		w.cat.Schemes[0].Bands = slices.Clone(w.cat.Schemes[0].Bands)
		w.cat.Schemes[0].Bands[0].From = 1000
		stale := func() int64 {
			t.Helper()
			s, err := w.Summary(t.Context(), w.who["root"], register.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			return s.Stale
		}
		if stale() != 2 {
			t.Fatalf("%d stale", stale())
		}
		if _, err := w.Regrade(t.Context(), w.who["wang"]); !errors.Is(err, form.ErrDenied) {
			t.Errorf("a manager scores anew: %v", err)
		}
		out, err := w.Regrade(t.Context(), w.who["an"])
		if err != nil || out != (register.Regraded{Done: 1, Moved: 1}) || stale() != 1 {
			t.Fatalf("%+v %v, %d left", out, err, stale())
		}
		got, err := w.desk.Read(t.Context(), w.who["root"], register.Form, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.told(got, "720", "orange", "company")
		log, err := w.desk.Forms.Log(t.Context(), w.who["root"], register.Form, a.ID, w.now)
		if err != nil || len(log) != 2 || log[1].ActorName != "an" {
			t.Errorf("%+v %v", log, err)
		}
		if x, err := w.desk.Read(t.Context(), w.who["root"], register.Form, far.ID); err != nil || x.Doc["grade"] != "red" {
			t.Errorf("out of an's reach, and yet %v %v", x.Doc["grade"], err)
		}
	})
}

func (w *world) list(name, key string) []form.Record {
	w.t.Helper()
	p, err := w.desk.Forms.List(w.t.Context(), w.who[name], key, form.Listing{Limit: form.MaxPage}, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Records
}

func TestHRisk_TypicalRisksAreAddedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		offers, err := w.Offers(ctx, w.who["an"], "c1/b1")
		if err != nil || len(offers) < 30 || slices.ContainsFunc(offers, func(o register.Offer) bool { return o.Added || o.Grade == "" }) {
			t.Fatalf("%d offers: %v", len(offers), err)
		}
		var ids []string
		for _, o := range offers {
			ids = append(ids, o.ID)
		}
		if _, err := w.Add(ctx, w.who["an"], "c1/b1", []string{"fire-lane", "septic", "fire-lane"}); err != nil {
			t.Fatal(said(err))
		}
		var wg sync.WaitGroup
		for range 6 { // they all want everything at once
			wg.Go(func() {
				if _, err := w.Add(context.WithoutCancel(ctx), w.who["an"], "c1/b1", ids); err != nil {
					t.Error(said(err))
				}
			})
		}
		wg.Wait()
		if n := len(w.list("an", register.Form)); n != len(ids) {
			t.Errorf("%d risks, want %d", n, len(ids))
		}
		offers, err = w.Offers(ctx, w.who["an"], "c1/b1")
		if err != nil || slices.ContainsFunc(offers, func(o register.Offer) bool { return !o.Added }) {
			t.Errorf("not marked: %v", err)
		}
		if out, err := w.Add(ctx, w.who["an"], "c1/b2", []string{"septic"}); err != nil || out.Added != 1 {
			t.Errorf("another building: %+v %v", out, err)
		}
		if out, err := w.Add(ctx, w.who["root"], "c1", []string{"fire-lane"}); err != nil || out.Added != 1 {
			t.Errorf("the grounds: %+v %v", out, err)
		}
		all, err := w.Summary(ctx, w.who["root"], register.Filter{Place: "c1"})
		if err != nil || len(all.Buildings) != 4 || all.All.Total != 1 || all.Buildings[0].Place != "c1" && all.Buildings[3].Place != "c1" {
			t.Errorf("b0 is gone, the grounds are shown: %+v %v", all, err)
		}
		for _, r := range w.list("an", register.Form) {
			if r.Doc["status"] != "open" || r.Doc["grade"] == nil || r.Doc["control"] == nil {
				t.Errorf("%+v", r.Doc)
			}
		}
		for name, x := range map[string]struct {
			who, place string
			ids        []string
			want       error
		}{
			"no grant":     {"wang", "c1/b1", []string{"septic"}, form.ErrDenied},
			"out of reach": {"an", "c1/b3", []string{"septic"}, register.ErrNoRisk}, "half of it out of reach": {"an", "c1", []string{"septic"}, register.ErrNoRisk},
			"no longer there": {"root", "c1/b0", []string{"septic"}, register.ErrNoRisk}, "no such risk": {"an", "c1/b2", []string{"fire-lane", "luck"}, register.ErrNoRisk}, "no such place": {"an", "c9/b1", []string{"septic"}, register.ErrNoRisk},
		} {
			if _, err := w.Add(ctx, w.who[x.who], x.place, x.ids); !errors.Is(err, x.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := len(w.list("an", register.Form)); n != len(ids)+2 {
			t.Errorf("a refused action left %d risks, want %d", n, len(ids)+2)
		}
	})
}

// TestHRisk_AWorkbookIsGradedToo imports what a workbook says of factors; its word on the
// grade counts for nothing.
func TestHRisk_AWorkbookIsGradedToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var empty bytes.Buffer
		if err := w.desk.Template(t.Context(), &empty, w.who["an"], register.Form, "zh-CN"); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&empty)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows(f.GetSheetName(0))
		if err != nil {
			t.Fatal(err)
		}
		cells := map[string]string{"风险类别": "电梯", "位置": "安澜花园 1号楼 3层", "风险点": "层门", "可能的事故类型": "高处坠落", "评价方法": "风险矩阵（LS）", "状态": "待落实", "LS 可能性 L": "3 可能发生", "LS 严重程度 S": "5 死亡，或影响整个小区"}
		var row []any
		for _, h := range rows[0] {
			h = strings.TrimSpace(strings.TrimSuffix(h, "*"))
			if slices.Contains([]string{"风险值", "风险等级", "评价依据的界线版本"}, h) {
				t.Errorf("the template asks for %s", h)
			}
			row = append(row, cells[h])
		}
		head := append(slices.Clone(rows[0]), "风险等级")
		row = append(row, "低风险")
		sheet := f.GetSheetName(0)
		if err := errors.Join(f.SetSheetRow(sheet, "A1", &head), f.SetSheetRow(sheet, "A2", &row)); err != nil {
			t.Fatal(err)
		}
		var full bytes.Buffer
		if err := f.Write(&full); err != nil {
			t.Fatal(err)
		}
		out, err := w.desk.Import(t.Context(), w.who["an"], register.Form, full.Bytes(), work.How{})
		if err != nil || out.Created != 1 || len(out.Problems) > 0 {
			t.Fatalf("%+v %v", out, err)
		}
		w.told(w.list("an", register.Form)[0], "15", "orange", "department")
	})
}
