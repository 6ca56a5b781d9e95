package drivertest

import (
	"context"
	"io"
	"time"

	"anlan/drivers/serialport"
)

// Paced is the far end of a line that keeps its wire time: what is read has taken it,
// and what is written comes out in the small runs a UART hands on, after a turnaround.
type Paced struct {
	ctx        context.Context
	far        io.ReadWriteCloser
	charTime   time.Duration
	turnaround time.Duration
	heard      time.Time // when the last request's last bit came
	// Arrived, if set, is told when bytes come, which on the wire is their first bit.
	Arrived func(b []byte, at time.Time)
}

// run is how many characters a UART's buffer hands on at once.
const run = 16

// NewPaced paces a far end until ctx ends.
func NewPaced(ctx context.Context, far io.ReadWriteCloser, charTime, turnaround time.Duration) *Paced {
	return &Paced{ctx: ctx, far: far, charTime: charTime, turnaround: turnaround}
}

// Read returns what came.
func (p *Paced) Read(b []byte) (int, error) {
	n, err := p.far.Read(b)
	now := time.Now()
	if p.Arrived != nil && n > 0 {
		p.Arrived(b[:n], now)
	}
	p.heard = now.Add(time.Duration(n) * p.charTime)
	return n, err
}

// Write puts an answer on the wire.
func (p *Paced) Write(b []byte) (int, error) {
	at := p.heard.Add(p.turnaround)
	for i := 0; i < len(b); i += run {
		part := b[i:min(i+run, len(b))]
		at = at.Add(time.Duration(len(part)) * p.charTime)
		if err := serialport.WaitUntil(p.ctx, at); err != nil {
			return i, err
		}
		if _, err := p.far.Write(part); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// Close closes the far end.
func (p *Paced) Close() error { return p.far.Close() }
