package attach

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Bounds of the box reader: a file may claim anything.
const (
	maxBoxes = 4096
	maxDepth = 6
)

// movie is what the boxes of an MP4 or QuickTime file tell.
type movie struct {
	width, height int // of the first video track, as shown
	seconds       float64
	created       time.Time

	moov, video bool
	units       uint32 // per second
	left        int    // boxes that may still be read
}

// readMovie reads duration, dimensions and rotation. A file in fragments may not tell its
// duration: seconds is 0 then.
func readMovie(r io.ReaderAt, size int64) (movie, error) {
	m := movie{left: maxBoxes}
	if err := m.walk(r, 0, size, 0, nil); err != nil {
		return movie{}, err
	}
	if !m.moov || !m.video {
		return movie{}, fmt.Errorf("%w: no video in the file", ErrBroken)
	}
	return m, nil
}

// track gathers what the boxes of one trak say.
type track struct {
	video         bool
	width, height float64
	turned        bool // by a quarter
}

// walk reads the boxes from at to end.
func (m *movie) walk(r io.ReaderAt, at, end int64, depth int, t *track) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: boxes too deep", ErrBroken)
	}
	for end-at >= 8 {
		if m.left--; m.left < 0 {
			return fmt.Errorf("%w: too many boxes", ErrBroken)
		}
		kind, body, next, err := box(r, at, end)
		if err != nil {
			return err
		}
		if kind == "" { // four zero bytes end a QuickTime list
			return nil
		}
		if err := m.take(r, kind, body, next, depth, t); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// box reads a header: where the body begins and where the next box does.
func box(r io.ReaderAt, at, end int64) (kind string, body, next int64, err error) {
	var h [16]byte
	if err := readAt(r, h[:8], at); err != nil {
		return "", 0, 0, err
	}
	length, body := int64(binary.BigEndian.Uint32(h[:])), at+8
	switch length {
	case 0:
		if string(h[4:8]) == "\x00\x00\x00\x00" {
			return "", 0, end, nil
		}
		length = end - at // to the end of the file
	case 1:
		if end-at < 16 {
			return "", 0, 0, fmt.Errorf("%w: box cut short", ErrBroken)
		}
		if err := readAt(r, h[8:16], at+8); err != nil {
			return "", 0, 0, err
		}
		long := binary.BigEndian.Uint64(h[8:])
		if long > math.MaxInt64 {
			return "", 0, 0, fmt.Errorf("%w: box too long", ErrBroken)
		}
		length, body = int64(long), at+16
	}
	if length < body-at || length > end-at {
		return "", 0, 0, fmt.Errorf("%w: box %q leaves its place", ErrBroken, h[4:8])
	}
	return string(h[4:8]), body, at + length, nil
}

func (m *movie) take(r io.ReaderAt, kind string, body, next int64, depth int, t *track) error {
	switch kind {
	case "moov":
		m.moov = true
		return m.walk(r, body, next, depth+1, nil)
	case "mvex", "mdia":
		return m.walk(r, body, next, depth+1, t)
	case "trak":
		one := &track{}
		if err := m.walk(r, body, next, depth+1, one); err != nil {
			return err
		}
		m.track(one)
	case "mvhd", "mehd", "tkhd", "hdlr":
		b := make([]byte, min(next-body, 128))
		if err := readAt(r, b, body); err != nil {
			return err
		}
		return m.header(kind, b, t)
	}
	return nil
}

// track keeps the first video track.
func (m *movie) track(t *track) {
	w, h := t.width, t.height
	if t.turned {
		w, h = h, w
	}
	if !t.video || m.video || w < 1 || h < 1 || w > maxSide || h > maxSide {
		return
	}
	m.video, m.width, m.height = true, int(w), int(h)
}

var errShort = fmt.Errorf("%w: box cut short", ErrBroken)

func (m *movie) header(kind string, b []byte, t *track) error {
	if len(b) < 12 {
		return errShort
	}
	wide := b[0] == 1 // 64-bit times
	switch kind {
	case "mvhd":
		return m.movieHeader(b, wide)
	case "mehd":
		// Its scale is in mvhd, which comes first.
		if n := duration(b[4:], wide); m.seconds == 0 && m.units > 0 {
			m.seconds = float64(n) / float64(m.units)
		}
	case "hdlr":
		if t != nil && string(b[8:12]) == "vide" {
			t.video = true
		}
	case "tkhd":
		at := 40
		if wide {
			at = 52
		}
		if t == nil || len(b) < at+44 {
			return errShort
		}
		fixed := func(i int) float64 { return float64(int32(binary.BigEndian.Uint32(b[i:]))) / 65536 } //nolint:gosec // signed on purpose
		a, u := fixed(at), fixed(at+4)
		t.turned = math.Abs(u) > math.Abs(a)
		t.width, t.height = fixed(at+36), fixed(at+40)
	}
	return nil
}

// movieHeader reads creation time, scale and duration.
func (m *movie) movieHeader(b []byte, wide bool) error {
	need := 20
	if wide {
		need = 32
	}
	if len(b) < need {
		return errShort
	}
	var made uint64
	if wide {
		made, m.units = binary.BigEndian.Uint64(b[4:]), binary.BigEndian.Uint32(b[20:])
	} else {
		made, m.units = uint64(binary.BigEndian.Uint32(b[4:])), binary.BigEndian.Uint32(b[12:])
	}
	const since1904 = 2_082_844_800 // seconds to 1970
	if made > since1904 && made < since1904+1<<33 {
		m.created = plausible(time.Unix(int64(made)-since1904, 0)) //nolint:gosec // bounded above
	}
	if n := duration(b[need-8:], true); wide && n > 0 && m.units > 0 {
		m.seconds = float64(n) / float64(m.units)
	} else if n := duration(b[16:], false); !wide && n > 0 && m.units > 0 {
		m.seconds = float64(n) / float64(m.units)
	}
	return nil
}

// duration reads a number of units; all ones mean unknown, which is 0 here.
func duration(b []byte, wide bool) uint64 {
	if !wide {
		if n := binary.BigEndian.Uint32(b); n != math.MaxUint32 {
			return uint64(n)
		}
		return 0
	}
	if len(b) < 8 {
		return 0
	}
	if n := binary.BigEndian.Uint64(b); n != math.MaxUint64 {
		return n
	}
	return 0
}

func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) || err == nil {
		return errShort
	}
	return fmt.Errorf("attach: read box: %w", err)
}
