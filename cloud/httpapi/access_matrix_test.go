package httpapi

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
)

// place is how an operation is bound to buildings.
type place int

const (
	filtered   place = iota // shows what is within reach; never refuses for the place
	here                    // is about something in building b03
	everywhere              // needs the right without bounds
	own                     // about the caller alone
)

// row says what must happen. It is written by hand, beside the code, on purpose.
type row struct {
	need   access
	place  place
	at     string // the path with what exists in b03; "" takes {…} for x
	body   any    // {} if nil
	absent bool   // what it names does not exist: who may call it gets 404
	skip   bool   // ends or binds the session: only strangers try it here, a test of its own the rest
	locked bool   // a locked screen may
	inner  bool   // a further rule inside may refuse who holds the right
}

// matrix is the table. A new operation needs a row: its right, how it is bound to
// buildings and, if it is about something in one, a path and a body that work.
func matrix(w *world, alarm, incident, victim, key string) map[string]row {
	point, now := "/api/points/edge-b03/f12-smoke-east.smoke", w.clock().UTC()
	span := "?from=" + url.QueryEscape(now.Add(-time.Hour).Format(time.RFC3339)) + "&to=" + url.QueryEscape(now.Format(time.RFC3339))
	a, i, u := "/api/alarms/"+alarm, "/api/incidents/"+incident, "/api/users/"+victim
	manage := access(org.UserManage)
	text := map[string]string{"zh": "x"}
	return map[string]row{
		"POST /api/session":         {need: openToAll, locked: true},
		"DELETE /api/session":       {need: signedIn, place: own, skip: true, locked: true},
		"POST /api/session/lock":    {need: signedIn, place: own, skip: true, locked: true},
		"POST /api/session/unlock":  {need: signedIn, place: own, locked: true},
		"GET /api/me":               {need: signedIn, place: own, locked: true},
		"POST /api/me/password":     {need: signedIn, place: own},
		"GET /api/hazard-catalogue": {need: signedIn, place: own},
		"GET /api/me/sessions":      {need: signedIn, place: own}, "DELETE /api/me/sessions/{id}": {need: signedIn, place: own, absent: true},
		"POST /api/me/totp": {need: signedIn, place: own}, "POST /api/me/totp/confirm": {need: signedIn, place: own},
		"POST /api/me/totp/recovery": {need: signedIn, place: own}, "POST /api/me/totp/remove": {need: signedIn, place: own},

		"GET /api/users":                            {need: manage},
		"POST /api/users":                           {need: manage, place: here, at: "/api/users", body: map[string]any{"username": "zhao", "name": "赵", "assignments": []any{map[string]string{"role": "guard", "scope": "building:b03"}}}},
		"PUT /api/users/{id}":                       {need: manage, place: here, at: u, body: map[string]string{"name": "钱"}},
		"PUT /api/users/{id}/assignments":           {need: manage, place: here, at: u + "/assignments", body: map[string]any{"assignments": []any{map[string]string{"role": "guard", "scope": "building:b03"}}}},
		"PUT /api/users/{id}/posts":                 {need: manage, place: here, at: u + "/posts", body: map[string]any{"posts": []string{}}},
		"POST /api/users/{id}/reset-password":       {need: manage, place: here, at: u + "/reset-password"},
		"POST /api/users/{id}/disable":              {need: manage, place: here, at: u + "/disable"},
		"POST /api/users/{id}/enable":               {need: manage, place: here, at: u + "/enable"},
		"POST /api/users/{id}/unlock":               {need: manage, place: here, at: u + "/unlock"},
		"POST /api/users/{id}/reset-totp":           {need: manage, place: here, at: u + "/reset-totp"},
		"GET /api/users/{id}/sessions":              {need: manage, place: here, at: u + "/sessions"},
		"DELETE /api/users/{id}/sessions/{session}": {need: manage, place: here, at: u + "/sessions/all"},
		"GET /api/roles":                            {need: manage}, "POST /api/roles": {need: manage, place: everywhere, at: "/api/roles", body: map[string]any{"name": text, "permissions": []string{"alarm.read"}}},
		"PUT /api/roles/{id}": {need: manage, absent: true, body: map[string]any{"name": text, "permissions": []string{"alarm.read"}}}, "DELETE /api/roles/{id}": {need: manage, absent: true},
		"GET /api/sign-in": {need: manage}, "PUT /api/sign-in": {need: manage, place: everywhere, body: map[string]any{"totp_roles": []string{}}},
		"GET /api/org/units": {need: manage}, "POST /api/org/units": {need: manage, place: everywhere, body: map[string]any{"kind": "company", "name": text}},
		"PUT /api/org/units/{id}":    {need: manage, place: everywhere, absent: true, body: map[string]any{"kind": "company", "name": text, "active": true}},
		"DELETE /api/org/units/{id}": {need: manage, place: everywhere, absent: true},

		"GET /api/forms": {need: access(org.WorkUse)}, "GET /api/forms/{form}": {need: access(org.WorkUse), absent: true, inner: true},
		"GET /api/forms/{form}/records": {need: access(org.WorkUse), absent: true, inner: true}, "POST /api/forms/{form}/records": {need: access(org.WorkUse), absent: true, inner: true, body: map[string]any{"fields": map[string]any{}}},
		"GET /api/forms/{form}/records/{id}": {need: access(org.WorkUse), absent: true, inner: true}, "PATCH /api/forms/{form}/records/{id}": {need: access(org.WorkUse), absent: true, inner: true, body: map[string]any{"rev": 1, "fields": map[string]any{}}},
		"DELETE /api/forms/{form}/records/{id}": {need: access(org.WorkUse), at: "/api/forms/x/records/x?rev=1", absent: true, inner: true}, "POST /api/forms/{form}/records/{id}/restore": {need: access(org.WorkUse), at: "/api/forms/x/records/x/restore?rev=1", absent: true, inner: true},
		"GET /api/forms/{form}/records/{id}/alarms": {need: access(org.WorkUse), absent: true, inner: true}, "GET /api/alarms/{id}/hazards": {need: access(org.WorkUse), place: here, at: a + "/hazards"},
		"POST /api/alarms/{id}/hazards": {need: access(org.WorkUse), place: here, at: a + "/hazards", inner: true},
		"GET /api/proof-tests":          {need: "fleet.read"}, "GET /api/proof-tests/export.xlsx": {need: "fleet.read"}, "GET /api/devices/{edge}/{device}/tests": {need: "fleet.read", place: here, at: "/api/devices/edge-b03/f12-smoke-east/tests"},
		"POST /api/devices/{edge}/{device}/tests/withdraw": {need: "alarm.out_of_service", place: here, at: "/api/devices/edge-b03/f12-smoke-east/tests/withdraw", body: map[string]any{"at": now}, absent: true},
		"POST /api/devices/{edge}/{device}/tests":          {need: "alarm.out_of_service", place: here, at: "/api/devices/edge-b03/f12-smoke-east/tests"},
		"GET /api/forms/{form}/export.xlsx":                {need: access(org.WorkUse), absent: true, inner: true}, "GET /api/forms/{form}/import-template.xlsx": {need: access(org.WorkUse), absent: true, inner: true},
		"POST /api/forms/{form}/import": {need: access(org.WorkUse), absent: true, inner: true}, "POST /api/forms/{form}/import/marked": {need: access(org.WorkUse), absent: true, inner: true},
		"GET /api/forms/{form}/views": {need: access(org.WorkUse), absent: true, inner: true}, "POST /api/forms/{form}/views": {need: access(org.WorkUse), absent: true, inner: true, body: map[string]any{"name": map[string]string{"zh": "x"}, "fields": []string{}}},
		"DELETE /api/forms/{form}/views/{id}": {need: access(org.WorkUse), absent: true, inner: true},
		"POST /api/forms/{form}/aggregate":    {need: access(org.WorkUse), absent: true, inner: true, body: map[string]any{"by": []any{}, "measures": []any{map[string]string{"fn": "count"}}}},
		"POST /api/uploads":                   {need: signedIn, place: own, absent: true}, "GET /api/uploads/{id}": {need: signedIn, place: own, absent: true}, "DELETE /api/uploads/{id}": {need: signedIn, place: own, absent: true},
		"PATCH /api/uploads/{id}": {need: signedIn, place: own, absent: true}, "POST /api/uploads/{id}/finish": {need: signedIn, place: own, absent: true},
		"GET /api/attachments/{id}": {need: signedIn, place: own, absent: true}, "GET /api/attachments/{id}/about": {need: signedIn, place: own, absent: true}, "GET /api/attachments/{id}/thumb": {need: signedIn, place: own, absent: true},
		"GET /api/directory": {need: access(org.WorkUse)}, "GET /api/dictionaries/{key}": {need: access(org.WorkUse), absent: true}, "GET /api/checklists/{key}": {need: access(org.WorkUse), absent: true},
		"GET /api/risks/summary": {need: access(org.WorkUse), inner: true}, "POST /api/risks/regrade": {need: access(org.WorkUse), inner: true},
		"GET /api/risks/library":  {need: access(org.WorkUse), place: here, at: "/api/risks/library?place=anlan-garden/b03", inner: true},
		"POST /api/risks/library": {need: access(org.WorkUse), place: here, at: "/api/risks/library", inner: true, body: map[string]any{"place": "anlan-garden/b03", "risks": []string{"fire-lane"}}},
		"GET /api/notices":        {need: signedIn, place: own}, "GET /api/notices/count": {need: signedIn, place: own}, "POST /api/notices/{id}/read": {need: signedIn, place: own, absent: true}, "POST /api/notices/read-all": {need: signedIn, place: own},
		"GET /api/push-key": {need: signedIn, place: own}, "POST /api/push-subscriptions": {need: signedIn, place: own, body: map[string]any{"endpoint": "x", "p256dh": "x", "auth": "x"}, inner: true}, "DELETE /api/push-subscriptions/{id}": {need: signedIn, place: own, absent: true},
		"GET /api/me/quiet-hours": {need: signedIn, place: own}, "PUT /api/me/quiet-hours": {need: signedIn, place: own, body: map[string]any{"from": 0, "to": 0}},
		"GET /api/notice-deliveries": {need: manage, place: everywhere}, "POST /api/notice-deliveries/{notice}/{channel}/retry": {need: manage, place: everywhere, absent: true},
		"GET /api/todos": {need: access(org.WorkUse)}, "GET /api/todos/count": {need: access(org.WorkUse)},
		"GET /api/flows/{id}": {need: access(org.WorkUse), absent: true}, "POST /api/flows/{id}/events": {need: access(org.WorkUse), absent: true, body: map[string]any{"kind": "urge"}},
		"POST /api/flows/{id}/manage": {need: access(org.WorkManage), absent: true, body: map[string]any{"kind": "urge"}}, "GET /api/flow-times/{flow}": {need: access(org.WorkManage), absent: true},
		"GET /api/users/{id}/hand-over":  {need: manage, place: everywhere, at: u + "/hand-over"},
		"POST /api/users/{id}/hand-over": {need: manage, place: everywhere, at: u + "/hand-over", body: map[string]any{}},
		"GET /api/documents":             {need: access(org.AppDesign), at: "/api/documents?kind=form"}, "GET /api/documents/{kind}/{key}": {need: access(org.AppDesign), at: "/api/documents/form/x", absent: true},
		"PUT /api/documents/{kind}/{key}/draft":      {need: access(org.AppDesign), place: everywhere, at: "/api/documents/dict/x/draft", body: map[string]any{"rev": 0, "body": map[string]any{"title": text, "items": []any{}}}},
		"POST /api/documents/{kind}/{key}/publish":   {need: access(org.AppDesign), place: everywhere, at: "/api/documents/form/x/publish", body: map[string]any{"rev": 1}, absent: true},
		"POST /api/documents/{kind}/{key}/roll-back": {need: access(org.AppDesign), place: everywhere, at: "/api/documents/form/x/roll-back", body: map[string]any{"to": 1}, absent: true},
		"GET /api/documents/{kind}/{key}/diff":       {need: access(org.AppDesign), at: "/api/documents/form/x/diff?from=1", absent: true},
		"DELETE /api/documents/{kind}/{key}/draft":   {need: access(org.AppDesign), place: everywhere, at: "/api/documents/form/x/draft?rev=1", absent: true},
		"POST /api/documents/{kind}/{key}/retire":    {need: access(org.AppDesign), place: everywhere, at: "/api/documents/form/x/retire", absent: true},
		"GET /api/templates":                         {need: access(org.AppDesign)}, "GET /api/templates/{key}": {need: access(org.AppDesign), at: "/api/templates/cleaning"},
		"POST /api/templates/{key}/install": {need: access(org.AppDesign), place: everywhere, at: "/api/templates/cleaning/install", body: map[string]any{"dry": true}},
		"GET /api/apps/{key}/standing":      {need: access(org.AppDesign), at: "/api/apps/hazard/standing"},
		"POST /api/apps/{key}/remove":       {need: access(org.AppDesign), place: everywhere, at: "/api/apps/x/remove", body: map[string]string{"name": "x"}, absent: true},
		"POST /api/apps/{key}/restore":      {need: access(org.AppDesign), place: everywhere, at: "/api/apps/x/restore", absent: true},
		"GET /api/grants/proposal":          {need: access(org.AppDesign), at: "/api/grants/proposal?form=hazard"},
		"GET /api/packages/export":          {need: access(org.AppDesign), at: "/api/packages/export?document=form:x&key=x&title=x", absent: true}, "POST /api/packages/import": {need: access(org.AppDesign), place: everywhere, at: "/api/packages/import?dry=true", absent: true},
		"GET /api/grants": {need: access(org.AppDesign)}, "POST /api/grants": {need: access(org.AppDesign), place: everywhere, body: map[string]any{"role": "guard", "form": "hazard", "actions": []string{"view"}}},
		"DELETE /api/grants/{id}": {need: access(org.AppDesign), place: everywhere, absent: true},

		"GET /api/demo": {need: manage, place: everywhere}, "POST /api/demo": {need: manage, place: everywhere, at: "/api/demo"}, "DELETE /api/demo": {need: manage, place: everywhere},

		"GET /api/keys": {need: access(org.KeyManage)}, "POST /api/keys": {need: access(org.KeyManage), place: here, at: "/api/keys",
			body: map[string]any{"name": "k", "permissions": []string{"alarm.read"}, "scopes": []string{"building:b03"}, "expires_at": now.Add(time.Hour)}},
		"DELETE /api/keys/{id}": {need: access(org.KeyManage), place: here, at: "/api/keys/" + key, absent: true},
		"GET /api/audit":        {need: access(org.AuditRead), place: everywhere}, "POST /api/audit/verify": {need: access(org.AuditRead), place: everywhere},
		"GET /api/audit/export": {need: access(org.AuditRead), place: everywhere},

		"GET /api/doors": {need: openToAll, locked: true}, "GET /api/oidc/start": {need: openToAll, locked: true}, "GET /api/oidc/callback": {need: openToAll, locked: true},
		"GET /api/oidc/settings": {need: manage, place: everywhere}, "PUT /api/oidc/settings": {need: manage, place: everywhere, body: map[string]any{"enabled": false, "name": text, "issuer": "", "client_id": "", "secret": "", "base_url": "", "username_claim": ""}},

		"GET /api/overview": {need: "alarm.read", locked: true}, "GET /api/alarms": {need: "alarm.read", locked: true},
		"GET /api/alarms/{id}":              {need: "alarm.read", place: here, at: a, locked: true},
		"POST /api/alarms/{id}/acknowledge": {need: "alarm.ack", place: here, at: a + "/acknowledge", body: map[string]any{"version": 1}},
		"POST /api/alarms/{id}/mute":        {need: "alarm.mute", place: here, at: a + "/mute"},
		"POST /api/alarms/{id}/reset":       {need: "alarm.reset", place: here, at: a + "/reset"},
		"POST /api/alarms/{id}/confirm":     {need: "alarm.confirm", place: here, at: a + "/confirm"},
		"POST /api/alarms/{id}/false-alarm": {need: "alarm.confirm", place: here, at: a + "/false-alarm"},
		"POST /api/alarms/{id}/shelve":      {need: "alarm.shelve", place: here, at: a + "/shelve", body: map[string]any{"reason": "test", "for_s": 60}, absent: true}, // a fire alarm cannot be
		"POST /api/alarms/{id}/out-of-service": {need: "alarm.out_of_service", place: here, at: a + "/out-of-service",
			body: map[string]any{"reason": "maintenance", "until": now.Add(time.Hour), "work_order": "W-1", "person": "孙"}},
		"GET /api/overrides": {need: "alarm.read", locked: true}, "POST /api/overrides": {need: "alarm.read", place: here, at: "/api/overrides", absent: true, inner: true,
			body: map[string]any{"kind": "out_of_service", "reason": "test", "edge": "edge-b03", "point": "f12-smoke-east.smoke", "until": now.Add(time.Hour)}},
		"POST /api/overrides/{id}/approve": {need: "alarm.out_of_service", absent: true}, "POST /api/overrides/{id}/refuse": {need: "alarm.out_of_service", absent: true},
		"POST /api/overrides/{id}/extend": {need: "alarm.read", absent: true}, "POST /api/overrides/{id}/end": {need: "alarm.read", absent: true},
		"GET /api/alarm-policy": {need: "alarm.read", locked: true}, "PUT /api/alarm-policy": {need: "alarm.define", place: everywhere, body: map[string]any{"version": 0, "shelve_max_s": map[string]int{}, "out_of_service_max_s": 1, "first_out_window_s": 1}},
		"GET /api/alarm-definitions": {need: "alarm.read", locked: true}, "GET /api/alarm-definitions/{id}": {need: "alarm.read", locked: true, absent: true},
		"PUT /api/alarm-definitions/{id}": {need: "alarm.define", place: everywhere, body: map[string]any{"base": 0, "title": text, "hazard": "fire", "priority": "minor", "consequence": text, "action": text,
			"respond_s": 0, "latch": false, "on_delay_s": 0, "off_delay_s": 0, "owner": text}},
		"POST /api/alarm-definitions/{id}/activate": {need: "alarm.define", place: everywhere, absent: true, body: map[string]any{"version": 1}},
		"POST /api/alarm-definitions/{id}/retire":   {need: "alarm.define", place: everywhere, absent: true, body: map[string]any{"version": 1}},
		"GET /api/alarms/load":                      {need: "alarm.read", locked: true}, "GET /api/alarms/people": {need: "alarm.read", locked: true},
		"GET /api/alarms/filters": {need: "alarm.read", locked: true}, "POST /api/alarms/filters": {need: "alarm.read", body: map[string]string{"name": "x", "query": "view=all"}},
		"DELETE /api/alarms/filters/{id}": {need: "alarm.read"},
		"GET /api/alarms/kpi":             {need: "alarm.report", at: "/api/alarms/kpi" + span}, "GET /api/alarms/kpi.xlsx": {need: "alarm.report", at: "/api/alarms/kpi.xlsx" + span},
		"GET /api/alarms/export.csv": {need: "alarm.report", at: "/api/alarms/export.csv?view=all"}, "GET /api/alarms/export.xlsx": {need: "alarm.report", at: "/api/alarms/export.xlsx?view=all"},
		"GET /api/buildings/{id}":        {need: "alarm.read", place: here, at: "/api/buildings/b03", locked: true},
		"GET /api/points/{edge}/{point}": {need: "alarm.read", place: here, at: point, locked: true}, "GET /api/points/{edge}/{point}/series": {need: "alarm.read", place: here, at: point + "/series" + span, locked: true},
		"GET /api/series/export": {need: "alarm.read", place: here, at: "/api/series/export" + span + "&points=edge-b03/f12-smoke-east.smoke&format=csv", locked: true},
		"GET /api/plans":         {need: "alarm.read", locked: true}, "GET /api/fleet": {need: "alarm.read", locked: true}, "GET /api/checkins": {need: "alarm.read", locked: true},
		"GET /api/events": {need: "alarm.read", skip: true, locked: true},

		"POST /api/edges":             {need: "edge.enrol", place: here, at: "/api/edges", body: map[string]any{"id": "edge-b03", "url": "http://anlan.test"}},
		"GET /api/edges/{id}/access":  {need: "edge.enrol", place: here, at: "/api/edges/edge-b03/access"},
		"POST /api/edges/{id}/revoke": {need: "edge.enrol", place: here, at: "/api/edges/edge-b03/revoke", body: map[string]string{"reason": "x"}},
		"POST /api/enrolment":         {need: openToAll, locked: true}, "POST /api/enrolment/renewal": {need: openToAll, locked: true},

		"POST /api/incidents": {need: "plan.launch", place: here, at: "/api/incidents", body: map[string]any{"plan": "fire", "building": "b03"}},
		"GET /api/incidents":  {need: "incident.read", locked: true}, "GET /api/incidents/{id}": {need: "incident.read", place: here, at: i, locked: true},
		"POST /api/incidents/{id}/roles/{key}/accept": {need: "incident.work", place: here, at: i + "/roles/none/accept", absent: true},
		"POST /api/incidents/{id}/tasks/{key}/accept": {need: "incident.work", place: here, at: i + "/tasks/none/accept", absent: true},
		"POST /api/incidents/{id}/tasks/{key}/done":   {need: "incident.work", place: here, at: i + "/tasks/none/done", absent: true},
		"POST /api/incidents/{id}/tasks/{key}/skip":   {need: "incident.work", place: here, at: i + "/tasks/none/skip", absent: true, body: map[string]string{"note": "x"}},
		"POST /api/incidents/{id}/messages":           {need: "incident.work", place: here, at: i + "/messages", body: map[string]string{"text": "x"}},
		"POST /api/incidents/{id}/close":              {need: "incident.close", place: here, at: i + "/close", body: map[string]string{"note": "x"}},

		"GET /api/places": {need: "fleet.read"}, "GET /api/places/near": {need: "alarm.read", place: here, at: "/api/places/near?building=b03&floor=12", locked: true},
		"PUT /api/places/communities/{id}":                    {need: "fleet.edit", place: everywhere, absent: true, body: map[string]any{"name": text, "time_zone": "Asia/Shanghai", "version": 0}},
		"PUT /api/places/buildings/{id}":                      {need: "fleet.edit", place: here, at: "/api/places/buildings/b03", body: map[string]any{"community": "anlan-garden", "name": text, "contacts": []any{}, "cameras": []any{}, "version": 0}},
		"POST /api/places/buildings/{id}/floors":              {need: "fleet.edit", place: here, at: "/api/places/buildings/b03/floors", body: map[string]any{"from": 1, "to": 2}},
		"PUT /api/places/buildings/{id}/floors/{floor}":       {need: "fleet.edit", place: here, at: "/api/places/buildings/b03/floors/12", body: map[string]any{"name": map[string]string{"zh": ""}, "contacts": []any{}, "cameras": []any{}, "version": 0}},
		"PUT /api/places/buildings/{id}/entrances/{entrance}": {need: "fleet.edit", place: here, at: "/api/places/buildings/b03/entrances/9", body: map[string]any{"name": map[string]string{"zh": ""}, "version": 0}},
		"POST /api/places/rooms":                              {need: "fleet.edit", place: here, at: "/api/places/rooms", body: map[string]any{"building": "b03", "floor": 12, "name": text, "version": 0}},
		"PUT /api/places/rooms/{id}":                          {need: "fleet.edit", place: here, at: "/api/places/rooms/none", absent: true, body: map[string]any{"building": "b03", "floor": 12, "name": text, "version": 0}},
		"POST /api/places/remove":                             {need: "fleet.edit", place: here, at: "/api/places/remove", body: map[string]any{"kind": "floor", "building": "b03", "id": "12", "version": 0}},
		"POST /api/places/restore":                            {need: "fleet.edit", place: here, at: "/api/places/restore", absent: true, body: map[string]any{"kind": "floor", "building": "b03", "id": "12", "version": 0}},
		"POST /api/places/take-over":                          {need: "fleet.edit", place: here, at: "/api/places/take-over", absent: true, body: map[string]any{"kind": "building", "id": "b03", "field": "name", "version": 0}},
		"GET /api/places/export.xlsx":                         {need: "fleet.read"},
		"POST /api/places/import":                             {need: "fleet.edit"},
		"POST /api/places/import/marked":                      {need: "fleet.edit"},
		"GET /api/devices":                                    {need: "fleet.read"}, "GET /api/devices/{edge}/{device}": {need: "fleet.read", place: here, at: "/api/devices/edge-b03/f12-smoke-east"},
		"PUT /api/devices/{edge}/{device}":                 {need: "fleet.edit", place: here, at: "/api/devices/edge-b03/f12-smoke-east", body: map[string]any{"version": 0}},
		"PUT /api/edges/{id}/building":                     {need: "fleet.edit", place: here, at: "/api/edges/edge-b03/building", body: map[string]any{"building": "b03", "version": 0}},
		"GET /api/floorplans/{building}/{floor}":           {need: "alarm.read", place: here, at: "/api/floorplans/b03/12", locked: true},
		"GET /api/floorplans/{building}/{floor}/images":    {need: "fleet.read", place: here, at: "/api/floorplans/b03/12/images"},
		"GET /api/floorplan-images/{building}/{hash}":      {need: "alarm.read", place: here, at: "/api/floorplan-images/b03/" + strings.Repeat("0", 64), absent: true, locked: true},
		"POST /api/floorplans/{building}/{floor}/image":    {need: "fleet.edit", place: here, at: "/api/floorplans/b03/12/image", absent: true},
		"PUT /api/floorplans/{building}/{floor}/positions": {need: "fleet.edit", place: here, at: "/api/floorplans/b03/12/positions", body: map[string]any{"version": 0, "positions": []any{}}},
		"POST /api/floorplans/{building}/{floor}/choose":   {need: "fleet.edit", place: here, at: "/api/floorplans/b03/12/choose", body: map[string]any{"version": 0, "n": 0}},

		"GET /api/health/clocks": {need: "alarm.report", at: "/api/health/clocks" + span}, "GET /api/health/supervision": {need: "alarm.report"},
		"GET /api/health/month": {need: "alarm.report", at: "/api/health/month?month=" + now.Format("2006-01")}, "GET /api/health/month.xlsx": {need: "alarm.report", at: "/api/health/month.xlsx?month=" + now.Format("2006-01")},
		"POST /api/health/verify": {need: access(org.AuditRead), place: everywhere},

		"GET /api/seats": {need: "alarm.read", locked: true}, "POST /api/seats": {need: "alarm.read", locked: true}, "DELETE /api/seats/{id}": {need: "alarm.read", absent: true, locked: true},
		"POST /api/seats/{id}/heartbeat": {need: "alarm.read", absent: true, locked: true}, "POST /api/seats/{id}/painted": {need: "alarm.read", absent: true, locked: true},
		"PUT /api/seats/{id}/claims/{alarm}": {need: "alarm.ack", absent: true}, "DELETE /api/seats/{id}/claims/{alarm}": {need: "alarm.ack", absent: true},
		"GET /api/desk": {need: "alarm.read", locked: true}, "PUT /api/desk": {need: "alarm.define", place: everywhere, body: map[string]any{"contacts": []any{}, "data_centre_phone": ""}}, "GET /api/proofs": {need: "alarm.read", locked: true},
	}
}

