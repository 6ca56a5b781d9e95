package series

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"anlan/contract"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
)

// MaxAhead is how far a sample's time may be ahead of ours.
const MaxAhead = 10 * time.Minute

// Options of a store; the zero value of each is a sensible default.
type Options struct {
	RetentionDays int // whole days kept besides today; 0 keeps everything
	FlushSamples  int // samples in memory that start a flush; 0 is 500,000
	FlushEvery    time.Duration
	Now           func() time.Time
	Log           *slog.Logger
	Registry      prometheus.Registerer
}

// Store is an open folder of day files.
type Store struct {
	dir      string
	opt      Options
	meta     *sql.DB // last values and quarantine
	metaRead *sql.DB
	enc      *zstd.Encoder
	dec      *zstd.Decoder
	requests chan request
	orders   chan order
	stop     chan struct{}
	done     chan struct{}
	stopOnce sync.Once
	metrics  metrics
	job      *job         // the writer's: a flush in progress
	files    sync.RWMutex // held for reading while day files are used by readers
	mu       sync.RWMutex // days, heads, last
	days     map[int64]*day
	last     map[Key]contract.Sample
}

type request struct {
	cols []Column
	done chan error
}

// order is work for the writer that is not an append.
type order struct {
	run  func(ctx context.Context) error
	done chan error
}

// ErrClosed is returned by calls after Close.
var ErrClosed = errors.New("the store is closed")

const metaSchema = `
CREATE TABLE IF NOT EXISTS last (edge TEXT NOT NULL, point TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL,
  PRIMARY KEY (edge, point)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (edge TEXT NOT NULL, point TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL,
  reason TEXT NOT NULL, recv_at INTEGER NOT NULL, PRIMARY KEY (edge, point, at)) WITHOUT ROWID;`

// Open opens (or makes) the folder and takes over what a killed process left in its
// logs. One process may have a folder open.
func Open(ctx context.Context, dir string, opt Options) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("series: open: %w", err)
	}
	opt.defaults()
	s := &Store{dir: dir, opt: opt, requests: make(chan request), orders: make(chan order),
		stop: make(chan struct{}), done: make(chan struct{}), days: map[int64]*day{}, last: map[Key]contract.Sample{}, metrics: newMetrics(opt.Registry)}
	var err error
	if s.enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2)); err != nil {
		return nil, fmt.Errorf("series: open: %w", err)
	}
	if s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0)); err != nil {
		return nil, fmt.Errorf("series: open: %w", err)
	}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	go s.write()
	return s, nil
}

