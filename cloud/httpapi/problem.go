package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/auth"
	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/fleet/workbook"
	"anlan/cloud/floorplan"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
)

// fault is an error with its status and its words in both languages.
type fault struct {
	status int
	text   contract.Text
	field  string        // path of the field that is wrong, "body.name"
	wait   time.Duration // Retry-After
	open   []string      // what stands in the way
	fields []*fault      // when several fields are wrong
}

func (f *fault) Error() string { return "httpapi: " + f.text.In("en") }

func say(status int, zh, en string) *fault {
	return &fault{status: status, text: contract.Text{ZH: zh, EN: en}}
}

func badField(field, zh, en string) *fault {
	return &fault{status: http.StatusUnprocessableEntity, text: contract.Text{ZH: zh, EN: en}, field: field}
}

// faultOf is the one table from the nouns' errors to HTTP; nil means that it is ours
// and goes to the log.
func faultOf(err error, now time.Time) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if e, ok := errors.AsType[*alarm.ConflictError](err); ok {
		return alarmConflict(e.Alarm)
	}
	if e, ok := errors.AsType[*alarm.InvalidError](err); ok {
		return badFields(e)
	}
	if e, ok := errors.AsType[*incident.ConflictError](err); ok {
		return &fault{status: http.StatusConflict, text: e.Text, open: e.Open}
	}
	if e, ok := errors.AsType[*incident.RefusedError](err); ok {
		return &fault{status: http.StatusForbidden, text: e.Text}
	}
	if e, ok := errors.AsType[*incident.InvalidError](err); ok {
		return badField("body."+e.Field, e.Text.ZH, e.Text.EN)
	}
	if f := placesFault(err); f != nil {
		return f
	}
	if f := workFault(err); f != nil {
		return f
	}
	if e, ok := errors.AsType[*org.InvalidError](err); ok {
		return badField("body."+e.Field, e.ZH, e.EN)
	}
	if e, ok := errors.AsType[*auth.WeakError](err); ok {
		return badField("body.new", e.ZH, e.EN)
	}
	if errors.Is(err, auth.ErrCodeWanted) || errors.Is(err, auth.ErrCodeWrong) {
		f := inField(err, "").(*fault)
		f.status = http.StatusUnauthorized
		return f
	}
	if e, ok := errors.AsType[*auth.LockedError](err); ok {
		wait := max(e.Until.Sub(now).Round(time.Second), time.Second)
		mins := int((wait + time.Minute - 1) / time.Minute)
		return &fault{status: http.StatusTooManyRequests, wait: wait, text: contract.Text{
			ZH: fmt.Sprintf("失败次数过多，账号已锁定，约 %d 分钟后再试", mins), EN: fmt.Sprintf("Too many failures: the account is locked for about %d min", mins)}}
	}
	for _, row := range []struct {
		is     error
		status int
		zh, en string
	}{
		{auth.ErrWrong, http.StatusUnauthorized, "用户名或密码不对", "Wrong user name or password"},
		{auth.ErrEnrolled, http.StatusConflict, "已绑定动态口令", "A second factor is enrolled already"},
		{auth.ErrNotEnrolled, http.StatusConflict, "还没有绑定动态口令", "No second factor is enrolled"},
		{org.ErrLast, http.StatusConflict, "这样将没有人能管理所有人员，不能保存", "Nobody would be left who manages everyone; not saved"},
		{org.ErrInUse, http.StatusConflict, "仍在使用，不能删除", "It is still in use and cannot be deleted"},
		{org.ErrBuiltIn, http.StatusConflict, "内置角色不能更改", "A built-in role cannot be changed"},
		{org.ErrBeyond, http.StatusForbidden, "超出您自己的权限，不能授予或收回", "Beyond your own rights: you can neither give nor take it"},
		{auth.ErrSession, http.StatusUnauthorized, "请先登录", "Please sign in"},
		{enrolment.ErrToken, http.StatusForbidden, "接入令牌不对、已用过、已作废或已过期", "The enrolment token is wrong, used, taken back or too old"},
		{enrolment.ErrRevoked, http.StatusForbidden, "证书已失效，请重新接入", "The certificate is not valid any more; enrol again"},
		{enrolment.ErrRequest, http.StatusUnprocessableEntity, "证书申请不合要求", "The certificate request is not acceptable"},
		{org.ErrTaken, http.StatusConflict, "用户名已被使用", "The user name is taken"},
		{alarm.ErrNotFound, http.StatusNotFound, "没有这个报警", "No such alarm"},
		{alarm.ErrClosed, http.StatusConflict, "报警已关闭", "The alarm is closed"},
		{alarm.ErrStillActive, http.StatusConflict, "报警原因仍在，不能复位", "The cause is still present; it cannot be reset"},
		{alarm.ErrNotLatched, http.StatusConflict, "没有需要复位的报警", "There is nothing to reset"},
		{alarm.ErrConflict, http.StatusConflict, "报警已有变化，请看最新状态", "The alarm has changed; look at its present state"},
		{alarm.ErrNoOverride, http.StatusNotFound, "没有这条屏蔽或停用", "No such shelf or outage"},
		{alarm.ErrOver, http.StatusConflict, "已经结束", "It has ended already"},
		{alarm.ErrTwoPersons, http.StatusForbidden, "须由申请人以外的第二人批准", "A second person, other than who asked, has to approve"},
		{alarm.ErrNothing, http.StatusConflict, "现在不能这样操作，请看最新状态", "This cannot be done now; look at its present state"},
		{alarm.ErrVersion, http.StatusConflict, "已被他人修改，请刷新后再改", "Somebody else has changed it; reload first"},
		{alarm.ErrNoDefinition, http.StatusNotFound, "没有这个报警定义", "No such alarm definition"},
		{alarm.ErrQuery, http.StatusBadRequest, "查询条件不对", "The query cannot be understood"},
		{fleet.ErrNotFound, http.StatusNotFound, "没有这个楼栋、设备或点位", "No such building, device or point"},
		{places.ErrNotFound, http.StatusNotFound, "没有这个地方或设备", "No such place or device"},
		{workbook.ErrType, http.StatusUnsupportedMediaType, "不是 .xlsx 文件", "Not an .xlsx workbook"},
		{workbook.ErrLocked, http.StatusUnsupportedMediaType, "文件已加密，或是旧的 .xls 格式，请另存为不加密的 .xlsx", "The file is encrypted or in the old .xls format; save it as plain .xlsx"},
		{workbook.ErrTooLarge, http.StatusRequestEntityTooLarge, "文件解开后太大", "The file is too large when unpacked"},
		{workbook.ErrBroken, http.StatusUnprocessableEntity, "文件已损坏，无法读取", "The file is damaged and cannot be read"},
		{floorplan.ErrNotFound, http.StatusNotFound, "没有这个楼层或图", "No such floor or drawing"},
		{floorplan.ErrType, http.StatusUnsupportedMediaType, "只接受 PNG 或 JPEG 图片", "Only PNG or JPEG images"},
		{floorplan.ErrBroken, http.StatusUnprocessableEntity, "图片已损坏，无法读取", "The image is damaged and cannot be read"},
		{floorplan.ErrTooLarge, http.StatusRequestEntityTooLarge, "图片太大：至多 10 MiB，每边至多 8000 像素，总共至多 3600 万像素", "The image is too large: at most 10 MiB, 8000 pixels a side, 36 million in all"},
		{floorplan.ErrPosition, http.StatusUnprocessableEntity, "位置不在图内，或有重复", "A position is outside the plan or there twice"},
		{plan.ErrNotFound, http.StatusNotFound, "没有这个预案", "No such plan"},
		{incident.ErrNotFound, http.StatusNotFound, "没有这个事件、任务、预案或报警", "No such incident, task, plan or alarm"},
		{org.ErrNotFound, http.StatusNotFound, "没有这个用户", "No such user"},
	} {
		if errors.Is(err, row.is) {
			return say(row.status, row.zh, row.en)
		}
	}
	return nil
}

