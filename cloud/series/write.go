package series

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	samples, refused, commits, flushes prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) metrics {
	count := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := metrics{
		samples: count("cloud_series_samples_stored_total", "Samples made durable, repeats included."),
		refused: count("cloud_series_samples_refused_total", "Samples put aside because of a wrong clock."),
		commits: count("cloud_series_log_commits_total", "Log transactions."),
		flushes: count("cloud_series_flushes_total", "Flushes of memory into chunks."),
	}
	if reg != nil {
		reg.MustRegister(m.samples, m.refused, m.commits, m.flushes)
	}
	return m
}

const (
	groupRequests = 64  // appends that share a commit
	sliceSeries   = 100 // series moved between two commits, so that no append waits long
)

// job is a flush in progress.
type job struct {
	day  *day
	keys []Key
	log  int64 // rows up to this one are in the flush
}

// write is the only goroutine that changes files.
func (s *Store) write() {
	defer close(s.done)
	// Not a caller's context: what was begun is finished, Close is the way to end.
	ctx := context.Background()
	tick := time.NewTicker(s.opt.FlushEvery)
	defer tick.Stop()
	for {
		if s.job != nil {
			select {
			case r := <-s.requests:
				s.commit(ctx, s.group(r))
			case o := <-s.orders:
				o.done <- o.run(ctx)
			default:
			}
			if s.job != nil { // an order may have ended it
				s.slice(ctx)
			}
			continue
		}
		select {
		case r := <-s.requests:
			s.commit(ctx, s.group(r))
			s.plan(s.opt.FlushSamples)
		case o := <-s.orders:
			o.done <- o.run(ctx)
		case <-tick.C:
			s.plan(1)
		case <-s.stop:
			if err := s.flushAll(ctx); err != nil {
				s.opt.Log.Error("flush at close", "err", err) // the log still has everything
			}
			return
		}
	}
}

func (s *Store) group(first request) []request {
	out := []request{first}
	for len(out) < groupRequests {
		select {
		case r := <-s.requests:
			out = append(out, r)
		default:
			return out
		}
	}
	return out
}

// commit makes a group of appends durable, one log row per day touched.
func (s *Store) commit(ctx context.Context, group []request) {
	byDay := map[int64]map[Key][]contract.Sample{}
	for _, r := range group {
		for _, c := range r.cols {
			for _, v := range c.Samples {
				start := v.UnixMS / dayMS * dayMS
				if byDay[start] == nil {
					byDay[start] = map[Key][]contract.Sample{}
				}
				byDay[start][c.Key] = append(byDay[start][c.Key], v)
			}
		}
	}
	var err error
	for _, start := range slices.Sorted(maps.Keys(byDay)) {
		if err = s.commitDay(ctx, start, byDay[start]); err != nil {
			s.opt.Log.Error("append", "err", err)
			break
		}
	}
	for _, r := range group {
		r.done <- err
	}
}

func (s *Store) commitDay(ctx context.Context, start int64, data map[Key][]contract.Sample) error {
	d, err := s.dayOf(ctx, start)
	if err != nil {
		return err
	}
	if d.headN > 8*s.opt.FlushSamples {
		return fmt.Errorf("series: append: %d samples wait in memory because they cannot be moved to %s", d.headN, d.path)
	}
	cols := make([]Column, 0, len(data))
	n := 0
	for k, v := range data {
		slices.SortStableFunc(v, func(a, b contract.Sample) int { return int(a.UnixMS - b.UnixMS) })
		cols = append(cols, Column{k, v})
		n += len(v)
	}
	id, err := d.appendLog(ctx, s.enc.EncodeAll(appendColumns(nil, cols), nil))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.remember(d, cols)
	d.headLog = id
	s.mu.Unlock()
	s.metrics.samples.Add(float64(n))
	s.metrics.commits.Inc()
	return nil
}

func (s *Store) dayOf(ctx context.Context, start int64) (*day, error) {
	s.mu.RLock()
	d := s.days[start]
	s.mu.RUnlock()
	if d != nil {
		return d, nil
	}
	d, err := openDay(ctx, s.dir, start)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.days[start] = d
	s.mu.Unlock()
	return d, nil
}

