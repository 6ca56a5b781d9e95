package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

func TestA06_TwoPersonsOverTheAPI(t *testing.T) {
	w := newWorld(t)
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	supervisor, engineer, operator := w.as(org.Supervisor), w.as(org.Engineer), w.as(org.Operator)
	status, raw := operator.do("POST", "/api/alarms/"+a.ID+"/shelve", map[string]any{"reason": "nuisance", "for_s": 600})
	if status != 422 || !strings.Contains(raw, "body.for_s") || !strings.Contains(raw, "停用") {
		t.Errorf("a fire alarm was shelved: %d %s", status, raw)
	}
	status, raw = supervisor.do("POST", "/api/alarms/"+a.ID+"/out-of-service", map[string]any{"reason": "maintenance", "until": w.clock().Add(time.Hour)})
	if status != 422 || !strings.Contains(raw, "body.work_order") || !strings.Contains(raw, "body.person") {
		t.Errorf("every wrong field is named: %d %s", status, raw)
	}
	seat := w.hub.subscribe(0, "", everything())
	defer w.hub.unsubscribe(seat)
	o := want[alarm.Override](supervisor, 200, "POST", "/api/alarms/"+a.ID+"/out-of-service",
		map[string]any{"reason": "maintenance", "until": w.clock().Add(time.Hour), "work_order": "WO-7", "person": "赵", "all_rules": true})
	if o.Status != alarm.Requested {
		t.Fatalf("%+v", o)
	}
	if f := <-seat.frames; !strings.Contains(string(f.wire), "event: override") || !strings.Contains(string(f.wire), o.ID) || f.building != a.Building {
		t.Errorf("the other seats were told %q", f.wire)
	}
	if status, raw := supervisor.do("POST", "/api/overrides/"+o.ID+"/approve", nil); status != 403 || !strings.Contains(raw, "第二人") {
		t.Errorf("approved by who asked: %d %s", status, raw)
	}
	if status, _ := operator.do("POST", "/api/overrides/"+o.ID+"/approve", nil); status != 403 {
		t.Errorf("an operator approved: %d", status)
	}
	want[alarm.Override](engineer, 200, "POST", "/api/overrides/"+o.ID+"/approve", nil)
	d := want[alarmDetail](operator, 200, "GET", "/api/alarms/"+a.ID, nil)
	if d.Alarm.State != alarm.OutOfService || d.Alarm.Underlying != alarm.Unacked || len(d.Overrides) != 1 || len(d.Occurrences) != 1 {
		t.Errorf("%+v", d.Alarm)
	}
	if status, _ := operator.do("POST", "/api/overrides/"+o.ID+"/end", nil); status != 403 {
		t.Errorf("an operator put it back: %d", status)
	}
	want[alarm.Override](engineer, 200, "POST", "/api/overrides/"+o.ID+"/end", map[string]string{"text": "完工并试验"})
	if got := want[alarmDetail](operator, 200, "GET", "/api/alarms/"+a.ID, nil); got.Alarm.State != alarm.Unacked {
		t.Errorf("%+v", got.Alarm)
	}
	list := want[overrideList](operator, 200, "GET", "/api/overrides?state=ended", nil)
	if len(list.Items) != 1 || list.Items[0].EndedWhy != "完工并试验" {
		t.Errorf("%+v", list)
	}
}

func TestA09_DefinitionsAreEditedOverTheAPI(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	none := map[string]string{"zh": "", "en": ""}
	v := want[alarm.DefinitionVersion](admin, 200, "PUT", "/api/alarm-definitions/pump", map[string]any{"base": 0, "title": none, "hazard": "equipment", "priority": "minor",
		"consequence": none, "action": none, "respond_s": 60, "latch": false, "on_delay_s": 0, "off_delay_s": 0, "owner": none})
	status, raw := admin.do("POST", "/api/alarm-definitions/pump/activate", map[string]any{"version": v.Version})
	if status != 422 || !strings.Contains(raw, "body.consequence.zh") || !strings.Contains(raw, "body.owner.en") {
		t.Errorf("%d %s", status, raw)
	}
	list := want[definitionList](admin, 200, "GET", "/api/alarm-definitions", nil)
	if len(list.Items) < 40 {
		t.Errorf("%d definitions", len(list.Items))
	}
	w.smoke("f12-smoke-east", "A", contract.Active) // its rule here is "smoke-fire", which nobody defined
	if list = want[definitionList](admin, 200, "GET", "/api/alarm-definitions", nil); len(list.NotRationalised) != 1 {
		t.Errorf("%+v", list.NotRationalised)
	}
}

