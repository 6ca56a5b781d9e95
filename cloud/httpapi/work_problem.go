package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"anlan/cloud/cond"
	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	risk "anlan/cloud/hazard/register"
	"anlan/cloud/notify"
)

// workFault puts what forms, flows and documents refuse into HTTP.
func workFault(err error) *fault {
	if e, ok := errors.AsType[*form.InvalidError](err); ok {
		return problemFields("body.fields.", e.Problems)
	}
	if e, ok := errors.AsType[*document.InvalidError](err); ok {
		return problemFields("body.body.", e.Problems)
	}
	if e, ok := errors.AsType[*flow.Error](err); ok {
		return flowFault(e)
	}
	for _, row := range []struct {
		is     error
		status int
		zh, en string
	}{
		{notify.ErrNotFound, http.StatusNotFound, "没有这条通知", "No such notice"},
		{notify.ErrOff, http.StatusConflict, "本系统没有开启浏览器推送，请联系管理员", "Web push is not set up here; ask the administrator"},
		{notify.ErrSubscription, http.StatusUnprocessableEntity, "无法向此浏览器推送：不是已知的推送服务，或密钥不对", "This browser cannot be pushed to: no push service we know, or wrong keys"},
		{form.ErrDenied, http.StatusForbidden, "没有此表单的权限", "This form is not open to you"},
		{form.ErrNotFound, http.StatusNotFound, "没有这条记录或这个表单", "No such record or form"},
		{form.ErrConflict, http.StatusConflict, "已被他人修改，请刷新后再改", "Somebody else has changed it; reload first"},
		{form.ErrRetired, http.StatusConflict, "表单已停用", "The form is no longer in use"},
		{risk.ErrNoRisk, http.StatusNotFound, "没有这个位置或这项标准风险，或不在您的范围内", "No such place or typical risk, or it is out of your reach"},
		{flow.ErrNotFound, http.StatusNotFound, "没有这个流程，或您无权查看", "No such flow, or it is not open to you"},
		{document.ErrNotFound, http.StatusNotFound, "没有这个文档或版本", "No such document or version"},
		{document.ErrConflict, http.StatusConflict, "已被他人修改，请刷新后再改", "Somebody else has changed it; reload first"},
	} {
		if errors.Is(err, row.is) {
			return say(row.status, row.zh, row.en)
		}
	}
	return nil
}

func problemFields(prefix string, ps []cond.Problem) *fault {
	f := &fault{status: http.StatusUnprocessableEntity}
	for _, p := range ps {
		f.fields = append(f.fields, badField(strings.TrimSuffix(prefix+p.Path, "."), p.Text.ZH, p.Text.In("en")))
	}
	if len(f.fields) > 0 {
		f.text = f.fields[0].text
	}
	return f
}

func flowFault(e *flow.Error) *fault {
	f := &fault{text: e.Text, status: map[flow.Code]int{
		flow.NotFound: http.StatusNotFound, flow.NotYours: http.StatusForbidden, flow.NotOpen: http.StatusConflict, flow.NotNow: http.StatusConflict,
		flow.Missing: http.StatusUnprocessableEntity, flow.TooSoon: http.StatusTooManyRequests, flow.NoPeople: http.StatusConflict, flow.BadTarget: http.StatusConflict,
	}[e.Code]}
	for _, x := range e.Fields {
		where := "body.fields." + x
		if x == "opinion" || x == "to" || x == "target" || x == "verdict" || x == "sign" {
			where = "body." + x
		}
		f.fields = append(f.fields, badField(where, e.Text.ZH, e.Text.In("en")))
	}
	return f
}
