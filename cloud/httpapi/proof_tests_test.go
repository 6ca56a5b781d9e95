package httpapi

import (
	"strings"
	"testing"
	"time"

	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

// TestH19_ATestIsNotedOverHTTP notes a proof test, not one of tomorrow.
func TestH19_ATestIsNotedOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	path := "/api/devices/edge-b03/f12-smoke-east/tests"
	supervisor := w.as(org.Supervisor)
	want[any](supervisor, 204, "POST", path, map[string]any{"note": "喷烟"})
	if status, raw := supervisor.do("POST", path, map[string]any{"at": w.clock().Add(time.Hour)}); status != 422 || !strings.Contains(raw, "不能晚于现在") {
		t.Fatalf("%d %s", status, raw)
	}
	if status, _ := supervisor.do("POST", "/api/devices/edge-b03/none/tests", map[string]any{}); status != 404 {
		t.Fatalf("no device: %d", status)
	}
	w.origins.Rules.Rules = append(w.origins.Rules.Rules, origin.Rule{ID: "mine", Kind: origin.ProofTest, Name: contract.Text{ZH: "功能测试"}, Profiles: []string{"p"}, Every: origin.Duration(365 * 24 * time.Hour), Grace: origin.Duration(30 * 24 * time.Hour)})
	list := want[dueTests](supervisor, 200, "GET", "/api/proof-tests", nil)
	if len(list.Items) != 1 || list.Items[0].Device != "f12-smoke-east" || list.Items[0].State != "fine" || list.Items[0].Days != 365 || list.Items[0].Tested.IsZero() || list.Items[0].By == "" {
		t.Fatalf("%+v", list)
	}
	if list := want[dueTests](w.signedIn("elsewhere", org.Supervisor, "b04"), 200, "GET", "/api/proof-tests", nil); len(list.Items) != 0 {
		t.Fatalf("another building sees %+v", list)
	}
	for query, devices := range map[string]int{"": 1, "?state=fine&q=EAST": 1, "?state=overdue": 0, "?q=%E6%B2%A1%E6%9C%89": 0} {
		status, raw := supervisor.do("GET", "/api/proof-tests/export.xlsx"+query, nil)
		book, err := excelize.OpenReader(strings.NewReader(raw))
		if status != 200 || err != nil {
			t.Fatalf("%d %v", status, err)
		}
		rows, err := book.GetRows("Sheet1")
		if err != nil || len(rows) != 1+devices || devices == 1 && (rows[1][4] != list.Items[0].By || rows[1][6] != "未到期") {
			t.Errorf("%s: %v %v", query, rows, err)
		}
	}
	past := want[testHistory](supervisor, 200, "GET", path, nil)
	if len(past.Items) != 1 || past.Items[0].Note != "喷烟" || past.Items[0].ByName == "" {
		t.Fatalf("%+v", past)
	}
	want[any](supervisor, 204, "POST", path+"/withdraw", map[string]any{"at": past.Items[0].At})
	if status, raw := supervisor.do("POST", path+"/withdraw", map[string]any{"at": past.Items[0].At}); status != 404 || !strings.Contains(raw, "没有记录过") {
		t.Fatalf("%d %s", status, raw)
	}
}
