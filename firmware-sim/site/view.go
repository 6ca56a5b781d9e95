package site

import (
	"encoding/hex"
	"time"

	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/fault"
)

// View is a site at one moment, for tests and the control page.
type View struct {
	Lines   []LineView    `json:"lines"`
	Readers []ReaderView  `json:"readers"`
	Panels  []PanelView   `json:"panels"`
	Playing []PlayingView `json:"playing"`
	At      time.Time     `json:"at"`
}

// LineView is one line.
type LineView struct {
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`    // "serial" or "tcp"
	Framing string         `json:"framing"` // rtu, ascii, mbap
	Mode    string         `json:"mode,omitempty"`
	Address string         `json:"address"`
	FarEnd  string         `json:"far_end,omitempty"`
	Away    *time.Time     `json:"away_until,omitempty"`
	Stats   bus.Stats      `json:"stats"`
	Faults  []fault.Active `json:"faults"`
	Units   []UnitView     `json:"units"`
}

// UnitView is one unit.
type UnitView struct {
	Name     string         `json:"name"`
	Model    string         `json:"model"`
	Unit     uint8          `json:"unit"`
	Reaction string         `json:"reaction"`
	Requests uint64         `json:"requests"`
	Down     *time.Time     `json:"down_until,omitempty"`
	Faults   []fault.Active `json:"faults"`
	Base     *fault.Fault   `json:"base,omitempty"` // decided by the building
	Values   []ValueView    `json:"values"`
}

// ValueView is one value of a unit.
type ValueView struct {
	Name  string   `json:"name"`
	Unit  string   `json:"unit,omitempty"`
	Value float64  `json:"value"`
	Flag  bool     `json:"flag,omitempty"`
	Min   *float64 `json:"min,omitempty"` // only of a value that can be set
	Max   *float64 `json:"max,omitempty"`
}

// PanelView is one fire panel's port.
type PanelView struct {
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`
	Link    string         `json:"link"`
	Said    uint64         `json:"said"` // events
	Waiting int            `json:"waiting"`
	Last    string         `json:"last,omitempty"`
	Faults  []fault.Active `json:"faults"`
	Away    *time.Time     `json:"away_until,omitempty"`
}

// ReaderView is one tag reader.
type ReaderView struct {
	Name string     `json:"name"`
	Kind string     `json:"kind"`
	Link string     `json:"link"`
	Card string     `json:"card,omitempty"`
	Away *time.Time `json:"away_until,omitempty"`
}

// PlayingView is one scenario at work.
type PlayingView struct {
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
	Round   int       `json:"round"`
	Problem string    `json:"problem,omitempty"`
}

// Look takes a view.
func (r *Running) Look() View {
	now := r.now()
	v := View{Lines: []LineView{}, Readers: []ReaderView{}, Panels: []PanelView{}, Playing: []PlayingView{}, At: now}
	for _, l := range r.lines {
		v.Lines = append(v.Lines, l.look(now))
	}
	for _, rd := range r.readers {
		rv := ReaderView{Name: rd.spec.Name, Kind: rd.spec.Kind, Link: rd.link, Card: hex.EncodeToString(rd.lying())}
		rv.Away = moment(rd.awayUntil())
		v.Readers = append(v.Readers, rv)
	}
	for _, p := range r.panels {
		v.Panels = append(v.Panels, p.look(now))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.playing {
		v.Playing = append(v.Playing, PlayingView{p.Name, p.Since, p.Round, p.Last})
	}
	return v
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (l *runningLine) look(now time.Time) LineView {
	out := LineView{
		Name: l.spec.Name, Address: l.wire.Address(), FarEnd: l.wire.FarEnd(), Away: moment(l.wire.Away()),
		Stats: l.wire.Stats(), Faults: append([]fault.Active{}, l.wire.Babble().List(now)...),
	}
	out.Kind, out.Framing = "tcp", "mbap"
	if s := l.spec.Serial; s != nil {
		out.Kind, out.Framing, out.Mode = "serial", "rtu", s.mode().String()
		if s.Framing != "" {
			out.Framing = s.Framing
		}
	} else if l.spec.TCP.Framing != "" {
		out.Framing = l.spec.TCP.Framing
	}
	for _, u := range l.units {
		out.Units = append(out.Units, lookUnit(u, now))
	}
	return out
}

func lookUnit(u *bus.Unit, now time.Time) UnitView {
	out := UnitView{
		Name: u.Name, Model: u.Model, Unit: u.ID, Reaction: u.React.String(), Requests: u.Requests.Load(),
		Down: moment(u.Down(now)), Faults: append([]fault.Active{}, u.Faults.List(now)...), Values: []ValueView{},
	}
	if u.Base != nil {
		if f := u.Base(); f != (fault.Fault{}) {
			out.Base = &f
		}
	}
	for _, k := range u.Knobs(now) {
		v := ValueView{Name: k.Name, Unit: k.Unit, Value: k.Get(), Flag: k.Flag}
		if k.Set != nil {
			v.Min, v.Max = &k.Min, &k.Max
		}
		out.Values = append(out.Values, v)
	}
	return out
}