// plan starts a flush of the fullest day that has at least n samples in memory.
func (s *Store) plan(n int) {
	if s.job != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var full *day
	for _, d := range s.days {
		if d.headN >= max(n, 1) && (full == nil || d.headN > full.headN) {
			full = d
		}
	}
	if full == nil {
		return
	}
	if full.flushing == nil {
		full.flushing, full.head, full.headN = full.head, map[Key][]contract.Sample{}, 0
	}
	s.job = &job{day: full, keys: slices.Collect(maps.Keys(full.flushing)), log: full.headLog}
}

// slice moves some series of the flush in progress; the last slice ends it. A flush
// that fails is given up for now: its samples stay in memory and in the log, and go
// back in front of the newer ones.
func (s *Store) slice(ctx context.Context) {
	j := s.job
	n := min(sliceSeries, len(j.keys))
	err := j.day.moveChunks(ctx, j.keys[:n], j.day.flushing, s.enc, s.dec)
	if err == nil {
		err = s.saveLast(ctx, j.keys[:n])
	}
	if err == nil {
		if j.keys = j.keys[n:]; len(j.keys) > 0 {
			return
		}
		_, err = j.day.w.ExecContext(ctx, `DELETE FROM log WHERE id <= $1`, j.log)
	}
	s.job = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		j.day.flushing = nil
		s.metrics.flushes.Inc()
		return
	}
	s.opt.Log.Error("flush", "err", err)
	for k, v := range j.day.head {
		j.day.flushing[k] = append(j.day.flushing[k], v...)
	}
	j.day.head, j.day.flushing, j.day.headN = j.day.flushing, nil, 0
	for _, v := range j.day.head {
		j.day.headN += len(v)
	}
}

func (s *Store) saveLast(ctx context.Context, keys []Key) error {
	tx, err := s.meta.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, k := range keys {
		s.mu.RLock()
		v := s.last[k]
		s.mu.RUnlock()
		_, err := tx.ExecContext(ctx, `INSERT INTO last (edge, point, at, value, quality) VALUES ($1,$2,$3,$4,$5)
			ON CONFLICT (edge, point) DO UPDATE SET at = excluded.at, value = excluded.value, quality = excluded.quality`,
			string(k.Edge), string(k.Point), v.UnixMS, v.Value, int(v.Quality))
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (s *Store) flushAll(ctx context.Context) error {
	for {
		before := s.metrics.pending(s)
		s.plan(1)
		if s.job == nil {
			return nil
		}
		for s.job != nil {
			s.slice(ctx)
		}
		if s.metrics.pending(s) >= before {
			return errors.New("series: memory could not be moved to chunks")
		}
	}
}

// pending counts the samples in memory.
func (metrics) pending(s *Store) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, d := range s.days {
		n += d.headN
	}
	return n
}

// do has the writer run something between two commits.
func (s *Store) do(ctx context.Context, run func(context.Context) error) error {
	o := order{run, make(chan error, 1)}
	select {
	case s.orders <- o:
		return <-o.done
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flush moves everything in memory into chunks now.
func (s *Store) Flush(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error {
		for s.job != nil {
			s.slice(ctx)
		}
		return s.flushAll(ctx)
	})
}

// Retain removes the day files that are older than the retention and returns how many.
func (s *Store) Retain(ctx context.Context, now time.Time) (removed int, err error) {
	if s.opt.RetentionDays <= 0 {
		return 0, nil
	}
	err = s.do(ctx, func(context.Context) error {
		s.files.Lock() // no reader is in a file
		defer s.files.Unlock()
		var errs error
		for _, d := range s.expired(now) {
			if s.job != nil && s.job.day == d {
				s.job = nil
			}
			s.mu.Lock()
			delete(s.days, d.start)
			s.mu.Unlock()
			errs = errors.Join(errs, d.remove())
			removed++
		}
		return errs
	})
	if err != nil {
		err = fmt.Errorf("series: retain: %w", err)
	}
	return removed, err
}

func (s *Store) expired(now time.Time) []*day {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*day
	for start, d := range s.days {
		if start < s.firstKept(now) {
			out = append(out, d)
		}
	}
	return out
}
