package nfc

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/drivers"
)

const rdmGolden = "\x0262E3086CED08\x03"

var rdmUID = []byte{0x62, 0xE3, 0x08, 0x6C, 0xED}

// hear runs an RDM6300's Listen in the bubble while talk speaks for the reader, then
// unplugs it.
func hear(t *testing.T, talk func(net.Conn)) (taps [][]byte, err error) {
	near, far := net.Pipe()
	bus := NewRDM6300(near, nil)
	dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-rfid"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		talk(far)
		if err := far.Close(); err != nil {
			t.Error(err)
		}
	})
	err = dev.(drivers.Listener).Listen(t.Context(), func(t drivers.Tap) { taps = append(taps, slices.Clone(t.UID)) })
	if err := bus.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	return taps, err
}

func say(conn net.Conn, s string) {
	_, _ = conn.Write([]byte(s)) // a reader does not know whether anybody listens
}

func TestRDM6300_AHeldCardIsOneTapUntilAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, err := hear(t, func(c net.Conn) {
			for range 60 { // 3.9 s
				say(c, rdmGolden)
				time.Sleep(65 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			say(c, rdmGolden)
		})
		if !errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("unplugged: %v, want link down", err)
		}
		if len(taps) != 2 || !bytes.Equal(taps[0], rdmUID) || !bytes.Equal(taps[1], rdmUID) {
			t.Errorf("taps % X, want the card twice", taps)
		}
	})
}

func TestRDM6300_FindsTheNumberAfterNoiseAndCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, err := hear(t, func(c net.Conn) {
			say(c, "\xFF\x0062E3")
			say(c, rdmGolden[:7])
			say(c, "\x0262E3086CED09\x03") // wrong check
			say(c, "\x0262E3086CED0")
			for i := range rdmGolden { // byte by byte, after a cut frame
				say(c, rdmGolden[i:i+1])
			}
		})
		if len(taps) != 1 || !bytes.Equal(taps[0], rdmUID) || !errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("taps % X, %v; want the card once", taps, err)
		}
	})
}

func TestRDM6300_NothingButNonsenseIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, err := hear(t, func(c net.Conn) {
			for range 2000 {
				say(c, "\x02\x80\xFE\x00\x7F")
				time.Sleep(65 * time.Millisecond)
			}
		})
		if len(taps) != 0 || !errors.Is(err, drivers.ErrCorrupt) {
			t.Errorf("taps % X, %v; want corrupt", taps, err)
		}
	})
}

func TestRDM6300_RareNoiseIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := hear(t, func(c net.Conn) {
			for range 2000 {
				say(c, "\x02\x80\xFE")
				time.Sleep(time.Minute)
			}
		})
		if !errors.Is(err, drivers.ErrLinkDown) || errors.Is(err, drivers.ErrCorrupt) {
			t.Errorf("%v, want only the unplugging at the end", err)
		}
	})
}

func TestRDM6300_ListenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		bus := NewRDM6300(near, nil)
		defer bus.Close()
		dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-rfid"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if err := dev.(drivers.Listener).Listen(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

func FuzzParseRDM6300(f *testing.F) {
	for _, s := range []string{rdmGolden, "\x0262e3086ced08\x03", "\x02\x02", "62E3" + rdmGolden, "\x0262E3086CED08\x02"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		uid, used, err := parseRDM6300(b)
		if used < 0 || used > len(b) || (err != nil || uid != nil) && used == 0 {
			t.Fatalf("%d of %d bytes used, %v", used, len(b), err)
		}
		if uid == nil {
			return
		}
		if err != nil || len(uid) != 5 || used < rdmFrame || b[used-1] != etx || b[used-rdmFrame] != stx {
			t.Errorf("uid % X, %d used of %q, %v", uid, used, b, err)
		}
	})
}