// asker is one kind of caller in the matrix.
type asker struct {
	name   string
	client *client
	holds  []org.Permission
	at     string // "" everywhere, or a building
	kind   string // "", "anonymous", "key", "locked", "must-change"
}

// askers makes everyone: every role everywhere, in this building and in the other one,
// a role made here, a key, a locked screen, a first password, and a stranger.
func (w *world) askers() []asker {
	out := []asker{{name: "anonymous", client: w.browser(), kind: "anonymous"}}
	for _, r := range org.Roles() {
		for _, b := range []string{"", "b03", "b04"} {
			out = append(out, asker{name: string(r) + "@" + cmp.Or(b, "all"), client: w.signedIn(string(r)+b, r, b), holds: r.Permissions(), at: b})
		}
	}
	admin := w.as(org.Admin)
	custom := []org.Permission{org.AlarmRead, org.AlarmAck}
	made := want[org.RoleDef](admin, 201, "POST", "/api/roles", map[string]any{"name": map[string]string{"zh": "夜班"}, "permissions": custom})
	for _, b := range []string{"b03", "b04"} {
		out = append(out, asker{name: "custom@" + b, client: w.signedIn("custom"+b, made.ID, b), holds: custom, at: b})
		k := want[newKey](admin, 201, "POST", "/api/keys", map[string]any{"name": "大屏", "permissions": custom, "scopes": []string{"building:" + b}, "expires_at": w.clock().Add(time.Hour)})
		out = append(out, asker{name: "key@" + b, client: w.withKey(k.Text), holds: custom, at: b, kind: "key"})
	}
	locked := w.signedIn("lockedone", org.Admin, "")
	want[any](locked, 204, "POST", "/api/session/lock", nil)
	fresh := w.signedIn("freshone", org.Admin, "")
	if err := w.db.Tx(w.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE credential SET must_change = 1 WHERE person IN (SELECT id FROM person WHERE username = 'freshone')`)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return append(out, asker{name: "locked admin", client: locked, holds: org.Admin.Permissions(), kind: "locked"},
		asker{name: "admin with a first password", client: fresh, holds: org.Admin.Permissions(), kind: "must-change"})
}

// must is what has to happen: 0 for let through, else the status; 404 stands for "403
// or 404".
func (a asker) must(name string, op row) int {
	firstSteps := []string{"GET /api/me", "DELETE /api/session", "POST /api/me/password"}
	switch {
	case op.need == openToAll:
		return 0
	case a.kind == "anonymous":
		return http.StatusUnauthorized
	case a.kind == "locked" && !op.locked:
		return http.StatusLocked
	case a.kind == "must-change" && !slices.Contains(firstSteps, name):
		return http.StatusForbidden
	case a.kind == "key" && op.need == signedIn && name != "GET /api/me":
		return http.StatusForbidden
	case op.need == signedIn:
		return 0
	case !slices.Contains(a.holds, org.Permission(op.need)):
		return http.StatusForbidden
	case op.place == here && a.at == "b04", op.place == everywhere && a.at != "":
		return http.StatusNotFound
	}
	return 0
}

func (a asker) judge(name string, op row, status int, raw string) error {
	switch must := a.must(name, op); {
	case status >= 500:
		return fmt.Errorf("%d %s", status, raw)
	case must == http.StatusNotFound && status != http.StatusForbidden && status != http.StatusNotFound,
		must != 0 && must != http.StatusNotFound && status != must:
		return fmt.Errorf("%d, want %d: %.300s", status, must, raw)
	case must == 0 && op.inner && status == http.StatusForbidden:
		return nil
	case must == 0 && op.need != openToAll && slices.Contains([]int{401, 403, 423}, status):
		return fmt.Errorf("%d, want it let through: %.300s", status, raw)
	case must == 0 && op.place == here && !op.absent && status >= 400 && status != http.StatusConflict:
		return fmt.Errorf("%d: the row's path or body does not work, so it proves nothing: %.300s", status, raw)
	case a.at == "b04" && strings.Contains(raw, "b03") && !strings.Contains(raw, "building:b03") && a.kind != "key":
		return fmt.Errorf("shows something of b03: %.600s", raw)
	}
	return nil
}

// TestS04_EveryOperationForEveryRoleAndPlace walks what is registered and compares with
// the table, so that an operation nobody thought about fails here.
func TestS04_EveryOperationForEveryRoleAndPlace(t *testing.T) {
	w := newWorld(t)
	w.secondBuilding()
	a := w.smoke("f12-smoke-east", "A", contract.Active)
	askers := w.askers()
	admin := w.as(org.Admin)
	i := want[incidentHead](admin, 200, "POST", "/api/incidents", map[string]any{"plan": "fire", "building": "b03"})
	victim := want[newUser](admin, 201, "POST", "/api/users", map[string]any{"username": "victim", "name": "孙", "assignments": []any{map[string]string{"role": "guard", "scope": "building:b03"}}})
	key := want[newKey](admin, 201, "POST", "/api/keys", map[string]any{"name": "x", "permissions": []string{"alarm.read"}, "scopes": []string{"building:b03"}, "expires_at": w.clock().Add(time.Hour)})
	table := matrix(w, a.ID, i.ID, victim.User.ID, key.Key.ID)

	documented := map[string]bool{}
	for path, item := range w.srv.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				documented[method+" "+path] = true
			}
		}
	}
	for _, op := range w.srv.ops {
		name := op.method + " " + op.path
		row, ok := table[name]
		if !ok || row.need != op.access {
			t.Errorf("%s declares %q, the table says %q: every operation needs its row", name, op.access, row.need)
			continue
		}
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
		delete(documented, name)
		delete(table, name)
		path := cmp.Or(row.at, blanks.Replace(op.path))
		var wrong []string
		for _, c := range askers {
			if row.skip && c.must(name, row) == 0 {
				continue
			}
			body := row.body
			if body == nil {
				body = map[string]any{}
			}
			status, raw := c.client.do(op.method, path, body)
			if err := c.judge(name, row, status, raw); err != nil {
				wrong = append(wrong, fmt.Sprintf("as %s: %v", c.name, err))
			}
		}
		if len(wrong) > 0 {
			t.Errorf("%s: %d callers, the first %s", name, len(wrong), wrong[0])
		}
	}
	for name := range documented {
		t.Errorf("%s was added beside register", name)
	}
	for name := range table {
		t.Errorf("%s is in the table and not registered", name)
	}
	w.noteOfRefusals()
}

var blanks = strings.NewReplacer("{id}", "x", "{key}", "x", "{edge}", "x", "{point}", "x.y", "{session}", "x", "{alarm}", "x")

// noteOfRefusals: who tries what they may not is in the audit log, without flooding it.
func (w *world) noteOfRefusals() {
	w.t.Helper()
	n := 0
	page, err := w.srv.Audit.Last(w.t.Context(), 5000)
	for _, e := range page {
		if e.Action == "access.refused" && strings.HasPrefix(e.Object, "POST /api/alarms/") {
			n++
		}
	}
	if err != nil || n == 0 {
		w.t.Errorf("%d refusals of alarm verbs in the audit log, %v", n, err)
	}
}

// signedIn makes a person with one role in one building ("" everywhere) and signs in,
// past the limit on sign-ins per address.
func (w *world) signedIn(username string, r org.Role, building string) *client {
	w.t.Helper()
	scope := org.All
	if building != "" {
		scope = org.In(building)
	}
	w.added(username, org.Assignment{Role: r, Scope: scope})
	return w.browserOf(username)
}

func (w *world) added(username string, as ...org.Assignment) org.User {
	w.t.Helper()
	if w.passwords[username] == "" {
		a, err := w.auth.AddUser(w.t.Context(), org.System(), org.User{Username: username, Name: username, Assignments: as}, w.clock())
		if err != nil {
			w.t.Fatal(err)
		}
		w.passwords[username] = a.Password
		if err := w.db.Tx(w.t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE credential SET must_change = 0 WHERE person = $1`, a.User.ID)
			return err
		}); err != nil {
			w.t.Fatal(err)
		}
		return a.User
	}
	u, err := w.srv.Users.ByUsername(w.t.Context(), username)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) browserOf(username string) *client {
	w.t.Helper()
	_, token, err := w.auth.SignIn(w.t.Context(), auth.SignIn{Username: username, Password: w.passwords[username], IP: "127.0.0.1"}, w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.browser()
	at, err := url.Parse(w.http.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	c.http.Jar.SetCookies(at, []*http.Cookie{{Name: cookieName, Value: token, Path: "/"}})
	return c
}

// bearer adds a key to every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func (w *world) withKey(text string) *client {
	return &client{w, &http.Client{Transport: bearer(text)}, "zh-CN"}
}

// secondBuilding adds building b04 of another community, with its edge.
func (w *world) secondBuilding() {
	w.t.Helper()
	zh := func(s string) contract.Text { return contract.Text{ZH: s, EN: s} }
	err := w.fleet.Enrol(w.t.Context(), "edge-b04", zh("边缘4"))
	if err == nil {
		err = w.fleet.Manifest(w.t.Context(), contract.Manifest{V: contract.Version, Edge: "edge-b04", Name: zh("边缘4"), Config: "c1",
			Building: contract.ManifestBuilding{Community: "anlan-garden", CommunityName: zh("安澜花园"), TimeZone: "Asia/Shanghai", ID: "b04", Name: zh("4号楼"), Floors: []int{1}},
			Buses:    []contract.ManifestBus{{ID: "rs485-1", Kind: "modbus-rtu", Name: zh("总线")}}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
