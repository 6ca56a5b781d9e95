package seat

import (
	"errors"
	"testing"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

func TestSetting_IsKeptAndChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, ctx := newRoom(t, d), t.Context()
		if x, err := r.seats.Setting(ctx); err != nil || len(x.Contacts) != 1 || x.Contacts[0].Phone != "119" {
			t.Fatalf("%+v %v", x, err)
		}
		want := Setting{DataCentrePhone: "+86 10-1234 5678", Contacts: []Contact{{Name: contract.Text{ZH: "维保", EN: "Service"}, Phone: "13800138000", Building: "b03"}}}
		for range 2 {
			if err := r.seats.SetSetting(ctx, zhang, want); err != nil {
				t.Fatal(err)
			}
		}
		r.start()
		got, err := r.seats.Setting(ctx)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s %v", d, err)
		}
		for field, bad := range map[string]Setting{
			"data_centre_phone": {DataCentrePhone: "call me"},
			"contacts[0].phone": {Contacts: []Contact{{Name: contract.Text{ZH: "x"}, Phone: "javascript:1"}}},
			"contacts[0].name":  {Contacts: []Contact{{Phone: "119"}}},
		} {
			e, ok := errors.AsType[*InvalidError](r.seats.SetSetting(ctx, zhang, bad))
			if !ok || e.Field != field {
				t.Errorf("%s: %v", field, e)
			}
		}
	})
}
