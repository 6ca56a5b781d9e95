package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// Panel is a port on which a fire panel talks to whoever listens.
type Panel struct {
	Name string `yaml:"name,required"`
	Kind string `yaml:"kind,required"` // gst500-crt, gst9000-printer, line-printer
	Link string `yaml:"link,required"`
	Baud int    `yaml:"baud"` // 0 is 2400 on a CRT port, 9600 on a printer's
	// Number is the panel's on a CRT port; 0 is 1.
	Number uint8 `yaml:"number"`
	// Every is from one turn of a CRT port to the next; 0 is 1 s.
	Every time.Duration `yaml:"every"`
	// BothWays puts what the CRT says on the line too.
	BothWays bool `yaml:"both_ways"`
}

func (k *checker) panel(path string, p Panel) {
	k.name(k.lines, path, p.Name)
	k.once(k.places, path+".link", p.Link, "a link")
	if p.Kind != "" {
		k.oneOf(path+".kind", p.Kind, device.PanelKinds()...)
	}
	if p.Baud != 0 && (p.Baud < 50 || p.Baud > 115200) {
		k.add(path+".baud", strconv.Itoa(p.Baud), "50 to 115200")
	}
	if p.Kind != device.PanelCRT && (p.Number != 0 || p.Every != 0 || p.BothWays) {
		k.add(path, "number, every or both_ways of a printer", "them only with gst500-crt")
	}
	if p.Number > 99 {
		k.add(path+".number", strconv.Itoa(int(p.Number)), "1 to 99")
	}
	if p.Every < 0 || p.Every > time.Minute {
		k.add(path+".every", p.Every.String(), "at most 1m")
	}
}

// eventsWaiting is how many events a panel keeps until it has said them.
const eventsWaiting = 100

// panel is such a port at work.
type panel struct {
	*socket
	spec   Panel
	faults *fault.Box
	now    func() time.Time

	mu      sync.Mutex
	waiting []device.PanelEvent
	said    uint64
	last    device.PanelEvent
}

func openPanel(spec Panel, link string, seed uint64, now func() time.Time) (*panel, error) {
	s, err := openSocket(link)
	if err != nil {
		return nil, err
	}
	return &panel{socket: s, spec: spec, faults: fault.NewBox(seed), now: now}, nil
}

func (p *panel) run(ctx context.Context) error { return p.socket.run(ctx, p.serve) }

func (p *panel) serve(ctx context.Context, port *line.Port) error {
	uart := line.UART{W: port, Baud: p.spec.Baud, Bits: 10}
	if p.spec.Kind == device.PanelCRT {
		uart.Bits = 11
	}
	if uart.Baud == 0 {
		uart.Baud = map[bool]int{true: 2400, false: 9600}[p.spec.Kind == device.PanelCRT]
	}
	return (&device.PanelPort{
		Kind: p.spec.Kind, UART: uart, Number: max(p.spec.Number, 1), BothWays: p.spec.BothWays, Every: p.spec.Every,
		Now: p.now, Next: p.next, Say: p.say,
	}).Run(ctx)
}

func (p *panel) next() (e device.PanelEvent, some bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return e, false
	}
	e, p.waiting = p.waiting[0], p.waiting[1:]
	p.last, p.said = e, p.said+1
	return e, true
}

// say is what comes out of a broken panel in place of b.
func (p *panel) say(b []byte) []byte {
	orders := p.faults.Draw(p.now())
	for _, o := range orders {
		if o.Kind == fault.Silent {
			return nil
		}
	}
	var out []byte
	x := fault.Exchange{PDU: b, Wrap: func(_ byte, pdu []byte) []byte { return pdu }}
	for _, e := range p.faults.Apply(orders, x) {
		out = append(out, e.Bytes...)
	}
	return out
}

// panelFaults are the kinds that make sense for a port that is only listened to.
func panelFaults() []fault.Kind {
	return []fault.Kind{fault.Silent, fault.Lost, fault.Corrupt, fault.Short, fault.Duplicate, fault.NoiseBefore, fault.NoiseAfter, fault.Unplug}
}

// refuses reports why a step makes no sense for this panel; a pattern leaves it out then.
func (p *panel) refuses(s Step) error {
	var err error
	switch {
	case s.Event != nil:
		err = errors.Join(s.Event.Check(), device.CheckNode(p.spec.Kind, s.Event.Node))
	case s.Fault != nil && !slices.Contains(panelFaults(), s.Fault.Kind):
		err = fmt.Errorf("a panel knows no %s", s.Fault.Kind)
	case s.Fault != nil:
		err = s.Fault.Err()
	case !s.Clear:
		err = errors.New("neither event, fault nor clear")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.spec.Name, err)
	}
	return nil
}

func (p *panel) do(s Step, now time.Time) error {
	switch {
	case s.Clear:
		p.faults.Clear()
		p.replugNow()
	case s.Fault != nil && s.Fault.Kind == fault.Unplug:
		p.pull(down(*s.Fault))
	case s.Fault != nil:
		p.faults.Add(*s.Fault, now)
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.waiting) >= eventsWaiting {
			return fmt.Errorf("%s: %d events wait to be said already", p.spec.Name, len(p.waiting))
		}
		p.waiting = append(p.waiting, *s.Event)
	}
	return nil
}

// look shows the panel.
func (p *panel) look(now time.Time) PanelView {
	v := PanelView{Name: p.spec.Name, Kind: p.spec.Kind, Link: p.link, Faults: append([]fault.Active{}, p.faults.List(now)...), Away: moment(p.awayUntil())}
	p.mu.Lock()
	defer p.mu.Unlock()
	v.Said, v.Waiting = p.said, len(p.waiting)
	if p.said > 0 {
		v.Last = p.last.Is
		if p.last.Node != "" {
			v.Last += " " + p.last.Node
		}
	}
	return v
}
