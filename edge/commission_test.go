package edge

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anlan/drivers/drivertest"
	"anlan/drivers/serialport"
)

// told runs a command line in English.
func told(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	t.Setenv("LC_ALL", "en_US.UTF-8")
	var stdout, stderr bytes.Buffer
	status = Main(t.Context(), args, &stdout, &stderr)
	return stdout.String() + stderr.String(), status
}

func TestIdentify_AsksAUnitWhatItIs(t *testing.T) {
	behave := func(r *drivertest.Request) []drivertest.Send {
		switch r.Unit {
		case 2: // knows no function 43
			return []drivertest.Send{{Bytes: r.Frame(r.Unit, []byte{r.PDU[0] | 0x80, 1})}}
		case 3:
			return []drivertest.Send{}
		}
		return nil
	}
	line := func() string { // a peer's end is over when its line is closed
		far, near := drivertest.PTY(t)
		go (&drivertest.Peer{Stream: far, Framing: drivertest.RTU, Behave: behave}).Run()
		return near
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // the test is over
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go (&drivertest.Peer{Stream: conn, Framing: drivertest.TCP, Behave: behave}).Run()
		}
	}()
	for _, c := range []struct {
		args   []string
		want   string
		status int
	}{
		{[]string{"-port", line(), "-unit", "1"}, `model: "drivertest"`, 0},
		{[]string{"-address", l.Addr().String(), "-unit", "1"}, `vendor: "Anlan"`, 0},
		{[]string{"-port", line(), "-unit", "2"}, "unit 2 answers, but does not tell what it is", 0},
		{[]string{"-port", line(), "-unit", "3"}, "timeout", 1},
		{[]string{"-port", "/dev/pts/none"}, "link down", 1},
		{[]string{"-port", line(), "-address", "127.0.0.1:1"}, "usage", 2},
		{[]string{"-port", line(), "-unit", "0"}, "usage", 2},
	} {
		out, status := told(t, append([]string{"identify"}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit %d, %q; want %d with %q", c.args, status, out, c.status, c.want)
		}
	}
}

func TestPorts_NamesAdaptersAsAConfigurationDoes(t *testing.T) {
	root := t.TempDir()
	var out bytes.Buffer
	listPorts(&out, english, serialport.System{Root: root})
	if !strings.Contains(out.String(), "no serial adapter") {
		t.Errorf("nothing plugged in: %q", &out)
	}
	dev := filepath.Join(root, "sys/devices/usb1/1-1/1-1.2")
	port := filepath.Join(dev, "1-1.2:1.0/ttyUSB3")
	if err := os.MkdirAll(filepath.Join(port, "tty/ttyUSB3"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, s := range map[string]string{"idVendor": "0403", "idProduct": "6001", "serial": "A50285BI"} {
		if err := os.WriteFile(filepath.Join(dev, file), []byte(s+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "sys/class/tty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{filepath.Join(port, "tty/ttyUSB3/device"): port, filepath.Join(root, "sys/class/tty/ttyUSB3"): filepath.Join(port, "tty/ttyUSB3")} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	out.Reset()
	listPorts(&out, chinese, serialport.System{Root: root})
	for _, want := range []string{"usb-port:1-1.2:1.0", "usb:0403:6001:A50285BI", "ttyUSB3", "推荐"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
	if _, status := told(t, "ports", "x"); status != 2 {
		t.Errorf("exit %d", status)
	}
}
