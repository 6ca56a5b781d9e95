package httpapi

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

// send posts raw bytes.
func (c *client) send(path string, raw []byte) (int, string) {
	c.w.t.Helper()
	r := c.request("POST", path, nil)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func TestT04_AnAlarmSaysWhereThePersonPutTheDevice(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	room := want[places.Room](admin, 201, "POST", "/api/places/rooms", map[string]any{"building": "b03", "floor": 1, "name": map[string]string{"zh": "大堂"}, "version": 0})
	row := want[fleet.DeviceRow](admin, 200, "PUT", "/api/devices/edge-b03/f12-smoke-east", map[string]any{"name": map[string]string{"zh": "大堂烟感"},
		"spot": map[string]any{"building": "b03", "floor": 1, "room": room.ID}, "version": 0})
	if row.Place.Room.ZH != "大堂" || row.Reported.Place.Floor != 12 || !row.Moved {
		t.Errorf("%+v", row)
	}
	reported := contract.Place{Building: "b03", Floor: 12, Room: contract.Text{ZH: "东走廊", EN: "东走廊"}, Zone: "z-12"}
	if at := w.fleet.Place("edge-b03", "f12-smoke-east", reported); at.Describe("zh-CN", "3号楼") != "3号楼·1层·大堂" {
		t.Errorf("an alarm would say %+v", at)
	}
	want[any](admin, 204, "POST", "/api/places/take-over", map[string]any{"kind": "device", "id": "edge-b03/f12-smoke-east", "field": "place", "version": row.Version})
	if at := w.fleet.Place("edge-b03", "f12-smoke-east", reported); at != reported {
		t.Errorf("after taking over: %+v", at)
	}
}

func TestPlaces_WhoIsBoundToABuildingSeesAndChangesItAlone(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	eng := w.signedIn("eng", org.Engineer, "b04")
	v := want[places.View](eng, 200, "GET", "/api/places", nil)
	if len(v.Buildings) != 1 || v.Buildings[0].ID != "b04" || len(v.Communities) != 1 || len(v.Floors) != 1 || len(v.Rooms) != 0 {
		t.Errorf("%+v", v)
	}
	room := w.fleet.Places().Tree().RoomsOf("b03", 12)[0]
	for name, c := range map[string]struct {
		status       int
		method, path string
		body         map[string]any
	}{
		"a foreign building":      {404, "PUT", "/api/places/buildings/b03", map[string]any{"community": "anlan-garden", "name": map[string]string{"zh": "x"}, "contacts": []any{}, "cameras": []any{}, "version": 0}},
		"a new building":          {404, "PUT", "/api/places/buildings/b05", map[string]any{"community": "anlan-garden", "name": map[string]string{"zh": "x"}, "contacts": []any{}, "cameras": []any{}, "version": 0}},
		"a community":             {404, "PUT", "/api/places/communities/anlan-garden", map[string]any{"name": map[string]string{"zh": "x"}, "time_zone": "UTC", "version": 0}},
		"a foreign room into b04": {404, "PUT", "/api/places/rooms/" + room.ID, map[string]any{"building": "b04", "floor": 1, "name": map[string]string{"zh": "x"}, "version": 0}},
		"a foreign device":        {404, "PUT", "/api/devices/edge-b03/f12-smoke-east", map[string]any{"spot": map[string]any{"building": "b04"}, "version": 0}},
		"a device into b03":       {404, "PUT", "/api/devices/edge-b04/new", map[string]any{"name": map[string]string{"zh": "x"}, "spot": map[string]any{"building": "b03"}, "version": 0}},
		"a foreign edge":          {404, "PUT", "/api/edges/edge-b03/building", map[string]any{"building": "b04", "version": 0}},
		"archiving its building":  {404, "POST", "/api/places/remove", map[string]any{"kind": "building", "id": "b04", "version": 0}},
		"a drawing of b03":        {404, "PUT", "/api/floorplans/b03/12/positions", map[string]any{"version": 0, "positions": []any{}}},
		"its own floor":           {200, "PUT", "/api/places/buildings/b04/floors/2", map[string]any{"name": map[string]string{"zh": ""}, "contacts": []any{}, "cameras": []any{}, "version": 0}},
	} {
		if status, raw := eng.do(c.method, c.path, c.body); status != c.status {
			t.Errorf("%s: %d, want %d: %s", name, status, c.status, raw)
		}
	}
}

func TestPlaces_AConflictSaysWhoAndAnErrorWhere(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	b := map[string]any{"community": "anlan-garden", "name": map[string]string{"zh": "三栋"}, "contacts": []any{map[string]string{"name": "张", "phone": "110"}}, "cameras": []any{}, "version": 0}
	want[any](admin, 200, "PUT", "/api/places/buildings/b03", b)
	if status, raw := admin.do("PUT", "/api/places/buildings/b03", b); status != http.StatusConflict || !strings.Contains(raw, org.Admin.Title().ZH) {
		t.Errorf("%d %s", status, raw)
	}
	b["version"], b["contacts"] = 1, []any{map[string]string{"name": "张", "phone": "call"}}
	if status, raw := admin.do("PUT", "/api/places/buildings/b03", b); status != 422 || !strings.Contains(raw, "body.contacts") {
		t.Errorf("%d %s", status, raw)
	}
	if status, raw := admin.do("POST", "/api/places/remove", map[string]any{"kind": "floor", "building": "b03", "id": "12", "version": 0}); status != http.StatusConflict || !strings.Contains(raw, "东走廊烟感") {
		t.Errorf("%d %s", status, raw)
	}
	near := want[places.Near](w.as(org.Guard), 200, "GET", "/api/places/near?building=b03&floor=12", nil)
	if len(near.Contacts) != 1 || near.Contacts[0].Phone != "110" || near.Cameras == nil {
		t.Errorf("%+v", near)
	}
}

func TestT04_AWorkbookIsWrittenAsAWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	admin := w.as(org.Admin)
	status, raw := admin.do("GET", "/api/places/export.xlsx", nil)
	if status != 200 {
		t.Fatal(status, raw)
	}
	edited := func(edit func(x *excelize.File) error) []byte {
		x, err := excelize.OpenReader(strings.NewReader(raw))
		if err == nil {
			err = edit(x)
		}
		var out bytes.Buffer
		if err == nil {
			err = x.Write(&out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	before := w.fleet.Places().Tree().Rev
	bad := edited(func(x *excelize.File) error {
		x.SetCellStr("设备", "C2", "改名") //nolint:errcheck // the next says so
		return x.SetCellStr("设备", "E2", "b99")
	})
	if status, raw := admin.send("/api/places/import?rev=1", bad); status != 200 || !strings.Contains(raw, `"cell":"E2"`) || !strings.Contains(raw, `"applied":false`) || w.fleet.Places().Tree().Rev != before {
		t.Errorf("%d %s", status, raw)
	}
	if status, raw := admin.send("/api/places/import/marked", bad); status != 200 || !strings.HasPrefix(raw, "PK") {
		t.Errorf("marked: %d %.80s", status, raw)
	}
	good := edited(func(x *excelize.File) error { return x.SetCellStr("设备", "C2", "十二层烟感") })
	status, dry := admin.send("/api/places/import?dry_run=true", good)
	if status != 200 || !strings.Contains(dry, `"changed":1`) || w.fleet.Places().Tree().Rev != before {
		t.Fatalf("dry run: %d %s", status, dry)
	}
	if status, raw := admin.send("/api/places/import?rev=999", good); status != http.StatusConflict {
		t.Errorf("another revision: %d %s", status, raw)
	}
	rev := w.fleet.Places().Tree().Rev
	if status, raw := admin.send("/api/places/import?rev="+strconv.FormatInt(rev, 10), good); status != 200 || !strings.Contains(raw, `"applied":true`) {
		t.Errorf("%d %s", status, raw)
	}
	if d := want[deviceDetail](admin, 200, "GET", "/api/devices/edge-b03/f12-smoke-east", nil); d.Row.Name.ZH != "十二层烟感" {
		t.Errorf("%+v", d.Row)
	}
	log, err := w.srv.Audit.Last(t.Context(), 1)
	if err != nil || log[0].Action != "place.import" || !strings.Contains(string(log[0].Data), "device:edge-b03/f12-smoke-east") {
		t.Errorf("%+v %v", log, err)
	}
	if status, _ := admin.send("/api/places/import?dry_run=true", bytes.Repeat([]byte("x"), maxWorkbook+100)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
	if status, _ := admin.send("/api/places/import?dry_run=true", []byte("a,b")); status != http.StatusUnsupportedMediaType {
		t.Errorf("csv: %d", status)
	}
}

func TestFloorplan_ADrawingIsServedToWhomMaySeeTheBuilding(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	var img bytes.Buffer
	if err := png.Encode(&img, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	admin := w.as(org.Admin)
	if status, raw := admin.send("/api/floorplans/b03/12/image?version=0&name=12.png", img.Bytes()); status != 200 {
		t.Fatalf("%d %s", status, raw)
	}
	if status, raw := admin.send("/api/floorplans/b03/99/image?version=0", img.Bytes()); status != 404 {
		t.Errorf("a floor that is not there: %d %s", status, raw)
	}
	if status, raw := admin.send("/api/floorplans/b03/12/image?version=1", []byte("<svg/>")); status != http.StatusUnsupportedMediaType {
		t.Errorf("svg: %d %s", status, raw)
	}
	p := want[floorPlanOut](w.as(org.Guard), 200, "GET", "/api/floorplans/b03/12", nil)
	if p.Image == nil || p.Image.Width != 400 || len(p.Rooms) != 1 {
		t.Fatalf("%+v", p)
	}
	path := "/api/floorplan-images/b03/" + p.Image.Hash
	for name, c := range map[string]struct {
		who  *client
		want int
	}{"guard": {w.as(org.Guard), 200}, "guard of b04": {w.signedIn("g4", org.Guard, "b04"), 404}, "stranger": {w.browser(), 401}} {
		res, err := c.who.http.Do(c.who.request("GET", path, nil))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, c.want)
		}
		h := res.Header
		if c.want == 200 && (h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "immutable") || !strings.Contains(h.Get("Cache-Control"), "private")) {
			t.Errorf("%v", h)
		}
	}
	r := admin.request("GET", path, nil)
	r.Header.Set("If-None-Match", `"`+p.Image.Hash+`"`)
	res, err := admin.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotModified {
		t.Errorf("known already: %d", res.StatusCode)
	}
}
