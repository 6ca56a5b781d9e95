package serialport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"anlan/drivers"
)

// Ear is a line that is only listened to. It has no way to send: the device file is open
// for reading alone, so that even a mistake could not put a byte on the line.
type Ear struct {
	name string
	file *os.File
}

// OpenListen sets the line up and locks it, for listening.
func OpenListen(name string, mode Mode) (*Ear, error) {
	mode = mode.Filled()
	if _, err := mode.settings(); err != nil {
		return nil, fmt.Errorf("serialport: listen to %s: %w", name, err)
	}
	if mode.RS485 != nil {
		return nil, fmt.Errorf("serialport: listen to %s: direction control, but nothing is sent", name)
	}
	path, err := System{}.Resolve(name)
	if err != nil {
		return nil, err
	}
	file, err := lock(name, path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	e := &Ear{name, file}
	if err := e.setUp(mode, isPseudo(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("serialport: set up %s: %w: %w", name, drivers.ErrLinkDown, err), file.Close())
	}
	return e, nil
}

// setUp makes the line raw. The library that sets up other ports wants to write to them.
func (e *Ear) setUp(m Mode, pseudo bool) error {
	return control(e.file, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err != nil {
			return err
		}
		*t = unix.Termios{Cflag: unix.CREAD | unix.CLOCAL | unix.CS8 | unix.BOTHER, Ispeed: uint32(m.Baud), Ospeed: uint32(m.Baud), Line: t.Line}
		if !pseudo { // which has neither parity nor stop bits
			t.Cflag ^= m.turned()
		}
		t.Cc[unix.VMIN] = 1
		if err := unix.IoctlSetTermios(fd, unix.TCSETS2, t); err != nil {
			return err
		}
		if err := unix.IoctlSetInt(fd, unix.TIOCEXCL, 0); err != nil {
			return err
		}
		return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) // what was said before nobody listened is old
	})
}

// turned are the control flags in which m differs from 8N1.
func (m Mode) turned() (f uint32) {
	if m.DataBits == 7 {
		f |= unix.CS7 ^ unix.CS8
	}
	if m.StopBits == 2 {
		f |= unix.CSTOPB
	}
	switch m.Parity {
	case "even":
		f |= unix.PARENB
	case "odd":
		f |= unix.PARENB | unix.PARODD
	case "mark":
		f |= unix.PARENB | unix.CMSPAR | unix.PARODD
	case "space":
		f |= unix.PARENB | unix.CMSPAR
	}
	return f
}

// Read reads what has come, waiting for at least one byte. Past the deadline it returns
// [os.ErrDeadlineExceeded]; a hang-up is [drivers.ErrLinkDown].
func (e *Ear) Read(b []byte) (int, error) {
	n, err := e.file.Read(b)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, named("listen to", e.name, err)
}

// SetReadDeadline bounds Read; it also wakes one that is waiting.
func (e *Ear) SetReadDeadline(t time.Time) error {
	return named("set deadline of", e.name, e.file.SetReadDeadline(t))
}

// Close releases the line.
func (e *Ear) Close() error { return e.file.Close() }
