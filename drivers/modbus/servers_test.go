package modbus_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anlan/drivers"
	"anlan/drivers/drivertest"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// server is one made by others.
type server struct {
	name    string
	framing drivertest.Framing
	start   func(t *testing.T) (near string) // what a client opens
	units   uint8                            // highest it answers for
	has43   bool
}

// servers are those that people run; the tests need Debian's libmodbus-dev and
// python3-pymodbus, which `make test-deps` installs.
func servers() []server {
	lib := func(t *testing.T) string { return buildLibmodbus(t) }
	py := []string{"/usr/bin/python3", "testdata/servers/pymodbus_server.py"}
	return []server{
		{"libmodbus TCP", drivertest.TCP, func(t *testing.T) string { return launch(t, lib(t), "tcp") }, 8, false},
		{"libmodbus RTU", drivertest.RTU, func(t *testing.T) string { return launchLine(t, lib(t), "rtu") }, 1, false},
		{"pymodbus TCP", drivertest.TCP, func(t *testing.T) string { return launch(t, append(py, "tcp")...) }, 8, true},
		{"pymodbus RTU", drivertest.RTU, func(t *testing.T) string { return launchLine(t, append(py, "rtu")...) }, 8, true},
		{"pymodbus ASCII", drivertest.ASCII, func(t *testing.T) string { return launchLine(t, append(py, "ascii")...) }, 8, true},
		{"pymodbus RTU over TCP", drivertest.RTUOverTCP, func(t *testing.T) string { return launch(t, append(py, "rtu-over-tcp")...) }, 8, true},
	}
}

func buildLibmodbus(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "libmodbus-server")
	if msg, err := exec.Command("gcc", "-O2", "-o", out, "testdata/servers/libmodbus.c", "-I/usr/include/modbus", "-lmodbus").CombinedOutput(); err != nil {
		t.Fatalf("%v (make test-deps installs libmodbus-dev):\n%s", err, msg)
	}
	return out
}

// launch starts a server and returns what it prints first.
func launch(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has nothing to lose
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill() // so that all it said is there
		_ = cmd.Wait()
		t.Fatalf("%v did not start (make test-deps installs python3-pymodbus): %v\n%s", argv, err, stderr.String())
	}
	return strings.TrimSpace(line)
}

// launchLine starts a server on one pseudo-terminal and joins it to another.
func launchLine(t *testing.T, argv ...string) string {
	t.Helper()
	serverFar, serverNear := drivertest.PTY(t)
	clientFar, clientNear := drivertest.PTY(t)
	for _, near := range []string{serverNear, clientNear} {
		keep, err := serialport.Open(near, serialport.Mode{Baud: 115200}) // raw, once and for all
		if err != nil {
			t.Fatal(err)
		}
		if err := keep.Close(); err != nil {
			t.Fatal(err)
		}
	}
	go join(clientFar, serverFar)
	go join(serverFar, clientFar)
	launch(t, append(argv, serverNear, "115200")...)
	return clientNear
}

// join carries bytes over; a pseudo-terminal nobody has open answers with an error for
// a while.
func join(to io.Writer, from io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := from.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func openClient(f drivertest.Framing, near string) (*modbus.Client, error) {
	opts := modbus.RTUOptions{Baud: 115200, Unpaced: true, ASCII: f == drivertest.ASCII, Wait: serialport.WaitUntil}
	if f == drivertest.TCP || f == drivertest.RTUOverTCP {
		conn, err := net.Dial("tcp", near)
		switch {
		case err != nil:
			return nil, err
		case f == drivertest.TCP:
			return modbus.NewTCP(conn), nil
		}
		return modbus.NewRTU(conn, opts), nil
	}
	port, err := serialport.Open(near, serialport.Mode{Baud: 115200})
	if err != nil {
		return nil, err
	}
	return modbus.NewRTU(port, opts), nil
}

func TestServers_OfOthersAreUnderstood(t *testing.T) {
	for _, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c, err := openClient(s.framing, s.start(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }() // the test is over
			// Another process on a busy machine may be as slow as that: no time-out may be learnt from its quick answers.
			c.SetTiming(1, profile.Timing{ReactionMax: 4 * time.Second, Timeout: 5 * time.Second, MaxLatency: 10 * time.Second})
			conformReads(t, c)
			conformWrites(t, c)
			conformRefusals(t, c)
			if s.has43 {
				conformIdentity(t, c)
			}
		})
	}
}

