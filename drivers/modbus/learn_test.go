package modbus_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
)

// scattered is a profile whose points are at the given holding registers.
func scattered(t *testing.T, head string, registers ...int) profile.Library {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "id: scattered\nvendor: x\nmodel: x\nsource: a test\nname: {zh: 测试}\nprotocol: modbus\n%spoints:\n", head)
	for _, r := range registers {
		fmt.Fprintf(&b, "  - {name: r%d, title: {zh: 点}, table: holding, address: %d}\n", r, r)
	}
	p, ps := profile.Parse("scattered.yaml", []byte(b.String()))
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	return profile.Library{p.ID: p}
}

// refusing answers illegal address to every read that touches one of the registers.
func refusing(asked *[]int, registers ...int) drivertest.Behaviour {
	return func(r *drivertest.Request) []drivertest.Send {
		*asked = append(*asked, r.Index)
		from, n := int(binary.BigEndian.Uint16(r.PDU[1:])), int(binary.BigEndian.Uint16(r.PDU[3:]))
		if slices.ContainsFunc(registers, func(x int) bool { return x >= from && x < from+n }) {
			return []drivertest.Send{{Bytes: r.Frame(r.Unit, []byte{r.PDU[0] | 0x80, 2})}}
		}
		return nil
	}
}

func openScattered(t *testing.T, lib profile.Library, behave drivertest.Behaviour) *modbus.Device {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // the test is over
	go func() {
		if conn, err := l.Accept(); err == nil {
			(&drivertest.Peer{Stream: conn, Framing: drivertest.TCP, Behave: behave}).Run()
		}
	}()
	bus, err := modbus.OpenTCP(t.Context(), modbus.TCPConfig{Address: l.Addr().String(), Profiles: lib})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() }) // the test is over
	return bind(t, bus, "dev", 1, "scattered").(*modbus.Device)
}

// readAll reads every group and returns the readings by point.
func readAll(t *testing.T, d drivers.Device, ctx context.Context) map[string]contract.Reading {
	t.Helper()
	out := map[string]contract.Reading{}
	for g := 0; g < len(d.Groups()); g++ {
		rs, err := d.Read(ctx, g)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			out[r.Point.Name()] = r
		}
	}
	return out
}

func TestDevice_ARefusedHoleIsLearntAndCostsNoData(t *testing.T) {
	var asked []int
	d := openScattered(t, scattered(t, "", 0, 1, 5, 6, 30, 31, 60), refusing(&asked, 3, 40))
	if n := len(d.Groups()); n != 1 {
		t.Fatalf("%d groups before anything is known, want 1", n)
	}
	before := d.Plan()
	got := readAll(t, d, t.Context())
	if len(got) != 7 {
		t.Errorf("%d of 7 points read", len(got))
	}
	for name, r := range got {
		var reg uint16
		if _, err := fmt.Sscanf(name, "r%d", &reg); err != nil {
			t.Fatal(err)
		}
		if !r.Quality.IsGood() || r.Value != float64(drivertest.Value(1, reg)) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if d.Plan() == before || len(d.Groups()) != 3 {
		t.Errorf("%d groups after two holes are known, want 3", len(d.Groups()))
	}
	first := len(asked)
	readAll(t, d, t.Context())
	if n := len(asked) - first; n != 3 {
		t.Errorf("%d requests once the holes are known, want 3", n)
	}
}

func TestDevice_ARefusedPointLeavesTheOthersAlone(t *testing.T) {
	var asked []int
	d := openScattered(t, scattered(t, "", 0, 1, 2, 3), refusing(&asked, 2))
	rs, err := d.Read(t.Context(), 0)
	if err != nil || len(rs) != 4 {
		t.Fatalf("%+v %v", rs, err)
	}
	for _, r := range rs {
		if good := r.Quality.IsGood(); good == (r.Point.Name() == "r2") {
			t.Errorf("%+v", r)
		}
	}
}

func TestDevice_ARefusalOfEverythingTeachesNothing(t *testing.T) {
	var asked []int
	d := openScattered(t, scattered(t, "", 0, 9), refusing(&asked, 0, 9))
	before := d.Plan()
	if _, err := d.Read(t.Context(), 0); drivers.QualityOf(err) != contract.Exception {
		t.Errorf("refused: %v", err)
	}
	if d.Plan() != before {
		t.Error("the plan changed")
	}
}

func TestDevice_GivesWayToAWriteBetweenFrames(t *testing.T) {
	var asked []int
	d := openScattered(t, scattered(t, "", 0, 9), refusing(&asked, 5))
	ctx := drivers.Hurry(t.Context(), func() bool { return true })
	if _, err := d.Read(ctx, 0); drivers.QualityOf(err) != contract.Quarantined || len(asked) != 1 {
		t.Errorf("%v after %d frames", err, len(asked))
	}
}

func TestDevice_ReadsSeveralGroupsAtOnceWhereTheProfileSaysSo(t *testing.T) {
	lib := scattered(t, "in_flight: 4\n", 0, 200, 400, 600, 800)
	d := openScattered(t, lib, func(r *drivertest.Request) []drivertest.Send {
		return []drivertest.Send{{After: 3 * time.Millisecond, Bytes: r.Answer}}
	})
	if d.Depth() != 4 {
		t.Fatalf("depth %d", d.Depth())
	}
	got := 0
	each := func(g int, rs []contract.Reading, err error) {
		if err != nil || len(rs) != 1 || rs[0].Point != d.Groups()[g].Points[0] {
			t.Errorf("group %d: %+v %v", g, rs, err)
		}
		got++
	}
	if err := d.ReadAll(t.Context(), []int{0, 1, 2, 3, 4}, each); err != nil || got != 5 {
		t.Errorf("%d groups, %v", got, err)
	}
}

func TestDevice_OneThatLosesAnswersIsAskedOneAtATime(t *testing.T) {
	answers := 0
	d := openScattered(t, scattered(t, "in_flight: 4\ntiming: {timeout: 60ms}\n", 0, 200, 400, 600), func(r *drivertest.Request) []drivertest.Send {
		if answers++; answers > 1 {
			return []drivertest.Send{}
		}
		return nil
	})
	if err := d.ReadAll(t.Context(), []int{0, 1, 2, 3}, func(int, []contract.Reading, error) {}); err != nil {
		t.Fatal(err)
	}
	if d.Depth() != 1 {
		t.Errorf("depth %d after lost answers", d.Depth())
	}
}

// A tag reader shows its next tag only after the last was acknowledged.
func TestDevice_AcknowledgesWhatTheDeviceShows(t *testing.T) {
	p, ps := profile.Parse("scattered.yaml", []byte(`
id: scattered
vendor: x
model: x
source: a test
name: {zh: 测试}
protocol: modbus
points:
  - {name: fresh, title: {zh: 新}, table: coil, address: 1016, acknowledge: {write: 0}}
`))
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	var writes []uint16
	d := openScattered(t, profile.Library{p.ID: p}, func(r *drivertest.Request) []drivertest.Send {
		if r.PDU[0] == 5 {
			writes = append(writes, binary.BigEndian.Uint16(r.PDU[1:]), binary.BigEndian.Uint16(r.PDU[3:]))
			return nil
		}
		return []drivertest.Send{{Bytes: r.Frame(r.Unit, []byte{1, 1, byte(1 - min(len(writes), 1))})}}
	})
	for range 3 {
		if _, err := d.Read(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(writes, []uint16{1016, 0}) {
		t.Errorf("writes %v, want coil 1016 off once", writes)
	}
}
