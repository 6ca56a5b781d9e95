package staff

import (
	"slices"
	"testing"

	"anlan/cloud/flow"
	"anlan/cloud/org"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

// fixture: company (wang leads) > community > repair (li leads) > team (zhang leads, gong works).
func fixture() *chart {
	unit := func(id, parent string, k org.UnitKind, lead bool, people ...string) org.Unit {
		return org.Unit{ID: id, Parent: parent, Kind: k, Name: contract.Text{ZH: id}, Active: true, Lead: lead, People: people}
	}
	user := func(id string, as ...org.Assignment) org.User {
		return org.User{ID: id, Name: id, Active: id != "gone", Assignments: as}
	}
	return newChart([]org.User{user("wang"), user("li"), user("zhang", org.Assignment{Role: org.Guard, Scope: "building:b1"}), user("gong", org.Assignment{Role: org.Guard, Scope: "community:c2"}), user("gone", org.Assignment{Role: org.Guard, Scope: org.All})},
		[]org.Unit{unit("co", "", org.Company, false), unit("gm", "co", org.Post, true, "wang"), unit("c1", "co", org.UCommunity, false), unit("repair", "c1", org.Department, false),
			unit("chief", "repair", org.Post, true, "li"), unit("team", "repair", org.Department, false), unit("foreman", "team", org.Post, true, "zhang", "gone"), unit("fitter", "team", org.Post, false, "gong")})
}

func TestW05_TheOrganisationAnswers(t *testing.T) {
	c := fixture()
	for _, x := range []struct {
		name string
		ask  flow.Ask
		want []string
	}{
		{"persons, without those who left", flow.Ask{Kind: flow.Persons, IDs: []string{"li", "gone", "none"}}, []string{"li"}},
		{"a post", flow.Ask{Kind: flow.Post, IDs: []string{"foreman"}}, []string{"zhang"}},
		{"head of a department", flow.Ask{Kind: flow.DeptHead, IDs: []string{"repair"}}, []string{"li"}},
		{"everyone under a department", flow.Ask{Kind: flow.DeptMembers, IDs: []string{"repair"}}, []string{"li", "zhang", "gong"}},
		{"my head", flow.Ask{Kind: flow.InitiatorHead, Level: 1, Of: flow.Person{ID: "gong"}}, []string{"zhang"}},
		{"a head's head is above, not themselves", flow.Ask{Kind: flow.InitiatorHead, Level: 1, Of: flow.Person{ID: "zhang"}}, []string{"li"}},
		{"the third above", flow.Ask{Kind: flow.InitiatorHead, Level: 3, Of: flow.Person{ID: "gong"}}, []string{"wang"}},
		{"none above the top", flow.Ask{Kind: flow.InitiatorHead, Level: 1, Of: flow.Person{ID: "wang"}}, nil},
		{"superiors up to a post", flow.Ask{Kind: flow.Superiors, Until: "chief", Of: flow.Person{ID: "gong"}}, []string{"zhang", "li"}},
		{"two superiors", flow.Ask{Kind: flow.Superiors, Level: 2, Of: flow.Person{ID: "gong"}}, []string{"zhang", "li"}},
		{"a role where the record is", flow.Ask{Kind: flow.Role, IDs: []string{"guard"}, Community: "c1", Building: "b1"}, []string{"zhang"}},
		{"a role in another community", flow.Ask{Kind: flow.Role, IDs: []string{"guard"}, Community: "c2", Building: "b9"}, []string{"gong"}},
		{"a role, of a record that is nowhere", flow.Ask{Kind: flow.Role, IDs: []string{"guard"}}, []string{"zhang", "gong"}},
	} {
		var got []string
		for _, p := range c.find(x.ask) {
			got = append(got, p.ID)
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", x.name, diff)
		}
	}
	if !c.under("co", "fitter") || c.under("team", "chief") || !slices.Contains(c.below("repair"), "foreman") {
		t.Error("the tree is not what it was made")
	}
}
