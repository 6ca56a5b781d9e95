package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"anlan/drivers/serialport"
)

const registers = 10 // a request

// tcp measures requests over connections.
func (b *bench) tcp() error {
	fast, stop, err := b.server(0)
	if err != nil {
		return err
	}
	defer stop()
	one, err := b.each([]string{bare, raw, ours, goburrow, libmodbus}, measure.cpu, func(peer) []string { return []string{"tcp", fast, "1", "60000", "1"} })
	if err != nil {
		return err
	}
	for _, p := range b.clients {
		m := one[p.name]
		b.row("TCP, one at a time, CPU a request", p.name, fmt.Sprintf("%.2f µs, %s/s, %s allocs/op", m.cpu()/1e3, thousands(m.rate()), digits(float64(m.Allocs)/float64(m.Requests))),
			digits(m.cpu()/one[raw].cpu())+" of the raw socket's")
	}
	deep, err := b.each([]string{raw, ours}, measure.cpu, func(peer) []string { return []string{"tcp", fast, "1", "400000", "16"} })
	if err != nil {
		return err
	}
	for _, name := range []string{raw, ours} {
		b.row("TCP, 16 in flight", name, thousands(deep[name].rate())+" requests/s", digits(deep[name].rate()/deep[raw].rate())+" of the raw socket's")
	}
	many, err := b.each([]string{raw, ours, goburrow}, measure.cpu, func(peer) []string { return []string{"tcp", fast, "200", "1500", "1"} })
	if err != nil {
		return err
	}
	for _, p := range b.clients {
		if m, ok := many[p.name]; ok {
			b.row("TCP, 200 connections, CPU a request", p.name, fmt.Sprintf("%.2f µs, %s KiB RSS a device", m.cpu()/1e3, digits(float64(m.RSSKiB-one[p.name].RSSKiB)/199)),
				digits(m.cpu()/many[raw].cpu())+" of the raw sockets'")
		}
	}
	return b.slow()
}

// slow measures a device that takes 5 ms to answer and takes several requests at once.
func (b *bench) slow() error {
	const latency = 5 * time.Millisecond
	addr, stop, err := b.server(latency)
	if err != nil {
		return err
	}
	defer stop()
	for _, depth := range []int{1, 4, 16} {
		m, err := b.each([]string{raw, ours}, func(m measure) float64 { return -m.rate() }, func(peer) []string {
			return []string{"tcp", addr, "1", strconv.Itoa(150 * depth), strconv.Itoa(depth)}
		})
		if err != nil {
			return err
		}
		limit := float64(depth) / latency.Seconds()
		for _, name := range []string{raw, ours} {
			b.row(fmt.Sprintf("TCP, device of 5 ms, %d in flight", depth), name, thousands(m[name].rate())+" requests/s", digits(m[name].rate()/limit)+" of in flight ÷ latency")
		}
	}
	return nil
}

// server starts a server on the processor the clients run on.
func (b *bench) server(latency time.Duration) (addr string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(b.ctx, "taskset", "-c", "0", self, "server", latency.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill() // it has nothing to lose
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, err
	}
	return strings.TrimSpace(line), stop, nil
}

// serveTCP answers reads of holding registers, each after the latency, and prints where.
func serveTCP(ctx context.Context, args []string) error {
	latency, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() }) // the process ends
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go answer(ctx, c, latency)
	}
}

type dueBytes struct {
	at time.Time
	b  []byte
}

// answer serves one connection; whatever came together is answered together.
func answer(ctx context.Context, c net.Conn, latency time.Duration) {
	defer c.Close()
	send := func(b []byte) bool { _, err := c.Write(b); return err == nil }
	if latency > 0 {
		queue := make(chan dueBytes, 64)
		defer close(queue)
		go func() {
			for d := range queue {
				if serialport.WaitUntil(ctx, d.at) != nil {
					return
				}
				if _, err := c.Write(d.b); err != nil {
					return
				}
			}
		}()
		send = func(b []byte) bool {
			queue <- dueBytes{time.Now().Add(latency), append([]byte(nil), b...)}
			return true
		}
	}
	buf, out := make([]byte, 0, 8192), []byte(nil)
	for {
		n, err := c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return
		}
		buf = buf[:len(buf)+n]
		out = out[:0]
		used := 0
		for ; len(buf)-used >= 12; used += 12 {
			out = appendAnswer(out, buf[used:used+12])
		}
		buf = buf[:copy(buf, buf[used:])]
		if len(out) > 0 && !send(out) {
			return
		}
	}
}

func appendAnswer(out, q []byte) []byte {
	n := binary.BigEndian.Uint16(q[10:])
	out = append(out, q[0], q[1], 0, 0)
	out = binary.BigEndian.AppendUint16(out, 3+2*n)
	out = append(out, q[6], q[7], byte(2*n))
	for i := range n {
		out = binary.BigEndian.AppendUint16(out, i+1)
	}
	return out
}

// rawTCP asks without any Modbus work: the floor.
func rawTCP(addr string, requests, depth int, limited bool) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if limited { // a deadline, however far, costs the runtime a timer in each wait
		if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			return err
		}
	}
	q := []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, registers}
	window := make([]byte, 0, depth*len(q))
	for range depth {
		window = append(window, q...)
	}
	in := make([]byte, depth*(9+2*registers))
	for done := 0; done < requests; done += depth {
		if _, err := c.Write(window); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, in); err != nil {
			return err
		}
	}
	return nil
}

func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
