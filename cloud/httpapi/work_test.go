package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/attach/attachtest"
	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// onDesk reads an instance as its client sees it, with what is theirs to do.
func (c *client) onDesk(instance string) work.Case {
	c.w.t.Helper()
	return want[work.Case](c, 200, "GET", "/api/flows/"+instance, nil)
}

func (c *client) act(instance string, status int, v flow.Verdict, fields map[string]any) string {
	c.w.t.Helper()
	x := c.onDesk(instance)
	if len(x.Mine) == 0 {
		c.w.t.Fatalf("nothing to do in %s: %+v", instance, x.State.OpenTasks())
	}
	got, raw := c.do("POST", "/api/flows/"+instance+"/events", map[string]any{"kind": "decide", "task": x.Mine[0].ID, "verdict": v, "opinion": "看过", "fields": fields})
	if got != status {
		c.w.t.Fatalf("%d %s, want %d", got, raw, status)
	}
	return raw
}

func (w *world) idOf(name string) string {
	w.t.Helper()
	u, err := w.srv.Users.ByUsername(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return u.ID
}

// TestW18_AHazardFromReportToClosedOverHTTP is the shipped loop as the console drives it:
// rejected once at the audit and once at the review.
func TestW18_AHazardFromReportToClosedOverHTTP(t *testing.T) {
	w := newWorld(t)
	guard, supervisor, engineer, manager := w.as(org.Guard), w.as(org.Supervisor), w.as(org.Engineer), w.as(org.Manager)
	forms := want[[]work.Usable](guard, 200, "GET", "/api/forms", nil)
	if len(forms) != 3 || forms[0].Key != "hazard" || forms[0].Flow != "hazard" {
		t.Fatalf("%+v", forms)
	}
	status, raw := guard.do("POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"what": "堵塞"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(raw, "body.fields.category") || !strings.Contains(raw, "必填") {
		t.Fatalf("%d %s", status, raw)
	}
	s := want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"category": "fire", "place": "anlan-garden/b03/12", "what": "消防通道堵塞"}})
	if s.Instance == "" || s.Record.State != "auditing" || s.Record.Building != "b03" || !strings.HasPrefix(s.Record.No, "YH") {
		t.Fatalf("%+v", s)
	}
	todo := want[flow.Page](supervisor, 200, "GET", "/api/todos", nil)
	if len(todo.Items) != 1 || todo.Items[0].NodeName.ZH != "安全主管审核" || todo.Items[0].Summary != "消防通道堵塞" {
		t.Fatalf("%+v", todo)
	}
	if got, _ := engineer.do("GET", "/api/flows/"+s.Instance, nil); got != http.StatusNotFound {
		t.Fatalf("someone who has no part in it: %d", got)
	}
	supervisor.act(s.Instance, 200, flow.Reject, nil)
	guard.act(s.Instance, 200, flow.Agree, map[string]any{"what": "消防通道堵塞，两辆车"})
	if raw := supervisor.act(s.Instance, http.StatusUnprocessableEntity, flow.Agree, map[string]any{"level": "general"}); !strings.Contains(raw, "body.fields.owner") {
		t.Fatalf("%s", raw)
	}
	supervisor.act(s.Instance, 200, flow.Agree, map[string]any{"level": "general", "owner": w.idOf("engineer"), "demand": "今天清理", "measures": "偷写"})
	if c := engineer.onDesk(s.Instance); c.Record.Doc["measures"] != nil || c.Mine[0].Access["measures"] != "w" || c.Mine[0].Access["what"] == "w" || c.Mine[0].Due.IsZero() {
		t.Fatalf("%+v %+v", c.Record.Doc, c.Mine)
	}
	after := upload(engineer, "photo", "后.jpg", attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{})).ID
	engineer.act(s.Instance, 200, flow.Agree, map[string]any{"measures": "已拖走", "after_photos": []string{after}})
	guard.act(s.Instance, 200, flow.Reject, nil)
	engineer.act(s.Instance, 200, flow.Agree, map[string]any{"measures": "已拖走并划线"})
	guard.act(s.Instance, 200, flow.Agree, nil)
	got := want[recordDetail](manager, 200, "GET", "/api/forms/hazard/records/"+s.Record.ID, nil)
	if got.Record.State != "closed" || len(got.Flows) != 1 || got.Flows[0].Status != flow.Passed || len(got.Log) < 8 {
		t.Fatalf("%+v", got)
	}
	list := want[recordPage](manager, 200, "GET", `/api/forms/hazard/records?filter=%7B%22op%22:%22eq%22,%22l%22:%7B%22f%22:%22_state%22%7D,%22r%22:%7B%22v%22:%22closed%22%7D%7D`, nil)
	if list.Total != 1 || list.Records[0].ID != s.Record.ID {
		t.Fatalf("%+v", list)
	}
	if copies := want[flow.Page](manager, 200, "GET", "/api/todos?box=copied", nil); len(copies.Items) != 2 {
		t.Fatalf("%+v", copies)
	}
	if n := want[flow.Counts](guard, 200, "GET", "/api/todos/count", nil); n.Open != 0 {
		t.Fatalf("%+v", n)
	}
	for _, n := range want[flowTimes](w.as(org.Admin), 200, "GET", "/api/flow-times/hazard", nil).Nodes {
		if n.Node == "by_level" || n.Node == "review" && n.Visits != 2 {
			t.Fatalf("a branch is not a step, and the review was twice: %+v", n)
		}
	}
}

