package modbus

import (
	"context"
	"fmt"
	"time"

	"anlan/drivers"
	"anlan/drivers/profile"
	"anlan/drivers/stream"
)

// Stream is what a client speaks over: a serial port, a connection, or one end of a
// net.Pipe. A read past its deadline returns an error with Timeout() true.
type Stream = stream.Stream

// Client asks one line or connection, one call at a time. It is not for concurrent
// use, except Counters. Errors match those of package drivers, and [ErrArgument].
type Client struct {
	wire     wire
	counters *counters
	scratch  [MaxPDU]byte // the request being asked
	asking   request      // the read being asked; here, as it would escape
}

// wire puts a request out and returns the pdu that answers it, and when its last byte
// came. The pdu is valid until the next call.
type wire interface {
	roundTrip(ctx context.Context, r *request) (pdu []byte, at time.Time, err error)
	setTiming(unit uint8, t profile.Timing)
	setDialect(unit uint8, d profile.Dialect) error
	reaction(unit uint8) time.Duration
	close() error
}

// SetTiming tells what the manual says of a unit. For a unit set twice the slower
// figures hold.
func (c *Client) SetTiming(unit uint8, t profile.Timing) { c.wire.setTiming(unit, t) }

// SetDialect tells how a unit departs from the standard's framing. It is an error where
// the wire's own framing leaves no room for that.
func (c *Client) SetDialect(unit uint8, d profile.Dialect) error { return c.wire.setDialect(unit, d) }

// Counters may be read from any goroutine.
func (c *Client) Counters() Counters { return c.counters.snapshot() }

// Close releases the stream.
func (c *Client) Close() error { return c.wire.close() }

// ReadCoils reads count bits with function 1.
func (c *Client) ReadCoils(ctx context.Context, unit uint8, addr, count uint16) ([]bool, error) {
	return c.readBits(ctx, unit, profile.Coil, addr, count)
}

// ReadDiscreteInputs reads count bits with function 2.
func (c *Client) ReadDiscreteInputs(ctx context.Context, unit uint8, addr, count uint16) ([]bool, error) {
	return c.readBits(ctx, unit, profile.Discrete, addr, count)
}

// ReadHoldingRegisters reads count registers with function 3.
func (c *Client) ReadHoldingRegisters(ctx context.Context, unit uint8, addr, count uint16) ([]uint16, error) {
	return c.readRegisters(ctx, unit, profile.Holding, addr, count)
}

// ReadInputRegisters reads count registers with function 4.
func (c *Client) ReadInputRegisters(ctx context.Context, unit uint8, addr, count uint16) ([]uint16, error) {
	return c.readRegisters(ctx, unit, profile.Input, addr, count)
}

func (c *Client) readBits(ctx context.Context, unit uint8, t profile.Table, addr, count uint16) ([]bool, error) {
	q := Query{Unit: unit, Table: t, Address: addr, Count: count}
	c.Read(ctx, &q)
	return q.Bits, q.Err
}

func (c *Client) readRegisters(ctx context.Context, unit uint8, t profile.Table, addr, count uint16) ([]uint16, error) {
	q := Query{Unit: unit, Table: t, Address: addr, Count: count}
	c.Read(ctx, &q)
	return q.Registers, q.Err
}

// WriteSingleCoil switches one coil with function 5 and returns once it was echoed.
// Unit 0 is a broadcast, which nobody echoes.
func (c *Client) WriteSingleCoil(ctx context.Context, unit uint8, addr uint16, on bool) error {
	value := CoilOff
	if on {
		value = CoilOn
	}
	return c.writeRaw(ctx, unit, fcWriteSingleCoil, addr, value)
}

// WriteSingleRegister sets one register with function 6.
func (c *Client) WriteSingleRegister(ctx context.Context, unit uint8, addr, value uint16) error {
	return c.writeRaw(ctx, unit, fcWriteSingleRegister, addr, value)
}

// WriteMultipleCoils switches coils with function 15.
func (c *Client) WriteMultipleCoils(ctx context.Context, unit uint8, addr uint16, values []bool) error {
	r, err := newWriteBits(c.scratch[:0], unit, addr, values)
	return c.write(ctx, r, err)
}

// WriteMultipleRegisters sets registers with function 16.
func (c *Client) WriteMultipleRegisters(ctx context.Context, unit uint8, addr uint16, values []uint16) error {
	r, err := newWriteRegisters(c.scratch[:0], unit, addr, values)
	return c.write(ctx, r, err)
}

// MaskWriteRegister sets a register to (itself AND and) OR (or AND NOT and) with
// function 22.
func (c *Client) MaskWriteRegister(ctx context.Context, unit uint8, addr, and, or uint16) error {
	return c.write(ctx, newMaskWrite(c.scratch[:0], unit, addr, and, or), nil)
}

// ReadWriteMultipleRegisters sets values from writeAddr on and then reads count
// registers from readAddr on, in one transaction, with function 23.
func (c *Client) ReadWriteMultipleRegisters(ctx context.Context, unit uint8, readAddr, count, writeAddr uint16, values []uint16) ([]uint16, error) {
	r, err := newReadWrite(c.scratch[:0], unit, readAddr, count, writeAddr, values)
	if err != nil {
		return nil, err
	}
	pdu, _, err := c.ask(ctx, &r)
	if err != nil {
		return nil, err
	}
	return unpackRegisters(make([]uint16, 0, count), pdu[2:]), nil
}

// writeRaw sends any 16-bit value; some relay boards take a coil's value as a duration.
func (c *Client) writeRaw(ctx context.Context, unit, function uint8, addr, value uint16) error {
	return c.write(ctx, newWrite(c.scratch[:0], unit, function, addr, value), nil)
}

func (c *Client) write(ctx context.Context, r request, err error) error {
	if err != nil {
		return err
	}
	_, _, err = c.ask(ctx, &r)
	return err
}

func (c *Client) ask(ctx context.Context, r *request) ([]byte, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, fmt.Errorf("modbus: %v: %w", r, err)
	}
	return c.wire.roundTrip(ctx, r)
}

// QuarantineError says until when a unit is rested. It matches
// [drivers.ErrQuarantined].
type QuarantineError struct {
	Unit  uint8
	Until time.Time
}

func (e *QuarantineError) Error() string {
	return fmt.Sprintf("modbus: unit %d rests until %s: quarantined", e.Unit, e.Until.Format("15:04:05.000"))
}

// Unwrap makes errors.Is(err, drivers.ErrQuarantined) true.
func (e *QuarantineError) Unwrap() error { return drivers.ErrQuarantined }
