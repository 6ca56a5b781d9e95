package uplink

import (
	"testing"
	"time"

	"anlan/contract"
)

func openLane(now time.Time) *lane {
	l := &lane{window: 3}
	l.connect(now)
	l.ack(contract.Ack{}, 100, now)
	return l
}

func TestLane_WindowAckAndWant(t *testing.T) {
	now := time.Unix(0, 0)
	l := openLane(now)
	for seq := uint64(1); seq <= 3; seq++ {
		if after, n := l.room(now); after != seq-1 || n != int(4-seq) {
			t.Fatalf("room %d %d before %d", after, n, seq)
		}
		l.didSend(seq, now)
	}
	if _, n := l.room(now); n != 0 {
		t.Errorf("window is not kept: %d", n)
	}
	if v := l.ack(contract.Ack{Seq: 2}, 100, now); !v.trim || v.seq != 2 {
		t.Errorf("verdict %+v", v)
	}
	if after, n := l.room(now); after != 3 || n != 2 {
		t.Errorf("room %d %d", after, n)
	}
	l.ack(contract.Ack{Seq: 2, Want: 3}, 100, now)
	if after, n := l.room(now); after != 2 || n != 3 {
		t.Errorf("after want: room %d %d", after, n)
	}
	if !l.didSend(3, now) {
		t.Error("a repeat is not marked replayed")
	}
	l.ack(contract.Ack{Seq: 2, Want: 3}, 100, now) // the same want again is one gap
	if after, _ := l.room(now); after != 3 {
		t.Errorf("a repeated want sent the lane back again")
	}
}

func TestLane_SilenceResendsAndGetsLoud(t *testing.T) {
	now := time.Unix(0, 0)
	l := openLane(now)
	l.didSend(1, now)
	for i := range 3 {
		if l.tick(1, now.Add(resendAfter-time.Second)) {
			t.Error("resent too early")
		}
		now = now.Add(resendAfter)
		if !l.tick(1, now) || l.notDelivered() != (i == 2) {
			t.Errorf("round %d: missed %d", i, l.missed)
		}
	}
	l.ack(contract.Ack{Seq: 1}, 1, now)
	if l.notDelivered() || l.tick(1, now.Add(time.Hour)) {
		t.Error("still loud after an acknowledgement")
	}
}

func TestLane_NothingBeforeTheCloudSpokeOrThreeSeconds(t *testing.T) {
	now := time.Unix(0, 0)
	l := &lane{window: 3}
	l.connect(now)
	if _, n := l.room(now); n != 0 {
		t.Error("sent before the cursors were agreed")
	}
	if _, n := l.room(now.Add(agreeWithin)); n != 3 {
		t.Error("waits for ever for a cloud that says nothing")
	}
}

func TestLane_CloudFromBackupIsChainedOn(t *testing.T) {
	now := time.Unix(0, 0)
	l := openLane(now)
	l.didSend(1, now)
	l.ack(contract.Ack{Seq: 1}, 5, now)
	if v := l.ack(contract.Ack{Seq: 0, Want: 1}, 5, now); !v.forget || v.seq != 0 {
		t.Errorf("verdict %+v", v)
	}
	if v := l.ack(contract.Ack{Seq: 9}, 5, now); v.trim {
		t.Error("an acknowledgement of another spool was taken")
	}
}
