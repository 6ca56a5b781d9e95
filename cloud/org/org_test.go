package org

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

func TestRole_RightsAreExactlyTheTable(t *testing.T) {
	want := map[Role][]Permission{
		Operator:   {AlarmAck, AlarmMute, AlarmRead, AlarmShelve, FleetRead, IncidentRead, IncidentWork, PlanLaunch, SeatWatch, WorkUse},
		Supervisor: {AlarmAck, AlarmConfirm, AlarmMute, AlarmOutOfService, AlarmRead, AlarmReport, AlarmReset, AlarmShelve, FleetRead, IncidentClose, IncidentRead, IncidentWork, PlanLaunch, SeatWatch, WorkUse},
		Admin: {AlarmAck, AlarmConfirm, AlarmDefine, AlarmMute, AlarmOutOfService, AlarmRead, AlarmReport, AlarmReset, AlarmShelve, AppDesign, AuditRead, EdgeEnrol, FleetEdit, FleetRead,
			IncidentClose, IncidentRead, IncidentWork, KeyManage, PlanLaunch, SeatWatch, UserManage, WorkManage, WorkUse},
		Guard:    {AlarmRead, FleetRead, IncidentRead, IncidentWork, WorkUse},
		Viewer:   {AlarmRead, FleetRead, IncidentRead},
		Engineer: {AlarmOutOfService, AlarmRead, EdgeEnrol, FleetEdit, FleetRead, IncidentRead, WorkUse},
		Manager:  {AlarmRead, AlarmReport, FleetRead, IncidentRead, WorkManage, WorkUse},
	}
	got := map[Role][]Permission{}
	for _, r := range Roles() {
		got[r] = r.Permissions()
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if Role("root").May(AlarmRead) || Admin.May("unheard.of") {
		t.Error("an unknown role or permission was allowed")
	}
}

func TestStore_NamesAreUniqueAndChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, now := NewStore(d), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		add := func(u User) (out User, err error) {
			err = d.Tx(t.Context(), func(tx *sql.Tx) error { out, err = s.Add(t.Context(), tx, u, now); return err })
			return out, err
		}
		u, err := add(User{Username: " ZhangWei", Name: "张伟", Role: Operator})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := add(User{Username: "zhangwei", Name: "另一个", Role: Guard}); !errors.Is(err, ErrTaken) {
			t.Errorf("second: %v, want ErrTaken", err)
		}
		for _, bad := range []User{{Username: "1x", Name: "x", Role: Guard}, {Username: "ab", Name: " ", Role: Guard}, {Username: "ab", Name: "x", Role: "root"}} {
			if _, err := add(bad); err == nil {
				t.Errorf("%+v was accepted", bad)
			} else if _, ok := errors.AsType[*InvalidError](err); !ok {
				t.Errorf("%+v: %v, want InvalidError", bad, err)
			}
		}
		got, err := s.ByUsername(t.Context(), "ZHANGWEI")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(u, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if _, err := s.Get(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}
