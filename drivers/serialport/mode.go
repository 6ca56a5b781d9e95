package serialport

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// Mode is how the line is set. Zero values are 9600 8N1 without direction control.
type Mode struct {
	Baud     int    // any, also one that is no standard rate
	DataBits int    // 7 or 8
	Parity   string // none, even, odd, mark, space
	StopBits int    // 1 or 2
	RS485    *RS485 // direction control by the port's driver; nil leaves that to the adapter
}

// Filled is m with the defaults in place of zeros.
func (m Mode) Filled() Mode {
	if m.Baud == 0 {
		m.Baud = 9600
	}
	if m.DataBits == 0 {
		m.DataBits = 8
	}
	if m.Parity == "" {
		m.Parity = "none"
	}
	if m.StopBits == 0 {
		m.StopBits = 1
	}
	return m
}

// BitsPerChar counts start, data, parity and stop bits.
func (m Mode) BitsPerChar() int {
	m = m.Filled()
	n := 1 + m.DataBits + m.StopBits
	if m.Parity != "none" {
		n++
	}
	return n
}

var parities = map[string]serial.Parity{"none": serial.NoParity, "even": serial.EvenParity, "odd": serial.OddParity,
	"mark": serial.MarkParity, "space": serial.SpaceParity}

// settings checks a filled mode.
func (m Mode) settings() (*serial.Mode, error) {
	out := &serial.Mode{BaudRate: m.Baud, DataBits: m.DataBits}
	var ok bool
	if out.Parity, ok = parities[m.Parity]; !ok {
		return nil, fmt.Errorf("parity %q, want none, even, odd, mark or space", m.Parity)
	}
	switch m.StopBits {
	case 1:
		out.StopBits = serial.OneStopBit
	case 2:
		out.StopBits = serial.TwoStopBits
	default:
		return nil, fmt.Errorf("%d stop bits, want 1 or 2", m.StopBits)
	}
	if m.DataBits != 7 && m.DataBits != 8 {
		return nil, fmt.Errorf("%d data bits, want 7 or 8", m.DataBits)
	}
	if m.Baud < 300 || m.Baud > 4_000_000 {
		return nil, fmt.Errorf("%d baud, want 300 to 4000000", m.Baud)
	}
	return out, nil
}

// RS485 has the port's driver switch the line's direction through RTS.
type RS485 struct {
	RTSOnSend    bool          // level of RTS while sending; false is low
	RTSAfterSend bool          // level of RTS otherwise
	DelayBefore  time.Duration // from RTS to the first bit, whole milliseconds
	DelayAfter   time.Duration // from the last bit to RTS
	HearOneself  bool          // receive while sending
}

// rs485 is the kernel's struct serial_rs485 (linux/serial.h).
type rs485 struct {
	flags, delayBefore, delayAfter uint32 // delays in ms
	padding                        [5]uint32
}

const (
	rs485Enabled      = 1 << 0
	rs485RTSOnSend    = 1 << 1
	rs485RTSAfterSend = 1 << 2
	rs485RXDuringTX   = 1 << 4
)

func (r RS485) words() rs485 {
	w := rs485{flags: rs485Enabled, delayBefore: uint32(r.DelayBefore / time.Millisecond), delayAfter: uint32(r.DelayAfter / time.Millisecond)}
	for flag, on := range map[uint32]bool{rs485RTSOnSend: r.RTSOnSend, rs485RTSAfterSend: r.RTSAfterSend, rs485RXDuringTX: r.HearOneself} {
		if on {
			w.flags |= flag
		}
	}
	return w
}

// errNoRS485 is no reason to try again: another port or adapter is needed.
var errNoRS485 = errors.New("the port's driver has no RS-485 direction control; leave rs485 out if the adapter switches by itself")

// apply tells the driver, and makes sure that it took what it was told.
func (r RS485) apply(fd int) error {
	want := r.words()
	got := want
	if err := ioctl(fd, unix.TIOCSRS485, unsafe.Pointer(&got)); err != nil {
		return fmt.Errorf("%w (%w)", errNoRS485, err)
	}
	if err := ioctl(fd, unix.TIOCGRS485, unsafe.Pointer(&got)); err != nil {
		return fmt.Errorf("%w (%w)", errNoRS485, err)
	}
	if got.flags&want.flags != want.flags {
		return fmt.Errorf("%w: asked for %#x, it set %#x", errNoRS485, want.flags, got.flags)
	}
	return nil
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
