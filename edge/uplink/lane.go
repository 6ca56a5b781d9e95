package uplink

import (
	"time"

	"anlan/contract"
)

const (
	resendAfter     = 10 * time.Second
	missedUntilLoud = 3           // missed acknowledgements before "not delivered"
	wantQuiet       = time.Second // repeats of one Want are answered once in this time
	agreeWithin     = 3 * time.Second
)

// lane decides what of one stream may be on its way: a window of records sent and not
// yet acknowledged, and going back when the cloud asks or stays silent. It is pure;
// every method takes now.
type lane struct {
	window int

	acked   uint64
	flight  []uint64 // sent on this connection, not acknowledged, in order
	sent    uint64   // last one sent on this connection, or acked
	highest uint64   // last one ever sent by this process

	open     bool      // a connection is there
	agreed   bool      // the cloud has said where it stands since the connect
	openedAt time.Time //
	since    time.Time // since when something waits without progress; zero if nothing does
	missed   int

	want   uint64
	wantAt time.Time
}

// connect starts over on a new connection: whatever was in flight is sent again.
func (l *lane) connect(now time.Time) {
	l.open, l.agreed, l.openedAt = true, false, now
	l.rewind(l.acked)
}

func (l *lane) disconnect() {
	l.open, l.agreed = false, false
	l.rewind(l.acked)
}

func (l *lane) rewind(to uint64) { l.sent, l.flight = to, nil }

// room says how many records may be sent now, and after which seq they start.
func (l *lane) room(now time.Time) (after uint64, n int) {
	// The cloud's word on its cursor comes first, so that little is sent twice; a
	// cloud that does not answer is not waited for.
	if !l.open || !l.agreed && now.Sub(l.openedAt) < agreeWithin {
		return l.sent, 0
	}
	return l.sent, max(l.window-len(l.flight), 0)
}

// didSend records that seq is on its way; replayed says that it may have been before.
func (l *lane) didSend(seq uint64, now time.Time) (replayed bool) {
	l.sent = seq
	l.flight = append(l.flight, seq)
	if l.since.IsZero() {
		l.since = now
	}
	replayed = seq <= l.highest
	l.highest = max(l.highest, seq)
	return replayed
}

// verdict of an acknowledgement.
type verdict struct {
	trim   bool   // everything up to seq may go
	forget bool   // the cloud stands before what is still here; chain on from seq
	seq    uint64 //
}

// ack takes an acknowledgement. newest is the last seq given out by the spool; one
// beyond it speaks of another spool and is ignored.
func (l *lane) ack(a contract.Ack, newest uint64, now time.Time) verdict {
	if a.Seq > newest {
		return verdict{}
	}
	l.agreed = true
	var v verdict
	if a.Seq > l.acked {
		v = verdict{trim: true, seq: a.Seq}
		l.acked, l.missed, l.since = a.Seq, 0, now
		for len(l.flight) > 0 && l.flight[0] <= a.Seq {
			l.flight = l.flight[1:]
		}
		l.sent = max(l.sent, a.Seq)
		if newest <= a.Seq {
			l.since = time.Time{}
		}
	}
	if a.Want == 0 || a.Want == l.want && now.Sub(l.wantAt) < wantQuiet {
		return v
	}
	l.want, l.wantAt = a.Want, now
	if a.Seq < l.acked {
		v = verdict{forget: true, seq: a.Seq}
		l.acked = a.Seq
	}
	l.rewind(l.acked)
	return v
}

// tick lets time pass; resend is true when the records in flight are to go again.
func (l *lane) tick(newest uint64, now time.Time) (resend bool) {
	switch {
	case newest <= l.acked:
		l.since, l.missed = time.Time{}, 0
	case l.since.IsZero():
		l.since = now
	case now.Sub(l.since) >= resendAfter:
		l.since = now
		l.missed++
		l.rewind(l.acked)
		return true
	}
	return false
}

// notDelivered reports that the cloud has not confirmed anything for so long that
// people at the edge must know.
func (l *lane) notDelivered() bool { return l.missed >= missedUntilLoud }
