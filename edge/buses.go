package edge

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/modbus"
	"anlan/drivers/nfc"
	"anlan/drivers/profile"
	"anlan/edge/config"
)

// opener opens one bus. Everything it needs is in the configuration.
type opener func(ctx context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error)

// openers is the table of bus kinds this edge can speak.
func openers() map[string]opener {
	return map[string]opener{
		config.KindRTU: func(_ context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
			bus, err := modbus.OpenRTU(modbus.RTUConfig{Port: b.Port, Baud: b.Baud, Parity: b.Parity, StopBits: b.StopBits, Profiles: lib, Logger: log})
			if err != nil {
				return nil, err
			}
			return bus, nil
		},
		config.KindTCP: func(ctx context.Context, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
			bus, err := modbus.OpenTCP(ctx, modbus.TCPConfig{Address: b.Address, Profiles: lib, DialTimeout: 3 * time.Second, Logger: log})
			if err != nil {
				return nil, err
			}
			return bus, nil
		},
		config.KindPN532: func(ctx context.Context, b config.Bus, _ profile.Library, log *slog.Logger) (drivers.Bus, error) {
			return nfc.OpenPN532(ctx, nfc.PN532Config{Port: b.Port, Baud: b.Baud, Logger: log})
		},
	}
}

func openBus(ctx context.Context, table map[string]opener, b config.Bus, lib profile.Library, log *slog.Logger) (drivers.Bus, error) {
	open := table[b.Kind]
	if open == nil {
		return nil, fmt.Errorf("edge: open bus %s: unknown kind %q", b.ID, b.Kind)
	}
	return open(ctx, b, lib, log)
}
