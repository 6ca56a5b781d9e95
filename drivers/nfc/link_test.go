package nfc

import (
	"bytes"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"anlan/drivers/stream"
)

// Two frames in one read: the second must not write over the first's UID.
func TestPN532_AFrameKeepsItsDataWhenTheNextFollowsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := &pn532{link{Link: stream.Link{Stream: ours}}}
		first := []byte{fromChip, 0x4B, 1, 1, 0x00, 0x44, 0x00, 7, 0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}
		second := bytes.Repeat([]byte{0x5A}, len(first))
		second[0] = fromChip
		go theirs.Write(appendFrame(appendFrame(nil, first), second)) //nolint:errcheck // the reader sees what is missing
		for _, want := range [][]byte{first, second} {
			f, err := l.frame(t.Context(), time.Now().Add(time.Second))
			if err != nil || !bytes.Equal(f.data, want) {
				t.Errorf("frame % X (%v), want % X", f.data, err, want)
			}
		}
		theirs.Close() //nolint:errcheck // an end of a pipe
	})
}
