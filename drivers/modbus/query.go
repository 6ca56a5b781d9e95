package modbus

import (
	"context"
	"time"

	"anlan/drivers/profile"
)

// Query is one read and its answer. Reusing a Query reuses the room of its answer.
type Query struct {
	Unit           uint8
	Table          profile.Table
	Address, Count uint16

	Registers []uint16  // the answer from a register table; nil after an error
	Bits      []bool    // the answer from a bit table
	At        time.Time // when the answer's last byte came
	Err       error
}

// Read asks one query; how it went is in q.Err.
func (c *Client) Read(ctx context.Context, q *Query) {
	r, err := q.request(c.scratch[:0])
	if err != nil {
		q.fail(err)
		return
	}
	c.asking = r
	pdu, at, err := c.ask(ctx, &c.asking)
	q.take(pdu, at, err)
}

// ReadAll asks queries, over TCP with up to depth of them on the way at once (at most
// [MaxInFlight]), on a line one after another. How each went is in its Err.
func (c *Client) ReadAll(ctx context.Context, queries []Query, depth int) {
	if t, ok := c.wire.(*tcp); ok && depth > 1 {
		t.pipeline(ctx, queries, min(depth, MaxInFlight))
		return
	}
	for i := range queries {
		c.Read(ctx, &queries[i])
	}
}

func (q *Query) function() uint8 {
	switch q.Table {
	case profile.Holding:
		return fcReadHoldingRegisters
	case profile.Input:
		return fcReadInputRegisters
	case profile.Coil:
		return fcReadCoils
	}
	return fcReadDiscreteInputs
}

func (q *Query) request(buf []byte) (request, error) {
	return newRead(buf, q.Unit, q.function(), q.Address, q.Count)
}

func (q *Query) take(pdu []byte, at time.Time, err error) {
	if err != nil {
		q.fail(err)
		return
	}
	q.At, q.Err = at, nil
	if q.function() <= fcReadDiscreteInputs {
		q.Bits = unpackBits(q.Bits[:0], pdu[2:], int(q.Count))
		return
	}
	q.Registers = unpackRegisters(q.Registers[:0], pdu[2:])
}

func (q *Query) fail(err error) {
	q.Registers, q.Bits, q.At, q.Err = nil, nil, time.Time{}, err
}

func (q *Query) block() profile.Block { return profile.Block{Bits: q.Bits, Registers: q.Registers} }