func conformReads(t *testing.T, c *modbus.Client) {
	for _, n := range []uint16{1, 2, 125} {
		for name, read := range map[string]func(addr, n uint16) ([]uint16, error){
			"holding": func(addr, n uint16) ([]uint16, error) { return c.ReadHoldingRegisters(t.Context(), 1, addr, n) },
			"input":   func(addr, n uint16) ([]uint16, error) { return c.ReadInputRegisters(t.Context(), 1, addr, n) },
		} {
			got, err := read(1000, n)
			if err != nil || len(got) != int(n) {
				t.Errorf("%s, %d registers: %d %v", name, n, len(got), err)
				continue
			}
			for i, v := range got {
				if want := drivertest.Value(1, uint16(1000+i)); v != want {
					t.Fatalf("WRONG VALUE: %s %d: %#x, want %#x", name, 1000+i, v, want)
				}
			}
		}
	}
	for _, n := range []uint16{1, 8, 13, 2000} {
		coils, err := c.ReadCoils(t.Context(), 1, 3, n)
		inputs, err2 := c.ReadDiscreteInputs(t.Context(), 1, 3, n)
		if err := errors.Join(err, err2); err != nil {
			t.Errorf("%d bits: %v", n, err)
			continue
		}
		for i := range n {
			if want := drivertest.Value(1, 3+i)&1 == 1; coils[i] != want || inputs[i] != want {
				t.Fatalf("WRONG VALUE: bit %d of %d: %v %v, want %v", i, n, coils[i], inputs[i], want)
			}
		}
	}
}

func conformWrites(t *testing.T, c *modbus.Client) {
	ctx := t.Context()
	values := make([]uint16, modbus.MaxWriteRegisters)
	bits := make([]bool, 19)
	for i := range values {
		values[i] = uint16(i * 257)
	}
	for i := range bits {
		bits[i] = i%3 == 0
	}
	if err := errors.Join(c.WriteSingleRegister(ctx, 1, 10, 0xBEEF), c.WriteMultipleRegisters(ctx, 1, 20, values),
		c.WriteSingleCoil(ctx, 1, 5, true), c.WriteMultipleCoils(ctx, 1, 30, bits), c.WriteSingleRegister(ctx, 1, 4, 0x12),
		c.MaskWriteRegister(ctx, 1, 4, 0xF2, 0x25)); err != nil {
		t.Fatal(err)
	}
	one, err := c.ReadHoldingRegisters(ctx, 1, 10, 1)
	masked, err2 := c.ReadHoldingRegisters(ctx, 1, 4, 1)
	many, err3 := c.ReadHoldingRegisters(ctx, 1, 20, uint16(len(values)))
	coil, err4 := c.ReadCoils(ctx, 1, 5, 1)
	coils, err5 := c.ReadCoils(ctx, 1, 30, uint16(len(bits)))
	both, err6 := c.ReadWriteMultipleRegisters(ctx, 1, 10, 2, 11, []uint16{7})
	if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	// The standard's own example: 0x12 under AND 0xF2, OR 0x25 is 0x17.
	if one[0] != 0xBEEF || masked[0] != 0x17 || !coil[0] {
		t.Errorf("written %#x, masked %#x, coil %v", one[0], masked[0], coil[0])
	}
	if d := cmp.Diff(values, many) + cmp.Diff(bits, coils) + cmp.Diff([]uint16{0xBEEF, 7}, both); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
}

func conformRefusals(t *testing.T, c *modbus.Client) {
	_, err := c.ReadHoldingRegisters(t.Context(), 1, 59_999, 2)
	if e, ok := errors.AsType[*modbus.ExceptionError](err); !ok || e.Code != 2 || !errors.Is(err, drivers.ErrException) {
		t.Errorf("past the end: %v", err)
	}
	if _, err := c.ReadHoldingRegisters(t.Context(), 1, 59_999, 1); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

func conformIdentity(t *testing.T, c *modbus.Client) {
	got, err := c.ReadDeviceIdentification(t.Context(), 1, modbus.IDBasic, 0)
	if d := cmp.Diff([]modbus.IDObject{{ID: 0, Value: "Anlan"}, {ID: 1, Value: "pymodbus"}, {ID: 2, Value: "3.0"}}, got); d != "" || err != nil {
		t.Errorf("identification: %v (-want +got):\n%s", err, d)
	}
}

// The misbehaviours again, but the right answers are those of servers made by others:
// what the suite's own peer takes for right is checked as well.
func TestServers_OfOthersBehindMisbehaviour(t *testing.T) {
	for _, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Driver{Framing: s.framing, Upstream: upstream(t, s), Open: func(near string) (drivertest.Client, error) {
				c, err := openClient(s.framing, near)
				if err != nil {
					return nil, err
				}
				return known(c), nil
			}})
		})
	}
}

// upstream asks a server for the answers; it says nothing for units the server has not.
func upstream(t *testing.T, s server) func(r *drivertest.Request, length int) []byte {
	near := s.start(t)
	var line io.ReadWriteCloser
	var err error
	if s.framing == drivertest.TCP || s.framing == drivertest.RTUOverTCP {
		line, err = net.Dial("tcp", near)
	} else {
		line, err = serialport.Open(near, serialport.Mode{Baud: 115200})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() }) // the test is over
	var mu sync.Mutex
	return func(r *drivertest.Request, length int) []byte {
		if r.Unit > s.units || r.PDU[0] > 4 {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if s.framing == drivertest.RTU || s.framing == drivertest.RTUOverTCP {
			time.Sleep(2 * time.Millisecond) // t3.5: these servers tell frames apart by it
		}
		answer := make([]byte, length)
		if _, err := line.Write(r.Raw); err != nil {
			t.Error(err)
			return nil
		}
		if _, err := io.ReadFull(line, answer); err != nil {
			t.Error(err)
			return nil
		}
		return answer
	}
}
