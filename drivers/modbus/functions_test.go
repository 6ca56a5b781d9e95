package modbus_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
)

func TestClient_MaskWriteAndReadWrite(t *testing.T) {
	onLine(t, nil, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		if err := c.MaskWriteRegister(t.Context(), 1, 4, 0xF2, 0x25); err != nil {
			t.Error(err)
		}
		got, err := c.ReadWriteMultipleRegisters(t.Context(), 1, 3, 2, 14, []uint16{255})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]uint16{drivertest.Value(1, 3), drivertest.Value(1, 4)}, got); d != "" {
			t.Errorf("read (-want +got):\n%s", d)
		}
	})
}

// After a lost answer to function 23 the unit is proved with a plain read: the write is
// not done a second time to find out.
func TestClient_ALostReadWriteIsNotProvedByWritingAgain(t *testing.T) {
	var asked [][]byte
	behave := func(r *drivertest.Request) []drivertest.Send {
		asked = append(asked, r.PDU)
		if r.Index == 0 {
			return []drivertest.Send{}
		}
		return nil
	}
	onLine(t, behave, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		for range 2 {
			_, err := c.ReadWriteMultipleRegisters(t.Context(), 1, 3, 2, 14, []uint16{255})
			if err != nil && !errors.Is(err, drivers.ErrTimeout) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
	})
	if len(asked) != 3 || asked[1][0] != 3 {
		t.Errorf("asked % x", asked)
	}
}

func TestClient_DeviceIdentification(t *testing.T) {
	check := func(t *testing.T, c *modbus.Client) {
		for level, want := range map[modbus.IDLevel]int{modbus.IDBasic: 3, modbus.IDRegular: 7, modbus.IDExtended: 8} {
			got, err := c.ReadDeviceIdentification(t.Context(), 9, level, 0)
			if err != nil || len(got) != want {
				t.Errorf("level %d: %d objects %v, want %d", level, len(got), err, want)
			}
		}
		got, err := c.ReadDeviceIdentification(t.Context(), 9, modbus.IDSpecific, 5)
		if d := cmp.Diff([]modbus.IDObject{{ID: 5, Value: "drivertest"}}, got); d != "" || err != nil {
			t.Errorf("one object: %v (-want +got):\n%s", err, d)
		}
		if _, err := c.ReadDeviceIdentification(t.Context(), 9, 7, 0); !errors.Is(err, modbus.ErrArgument) {
			t.Errorf("level 7: %v", err)
		}
	}
	t.Run("RTU", func(t *testing.T) {
		onLine(t, nil, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) { check(t, c) })
	})
	t.Run("TCP", func(t *testing.T) { onConnection(t, nil, check) })
}

func TestClient_AnIdentificationWithoutEndIsRefused(t *testing.T) {
	again := func(r *drivertest.Request) []drivertest.Send {
		return []drivertest.Send{{After: 5 * time.Millisecond, Bytes: r.Frame(r.Unit, []byte{43, 14, 1, 1, 0xFF, 0, 1, 0, 1, 'A'})}}
	}
	onLine(t, again, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		if _, err := c.ReadDeviceIdentification(t.Context(), 1, modbus.IDBasic, 0); !errors.Is(err, drivers.ErrCorrupt) {
			t.Error(err)
		}
	})
}
