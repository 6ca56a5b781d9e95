package bus

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"anlan/firmware-sim/device"
)

const asciiPause = time.Second // the most between two characters of an ASCII frame

// receive collects one frame. A pty delivers it at once, so its end on the wire is
// reckoned from its length; a real port took the time already.
func (s *Serial) receive(ctx context.Context, port Port) (frame []byte, began, ended time.Time, err error) {
	buf := make([]byte, 512)
	uart := s.uart(nil)
	for {
		deadline := time.Now().Add(200 * time.Millisecond)
		if len(frame) > 0 {
			if s.whole(frame) {
				return frame, began, ended, nil
			}
			deadline = ended.Add(uart.Silence35())
			if s.ASCII {
				deadline = ended.Add(asciiPause)
			}
		}
		if err := port.SetReadDeadline(deadline); err != nil {
			return nil, began, ended, err
		}
		if ctx.Err() != nil { // its own deadline may have been overwritten just now
			return nil, began, ended, ctx.Err()
		}
		n, err := port.Read(buf)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return nil, began, ended, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			if len(frame) > 0 {
				return frame, began, ended, nil
			}
			continue
		case err != nil:
			return nil, began, ended, err
		}
		if len(frame) == 0 {
			began, ended = now, now
		}
		if ended.Before(now) {
			ended = now
		}
		frame = append(frame, buf[:n]...)
		if s.Device == "" {
			ended = ended.Add(time.Duration(n) * uart.Char())
		}
		if len(frame) > 4096 { // noise without a pause
			return frame, began, ended, nil
		}
	}
}

func (s *Serial) whole(frame []byte) bool {
	if s.ASCII {
		return bytes.HasSuffix(frame, []byte("\n"))
	}
	return len(frame) == device.RequestLength(frame)
}