func alarmConflict(a alarm.Alarm) *fault {
	if k := a.Ack; k != nil {
		at := k.At.UTC().Format(time.RFC3339)
		return say(http.StatusConflict, k.Name+" 已于 "+at+" 确认", "Acknowledged by "+k.Name+" at "+at)
	}
	return say(http.StatusConflict, "报警已有变化，请看最新状态后再确认", "The alarm has changed; look at its present state first")
}

// problem is the answer on the wire: RFC 9457 with Open for conflicts.
type problem struct {
	huma.ErrorModel
	Open []string `json:"open,omitempty"`
	wait time.Duration
}

// GetHeaders tells clients when to come back.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.wait/time.Second)))
	}
	return h
}

func (f *fault) in(lang string) *problem {
	p := &problem{Open: f.open, wait: f.wait}
	p.Status, p.Title, p.Detail = f.status, http.StatusText(f.status), f.text.In(lang)
	if f.field != "" {
		p.Errors = []*huma.ErrorDetail{{Message: f.text.In(lang), Location: f.field}}
	}
	for _, x := range f.fields {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Message: x.text.In(lang), Location: x.field})
	}
	return p
}

// answer turns a handler's error into what the client reads. What is ours is logged
// and told only as such.
func (s *server) answer(ctx context.Context, err error) error {
	f := faultOf(err, s.now())
	if f == nil {
		if !errors.Is(err, context.Canceled) {
			s.log.Error("request", "err", err)
		}
		f = say(http.StatusInternalServerError, "服务器内部错误，操作未完成", "Internal error; nothing was done")
	}
	return f.in(langOf(ctx))
}

