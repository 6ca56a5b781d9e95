package cond

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON writes the condition as [Parse] reads it; no condition is null.
func (e Expr) MarshalJSON() ([]byte, error) {
	out, err := json.Marshal(e.n.doc())
	if err != nil {
		return nil, fmt.Errorf("cond: write condition: %w", err)
	}
	return out, nil
}

// String is the condition's JSON.
func (e Expr) String() string {
	out, err := e.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(out)
}

type document struct {
	Op    Op     `json:"op"`
	Args  []any  `json:"args,omitempty"`
	L     any    `json:"l,omitempty"`
	R     any    `json:"r,omitempty"`
	Lo    any    `json:"lo,omitempty"`
	Hi    any    `json:"hi,omitempty"`
	Rows  string `json:"rows,omitempty"`
	Where any    `json:"where,omitempty"`
}

func (n *node) doc() any {
	if n == nil {
		return nil
	}
	d := document{Op: n.op, Rows: n.rows, L: n.l.doc(), R: n.r.doc(), Lo: n.lo.doc(), Hi: n.hi.doc(), Where: n.where.doc()}
	for _, a := range n.args {
		d.Args = append(d.Args, a.doc())
	}
	return d
}

func (o *operand) doc() any {
	if o == nil {
		return nil
	}
	switch o.kind {
	case isField:
		return map[string]any{"f": o.name}
	case isMe:
		return map[string]any{"me": o.name}
	case isCount:
		return map[string]any{"count": o.name}
	case isSum:
		return map[string]any{"sum": o.name}
	case isNow:
		return map[string]any{"now": o.dur.signed()}
	case isFor:
		return map[string]any{"v": o.dur.String()}
	case isList:
		out := make([]any, len(o.list))
		for i, l := range o.list {
			out[i] = l.raw()
		}
		return map[string]any{"v": out}
	}
	return map[string]any{"v": o.val.raw()}
}

// raw is the literal as a document would hold it.
func (l *literal) raw() any { return l.any }
