package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"anlan/cloud/cond"
	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/contract"
)

func text(zh, en string) contract.Text { return contract.Text{ZH: zh, EN: en} }

// Who is a person with what grants give them. buildings are those their rights reach.
func (k *Desk) Who(ctx context.Context, by org.Actor, buildings []string) (form.Who, error) {
	tx, err := k.DB.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return form.Who{}, fmt.Errorf("work: read organisation: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	who, err := k.Staff.Me(ctx, tx, by.ID, buildings)
	if err != nil {
		return who, err
	}
	who.Actor = by
	who.Permits, err = k.Forms.Permits(ctx, who.Me.Roles)
	return who, err
}

// Submission is a record with the flow it started, if its form has one.
type Submission struct {
	Record   form.Record `json:"record"`
	Instance string      `json:"instance,omitempty"`
}

// Submit makes a record and starts the form's flow on it, both or neither.
func (k *Desk) Submit(ctx context.Context, who form.Who, key string, fields map[string]any, chosen map[string][]flow.Person) (Submission, error) {
	var out Submission
	now := k.Now()
	starts, err := k.FlowOf(ctx, key)
	if err != nil {
		return out, err
	}
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		r, err := k.Forms.Create(ctx, tx, who, key, fields, now)
		if err != nil {
			return err
		}
		out = Submission{Record: r}
		if starts == "" {
			return nil
		}
		st, err := k.Flows.Start(ctx, tx, flow.StartOf{Flow: starts, Record: r.ID, By: who.Actor, Chosen: chosen}, now)
		out.Instance = st.ID
		return err
	})
	if err != nil {
		return Submission{}, err
	}
	// What starting the flow wrote, as the submitter may see it.
	if r, err := k.Forms.Get(ctx, k.with(who, key, out.Record.ID, nil), key, out.Record.ID, now); err == nil {
		out.Record = r
	}
	return out, nil
}

// FlowOf is the flow that a new record of a form starts: the one in force whose form it
// is, "" for none.
func (k *Desk) FlowOf(ctx context.Context, key string) (string, error) {
	heads, err := k.Docs.List(ctx, document.Flow)
	if err != nil {
		return "", err
	}
	for _, h := range heads {
		if h.Current == 0 || !h.RetiredAt.IsZero() {
			continue
		}
		d, err := k.FlowDef(ctx, nil, h.Key, h.Current)
		if err != nil {
			return "", err
		}
		if d.Form == key {
			return h.Key, nil
		}
	}
	return "", nil
}

// Act takes an event on an instance, with what was filled in.
func (k *Desk) Act(ctx context.Context, by org.Actor, instance string, e flow.Event, patch map[string]any) (flow.State, error) {
	var st flow.State
	e.By = flow.Person{ID: by.ID, Name: by.Name}
	err := k.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		st, err = k.Flows.Apply(ctx, tx, instance, e, patch, by, k.Now())
		return err
	})
	return st, err
}

// with adds to a person's grants what their tasks on a record, and having started its
// flow, let them see and write. Tasks that are done leave it readable.
func (k *Desk) with(who form.Who, key, record string, fields map[string]form.Access) form.Who {
	if fields == nil {
		fields = map[string]form.Access{form.Any: form.Read}
	}
	who.Permits = who.Permits.With(form.TaskGrant(key, record, fields))
	return who
}

// For is a person with what tasks let them into one record.
func (k *Desk) For(ctx context.Context, who form.Who, key, record string) (form.Who, error) {
	tasks, states, err := k.Flows.HoldersOf(ctx, key, record, who.Actor.ID)
	if err != nil {
		return who, err
	}
	for i, t := range tasks {
		d, err := k.FlowDef(ctx, nil, states[i].Flow, states[i].Version)
		if err != nil {
			return who, err
		}
		fields := map[string]form.Access{}
		for f, a := range flow.Fields(d, t) {
			if a == "w" {
				a = "r" // it is written through the task, never past it
			}
			fields[f] = form.Access(a)
		}
		who = k.with(who, key, record, fields)
	}
	items, err := k.Flows.OfRecord(ctx, key, record)
	if err != nil {
		return who, err
	}
	for _, x := range items {
		if x.Initiator.ID == who.Actor.ID {
			return k.with(who, key, record, nil), nil
		}
	}
	return who, nil
}

// Case is one instance as somebody may see it.
type Case struct {
	State  flow.State   `json:"state"`
	Def    *flow.Def    `json:"def"`
	Facts  []flow.Fact  `json:"facts"`
	Record *form.Record `json:"record,omitempty"`
	Form   *form.Def    `json:"form,omitempty"`
	Mine   []MyTask     `json:"mine"`
}

