package paneltap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/contract"
	"anlan/drivers/profile"
)

// State is what a panel says of one of its nodes. The numbers are those of the panels'
// own Modbus cards, so that a tap and a card look alike to rules.
type State int

// States.
const (
	Normal   State = 0
	Fire     State = 1
	Fault    State = 2
	Feedback State = 3
	Started  State = 5
	Stopped  State = 6
	Disabled State = 7
)

var stateWords = map[string]State{"normal": Normal, "fire": Fire, "fault": Fault, "feedback": Feedback,
	"started": Started, "stopped": Stopped, "disabled": Disabled}

// Event is one thing heard from a panel.
type Event struct {
	Node  string // as the panel writes it; empty for what is of the whole panel
	State State
	Reset bool // the panel was reset: every node is normal
	Idle  bool // the panel says only that it is there
}

// Decoder turns what was heard into events, in order. It keeps what is not whole yet, and
// steps over what it can not understand, which it counts.
type Decoder interface {
	Feed(b []byte) []Event
	// Noise counts bytes that belonged to nothing.
	Noise() uint64
}

// panel is what a tap knows: what each node last said. A node that has said nothing since
// the tap began, or since the panel was last reset, is not known.
type panel struct {
	device contract.DeviceID
	points []profile.Point
	known  map[string]State // by node
	at     map[string]time.Time
	whole  time.Time // the last reset; from then on a silent node is a normal one
}

func newPanel(device contract.DeviceID, points []profile.Point) *panel {
	return &panel{device: device, points: points, known: map[string]State{}, at: map[string]time.Time{}}
}

// countOf tells points that count nodes: their doc is count:fire and the like.
func countOf(doc string) (State, bool) {
	word, ok := strings.CutPrefix(doc, "count:")
	if !ok {
		return 0, false
	}
	s, ok := stateWords[word]
	return s, ok
}

// CheckPoint says what is wrong with a point of a tap's profile, nil if nothing is.
func CheckPoint(pt profile.Point) error {
	if pt.Doc == "" {
		return fmt.Errorf("paneltap: point %s: no doc: the node as the panel writes it, or count:fire", pt.Name)
	}
	if _, ok := countOf(pt.Doc); strings.HasPrefix(pt.Doc, "count:") && !ok {
		return fmt.Errorf("paneltap: point %s: doc %q, want count: with normal, fire, fault, feedback, started, stopped or disabled", pt.Name, pt.Doc)
	}
	return nil
}

// hear takes one event in and returns the readings of every point that can be told.
func (p *panel) hear(e Event, now time.Time) []contract.Reading {
	switch {
	case e.Reset:
		clear(p.known)
		clear(p.at)
		p.whole = now
	case e.Node != "":
		p.known[e.Node], p.at[e.Node] = e.State, now
	}
	return p.readings(now)
}

// readings of what is known at now. What is not known has none: it keeps the quality it
// has, which is not good.
func (p *panel) readings(now time.Time) (out []contract.Reading) {
	for _, pt := range p.points {
		r := contract.Reading{Point: contract.NewPointID(p.device, pt.Name), Quality: contract.Good, At: p.whole, Checked: now}
		if s, ok := countOf(pt.Doc); ok {
			for node, known := range p.known {
				if known == s {
					r.Value++
				}
				r.At = later(r.At, p.at[node])
			}
			// Before a reset other nodes may be in that state too: at least so many are.
			if p.whole.IsZero() {
				if r.Value == 0 {
					continue
				}
				r.Quality = contract.Uncertain
			}
			out = append(out, r)
			continue
		}
		state, ok := p.known[pt.Doc]
		if !ok && p.whole.IsZero() {
			continue
		}
		r.Value, r.At = float64(state), later(p.whole, p.at[pt.Doc])
		out = append(out, r)
	}
	return out
}

// silent gives every point a bad quality.
func (p *panel) silent(q contract.Quality, now time.Time) (out []contract.Reading) {
	for _, pt := range p.points {
		out = append(out, contract.Reading{Point: contract.NewPointID(p.device, pt.Name), Quality: q, Checked: now})
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Words lists the states a layout may name.
func Words() []string {
	var out []string
	for w := range stateWords {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}
