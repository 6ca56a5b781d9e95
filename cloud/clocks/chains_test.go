package clocks_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"anlan/cloud/clocks"

	"github.com/prometheus/client_golang/prometheus"
)

func TestChains_WalkAMinuteAfterTheStartAndDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var walked atomic.Int64
		var broken atomic.Pointer[error]
		audit := func(context.Context) (int64, error) { walked.Add(1); return 7, nil }
		alarms := func(context.Context) (int64, error) {
			if err := broken.Load(); err != nil {
				return 3, *err
			}
			return 3, nil
		}
		c := clocks.NewChains(audit, alarms, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), time.Now)
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		if c.Last().Audit != nil {
			t.Error("it held before anybody looked")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if v := c.Last(); walked.Load() != 1 || !v.Audit.OK || v.Audit.Rows != 7 || !v.Alarms.OK {
			t.Errorf("%d walks, %+v", walked.Load(), v)
		}
		broken.Store(new(errors.New("line 4 does not fit")))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if v := c.Last(); walked.Load() != 2 || !v.Audit.OK || v.Alarms.OK || v.Alarms.Broken != "line 4 does not fit" {
			t.Errorf("%d walks, %+v", walked.Load(), v)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := c.Verify(ctx); err == nil || c.Last().Alarms.OK {
			t.Error("a walk that was broken off counts")
		}
	})
}
