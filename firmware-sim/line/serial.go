package line

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Mode is how characters are sent. The zero parity and stop bits are none and one.
type Mode struct {
	Baud     int
	DataBits int  // 7 or 8; 0 is 8
	Parity   byte // 'N', 'E' or 'O'
	StopBits int
}

// Bits is the length of a character on the wire, its start bit included.
func (m Mode) Bits() int {
	n := 1 + cmp.Or(m.DataBits, 8) + cmp.Or(m.StopBits, 1)
	if m.Parity == 'E' || m.Parity == 'O' {
		n++
	}
	return n
}

// String is the mode as people write it: "9600 8N1".
func (m Mode) String() string {
	return fmt.Sprintf("%d %d%c%d", m.Baud, cmp.Or(m.DataBits, 8), cmp.Or(m.Parity, 'N'), cmp.Or(m.StopBits, 1))
}

// speeds are the bit rates that termios knows.
var speeds = map[int]uint32{1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200,
	38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200, 230400: unix.B230400, 460800: unix.B460800, 921600: unix.B921600}

// OpenSerial opens a real serial port, 8N1, without the library that the drivers use, so
// that one library's mistake is not mirrored at both ends. Its reads honour deadlines.
func OpenSerial(name string, baud int) (*os.File, error) {
	return OpenSerialMode(name, Mode{Baud: baud})
}

// OpenSerialMode is [OpenSerial] with parity and stop bits.
func OpenSerialMode(name string, m Mode) (*os.File, error) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("line: open %s: %w", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	if err := m.set(fd); err != nil {
		return nil, errors.Join(fmt.Errorf("line: set %s to %s: %w", name, m, err), f.Close())
	}
	return f, nil
}

// set makes a port raw and sets its mode (termios(3)).
func (m Mode) set(fd int) error {
	speed, ok := speeds[m.Baud]
	if !ok {
		return fmt.Errorf("no bit rate %d", m.Baud)
	}
	if err := makeRaw(fd); err != nil {
		return err
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Cflag = t.Cflag&^(unix.CBAUD|unix.CSIZE|unix.CSTOPB|unix.PARENB|unix.PARODD|unix.CRTSCTS) | speed | unix.CREAD | unix.CLOCAL | unix.CS8
	if m.DataBits == 7 {
		t.Cflag = t.Cflag&^unix.CSIZE | unix.CS7
	}
	if m.Parity == 'E' || m.Parity == 'O' {
		t.Cflag |= unix.PARENB
	}
	if m.Parity == 'O' {
		t.Cflag |= unix.PARODD
	}
	if m.StopBits == 2 {
		t.Cflag |= unix.CSTOPB
	}
	t.Ispeed, t.Ospeed = speed, speed
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
