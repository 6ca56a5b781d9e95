package org

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func communities(c string) []string {
	return map[string][]string{"garden": {"b03", "b04"}, "court": {"b09"}}[c]
}

func TestRights_AreTheUnionOfTheAssignments(t *testing.T) {
	r := RightsOf([]Assignment{{Operator, In("b03")}, {Viewer, "community:garden"}, {Guard, In("b09")}}, Role.Permissions, communities)
	for _, c := range []struct {
		p    Permission
		in   []string
		out  []string
		note string
	}{
		{AlarmRead, []string{"b03", "b04", "b09"}, []string{"b10", ""}, "three places"},
		{AlarmAck, []string{"b03"}, []string{"b04", "b09", ""}, "operator in one"},
		{IncidentWork, []string{"b03", "b09"}, []string{"b04"}, "operator and guard"},
		{UserManage, nil, []string{"b03", ""}, "nowhere"},
	} {
		for _, b := range c.in {
			if !r.Reach(c.p).Has(b) {
				t.Errorf("%s: %s does not reach %q", c.note, c.p, b)
			}
		}
		for _, b := range c.out {
			if r.Reach(c.p).Has(b) {
				t.Errorf("%s: %s reaches %q", c.note, c.p, b)
			}
		}
	}
	if r.May(UserManage) || !r.May(AlarmAck) || (Rights{}).May(AlarmRead) {
		t.Error("may")
	}
}

func TestRights_ACommunityIsNotTheBuildingsItHasToday(t *testing.T) {
	each := RightsOf([]Assignment{{Admin, In("b03")}, {Admin, In("b04")}}, Role.Permissions, communities)
	if each.Holds(UserManage, "community:garden") {
		t.Error("both buildings give the community, which may grow")
	}
	whole := RightsOf([]Assignment{{Admin, "community:garden"}}, Role.Permissions, communities)
	if !whole.Holds(UserManage, In("b04")) || whole.Holds(UserManage, In("b09")) || whole.Holds(UserManage, All) {
		t.Error("the community")
	}
}

// TestRights_NobodyGivesMoreThanTheyHave: whoever passes on what they cover ends with
// nobody, themselves included, reaching further than they did.
func TestRights_NobodyGivesMoreThanTheyHave(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	scopes := []Scope{All, "community:garden", "community:court", In("b03"), In("b04"), In("b09")}
	some := func() []Assignment {
		var as []Assignment
		for range 1 + rng.IntN(3) {
			as = append(as, Assignment{Roles()[rng.IntN(len(Roles()))], scopes[rng.IntN(len(scopes))]})
		}
		return as
	}
	given := 0
	for range 20_000 {
		giver, gift := RightsOf(some(), Role.Permissions, communities), some()
		if !giver.Covers(gift, Role.Permissions) {
			continue
		}
		given++
		got := RightsOf(gift, Role.Permissions, communities)
		for _, p := range got.Permissions() {
			for _, b := range []string{"b03", "b04", "b09", "b99", ""} {
				if got.Reach(p).Has(b) && !giver.Reach(p).Has(b) {
					t.Fatalf("%v gave %v: %s in %q", giver, gift, p, b)
				}
			}
		}
	}
	if given < 1000 {
		t.Errorf("only %d gifts were allowed: the test proves little", given)
	}
}

func TestRights_AKeyHasAPartAndPassesNothingOn(t *testing.T) {
	admin := RightsOf([]Assignment{{Admin, "community:garden"}}, Role.Permissions, communities)
	key := admin.Only([]Permission{AlarmRead, AlarmAck}, []Scope{In("b03"), In("b09")}, communities)
	if !slices.Equal(key.Permissions(), []Permission{AlarmAck, AlarmRead}) || !key.Reach(AlarmAck).Has("b03") || key.Reach(AlarmAck).Has("b04") || key.Reach(AlarmAck).Has("b09") {
		t.Errorf("%+v", key)
	}
	if key.Holds(AlarmRead, In("b03")) {
		t.Error("a key can give")
	}
	if !admin.Equal(admin) || admin.Equal(key) {
		t.Error("equal")
	}
}

func TestScope_IsWrittenStrictly(t *testing.T) {
	for s, want := range map[Scope]bool{All: true, "building:b03": true, "community:anlan-garden": true, "": false, "building:": false, "b03": false, "building:B 3": false, "all ": false, "floor:3": false} {
		if s.Valid() != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestPermission_EveryOneHasWordsAndARole(t *testing.T) {
	for _, p := range Permissions() {
		if title := p.Title(); title.ZH == string(p) || title.EN == "" {
			t.Errorf("%s has no words", p)
		}
		if !Admin.May(p) {
			t.Errorf("no administrator holds %s", p)
		}
	}
	if len(Permissions()) != len(Admin.Permissions()) {
		t.Errorf("%d permissions, the administrator holds %d", len(Permissions()), len(Admin.Permissions()))
	}
}
