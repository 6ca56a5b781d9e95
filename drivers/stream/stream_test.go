package stream_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"anlan/drivers"
	"anlan/drivers/stream"
)

func TestLink_SilenceCancellationAndHangUpAreThreeThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		var in, out atomic.Uint64
		l := &stream.Link{Stream: ours, In: &in, Out: &out}
		buf := make([]byte, 8)

		began := time.Now()
		if _, err := l.Read(t.Context(), buf, time.Now().Add(90*time.Second)); !errors.Is(err, stream.ErrQuiet) || time.Since(began) != 90*time.Second {
			t.Errorf("silence: %v after %v", err, time.Since(began))
		}

		ctx, cancel := context.WithCancel(t.Context())
		release := l.Guard(ctx)
		time.AfterFunc(time.Second, cancel)
		if _, err := l.Read(ctx, buf, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		release()

		go theirs.Write([]byte("abc")) //nolint:errcheck // the reader counts what came
		if n, err := l.Read(t.Context(), buf, time.Now().Add(time.Second)); n != 3 || err != nil || in.Load() != 3 {
			t.Errorf("read %d bytes, counted %d, %v", n, in.Load(), err)
		}

		if err := theirs.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Read(t.Context(), buf, time.Now().Add(time.Second)); !errors.Is(err, drivers.ErrLinkDown) || l.Down() == nil {
			t.Errorf("hang-up: %v", err)
		}
		first := l.Down()
		if err := l.Write(t.Context(), []byte("x"), time.Second); err == nil || l.Down() != first {
			t.Errorf("write after the hang-up: %v", err)
		}
	})
}