// TestF18_AnAdministratorChangesAFormAndNothingRunningIsHurt changes the hazard form and
// its flow by the API while a hazard is under way. H1: a category of one's own is offered at
// once.
func TestF18_AnAdministratorChangesAFormAndNothingRunningIsHurt(t *testing.T) {
	w := newWorld(t)
	admin, guard := w.as(org.Admin), w.as(org.Guard)
	report := map[string]any{"fields": map[string]any{"category": "fire", "place": "anlan-garden/b03", "what": "堵塞"}}
	old := want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", report)
	// H1: a category of one's own, offered at once
	dict := want[documentDetail](admin, 200, "GET", "/api/documents/dict/hazard_category", nil)
	body := strings.Replace(string(dict.Current.Body), `"items":[`, `"items":[{"code":"pets","label":{"zh":"宠物"}},`, 1)
	admin.publish("dict", "hazard_category", body)
	report["fields"].(map[string]any)["category"] = "pets"
	want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", report)
	def := want[documentDetail](admin, 200, "GET", "/api/documents/form/hazard", nil)
	v := admin.publish("form", "hazard", strings.Replace(string(def.Current.Body), `"zh":"整改期限"`, `"zh":"整改截止"`, 1))
	if v.Version != 2 {
		t.Fatalf("%+v", v)
	}
	if r := want[recordDetail](admin, 200, "GET", "/api/forms/hazard/records/"+old.Record.ID, nil); r.Record.Version != 1 || r.Def.Fields == nil {
		t.Fatalf("%+v", r.Record)
	}
	// a flow that would go wrong is not published, and says where
	fl := want[documentDetail](admin, 200, "GET", "/api/documents/flow/hazard", nil)
	bad := strings.Replace(string(fl.Current.Body), `"required":["measures","after_photos"]`, `"required":["nothing"]`, 1)
	draft := want[draftSaved](admin, 200, "PUT", "/api/documents/flow/hazard/draft", map[string]any{"rev": 0, "body": rawJSON(bad)})
	if status, raw := admin.do("POST", "/api/documents/flow/hazard/publish", map[string]any{"rev": draft.Draft.Rev}); status != 422 || !strings.Contains(raw, "nodes[3].required") {
		t.Fatalf("%d %s", status, raw)
	}
	// roll back, and what changed
	if v := want[document.Version](admin, 200, "POST", "/api/documents/form/hazard/roll-back", map[string]any{"to": 1}); v.Version != 3 || v.From != 1 {
		t.Fatalf("%+v", v)
	}
	if d := want[[]document.Change](admin, 200, "GET", "/api/documents/form/hazard/diff?from=1&to=2", nil); len(d) == 0 {
		t.Fatal("no difference")
	}
	if status, _ := w.as(org.Supervisor).do("GET", "/api/documents?kind=form", nil); status != 403 {
		t.Fatalf("a supervisor designs: %d", status)
	}
}

