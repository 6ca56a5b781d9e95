package httpapi

import (
	"context"
	"errors"
	"net/http"

	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
	"anlan/configs"
)

const templateDir = "templates"

type templateIn struct {
	Key string `path:"key" maxLength:"48"`
}

type templateInstall struct {
	Key  string `path:"key" maxLength:"48"`
	Body struct {
		Dry   bool       `json:"dry,omitempty" doc:"only say what would happen"`
		Clash work.Clash `json:"clash,omitempty" enum:",rename,keep" doc:"what to do where keys are taken: nothing, other keys, or keep what is here"`
		Title string     `json:"title,omitempty" maxLength:"100" doc:"of the app, if not its own"`
	}
}

type appIn struct {
	Key string `path:"key" maxLength:"48"`
}

type appRemove struct {
	Key  string `path:"key" maxLength:"48"`
	Body struct {
		Name string `json:"name" maxLength:"200" doc:"of the app, as it is typed to confirm"`
	}
}

type proposalIn struct {
	Form string `query:"form" maxLength:"24" required:"true"`
}

// templateOps are ready-made apps, and apps that come and go.
func (s *server) templateOps(design access) {
	register(s, "GET", "/api/templates", "Ready-made apps", design, http.StatusOK, func(ctx context.Context, _ *none) (*body[[]work.Template], error) {
		return answered(s.Work.AppTemplates(ctx, configs.Files, templateDir))
	})
	register(s, "GET", "/api/templates/{key}", "A ready-made app with everything in it", design, http.StatusOK, func(ctx context.Context, in *templateIn) (*body[work.Template], error) {
		return answered(s.Work.AppTemplate(ctx, configs.Files, templateDir, in.Key))
	})
	register(s, "POST", "/api/templates/{key}/install", "Install a ready-made app; nobody is given a right to it", design, http.StatusOK, s.installTemplate)
	register(s, "GET", "/api/apps/{key}/standing", "How an app stands, and what removing it would do", design, http.StatusOK, func(ctx context.Context, in *appIn) (*body[work.AppStanding], error) {
		return answered(s.Work.StandingOf(ctx, in.Key))
	})
	register(s, "POST", "/api/apps/{key}/remove", "Take an app out of use; its records stay", design, http.StatusOK, func(ctx context.Context, in *appRemove) (*body[work.AppStanding], error) {
		if err := designsAll(ctx); err != nil {
			return nil, err
		}
		out, err := s.Work.RemoveApp(ctx, actor(ctx), in.Key, in.Body.Name, s.now())
		return answered(out, appFault(err))
	})
	register(s, "POST", "/api/apps/{key}/restore", "Bring a removed app back, without rights", design, http.StatusOK, func(ctx context.Context, in *appIn) (*body[work.AppStanding], error) {
		if err := designsAll(ctx); err != nil {
			return nil, err
		}
		out, err := s.Work.RestoreApp(ctx, actor(ctx), in.Key, s.now())
		return answered(out, appFault(err))
	})
	register(s, "GET", "/api/grants/proposal", "The grant that beginners with a form need, no more", design, http.StatusOK, func(ctx context.Context, in *proposalIn) (*body[form.Grant], error) {
		return answered(s.Work.ProposeGrant(ctx, in.Form))
	})
}

func (s *server) installTemplate(ctx context.Context, in *templateInstall) (*body[work.Installed], error) {
	if err := designsAll(ctx); err != nil {
		return nil, err
	}
	t, err := s.Work.AppTemplate(ctx, configs.Files, templateDir, in.Key)
	if err != nil {
		return nil, err
	}
	out, err := s.Work.InstallTemplate(ctx, actor(ctx), t, work.Installing{Title: in.Body.Title, Clash: in.Body.Clash, Dry: in.Body.Dry}, s.now())
	if errors.Is(err, document.ErrConflict) {
		return nil, say(http.StatusConflict, "这个应用已经在这里：可换个编码再装一份，或把已移除的恢复", "This app is here already: install it again under other keys, or restore the one that was removed")
	}
	return answered(out, err)
}

// designsAll refuses whoever designs for some buildings only: apps are everybody's.
func designsAll(ctx context.Context) error {
	if reach(ctx, org.AppDesign).All() {
		return nil
	}
	return say(http.StatusForbidden, "您的权限只限于部分楼栋，不能修改表单与流程", "Your rights are limited to some buildings: forms and flows cannot be changed")
}

func appFault(err error) error {
	switch {
	case errors.Is(err, work.ErrRunning):
		return say(http.StatusConflict, "还有流程没有走完，办完或作废后才能移除", "Flows are still running: the app can be removed when they have ended")
	case errors.Is(err, work.ErrShipped):
		return say(http.StatusConflict, "设备告警会自动建立隐患单，系统离不开这个应用，不能移除", "Device alarms open hazards in this app: the system needs it, it cannot be removed")
	case errors.Is(err, work.ErrName):
		return badField("body.name", "与应用名称不一致", "Not the name of the app")
	case errors.Is(err, work.ErrInUse):
		return say(http.StatusConflict, "这个应用正在使用", "This app is in use")
	case errors.Is(err, work.ErrNotInUse):
		return say(http.StatusConflict, "这个应用已经移除", "This app has been removed already")
	}
	return err
}
