// Package staff finds people for forms and flows: by name, role, post and department, who
// heads what, and what a person may be told of conditions.
package staff

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"anlan/cloud/cond"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

// Staff answers from the organisation as a transaction sees it.
type Staff struct {
	users  *org.Store
	places func() *places.Tree
	file   func(ctx context.Context, tx *sql.Tx, id string) bool
}

// New uses the organisation and the places. file says if an attachment is there; nil knows
// none.
func New(users *org.Store, tree func() *places.Tree, file func(ctx context.Context, tx *sql.Tx, id string) bool) *Staff {
	return &Staff{users, tree, file}
}

// chart is the organisation at one moment.
type chart struct {
	people map[string]org.User
	order  []string
	units  map[string]org.Unit
	posts  map[string][]string // units a person is in
}

func (s *Staff) chart(ctx context.Context, tx *sql.Tx) (*chart, error) {
	users, units, err := s.users.Everyone(ctx, tx)
	if err != nil {
		return nil, err
	}
	return newChart(users, units), nil
}

func newChart(users []org.User, units []org.Unit) *chart {
	c := &chart{map[string]org.User{}, nil, map[string]org.Unit{}, map[string][]string{}}
	for _, u := range users {
		c.people[u.ID] = u
		c.order = append(c.order, u.ID)
	}
	for _, u := range units {
		c.units[u.ID] = u
		for _, p := range u.People {
			c.posts[p] = append(c.posts[p], u.ID)
		}
	}
	return c
}

