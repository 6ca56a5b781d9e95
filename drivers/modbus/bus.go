package modbus

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// RTUConfig names a serial line. Zero values are 9600 8N1.
type RTUConfig struct {
	Port     string
	Baud     int
	Parity   string // none, even, odd
	StopBits int    // 1 or 2
	Profiles profile.Library
	Logger   *slog.Logger
	// Paced says of a pseudo-terminal that its far end keeps the wire time of Baud, so
	// that the earliest-answer rule holds there too. A real port always does.
	Paced bool
}

// TCPConfig names a Modbus TCP server.
type TCPConfig struct {
	Address     string // host:port
	Profiles    profile.Library
	DialTimeout time.Duration // 0 = 3 s
	Logger      *slog.Logger
}

// Bus is a serial line or a connection with the devices on it.
type Bus struct {
	client   *Client
	profiles profile.Library
	line     profile.Line
	log      *slog.Logger
}

var (
	_ drivers.Bus    = (*Bus)(nil)
	_ drivers.Device = (*Device)(nil)
	_ drivers.Writer = (*Device)(nil)
)

// OpenRTU opens the port for this process alone.
func OpenRTU(cfg RTUConfig) (*Bus, error) {
	mode := serialport.Mode{Baud: cfg.Baud, Parity: cfg.Parity, StopBits: cfg.StopBits}.Filled()
	port, err := serialport.Open(cfg.Port, mode)
	if err != nil {
		return nil, fmt.Errorf("modbus: open line: %w", err)
	}
	opts := RTUOptions{Baud: mode.Baud, BitsPerChar: mode.BitsPerChar(), Unpaced: port.Pseudo() && !cfg.Paced, Wait: serialport.WaitUntil}
	client := NewRTU(port, opts)
	tc := opts.charTime()
	return newBus(client, cfg.Profiles, profile.Line{CharTime: tc, Silence: opts.silence(), Overhead: 13}, cfg.Logger), nil
}

// OpenTCP connects. Reconnecting is the caller's, by opening anew.
func OpenTCP(ctx context.Context, cfg TCPConfig) (*Bus, error) {
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 3 * time.Second
	}
	dialer := net.Dialer{Timeout: cfg.DialTimeout, KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("modbus: open connection: %w: %w", drivers.ErrLinkDown, err)
	}
	// A frame costs next to nothing here; a round trip does.
	return newBus(NewTCP(conn), cfg.Profiles, profile.Line{CharTime: time.Microsecond, Overhead: 20}, cfg.Logger), nil
}

func newBus(client *Client, lib profile.Library, line profile.Line, log *slog.Logger) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{client: client, profiles: lib, line: line, log: log}
}

// Counters may be read from any goroutine.
func (b *Bus) Counters() Counters { return b.client.Counters() }

// Close releases the port or connection.
func (b *Bus) Close() error { return b.client.Close() }

// turnaround stands in for a device whose manual does not tell.
const turnaround = 5 * time.Millisecond

// Device binds a device; spec.Profile must be a Modbus profile of the library. What it
// returns is a [*Device].
func (b *Bus) Device(spec drivers.DeviceSpec) (drivers.Device, error) {
	p, ok := b.profiles[spec.Profile]
	switch {
	case !ok:
		return nil, fmt.Errorf("modbus: bind %s: no profile %q", spec.ID, spec.Profile)
	case p.Protocol != profile.ProtocolModbus:
		return nil, fmt.Errorf("modbus: bind %s: profile %q speaks %s", spec.ID, spec.Profile, p.Protocol)
	}
	line := b.line
	line.Turnaround = cmpOr(p.Timing.ReactionMax, turnaround)
	d := &Device{bus: b, spec: spec, profile: p, plan: p.Plan(line)}
	for _, g := range d.plan {
		group := drivers.Group{Alarm: g.Alarm, Cost: g.Cost}
		for _, i := range g.Points {
			group.Points = append(group.Points, contract.NewPointID(spec.ID, p.Points[i].Name))
		}
		d.groups = append(d.groups, group)
	}
	b.client.SetTiming(spec.Unit, p.Timing)
	return d, nil
}

func cmpOr(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}

// Device is one unit read and written by its profile.
type Device struct {
	bus     *Bus
	spec    drivers.DeviceSpec
	profile *profile.Profile
	plan    []profile.Group
	groups  []drivers.Group
}

// Groups lists the planned transactions, alarm groups first.
func (d *Device) Groups() []drivers.Group { return slices.Clone(d.groups) }

// Read asks one group.
func (d *Device) Read(ctx context.Context, group int) ([]contract.Reading, error) {
	if group < 0 || group >= len(d.plan) {
		return nil, fmt.Errorf("modbus: read %s: group %d of %d: %w", d.spec.ID, group, len(d.plan), drivers.ErrNoPoint)
	}
	g := d.plan[group]
	var (
		b   profile.Block
		at  time.Time
		err error
	)
	c, unit, n := d.bus.client, d.spec.Unit, uint16(g.Count)
	switch g.Table {
	case profile.Coil:
		b.Bits, at, err = c.readBits(ctx, unit, fcReadCoils, g.Address, n)
	case profile.Discrete:
		b.Bits, at, err = c.readBits(ctx, unit, fcReadDiscreteInputs, g.Address, n)
	case profile.Holding:
		b.Registers, at, err = c.readRegisters(ctx, unit, fcReadHoldingRegisters, g.Address, n)
	default:
		b.Registers, at, err = c.readRegisters(ctx, unit, fcReadInputRegisters, g.Address, n)
	}
	if err != nil {
		return nil, fmt.Errorf("modbus: read %s: %w", d.spec.ID, err)
	}
	return d.profile.Decode(d.spec.ID, g, b, at)
}

// Write sets a point the profile declares writable. There is no other way from a device
// to a write, so what the profile forbids can not be sent.
func (d *Device) Write(ctx context.Context, point contract.PointID, value float64) error {
	if point.Device() != d.spec.ID {
		return fmt.Errorf("modbus: write %s: not of %s: %w", point, d.spec.ID, drivers.ErrNoPoint)
	}
	w, err := d.profile.Encode(point.Name(), value)
	if err != nil {
		return err
	}
	if err := d.send(ctx, w); err != nil {
		return fmt.Errorf("modbus: write %s: %w", point, err)
	}
	d.bus.log.Debug("written", "point", point, "value", value)
	return nil
}

func (d *Device) send(ctx context.Context, w profile.Write) error {
	c, unit := d.bus.client, d.spec.Unit
	switch {
	case w.Table == profile.Coil && w.Multiple:
		return c.WriteMultipleCoils(ctx, unit, w.Address, []bool{w.Words[0] == CoilOn})
	case w.Table == profile.Coil:
		return c.writeRaw(ctx, unit, fcWriteSingleCoil, w.Address, w.Words[0])
	case w.Multiple:
		return c.WriteMultipleRegisters(ctx, unit, w.Address, w.Words)
	}
	return c.WriteSingleRegister(ctx, unit, w.Address, w.Words[0])
}
