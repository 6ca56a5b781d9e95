// Package spool is the room where what the edge has to say becomes durable before
// anyone hears it: one SQLite file holding the records of each stream in order, the
// alarm states and the ids of executed commands, so that they change together.
//
// An append is on the disk when it returns. Records leave only when the cloud says
// that it has committed them ([Spool.Trim]), or, for telemetry alone, when the bound in
// bytes is reached; then the oldest go and are counted. A damaged file is set aside,
// never deleted, and a new epoch is begun.
//
// A Spool may be used by several goroutines.
package spool

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/contract"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// Config of a spool.
type Config struct {
	Path           string // file; its folder must exist
	TelemetryBytes int64  // bound of the telemetry stream's payloads; 0 means 512 MiB
	Now            func() time.Time
}

// Spool is an open spool file.
type Spool struct {
	cfg    Config
	write  *sql.DB // one connection
	read   *sql.DB
	epoch  string
	setOld string

	mu      sync.Mutex // guards lanes and orders appends
	lanes   map[contract.Stream]*lane
	evicted uint64
}

// lane mirrors one row of the stream table.
type lane struct {
	next  uint64 // seq of the next record
	acked uint64 // everything up to here is the cloud's
	bytes int64
	count int64
}

// ErrDamaged is returned when the file can no longer be used; opening it again sets it
// aside.
var ErrDamaged = errors.New("spool is damaged")

