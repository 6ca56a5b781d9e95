package device

import (
	"context"
	"fmt"
	"time"

	"anlan/firmware-sim/line"
)

// RDM6300 is a 125 kHz reader that only talks: while a tag is in its field it says the
// tag's number over and over, and nothing otherwise. Its line is 9600 8N1.
type RDM6300 struct {
	UART  line.UART
	Card  func() []byte // the 5 bytes of the tag in the field, nil for none
	Every time.Duration // from one start to the next; 0 is 65 ms
}

const rdmEvery = 65 * time.Millisecond

// Run serves until ctx ends or the port fails.
func (r *RDM6300) Run(ctx context.Context) error {
	every := r.Every
	if every == 0 {
		every = rdmEvery
	}
	for next := time.Now(); ; next = next.Add(every) {
		if err := line.SleepUntil(ctx, next); err != nil {
			return ignoreCancel(ctx, err)
		}
		if tag := r.Card(); len(tag) == 5 { // it hears no others
			if err := r.UART.Send(ctx, rdmFrame(tag)); err != nil {
				return ignoreCancel(ctx, err)
			}
		}
		next = later(next, time.Now().Add(-every)) // what was missed is not made up for
	}
}

// rdmFrame is STX, the number and the XOR of its bytes in capital hexadecimal, ETX.
func rdmFrame(tag []byte) []byte {
	check := byte(0)
	for _, b := range tag {
		check ^= b
	}
	return fmt.Appendf(nil, "\x02%X%02X\x03", tag, check)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
