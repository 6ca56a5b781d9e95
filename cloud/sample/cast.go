package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/cond"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

// cast is who plays the history, and the desk they play it at: forms and flows as they are
// in force here, with the time given to them, that ask only the demo's own people and tell
// nobody what is past.
type cast struct {
	f     *filler
	desk  *work.Desk
	flow  string                // that a hazard starts, "" for none
	whos  map[string]form.Who   // by key
	ids   map[string]form.Entry // people by id
	units map[string]form.Entry
	files map[string]bool // made in this run
	told  []told          // what the hazard at hand still asks of somebody
	alive bool            // it is open now: who put the demo in is asked too
}

type told struct {
	flow.Notice
	at time.Time
}

func (f *filler) newCast(ctx context.Context) (*cast, error) {
	c := &cast{f: f, whos: map[string]form.Who{}, ids: map[string]form.Entry{}, units: map[string]form.Entry{}, files: map[string]bool{}}
	for _, u := range f.plan.Units {
		c.units[f.parts["unit"][u.Key]] = form.Entry{Name: u.Name.ZH, Active: true}
	}
	for _, p := range f.plan.People {
		c.add(p.Key, f.parts["person"][p.Key], p.Name, p.Dept, string(p.Role))
	}
	if id := f.parts["part"][Me]; id != "" {
		c.add(Me, id, f.by.Name, safety, string(org.Admin), string(org.Supervisor), string(org.Manager))
	}
	old := f.Desk.Deps
	c.desk = work.New(work.Deps{DB: old.DB, Audit: old.Audit, Staff: old.Staff, Zone: old.Zone, Now: old.Now, Derive: old.Derive, Notify: c.hear, Settle: c.settle})
	c.desk.Forms = form.NewStore(old.DB, c.desk.Docs, form.Deps{Zone: old.Zone, Lookup: c.lookup, Refer: c.refer, Derive: old.Derive})
	c.desk.Flows.People = c
	var err error
	if c.flow, err = c.desk.FlowOf(ctx, "hazard"); err != nil {
		return nil, err
	}
	for _, key := range []string{"hazard", "patrol_record", HouseholdForm} { // read once, not in every transaction
		if _, err := c.desk.Forms.Def(ctx, key, 0); err != nil && !errors.Is(err, form.ErrNotFound) {
			return nil, err
		}
	}
	return c, nil
}

func (c *cast) add(key, id, name, dept string, roles ...string) {
	unit := c.f.parts["unit"][dept]
	c.ids[id] = form.Entry{Name: name, Active: true, Depts: []string{unit}, Roles: roles}
	c.whos[key] = form.Who{Actor: org.Actor{ID: id, Name: name, Role: org.Role(roles[0])}, Permits: form.Full(), Me: cond.Person{ID: id, Dept: unit, Roles: roles},
		Under: func(parent, d string) bool { return parent == d }, Below: func(parent string) []string { return []string{parent} }}
}

// who is somebody by key; without anyone who put the demo in, the supervisor stands in.
func (c *cast) who(key string) form.Who {
	if w, ok := c.whos[key]; ok {
		return w
	}
	return c.whos[holders("safety-head")[0]]
}

// lookup answers from memory what does not change while the history is made.
func (c *cast) lookup(ctx context.Context, tx *sql.Tx) func(t form.Type, id string) (form.Entry, bool) {
	var rest func(t form.Type, id string) (form.Entry, bool)
	return func(t form.Type, id string) (form.Entry, bool) {
		if e, ok := c.ids[id]; ok && t == form.Person {
			return e, true
		}
		if e, ok := c.units[id]; ok && t == form.Department {
			return e, true
		}
		if t == form.File && c.files[id] {
			return form.Entry{Active: true}, true
		}
		if rest == nil {
			rest = c.f.Desk.Staff.Lookup(ctx, tx)
		}
		return rest(t, id)
	}
}

// Find implements flow.People among the demo's own.
func (c *cast) Find(ctx context.Context, tx *sql.Tx, a flow.Ask) ([]flow.Person, error) {
	var out []flow.Person
	switch a.Kind {
	case flow.Role:
		for _, p := range c.f.plan.People {
			if slices.Contains(a.IDs, string(p.Role)) {
				out = append(out, c.person(p.Key))
			}
		}
		if w, ok := c.whos[Me]; ok && c.alive && slices.ContainsFunc(w.Me.Roles, func(r string) bool { return slices.Contains(a.IDs, r) }) {
			out = append(out, c.person(Me))
		}
		return out, nil
	case flow.Persons:
		for _, id := range a.IDs {
			if e, ok := c.ids[id]; ok {
				out = append(out, flow.Person{ID: id, Name: e.Name})
			}
		}
		return out, nil
	}
	all, err := c.f.Desk.Staff.Find(ctx, tx, a)
	return slices.DeleteFunc(all, func(p flow.Person) bool { _, ours := c.ids[p.ID]; return !ours }), err
}

// Admins implements flow.People.
func (c *cast) Admins(context.Context, *sql.Tx) ([]flow.Person, error) {
	return []flow.Person{c.person(c.f.plan.People[0].Key)}, nil
}

func (c *cast) person(key string) flow.Person {
	w := c.who(key)
	return flow.Person{ID: w.Actor.ID, Name: w.Actor.Name}
}

// hear keeps what asks somebody to do something, until it is done or the history ends.
func (c *cast) hear(_ context.Context, _ *sql.Tx, all []flow.Notice, now time.Time) error {
	for _, n := range all {
		if n.Kind == flow.NotifyTask || n.Kind == flow.NotifyReturned {
			c.told = append(c.told, told{n, now})
		}
	}
	return nil
}

func (c *cast) settle(_ context.Context, _ *sql.Tx, prefix string, _ time.Time) error {
	c.told = slices.DeleteFunc(c.told, func(t told) bool { return strings.HasPrefix(t.Key, prefix) })
	return nil
}

func (c *cast) refer(ctx context.Context, tx *sql.Tx, _ org.Actor, ids []string, form, record, field string) error {
	return c.f.Files.Tie(ctx, tx, ids, attach.Ref{Kind: work.RecordKind, Form: form, Record: record, Field: field})
}

// errStrange means that the flow in force does not go the way the history knows.
var errStrange = errors.New("sample: the flow asks for something else")

// refused says if an error is the form's or the flow's no to one thing, and no fault.
func refused(err error) bool {
	if err == nil {
		return false
	}
	_, badForm := errors.AsType[*form.InvalidError](err)
	_, badFlow := errors.AsType[*flow.Error](err)
	for _, is := range []error{errStrange, form.ErrNotFound, form.ErrRetired, form.ErrDenied, flow.ErrNotFound} {
		if errors.Is(err, is) {
			return true
		}
	}
	return badForm || badFlow
}

// place puts the ids of rooms into a path of the plan.
func (c *cast) place(path string) string {
	before, key, ok := strings.Cut(path, "{room:")
	if !ok {
		return path
	}
	return before + c.f.parts["room"][strings.TrimSuffix(key, "}")]
}

// photos makes attachments of pictures, as if somebody had just taken them.
func (c *cast) photos(ctx context.Context, tx *sql.Tx, by org.Actor, at time.Time, keys []string) ([]any, error) {
	out := []any{}
	for i, key := range keys {
		id, err := c.f.Files.Twin(ctx, tx, c.f.parts["picture"][key], by, at.Add(time.Duration(i-len(keys))*20*time.Second), "")
		if err != nil {
			return nil, fmt.Errorf("picture %s: %w", key, err)
		}
		c.files[id] = true
		out = append(out, map[string]any{"id": id})
	}
	return out, nil
}