// MyTask is an open task of the reader's, and what it lets them write.
type MyTask struct {
	flow.Task
	Access map[string]string `json:"access"`
}

// Case reads an instance with its record. Who has no part in it and no grant on its record
// gets flow.ErrNotFound.
func (k *Desk) Case(ctx context.Context, who form.Who, id string) (Case, error) {
	st, facts, err := k.Flows.Get(ctx, id)
	if err != nil {
		return Case{}, err
	}
	d, err := k.FlowDef(ctx, nil, st.Flow, st.Version)
	if err != nil {
		return Case{}, err
	}
	if who, err = k.For(ctx, who, st.Form, st.Record); err != nil {
		return Case{}, err
	}
	r, err := k.Forms.Get(ctx, who, st.Form, st.Record, k.Now())
	if errors.Is(err, form.ErrNotFound) || errors.Is(err, form.ErrDenied) {
		return Case{}, flow.ErrNotFound
	}
	if err != nil {
		return Case{}, err
	}
	fd, err := k.Forms.Def(ctx, st.Form, r.Version)
	if err != nil {
		return Case{}, err
	}
	for i := range facts { // the timeline needs no copies of the state
		facts[i].Begin, facts[i].Head, facts[i].Runs, facts[i].Tasks, facts[i].Timers = nil, nil, nil, nil, nil
	}
	c := Case{State: st, Def: d, Facts: facts, Record: &r, Form: fd, Mine: []MyTask{}}
	for _, t := range st.OpenTasks() {
		if t.To.ID == who.Actor.ID {
			c.Mine = append(c.Mine, MyTask{t, flow.Fields(d, t)})
		}
	}
	return c, nil
}

// Read reads one record, by grants and by tasks.
func (k *Desk) Read(ctx context.Context, who form.Who, key, id string) (form.Record, error) {
	who, err := k.For(ctx, who, key, id)
	if err != nil {
		return form.Record{}, err
	}
	return k.Forms.Get(ctx, who, key, id, k.Now())
}

// Usable is a form that somebody may do something with.
type Usable struct {
	Key     string        `json:"key"`
	Version int64         `json:"version"`
	Title   contract.Text `json:"title"`
	Icon    string        `json:"icon,omitempty"`
	Actions []form.Action `json:"actions"`
	Flow    string        `json:"flow,omitempty"`
}

// Usable lists the forms in force that a person may do something with.
func (k *Desk) Usable(ctx context.Context, who form.Who) ([]Usable, error) {
	heads, err := k.Docs.List(ctx, document.Form)
	if err != nil {
		return nil, err
	}
	out := []Usable{}
	for _, h := range heads {
		if h.Current == 0 || !h.RetiredAt.IsZero() {
			continue
		}
		u := Usable{Key: h.Key, Version: h.Current}
		for _, a := range form.Actions() {
			if who.Permits.May(h.Key, a) {
				u.Actions = append(u.Actions, a)
			}
		}
		if len(u.Actions) == 0 {
			continue
		}
		d, err := k.Forms.Def(ctx, h.Key, h.Current)
		if err != nil {
			return nil, err
		}
		u.Title, u.Icon = d.Title, d.Icon
		if u.Flow, err = k.FlowOf(ctx, h.Key); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// Change puts a patch into a record by grants alone; tasks write through Act.
func (k *Desk) Change(ctx context.Context, who form.Who, key, id string, rev int64, patch map[string]any) (r form.Record, err error) {
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		r, err = k.Forms.Update(ctx, tx, who, key, id, rev, patch, k.Now())
		return err
	})
	return r, err
}

// Delete takes a record out of every list, or brings it back.
func (k *Desk) Delete(ctx context.Context, who form.Who, key, id string, rev int64, restore bool) (r form.Record, err error) {
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		if restore {
			r, err = k.Forms.Restore(ctx, tx, who, key, id, rev, k.Now())
		} else {
			r, err = k.Forms.SoftDelete(ctx, tx, who, key, id, rev, k.Now())
		}
		return err
	})
	return r, err
}

// Cond reads a condition from a request; "" is none.
func Cond(raw string) (cond.Expr, error) {
	if raw == "" {
		return cond.Expr{}, nil
	}
	e, err := cond.Parse([]byte(raw))
	if err != nil {
		return e, fmt.Errorf("work: read filter: %w", err)
	}
	return e, nil
}
