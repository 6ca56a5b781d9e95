package modbus_test

import (
	"net"
	"testing"
	"time"

	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// suiteTiming is what the suite promises of its peers.
var suiteTiming = profile.Timing{ReactionMax: 5 * time.Millisecond, Timeout: drivertest.Late * 2 / 3, MaxLatency: 2 * drivertest.Late}

func known(c *modbus.Client) *modbus.Client {
	for unit := range uint8(8) {
		c.SetTiming(unit, suiteTiming)
	}
	return c
}

func TestRTU_NeverTakesAForeignAnswer(t *testing.T) {
	drivertest.Run(t, drivertest.Driver{Framing: drivertest.RTU, Open: func(near string) (drivertest.Client, error) {
		port, err := serialport.Open(near, serialport.Mode{Baud: 115200})
		if err != nil {
			return nil, err
		}
		return known(modbus.NewRTU(port, modbus.RTUOptions{Baud: 115200, Unpaced: true, Wait: serialport.WaitUntil})), nil
	}})
}

func TestTCP_NeverTakesAForeignAnswer(t *testing.T) {
	drivertest.Run(t, drivertest.Driver{Framing: drivertest.TCP, Open: func(near string) (drivertest.Client, error) {
		conn, err := net.Dial("tcp", near)
		if err != nil {
			return nil, err
		}
		return known(modbus.NewTCP(conn)), nil
	}})
}

func TestASCII_NeverTakesAForeignAnswer(t *testing.T) {
	drivertest.Run(t, drivertest.Driver{Framing: drivertest.ASCII, Open: func(near string) (drivertest.Client, error) {
		port, err := serialport.Open(near, serialport.Mode{Baud: 115200})
		if err != nil {
			return nil, err
		}
		return known(modbus.NewRTU(port, modbus.RTUOptions{Baud: 115200, ASCII: true, Unpaced: true, Wait: serialport.WaitUntil})), nil
	}})
}

func TestRTUOverTCP_NeverTakesAForeignAnswer(t *testing.T) {
	drivertest.Run(t, drivertest.Driver{Framing: drivertest.RTUOverTCP, Open: func(near string) (drivertest.Client, error) {
		conn, err := net.Dial("tcp", near)
		if err != nil {
			return nil, err
		}
		return known(modbus.NewRTU(conn, modbus.RTUOptions{Baud: 115200, Unpaced: true, Wait: serialport.WaitUntil})), nil
	}})
}
