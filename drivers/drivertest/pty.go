package drivertest

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// PTY opens a pseudo-terminal and returns the far end and the path of the near one. The
// far end is closed with the test.
func PTY(t testing.TB) (far *os.File, near string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(fmt.Errorf("drivertest: open pty: %w", err))
	}
	far = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { _ = far.Close() }) // a test may have hung up already
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(fmt.Errorf("drivertest: unlock pty: %w", err))
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(fmt.Errorf("drivertest: name pty: %w", err))
	}
	return far, "/dev/pts/" + strconv.Itoa(n)
}
