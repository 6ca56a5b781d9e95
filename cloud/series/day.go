package series

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"anlan/contract"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // driver "sqlite"
)

const (
	hourMS = int64(time.Hour / time.Millisecond)
	dayMS  = 24 * hourMS
)

const daySchema = `
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, edge TEXT NOT NULL, point TEXT NOT NULL, UNIQUE (edge, point));
CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk (series INTEGER NOT NULL, hour INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hourly (series INTEGER NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL, usable INTEGER NOT NULL,
  min REAL NOT NULL, max REAL NOT NULL, sum REAL NOT NULL, last REAL NOT NULL, quality INTEGER NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;`

// day is one file: the samples of one UTC day. Only the writer's goroutine changes it;
// head and flushing are guarded by the store's lock.
type day struct {
	start    int64 // Unix ms
	path     string
	w, r     *sql.DB
	head     map[Key][]contract.Sample // in order of arrival
	headN    int
	headLog  int64                     // the last log row that is in head
	flushing map[Key][]contract.Sample // being moved to chunks; still answers reads
}

func openSQLite(path string) (w, r *sql.DB, err error) {
	dsn := func(lock string) string {
		q := url.Values{"_txlock": {lock}, "_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "cache_size(-1024)"}}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	if w, err = sql.Open("sqlite", dsn("immediate")); err != nil {
		return nil, nil, err
	}
	w.SetMaxOpenConns(1)
	if r, err = sql.Open("sqlite", dsn("deferred")); err != nil {
		return nil, nil, errors.Join(err, w.Close())
	}
	r.SetMaxOpenConns(2)
	return w, r, nil
}

func openDay(ctx context.Context, dir string, start int64) (*day, error) {
	name := "day-" + time.UnixMilli(start).UTC().Format(time.DateOnly) + ".db"
	d := &day{start: start, path: filepath.Join(dir, name), head: map[Key][]contract.Sample{}}
	var err error
	if d.w, d.r, err = openSQLite(d.path); err != nil {
		return nil, fmt.Errorf("series: open %s: %w", name, err)
	}
	if _, err := d.w.ExecContext(ctx, daySchema); err != nil {
		return nil, errors.Join(fmt.Errorf("series: open %s: %w", name, err), d.close())
	}
	return d, nil
}

func (d *day) close() error { return errors.Join(d.r.Close(), d.w.Close()) }

func (d *day) remove() error {
	err := d.close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(d.path + suffix); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// replay hands over what a former process left in the log.
func (d *day) replay(ctx context.Context, dec *zstd.Decoder, take func([]Column)) error {
	rows, err := d.r.QueryContext(ctx, `SELECT id, body FROM log ORDER BY id`)
	if err != nil {
		return fmt.Errorf("series: replay %s: %w", d.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&d.headLog, &body); err != nil {
			return fmt.Errorf("series: replay %s: %w", d.path, err)
		}
		raw, err := dec.DecodeAll(body, nil)
		if err != nil {
			return fmt.Errorf("series: replay %s: row %d: %w", d.path, d.headLog, err)
		}
		cols, err := decodeColumns(raw)
		if err != nil {
			return fmt.Errorf("series: replay %s: row %d: %w", d.path, d.headLog, err)
		}
		take(cols)
	}
	return rows.Err()
}

// appendLog makes columns durable and returns their log row.
func (d *day) appendLog(ctx context.Context, body []byte) (int64, error) {
	var id int64
	err := d.w.QueryRowContext(ctx, `INSERT INTO log (body) VALUES ($1) RETURNING id`, body).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("series: append to %s: %w", filepath.Base(d.path), err)
	}
	return id, nil
}

// moveChunks merges samples of some series with their stored hours, in one transaction.
func (d *day) moveChunks(ctx context.Context, keys []Key, from map[Key][]contract.Sample, enc *zstd.Encoder, dec *zstd.Decoder) error {
	tx, err := d.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := moveSeries(ctx, tx, k, from[k], enc, dec); err != nil {
			return errors.Join(fmt.Errorf("series: move %s of %s: %w", k.Point, k.Edge, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

func moveSeries(ctx context.Context, tx *sql.Tx, k Key, samples []contract.Sample, enc *zstd.Encoder, dec *zstd.Decoder) error {
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO series (edge, point) VALUES ($1, $2)
		ON CONFLICT (edge, point) DO UPDATE SET edge = excluded.edge RETURNING id`, string(k.Edge), string(k.Point)).Scan(&id)
	if err != nil {
		return err
	}
	sorted := merge(nil, samples)
	for len(sorted) > 0 {
		hour, n := sorted[0].UnixMS/hourMS, 1
		for n < len(sorted) && sorted[n].UnixMS/hourMS == hour {
			n++
		}
		if err := mergeHour(ctx, tx, id, hour, sorted[:n], enc, dec); err != nil {
			return err
		}
		sorted = sorted[n:]
	}
	return nil
}

func mergeHour(ctx context.Context, tx *sql.Tx, id, hour int64, fresh []contract.Sample, enc *zstd.Encoder, dec *zstd.Decoder) error {
	var body []byte
	err := tx.QueryRowContext(ctx, `SELECT body FROM chunk WHERE series = $1 AND hour = $2`, id, hour).Scan(&body)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil {
		stored, err := unpack(body, dec)
		if err != nil {
			return err
		}
		fresh = merge(stored, fresh)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO chunk (series, hour, body) VALUES ($1,$2,$3)
		ON CONFLICT (series, hour) DO UPDATE SET body = excluded.body`, id, hour, enc.EncodeAll(appendSamples(nil, fresh), nil))
	if err != nil {
		return err
	}
	a := summarise(fresh)
	_, err = tx.ExecContext(ctx, `INSERT INTO hourly (series, hour, n, usable, min, max, sum, last, quality) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
		ON CONFLICT (series, hour) DO UPDATE SET n = excluded.n, usable = excluded.usable, min = excluded.min, max = excluded.max,
			sum = excluded.sum, last = excluded.last, quality = excluded.quality`,
		id, hour, a.n, a.usable, a.min, a.max, a.sum, a.last, int(a.quality))
	return err
}

func unpack(body []byte, dec *zstd.Decoder) ([]contract.Sample, error) {
	raw, err := dec.DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("series: chunk: %w", err)
	}
	return decodeSamples(raw)
}

// chunks reads the stored samples of one series in the hours [from, to].
func (d *day) chunks(ctx context.Context, k Key, from, to int64, dec *zstd.Decoder) ([]contract.Sample, error) {
	rows, err := d.r.QueryContext(ctx, `SELECT body FROM chunk WHERE series = (SELECT id FROM series WHERE edge = $1 AND point = $2)
		AND hour BETWEEN $3 AND $4 ORDER BY hour`, string(k.Edge), string(k.Point), from, to)
	if err != nil {
		return nil, fmt.Errorf("series: read %s: %w", filepath.Base(d.path), err)
	}
	defer rows.Close()
	var out []contract.Sample
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("series: read %s: %w", filepath.Base(d.path), err)
		}
		samples, err := unpack(body, dec)
		if err != nil {
			return nil, err
		}
		out = append(out, samples...)
	}
	return out, rows.Err()
}

// hours reads the roll-ups of one series in the hours [from, to].
func (d *day) hours(ctx context.Context, k Key, from, to int64) (map[int64]summary, error) {
	rows, err := d.r.QueryContext(ctx, `SELECT hour, n, usable, min, max, sum, last, quality FROM hourly
		WHERE series = (SELECT id FROM series WHERE edge = $1 AND point = $2) AND hour BETWEEN $3 AND $4`,
		string(k.Edge), string(k.Point), from, to)
	if err != nil {
		return nil, fmt.Errorf("series: read %s: %w", filepath.Base(d.path), err)
	}
	defer rows.Close()
	out := map[int64]summary{}
	for rows.Next() {
		var hour, q int64
		var a summary
		if err := rows.Scan(&hour, &a.n, &a.usable, &a.min, &a.max, &a.sum, &a.last, &q); err != nil {
			return nil, fmt.Errorf("series: read %s: %w", filepath.Base(d.path), err)
		}
		a.quality = contract.Quality(q)
		out[hour] = a
	}
	return out, rows.Err()
}