// depts are the departments of a person: the units above their posts, and those they are
// in themselves.
func (c *chart) depts(person string) []string {
	var out []string
	for _, id := range c.posts[person] {
		if u := c.units[id]; u.Kind == org.Post {
			id = u.Parent
		}
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// heads are the active holders of the leading posts of a unit.
func (c *chart) heads(unit string) []string {
	var out []string
	for _, id := range c.order {
		for _, p := range c.posts[id] {
			if u := c.units[p]; u.Kind == org.Post && u.Lead && u.Active && u.Parent == unit && c.people[id].Active && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// above are the heads above a person, nearest first: of their own department unless they
// lead it, then of every unit above that has any.
func (c *chart) above(person string) [][]string {
	depts := c.depts(person)
	if len(depts) == 0 {
		return nil
	}
	var out [][]string
	for unit, n := depts[0], 0; unit != "" && n < 50; unit, n = c.units[unit].Parent, n+1 {
		if hs := c.heads(unit); len(hs) > 0 && !slices.Contains(hs, person) {
			out = append(out, hs)
		}
	}
	return out
}

// under says if a unit is another or stands below it.
func (c *chart) under(parent, unit string) bool {
	for n := 0; unit != "" && n < 50; n++ {
		if unit == parent {
			return true
		}
		unit = c.units[unit].Parent
	}
	return false
}

func (c *chart) below(parent string) []string {
	var out []string
	for id := range c.units {
		if c.under(parent, id) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Find implements flow.People. Roles are looked for where the record is: who plays one
// elsewhere only is not asked.
func (s *Staff) Find(ctx context.Context, tx *sql.Tx, a flow.Ask) ([]flow.Person, error) {
	c, err := s.chart(ctx, tx)
	if err != nil {
		return nil, err
	}
	return c.find(a), nil
}

func (c *chart) find(a flow.Ask) []flow.Person {
	var ids []string
	switch a.Kind {
	case flow.Persons:
		ids = a.IDs
	case flow.Role:
		for _, id := range c.order {
			if slices.ContainsFunc(c.people[id].Assignments, func(as org.Assignment) bool {
				return slices.Contains(a.IDs, string(as.Role)) && covers(as.Scope, a.Community, a.Building)
			}) {
				ids = append(ids, id)
			}
		}
	case flow.Post:
		ids = c.in(func(u string) bool { return slices.Contains(a.IDs, u) && c.units[u].Active })
	case flow.DeptHead:
		for _, d := range a.IDs {
			ids = append(ids, c.heads(d)...)
		}
	case flow.DeptMembers:
		ids = c.in(func(u string) bool { return slices.ContainsFunc(a.IDs, func(d string) bool { return c.under(d, u) }) })
	case flow.InitiatorHead:
		if hs := c.above(a.Of.ID); a.Level >= 1 && a.Level <= len(hs) {
			ids = hs[a.Level-1]
		}
	case flow.Superiors:
		for i, hs := range c.above(a.Of.ID) {
			if a.Level > 0 && i >= a.Level {
				break
			}
			ids = append(ids, hs...)
			if a.Until != "" && slices.ContainsFunc(hs, func(p string) bool { return slices.Contains(c.posts[p], a.Until) }) {
				break
			}
		}
	}
	var out []flow.Person
	for _, id := range ids {
		if u, ok := c.people[id]; ok && u.Active {
			out = append(out, flow.Person{ID: id, Name: u.Name})
		}
	}
	return out
}

func (c *chart) in(unit func(string) bool) []string {
	var out []string
	for _, id := range c.order {
		if slices.ContainsFunc(c.posts[id], unit) {
			out = append(out, id)
		}
	}
	return out
}

// covers says if a scope reaches where a record is; one that is nowhere is reached by
// every scope.
func covers(s org.Scope, community, building string) bool {
	if cm, ok := s.Community(); ok {
		return community == "" || cm == community
	}
	if b, ok := s.Building(); ok {
		return building == "" || b == building
	}
	return s == org.All
}

// Admins implements flow.People: administrators everywhere.
func (s *Staff) Admins(ctx context.Context, tx *sql.Tx) ([]flow.Person, error) {
	return s.Find(ctx, tx, flow.Ask{Kind: flow.Role, IDs: []string{string(org.Admin)}})
}

// Lookup finds what records may name.
func (s *Staff) Lookup(ctx context.Context, tx *sql.Tx) func(t form.Type, id string) (form.Entry, bool) {
	var c *chart
	return func(t form.Type, id string) (form.Entry, bool) {
		switch t {
		case form.Place:
			return s.place(id)
		case form.Device:
			return s.device(ctx, tx, id)
		case form.File:
			return form.Entry{Active: true}, s.file != nil && s.file(ctx, tx, id)
		}
		if c == nil {
			var err error
			if c, err = s.chart(ctx, tx); err != nil {
				return form.Entry{}, false
			}
		}
		if t == form.Person {
			u, ok := c.people[id]
			e := form.Entry{Name: u.Name, Active: u.Active, Depts: c.depts(id)}
			for _, a := range u.Assignments {
				e.Roles = append(e.Roles, string(a.Role))
			}
			return e, ok
		}
		u, ok := c.units[id]
		return form.Entry{Name: u.Name.ZH, Active: u.Active}, ok && (u.Kind == org.Post) == (t == form.Post)
	}
}

// place finds "community/building/floor/room", or the first parts of it.
func (s *Staff) place(path string) (form.Entry, bool) {
	t, parts := s.places(), strings.Split(path, "/")
	c, ok := t.Communities[parts[0]]
	e := form.Entry{Name: c.Name.ZH, Active: !c.Archived}
	if !ok || len(parts) == 1 {
		return e, ok
	}
	b, ok := t.Buildings[parts[1]]
	if e = (form.Entry{Name: b.Name.ZH, Active: !b.Archived}); !ok || b.Community != parts[0] || len(parts) == 2 {
		return e, ok && b.Community == parts[0]
	}
	floor, err := strconv.Atoi(parts[2])
	has := err == nil && slices.ContainsFunc(t.FloorsOf(parts[1]), func(f places.Floor) bool { return f.Number == floor })
	if e.Name += " " + parts[2] + "层"; !has || len(parts) == 3 {
		return e, has
	}
	r, ok := t.Rooms[parts[3]]
	return form.Entry{Name: r.Name.ZH, Active: !r.Archived}, ok && r.Building == parts[1] && r.Floor == floor
}

// device finds "edge/device" among those reported and those planned.
func (s *Staff) device(ctx context.Context, tx *sql.Tx, id string) (form.Entry, bool) {
	edge, device, _ := strings.Cut(id, "/")
	site, ok := s.places().Sites[places.DeviceKey{Edge: contract.EdgeID(edge), ID: contract.DeviceID(device)}]
	e := form.Entry{Name: cmp.Or(site.Name.ZH, device), Active: !site.Archived}
	if !ok {
		var n int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM device WHERE edge = $1 AND id = $2`, edge, device).Scan(&n)
		ok = err == nil && n > 0
	}
	return e, ok
}

// Me is a person as conditions and grants know them, within the buildings given.
func (s *Staff) Me(ctx context.Context, tx *sql.Tx, person string, buildings []string) (form.Who, error) {
	c, err := s.chart(ctx, tx)
	if err != nil {
		return form.Who{}, err
	}
	me := cond.Person{ID: person, Buildings: buildings, Posts: c.posts[person]}
	if ds := c.depts(person); len(ds) > 0 {
		me.Dept = ds[0]
	}
	for _, a := range c.people[person].Assignments {
		me.Roles = append(me.Roles, string(a.Role))
	}
	return form.Who{Me: me, Under: c.under, Below: c.below}, nil
}
