package sample

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/flow"
	"anlan/cloud/org"
)

// household enters one flat into the register.
func (f *filler) household(ctx context.Context, tx *sql.Tx, i int) error {
	h := f.plan.Households[i]
	_, err := f.desk.Forms.Create(ctx, tx, f.who(h.By), HouseholdForm, h.Fields, h.At)
	return err
}

func (f *filler) patrol(ctx context.Context, tx *sql.Tx, i int) error {
	p := f.plan.Patrols[i]
	who := f.who(p.By)
	rows := []any{}
	for _, c := range p.Items {
		row := map[string]any{"item": c.Item, "ok": "yes"}
		if c.Note != "" {
			row["ok"], row["note"] = "no", c.Note
		}
		rows = append(rows, row)
	}
	fields := map[string]any{"inspector": who.Actor.ID, "place": f.place(p.Place), "point": p.Point, "items": rows}
	if p.Text != "" {
		fields["remark"] = p.Text
	}
	_, err := f.desk.Forms.Create(ctx, tx, who, "patrol_record", fields, p.At)
	return err
}

// hazard reports one hazard and plays all that was done about it, each at its time.
func (f *filler) hazard(ctx context.Context, tx *sql.Tx, i int) error {
	h := f.plan.Hazards[i]
	n := len(h.Steps)
	f.told, f.alive = nil, n == 0 || h.Steps[n-1].Node != nodeReview || h.Steps[n-1].No
	clear(f.files)
	who := f.who(h.Reporter)
	photos, err := f.photos(ctx, tx, who.Actor, h.At, h.Photos)
	if err != nil {
		return err
	}
	found := h.At.Add(-time.Duration(3+i%9) * time.Minute)
	r, err := f.desk.Forms.Create(ctx, tx, who, "hazard", map[string]any{"found_at": instant(found), "source": h.Source, "category": h.Category,
		"place": f.place(h.Place), "what": h.What, "photos": photos}, h.At)
	if err != nil || f.flow == "" {
		return err
	}
	st, err := f.desk.Flows.Start(ctx, tx, flow.StartOf{Flow: f.flow, Record: r.ID, By: who.Actor}, h.At)
	if err != nil {
		return err
	}
	for _, step := range h.Steps {
		if st, err = f.clock(ctx, tx, st, step.At); err != nil {
			return err
		}
		if st, err = f.decide(ctx, tx, st, step, i); err != nil {
			return err
		}
	}
	if _, err = f.clock(ctx, tx, st, f.plan.Now); err != nil {
		return err
	}
	for _, t := range f.told {
		if err := f.Post(ctx, tx, []flow.Notice{t.Notice}, t.at); err != nil {
			return err
		}
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clock lets the timers ring that would have rung until a moment, each at its own.
func (f *filler) clock(ctx context.Context, tx *sql.Tx, st flow.State, until time.Time) (flow.State, error) {
	for range 200 {
		i := -1
		for j, t := range st.Timers {
			if !t.At.After(until) && (i < 0 || t.At.Before(st.Timers[i].At)) {
				i = j
			}
		}
		if i < 0 || !st.Status.Open() {
			return st, nil
		}
		t := st.Timers[i]
		next, err := f.desk.Flows.Apply(ctx, tx, st.ID, flow.Event{Kind: flow.Fire, Timer: t.Key}, nil, org.System(), t.At)
		if err != nil {
			return st, err
		}
		st = next
	}
	return st, fmt.Errorf("%w: its timers do not end", errStrange)
}

// decide does one step, as one of those who are asked for it.
func (f *filler) decide(ctx context.Context, tx *sql.Tx, st flow.State, s Step, i int) (flow.State, error) {
	me := f.whos[Me].Actor.ID
	open := slices.DeleteFunc(st.OpenTasks(), func(t flow.Task) bool { return t.Node != s.Node || t.To.ID == me })
	if len(open) == 0 {
		return st, fmt.Errorf("%w: nobody is asked at %s", errStrange, s.Node)
	}
	t := open[i%len(open)]
	by := org.Actor{ID: t.To.ID, Name: t.To.Name}
	patch, err := f.patch(ctx, tx, by, s)
	if err != nil {
		return st, err
	}
	e := flow.Event{Kind: flow.Decide, By: t.To, Task: t.ID, Verdict: flow.Agree, Text: s.Text}
	if s.No {
		e.Verdict = flow.Reject
	}
	return f.desk.Flows.Apply(ctx, tx, st.ID, e, patch, by, s.At)
}

// patch is what is written down with a step, with ids for the plan's keys.
func (f *filler) patch(ctx context.Context, tx *sql.Tx, by org.Actor, s Step) (map[string]any, error) {
	out := map[string]any{}
	for k, v := range s.Fields {
		switch k {
		case "owner":
			v = f.who(v.(string)).Actor.ID
		case "dept":
			v = f.parts["unit"][v.(string)]
		case "done_at":
			v = instant(v.(time.Time))
		case "cost":
			v = fmt.Sprintf("%d.00", v)
		case "after_photos":
			photos, err := f.photos(ctx, tx, by, s.At, v.([]string))
			if err != nil {
				return nil, err
			}
			v = photos
		}
		out[k] = v
	}
	return out, nil
}
