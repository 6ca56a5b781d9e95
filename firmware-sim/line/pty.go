// Package line is the wire between a simulated device and the software under test:
// pseudo-terminals paced byte by byte like a UART, real serial ports, and a TCP relay
// that can be cut.
package line

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/tarm/serial"
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

// OpenSerial opens a real serial port with a library that the drivers do not use, so
// that one library's mistake is not mirrored at both ends.
func OpenSerial(name string, baud int) (*serial.Port, error) {
	return OpenSerialMode(name, Mode{Baud: baud})
}

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

// OpenSerialMode is [OpenSerial] with parity and stop bits.
func OpenSerialMode(name string, m Mode) (*serial.Port, error) {
	p, err := serial.OpenPort(&serial.Config{Name: name, Baud: m.Baud, ReadTimeout: 100 * time.Millisecond,
		Size: byte(m.DataBits), Parity: serial.Parity(m.Parity), StopBits: serial.StopBits(m.StopBits)})
	if err != nil {
		return nil, fmt.Errorf("line: open %s: %w", name, err)
	}
	return p, nil
}

// polled gives a port that reads with its own short time-out the deadlines the bus
// asks for.
type polled struct {
	*serial.Port
	deadline time.Time
}

// Polled wraps a real port. Its reads return early with os.ErrDeadlineExceeded.
func Polled(p *serial.Port) *polled { return &polled{Port: p} }

// SetReadDeadline is kept to within the port's own time-out.
func (p *polled) SetReadDeadline(t time.Time) error {
	p.deadline = t
	return nil
}

// Read waits for bytes until the deadline.
func (p *polled) Read(b []byte) (int, error) {
	for {
		n, err := p.Port.Read(b)
		if n > 0 {
			return n, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if !time.Now().Before(p.deadline) {
			return 0, os.ErrDeadlineExceeded
		}
	}
}
