package httpapi

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
	"anlan/contract"
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

// TestF01_AnAppTakesItsNamePictureAndListsAlong: what the app's page exports brings the app
// itself and the lists of its forms, never a right, and never over a list changed there.
func TestF01_AnAppTakesItsNamePictureAndListsAlong(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	keys := map[string]any{"title": map[string]string{"zh": "钥匙借用"}, "fields": []any{map[string]any{"key": "what", "type": "text", "label": map[string]string{"zh": "钥匙"}}}}
	app := document.AppBody{Title: contract.Text{ZH: "钥匙管理", EN: "Keys"}, Description: contract.Text{ZH: "谁借走了哪把钥匙"}, Icon: "office",
		Documents: []document.Ref{{Kind: document.Form, Key: "key_loan"}}}
	for at, body := range map[string]any{"form/key_loan": keys, "app/key_room": app} {
		saved := want[draftSaved](admin, 200, "PUT", "/api/documents/"+at+"/draft", map[string]any{"rev": 0, "body": body})
		want[document.Version](admin, 200, "POST", "/api/documents/"+at+"/publish", map[string]any{"rev": saved.Draft.Rev})
	}
	all := map[string]any{"form": "key_loan", "role": string(org.Admin), "actions": []string{"view", "manage"}}
	want[form.Grant](admin, 200, "POST", "/api/grants", all)
	list := map[string]any{"name": map[string]string{"zh": "今天借出", "en": "Lent today"}, "shared": true, "fields": []string{"what"}, "sort": "-_at"}
	want[form.SavedView](admin, 200, "POST", "/api/forms/key_loan/views", list)
	want[form.SavedView](admin, 200, "POST", "/api/forms/key_loan/views", map[string]any{"name": map[string]string{"zh": "我自己的"}, "fields": []string{}})
	status, pack := admin.bytes("GET", "/api/packages/export?key=key_room&title=x&document=form:key_loan,app:key_room", nil)
	if status != 200 {
		t.Fatalf("%d %s", status, pack)
	}
	other := newWorld(t)
	boss := other.as(org.Admin)
	imported := func(query string) (out document.Result) {
		t.Helper()
		status, body := boss.bytes("POST", "/api/packages/import?"+query, pack)
		if err := json.Unmarshal(body, &out); err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		return out
	}
	outcomes := func(r document.Result) (out string) {
		for _, i := range r.Items {
			out += string(i.Kind) + " " + i.Key + " " + string(i.Outcome) + "\n"
		}
		return out
	}
	if r := imported("dry=true"); outcomes(r) != "form key_loan new\napp key_room new\nview key_loan · 今天借出 new\n" {
		t.Fatalf("%s", outcomes(r))
	}
	if r := imported("dry=false"); !r.Done {
		t.Fatalf("%+v", r)
	}
	var got document.AppBody
	if err := json.Unmarshal(want[documentDetail](boss, 200, "GET", "/api/documents/app/key_room", nil).Current.Body, &got); err != nil || !reflect.DeepEqual(got, app) {
		t.Fatalf("%+v %v", got, err)
	}
	if status, _ := boss.do("GET", "/api/forms/key_loan/views", nil); status != 403 {
		t.Fatalf("a right came with the package: %d", status)
	}
	want[form.Grant](boss, 200, "POST", "/api/grants", all)
	views := want[[]form.SavedView](boss, 200, "GET", "/api/forms/key_loan/views", nil)
	if len(views) != 1 || views[0].Name.EN != "Lent today" || views[0].Sort != "-_at" || !views[0].Shared {
		t.Fatalf("%+v", views)
	}
	// Again is the same; a list changed there is not written over unless that is said.
	if r := imported("dry=true"); strings.Contains(outcomes(r), "new") || r.Blocked(false) {
		t.Fatalf("%s", outcomes(r))
	}
	list["id"], list["sort"] = views[0].ID, "what"
	want[form.SavedView](boss, 200, "POST", "/api/forms/key_loan/views", list)
	if r := imported("dry=false"); r.Done || !strings.Contains(outcomes(r), "今天借出 conflict") {
		t.Fatalf("%s", outcomes(r))
	}
	if r := imported("dry=false&replace=true"); !r.Done {
		t.Fatalf("%+v", r)
	}
	if views = want[[]form.SavedView](boss, 200, "GET", "/api/forms/key_loan/views", nil); len(views) != 1 || views[0].Sort != "-_at" {
		t.Fatalf("%+v", views)
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
