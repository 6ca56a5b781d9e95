package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/stream"
)

// NewTCP speaks Modbus TCP over a connection, one request in flight. When the frames
// can not be followed any more the stream is closed and every later call is
// [drivers.ErrLinkDown].
func NewTCP(stream Stream) *Client {
	c := &counters{}
	return &Client{wire: &tcp{link: newLink(stream, c), timing: map[uint8]profile.Timing{}}, counters: c}
}

type tcp struct {
	link
	timing map[uint8]profile.Timing
	tid    uint16
	out    []byte
	buf    [2 * MaxTCP]byte
	have   int // bytes in buf
	used   int // of which the last answer, given to the caller
}

func (t *tcp) setTiming(unit uint8, timing profile.Timing) {
	t.timing[unit] = slower(t.timing[unit], timing)
}

func (t *tcp) close() error {
	t.Lose(errors.New("closed"))
	return t.Stream.Close()
}

// tcpTimeout is the wait for a unit whose profile does not tell; gateways wait for
// their own serial side first.
const tcpTimeout = time.Second

func (t *tcp) roundTrip(ctx context.Context, r *request) ([]byte, time.Time, error) {
	if t.Down() != nil {
		return nil, time.Time{}, t.Down()
	}
	defer t.Guard(ctx)()
	t.have = copy(t.buf[:], t.buf[t.used:t.have])
	t.used = 0
	t.tid++
	t.out = AppendTCP(t.out[:0], t.tid, r.unit, r.pdu)
	wait := cmpOr(t.timing[r.unit].Timeout, max(tcpTimeout, 2*t.timing[r.unit].ReactionMax))
	t.count.requests.Add(1)
	if err := t.Write(ctx, t.out, wait); err != nil {
		return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, err)
	}
	deadline := time.Now().Add(wait)
	for {
		pdu, at, err := t.frame(ctx, r, deadline)
		if err != nil {
			return nil, time.Time{}, t.failed(r, err)
		}
		if pdu == nil {
			continue // a stray
		}
		err = r.accept(pdu)
		switch {
		case err == nil:
			t.count.answers.Add(1)
			return pdu, at, nil
		case errors.Is(err, drivers.ErrException):
			t.count.answers.Add(1)
			t.count.exceptions.Add(1)
		default:
			t.count.crc.Add(1)
		}
		return nil, at, err
	}
}

// frame reads one whole frame. A frame of another transaction or unit is discarded,
// with a nil pdu.
func (t *tcp) frame(ctx context.Context, r *request, deadline time.Time) ([]byte, time.Time, error) {
	size := 7
	for {
		if t.have >= 7 {
			h, err := ParseMBAP(t.buf[:7])
			if err != nil {
				return nil, time.Time{}, err
			}
			size = 7 + h.Length
			if t.have >= size {
				if h.Transaction == t.tid && h.Unit == r.unit {
					t.used = size
					return t.buf[7:size], time.Now(), nil
				}
				t.count.strays.Add(1)
				t.have = copy(t.buf[:], t.buf[size:t.have])
				return nil, time.Time{}, nil
			}
		}
		n, err := t.Read(ctx, t.buf[t.have:], deadline)
		if err != nil {
			return nil, time.Time{}, err
		}
		t.have += n
	}
}

// failed gives the reason its name. A connection left inside a frame, or whose frames
// make no sense, is closed: what follows could be taken for anything.
func (t *tcp) failed(r *request, err error) error {
	switch {
	case errors.Is(err, stream.ErrQuiet):
		t.count.timeouts.Add(1)
		err = drivers.ErrTimeout
	case errors.Is(err, drivers.ErrCorrupt):
		t.count.crc.Add(1)
	}
	if t.have > 0 || errors.Is(err, drivers.ErrCorrupt) || t.Down() != nil {
		if t.Down() == nil {
			err = fmt.Errorf("%w: %w", err, t.Lose(errors.New("inside a frame")))
		}
		_ = t.Stream.Close() // it is given up either way
	}
	return fmt.Errorf("modbus: %v: %w", r, err)
}

// slower merges what two profiles say of one unit.
func slower(a, b profile.Timing) profile.Timing {
	return profile.Timing{ReactionMax: max(a.ReactionMax, b.ReactionMax), Pause: max(a.Pause, b.Pause),
		MaxLatency: max(a.MaxLatency, b.MaxLatency), Timeout: max(a.Timeout, b.Timeout)}
}