func TestAlarmList_TakesEveryFilter(t *testing.T) {
	w := newWorld(t)
	w.smoke("f12-smoke-east", "A", contract.Active)
	w.smoke("f12-smoke-west", "B", contract.Active)
	c := w.as(org.Operator)
	for query, n := range map[string]int{"": 2, "q=smoke-east": 1, "hazard=gas": 0, "hazard=fire": 2, "building=b03,b04": 2, "building=b04": 0, "severity=minor": 0, "severity=critical": 2,
		"state=acked": 0, "person=x": 0, "verdict=none": 2, "drill=true": 0, "unrationalised=true": 2, "view=history": 0, "limit=1": 1, "from=2100-01-01T00:00:00Z": 0} {
		if p := want[alarm.Page](c, 200, "GET", "/api/alarms?"+query, nil); len(p.Items) != n {
			t.Errorf("%q: %d, want %d", query, len(p.Items), n)
		}
	}
}

func TestOverride_OfAPointWithoutAnAlarm(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Supervisor)
	o := want[alarm.Override](c, 200, "POST", "/api/overrides", map[string]any{"kind": "out_of_service", "edge": "edge-b03", "point": "f12-smoke-east.smoke", "reason": "test",
		"until": w.clock().Add(time.Hour), "work_order": "WO-8", "person": "赵"})
	if o.Status != alarm.Requested || o.Building != "b03" || !o.LifeSafety {
		t.Errorf("%+v", o)
	}
}

func TestAlarmExport_IsTheListAsAFile(t *testing.T) {
	w := newWorld(t)
	w.smoke("f12-smoke-east", "A", contract.Active)
	w.smoke("f12-smoke-west", "B", contract.Active)
	c := w.as(org.Manager)
	_, raw := c.do("GET", "/api/alarms/export.csv?view=all&q="+url.QueryEscape("smoke-east"), nil)
	text, ok := strings.CutPrefix(raw, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if !ok || err != nil || len(rows) != 2 || !strings.Contains(rows[0][1], "Asia/Shanghai") || rows[1][4] != "烟感火警" || rows[1][20] != "f12-smoke-east.smoke" {
		t.Errorf("%v, %v", rows, err)
	}
	_, raw = c.do("GET", "/api/alarms/export.xlsx?view=all", nil)
	book, err := excelize.OpenReader(bytes.NewReader([]byte(raw)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if rows, err = book.GetRows("Sheet1"); err != nil || len(rows) != 3 || rows[1][2] != "紧急" {
		t.Errorf("%v, %v", rows, err)
	}
	span := fmt.Sprintf("?from=%s&to=%s", url.QueryEscape(w.clock().Add(-time.Hour).Format(time.RFC3339)), url.QueryEscape(w.clock().Add(time.Hour).Format(time.RFC3339)))
	if k := want[alarm.KPI](c, 200, "GET", "/api/alarms/kpi"+span, nil); k.Alarms != 2 || k.TimeZone != "Asia/Shanghai" {
		t.Errorf("%+v", k)
	}
	_, raw = c.do("GET", "/api/alarms/kpi.xlsx"+span, nil)
	if sheet, err := excelize.OpenReader(bytes.NewReader([]byte(raw))); err != nil {
		t.Error(err)
	} else if v, err := sheet.GetCellValue("Sheet1", "B2"); err != nil || v != "2" {
		t.Errorf("%q, %v", v, err)
	}
	if l := want[alarm.Load](c, 200, "GET", "/api/alarms/load", nil); l.New10Min != 2 || len(l.Groups) != 1 || l.Groups[0].Count != 2 {
		t.Errorf("%+v", l)
	}
}

func TestAlarmFilters_AreEachPersonsOwn(t *testing.T) {
	w := newWorld(t)
	li, zhang := w.as(org.Operator), w.as(org.Supervisor)
	f := want[alarm.Filter](li, 200, "POST", "/api/alarms/filters", map[string]string{"name": "夜里的火警", "query": "hazard=fire"})
	if l := want[filterList](zhang, 200, "GET", "/api/alarms/filters", nil); len(l.Items) != 0 {
		t.Errorf("%+v", l)
	}
	want[any](zhang, 204, "DELETE", "/api/alarms/filters/"+f.ID, nil)
	if l := want[filterList](li, 200, "GET", "/api/alarms/filters", nil); len(l.Items) != 1 || l.Items[0].Query != "hazard=fire" {
		t.Errorf("%+v", l)
	}
	if status, raw := li.do("POST", "/api/alarms/filters", map[string]string{"name": " ", "query": ""}); status != 422 || !strings.Contains(raw, "body.name") {
		t.Errorf("%d %s", status, raw)
	}
}
