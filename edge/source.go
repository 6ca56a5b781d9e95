package edge

import (
	"context"

	"anlan/contract"
	"anlan/edge/spool"
)

// source shows the spool to the uplink as records.
type source struct {
	edge  contract.EdgeID
	spool *spool.Spool
}

func (s source) Cursor(stream contract.Stream) (epoch string, acked, newest uint64) {
	acked, newest = s.spool.Cursor(stream)
	return s.spool.Epoch(), acked, newest
}

func (s source) Next(ctx context.Context, stream contract.Stream, after uint64, n int) ([]contract.Record, error) {
	stored, err := s.spool.Next(ctx, stream, after, n)
	if err != nil {
		return nil, err
	}
	out := make([]contract.Record, len(stored))
	for i, r := range stored {
		out[i] = contract.Record{V: contract.Version, Edge: s.edge, Stream: stream, Position: r.Position, Kind: r.Kind,
			BootID: r.BootID, MonoNS: r.MonoNS, SpooledAt: r.At, Synced: r.Synced, Config: r.Config, Payload: r.Payload}
	}
	return out, nil
}

func (s source) Trim(ctx context.Context, stream contract.Stream, seq uint64) error {
	return s.spool.Trim(ctx, stream, seq)
}

func (s source) Forget(ctx context.Context, stream contract.Stream, seq uint64) (uint64, error) {
	return s.spool.Forget(ctx, stream, seq)
}
