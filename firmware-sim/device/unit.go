package device

import (
	"context"
	"sync"
	"time"

	"anlan/firmware-sim/fault"
)

// Unit is one device that belongs to a bigger thing, such as a building: its memory is
// guarded by Lock, and Fault is decided there.
type Unit struct {
	ID       uint8
	Name     string
	Model    string
	Memory   Memory
	Reaction time.Duration // from the end of the request's silence to the first byte of the answer
	Fault    func() fault.Fault
	Lock     sync.Locker
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
