package modbus_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
)

// onLine runs body with a client and a scripted peer on a paced line in a bubble.
func onLine(t *testing.T, behave drivertest.Behaviour, body func(t *testing.T, c *modbus.Client, p *drivertest.Peer)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		peer := &drivertest.Peer{Stream: far, Framing: drivertest.RTU, React: 4 * time.Millisecond, CharTime: 10 * time.Second / 9600, Behave: behave}
		var wg sync.WaitGroup
		wg.Go(peer.Run)
		client := modbus.NewRTU(near, modbus.RTUOptions{})
		client.SetTiming(1, profile.Timing{Timeout: 50 * time.Millisecond, MaxLatency: 200 * time.Millisecond})
		body(t, client, peer)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

// once does a misbehaviour at one request and answers the others.
func once(at int, send ...drivertest.Send) drivertest.Behaviour {
	return func(r *drivertest.Request) []drivertest.Send {
		if r.Index == at {
			return append([]drivertest.Send{}, send...)
		}
		return nil
	}
}

func TestRTU_ATimedOutUnitRestsWhileOthersGoOn(t *testing.T) {
	onLine(t, once(0), func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2); !errors.Is(err, drivers.ErrTimeout) {
			t.Fatalf("silent unit: %v", err)
		}
		_, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2)
		q, ok := errors.AsType[*modbus.QuarantineError](err)
		if !ok || q.Unit != 1 || !errors.Is(err, drivers.ErrQuarantined) {
			t.Fatalf("asked at once: %v", err)
		}
		if _, err := c.ReadHoldingRegisters(t.Context(), 2, 0, 2); err != nil {
			t.Errorf("another unit: %v", err)
		}
		time.Sleep(time.Until(q.Until))
		if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2); err != nil {
			t.Errorf("after the rest: %v", err)
		}
	})
}

func TestRTU_FirstRequestAfterQuarantineHasAnotherShape(t *testing.T) {
	var mu sync.Mutex
	var asked [][]byte
	behave := func(r *drivertest.Request) []drivertest.Send {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.PDU)
		if r.Index == 0 {
			return []drivertest.Send{}
		}
		return nil
	}
	onLine(t, behave, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		for range 2 {
			_, err := c.ReadHoldingRegisters(t.Context(), 1, 100, 4)
			if !errors.Is(err, drivers.ErrTimeout) && err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
	})
	want := [][]byte{{3, 0, 100, 0, 4}, {3, 0, 100, 0, 3}, {3, 0, 100, 0, 4}}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
}

func TestRTU_AnswersEarlierThanTheWireAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()                                // the test's own pipe
		go (&drivertest.Peer{Stream: far, Framing: drivertest.RTU}).Run() // answers at once
		client := modbus.NewRTU(near, modbus.RTUOptions{})                // 8 characters take 8.3 ms
		if err := client.WriteSingleCoil(t.Context(), 1, 0, true); !errors.Is(err, drivers.ErrCorrupt) {
			t.Errorf("an echo of the adapter passed for a write: %v", err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRTU_AnUnechoedWriteIsNotDone(t *testing.T) {
	wrong := func(r *drivertest.Request) []drivertest.Send {
		return []drivertest.Send{{After: time.Millisecond, Bytes: r.Frame(r.Unit, []byte{5, 0, 1, 0, 0})}}
	}
	onLine(t, wrong, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		if err := c.WriteSingleCoil(t.Context(), 1, 1, true); !errors.Is(err, drivers.ErrCorrupt) {
			t.Errorf("echoed off for on: %v", err)
		}
	})
}

func TestRTU_EndOfContextEndsTheWaitAndRestsTheUnit(t *testing.T) {
	onLine(t, once(0), func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.ReadHoldingRegisters(ctx, 1, 0, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("wait: %v", err)
		}
		if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2); !errors.Is(err, drivers.ErrQuarantined) {
			t.Errorf("the answer may still come, yet: %v", err)
		}
	})
}

func TestRTU_AHangUpIsLinkDownForEver(t *testing.T) {
	onLine(t, once(0, drivertest.Send{Hangup: true}), func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		for range 2 {
			if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2); !errors.Is(err, drivers.ErrLinkDown) {
				t.Errorf("hang-up: %v", err)
			}
		}
	})
}

func TestRTU_SilenceAndPauseAreKept(t *testing.T) {
	var mu sync.Mutex
	var asked []time.Time
	behave := func(*drivertest.Request) []drivertest.Send {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, time.Now())
		return nil
	}
	onLine(t, behave, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		c.SetTiming(1, profile.Timing{Pause: 50 * time.Millisecond})
		var ends []time.Time
		for range 3 {
			if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 1); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, time.Now())
		}
		for i := range 2 {
			if gap := asked[i+1].Sub(ends[i]); gap < 46*time.Millisecond { // the answer's own t3.5 is part of the pause
				t.Errorf("asked again after %v", gap)
			}
		}
	})
}

func TestRTU_BroadcastWaitsForNobody(t *testing.T) {
	onLine(t, func(*drivertest.Request) []drivertest.Send { return []drivertest.Send{} }, func(t *testing.T, c *modbus.Client, p *drivertest.Peer) {
		if err := c.WriteSingleCoil(t.Context(), 0, 255, true); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]drivertest.Write{{Unit: 0, Address: 255, Value: modbus.CoilOn}}, p.Writes()); d != "" {
			t.Errorf("writes (-want +got):\n%s", d)
		}
	})
}

func TestClient_EveryFunctionAsksAndAnswers(t *testing.T) {
	onLine(t, nil, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		coils, err := c.ReadCoils(t.Context(), 3, 5, 11)
		inputs, err2 := c.ReadDiscreteInputs(t.Context(), 3, 5, 11)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		for i := range 11 {
			if want := drivertest.Value(3, uint16(5+i))&1 == 1; coils[i] != want || inputs[i] != want {
				t.Errorf("bit %d: %v %v, want %v", i, coils[i], inputs[i], want)
			}
		}
		regs, err := c.ReadInputRegisters(t.Context(), 3, 7, 1)
		if err != nil || regs[0] != drivertest.Value(3, 7) {
			t.Errorf("input register: %v %v", regs, err)
		}
		if err := errors.Join(c.WriteSingleRegister(t.Context(), 3, 1, 234), c.WriteMultipleCoils(t.Context(), 3, 0, []bool{true, false}),
			c.WriteMultipleRegisters(t.Context(), 3, 1, []uint16{10, 258}), c.WriteSingleCoil(t.Context(), 3, 1, false)); err != nil {
			t.Error(err)
		}
	})
}

// A dead unit costs the others nothing but its own time-out: while it rests, no byte is
// sent for it.
func TestRTU_ARestingUnitPutsNothingOnTheWire(t *testing.T) {
	onLine(t, once(0), func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		_, _ = c.ReadHoldingRegisters(t.Context(), 1, 0, 2) // the time-out is tested elsewhere
		before := c.Counters().BytesOut
		for range 10 {
			if _, err := c.ReadHoldingRegisters(t.Context(), 1, 0, 2); !errors.Is(err, drivers.ErrQuarantined) {
				t.Fatal(err)
			}
		}
		if after := c.Counters().BytesOut; after != before {
			t.Errorf("%d bytes sent", after-before)
		}
	})
}
