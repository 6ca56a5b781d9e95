package edge

import (
	"context"
	"encoding/hex"
	"log/slog"
	"strings"
	"testing"
	"time"

	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/profile"
	"anlan/edge/config"
	"anlan/edge/poll"
)

// hearing is a sink that hands on what listeners say.
type hearing struct {
	taps     chan drivers.Tap
	readings chan contract.Reading
}

func (h *hearing) Tap(_ contract.DeviceID, t drivers.Tap) { h.taps <- t }
func (h *hearing) Readings(rs []contract.Reading) {
	for _, r := range rs {
		h.readings <- r
	}
}

// listening polls one device on a real pseudo-terminal, opened as the configuration says;
// say writes to its far end.
func listening(t *testing.T, b config.Bus, lib profile.Library, profileID string) (h *hearing, say func([]byte)) {
	t.Helper()
	far, near := drivertest.PTY(t)
	b.Port, b.Parity, b.StopBits, b.DataBits = near, "none", 1, 8
	h = &hearing{make(chan drivers.Tap, 100), make(chan contract.Reading, 1000)}
	cfg := poll.BusConfig{ID: "b", Link: "bus-b.link", Open: func(ctx context.Context) (drivers.Bus, error) {
		return openBus(ctx, openers(), b, lib, slog.New(slog.DiscardHandler))
	}}
	d := poll.DeviceConfig{Spec: drivers.DeviceSpec{ID: "dev", Profile: profileID}}
	for _, pt := range readable(lib[profileID]) {
		d.Points = append(d.Points, contract.NewPointID("dev", pt.Name))
	}
	cfg.Devices = []poll.DeviceConfig{d}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		poll.New([]poll.BusConfig{cfg}, h, slog.New(slog.DiscardHandler), nil).Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return h, func(bytes []byte) {
		if _, err := far.Write(bytes); err != nil {
			t.Error(err)
		}
	}
}

func TestOpeners_ATagReaderOnARealLine(t *testing.T) {
	h, say := listening(t, config.Bus{ID: "b", Kind: config.KindRDM6300, Baud: 9600}, profile.Library{}, "rdm6300")
	for r := range h.readings { // until the bus is up: what comes before is nobody's
		if r.Point == "bus-b.link" && r.Value == 0 {
			break
		}
	}
	say([]byte("\x0262E3086CED08\x03"))
	select {
	case tap := <-h.taps:
		if uid := strings.ToUpper(hex.EncodeToString(tap.UID)); uid != "62E3086CED" {
			t.Errorf("UID %s", uid)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no tap")
	}
}

func TestOpeners_ATappedPanelOnARealLine(t *testing.T) {
	lib := profile.Library{"panel": {ID: "panel", Protocol: profile.ProtocolPanelCRT, Points: []profile.Point{{Name: "n1", Doc: "012034"}, {Name: "fires", Doc: "count:fire"}}}}
	h, say := listening(t, config.Bus{ID: "b", Kind: config.KindPanelCRT, Baud: 2400}, lib, "panel")
	seen := map[contract.PointID]contract.Reading{}
	// Idle, reset, and fire at node 012034; the sum is that of the five bytes of data.
	said := []byte{0xF0, 0xBB, 0xAA, 0xBB, 0xDD, 0x01, 0x20, 0x34, 0x11, 0x01, 0x67, 0xBB}
	giveUp := time.After(20 * time.Second)
	for seen["dev.n1"].Value != 1 || seen["dev.fires"].Value != 1 {
		select {
		case r := <-h.readings:
			seen[r.Point] = r
			if r.Point == "bus-b.link" && r.Value == 0 {
				say(said)
			}
		case <-giveUp:
			t.Fatalf("heard %+v", seen)
		}
	}
	if q := seen["dev.n1"].Quality; !q.IsGood() {
		t.Errorf("quality %v", q)
	}
}
