package device

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// TCP is a Modbus TCP server for one device; it answers any unit id it was given, or
// every one if Unit.ID is 0.
type TCP struct {
	Listener net.Listener
	Unit     Unit
}

// Run serves until ctx ends.
func (s *TCP) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Listener.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := s.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("device: accept: %w", err)
		}
		wg.Go(func() { s.serve(ctx, c) })
	}
}

func (s *TCP) serve(ctx context.Context, c net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	rnd := rand.New(rand.NewPCG(3, 4))
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		n := int(binary.BigEndian.Uint16(head[4:]))
		if binary.BigEndian.Uint16(head[2:]) != 0 || n < 2 || n > 254 {
			return
		}
		pdu := make([]byte, n-1)
		if _, err := io.ReadFull(c, pdu); err != nil {
			return
		}
		if s.Unit.ID != 0 && head[6] != s.Unit.ID {
			continue // as a gateway would: nobody of that id here
		}
		if !s.reply(ctx, c, head, pdu, rnd) {
			return
		}
	}
}

func (s *TCP) reply(ctx context.Context, c net.Conn, head, pdu []byte, rnd *rand.Rand) bool {
	f := s.Unit.fault()
	f.Corrupt = 0 // TCP's own checksum would have thrown such a segment away
	if f.Silent {
		return true
	}
	answer := []byte{pdu[0] | 0x80, f.Exception}
	if f.Exception == 0 {
		answer = Answer(s.Unit.Memory, pdu)
	}
	timer := time.NewTimer(s.Unit.Reaction + f.Late)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	}
	body := append([]byte{head[6]}, answer...)
	for _, b := range f.Frames(body, rnd, func([]byte) {}) {
		frame := append([]byte{head[0], head[1], 0, 0}, binary.BigEndian.AppendUint16(nil, uint16(len(b)))...)
		if _, err := c.Write(append(frame, b...)); err != nil {
			return false
		}
	}
	return true
}
