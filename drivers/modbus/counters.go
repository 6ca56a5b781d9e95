package modbus

import (
	"sync/atomic"

	"anlan/drivers/stream"
)

// Counters is what a client has seen since it began.
type Counters struct {
	Requests    uint64 // put on the wire, proving reads included
	Answers     uint64 // accepted, exceptions included
	Exceptions  uint64
	Timeouts    uint64
	CRC         uint64 // damaged answers: CRC, framing, bytes after the answer
	Strays      uint64 // frames or runs of bytes that answered nothing
	Quarantined uint64 // requests refused because the unit is being rested
	BytesOut    uint64
	BytesIn     uint64
}

type counters struct {
	requests, answers, exceptions, timeouts, crc, strays, quarantined, bytesOut, bytesIn atomic.Uint64
}

func (c *counters) snapshot() Counters {
	return Counters{c.requests.Load(), c.answers.Load(), c.exceptions.Load(), c.timeouts.Load(), c.crc.Load(),
		c.strays.Load(), c.quarantined.Load(), c.bytesOut.Load(), c.bytesIn.Load()}
}

// link is the line or connection with what is counted on it.
type link struct {
	stream.Link
	count *counters
}

func newLink(s Stream, c *counters) link {
	return link{stream.Link{Stream: s, In: &c.bytesIn, Out: &c.bytesOut}, c}
}
