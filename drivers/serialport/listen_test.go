package serialport_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/serialport"
)

// modes of every descriptor this process has on a file, as the kernel tells them.
func modes(t *testing.T, path string) (flags []string) {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != path {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + filepath.Base(fd))
		if err != nil {
			t.Fatal(err)
		}
		var octal uint32
		for line := range strings.Lines(string(info)) {
			if _, err := fmt.Sscanf(line, "flags:\t%o", &octal); err == nil {
				flags = append(flags, [...]string{"read only", "write only", "both"}[octal&3])
			}
		}
	}
	return flags
}

func TestOpenListen_CanNotSend(t *testing.T) {
	far, near := drivertest.PTY(t)
	ear, err := serialport.OpenListen(near, serialport.Mode{Baud: 2400, Parity: "space"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ear.Close() }() // the test is over
	var any any = ear
	if _, can := any.(io.Writer); can {
		t.Error("a listener that can write")
	}
	if got := modes(t, near); len(got) != 1 || got[0] != "read only" {
		t.Errorf("descriptors on the line: %v", got)
	}
	raw := []byte{0x00, 0x03, 0x04, 0x0A, 0x0D, 0x11, 0x13, 0x7F, 0xFF}
	if _, err := far.Write(raw); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(raw))
	if _, err := io.ReadFull(ear, got); err != nil || string(got) != string(raw) {
		t.Errorf("% x %v", got, err)
	}
	// No echo either: the far end hears nothing at all.
	if err := far.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := far.Read(got); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the far end heard % x (%v)", got[:n], err)
	}
	if _, err := serialport.OpenListen(near, serialport.Mode{}); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestOpenListen_AHangUpIsLinkDown(t *testing.T) {
	far, near := drivertest.PTY(t)
	ear, err := serialport.OpenListen(near, serialport.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ear.Close() }() // the test is over
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ear.Read(make([]byte, 1)); !errors.Is(err, drivers.ErrLinkDown) {
		t.Error(err)
	}
}

func TestOpenListen_RefusesWhatMakesNoSense(t *testing.T) {
	_, near := drivertest.PTY(t)
	for _, m := range []serialport.Mode{{Baud: 5}, {Parity: "x"}, {RS485: &serialport.RS485{}}} {
		if _, err := serialport.OpenListen(near, m); err == nil || errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("%+v: %v", m, err)
		}
	}
}
