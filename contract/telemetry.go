package contract

import (
	"errors"
	"fmt"
	"math"
	"time"

	"anlan/contract/telemetrypb"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"
)

// Sample is one reading on its way to the time series, or in it. Times are whole
// Unix milliseconds.
type Sample struct {
	UnixMS  int64
	Value   float64
	Quality Quality
}

// Column is the samples of one point in time order.
type Column struct {
	Point   PointID
	Samples []Sample
}

// Batch is one record of the telemetry stream.
type Batch struct {
	Record  // Kind is [KindSamples]; Payload stays empty
	Columns []Column
}

// Limits a decoder keeps to, whatever a peer sends.
const (
	MaxBatchBytes   = 4 << 20 // after decompression
	MaxBatchSamples = 100_000
)

const (
	rawBatch  = 0
	zstdBatch = 1
)

var (
	batchEncoder, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	batchDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxBatchBytes), zstd.WithDecoderConcurrency(1))
)

// EncodeBatch writes a telemetry message: a compression byte, then protobuf.
func EncodeBatch(b Batch) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m := &telemetrypb.Batch{
		V: uint32(b.V), Edge: string(b.Edge), Epoch: b.Epoch, Seq: b.Seq, Prev: b.Prev,
		Boot: b.BootID, MonoNs: b.MonoNS, SpooledUnixMs: b.SpooledAt.UnixMilli(),
		Synced: b.Synced, Replayed: b.Replayed, Config: b.Config,
	}
	for _, c := range b.Columns {
		m.Columns = append(m.Columns, encodeColumn(c))
	}
	raw, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("contract: encode batch: %w", err)
	}
	if len(raw) < 512 {
		return append([]byte{rawBatch}, raw...), nil
	}
	return batchEncoder.EncodeAll(raw, []byte{zstdBatch}), nil
}

func encodeColumn(c Column) *telemetrypb.Column {
	col := &telemetrypb.Column{Point: string(c.Point)}
	good, last := true, int64(0)
	for _, s := range c.Samples {
		col.TimeMs = append(col.TimeMs, s.UnixMS-last)
		col.Value = append(col.Value, s.Value)
		last = s.UnixMS
		good = good && s.Quality == Good
	}
	if !good {
		for _, s := range c.Samples {
			col.Quality = append(col.Quality, uint32(s.Quality))
		}
	}
	return col
}

// DecodeBatch reads a telemetry message. Every error is [ErrMalformed].
func DecodeBatch(b []byte) (Batch, error) {
	if len(b) < 2 {
		return Batch{}, fmt.Errorf("contract: batch of %d bytes: %w", len(b), ErrMalformed)
	}
	raw := b[1:]
	switch b[0] {
	case rawBatch:
	case zstdBatch:
		var err error
		if raw, err = batchDecoder.DecodeAll(raw, nil); err != nil {
			return Batch{}, fmt.Errorf("contract: batch: %w: %w", ErrMalformed, err)
		}
	default:
		return Batch{}, fmt.Errorf("contract: batch: unknown compression %d: %w", b[0], ErrMalformed)
	}
	if len(raw) > MaxBatchBytes {
		return Batch{}, fmt.Errorf("contract: batch of %d bytes: %w", len(raw), ErrMalformed)
	}
	var m telemetrypb.Batch
	if err := proto.Unmarshal(raw, &m); err != nil {
		return Batch{}, fmt.Errorf("contract: batch: %w: %w", ErrMalformed, err)
	}
	return batchFrom(&m)
}

func batchFrom(m *telemetrypb.Batch) (Batch, error) {
	out := Batch{Record: Record{
		V: int(m.V), Edge: EdgeID(m.Edge), Stream: StreamTelemetry, Kind: KindSamples,
		Position: Position{Epoch: m.Epoch, Seq: m.Seq, Prev: m.Prev},
		BootID:   m.Boot, MonoNS: m.MonoNs, SpooledAt: time.UnixMilli(m.SpooledUnixMs).UTC(),
		Synced: m.Synced, Replayed: m.Replayed, Config: m.Config,
	}}
	if err := out.check(); err != nil {
		return Batch{}, err
	}
	total := 0
	for _, c := range m.Columns {
		n := len(c.TimeMs)
		if total += n; len(c.Value) != n || len(c.Quality) != 0 && len(c.Quality) != n || total > MaxBatchSamples {
			return Batch{}, fmt.Errorf("contract: batch: column %q has %d times, %d values, %d qualities: %w",
				c.Point, n, len(c.Value), len(c.Quality), ErrMalformed)
		}
		col, err := columnFrom(c)
		if err != nil {
			return Batch{}, err
		}
		out.Columns = append(out.Columns, col)
	}
	return out, nil
}

func columnFrom(c *telemetrypb.Column) (Column, error) {
	col := Column{Point: PointID(c.Point), Samples: make([]Sample, len(c.TimeMs))}
	if col.Point.Device() == "" || col.Point.Name() == "" || len(c.Point) > 128 {
		return Column{}, fmt.Errorf("contract: batch: point %q: %w", c.Point, ErrMalformed)
	}
	at := int64(0)
	for i, d := range c.TimeMs {
		at += d
		q := Good
		if len(c.Quality) > 0 {
			if c.Quality[i] > math.MaxUint8 {
				return Column{}, fmt.Errorf("contract: batch: quality %d: %w", c.Quality[i], ErrMalformed)
			}
			q = Quality(c.Quality[i])
		}
		if math.IsNaN(c.Value[i]) || math.IsInf(c.Value[i], 0) {
			return Column{}, fmt.Errorf("contract: batch: %q has a value that is not a number: %w", c.Point, ErrMalformed)
		}
		col.Samples[i] = Sample{UnixMS: at, Value: c.Value[i], Quality: q}
	}
	return col, nil
}

// IsMalformed reports whether err means that a message can never be taken.
func IsMalformed(err error) bool { return errors.Is(err, ErrMalformed) }
