package output

import (
	"context"
	"errors"
	"fmt"

	"anlan/contract"
)

// errRefused marks a write that a forbid or the gate itself said no to.
var errRefused = errors.New("refused")

// gate is the only holder of the writer.
type gate struct {
	writer  Writer
	byPoint map[contract.PointID][]Spec
	resets  map[contract.PointID]float64
	forbids []Forbid
	alarms  func() []Alarm
}

func newGate(cfg Config, w Writer, alarms func() []Alarm) *gate {
	g := &gate{writer: w, byPoint: map[contract.PointID][]Spec{}, resets: cfg.Resets, forbids: cfg.Forbids, alarms: alarms}
	for _, s := range cfg.Specs {
		g.byPoint[s.Point] = append(g.byPoint[s.Point], s)
	}
	return g
}

// drive writes a value to the point of an output, if no forbid of any output on that
// point says no at this moment.
func (g *gate) drive(ctx context.Context, point contract.PointID, value float64) error {
	specs := g.byPoint[point]
	if len(specs) == 0 {
		return fmt.Errorf("output: write %s: no output is on this point: %w", point, errRefused)
	}
	alarms := g.alarms()
	for _, s := range specs {
		if why := Refusal(s, g.forbids, alarms); why != "" {
			return fmt.Errorf("output: write %s: %s: %w", point, why, errRefused)
		}
	}
	return g.writer.Write(ctx, point, value)
}

// reset writes a device's reset point. A point that an output drives is never one.
func (g *gate) reset(ctx context.Context, point contract.PointID) error {
	value, ok := g.resets[point]
	if !ok || len(g.byPoint[point]) > 0 {
		return fmt.Errorf("output: write %s: not a reset point: %w", point, errRefused)
	}
	return g.writer.Write(ctx, point, value)
}
