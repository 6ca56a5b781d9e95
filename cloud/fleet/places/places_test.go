package places

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	t0   = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	wang = org.Actor{ID: "u1", Name: "王工"}
)

func zh(s string) contract.Text { return contract.Text{ZH: s} }

func manifest() contract.Manifest {
	return contract.Manifest{V: 1, Edge: "edge-b03", Building: contract.ManifestBuilding{Community: "garden", CommunityName: zh("安澜花园"), TimeZone: "Asia/Shanghai",
		ID: "b03", Name: zh("3号楼"), Floors: []int{-1, 1, 12}, UnitEntrances: []string{"1"}},
		Devices: []contract.ManifestDevice{
			{ID: "smoke", Name: zh("烟感"), Place: contract.Place{Building: "b03", Floor: 12, Room: zh("东走廊"), Zone: "z-12"}},
			{ID: "co", Name: zh("一氧化碳"), Place: contract.Place{Building: "b03", Floor: -1, Room: zh("车库")}}}}
}

type world struct {
	*testing.T
	db *db.DB
	*Store
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{T: t, db: d}
	w.boot()
	w.report(manifest())
	return w
}

// boot opens the store anew, as after a restart.
func (w *world) boot() {
	w.Helper()
	s, err := Open(w.Context(), w.db, func() time.Time { return t0 })
	if err != nil {
		w.Fatal(err)
	}
	w.Store = s
}

func (w *world) report(m contract.Manifest) {
	w.Helper()
	if err := w.Report(w.Context(), m, func(*sql.Tx) error { return nil }); err != nil {
		w.Fatal(err)
	}
}

func (w *world) edit(f func(d *Draft) error) error {
	w.Helper()
	return w.Change(w.Context(), wang, func(_ *sql.Tx, d *Draft) error { return f(d) })
}

func (w *world) must(f func(d *Draft) error) {
	w.Helper()
	if err := w.edit(f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) locate(d int) Located {
	m := manifest()
	return w.Tree().Locate("edge-b03", &m.Devices[d], "b03")
}

func (w *world) numbers() []int {
	var out []int
	for _, f := range w.Tree().FloorsOf("b03") {
		out = append(out, f.Number)
	}
	return out
}

func TestT04_WhatPeopleWroteSurvivesRestartsAndManifests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.must(func(d *Draft) error {
			c := d.Communities["garden"]
			c.Name, c.Address = zh("安澜花园一期"), "安澜路 1 号"
			b := d.Buildings["b03"]
			b.Name, b.Contacts = zh("三栋"), []Contact{{Name: "张师傅", Phone: "13800000000", Hours: "白天"}}
			_, added := d.AddFloors("b03", []int{2, 3})
			room := d.Rooms[w.locate(0).Room]
			room.Name = zh("东侧走廊")
			_, err := d.SetRoom(room)
			return errors.Join(d.SetCommunity(c), d.SetBuilding(b), added, err,
				d.SetSite(Site{Edge: "edge-b03", ID: "co", Name: zh("车库一氧化碳"), Spot: &Spot{Building: "b03", Floor: 1}}, true))
		})
		m := manifest()
		m.Building.Name, m.Building.CommunityName, m.Building.Floors = zh("3号楼（新）"), zh("新名"), []int{1}
		w.report(m)
		for range 2 {
			tree := w.Tree()
			c, b := tree.Communities["garden"], tree.Buildings["b03"]
			if c.Name.ZH != "安澜花园一期" || c.Reported.Name.ZH != "新名" || c.TimeZone != "Asia/Shanghai" || b.Name.ZH != "三栋" || b.Reported.Name.ZH != "3号楼（新）" || len(b.Contacts) != 1 {
				t.Errorf("%+v %+v", c, b)
			}
			if got := w.numbers(); !slices.Equal(got, []int{-1, 1, 2, 3, 12}) {
				t.Errorf("floors %v", got)
			}
			if at := w.locate(0); at.Place.Room.ZH != "东侧走廊" || at.Name.ZH != "烟感" || at.Place.Zone != "z-12" {
				t.Errorf("smoke %+v", at)
			}
			if at := w.locate(1); at.Name.ZH != "车库一氧化碳" || at.Place.Floor != 1 {
				t.Errorf("co %+v", at)
			}
			w.boot()
		}
		w.must(func(d *Draft) error {
			b := d.Buildings["b03"]
			return errors.Join(d.TakeOver(Ref{Kind: KindBuilding, ID: "b03"}, "name", b.Version), d.TakeOver(Ref{Kind: KindBuilding, ID: "b03"}, "floors", b.Version+1),
				d.TakeOver(Ref{Kind: KindDevice, ID: "edge-b03/co"}, "place", 1))
		})
		if b := w.Tree().Buildings["b03"]; b.Name.ZH != "3号楼（新）" || slices.Contains(b.Edited, "floors") || w.locate(1).Place.Floor != -1 || w.locate(1).Name.ZH != "车库一氧化碳" {
			t.Errorf("taken over: %+v, co at %+v", b, w.locate(1))
		}
		if n, err := audit.New(d).Verify(t.Context()); err != nil || n < 8 {
			t.Errorf("audit %d %v", n, err)
		}
	})
}

