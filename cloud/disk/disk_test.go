package disk_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/disk"
	"anlan/configs"

	"github.com/prometheus/client_golang/prometheus"
)

const gib = 1 << 30

func TestLow_HasItsLimitAndItsHysteresis(t *testing.T) {
	for name, c := range map[string]struct {
		s        disk.Space
		was, low bool
	}{
		"small disk, below 1 GiB":         {disk.Space{Free: gib - 1, Total: 10 * gib}, false, true},
		"small disk, at 1 GiB":            {disk.Space{Free: gib, Total: 10 * gib}, false, false},
		"large disk, below 5 %":           {disk.Space{Free: 49 * gib, Total: 1000 * gib}, false, true},
		"large disk, above 5 %":           {disk.Space{Free: 51 * gib, Total: 1000 * gib}, false, false},
		"it stands until 1.5 times":       {disk.Space{Free: gib + gib/2 - 1, Total: 10 * gib}, true, true},
		"and ends there":                  {disk.Space{Free: gib + gib/2, Total: 10 * gib}, true, false},
		"a full disk":                     {disk.Space{Total: 10 * gib}, false, true},
		"a file system that says nothing": {disk.Space{}, false, true},
	} {
		if got := c.s.Low(c.was); got != c.low {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOf_AsksTheFileSystem(t *testing.T) {
	s, err := disk.Of(t.TempDir())
	if err != nil || s.Total == 0 || s.Free > s.Total {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := disk.Of(t.TempDir() + "/none"); err == nil {
		t.Error("a folder that is not there was asked")
	}
}

// TestWatch_RaisesAndEndsItsAlarm drives it through a restart while the alarm stands.
func TestWatch_RaisesAndEndsItsAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		alarms := alarm.NewStore(d, slog.New(slog.DiscardHandler), nil, clock)
		definitions, err := alarm.LoadDefinitions(configs.Files, "definitions")
		if err != nil {
			t.Fatal(err)
		}
		if err := alarms.PublishDefinitions(t.Context(), definitions, now); err != nil {
			t.Fatal(err)
		}
		space, broken := disk.Space{Free: 8 * gib, Total: 10 * gib}, error(nil)
		start := func() *disk.Watch {
			w, err := disk.New(t.Context(), disk.Deps{DB: d, Alarms: alarms, Space: func() (disk.Space, error) { return space, broken },
				Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := start()
		look := func(free uint64, state alarm.State) {
			t.Helper()
			space.Free, now = free, now.Add(30*time.Second)
			if err := w.LookOnce(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			p, err := alarms.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewOpen})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case state == "" && len(p.Items) == 0:
			case len(p.Items) == 1 && p.Items[0].State == state && p.Items[0].Rule == disk.RuleDisk && p.Items[0].Definition != nil && p.Items[0].Count == 1:
			default:
				t.Errorf("%d bytes free: %+v, want %q", free, p.Items, state)
			}
		}
		look(8*gib, "")
		look(gib/2, alarm.Unacked)
		look(gib+gib/4, alarm.Unacked) // above the limit, below 1.5 times
		w = start()                    // the program ended in between
		look(gib+gib/4, alarm.Unacked)
		broken = errors.New("no answer")
		if err := w.LookOnce(t.Context(), now); err == nil || w.Last().OK || !w.Last().Low {
			t.Errorf("silence counts as normal: %+v, %v", w.Last(), err)
		}
		broken = nil
		look(2*gib, alarm.RTNUnacked)
		if l := w.Last(); !l.OK || l.Low || l.Free != 2*gib || l.At != now {
			t.Errorf("%+v", l)
		}
	})
}