// write sends a fault from outside the API's handlers.
func (f *fault) write(w http.ResponseWriter, lang string) {
	p := f.in(lang)
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the client has gone
}

// translate writes the framework's own messages (a missing field, a wrong type) in the
// client's language; the field paths stay. What was sent is not repeated: it may hold a
// password.
func translate(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	out := *m
	out.Errors = nil
	for _, e := range m.Errors {
		out.Errors = append(out.Errors, &huma.ErrorDetail{Message: e.Message, Location: e.Location})
	}
	if language(ctx.Header("Accept-Language")) == "en" {
		return &out, nil
	}
	out.Detail = map[int]string{
		http.StatusBadRequest: "请求格式不对", http.StatusUnprocessableEntity: "输入有误", http.StatusRequestEntityTooLarge: "内容太大",
		http.StatusUnsupportedMediaType: "不支持的内容类型", http.StatusRequestTimeout: "请求超时", http.StatusNotAcceptable: "不支持的回答格式",
	}[m.Status]
	if out.Detail == "" {
		out.Detail = m.Detail
	}
	for _, e := range out.Errors {
		e.Message = translateDetail(e.Message)
	}
	return &out, nil
}

func translateDetail(msg string) string {
	for _, row := range []struct{ en, zh string }{
		{"expected required property ", "缺少 "}, {"required query parameter is missing", "缺少此参数"}, {"unexpected property", "不认识的字段"}, {"expected string", "须为文字"}, {"expected boolean", "须为 true 或 false"},
		{"expected integer", "须为整数"}, {"expected number", "须为数字"}, {"expected length >= ", "长度至少 "}, {"expected length <= ", "长度至多 "},
		{"expected value to be one of ", "须为其中之一："}, {"expected number >= ", "不得小于 "}, {"expected number <= ", "不得大于 "},
		{"expected object", "须为对象"}, {"expected array", "须为列表"}, {"invalid integer", "须为整数"}, {"invalid date/time for format", "时间格式须为 RFC 3339"},
		{"expected string to be RFC 3339 date-time", "时间格式须为 RFC 3339"}, {"request body is required", "缺少内容"},
	} {
		if rest, ok := strings.CutPrefix(msg, row.en); ok {
			return row.zh + strings.TrimSuffix(rest, " to be present")
		}
	}
	return msg
}

// language picks "en" if the client prefers it, zh-CN otherwise.
func language(header string) string {
	first, _, _ := strings.Cut(header, ",")
	if tag, _, _ := strings.Cut(strings.TrimSpace(first), ";"); tag == "en" || strings.HasPrefix(tag, "en-") {
		return "en"
	}
	return "zh-CN"
}
