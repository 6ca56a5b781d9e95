package device

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"anlan/firmware-sim/line"
)

// Kinds of ports on which a fire panel talks to whoever listens.
const (
	PanelCRT     = "gst500-crt"      // 海湾 GST500 and GST5000, the port for a CRT
	PanelGST9000 = "gst9000-printer" // 海湾 GST9000, as it prints
	PanelLines   = "line-printer"    // one line an event; a layout of ours
)

// PanelKinds lists them.
func PanelKinds() []string { return []string{PanelCRT, PanelGST9000, PanelLines} }

// PanelEvent is something a fire panel tells.
type PanelEvent struct {
	Node string `yaml:"node"`        // as this panel writes it; none for what is of the panel itself
	Is   string `yaml:"is,required"` // see PanelWords
	Type uint8  `yaml:"type"`        // of the device at the node, its two digits as a number: 3 is a smoke detector; 0 is a usual one
	Text string `yaml:"text"`        // where, as a printer prints it
}

// panelWord is what can happen to a node or a panel.
type panelWord struct {
	name    string
	ofPanel bool
	head    byte // on a CRT port
	code    byte // event code, or the low half of the panel's state
	usual   uint8
	zh      string // on a printer
}

func panelWords() []panelWord {
	return []panelWord{
		{name: "fire", head: crtAlarm, code: 1, usual: 3, zh: "火警"},
		{name: "feedback", head: crtAlarm, code: 1, usual: 19, zh: "反馈"},
		{name: "started", head: crtAlarm, code: 2, usual: 19, zh: "启动"},
		{name: "stopped", head: crtAlarm, code: 3, usual: 19, zh: "停止"},
		{name: "restored", head: crtAlarm, code: 0, usual: 3, zh: "恢复"},
		{name: "fault", head: crtFault, code: 0, usual: 3, zh: "故障"},
		{name: "shielded", head: crtFault, code: 1, usual: 3, zh: "屏蔽"},
		{name: "released", head: crtFault, code: 2, usual: 3, zh: "屏蔽解除"},
		{name: "reset", ofPanel: true, head: crtReset, zh: "系统复位"},
		{name: "silenced", ofPanel: true, head: crtSilenced, zh: "消音"},
		{name: "mains-lost", ofPanel: true, head: crtPanel, code: 1, zh: "主电故障"},
		{name: "mains-back", ofPanel: true, head: crtPanel, code: 2, zh: "主电恢复"},
		{name: "battery-lost", ofPanel: true, head: crtPanel, code: 3, zh: "备电故障"},
		{name: "battery-back", ofPanel: true, head: crtPanel, code: 4, zh: "备电恢复"},
	}
}

// PanelWords lists what a panel can tell: of nodes, then of itself.
func PanelWords() (nodes, panel []string) {
	for _, w := range panelWords() {
		if w.ofPanel {
			panel = append(panel, w.name)
		} else {
			nodes = append(nodes, w.name)
		}
	}
	return nodes, panel
}

func (e PanelEvent) word() (panelWord, bool) {
	all := panelWords()
	i := slices.IndexFunc(all, func(w panelWord) bool { return w.name == e.Is })
	if i < 0 {
		return panelWord{}, false
	}
	return all[i], true
}

// Check reports what is wrong with the event, whatever the panel.
func (e PanelEvent) Check() error {
	w, ok := e.word()
	nodes, panel := PanelWords()
	switch {
	case !ok:
		return fmt.Errorf("device: event %q, want one of %s", e.Is, strings.Join(append(nodes, panel...), ", "))
	case w.ofPanel && (e.Node != "" || e.Type != 0 || e.Text != ""):
		return fmt.Errorf("device: event %s is of the panel itself, without node, type or text", e.Is)
	case !w.ofPanel && e.Node == "":
		return fmt.Errorf("device: event %s of no node", e.Is)
	case e.Type > 99:
		return fmt.Errorf("device: type %d, want 1 to 99", e.Type)
	case !utf8.ValidString(e.Text) || strings.ContainsFunc(e.Text, unicode.IsControl):
		return fmt.Errorf("device: text %q, want one line", e.Text)
	}
	if e.Is == "fire" && !firing(e.kind(w)) || e.Is == "feedback" && (firing(e.kind(w)) || monitored(e.kind(w))) {
		return fmt.Errorf("device: type %d says no %s", e.Type, e.Is)
	}
	if (e.Is == "started" || e.Is == "stopped") && e.kind(w) < 12 {
		return fmt.Errorf("device: type %d can not be %s", e.Type, e.Is)
	}
	return nil
}

func (e PanelEvent) kind(w panelWord) uint8 {
	if e.Type == 0 {
		return w.usual
	}
	return e.Type
}

// firing are the types whose event 1 is a fire, monitored those whose event 1 is an alarm
// of another sort; of all others it is a feedback.
func firing(kind uint8) bool    { return kind <= 11 || kind >= 80 && kind <= 90 }
func monitored(kind uint8) bool { return slices.Contains([]uint8{29, 30, 32, 48, 69}, kind) }

// CheckNode reports whether a panel of this kind could write such a node.
func CheckNode(kind, node string) error {
	form, want := `^\d{6}$`, "six digits such as 012034"
	switch kind {
	case PanelGST9000:
		form, want = `^\d{3}-\d{3}$`, "loop and point such as 004-017"
	case PanelLines:
		form, want = `^\d{1,3}-\d{1,4}$`, "loop and point such as 12-034"
	}
	if node != "" && !regexp.MustCompile(form).MatchString(node) {
		return fmt.Errorf("device: node %q on a %s, want %s", node, kind, want)
	}
	return nil
}

// PanelPort is such a port. It hears nothing that is said to it.
type PanelPort struct {
	Kind     string
	UART     line.UART
	Number   uint8 // of the panel, on a CRT port
	BothWays bool  // the CRT's own bytes are on the line too
	Every    time.Duration
	Now      func() time.Time
	Next     func() (PanelEvent, bool) // takes the next event
	Say      func([]byte) []byte       // what is sent in place of this; nil is nothing

	since map[string]string // what nodes last said, since the reset
	fires int
}

// Run serves until ctx ends or the port fails.
func (p *PanelPort) Run(ctx context.Context) error {
	p.since, p.fires = map[string]string{}, 0
	for next := time.Now(); ; {
		if err := line.SleepUntil(ctx, next); err != nil {
			return ignoreCancel(ctx, err)
		}
		var out []byte
		e, some := p.Next()
		switch {
		case p.Kind == PanelCRT:
			out = p.turn(e, some)
		case some:
			out = p.print(e)
		}
		if len(out) > 0 {
			out = p.Say(out)
		}
		if err := p.UART.Send(ctx, out); err != nil {
			return ignoreCancel(ctx, err)
		}
		next = later(next.Add(p.every()), time.Now().Add(-p.every()))
	}
}

func (p *PanelPort) every() time.Duration {
	switch {
	case p.Every > 0:
		return p.Every
	case p.Kind == PanelCRT:
		return time.Second
	}
	return 50 * time.Millisecond
}
