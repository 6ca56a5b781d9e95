package work

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
)

// plausible makes values for a form from its own definition. last takes the last choice of
// each list instead of the first, so that another way through the flow is gone.
type plausible struct {
	w    *world
	d    *form.Def
	last bool
	now  time.Time
}

func (p *plausible) pick(n int) int {
	if p.last {
		return n - 1
	}
	return 0
}

// limit reads the bounds of a check of a number.
func limit(f *form.Field) (lo, hi float64) {
	lo, hi = 1, 5
	if f.Min != nil {
		lo, hi = *f.Min, *f.Min+2
	}
	if f.Max != nil {
		hi = *f.Max
	}
	for _, c := range f.Checks {
		var e struct {
			Op        string
			R, Lo, Hi struct{ V float64 }
		}
		if json.Unmarshal([]byte(c.Holds.String()), &e) == nil {
			switch e.Op {
			case "between":
				lo, hi = e.Lo.V, e.Hi.V
			case "le":
				hi = e.R.V
			}
		}
	}
	return lo, hi
}

func (p *plausible) value(f *form.Field, n int) any {
	who := p.w.who
	switch f.Type {
	case form.Text, form.Multiline, form.Opinion:
		return p.text(f)
	case form.Number, form.Money, form.Rating:
		lo, hi := limit(f)
		if f.Type == form.Rating {
			return map[bool]int{false: 2, true: 5}[p.last]
		}
		if f.Type == form.Number && f.Decimals != nil && *f.Decimals == 0 || f.Type == form.Money {
			return int(lo)
		}
		return math.Round(10*(lo+min(hi-lo, 4)/2)) / 10
	case form.Date:
		return p.now.Add(time.Duration(n) * 24 * time.Hour).Format(time.DateOnly)
	case form.DateTime:
		if f.Latest != "" {
			return p.now.Format(time.RFC3339)
		}
		return p.now.Add(time.Duration(n) * time.Minute).Format(time.RFC3339)
	case form.Time:
		return "09:30"
	case form.Option, form.Options, form.Cascade:
		return p.choice(f)
	case form.Switch:
		return !p.last
	case form.Person:
		if len(f.InRoles) > 0 {
			return who["ren"].Actor.ID // the only engineer
		}
		return []any{who["ren"].Actor.ID, who["bao2"].Actor.ID, who["an"].Actor.ID}[n%3]
	case form.Persons:
		return []any{who["ren"].Actor.ID}
	case form.Place:
		return "c1/b1"
	case form.Photo, form.Video, form.Media, form.File, form.Signature:
		return []string{"att"}
	case form.Rows:
		return p.rows(f, n)
	case form.Link:
		return p.linked(f)
	}
	return nil // the server's own, departments, devices, layout
}

func (p *plausible) rows(f *form.Field, n int) []any {
	rows := []any{}
	for range max(f.MinCount, 2) {
		row := map[string]any{}
		for j := range f.Fields {
			if v := p.value(&f.Fields[j], n+j); v != nil {
				row[f.Fields[j].Key] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *plausible) text(f *form.Field) any {
	switch {
	case f.PatternText.EN == "a mobile or landline number is needed":
		return "13800138000"
	case f.Key == "plate":
		return "京AD12345"
	case f.Unique:
		p.w.now = p.w.now.Add(time.Millisecond)
		return p.w.now.Format("编号150405.000")
	}
	return "现场情况"
}

func (p *plausible) choice(f *form.Field) any {
	var id string
	if f.Dict != "" {
		v, err := p.w.Docs.Current(p.w.t.Context(), document.Dict, f.Dict)
		if err != nil {
			p.w.t.Fatal(err)
		}
		d, err := form.ParseDict(v.Body)
		if err != nil {
			p.w.t.Fatal(err)
		}
		id = d.Items[p.pick(len(d.Items))].Code
	} else {
		id = f.Options[p.pick(len(f.Options))].ID
	}
	if f.Type == form.Options {
		return []any{id}
	}
	return id
}

// linked makes the record that a link needs, of a form that has no flow of its own or has
// one that may go on running.
func (p *plausible) linked(f *form.Field) any {
	p.w.lets("admin", f.Form)
	d, err := p.w.Forms.Def(p.w.t.Context(), f.Form, 0)
	if err != nil {
		p.w.t.Fatal(err)
	}
	q := &plausible{p.w, d, p.last, p.now}
	s, err := p.w.Submit(p.w.t.Context(), p.w.who["root"], f.Form, q.fill(nil), nil)
	if err != nil {
		p.w.t.Fatalf("%s: %v %s", f.Form, err, said(err))
	}
	p.w.drive(s, q)
	return s.Record.ID
}

// fill makes values for the fields that may be written (all if nil), in the order of the form.
func (p *plausible) fill(writable []string) map[string]any {
	out := map[string]any{}
	for i := range p.d.Fields {
		f := &p.d.Fields[i]
		if f.ReadOnly || f.Default != nil && f.Default.Now != "" || writable != nil && !slices.Contains(writable, f.Key) {
			continue
		}
		if v := p.value(f, i); v != nil {
			out[f.Key] = v
		}
	}
	// two things that rules hold against each other
	if _, ok := out["all_out"]; ok {
		out["all_out"] = 1
	}
	if out["blocked"] == true {
		out["restored"] = "yes"
	}
	if h, ok := out["height"]; ok && h != "" {
		out["height"] = map[string]any{"i": 4, "iv": 40}[out["level"].(string)]
	}
	if d, ok := out["guardian"]; ok && d == out["leader"] {
		out["guardian"] = p.w.who["an"].Actor.ID
	}
	if out["stand_in"] == p.w.who["bao"].Actor.ID {
		out["stand_in"] = p.w.who["ren"].Actor.ID
	}
	return out
}

// drive agrees wherever somebody is asked, until the flow has ended.
func (w *world) drive(s Submission, p *plausible) (nodes []string) {
	w.t.Helper()
	for range 30 {
		if s.Instance == "" {
			return nodes
		}
		st, _, err := w.Flows.Get(w.t.Context(), s.Instance)
		if err != nil {
			w.t.Fatal(err)
		}
		open := st.OpenTasks()
		if len(open) == 0 {
			if st.Status != "passed" {
				w.t.Fatalf("%s ended %s", p.d.Key, st.Status)
			}
			return nodes
		}
		task := open[0]
		d, err := w.FlowDef(w.t.Context(), nil, st.Flow, st.Version)
		if err != nil {
			w.t.Fatal(err)
		}
		n, _ := d.Node(task.Node)
		nodes = append(nodes, n.ID)
		var patch map[string]any
		if writable := n.Writable(); len(writable) > 0 {
			patch = p.fill(writable)
		}
		by := w.who["root"].Actor
		for _, who := range w.who {
			if who.Actor.ID == task.To.ID {
				by = who.Actor
			}
		}
		w.now = w.now.Add(time.Minute)
		if _, err := w.Act(w.t.Context(), by, s.Instance, flow.Event{Kind: flow.Decide, Task: task.ID, Verdict: flow.Agree, Text: "同意"}, patch); err != nil {
			w.t.Errorf("%s at %s by %s: %v %s\n%v", p.d.Key, n.ID, by.Name, err, said(err), patch)
			return nodes
		}
	}
	w.t.Fatalf("%s never ends: %v", p.d.Key, nodes)
	return nil
}
