// The goburrow client, measured as the others are. It is built against the Debian
// package golang-github-goburrow-modbus-dev, outside this module.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/goburrow/modbus"
)

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func read(c modbus.Client, n uint16) {
	b, err := c.ReadHoldingRegisters(0, n)
	if err != nil || len(b) != int(2*n) || b[2*n-1] != byte(n) {
		fmt.Fprintln(os.Stderr, "wrong answer", b, err)
		os.Exit(1)
	}
}

func tcp(addr string, requests int) {
	h := modbus.NewTCPClientHandler(addr)
	h.SlaveId = 1
	if err := h.Connect(); err != nil {
		panic(err)
	}
	defer h.Close()
	c := modbus.NewClient(h)
	for i := 0; i < requests; i++ {
		read(c, 10)
	}
}

func together(n int, f func()) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); f() }()
	}
	wg.Wait()
}

func main() {
	var requests int
	var f func()
	if os.Args[1] == "tcp" {
		conns, each := number(3), number(4)
		together(conns, func() { tcp(os.Args[2], 64) })
		requests, f = conns*each, func() { together(conns, func() { tcp(os.Args[2], each) }) }
	} else {
		h := modbus.NewRTUClientHandler(os.Args[2])
		h.BaudRate, h.DataBits, h.Parity, h.StopBits = number(3), 8, "N", 1
		if err := h.Connect(); err != nil {
			panic(err)
		}
		c := modbus.NewClient(h)
		cycles := number(5)
		requests, f = 8*cycles, func() {
			for i := 0; i < cycles; i++ {
				for u := 1; u <= 8; u++ {
					h.SlaveId = byte(u)
					read(c, 20)
				}
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	f()
	took, used := time.Since(began), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	statm, _ := os.ReadFile("/proc/self/statm")
	pages, _ := strconv.Atoi(strings.Fields(string(statm))[1])
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"requests": requests, "ns": took.Nanoseconds(), "cpu_ns": used,
		"allocs": after.Mallocs - before.Mallocs, "rss_kib": pages * os.Getpagesize() / 1024})
}

func cpuTime() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}