func TestEdit_TheSecondOfTwoIsToldWhoWasFirst(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	rename := func(to string, seen int64) error {
		return w.edit(func(d *Draft) error {
			b := d.Buildings["b03"]
			b.Name, b.Version = zh(to), seen
			return d.SetBuilding(b)
		})
	}
	if err := rename("甲", 0); err != nil {
		t.Fatal(err)
	}
	err := rename("乙", 0)
	if e, ok := errors.AsType[*ConflictError](err); !ok || e.ChangedBy != "王工" || !e.ChangedAt.Equal(t0) {
		t.Errorf("%v", err)
	}
	if b := w.Tree().Buildings["b03"]; b.Name.ZH != "甲" || b.Version != 1 {
		t.Errorf("%+v", b)
	}
}

func TestRemove_WhatHangsOnItDecides(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	standing := map[string][]string{}
	around := Around{Standing: func(r Ref) []string { return standing[r.ID] }, Kept: func(Ref) (bool, error) { return false, nil }}
	remove := func(r Ref) (archived bool, err error) {
		err = w.edit(func(d *Draft) (err error) {
			old, _, _ := d.stampOf(r)
			archived, err = d.Remove(r, old.Version, around)
			return err
		})
		return archived, err
	}
	floor := func(id string) Ref { return Ref{Kind: KindFloor, Building: "b03", ID: id} }
	standing["12"] = []string{"烟感"}
	if _, err := remove(floor("12")); err == nil || w.Tree().Floors[FloorKey{"b03", 12}].Archived {
		t.Errorf("a floor with a device on it: %v", err)
	}
	standing["12"] = nil
	if archived, err := remove(floor("12")); err != nil || !archived || slices.Contains(w.numbers(), 12) {
		t.Errorf("a reported floor: archived %v, %v, floors %v", archived, err, w.numbers())
	}
	w.report(manifest()) // does not bring it back
	if slices.Contains(w.numbers(), 12) {
		t.Error("the manifest brought an archived floor back")
	}
	w.must(func(d *Draft) error { return d.Restore(floor("12"), 1) })
	w.must(func(d *Draft) error { _, err := d.AddFloors("b03", []int{7}); return err })
	if archived, err := remove(floor("7")); err != nil || archived {
		t.Errorf("an empty floor: archived %v, %v", archived, err)
	}
	w.must(func(d *Draft) error {
		return d.SetSite(Site{Edge: "edge-new", ID: "x", Name: zh("新烟感"), Spot: &Spot{Building: "b03", Floor: 1}}, false)
	})
	if _, err := remove(floor("1")); err == nil {
		t.Error("a floor with a planned device was removed")
	}
	if _, err := remove(Ref{Kind: KindDevice, ID: "edge-new/x"}); err != nil {
		t.Error(err)
	}
	w.boot()
	if got := w.numbers(); !slices.Equal(got, []int{-1, 1, 12}) || len(w.Tree().Sites) != 0 {
		t.Errorf("after a restart: floors %v, sites %v", got, w.Tree().Sites)
	}
}

func TestRoom_MovingItTakesItsDevicesAlong(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	room := w.Tree().Rooms[w.locate(0).Room]
	w.must(func(d *Draft) error {
		return d.SetSite(Site{Edge: "edge-b03", ID: "co", Spot: &Spot{Building: "b03", Floor: 12, Room: room.ID}}, true)
	})
	room.Floor = 1
	w.must(func(d *Draft) error { _, err := d.SetRoom(room); return err })
	w.report(manifest())
	for i := range 2 {
		if at := w.locate(i); at.Place.Floor != 1 || at.Room != room.ID {
			t.Errorf("device %d at %+v", i, at)
		}
	}
}

func TestPlaces_RowsFromBeforeAreTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err1 := tx.Exec(`INSERT INTO community (id, name, time_zone) VALUES ('garden', '{"zh":"安澜花园"}', 'Asia/Shanghai')`)
			_, err2 := tx.Exec(`INSERT INTO building (id, community, name, floors, unit_entrances) VALUES ('b03', 'garden', '{"zh":"3号楼"}', '[-1,1,2]', '["1","2"]')`)
			return errors.Join(err1, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, db: d}
		w.boot()
		w.must(func(d *Draft) error {
			b := d.Buildings["b03"]
			b.Name = zh("三栋")
			return d.SetBuilding(b)
		})
		w.boot()
		if got := w.numbers(); !slices.Equal(got, []int{-1, 1, 2}) || len(w.Tree().EntrancesOf("b03")) != 2 || w.Tree().TimeZone("b03") != "Asia/Shanghai" || w.Tree().Buildings["b03"].Name.ZH != "三栋" {
			t.Errorf("floors %v, %+v", got, w.Tree().Buildings["b03"])
		}
	})
}

