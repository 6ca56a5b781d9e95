package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/drivers"
)

// Messages written down by hand from the NFC Forum's documents: a link to
// https://example.cn (D1 01 0B 55 04 …), a Chinese text (status 02, "zh"), both in one.
const (
	ndefLink = "D1010B5504" + "6578616D706C652E636E"
	ndefText = "D1010F5402" + "7A68" + "E5B7A1E6A380E782B9" + "2D3037" // 巡检点-07
	ndefBoth = "91010B5504" + "6578616D706C652E636E" + "51010F5402" + "7A68" + "E5B7A1E6A380E782B9" + "2D3037"
)

func TestParseNDEF_DocumentExamples(t *testing.T) {
	link := Record{Kind: "uri", Text: "https://example.cn"}
	words := Record{Kind: "text", Language: "zh", Text: "巡检点-07"}
	for s, want := range map[string][]Record{ndefLink: {link}, ndefText: {words}, ndefBoth: {link, words},
		"D101065482" + "7A68" + "5DE168C0":      nil, // length one too many
		"D10107" + "5482" + "7A68" + "5DE168C0": {{Kind: "text", Language: "zh", Text: "巡检"}},
		"C10100000004" + "58" + "01020304":      {{Kind: "X", Payload: []byte{1, 2, 3, 4}}},
		"":                                      nil, "D1": nil, "51010B5504": nil, "F1010155": nil,
	} {
		got, err := ParseNDEF(plain(t, s))
		if want == nil {
			if !errors.Is(err, drivers.ErrCorrupt) {
				t.Errorf("%s: %+v %v, want corrupt", s, got, err)
			}
			continue
		}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", s, err, d)
		}
	}
}

func TestMessage_FindsTheBlockAmongOthers(t *testing.T) {
	for s, want := range map[string]struct {
		ndef string
		more bool
		bad  bool
	}{
		"0300FE":               {ndef: ""},
		"0000" + "0302D000FE":  {ndef: "D000"},
		"0103A0100E0302D000FE": {ndef: "D000"}, // a lock control block first
		"03":                   {more: true},
		"0305D000":             {more: true},
		"FE0302D000":           {ndef: "none"},
		"03FF0001D0":           {bad: true},
	} {
		got, more, err := message(plain(t, s))
		switch {
		case want.bad:
			if !errors.Is(err, drivers.ErrCorrupt) {
				t.Errorf("%s: %v", s, err)
			}
		case more != want.more || err != nil:
			t.Errorf("%s: more %v %v", s, more, err)
		case want.ndef == "none" || want.more:
			if got != nil {
				t.Errorf("%s: % X", s, got)
			}
		case strings.ToUpper(hex.EncodeToString(got)) != want.ndef || got == nil:
			t.Errorf("%s: % X, want %s", s, got, want.ndef)
		}
	}
}

// frameOf wraps data for a chip's answer, apart from the driver's own codec.
func frameOf(data []byte) []byte {
	sum := byte(0)
	for _, c := range data {
		sum += c
	}
	return append(append([]byte{0, 0, 0xFF, byte(len(data)), -byte(len(data))}, data...), -sum, 0)
}

// ntag answers as a chip with an NTAG213 in its field.
func ntag(t *testing.T, conn net.Conn, memory []byte) {
	buf := make([]byte, 256)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		i := bytes.Index(buf[:n], []byte{0xD4})
		if i < 0 {
			continue
		}
		var answer []byte
		switch cmd := buf[i+1 : n]; cmd[0] {
		case 0x4A:
			answer = append([]byte{0xD5, 0x4B, 1, 1, 0x00, 0x44, 0x00, 7}, guardUID...)
		case 0x40:
			page := int(cmd[3]) * 4
			if answer = []byte{0xD5, 0x41, 0x01}; page+16 <= len(memory) {
				answer = append([]byte{0xD5, 0x41, 0x00}, memory[page:page+16]...)
			}
		default:
			answer = []byte{0xD5, cmd[0] + 1}
		}
		if _, err := conn.Write(append(plain(t, ack), frameOf(answer)...)); err != nil {
			return
		}
	}
}

func TestPN532_TheTagsMessageComesWhole(t *testing.T) {
	block := plain(t, fmt.Sprintf("0103A0100E03%02X%sFE", len(ndefBoth)/2, ndefBoth))
	memory := append(plain(t, "04A1B29C"+"C3D4E5F6"+"0048"+"0000"+"E1101200"), block...)
	memory = append(memory, make([]byte, 180-len(memory))...)
	for name, c := range map[string]struct {
		memory []byte
		texts  []string
	}{"message": {memory, []string{"https://example.cn", "巡检点-07"}}, "never formatted": {make([]byte, 180), nil}, "gone after the first page": {memory[:32], nil}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var wg sync.WaitGroup
				wg.Go(func() { ntag(t, far, c.memory) })
				bus := NewBus(near, nil)
				dev, err := bus.Device(drivers.DeviceSpec{ID: "f01-nfc"})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				var taps []drivers.Tap
				if err := dev.(*Reader).Listen(ctx, func(tap drivers.Tap) { taps = append(taps, tap) }); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				if len(taps) != 1 || !bytes.Equal(taps[0].UID, guardUID) || !slices.Equal(taps[0].Texts, c.texts) {
					t.Errorf("taps %+v, want one with %q", taps, c.texts)
				}
				if err := errors.Join(bus.Close(), far.Close()); err != nil {
					t.Error(err)
				}
				wg.Wait()
			})
		})
	}
}

func FuzzParseNDEF(f *testing.F) {
	for _, s := range []string{ndefLink, ndefText, ndefBoth, "C10100000004" + "58" + "01020304"} {
		f.Add(plain(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if rs, err := ParseNDEF(b); err == nil && len(rs) == 0 {
			t.Error("a message without records")
		}
		if m, more, err := message(b); m != nil && (more || err != nil) {
			t.Errorf("% X, more %v, %v", m, more, err)
		}
	})
}
