// Package serialport opens a serial line for one owner, raw, with read and write
// deadlines; an unplugged adapter is [drivers.ErrLinkDown].
package serialport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"

	"anlan/drivers"
)

// Port is an open line. One goroutine reads and writes; deadlines and Close may come
// from another.
type Port struct {
	name   string
	pseudo bool
	file   *os.File    // does the I/O, through the runtime's poller
	holder serial.Port // has set the line up and holds it exclusively
	lag    time.Duration
}

// Open sets the line up and locks it against every other user. The name is a device
// file, a link to one, or a spelling that [System.Resolve] knows; it is looked up anew
// each time, so that an adapter that comes back under another number is found. The error
// wraps [drivers.ErrLinkDown] when there is no such port or it is in use, so that the
// caller tries again later.
func Open(name string, mode Mode) (*Port, error) {
	mode = mode.Filled()
	settings, err := mode.settings()
	if err != nil {
		return nil, fmt.Errorf("serialport: open %s: %w", name, err)
	}
	path, err := System{}.Resolve(name)
	if err != nil {
		return nil, err
	}
	// Ours comes first: once the holder has the line exclusively, no other open succeeds.
	file, err := lock(name, path, unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	p := &Port{name: name, file: file, pseudo: isPseudo(path)}
	p.holder, err = serial.Open(path, settings)
	if err != nil && p.pseudo {
		// A pseudo-terminal has no parity or baud to set; being raw is what matters.
		p.holder, err = serial.Open(path, &serial.Mode{BaudRate: 9600, DataBits: 8})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serialport: set up %s: %w: %w", name, drivers.ErrLinkDown, err), file.Close())
	}
	err = control(file, func(fd int) error {
		p.lag = System{}.quicken(path, fd)
		if err := unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH); err != nil { // what came before is old
			return err
		}
		if mode.RS485 != nil {
			return mode.RS485.apply(fd)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serialport: set up %s: %w", name, err), p.Close())
	}
	return p, nil
}

// control lets f work on the descriptor, which stays with the runtime's poller.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(int(fd)) })
	return errors.Join(err, failed)
}

// lock opens a device file for this process alone.
func lock(name, path string, flags int) (*os.File, error) {
	fd, err := unix.Open(path, flags|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("serialport: open %s: %w: %w", name, drivers.ErrLinkDown, err)
	}
	file := os.NewFile(uintptr(fd), path)
	// The exclusive flag does not stop a privileged process; the lock stops every Anlan.
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("serialport: lock %s: in use: %w: %w", name, drivers.ErrLinkDown, err), file.Close())
	}
	return file, nil
}

// Latency is how long the adapter may keep bytes to itself, 0 when it does not say.
func (p *Port) Latency() time.Duration { return p.lag }

func isPseudo(name string) bool {
	real, err := filepath.EvalSymlinks(name)
	return err == nil && strings.HasPrefix(real, "/dev/pts/")
}

// Pseudo reports whether the port is a pseudo-terminal, which keeps no wire time.
func (p *Port) Pseudo() bool { return p.pseudo }

// Read reads what has come, waiting for at least one byte. Past the read deadline it
// returns [os.ErrDeadlineExceeded]; a hang-up is [drivers.ErrLinkDown].
func (p *Port) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, p.named("read", err)
}

// Write hands b to the line; it may return before the last bit is out.
func (p *Port) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, p.named("write", err)
}

// Pending reads what has already come, without waiting; 0 and nil mean nothing.
func (p *Port) Pending(b []byte) (int, error) {
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		return 0, p.named("read", err)
	}
	raw, err := p.file.SyscallConn()
	if err != nil {
		return 0, p.named("read", err)
	}
	var n int
	var got error
	err = raw.Read(func(fd uintptr) bool {
		n, got = unix.Read(int(fd), b)
		return true
	})
	switch {
	case err != nil:
		return 0, p.named("read", err)
	case errors.Is(got, unix.EAGAIN) || errors.Is(got, unix.EINTR):
		return 0, nil
	case got != nil:
		return 0, p.named("read", got)
	case n == 0:
		return 0, p.named("read", io.EOF)
	}
	return n, nil
}

// SetReadDeadline bounds Read; it also wakes one that is waiting.
func (p *Port) SetReadDeadline(t time.Time) error {
	return p.named("set deadline", p.file.SetReadDeadline(t))
}

// SetWriteDeadline bounds Write.
func (p *Port) SetWriteDeadline(t time.Time) error {
	return p.named("set deadline", p.file.SetWriteDeadline(t))
}

// Close releases the line.
func (p *Port) Close() error {
	if err := errors.Join(p.holder.Close(), p.file.Close()); err != nil {
		return fmt.Errorf("serialport: close %s: %w", p.name, err)
	}
	return nil
}

func (p *Port) named(verb string, err error) error { return named(verb, p.name, err) }

func named(verb, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	}
	return fmt.Errorf("serialport: %s %s: %w: %w", verb, name, drivers.ErrLinkDown, err)
}

// coarse is how late a timer of the runtime can be; the rest of a wait is slept by the
// kernel's high-resolution timer.
const coarse = 1200 * time.Microsecond

// WaitUntil sleeps until t, a few tens of microseconds late at most, or until ctx ends.
func WaitUntil(ctx context.Context, t time.Time) error {
	if d := time.Until(t); d > coarse {
		timer := time.NewTimer(d - coarse)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	for {
		d := time.Until(t)
		if d <= 0 {
			return ctx.Err()
		}
		ts := unix.NsecToTimespec(int64(d))
		if err := unix.Nanosleep(&ts, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("serialport: sleep: %w", err)
		}
	}
}
