package modbus_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"testing"

	"anlan/configs"
	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
)

func library(t *testing.T) profile.Library {
	t.Helper()
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	lib, ps := profile.Load(dir)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	return lib
}

func bind(t *testing.T, b *modbus.Bus, id contract.DeviceID, unit uint8, prof string) drivers.Device {
	t.Helper()
	d, err := b.Device(drivers.DeviceSpec{ID: id, Unit: unit, Profile: prof})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBus_ADeadDeviceDoesNotTouchItsNeighbour(t *testing.T) {
	far, near := drivertest.PTY(t)
	peer := &drivertest.Peer{Stream: far, Framing: drivertest.RTU, Behave: func(r *drivertest.Request) []drivertest.Send {
		if r.Unit == 13 {
			return []drivertest.Send{}
		}
		return nil
	}}
	go peer.Run()
	bus, err := modbus.OpenRTU(modbus.RTUConfig{Port: near, Profiles: library(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bus.Close() }() // the test is over
	dead, well := bind(t, bus, "dead", 13, "calectro-ug3"), bind(t, bus, "well", 21, "evikon-e2638")
	if !well.Groups()[0].Alarm || well.Groups()[0].Cost <= 0 {
		t.Errorf("groups %+v: the alarm group comes first and costs wire time", well.Groups())
	}
	for i := range 4 {
		if _, err := dead.Read(t.Context(), 0); drivers.QualityOf(err) != contract.Timeout && drivers.QualityOf(err) != contract.Quarantined {
			t.Errorf("dead: %v", err)
		}
		r, err := well.Read(t.Context(), i%2)
		if err != nil || len(r) != 1 || r[0].Point.Device() != "well" || r[0].Checked.IsZero() {
			t.Errorf("well: %+v %v", r, err)
		}
	}
	if c := bus.Counters(); c.Timeouts != 1 || c.Quarantined != 3 {
		t.Errorf("counters %+v", c)
	}
}

func TestDevice_WritesOnlyWhatItsProfileAllows(t *testing.T) {
	far, near := drivertest.PTY(t)
	peer := &drivertest.Peer{Stream: far, Framing: drivertest.RTU}
	go peer.Run()
	bus, err := modbus.OpenRTU(modbus.RTUConfig{Port: near, Profiles: library(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bus.Close() }() // the test is over
	relays := bind(t, bus, "relays-1", 1, "waveshare-relay-d").(drivers.Writer)
	smoke := bind(t, bus, "smoke", 15, "calectro-ug3").(drivers.Writer)
	if err := errors.Join(relays.Write(t.Context(), "relays-1.relay2", 1), smoke.Write(t.Context(), "smoke.reset", 1)); err != nil {
		t.Fatal(err)
	}
	for point, want := range map[contract.PointID]error{"relays-1.input1": drivers.ErrNotWritable, "relays-1.relay9": drivers.ErrNoPoint, "other.relay1": drivers.ErrNoPoint} {
		if err := relays.Write(t.Context(), point, 1); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", point, err, want)
		}
	}
	got := peer.Writes()
	if len(got) != 2 || got[0] != (drivertest.Write{Unit: 1, Address: 1, Value: 0xFF00}) || got[1] != (drivertest.Write{Unit: 15, Address: 0, Value: 234}) {
		t.Errorf("writes %+v", got)
	}
}

func TestOpenTCP_ReadsAndReportsARefusedConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if conn, err := l.Accept(); err == nil {
			(&drivertest.Peer{Stream: conn, Framing: drivertest.TCP}).Run()
		}
	}()
	bus, err := modbus.OpenTCP(t.Context(), modbus.TCPConfig{Address: l.Addr().String(), Profiles: library(t)})
	if err != nil {
		t.Fatal(err)
	}
	panel := bind(t, bus, "fire-panel-1", 1, "gst200-panel")
	r, err := panel.Read(t.Context(), 0)
	if err != nil || len(r) != 16 {
		t.Errorf("%d readings, %v", len(r), err)
	}
	if err := errors.Join(bus.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := panel.Read(context.Background(), 0); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("closed: %v", err)
	}
	if _, err := modbus.OpenTCP(t.Context(), modbus.TCPConfig{Address: l.Addr().String()}); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("refused: %v", err)
	}
	if _, err := bus.Device(drivers.DeviceSpec{ID: "x", Profile: "none"}); err == nil {
		t.Error("a profile that does not exist was bound")
	}
}
