package edge

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/modbus"
	"anlan/drivers/nfc"
	"anlan/drivers/paneltap"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
	"anlan/edge/config"
)

// opener opens one bus. Everything it needs is in the configuration.
type opener func(ctx context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error)

// openers is the table of bus kinds this edge can speak.
func openers() map[string]opener {
	return map[string]opener{
		config.KindRTU:   serialLine(false),
		config.KindASCII: serialLine(true),
		config.KindTCP: func(ctx context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
			cfg := modbus.TCPConfig{Address: b.Address, Profiles: lib, DialTimeout: 3 * time.Second, Logger: log}
			if b.Framing == config.FramingRTU {
				cfg.RTU = &modbus.GatewayLine{Baud: b.Baud, BitsPerChar: b.BitsPerChar()}
			}
			bus, err := modbus.OpenTCP(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return bus, nil
		},
		config.KindPN532:   reader(nfc.OpenPN532),
		config.KindRDM6300: reader(nfc.OpenRDM6300),
		config.KindYHY522:  reader(nfc.OpenYHY522),

		config.KindPanelCRT:     tap,
		config.KindPanelPrinter: tap,
	}
}

// tap opens a line for listening alone.
func tap(ctx context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
	bus, err := paneltap.Open(ctx, paneltap.Config{Port: b.Port, Profiles: lib, Logger: log,
		Mode: serialport.Mode{Baud: b.Baud, Parity: b.Parity, StopBits: b.StopBits, DataBits: b.DataBits}})
	if err != nil {
		return nil, err
	}
	return bus, nil
}

// reader opens a tag reader on a serial port.
func reader(open func(context.Context, nfc.Config) (drivers.Bus, error)) opener {
	return func(ctx context.Context, b config.Bus, _ profile.Library, log *slog.Logger) (drivers.Bus, error) {
		return open(ctx, nfc.Config{Port: b.Port, Baud: b.Baud, Logger: log})
	}
}

// serialLine opens Modbus on a serial port.
func serialLine(ascii bool) opener {
	return func(_ context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
		bus, err := modbus.OpenRTU(modbus.RTUConfig{Port: b.Port, Baud: b.Baud, Parity: b.Parity, StopBits: b.StopBits, DataBits: b.DataBits, RS485: b.RS485.Control(), ASCII: ascii, Profiles: lib, Logger: log})
		if err != nil {
			return nil, err
		}
		return bus, nil
	}
}

func openBus(ctx context.Context, table map[string]opener, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
	open := table[b.Kind]
	if open == nil {
		return nil, fmt.Errorf("edge: open bus %s: unknown kind %q", b.ID, b.Kind)
	}
	return open(ctx, b, lib, log)
}
