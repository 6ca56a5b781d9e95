package poll

import (
	"context"
	"fmt"
	"sync"
	"time"

	"anlan/contract"
	"anlan/drivers"
)

// listen gives the bus to a device that speaks by itself. Nothing can be written there.
func (r *runner) listen(ctx context.Context, listen func(context.Context) error) error {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case w := <-r.writes:
				w.done <- fmt.Errorf("poll: write %s: %w", w.point, drivers.ErrNotWritable)
			case <-done:
				return
			}
		}
	})
	defer wg.Wait()
	defer close(done)
	return listen(ctx)
}

// heard hands on what a source says.
func (r *runner) heard(device int, rs []contract.Reading) {
	now, good := time.Now(), false
	for k := range rs {
		r.remember(&rs[k], now)
		good = good || rs[k].Quality.IsGood()
	}
	if good {
		r.device(device, func(s *DeviceStatus) { s.LastGood = now })
	}
	r.sink.Readings(rs)
}
