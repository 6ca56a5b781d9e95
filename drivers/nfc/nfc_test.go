package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"anlan/configs"
	"anlan/drivers"
)

var guardUID = []byte{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}

// Frames written down by hand from the manual, not made by this package.
const (
	ack      = "0000FF00FF00"
	listCmd  = "0000FF04FCD44A0100E100"
	samCmd   = "0000FF05FBD41401140102" + "00"
	samReply = "0000FF02FED5151600"
	noTag    = "0000FF03FDD54B00E000"
	guardTag = "0000FF0FF1D54B0101004400" + "0704A1B2C3D4E5F6CA00"
)

func plain(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// chip answers commands; field tells which tag reply the moment gives.
func chip(t *testing.T, conn net.Conn, field func() string) {
	buf := make([]byte, 256)
	sam, list := plain(t, samCmd), plain(t, listCmd)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		var reply string
		switch got := buf[:n]; {
		case bytes.Equal(got, sam):
			reply = ack + samReply
		case bytes.Equal(got, list):
			reply = field()
		case bytes.Contains(got, []byte{0xD4, 0x32}):
			reply = ack + "0000FF02FED533F800"
		}
		if reply != "" {
			if _, err := conn.Write(plain(t, reply)); err != nil {
				return
			}
		}
	}
}

// listen runs a reader against a chip for a while of the bubble's time.
func listen(t *testing.T, field func() string, d time.Duration) (taps [][]byte, err error) {
	near, far := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { chip(t, far, field) })
	taps, err = tapsOn(t, NewBus(near, nil), far, d)
	wg.Wait()
	return taps, err
}

// tapsOn listens to a bus for a while of the bubble's time and then closes both ends.
func tapsOn(t *testing.T, bus *Bus, far io.Closer, d time.Duration) (taps [][]byte, err error) {
	t.Helper()
	dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-nfc"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	err = dev.(drivers.Listener).Listen(ctx, func(t drivers.Tap) { taps = append(taps, slices.Clone(t.UID)) })
	if err := errors.Join(bus.Close(), far.Close()); err != nil {
		t.Error(err)
	}
	return taps, err
}

func TestReader_AHeldCardIsOneTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		field := func() string {
			switch s := time.Since(start).Seconds(); {
			case s > 1 && s < 4, s > 4.5 && s < 5, s > 8 && s < 9: // held with a gap of 0.5 s, then again
				return ack + guardTag
			}
			return ack + noTag
		}
		taps, err := listen(t, field, 12*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		if len(taps) != 2 || !bytes.Equal(taps[0], guardUID) || !bytes.Equal(taps[1], guardUID) {
			t.Errorf("taps % X, want the guard's twice", taps)
		}
	})
}

func TestReader_AChipThatWaitsForATagIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		taps, err := listen(t, func() string {
			if n++; n == 4 {
				return ack + guardTag
			}
			return ack // acknowledges and looks on
		}, 10*time.Second)
		if len(taps) != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d taps, %v; want 1", len(taps), err)
		}
	})
}

func TestReader_NoiseCostsNothingAndDamageIsNeverATap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		taps, err := listen(t, func() string {
			switch n++; n % 4 {
			case 1:
				return "55AA00" + ack + "FF7700" + noTag
			case 2:
				return ack + strings.Replace(guardTag, "B2", "B3", 1) // checksum no longer right
			}
			return ack + noTag
		}, 20*time.Second)
		if len(taps) != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d taps, %v", len(taps), err)
		}
	})
}

func TestReader_ASilentChipIsAnErrorNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := listen(t, func() string { return "" }, time.Minute); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("silent chip: %v", err)
		}
	})
}

func TestReader_UnplugIsLinkDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		bus := NewBus(near, nil)
		dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-nfc"})
		if err != nil {
			t.Fatal(err)
		}
		if err := far.Close(); err != nil {
			t.Fatal(err)
		}
		if err := dev.(drivers.Listener).Listen(t.Context(), nil); !errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("unplugged: %v", err)
		}
		if len(dev.Groups()) != 0 {
			t.Error("a reader has no groups")
		}
	})
}

type framesFile struct {
	Profile   string `yaml:"profile,required"`
	Framing   string `yaml:"framing,required"`
	Exchanges []struct {
		Name    string `yaml:"name,required"`
		Request string `yaml:"request,required"`
		Reply   string `yaml:"reply,required"`
		UID     string `yaml:"uid"`
	} `yaml:"exchanges,required"`
}

func TestProfile_AgreesWithItsDocumentExamples(t *testing.T) {
	src, err := fs.ReadFile(configs.Files, "profiles/pn532.frames.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var f framesFile
	if _, ps := configs.Decode("pn532.frames.yaml", src, &f); ps.Err() != nil {
		t.Fatal(ps)
	}
	for _, e := range f.Exchanges {
		req := plain(t, e.Request)
		fr, used, err := parseFrame(req)
		if err != nil || fr.kind != frameData || !bytes.Equal(appendFrame(nil, fr.data), req) {
			t.Errorf("%s: request %v, %d used, %v", e.Name, fr, used, err)
			continue
		}
		reply := plain(t, e.Reply)
		a, used, err := parseFrame(reply)
		if err != nil || a.kind != frameAck {
			t.Errorf("%s: %v %v, want an acknowledgement", e.Name, a, err)
		}
		d, _, err := parseFrame(reply[used:])
		if err != nil || d.kind != frameData || d.data[1] != fr.data[1]+1 {
			t.Errorf("%s: %v %v, want a response", e.Name, d, err)
			continue
		}
		if fr.data[1] == cmdInListPassiveTarget {
			uid, _, err := parseTarget(d.data[2:])
			if err != nil || !strings.EqualFold(hex.EncodeToString(uid), e.UID) {
				t.Errorf("%s: UID %X %v, want %s", e.Name, uid, err, e.UID)
			}
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	for _, s := range []string{ack, samReply, noTag, guardTag, "0000FFFF0000", "0000FF01FF7F8100", "55550000FF"} {
		f.Add(plain(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, used, err := parseFrame(b)
		if used < 0 || used > len(b) || err != nil && used == 0 {
			t.Fatalf("%d of %d bytes used, %v", used, len(b), err)
		}
		if fr.kind == frameData {
			if len(fr.data) > 2 {
				if uid, _, err := parseTarget(fr.data[2:]); err == nil && len(uid) > 10 {
					t.Errorf("UID of %d bytes", len(uid))
				}
			}
			if again, _, err := parseFrame(appendFrame(nil, fr.data)); err != nil || !bytes.Equal(again.data, fr.data) {
				t.Error("does not round-trip")
			}
		}
	})
}
