package device_test

import (
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/nfc"
	"anlan/drivers/paneltap"
	"anlan/drivers/profile"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
)

// These tests let a driver meet the simulated device on a real pty. Neither side knows
// the other's code: what they agree on, two readings of the documents agree on.

// patience is how long anything may take on a busy machine.
const patience = 20 * time.Second

// serve runs a simulated device on a pty until the test ends and returns its link.
func serve(t *testing.T, run func(context.Context, *line.Port) error) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "tty")
	port, err := line.OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) {
		if err := errors.Join(run(ctx, port), port.Close()); err != nil {
			t.Error(err)
		}
	})
	return link
}

// background runs f until the test ends.
func background(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// field is what lies on a reader.
type field struct {
	card  atomic.Pointer[[]byte]
	looks atomic.Int64
	moved chan struct{}
}

func (f *field) look() []byte {
	f.looks.Add(1)
	select {
	case f.moved <- struct{}{}:
	default:
	}
	if c := f.card.Load(); c != nil {
		return *c
	}
	return nil
}

// lay changes what lies there and waits until the reader has looked n times.
func (f *field) lay(t *testing.T, card []byte, n int64) {
	t.Helper()
	f.card.Store(&card)
	end := f.looks.Load() + n
	limit := time.After(patience)
	for f.looks.Load() < end {
		select {
		case <-f.moved:
		case <-limit:
			t.Fatal("the reader does not look at its field")
		}
	}
}

func TestReaders_AHeldCardIsOneTapOnARealLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		open  func(context.Context, nfc.Config) (drivers.Bus, error)
		run   func(*field) func(context.Context, *line.Port) error
		held  int64 // looks that last longer than a tag may be away
		cards [2]string
	}{
		{"rdm6300", nfc.OpenRDM6300, func(f *field) func(context.Context, *line.Port) error {
			return func(ctx context.Context, p *line.Port) error {
				return (&device.RDM6300{UART: line.UART{W: p, Baud: 9600, Bits: 10}, Card: f.look}).Run(ctx)
			}
		}, 30, [2]string{"62e3086ced", "0300aabb02"}},
		{"yhy522", nfc.OpenYHY522, func(f *field) func(context.Context, *line.Port) error {
			return func(ctx context.Context, p *line.Port) error {
				return (&device.YHY522{Port: p, UART: line.UART{W: p, Baud: 19200, Bits: 10}, Card: f.look}).Run(ctx)
			}
		}, 20, [2]string{"3d986201", "04aaaabb00f6f5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &field{moved: make(chan struct{}, 1)}
			bus, err := c.open(t.Context(), nfc.Config{Port: serve(t, c.run(f))})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := bus.Close(); err != nil {
					t.Error(err)
				}
			})
			dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-reader"})
			if err != nil {
				t.Fatal(err)
			}
			taps := make(chan string, 100)
			background(t, func(ctx context.Context) {
				err := dev.(drivers.Listener).Listen(ctx, func(tap drivers.Tap) { taps <- hex.EncodeToString(tap.UID) })
				if ctx.Err() == nil {
					t.Error(err)
				}
			})
			one, two := unhexed(t, c.cards[0]), unhexed(t, c.cards[1])
			f.lay(t, one, c.held)
			f.lay(t, nil, c.held)
			f.lay(t, one, c.held)
			f.lay(t, two, c.held)
			for i, want := range []string{c.cards[0], c.cards[0], c.cards[1]} {
				select {
				case got := <-taps:
					if got != want {
						t.Errorf("tap %d of %s, want %s", i, got, want)
					}
				case <-time.After(patience):
					t.Fatalf("no tap %d", i)
				}
			}
			if len(taps) > 0 {
				t.Errorf("%d taps more", len(taps))
			}
		})
	}
}

func unhexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// panel is a simulated panel and the tap on it.
type panel struct {
	events chan device.PanelEvent
	silent atomic.Bool
	heard  chan contract.Reading
}

// tapped runs a panel of a kind with a tap of a profile; its points are nodes.
func tapped(t *testing.T, kind string, p *profile.Profile, nodes ...string) *panel {
	t.Helper()
	s := &panel{events: make(chan device.PanelEvent, 10), heard: make(chan contract.Reading, 1000)}
	for _, n := range nodes {
		p.Points = append(p.Points, profile.Point{Name: "n" + n, Doc: n})
	}
	link := serve(t, func(ctx context.Context, port *line.Port) error {
		uart := line.UART{W: port, Baud: 9600, Bits: 10}
		if kind == device.PanelCRT {
			uart.Baud, uart.Bits = 2400, 11
		}
		return (&device.PanelPort{
			Kind: kind, UART: uart, Number: 1, BothWays: true, Every: 100 * time.Millisecond, Now: time.Now,
			Next: func() (e device.PanelEvent, some bool) {
				select {
				case e = <-s.events:
					return e, true
				default:
					return e, false
				}
			},
			Say: func(b []byte) []byte {
				if s.silent.Load() {
					return nil
				}
				return b
			},
		}).Run(ctx)
	})
	bus, err := paneltap.Open(t.Context(), paneltap.Config{Port: link, Profiles: profile.Library{"gst": p}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
	})
	dev, err := bus.Device(drivers.DeviceSpec{ID: "panel", Profile: "gst"})
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) {
		err := dev.(drivers.Source).Listen(ctx, func(rs []contract.Reading) {
			for _, r := range rs {
				select {
				case s.heard <- r:
				case <-ctx.Done():
				}
			}
		})
		if ctx.Err() == nil {
			t.Error(err)
		}
	})
	return s
}