// TestF18_AFormKeepsWhatItsFlowsUse: a field that a flow in force asks for does not vanish
// under it; the draft says which flow and node, and both can change in one package.
func TestF18_AFormKeepsWhatItsFlowsUse(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	form := without(want[documentDetail](admin, 200, "GET", "/api/documents/form/hazard", nil).Current.Body, "measures")
	saved := want[draftSaved](admin, 200, "PUT", "/api/documents/form/hazard/draft", map[string]any{"rev": 0, "body": form})
	if len(saved.Problems) != 1 || saved.Problems[0].Path != "flows.hazard" || saved.Problems[0].Text.ZH != "流程“隐患闭环”的“整改”：表单没有字段“整改措施”。请先改流程" ||
		saved.Problems[0].Text.EN != "flow “Hazard loop”, “Rectification”: the form has no field “What was done”; change the flow first" {
		t.Fatalf("%+v", saved.Problems)
	}
	rev := map[string]any{"rev": saved.Draft.Rev}
	if status, raw := admin.do("POST", "/api/documents/form/hazard/publish", rev); status != 422 || !strings.Contains(raw, "整改措施") {
		t.Fatalf("%d %s", status, raw)
	}
	// The flow first, then the form.
	flow := string(want[documentDetail](admin, 200, "GET", "/api/documents/flow/hazard", nil).Current.Body)
	changed := strings.NewReplacer(`,"measures":"w"`, "", `"measures",`, "").Replace(flow)
	admin.publish("flow", "hazard", changed)
	want[document.Version](admin, 200, "POST", "/api/documents/form/hazard/publish", rev)

	// Elsewhere the two come together, and the form alone does not.
	alone, both := exported(admin, "form:hazard"), exported(admin, "form:hazard,flow:hazard")
	boss := newWorld(t).as(org.Admin)
	imported := func(pack []byte, query string) (r document.Result) {
		t.Helper()
		status, body := boss.bytes("POST", "/api/packages/import?"+query, pack)
		if err := json.Unmarshal(body, &r); err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		return r
	}
	if r := imported(alone, "dry=false&replace=true"); r.Done || len(r.Items[0].Problems) != 1 {
		t.Fatalf("%+v", r)
	}
	if r := imported(both, "dry=false&replace=true"); !r.Done {
		t.Fatalf("%+v", r)
	}
	// A flow out of use is not asked.
	boss = newWorld(t).as(org.Admin)
	if status, raw := boss.do("POST", "/api/documents/flow/hazard/retire", nil); status != 204 {
		t.Fatalf("%d %s", status, raw)
	}
	if r := imported(alone, "dry=false&replace=true"); !r.Done {
		t.Fatalf("%+v", r)
	}
}

// without is a form's body with one field fewer.
func without(body json.RawMessage, field string) map[string]any {
	var d map[string]any
	if err := json.Unmarshal(body, &d); err != nil {
		panic(err)
	}
	d["fields"] = slices.DeleteFunc(d["fields"].([]any), func(f any) bool { return f.(map[string]any)["key"] == field })
	return d
}

func exported(c *client, documents string) []byte {
	c.w.t.Helper()
	status, pack := c.bytes("GET", "/api/packages/export?key=hazard&title=x&document="+documents, nil)
	if status != 200 {
		c.w.t.Fatalf("%d %s", status, pack)
	}
	return pack
}

// TestW06_WhatTheFormDoesNotShowIsNotDemanded: a field asked for at a node holds nobody up
// while a condition of the form hides it.
func TestW06_WhatTheFormDoesNotShowIsNotDemanded(t *testing.T) {
	w := newWorld(t)
	admin, guard, supervisor := w.as(org.Admin), w.as(org.Guard), w.as(org.Supervisor)
	d := want[documentDetail](admin, 200, "GET", "/api/documents/form/hazard", nil)
	seen := `"key":"demand","visible":{"op":"eq","l":{"f":"category"},"r":{"v":"gas"}},`
	admin.publish("form", "hazard", strings.Replace(string(d.Current.Body), `"key":"demand",`, seen, 1))
	report := func(category string) string {
		fields := map[string]any{"category": category, "place": "anlan-garden/b03", "what": "管道"}
		return want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": fields}).Instance
	}
	audit := map[string]any{"level": "general", "owner": w.idOf("engineer")}
	if raw := supervisor.act(report("gas"), 422, flow.Agree, audit); !strings.Contains(raw, "body.fields.demand") {
		t.Fatalf("%s", raw)
	}
	supervisor.act(report("fire"), 200, flow.Agree, audit)
	// What the same decision makes visible is asked for.
	audit["category"] = "gas"
	supervisor.act(report("fire"), 422, flow.Agree, audit)
	audit["demand"] = "检漏"
	supervisor.act(report("fire"), 200, flow.Agree, audit)
}

func rawJSON(s string) any { return jsonRaw(s) }

type jsonRaw string

func (j jsonRaw) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func (c *client) publish(kind, key, body string) document.Version {
	c.w.t.Helper()
	path := fmt.Sprintf("/api/documents/%s/%s", kind, key)
	d := want[draftSaved](c, 200, "PUT", path+"/draft", map[string]any{"rev": 0, "body": rawJSON(body)})
	if len(d.Problems) > 0 {
		c.w.t.Fatalf("%+v", d.Problems)
	}
	return want[document.Version](c, 200, "POST", path+"/publish", map[string]any{"rev": d.Draft.Rev})
}