func TestCheck_BadInputNamesItsField(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for name, c := range map[string]struct {
		field string
		do    func(d *Draft) error
	}{
		"time zone":    {"time_zone", func(d *Draft) error { return d.SetCommunity(Community{ID: "x", Name: zh("x"), TimeZone: "Mars/Base"}) }},
		"id":           {"id", func(d *Draft) error { return d.SetCommunity(Community{ID: "X 1", Name: zh("x"), TimeZone: "UTC"}) }},
		"no name":      {"name", func(d *Draft) error { return d.SetCommunity(Community{ID: "x", TimeZone: "UTC"}) }},
		"line break":   {"name", func(d *Draft) error { return d.SetCommunity(Community{ID: "x", Name: zh("a\nb"), TimeZone: "UTC"}) }},
		"no community": {"community", func(d *Draft) error { return d.SetBuilding(Building{ID: "b9", Community: "none", Name: zh("x")}) }},
		"phone": {"contacts", func(d *Draft) error {
			return d.SetFloor(Floor{Building: "b03", Number: 1, Contacts: []Contact{{Name: "a", Phone: "call me"}}})
		}},
		"camera script": {"cameras", func(d *Draft) error {
			return d.SetFloor(Floor{Building: "b03", Number: 1, Cameras: []Camera{{Name: "a", URL: "javascript:alert(1)"}}})
		}},
		"camera secret": {"cameras", func(d *Draft) error {
			return d.SetFloor(Floor{Building: "b03", Number: 1, Cameras: []Camera{{Name: "a", URL: "rtsp://u:p@host/1"}}})
		}},
		"floor 0":  {"number", func(d *Draft) error { return d.SetFloor(Floor{Building: "b03", Number: 0}) }},
		"no floor": {"floor", func(d *Draft) error { _, err := d.SetRoom(Room{Building: "b03", Floor: 99, Name: zh("x")}); return err }},
		"no room": {"spot.room", func(d *Draft) error {
			return d.SetSite(Site{Edge: "e", ID: "d", Name: zh("x"), Spot: &Spot{Building: "b03", Floor: 1, Room: "r-none"}}, false)
		}},
		"planned where": {"spot", func(d *Draft) error { return d.SetSite(Site{Edge: "e", ID: "d", Name: zh("x")}, false) }},
	} {
		err := w.edit(c.do)
		if e, ok := errors.AsType[*InvalidError](err); !ok || e.Field != c.field || e.Text.ZH == "" || e.Text.EN == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := FloorRange(-2, 6, []int{4}); err != nil || !slices.Equal(got, []int{-2, -1, 1, 2, 3, 5, 6}) {
		t.Errorf("range %v %v", got, err)
	}
}

// TestDraft_WhatIsSavedIsWhatIsLoaded does random edits and compares the tree in memory
// with the one a restart loads.
func TestDraft_WhatIsSavedIsWhatIsLoaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := rand.New(rand.NewPCG(4, 2))
		around := Around{Standing: func(Ref) []string { return nil }, Kept: func(Ref) (bool, error) { return false, nil }}
		done := 0
		for range 150 {
			err := w.edit(func(d *Draft) error { return randomEdit(r, d, around) })
			if err == nil {
				done++
			}
			if r.IntN(12) == 0 {
				w.report(manifest())
			}
		}
		inMemory := w.Tree()
		w.boot()
		if diff := cmp.Diff(inMemory, w.Tree(), cmpopts.IgnoreUnexported(Tree{}), cmpopts.EquateEmpty()); diff != "" || done < 60 {
			t.Errorf("%d edits: %s", done, diff)
		}
	})
}

func randomEdit(r *rand.Rand, d *Draft, around Around) error {
	n := r.IntN(9) + 1
	f := d.Floors[FloorKey{"b03", n}]
	switch r.IntN(6) {
	case 0:
		f.Building, f.Number, f.Pos = "b03", n, r.IntN(9)
		return d.SetFloor(f)
	case 1:
		ref := Ref{Kind: KindFloor, Building: "b03", ID: string(rune('0' + n))}
		_, err := d.Remove(ref, f.Version, around)
		return err
	case 2:
		_, err := d.SetRoom(Room{Building: "b03", Floor: n, Name: zh("房")})
		return err
	case 3:
		for _, room := range d.Rooms {
			room.Floor = n
			_, err := d.SetRoom(room)
			return err
		}
	case 4:
		k := DeviceKey{"edge-b03", "smoke"}
		return d.SetSite(Site{Edge: k.Edge, ID: k.ID, Spot: &Spot{Building: "b03", Floor: n}, Stamp: d.Sites[k].Stamp}, true)
	}
	b := d.Buildings["b03"]
	b.Name = zh(string(rune('甲' + n)))
	return d.SetBuilding(b)
}
