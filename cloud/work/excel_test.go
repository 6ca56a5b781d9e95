package work

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/excel"
	"anlan/cloud/flow"
	"anlan/cloud/form"
)

func (w *world) exported(name string, q form.Listing) [][]string {
	w.t.Helper()
	var out bytes.Buffer
	if err := w.Export(w.t.Context(), &out, w.who[name], "hazard", q, nil, "zh-CN"); err != nil {
		w.t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// TestS04_AnExportShowsWhatTheListShows: rows and fields of the role's grant for exporting,
// and nobody else may.
func TestS04_AnExportShowsWhatTheListShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.report("bao", "c1/b1")
		w.report("bao2", "c1/b2")
		if err := w.Export(t.Context(), &bytes.Buffer{}, w.who["bao"], "hazard", form.Listing{}, nil, "zh-CN"); !errors.Is(err, form.ErrDenied) {
			t.Fatalf("a guard exports: %v", err)
		}
		all := w.exported("root", form.Listing{})
		if len(all) != 3 || !strings.Contains(strings.Join(all[0], "|"), "隐患描述") || !strings.Contains(strings.Join(all[1], "|"), "消防安全") {
			t.Fatalf("%q", all)
		}
		list, err := w.Forms.ListFor(t.Context(), w.who["wang"], "hazard", form.Export, form.Listing{Limit: 10}, w.now)
		if err != nil {
			t.Fatal(err)
		}
		if own := w.exported("wang", form.Listing{}); len(own) != len(list.Records)+1 || len(own) != 2 {
			t.Fatalf("the manager of one building: %q, %d in the list", own, len(list.Records))
		}
		var n int
		if err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit WHERE action = 'record.export'`).Scan(&n); err != nil || n != 2 {
			t.Fatalf("%d exports in the audit trail, %v", n, err)
		}
	})
}

func book(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, r := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", at, &r); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestF17_AWorkbookIsTakenWholeOrNotAtAll, unless somebody says otherwise.
func TestF17_AWorkbookIsTakenWholeOrNotAtAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		raw := book(t, []any{"隐患类别", "位置", "隐患描述", "发现时间"},
			[]any{"消防安全", "1号楼", "灭火器失压", "2026-03-01 09:00"},
			[]any{"电梯", "9号楼", "异响", ""},
			[]any{"电梯", "2号楼", "", ""},
			[]any{"e-bike", "安澜花园 2号楼", "飞线充电", ""})
		count := func() int64 {
			n, err := w.Forms.Count(t.Context(), w.who["root"], "hazard", form.Listing{}, w.now)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if _, err := w.Import(t.Context(), w.who["bao"], "hazard", raw, How{}); !errors.Is(err, form.ErrDenied) {
			t.Fatalf("a guard imports: %v", err)
		}
		for _, how := range []How{{Dry: true}, {}, {Dry: true, Start: true}} {
			got, err := w.Import(t.Context(), w.who["root"], "hazard", raw, how)
			if err != nil || got.Rows != 4 || len(got.Problems) != 2 || count() != 0 {
				t.Fatalf("%+v: %+v %v, %d records", how, got, err, count())
			}
			if p := got.Problems; p[0].Row != 3 || p[0].Column != 2 || p[0].Text.ZH != "找不到" || p[1].Row != 4 || p[1].Title != "隐患描述" || !strings.Contains(p[1].Text.ZH, "必填") {
				t.Fatalf("%+v", p)
			}
		}
		got, err := w.Import(t.Context(), w.who["root"], "hazard", raw, How{Good: true, Start: true})
		if err != nil || got.Created != 2 || count() != 2 {
			t.Fatalf("%+v %v, %d records", got, err, count())
		}
		p, err := w.Forms.List(t.Context(), w.who["root"], "hazard", form.Listing{Limit: 10}, w.now)
		if err != nil || p.Records[0].State != "auditing" || p.Records[0].Flow == "" {
			t.Fatalf("no flow was started: %+v %v", p.Records[0], err)
		}
		if _, err := w.Import(t.Context(), w.who["root"], "hazard", []byte("not a workbook"), How{}); !errors.Is(err, excel.ErrWorkbook) {
			t.Fatal(err)
		}
	})
}

// TestW13_ListsSayWhereFlowsStandAndWithWhom, are narrowed by either, and their export says
// the same.
func TestW13_ListsSayWhereFlowsStandAndWithWhom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var all []form.Record
		for range 3 {
			s := w.report("bao", "c1/b1")
			all = append(all, s.Record)
		}
		list := func(node, person string) form.Page {
			t.Helper()
			q := form.Listing{Limit: 50, Only: flow.StandsAt("t.flow", node, person)}
			p, err := w.Forms.List(t.Context(), w.who["root"], "hazard", q, w.now)
			n, err2 := w.Forms.Count(t.Context(), w.who["root"], "hazard", q, w.now)
			if err != nil || err2 != nil || int(n) != len(p.Records) {
				t.Fatalf("%d of %d: %v %v", len(p.Records), n, err, err2)
			}
			return p
		}
		at, err := w.Standings(t.Context(), list("", "").Records)
		if err != nil || len(at) != 3 {
			t.Fatalf("%+v %v", at, err)
		}
		first := at[list("", "").Records[0].Flow]
		if len(first.Nodes) != 1 || first.Nodes[0].Name.ZH == "" || len(first.Handlers) == 0 {
			t.Fatalf("%+v", first)
		}
		audit, an := first.Nodes[0].ID, w.who["an"].Actor.ID
		c, err := w.Case(t.Context(), w.who["root"], list("", "").Records[0].Flow)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.State.At(); len(got) != 1 || got[0] != audit || c.State.OpenTasks()[0].To.Name != first.Handlers[0].Name {
			t.Fatalf("%v, %+v", got, first)
		}
		w.decide("an", list("", "").Records[0].Flow, flow.Agree, map[string]any{"level": "general", "owner": w.who["ren"].Actor.ID, "demand": "清理"})
		if a, b := len(list(audit, "").Records), len(list(audit, an).Records); a != 2 || b != 2 {
			t.Fatalf("%d at the audit, %d of them with an", a, b)
		}
		if n := len(list("", w.who["bao2"].Actor.ID).Records); n != 0 {
			t.Fatalf("%d wait for somebody who has nothing to do", n)
		}
		at, err = w.Standings(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := w.Export(t.Context(), &out, w.who["root"], "hazard", form.Listing{Only: flow.StandsAt("t.flow", audit, "")}, []string{"what", "_standing"}, "zh-CN"); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows(f.GetSheetName(0))
		if err != nil || len(rows) != 3 || strings.Join(rows[0][5:], "|") != "当前环节|当前处理人" || !strings.Contains(strings.Join(rows[1], "|"), first.Nodes[0].Name.ZH+"|"+first.Handlers[0].Name) {
			t.Fatalf("%q %v", rows, err)
		}
	})
}