func TestS04_GrantsDecideWhoUsesAForm(t *testing.T) {
	w := newWorld(t)
	admin, viewer := w.as(org.Admin), w.as(org.Operator)
	for _, g := range want[[]form.Grant](admin, 200, "GET", "/api/grants", nil) {
		if g.Role == "operator" {
			if status, raw := admin.do("DELETE", "/api/grants/"+g.ID, nil); status != 204 {
				t.Fatalf("%d %s", status, raw)
			}
		}
	}
	if forms := want[[]work.Usable](viewer, 200, "GET", "/api/forms", nil); len(forms) != 0 {
		t.Fatalf("%+v", forms)
	}
	if status, _ := viewer.do("GET", "/api/forms/hazard/records", nil); status != 403 {
		t.Fatalf("%d", status)
	}
	if status, raw := admin.do("POST", "/api/grants", map[string]any{"role": "operator", "form": "hazard", "actions": []string{"fly"}}); status != 422 {
		t.Fatalf("%d %s", status, raw)
	}
	want[form.Grant](admin, 200, "POST", "/api/grants", map[string]any{"role": "operator", "form": "hazard", "actions": []string{"view"}, "fields": map[string]string{"*": "r"},
		"rows": map[string]any{"op": "eq", "l": map[string]string{"f": "_building"}, "r": map[string]string{"v": "b03"}}})
	if list := want[recordPage](viewer, 200, "GET", "/api/forms/hazard/records", nil); list.Total != 0 {
		t.Fatalf("%+v", list)
	}
}

// TestH16_PhotosBelongToTheirHazard uploads before and after: whoever may read the hazard
// sees them, nobody else does, and a repair without them is refused.
func TestH16_PhotosBelongToTheirHazard(t *testing.T) {
	w := newWorld(t)
	guard, supervisor, engineer, operator := w.as(org.Guard), w.as(org.Supervisor), w.as(org.Engineer), w.signedIn("other", org.Guard, "b03")
	photo := attachtest.JPEG(attachtest.Noise(320, 240, 1), 80, attachtest.Camera{})
	before := upload(guard, "photo", "前.jpg", photo)
	fields := map[string]any{"category": "fire", "place": "anlan-garden/b03", "what": "堵塞", "photos": []string{before.ID}}
	if status, raw := operator.do("POST", "/api/forms/hazard/records", map[string]any{"fields": fields}); status < 400 {
		t.Fatalf("someone else's photo was taken: %d %s", status, raw)
	}
	s := want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": fields})
	see := func(c *client, status int) {
		t.Helper()
		if res, _ := c.raw("GET", "/api/attachments/"+before.ID+"/thumb?size=160", nil); res.StatusCode != status {
			t.Errorf("thumbnail: %d, want %d", res.StatusCode, status)
		}
	}
	see(guard, 200)
	see(supervisor, 200)
	see(engineer, 404)
	supervisor.act(s.Instance, 200, flow.Agree, map[string]any{"level": "general", "owner": w.idOf("engineer"), "demand": "清理"})
	see(engineer, 200) // has a task on it now
	see(operator, 404)
	if raw := engineer.act(s.Instance, 422, flow.Agree, map[string]any{"measures": "已清理"}); !strings.Contains(raw, "body.fields.after_photos") {
		t.Fatalf("%s", raw)
	}
	after := upload(engineer, "photo", "后.jpg", attachtest.JPEG(attachtest.Noise(320, 240, 2), 80, attachtest.Camera{}))
	engineer.act(s.Instance, 200, flow.Agree, map[string]any{"measures": "已清理", "after_photos": []string{after.ID}})
}