// await waits until a node reads value at this quality.
func (s *panel) await(t *testing.T, node string, value float64, q contract.Quality) {
	t.Helper()
	limit := time.After(patience)
	var last contract.Reading
	for {
		select {
		case r := <-s.heard:
			if r.Point != contract.NewPointID("panel", "n"+node) {
				continue
			}
			if last = r; r.Quality == q && (r.Value == value || q != contract.Good) {
				return
			}
		case <-limit:
			t.Fatalf("waited for %s to read %v, %s; last %+v", node, value, q, last)
		}
	}
}

func crtProfile() *profile.Profile {
	return &profile.Profile{ID: "gst", Protocol: profile.ProtocolPanelCRT, Tap: profile.Tap{OfflineAfter: 2 * time.Second}}
}

func TestPanelCRT_TapHearsFireAndSilence(t *testing.T) {
	t.Parallel()
	s := tapped(t, device.PanelCRT, crtProfile(), "012034", "012035")
	s.events <- device.PanelEvent{Node: "012034", Is: "fire"}
	s.await(t, "012034", 1, contract.Good)
	s.events <- device.PanelEvent{Node: "012035", Is: "fault"}
	s.await(t, "012035", 2, contract.Good)
	s.silent.Store(true)
	s.await(t, "012034", 0, contract.Timeout)
	s.silent.Store(false)
	s.events <- device.PanelEvent{Node: "012034", Is: "fire"}
	s.await(t, "012034", 1, contract.Good)
}

func TestPanelCRT_TapFollowsTheNodes(t *testing.T) {
	t.Parallel()
	follow(t, tapped(t, device.PanelCRT, crtProfile(), "012034", "012035"), "012034", "012035")
}

// gst9000Profile reads the records of a GST9000's printer.
func gst9000Profile() *profile.Profile {
	return &profile.Profile{ID: "gst", Protocol: profile.ProtocolPanelPrinter, Tap: profile.Tap{
		End: "\n\n", Pattern: `\n  (?P<node>\d{3}-\d{3})?\n\x1b9(?P<word>[^\n]+)`,
		Words: map[string]string{"火警": "fire", "故障": "fault", "恢复": "normal", "火警恢复": "normal", "故障恢复": "normal", "屏蔽": "disabled",
			"屏蔽解除": "normal", "启动": "started", "停止": "stopped", "反馈": "feedback", "复位": "reset"}}}
}

func linesProfile() *profile.Profile {
	p := gst9000Profile()
	p.Tap.End, p.Tap.Pattern = "\n", `^(?P<word>\S+) (?P<node>\S+) `
	return p
}

func TestPanelPrinter_TapFollowsTheNodes(t *testing.T) {
	for kind, p := range map[string]*profile.Profile{device.PanelGST9000: gst9000Profile(), device.PanelLines: linesProfile()} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := tapped(t, kind, p, "004-017", "004-018")
			follow(t, s, "004-017", "004-018")
		})
	}
}

// follow has a panel tell of two nodes what it can.
func follow(t *testing.T, s *panel, one, two string) {
	t.Helper()
	for _, c := range []struct {
		e     device.PanelEvent
		value float64
	}{
		{device.PanelEvent{Node: one, Is: "fire", Text: "12层走廊"}, 1}, {device.PanelEvent{Node: two, Is: "fire"}, 1},
		{device.PanelEvent{Node: two, Is: "restored"}, 0}, {device.PanelEvent{Node: two, Is: "fault"}, 2}, {device.PanelEvent{Node: two, Is: "restored"}, 0},
		{device.PanelEvent{Node: two, Is: "shielded"}, 7}, {device.PanelEvent{Node: two, Is: "released"}, 0},
		{device.PanelEvent{Node: two, Is: "started"}, 5}, {device.PanelEvent{Node: two, Is: "feedback"}, 3}, {device.PanelEvent{Node: two, Is: "stopped"}, 6},
	} {
		if err := c.e.Check(); err != nil {
			t.Fatal(err)
		}
		s.events <- c.e
		s.await(t, c.e.Node, c.value, contract.Good)
	}
	s.events <- device.PanelEvent{Is: "mains-lost"}
	s.events <- device.PanelEvent{Is: "reset"}
	s.await(t, one, 0, contract.Good)
	s.await(t, two, 0, contract.Good)
}
