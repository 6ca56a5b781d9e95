package serialport

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"anlan/drivers"
)

// System is where the kernel shows its devices. The zero value is this machine.
type System struct {
	Root string // of /sys and /dev; "" is /
}

// Adapter is a serial port on USB, by what stays the same when it is plugged in again.
type Adapter struct {
	Path      string // of the device file: /dev/ttyUSB0
	Vendor    string // 0403
	Product   string // 6001
	Serial    string // of the adapter; many have none
	Port      string // the socket it is plugged into: 1-1.2
	Interface string // which of an adapter's ports: 1-1.2:1.0
}

// Spellings of a port that is not a path.
const (
	byUSB  = "usb:"      // usb:VENDOR:PRODUCT[:SERIAL]
	byPort = "usb-port:" // usb-port:1-1.2 or usb-port:1-1.2:1.0
)

// Spelled reports whether name has a form that can name a port.
func Spelled(name string) bool {
	switch {
	case strings.HasPrefix(name, byUSB):
		n := len(strings.SplitN(strings.TrimPrefix(name, byUSB), ":", 3))
		return n == 2 || n == 3
	case strings.HasPrefix(name, byPort):
		return strings.TrimPrefix(name, byPort) != ""
	}
	return filepath.IsAbs(name)
}

// Resolve finds the device file that a name stands for now: a path or a link stays as it
// is; usb:0403:6001:A5 and usb-port:1-1.2 are looked up among the adapters plugged in.
// The error wraps [drivers.ErrLinkDown] when none or several match.
func (s System) Resolve(name string) (string, error) {
	var match func(a Adapter) bool
	switch rest := ""; {
	case strings.HasPrefix(name, byUSB):
		want := strings.SplitN(strings.TrimPrefix(name, byUSB), ":", 3)
		match = func(a Adapter) bool {
			return len(want) > 1 && strings.EqualFold(a.Vendor, want[0]) && strings.EqualFold(a.Product, want[1]) && (len(want) < 3 || a.Serial == want[2])
		}
	case strings.HasPrefix(name, byPort):
		rest = strings.TrimPrefix(name, byPort)
		match = func(a Adapter) bool { return a.Port == rest || a.Interface == rest }
	default:
		return name, nil
	}
	var found []string
	for _, a := range s.Adapters() {
		if match(a) {
			found = append(found, a.Path)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("serialport: find %s: no such adapter is plugged in: %w", name, drivers.ErrLinkDown)
	}
	return "", fmt.Errorf("serialport: find %s: %s all match, name the serial number or the USB port: %w", name, strings.Join(found, ", "), drivers.ErrLinkDown)
}

// Identity is the same for two names of one port. A port that is not there is its name.
func (s System) Identity(name string) string {
	path, err := s.Resolve(name)
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// Identity is [System.Identity] on this machine.
func Identity(name string) string { return System{}.Identity(name) }

// Adapters lists the serial ports on USB, by path.
func (s System) Adapters() []Adapter {
	links, err := filepath.Glob(s.at("/sys/class/tty/*/device"))
	if err != nil {
		return nil // the pattern is right, so there is nothing to look at
	}
	var out []Adapter
	for _, link := range links {
		dir, err := filepath.EvalSymlinks(link)
		if err != nil {
			continue // unplugged while we looked
		}
		if a, ok := s.adapter(dir); ok {
			a.Path = s.at("/dev/" + filepath.Base(filepath.Dir(link)))
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Adapter) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// adapter climbs from a port to the USB device it is part of.
func (s System) adapter(dir string) (a Adapter, ok bool) {
	for top := s.at("/sys"); len(dir) > len(top); dir = filepath.Dir(dir) {
		name := filepath.Base(dir)
		if strings.Contains(name, ":") && strings.Contains(name, "-") && a.Interface == "" {
			a.Interface = name
		}
		if vendor := word(dir, "idVendor"); vendor != "" {
			a.Vendor, a.Product, a.Serial, a.Port = vendor, word(dir, "idProduct"), word(dir, "serial"), name
			return a, true
		}
	}
	return a, false
}

func word(dir, file string) string {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return "" // most do not have it
	}
	return strings.TrimSpace(string(b))
}

func (s System) at(path string) string { return filepath.Join("/", s.Root, path) }

// quicken has an adapter hand bytes over after 1 ms, where its driver lets it; 16 ms is
// common otherwise, which halves a fast bus. It tells how long it takes now, 0 unknown.
func (s System) quicken(path string, fd int) time.Duration {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0
	}
	dir := s.at("/sys/class/tty/" + filepath.Base(real) + "/device")
	const file = "latency_timer"
	if word(dir, file) != "" {
		_ = os.WriteFile(filepath.Join(dir, file), []byte("1\n"), 0) // best effort; what holds is read back
		ms, err := strconv.Atoi(word(dir, file))
		if err != nil {
			return 0
		}
		return time.Duration(ms) * time.Millisecond
	}
	if fd >= 0 {
		lowLatency(fd)
	}
	return 0
}

// lowLatency asks the driver of a port without a timer to hand bytes on at once. Best
// effort: most drivers do so anyway.
func lowLatency(fd int) {
	var words [32]uint32 // the kernel's struct serial_struct begins it; the fifth word is its flags
	const flags, asyncLowLatency = 4, 1 << 13
	if ioctl(fd, unix.TIOCGSERIAL, unsafe.Pointer(&words)) != nil || words[flags]&asyncLowLatency != 0 {
		return
	}
	words[flags] |= asyncLowLatency
	_ = ioctl(fd, unix.TIOCSSERIAL, unsafe.Pointer(&words)) // best effort
}
