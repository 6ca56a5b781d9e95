package work

import (
	"database/sql"
	"errors"
	"testing"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/form"
	"anlan/contract"
)

// TestF17_ViewsAreOnesOwnUnlessShared, and only who manages the form shares one.
func TestF17_ViewsAreOnesOwnUnlessShared(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		save := func(name string, v form.SavedView) (form.SavedView, error) {
			v.Form = "hazard"
			err := d.Tx(t.Context(), func(tx *sql.Tx) (err error) {
				v, err = w.Forms.SaveView(t.Context(), tx, w.who[name], v, w.now)
				return err
			})
			return v, err
		}
		const shipped = 2 // lists of the app, for everybody
		views := func(name string) int {
			v, err := w.Forms.Views(t.Context(), w.who[name], "hazard")
			if err != nil {
				t.Fatal(err)
			}
			return len(v) - shipped
		}
		level, err := Cond(`{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}`)
		if err != nil {
			t.Fatal(err)
		}
		mine, err := save("an", form.SavedView{Name: contract.Text{ZH: "重大"}, Filter: level, Fields: []string{"what", "_state"}, Sort: "-due_at"})
		if err != nil || views("an") != 1 || views("root") != 0 {
			t.Fatalf("%v", err)
		}
		got, err := w.Forms.Views(t.Context(), w.who["an"], "hazard")
		if err != nil || got[0].Filter.String() != level.String() || len(got[0].Fields) != 2 || got[0].Sort != "-due_at" {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := save("an", form.SavedView{Name: contract.Text{ZH: "共享"}, Shared: true}); !errors.Is(err, form.ErrDenied) {
			t.Fatalf("a supervisor shares: %v", err)
		}
		all, err := save("root", form.SavedView{Name: contract.Text{ZH: "共享"}, Shared: true})
		if err != nil || views("an") != 2 {
			t.Fatalf("%v", err)
		}
		all.Name.ZH = "改名"
		if _, err := save("an", all); !errors.Is(err, form.ErrDenied) {
			t.Fatalf("%v", err)
		}
		mine.Name.ZH = "别人的"
		if _, err := save("root", mine); !errors.Is(err, form.ErrNotFound) {
			t.Fatalf("%v", err)
		}
		var bad *form.InvalidError
		if _, err := save("an", form.SavedView{Name: contract.Text{ZH: " "}, Fields: []string{"nothing"}}); !errors.As(err, &bad) || len(bad.Problems) != 2 {
			t.Fatalf("%v", err)
		}
		drop := func(name, id string) error {
			return d.Tx(t.Context(), func(tx *sql.Tx) error { return w.Forms.DeleteView(t.Context(), tx, w.who[name], "hazard", id) })
		}
		if err := drop("an", all.ID); !errors.Is(err, form.ErrDenied) {
			t.Fatal(err)
		}
		if err := drop("an", mine.ID); err != nil || views("an") != 1 {
			t.Fatal(err)
		}
	})
}
