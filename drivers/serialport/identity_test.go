package serialport_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/serialport"
)

// plug makes a tree as the kernel shows an adapter: a device of several interfaces, each
// with a port, and the links under /sys/class/tty.
func plug(t *testing.T, root, usb, vendor, product, serial string, ports map[string]string) {
	t.Helper()
	dev := filepath.Join(root, "sys/devices/pci0000:00/0000:00:14.0/usb1/1-1", usb)
	write := func(file, s string) {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(s+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dev, "idVendor"), vendor)
	write(filepath.Join(dev, "idProduct"), product)
	if serial != "" {
		write(filepath.Join(dev, "serial"), serial)
	}
	for iface, tty := range ports {
		port := filepath.Join(dev, usb+":"+iface, tty)
		write(filepath.Join(port, "latency_timer"), "16")
		class := filepath.Join(port, "tty", tty)
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		link(t, "../../../"+tty, filepath.Join(class, "device"))
		link(t, class, filepath.Join(root, "sys/class/tty", tty))
		write(filepath.Join(root, "dev", tty), "")
	}
}

func link(t *testing.T, to, from string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, from); err != nil {
		t.Fatal(err)
	}
}

func TestSystem_FindsAnAdapterByWhatStaysTheSame(t *testing.T) {
	root := t.TempDir()
	s := serialport.System{Root: root}
	plug(t, root, "1-1.2", "0403", "6001", "A50285BI", map[string]string{"1.0": "ttyUSB0"})
	plug(t, root, "1-1.3", "0403", "6011", "", map[string]string{"1.0": "ttyUSB1", "1.1": "ttyUSB2"})
	plug(t, root, "1-1.4", "1a86", "7523", "", map[string]string{"1.0": "ttyUSB3"})
	plug(t, root, "1-1.5", "1a86", "7523", "", map[string]string{"1.0": "ttyUSB4"})
	// A port on the board is no adapter.
	link(t, t.TempDir(), filepath.Join(root, "sys/class/tty/ttyS0/device"))
	dev := func(tty string) string { return filepath.Join(root, "dev", tty) }
	for name, want := range map[string]string{
		"usb:0403:6001:A50285BI": dev("ttyUSB0"), "usb:0403:6001": dev("ttyUSB0"),
		"usb-port:1-1.3:1.1": dev("ttyUSB2"), "usb-port:1-1.4": dev("ttyUSB3"), "/dev/ttyS7": "/dev/ttyS7",
		"usb:1A86:7523": "", "usb:0403:6001:OTHER": "", "usb-port:1-1.3": "", "usb-port:9-9": "", "usb:0403": "",
	} {
		got, err := s.Resolve(name)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, drivers.ErrLinkDown) {
			t.Errorf("%s: %q %v, want %q", name, got, err, want)
		}
	}
	want := serialport.Adapter{Path: dev("ttyUSB0"), Vendor: "0403", Product: "6001", Serial: "A50285BI", Port: "1-1.2", Interface: "1-1.2:1.0"}
	if all := s.Adapters(); len(all) != 5 || all[0] != want {
		t.Errorf("adapters: %s", cmp.Diff(want, all[0]))
	}
}

func TestSystem_TwoNamesOfOnePortAreOne(t *testing.T) {
	root := t.TempDir()
	s := serialport.System{Root: root}
	plug(t, root, "1-1.2", "0403", "6001", "A50285BI", map[string]string{"1.0": "ttyUSB0"})
	byPath := filepath.Join(root, "dev/serial/by-path/pci-0000:00:14.0-usb-0:1.2:1.0-port0")
	link(t, "../../ttyUSB0", byPath)
	one := s.Identity(filepath.Join(root, "dev/ttyUSB0"))
	for _, name := range []string{byPath, "usb:0403:6001", "usb-port:1-1.2", "usb-port:1-1.2:1.0"} {
		if got := s.Identity(name); got != one {
			t.Errorf("%s is %s, want %s", name, got, one)
		}
	}
	if got := s.Identity("usb:0403:9999"); got != "usb:0403:9999" {
		t.Errorf("a port that is not there is %s", got)
	}
}

// An adapter is pulled and comes back under another number: the same name opens it.
func TestOpen_FindsAnAdapterThatCameBackElsewhere(t *testing.T) {
	byPath := filepath.Join(t.TempDir(), "by-path-port0")
	far, near := drivertest.PTY(t)
	link(t, near, byPath)
	p, err := serialport.Open(byPath, serialport.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	if err := far.Close(); err != nil { // pulled
		t.Fatal(err)
	}
	if err := p.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(make([]byte, 1)); !errors.Is(err, drivers.ErrLinkDown) {
		t.Fatalf("pulled: %v", err)
	}
	_ = p.Close() // it is gone
	if err := os.Remove(byPath); err != nil {
		t.Fatal(err)
	}
	if _, err := serialport.Open(byPath, serialport.Mode{}); !errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("while it is out: %v", err)
	}
	far, near = drivertest.PTY(t)
	link(t, near, byPath)
	if p, err = serialport.Open(byPath, serialport.Mode{}); err != nil {
		t.Fatalf("back again: %v", err)
	}
	defer func() { _ = p.Close() }() // the test is over
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := p.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("back again: %d %v", n, err)
	}
}

func TestOpen_RefusesDirectionControlThePortHasNot(t *testing.T) {
	_, near := drivertest.PTY(t)
	_, err := serialport.Open(near, serialport.Mode{RS485: &serialport.RS485{RTSOnSend: true}})
	if err == nil || errors.Is(err, drivers.ErrLinkDown) {
		t.Errorf("%v, want a refusal that trying again does not cure", err)
	}
	p, err := serialport.Open(near, serialport.Mode{})
	if err != nil {
		t.Fatalf("the refusal kept the port: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
