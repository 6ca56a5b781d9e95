package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
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

// Frames written down by hand: 02^20 = 22; 06^20^12^34^56^78 = 2E; the number 12 AA 56 78
// has a 00 stuffed and the check 06^20^12^AA^56^78 = B0; none: 02^DF = DD.
const (
	yhyAsk     = "AABB022022"
	yhyTag     = "AABB0620123456782E"
	yhyStuffed = "AABB062012AA005678B0"
	yhyNone    = "AABB02DFDD"
)

// hold runs a YHY522R's Listen for d; field tells what the reader says to each question.
func hold(t *testing.T, d time.Duration, field func() string) (taps [][]byte, err error) {
	near, far := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 64)
		for {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			if !bytes.Equal(buf[:n], plain(t, yhyAsk)) {
				t.Errorf("asked % X", buf[:n])
			}
			said := plain(t, field())
			if len(said) == 0 {
				continue
			}
			if _, err := far.Write(said); err != nil {
				return
			}
		}
	})
	taps, err = tapsOn(t, NewYHY522(near, nil), far, d)
	wg.Wait()
	return taps, err
}

func TestYHY522_AHeldCardIsOneTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		taps, err := hold(t, 12*time.Second, func() string {
			switch s := time.Since(start).Seconds(); {
			case s > 1 && s < 4:
				return yhyTag
			case s > 6 && s < 7:
				return yhyStuffed
			}
			return yhyNone
		})
		want := [][]byte{{0x12, 0x34, 0x56, 0x78}, {0x12, 0xAA, 0x56, 0x78}}
		if !errors.Is(err, context.DeadlineExceeded) || !slices.EqualFunc(taps, want, bytes.Equal) {
			t.Errorf("taps % X, %v; want % X", taps, err, want)
		}
	})
}

func TestYHY522_SilenceAndNonsenseAreErrors(t *testing.T) {
	for said, want := range map[string]error{"": drivers.ErrTimeout, "AABB062012345678FF": drivers.ErrCorrupt, "AABB00": drivers.ErrCorrupt,
		"AABB032001" + "22": drivers.ErrCorrupt, "AABB0620123456": drivers.ErrTimeout} {
		synctest.Test(t, func(t *testing.T) {
			if taps, err := hold(t, time.Minute, func() string { return said }); len(taps) > 0 || !errors.Is(err, want) {
				t.Errorf("%q: taps % X, %v; want %v", said, taps, err, want)
			}
		})
	}
}

func TestYHY522_NoiseBeforeAnAnswerIsSteppedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, err := hold(t, 3*time.Second, func() string { return "00FFAA00AAAA" + yhyTag })
		if len(taps) != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("taps % X, %v", taps, err)
		}
	})
}

func FuzzParseYHY522(f *testing.F) {
	for _, s := range []string{yhyAsk, yhyTag, yhyStuffed, yhyNone, "AABBAA00", "AAAABB02DFDD"} {
		f.Add(plain(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		status, data, whole, used, err := parseYHY522(b)
		if used < 0 || used > len(b) || (err != nil || whole) && used == 0 {
			t.Fatalf("%d of %d bytes used, %v", used, len(b), err)
		}
		if !whole {
			return
		}
		again := appendYHY522(nil, status, data)
		if s, d, w, _, err := parseYHY522(again); err != nil || !w || s != status || !bytes.Equal(d, data) {
			t.Errorf("% X does not round-trip: %v", again, err)
		}
	})
}

// The shipped profiles' examples are what the parsers read.
func TestProfiles_OfOtherReadersAgreeWithTheirExamples(t *testing.T) {
	for id, parse := range map[string]func([]byte) ([]byte, error){
		"rdm6300": func(b []byte) ([]byte, error) { uid, _, err := parseRDM6300(b); return uid, err },
		"yhy522":  func(b []byte) ([]byte, error) { _, uid, _, _, err := parseYHY522(b); return uid, err },
	} {
		src, err := fs.ReadFile(configs.Files, "profiles/"+id+".frames.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Profile   string `yaml:"profile,required"`
			Framing   string `yaml:"framing,required"`
			Exchanges []struct {
				Name    string `yaml:"name,required"`
				Request string `yaml:"request"`
				Reply   string `yaml:"reply,required"`
				UID     string `yaml:"uid,required"`
			} `yaml:"exchanges,required"`
		}
		if _, ps := configs.Decode(id, src, &f); ps.Err() != nil {
			t.Fatal(ps)
		}
		for _, e := range f.Exchanges {
			uid, err := parse(plain(t, e.Reply))
			if err != nil || !strings.EqualFold(hex.EncodeToString(uid), e.UID) {
				t.Errorf("%s, %s: %X %v, want %s", id, e.Name, uid, err, e.UID)
			}
			if id == "yhy522" && !bytes.Equal(appendYHY522(nil, yhyReadID, nil), plain(t, e.Request)) {
				t.Errorf("%s: the request is not what is asked", e.Name)
			}
		}
	}
}