func (o *Options) defaults() {
	if o.FlushSamples <= 0 {
		o.FlushSamples = 500_000
	}
	if o.FlushEvery <= 0 {
		o.FlushEvery = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func (s *Store) load(ctx context.Context) error {
	var err error
	if s.meta, s.metaRead, err = openSQLite(filepath.Join(s.dir, "meta.db")); err != nil {
		return fmt.Errorf("series: open meta: %w", err)
	}
	if _, err := s.meta.ExecContext(ctx, metaSchema); err != nil {
		return fmt.Errorf("series: open meta: %w", err)
	}
	if err := s.loadLast(ctx); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "day-*.db"))
	if err != nil {
		return fmt.Errorf("series: open: %w", err)
	}
	for _, f := range files {
		date := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "day-"), ".db")
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			continue // not ours
		}
		d, err := openDay(ctx, s.dir, at.UnixMilli())
		if err != nil {
			return err
		}
		s.days[d.start] = d
		if err := d.replay(ctx, s.dec, func(cols []Column) { s.remember(d, cols) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) loadLast(ctx context.Context) error {
	rows, err := s.metaRead.QueryContext(ctx, `SELECT edge, point, at, value, quality FROM last`)
	if err != nil {
		return fmt.Errorf("series: load last values: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k Key
		var v contract.Sample
		if err := rows.Scan(&k.Edge, &k.Point, &v.UnixMS, &v.Value, &v.Quality); err != nil {
			return fmt.Errorf("series: load last values: %w", err)
		}
		s.last[k] = v
	}
	return rows.Err()
}

// remember puts durable columns into memory. The caller holds mu or is alone.
func (s *Store) remember(d *day, cols []Column) {
	for _, c := range cols {
		d.head[c.Key] = append(d.head[c.Key], c.Samples...)
		d.headN += len(c.Samples)
		for _, v := range c.Samples {
			if old, ok := s.last[c.Key]; !ok || v.UnixMS >= old.UnixMS {
				s.last[c.Key] = v
			}
		}
	}
}

// Append stores samples; on return they survive a power cut. Samples from a wrong clock
// (more than [MaxAhead] ahead, or older than the retention) are put aside and counted:
// they are no error, since sending them again would not help. If ctx ends first the
// samples may or may not have been stored; appending them again is harmless.
func (s *Store) Append(ctx context.Context, cols []Column) error {
	kept, aside := s.sift(cols)
	if len(aside) > 0 {
		if err := s.quarantine(ctx, aside); err != nil {
			return err
		}
	}
	if len(kept) == 0 {
		return nil
	}
	req := request{kept, make(chan error, 1)}
	select {
	case s.requests <- req:
	case <-s.stop:
		return fmt.Errorf("series: append: %w", ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("series: append: %w", ctx.Err())
	}
	select {
	case err := <-req.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("series: append: %w", ctx.Err())
	}
}

// sift separates what a wrong clock sent.
func (s *Store) sift(cols []Column) (kept, aside []Column) {
	now := s.opt.Now()
	latest, earliest := now.Add(MaxAhead).UnixMilli(), int64(0)
	if s.opt.RetentionDays > 0 {
		earliest = s.firstKept(now)
	}
	good := func(v contract.Sample) bool { return v.UnixMS <= latest && v.UnixMS >= earliest && v.UnixMS > 0 }
	for _, c := range cols {
		bad := func(v contract.Sample) bool { return !good(v) }
		if !slices.ContainsFunc(c.Samples, bad) {
			kept = append(kept, c)
			continue
		}
		in, out := Column{Key: c.Key}, Column{Key: c.Key}
		for _, v := range c.Samples {
			if good(v) {
				in.Samples = append(in.Samples, v)
			} else {
				out.Samples = append(out.Samples, v)
			}
		}
		aside = append(aside, out)
		if len(in.Samples) > 0 {
			kept = append(kept, in)
		}
	}
	return kept, aside
}

func (s *Store) firstKept(now time.Time) int64 {
	return now.UnixMilli()/dayMS*dayMS - int64(s.opt.RetentionDays)*dayMS
}

// maxQuarantine bounds the rows kept of wrong clocks; the counter goes on.
const maxQuarantine = 100_000

func (s *Store) quarantine(ctx context.Context, cols []Column) error {
	tx, err := s.meta.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("series: quarantine: %w", err)
	}
	n := 0
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM quarantine`).Scan(&n); err != nil {
		return errors.Join(fmt.Errorf("series: quarantine: %w", err), tx.Rollback())
	}
	now := s.opt.Now().UnixMilli()
	for _, c := range cols {
		s.metrics.refused.Add(float64(len(c.Samples)))
		for _, v := range c.Samples {
			reason := "older than the retention"
			if v.UnixMS > now {
				reason = "clock ahead"
			}
			if n++; n > maxQuarantine {
				continue
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO quarantine (edge, point, at, value, quality, reason, recv_at) VALUES ($1,$2,$3,$4,$5,$6,$7)
				ON CONFLICT DO NOTHING`, string(c.Edge), string(c.Point), v.UnixMS, v.Value, int(v.Quality), reason, now)
			if err != nil {
				return errors.Join(fmt.Errorf("series: quarantine: %w", err), tx.Rollback())
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("series: quarantine: %w", err)
	}
	return nil
}

// Quarantined counts the samples put aside, by edge.
func (s *Store) Quarantined(ctx context.Context) (map[contract.EdgeID]int64, error) {
	rows, err := s.metaRead.QueryContext(ctx, `SELECT edge, COUNT(*) FROM quarantine GROUP BY edge`)
	if err != nil {
		return nil, fmt.Errorf("series: count quarantine: %w", err)
	}
	defer rows.Close()
	out := map[contract.EdgeID]int64{}
	for rows.Next() {
		var e contract.EdgeID
		var n int64
		if err := rows.Scan(&e, &n); err != nil {
			return nil, fmt.Errorf("series: count quarantine: %w", err)
		}
		out[e] = n
	}
	return out, rows.Err()
}

// Close flushes memory into chunks and closes the files.
func (s *Store) Close() error {
	s.stopOnce.Do(func() { close(s.stop) })
	<-s.done
	s.files.Lock()
	defer s.files.Unlock()
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	var err error
	for _, d := range s.days {
		err = errors.Join(err, d.close())
	}
	clear(s.days)
	if s.meta != nil {
		err = errors.Join(err, s.metaRead.Close(), s.meta.Close())
	}
	return err
}
