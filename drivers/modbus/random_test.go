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

// misbehave draws from the adversary: 1 % late, 1 % damaged, 0.1 % of everything else
// that leaves the line in place.
func misbehave(rng *rand.Rand, count map[string]int, mu *sync.Mutex) drivertest.Behaviour {
	var late, other []drivertest.Case
	var damaged drivertest.Case
	for _, c := range drivertest.Adversary() {
		switch {
		case c.Name == "late answer", c.Name == "late exception":
			late = append(late, c)
		case c.Name == "a damaged value":
			damaged = c
		case c.TCPOnly || c.Name == "hang up" || c.Name == "cut, then hang up":
		default:
			other = append(other, c)
		}
	}
	return func(r *drivertest.Request) []drivertest.Send {
		mu.Lock()
		defer mu.Unlock()
		var c drivertest.Case
		switch x := rng.IntN(1000); {
		case x < 10:
			c = late[rng.IntN(len(late))]
		case x < 20:
			c = damaged
		case x < 20+len(other):
			c = other[x-20]
		default:
			return nil
		}
		count[c.Name]++
		return c.Do(r)
	}
}

func TestRTU_TwentyThousandPollsOnABadLineGiveNoWrongValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		rng := rand.New(rand.NewPCG(20261122, 7))
		var mu sync.Mutex
		done := map[string]int{}
		peer := &drivertest.Peer{Stream: far, Framing: drivertest.RTU, React: 4 * time.Millisecond, CharTime: 87 * time.Microsecond, Behave: misbehave(rng, done, &mu)}
		var wg sync.WaitGroup
		wg.Go(peer.Run)
		client := modbus.NewRTU(near, modbus.RTUOptions{Baud: 115200})
		const units = 8
		for u := range uint8(units + 1) {
			client.SetTiming(u, profile.Timing{ReactionMax: 10 * time.Millisecond, Timeout: 80 * time.Millisecond, MaxLatency: 2 * drivertest.Late})
		}
		polls, good := 0, 0
		lastGood := map[uint8]time.Time{}
		draw := rand.New(rand.NewPCG(1, 2))
		for turn := 0; polls < 20_000; turn++ {
			unit := uint8(1 + turn%units)
			// Few sizes, so that answers do look alike.
			addr, count := uint16(draw.IntN(1000)), uint16(1+3*draw.IntN(2))
			got, err := client.ReadHoldingRegisters(t.Context(), unit, addr, count)
			if !errors.Is(err, drivers.ErrQuarantined) {
				polls++
			}
			switch {
			case errors.Is(err, drivers.ErrQuarantined):
				time.Sleep(time.Millisecond) // the bubble's time; refusing costs none
			case err == nil:
				good++
				lastGood[unit] = time.Now()
				for i, v := range got {
					if want := drivertest.Value(unit, addr+uint16(i)); v != want {
						t.Fatalf("poll %d: WRONG VALUE: unit %d address %d: %#x, want %#x", polls, unit, int(addr)+i, v, want)
					}
				}
			case errors.Is(err, drivers.ErrLinkDown):
				t.Fatal(err)
			}
			if !lastGood[unit].IsZero() && time.Since(lastGood[unit]) > 20*time.Second {
				t.Fatalf("unit %d is dead since poll %d: %v", unit, polls, err)
			}
		}
		n := client.Counters()
		if n.Strays == 0 || n.Timeouts == 0 || n.CRC == 0 || n.Quarantined == 0 {
			t.Errorf("counters %+v: the misbehaviours left no trace", n)
		}
		if good < polls*9/10 {
			t.Errorf("only %d of %d polls good", good, polls)
		}
		mu.Lock()
		t.Logf("%d polls, %d good, counters %+v, misbehaviours %v", polls, good, n, done)
		mu.Unlock()
		_ = client.Close() // the pipe is the test's own
		wg.Wait()
	})
}
