// Package line is the wire between a simulated device and the software under test:
// pseudo-terminals paced byte by byte like a UART, real serial ports, and a TCP relay
// that can be cut.
package line

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Port is one end of a serial line. Reads honour SetReadDeadline where the port has it.
type Port struct {
	*os.File
	slave *os.File // held open so that the far end's close is not a hang-up
	link  string
}

// OpenPTY makes a pseudo-terminal in raw mode and links its far end at path; "" leaves
// it without a link until [Port.Link].
func OpenPTY(path string) (*Port, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("line: open /dev/ptmx: %w", err)
	}
	master := os.NewFile(uintptr(fd), "ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("line: unlock pty: %w", err), master.Close())
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("line: number pty: %w", err), master.Close())
	}
	name := "/dev/pts/" + strconv.Itoa(n)
	slave, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("line: open pty: %w", err), master.Close())
	}
	p := &Port{File: master, slave: slave}
	err = makeRaw(int(slave.Fd()))
	if err == nil && path != "" {
		err = p.Link(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("line: prepare pty: %w", err), p.Close())
	}
	return p, nil
}

// Link points path at the far end, as an adapter's stable name does at its device file.
func (p *Port) Link(path string) error {
	p.link = path
	return relink(p.FarEnd(), path)
}

func relink(target, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, path)
}

func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// Write hands b to the far end. What a full buffer has no room for is lost, as on a
// wire that nobody listens to.
func (p *Port) Write(b []byte) (int, error) {
	raw, err := p.SyscallConn()
	if err != nil {
		return 0, err
	}
	var werr error
	if err := raw.Write(func(fd uintptr) bool {
		_, werr = unix.Write(int(fd), b)
		return true
	}); err != nil {
		return 0, err
	}
	if werr != nil && !errors.Is(werr, unix.EAGAIN) {
		return 0, fmt.Errorf("line: write: %w", werr)
	}
	return len(b), nil
}

// FarEnd is the device file that the software under test opens.
func (p *Port) FarEnd() string { return p.slave.Name() }

// Close removes the link and closes both ends.
func (p *Port) Close() error {
	err := p.File.Close()
	if p.slave != nil {
		err = errors.Join(err, p.slave.Close())
	}
	if p.link != "" {
		if rm := os.Remove(p.link); !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, rm)
		}
	}
	return err
}
