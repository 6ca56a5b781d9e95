package ingest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"
	"anlan/contract/telemetrypb"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"
)

const (
	take = iota
	repeat
	gap
)

// verdict says what to do with a record, and where the cursor was.
type verdict struct {
	what   int
	cursor uint64
}

// decide is the whole rule; see the package comment for why it is right.
func decide(cursor uint64, p contract.Position) verdict {
	switch {
	case p.Seq <= cursor:
		return verdict{repeat, cursor}
	case p.Prev <= cursor:
		return verdict{take, cursor}
	}
	return verdict{gap, cursor}
}

// queryer is a transaction or a pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readCursor(ctx context.Context, q queryer, e contract.EdgeID, s contract.Stream, epoch string) (uint64, error) {
	var seq int64
	err := q.QueryRowContext(ctx, `SELECT seq FROM ingest_cursor WHERE edge = $1 AND stream = $2 AND epoch = $3`,
		string(e), string(s), epoch).Scan(&seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("ingest: read cursor of %s: %w", e, err)
	}
	return uint64(seq), nil
}

func judge(ctx context.Context, q queryer, e contract.EdgeID, s contract.Stream, p contract.Position) (verdict, error) {
	if p.Seq > math.MaxInt64 {
		return verdict{}, fmt.Errorf("ingest: seq %d is beyond any spool: %w", p.Seq, contract.ErrMalformed)
	}
	cursor, err := readCursor(ctx, q, e, s, p.Epoch)
	return decide(cursor, p), err
}

func (g *Ingest) judgeNow(ctx context.Context, e contract.EdgeID, s contract.Stream, p contract.Position) (verdict, error) {
	return judge(ctx, g.DB.Read(), e, s, p)
}

// moveCursor never moves back.
func moveCursor(ctx context.Context, tx *sql.Tx, e contract.EdgeID, s contract.Stream, epoch string, seq uint64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ingest_cursor (edge, stream, epoch, seq, updated_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (edge, stream, epoch) DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at
		WHERE ingest_cursor.seq < excluded.seq`, string(e), string(s), epoch, int64(seq), db.Millis(now))
	if err != nil {
		return fmt.Errorf("ingest: move cursor of %s: %w", e, err)
	}
	return nil
}

// openCursor returns the cursor of a lane. If the edge's oldest record is beyond it, the
// records between exist nowhere any more (evicted at the edge, or this database was put
// back from an older copy): that is written down, and the cursor goes on from there,
// since waiting for them would be for ever.
func (g *Ingest) openCursor(ctx context.Context, h contract.Hello, s contract.Stream, now time.Time) (cursor uint64, err error) {
	oldest, newest := h.Oldest[s], h.Newest[s]
	cursor, err = readCursor(ctx, g.DB.Read(), h.Edge, s, h.Epoch)
	if err != nil || oldest <= cursor+1 || oldest > newest+1 || newest > math.MaxInt64 {
		return cursor, err
	}
	var changes []alarm.Change
	err = g.DB.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		if cursor, err = readCursor(ctx, tx, h.Edge, s, h.Epoch); err != nil || oldest <= cursor+1 {
			return err
		}
		if s == contract.StreamAlarm {
			if changes, err = g.raiseLoss(ctx, tx, h.Edge, lostRecords(cursor+1, oldest-1), now); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO ingest_gap (edge, stream, epoch, first_seq, last_seq, at) VALUES ($1,$2,$3,$4,$5,$6)
			ON CONFLICT DO NOTHING`, string(h.Edge), string(s), h.Epoch, int64(cursor+1), int64(oldest-1), db.Millis(now))
		if err != nil {
			return fmt.Errorf("ingest: note gap of %s: %w", h.Edge, err)
		}
		g.Log.Error("records are lost", "edge", h.Edge, "stream", s, "first", cursor+1, "last", oldest-1)
		cursor = oldest - 1
		return moveCursor(ctx, tx, h.Edge, s, h.Epoch, cursor, now)
	})
	if err == nil {
		g.Alarms.Publish(ctx, changes)
	}
	return cursor, err
}

// poison is a message that can never be taken.
type poison struct {
	edge   contract.EdgeID
	stream contract.Stream
	pos    contract.Position // Seq 0: the message does not say
	raw    []byte
	reason string
}

// usable reports whether a position can be trusted to move the cursor.
func usable(e, said contract.EdgeID, p contract.Position) bool {
	return said == e && p.Epoch != "" && len(p.Epoch) <= 64 && p.Seq > 0 && p.Prev < p.Seq && p.Seq <= math.MaxInt64
}

func (p *poison) lenientJSON(e contract.EdgeID, raw []byte) {
	var h struct {
		Edge   contract.EdgeID `json:"edge"`
		Stream contract.Stream `json:"stream"`
		contract.Position
	}
	if json.Unmarshal(raw, &h) == nil && h.Stream == contract.StreamAlarm && usable(e, h.Edge, h.Position) {
		p.pos = h.Position
	}
}

func (p *poison) lenientBatch(e contract.EdgeID, raw []byte) {
	if len(raw) < 2 {
		return
	}
	body := raw[1:]
	if raw[0] == 1 {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(contract.MaxBatchBytes), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return
		}
		defer dec.Close()
		if body, err = dec.DecodeAll(body, nil); err != nil {
			return
		}
	}
	var m telemetrypb.Batch
	if proto.Unmarshal(body, &m) != nil {
		return
	}
	pos := contract.Position{Epoch: m.Epoch, Seq: m.Seq, Prev: m.Prev}
	if usable(e, contract.EdgeID(m.Edge), pos) {
		p.pos = pos
	}
}

func (p *poison) store(ctx context.Context, tx *sql.Tx, now time.Time) error {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", p.edge, p.stream)
	h.Write(p.raw)
	_, err := tx.ExecContext(ctx, `INSERT INTO ingest_quarantine (sha, edge, stream, epoch, seq, reason, raw, seen, at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,1,$8) ON CONFLICT (sha) DO UPDATE SET seen = ingest_quarantine.seen + 1`,
		hex.EncodeToString(h.Sum(nil)), string(p.edge), string(p.stream), p.pos.Epoch, int64(p.pos.Seq), p.reason,
		base64.StdEncoding.EncodeToString(p.raw), db.Millis(now))
	if err != nil {
		return fmt.Errorf("ingest: quarantine message of %s: %w", p.edge, err)
	}
	return nil
}

// Poison is one quarantined message as shown to people.
type Poison struct {
	Edge   contract.EdgeID `json:"edge"`
	Stream contract.Stream `json:"stream"`
	Seq    int64           `json:"seq"`
	Reason string          `json:"reason"`
	Seen   int64           `json:"seen"`
	At     time.Time       `json:"at"`
	Bytes  int             `json:"bytes"`
}

// Quarantined lists the newest quarantined messages.
func (g *Ingest) Quarantined(ctx context.Context, limit int) ([]Poison, error) {
	rows, err := g.DB.Read().QueryContext(ctx, `SELECT edge, stream, seq, reason, seen, at, length(raw) FROM ingest_quarantine
		ORDER BY at DESC, sha LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ingest: list quarantine: %w", err)
	}
	defer rows.Close()
	out := []Poison{}
	for rows.Next() {
		var p Poison
		var at int64
		if err := rows.Scan(&p.Edge, &p.Stream, &p.Seq, &p.Reason, &p.Seen, &at, &p.Bytes); err != nil {
			return nil, fmt.Errorf("ingest: list quarantine: %w", err)
		}
		p.At, p.Bytes = db.Time(at), p.Bytes/4*3
		out = append(out, p)
	}
	return out, rows.Err()
}
