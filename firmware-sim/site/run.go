package site

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"sync"
	"time"

	"anlan/configs"
	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

// Options are where a site runs.
type Options struct {
	Dir string // folder of relative links
	// Now is the clock of the devices; nil is time.Now.
	Now func() time.Time
}

// wire is a line as it runs: [bus.Serial] or [bus.TCP].
type wire interface {
	Run(ctx context.Context) error
	Address() string
	FarEnd() string
	Away() time.Time
	Unplug(d time.Duration) error
	Replug()
	Babble() *fault.Box
	Poke()
	Stats() bus.Stats
}

type runningLine struct {
	spec  Line
	wire  wire
	units []*bus.Unit

	mu       sync.Mutex
	babblers map[string][]int // orders of noise by the unit that makes it
}

// Running is a site at work. Its methods may be called from any goroutine.
type Running struct {
	lines   []*runningLine
	readers []*reader
	panels  []*panel
	now     func() time.Time
	cancel  context.CancelFunc
	done    chan struct{}
	err     error

	mu      sync.Mutex
	ctx     context.Context
	playing []*playing
	wg      sync.WaitGroup
	closed  bool
}

// Start opens every line and serves them until ctx ends or [Running.Close]. A config
// made in Go is checked as a file is.
func Start(ctx context.Context, cfg Config, o Options) (*Running, error) {
	if err := cfg.check(&configs.Document{File: "site"}).Err(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Running{now: o.Now, cancel: cancel, done: make(chan struct{}), ctx: ctx}
	err := r.open(cfg, o)
	runCtx, fail := context.WithCancelCause(ctx)
	for _, job := range r.jobs() {
		r.wg.Go(func() {
			if err := job.run(runCtx); err != nil {
				fail(fmt.Errorf("site: %s: %w", job.name, err))
			}
		})
	}
	go func() {
		<-runCtx.Done()
		r.mu.Lock()
		r.closed = true
		r.mu.Unlock()
		cancel()
		r.wg.Wait()
		if cause := context.Cause(runCtx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
			r.err = cause
		}
		fail(nil)
		close(r.done)
	}()
	if err != nil {
		fail(err)
		return nil, r.Wait()
	}
	return r, nil
}

// open makes lines, readers and panels; those that opened before an error are in r.
func (r *Running) open(cfg Config, o Options) error {
	for _, l := range cfg.Lines {
		rl := &runningLine{spec: l, babblers: map[string][]int{}}
		for i := range l.Units {
			rl.units = append(rl.units, newUnit(&l.Units[i], seedOf(cfg.Seed, l.Units[i].Name)))
		}
		var err error
		if rl.wire, err = openLine(l, rl.units, o.Dir, seedOf(cfg.Seed, l.Name)); err != nil {
			return fmt.Errorf("site: %s: %w", l.Name, err)
		}
		r.lines = append(r.lines, rl)
	}
	for _, spec := range cfg.Readers {
		rd, err := openReader(spec, place(o.Dir, spec.Link))
		if err != nil {
			return fmt.Errorf("site: %s: %w", spec.Name, err)
		}
		r.readers = append(r.readers, rd)
	}
	for _, spec := range cfg.Panels {
		p, err := openPanel(spec, place(o.Dir, spec.Link), seedOf(cfg.Seed, spec.Name), r.now)
		if err != nil {
			return fmt.Errorf("site: %s: %w", spec.Name, err)
		}
		r.panels = append(r.panels, p)
	}
	return nil
}

// openLine makes a line; a nil pointer does not become a wire.
func openLine(l Line, units []*bus.Unit, dir string, seed uint64) (wire, error) {
	if l.TCP != nil {
		t, err := bus.NewTCP(&bus.TCP{Listen: l.TCP.Listen, RTU: l.TCP.Framing == "rtu", InFlight: l.TCP.InFlight}, units, seed)
		if err != nil {
			return nil, err
		}
		return t, nil
	}
	s := &bus.Serial{Mode: l.Serial.mode(), ASCII: l.Serial.Framing == "ascii", Device: l.Serial.Port}
	if l.Serial.Link != "" {
		s.Link = place(dir, l.Serial.Link)
	}
	s, err := bus.NewSerial(s, units, seed)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func place(dir, link string) string {
	if filepath.IsAbs(link) {
		return link
	}
	return filepath.Join(dir, link)
}

// seedOf gives everything its own luck, the same in each run.
func seedOf(seed uint64, name string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", seed, name)
	return h.Sum64()
}

func newUnit(u *Unit, seed uint64) *bus.Unit {
	spec := bus.Spec{Name: u.Name, Model: u.Model, ID: u.Unit, React: u.Reaction}
	if d := u.Device; d != nil {
		spec.Memory, spec.Base, spec.Lock = d.Memory, d.Fault, d.Lock
	} else {
		spec.Fresh = func() device.Memory { return u.device() }
		spec.Memory = spec.Fresh()
	}
	return bus.NewUnit(spec, seed)
}

type job struct {
	name string
	run  func(context.Context) error
}

func (r *Running) jobs() []job {
	out := []job{{"clock", r.tick}}
	for _, l := range r.lines {
		out = append(out, job{l.spec.Name, l.wire.Run})
	}
	for _, rd := range r.readers {
		out = append(out, job{rd.spec.Name, rd.run})
	}
	for _, p := range r.panels {
		out = append(out, job{p.spec.Name, p.run})
	}
	return out
}

const tickEvery = 100 * time.Millisecond

// tick lets time pass for the devices that are not asked anything.
func (r *Running) tick(ctx context.Context) error {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		now := r.now()
		for _, l := range r.lines {
			for _, u := range l.units {
				u.Step(now)
			}
		}
	}
}

// Wait blocks until the site has stopped and tells why; nil if it was asked to.
func (r *Running) Wait() error {
	<-r.done
	return r.err
}

// Close stops the site.
func (r *Running) Close() error {
	r.cancel()
	return r.Wait()
}

// Address is what the software under test opens to reach a line, reader or panel: a path or
// host:port; "" if there is none of that name.
func (r *Running) Address(name string) string {
	return r.Addresses()[name]
}

// Addresses are those of every line, reader and panel by name.
func (r *Running) Addresses() map[string]string {
	out := map[string]string{}
	for _, l := range r.lines {
		out[l.spec.Name] = l.wire.Address()
	}
	for _, rd := range r.readers {
		out[rd.spec.Name] = rd.link
	}
	for _, p := range r.panels {
		out[p.spec.Name] = p.link
	}
	return out
}