// TestH04_ALevelOfOnesOwnBringsItsDeadlineAndPlace: a fourth level with five working days,
// a holiday in between, and lists that know where it stands.
func TestH04_ALevelOfOnesOwnBringsItsDeadlineAndPlace(t *testing.T) {
	w := newWorld(t)
	admin, guard, supervisor := w.as(org.Admin), w.as(org.Guard), w.as(org.Supervisor)
	zone := time.FixedZone("CST", 8*3600)
	now := w.clock().In(zone)
	dict := want[documentDetail](admin, 200, "GET", "/api/documents/dict/hazard-level", nil)
	body := strings.Replace(string(dict.Current.Body), `{"code":"general"`, `{"code":"lower","color":"risk-blue","label":{"zh":"较低"},"limits":{"cure":{"days":5,"working":true},"response":{"hours":48}}},{"code":"general"`, 1)
	admin.publish("dict", "hazard-level", body)
	// Every weekday of the next week is off: five working days end a week later.
	var days []map[string]any
	for d := 1; d <= 7; d++ {
		days = append(days, map[string]any{"date": now.AddDate(0, 0, d).Format(time.DateOnly), "name": map[string]string{"zh": "高温假"}})
	}
	cal, err := json.Marshal(map[string]any{"title": map[string]string{"zh": "工作日历"}, "verified": true, "days": days})
	if err != nil {
		t.Fatal(err)
	}
	admin.publish("calendar", "work", string(cal))
	order := []string{"lower", "major", "general", "larger"}
	for _, level := range order {
		s := want[work.Submission](guard, 200, "POST", "/api/forms/hazard/records", map[string]any{"fields": map[string]any{"category": "fire", "place": "anlan-garden/b03", "what": level}})
		supervisor.act(s.Instance, 200, flow.Agree, map[string]any{"level": level, "owner": w.idOf("engineer"), "demand": "清理"})
		if level != "lower" {
			continue
		}
		got := want[recordDetail](supervisor, 200, "GET", "/api/forms/hazard/records/"+s.Record.ID, nil)
		at, err := time.Parse(time.RFC3339, fmt.Sprint(got.Record.Doc["due_at"]))
		if err != nil {
			t.Fatalf("%v: %v", got.Record.Doc["due_at"], err)
		}
		left, day := 5, now
		for left > 0 {
			if day = day.AddDate(0, 0, 1); day.Sub(now) > 7*24*time.Hour && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				left--
			}
		}
		if want := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone); !at.Equal(want) {
			t.Errorf("due %s, want %s", at.In(zone), want)
		}
	}
	page := want[form.Page](supervisor, 200, "GET", "/api/forms/hazard/records?sort=level", nil)
	var got []string
	for _, r := range page.Records {
		got = append(got, fmt.Sprint(r.Doc["level"]))
	}
	if strings.Join(got, " ") != "major larger lower general" {
		t.Errorf("sorted: %v", got)
	}
	// A limit that is none is refused where it stands.
	draft := want[draftSaved](admin, 200, "PUT", "/api/documents/dict/hazard-level/draft", map[string]any{"rev": 0, "body": rawJSON(strings.Replace(body, `"days":5`, `"days":0`, 1))})
	if len(draft.Problems) != 1 || draft.Problems[0].Path != "items[2].limits.cure" {
		t.Errorf("%+v", draft.Problems)
	}
}

// TestH02_StandardItemsAreEditedAndOfferedAtOnce: a checklist is a document; what is
// published is what the next record form brings.
func TestH02_StandardItemsAreEditedAndOfferedAtOnce(t *testing.T) {
	w := newWorld(t)
	admin, guard := w.as(org.Admin), w.as(org.Guard)
	if c := want[checklistOut](guard, 200, "GET", "/api/checklists/elevator", nil); c.Version != 1 || len(c.Items) < 8 || c.Items[0].Standard == "" {
		t.Fatalf("%+v", c)
	}
	doc := want[documentDetail](admin, 200, "GET", "/api/documents/checklist/elevator", nil)
	admin.publish("checklist", "elevator", strings.Replace(string(doc.Current.Body), `"items":[`, `"items":[{"id":"own-1","level":"general","method":"look","normal":{"zh":"无杂物"},"standard":"practice","text":{"zh":"轿顶杂物"},"verified":false},`, 1))
	if c := want[checklistOut](guard, 200, "GET", "/api/checklists/elevator", nil); c.Version != 2 || c.Items[0].Text.ZH != "轿顶杂物" {
		t.Fatalf("%+v", c.Items[0])
	}
	all := want[standards](guard, 200, "GET", "/api/hazard-catalogue", nil)
	if len(all.Categories) < 10 || all.Categories[0].ID != "fire" || len(all.Levels.Items) != 3 {
		t.Fatalf("%d categories, the first %s", len(all.Categories), all.Categories[0].ID)
	}
	draft := want[draftSaved](admin, 200, "PUT", "/api/documents/checklist/elevator/draft", map[string]any{"rev": 0, "body": rawJSON(`{"title":{"zh":"电梯"},"items":[{"id":"a","text":{"zh":""},"normal":{"zh":"好"},"method":"smell","level":"","standard":"","verified":false}]}`)})
	if len(draft.Problems) != 3 {
		t.Fatalf("%+v", draft.Problems)
	}
	if status, _ := guard.do("PUT", "/api/documents/checklist/elevator/draft", map[string]any{"rev": 0, "body": rawJSON(`{}`)}); status != 403 {
		t.Fatalf("a guard changes a checklist: %d", status)
	}
}
