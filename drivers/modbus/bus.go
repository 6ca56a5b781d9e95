package modbus

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

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
	DataBits int    // 7 or 8
	RS485    *serialport.RS485
	ASCII    bool // the standard's ASCII framing in place of RTU
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
	// RTU, if set, says that the far end is a gateway that hands the bytes of a serial
	// line through as they are, and how that line is set.
	RTU *GatewayLine
}

// GatewayLine is the serial line behind a transparent gateway. Zero values are 9600 8N1.
type GatewayLine struct {
	Baud        int
	BitsPerChar int
	ASCII       bool
}

// Bus is a serial line or a connection with the devices on it.
type Bus struct {
	client   *Client
	profiles profile.Library
	line     profile.Line
	log      *slog.Logger
}

var _ drivers.Bus = (*Bus)(nil)

// OpenRTU opens the port for this process alone.
func OpenRTU(cfg RTUConfig) (*Bus, error) {
	mode := serialport.Mode{Baud: cfg.Baud, Parity: cfg.Parity, StopBits: cfg.StopBits, DataBits: cfg.DataBits, RS485: cfg.RS485}.Filled()
	port, err := serialport.Open(cfg.Port, mode)
	if err != nil {
		return nil, fmt.Errorf("modbus: open line: %w", err)
	}
	opts := RTUOptions{Baud: mode.Baud, BitsPerChar: mode.BitsPerChar(), ASCII: cfg.ASCII, Unpaced: port.Pseudo() && !cfg.Paced, Wait: serialport.WaitUntil}
	client := NewRTU(port, opts)
	return newBus(client, cfg.Profiles, SerialLine(mode.Baud, mode.BitsPerChar(), cfg.ASCII), cfg.Logger), nil
}

// SerialLine is what transactions cost on a serial line, RTU or ASCII.
func SerialLine(baud, bitsPerChar int, ascii bool) profile.Line {
	o := RTUOptions{Baud: baud, BitsPerChar: bitsPerChar}
	if ascii {
		// Two characters for each byte, a colon, and CR LF; no silence has to be kept.
		return profile.Line{CharTime: 2 * o.charTime(), Overhead: 14}
	}
	return profile.Line{CharTime: o.charTime(), Silence: o.silence(), Overhead: 13}
}

// TCPLine is what transactions cost on a connection: a frame costs next to nothing
// there, a round trip does.
func TCPLine() profile.Line { return profile.Line{CharTime: time.Microsecond, Overhead: 20} }

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
	if g := cfg.RTU; g != nil {
		opts := RTUOptions{Baud: g.Baud, BitsPerChar: g.BitsPerChar, ASCII: g.ASCII, Unpaced: true, Wait: serialport.WaitUntil}.filled()
		return newBus(NewRTU(conn, opts), cfg.Profiles, SerialLine(opts.Baud, opts.BitsPerChar, g.ASCII), cfg.Logger), nil
	}
	return newBus(NewTCP(conn), cfg.Profiles, TCPLine(), cfg.Logger), nil
}

func newBus(client *Client, lib profile.Library, line profile.Line, log *slog.Logger) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{client: client, profiles: lib, line: line, log: log}
}

// Client asks the line or connection directly, for commissioning; it shares the owner of
// the bus.
func (b *Bus) Client() *Client { return b.client }

// Counters may be read from any goroutine.
func (b *Bus) Counters() Counters { return b.client.Counters() }

// Close releases the port or connection.
func (b *Bus) Close() error { return b.client.Close() }

// Turnaround is what transactions are planned with where a manual does not tell.
const Turnaround = 5 * time.Millisecond

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
	b.client.SetTiming(spec.Unit, p.Timing)
	if err := b.client.SetDialect(spec.Unit, p.Dialect); err != nil {
		return nil, fmt.Errorf("modbus: bind %s: %w", spec.ID, err)
	}
	d := &Device{bus: b, spec: spec, profile: p, line: b.line}
	d.line.Turnaround = cmpOr(p.Timing.ReactionMax, Turnaround)
	d.replan()
	return d, nil
}

func cmpOr(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}
