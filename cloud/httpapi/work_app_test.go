package httpapi

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/document"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// bytes asks for bytes, or sends them.
func (c *client) bytes(method, path string, send []byte) (int, []byte) {
	c.w.t.Helper()
	kind := "application/octet-stream"
	if strings.Contains(path, "/import") && strings.Contains(path, "/forms/") {
		kind = workbookType
	}
	res, got := c.raw(method, path, send, "Content-Type", kind)
	return res.StatusCode, got
}

// TestF01_AnAppGoesFromOneHouseToAnother: exported as a package, tried, and published there
// with every version it needs; what was changed here is not overwritten by mistake.
func TestF01_AnAppGoesFromOneHouseToAnother(t *testing.T) {
	w := newWorld(t)
	admin, guard := w.as(org.Admin), w.as(org.Guard)
	status, pack := admin.bytes("GET", "/api/packages/export?key=hazard&title=x&document=dict:hazard_category,form:hazard,flow:hazard,app:hazard", nil)
	if status != 200 {
		t.Fatalf("%d %s", status, pack)
	}
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil || len(z.File) != 5 {
		t.Fatalf("%v", err)
	}
	if status, _ := guard.bytes("GET", "/api/packages/export?key=hazard&title=x&document=form:hazard", nil); status != http.StatusForbidden {
		t.Fatalf("a guard takes an app away: %d", status)
	}
	other := newWorld(t)
	boss := other.as(org.Admin)
	imported := func(query string) document.Result {
		t.Helper()
		status, body := boss.bytes("POST", "/api/packages/import?"+query, pack)
		var r document.Result
		if err := json.Unmarshal(body, &r); err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		return r
	}
	for _, i := range imported("dry=true").Items {
		if i.Outcome != document.Same {
			t.Fatalf("the same app differs: %+v", i)
		}
	}
	// The other house has changed its form: an import says so and does not do it.
	d := want[documentDetail](boss, 200, "GET", "/api/documents/form/hazard", nil)
	body := strings.Replace(string(d.Current.Body), "安全隐患上报单", "隐患单", 1)
	saved := want[draftSaved](boss, 200, "PUT", "/api/documents/form/hazard/draft", map[string]any{"rev": 0, "body": json.RawMessage(body)})
	want[document.Version](boss, 200, "POST", "/api/documents/form/hazard/publish", map[string]any{"rev": saved.Draft.Rev})
	if r := imported("dry=false"); r.Done {
		t.Fatal("overwrote what was changed here")
	}
	if r := imported("dry=false&replace=true"); !r.Done {
		t.Fatalf("%+v", r)
	}
	if now := want[documentDetail](boss, 200, "GET", "/api/documents/form/hazard", nil); now.Current.Version != 3 || !strings.Contains(string(now.Current.Body), "安全隐患上报单") {
		t.Fatalf("%+v", now.Current.Version)
	}
	if status, _ := boss.bytes("POST", "/api/packages/import", []byte("no zip")); status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", status)
	}
}

// TestW02_ADraftSaysWhatKeepsItFromBeingPublished, at its place, while it is drafted.
func TestW02_ADraftSaysWhatKeepsItFromBeingPublished(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	flow := map[string]any{"title": map[string]string{"zh": "流程"}, "form": "hazard", "nodes": []any{
		map[string]any{"id": "start", "type": "start", "name": map[string]string{"zh": "发起"}},
		map[string]any{"id": "repair", "type": "fill", "name": map[string]string{"zh": "整改"}, "who": []any{map[string]any{"kind": "field_person", "field": "nobody"}}}}}
	saved := want[draftSaved](admin, 200, "PUT", "/api/documents/flow/mine/draft", map[string]any{"rev": 0, "body": flow})
	var at []string
	for _, p := range saved.Problems {
		at = append(at, p.Path)
	}
	if got := strings.Join(at, " "); !strings.Contains(got, "nodes[1].who[0]") || !strings.Contains(got, "nodes[1].fields") {
		t.Fatalf("%+v", saved.Problems)
	}
	if status, body := admin.do("POST", "/api/documents/flow/mine/publish", map[string]any{"rev": saved.Draft.Rev}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "nodes[1].who[0]") {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := admin.do("DELETE", "/api/documents/flow/mine/draft?rev=1", nil); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if status, _ := admin.do("GET", "/api/documents/flow/mine", nil); status != 404 {
		t.Fatalf("the draft is still there: %d", status)
	}
	// Out of use: nothing new, everything old.
	if status, body := admin.do("POST", "/api/documents/form/patrol_record/retire", nil); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	for _, f := range want[[]work.Usable](w.as(org.Guard), 200, "GET", "/api/forms", nil) {
		if f.Key == "patrol_record" {
			t.Fatal("a form out of use is offered")
		}
	}
}

// TestF17_RecordsToAndFromExcelOverHTTP is the round trip as the console makes it.
func TestF17_RecordsToAndFromExcelOverHTTP(t *testing.T) {
	w := newWorld(t)
	admin, guard := w.as(org.Admin), w.as(org.Guard)
	want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"category": "fire", "place": "anlan-garden/b03/12", "what": "消防通道堵塞"}})
	status, raw := admin.bytes("GET", "/api/forms/hazard/export.xlsx?fields=what,place", nil)
	if status != 200 {
		t.Fatalf("%d %s", status, raw)
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil || len(rows) != 2 || len(rows[0]) != 6 || !strings.Contains(strings.Join(rows[1], "|"), "3号楼 12层") {
		t.Fatalf("%q %v", rows, err)
	}
	if status, _ := guard.bytes("GET", "/api/forms/hazard/export.xlsx", nil); status != http.StatusForbidden {
		t.Fatalf("a guard exports: %d", status)
	}
	status, raw = admin.bytes("GET", "/api/forms/hazard/import-template.xlsx", nil)
	if f, err = excelize.OpenReader(bytes.NewReader(raw)); err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	sheet := f.GetSheetName(0)
	head, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range head[0] {
		at, err := excelize.CoordinatesToCellName(i+1, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellValue(sheet, at, map[string]string{"隐患类别 *": "电梯", "位置 *": "3号楼 12层", "隐患描述 *": "平层不准"}[h]); err != nil {
			t.Fatal(err)
		}
	}
	var filled bytes.Buffer
	if err := f.Write(&filled); err != nil {
		t.Fatal(err)
	}
	var got work.Imported
	status, raw = admin.bytes("POST", "/api/forms/hazard/import?start=true", filled.Bytes())
	if err := json.Unmarshal(raw, &got); err != nil || status != 200 || got.Created != 1 {
		t.Fatalf("%d %s", status, raw)
	}
	page := want[recordPage](admin, 200, "GET", "/api/forms/hazard/records?search=平层", nil)
	if page.Total != 1 || page.Records[0].State != "auditing" || !strings.HasPrefix(page.Records[0].No, "YH") {
		t.Fatalf("%+v", page)
	}
	if status, _ := guard.bytes("POST", "/api/forms/hazard/import", filled.Bytes()); status != http.StatusForbidden {
		t.Fatalf("a guard imports: %d", status)
	}
	if status, raw = admin.bytes("POST", "/api/forms/hazard/import", []byte("PK")); status != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", status, raw)
	}
}
