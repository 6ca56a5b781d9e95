package serialport

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMode_BitsPerChar(t *testing.T) {
	for want, m := range map[int]Mode{10: {}, 11: {Parity: "even"}, 12: {Parity: "odd", StopBits: 2}, 9: {DataBits: 7}} {
		if got := m.BitsPerChar(); got != want {
			t.Errorf("%+v: %d, want %d", m, got, want)
		}
	}
}

// The words are those of linux/serial.h.
func TestRS485_Words(t *testing.T) {
	got := RS485{RTSOnSend: true, DelayBefore: 2 * time.Millisecond, DelayAfter: time.Millisecond, HearOneself: true}.words()
	if want := (rs485{flags: 0x13, delayBefore: 2, delayAfter: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (RS485{RTSAfterSend: true}).words().flags; got != 0x05 {
		t.Errorf("%#x", got)
	}
}

func TestMode_TurnedFromEightNone(t *testing.T) {
	for want, m := range map[uint32]Mode{0: {DataBits: 8}, unix.PARENB: {Parity: "even"}, unix.PARENB | unix.CMSPAR: {Parity: "space"},
		unix.PARENB | unix.CMSPAR | unix.PARODD: {Parity: "mark"}, unix.CSTOPB | unix.PARENB | unix.PARODD: {Parity: "odd", StopBits: 2}} {
		if got := m.Filled().turned(); got != want {
			t.Errorf("%+v: %#x, want %#x", m, got, want)
		}
	}
	if got := unix.CS8 ^ (Mode{DataBits: 7}).Filled().turned(); got&unix.CSIZE != unix.CS7 {
		t.Errorf("7 data bits: %#x", got)
	}
}

func TestSystem_QuickensAnAdapter(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "sys/class/tty/ttyUSB0/device")
	for _, d := range []string{dir, filepath.Join(root, "dev")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dev := filepath.Join(root, "dev/ttyUSB0")
	for file, s := range map[string]string{dev: "", filepath.Join(dir, "latency_timer"): "16\n"} {
		if err := os.WriteFile(file, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := (System{Root: root}).quicken(dev, -1); got != time.Millisecond {
		t.Errorf("hands over after %v", got)
	}
	if got := (System{Root: root}).quicken(filepath.Join(root, "dev/none"), -1); got != 0 {
		t.Errorf("a port that is not there: %v", got)
	}
}