const schema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (name TEXT PRIMARY KEY, next INTEGER NOT NULL, acked INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
	stream TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, boot TEXT NOT NULL, mono_ns INTEGER NOT NULL,
	at_ms INTEGER NOT NULL, synced INTEGER NOT NULL, config TEXT NOT NULL, payload BLOB NOT NULL,
	PRIMARY KEY (stream, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS command (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER NOT NULL, result BLOB) WITHOUT ROWID;
`

// Open opens or creates the spool. A file that is damaged is renamed and a new one with
// a new epoch begun; [Spool.SetAside] then names it.
func Open(cfg Config) (*Spool, error) {
	if cfg.TelemetryBytes == 0 {
		cfg.TelemetryBytes = 512 << 20
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	gone, err := isGone(cfg.Path)
	if err != nil {
		return nil, err
	}
	if !gone {
		s, err := open(cfg)
		if err == nil {
			return s, begun(cfg.Path)
		}
		if !isDamage(err) {
			return nil, err
		}
	}
	aside := fmt.Sprintf("%s.damaged-%d", cfg.Path, cfg.Now().UnixMilli())
	if err := setAside(cfg.Path, aside); err != nil {
		return nil, err
	}
	s, err := open(cfg)
	if err != nil {
		return nil, err
	}
	s.setOld = aside
	return s, begun(cfg.Path)
}

// begunSuffix names the file that remembers that there was a spool: one that is gone or
// empty afterwards has lost records, and people must know.
const begunSuffix = ".begun"

func isGone(path string) (bool, error) {
	if _, err := os.Stat(path + begunSuffix); errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("spool: look at %q: %w", path, err)
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("spool: look at %q: %w", path, err)
	}
	return info.Size() == 0, nil
}

func begun(path string) error {
	f, err := os.OpenFile(path+begunSuffix, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("spool: mark %q: %w", path, err)
	}
	return errors.Join(f.Close(), syncDir(filepath.Dir(path)))
}

func setAside(path, aside string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("spool: set aside damaged file: %w", err)
		}
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("spool: sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func open(cfg Config) (_ *Spool, err error) {
	dsn := "file:" + cfg.Path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=journal_size_limit(16777216)&_txlock=immediate"
	s := &Spool{cfg: cfg, lanes: map[contract.Stream]*lane{}}
	if s.write, err = sql.Open("sqlite", dsn); err != nil {
		return nil, fmt.Errorf("spool: open %q: %w", cfg.Path, err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn); err != nil {
		return nil, errors.Join(fmt.Errorf("spool: open %q: %w", cfg.Path, err), s.write.Close())
	}
	s.read.SetMaxOpenConns(2)
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Spool) load() error {
	var ok string
	if err := s.write.QueryRow(`PRAGMA quick_check(1)`).Scan(&ok); err != nil {
		return fmt.Errorf("spool: check %q: %w", s.cfg.Path, err)
	}
	if ok != "ok" {
		return fmt.Errorf("spool: check %q: %s: %w", s.cfg.Path, ok, ErrDamaged)
	}
	if _, err := s.write.Exec(schema); err != nil {
		return fmt.Errorf("spool: create tables: %w", err)
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("spool: make epoch: %w", err)
	}
	if _, err := s.write.Exec(`INSERT INTO meta VALUES ('epoch', ?) ON CONFLICT DO NOTHING`, hex.EncodeToString(id)); err != nil {
		return fmt.Errorf("spool: write epoch: %w", err)
	}
	if err := s.write.QueryRow(`SELECT value FROM meta WHERE key = 'epoch'`).Scan(&s.epoch); err != nil {
		return fmt.Errorf("spool: read epoch: %w", err)
	}
	for _, stream := range []contract.Stream{contract.StreamAlarm, contract.StreamTelemetry} {
		l := &lane{}
		if _, err := s.write.Exec(`INSERT INTO stream VALUES (?, 1, 0) ON CONFLICT DO NOTHING`, stream); err != nil {
			return fmt.Errorf("spool: create stream %s: %w", stream, err)
		}
		if err := s.write.QueryRow(`SELECT next, acked, (SELECT coalesce(sum(length(payload)), 0) FROM record WHERE stream = name),
			(SELECT count(*) FROM record WHERE stream = name) FROM stream WHERE name = ?`, stream).
			Scan(&l.next, &l.acked, &l.bytes, &l.count); err != nil {
			return fmt.Errorf("spool: read stream %s: %w", stream, err)
		}
		s.lanes[stream] = l
	}
	return nil
}

// isDamage knows SQLite's CORRUPT (11) and NOTADB (26), with their extended codes.
func isDamage(err error) bool {
	if errors.Is(err, ErrDamaged) {
		return true
	}
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	return ok && (coded.Code()&0xff == 11 || coded.Code()&0xff == 26)
}

func wrap(verb string, err error) error {
	if isDamage(err) {
		return fmt.Errorf("spool: %s: %w: %w", verb, ErrDamaged, err)
	}
	return fmt.Errorf("spool: %s: %w", verb, err)
}

// Close closes the file.
func (s *Spool) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Epoch is the random id of this spool file.
func (s *Spool) Epoch() string { return s.epoch }

// SetAside is the name the damaged file was given when the spool was opened, or "".
func (s *Spool) SetAside() string { return s.setOld }

// Depth tells how full one stream is.
type Depth struct {
	Oldest  uint64 `json:"oldest"` // 0 if nothing waits
	Newest  uint64 `json:"newest"` // last seq given out; 0 if none ever was
	Acked   uint64 `json:"acked"`
	Pending int64  `json:"pending"` // records not acknowledged
	Bytes   int64  `json:"bytes"`   // of their payloads
}

// Depth reads the state of a stream.
func (s *Spool) Depth(stream contract.Stream) Depth {
	s.mu.Lock()
	l := *s.lanes[stream]
	s.mu.Unlock()
	d := Depth{Newest: l.next - 1, Acked: l.acked, Pending: l.count, Bytes: l.bytes}
	if l.count > 0 {
		// A record can go between the two reads; the oldest is only shown to people.
		_ = s.read.QueryRowContext(context.Background(), `SELECT coalesce(min(seq), 0) FROM record WHERE stream = ?`, stream).Scan(&d.Oldest)
	}
	return d
}

// Evicted counts telemetry records dropped for space since the spool was opened.
func (s *Spool) Evicted() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evicted
}

// Cursor reads what was acknowledged and the last seq given out.
func (s *Spool) Cursor(stream contract.Stream) (acked, newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[stream]
	return l.acked, l.next - 1
}
