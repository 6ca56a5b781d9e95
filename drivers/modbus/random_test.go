package modbus_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
)

// misbehave draws from the adversary: 1 % late, 1 % damaged, 0.1 % of each of the rest.
func misbehave(f drivertest.Framing, rng *rand.Rand, count map[string]int, mu *sync.Mutex) drivertest.Behaviour {
	var late, other []drivertest.Case
	var damaged drivertest.Case
	for _, c := range drivertest.Adversary() {
		switch {
		case c.RTUOnly && f == drivertest.TCP, c.TCPOnly && f != drivertest.TCP:
		case c.Name == "late answer", c.Name == "late exception":
			late = append(late, c)
		case c.Name == "a damaged value":
			damaged = c
		case f != drivertest.TCP && (c.Name == "hang up" || c.Name == "cut, then hang up"):
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
		case x < 20 && damaged.Do != nil:
			c = damaged
		case x >= 20 && x < 20+len(other):
			c = other[x-20]
		default:
			return nil
		}
		count[c.Name]++
		return c.Do(r)
	}
}

// soak polls a bad line in a bubble and checks every value.
type soak struct {
	t        *testing.T
	framing  drivertest.Framing
	client   *modbus.Client
	behave   drivertest.Behaviour
	peers    sync.WaitGroup
	counters modbus.Counters // of clients given up
	opened   int
	mu       sync.Mutex
	done     map[string]int
}

const soakUnits = 8

func (s *soak) open() {
	near, far := net.Pipe()
	peer := &drivertest.Peer{Stream: far, Framing: s.framing, React: 4 * time.Millisecond, Behave: s.behave}
	if s.framing == drivertest.TCP {
		s.client = modbus.NewTCP(near)
	} else {
		// The peer answers once the wire has carried the request.
		peer.CharTime = 87 * time.Microsecond
		s.client = modbus.NewRTU(near, modbus.RTUOptions{Baud: 115200, ASCII: s.framing == drivertest.ASCII})
	}
	s.peers.Go(func() {
		peer.Run()
		_ = far.Close() // it has ended one way or another
	})
	for u := range uint8(soakUnits + 1) {
		s.client.SetTiming(u, profile.Timing{ReactionMax: 10 * time.Millisecond, Timeout: 80 * time.Millisecond, MaxLatency: 2 * drivertest.Late})
	}
	s.opened++
}

func (s *soak) close() {
	n, c := &s.counters, s.client.Counters()
	n.Strays, n.Timeouts, n.CRC, n.Quarantined = n.Strays+c.Strays, n.Timeouts+c.Timeouts, n.CRC+c.CRC, n.Quarantined+c.Quarantined
	_ = s.client.Close() // the pipe is the test's own
}

func (s *soak) run(polls int) (good int) {
	lastGood := map[uint8]time.Time{}
	draw := rand.New(rand.NewPCG(1, 2))
	for turn, done := 0, 0; done < polls; turn++ {
		unit := uint8(1 + turn%soakUnits)
		// Few sizes, so that answers do look alike.
		addr, count := uint16(draw.IntN(1000)), uint16(1+3*draw.IntN(2))
		got, err := s.client.ReadHoldingRegisters(s.t.Context(), unit, addr, count)
		if !errors.Is(err, drivers.ErrQuarantined) {
			done++
		}
		switch {
		case errors.Is(err, drivers.ErrQuarantined):
			time.Sleep(time.Millisecond) // the bubble's time; refusing costs none
		case errors.Is(err, drivers.ErrLinkDown):
			s.close()
			time.Sleep(time.Second)
			s.open()
		case err == nil:
			good++
			lastGood[unit] = time.Now()
			for i, v := range got {
				if want := drivertest.Value(unit, addr+uint16(i)); v != want {
					s.t.Errorf("poll %d: WRONG VALUE: unit %d address %d: %#x, want %#x", done, unit, int(addr)+i, v, want)
					return good
				}
			}
		}
		if !lastGood[unit].IsZero() && time.Since(lastGood[unit]) > 30*time.Second {
			s.t.Errorf("unit %d is dead since poll %d: %v", unit, done, err)
			return good
		}
	}
	return good
}

func env(t *testing.T, name string, otherwise int) int {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSoak_ABadLineGivesNoWrongValue makes 20,000 polls with each framing, or as many as
// ANLAN_SOAK_POLLS says: `make soak` makes a million.
func TestSoak_ABadLineGivesNoWrongValue(t *testing.T) {
	polls, seed := env(t, "ANLAN_SOAK_POLLS", 20_000), env(t, "ANLAN_SOAK_SEED", 7)
	for name, framing := range map[string]drivertest.Framing{"RTU": drivertest.RTU, "ASCII": drivertest.ASCII, "TCP": drivertest.TCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &soak{t: t, framing: framing, done: map[string]int{}}
				s.behave = misbehave(framing, rand.New(rand.NewPCG(20261122, uint64(seed))), s.done, &s.mu)
				s.open()
				good := s.run(polls)
				s.close()
				n := s.counters
				if n.Strays == 0 || n.Timeouts == 0 || n.CRC == 0 || framing != drivertest.TCP && n.Quarantined == 0 {
					t.Errorf("counters %+v: the misbehaviours left no trace", n)
				}
				if good < polls*9/10 {
					t.Errorf("only %d of %d polls good", good, polls)
				}
				s.peers.Wait()
				t.Logf("%d polls, %d good, opened %d times, counters %+v, misbehaviours %v", polls, good, s.opened, n, s.done)
			})
		})
	}
}
