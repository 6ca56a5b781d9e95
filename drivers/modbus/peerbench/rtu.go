package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"anlan/drivers/modbus"
	"anlan/drivers/serialport"
)

const (
	rtuUnits     = 8
	rtuRegisters = 20
	turnaround   = 5 * time.Millisecond
)

// rtu measures how much of a serial line's time each client uses.
func (b *bench) rtu() error {
	for _, line := range []struct {
		baud, bits, cycles int
		name               string
	}{{9600, 10, 5, "9600 8N1"}, {19200, 11, 8, "19200 8E1"}, {115200, 10, 20, "115200 8N1"}} {
		tc := time.Duration(line.bits) * time.Second / time.Duration(line.baud)
		t35 := tc * 7 / 2
		if line.baud > 19200 {
			t35 = 1750 * time.Microsecond
		}
		const chars = 8 + 5 + 2*rtuRegisters
		limit := chars*tc + 2*t35 + turnaround
		for _, p := range b.clients {
			if p.name == raw || p.name == bare {
				continue
			}
			w, path, err := openWire(tc, t35)
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancel(b.ctx)
			ended := make(chan error, 1)
			go func() { ended <- w.serve(ctx) }()
			var best measure
			for range max(b.runs/2, 1) {
				m, err := b.pinned(p, "rtu", path, strconv.Itoa(line.baud), strconv.Itoa(line.bits), strconv.Itoa(line.cycles))
				if err != nil {
					stop()
					return errors.Join(err, <-ended)
				}
				if best.Ns == 0 || m.Ns < best.Ns {
					best = m
				}
			}
			stop()
			if err := <-ended; err != nil {
				return err
			}
			took := time.Duration(best.Ns / int64(best.Requests))
			b.row("RTU "+line.name+", 8 units × 20 registers", p.name, fmt.Sprintf("%.2f ms a read, limit %.2f ms", took.Seconds()*1e3, limit.Seconds()*1e3),
				fmt.Sprintf("%s of the wire; t3.5 kept in %s %%", digits(float64(limit)/float64(took)), digits(100-100*float64(w.short)/float64(max(w.requests-1, 1)))))
		}
	}
	return nil
}

// wire is a line with its units: what is written comes out paced, byte after byte.
type wire struct {
	fd              int
	tc, t35         time.Duration
	requests, short int // short: began before t3.5 of silence
}

func openWire(tc, t35 time.Duration) (*wire, string, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", fmt.Errorf("open pty: %w", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, "", fmt.Errorf("unlock pty: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, "", fmt.Errorf("name pty: %w", err)
	}
	// The near end is held open, so that a client's end is no hang-up, and raw from the start.
	path := "/dev/pts/" + strconv.Itoa(n)
	near, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", fmt.Errorf("open %s: %w", path, err)
	}
	tio, err := unix.IoctlGetTermios(near, unix.TCGETS)
	if err != nil {
		return nil, "", fmt.Errorf("set up %s: %w", path, err)
	}
	tio.Lflag, tio.Iflag, tio.Oflag = 0, 0, 0
	if err := unix.IoctlSetTermios(near, unix.TCSETS, tio); err != nil {
		return nil, "", fmt.Errorf("set up %s: %w", path, err)
	}
	return &wire{fd: fd, tc: tc, t35: t35}, path, nil
}

// serve answers reads of 20 registers until ctx ends.
func (w *wire) serve(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SetNonblock(w.fd, true); err != nil {
		return err
	}
	var quiet time.Time // when the last answer's last byte was out
	buf := make([]byte, 0, 256)
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, 50); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		chunk := make([]byte, 256)
		n, err := unix.Read(w.fd, chunk)
		now := time.Now()
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.EIO):
			continue
		case err != nil:
			return fmt.Errorf("wire: %w", err)
		}
		if len(buf) == 0 {
			if w.requests++; now.Sub(quiet) < w.t35-50*time.Microsecond {
				w.short++
			}
		}
		if buf = append(buf, chunk[:n]...); len(buf) < 8 {
			continue
		}
		// The pty hands the request over at once; on the wire it takes its time.
		at := now.Add(8*w.tc + w.t35 + turnaround)
		if quiet, err = w.reply(ctx, buf[0], at); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return os.NewFile(uintptr(w.fd), "pty").Close()
}

// reply sends every byte when its last bit is due.
func (w *wire) reply(ctx context.Context, unit byte, at time.Time) (time.Time, error) {
	pdu := []byte{3, 2 * rtuRegisters}
	for i := range uint16(rtuRegisters) {
		pdu = binary.BigEndian.AppendUint16(pdu, i+1)
	}
	for i, c := range modbus.AppendRTU(nil, unit, pdu) {
		due := at.Add(time.Duration(i+1) * w.tc)
		if err := serialport.WaitUntil(ctx, due); err != nil {
			return at, nil // the bench is over
		}
		if _, err := unix.Write(w.fd, []byte{c}); err != nil {
			return at, fmt.Errorf("wire: %w", err)
		}
	}
	return time.Now(), nil
}
