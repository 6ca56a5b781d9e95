package modbus_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
)

// onConnection runs body with a TCP client and a scripted peer in a bubble.
func onConnection(t *testing.T, behave drivertest.Behaviour, body func(t *testing.T, c *modbus.Client)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		peer := &drivertest.Peer{Stream: far, Framing: drivertest.TCP, React: 5 * time.Millisecond, Behave: behave}
		var wg sync.WaitGroup
		wg.Go(peer.Run)
		client := modbus.NewTCP(near)
		body(t, client)
		if err := errors.Join(client.Close(), far.Close()); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

func window(n int) []modbus.Query {
	qs := make([]modbus.Query, n)
	for i := range qs {
		qs[i] = modbus.Query{Unit: uint8(1 + i%3), Table: profile.Holding, Address: uint16(10 * i), Count: 4}
	}
	return qs
}

// right fails the test on a wrong value and counts the answers.
func right(t *testing.T, qs []modbus.Query) (good int) {
	t.Helper()
	for _, q := range qs {
		if q.Err != nil {
			if q.Registers != nil || !q.At.IsZero() {
				t.Errorf("an answer beside the error %v", q.Err)
			}
			continue
		}
		good++
		for j, v := range q.Registers {
			if want := drivertest.Value(q.Unit, q.Address+uint16(j)); v != want {
				t.Errorf("WRONG VALUE: unit %d address %d: %#x, want %#x", q.Unit, int(q.Address)+j, v, want)
			}
		}
	}
	return good
}

func TestTCP_SixteenOnTheWayTakeTheTimeOfOne(t *testing.T) {
	onConnection(t, nil, func(t *testing.T, c *modbus.Client) {
		qs := window(modbus.MaxInFlight)
		began := time.Now()
		c.ReadAll(t.Context(), qs, modbus.MaxInFlight)
		if took := time.Since(began); took != 5*time.Millisecond { // the bubble's time is exact
			t.Errorf("took %v", took)
		}
		if good := right(t, qs); good != len(qs) {
			t.Errorf("%d of %d answered", good, len(qs))
		}
	})
}

func TestTCP_AnswersInAnyOrderFindTheirQuestion(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var mu sync.Mutex
	shuffle := func(r *drivertest.Request) []drivertest.Send {
		mu.Lock()
		defer mu.Unlock()
		return []drivertest.Send{{After: time.Duration(rng.IntN(20)) * time.Millisecond, Bytes: r.Answer}}
	}
	onConnection(t, shuffle, func(t *testing.T, c *modbus.Client) {
		qs := window(500)
		c.ReadAll(t.Context(), qs, 16)
		if good := right(t, qs); good != len(qs) {
			t.Errorf("%d of %d answered", good, len(qs))
		}
	})
}

func TestTCP_ALostAnswerCostsOnlyItself(t *testing.T) {
	lose := func(r *drivertest.Request) []drivertest.Send {
		if r.Index%7 == 3 {
			return []drivertest.Send{}
		}
		return nil
	}
	onConnection(t, lose, func(t *testing.T, c *modbus.Client) {
		qs := window(70)
		c.ReadAll(t.Context(), qs, 8)
		if good := right(t, qs); good != 60 {
			t.Errorf("%d of 70 answered, want 60", good)
		}
		for i, q := range qs {
			if q.Err != nil && !errors.Is(q.Err, drivers.ErrTimeout) {
				t.Errorf("query %d: %v", i, q.Err)
			}
		}
	})
}

func TestTCP_AHangUpFailsWhatIsOnTheWayAndWhatFollows(t *testing.T) {
	onConnection(t, once(20, drivertest.Send{Hangup: true}), func(t *testing.T, c *modbus.Client) {
		qs := window(40)
		c.ReadAll(t.Context(), qs, 8)
		good := right(t, qs)
		if good == 0 || good > 24 {
			t.Errorf("%d answered", good)
		}
		if err := qs[39].Err; !errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("after the hang-up: %v", err)
		}
	})
}

func TestTCP_AMisbehavingWindowGivesNoWrongValue(t *testing.T) {
	for _, c := range drivertest.Adversary() {
		if c.RTUOnly || c.Name == "endless noise" || c.Name == "dripping without end" {
			continue // these hold the connection for long; the suite has them one at a time
		}
		t.Run(c.Name, func(t *testing.T) {
			sometimes := func(r *drivertest.Request) []drivertest.Send {
				if r.Index%31 == 20 {
					return c.Do(r)
				}
				return nil
			}
			onConnection(t, sometimes, func(t *testing.T, client *modbus.Client) {
				for unit := range uint8(8) {
					client.SetTiming(unit, suiteTiming)
				}
				qs := window(200)
				client.ReadAll(t.Context(), qs, 16)
				if good := right(t, qs); good == 0 {
					t.Error("nothing was answered")
				}
			})
		})
	}
}

func TestLine_AsksOneAfterAnother(t *testing.T) {
	onLine(t, nil, func(t *testing.T, c *modbus.Client, _ *drivertest.Peer) {
		qs := window(5)
		c.ReadAll(t.Context(), qs, 16)
		if good := right(t, qs); good != 5 {
			t.Errorf("%d of 5 answered", good)
		}
	})
}
