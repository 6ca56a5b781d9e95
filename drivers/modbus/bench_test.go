package modbus_test

import (
	"fmt"
	"testing"
	"time"

	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// BenchmarkRTU_BusEfficiency measures how much of what the wire allows is used: floor is
// the request, 5 ms of turnaround, the answer and t3.5.
func BenchmarkRTU_BusEfficiency(b *testing.B) {
	for _, baud := range []int{9600, 115200} {
		for _, count := range []uint16{8, 64} {
			b.Run(fmt.Sprintf("baud=%d/registers=%d", baud, count), func(b *testing.B) { benchmarkLine(b, baud, count) })
		}
	}
}

const turnaround = 5 * time.Millisecond

func benchmarkLine(b *testing.B, baud int, count uint16) {
	tc := 10 * time.Second / time.Duration(baud)
	t35 := max(tc*7/2, 1750*time.Microsecond)
	if baud > 19200 {
		t35 = 1750 * time.Microsecond
	}
	far, near := drivertest.PTY(b)
	peer := &drivertest.Peer{Stream: drivertest.NewPaced(b.Context(), far, tc, turnaround), Framing: drivertest.RTU}
	go peer.Run()
	port, err := serialport.Open(near, serialport.Mode{Baud: baud})
	if err != nil {
		b.Fatal(err)
	}
	client := modbus.NewRTU(port, modbus.RTUOptions{Baud: baud, Wait: serialport.WaitUntil})
	defer func() { _ = client.Close() }()
	floor := 8*tc + max(t35, turnaround) + time.Duration(5+2*int(count))*tc + t35
	for b.Loop() {
		if _, err := client.ReadHoldingRegisters(b.Context(), 1, 0, count); err != nil {
			b.Fatal(err)
		}
	}
	real := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(floor)/float64(real), "floor/real")
	b.ReportMetric(floor.Seconds()*1000, "floor-ms")
}

// canned is a connection that answers at once, so that only the client's own work is
// measured.
type canned struct{ answer [9 + 2*10]byte }

func (c *canned) Write(b []byte) (int, error) {
	copy(c.answer[:], b[:5])
	c.answer[5], c.answer[6], c.answer[7], c.answer[8] = 23, b[6], b[7], 20
	return len(b), nil
}
func (c *canned) Read(b []byte) (int, error)       { return copy(b, c.answer[:]), nil }
func (c *canned) Close() error                     { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkTCP_OwnWork is what a request costs besides the socket.
func BenchmarkTCP_OwnWork(b *testing.B) {
	c := modbus.NewTCP(&canned{})
	q := modbus.Query{Unit: 1, Table: profile.Holding, Count: 10}
	b.ReportAllocs()
	for b.Loop() {
		if c.Read(b.Context(), &q); q.Err != nil {
			b.Fatal(q.Err)
		}
	}
}
