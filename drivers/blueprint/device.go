package blueprint

import (
	"context"
	"fmt"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
)

// Device is one module.
type Device struct {
	bus     *Bus
	id      contract.DeviceID
	address uint8
	pace    profile.Timing
	points  []point
}

var (
	_ drivers.Device = (*Device)(nil)
	_ drivers.Writer = (*Device)(nil)
)

// point is a channel that the profile gives a name.
type point struct {
	profile.Point
	id      contract.PointID
	output  bool
	channel int
}

// Device binds a module. Its profile must be of protocol dcon and name its points after
// the terminals: in0 to in7, out0 to out7.
func (b *Bus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	p := b.profiles[spec.Profile]
	switch {
	case p == nil:
		return nil, fmt.Errorf("blueprint: bind %s: no profile %q", spec.ID, spec.Profile)
	case p.Protocol != profile.ProtocolDCON:
		return nil, fmt.Errorf("blueprint: bind %s: profile %q speaks %s", spec.ID, spec.Profile, p.Protocol)
	}
	d := &Device{bus: b, id: spec.ID, address: spec.Unit, pace: p.Timing.Filled()}
	for _, pt := range p.Points {
		at := point{Point: pt, id: contract.NewPointID(spec.ID, pt.Name)}
		var err error
		if at.output, at.channel, err = terminal(pt.Name); err != nil {
			return nil, fmt.Errorf("blueprint: bind %s: %w", spec.ID, err)
		}
		if pt.Writable && !at.output {
			return nil, fmt.Errorf("blueprint: bind %s: %s is an input and can not be written", spec.ID, pt.Name)
		}
		d.points = append(d.points, at)
	}
	return d, nil
}

// terminal tells which terminal a point's name means.
func terminal(name string) (output bool, channel int, err error) {
	for n := range 8 {
		switch name {
		case fmt.Sprintf("in%d", n):
			return false, n, nil
		case fmt.Sprintf("out%d", n):
			return true, n, nil
		}
	}
	return false, 0, fmt.Errorf("no terminal %q, want in0 to in7 or out0 to out7", name)
}

// charTime is one character of 10 bits at 9600 baud.
const charTime = 10 * time.Second / 9600

// Groups is a single one: a module tells all its terminals in one answer.
func (d *Device) Groups() []drivers.Group {
	g := drivers.Group{Cost: 17*charTime + d.pace.ReactionMax} // "$AA6cc\r" and "!OOII00cc\r"
	for _, p := range d.points {
		g.Points = append(g.Points, p.id)
		g.Alarm = g.Alarm || p.Alarm
	}
	return []drivers.Group{g}
}

// Read asks the module once.
func (d *Device) Read(ctx context.Context, group int) ([]contract.Reading, error) {
	if group != 0 {
		return nil, fmt.Errorf("blueprint: read %s: group %d of 1: %w", d.id, group, drivers.ErrNoPoint)
	}
	s, at, err := d.state(ctx)
	if err != nil {
		return nil, fmt.Errorf("blueprint: read %s: %w", d.id, err)
	}
	out := make([]contract.Reading, len(d.points))
	for i, p := range d.points {
		out[i] = contract.Reading{Point: p.id, Value: p.of(s), Quality: contract.Good, At: at, Checked: at}
	}
	return out, nil
}

// state reads the terminals.
func (d *Device) state(ctx context.Context) (s state, at time.Time, err error) {
	at, err = d.ask(ctx, fmt.Sprintf("$%02X6", d.address), func(answer string) (err error) {
		s, err = parseState(answer)
		return err
	})
	return s, at, err
}

// ask puts a question to the module and lets take judge the answer. One that does not fit
// the question belongs to another, and then there is one too many on the line.
func (d *Device) ask(ctx context.Context, question string, take func(answer string) error) (time.Time, error) {
	text, at, err := d.bus.ask(ctx, question, d.pace)
	if err != nil {
		return at, err
	}
	if text == fmt.Sprintf("?%02X", d.address) {
		return at, fmt.Errorf("the module refuses: %w", drivers.ErrException)
	}
	if err := take(text); err != nil {
		d.bus.rest(d.pace)
		return at, err
	}
	return at, nil
}

// of is the point's bit in a state.
func (p *point) of(s state) float64 {
	bits := s.in
	if p.output {
		bits = s.out
	}
	return float64(bits >> p.channel & 1)
}

// Write switches an output and looks whether it is switched: the module's "done" names
// neither module nor channel.
func (d *Device) Write(ctx context.Context, id contract.PointID, value float64) error {
	for i := range d.points {
		p := &d.points[i]
		if p.id != id {
			continue
		}
		if !p.Writable || value != 0 && value != 1 {
			return fmt.Errorf("blueprint: write %s=%g: %w", id, value, drivers.ErrNotWritable)
		}
		if err := d.set(ctx, p, value); err != nil {
			return fmt.Errorf("blueprint: write %s=%g: %w", id, value, err)
		}
		return nil
	}
	return fmt.Errorf("blueprint: write %s: %w", id, drivers.ErrNoPoint)
}

func (d *Device) set(ctx context.Context, p *point, value float64) error {
	_, err := d.ask(ctx, fmt.Sprintf("#%02X1%d%02X", d.address, p.channel, int(value)), func(answer string) error {
		if answer != ">" {
			return fmt.Errorf("%q instead of \">\": %w", answer, drivers.ErrCorrupt)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s, _, err := d.state(ctx)
	if err != nil {
		return err
	}
	if p.of(s) != value {
		return fmt.Errorf("the output did not switch: %w", drivers.ErrException)
	}
	return nil
}
