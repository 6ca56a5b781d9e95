package serialport_test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/serialport"
)

func TestPort_CarriesBytesBothWaysRaw(t *testing.T) {
	far, near := drivertest.PTY(t)
	p, err := serialport.Open(near, serialport.Mode{Baud: 19200, Parity: "even"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }() // the test is over
	raw := []byte{0x00, 0x03, 0x04, 0x0A, 0x0D, 0x11, 0x13, 0x7F, 0xFF}
	for name, ends := range map[string][2]io.ReadWriter{"out": {p, far}, "in": {far, p}} {
		if _, err := ends[0].Write(raw); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(raw))
		if _, err := io.ReadFull(ends[1], got); err != nil || string(got) != string(raw) {
			t.Errorf("%s: % x %v", name, got, err)
		}
	}
	if !p.Pseudo() {
		t.Error("a pty is not a real line")
	}
}

func TestPort_DeadlineAndPendingDoNotBlock(t *testing.T) {
	far, near := drivertest.PTY(t)
	p, err := serialport.Open(near, serialport.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }() // the test is over
	buf := make([]byte, 8)
	if n, err := p.Pending(buf); n != 0 || err != nil {
		t.Errorf("pending on a quiet line: %d %v", n, err)
	}
	if err := p.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("past the deadline: %v", err)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(buf); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("unplugged: %v", err)
	}
	if _, err := p.Pending(buf); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("unplugged: %v", err)
	}
}

func TestOpen_OneOwnerAndClearRefusals(t *testing.T) {
	_, near := drivertest.PTY(t)
	p, err := serialport.Open(near, serialport.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serialport.Open(near, serialport.Mode{}); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("opened twice: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if p, err = serialport.Open(near, serialport.Mode{}); err != nil {
		t.Fatalf("after close: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, m := range []serialport.Mode{{Baud: 1}, {Parity: "loud"}, {DataBits: 5}, {StopBits: 3}} {
		if _, err := serialport.Open(near, m); err == nil || errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("%+v: %v, want a refusal that trying again does not cure", m, err)
		}
	}
	if _, err := serialport.Open(near+"-none", serialport.Mode{}); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("no such port: %v", err)
	}
}

func TestWaitUntil_EndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := serialport.WaitUntil(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := serialport.WaitUntil(t.Context(), time.Time{}); err != nil {
		t.Error(err)
	}
}
