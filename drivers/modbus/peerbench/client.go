package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// client runs as the measured process: tcp ADDR CONNECTIONS REQUESTS DEPTH, each
// connection making that many requests, or rtu PATH BAUD BITS CYCLES.
func client(ctx context.Context, kind string, args []string) (measure, error) {
	number := func(i int) int {
		n, err := strconv.Atoi(args[i])
		if err != nil {
			panic(err) // the bench itself wrote it
		}
		return n
	}
	switch {
	case len(args) == 5 && args[0] == "tcp":
		one := func(addr string, requests, depth int) error { return rawTCP(addr, requests, depth, kind == "raw") }
		if kind == "ours" {
			one = func(addr string, requests, depth int) error { return oursTCP(ctx, addr, requests, depth) }
		}
		conns, requests, depth := number(2), number(3), number(4)
		if err := together(conns, func() error { return one(args[1], min(requests, 64*depth), depth) }); err != nil {
			return measure{}, err
		}
		return metered(conns*requests, func() error {
			return together(conns, func() error { return one(args[1], requests, depth) })
		})
	case len(args) == 5 && args[0] == "rtu" && kind == "ours":
		return oursRTU(ctx, args[1], number(2), number(3), number(4))
	}
	return measure{}, fmt.Errorf("%s can not %s", kind, strings.Join(args, " "))
}

func together(n int, do func() error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// metered measures this process while it makes requests.
func metered(requests int, do func() error) (measure, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	if err := do(); err != nil {
		return measure{}, err
	}
	m := measure{Requests: requests, Ns: int64(time.Since(began)), CPUNs: int64(cpuTime() - cpu), RSSKiB: rss()}
	runtime.ReadMemStats(&after)
	m.Allocs = int64(after.Mallocs - before.Mallocs)
	return m, nil
}

func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no way to fail with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize()) / 1024
}

func oursTCP(ctx context.Context, addr string, requests, depth int) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	c := modbus.NewTCP(conn)
	defer func() { _ = c.Close() }() // nothing is lost
	qs := make([]modbus.Query, max(depth*8, 1))
	if depth == 1 {
		qs = qs[:1]
	}
	for i := range qs {
		qs[i] = modbus.Query{Unit: 1, Table: profile.Holding, Count: registers}
	}
	for done := 0; done < requests; done += len(qs) {
		c.ReadAll(ctx, qs, depth)
		for i := range qs {
			if err := right(&qs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func right(q *modbus.Query) error {
	if q.Err != nil {
		return q.Err
	}
	if len(q.Registers) != int(q.Count) || q.Registers[q.Count-1] != q.Count {
		return fmt.Errorf("wrong answer %v", q.Registers)
	}
	return nil
}

func oursRTU(ctx context.Context, path string, baud, bits, cycles int) (measure, error) {
	port, err := serialport.Open(path, serialport.Mode{Baud: baud})
	if err != nil {
		return measure{}, err
	}
	c := modbus.NewRTU(port, modbus.RTUOptions{Baud: baud, BitsPerChar: bits, Wait: serialport.WaitUntil})
	defer func() { _ = c.Close() }() // nothing is lost
	return metered(cycles*rtuUnits, func() error {
		q := modbus.Query{Table: profile.Holding, Count: rtuRegisters}
		for range cycles {
			for u := range uint8(rtuUnits) {
				q.Unit = u + 1
				c.Read(ctx, &q)
				if err := right(&q); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
