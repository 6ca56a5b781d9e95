package httpapi

import (
	"context"
	"errors"
	"net/http"

	"anlan/cloud/org"
	"anlan/cloud/sample"
)

type demoIn struct {
	Body struct {
		Towers int `json:"towers,omitempty" minimum:"1" maximum:"30" doc:"buildings; all of them unless given"`
		Months int `json:"months,omitempty" minimum:"1" maximum:"18" doc:"of history; the whole of it unless given"`
	}
}

func (s *server) demoOps() {
	manage := access(org.UserManage)
	register(s, "GET", "/api/demo", "Whether the demo community is there, and how far it is", manage, http.StatusOK, func(ctx context.Context, _ *none) (*body[sample.Status], error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		return answered(s.Sample.Status(ctx))
	})
	register(s, "POST", "/api/demo", "Put the demo community in", manage, http.StatusAccepted, func(ctx context.Context, in *demoIn) (*body[sample.Status], error) {
		scale := sample.Full()
		if in.Body.Towers > 0 {
			scale.Towers = in.Body.Towers
		}
		if in.Body.Months > 0 {
			scale.Months = in.Body.Months
		}
		return s.demo(ctx, func() error { return s.Sample.PutIn(ctx, actor(ctx), scale) })
	})
	register(s, "DELETE", "/api/demo", "Wipe the demo community and all in it", manage, http.StatusAccepted, func(ctx context.Context, _ *none) (*body[sample.Status], error) {
		return s.demo(ctx, func() error { return s.Sample.Wipe(ctx, actor(ctx)) })
	})
}

// demo does something with the demo community that takes its time, and tells how it stands.
func (s *server) demo(ctx context.Context, do func() error) (*body[sample.Status], error) {
	if err := s.everywhere(ctx); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, demoFault(err)
	}
	return answered(s.Sample.Status(ctx))
}

func demoFault(err error) error {
	switch {
	case errors.Is(err, sample.ErrNotAbsent):
		return say(http.StatusConflict, "演示小区已经在了，要重新放入请先清除", "The demo community is there already; wipe it first")
	case errors.Is(err, sample.ErrAbsent):
		return say(http.StatusConflict, "现在没有演示小区", "There is no demo community now")
	case errors.Is(err, sample.ErrTaken):
		return say(http.StatusConflict, "已有别的小区用了编号 "+sample.Community+"，不能放入演示小区", "Another community has the id "+sample.Community+"; the demo cannot be put in")
	}
	return err
}
