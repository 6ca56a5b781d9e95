package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/contract"
)

// formClass is what documents of kind form have to satisfy: also that the flows in force
// on it find what they use.
func (k *Desk) formClass() document.Class {
	c := form.Class(k.DB)
	alone := c.CheckIn
	c.CheckIn = func(ctx context.Context, tx *sql.Tx, next document.Version, prev *document.Version) ([]document.Problem, error) {
		out, err := alone(ctx, tx, next, prev)
		if err != nil || len(out) > 0 || prev == nil {
			return out, err
		}
		return k.missed(ctx, tx, next, *prev)
	}
	return c
}

// missed is what flows in force would miss in the next version of their form.
func (k *Desk) missed(ctx context.Context, tx *sql.Tx, next, prev document.Version) ([]document.Problem, error) {
	d, err := form.Parse(next.Key, next.Body)
	if err != nil {
		return nil, err
	}
	was, err := form.Parse(prev.Key, prev.Body)
	if err != nil {
		return nil, err
	}
	keys, err := k.Docs.InUse(ctx, tx, document.Flow)
	if err != nil {
		return nil, err
	}
	var out []document.Problem
	for _, key := range keys {
		if slices.Contains(next.With, document.Ref{Kind: document.Flow, Key: key}) {
			continue // checked when it is published itself
		}
		f, err := k.FlowDef(ctx, tx, key, 0)
		if err != nil {
			return nil, err
		}
		if f.Form != next.Key {
			continue
		}
		before := flow.Lint(f, k.formInfo(ctx, tx, was, was))
		for _, p := range flow.Lint(f, k.formInfo(ctx, tx, d, was)) {
			if !slices.Contains(before, p) { // what was wrong already can be mended step by step
				out = append(out, miss(f, p))
			}
		}
	}
	return out, nil
}

// miss says where a flow would miss something; its path, flows.<key>, leads to the flow.
func miss(f *flow.Def, p flow.Problem) document.Problem {
	zh, en := "流程“"+f.Title.ZH+"”", "flow “"+f.Title.In("en")+"”"
	if n, ok := f.Node(p.Node); ok {
		zh, en = zh+"的“"+n.Name.ZH+"”", en+", “"+n.Name.In("en")+"”"
	}
	return document.Problem{Path: "flows." + f.Key, Text: text(zh+"："+p.Text.ZH+"。请先改流程", en+": "+p.Text.In("en")+"; change the flow first")}
}

// flowClass is what documents of kind flow have to satisfy.
func (k *Desk) flowClass() document.Class {
	return document.Class{
		Check: func(key string, body json.RawMessage) []document.Problem {
			_, err := flow.Parse(key, body)
			return problems(err)
		},
		CheckIn: func(ctx context.Context, tx *sql.Tx, next document.Version, _ *document.Version) ([]document.Problem, error) {
			d, err := flow.Parse(next.Key, next.Body)
			if err != nil {
				return problems(err), nil
			}
			v, err := k.Docs.CurrentTx(ctx, tx, document.Form, d.Form)
			if errors.Is(err, form.ErrNotFound) || errors.Is(err, document.ErrNotFound) {
				return []document.Problem{{Path: "form", Text: text("没有已发布的表单 "+d.Form, "no published form "+d.Form)}}, nil
			}
			if err != nil {
				return nil, err
			}
			f, err := form.Parse(v.Key, v.Body)
			if err != nil {
				return nil, err
			}
			return problems(&flow.InvalidError{Problems: flow.Lint(d, k.formInfo(ctx, tx, f, f))}), nil
		},
	}
}

func problems(err error) []document.Problem {
	bad, ok := errors.AsType[*flow.InvalidError](err)
	if !ok {
		return nil
	}
	out := make([]document.Problem, len(bad.Problems))
	for i, p := range bad.Problems {
		out[i] = document.Problem{Path: p.Path, Text: p.Text}
	}
	return out
}

// formInfo is what linting a flow has to know of its form; fields are called as in named.
func (k *Desk) formInfo(ctx context.Context, tx *sql.Tx, d, named *form.Def) flow.FormInfo {
	return flow.FormInfo{
		Label: func(f string) contract.Text {
			if x, ok := named.Column(f); ok && x.Label.ZH != "" {
				return x.Label
			}
			return contract.Text{ZH: f}
		},
		Schema:   d.Schema(),
		Has:      func(f string) bool { _, ok := d.Column(f); return ok },
		Required: func(f string) bool { x, ok := d.Field(f); return ok && x.Required && !x.Hidden && x.Visible.IsZero() },
		Given: func(f string) bool {
			x, ok := d.Column(f)
			return ok && x.Given()
		},
		Off:    func(f string) bool { x, ok := d.Field(f); return ok && x.Hidden && !x.Given() },
		Partly: func(f string) bool { x, ok := d.Field(f); return ok && !x.Visible.IsZero() },
		Flow: func(f string) bool {
			n, _, err := k.Docs.InForce(ctx, tx, document.Flow, f)
			return err == nil && n > 0
		},
	}
}
