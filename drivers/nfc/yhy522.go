package nfc

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

// OpenYHY522 opens the port of a YHY522R-class 13.56 MHz reader; Baud 0 is 19200. Such a
// reader is asked for the tag in its field and answers either way, so that a dead one
// shows.
//
// Frames are AA BB, length, command or status, data, check; the length counts itself, and
// the check is the XOR from the length to the last byte of data. A byte AA behind the
// head is followed by a 00 that counts for nothing; "no tag" is the inverted command
// without data (the manual of December 2018, 10.4). UNVERIFIED on hardware: that a number
// of 7 or 10 bytes comes whole.
func OpenYHY522(ctx context.Context, cfg Config) (drivers.Bus, error) {
	return open(ctx, cfg, 19200, yhy522Model)
}

// NewYHY522 speaks to a YHY522R over a stream.
func NewYHY522(stream Stream, log *slog.Logger) *Bus { return newBus(stream, log, yhy522Model) }

var yhy522Model = model{
	begin: func(s Stream) conversation {
		return &yhy522{link{Link: stream.Link{Stream: s}, settle: 50 * time.Millisecond}}
	},
	pause: 100 * time.Millisecond,
}

type yhy522 struct{ link }

const (
	yhyReadID = 0x20
	yhyWithin = 300 * time.Millisecond // at 19200 baud an answer takes 6 ms of wire
)

func (l *yhy522) wire() *link { return &l.link }

// wake finds out whether a reader is there.
func (l *yhy522) wake(ctx context.Context) error {
	_, err := l.look(ctx)
	return err
}

func (l *yhy522) look(ctx context.Context) (*tag, error) {
	l.have = 0
	if err := l.write(ctx, appendYHY522(nil, yhyReadID, nil)); err != nil {
		return nil, err
	}
	var status byte
	var data []byte
	whole := false
	err := l.next(ctx, time.Now().Add(yhyWithin), func(b []byte) (done bool, used int, err error) {
		status, data, whole, used, err = parseYHY522(b)
		return whole, used, err
	})
	switch {
	case err != nil:
		return nil, err
	case status == ^byte(yhyReadID) && len(data) == 0:
		return nil, nil
	case status != yhyReadID || len(data) != 4 && len(data) != 7 && len(data) != 10:
		return nil, fmt.Errorf("status %#02x with %d bytes: %w", status, len(data), drivers.ErrCorrupt)
	}
	return &tag{uid: data}, nil
}

var yhyHead = []byte{0xAA, 0xBB}

// appendYHY522 appends a frame.
func appendYHY522(dst []byte, command byte, data []byte) []byte {
	body := append([]byte{byte(2 + len(data)), command}, data...)
	check := byte(0)
	for _, c := range body {
		check ^= c
	}
	dst = append(dst, yhyHead...)
	for _, c := range append(body, check) {
		if dst = append(dst, c); c == yhyHead[0] {
			dst = append(dst, 0)
		}
	}
	return dst
}

// parseYHY522 finds the first frame in b and tells how many bytes are done with, noise
// before it included; it is whole when a frame was found. The error wraps
// [drivers.ErrCorrupt].
func parseYHY522(b []byte) (status byte, data []byte, whole bool, used int, err error) {
	i := bytes.Index(b, yhyHead)
	if i < 0 {
		if n := len(b); n > 0 && b[n-1] == yhyHead[0] {
			return 0, nil, false, n - 1, nil
		}
		return 0, nil, false, len(b), nil
	}
	var body []byte
	for at := i + 2; at < len(b); at++ {
		c := b[at]
		if c == yhyHead[0] {
			if at+1 == len(b) {
				break // what follows it is still to come
			}
			if b[at+1] != 0 {
				return 0, nil, false, at, fmt.Errorf("frame broken by another: %w", drivers.ErrCorrupt)
			}
			at++
		}
		body = append(body, c)
		switch {
		case body[0] < 2:
			return 0, nil, false, at + 1, fmt.Errorf("frame of length %d: %w", body[0], drivers.ErrCorrupt)
		case len(body) < int(body[0])+1:
			continue
		}
		check := byte(0)
		for _, c := range body {
			check ^= c
		}
		if check != 0 {
			return 0, nil, false, at + 1, fmt.Errorf("frame check: %w", drivers.ErrCorrupt)
		}
		return body[1], body[2 : len(body)-1], true, at + 1, nil
	}
	return 0, nil, false, i, nil
}
